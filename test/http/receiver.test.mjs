// The receiver of sample/, as docs/webhooks.md shows it: it takes what a relay sends, and nothing else.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { attempted, attempts, createHookDatabase, deliveries, emit, newHook, startHookNeighbour, startRelay } from './lib/relay.mjs';
import { root, sql, until } from './lib/shop.mjs';

const folder = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'receiver-'));
const secretFile = join(folder, 'secret');
const children = [];
let database, relay, neighbour;

before(async () => {
    database = createHookDatabase('http_receiver');
    relay = await startRelay({ database });
    neighbour = await startHookNeighbour(database);
});
after(async () => {
    await neighbour.unharmed();
    for (const child of children) child.kill();
    await relay.stop();
});

const giveSecrets = (...secrets) => writeFileSync(secretFile, `${secrets.join('\n')}\n`);

// Starts the sample.
async function startSample() {
    giveSecrets();
    const child = spawn('python3', [join(root, 'sample/receiver.py'), '0', secretFile], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const sample = { output: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
        sample.output += text;
    });
    await until('the receiver listens', () => {
        sample.port = Number(/^listening on http:\/\/127\.0\.0\.1:(\d+)$/m.exec(sample.output)?.[1] ?? 0);
        return sample.port;
    });
    sample.url = `http://127.0.0.1:${sample.port}/`;
    sample.stop = () => {
        child.kill();
        return new Promise((resolve) => child.on('exit', resolve));
    };
    sample.events = () => sample.output.split('\n').slice(1, -1);
    return sample;
}

test('it prints what the relay sends, with either secret of a rotation', async () => {
    const sample = await startSample();
    const hook = newHook(database, sample.url, { retry_seconds: [0, 1, 1, 1, 1, 1, 1, 1] });
    emit(database, 1, 'operation.completed');
    const [refused] = await attempted(database, hook);
    assert.equal(refused.status, 401);
    giveSecrets('whsec_AAAA', hook.secret);
    await until('the event is printed', () => sample.events().length === 1);
    assert.match(sample.events()[0], /^\S+Z operation\.completed J1 \[\{.*"field": "notes"/);
    const { secret } = JSON.parse(sql(database, `SELECT eryxon_webhook_rotate_secret('${hook.id}', '1 hour')`));
    emit(database, 5, 'job.updated');
    await until('all are printed', () => sample.events().length === 6);
    giveSecrets(secret);
    emit(database, 5, 'job.updated');
    await until('all are printed', () => sample.events().length === 11);
    await until('all are delivered', () => deliveries(database, hook, 'delivered') === 11);
    assert.equal(attempts(database, hook).length, 11 + attempts(database, hook).filter(({ status }) => status === 401).length);
    await sample.stop();
});

test('it refuses what is forged, changed, or old, and takes an id once', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const sample = await startSample();
    giveSecrets(secret);
    const body = '{"type":"job.created","timestamp":"t","data":{"external_id":"J1","row_id":"r","changes":[]}}';
    // Posts the body as if it had been sent then; members replace headers.
    const post = async (age, members = {}, sent = body) => {
        const time = new Date(Date.now() - age * 1000);
        const headers = {
            'webhook-id': 'msg_1',
            'webhook-timestamp': String(Math.floor(time / 1000)),
            'webhook-signature': new Webhook(secret).sign('msg_1', time, body),
            ...members,
        };
        return (await fetch(sample.url, { method: 'POST', headers, body: sent })).status;
    };
    assert.equal(await post(0, { 'webhook-signature': 'v1,AAAA' }), 401);
    assert.equal(await post(0, { 'webhook-signature': '' }), 401);
    assert.equal(await post(0, { 'webhook-id': 'msg_2' }), 401);
    assert.equal(await post(0, { 'webhook-timestamp': 'now' }), 401);
    assert.equal(await post(0, {}, `${body} `), 401);
    assert.equal(await post(310), 401);
    assert.equal(await post(-310), 401);
    assert.deepEqual(sample.events(), []);
    assert.equal(await post(290), 204);
    assert.equal(await post(0), 204);
    await until('it is printed', () => sample.events().length > 0);
    assert.deepEqual(sample.events(), ['t job.created J1 []']);
    await sample.stop();
});
