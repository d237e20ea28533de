// Where requests come from: pages of other origins, proxies, guessers beside good callers, clients of Supabase.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { createDatabase, newKey } from './lib/shop.mjs';

const origin = 'https://app.example.com';
let database, key, gateway, neighbour;

before(async () => {
    database = createDatabase('http_callers');
    key = newKey(database);
    gateway = await startGateway({ database, flags: ['--cors-origin', origin, '--base-path', '/functions/v1'] });
    neighbour = await startNeighbour(gateway, database, { base: '/functions/v1' });
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
});

const ask = (method, path, headers, options = {}) => curl(method, gateway.url + path, { headers, ...options });

test('a browser may ask before it calls', async () => {
    const asking = { Origin: origin, 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization,content-type' };
    for (const [path, methods] of [
        ['/functions/v1/api-jobs/sync', 'PUT'],
        ['/functions/v1/api-jobs', 'GET, HEAD, DELETE'],
        ['/functions/v1/api-jobs/import', 'POST'],
        ['/rest/v1/rpc/api-jobs-list', 'GET, HEAD, POST'],
    ]) {
        const { status, headers, body } = await ask('OPTIONS', path, asking);
        assert.equal(status, 204, path);
        assert.equal(body, '');
        assert.equal(headers['access-control-allow-origin'], origin);
        assert.equal(headers['access-control-allow-methods'], methods);
        assert.equal(headers['access-control-allow-headers'], 'authorization,content-type');
        const other = await ask('OPTIONS', path, { ...asking, Origin: 'https://evil.example' });
        assert.equal(other.status, 405);
        assert.equal(other.headers['access-control-allow-origin'], undefined);
    }
    assert.equal((await ask('OPTIONS', '/functions/v1/nothing', asking)).status, 404);
});

test('its page can read every answer, refusals too', async () => {
    const list = '/functions/v1/api-jobs';
    for (const [method, path, options, status] of [
        ['GET', list, { key }, 200],
        ['GET', list, {}, 401],
        ['GET', list, { bearer: 'x.y.z' }, 401],
        ['GET', `${list}?nothing=1`, { key }, 400],
        ['POST', list, { key }, 405],
        ['PUT', `${list}/sync`, { key, body: ' '.repeat(17 << 20) }, 413],
        ['PUT', `${list}/sync`, { key, body: 'x', headers: { 'Content-Encoding': 'gzip' } }, 415],
    ]) {
        const answer = await curl(method, gateway.url + path, { ...options, headers: { Origin: origin, ...options.headers } });
        assert.equal(answer.status, status, answer.body);
        assert.equal(answer.headers['access-control-allow-origin'], origin, `${status}`);
        assert.match(answer.headers['access-control-expose-headers'], /Retry-After/);
        assert.equal(answer.headers.vary, 'Origin');
    }
    const other = await ask('GET', list, { Origin: 'https://evil.example' }, { key });
    assert.equal(other.status, 200);
    assert.equal(other.headers['access-control-allow-origin'], undefined);
});

test('by default no page of another origin may call', async () => {
    const plain = await startGateway({ database });
    const headers = { Origin: origin, 'Access-Control-Request-Method': 'GET' };
    const asked = await curl('OPTIONS', `${plain.url}/api-jobs`, { headers });
    assert.equal(asked.status, 405);
    for (const answer of [asked, await curl('GET', `${plain.url}/api-jobs`, { key, headers })])
        for (const name of Object.keys(answer.headers)) assert.doesNotMatch(name, /^access-control|^vary$/);
    await plain.stop();
});

test('clients of Supabase find /rpc below /rest/v1', async () => {
    const headers = { apikey: key, Authorization: `Bearer ${key}` };
    const client = new PostgrestClient(`${gateway.url}/rest/v1`, { headers, schema: 'eryxon_api' });
    const { data, error } = await client.rpc('api-jobs-list', { max_rows: 3 });
    assert.equal(error, null);
    assert.equal(data.data.pagination.limit, 3);
    assert.equal((await ask('POST', '/rest/v1/rpc/no_such', {}, { key, body: {} })).json.code, 'PGRST202');
});

test('behind a trusted proxy each client has its own rate', async () => {
    const limited = await startGateway({ database, flags: ['--rate-limit', '5', '--trusted-proxy', '127.0.0.1'] });
    const bad = (headers) => curl('GET', `${limited.url}/api-jobs`, { headers, bearer: 'no.token.x' });
    const from = (address) => bad({ 'X-Forwarded-For': address });
    for (let n = 0; n < 5; n++) assert.equal((await from('192.0.2.1')).status, 401);
    assert.equal((await from('192.0.2.1')).status, 429);
    assert.equal((await from('192.0.2.2')).status, 401);
    assert.equal((await bad({ Forwarded: 'for=192.0.2.1' })).status, 429);
    assert.equal((await from('192.0.2.9, 192.0.2.1, 127.0.0.1')).status, 429);
    assert.match(limited.log(), / client="192\.0\.2\.1" /);
    await limited.stop();
});

test('without one, what a client says of itself does not count', async () => {
    const limited = await startGateway({ database, flags: ['--rate-limit', '5', '--trusted-proxy', '10.0.0.0/8'] });
    const from = (address) => curl('GET', `${limited.url}/api-jobs`, { headers: { 'X-Forwarded-For': address }, bearer: 'no.token.x' });
    for (let n = 0; n < 5; n++) assert.equal((await from(`192.0.2.${n}`)).status, 401);
    assert.equal((await from('192.0.2.77')).status, 429);
    await limited.stop();
});

test('a guesser keeps no good key at the same address out', async () => {
    const limited = await startGateway({ database, flags: ['--rate-limit', '10'] });
    const list = (options) => curl('GET', `${limited.url}/api-jobs?limit=1`, options);
    const guesses = [];
    for (let n = 0; n < 30; n++) guesses.push((await list({ key: `ery_live_guess${n}` })).status);
    assert.deepEqual(guesses.slice(0, 10), Array(10).fill(401));
    assert.ok(guesses.slice(10).filter((status) => status === 429).length >= 15, String(guesses));
    const good = await list({ key });
    assert.equal(good.status, 200, good.body);
    assert.equal(good.headers['x-ratelimit-remaining'], '9');
    assert.equal((await list({ key: 'ery_live_another' })).status, 429);
    assert.equal((await list({})).status, 429);
    await limited.stop();
});
