// A server that takes no writes for now: a hot standby behind an address that should be the primary's, and a database set to read only.
// Writes are told to come again, reads are answered, and the gateway goes on by itself when the server takes writes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startWithNeighbour } from './lib/gateway.mjs';
import { cluster, count, createDatabase, job, newKey, sql, until } from './lib/shop.mjs';

const folder = process.env.ERYXON_OUTAGE_CLUSTER;
let database, key, gateway;

before(async () => {
    database = createDatabase('http_standby', folder);
    key = newKey(database, undefined, '', folder);
    gateway = await startWithNeighbour({ database, host: folder, flags: ['--db-pool', '3'], patient: true });
});
after(async () => {
    await gateway.stop();
    gateway.checkLog([key.slice(12)]);
});

const ready = async () => (await curl('GET', `${gateway.url}/readyz`)).status;
const ask = (method, path, body) => curl(method, gateway.url + path, { key, body });

// All calls that write, by their name.
const writes = (id) => [
    ['PUT', '/api-jobs/sync', job(id)],
    ['POST', '/api-jobs/bulk-sync', [job(id)]],
    ['POST', '/api-erp-sync/sync', { jobs: [job(id)] }],
    ['DELETE', '/api-jobs?external_id=LIVE&external_source=SAP'],
    ['POST', '/rpc/api-jobs-sync', job(id)],
];

async function writesAreRefused(id) {
    for (const [method, path, body] of writes(id)) {
        const answer = await ask(method, path, body);
        assert.equal(answer.status, 503, `${method} ${path}: ${answer.body}`);
        assert.match(answer.headers['retry-after'] ?? '', /^\d+$/, path);
        assert.doesNotMatch(answer.body, /recovery|read-only/);
    }
    assert.equal(count(database, 'jobs', `external_id = '${id}'`, folder), 0);
}

async function readsAreAnswered() {
    for (const path of ['/api-jobs?external_id=LIVE&external_source=SAP', '/api-erp-sync/status', '/api-erp-sync/changes'])
        assert.equal((await ask('GET', path)).status, 200, path);
    assert.equal((await ask('GET', '/api-jobs?external_id=LIVE&external_source=SAP')).json.data.jobs.length, 1);
}

async function writesAreTaken(id) {
    await until('writes are taken', async () => (await ask('PUT', '/api-jobs/sync', job(id))).status === 201, 30);
    await until('/readyz tells', async () => (await ready()) === 200);
}

test('a hot standby, which is promoted', { timeout: 120000 }, async () => {
    await writesAreTaken('LIVE');
    cluster('cluster_stop "$1" && as_server_user touch "$1/data/standby.signal" && cluster_start "$1"', folder);
    assert.equal(sql(database, 'SELECT pg_is_in_recovery()', folder), 't');
    await until('the gateway serves reads', async () => (await ask('GET', '/api-jobs')).status === 200, 30);
    assert.equal(await ready(), 503);
    await writesAreRefused('STANDBY');
    await until('reads are answered', async () => (await ask('GET', '/api-jobs')).status === 200, 30);
    await readsAreAnswered();
    assert.equal(await ready(), 503);
    assert.equal(sql(database, 'SELECT pg_promote()', folder), 't');
    await until('/readyz tells without a call', async () => (await ready()) === 200, 30);
    await writesAreTaken('PROMOTED');
});

test('a database that is set to read only, and back', { timeout: 120000 }, async () => {
    await writesAreTaken('BEFORE');
    sql('postgres', 'ALTER SYSTEM SET default_transaction_read_only = on', folder);
    sql('postgres', 'SELECT pg_reload_conf()', folder);
    try {
        await until('writes are refused', async () => (await ask('PUT', '/api-jobs/sync', job('READONLY'))).status === 503);
        await writesAreRefused('READ');
        await until('/readyz tells', async () => (await ready()) === 503, 20);
        await until('reads are answered', async () => (await ask('GET', '/api-jobs')).status === 200, 30);
        await readsAreAnswered();
    } finally {
        sql('postgres', 'ALTER SYSTEM RESET default_transaction_read_only', folder);
        sql('postgres', 'SELECT pg_reload_conf()', folder);
    }
    await writesAreTaken('AFTER');
});

test('/readyz is no promise without a connection', { timeout: 60000 }, async () => {
    sql('postgres', 'ALTER ROLE authenticator NOLOGIN', folder);
    try {
        sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator'", folder);
        await until('no connection is open', async () => /state="open"} 0/.test((await curl('GET', `${gateway.url}/metrics`)).body));
        assert.equal(await ready(), 503);
    } finally {
        sql('postgres', 'ALTER ROLE authenticator LOGIN', folder);
    }
    await until('it is ready again', async () => (await ready()) === 200, 20);
});
