// The files of test/csv over HTTP, each with what cases.json says must come out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, jobs } from './lib/files.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { createDatabase, newKey, root } from './lib/shop.mjs';

const folder = join(root, 'test/csv');
let gateway, client, key, database, neighbour;

before(async () => {
    database = createDatabase('http_csv_files');
    key = newKey(database);
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
    client = new Client(gateway, key);
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog([key]);
});

// Options as parameters of a query: what is no text is JSON.
const query = (options) => Object.fromEntries(Object.entries(options).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]));

for (const { file, entity, options, refused, created, errors = {} } of JSON.parse(readFileSync(join(folder, 'cases.json'))))
    test(`${file}, ${JSON.stringify(options)}`, async () => {
        const send = (more) => client.send('import', entity, new Blob([readFileSync(join(folder, file))]), { ...query(options), ...more });
        for (const dry_run of [true, false]) {
            const { status, data, error } = await send({ dry_run });
            if (refused) {
                assert.equal(status, 400);
                assert.ok(error.message.includes(refused.replace(/^mapping: /, '')), error.message);
                continue;
            }
            const failed = data.results.filter(({ action }) => action === 'error').map(({ line, code }) => [line, code]);
            assert.deepEqual([data.created, Object.fromEntries(failed)], [created, errors]);
        }
        if (!refused) assert.equal((await send({})).data.skipped, created);
    });

test('files for a spreadsheet have a byte order mark, and the delimiter that is asked for', async () => {
    const { data } = await client.send('import', 'jobs', 'external_id,job_number,due_date\nMS1,MS1,"x;y"\n', { external_source: 'MS' });
    const bytes = async (path) => {
        const response = await fetch(gateway.url + path, { headers: client.headers });
        return Buffer.from(await response.arrayBuffer()).toString('utf8');
    };
    const own = 'eryxon_line,eryxon_code,eryxon_message,external_id,job_number,due_date';
    const begins = async (path, text) => assert.ok((await bytes(path)).startsWith(`\ufeff${text}`), path);
    await begins(`/api-jobs/rejected?run=${data.run_id}`, own);
    await begins(`/api-jobs/rejected?run=${data.run_id}&delimiter=;`, own.replaceAll(',', ';'));
    await begins(`/api-jobs/rejected?run=${data.run_id}&delimiter=tab`, own.replaceAll(',', '\t'));
    await begins('/api-jobs/template', 'external_id,external_source,job_number,');
    await begins('/api-jobs/template?delimiter=%3B', 'external_id;external_source;job_number;');
    for (const path of [`rejected?run=${data.run_id}&`, 'template?']) {
        const { status, error } = await client.ask('GET', `/api-jobs/${path}delimiter=x`);
        assert.deepEqual([status, error.details[0].path], [400, 'delimiter']);
    }
    const corrected = (await bytes(`/api-jobs/rejected?run=${data.run_id}&delimiter=;`)).replace(/"x;y"\r\n$/, '2027-01-01\r\n');
    const again = await client.send('import', 'jobs', corrected, { external_source: 'MS' });
    assert.equal(again.data?.created, 1, again.text + corrected);
});

test('lines that fail in several parts are all told, and in one file', async () => {
    const lines = jobs('PARTS', 2500).split('\n');
    for (const at of [10, 1500, 2400]) lines[at] += ',one cell too many';
    const { status, data } = await client.send('import', 'jobs', lines.join('\n'));
    assert.deepEqual([status, data?.total, data?.created, data?.errors], [200, 2500, 2497, 3]);
    assert.deepEqual(
        data.results.map(({ line }) => line),
        [11, 1501, 2401],
    );
    const rejected = await client.ask('GET', `/api-jobs/rejected?run=${data.run_id}`);
    assert.deepEqual(
        rejected.text.trim().split('\r\n').map((line) => line.split(',')[0]),
        ['eryxon_line', '11', '1501', '2401'],
    );
});
