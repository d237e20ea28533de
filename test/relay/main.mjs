// The load itself: writers, relays and receiver at work together until every event is delivered; then what the receiver saw goes into
// the database. Started by `run` with its options as JSON; the cluster of libpq's environment is there and set up.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { restart, sql, sqlInTheEnd, until } from './lib/database.mjs';
import { Receiver, calm, stormy } from './lib/receiver.mjs';
import { Relays } from './lib/relays.mjs';
import { Writer } from './lib/writer.mjs';

const options = JSON.parse(process.argv[2]);
const killEvery = 10; // seconds
const eventsPerRow = 15;
const faults = [];

// A webhook that tries again soon and often enough that nothing is given up.
async function createWebhook(receiver) {
    const url = await receiver.listen();
    const retries = JSON.stringify({ retry_seconds: [0, ...Array(39).fill(1)], max_in_flight: 1000 });
    const webhook = JSON.parse(await sql(`SELECT eryxon_webhook_create('${url}', '{job.*}', '${retries}')`));
    receiver.key = Buffer.from(webhook.secret.slice('whsec_'.length), 'base64');
}

// Another tenant's endpoint, which never answers; returns what ends it.
async function hinder() {
    const server = createServer(() => {});
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    await sql(`SELECT hinder('http://127.0.0.1:${server.address().port}')`);
    return () => {
        server.close();
        server.closeAllConnections();
    };
}

function makeWriters() {
    const events = Math.ceil(options.events / options.writers);
    const own = Math.ceil(events / eventsPerRow);
    return Array.from(
        { length: options.writers },
        (_, n) => new Writer(n + 1, { events, rate: options.rate / options.writers, own, shared: options.shared, seed: options.seed }),
    );
}

// Runs a disturbance again and again until it is stopped.
function disturb(seconds, action) {
    let running = Promise.resolve();
    const timer = setInterval(() => (running = running.then(action)), seconds * 1000);
    return async () => {
        clearInterval(timer);
        await running;
    };
}

// Restarts the server once half of the events are written.
async function restartHalfway(receiver, writers, limit) {
    const left = () => writers.reduce((sum, writer) => sum + writer.left, 0);
    await until('half of the events are written', () => left() <= options.events / 2, limit);
    const begin = performance.now();
    await restart(process.env.PGHOST, options.root);
    console.log(`# the server was restarted after ${receiver.delivered.size} deliveries, in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

const nothingLeft = async () =>
    (await sqlInTheEnd(`SELECT NOT EXISTS (SELECT FROM eryxon.event_outbox) AND NOT EXISTS (SELECT FROM own_delivery WHERE status = 'pending')`)) === 't';

// Writes, sends and disturbs until all is delivered. What takes too long is a failure, and the checks say what is missing.
async function deliver(receiver, relays, writers) {
    const limit = 120 + options.events / 100;
    const write = async () => Promise.all(writers.map((writer) => writer.run()));
    if (options.backlog) await write();
    relays.start(options.relays);
    const stop = options.calm ? async () => {} : disturb(killEvery, () => relays.killNext());
    const work = [options.backlog || write(), options.calm || restartHalfway(receiver, writers, limit)];
    try {
        await Promise.all(work);
        await until('every delivery has ended', nothingLeft, limit, 0.5);
    } finally {
        await stop();
    }
}

// Reads what the receiver saw into the database.
async function loadRequests(receiver) {
    const psql = spawn('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-c', '\\copy request FROM pstdin'], { stdio: ['pipe', 'inherit', 'inherit'] });
    const ended = new Promise((resolve) => psql.on('close', resolve));
    await pipeline(Readable.from(receiver.lines()), psql.stdin);
    if ((await ended) !== 0) throw new Error('cannot load what the receiver saw');
}

const receiver = new Receiver(options.calm ? calm : stormy, options.seed);
await createWebhook(receiver);
const endHindrance = options.calm ? () => {} : await hinder();
const relays = new Relays(options.gateway, options.folder, options.flags);
const writers = makeWriters();
try {
    await deliver(receiver, relays, writers);
} catch (error) {
    faults.push(error.message);
} finally {
    await relays.stop();
    await receiver.close();
    endHindrance();
}
const reconnects = writers.reduce((sum, writer) => sum + writer.reconnects, 0);
if (!options.calm && relays.kills === 0) faults.push('no relay was killed');
if (!options.calm && reconnects === 0) faults.push('no writer has noticed the restart');
console.log(`# ${relays.kills} relays were killed, ${reconnects} times a writer lost its session`);
await loadRequests(receiver);
const verdicts = { 'all was delivered in time': faults, 'no relay ended by itself': relays.faults };
for (const [what, found] of Object.entries(verdicts)) {
    console.log(`${found.length === 0 ? 'ok' : 'not ok'} - ${what}`);
    for (const fault of found.slice(0, 5)) console.log(`#   ${fault}`);
}
writeFileSync(`${options.folder}/kills`, `${relays.kills}\n`);
