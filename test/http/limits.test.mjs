// What the gateway bounds, keeps apart and renews: bodies and their memory, rates, connections, the catalog.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway, startWithNeighbour } from './lib/gateway.mjs';
import { timed } from './lib/latency.mjs';
import { messageWith, open, statuses } from './lib/raw.mjs';
import { count, createDatabase, job, newKey, record, sql, until } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let database, key;

before(() => {
    database = createDatabase('http_limits');
    key = newKey(database);
});

test('an answer without a body leaves the connection in step', async () => {
    sql(
        database,
        `CREATE FUNCTION eryxon_api.answer_with(status text) RETURNS json LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config('response.status', status, true); RETURN '{"a":"HTTP/1.1 500"}'; END $$`,
    );
    const gateway = await startWithNeighbour({ database });
    const line = open(gateway.port);
    const asked = [204, 205, 304, 201];
    for (const status of asked)
        line.socket.write(messageWith(key, 'GET', `/rpc/answer_with?status=${status}`, { 'Content-Length': undefined }));
    await until('the last answer is there', () => line.received.includes('{"a"'));
    line.socket.destroy();
    const answers = line.received.split(/(?=HTTP\/1\.1 2|HTTP\/1\.1 3)/);
    assert.deepEqual(
        answers.map((answer) => statuses(answer)[0]),
        asked,
        line.received,
    );
    for (const answer of answers.slice(0, 3)) assert.match(answer, /\r\n\r\n$/);
    assert.match(answers[1], /\r\nContent-Length: 0\r\n/);
    await gateway.stop();
});

test('after SIGHUP the catalog is new', async () => {
    sql(database, "ALTER ROLE shop_planner SET statement_timeout = '59s'");
    sql(
        database,
        `CREATE FUNCTION eryxon_api.limit_in_force() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('statement_timeout') $$`,
    );
    const gateway = await startWithNeighbour({ database });
    const limit = async () =>
        (await curl('POST', `${gateway.url}/rpc/limit_in_force`, { bearer: hmacToken(claims({ role: 'shop_planner' })), body: {} }))
            .json;
    assert.equal(await limit(), '59s');
    sql(database, "ALTER ROLE shop_planner SET statement_timeout = '41s'");
    assert.equal(await limit(), '59s');
    gateway.process.kill('SIGHUP');
    await until('the new setting counts', async () => (await limit()) === '41s', 5);
    sql(database, "ALTER ROLE shop_planner SET statement_timeout = '59s'");
    assert.match(gateway.log(), /the catalog was read again/);
    await gateway.stop();
});

test('made-up keys use up the rate of their address, not that of good keys', async () => {
    const gateway = await startGateway({ database, flags: ['--rate-limit', '20'] });
    const ask = (credentials) => curl('GET', `${gateway.url}/api-jobs?limit=1`, credentials);
    assert.equal((await ask({ key })).headers['x-ratelimit-remaining'], '19');
    const answers = [];
    for (let n = 0; n < 15; n++) answers.push((await ask({ key: `ery_live_madeup${n}` })).status);
    for (let n = 0; n < 15; n++) answers.push((await ask({ bearer: `no.token.${n}` })).status);
    assert.deepEqual(answers.slice(0, 20), Array(20).fill(401));
    assert.ok(answers.slice(20).filter((status) => status === 429).length >= 8, String(answers));
    const unparsed = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key: 'ery_live_other', body: '{' });
    assert.equal(unparsed.status, 429);
    const good = await ask({ key });
    assert.equal(good.status, 200);
    assert.ok(good.headers['x-ratelimit-remaining'] >= 18);
    assert.equal((await ask({ bearer: hmacToken() })).status, 200);
    await gateway.stop();
});

test('bodies under way share their memory', { timeout: 60000 }, async () => {
    const gateway = await startWithNeighbour({ database, flags: ['--body-memory', '4M', '--body-limit', '2M'] });
    const body = ' '.repeat(2 << 20);
    const head = messageWith(key, 'PUT', '/api-jobs/sync', { 'Content-Length': body.length });
    const held = [1, 2, 3].map(() => open(gateway.port));
    for (const line of held) line.socket.write(head + body.slice(1));
    const refused = () => held.find((line) => line.received.includes('"error"'))?.received;
    await until('the memory is used up', refused);
    assert.deepEqual(statuses(refused()), [503]);
    assert.match(refused(), /\r\nRetry-After: \d+\r\n/);
    assert.match(refused(), /\r\nConnection: close\r\n/);
    assert.match(refused(), /SERVICE_UNAVAILABLE/);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs?limit=1`, { key })).status, 200);
    for (const line of held) line.socket.destroy();
    await until('the memory is free again', async () => {
        const answer = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: job('FREE', { notes: 'x'.repeat(100 << 10) }) });
        return answer.status < 300;
    });
    await gateway.stop();
});

test('bad credentials are refused before the body is there', async () => {
    const gateway = await startWithNeighbour({ database });
    const refused = async (headers) => {
        const line = open(gateway.port);
        line.socket.write(messageWith(undefined, 'PUT', '/api-jobs/sync', { 'Content-Length': 15 << 20, ...headers }));
        line.socket.write(' '.repeat(1000));
        await until('the answer is there', () => line.received.includes('\r\n\r\n'));
        assert.deepEqual(statuses(line.received), [401], line.received);
        assert.match(line.received, /\r\nConnection: close\r\n/);
        assert.match(line.received, /\r\nWWW-Authenticate: Bearer/);
        line.socket.destroy();
    };
    await refused({ Authorization: 'Basic dXNlcjpwYXNz' });
    await refused({ Authorization: 'Bearer no.token.atall', Expect: '100-continue' });
    await refused({ Authorization: `Bearer ${hmacToken(claims({ exp: 1000 }))}` });
    await refused({ Authorization: `Bearer ${key}`, 'X-Api-Key': 'ery_live_other' });
    await gateway.stop();
});

test('an internal error of the database costs the connection that had it', async () => {
    sql(
        database,
        `CREATE FUNCTION eryxon_api.fail(state text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'within' USING ERRCODE = state; END $$`,
    );
    const gateway = await startWithNeighbour({ database, flags: ['--db-pool', '1'] });
    const connects = async () => Number(/database_connects_total (\d+)/.exec((await curl('GET', `${gateway.url}/metrics`)).body)[1]);
    const fail = (state) => curl('POST', `${gateway.url}/rpc/fail`, { key, body: { state } });
    assert.equal((await fail('P0001')).status, 400);
    assert.equal(await connects(), 1);
    assert.equal((await fail('XX001')).status, 500);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs?limit=1`, { key })).status, 200);
    assert.equal(await connects(), 2);
    await gateway.stop();
});

test('a table that is renamed while a session reads the registry', { timeout: 60000 }, async () => {
    // Twice the time: the lock on a table keeps everybody from the registry, the neighbour too.
    const gateway = await startWithNeighbour({ database, load: 2 });
    const put = (n) => timed(gateway, 'PUT', '/api-cells/sync', { key, body: record('R', { name: `R${n}` }) });
    assert.equal((await put(0)).status, 201);
    const locks = (condition) => count(database, 'pg_locks', `relation = 'operations'::regclass AND ${condition}`);
    // Whoever reads the registry now has read the first tables when it comes to this one, and waits.
    const hold = ['-Xqd', database, '-c', 'BEGIN; LOCK TABLE operations; SELECT FROM pg_sleep(2)'];
    const holder = once(spawn('psql', hold), 'close');
    await until('the table is locked', () => locks('granted'));
    sql(database, 'ALTER TABLE cells ALTER COLUMN description SET STATISTICS -1');
    const call = put(1);
    await until('the call waits', () => locks('NOT granted'));
    sql(database, 'ALTER TABLE cells RENAME TO cells_away');
    const { status, headers, text } = await call;
    await holder;
    sql(database, 'ALTER TABLE cells_away RENAME TO cells');
    assert.ok([200, 503].includes(status), text);
    if (status === 503) assert.match(headers['retry-after'], /^\d+$/);
    assert.equal((await put(2)).status, 200);
    await gateway.stop();
});
