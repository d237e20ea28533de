// The gateway's column of "Gateway and PostgREST" in docs/http.md, and the settings of the shipped postgrest.conf that the other column rests on.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway, startWithNeighbour } from './lib/gateway.mjs';
import { createDatabase, job, newKey, root, sql } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let database, gateway, key;

before(async () => {
    database = createDatabase('http_differences');
    key = newKey(database);
    sql(
        database,
        `CREATE FUNCTION fail_with() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'as wanted' USING ERRCODE = NEW.notes; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.notes IS NOT NULL) EXECUTE FUNCTION fail_with()`,
    );
    gateway = await startWithNeighbour({ database });
});
after(() => gateway.stop());

const rpc = (query, options) => curl('GET', `${gateway.url}/rpc/api-jobs-list${query}`, options);

for (const [state, status, repeat] of [
    ['54000', 400, false],
    ['25006', 503, true],
    ['40001', 503, true],
    ['40P01', 503, true],
    ['55P03', 503, true],
])
    test(`an error ${state} of a trigger leaves the call: ${status}`, async () => {
        const answer = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: job(`E${state}`, { notes: state }) });
        assert.equal(answer.status, status, answer.body);
        assert.equal(/^\d+$/.test(answer.headers['retry-after'] ?? ''), repeat);
        assert.equal(sql(database, `SELECT count(*) FROM jobs WHERE external_id = 'E${state}'`), '0');
    });

test('without keys for tokens a token is 401, and a key good', async () => {
    const plain = await startGateway({ database, env: { ERYXON_JWT_SECRET: '' } });
    for (const path of ['/api-jobs', '/rpc/api-jobs-list'])
        for (const bearer of [hmacToken(), 'x', 'no-key-of-ours'])
            assert.equal((await curl('GET', plain.url + path, { bearer })).status, 401, `${path} ${bearer}`);
    assert.equal((await curl('GET', `${plain.url}/api-jobs`, { key })).status, 200);
    await plain.stop();
});

test('claims that PostgREST refuses', async () => {
    const soon = Date.now() / 1000 + 600;
    for (const odd of [{ exp: soon + 0.5 }, { exp: 1e30 }, { iat: Math.floor(soon) }])
        assert.equal((await rpc('', { bearer: hmacToken(claims(odd)) })).status, 200, JSON.stringify(odd));
});

test('a role that does not exist is 401 on routes, 400 on /rpc', async () => {
    const bearer = hmacToken(claims({ role: 'nobody_has_this_role' }));
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { bearer })).status, 401);
    assert.equal((await rpc('', { bearer })).status, 400);
});

test('/rpc by GET ignores what pages and sorts', async () => {
    const plain = (await rpc('', { key })).json;
    assert.equal(plain.success, true);
    for (const query of ['?offset=10', '?order=id', '?select=id', '?limit=1'])
        assert.equal((await rpc(query, { key })).json?.success, true, query);
});

test('/rpc answers JSON, and reads it whatever it is called', async () => {
    const csv = await rpc('', { key, headers: { Accept: 'text/csv' } });
    assert.equal(csv.status, 200);
    assert.match(csv.headers['content-type'], /^application\/json/);
    const send = (body, headers = {}) => curl('POST', `${gateway.url}/rpc/api-jobs-list`, { key, body, headers });
    assert.equal((await send('{}', { 'Content-Type': 'text/plain' })).status, 200);
    assert.equal((await send('{}', { Prefer: 'handling=strict, nothing=1' })).status, 200);
    for (const body of ['null', '7', '[]']) assert.equal((await send(body)).status, 400, body);
    assert.equal((await rpc(`?search=${'x'.repeat(9000)}`, { key })).status, 200);
});

test('no error shows the functions that raised it', async () => {
    const admin = newKey(database, undefined, "role => 'shop_admin'");
    const answers = [
        await curl('POST', `${gateway.url}/api-webhooks`, { key: admin, body: { url: 'https://erp.example.com', events: ['*'], nothing: 1 } }),
        await curl('GET', `${gateway.url}/api-erp-sync/changes?since=nothing`, { key }),
        await curl('POST', `${gateway.url}/rpc/api-erp-sync-changes`, { key, body: { since: 'nothing' } }),
        await curl('POST', `${gateway.url}/api-jobs/bulk-sync`, { key, body: { items: [], options: { nothing: 1 } } }),
        await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: job('CONTEXT', { notes: '22023' }) }),
    ];
    for (const answer of answers) {
        assert.ok(answer.status >= 400 && answer.status < 500, answer.body);
        assert.doesNotMatch(answer.body, /PL\/pgSQL|CONTEXT|\beryxon\.\w|fail_with|check_option/);
    }
});

test('/readyz is JSON, and a request keeps its id', async () => {
    assert.deepEqual((await curl('GET', `${gateway.url}/readyz`)).json, { status: 'ready' });
    const answer = await rpc('', { key, headers: { 'X-Request-Id': 'mine-1' } });
    assert.equal(answer.headers['x-request-id'], 'mine-1');
});

test('the description tells what a bulk call takes', async () => {
    const { paths } = (await curl('GET', `${gateway.url}/openapi.json`)).json;
    const body = paths['/api-jobs/bulk-sync'].post.requestBody.content['application/json'].schema;
    assert.notDeepEqual(body, {});
});

test('postgrest.conf lets the settings of roles count, and has keys for tokens', () => {
    const text = readFileSync(join(root, 'docs/deploy/postgrest.conf'), 'utf8');
    const set = Object.fromEntries([...text.matchAll(/^([a-z-]+) = "?([^"\n#]*?)"?\s*(?:#.*)?$/gm)].map(([, name, value]) => [name, value]));
    assert.equal(set['db-config'], 'true');
    assert.equal(set['db-tx-end'], 'commit');
    assert.equal(set['db-pre-request'], 'eryxon_api.pre_request');
    assert.match(set['jwt-secret'], /^@?\S+$/);
    assert.equal(set['server-trace-header'], 'X-Request-Id');
    assert.doesNotMatch(readFileSync(join(root, 'docs/deploy/roles.sql'), 'utf8'), /SET "?pgrst\./);
});
