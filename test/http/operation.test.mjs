// How the gateway is run: documents it serves, base path, limits, timeouts, its command line, and how it stops.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { curl } from './lib/curl.mjs';
import { Door } from './lib/door.mjs';
import { password, jwtSecret, runProgram, startGateway, startWithNeighbour } from './lib/gateway.mjs';
import { open, statuses } from './lib/raw.mjs';
import { count, createDatabase, entities, job, newKey, sql, until } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let gateway, database, key;

before(async () => {
    database = createDatabase('http_operation');
    key = newKey(database);
    gateway = await startWithNeighbour({ database });
});
after(async () => {
    await gateway.stop();
    gateway.checkLog([key]);
});

// Makes inserts of jobs named SLOW wait for an advisory lock that no one gives back, and returns who holds it.
function makeSlow() {
    sql(
        database,
        `CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(CASE NEW.external_id WHEN 'SLOW' THEN 60 ELSE 1.5 END); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.external_id IN ('SLOW', 'SLOWISH')) EXECUTE FUNCTION wait_here()`,
    );
}

test('health and readiness', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await curl('GET', gateway.url + path)).status, 200);
    assert.equal((await curl('POST', `${gateway.url}/healthz`, { body: '{}' })).status, 405);
    const away = await startGateway({
        uri: 'postgresql://authenticator@/nowhere?host=/nonexistent',
        flags: ['--db-pool-timeout', '1'],
    });
    assert.equal((await curl('GET', `${away.url}/healthz`)).status, 200);
    assert.equal((await curl('GET', `${away.url}/readyz`)).status, 503);
    const answer = await curl('GET', `${away.url}/api-jobs`, { key });
    assert.equal(answer.status, 503);
    assert.equal(answer.json.error.code, 'SERVICE_UNAVAILABLE');
    assert.match(answer.headers['retry-after'], /^\d+$/);
    await away.stop();
    away.checkLog([key]);
});

test('metrics are Prometheus text and count', async () => {
    const value = (text) =>
        [...text.matchAll(/^[a-z_]*requests_total\S* (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
    const first = await curl('GET', `${gateway.url}/metrics`);
    assert.equal(first.status, 200);
    assert.match(first.headers['content-type'], /^text\/plain/);
    for (const line of first.body.trimEnd().split('\n'))
        assert.match(line, /^(# (HELP|TYPE) [a-z_:]+ .+|[a-z_:]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? [0-9.eE+-]+(Inf|NaN)?)$/);
    for (let n = 0; n < 5; n++) await curl('GET', `${gateway.url}/api-jobs`, { key });
    await curl('GET', `${gateway.url}/no"such{path}\n`.trim());
    assert.ok(value((await curl('GET', `${gateway.url}/metrics`)).body) >= value(first.body) + 5);
});

// A document of OpenAPI 3.1 that a validator accepts and that has these paths.
async function validDocument(url, base, names) {
    const answer = await curl('GET', `${url}/openapi.json`);
    assert.equal(answer.status, 200);
    assert.match(answer.json.openapi, /^3\.1\./);
    const result = await new Validator().validate(structuredClone(answer.json));
    assert.ok(result.valid, JSON.stringify(result.errors)?.slice(0, 1000));
    const server = answer.json.servers?.[0]?.url.replace(/^https?:\/\/[^/]*/, '').replace(/\/$/, '') ?? '';
    const operations = new Set();
    for (const [path, item] of Object.entries(answer.json.paths))
        for (const method of Object.keys(item)) operations.add(`${method} ${server}${path}`).add(`${method} ${path}`);
    for (const name of names) {
        for (const operation of [
            `put ${base}/api-${name}/sync`,
            `post ${base}/api-${name}/bulk-sync`,
            `get ${base}/api-${name}`,
            `delete ${base}/api-${name}`,
        ])
            assert.ok(operations.has(operation), `${operation} is missing`);
    }
    for (const operation of [
        `post ${base}/api-erp-sync/diff`,
        `post ${base}/api-erp-sync/sync`,
        `get ${base}/api-erp-sync/status`,
    ])
        assert.ok(operations.has(operation), `${operation} is missing`);
    return answer.json;
}

test('openapi.json is valid and follows the registry', async () => {
    const document = await validDocument(gateway.url, '', entities);
    const text = JSON.stringify(document);
    for (const field of ['job_number', 'cell_external_id', 'cnc_program_name', 'capacity_hours_per_day'])
        assert.ok(text.includes(field), field);
    sql(
        database,
        `CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text, wear integer);
    SELECT eryxon_attach('tools', 'tools'); SELECT eryxon_map_field('tools', 'wear', '{"min":0}'); SELECT eryxon_grant_api('eryxon_api')`,
    );
    await until('the document shows the new entity', async () => {
        const answer = await curl('GET', `${gateway.url}/openapi.json`);
        return answer.body.includes('/api-tools/sync');
    });
    await until('the route is known', async () => (await curl('GET', `${gateway.url}/api-tools`, { key })).status === 200);
    assert.equal(
        (await curl('PUT', `${gateway.url}/api-tools/sync`, { key, body: { external_id: 'T', external_source: 'SAP', wear: 1 } }))
            .status,
        201,
    );
    sql(database, "SELECT eryxon_detach('tools')");
    await until('the route is gone', async () => (await curl('GET', `${gateway.url}/api-tools`, { key })).status === 404);
});

test('the base path moves the routes only', async () => {
    for (const given of ['/functions/v1', '/functions/v1/']) {
        const based = await startGateway({ database, flags: ['--base-path', given] });
        assert.equal(
            (await curl('PUT', `${based.url}/functions/v1/api-jobs/sync`, { key, body: job('BASE') })).status < 300,
            true,
        );
        assert.equal((await curl('GET', `${based.url}/functions/v1/api-jobs`, { key })).status, 200);
        assert.equal((await curl('GET', `${based.url}/api-jobs`, { key })).status, 404);
        assert.equal((await curl('GET', `${based.url}/functions/v1api-jobs`, { key })).status, 404);
        assert.equal((await curl('POST', `${based.url}/rpc/api-jobs-list`, { key, body: {} })).status, 200);
        for (const path of ['/healthz', '/readyz', '/metrics']) assert.equal((await curl('GET', based.url + path)).status, 200);
        await validDocument(based.url, '/functions/v1', ['jobs']);
        await based.stop();
    }
});

test('a rate limit per key', async () => {
    const limited = await startGateway({ database, flags: ['--rate-limit', '5'] }),
        other = newKey(database);
    const statuses = [];
    for (let n = 0; n < 8; n++) statuses.push((await curl('GET', `${limited.url}/api-jobs`, { key })).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
    const answer = await curl('GET', `${limited.url}/api-jobs`, { key });
    assert.equal(answer.json.error.code, 'RATE_LIMITED');
    assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
    assert.equal(answer.headers['x-ratelimit-limit'], '5');
    assert.equal(answer.headers['x-ratelimit-remaining'], '0');
    assert.match(answer.headers['x-ratelimit-reset'], /^\d+$/);
    const free = await curl('GET', `${limited.url}/api-jobs`, { key: other });
    assert.equal(free.status, 200);
    assert.equal(free.headers['x-ratelimit-remaining'], '4');
    for (let n = 0; n < 10; n++) assert.equal((await curl('GET', `${limited.url}/healthz`)).status, 200);
    await limited.stop();
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { key })).headers['x-ratelimit-limit'], undefined);
});

test('bodies over the limit', async () => {
    const small = await startGateway({ database, flags: ['--body-limit', '1000'] });
    assert.equal(
        (await curl('PUT', `${small.url}/api-jobs/sync`, { key, body: job('B1', { notes: 'x'.repeat(800) }) })).status,
        201,
    );
    const answer = await curl('PUT', `${small.url}/api-jobs/sync`, { key, body: job('B2', { notes: 'x'.repeat(1000) }) });
    assert.equal(answer.status, 413);
    assert.equal(answer.json.error.code, 'PAYLOAD_TOO_LARGE');
    await small.stop();
    const big = JSON.stringify([job('B3', { notes: 'x'.repeat(17 << 20) })]);
    assert.equal((await curl('POST', `${gateway.url}/api-jobs/bulk-sync`, { key, body: big })).status, 413);
    const fits = JSON.stringify([job('B4', { notes: 'x'.repeat(15 << 20) })]);
    assert.equal((await curl('POST', `${gateway.url}/api-jobs/bulk-sync`, { key, body: fits })).status, 200);
    assert.equal(count(database, 'jobs', "external_id IN ('B2', 'B3')"), 0);
});

test('a request that takes too long is cancelled', async () => {
    makeSlow();
    const hasty = await startGateway({ database, flags: ['--request-timeout', '1'] });
    const answer = await curl('PUT', `${hasty.url}/api-jobs/sync`, { key, body: job('SLOW') });
    assert.equal(answer.status, 504, answer.body);
    assert.equal(answer.json.error.code, 'GATEWAY_TIMEOUT');
    await until(
        'the statement is cancelled',
        () => sql(database, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'authenticator'") === '0',
    );
    assert.equal((await curl('PUT', `${hasty.url}/api-jobs/sync`, { key, body: job('AFTER') })).status, 201);
    await hasty.stop();
    assert.equal(count(database, 'jobs', "external_id = 'SLOW'"), 0);
});

test('the settings of a role count', async () => {
    sql(database, "ALTER ROLE shop_planner SET statement_timeout = '300ms'");
    const other = await startGateway({ database }),
        planner = newKey(database, undefined, "role => 'shop_planner'");
    const answer = await curl('PUT', `${other.url}/api-jobs/sync`, {
        bearer: hmacToken(claims({ role: 'shop_planner' })),
        body: job('SLOW'),
    });
    sql(database, "ALTER ROLE shop_planner SET statement_timeout = '59s'");
    assert.equal(answer.status, 504, answer.body);
    assert.equal((await curl('GET', `${other.url}/api-jobs`, { key: planner })).status, 200);
    await other.stop();
});

test('a full pool answers 503', async () => {
    const narrow = await startGateway({
        database,
        flags: ['--db-pool', '1', '--db-pool-timeout', '1', '--request-timeout', '4'],
    });
    const slow = curl('PUT', `${narrow.url}/api-jobs/sync`, { key, body: job('SLOW') });
    await until(
        'the pool is in use',
        () => sql(database, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'authenticator'") === '1',
    );
    const answer = await curl('GET', `${narrow.url}/api-jobs`, { key });
    assert.equal(answer.status, 503);
    assert.match(answer.headers['retry-after'], /^\d+$/);
    assert.equal((await curl('GET', `${narrow.url}/healthz`)).status, 200);
    assert.equal((await slow).status, 504);
    assert.equal((await curl('GET', `${narrow.url}/api-jobs`, { key })).status, 200);
    await narrow.stop();
});

// Asks for the readiness again and again on one connection until the test ends; the function that is returned gives the statuses so far.
function watchReadiness(test, port) {
    const line = open(port);
    test.after(() => line.socket.destroy());
    const ask = () => line.socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
    line.socket.on('connect', ask).on('data', ask);
    return () => [...new Set(statuses(line.received))];
}

test('who waits for a connection outlives the timeouts of others', async (t) => {
    const door = new Door();
    await door.open();
    t.after(() => door.close());
    const uri = `postgresql://authenticator:${password}@127.0.0.1:${door.port}/${database}`;
    const narrow = await startGateway({ uri, flags: ['--db-pool', '2', '--request-timeout', '8'] });
    const longActive = "state = 'active' AND usename = 'authenticator' AND clock_timestamp() - query_start > interval '3 seconds'";
    const ready = async () => (await curl('GET', `${narrow.url}/readyz`)).status === 200;
    await until('the gateway is ready', ready);
    const slow = [1, 2].map(() => curl('PUT', `${narrow.url}/api-jobs/sync`, { key, body: job('SLOW') }));
    await until('the pool has been in use for three seconds', () => count(database, 'pg_stat_activity', longActive) === 2);
    const seen = watchReadiness(t, narrow.port);
    door.delay = 3000;
    const waiters = Array.from({ length: 4 }, () => curl('GET', `${narrow.url}/api-jobs?limit=1`, { key }));
    for (const answer of await Promise.all(waiters)) assert.equal(answer.status, 200, answer.body);
    for (const answer of await Promise.all(slow)) assert.equal(answer.status, 504, answer.body);
    assert.ok(await ready());
    assert.deepEqual(seen(), [200], 'the database is ready all the time');
    await narrow.stop();
});

test('statements that are not prepared work as well', async () => {
    const plain = await startGateway({ database, flags: ['--db-prepared', 'off', '--db-pool', '2'] });
    for (const status of [201, 200, 200])
        assert.equal((await curl('PUT', `${plain.url}/api-jobs/sync`, { key, body: job('PLAIN') })).status, status);
    assert.equal(sql(database, "SELECT count(*) FROM jobs WHERE external_id = 'PLAIN'"), '1');
    await plain.stop();
});

test('the gateway itself cancels what hangs, where the server has no time limit', async () => {
    const plain = await startGateway({ database, flags: ['--db-prepared', 'off', '--db-pool', '1', '--request-timeout', '1'] });
    const answer = await curl('PUT', `${plain.url}/api-jobs/sync`, { key, body: job('SLOW') });
    assert.equal(answer.status, 504, answer.body);
    await until(
        'the statement is cancelled',
        () => count(database, 'pg_stat_activity', "state = 'active' AND usename = 'authenticator'") === 0,
    );
    // On a busy machine a first one may take more than the second that it has.
    const listed = async () => (await curl('GET', `${plain.url}/api-jobs`, { key })).status === 200;
    await until('requests are answered again', listed);
    await plain.stop();
});

test('a stop lets the running request end', async () => {
    const stopping = await startGateway({ database });
    const slow = curl('PUT', `${stopping.url}/api-jobs/sync`, { key, body: job('SLOWISH') });
    await until(
        'the request runs',
        () => sql(database, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'authenticator'") === '1',
    );
    const stopped = stopping.stop();
    assert.equal((await slow).status, 201);
    await stopped;
    assert.equal(count(database, 'jobs', "external_id = 'SLOWISH'"), 1);
});

test('a stop does not wait for idle connections', async () => {
    const stopping = await startGateway({ database, flags: ['--idle-timeout', '60', '--shutdown-timeout', '20'] });
    const lines = Array.from({ length: 5 }, () => open(stopping.port));
    lines[0].socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('one answer is there', () => lines[0].received.includes('200 OK'));
    const begin = Date.now();
    await stopping.stop();
    assert.ok(Date.now() - begin < 10000, `the stop took ${Date.now() - begin} ms`);
});

test('no access log where it is off', async () => {
    const silent = await startGateway({ database, flags: ['--access-log', 'off'] });
    const before = silent.log().split('\n').length;
    for (let n = 0; n < 5; n++) await curl('GET', `${silent.url}/api-jobs`, { key });
    assert.equal(silent.log().split('\n').length, before);
    await silent.stop();
});

test('one line of access log for each request', async () => {
    const logging = await startGateway({ database });
    const lines = () =>
        logging
            .log()
            .split('\n')
            .filter((line) => line.includes('/api-jobs')).length;
    for (let n = 0; n < 5; n++) await curl('GET', `${logging.url}/api-jobs?search=secret-customer`, { key });
    await until('five lines are there', () => lines() >= 5);
    await logging.stop();
    assert.equal(lines(), 5);
});

test('help, version and configuration', async () => {
    const help = await runProgram(['serve', '--help']);
    assert.equal(help.code, 0);
    for (const flag of [
        '--listen',
        '--base-path',
        '--db-uri',
        '--db-schema',
        '--db-anon-role',
        '--db-pre-request',
        '--db-pool',
        '--db-pool-timeout',
        '--db-prepared',
        '--jwt-secret-file',
        '--jwt-public-key-file',
        '--jwt-audience',
        '--request-timeout',
        '--header-timeout',
        '--idle-timeout',
        '--body-limit',
        '--body-memory',
        '--max-connections',
        '--rate-limit',
        '--shutdown-timeout',
        '--access-log',
        '--check-config',
    ])
        assert.ok(help.all.includes(flag), flag);
    assert.equal((await runProgram(['--help'])).code, 0);
    assert.match((await runProgram(['--version'])).all, /\d+\.\d+\.\d+/);
    const uri = `postgresql://authenticator:${password}@127.0.0.1/x`;
    const shown = await runProgram(['serve', '--check-config', '--body-limit', '2M'], {
        ERYXON_DB_URI: uri,
        ERYXON_RATE_LIMIT: '60',
    });
    assert.equal(shown.code, 0, shown.all);
    assert.match(shown.all, /60/);
    assert.match(shown.all, /2097152/);
    for (const secret of [password, jwtSecret]) assert.ok(!shown.all.includes(secret));
    const keyword = await runProgram(['serve', '--check-config'], {
        ERYXON_DB_URI: `host=127.0.0.1 password = '${password}' user=x`,
    });
    assert.ok(!keyword.all.includes(password));
});

test('wrong configuration ends with status 2', async () => {
    for (const flags of [
        ['--wombat'],
        ['--listen', 'x'],
        ['--listen', '127.0.0.1:99999'],
        ['--db-pool', '0'],
        ['--db-pool', 'x'],
        ['--body-limit', '-1'],
        ['--request-timeout', 'soon'],
        ['--access-log', 'perhaps'],
        ['--jwt-secret-file', '/nonexistent'],
        ['--jwt-public-key-file', '/dev/null'],
        ['--base-path', 'no-slash here'],
    ]) {
        const result = await runProgram(['serve', '--check-config', ...flags]);
        assert.equal(result.code, 2, `${flags}: ${result.all}`);
        assert.notEqual(result.stderr, '', `${flags}`);
    }
    const short = await runProgram(['serve', '--check-config'], { ERYXON_JWT_SECRET: 'too-short-secret' });
    assert.equal(short.code, 2);
    assert.ok(!short.all.includes('too-short-secret'));
    assert.equal((await runProgram(['wombat'])).code, 2);
    assert.equal((await runProgram(['serve', '--listen', `127.0.0.1:${gateway.port}`])).code, 1);
});
