// Lists over HTTP: filtered by fields and references, with the fields that were asked for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './lib/files.mjs';
import { startWithNeighbour } from './lib/gateway.mjs';
import { createDatabase, job, newKey } from './lib/shop.mjs';

let gateway, client, key;

before(async () => {
    const database = createDatabase('http_list');
    key = newKey(database);
    gateway = await startWithNeighbour({ database });
    client = new Client(gateway, key);
    const parts = [{ external_id: 'L-1/1', part_number: '1', quantity: 2.5, unit: 'kg' }];
    await client.data('POST', '/api-jobs/bulk-sync', [job('L-1', { customer: 'M&S "Söhne"', priority: 3, parts }), job('L-2')]);
});
after(async () => {
    await gateway.stop();
    gateway.checkLog([key]);
});

const found = async (entity, query) => (await client.data('GET', `/api-${entity}?${new URLSearchParams(query)}`))[entity];

test('rows are found by the values of their fields', async () => {
    for (const query of [{ customer: 'M&S "Söhne"' }, { priority: '3' }, { job_number: 'N-L-1', status: 'not_started' }]) {
        const rows = await found('jobs', { ...query, fields: 'external_id' });
        assert.deepEqual(rows, [{ external_id: 'L-1' }], JSON.stringify(query));
    }
    assert.deepEqual(await found('jobs', { customer: 'M' }), []);
});

test('rows are found by what they refer to', async () => {
    const query = { job_external_id: 'L-1', job_external_source: 'SAP', fields: 'external_id,quantity,unit' };
    assert.deepEqual(await found('parts', query), [{ external_id: 'L-1/1', quantity: 2.5, unit: 'kg' }]);
    assert.deepEqual(await found('parts', { job_external_id: 'L-2' }), []);
    const [{ id }] = await found('jobs', { external_id: 'L-1' });
    assert.equal((await found('parts', { job_id: id })).length, 1);
});

test('what is no field, no value of it or there twice is refused', async () => {
    for (const query of ['colour=red', 'priority=high', 'fields=colour', 'filters=%7B%7D', 'customer=A&customer=B', '=x']) {
        const answer = await client.ask('GET', `/api-jobs?${query}`);
        assert.deepEqual([answer.status, answer.error?.code], [400, 'BAD_REQUEST'], `${query}: ${answer.text}`);
    }
});
