// nginx before a server that answers what PostgREST 14.17 and 16.2 were seen to answer where things go wrong, and notes what it is asked.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startNginx } from './lib/nginx.mjs';

const key = 'ery_live_0123456789';
const origin = 'https://app.example.com';
const asked = [];
const raised = (code) => JSON.stringify({ code, details: null, hint: null, message: 'x' });

// Answers by the name in the path: status, headers, body.
const answers = {
    'api-zero-list': [503, { 'Retry-After': '0', 'Proxy-Status': 'PostgREST; error=PGRST001' }, raised('PGRST001')],
    'api-long-list': [503, { 'Retry-After': '16', 'Proxy-Status': 'PostgREST; error=PGRST001' }, raised('PGRST001')],
    'api-broken-list': [400, { 'Proxy-Status': 'PostgREST; error=' }, '{"code":"","details":null,"hint":null,"message":""}'],
    'api-used_up-list': [504, { 'Proxy-Status': 'PostgREST; error=PGRST003' }, raised('PGRST003')],
    'api-standby-list': [400, { 'Proxy-Status': 'PostgREST; error=0A000' }, raised('0A000')],
    'api-read_only-list': [405, { 'Proxy-Status': 'PostgREST; error=25006' }, raised('25006')],
    'api-deadlock-list': [500, { 'Proxy-Status': 'PostgREST; error=40P01' }, raised('40P01')],
    'api-wrong-list': [400, { 'Proxy-Status': 'PostgREST; error=22P02' }, raised('22P02')],
};

// A request's parts; nothing if it has not arrived completely.
function parse(text) {
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first, ...lines] = text.slice(0, end).split('\r\n');
    const [method, path] = first.split(' ');
    const headers = Object.fromEntries(lines.map((line) => line.split(/: /, 2)).map(([name, value]) => [name.toLowerCase(), value]));
    const length = Number(headers['content-length'] ?? 0);
    const body = text.slice(end + 4, end + 4 + length);
    return body.length < length ? undefined : { method, path, headers, body, rest: text.slice(end + 4 + length) };
}

function respond(socket, { method, path }) {
    const name = /^\/rpc\/([a-z_-]+)/.exec(path)?.[1];
    const [status, headers, body] = answers[name] ?? [200, {}, '{"success":true,"data":{}}'];
    const all = { 'Content-Type': 'application/json', 'X-Request-Id': 'from-postgrest', ...headers };
    if (method !== 'HEAD') all['Content-Length'] = body.length;
    const lines = Object.entries(all).map(([field, value]) => `${field}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${method === 'HEAD' ? '' : body}`);
    if (method === 'HEAD') setTimeout(() => socket.end(), 5); // as with warp 3.3: the connection ends, and nothing has said so
}

const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (piece) => {
        text += piece;
        for (let request = parse(text); request; request = parse(text)) {
            text = request.rest;
            asked.push(request);
            respond(socket, request);
        }
    });
});
let nginx;

before(async () => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    nginx = await startNginx(server.address().port, origin);
});
after(async () => {
    await nginx?.stop();
    server.close();
});

const list = (name, options = { key }) => curl('GET', `${nginx.url}/api-${name}`, options);

// Sends a query string and gives what PostgREST was sent in its place.
async function form(query) {
    const answer = await list(`jobs?${query}`);
    assert.equal(answer.status, 200, `${query}: ${answer.body}`);
    return asked.at(-1).body;
}

test('what is worth repeating says when, and never at once', async () => {
    for (const [name, status, seconds] of [
        ['zero', 503, '1'],
        ['long', 503, '16'],
        ['broken', 400, '1'],
        ['used_up', 504, '1'],
        ['standby', 400, '1'],
        ['read_only', 405, '1'],
        ['deadlock', 500, '1'],
        ['wrong', 400, undefined],
        ['jobs', 200, undefined],
    ]) {
        const answer = await list(name);
        assert.equal(answer.status, status, name);
        assert.equal(answer.headers['retry-after'], seconds, name);
    }
});

test('HEAD on /rpc leaves the connection for the next request', async () => {
    for (let n = 0; n < 20; n++) {
        const head = await curl('HEAD', `${nginx.url}/rpc/api-jobs-list`, { key });
        assert.equal(head.status, 200);
        assert.equal(head.body, '');
        assert.equal((await curl('POST', `${nginx.url}/rpc/api-jobs-delete`, { key, body: {} })).status, 200);
    }
    assert.deepEqual([...new Set(asked.slice(-40).map(({ method }) => method))], ['GET', 'POST']);
});

test('every answer has one request id, which PostgREST was told', async () => {
    const ids = [];
    for (const path of ['/api-jobs', '/nothing', '/api-jobs?nothing=1', '/api-erp-sync/sync', '/rpc/api-jobs-list', '/healthz'])
        ids.push((await curl('GET', nginx.url + path, { key })).headers['x-request-id']);
    for (const id of ids) assert.match(id ?? 'none', /^[0-9a-f]{32}$/);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(asked.at(-1).headers['x-request-id'], ids.at(-2));
});

test('without a credential the answer is 401, whatever else is wrong', async () => {
    const before = asked.length;
    for (const [method, path, body] of [
        ['GET', '/api-jobs', undefined],
        ['GET', '/api-jobs?nothing=1&limit=x', undefined],
        ['PUT', '/api-jobs/sync', '{'],
        ['DELETE', '/api-jobs', undefined],
        ['PATCH', '/api-webhooks?id=x', '['],
        ['POST', '/rpc/api-jobs-sync', '{'],
    ])
        for (const headers of [{}, { Authorization: '' }, { 'X-Api-Key': '' }]) {
            const answer = await curl(method, nginx.url + path, { headers, body });
            assert.equal(answer.status, 401, `${method} ${path}`);
            assert.equal(answer.json.error.message, 'Authentication required');
            assert.equal(answer.headers['www-authenticate'], 'Bearer');
        }
    assert.equal(asked.length, before);
});

test('several keys in one header are refused, an empty Authorization is none', async () => {
    assert.equal((await list('jobs', { key: `${key}, ${key}x` })).status, 401);
    assert.equal((await list('jobs', { key: `${key},${key}` })).status, 401);
    assert.equal((await list('jobs', { key, headers: { Authorization: '' } })).status, 200);
    assert.equal(asked.at(-1).headers['x-api-key'], key);
    assert.equal((await list('jobs', { key: '', bearer: 'a.b,c.d' })).status, 200);
});

test('empty pairs and names alone mean what they mean to the gateway', async () => {
    assert.equal(await form('limit=1&'), 'max_rows=1');
    assert.equal(await form('&&limit=1&&'), 'max_rows=1');
    assert.equal(await form('limit=1&&offset=2'), 'max_rows=1&skip_rows=2');
    assert.equal(await form('search'), 'search');
    assert.equal(await form('limit&offset&sort&order&search'), 'max_rows&skip_rows&sort_by&sort_order&search');
    assert.equal(await form('order=asc&search=order&sort=limit'), 'sort_order=asc&search=order&sort_by=limit');
    assert.equal(await form('&'), '');
    for (const query of ['limit=1&limit', 'search&search', 'search&search=1', 'status=a&limit=1&status=a'])
        assert.match((await list(`jobs?${query}`)).body, /Repeated query parameter/, query);
    for (const query of ['columns=x?', 'searching', 'limit=1&&&x', '=1', 'a?'])
        assert.match((await list(`jobs?${query}`)).body, /Unknown query parameter/, query);
});

test('a key as password goes on as it is, and no other password', async () => {
    const basic = (text) => ({ headers: { Authorization: text } });
    const encoded = `Basic ${Buffer.from(`user:${key}`).toString('base64')}`;
    assert.equal((await list('jobs', basic(encoded))).status, 200);
    assert.equal(asked.at(-1).headers.authorization, encoded);
    for (const text of ['Basic', 'Basic ', 'Digest x', key]) assert.equal((await list('jobs', basic(text))).status, 401, text);
});

test('clients of Supabase find /rpc below /rest/v1', async () => {
    const answer = await curl('POST', `${nginx.url}/rest/v1/rpc/api-jobs-list?x=1`, { key, body: {} });
    assert.equal(answer.status, 200);
    assert.equal(asked.at(-1).path, '/rpc/api-jobs-list?x=1');
    assert.equal((await curl('GET', `${nginx.url}/rest/v1/rpc/pre_request`, { key })).status, 404);
    assert.equal((await curl('GET', `${nginx.url}/rest/v1/jobs`, { key })).status, 404);
});

test('pages of the named origin may call, and no others', async () => {
    const ask = (method, path, headers) => curl(method, nginx.url + path, { headers });
    const asking = { Origin: origin, 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization,x-api-key' };
    for (const [path, methods] of [
        ['/api-jobs/sync', 'PUT'],
        ['/api-jobs', 'GET, HEAD, DELETE'],
        ['/rpc/api-jobs-list', 'GET, HEAD, POST'],
    ]) {
        const { status, headers } = await ask('OPTIONS', path, asking);
        assert.equal(status, 204, path);
        assert.equal(headers['access-control-allow-origin'], origin);
        assert.equal(headers['access-control-allow-methods'], methods);
        assert.equal(headers['access-control-allow-headers'], 'authorization,x-api-key');
        assert.equal((await ask('OPTIONS', path, { ...asking, Origin: 'https://evil.example' })).status, 405);
        assert.equal((await ask('OPTIONS', path, { Origin: origin })).status, 405);
    }
    const answer = await ask('GET', '/api-jobs', { Origin: origin, 'X-Api-Key': key });
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.match(answer.headers['access-control-expose-headers'], /X-Request-Id/);
    assert.equal((await ask('GET', '/api-jobs', { Origin: origin })).headers['access-control-allow-origin'], origin);
    for (const headers of [{}, { Origin: 'https://evil.example' }, { Origin: `${origin}.evil.example` }])
        assert.equal((await ask('GET', '/api-jobs', { ...headers, 'X-Api-Key': key })).headers['access-control-allow-origin'], undefined);
});
