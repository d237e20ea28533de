// Several relays on one database, relays that die, a database that goes away, and the stop. What a relay does to one tenant's messages it
// does not to the other's.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { startGateway } from './lib/gateway.mjs';
import { answer, hang, startReceiver } from './lib/receiver.mjs';
import { attempted, attempts, createHookDatabase, deliveries, emit, forTests, newHook, otherHook, startRelay } from './lib/relay.mjs';
import { cluster, sql, tenantB, until } from './lib/shop.mjs';

const hasty = [...forTests, '--timeout', '1', '--lease', '6'];
const folder = process.env.ERYXON_OUTAGE_CLUSTER;
let database, receiver;

before(() => {
    database = createHookDatabase('http_relay_share');
});
beforeEach(async () => {
    sql(database, 'DELETE FROM eryxon.webhook');
    receiver = await startReceiver();
});
afterEach(() => receiver.stop());

// An endpoint of the other tenant with a message for it; returns what waits for its arrival.
async function neighbour() {
    const other = await startReceiver();
    otherHook(database, other.url);
    emit(database, 1, 'part.created', undefined, tenantB);
    return async () => {
        await until("the other tenant's message is there", () => other.requests.length > 0);
        await other.stop();
    };
}

// Answers after some milliseconds.
const slowly = (milliseconds) => (request, response) => setTimeout(() => answer(200)(request, response), milliseconds);

test('two relays share the work', async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url, { max_in_flight: 100 });
    receiver.behaviour = slowly(20);
    const relays = [];
    for (const name of ['one', 'two'])
        relays.push(await startRelay({ database, flags: [...forTests, '--concurrency', '8', '--name', name] }));
    emit(database, 400);
    await arrival();
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 400);
    for (const relay of relays) await relay.stop();
    assert.equal(receiver.requests.length, 400);
    assert.equal(new Set(receiver.ids()).size, 400);
    assert.deepEqual([...new Set(attempts(database, hook).map((attempt) => attempt.relay))].sort(), ['one', 'two']);
});

test('another relay takes over from one that was killed', { timeout: 60000 }, async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url, { max_in_flight: 100, retry_seconds: [0, 0, 0] });
    receiver.behaviour = slowly(300);
    const first = await startRelay({ database, flags: [...hasty, '--concurrency', '20'] });
    emit(database, 60);
    await arrival();
    await until('some are under way', () => receiver.requests.length >= 30);
    first.process.kill('SIGKILL');
    await first.exit;
    const second = await startRelay({ database, flags: hasty });
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 60, 30);
    await second.stop();
    assert.equal(new Set(receiver.ids()).size, 60);
    assert.ok(receiver.requests.length > 60, 'nothing was under way');
    assert.ok(receiver.requests.length <= 80, `${receiver.requests.length} requests`);
});

test('a relay that comes too late changes nothing', { timeout: 60000 }, async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url);
    receiver.behaviour = slowly(500);
    const late = await startRelay({ database, flags: [...hasty, '--name', 'late'] });
    emit(database);
    await arrival();
    await until('it is under way', () => receiver.requests.length === 1);
    late.process.kill('SIGSTOP');
    const other = await startRelay({ database, flags: [...hasty, '--name', 'other'] });
    await until('the other has delivered it', () => deliveries(database, hook, 'delivered') === 1, 20);
    late.process.kill('SIGCONT');
    await until('it is told', () => late.log().includes('results came too late'));
    assert.equal(new Set(receiver.ids()).size, 1);
    assert.deepEqual(
        attempts(database, hook).map(({ relay, status }) => [relay, status]),
        [
            ['late', null],
            ['other', 200],
        ],
    );
    for (const relay of [late, other]) await relay.stop();
});

test('results survive the loss of the connection', { timeout: 60000 }, async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url, { max_in_flight: 100 });
    receiver.behaviour = slowly(200);
    const relay = await startRelay({ database });
    emit(database, 200);
    for (let round = 0; round < 5; round++) {
        const before = receiver.requests.length;
        await until('some are under way', () => receiver.requests.length > before || deliveries(database, hook, 'pending') === 0);
        sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'eryxon_relay'");
    }
    await arrival();
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 200);
    await relay.stop();
    assert.equal(new Set(receiver.ids()).size, 200);
});

test('results outlast an outage of the database', { timeout: 60000 }, async () => {
    const away = createHookDatabase('http_relay_outage', folder);
    const hook = newHook(away, receiver.url, {}, '{*}', folder);
    const answers = [];
    receiver.behaviour = (_request, response) => answers.push(() => response.writeHead(200).end());
    const relay = await startRelay({ database: away, host: folder });
    emit(away, 3, 'job.created', folder);
    await until('they are under way', () => answers.length === 3);
    cluster('cluster_stop "$1"', folder);
    await until('the relay notices', () => relay.log().includes('no database connection'));
    for (const give of answers) give();
    await until('the answers are there', () => relay.log().split('status=200').length === 4);
    cluster('cluster_start "$1"', folder);
    await until('they are reported', () => deliveries(away, hook, 'delivered', folder) === 3);
    assert.deepEqual(
        attempts(away, hook, folder).map((attempt) => [attempt.attempt, attempt.status]),
        [
            [1, 200],
            [1, 200],
            [1, 200],
        ],
    );
    await relay.stop();
    assert.equal(receiver.requests.length, 3);
});

test('a stop lets run what is under way, and claims no more', async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url, { max_in_flight: 2 });
    receiver.behaviour = slowly(700);
    const relay = await startRelay({ database });
    emit(database, 10);
    await arrival();
    await until('two are under way', () => receiver.requests.length === 2);
    await relay.stop();
    assert.equal(deliveries(database, hook, 'delivered'), 2);
    assert.equal(receiver.requests.length, 2);
});

test('a stop ends at its limit', async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url);
    receiver.behaviour = hang;
    const relay = await startRelay({ database, flags: [...forTests, '--shutdown-timeout', '1'] });
    emit(database);
    await arrival();
    await until('it is under way', () => receiver.requests.length === 1);
    const begin = Date.now();
    await relay.stop();
    assert.ok(Date.now() - begin < 6000, `the stop took ${Date.now() - begin} ms`);
    assert.equal(attempts(database, hook)[0].error, 'the relay was stopped');
    assert.equal(sql(database, `SELECT d.failures FROM eryxon.delivery d WHERE d.webhook_id = '${hook.id}'`), '0');
});

test('what becomes due later is sent then, and what commits is sent at once', async () => {
    const arrival = await neighbour();
    const hook = newHook(database, receiver.url, { retry_seconds: [2, 0] });
    const relay = await startRelay({ database, flags: [...forTests, '--poll-interval', '3600'] });
    const begin = Date.now();
    emit(database);
    await arrival();
    await attempted(database, hook);
    assert.ok(receiver.requests[0].time - begin >= 1900, 'it came too early');
    sql(database, `UPDATE eryxon.webhook SET retry_seconds = '{0}'`);
    emit(database);
    await until('the second has come', () => receiver.requests.length === 2, 5);
    await relay.stop();
});

test('the server runs a relay too, and shows what it counts', async () => {
    const hook = newHook(database, receiver.url, { retry_seconds: [0, 0] });
    let number = 0;
    receiver.behaviour = (request, response) => answer(number++ === 0 ? 500 : 200)(request, response);
    const gateway = await startGateway({
        database,
        flags: ['--relay', '--relay-allow-http', '--relay-allow-address', '127.0.0.0/8'],
        env: { ERYXON_RELAY_DB_URI: `postgresql://eryxon_relay@/${database}?host=${encodeURIComponent(process.env.PGHOST)}` },
    });
    emit(database);
    await until('it is delivered', () => deliveries(database, hook, 'delivered') === 1);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(metrics, /^eryxon_relay_attempts_total\{outcome="taken"\} 1$/m);
    assert.match(metrics, /^eryxon_relay_attempts_total\{outcome="refused"\} 1$/m);
    assert.match(metrics, /^eryxon_relay_attempts_in_flight 0$/m);
    assert.match(metrics, /^eryxon_relay_attempt_duration_seconds_count 2$/m);
    assert.match(metrics, /^eryxon_gateway_connections /m);
    receiver.behaviour = slowly(700);
    emit(database);
    await until('one is under way', () => receiver.requests.length === 3);
    await gateway.stop();
    gateway.checkLog([hook.secret.slice(6)]);
    assert.equal(deliveries(database, hook, 'delivered'), 2);
});

test('a relay has metrics of its own on request', async () => {
    const address = `127.0.0.1:${receiver.port}`;
    await receiver.stop();
    const relay = await startRelay({ database, flags: [...forTests, '--metrics-listen', address] });
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    assert.match(metrics, /^eryxon_relay_database_connected 1$/m);
    await relay.stop();
    receiver = await startReceiver();
});
