// A stand-in for the gateway: the routes that the pages use, over data in memory, and the built pages under a strict
// Content-Security-Policy. For developing and testing the pages; it checks far less than the gateway does.
//
// Usage: node test/mock-server.mjs [port]
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entities } from './mock/catalog.mjs';
import * as connections from './mock/connections.mjs';
import { write } from './mock/csv.mjs';
import { importFile, inspect } from './mock/importer.mjs';
import { Shop } from './mock/shop.mjs';

const { Refusal } = connections;
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
].join('; ');
const types = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
};

export const mockKeys = {
    admin: 'ery_live_mock-administrator-0001',
    other: 'ery_live_mock-other-tenant-0002',
    plain: 'ery_test_mock-plain-role-0003',
};

const tenants = { [mockKeys.admin]: new Shop(true), [mockKeys.other]: new Shop(false) };
tenants[mockKeys.plain] = tenants[mockKeys.admin];

// Routes without an entity: path to methods.
const routes = {
    '/api-keys': connections.keys,
    '/api-webhooks': connections.webhooks,
    '/api-webhooks/rotate': connections.rotate,
    '/api-webhooks/test': connections.test,
    '/api-webhook-logs': connections.logs,
    '/api-webhook-logs/replay': connections.replay,
    '/api-csv-mappings': connections.mappings,
    '/api-admin/session': {
        GET: (shop, query, body, key) => ({
            tenant_id: shop.tenant,
            user_id: null,
            role: key === mockKeys.plain ? 'planner' : 'erp_admin',
            admin: key !== mockKeys.plain,
            entities,
            sources: shop.sources(),
        }),
    },
    '/api-erp-sync/statistics': { GET: (shop, query) => shop.statistics(Number(query.days ?? 30)) },
    '/api-erp-sync/runs': {
        GET: (shop, query) => ({
            runs: shop.runs
                .filter(
                    (run) =>
                        (!query.entity_type || run.entity === query.entity_type) &&
                        (!query.source || run.source === query.source),
                )
                .filter((run) => !query.since || run.started_at >= query.since)
                .slice(0, Number(query.limit ?? 20))
                .map((run) => ({ ...run, error_details: undefined })),
        }),
    },
};

async function readBody(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return Buffer.concat(pieces);
}

function answer(response, status, data) {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify({ success: true, data }));
}

function attach(response, name, text) {
    response.writeHead(200, {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="${name}"`,
    });
    response.end(text);
}

// One run: its state, its events until it ends, or its cancelling.
function runRoute(request, response, shop, id) {
    const run = shop.runs.find((one) => one.id === id);
    if (!run) throw new Refusal(404, 'NOT_FOUND', `run ${id} does not exist`);
    if (request.method === 'DELETE') {
        if (!['running', 'cancelling'].includes(run.status))
            throw new Refusal(404, 'NOT_FOUND', `import ${id} is not running`);
        run.status = 'cancelling';
        return answer(response, 200, { id, status: 'cancelling' });
    }
    if (request.headers.accept !== 'text/event-stream') return answer(response, 200, run);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const tell = () => {
        const name = ['running', 'cancelling'].includes(run.status) ? 'progress' : 'done';
        response.write(`event: ${name}\ndata: ${JSON.stringify(run)}\n\n`);
        if (name === 'done') response.end();
    };
    tell();
    shop.on(id, tell);
    response.on('close', () => shop.off(id, tell));
}

// The routes of an entity that the pages use.
async function entityRoute(request, response, shop, entity, action, query) {
    if (action === 'template') {
        const names = [
            'external_id',
            'external_source',
            ...entity.fields.flatMap((field) => field.reference?.forms ?? [field.name]),
        ];
        return attach(
            response,
            `${entity.entity}-template.csv`,
            write([names], false, query.delimiter),
        );
    }
    if (action === 'rejected') {
        const rows = shop.rejected.get(query.run);
        if (rows === undefined) throw new Refusal(404, 'NOT_FOUND', `run ${query.run} has no rejected lines`);
        return attach(response, `${entity.entity}-rejected.csv`, write(rows, true, query.delimiter));
    }
    const body = await readBody(request);
    try {
        if (action === 'inspect') answer(response, 200, inspect(entity, body, query, shop.mappings));
        else answer(response, 200, await importFile(shop, entity, body, query));
    } catch (error) {
        throw new Refusal(400, 'BAD_REQUEST', error.message);
    }
}

async function api(request, response, path, query) {
    const key = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const shop = tenants[key];
    if (!shop) throw new Refusal(401, 'UNAUTHORIZED', 'the API key is not valid');
    const [, head, action, id] = path.split('/');
    if (head === 'api-erp-sync' && action === 'runs' && id) return runRoute(request, response, shop, id);
    const entity = entities.find((one) => `api-${one.entity}` === head);
    if (entity && ['inspect', 'import', 'template', 'rejected'].includes(action))
        return entityRoute(request, response, shop, entity, action, query);
    const handler = routes[path]?.[request.method];
    if (!handler) throw new Refusal(404, 'NOT_FOUND', 'no such path');
    const text = (await readBody(request)).toString();
    return answer(
        response,
        request.method === 'POST' ? 201 : 200,
        handler(shop, query, text ? JSON.parse(text) : {}, key),
    );
}

async function page(response, path) {
    const name = normalize(path.replace(/^\/admin\/?/, '') || 'index.html');
    const content = await readFile(join(dist, name)).catch(() => null);
    if (content === null || name.startsWith('..')) throw new Refusal(404, 'NOT_FOUND', 'no such file');
    response.writeHead(200, {
        'Content-Type': types[extname(name)] ?? 'application/octet-stream',
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
    });
    response.end(content);
}

// Starts it and returns the server.
export async function startMock(port = 0) {
    const server = createServer((request, response) => {
        const url = new URL(request.url, 'http://localhost');
        const query = Object.fromEntries(url.searchParams);
        const work = url.pathname.startsWith('/admin')
            ? page(response, url.pathname)
            : api(request, response, url.pathname, query);
        work.catch((error) => {
            const status = error.status ?? 500;
            response.writeHead(status, { 'Content-Type': 'application/json' });
            const body = {
                code: error.code ?? 'INTERNAL_ERROR',
                message: error.message,
                details: error.details ?? [],
                statusCode: status,
            };
            response.end(JSON.stringify({ success: false, error: body }));
        });
    });
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const server = await startMock(Number(process.argv[2] ?? 8090));
    console.log(`http://127.0.0.1:${server.address().port}/admin/  key ${mockKeys.admin}`);
}
