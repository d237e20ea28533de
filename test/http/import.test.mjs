// CSV files over HTTP: inspected, tried, imported in parts, watched, cancelled, broken off; what failed corrected and sent again.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, jobs } from './lib/files.mjs';
import { startGateway } from './lib/gateway.mjs';
import { count, createDatabase, entities, newKey, root, sql, tenantB, until } from './lib/shop.mjs';

const megabytes = Number(process.env.ERYXON_FILE_MB ?? 100);
let database, gateway, client, other, keys;

before(async () => {
    database = createDatabase('http_import');
    keys = [newKey(database), newKey(database, tenantB), newKey(database, undefined, "role => 'shop_reader'")];
    gateway = await startGateway({ database, flags: ['--body-limit', '64k'] });
    client = new Client(gateway, keys[0]);
    other = new Client(gateway, keys[1]);
});
after(async () => {
    await gateway.stop();
    gateway.checkLog(keys);
});

const faulty = 'Nr;Quelle;Job Number;due_date\nE1;FILE;N1;01-02-2027\nE2;FILE;N2;31-02-2027\nE3;FILE;=cmd;1-3-2027\nE4;FILE;;02-03-2027\n';
const reading = { mapping: JSON.stringify({ Nr: 'external_id', Quelle: 'external_source' }), date_format: 'DD-MM-YYYY' };

test('a file is inspected, with the mapping that is kept for its source', async () => {
    const first = (await client.send('inspect', 'jobs', faulty, { external_source: 'FILE' })).data;
    assert.deepEqual([first.delimiter, first.encoding, first.header, first.date_format], [';', 'UTF8', true, 'DD-MM-YYYY']);
    assert.deepEqual(
        first.columns.map((column) => column.field),
        [null, 'external_source', 'job_number', 'due_date'],
    );
    assert.equal(first.saved_mapping, null);
    const mapping = { entity: 'jobs', source: 'FILE', mapping: { Nr: 'external_id', Quelle: 'external_source' }, options: { delimiter: ';' } };
    const saved = await client.data('POST', '/api-csv-mappings', mapping);
    const second = (await client.send('inspect', 'jobs', faulty, { external_source: 'FILE' })).data;
    assert.deepEqual(second.saved_mapping.mapping, mapping.mapping);
    assert.equal((await other.send('inspect', 'jobs', faulty, { external_source: 'FILE' })).data.saved_mapping, null);
    assert.deepEqual((await other.data('GET', '/api-csv-mappings')).mappings, []);
    assert.equal((await other.ask('DELETE', `/api-csv-mappings?id=${saved.id}`)).status, 404);
    assert.equal((await client.data('GET', '/api-csv-mappings?entity=jobs&source=FILE')).mappings.length, 1);
    // What was chosen for the heading of one source is a guess for that of another.
    const third = (await client.send('inspect', 'jobs', 'nr.;Kunde\nE1;ACME\n', { external_source: 'SAP' })).data;
    assert.deepEqual(
        third.columns.map((column) => [column.field, column.match]),
        [
            ['external_id', 'guess'],
            ['customer', 'certain'],
        ],
    );
    await client.data('DELETE', `/api-csv-mappings?id=${saved.id}`);
    assert.deepEqual((await client.data('GET', '/api-csv-mappings')).mappings, []);
});

test('titles above the header, the mapping and signs of numbers are said by parameters', async () => {
    const text = 'Parts of May\n\nNr;Teil;Anz\nQ1;P1;1.234,0\n';
    const mapping = JSON.stringify({ Nr: 'external_id', Teil: 'part_number', Anz: 'quantity' });
    const file = { header_line: 3, mapping, external_source: 'FILE' };
    const found = (await client.send('inspect', 'parts', text, file)).data;
    assert.deepEqual([found.header_line, found.decimal, found.grouping], [3, ',', '.']);
    const { data } = await client.send('import', 'parts', text, { ...file, decimal: ',', grouping: '.', dry_run: true });
    assert.deepEqual([data.results[0].line, data.results[0].code], [4, 'FK_REQUIRED']);
});

test('a dry run tells of each line what would happen, and writes nothing', async () => {
    const { data } = await client.send('import', 'jobs', faulty, { ...reading, dry_run: true });
    assert.deepEqual([data.total, data.created, data.errors, data.cancelled], [4, 2, 2, false]);
    assert.deepEqual(
        data.results.map(({ line, action, code }) => [line, action, code]),
        [
            [2, 'created', undefined],
            [3, 'error', 'DATE_FORMAT'],
            [4, 'created', undefined],
            [5, 'error', 'NOT_NULL'],
        ],
    );
    assert.ok(data.results[0].changes.some(({ field, new: value }) => field === 'job_number' && value === 'N1'));
    assert.equal(count(database, 'jobs'), 0);
    assert.equal(count(database, 'eryxon.sync_run', "operation <> 'diff'"), 0);
});

test('lines that fail are a file, which corrected is imported again', async () => {
    const { data } = await client.send('import', 'jobs', faulty, reading);
    assert.deepEqual([data.total, data.created, data.errors, data.results.length], [4, 2, 2, 2]);
    const rejected = await client.ask('GET', `/api-jobs/rejected?run=${data.run_id}`);
    assert.match(rejected.headers.get('content-type'), /^text\/csv/);
    assert.equal(rejected.headers.get('content-disposition'), 'attachment; filename="jobs-rejected.csv"');
    const [head, ...lines] = rejected.text.trim().split('\r\n');
    assert.equal(head, 'eryxon_line;eryxon_code;eryxon_message;Nr;Quelle;Job Number;due_date');
    assert.equal(lines.length, 2);
    const corrected = rejected.text.replaceAll('31-02-2027', '28-02-2027').replace('FILE;;', 'FILE;N4;');
    const again = (await client.send('import', 'jobs', corrected, reading)).data;
    assert.deepEqual([again.total, again.created, again.errors], [2, 2, 0]);
    assert.equal(count(database, 'jobs', "job_number = '=cmd'"), 1);
    assert.equal((await client.ask('GET', `/api-jobs/rejected?run=${again.run_id}`)).status, 404);
    const all = (await client.send('import', 'jobs', faulty.replace('31-02-2027', '28-02-2027').replace('FILE;;', 'FILE;N4;'), reading)).data;
    assert.equal(all.skipped, 4);
});

test('what belongs to another tenant does not exist', async () => {
    const { run_id: run } = (await client.send('import', 'jobs', faulty, reading)).data;
    for (const path of [`/api-erp-sync/runs/${run}`, `/api-jobs/rejected?run=${run}`])
        assert.equal((await other.ask('GET', path)).status, 404, path);
    assert.equal((await other.ask('DELETE', `/api-erp-sync/runs/${run}`)).status, 404);
    assert.deepEqual((await other.data('GET', '/api-erp-sync/runs')).runs, []);
    const chosen = await other.send('import', 'jobs', faulty, { ...reading, run });
    assert.equal(chosen.status, 400, chosen.text);
});

test('a form with the field "file" is a file', async () => {
    const form = new FormData();
    form.append('note', 'not this one');
    form.append('file', new Blob([jobs('FORM', 3)], { type: 'application/vnd.ms-excel' }), 'orders;"x".csv');
    const { data } = await client.ask('POST', '/api-jobs/import', form);
    assert.deepEqual([data.total, data.created], [3, 3]);
    form.delete('file');
    assert.equal((await client.ask('POST', '/api-jobs/import', form)).status, 400);
});

test('forms that are malformed are refused', async () => {
    const type = { 'Content-Type': 'multipart/form-data; boundary=XX' };
    const part = 'Content-Disposition: form-data; name="file"\r\n\r\nexternal_id\r\n1';
    for (const body of ['', 'nothing', '--XX', '--XX\r\n', `--XX\r\n${part}`, `--XX${part}\r\n--XX--`, `--XY\r\n${part}\r\n--XY--`, '--XX--\r\n', `--XX\r\n\r\n${part}`])
        assert.equal((await client.ask('POST', '/api-jobs/inspect', body, type)).status, 400, JSON.stringify(body));
    const good = await client.ask('POST', '/api-jobs/inspect', `preamble\r\n--XX\r\n${part}\r\n--XX--\r\n`, type);
    assert.equal(good.status, 200, good.text);
    const bare = await client.ask('POST', '/api-jobs/inspect', `--XX\r\n${part}\r\n--XX--\r\n`, { 'Content-Type': 'multipart/form-data' });
    assert.equal(bare.status, 400);
});

test('what is no file, no parameter, no entity or no right is refused', async () => {
    const refusals = [
        [415, 'jobs', {}, { 'Content-Type': 'application/json' }],
        [415, 'jobs', {}, { 'Content-Type': 'application/x-www-form-urlencoded' }],
        [415, 'jobs', {}, { 'Content-Encoding': 'gzip' }],
        [400, 'jobs', { delimeter: ';' }],
        [400, 'jobs', { delimiter: 'x' }],
        [400, 'jobs', { header: 'maybe' }],
        [400, 'jobs', { dry_run: 'maybe' }],
        [400, 'jobs', { mapping: '{"Nr":' }],
        [400, 'jobs', { mapping: '{"Nowhere":"customer"}' }],
        [404, 'wagons', {}],
    ];
    for (const [status, entity, query, headers] of refusals) {
        const answer = await client.ask('POST', `/api-${entity}/import?${new URLSearchParams(query)}`, faulty, headers ?? { 'Content-Type': 'text/csv' });
        assert.equal(answer.status, status, `${JSON.stringify(query)}: ${answer.text}`);
        assert.equal(answer.error.statusCode, status);
    }
    assert.equal((await client.send('import', 'jobs', '')).status, 400);
    const workbook = await client.send('import', 'jobs', new Blob([Buffer.from('504b0304140006000800', 'hex')]));
    assert.match(`${workbook.status} ${workbook.error.message}`, /^400 .*(xlsx|workbook)/i);
    assert.equal((await new Client(gateway, keys[2]).send('import', 'jobs', faulty, reading)).status, 403);
    assert.equal((await fetch(`${gateway.url}/api-jobs/import`, { method: 'POST', body: faulty, headers: { 'Content-Type': 'text/csv' } })).status, 401);
});

test('templates hold what an import takes', async () => {
    const template = await client.ask('GET', '/api-jobs/template');
    assert.equal(template.headers.get('content-disposition'), 'attachment; filename="jobs-template.csv"');
    assert.match(template.text, /^external_id,external_source,job_number,/);
    assert.equal((await client.ask('GET', '/api-wagons/template')).status, 404);
});

// Folders of sample files, with the tenant that they are imported for, and how many records they have.
const folders = [
    { name: 'sample', path: join(root, 'sample'), key: 0 },
    { name: 'templates', path: process.env.ERYXON_CSV || join(root, '../shared/data/templates'), key: 1, counts: { cells: 6, resources: 6, jobs: 5, parts: 8, operations: 16 } },
];
for (const { name, path, key, counts } of folders)
    test(`the files of ${name} are imported, and unchanged the second time`, { skip: !existsSync(path) && `${path} is not there` }, async () => {
        const user = new Client(gateway, keys[key]);
        const send = async (entity) => (await user.send('import', entity, readFileSync(join(path, `${entity}.csv`), 'utf8'))).data;
        for (const entity of entities) {
            const data = await send(entity);
            assert.deepEqual([data?.created, data?.errors], [counts?.[entity] ?? data?.total, 0], entity);
            assert.ok(data.total > 0, entity);
        }
        for (const entity of entities) {
            const data = await send(entity);
            assert.equal(data.skipped, data.total, entity);
        }
        if (!counts) return;
        assert.equal(sql(database, `SELECT sum(estimated_time) FROM operations WHERE tenant_id = '${tenantB}'`), '1880');
        assert.equal(sql(database, `SELECT sum(quantity) FROM parts WHERE tenant_id = '${tenantB}'`), '60');
    });

test('a run is followed by events from its first part to its end', async () => {
    const run = randomUUID();
    const importing = client.send('import', 'jobs', jobs('SSE', 8000), { run });
    await client.waitFor(run, () => true);
    const events = await client.events(run);
    const { data } = await importing;
    assert.deepEqual([data.run_id, data.total, data.created, data.cancelled], [run, 8000, 8000, false]);
    assert.equal(events.at(-1).name, 'done');
    assert.ok(events.slice(0, -1).every(({ name, data: state }) => name === 'progress' && state.status === 'running'));
    assert.deepEqual([events.at(-1).data.status, events.at(-1).data.done, events.at(-1).data.created], ['completed', 8000, 8000]);
    const done = events.map(({ data: state }) => state.done);
    assert.deepEqual(
        done,
        [...done].sort((a, b) => a - b),
    );
    assert.equal((await client.events(run)).length, 1);
    assert.equal((await client.ask('GET', `/api-erp-sync/runs/${randomUUID()}`, undefined, { Accept: 'text/event-stream' })).status, 404);
    const single = (await client.data('GET', '/api-erp-sync/runs?source=CSV&entity_type=jobs&limit=1')).runs;
    assert.deepEqual([single.length, single[0].id, single[0].done], [1, run, 8000]);
});

test('an import that is cancelled keeps what was imported, and says so', async () => {
    const run = randomUUID();
    const importing = client.send('import', 'jobs', jobs('CUT', 30000), { run });
    await client.waitFor(run, (state) => state.done > 0);
    assert.deepEqual(await client.data('DELETE', `/api-erp-sync/runs/${run}`), { id: run, status: 'cancelling' });
    const { data } = await importing;
    assert.equal(data.cancelled, true);
    assert.ok(data.created > 0 && data.created < 30000 && data.created % 1000 === 0, JSON.stringify(data));
    assert.equal(count(database, 'jobs', "external_id LIKE 'CUT-%'"), data.created);
    const state = await client.data('GET', `/api-erp-sync/runs/${run}`);
    assert.deepEqual([state.status, state.done, state.created], ['cancelled', data.created, data.created]);
    assert.equal((await client.ask('DELETE', `/api-erp-sync/runs/${run}`)).status, 404);
    assert.equal(count(database, 'eryxon.csv_part'), 0);
});

test('an import goes on when its client has gone', async () => {
    const run = randomUUID();
    const file = jobs('GONE', 5000);
    const line = request(`${gateway.url}/api-jobs/import?run=${run}`, {
        method: 'POST',
        headers: { ...client.headers, 'Content-Type': 'text/csv', 'Content-Length': Buffer.byteLength(file) },
    });
    line.on('error', () => undefined);
    line.end(file);
    await client.waitFor(run, () => true);
    line.destroy();
    const state = await client.waitFor(run, ({ status }) => status !== 'running');
    assert.deepEqual([state.status, state.created], ['completed', 5000]);
});

test('a part that fails ends the import: what was done before stays and is told', async () => {
    sql(
        database,
        `CREATE FUNCTION too_slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.external_id = 'SLOW-2500' THEN RAISE SQLSTATE '57014' USING MESSAGE = 'canceling statement due to statement timeout'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER too_slow BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION too_slow()`,
    );
    const answer = await client.send('import', 'jobs', jobs('SLOW', 4000));
    sql(database, 'DROP TRIGGER too_slow ON jobs; DROP FUNCTION too_slow');
    assert.ok(answer.status >= 500, answer.text);
    assert.equal(answer.error.statusCode, answer.status);
    assert.deepEqual([answer.data.total, answer.data.created, answer.data.cancelled], [2000, 2000, false]);
    assert.equal(count(database, 'jobs', "external_id LIKE 'SLOW-%'"), 2000);
    const state = await client.data('GET', `/api-erp-sync/runs/${answer.data.run_id}`);
    assert.deepEqual([state.status, state.done], ['failed', 2000]);
    assert.ok(state.failure);
    assert.deepEqual((await client.events(answer.data.run_id)).map(({ name }) => name), ['done']);
});

test('a connection that is lost in the middle is no end', async () => {
    const run = randomUUID();
    const importing = client.send('import', 'jobs', jobs('LOST', 20000), { run });
    await client.waitFor(run, (state) => state.done > 0);
    sql(database, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator' AND datname = '${database}'`);
    const { data } = await importing;
    assert.deepEqual([data?.total, data?.created, data?.cancelled], [20000, 20000, false]);
    assert.equal(count(database, 'jobs', "external_id LIKE 'LOST-%'"), 20000);
});

test('a gateway that stops ends the import between two parts', async () => {
    const second = await startGateway({ database });
    const run = randomUUID();
    const importing = new Client(second, keys[0]).send('import', 'jobs', jobs('STOP', 60000), { run });
    await client.waitFor(run, (state) => state.done > 0);
    await second.stop();
    const answer = await importing;
    assert.equal(answer.status, 503, answer.text.slice(0, 300));
    assert.ok(answer.data.created > 0 && answer.data.created < 60000);
    assert.equal((await client.data('GET', `/api-erp-sync/runs/${run}`)).status, 'failed');
});

test('a large file passes the limit of other bodies, but not its own', async () => {
    const wide = 'x'.repeat(1000);
    const lines = Math.ceil((megabytes * 1024 * 1024) / 1040);
    let file = 'external_id,external_source,job_number,notes\n';
    for (let i = 0; i < lines; i++) file += `BIG-${i},BIG,BIG-${i},${wide}\n`;
    const { data } = await client.send('import', 'jobs', new Blob([file]));
    assert.deepEqual([data?.total, data?.created], [lines, lines]);
    const small = await startGateway({ database, flags: ['--import-limit', '1M', '--body-limit', '64k'] });
    const refused = await new Client(small, keys[0]).send('import', 'jobs', new Blob([file.slice(0, 2 << 20)])).catch(() => ({ status: 413 }));
    assert.equal(refused.status, 413);
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
        const status = await new Promise((resolve, reject) => {
            const line = request(`${small.url}/api-jobs/bulk-sync`, { method: 'POST', headers: { ...client.headers, ...headers } }, (answer) => resolve(answer.statusCode));
            line.on('error', reject);
            line.end(' '.repeat(65 << 10));
        });
        assert.equal(status, 413, JSON.stringify(headers));
    }
    await small.stop();
});

test('a dry run of a large file may take as long as the requests that could carry as much', async () => {
    const slow = await startGateway({ database, flags: ['--request-timeout', '1', '--body-limit', '64k'] });
    sql(
        database,
        `CREATE FUNCTION takes_longer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NEW; END $$;
    CREATE TRIGGER takes_longer BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.external_id = 'LONG-1') EXECUTE FUNCTION takes_longer()`,
    );
    const user = new Client(slow, keys[0]);
    const large = await user.send('import', 'jobs', jobs('LONG', 8000), { dry_run: true, results: 'none' });
    const small = await user.send('import', 'jobs', jobs('LONG', 2), { dry_run: true });
    sql(database, 'DROP TRIGGER takes_longer ON jobs; DROP FUNCTION takes_longer');
    await slow.stop();
    assert.equal(large.data?.created, 8000, large.text);
    assert.equal(small.status, 504, small.text);
});
