// Records of any number over HTTP: as an array or one on each line, compressed or not, imported in parts while they arrive.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Client } from './lib/files.mjs';
import { startGateway, startWithNeighbour } from './lib/gateway.mjs';
import { count, createDatabase, job, newKey, sql, tenantA, tenantB, until } from './lib/shop.mjs';

let database, gateway, client, other, keys;

before(async () => {
    database = createDatabase('http_records');
    keys = [newKey(database), newKey(database, tenantB), newKey(database, undefined, "role => 'shop_reader'")];
    gateway = await startWithNeighbour({ database, patient: true });
    client = new Client(gateway, keys[0]);
    other = new Client(gateway, keys[1]);
});
after(async () => {
    await gateway.stop();
    gateway.checkLog(keys);
});

const ndjson = { 'Content-Type': 'application/x-ndjson' };
const gzip = { 'Content-Encoding': 'gzip' };
const path = (query = {}) => `/api-erp-sync/import?${new URLSearchParams({ entity: 'jobs', ...query })}`;
const send = (body, query = {}, headers = {}, user = client) => user.ask('POST', path(query), body, headers);
const jobs = (name, number) => Array.from({ length: number }, (_, i) => job(`${name}-${i}`));
const lines = (records) => records.map((record) => JSON.stringify(record) + '\n').join('');
const counts = ({ data }) => [data?.total, data?.created, data?.skipped, data?.errors];
const bulk = (records) => client.data('POST', '/api-jobs/bulk-sync', records);
const stored = (name) => count(database, 'jobs', `external_id LIKE '${name}-%'`);

// Sends a body whose pieces are made while it is sent; a function among them is waited for. Ends the connection where
// the pieces end with null.
function stream(pieces, query, headers = {}, user = client) {
    return new Promise((resolve, reject) => {
        const line = request(user.gateway.url + path(query), { method: 'POST', headers: { ...user.headers, ...headers } }, (answer) => {
            let text = '';
            answer.on('data', (piece) => (text += piece));
            answer.on('end', () => resolve({ status: answer.statusCode, ...JSON.parse(text) }));
        });
        line.on('error', reject);
        (async () => {
            for await (const piece of pieces) {
                if (piece === null) return line.destroy();
                if (typeof piece === 'function') await piece();
                else if (!line.write(piece)) await new Promise((go) => line.once('drain', go));
            }
            line.end();
        })().catch(reject);
    });
}

test('arrays, wrapped ones and lines are imported alike, compressed or not', async () => {
    const records = jobs('FORM', 2500);
    const bodies = [
        [JSON.stringify(records), { 'Content-Type': 'application/json' }],
        [JSON.stringify({ items: records }, undefined, 2), { 'Content-Type': 'application/json; charset=utf-8' }],
        ['\uFEFF' + JSON.stringify({ jobs: records }), { 'Content-Type': 'application/json' }],
        [lines(records), ndjson],
        ['\uFEFF\r\n' + lines(records).replaceAll('\n', '\r\n\r\n').trim(), ndjson],
    ];
    let first = true;
    for (const [body, headers] of bodies)
        for (const packed of [false, true]) {
            const answer = await send(packed ? new Blob([gzipSync(body)]) : body, {}, { ...headers, ...(packed ? gzip : {}) });
            assert.deepEqual([answer.status, ...counts(answer)], [200, 2500, first ? 2500 : 0, first ? 0 : 2500, 0], answer.text.slice(0, 500));
            assert.deepEqual([answer.data.cancelled, answer.data.results], [false, []]);
            first = false;
        }
    assert.equal(count(database, 'eryxon.sync_run', "operation = 'upsert' AND entity = 'jobs' AND total = 2500 AND status = 'completed'"), bodies.length * 2);
    const halves = [gzipSync(lines(records.slice(0, 1000))), gzipSync(lines(records.slice(1000)))];
    assert.deepEqual(counts(await send(new Blob(halves), {}, { ...ndjson, ...gzip })), [2500, 0, 2500, 0]);
});

test('what is imported is what a bulk call imports, with children', async () => {
    const tree = (n) => ({ ...job(`TREE-${n}`), parts: [{ external_id: `TREE-${n}/1`, part_number: 'P', operations: [] }] });
    const trees = Array.from({ length: 2200 }, (_, n) => tree(n));
    const answer = await send(JSON.stringify(trees), { client_ref: 'trees' });
    assert.deepEqual(counts(answer), [2200, 2200, 0, 0], answer.text.slice(0, 500));
    assert.equal((await bulk(trees.slice(0, 900))).skipped, 900);
    assert.equal(count(database, 'parts', "external_id LIKE 'TREE-%'"), 2200);
    const runs = sql(database, "SELECT string_agg(entity || ' ' || total || ' ' || status, ', ' ORDER BY entity) FROM eryxon.sync_run WHERE client_ref = 'trees'");
    assert.equal(runs, 'jobs 2200 completed, parts 2200 completed');
});

test('a part holds more children than a call may', async () => {
    sql(database, `ALTER DATABASE ${database} SET eryxon.max_bulk_records = 10`);
    const small = await startGateway({ database });
    const parts = Array.from({ length: 150 }, (_, n) => ({ external_id: `MANY-1/${n}`, part_number: `P${n}` }));
    const record = { ...job('MANY-1'), parts };
    const user = new Client(small, keys[0]);
    assert.equal((await user.ask('POST', '/api-jobs/bulk-sync', [record])).status, 400);
    assert.deepEqual(counts(await send(JSON.stringify([record]), {}, {}, user)), [1, 1, 0, 0]);
    await small.stop();
    sql(database, `ALTER DATABASE ${database} RESET eryxon.max_bulk_records`);
});

test('a record that is wrong costs no other, and tells its line', async () => {
    const good = lines(jobs('BAD', 3)).split('\n');
    const body = [good[0], '', '{"external_id": "BAD-x",', good[1], '7', '"\xff"', `{"external_id":"BAD-n","external_source":"SAP"}`, '{}}', good[2], ''];
    const bytes = Buffer.concat(body.map((line) => Buffer.from(line + '\n', 'latin1')));
    const answer = await send(new Blob([bytes]), {}, ndjson);
    assert.deepEqual(counts(answer), [8, 3, 0, 5], answer.text);
    assert.deepEqual(
        answer.data.results.map(({ index, line, action }) => [index, line, action]),
        [1, 3, 4, 5, 6].map((index, n) => [index, [3, 5, 6, 7, 8][n], 'error']),
    );
    const array = await send(`[${good[0]}, {oops}, ,${good[1]}, 7,]`);
    assert.deepEqual(counts(array), [6, 0, 2, 4], array.text);
    assert.deepEqual(array.data.results.map(({ line }) => line), [2, 3, 5, 6]);
});

test('records that fail are a file, which corrected is imported again', async () => {
    const faulty = [job('FIX-1', { due_date: '31-02-2027' }), job('FIX-2'), job('FIX-3', { priority: -1, notes: 'a\nb' })];
    const { data } = await send(JSON.stringify(faulty, undefined, 2).replace(']', ', {"external_id": "FIX-4",}]'));
    assert.deepEqual([data.total, data.created, data.errors], [4, 1, 3]);
    const rejected = await client.ask('GET', `/api-jobs/rejected?run=${data.run_id}`);
    assert.equal(rejected.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    assert.equal(rejected.headers.get('content-disposition'), 'attachment; filename="jobs-rejected.ndjson"');
    const records = rejected.text.trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(records.map(({ eryxon_line, eryxon_code }) => [eryxon_line, eryxon_code]), [[1, 'DATE_FORMAT'], [3, 'MIN_VALUE'], [4, 'INVALID_PAYLOAD']]);
    assert.deepEqual(records[1].record, faulty[2]);
    assert.match(records[2].record, /^\{"external_id": "FIX-4",\}$/);
    const again = await send(rejected.text.replaceAll('31-02-2027', '2027-02-28').replace('"priority":-1', '"priority":1'), {}, ndjson);
    assert.deepEqual(counts(again), [3, 2, 0, 1], again.text);
    assert.equal((await other.ask('GET', `/api-jobs/rejected?run=${data.run_id}`)).status, 404);
});

test('a body that is no array of records is refused', async () => {
    const record = JSON.stringify(job('NONE-1'));
    const refusals = [
        [400, '', /expected an array of records/],
        [400, 'null', /expected an array of records/],
        [400, record, /expected an array of records.*application\/x-ndjson/],
        [400, `{"parts":[${record}]}`, /not "parts"/],
        [400, `{"options":{},"jobs":[${record}]}`, /no other member/],
        [400, new Blob([Buffer.from(`\ufeff[${record}]`, 'utf16le')]), /UTF-8/],
        [400, '[]', /entity/, { entity: '' }],
        [400, '[]', /delimiter/, { delimiter: ',' }],
        [400, '[]', /dry_run/, { dry_run: 'true' }],
        [400, '[]', /eat/, { children: 'eat' }],
        [404, '[]', /wagons/, { entity: 'wagons' }],
        [415, 'a,b', /JSON/, {}, { 'Content-Type': 'text/csv' }],
        [415, '[]', /gzip/, {}, { 'Content-Encoding': 'br' }],
        [400, '[]', /not valid gzip/, {}, gzip],
    ];
    for (const [status, body, message, query, headers] of refusals) {
        const answer = await send(body, query, { 'Content-Type': 'application/json', ...headers });
        assert.equal(answer.status, status, `${body}: ${answer.text}`);
        assert.match(answer.error.message, message);
    }
    assert.equal(stored('NONE'), 0);
    assert.deepEqual(counts(await send('[]')), [0, 0, 0, 0]);
    assert.equal((await send(`[${record}]`, {}, {}, new Client(gateway, keys[2]))).status, 403);
    assert.equal((await fetch(gateway.url + path(), { method: 'POST', body: '[]' })).status, 401);
    assert.equal((await client.ask('GET', path())).status, 405);
});

test('what is cut off says so, and what was written before', async () => {
    const text = JSON.stringify(jobs('CUT', 3000));
    const array = await send(text.slice(0, -2));
    assert.equal(array.status, 400, array.text.slice(0, 300));
    assert.match(array.error.message, /cut off/);
    assert.deepEqual([array.data.total, array.data.created, stored('CUT')], [2999, 2999, 2999]);
    const packed = gzipSync(JSON.stringify(Array.from({ length: 60000 }, (_, n) => job(`ZIP-${n}`, { notes: randomUUID() }))));
    const cut = await send(new Blob([packed.subarray(0, packed.length / 2)]), {}, gzip);
    assert.equal(cut.status, 400, cut.text.slice(0, 300));
    assert.match(cut.error.message, /gzip.* cut off/);
    assert.equal(cut.data.created, stored('ZIP'));
    assert.ok(cut.data.created >= 1000 && cut.data.created < 60000);
    const state = await client.data('GET', `/api-erp-sync/runs/${cut.data.run_id}`);
    assert.deepEqual([state.status, state.done, state.failure], ['failed', cut.data.created, cut.error.message]);
});

test('no record is larger than the body of another request', async () => {
    const small = await startGateway({ database, flags: ['--body-limit', '64k'] });
    const user = new Client(small, keys[0]);
    const huge = JSON.stringify(job('HUGE-2', { notes: 'x'.repeat(300000) }));
    for (const [body, headers] of [[lines(jobs('HUGE', 1001)) + huge, ndjson], [`[${huge}`, {}]]) {
        const answer = await send(body, {}, headers, user);
        assert.equal(answer.status, 413, answer.text.slice(0, 300));
        assert.match(answer.error.message, headers === ndjson ? /behind line 1001 is larger than 65536 bytes/ : /behind number 0/);
    }
    assert.equal(stored('HUGE'), 1001);
    assert.equal((await user.ask('GET', '/api-jobs?limit=1')).status, 200);
    await small.stop();
});

// The most memory that the gateway has taken, in MB.
const peak = (which) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${which.process.pid}/status`, 'utf8'))[1]) / 1024;

test('the memory of an import is that of a part, however much is sent or unpacked', async () => {
    const small = await startGateway({ database, flags: ['--body-memory', '36M'], env: { ASAN_OPTIONS: 'abort_on_error=0:exitcode=99:quarantine_size_mb=4' } });
    const user = new Client(small, keys[0]);
    await user.ask('GET', '/api-jobs?limit=1');
    const before = peak(small);
    const record = JSON.stringify(job('MEM-1', { notes: 'x'.repeat(20000) })) + '\n';
    const answer = await stream(Array.from({ length: 150 }, () => record.repeat(20)), {}, ndjson, user);
    assert.deepEqual(counts(answer), [3000, 1, 2999, 0]);
    const many = await send(new Blob([gzipSync(record.repeat(4000))]), {}, { ...ndjson, ...gzip }, user);
    assert.deepEqual(counts(many), [4000, 0, 4000, 0]);
    for (const [filler, megabytes, status] of [['\0', 200, 413], [' ', 200, 413], ['\n', 4, 200]]) {
        const bomb = await send(new Blob([gzipSync(Buffer.alloc(megabytes << 20, filler))]), {}, { ...ndjson, ...gzip }, user);
        assert.equal(bomb.status, status, bomb.text);
    }
    assert.ok(peak(small) < before + 100, `${before} MB before, ${peak(small)} MB at the most`);
    await small.stop();
});

test('an import is followed, and cancelled while it is sent', async () => {
    const run = randomUUID();
    let state, events;
    const answer = await stream(
        (async function* () {
            for (let n = 0; n < 3; n++) yield lines(jobs(`STOP-${n}`, 1000));
            yield async () => {
                await client.waitFor(run, ({ done }) => done >= 2000);
                events = client.events(run);
                state = await client.data('DELETE', `/api-erp-sync/runs/${run}`);
            };
            for (let n = 3; n < 6; n++) yield lines(jobs(`STOP-${n}`, 1000));
        })(),
        { run },
        ndjson,
    );
    assert.deepEqual(state, { id: run, status: 'cancelling' });
    assert.deepEqual([answer.status, answer.data.cancelled], [200, true]);
    assert.equal(answer.data.created, stored('STOP'));
    assert.ok(answer.data.created >= 2000 && answer.data.created < 6000, String(answer.data.created));
    const last = (await events).at(-1);
    assert.deepEqual([last.name, last.data.status, last.data.created], ['done', 'cancelled', answer.data.created]);
});

test('a client that is gone ends the import, and the run says so', async () => {
    const run = randomUUID();
    await stream([lines(jobs('GONE', 1500)), () => client.waitFor(run, ({ done }) => done === 1000), null], { run }, ndjson).catch(() => undefined);
    const state = await client.waitFor(run, ({ status }) => status !== 'running');
    assert.deepEqual([state.status, state.created, stored('GONE')], ['failed', 1000, 1000]);
    assert.match(state.failure, /connection/);
});

test('a client that sends nothing more ends it too', async () => {
    const fast = await startGateway({ database, flags: ['--request-timeout', '1'] });
    const run = randomUUID();
    const answer = await stream([lines(jobs('SLOW', 1500)), () => until('it ends', async () => (await client.ask('GET', `/api-erp-sync/runs/${run}`)).data?.status === 'failed')], { run }, ndjson, new Client(fast, keys[0]));
    assert.deepEqual([answer.status, answer.data.created, stored('SLOW')], [408, 1000, 1000]);
    await fast.stop();
});

test('a gateway that is killed leaves a partial run', async () => {
    const doomed = await startGateway({ database });
    const run = randomUUID();
    const kill = async () => {
        await client.waitFor(run, ({ done }) => done >= 1000);
        doomed.process.kill('SIGKILL');
        await doomed.exit;
    };
    await assert.rejects(stream([lines(jobs('KILL', 2500)), kill], { run }, ndjson, new Client(doomed, keys[0])));
    await until('the last part is written', () => !count(database, 'pg_stat_activity', `datname = '${database}' AND usename = 'authenticator' AND state = 'active'`));
    const state = await client.data('GET', `/api-erp-sync/runs/${run}`);
    assert.equal(state.created, stored('KILL'));
    assert.equal(sql(database, `SELECT status FROM eryxon.sync_run WHERE id = '${run}'`), 'partial');
    sql(database, `UPDATE eryxon.csv_upload SET touched_at = now() - interval '2 min' WHERE run_id = '${run}'`);
    assert.equal((await client.data('GET', `/api-erp-sync/runs/${run}`)).status, 'failed');
    const again = await send(lines(jobs('KILL', 2500)), {}, ndjson);
    assert.deepEqual([again.data.created, again.data.skipped], [2500 - state.created, state.created]);
});

test('a connection to the database that is lost is no end', async () => {
    const run = randomUUID();
    const lose = async () => {
        await client.waitFor(run, ({ done }) => done > 0);
        sql(database, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator' AND datname = '${database}'`);
    };
    const answer = await stream([lines(jobs('LOST', 1200)), lose, lines(jobs('FOUND', 4000))], { run }, ndjson);
    assert.deepEqual([answer.status, answer.data?.total, answer.data?.created], [200, 5200, 5200]);
});

test('an import is one event, and another tenant sees nothing of it', async () => {
    sql(database, "SELECT eryxon_attach(entity, table_name, '{\"events\":true}') FROM eryxon.entity");
    const records = jobs('EVENT', 2000).map((record) => ({ ...record, parts: [{ external_id: `${record.external_id}/1`, part_number: '1' }] }));
    const { data } = await send(JSON.stringify(records));
    assert.equal(data.created, 2000);
    const told = sql(database, `SELECT string_agg(entity || ' ' || (changes -> 'created' ->> 1), ', ' ORDER BY entity) FROM eryxon.event_outbox WHERE type = 'sync.completed' AND tenant_id = '${tenantA}'`);
    assert.equal(told, 'jobs 2000, parts 2000');
    assert.equal((await other.ask('GET', `/api-erp-sync/runs/${data.run_id}`)).status, 404);
    assert.equal((await send('[]', { run: data.run_id }, {}, other)).status, 400);
    assert.deepEqual(counts(await send(JSON.stringify(jobs('EVENT', 2)), {}, {}, other)), [2, 2, 0, 0]);
});
