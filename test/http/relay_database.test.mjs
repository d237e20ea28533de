// The relay's connection: names that are looked up slowly, and servers that take no writes.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';
import { preload } from './lib/preload.mjs';
import { startReceiver } from './lib/receiver.mjs';
import { createHookDatabase, deliveries, emit, newHook, otherHook, startRelay } from './lib/relay.mjs';
import { cluster, sql, tenantB, until } from './lib/shop.mjs';

const folder = process.env.ERYXON_OUTAGE_CLUSTER;
let database, receiver;

before(() => {
    database = createHookDatabase('http_relay_database');
});
beforeEach(async () => {
    sql(database, 'DELETE FROM eryxon.webhook');
    receiver = await startReceiver();
});
afterEach(() => receiver.stop());

// A URI with two servers: the first one, and the one with the tests' databases.
const uriOf = (first) => `postgresql://eryxon_relay@/${database}?host=${[first, process.env.PGHOST].map(encodeURIComponent).join(',')}`;

test('a slow look-up of a name holds up neither messages under way nor the stop', { timeout: 90000 }, async () => {
    const hooks = [newHook(database, `${receiver.url}/one`), otherHook(database, `${receiver.url}/two`)];
    const answers = [];
    receiver.behaviour = (_request, response) => answers.push(() => response.writeHead(200).end());
    const relay = await startRelay({ database, uri: uriOf('slow-names.invalid'), env: preload('slow_names') });
    emit(database);
    emit(database, 1, 'job.created', undefined, tenantB);
    await until('both are under way', () => answers.length === 2);
    sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'eryxon_relay'");
    await until('it connects again', () => relay.log().includes('no database connection'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const begin = Date.now();
    for (const give of answers) give();
    await until('the answers are taken', () => relay.log().split('status=200').length === 3);
    const taken = Date.now() - begin;
    assert.ok(taken < 2500, `the answers were taken after ${taken} ms, in a look-up of 5000 ms`);
    await until('they are reported', () => hooks.every((hook) => deliveries(database, hook, 'delivered') === 1), 30);
    sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'eryxon_relay'");
    await until('it connects once more', () => relay.log().split('no database connection').length === 3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const stop = Date.now();
    await relay.stop();
    assert.ok(Date.now() - stop < 3000, `the stop took ${Date.now() - stop} ms`);
});

test('a server in recovery is not the one that is looked for', { timeout: 90000 }, async (t) => {
    createHookDatabase(database, folder);
    cluster('cluster_stop "$1"', folder);
    const signal = join(folder, 'data/standby.signal');
    writeFileSync(signal, '');
    cluster('chown postgres: "$1/data/standby.signal" 2>/dev/null || true; cluster_start "$1"', folder);
    t.after(() => {
        cluster('cluster_stop "$1"', folder);
        rmSync(signal, { force: true });
        cluster('cluster_start "$1"', folder);
    });
    assert.equal(sql('postgres', 'SELECT pg_is_in_recovery()', folder), 't');
    const hooks = [newHook(database, `${receiver.url}/one`), otherHook(database, `${receiver.url}/two`)];
    const relay = await startRelay({ database, uri: uriOf(folder) });
    emit(database);
    emit(database, 1, 'job.created', undefined, tenantB);
    await until('both are delivered', () => hooks.every((hook) => deliveries(database, hook, 'delivered') === 1));
    await relay.stop();
});
