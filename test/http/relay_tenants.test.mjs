// Two tenants share a relay: one has endpoints that misbehave, the other's messages arrive as if it were alone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { answer, hang, inTurn, sendForEver, startReceiver } from './lib/receiver.mjs';
import { attempts, createHookDatabase, deliveries, emit, forTests, newHook, otherHook, startRelay } from './lib/relay.mjs';
import { sql, tenantB, until } from './lib/shop.mjs';

const limit = 6; // seconds for one message
let database, relay, bad, good;

before(async () => {
    database = createHookDatabase('http_relay_tenants');
    const flags = [...forTests, '--concurrency', '16', '--timeout', `${limit}`, '--lease', '12'];
    relay = await startRelay({ database, flags });
});
after(async () => {
    await relay.stop();
    relay.checkLog(['never-show-this']);
});
beforeEach(async () => {
    sql(database, 'DELETE FROM eryxon.webhook');
    bad = await startReceiver();
    good = await startReceiver();
});
afterEach(() => Promise.all([bad.stop(), good.stop()]));

// Milliseconds from the commit of an event of the other tenant to its arrival.
async function lag() {
    const before = good.requests.length;
    const begin = Date.now();
    emit(database, 1, 'job.created', undefined, tenantB);
    await until("the other tenant's message is there", () => good.requests.length > before, 30);
    return good.requests[before].time - begin;
}

// The longest of some lags.
async function longestLag(number = 8) {
    let longest = 0;
    for (let n = 0; n < number; n++) longest = Math.max(longest, await lag());
    return longest;
}

test('endpoints that hang leave places for others', { timeout: 90000 }, async () => {
    const other = otherHook(database, good.url);
    const alone = await longestLag();
    bad.behaviour = hang;
    for (let n = 0; n < 10; n++) newHook(database, `${bad.url}/${n}`, { max_in_flight: 1000, retry_seconds: Array(50).fill(0) });
    emit(database, 40);
    await until('many hang', () => bad.open >= 8);
    const beside = await longestLag();
    assert.ok(beside < alone + (limit * 1000) / 2, `${alone} ms alone, ${beside} ms beside endpoints that hang`);
    await until('all are delivered', () => deliveries(database, other, 'delivered') === 16);
});

test('a flood of endless answers delays nobody', { timeout: 90000 }, async () => {
    otherHook(database, good.url);
    const alone = await longestLag();
    const hook = newHook(database, bad.url, { max_in_flight: 1000 });
    bad.behaviour = sendForEver;
    const begin = Date.now();
    emit(database, 400);
    const lags = [];
    while (deliveries(database, hook, 'delivered') < 400) lags.push(await lag());
    const whole = Date.now() - begin;
    assert.ok(lags.length > 2, `${lags.length} messages beside the flood`);
    lags.sort((a, b) => a - b);
    const median = lags[Math.floor(lags.length / 2)];
    assert.ok(median < alone + whole / 4, `${alone} ms alone, ${median} ms beside a flood of ${whole} ms`);
});

test('Retry-After is for the endpoint: one probe, then the rest spread over time', { timeout: 90000 }, async () => {
    otherHook(database, good.url);
    const alone = await longestLag();
    const hook = newHook(database, bad.url, { max_in_flight: 10 });
    bad.behaviour = answer(429, { 'Retry-After': '3' });
    emit(database, 60);
    await until('the first are refused', () => deliveries(database, hook, 'pending') === 60 && bad.requests.length >= 4);
    const beside = await longestLag();
    assert.ok(beside < alone + 1500, `${alone} ms alone, ${beside} ms beside an endpoint that refuses`);
    await until('a probe was sent', () => bad.requests.some((one) => one.time > bad.requests[0].time + 2900), 30);
    const first = bad.requests[0].time;
    const early = bad.requests.filter((one) => one.time < first + 2900);
    assert.ok(early.length <= 10, `${early.length} messages before the time that was asked for`);
    const probes = bad.requests.length - early.length;
    assert.ok(probes <= 2, `${probes} probes`);
    bad.behaviour = answer(204);
    const opened = Date.now();
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 60, 40);
    const times = bad.requests.filter((one) => one.time >= opened).map((one) => one.time);
    const second = times[1];
    const burst = times.filter((time) => time >= second && time < second + 100).length;
    assert.ok(burst < 30, `${burst} messages at once after the pause`);
});

test('an endpoint that fails is asked by one message at a time', { timeout: 90000 }, async () => {
    otherHook(database, good.url);
    const hook = newHook(database, bad.url, { max_in_flight: 10 });
    bad.behaviour = answer(500);
    emit(database, 100);
    await until('five have failed', () => attempts(database, hook).length >= 5);
    await longestLag(3);
    assert.ok(bad.requests.length <= 24, `${bad.requests.length} messages to an endpoint that fails`);
    bad.behaviour = answer(200);
    await until('a probe arrives, and all the rest', () => deliveries(database, hook, 'delivered') === 100, 40);
});

test('a success brings what waited for its next try', { timeout: 60000 }, async () => {
    const other = otherHook(database, good.url);
    const hook = newHook(database, bad.url, { retry_seconds: [0, 3600, 3600] });
    bad.behaviour = answer(503);
    emit(database, 3);
    await until('three have failed', () => attempts(database, hook).length === 3);
    await lag();
    bad.behaviour = answer(200);
    emit(database);
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 4);
    assert.equal(deliveries(database, other, 'delivered'), 1);
});

test('what an old URL answers says nothing of the new one', { timeout: 60000 }, async () => {
    otherHook(database, good.url);
    const hook = newHook(database, `${bad.url}/old`, { retry_seconds: [0, 0, 0] });
    const late = [];
    bad.behaviour = (request, response) => (request.url === '/old' ? late.push(response) : response.writeHead(200).end());
    emit(database);
    await until('it is under way to the old one', () => late.length === 1);
    sql(database, `SELECT eryxon_webhook_update('${hook.id}', '{"url":"${bad.url}/new"}')`);
    late[0].writeHead(410).end();
    await until('it is delivered', () => deliveries(database, hook, 'delivered') === 1);
    assert.equal(sql(database, `SELECT enabled FROM eryxon.webhook WHERE id = '${hook.id}'`), 't');
    await lag();
});

test('headers go to the endpoint, and nowhere else', { timeout: 60000 }, async () => {
    const other = otherHook(database, good.url);
    const hook = newHook(database, bad.url, { headers: { Authorization: 'Bearer never-show-this', 'X-Tenant': '7' } });
    bad.behaviour = (request, response) => response.writeHead(200).end(`you sent ${JSON.stringify(request.headers)}`);
    emit(database);
    await lag();
    await until('both are delivered', () => deliveries(database, hook, 'delivered') + deliveries(database, other, 'delivered') === 2);
    assert.equal(bad.requests[0].headers.authorization, 'Bearer never-show-this');
    assert.equal(bad.requests[0].headers['x-tenant'], '7');
    assert.equal(good.requests[0].headers.authorization, undefined);
    const shown = sql(database, "SELECT eryxon_webhook_logs()::text || (SELECT string_agg(to_jsonb(w)::text, '') FROM eryxon_webhooks() w)");
    assert.match(shown, /you sent .*\*\*\*/);
    assert.ok(!shown.includes('never-show-this'));
});

// A session that keeps its transaction open until it is told to roll back.
function openTransaction(statement) {
    const psql = spawn('psql', ['-XAtq', '-d', database], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    psql.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
    });
    psql.stdin.write(`BEGIN; ${statement}; SELECT 'done';\n`);
    return {
        done: () => output.includes('done'),
        rollback: () => new Promise((resolve) => psql.on('close', resolve).stdin.end('ROLLBACK;\n')),
    };
}

for (const change of ['eryxon_webhook_delete($id)', `eryxon_webhook_update($id, '{"max_in_flight":3}')`])
    test(`a transaction left open after ${change.replace(/\(.*/, '')} stops nobody else`, { timeout: 90000 }, async () => {
        const other = otherHook(database, good.url);
        const alone = await longestLag();
        const hook = newHook(database, bad.url, { retry_seconds: [0, 0, 0] });
        const waiting = [];
        bad.behaviour = (_request, response) => waiting.push(response);
        emit(database);
        await until('it is under way', () => waiting.length === 1);
        const session = openTransaction(`SELECT ${change.replace('$id', `'${hook.id}'`)}`);
        await until('it is changed', session.done);
        waiting[0].writeHead(500).end();
        bad.behaviour = answer(204);
        emit(database);
        const beside = await longestLag();
        assert.ok(beside < alone + 2000, `${alone} ms alone, ${beside} ms beside the transaction`);
        await until('they are reported', () => deliveries(database, other, 'delivered') === 16);
        await session.rollback();
        await until('the own one goes on', () => deliveries(database, hook, 'delivered') >= 1, 30);
    });

test('the metrics tell what waits', { timeout: 60000 }, async () => {
    const probe = await startReceiver();
    const address = `127.0.0.1:${probe.port}`;
    await probe.stop();
    newHook(database, bad.url);
    const other = otherHook(database, good.url);
    bad.behaviour = inTurn(answer(429, { 'Retry-After': '600' }));
    emit(database, 3);
    await lag();
    await until('one is paused', () => sql(database, 'SELECT count(*) FROM eryxon.webhook WHERE paused_until > now()') === '1');
    await until('the other has all', () => deliveries(database, other, 'pending') === 0);
    sql(database, `INSERT INTO eryxon.event_refused (statement, line, tenant_id, type, entity, row_id, occurred_at, sqlstate, message)
                   VALUES (1, 1, gen_random_uuid(), 'job.updated', 'jobs', gen_random_uuid(), now(), '23514', 'poison')`);
    const second = await startRelay({ database, flags: [...forTests, '--metrics-listen', address] });
    let metrics = '';
    await until('they are there', async () => {
        metrics = await (await fetch(`http://${address}/metrics`)).text();
        return /^eryxon_relay_deliveries_waiting 3$/m.test(metrics);
    });
    assert.match(metrics, /^eryxon_relay_webhooks_paused 1$/m);
    assert.match(metrics, /^eryxon_relay_oldest_due_seconds 0$/m);
    assert.match(metrics, /^eryxon_relay_events_refused 1$/m);
    await second.stop();
});
