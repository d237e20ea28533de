// Bytes on a TCP connection, for what no HTTP client would send.
import assert from 'node:assert/strict';
import { connect } from 'node:net';

// Opens a connection, from another address of this machine if wanted; what comes back is collected.
export function open(port, localAddress = undefined) {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const line = { socket, received: '', closed: false };
    line.end = new Promise((resolve) =>
        socket.on('close', () => {
            line.closed = true;
            resolve();
        }),
    );
    socket
        .setEncoding('latin1')
        .on('data', (text) => {
            line.received += text;
        })
        .on('error', () => {});
    socket.setNoDelay(true);
    return line;
}

// Waits until the other side has closed, or milliseconds have passed without anything new.
export async function quiet(line, milliseconds = 200, most = 15000) {
    const begin = Date.now();
    let seen = -1,
        since = Date.now();
    while (!line.closed && Date.now() - begin < most) {
        if (line.received.length !== seen) {
            seen = line.received.length;
            since = Date.now();
        }
        if (seen > 0 && Date.now() - since > milliseconds) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return line.received;
}

// Sends bytes on a connection of their own and returns the statuses of all answers that come.
export async function exchange(port, bytes, milliseconds) {
    const line = open(port);
    line.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    const text = await quiet(line, milliseconds);
    line.socket.destroy();
    return { text, closed: line.closed, statuses: statuses(text) };
}

// The statuses of the final answers in a text.
export const statuses = (text) =>
    [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1])).filter((status) => status >= 200);

// A request with a key as text; the body's length is stated unless headers say otherwise.
export function messageWith(key, method, path, headers = {}, body = '') {
    const all = {
        Host: 'x',
        'X-Api-Key': key,
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        ...headers,
    };
    const lines = Object.entries(all)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

// Sends the bytes of one request; its one answer must have one of the wanted statuses.
export async function answerTo(port, bytes, ...wanted) {
    const answer = await exchange(port, bytes);
    assert.equal(answer.statuses.length, 1, `${JSON.stringify(bytes.slice(0, 200))}: ${answer.text}`);
    assert.ok(wanted.includes(answer.statuses[0]), `${JSON.stringify(bytes.slice(0, 200))}: ${answer.text}`);
    return answer;
}
