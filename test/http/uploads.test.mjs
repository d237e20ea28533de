// Files on their way: who may send them, how fast they must come, what memory they leave to others.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, jobs } from './lib/files.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { messageWith, open, statuses } from './lib/raw.mjs';
import { createDatabase, job, newKey, until } from './lib/shop.mjs';

const stranger = `ery_live_${'A'.repeat(43)}`;
let database, key, gateway, client, neighbour;

before(async () => {
    database = createDatabase('http_uploads');
    key = newKey(database);
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
    client = new Client(gateway, key);
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog([key, stranger]);
});

// The head of a request with a file of that many bytes.
const head = (sender, bytes, path = '/api-jobs/import', headers = {}) =>
    messageWith(sender, 'POST', path, { 'Content-Type': 'text/csv', 'Content-Length': bytes, ...headers });

// Sends the beginning of a request and waits for its answer.
async function refusal(port, text, seconds) {
    const line = open(port);
    line.socket.write(text);
    await until('the answer is there', () => line.received.includes('"error"'), seconds);
    line.socket.destroy();
    return line.received;
}

test('a file is refused before it is there, unless the database knows its sender and its entity', async () => {
    for (const path of ['/api-jobs/import', '/api-jobs/inspect']) {
        const answer = await refusal(gateway.port, head(stranger, 200 << 20, path) + 'external_id\n'.repeat(50));
        assert.deepEqual(statuses(answer), [401], answer);
        assert.match(answer, /\r\nConnection: close\r\n/);
    }
    const asked = await refusal(gateway.port, head(stranger, 200 << 20, undefined, { Expect: '100-continue' }));
    assert.match(asked, /^HTTP\/1\.1 401 /);
    assert.deepEqual(statuses(await refusal(gateway.port, head(key, 200 << 20, '/api-wagons/import'))), [404]);
    const line = open(gateway.port);
    line.socket.write(head(key, 200 << 20, undefined, { Expect: '100-continue' }));
    await until('the gateway wants the file', () => line.received.startsWith('HTTP/1.1 100 Continue\r\n'));
    line.socket.destroy();
});

test('a file is charged once, and the files of strangers to their address', async () => {
    const limited = await startGateway({ database, flags: ['--rate-limit', '10'] });
    const user = new Client(limited, key);
    const answer = await user.send('inspect', 'jobs', jobs('RATE', 2000));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('x-ratelimit-remaining'), '9');
    const answers = [];
    for (let n = 0; n < 14; n++) answers.push(...statuses(await refusal(limited.port, head(stranger, 200 << 20))));
    assert.deepEqual([answers[0], answers.at(-1)], [401, 429], String(answers));
    await limited.stop();
});

test('a file that came fast and stopped is not waited for', async () => {
    const quick = await startGateway({ database, flags: ['--request-timeout', '1'] });
    const answer = await refusal(quick.port, head(key, 2 << 20) + 'x'.repeat(1 << 20), 6);
    assert.deepEqual(statuses(answer), [408], answer);
    await quick.stop();
});

test('a file that keeps coming is waited for', async () => {
    const quick = await startGateway({ database, flags: ['--request-timeout', '1', '--header-timeout', '1'] });
    const piece = 'x,CSV,x,late\n'.repeat(2000);
    const text = 'external_id,external_source,job_number,customer\n' + piece.repeat(6);
    const line = open(quick.port);
    line.socket.write(head(key, text.length, '/api-jobs/inspect'));
    for (let sent = 0, begin = Date.now(); sent < text.length; sent += piece.length) {
        line.socket.write(text.slice(sent, sent + piece.length));
        await until('the next piece is due', () => Date.now() - begin > (400 * sent) / piece.length);
    }
    await until('the answer is there', () => line.received.includes('\r\n\r\n'));
    assert.deepEqual(statuses(line.received), [200], line.received);
    line.socket.destroy();
    await quick.stop();
});

test('files leave memory to other bodies', async () => {
    const small = await startGateway({ database, flags: ['--body-memory', '4M', '--body-limit', '1M'] });
    const held = [1, 2].map(() => open(small.port));
    for (const line of held) line.socket.write(head(key, 2 << 20) + 'x'.repeat((2 << 20) - 1));
    await until('two files are too much', () => held.some((line) => line.received.includes('"error"')));
    for (const line of held) assert.doesNotMatch(line.received, /HTTP\/1\.1 (?!503)/);
    const answer = await new Client(small, key).ask('PUT', '/api-jobs/sync', job('ROOM', { notes: 'x'.repeat(900 << 10) }));
    assert.equal(answer.status, 201, answer.text);
    for (const line of held) line.socket.destroy();
    await small.stop();
});
