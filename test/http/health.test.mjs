// The gateway lives and says so whatever the database does: stopped dead, behind a slow name server, busy; and whatever clients do.
// Times are compared with those of an idle server beside the gateway, and of the same run in peace.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { curl } from './lib/curl.mjs';
import { Door } from './lib/door.mjs';
import { databaseUri, startProgram, startWithNeighbour } from './lib/gateway.mjs';
import { inTurn, series, timed } from './lib/latency.mjs';
import { startIdle, startLoad } from './lib/load.mjs';
import { preload } from './lib/preload.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { messageWith, open } from './lib/raw.mjs';
import { createDatabase, job, newKey, sql, until } from './lib/shop.mjs';

const folder = process.env.ERYXON_OUTAGE_CLUSTER;
let database, key, idle;

before(async () => {
    idle = startIdle();
    await until('the idle server listens', () => idle.told);
    database = createDatabase('http_health');
    key = newKey(database);
    sql(database, 'CREATE FUNCTION eryxon_api.nap(seconds integer) RETURNS void LANGUAGE sql AS $$ SELECT pg_sleep(seconds) $$');
});
after(() => idle.stop());

// /healthz is answered within 50 ms, but for what the machine holds up an idle server as well. A single answer may be later: one stall of a
// busy machine need not meet both.
function alive(peace, trouble, what) {
    const text = ({ median, p95, longest }) => `median ${median.toFixed(1)} ms, p95 ${p95.toFixed(0)} ms, longest ${longest.toFixed(0)} ms`;
    console.log(`${what}: ${text(trouble)}; an idle server ${text(trouble.idle)}; in peace ${text(peace)}`);
    assert.deepEqual(trouble.statuses, [200], what);
    assert.ok(trouble.median < 10 + 5 * Math.max(trouble.idle.median, peace.median), `${what}: ${trouble.median} ms`);
    assert.ok(trouble.p95 < 50 + 5 * Math.max(trouble.idle.p95, peace.p95), `${what}: ${trouble.p95} ms`);
    assert.ok(trouble.longest < Math.max(2000, 10 * trouble.idle.longest, 10 * peace.longest), `${what}: ${trouble.longest} ms`);
}

const ready = async (gateway) => (await timed(gateway, 'GET', '/readyz')).status;

// How the gateway and the idle server answer in turn.
async function health(gateway, number = 60) {
    const [own, other] = await inTurn([gateway, { port: idle.told }], number, '/healthz');
    return { ...own, idle: other };
}

// All processes of the server in a folder.
function serverProcesses() {
    const postmaster = readFileSync(join(folder, 'data/postmaster.pid'), 'utf8').split('\n')[0];
    return [postmaster, ...execFileSync('pgrep', ['-P', postmaster], { encoding: 'utf8' }).split('\n').filter(Boolean)];
}

test('a database that is stopped dead', { timeout: 120000 }, async () => {
    const stopped = createDatabase('http_stopped', folder);
    const itsKey = newKey(stopped, undefined, '', folder);
    const flags = ['--db-pool', '4', '--request-timeout', '4'];
    const gateway = await startWithNeighbour({ database: stopped, host: folder, flags, patient: true });
    await until('the gateway is ready', async () => (await ready(gateway)) === 200);
    assert.equal((await timed(gateway, 'GET', '/api-jobs', { key: itsKey })).status, 200);
    const peace = await health(gateway);
    const processes = serverProcesses();
    execFileSync('kill', ['-STOP', ...processes]);
    try {
        const call = timed(gateway, 'PUT', '/api-jobs/sync', { key: itsKey, body: job('STOPPED') });
        alive(peace, await health(gateway), 'stopped');
        await until('/readyz tells', async () => (await ready(gateway)) === 503, 30);
        alive(peace, await health(gateway), 'stopped, connecting anew');
        assert.ok([503, 504].includes((await call).status));
    } finally {
        execFileSync('kill', ['-CONT', ...processes]);
    }
    await until('the gateway is ready again', async () => (await ready(gateway)) === 200, 60);
    assert.equal((await timed(gateway, 'GET', '/api-jobs', { key: itsKey })).status, 200);
    await gateway.stop();
});

test('a slow name server while the database is away', { timeout: 120000 }, async (t) => {
    const work = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'names-'));
    const door = new Door();
    await door.open();
    t.after(() => door.close());
    const log = join(work, 'lookups');
    const gateway = await startWithNeighbour({
        database,
        patient: true,
        uri: `postgresql://authenticator@slowdb:${door.port}/${database}`,
        flags: ['--db-pool', '4'],
        env: {
            ...preload('slow_lookup'),
            SLOW_NAMES_LOG: log,
        },
    });
    const begin = await health(gateway, 20);
    await until('the gateway is ready', async () => (await ready(gateway)) === 200, 30);
    assert.equal((await timed(gateway, 'GET', '/api-jobs', { key })).status, 200);
    const lookups = () => (existsSync(log) ? readFileSync(log).length : 0);
    await until('all have looked the name up', () => lookups() >= 4, 30);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const peace = await health(gateway);
    const { port } = door;
    door.close();
    await until('the gateway knows', async () => (await timed(gateway, 'GET', '/api-jobs', { key })).status === 503);
    alive(peace, await health(gateway), 'looking a name up');
    const refused = await series(gateway, 20, 'GET', '/api-jobs', { key });
    assert.deepEqual(refused.statuses, [503]);
    assert.ok(refused.longest < 2500, `refused after ${refused.longest} ms`);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const first = lookups();
    const went = Date.now();
    await until('some attempts were made', () => lookups() - first >= 3, 60);
    const passed = (Date.now() - went) / 1000;
    assert.ok(lookups() - first <= passed / 3 + 1, `${lookups() - first} look-ups in ${passed} s: one at a time for the pool`);
    alive(peace, await health(gateway), 'looking it up again');
    assert.ok(begin.longest < 2500, `the start blocked for ${begin.longest} ms`);
    await door.open(port);
    await until('the gateway is ready again', async () => (await ready(gateway)) === 200, 40);
    await gateway.stop();
});

test('a pool that is used up', { timeout: 60000 }, async () => {
    const gateway = await startWithNeighbour({ database, flags: ['--db-pool', '4'] });
    assert.equal((await timed(gateway, 'GET', '/api-jobs', { key })).status, 200);
    const peace = await health(gateway);
    const naps = Array.from({ length: 12 }, () => timed(gateway, 'POST', '/rpc/nap', { key, body: { seconds: 3 } }));
    await until('calls wait', async () => /eryxon_gateway_pool_waiting [1-9]/.test((await curl('GET', `${gateway.url}/metrics`)).body));
    alive(peace, await health(gateway), 'the pool used up');
    assert.equal(await ready(gateway), 200);
    await Promise.all(naps);
    await gateway.stop();
});

test('all connections at work', { timeout: 60000 }, async () => {
    const localAddress = '127.0.0.3';
    const gateway = await startWithNeighbour({ database, localAddress, flags: ['--max-connections', '20', '--db-pool', '30'] });
    const ask = (path) => timed(gateway, 'GET', path, { key, agent: false });
    assert.equal((await ask('/api-jobs')).status, 200);
    const peace = await health(gateway);
    await until('no other is left', async () => /eryxon_gateway_connections [12]\b/.test((await ask('/metrics')).text));
    await sleep(500);
    const lines = Array.from({ length: 20 }, () => open(gateway.port));
    for (const line of lines) line.socket.write(messageWith(key, 'GET', '/rpc/nap?seconds=8', { 'Content-Length': undefined }));
    await sleep(1000);
    alive(peace, await health(gateway), 'all connections at work');
    // Who takes those that are spare, and does not ask.
    const idle = [];
    const fill = setInterval(() => idle.push(open(gateway.port)), 5);
    await until('they give way', () => idle.some((line) => line.closed));
    alive(peace, await health(gateway), 'and strangers who wait');
    clearInterval(fill);
    assert.equal(await ready(gateway), 200);
    const refused = await ask('/api-jobs');
    assert.equal(refused.status, 503);
    assert.match(refused.headers['retry-after'], /^\d+$/);
    for (const line of [...idle, ...lines]) line.socket.destroy();
    await until('there is room again', async () => (await ask('/api-jobs')).status === 200, 30);
    await gateway.stop();
});

test('sixty slow bodies', { timeout: 60000 }, async () => {
    const gateway = await startWithNeighbour({ database });
    assert.equal((await timed(gateway, 'GET', '/api-jobs', { key })).status, 200);
    const peace = await health(gateway);
    const head = messageWith(key, 'POST', '/api-jobs/bulk-sync', { 'Content-Length': 5 << 20 });
    const lines = Array.from({ length: 60 }, () => open(gateway.port));
    for (const line of lines) line.socket.write(head + ' '.repeat(100 << 10));
    const drip = setInterval(() => lines.forEach((line) => line.socket.write(' '.repeat(2000))), 50);
    alive(peace, await health(gateway, 100), 'sixty slow bodies');
    clearInterval(drip);
    for (const line of lines) line.socket.destroy();
    await gateway.stop();
});

// How /healthz and an idle server beside the gateway answer in turn; the gateway is to be held up by little else than the machine is.
async function compare(gateway, what, peace = { p99: 0 }) {
    const [own, other] = await inTurn([gateway, { port: idle.told }], 1000, '/healthz');
    const text = ({ median, p99, longest }) => `p50 ${median.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(0)} ms`;
    console.log(`${what}: ${text(own)}; an idle server ${text(other)}`);
    assert.deepEqual(own.statuses, [200], what);
    assert.ok(own.p99 < 15 + 5 * Math.max(other.p99, peace.p99), `${what}: ${own.p99} ms`);
    return own;
}

test('a body that takes the service a second', { timeout: 60000 }, async () => {
    const gateway = await startWithNeighbour({ database, env: preload('slow_send'), load: 3 });
    await until('the gateway is ready', async () => (await ready(gateway)) === 200);
    const peace = await health(gateway);
    const bodies = ['SLOW1', 'SLOW2'].map((id) => timed(gateway, 'PUT', '/api-jobs/sync', { key, body: job(id, { notes: 'x'.repeat(200000) }) }));
    const begin = performance.now();
    let done = false, longest = 0;
    Promise.all(bodies).then(() => (done = true));
    while (!done) longest = Math.max(longest, (await health(gateway, 10)).longest);
    const passed = performance.now() - begin;
    assert.ok(passed > 2000, `both bodies took ${passed} ms`);
    assert.ok(longest < Math.max(500, 10 * peace.longest), `/healthz took ${longest} ms`);
    for (const body of bodies) assert.equal((await body).status, 201);
    await gateway.stop();
});

test('nobody reads the log', { timeout: 60000 }, async () => {
    const gateway = startProgram(['serve', '--listen', '127.0.0.1:0'], { ERYXON_DB_URI: databaseUri(database) }, 'pipe');
    const [first] = await once(gateway.process.stderr, 'data');
    gateway.process.stderr.pause();
    gateway.port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(first)[1]);
    gateway.neighbour = await startNeighbour(gateway, database, { load: 3 });
    const peace = await health(gateway);
    const lines = series(gateway, 6000, 'GET', `/${'x'.repeat(1000)}`);
    alive(peace, await health(gateway), 'nobody reads the log');
    assert.deepEqual((await lines).statuses, [404]);
    let text = '';
    gateway.process.stderr.on('data', (part) => (text += part)).resume();
    await until('it says so', () => /msg="nobody read the log: lines are missing" lines=[1-9]/.test(text));
    await gateway.stop();
});

test('sixteen clients with large bodies', { timeout: 120000 }, async (t) => {
    const gateway = await startWithNeighbour({ database, load: 5 });
    await until('it is ready', async () => (await ready(gateway)) === 200);
    const peace = await compare(gateway, 'in peace');
    for (const [size, what] of [[300, '0.4 MB'], [8000, '8 MB'], [15000, '15 MB']]) {
        const records = Array.from({ length: 1000 }, (_, n) => job(`L${n}`, { notes: 'x'.repeat(size) }));
        const load = startLoad(gateway, key, '/api-jobs/bulk-sync', records, 16);
        t.after(() => load.stop());
        await until('the first answer', () => load.told, 60);
        await compare(gateway, `${what}, sixteen times`, peace);
        assert.deepEqual(Object.keys(load.told).filter((status) => !['200', '503'].includes(status)), []);
        await load.stop();
    }
    await gateway.stop();
});
