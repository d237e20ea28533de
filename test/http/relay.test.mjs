// What the relay sends, and what it makes of the answers. Signatures are checked by the published library. Beside each test another tenant
// has a webhook, whose message arrives whatever happens here.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { answer, closeAtOnce, hang, inTurn, sendForEver, startReceiver } from './lib/receiver.mjs';
import { attempted, createHookDatabase, deliveries, emit, forTests, newHook, otherHook, startRelay } from './lib/relay.mjs';
import { sql, tenantB, until } from './lib/shop.mjs';

const secrets = [];
let database, relay, receiver, neighbour;

before(async () => {
    database = createHookDatabase('http_relay');
    relay = await startRelay({ database, flags: [...forTests, '--timeout', '2', '--lease', '10'] });
});
after(async () => {
    await relay.stop();
    relay.checkLog([...secrets, 'never-log-this-note', 'never-log-this-query']);
});
beforeEach(async () => {
    receiver = await startReceiver();
    neighbour = await startReceiver();
});
afterEach(async () => {
    await until("the other tenant's message is there", () => neighbour.requests.length === 1);
    assert.equal(JSON.parse(neighbour.requests[0].body).type, 'part.created');
    await receiver.stop();
    await neighbour.stop();
});

// A webhook for this test alone, at the receiver.
function hookAt(path = '/', options = {}) {
    sql(database, 'DELETE FROM eryxon.webhook');
    const hook = newHook(database, receiver.url + path, options);
    otherHook(database, neighbour.url);
    emit(database, 1, 'part.created', undefined, tenantB);
    secrets.push(hook.secret, hook.secret.slice(6));
    return hook;
}

// The bytes that a secret stands for.
const keyOf = (secret) => Buffer.from(secret.slice(6), 'base64');

test('a request that the published library accepts', async () => {
    const hook = hookAt('/hook?token=never-log-this-query');
    emit(database, 1, 'job.completed');
    const [attempt] = await attempted(database, hook);
    const [request] = receiver.requests;
    assert.equal(attempt.status, 204);
    assert.equal(`${request.method} ${request.path} ${request.version}`, 'POST /hook?token=never-log-this-query 1.1');
    const event = new Webhook(hook.secret).verify(request.body, request.headers);
    assert.equal(event.type, 'job.completed');
    assert.equal(event.data.entity, 'jobs');
    assert.equal(request.headers['content-type'], 'application/json');
    assert.match(request.headers['user-agent'], /^eryxon-sync\/\d+\.\d+\.\d+$/);
    assert.match(request.headers['webhook-id'], /^msg_[0-9a-f]{32}$/);
    assert.equal(request.headers['x-eryxon-event'], 'job.completed');
    assert.equal(
        request.headers['x-eryxon-signature'],
        `sha256=${createHmac('sha256', keyOf(hook.secret)).update(request.body).digest('hex')}`,
    );
    assert.ok(Math.abs(Number(request.headers['webhook-timestamp']) - Date.now() / 1000) < 5);
    assert.throws(() => new Webhook(hook.secret).verify(`${request.body} `, request.headers));
    assert.equal(deliveries(database, hook, 'delivered'), 1);
});

test('text of every kind arrives byte for byte', async () => {
    const hook = hookAt();
    sql(
        database,
        `INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, external_id, changes, occurred_at)
         SELECT 1, 1, w.tenant_id, 'job.updated', 'jobs', w.id, U&'\\00e9"\\\\\\+01F600', '[]', now() FROM eryxon.webhook w WHERE w.id = '${hook.id}';
         NOTIFY eryxon_events`,
    );
    await attempted(database, hook);
    const [request] = receiver.requests;
    assert.equal(new Webhook(hook.secret).verify(request.body, request.headers).data.external_id, 'é"\\\u{1F600}');
});

test('rotated secrets sign together while the old one is in force', async () => {
    const hook = hookAt();
    const rotate = (keep) =>
        JSON.parse(sql(database, `SELECT eryxon_webhook_rotate_secret('${hook.id}', '${keep}')`)).secret;
    const second = rotate('1 hour');
    secrets.push(second.slice(6));
    emit(database);
    await until('the first event is there', () => receiver.requests.length === 1);
    const [both] = receiver.requests;
    assert.equal(both.headers['webhook-signature'].split(' ').length, 2);
    for (const secret of [hook.secret, second]) new Webhook(secret).verify(both.body, both.headers);
    assert.equal(
        both.headers['x-eryxon-signature'],
        `sha256=${createHmac('sha256', keyOf(second)).update(both.body).digest('hex')}`,
    );
    sql(database, 'DELETE FROM eryxon.webhook_secret WHERE expires_at IS NOT NULL');
    emit(database);
    await until('the second event is there', () => receiver.requests.length === 2);
    const one = receiver.requests[1];
    new Webhook(second).verify(one.body, one.headers);
    assert.throws(() => new Webhook(hook.secret).verify(one.body, one.headers));
});

test('failures are tried again with the same id', async () => {
    const hook = hookAt('/', { retry_seconds: [0, 1, 1, 1] });
    receiver.behaviour = inTurn(closeAtOnce, answer(500, {}, Buffer.from('no\0t \xff now', 'latin1')), answer(200, {}, 'thanks'));
    emit(database);
    const [first, second, third] = await attempted(database, hook, 3);
    assert.equal(first.status, null);
    assert.match(first.error, /\S/);
    assert.equal(second.status, 500);
    assert.equal(second.response, 'no\ufffdt \ufffd now');
    assert.equal(third.status, 200);
    assert.equal(third.response, 'thanks');
    assert.equal(new Set(receiver.ids()).size, 1);
    assert.equal(new Set(receiver.requests.map((request) => request.body)).size, 1);
    assert.equal(new Set(receiver.requests.map((request) => request.headers['webhook-timestamp'])).size, 3);
    for (const request of receiver.requests) new Webhook(hook.secret).verify(request.body, request.headers);
    assert.equal(deliveries(database, hook, 'delivered'), 1);
});

test('410 disables the webhook', async () => {
    const hook = hookAt('/', { retry_seconds: [0, 0, 0] });
    receiver.behaviour = answer(410);
    emit(database);
    await until(
        'it is disabled',
        () => sql(database, `SELECT disabled_reason FROM eryxon.webhook WHERE id = '${hook.id}'`) === 'gone',
    );
    assert.equal(receiver.requests.length, 1);
});

test('redirects are failures, and not followed', async () => {
    const hook = hookAt('/', { retry_seconds: [0] });
    receiver.behaviour = answer(307, { Location: `${receiver.url}/elsewhere` });
    emit(database);
    const [attempt] = await attempted(database, hook);
    assert.equal(attempt.status, 307);
    assert.equal(deliveries(database, hook, 'dead'), 1);
    assert.deepEqual(
        receiver.requests.map((request) => request.path),
        ['/'],
    );
});

test('an answer that does not come is cut off at the time limit', async () => {
    const hook = hookAt('/', { retry_seconds: [0] });
    receiver.behaviour = hang;
    emit(database);
    const [attempt] = await attempted(database, hook);
    assert.equal(attempt.status, null);
    assert.match(attempt.error, /timed out/i);
    assert.ok(attempt.duration_ms >= 1900 && attempt.duration_ms < 6000, `${attempt.duration_ms} ms`);
    await until('the connection is closed', () => receiver.open === 0);
});

test('an answer that comes byte by byte is cut off too', async () => {
    const hook = hookAt('/', { retry_seconds: [0] });
    receiver.behaviour = (_request, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 100);
        response.on('close', () => clearInterval(timer));
    };
    emit(database);
    const [attempt] = await attempted(database, hook);
    assert.equal(attempt.status, null);
    assert.ok(attempt.duration_ms >= 1900 && attempt.duration_ms < 6000, `${attempt.duration_ms} ms`);
});

test('an endless answer counts by its status and is not read on', async () => {
    const hook = hookAt();
    receiver.behaviour = sendForEver;
    emit(database);
    const [attempt] = await attempted(database, hook);
    assert.equal(attempt.status, 200);
    assert.equal(attempt.response.length, 65536);
    assert.ok(attempt.duration_ms < 2000, `${attempt.duration_ms} ms`);
    await until('the connection is closed', () => receiver.open === 0);
    assert.equal(deliveries(database, hook, 'delivered'), 1);
});

test('Retry-After is honoured', async () => {
    const hook = hookAt('/', { retry_seconds: [0, 0] });
    receiver.behaviour = inTurn(answer(503, { 'Retry-After': '2' }), answer(200));
    emit(database);
    const [first] = await attempted(database, hook, 2);
    assert.equal(first.retry_after, 2);
    const [one, two] = receiver.requests;
    assert.ok(two.time - one.time >= 1900, `${two.time - one.time} ms`);
});

test('one bad webhook does not stop the others', async () => {
    const good = hookAt();
    const bad = newHook(database, `${receiver.url}/bad`, { retry_seconds: [0] });
    const away = newHook(database, 'http://127.0.0.1:1/', { retry_seconds: [0] });
    const nowhere = newHook(database, 'http://no-such-host.invalid/', { retry_seconds: [0] });
    sql(database, `UPDATE eryxon.webhook_secret SET secret = 'whsec_?' WHERE webhook_id = '${bad.id}'`);
    emit(database, 3);
    await until('the good one has all', () => deliveries(database, good, 'delivered') === 3);
    assert.match((await attempted(database, bad, 3))[0].error, /secret of the webhook is not base64/);
    assert.match((await attempted(database, away, 3))[0].error, /connect/i);
    assert.match((await attempted(database, nowhere, 3))[0].error, /resolve/i);
    assert.ok(receiver.requests.every((request) => request.path === '/'));
});

test('connections are used again', async () => {
    const hook = hookAt('/', { max_in_flight: 1 });
    let connections = 0;
    const ports = new Set();
    receiver.behaviour = (request, response) => {
        ports.add(request.socket.remotePort);
        connections++;
        response.writeHead(200).end('fine');
    };
    emit(database, 20);
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 20);
    assert.equal(connections, 20);
    assert.ok(ports.size < 5, `${ports.size} connections`);
});
