// What may stand around a message, as real clients send it: trailers, empty lines, bytes that are no UTF-8, marks, character sets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { exchange, messageWith, open, statuses } from './lib/raw.mjs';
import { count, createDatabase, job, newKey, sql, until } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let gateway, key, database, neighbour;
const put = (body, headers) => curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body, headers });

before(async () => {
    database = createDatabase('http_fields');
    key = newKey(database);
    sql(
        database,
        "CREATE FUNCTION eryxon_api.headers() RETURNS json LANGUAGE sql AS $$ SELECT current_setting('request.headers')::json $$",
    );
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog([key.slice(12)]);
});

test('trailers are no headers', async () => {
    const body = JSON.stringify(job('T1'));
    const chunked = (trailer) =>
        messageWith(key, 'PUT', '/api-jobs/sync', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }) +
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailer}\r\n`;
    const named = await exchange(gateway.port, chunked('X-Request-Id: from-a-trailer\r\n'));
    assert.deepEqual(named.statuses, [201], named.text);
    assert.doesNotMatch(named.text, /from-a-trailer/);
    assert.doesNotMatch(gateway.log(), /from-a-trailer/);
    for (const trailer of ['Content-Type: text/csv\r\n', 'X-Api-Key: ery_live_other\r\n', 'Content-Encoding: gzip\r\n'])
        assert.deepEqual((await exchange(gateway.port, chunked(trailer))).statuses, [200], trailer);
});

test('empty lines before a request are passed over', async () => {
    const request = messageWith(key, 'GET', '/api-jobs?limit=1', { 'Content-Length': undefined });
    for (const before of ['\r\n', '\r\n\r\n'])
        assert.deepEqual((await exchange(gateway.port, `${before}${request}${before}${request}`, 2000)).statuses, [200, 200]);
    const line = open(gateway.port);
    for (const byte of `\r\n${request}`) line.socket.write(byte);
    await until('the answer is there', () => line.received.includes('"pagination"'));
    assert.deepEqual(statuses(line.received), [200]);
    line.socket.destroy();
});

test('a client of HTTP/1.0 can keep its connection, and is told so', async () => {
    const ask = (headers) => `GET /healthz HTTP/1.0\r\n${headers}\r\n`;
    const kept = await exchange(gateway.port, ask('Connection: Keep-Alive\r\n').repeat(2), 2000);
    assert.deepEqual(kept.statuses, [200, 200]);
    assert.equal(kept.text.match(/\r\nConnection: keep-alive\r\n/g)?.length, 2, kept.text);
    const closed = await exchange(gateway.port, ask(''));
    assert.match(closed.text, /\r\nConnection: close\r\n/);
    assert.ok(closed.closed);
    assert.doesNotMatch((await exchange(gateway.port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).text, /\r\nConnection:/);
});

test('bytes of headers that are no UTF-8 harm nothing', async () => {
    const odd = { 'User-Agent': 'ERP M\xfcller', Cookie: 'a=\xff; b=c', 'X-Place': 'K\xf6ln' };
    const listed = await exchange(gateway.port, messageWith(key, 'GET', '/api-jobs?limit=1', { ...odd, 'Content-Length': undefined }));
    assert.deepEqual(listed.statuses, [200], listed.text);
    const seen = await exchange(gateway.port, messageWith(key, 'POST', '/rpc/headers', odd, '{}'));
    assert.deepEqual(seen.statuses, [200], seen.text);
    assert.match(Buffer.from(seen.text, 'latin1').toString(), /ERP Müller/);
    const utf8 = await curl('POST', `${gateway.url}/rpc/headers`, { key, body: {}, headers: { 'X-Place': 'Köln' } });
    assert.equal(utf8.json['x-place'], 'Köln');
    const bad = await exchange(gateway.port, messageWith('ery_live_\xff', 'GET', '/api-jobs', { 'Content-Length': undefined }));
    assert.deepEqual(bad.statuses, [401], bad.text);
});

test('a byte order mark before JSON is ignored', async () => {
    assert.equal((await put(`\uFEFF${JSON.stringify(job('BOM'))}`)).status, 201);
    const list = await curl('POST', `${gateway.url}/rpc/api-jobs-list`, { key, body: '\uFEFF{"external_id":"BOM"}' });
    assert.equal(list.json.data.jobs.length, 1, list.body);
    assert.equal((await put(`${JSON.stringify(job('BOM'))}\uFEFF`)).status, 400);
});

test('only UTF-8 is taken', async () => {
    for (const charset of ['ISO-8859-1', '"windows-1252"', 'utf-16', 'latin1 ; q=1'])
        for (const type of [`application/json; charset=${charset}`, `application/json;x=y;  charset=${charset}`]) {
            const refused = await put(job('CS', { notes: 'Müller' }), { 'Content-Type': type });
            assert.equal(refused.status, 415, `${type}: ${refused.body}`);
            assert.match(refused.json.error.message, /UTF-8/);
        }
    assert.equal(count(database, 'jobs', "external_id = 'CS'"), 0);
    for (const charset of ['utf-8', 'UTF-8', '"Utf-8"', 'utf8', 'us-ascii'])
        assert.ok((await put(job('CS'), { 'Content-Type': `application/json; charset=${charset}` })).status < 300, charset);
});

test('a compressed body is refused with what is taken', async () => {
    const refused = await put(job('GZ'), { 'Content-Encoding': 'gzip' });
    assert.equal(refused.status, 415);
    assert.equal(refused.headers['accept-encoding'], 'identity');
});

test('an empty Authorization header is none', async () => {
    const answer = await curl('GET', `${gateway.url}/api-jobs?limit=1`, { key, headers: { Authorization: '' } });
    assert.equal(answer.status, 200, answer.body);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs?limit=1`, { headers: { Authorization: '' } })).status, 401);
});

test('a promise of the header Idempotency-Key is not made', async () => {
    const headers = { 'Idempotency-Key': 'a' };
    for (const [method, path, body] of [
        ['PUT', '/api-jobs/sync', job('IK')],
        ['POST', '/api-jobs/bulk-sync', [job('IK')]],
        ['DELETE', '/api-jobs?external_id=BOM&external_source=SAP', undefined],
        ['PATCH', '/api-webhooks?id=11111111-1111-4111-8111-111111111111', {}],
        ['POST', '/rpc/api-jobs-sync', job('IK')],
        ['POST', '/api-jobs/import?external_source=SAP', 'external_id,job_number\nIK,IK\n'],
    ]) {
        const type = path.includes('import') ? { 'Content-Type': 'text/csv' } : {};
        const refused = await curl(method, gateway.url + path, { key, body, headers: { ...headers, ...type } });
        assert.equal(refused.status, 400, `${method} ${path}: ${refused.body}`);
        assert.match(refused.body, /Idempotency-Key/);
    }
    assert.equal(count(database, 'jobs', "external_id = 'IK'"), 0);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs?limit=1`, { key, headers })).status, 200);
});

test('a member that holds records stands once', async () => {
    const twice = (name, path) => {
        const [one, two] = ['DK1', 'DK2'].map((id) => JSON.stringify([job(id)]));
        return curl('POST', gateway.url + path, { key, body: `{"${name}":${one},"${name}":${two}}` });
    };
    for (const answer of [
        await twice('items', '/api-jobs/bulk-sync'),
        await twice('jobs', '/api-jobs/bulk-sync'),
        await twice('jobs', '/api-erp-sync/sync'),
        await twice('jobs', '/api-erp-sync/diff'),
    ]) {
        assert.equal(answer.status, 400, answer.body);
        assert.equal(answer.json.error.details[0].constraint, 'INVALID_PAYLOAD', answer.body);
    }
    const parts = await put(
        '{"external_id":"DK3","external_source":"SAP","job_number":"3","parts":[{"external_id":"P1","part_number":"1"}],"parts":[]}',
    );
    assert.equal(parts.status, 400, parts.body);
    assert.equal(parts.json.error.details[0].path, 'parts', parts.body);
    assert.equal(count(database, 'jobs', "external_id LIKE 'DK%'"), 0);
});

test('without a credential the answer is 401, on a database with one tenant too', async () => {
    const single = createDatabase('http_single');
    sql(single, "ALTER DATABASE http_single SET eryxon.tenant_id = 'aaaaaaaa-0000-4000-8000-00000000000a'");
    const lone = await startGateway({ database: single });
    for (const [method, path, body] of [
        ['GET', '/api-jobs'],
        ['PUT', '/api-jobs/sync', job('X')],
        ['GET', '/api-erp-sync/status'],
        ['GET', '/rpc/api-jobs-list'],
        ['POST', '/rpc/api-jobs-sync', job('X')],
    ]) {
        const answer = await curl(method, lone.url + path, { body });
        assert.equal(answer.status, 401, `${method} ${path}: ${answer.body}`);
        assert.ok(answer.headers['www-authenticate']);
        assert.doesNotMatch(answer.body, /table/);
    }
    await lone.stop();
});

test('the role "none" is no role', async () => {
    sql(database, 'CREATE FUNCTION eryxon_api.me() RETURNS text LANGUAGE sql AS $$ SELECT current_user::text $$');
    for (const [method, path] of [['POST', '/rpc/me'], ['GET', '/api-jobs']]) {
        const answer = await curl(method, gateway.url + path, { bearer: hmacToken(claims({ role: 'none' })), body: method === 'POST' ? {} : undefined });
        assert.equal(answer.status, 401, answer.body);
    }
});

test('settings of a role count for its keys as for its tokens', async () => {
    sql(database, "CREATE FUNCTION eryxon_api.nap() RETURNS void LANGUAGE sql AS $$ SELECT pg_sleep(20) $$");
    sql(database, "ALTER ROLE shop_planner IN DATABASE http_fields SET eryxon.default_time_zone = 'Europe/Amsterdam'");
    sql(database, "ALTER ROLE shop_planner IN DATABASE http_fields SET statement_timeout = '300ms'");
    // The extension's settings are known to a session that has used it: the catalog is read again by one.
    const planner = await startGateway({ database, flags: ['--db-pool', '1'] });
    assert.equal((await curl('GET', `${planner.url}/api-jobs?limit=1`, { key })).status, 200);
    planner.process.kill('SIGHUP');
    await until('the catalog is new', () => planner.log().includes('the catalog was read again'));
    const credentials = { key: { key: newKey(database, undefined, "role => 'shop_planner'") }, token: { bearer: hmacToken(claims({ role: 'shop_planner' })) } };
    for (const [name, credential] of Object.entries(credentials)) {
        const body = job(`TZ-${name}`, { due_date: '2027-06-01' });
        const made = await curl('PUT', `${planner.url}/api-jobs/sync`, { ...credential, body });
        assert.equal(made.status, 201, made.body);
        assert.equal(count(database, 'jobs', `external_id = 'TZ-${name}' AND due_date = '2027-05-31 22:00Z'`), 1, name);
        const slow = await curl('POST', `${planner.url}/rpc/nap`, { ...credential, body: {} });
        assert.equal(slow.json?.code, '57014', `${name}: ${slow.body}`);
    }
    await planner.stop();
});
