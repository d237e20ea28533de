// A second tenant beside the one that a file tests: it writes and reads a cell all the time, in a thread of its own.
// Whatever the first tenant does, each of its calls must succeed, and take about as long as in peace.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { summary, timed } from './latency.mjs';
import { newKey, record, sql, tenantB } from './shop.mjs';

const calls = 20; // in peace
const pause = 50; // milliseconds between calls

// Writes, and reads what was written.
async function writeAndRead({ port, base, key }, n) {
    const body = record('NEIGHBOUR', { name: `Neighbour ${n}` });
    const written = await timed({ port }, 'PUT', `${base}/api-cells/sync`, { key, body });
    const read = await timed({ port }, 'GET', `${base}/api-cells?external_source=SAP&external_id=NEIGHBOUR`, { key });
    const good = [200, 201].includes(written.status) && read.text.includes(`"Neighbour ${n}"`);
    const fault = `${written.status} ${written.text} ${read.status} ${read.text}`;
    return { status: good ? 'good' : fault, took: written.took + read.took };
}

// The thread: calls until it is told to end.
async function live() {
    const answers = [];
    let ending = false;
    parentPort.once('message', () => {
        ending = true;
    });
    for (let n = 0; !ending; n++) {
        answers.push(await writeAndRead(workerData, n).catch((error) => ({ status: error.message, took: 0 })));
        if (n === calls) parentPort.postMessage('peace');
        await new Promise((resolve) => setTimeout(resolve, pause));
    }
    const peace = summary(answers.slice(1, calls)), all = summary(answers.slice(1));
    parentPort.postMessage({ peace, all, number: answers.length });
    parentPort.close();
}

if (!isMainThread && workerData?.part === 'neighbour') live();

// Moves the neighbour in; resolves once it knows what peace is.
export async function startNeighbour(gateway, database, base = '') {
    const key = newKey(database, tenantB);
    const workerData = { part: 'neighbour', port: gateway.port, base, key };
    const worker = new Worker(new URL(import.meta.url), { workerData });
    await once(worker, 'message');
    return new Neighbour(worker, database);
}

class Neighbour {
    constructor(worker, database) {
        Object.assign(this, { worker, database });
    }

    // Ends its calls and looks at them.
    async unharmed() {
        this.worker.postMessage('end');
        const [{ peace, all, number }] = await once(this.worker, 'message');
        const text = ({ median, p99 }) => `median ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
        console.log(`the neighbour: ${number} times, ${text(all)}; in peace ${text(peace)}`);
        assert.deepEqual(all.statuses, ['good']);
        assert.ok(all.median < Math.max(100, 5 * peace.median), `median ${all.median} ms, in peace ${peace.median} ms`);
        assert.ok(all.p99 < Math.max(2000, 20 * peace.p99), `p99 ${all.p99} ms, in peace ${peace.p99} ms`);
        const own = `tenant_id = '${tenantB}' AND external_id = 'NEIGHBOUR'`;
        const name = sql(this.database, `SELECT name FROM cells WHERE ${own}`);
        assert.equal(name, `Neighbour ${number - 1}`);
    }
}
