// Messages that no HTTP client sends: malformed, ambiguous, endless and slow ones, and connections that break off.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { answerTo, exchange, messageWith, open, quiet, statuses } from './lib/raw.mjs';
import { createDatabase, job, newKey, until } from './lib/shop.mjs';

let gateway, key, database, neighbour;
const message = (...parts) => messageWith(key, ...parts);
const one = (bytes, ...wanted) => answerTo(gateway.port, bytes, ...wanted);

before(async () => {
    database = createDatabase('http_messages');
    key = newKey(database);
    const times = ['--header-timeout', '2', '--request-timeout', '4', '--idle-timeout', '3'];
    gateway = await startGateway({ database, flags: [...times, '--max-connections', '80', '--body-limit', '64K'] });
    neighbour = await startNeighbour(gateway, database, { localAddress: '127.0.0.3' });
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog([key.slice(12)]);
});

test('header lines that are malformed are refused', async () => {
    for (const line of ['Bad Header: x', 'X-A : x', 'X-A: a\x00b', 'X-A: a\rb', 'no colon', ': empty', 'X-\x01: x'])
        await one(`GET /healthz HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`, 400);
    await one('GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\r\n folded\r\n\r\n', 200, 400);
    await one('GET /healthz HTTP/1.1\r\n X-A: a\r\nHost: x\r\n\r\n', 200, 400);
});

test('a request has one Host', async () => {
    await one('GET /healthz HTTP/1.1\r\n\r\n', 400);
    await one('GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400);
});

test('request lines that are malformed are refused', async () => {
    for (const line of [
        'GET',
        'GET /healthz',
        'GET  /healthz HTTP/1.1',
        'GET /healthz HTTP/1.1 x',
        'GET /heal thz HTTP/1.1',
        'GET /healthz HTTP/9.9',
        'GET /healthz HTTP/x',
        'GET healthz HTTP/1.1',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
        'PRI * HTTP/2.0',
        'G\x00T /healthz HTTP/1.1',
        'GET /\x00 HTTP/1.1',
        'GET /\xff HTTP/1.1',
    ])
        await one(`${line}\r\nHost: x\r\n\r\n`, 400, 404, 405, 501, 505);
    for (const [method, path] of [
        ['TRACE', '/'],
        ['CONNECT', 'x:80'],
        ['OPTIONS', '*'],
        ['get', '/healthz'],
        ['WOMBAT', '/api-jobs'],
        ['PROPFIND', '/api-jobs'],
    ])
        await one(`${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, 400, 404, 405, 501);
});

test('only the path of a target counts', async () => {
    for (const target of ['/healthz', 'http://x/healthz', 'HTTPS://x:1/healthz?a=b'])
        await one(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`, 200);
    for (const target of ['a/b?x=://y/healthz', 'http://x?y=/healthz', 'ftp://x/healthz', 'http://healthz'])
        await one(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`, 404);
});

test('long lines, many headers and long paths are refused', async () => {
    await one(message('GET', '/healthz', { 'X-Long': 'x'.repeat(1 << 20), 'Content-Length': undefined }), 400, 431);
    await one(message('GET', `/${'x'.repeat(1 << 20)}`, { 'Content-Length': undefined }), 400, 414, 431);
    await one(`GET /healthz HTTP/1.1\r\nHost: x\r\n${'X-A: x\r\n'.repeat(50000)}\r\n`, 400, 431);
});

test('ambiguous lengths are refused, and no second request is found in a body', async () => {
    const inner = message('GET', '/healthz', { 'Content-Length': undefined }),
        problems = [];
    const heads = [
        'Content-Length: 5\r\nContent-Length: 6',
        'Content-Length: 5, 6',
        'Content-Length: +5',
        'Content-Length: -5',
        'Content-Length: 0x5',
        'Content-Length: 5e0',
        'Content-Length: 99999999999999999999',
        'Content-Length: ',
        'Transfer-Encoding: xchunked',
        'Transfer-Encoding: chunked, identity',
        'Transfer-Encoding: identity',
        'Transfer-Encoding : chunked',
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
        'Transfer-Encoding: chunked\r\nContent-Length: 5',
        'Content-Length: 5\r\nTransfer-Encoding: chunked',
        'Transfer-Encoding: \x0bchunked',
        'Content-Length: 5\r\nTransfer-Encoding: identity',
    ];
    for (const head of heads) {
        const answer = await exchange(
            gateway.port,
            `POST /rpc/api-jobs-list HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${key}\r\n${head}\r\n\r\n0\r\n\r\n${inner}`,
        );
        if (answer.statuses.length !== 1 || ![400, 411, 413, 501].includes(answer.statuses[0]))
            problems.push(`${head}: ${answer.statuses}`);
    }
    assert.deepEqual(problems, []);
});

test('pipelined requests are answered in order', async () => {
    const text = [
        message('GET', '/healthz', { 'Content-Length': undefined }),
        message('PUT', '/api-jobs/sync', {}, JSON.stringify(job('PIPE'))),
        message('GET', '/nowhere', { 'Content-Length': undefined }),
        message('GET', '/healthz', { 'Content-Length': undefined }),
    ].join('');
    assert.deepEqual((await exchange(gateway.port, text, 1000)).statuses, [200, 201, 404, 200]);
});

test('chunked bodies', async () => {
    const body = JSON.stringify(job('CHUNKED')),
        half = body.length >> 1;
    const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const head = message('PUT', '/api-jobs/sync', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' });
    await one(`${head}${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`, 201);
    await one(`${head}${chunk(body).replace('\r\n', ';name=value\r\n')}0\r\nX-Trailer: x\r\n\r\n`, 200, 400);
    for (const bad of ['x\r\n', '-1\r\n', 'ffffffffffffffffff\r\n', '5\r\nabcdefgh\r\n', '\r\n\r\n'])
        await one(`${head}${bad}0\r\n\r\n`, 400, 413);
    await one(head + chunk('x'.repeat(60000)) + chunk('x'.repeat(60000)), 413);
    await one(head + '1\r\n \r\n'.repeat(70000), 413);
});

test('a body that is announced too long is refused before it comes', async () => {
    const answer = await one(message('PUT', '/api-jobs/sync', { 'Content-Length': 1 << 30 }), 413);
    assert.ok(answer.closed || /connection: close/i.test(answer.text), answer.text);
    await one(message('PUT', '/api-jobs/sync', { 'Content-Length': 1 << 30, Expect: '100-continue' }), 413);
});

// Slow clients are cut off in time and keep nobody else waiting.
test('slow headers and slow bodies', async () => {
    const slow = Array.from({ length: 40 }, (_, n) => {
        const line = open(gateway.port),
            begin = Date.now();
        line.socket.write(
            n % 2
                ? 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: '
                : `PUT /api-jobs/sync HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${key}\r\nContent-Length: 1000\r\n\r\n{`,
        );
        const timer = setInterval(() => line.socket.writable && line.socket.write(' '), 100);
        line.took = line.end.then(() => {
            clearInterval(timer);
            return (Date.now() - begin) / 1000;
        });
        return line;
    });
    for (let n = 0; n < 5; n++) {
        const begin = Date.now();
        assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { key })).status, 200);
        assert.ok(Date.now() - begin < 3000, 'an honest client waits');
    }
    for (const [n, line] of slow.entries()) {
        const limit = n % 2 ? 2 : 4,
            took = await Promise.race([line.took, new Promise((resolve) => setTimeout(resolve, 12000, Infinity))]);
        assert.ok(took > limit - 1 && took < limit + 5, `connection ${n} was open for ${took} s`);
        assert.ok(['', '408'].includes(statuses(line.received).join()), line.received);
    }
    assert.ok(
        slow.some((line) => line.received.includes(' 408 ')),
        'none got 408',
    );
});

test('idle connections are closed, and too many are not served', async () => {
    const lines = Array.from({ length: 120 }, () => open(gateway.port));
    await until('some connections are closed', () => lines.some((line) => line.closed), 10);
    await Promise.race([Promise.all(lines.map((line) => line.end)), new Promise((resolve) => setTimeout(resolve, 10000))]);
    assert.equal(lines.filter((line) => !line.closed).length, 0, 'idle connections stay open');
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { key })).status, 200);
});

test('connections that break off leave the gateway well', async () => {
    for (let n = 0; n < 60; n++) {
        const line = open(gateway.port);
        line.socket.write(
            message('POST', '/api-jobs/bulk-sync', {}, JSON.stringify([job(`GONE${n}`)])).slice(0, n % 3 === 0 ? 40 : undefined),
        );
        if (n % 2) line.socket.resetAndDestroy?.();
        else line.socket.end();
        if (n % 10 === 0) await quiet(line, 50, 300);
    }
    await until('the gateway answers', async () => (await curl('GET', `${gateway.url}/api-jobs`, { key })).status === 200);
});
