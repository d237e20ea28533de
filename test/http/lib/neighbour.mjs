// A second tenant beside the one that a file tests: it writes and reads cells all the time, in a thread of its own.
// Whatever the first tenant does, each of its calls must succeed, and take about as long as in peace. Where the server
// or the gateway stops it is patient: told to come again it does, and what was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { summary, timed } from './latency.mjs';
import { count, newKey, record, tenantB } from './shop.mjs';

const calls = 20; // in peace
const pause = 50; // milliseconds between calls
const later = /^(503|504|.*(ECONNREFUSED|ECONNRESET|socket hang up))/; // what a stop leads to

// One request, which the patient sends again until they are told something else than to come later.
async function ask(state, method, path, body) {
    const { gateway, base, key, patient, localAddress } = workerData;
    for (;;) {
        const options = { key, body, localAddress };
        const answer = await timed(gateway, method, base + path, options).catch(({ message }) => ({ status: message, took: 0 }));
        answer.late = patient && later.test(answer.status);
        if (!answer.late || state.ending) return answer;
        state.late++;
        await sleep(pause);
    }
}

// Writes a cell, the patient always another, and reads what was written.
async function writeAndRead(state, n) {
    const id = workerData.name + (workerData.patient ? n : '');
    const name = `${workerData.name} ${n}`;
    const written = await ask(state, 'PUT', '/api-cells/sync', record(id, { name }));
    if (written.late) return undefined;
    const read = await ask(state, 'GET', `/api-cells?external_source=SAP&external_id=${id}`);
    const good = [200, 201].includes(written.status) && (read.late || read.text?.includes(`"${name}"`));
    const fault = `${written.status} ${written.text} ${read.status} ${read.text}`;
    return { status: good ? 'good' : fault, took: written.took + read.took };
}

// The thread: calls until it is told to end.
async function live() {
    const answers = [];
    const state = { ending: false, late: 0 };
    parentPort.once('message', () => {
        state.ending = true;
    });
    for (let n = 0; !state.ending; n++) {
        const answer = await writeAndRead(state, n);
        if (answer) answers.push(answer);
        if (n === calls) parentPort.postMessage('peace');
        await sleep(pause);
    }
    const peace = summary(answers.slice(1, calls)), all = summary(answers.slice(1));
    parentPort.postMessage({ peace, all, number: answers.length, late: state.late });
    parentPort.close();
}

if (!isMainThread && workerData?.part === 'neighbour') live();

// Moves the neighbour in; resolves once it knows what peace is. `load` says how many times slower than otherwise its calls
// may be, because the test itself keeps the machine busy, `localAddress` where it comes from.
export async function startNeighbour(
    gateway,
    database,
    { base = '', tenant = tenantB, host, patient = false, load = 1, localAddress } = {},
) {
    const name = `N${randomUUID().slice(0, 8)}-`;
    const key = newKey(database, tenant, '', host);
    const data = { part: 'neighbour', gateway: { port: gateway.port }, base, key, name, patient, localAddress };
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    await once(worker, 'message');
    return new Neighbour({ worker, key, database, name, host, patient, load });
}

class Neighbour {
    constructor(facts) {
        Object.assign(this, facts);
    }

    // Ends its calls and looks at them.
    async unharmed() {
        this.worker.postMessage('end');
        const [{ peace, all, number, late }] = await once(this.worker, 'message');
        const text = ({ median, p99 }) => `median ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
        console.log(`the neighbour: ${number} times, ${late} later, ${text(all)}; in peace ${text(peace)}`);
        assert.deepEqual(all.statuses, ['good']);
        assert.ok(all.median < this.load * Math.max(100, 5 * peace.median), `median ${all.median} ms, in peace ${peace.median} ms`);
        const most = this.patient ? 10000 : 2000 * this.load;
        assert.ok(all.p99 < Math.max(most, 20 * peace.p99), `p99 ${all.p99} ms, in peace ${peace.p99} ms`);
        this.compare(number);
    }

    // All that was acknowledged is there; the patient may have been cut off from one answer.
    compare(number) {
        const rows = (condition) => count(this.database, 'cells', condition, this.host);
        if (!this.patient) assert.equal(rows(`external_id = '${this.name}' AND name = '${this.name} ${number - 1}'`), 1);
        else assert.ok([number, number + 1].includes(rows(`external_id LIKE '${this.name}%'`)), `${number} acknowledged`);
    }
}
