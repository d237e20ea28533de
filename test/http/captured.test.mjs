// Large records while events are captured with little work_mem: the server stays, and every event names its own row.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { count, createDatabase, job, newKey, sql } from './lib/shop.mjs';

const records = 1000;
let database, gateway, key, neighbour;

before(async () => {
    database = createDatabase('http_captured');
    sql(database, `ALTER DATABASE ${database} SET eryxon.capture_events = on`);
    sql(database, `ALTER DATABASE ${database} SET work_mem = '64kB'`);
    key = newKey(database);
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
});

after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
});

// Sends all records with these members, and returns the counts of the answer.
async function sendAll(members) {
    const body = Array.from({ length: records }, (_, i) => job(`J${i}`, members));
    const answer = await curl('POST', `${gateway.url}/api-jobs/bulk-sync`, { bearer: key, body, args: ['--max-time', '300'] });
    assert.equal(answer.status, 200, answer.body?.slice(0, 500));
    return answer.json.data;
}

// How many events of a type name the key of their own row.
const told = (type) =>
    count(
        database,
        '(SELECT * FROM eryxon.event_outbox o JOIN jobs j ON j.id = o.row_id AND (j.external_id, j.external_source) = (o.external_id, o.external_source)) t',
        `type = '${type}'`,
    );

test('1,000 new, changed and deleted records of 6 kB are told', async () => {
    assert.equal((await sendAll({ notes: 'n'.repeat(6000) })).created, records);
    assert.equal(told('job.created'), records);
    assert.equal((await sendAll({ notes: 'm'.repeat(6000) })).updated, records);
    assert.equal(told('job.updated'), records);
    assert.equal((await sendAll({ _op: 'delete' })).deleted, records);
    assert.equal(told('job.deleted'), records);
});
