// Gateways behind PgBouncer, which hands each transaction to any of its sessions: a call is never answered by another call's statement,
// whatever names the sessions hold.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startPooler } from './lib/pooler.mjs';
import { count, createDatabase, job, newKey, record, sql, tenantA, tenantB } from './lib/shop.mjs';
import { hmacToken } from './lib/tokens.mjs';

const ignoring = 'ignore_startup_parameters = extra_float_digits,options';
const database = 'http_pooler';
const open = [];
let key, otherKey;

before(() => {
    createDatabase(database);
    key = newKey(database);
    otherKey = newKey(database, tenantB);
});
after(async () => {
    for (const one of open.reverse()) await one.stop();
});

async function pooler(mode, ...further) {
    const made = await startPooler(database, mode, further);
    open.push(made);
    return made;
}

async function gateway(uri, ...flags) {
    const made = await startGateway({ uri, flags });
    open.push(made);
    return made;
}

const ask = (gateway, method, path, body) => curl(method, gateway.url + path, { bearer: hmacToken(), body });
const named = (entity, externalId) => `/api-${entity}?external_id=${externalId}&external_source=SAP`;
const live = (table, externalId) =>
    count(database, table, `tenant_id = '${tenantA}' AND external_id = '${externalId}' AND deleted_at IS NULL`);

for (const flags of [[], ['--db-prepared', 'on'], ['--db-prepared', 'auto'], ['--db-prepared', 'off']])
    test(`a delete of a resource deletes no job (${flags.join(' ') || 'without a flag'})`, { timeout: 60000 }, async () => {
        const between = await pooler('transaction', 'default_pool_size = 2', ignoring);
        const a = await gateway(between.uri, '--db-pool', '1', ...flags);
        await ask(a, 'GET', '/api-cells');
        between.command('RECONNECT');
        const b = await gateway(between.uri, '--db-pool', '1', ...flags);
        for (const id of [100, 101])
            sql(
                database,
                `INSERT INTO jobs (tenant_id, external_id, external_source, job_number) VALUES ('${tenantA}', '${id}', 'SAP', '${id}')
                     ON CONFLICT DO NOTHING;
                 INSERT INTO resources (tenant_id, external_id, external_source, name, type) VALUES ('${tenantA}', '${id}', 'SAP', '${id}', 'tooling')
                     ON CONFLICT DO NOTHING;
                 UPDATE resources SET deleted_at = NULL WHERE external_id = '${id}'`,
            );
        const first = await ask(a, 'DELETE', named('resources', 100));
        assert.equal(first.status, 200, first.body);
        assert.equal((await ask(b, 'DELETE', named('jobs', 999))).status, 404);
        const second = await ask(a, 'DELETE', named('resources', 101));
        assert.equal(second.status, 200, second.body);
        assert.deepEqual([live('jobs', 101), live('resources', 101)], [1, 0]);
        const lists = ['parts', 'jobs', 'cells'].map((entity) => ask(a, 'GET', `/api-${entity}`).then((answer) => [entity, answer]));
        for (const [entity, answer] of await Promise.all(lists)) assert.ok(answer.json?.data?.[entity], answer.body);
    });

// One request, sent again while the answer is 503: in statement mode PgBouncer ends the connection at every error.
async function settled(...request) {
    for (;;) {
        const answer = await curl(...request);
        if (answer.status !== 503) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

// A client that writes and reads all entities of its tenant, and notes every answer that is not the one to what it asked.
async function client(gateways, send, tenantKey, number, until, problems) {
    let asked = 0;
    const note = (what, answer) => problems.push(`${what}: ${answer.status} ${answer.body.slice(0, 200)}`);
    for (let n = 0; Date.now() < until; n++) {
        const to = gateways[n % gateways.length];
        const id = `${number}-${n}`;
        const bodies = { jobs: job(id), cells: record(id, { name: id }), resources: record(id, { name: id, type: 'tooling' }) };
        for (const [entity, body] of Object.entries(bodies)) {
            const made = await send('PUT', `${to.url}/api-${entity}/sync`, { key: tenantKey, body });
            const fits = made.status === 201 || (send === settled && made.status === 200);
            if (!fits || made.json?.data?.external_id !== id) note(`PUT ${entity} ${id}`, made);
            const list = await send('GET', `${to.url}${named(entity, id)}`, { key: tenantKey });
            if (list.status !== 200 || list.json?.data?.[entity]?.length !== 1) note(`GET ${entity} ${id}`, list);
            const bad = await send('PUT', `${to.url}/api-${entity}/sync`, { key: tenantKey, body: { external_id: id } });
            if (bad.status !== 422) note(`bad PUT ${entity} ${id}`, bad);
            asked += 3;
        }
    }
    return asked;
}

for (const mode of ['transaction', 'statement'])
    test(`statements stay what they are in ${mode} mode while sessions and names change`, { timeout: 120000 }, async () => {
        const between = await pooler(mode, 'default_pool_size = 3', 'server_lifetime = 2', ignoring);
        const gateways = [
            await gateway(between.uri, '--db-pool', '2', '--db-prepared', 'on'),
            await gateway(between.uri, '--db-pool', '3', '--db-prepared', 'on', '--request-timeout', '31'),
            await gateway(between.uri, '--db-pool', '2'),
            await gateway(between.uri, '--db-pool', '2', '--db-prepared', 'off'),
        ];
        const begin = { jobs: count(database, 'jobs'), cells: count(database, 'cells') };
        const problems = [];
        const end = Date.now() + 8000;
        const clients = [key, otherKey, key, otherKey].map((one, number) =>
            client(gateways.slice(number % 2), mode === 'statement' ? settled : curl, one, `${mode}${number}`, end, problems),
        );
        for (let round = 0; Date.now() < end; round++) {
            between.psql('authenticator', database, 'DEALLOCATE ALL');
            if (round % 4 === 3) between.command('RECONNECT');
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const asked = await Promise.all(clients);
        assert.deepEqual(problems.slice(0, 10), []);
        const calls = asked.reduce((sum, one) => sum + one, 0);
        console.log(`${mode}: ${calls} calls`);
        assert.equal(count(database, 'jobs') - begin.jobs, calls / 9);
        assert.equal(count(database, 'cells') - begin.cells, calls / 9);
    });

test('names are kept where the server itself is reached, and only there', async () => {
    const names = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'eryxon%'";
    sql(database, `CREATE FUNCTION eryxon_api.names_kept() RETURNS bigint LANGUAGE sql AS $$ ${names} $$`);
    const direct = await startGateway({ database, flags: ['--db-pool', '1'] });
    open.push(direct);
    const behind = await gateway((await pooler('transaction', 'default_pool_size = 1')).uri, '--db-pool', '1');
    const kept = async (gateway) => (await ask(gateway, 'POST', '/rpc/names_kept', {})).json;
    await kept(direct);
    assert.ok((await kept(direct)) >= 4);
    await kept(behind);
    assert.equal(await kept(behind), 0);
});

test('a function that deallocates harms nothing', async () => {
    sql(
        database,
        `CREATE FUNCTION eryxon_api.deallocate() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$`,
    );
    const direct = await startGateway({ database, flags: ['--db-pool', '1'] });
    open.push(direct);
    for (let n = 0; n < 3; n++) {
        assert.equal((await ask(direct, 'PUT', '/api-cells/sync', record(`D${n}`, { name: `D${n}` }))).status, 201);
        assert.equal((await ask(direct, 'POST', '/rpc/deallocate', {})).status, 204);
        assert.equal((await ask(direct, 'GET', '/api-cells')).status, 200);
    }
});

test('a time limit holds behind a pooler', async () => {
    sql(database, 'CREATE FUNCTION eryxon_api.nap() RETURNS void LANGUAGE sql AS $$ SELECT pg_sleep(20) $$');
    sql(
        database,
        "CREATE FUNCTION eryxon_api.time_limit() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('statement_timeout') $$",
    );
    const behind = await gateway((await pooler('transaction', 'default_pool_size = 1')).uri, '--request-timeout', '1');
    assert.match((await ask(behind, 'POST', '/rpc/time_limit', {})).json, /^(1s|\d+ms)$/);
    const answer = await ask(behind, 'POST', '/rpc/nap', {});
    assert.ok([500, 503, 504].includes(answer.status), answer.body);
    assert.equal((await ask(behind, 'GET', '/api-cells')).status, 200);
});
