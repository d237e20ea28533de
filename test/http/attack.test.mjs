// What no honest client asks for: other tenants' ids in every place, forged headers, injected lines, odd paths and content.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { answerTo, exchange, messageWith } from './lib/raw.mjs';
import { count, createDatabase, entities, job, newKey, record, seedBody, sql, tenantA, tenantB } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let gateway, database, key, foreignKey, foreign, foreignState;
const message = (...parts) => messageWith(key, ...parts);

// A digest of all that tenant B has.
const stateOfB = () =>
    sql(
        database,
        entities
            .map(
                (name) =>
                    `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY id), '')) FROM ${name} t WHERE tenant_id = '${tenantB}'`,
            )
            .join(' UNION ALL '),
    );

before(async () => {
    database = createDatabase('http_attack');
    key = newKey(database);
    foreignKey = newKey(database, tenantB);
    gateway = await startGateway({ database, flags: ['--body-limit', '64K'] });
    for (const own of [key, foreignKey])
        assert.equal(
            (await curl('POST', `${gateway.url}/api-erp-sync/sync`, { key: own, body: seedBody })).json.data.summary.created,
            3,
        );
    await curl('PUT', `${gateway.url}/api-jobs/sync`, { key: foreignKey, body: job('B-ONLY') });
    await curl('PUT', `${gateway.url}/api-operations/sync`, {
        key: foreignKey,
        body: record('O1', { operation_name: 'x', part_external_id: 'P1', cell_name: 'Saw' }),
    });
    await curl('PUT', `${gateway.url}/api-resources/sync`, { key: foreignKey, body: record('R1', { name: 'x', type: 'mold' }) });
    foreign = Object.fromEntries(
        entities.map((name) => [name, sql(database, `SELECT id FROM ${name} WHERE tenant_id = '${tenantB}' LIMIT 1`)]),
    );
    foreignState = stateOfB();
});
after(async () => {
    await gateway.stop();
    gateway.checkLog([key.slice(12), foreignKey.slice(12)]);
    assert.equal(stateOfB(), foreignState);
});

test('ids of another tenant are not found', async () => {
    for (const entity of entities) {
        for (const query of ['', '&hard=false', '&hard=true&force=true'])
            assert.equal(
                (await curl('DELETE', `${gateway.url}/api-${entity}?id=${foreign[entity]}${query}`, { key })).status,
                404,
            );
        for (const query of ['', '&include_deleted=true'])
            assert.equal((await curl('GET', `${gateway.url}/api-${entity}?id=${foreign[entity]}${query}`, { key })).status, 404);
    }
    assert.equal((await curl('DELETE', `${gateway.url}/api-jobs?external_id=B-ONLY&external_source=SAP`, { key })).status, 404);
});

test('references to another tenant are unknown', async () => {
    const tries = [
        ['parts', { part_number: '9', job_id: foreign.jobs }],
        ['parts', { part_number: '9', job_external_id: 'J1', parent_part_id: foreign.parts }],
        ['operations', { operation_name: '9', cell_name: 'Saw', part_id: foreign.parts }],
        ['operations', { operation_name: '9', part_external_id: 'P1', cell_id: foreign.cells }],
    ];
    for (const [entity, members] of tries) {
        assert.equal((await curl('PUT', `${gateway.url}/api-${entity}/sync`, { key, body: record('X', members) })).status, 409);
        const bulk = await curl('POST', `${gateway.url}/api-${entity}/bulk-sync`, { key, body: [record('X', members)] });
        assert.equal(bulk.json.data.results[0].code, 'FK_CONSTRAINT');
        for (const call of ['sync', 'diff'])
            assert.equal(
                (await curl('POST', `${gateway.url}/api-erp-sync/${call}`, { key, body: { [entity]: [record('X', members)] } }))
                    .json.data.entities[entity].results[0].code,
                'FK_CONSTRAINT',
            );
    }
});

test('records, parameters and options choose no tenant', async () => {
    const own = await curl('PUT', `${gateway.url}/api-jobs/sync`, {
        key,
        body: job('T', { tenant_id: tenantB, id: foreign.jobs }),
    });
    assert.equal(own.status, 201);
    assert.equal(count(database, 'jobs', `external_id = 'T' AND tenant_id = '${tenantA}'`), 1);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs?tenant_id=${tenantB}`, { key })).status, 400);
    assert.equal((await curl('POST', `${gateway.url}/rpc/api-jobs-list`, { key, body: { tenant_id: tenantB } })).status, 404);
    assert.equal(
        (
            await curl('POST', `${gateway.url}/api-jobs/bulk-sync`, {
                key,
                body: { items: [job('T2')], options: { tenant_id: tenantB } },
            })
        ).status,
        400,
    );
});

test('forged headers choose neither tenant, role nor schema', async () => {
    const headers = {
        'X-Eryxon-Tenant-Id': tenantB,
        'X-Eryxon-Tenant': tenantB,
        'X-Eryxon-Role': 'postgres',
        'X-Eryxon-User': tenantB,
        'X-Tenant-Id': tenantB,
        'Accept-Profile': 'eryxon',
        'Content-Profile': 'eryxon',
        Role: 'postgres',
        'request.jwt.claims': JSON.stringify(claims({ tenant_id: tenantB })),
        'X-Forwarded-For': '127.0.0.1',
        'X-Forwarded-User': 'postgres',
        Prefer: 'tx=rollback',
        'X-HTTP-Method-Override': 'DELETE',
        Cookie: `tenant_id=${tenantB}`,
    };
    const list = await curl('GET', `${gateway.url}/api-jobs`, { key, headers });
    assert.equal(list.status, 200, list.body);
    assert.ok(!list.body.includes('B-ONLY'));
    assert.ok(list.json.data.jobs.every((row) => row.tenant_id === undefined || row.tenant_id === tenantA));
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { headers })).status, 401);
    const sync = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, headers, body: job('FORGED') });
    assert.equal(sync.status, 201);
    assert.equal(count(database, 'jobs', `external_id = 'FORGED' AND tenant_id = '${tenantA}'`), 1);
    assert.equal(
        (await curl('GET', `${gateway.url}/api-jobs`, { bearer: hmacToken(), headers: { 'x-api-key': '', ...headers } }))
            .status === 500,
        false,
    );
});

test('a credential that is sent twice is not chosen from', async () => {
    for (const [first, second] of [
        [key, foreignKey],
        [foreignKey, key],
    ]) {
        const answer = await exchange(
            gateway.port,
            message('GET', '/api-jobs', { 'X-Api-Key': `${first}\r\nX-Api-Key: ${second}`, 'Content-Length': undefined }),
        );
        assert.ok([400, 401].includes(answer.statuses[0]), answer.text);
    }
    const tokens = `Bearer ${hmacToken()}\r\nAuthorization: Bearer ${hmacToken(claims({ tenant_id: tenantB }))}`;
    const answer = await exchange(
        gateway.port,
        message('GET', '/api-jobs', { 'X-Api-Key': undefined, 'Content-Length': undefined, Authorization: tokens }),
    );
    assert.ok([400, 401].includes(answer.statuses[0]), answer.text);
});

test('nothing that a client sends becomes a header or a log line', async () => {
    const lines = [
        '%0d%0aSet-Cookie:%20x=1',
        '%0aeryxon-gateway:%20listening',
        '\u0085injected',
        '%00',
        '"quoted" level=error',
        '\\x0a',
        '%1b[31mred',
    ];
    for (const text of lines) {
        for (const path of [
            `/api-jobs?search=${text.replaceAll(' ', '%20')}`,
            `/${text.replaceAll(' ', '%20')}`,
            `/rpc/${text.replaceAll(' ', '%20')}`,
        ]) {
            const answer = await exchange(
                gateway.port,
                Buffer.from(
                    message('GET', path, {
                        'User-Agent': text,
                        Referer: text,
                        'X-Request-Id': text,
                        'Content-Length': undefined,
                    }),
                    'utf8',
                ),
            );
            assert.ok(answer.statuses[0] >= 200 && answer.statuses[0] < 500, answer.text);
            assert.doesNotMatch(answer.text.split('\r\n\r\n')[0], /set-cookie|injected/i);
        }
    }
    const injected = await curl('PUT', `${gateway.url}/api-jobs/sync`, {
        key,
        body: record('I\r\nSet-Cookie: x=1', { job_number: 'line\r\nfeed' }),
    });
    assert.equal(injected.headers['set-cookie'], undefined);
    assert.ok(injected.status < 500);
});

test('paths lead nowhere else', async () => {
    for (const path of [
        '/api-jobs/../healthz',
        '//healthz',
        '/healthz/',
        '/rpc/../healthz',
        '/rpc/',
        '/rpc',
        '/rpc/pg_sleep',
        '/rpc/api-jobs-sync',
        '/rpc/api-jobs-sync/x',
        '/rpc/eryxon_api.api-jobs-list',
        '/rpc/api-jobs-list%00',
        '/rpc/api-jobs-list%22();SELECT%201;--',
        '/api-jobs%2fsync',
        '/api-JOBS',
        '/api-',
        '/api-jobs;/sync',
        '/api-jobs--/sync',
        `/api-${'x'.repeat(5000)}`,
        '/%2e%2e/%2e%2e/etc/passwd',
        '/..%5c',
        '/.env',
        '/?id=1',
        '/api-pg_sleep',
        '/%',
    ]) {
        const answer = await answerTo(gateway.port, message('GET', path, { 'Content-Length': undefined }), 400, 404, 405, 414);
        assert.match(answer.text, /NOT_FOUND|BAD_REQUEST|METHOD_NOT_ALLOWED|PGRST|"code"/);
    }
});

test('SQL in every place is only text', async () => {
    const text = "'; DROP TABLE jobs; --";
    for (const name of [
        'external_id',
        'external_source',
        'status',
        'search',
        'sort',
        'order',
        'updated_since',
        'include_deleted',
        'limit',
        'offset',
        'id',
    ])
        assert.ok((await curl('GET', `${gateway.url}/api-jobs?${name}=${encodeURIComponent(text)}`, { key })).status <= 422);
    assert.equal(
        (
            await curl('PUT', `${gateway.url}/api-jobs/sync`, {
                key,
                body: job(text.replace('; ', ';'), { [text]: text, customer: text }),
            })
        ).status,
        201,
    );
    assert.ok(count(database, 'jobs') > 0);
});

test('other content than JSON', async () => {
    const answer = await curl('PUT', `${gateway.url}/api-jobs/sync`, {
        key,
        body: 'a,b\n1,2\n',
        headers: { 'Content-Type': 'text/csv' },
    });
    assert.ok([400, 415].includes(answer.status), answer.body);
    for (const body of [
        '\u0000',
        '{"external_id":"a\\u0000"}',
        `${'['.repeat(5000)}`,
        `${'{"a":'.repeat(5000)}`,
        '\ufeff{}',
        'NaN',
        "{'a':1}",
        `{"a":${'9'.repeat(5000)}}`,
    ])
        assert.ok(
            [400, 422].includes((await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body })).status),
            body.slice(0, 30),
        );
    const broken = Buffer.concat([
        Buffer.from('{"external_id":"'),
        Buffer.from([0xff, 0xc0, 0x80]),
        Buffer.from('","external_source":"SAP"}'),
    ]);
    assert.equal((await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: broken })).status, 400);
});
