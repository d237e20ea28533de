// An endpoint that often fails: it verifies what it gets, notes each request, and behaves as a seed has it.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { choose, randomFrom } from './random.mjs';

// How a request ends, by share.
export const stormy = { ok: 0.8, 500: 0.05, 503: 0.04, 429: 0.04, hang: 0.02, reset: 0.02, drop: 0.02, half: 0.01 };
export const calm = { ok: 1 };

export class Receiver {
    requests = []; // in the order in which they came
    delivered = new Set(); // webhook-ids with a whole 2xx
    #count = 0;

    constructor(shares, seed) {
        this.shares = shares;
        this.random = randomFrom(seed);
        this.server = createServer((request, response) => this.#take(request, response));
        this.server.keepAliveTimeout = 600000;
        this.server.requestTimeout = 0;
    }

    // Listens on a free port of the loopback and returns its URL.
    async listen() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', 4096, resolve));
        return `http://127.0.0.1:${this.server.address().port}/events`;
    }

    async close() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    // A request's head has come.
    #take(request, response) {
        const note = {
            came: ++this.#count,
            receivedAt: (performance.timeOrigin + performance.now()) / 1000,
            behaviour: choose(this.shares, this.random),
            reused: request.socket.used === true,
            messageId: String(request.headers['webhook-id']),
        };
        request.socket.used = true;
        this.requests.push(note);
        if (note.behaviour === 'reset') {
            request.socket.resetAndDestroy();
            return;
        }
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('error', () => (note.fault ??= note.behaviour === 'drop' ? undefined : 'the request broke off'));
        request.on('end', () => {
            this.#read(note, request.headers, Buffer.concat(parts));
            this.#answer(note, response);
        });
    }

    // Verifies a message and notes what it is about.
    #read(note, headers, body) {
        const mac = (text, form) => createHmac('sha256', this.key).update(text).digest(form);
        const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body]);
        note.fingerprint = headers['x-eryxon-signature'];
        if (headers['webhook-signature'] !== `v1,${mac(signed, 'base64')}`) note.fault = 'webhook-signature is wrong';
        if (note.fingerprint !== `sha256=${mac(body, 'hex')}`) note.fault = 'X-Eryxon-Signature is wrong';
        if (Math.abs(headers['webhook-timestamp'] - note.receivedAt) > 5) note.fault = 'webhook-timestamp is wrong';
        const { type, data } = JSON.parse(body);
        if (headers['x-eryxon-event'] !== type) note.fault = 'X-Eryxon-Event is wrong';
        note.eventId = data.id;
        note.rowId = data.row_id;
        note.priority = data.changes.find((change) => change.field === 'priority')?.new;
    }

    // Answers as the behaviour has it; one that hangs waits for the relay to give up.
    #answer(note, response) {
        switch (note.behaviour) {
            case 'ok':
                note.status = 204;
                note.answered = ++this.#count;
                this.delivered.add(note.messageId);
                response.writeHead(204).end();
                break;
            case 'hang':
                break;
            case 'drop':
                response.socket.destroy();
                break;
            case 'half':
                response.writeHead(200, { 'Content-Length': 100 });
                response.write('x'.repeat(50), () => response.socket?.destroy());
                break;
            default:
                note.status = Number(note.behaviour);
                // One in two hundred refusals asks to be left alone: that stops all messages for a second and more.
                response.writeHead(note.status, note.status !== 500 && this.random() < 0.005 ? { 'Retry-After': 1 } : {});
                response.end('not now');
        }
    }

    // All requests as COPY reads them, in the order of the table's columns.
    lines() {
        const text = (n) =>
            [n.came, n.answered, n.receivedAt, n.behaviour, n.status, n.reused, n.messageId, n.eventId, n.rowId, n.priority, n.fingerprint, n.fault]
                .map((value) => value ?? '\\N')
                .join('\t');
        return this.requests.map((note) => `${text(note)}\n`);
    }
}
