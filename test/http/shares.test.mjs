// Two tenants and strangers on one gateway: whoever floods it with slow statements, large bodies or connections takes nothing from the
// others, whose answers and times are compared with those in peace.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { series, timed } from './lib/latency.mjs';
import { messageWith, open, statuses } from './lib/raw.mjs';
import { count, createDatabase, job, newKey, sql, tenantA, tenantB, until } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let database;
const keys = { a: [], b: [] };

before(() => {
    database = createDatabase('http_shares');
    for (let n = 0; n < 4; n++) keys.a.push(newKey(database, tenantA));
    for (let n = 0; n < 2; n++) keys.b.push(newKey(database, tenantB));
    sql(database, 'CREATE FUNCTION eryxon_api.nap(seconds integer) RETURNS void LANGUAGE sql AS $$ SELECT pg_sleep(seconds) $$');
});

let rounds = 0;

// What the good tenant does: lists, and single jobs; every one must succeed.
async function goodWork(gateway) {
    const round = ++rounds;
    const body = (n) => job(`GOOD${round}-${n}`, { notes: 'x'.repeat(500) });
    const lists = await series(gateway, 15, 'GET', '/api-jobs?limit=1', { key: keys.b[0] });
    const puts = await series(gateway, 15, 'PUT', '/api-jobs/sync', { key: keys.b[1], body });
    assert.deepEqual(lists.statuses, [200], lists.answers.map((answer) => answer.text.slice(0, 200)).join());
    assert.deepEqual(puts.statuses, [201], puts.answers.map((answer) => answer.text.slice(0, 200)).join());
    assert.equal(count(database, 'jobs', `tenant_id = '${tenantB}' AND external_id LIKE 'GOOD${round}-%'`), 15);
    return { median: Math.max(lists.median, puts.median), longest: Math.max(lists.longest, puts.longest) };
}

// The good tenant's work takes about as long as in peace.
function unharmed(peace, trouble, what, most = 1000) {
    console.log(`${what}: median ${trouble.median.toFixed(0)} ms, longest ${trouble.longest.toFixed(0)} ms; in peace ${peace.median.toFixed(0)} ms, ${peace.longest.toFixed(0)} ms`);
    assert.ok(trouble.median < Math.max(200, 10 * peace.median), `${what}: median ${trouble.median} ms`);
    assert.ok(trouble.longest < Math.max(most, 10 * peace.longest), `${what}: ${trouble.longest} ms`);
}

// A gateway that has met all callers, and the good tenant's times in peace.
async function inPeace(flags) {
    const gateway = await startGateway({ database, flags });
    for (const key of [...keys.a, ...keys.b]) assert.equal((await curl('GET', `${gateway.url}/api-jobs?limit=1`, { key })).status, 200);
    await goodWork(gateway);
    return { gateway, peace: await goodWork(gateway) };
}

test('slow statements of one tenant, by many keys and tokens', { timeout: 120000 }, async () => {
    const { gateway, peace } = await inPeace(['--db-pool', '8']);
    const credentials = [...keys.a.map((key) => ({ key })), { bearer: hmacToken() }, { bearer: hmacToken(claims({ sub: 'other' })) }];
    const naps = [];
    const nap = (n) => curl('POST', `${gateway.url}/rpc/nap`, { ...credentials[n % credentials.length], body: { seconds: 6 } });
    for (let n = 0; n < 24; n++) naps.push(nap(n));
    const waiting = async () => /eryxon_gateway_pool_waiting [1-9]/.test((await curl('GET', `${gateway.url}/metrics`)).body);
    await until('calls wait', waiting);
    unharmed(peace, await goodWork(gateway), 'slow statements');
    assert.ok(await waiting(), 'the flood had ended');
    const flood = (await Promise.all(naps)).map((answer) => answer.status);
    assert.ok(flood.includes(204), String(flood));
    await gateway.stop();
});

test('keys that do not exist take no connections from those that do', { timeout: 120000 }, async () => {
    const { gateway, peace } = await inPeace(['--db-pool', '8']);
    let running = true;
    const guesser = async (n) => {
        for (let m = 0; running; m++)
            assert.equal((await timed(gateway, 'GET', '/api-jobs', { key: `ery_live_guess${n}-${m}` })).status, 401);
    };
    const guessers = Array.from({ length: 12 }, (_, n) => guesser(n));
    const trouble = await goodWork(gateway);
    running = false;
    await Promise.all(guessers);
    unharmed(peace, trouble, 'guessed keys');
    await gateway.stop();
});

// Connections that send the head of a large body and all of it but the end.
function holdBodies(gateway, credentials, number, size) {
    const lines = Array.from({ length: number }, () => open(gateway.port));
    lines.forEach((line, n) => {
        const headers = { 'X-Api-Key': undefined, ...credentials[n % credentials.length], 'Content-Length': size };
        line.socket.write(messageWith(undefined, 'POST', '/api-jobs/bulk-sync', headers));
        line.socket.write(' '.repeat(size - 1));
    });
    return lines;
}

async function largeWork(gateway) {
    const body = Array.from({ length: 200 }, (_, n) => job(`LARGE${n}`, { notes: 'x'.repeat(1000) }));
    const answer = await timed(gateway, 'POST', '/api-jobs/bulk-sync', { key: keys.b[0], body });
    assert.equal(answer.status, 200, answer.text.slice(0, 200));
}

for (const [what, credentials, refused] of [
    ['no credential', () => [{}], 401],
    ['a key that does not exist', () => [{ 'X-Api-Key': 'ery_live_made-up' }, { Authorization: 'Bearer ery_live_made-up-too' }], 401],
    ['keys and tokens of another tenant', () => [...keys.a.map((key) => ({ 'X-Api-Key': key })), { Authorization: `Bearer ${hmacToken()}` }], 503],
])
    test(`large bodies that never end, with ${what}`, { timeout: 120000 }, async () => {
        const { gateway, peace } = await inPeace(['--body-memory', '40M', '--body-limit', '4M', '--import-limit', '8M']);
        await largeWork(gateway);
        const lines = holdBodies(gateway, credentials(), 30, 4 << 20);
        await until('some are refused', () => lines.some((line) => statuses(line.received).includes(refused)), 30);
        for (let n = 0; n < 3; n++) {
            unharmed(peace, await goodWork(gateway), `bodies with ${what}`);
            await largeWork(gateway);
        }
        const answered = lines.map((line) => statuses(line.received)).flat();
        assert.ok(answered.every((status) => status === refused), String(answered));
        if (refused === 401) assert.equal(answered.length, 30);
        else assert.ok(answered.length < 30, 'the tenant may take its own share');
        for (const line of lines) line.socket.destroy();
        await gateway.stop();
    });

test('a large body where nothing takes one', async () => {
    const gateway = await startGateway({ database });
    for (const [path, status] of [['/nothing', 404], ['/healthz', 405], ['/api-nothing', 405]]) {
        const line = open(gateway.port);
        line.socket.write(messageWith(keys.b[0], 'POST', path, { 'Content-Length': 15 << 20 }));
        await until('the answer is there', () => statuses(line.received).length);
        assert.deepEqual(statuses(line.received), [status], path);
        line.socket.destroy();
    }
    await gateway.stop();
});

test('a body in chunks is asked about once it is large', async () => {
    const gateway = await startGateway({ database });
    const chunked = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };
    const line = open(gateway.port);
    line.socket.write(messageWith('ery_live_made-up', 'POST', '/api-jobs/bulk-sync', chunked));
    line.socket.write(`${(8 << 10).toString(16)}\r\n${' '.repeat(8 << 10)}\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(line.received, '');
    line.socket.write(`${(16 << 10).toString(16)}\r\n${' '.repeat(16 << 10)}\r\n`);
    await until('the answer is there', () => statuses(line.received).length);
    assert.deepEqual(statuses(line.received), [401]);
    line.socket.destroy();
    const body = JSON.stringify(Array.from({ length: 100 }, (_, n) => job(`CHUNK${n}`, { notes: 'x'.repeat(500) })));
    const good = open(gateway.port);
    good.socket.write(messageWith(keys.b[0], 'POST', '/api-jobs/bulk-sync', chunked));
    for (let at = 0; at < body.length; at += 5000) {
        const piece = body.slice(at, at + 5000);
        good.socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    }
    good.socket.write('0\r\n\r\n');
    await until('the answer is there', () => statuses(good.received).length);
    assert.deepEqual(statuses(good.received), [200], good.received);
    good.socket.destroy();
    await gateway.stop();
});

test('connections without a request give way', { timeout: 60000 }, async () => {
    const { gateway, peace } = await inPeace(['--max-connections', '40']);
    const idle = [];
    const fill = () => {
        for (let n = 0; n < 60; n++) {
            const line = open(gateway.port, '127.0.0.2');
            if (n % 2) line.socket.write('GET /healthz HT');
            idle.push(line);
        }
    };
    fill();
    await until('some give way', () => idle.some((line) => line.closed));
    const refill = setInterval(fill, 500);
    unharmed(peace, await goodWork(gateway), 'idle connections');
    assert.deepEqual((await series(gateway, 20, 'GET', '/healthz')).statuses, [200]);
    clearInterval(refill);
    assert.match((await curl('GET', `${gateway.url}/metrics`)).body, /eryxon_gateway_connections_displaced_total [1-9]/);
    for (const line of idle) line.socket.destroy();
    await gateway.stop();
});

// Connections from another address than the good tenant's that ask for the path with keys of tenant A, as often as there are; what is
// answered is read only where `reads` says so.
function flood(gateway, number, path, { reads = true, address = '127.0.0.2', from = () => undefined } = {}) {
    return Array.from({ length: number }, (_, n) => {
        const line = open(gateway.port, address);
        if (!reads) line.socket.pause();
        const headers = { 'Content-Length': undefined, 'X-Forwarded-For': from(n) };
        line.socket.write(messageWith(keys.a[n % keys.a.length], 'GET', path, headers));
        return line;
    });
}

const metric = async (gateway, name) =>
    Number(new RegExp(`^${name} (\\d+)`, 'm').exec((await curl('GET', `${gateway.url}/metrics`)).body)?.[1] ?? 0);

// What a flood of long calls does to the good tenant.
async function duringLongCalls(what, flags, options) {
    const { gateway, peace } = await inPeace(['--max-connections', '40', '--db-pool', '8', '--db-pool-timeout', '30', ...flags]);
    const lines = flood(gateway, 60, '/rpc/nap?seconds=8', options);
    const isFull = async () => {
        const { status, body } = await curl('GET', `${gateway.url}/metrics`);
        return status === 503 || /^eryxon_gateway_requests_in_flight (3[1-9]|40)$/m.test(body);
    };
    await until('as many as can are at work', isFull, 20);
    unharmed(peace, await goodWork(gateway), what);
    assert.ok(await isFull(), 'the flood had ended');
    for (const line of lines) line.socket.destroy();
    await gateway.stop();
}

test('calls that take long leave places to others', { timeout: 120000 }, () => duringLongCalls('calls from one address', []));

test('calls of one tenant behind a proxy leave places to others behind it', { timeout: 120000 }, () =>
    duringLongCalls('calls through a proxy', ['--trusted-proxy', '127.0.0.1/32'], { address: '127.0.0.1', from: (n) => `192.0.2.${n}` }));

test('clients that do not read their answers leave places to others, and give way', { timeout: 120000 }, async () => {
    sql(database, "CREATE FUNCTION eryxon_api.much() RETURNS text LANGUAGE sql STABLE AS $$ SELECT repeat('x', 12000000) $$");
    const { gateway, peace } = await inPeace(['--max-connections', '12', '--db-pool', '8']);
    const lines = flood(gateway, 16, '/rpc/much', { reads: false });
    await until('they have their share', async () => (await metric(gateway, 'eryxon_gateway_connections')) >= 9, 20);
    await until('answers are on their way', async () => (await metric(gateway, 'eryxon_gateway_requests_in_flight')) <= 1, 20);
    unharmed(peace, await goodWork(gateway), 'answers that nobody reads');
    // As many again: the first give way to them.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const displaced = await metric(gateway, 'eryxon_gateway_connections_displaced_total');
    lines.push(...flood(gateway, 9, '/rpc/much', { reads: false }));
    await until('some give way', async () => (await metric(gateway, 'eryxon_gateway_connections_displaced_total')) > displaced, 20);
    unharmed(peace, await goodWork(gateway), 'and more of them');
    for (const line of lines) line.socket.destroy();
    await gateway.stop();
});
