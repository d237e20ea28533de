// The real PostgREST client against the gateway's /rpc: every endpoint, by POST, GET and HEAD, and how errors reach it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { createDatabase, entities, job, newKey, nobody, record, seedBody, sql, tenantB, until } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let gateway, database, key, client, neighbour;
const created = {
    cells: record('X', { name: 'Mill' }),
    resources: record('X', { name: 'Jig', type: 'fixture' }),
    jobs: job('X'),
    parts: record('X', { part_number: '1', job_external_id: 'J1' }),
    operations: record('X', { operation_name: '1', part_external_id: 'P1', cell_name: 'Saw' }),
};

// A client with these headers.
const clientWith = (headers, schema) => new PostgrestClient(gateway.url, { headers, schema });

before(async () => {
    database = createDatabase('http_client');
    key = newKey(database);
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
    client = clientWith({ 'X-Api-Key': key });
    const { data, status, error } = await client.rpc('api-erp-sync-sync', seedBody);
    assert.equal(status, 200, JSON.stringify(error));
    assert.equal(data.data.summary.created, 3);
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog([key]);
});

for (const entity of entities) {
    test(`${entity}: every function`, async () => {
        let answer = await client.rpc(`api-${entity}-sync`, created[entity]);
        assert.equal(answer.error, null);
        assert.equal(answer.status, 201);
        assert.equal(answer.data.data.action, 'created');
        const { id } = answer.data.data;

        answer = await client.rpc(`api-${entity}-bulk-sync`, { items: [created[entity], {}] });
        assert.equal(answer.status, 200);
        assert.equal(answer.data.data.skipped, 1);
        assert.equal(answer.data.data.errors, 1);
        answer = await client.rpc(`api-${entity}-bulk-sync`, [created[entity]]);
        assert.equal(answer.data.data.skipped, 1);

        for (const options of [{}, { get: true }]) {
            answer = await client.rpc(`api-${entity}-list`, { external_id: 'X', max_rows: 5, include_deleted: false }, options);
            assert.equal(answer.status, 200, JSON.stringify(answer.error));
            assert.equal(answer.data.data[entity][0].id, id);
            assert.equal(answer.data.data.pagination.limit, 5);
            answer = await client.rpc(`api-${entity}-list`, { id: nobody }, options);
            assert.equal(answer.status, 404);
            assert.equal(answer.error.error.code, 'NOT_FOUND');
        }
        answer = await client.rpc(`api-${entity}-list`, { external_id: 'X' }, { head: true });
        assert.equal(answer.status, 200);

        answer = await client.rpc(`api-${entity}-delete`, { external_id: 'X', external_source: 'SAP' });
        assert.equal(answer.data.data.hard, false);
        answer = await client.rpc(`api-${entity}-delete`, { id });
        assert.equal(answer.data.data.hard, true);
    });
}

test('diff, sync and status', async () => {
    const { data: diff } = await client.rpc('api-erp-sync-diff', { jobs: [job('J1', { customer: 'B' })] });
    assert.deepEqual(
        diff.data.entities.jobs.results[0].changes.map((change) => change.field),
        ['customer'],
    );
    const { data: sync } = await client.rpc('api-erp-sync-sync', {
        jobs: [job('J1', { customer: 'B' })],
        options: { results: 'errors' },
    });
    assert.equal(sync.data.summary.updated, 1);
    for (const options of [{}, { get: true }]) {
        const { data: status } = await client.rpc('api-erp-sync-status', { entity_type: 'jobs', max_rows: 2 }, options);
        assert.equal(status.data.entities.jobs.live, 1);
        assert.equal(status.data.runs.length, 2);
    }
});

test('functions without arguments', async () => {
    assert.equal((await client.rpc('api-jobs-list')).status, 200);
    assert.equal((await client.rpc('api-jobs-list', undefined, { get: true })).status, 200);
});

test('tokens and bearer keys', async () => {
    assert.equal(
        (await clientWith({ Authorization: `Bearer ${hmacToken()}` }).rpc('api-jobs-list')).data.data.pagination.total,
        1,
    );
    assert.equal(
        (await clientWith({ Authorization: `Bearer ${hmacToken(claims({ tenant_id: tenantB }))}` }).rpc('api-jobs-list')).data
            .data.pagination.total,
        0,
    );
    assert.equal((await clientWith({ Authorization: `Bearer ${key}` }).rpc('api-jobs-list')).data.data.pagination.total, 1);
    const none = await clientWith({}).rpc('api-jobs-list');
    assert.equal(none.status, 401);
    assert.equal((none.error.error ?? none.error).code, 'UNAUTHORIZED');
});

test('answered faults keep the shape of the contract', async () => {
    const { status, error } = await client.rpc('api-jobs-sync', record('Y', { priority: -1 }));
    assert.equal(status, 422);
    assert.equal(error.success, false);
    assert.equal(error.error.code, 'VALIDATION_ERROR');
    assert.equal((await client.rpc('api-jobs-sync', record('Y', { job_number: 'N-J1' }))).status, 409);
});

// What is raised reaches the client as PostgREST's errors do.
test('raised errors have the shape of PostgREST', async () => {
    const cases = [
        [await clientWith({ 'X-Api-Key': 'ery_live_wrong' }).rpc('api-jobs-list'), 401, 'UNAUTHORIZED'],
        [await client.rpc('api-jobs-list', { id: 'x' }), 400, '22P02'],
        [await client.rpc('api-jobs-delete', { external_id: 'J1', external_source: 'SAP' }, { get: true }), 405, '25006'],
        [await client.rpc('api-jobs-list', { wombat: 1 }), 404, 'PGRST202'],
        [await client.rpc('api-wombats-list'), 404, 'PGRST202'],
    ];
    for (const [answer, status, code] of cases) {
        assert.equal(answer.status, status, JSON.stringify(answer.error));
        assert.equal(answer.error.code, code);
        assert.deepEqual(Object.keys(answer.error).sort(), ['code', 'details', 'hint', 'message']);
    }
});

test('the schema of the profile headers must be the served one', async () => {
    assert.equal((await clientWith({ 'X-Api-Key': key }, 'eryxon_api').rpc('api-jobs-list')).status, 200);
    for (const schema of ['public', 'eryxon', 'pg_catalog']) {
        const own = clientWith({ 'X-Api-Key': key }, schema);
        assert.equal((await own.rpc('api-jobs-list')).status, 406, schema);
        assert.equal((await own.rpc('api-jobs-list', {}, { get: true })).status, 406, schema);
    }
});

test('only GET, HEAD and POST reach functions', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
        const answer = await fetch(`${gateway.url}/rpc/api-jobs-list`, { method, headers: { 'X-Api-Key': key } });
        assert.equal(answer.status, 405, method);
        assert.deepEqual(answer.headers.get('allow').split(/, */).sort(), ['GET', 'HEAD', 'POST']);
    }
});

test('other functions are out of reach', async () => {
    for (const name of [
        'eryxon_upsert',
        'eryxon_tenant_id',
        'pg_sleep',
        'version',
        'public.eryxon_status',
        'eryxon_api_key_create',
    ])
        assert.equal((await client.rpc(name, {})).status, 404, name);
    assert.notEqual((await client.from('jobs').select('*')).status, 200);
});

test('an entity of the user appears and goes', async () => {
    sql(
        database,
        `CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text);
    SELECT eryxon_attach('tools', 'tools'); SELECT eryxon_map_field('tools', 'name', '{}'); SELECT eryxon_grant_api('eryxon_api')`,
    );
    await until('the function is known', async () => (await client.rpc('api-tools-list')).status === 200);
    assert.equal((await client.rpc('api-tools-sync', record('T', { name: 'drill' }))).status, 201);
    assert.equal((await client.rpc('api-tools-list', {}, { get: true })).data.data.tools[0].name, 'drill');
    sql(database, "SELECT eryxon_detach('tools')");
    await until('the function is gone', async () => (await client.rpc('api-tools-list')).status === 404);
});
