// Ten thousand bodies of random bytes and of broken records: no crash, and no answer that blames the server. The seed is printed and
// can be set by ERYXON_SEED.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { createDatabase, job, newKey, seedBody } from './lib/shop.mjs';

const bodies = Number(process.env.ERYXON_BODIES ?? 10000),
    seed = Number(process.env.ERYXON_SEED ?? 20);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const targets = [
    ['PUT', '/api-jobs/sync'],
    ['POST', '/api-jobs/bulk-sync'],
    ['PUT', '/api-parts/sync'],
    ['PUT', '/api-operations/sync'],
    ['POST', '/api-cells/bulk-sync'],
    ['PUT', '/api-resources/sync'],
    ['POST', '/api-erp-sync/sync'],
    ['POST', '/api-erp-sync/diff'],
    ['POST', '/rpc/api-jobs-sync'],
    ['POST', '/rpc/api-jobs-list'],
    ['POST', '/rpc/api-jobs-delete'],
    ['POST', '/rpc/api-erp-sync-status'],
];
let gateway, key, database, neighbour;

// A generator of numbers below one (mulberry32): the same for the same seed.
function generator(state) {
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const models = [
    job('R1', {
        priority: 1,
        due_date: '2026-12-31',
        metadata: { a: [1, null, 'x'] },
        parts: [{ external_id: 'RP', part_number: '1' }],
    }),
    seedBody,
    { items: [job('R2'), { ...job('R3'), _op: 'delete' }], options: { dry_run: false, on_error: 'continue' } },
    { external_id: 'R1', external_source: 'SAP', hard: false },
];

// The bytes of body number n: random ones, or those of a model with some changed, removed, doubled.
function body(random) {
    const pick = (most) => Math.floor(random() * most);
    if (random() < 0.4) return Buffer.from(Array.from({ length: pick(random() < 0.05 ? 20000 : 200) }, () => pick(256)));
    let bytes = Buffer.from(JSON.stringify(models[pick(models.length)]));
    for (let changes = pick(6); changes >= 0 && bytes.length > 1; changes--) {
        const place = pick(bytes.length),
            kind = pick(4);
        if (kind === 0) bytes[place] = pick(256);
        else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + pick(8))]);
        else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(pick(place + 1))]);
        else
            bytes = Buffer.concat([
                bytes.subarray(0, place),
                Buffer.from(['"', '{', '[', '\\u0000', 'null', '1e999', '-', '\xff', ',', '00000'][pick(10)], 'latin1'),
                bytes.subarray(place),
            ]);
    }
    return bytes;
}

// Sends a body and returns the status and the answer.
function send([method, path], bytes) {
    return new Promise((resolve, reject) => {
        const headers = { 'X-Api-Key': key, 'Content-Type': 'application/json', 'Content-Length': bytes.length };
        const call = request({ host: '127.0.0.1', port: gateway.port, method, path, headers, agent }, (answer) => {
            const parts = [];
            answer
                .on('data', (part) => parts.push(part))
                .on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }));
        });
        call.setTimeout(30000, () => call.destroy(new Error('no answer in 30 s')))
            .on('error', reject)
            .end(bytes);
    });
}

before(async () => {
    database = createDatabase('http_random');
    key = newKey(database);
    gateway = await startGateway({ database, flags: ['--access-log', 'on'] });
    neighbour = await startNeighbour(gateway, database);
});
after(async () => {
    await neighbour.unharmed();
    agent.destroy();
    await gateway.stop();
    gateway.checkLog([key.slice(12)]);
});

test(`${bodies} random bodies`, { timeout: 220000 }, async () => {
    console.log(`seed ${seed}`);
    const random = generator(seed),
        tally = {};
    let next = 0;
    const worker = async () => {
        while (next < bodies) {
            const number = next++,
                target = targets[Math.floor(random() * targets.length)],
                bytes = body(random);
            const { status, text } = await send(target, bytes).catch((error) =>
                assert.fail(`body ${number} to ${target}: ${error.message}\n${gateway.log().slice(-3000)}`),
            );
            tally[status] = (tally[status] ?? 0) + 1;
            assert.ok(
                status >= 200 && status < 500,
                `body ${number} to ${target}: ${status} ${text}\n${bytes.toString('base64')}`,
            );
            assert.doesNotThrow(() => JSON.parse(text), `body ${number} to ${target}: ${text}`);
        }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    console.log(JSON.stringify(tally));
    assert.equal(
        Object.values(tally).reduce((sum, number) => sum + number),
        bodies,
    );
    assert.ok(tally[400] > bodies / 4, 'most bodies were meant to be broken');
});
