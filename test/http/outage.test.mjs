// The database stops and starts while clients write: every request ends with a proper status, what was acknowledged is there once,
// and the gateway recovers by itself.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { Client, jobs } from './lib/files.mjs';
import { startGateway, startWithNeighbour } from './lib/gateway.mjs';
import { cluster, count, createDatabase, job, newKey, sql, until } from './lib/shop.mjs';

const folder = process.env.ERYXON_OUTAGE_CLUSTER,
    agent = new Agent({ keepAlive: true, maxSockets: 8 });
const stops = {
    fast: 'cluster_stop "$1"',
    immediate: 'as_server_user "$(pg_dir --bindir)/pg_ctl" --pgdata="$1/data" --mode=immediate --wait --silent stop',
};
let gateway, database, key;

before(async () => {
    database = createDatabase('http_outage', folder);
    key = newKey(database, undefined, '', folder);
    const flags = ['--db-pool-timeout', '2', '--request-timeout', '10'];
    gateway = await startWithNeighbour({ database, host: folder, flags, patient: true });
});
after(async () => {
    agent.destroy();
    cluster('cluster_start "$1"', folder);
    await gateway.stop();
    gateway.checkLog([key.slice(12)]);
});

// Creates a job and returns the status of the answer with its Retry-After.
function put(externalId) {
    const body = JSON.stringify(job(externalId));
    return new Promise((resolve, reject) => {
        const headers = { 'X-Api-Key': key, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
        const call = request(
            { host: '127.0.0.1', port: gateway.port, method: 'PUT', path: '/api-jobs/sync', headers, agent },
            (answer) => {
                let text = '';
                answer
                    .on('data', (part) => {
                        text += part;
                    })
                    .on('end', () => resolve({ status: answer.statusCode, retry: answer.headers['retry-after'], text }));
            },
        );
        call.setTimeout(20000, () => call.destroy(new Error('no answer in 20 s')))
            .on('error', reject)
            .end(body);
    });
}

// Clients that create job after job until they are told to stop; each job is tried again until it is acknowledged.
class Load {
    constructor(clients) {
        Object.assign(this, { acknowledged: [], sent: 0, tally: {}, problems: [], running: true });
        this.done = Promise.all(Array.from({ length: clients }, (_, number) => this.client(number)));
    }

    async client(number) {
        for (let n = 0; this.running; n++) {
            const externalId = `L${number}-${n}`;
            this.sent++;
            while (!(await this.attempt(externalId))) await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    // One request; true if it was acknowledged.
    async attempt(externalId) {
        try {
            const { status, retry, text } = await put(externalId);
            this.tally[status] = (this.tally[status] ?? 0) + 1;
            if (status === 200 || status === 201) {
                this.acknowledged.push(externalId);
                return true;
            }
            if (status !== 503 && status !== 504) this.problems.push(`${externalId}: ${status} ${text}`);
            else if (status === 503 && !/^\d+$/.test(retry ?? '')) this.problems.push(`${externalId}: 503 without Retry-After`);
            else if (JSON.parse(text).error.statusCode !== status) this.problems.push(`${externalId}: ${text}`);
        } catch (error) {
            this.problems.push(`${externalId}: ${error.message}`);
        }
        return this.problems.length > 20;
    }

    // Waits for so many more acknowledged jobs.
    more(number) {
        const goal = this.acknowledged.length + number;
        return until(`${number} more jobs`, () => this.acknowledged.length >= goal, 30);
    }

    async stop() {
        this.running = false;
        await this.done;
    }
}

// Every acknowledged job is there, once, and nothing else.
function compare(load) {
    const rows = sql(database, 'SELECT external_id FROM jobs ORDER BY 1', folder).split('\n').filter(Boolean);
    assert.equal(new Set(rows).size, rows.length, 'a job is there twice');
    assert.deepEqual([...new Set(load.acknowledged)].sort(), [...rows].sort(), 'what was acknowledged is not what is there');
    assert.equal(load.sent, rows.length);
}

test('stops and starts under load', { timeout: 120000 }, async () => {
    const load = new Load(8);
    for (const stop of Object.values(stops)) {
        await load.more(200);
        cluster(`cd / && ${stop}`, folder);
        await until('the gateway sees the outage', async () => (await curl('GET', `${gateway.url}/readyz`)).status === 503);
        assert.equal((await curl('GET', `${gateway.url}/healthz`)).status, 200);
        const before = load.tally[503] ?? 0;
        await until('clients are told to come again', () => (load.tally[503] ?? 0) >= before + 8);
        cluster('cluster_start "$1"', folder);
        await until('the gateway is ready', async () => (await curl('GET', `${gateway.url}/readyz`)).status === 200, 20);
        await load.more(200);
    }
    await load.stop();
    console.log(JSON.stringify(load.tally));
    assert.deepEqual(load.problems, []);
    compare(load);
});

test('backends that are terminated under load', { timeout: 60000 }, async () => {
    sql(database, 'TRUNCATE jobs CASCADE', folder);
    const load = new Load(8);
    for (let round = 0; round < 10; round++) {
        await load.more(30);
        sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator'", folder);
    }
    await load.more(100);
    await load.stop();
    assert.deepEqual(load.problems, []);
    compare(load);
});

test('a server that is killed while a file is imported', { timeout: 60000 }, async () => {
    const client = new Client(gateway, key);
    const run = randomUUID();
    const importing = client.send('import', 'jobs', jobs('CUT', 30000), { run });
    await client.waitFor(run, (state) => state.done > 0);
    cluster(`cd / && ${stops.immediate}`, folder);
    const answer = await importing;
    assert.equal(answer.status, 503, answer.text.slice(0, 300));
    assert.match(answer.headers.get('retry-after'), /^\d+$/);
    cluster('cluster_start "$1"', folder);
    await until('the gateway is ready', async () => (await curl('GET', `${gateway.url}/readyz`)).status === 200, 20);
    const there = count(database, 'jobs', "external_id LIKE 'CUT-%'", folder);
    assert.ok(there >= answer.data.created && answer.data.created > 0 && there < 30000, `${answer.data.created}, ${there}`);
    const rest = await client.data('POST', '/api-jobs/import', jobs('CUT', 30000), { 'Content-Type': 'text/csv' });
    assert.deepEqual([rest.skipped, rest.created], [there, 30000 - there]);
});

test('a database that comes late', { timeout: 60000 }, async () => {
    cluster('cluster_stop "$1"', folder);
    const early = await startGateway({ database, host: folder, flags: ['--db-pool-timeout', '1'] });
    assert.equal((await curl('GET', `${early.url}/healthz`)).status, 200);
    assert.equal((await curl('GET', `${early.url}/readyz`)).status, 503);
    const answer = await curl('GET', `${early.url}/api-jobs`, { key });
    assert.equal(answer.status, 503, answer.body);
    assert.equal(answer.json.error.code, 'SERVICE_UNAVAILABLE');
    cluster('cluster_start "$1"', folder);
    await until('the gateway is ready', async () => (await curl('GET', `${early.url}/readyz`)).status === 200, 20);
    assert.equal((await curl('GET', `${early.url}/api-jobs`, { key })).status, 200);
    await early.stop();
});
