// What the admin pages ask for beside files: who signed in, keys, webhooks, statistics; and the pages themselves.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curl, curlRaw } from './lib/curl.mjs';
import { Client, jobs } from './lib/files.mjs';
import { runProgram, startGateway } from './lib/gateway.mjs';
import { createDatabase, newKey, sql, tenantA, tenantB, until } from './lib/shop.mjs';

let database, gateway, admin, other, plain, folder;
const secret = 'never-serve-this-file';

// A folder like that of the built pages, and a secret beside it and behind a link.
function makePages() {
    const root = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'pages-'));
    const pages = join(root, 'admin');
    mkdirSync(join(pages, 'assets'), { recursive: true });
    writeFileSync(join(pages, 'index.html'), '<!doctype html><title>Pages</title>');
    writeFileSync(join(pages, 'assets/index-abc123.js'), 'export {};');
    writeFileSync(join(pages, 'assets/index-abc123.css'), 'body {}');
    writeFileSync(join(pages, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(join(pages, 'notes.bin'), '\0');
    writeFileSync(join(root, 'secret.txt'), secret);
    symlinkSync('../secret.txt', join(pages, 'link.txt'));
    return pages;
}

before(async () => {
    database = createDatabase('http_admin');
    folder = makePages();
    gateway = await startGateway({ database, flags: ['--admin-dir', folder] });
    admin = new Client(gateway, newKey(database, tenantA, "role => 'shop_admin'"));
    other = new Client(gateway, newKey(database, tenantB, "role => 'shop_admin'"));
    plain = new Client(gateway, newKey(database));
    await admin.send('import', 'jobs', jobs('S', 5) + 'bad,CSV,,\n');
});
after(async () => {
    await gateway.stop();
    gateway.checkLog();
});

test('the session tells who is signed in and what may be sent', async () => {
    const session = await admin.data('GET', '/api-admin/session');
    assert.deepEqual([session.tenant_id, session.role, session.admin, session.sources], [tenantA, 'shop_admin', true, ['CSV']]);
    const operations = session.entities.find(({ entity }) => entity === 'operations');
    assert.deepEqual([operations.singular, operations.table], ['operation', 'public.operations']);
    const field = (name) => operations.fields.find((one) => one.name === name);
    assert.deepEqual(field('cell').reference, { entity: 'cells', forms: ['cell_id', 'cell_external_id', 'cell_name'] });
    assert.deepEqual([field('operation_name').required, field('operation_name').type], [true, 'text']);
    assert.deepEqual(
        ['sequence', 'estimated_time', 'metadata', 'status', 'part'].map((name) => field(name).type),
        ['integer', 'numeric', 'json', 'enum', 'uuid'],
    );
    assert.ok(field('status').enum.includes('not_started'));
    assert.ok(field('estimated_time').aliases.length > 0);
    const [foreign, without] = [await other.data('GET', '/api-admin/session'), await plain.data('GET', '/api-admin/session')];
    assert.deepEqual([foreign.tenant_id, foreign.sources, foreign.admin], [tenantB, [], true]);
    assert.deepEqual([without.role, without.admin], ['eryxon_api', false]);
    assert.equal((await curl('GET', `${gateway.url}/api-admin/session`)).status, 401);
    assert.equal((await new Client(gateway, 'ery_live_wrong').ask('GET', '/api-admin/session')).status, 401);
});

test('a key is made, works, is listed without itself, and is revoked', async () => {
    const made = await admin.ask('POST', '/api-keys', { name: 'ERP', live: false, role: null, expires_at: '2039-12-31T00:00:00Z' });
    assert.equal(made.status, 201, made.text);
    assert.match(made.data.key, /^ery_test_/);
    assert.deepEqual([made.data.role, made.data.name, made.data.prefix], ['eryxon_api', 'ERP', made.data.key.slice(0, 12)]);
    const user = new Client(gateway, made.data.key);
    assert.equal((await user.data('GET', '/api-admin/session')).tenant_id, tenantA);
    const listed = await admin.ask('GET', '/api-keys');
    assert.ok(listed.data.keys.some(({ id }) => id === made.data.id) && !listed.text.includes(made.data.key));
    assert.ok(!(await other.data('GET', '/api-keys')).keys.some(({ id }) => id === made.data.id));
    assert.equal((await other.ask('DELETE', `/api-keys?id=${made.data.id}`)).status, 404);
    assert.equal((await user.ask('GET', '/api-admin/session')).status, 200);
    assert.deepEqual(await admin.data('DELETE', `/api-keys?id=${made.data.id}`), { action: 'revoked', id: made.data.id });
    assert.equal((await user.ask('GET', '/api-admin/session')).status, 401);
    assert.ok((await admin.data('GET', '/api-keys')).keys.find(({ id }) => id === made.data.id).revoked_at);
});

test('keys that must not be made are refused', async () => {
    const bodies = [[400, {}], [400, { name: ' ' }], [400, { name: 'x', tenant_id: tenantB }], [400, { name: 'x', live: 'no' }], [403, { name: 'x', role: 'shop_planner' }], [400, []]];
    for (const [status, body] of bodies) {
        const answer = await admin.ask('POST', '/api-keys', body);
        assert.equal(answer.status, status, `${JSON.stringify(body)}: ${answer.text}`);
    }
    assert.equal((await admin.ask('DELETE', '/api-keys')).status, 400);
    for (const [method, path, body] of [['GET', '/api-keys'], ['POST', '/api-keys', { name: 'x' }], ['DELETE', `/api-keys?id=${randomUUID()}`]])
        assert.equal((await plain.ask(method, path, body)).status, 403, method);
});

test('a webhook is tested, given a new secret, and its delivery sent again', async () => {
    const { id, secret: first } = await admin.data('POST', '/api-webhooks', { url: 'https://erp.example.com/hook', events: ['job.*'] });
    const { secret: second } = await admin.data('POST', `/api-webhooks/rotate?id=${id}`);
    assert.match(second, /^whsec_/);
    assert.notEqual(second, first);
    await admin.data('POST', `/api-webhooks/test?id=${id}`);
    const { deliveries } = await admin.data('GET', `/api-webhook-logs?webhook_id=${id}`);
    assert.deepEqual([deliveries.length, deliveries[0].type], [1, 'webhook.test']);
    assert.equal((await admin.data('GET', '/api-erp-sync/statistics')).deliveries.open, 1);
    assert.equal((await other.data('GET', '/api-erp-sync/statistics')).deliveries.open, 0);
    assert.deepEqual(await admin.data('POST', `/api-webhook-logs/replay?id=${deliveries[0].id}`), { queued: 1 });
    for (const path of [`/api-webhooks/rotate?id=${id}`, `/api-webhooks/test?id=${id}`, `/api-webhook-logs/replay?id=${deliveries[0].id}`]) {
        assert.equal((await other.ask('POST', path)).status, 404, path);
        assert.equal((await plain.ask('POST', path)).status, 403, path);
        assert.equal((await admin.ask('GET', path)).status, 405, path);
    }
    await admin.data('DELETE', `/api-webhooks?id=${id}`);
});

test('statistics count runs by day, entity and source, errors and successes', async () => {
    await admin.send('import', 'cells', 'external_id,external_source,name\n1,CSV,Saw\n');
    await admin.send('import', 'jobs', jobs('D', 3), { dry_run: true });
    const all = await admin.data('GET', '/api-erp-sync/statistics?days=7');
    const today = sql(database, 'SELECT current_date');
    const row = (entity) => all.days.find((one) => one.entity === entity);
    assert.deepEqual([row('jobs').day, row('jobs').source, row('jobs').runs, row('jobs').created, row('jobs').errors], [today, 'CSV', 1, 5, 1]);
    assert.deepEqual([row('cells').runs, row('cells').created, row('cells').errors], [1, 1, 0]);
    assert.deepEqual([all.top_errors.length, all.top_errors[0].code, all.top_errors[0].entity, all.top_errors[0].count], [1, 'NOT_NULL', 'jobs', 1]);
    assert.deepEqual(all.last_success.map(({ entity, source }) => [entity, source]), [['cells', 'CSV']]);
    assert.deepEqual((await other.data('GET', '/api-erp-sync/statistics')).days, []);
    for (const days of ['0', '367', 'x']) assert.ok([400, 422].includes((await admin.ask('GET', `/api-erp-sync/statistics?days=${days}`)).status), days);
});

test('runs are filtered and limited', async () => {
    const runs = async (query) => (await admin.data('GET', `/api-erp-sync/runs?${query}`)).runs;
    assert.ok((await runs('entity_type=jobs')).every(({ entity }) => entity === 'jobs'));
    assert.equal((await runs('limit=1')).length, 1);
    assert.deepEqual(await runs('since=2100-01-01T00:00:00Z'), []);
    for (const query of ['limit=0', 'limit=1001', 'page=2']) assert.equal((await admin.ask('GET', `/api-erp-sync/runs?${query}`)).status, 400, query);
    assert.equal((await admin.ask('GET', '/api-erp-sync/runs/no-id')).status, 404);
    assert.equal((await admin.ask('PUT', `/api-erp-sync/runs/${randomUUID()}`)).headers.get('allow'), 'GET, HEAD, DELETE');
});

test('mappings that are none are refused', async () => {
    for (const body of [{}, { entity: 'jobs' }, { entity: 'wagons', source: 'S', mapping: {} }, { entity: 'jobs', source: 'S', mapping: [] }, { entity: 'jobs', source: 'S', mapping: { a: 1 } }, { entity: 'jobs', source: 'S', mapping: {}, name: 'x' }])
        assert.equal((await admin.ask('POST', '/api-csv-mappings', body)).status, 400, JSON.stringify(body));
    assert.equal((await admin.ask('DELETE', '/api-csv-mappings')).status, 400);
});

const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

test('the pages come with their types, a strict policy, and names for caches', async () => {
    const expected = {
        '': ['text/html; charset=utf-8', 'no-cache'],
        'index.html': ['text/html; charset=utf-8', 'no-cache'],
        'assets/index-abc123.js': ['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
        'assets/index-abc123.css': ['text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
        'favicon.svg': ['image/svg+xml', 'no-cache'],
        'notes.bin': ['application/octet-stream', 'no-cache'],
    };
    for (const [name, [type, cache]] of Object.entries(expected)) {
        const { status, headers } = await curl('GET', `${gateway.url}/admin/${name}`);
        assert.deepEqual([status, headers['content-type'], headers['cache-control']], [200, type, cache], name);
        assert.deepEqual([headers['content-security-policy'], headers['x-content-type-options'], headers['x-frame-options']], [policy, 'nosniff', 'DENY']);
        const again = await curl('GET', `${gateway.url}/admin/${name}`, { headers: { 'If-None-Match': headers.etag } });
        assert.deepEqual([again.status, again.body, again.headers.etag], [304, '', headers.etag]);
    }
    const moved = await curl('GET', `${gateway.url}/admin`);
    assert.deepEqual([moved.status, moved.headers.location], [308, 'admin/']);
    const refused = await curl('POST', `${gateway.url}/admin/`);
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD']);
    assert.equal((await curl('HEAD', `${gateway.url}/admin/`)).body, '');
});

test('nothing outside their folder is served', async () => {
    const attempts = ['../secret.txt', '..%2fsecret.txt', '%2e%2e/secret.txt', 'assets/../../secret.txt', '/secret.txt', './index.html', 'link.txt', `%2f${folder}/index.html`,
        'assets', 'assets/', '..', '%00', 'index.html%00.js', '..\\secret.txt', 'assets//index-abc123.js', '%zz', 'index.html/', 'INDEX.HTML'];
    for (const attempt of attempts) {
        const answer = await curlRaw(['-sS', '-i', '--path-as-is', `${gateway.url}/admin/${attempt}`]);
        assert.equal(answer.status, 404, attempt);
        assert.ok(!answer.body.includes(secret), attempt);
    }
});

test('under a base path the pages lie beside the routes', async () => {
    const second = await startGateway({ database, flags: ['--admin-dir', folder, '--base-path', '/functions/v1'] });
    assert.equal((await curl('GET', `${second.url}/functions/v1/admin/`)).status, 200);
    assert.equal((await curl('GET', `${second.url}/admin/`)).status, 404);
    writeFileSync(join(folder, 'new.txt'), 'new');
    second.process.kill('SIGHUP');
    await until('the pages are read again', async () => (await curl('GET', `${second.url}/functions/v1/admin/new.txt`)).status === 200);
    await second.stop();
});

test('where there are no pages, the answer says so', async () => {
    const second = await startGateway({ database, flags: ['--admin-dir', 'off'] });
    const answer = await curl('GET', `${second.url}/admin/`);
    assert.deepEqual([answer.status, /--admin-dir/.test(answer.body)], [404, true]);
    await second.stop();
    const wrong = await runProgram(['serve', '--admin-dir', '/nowhere']);
    assert.deepEqual([wrong.code, /--admin-dir/.test(wrong.stderr)], [2, true]);
});
