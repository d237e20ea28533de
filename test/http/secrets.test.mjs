// No key, token or webhook secret stands in a log, of the gateway, the relay or the server, when the server logs all it can.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startWithNeighbour } from './lib/gateway.mjs';
import { startReceiver } from './lib/receiver.mjs';
import { createHookDatabase, forTests } from './lib/relay.mjs';
import { startRelay } from './lib/relay.mjs';
import { job, newKey, root, sql, tenantA, until } from './lib/shop.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

const serverLog = join(process.env.PGHOST, 'log');
const everything = {
    log_statement: 'all',
    log_min_duration_statement: '0',
    log_parameter_max_length: '-1',
    log_parameter_max_length_on_error: '-1',
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_nested_statements': 'on',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_verbose': 'on',
};
// The lines of roles.sql by which PostgREST's login role keeps its parameters to itself.
const roleSettings = readFileSync(join(root, 'docs/deploy/roles.sql'), 'utf8').match(/^ALTER ROLE authenticator SET (?:log_\w+ = 0|auto_explain\.log_min_duration = -1);$/gm);
const secrets = new Set();
let database, gateway, relay, receiver, key;

// What the server logged since the position.
const logged = (from) => readFileSync(serverLog).subarray(from).toString('utf8');
const position = () => statSync(serverLog).size;

// A secret that the run made; its public beginning is no secret.
function remember(secret) {
    assert.ok(secret.length >= 40, `no secret: ${secret}`);
    secrets.add(secret.slice(12));
    return secret;
}

// Those of the secrets that stand in the text.
const found = (text) => [...secrets].filter((secret) => text.includes(secret));

before(async () => {
    database = createHookDatabase('http_secrets');
    sql(database, `ALTER DATABASE ${database} SET eryxon.capture_events = on`);
    sql(database, `ALTER DATABASE ${database} RESET eryxon.tenant_id`);
    for (const [name, value] of Object.entries(everything)) sql(database, `ALTER DATABASE ${database} SET ${name} = '${value}'`);
    receiver = await startReceiver();
    gateway = await startWithNeighbour({ database, load: 3 });
    remember(gateway.neighbour.key);
    relay = await startRelay({ database, flags: forTests });
    key = remember(newKey(database, tenantA, "role => 'shop_admin'"));
});
after(async () => {
    for (const line of roleSettings) sql(database, line.replace('SET', 'RESET').replace(/ = .*;/, ';'));
    await receiver.stop();
});

// PostgREST's statements for a request with these headers and claims.
function asPostgrest(headers, requestClaims = { role: 'eryxon_anon' }) {
    const script = `begin;
        select set_config('role', 'eryxon_anon', true), set_config('request.jwt.claims', :claims, true), set_config('request.method', 'POST', true),
            set_config('request.headers', :headers, true);
        select eryxon_api.pre_request();
        select eryxon_api."api-erp-sync-status"();
        select 1 / (length(:headers) - length(:headers));
        end;`;
    const file = join(mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? tmpdir(), 'pgbench-')), 'request.sql');
    writeFileSync(file, script);
    const given = ['-D', `claims=${JSON.stringify(requestClaims)}`, '-D', `headers=${JSON.stringify(headers)}`];
    const pgbench = ['-n', '-M', 'extended', '-t', '1', ...given, '-U', 'authenticator', '-f', file, database];
    // The last statement fails, so that its parameters are a matter of log_parameter_max_length_on_error, too.
    assert.throws(() => execFileSync('pgbench', pgbench, { stdio: 'pipe' }), /division by zero/);
}

test('roles.sql has lines about what is logged', () => {
    assert.equal(roleSettings.length, 3);
});

test('the gateway and the relay tell the server nothing that is secret', async () => {
    const from = position();
    const token = remember(hmacToken(claims({ role: 'shop_admin' })));
    const made = await curl('POST', `${gateway.url}/api-keys`, { key, body: { name: 'second' } });
    assert.equal(made.status, 201, made.body);
    const second = remember(made.json.data.key);
    const hook = await curl('POST', `${gateway.url}/api-webhooks`, { key, body: { url: receiver.url, events: ['*'] } });
    assert.equal(hook.status, 201, hook.body);
    remember(hook.json.data.secret);
    remember((await curl('POST', `${gateway.url}/rpc/api-webhooks-rotate`, { key, body: { id: hook.json.data.id } })).json.data.secret);
    for (const credential of [{ key: second }, { bearer: second }, { bearer: token }, { key, bearer: token }])
        assert.equal((await curl('PUT', `${gateway.url}/api-jobs/sync`, { ...credential, body: job('J1', { notes: String(Math.random()) }) })).status < 300, true);
    const wrong = { key: remember(`ery_live_${'never-log-this-wrong-key'.repeat(2)}`) };
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, wrong)).status, 401);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { bearer: remember(`${token}x`) })).status, 401);
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { key: remember('a-secret-of-quite-another-service-0123456789') })).status, 401);
    await until('the webhook is told', () => receiver.requests.length > 0);
    await until('the server has logged it', () => logged(from).includes('finish_deliveries'));
    await relay.stop();
    await gateway.stop();
    assert.match(logged(from), /pre_request/);
    assert.deepEqual(found(logged(from)), []);
    assert.deepEqual(found(gateway.log() + relay.log()), []);
});

test('the same search finds what PostgREST sends without roles.sql', () => {
    const from = position();
    asPostgrest({ 'x-api-key': key });
    assert.deepEqual(found(logged(from)), [key.slice(12)]);
});

test('with roles.sql the server logs none of it', () => {
    for (const line of roleSettings) sql(database, line);
    const from = position();
    const token = remember(hmacToken(claims({ n: 2 })));
    asPostgrest({ 'x-api-key': key });
    asPostgrest({ authorization: `Bearer ${key}` });
    asPostgrest({ authorization: `Bearer ${token}` }, claims());
    assert.match(logged(from), /pre_request/);
    assert.deepEqual(found(logged(from)), []);
});
