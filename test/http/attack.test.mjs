// What no honest client sends: forged headers, injected lines, ambiguous messages, slow and endless ones, other tenants' ids.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { exchange, open, quiet, statuses } from './lib/raw.mjs';
import { count, createDatabase, entities, job, newKey, sql, tenantA, tenantB, until } from './lib/shop.mjs';
import { seedBody } from './lib/requests.mjs';
import { claims, hmacToken } from './lib/tokens.mjs';

let gateway, database, key, foreignKey, foreign, foreignState;
const record = (externalId, members) => ({ external_id: externalId, external_source: 'SAP', ...members });

// A digest of all that tenant B has.
const stateOfB = () => sql(database, entities.map((name) =>
  `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY id), '')) FROM ${name} t WHERE tenant_id = '${tenantB}'`).join(' UNION ALL '));

// A request as text; the body's length is stated unless headers say otherwise.
function message(method, path, headers = {}, body = '') {
  const all = { Host: 'x', 'X-Api-Key': key, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

// One request of bytes and its one answer.
async function one(bytes, ...wanted) {
  const answer = await exchange(gateway.port, bytes);
  assert.equal(answer.statuses.length, 1, `${JSON.stringify(bytes.slice(0, 200))}: ${answer.text}`);
  assert.ok(wanted.includes(answer.statuses[0]), `${JSON.stringify(bytes.slice(0, 200))}: ${answer.text}`);
  return answer;
}

before(async () => {
  database = createDatabase('http_attack');
  key = newKey(database);
  foreignKey = newKey(database, tenantB);
  gateway = await startGateway({ database, flags: ['--header-timeout', '2', '--request-timeout', '4', '--idle-timeout', '3', '--max-connections', '80', '--body-limit', '64K'] });
  for (const own of [key, foreignKey]) assert.equal((await curl('POST', `${gateway.url}/api-erp-sync/sync`, { key: own, body: seedBody })).json.data.summary.created, 3);
  await curl('PUT', `${gateway.url}/api-jobs/sync`, { key: foreignKey, body: job('B-ONLY') });
  await curl('PUT', `${gateway.url}/api-operations/sync`, { key: foreignKey, body: record('O1', { operation_name: 'x', part_external_id: 'P1', cell_name: 'Saw' }) });
  await curl('PUT', `${gateway.url}/api-resources/sync`, { key: foreignKey, body: record('R1', { name: 'x', type: 'mold' }) });
  foreign = Object.fromEntries(entities.map((name) => [name, sql(database, `SELECT id FROM ${name} WHERE tenant_id = '${tenantB}' LIMIT 1`)]));
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
      assert.equal((await curl('DELETE', `${gateway.url}/api-${entity}?id=${foreign[entity]}${query}`, { key })).status, 404);
    for (const query of ['', '&include_deleted=true'])
      assert.equal((await curl('GET', `${gateway.url}/api-${entity}?id=${foreign[entity]}${query}`, { key })).status, 404);
  }
  assert.equal((await curl('DELETE', `${gateway.url}/api-jobs?external_id=B-ONLY&external_source=SAP`, { key })).status, 404);
});

test('references to another tenant are unknown', async () => {
  const tries = [['parts', { part_number: '9', job_id: foreign.jobs }], ['parts', { part_number: '9', job_external_id: 'J1', parent_part_id: foreign.parts }],
    ['operations', { operation_name: '9', cell_name: 'Saw', part_id: foreign.parts }], ['operations', { operation_name: '9', part_external_id: 'P1', cell_id: foreign.cells }]];
  for (const [entity, members] of tries) {
    assert.equal((await curl('PUT', `${gateway.url}/api-${entity}/sync`, { key, body: record('X', members) })).status, 409);
    const bulk = await curl('POST', `${gateway.url}/api-${entity}/bulk-sync`, { key, body: [record('X', members)] });
    assert.equal(bulk.json.data.results[0].code, 'FK_CONSTRAINT');
    for (const call of ['sync', 'diff'])
      assert.equal((await curl('POST', `${gateway.url}/api-erp-sync/${call}`, { key, body: { [entity]: [record('X', members)] } })).json.data.entities[entity].results[0].code, 'FK_CONSTRAINT');
  }
});

test('records, parameters and options choose no tenant', async () => {
  const own = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: job('T', { tenant_id: tenantB, id: foreign.jobs }) });
  assert.equal(own.status, 201);
  assert.equal(count(database, 'jobs', `external_id = 'T' AND tenant_id = '${tenantA}'`), 1);
  assert.equal((await curl('GET', `${gateway.url}/api-jobs?tenant_id=${tenantB}`, { key })).status, 400);
  assert.equal((await curl('POST', `${gateway.url}/rpc/api-jobs-list`, { key, body: { tenant_id: tenantB } })).status, 404);
  assert.equal((await curl('POST', `${gateway.url}/api-jobs/bulk-sync`, { key, body: { items: [job('T2')], options: { tenant_id: tenantB } } })).status, 400);
});

test('forged headers choose neither tenant, role nor schema', async () => {
  const headers = { 'X-Eryxon-Tenant-Id': tenantB, 'X-Eryxon-Tenant': tenantB, 'X-Eryxon-Role': 'postgres', 'X-Eryxon-User': tenantB, 'X-Tenant-Id': tenantB,
    'Accept-Profile': 'eryxon', 'Content-Profile': 'eryxon', Role: 'postgres', 'request.jwt.claims': JSON.stringify(claims({ tenant_id: tenantB })),
    'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-User': 'postgres', Prefer: 'tx=rollback', 'X-HTTP-Method-Override': 'DELETE', Cookie: `tenant_id=${tenantB}` };
  const list = await curl('GET', `${gateway.url}/api-jobs`, { key, headers });
  assert.equal(list.status, 200, list.body);
  assert.ok(!list.body.includes('B-ONLY'));
  assert.ok(list.json.data.jobs.every((row) => row.tenant_id === undefined || row.tenant_id === tenantA));
  assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { headers })).status, 401);
  const sync = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, headers, body: job('FORGED') });
  assert.equal(sync.status, 201);
  assert.equal(count(database, 'jobs', `external_id = 'FORGED' AND tenant_id = '${tenantA}'`), 1);
  assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { bearer: hmacToken(), headers: { 'x-api-key': '', ...headers } })).status === 500, false);
});

test('a credential that is sent twice is not chosen from', async () => {
  for (const [first, second] of [[key, foreignKey], [foreignKey, key]]) {
    const answer = await exchange(gateway.port, message('GET', '/api-jobs', { 'X-Api-Key': `${first}\r\nX-Api-Key: ${second}`, 'Content-Length': undefined }));
    assert.ok([400, 401].includes(answer.statuses[0]), answer.text);
  }
  const tokens = `Bearer ${hmacToken()}\r\nAuthorization: Bearer ${hmacToken(claims({ tenant_id: tenantB }))}`;
  const answer = await exchange(gateway.port, message('GET', '/api-jobs', { 'X-Api-Key': undefined, 'Content-Length': undefined, Authorization: tokens }));
  assert.ok([400, 401].includes(answer.statuses[0]), answer.text);
});

test('nothing that a client sends becomes a header or a log line', async () => {
  const lines = ['%0d%0aSet-Cookie:%20x=1', '%0aeryxon-gateway:%20listening', '\u0085injected', '%00', '"quoted" level=error', '\\x0a', '%1b[31mred'];
  for (const text of lines) {
    for (const path of [`/api-jobs?search=${text.replaceAll(' ', '%20')}`, `/${text.replaceAll(' ', '%20')}`, `/rpc/${text.replaceAll(' ', '%20')}`]) {
      const answer = await exchange(gateway.port, Buffer.from(message('GET', path, { 'User-Agent': text, Referer: text, 'X-Request-Id': text, 'Content-Length': undefined }), 'utf8'));
      assert.ok(answer.statuses[0] >= 200 && answer.statuses[0] < 500, answer.text);
      assert.doesNotMatch(answer.text.split('\r\n\r\n')[0], /set-cookie|injected/i);
    }
  }
  const injected = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: record('I\r\nSet-Cookie: x=1', { job_number: 'line\r\nfeed' }) });
  assert.equal(injected.headers['set-cookie'], undefined);
  assert.ok(injected.status < 500);
});

test('header lines that are malformed are refused', async () => {
  for (const line of ['Bad Header: x', 'X-A : x', 'X-A: a\x00b', 'X-A: a\rb', 'no colon', ': empty', 'X-\x01: x'])
    await one(`GET /healthz HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`, 400);
  await one('GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\r\n folded\r\n\r\n', 200, 400);
  await one('GET /healthz HTTP/1.1\r\n X-A: a\r\nHost: x\r\n\r\n', 200, 400);
});

test('a request has one Host', async () => {
  await one('GET /healthz HTTP/1.1\r\n\r\n', 400);
  await one('GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400);
});

test('request lines that are malformed are refused', async () => {
  for (const line of ['GET', 'GET /healthz', 'GET  /healthz HTTP/1.1', 'GET /healthz HTTP/1.1 x', 'GET /heal thz HTTP/1.1', 'GET /healthz HTTP/9.9', 'GET /healthz HTTP/x',
    'GET healthz HTTP/1.1', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'PRI * HTTP/2.0', 'G\x00T /healthz HTTP/1.1', 'GET /\x00 HTTP/1.1', 'GET /\xff HTTP/1.1'])
    await one(`${line}\r\nHost: x\r\n\r\n`, 400, 404, 405, 501, 505);
  for (const [method, path] of [['TRACE', '/'], ['CONNECT', 'x:80'], ['OPTIONS', '*'], ['get', '/healthz'], ['WOMBAT', '/api-jobs'], ['PROPFIND', '/api-jobs']])
    await one(`${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, 400, 404, 405, 501);
});

test('long lines, many headers and long paths are refused', async () => {
  await one(message('GET', '/healthz', { 'X-Long': 'x'.repeat(1 << 20), 'Content-Length': undefined }), 400, 431);
  await one(message('GET', `/${'x'.repeat(1 << 20)}`, { 'Content-Length': undefined }), 400, 414, 431);
  await one(`GET /healthz HTTP/1.1\r\nHost: x\r\n${'X-A: x\r\n'.repeat(50000)}\r\n`, 400, 431);
});

test('ambiguous lengths are refused, and no second request is found in a body', async () => {
  const inner = message('GET', '/healthz', { 'Content-Length': undefined }), problems = [];
  const heads = ['Content-Length: 5\r\nContent-Length: 6', 'Content-Length: 5, 6', 'Content-Length: +5', 'Content-Length: -5', 'Content-Length: 0x5', 'Content-Length: 5e0',
    'Content-Length: 99999999999999999999', 'Content-Length: ', 'Transfer-Encoding: xchunked', 'Transfer-Encoding: chunked, identity', 'Transfer-Encoding: identity',
    'Transfer-Encoding : chunked', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 5', 'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: \x0bchunked', 'Content-Length: 5\r\nTransfer-Encoding: identity'];
  for (const head of heads) {
    const answer = await exchange(gateway.port, `POST /rpc/api-jobs-list HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${key}\r\n${head}\r\n\r\n0\r\n\r\n${inner}`);
    if (answer.statuses.length !== 1 || ![400, 411, 413, 501].includes(answer.statuses[0])) problems.push(`${head}: ${answer.statuses}`);
  }
  assert.deepEqual(problems, []);
});

test('pipelined requests are answered in order', async () => {
  const text = [message('GET', '/healthz', { 'Content-Length': undefined }), message('PUT', '/api-jobs/sync', {}, JSON.stringify(job('PIPE'))),
    message('GET', '/nowhere', { 'Content-Length': undefined }), message('GET', '/healthz', { 'Content-Length': undefined })].join('');
  assert.deepEqual((await exchange(gateway.port, text, 1000)).statuses, [200, 201, 404, 200]);
});

test('chunked bodies', async () => {
  const body = JSON.stringify(job('CHUNKED')), half = body.length >> 1;
  const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const head = message('PUT', '/api-jobs/sync', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' });
  await one(`${head}${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`, 201);
  await one(`${head}${chunk(body).replace('\r\n', ';name=value\r\n')}0\r\nX-Trailer: x\r\n\r\n`, 200, 400);
  for (const bad of ['x\r\n', '-1\r\n', 'ffffffffffffffffff\r\n', '5\r\nabcdefgh\r\n', '\r\n\r\n']) await one(`${head}${bad}0\r\n\r\n`, 400, 413);
  await one(head + chunk('x'.repeat(60000)) + chunk('x'.repeat(60000)), 413);
  await one(head + '1\r\n \r\n'.repeat(70000), 413);
});

test('a body that is announced too long is refused before it comes', async () => {
  const answer = await one(message('PUT', '/api-jobs/sync', { 'Content-Length': 1 << 30 }), 413);
  assert.ok(answer.closed || /connection: close/i.test(answer.text), answer.text);
  await one(message('PUT', '/api-jobs/sync', { 'Content-Length': 1 << 30, Expect: '100-continue' }), 413);
});

test('paths lead nowhere else', async () => {
  for (const path of ['/api-jobs/../healthz', '//healthz', '/healthz/', '/rpc/../healthz', '/rpc/', '/rpc', '/rpc/pg_sleep', '/rpc/api-jobs-sync', '/rpc/api-jobs-sync/x', '/rpc/eryxon_api.api-jobs-list',
    '/rpc/api-jobs-list%00', '/rpc/api-jobs-list%22();SELECT%201;--', '/api-jobs%2fsync', '/api-JOBS', '/api-', '/api-jobs;/sync', '/api-jobs--/sync', `/api-${'x'.repeat(5000)}`,
    '/%2e%2e/%2e%2e/etc/passwd', '/..%5c', '/.env', '/?id=1', '/api-pg_sleep', '/%']) {
    const answer = await one(message('GET', path, { 'Content-Length': undefined }), 400, 404, 405, 414);
    assert.match(answer.text, /NOT_FOUND|BAD_REQUEST|METHOD_NOT_ALLOWED|PGRST|"code"/);
  }
});

test('SQL in every place is only text', async () => {
  const text = "'; DROP TABLE jobs; --";
  for (const name of ['external_id', 'external_source', 'status', 'search', 'sort', 'order', 'updated_since', 'include_deleted', 'limit', 'offset', 'id'])
    assert.ok((await curl('GET', `${gateway.url}/api-jobs?${name}=${encodeURIComponent(text)}`, { key })).status <= 422);
  assert.equal((await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: job(text.replace('; ', ';'), { [text]: text, customer: text }) })).status, 201);
  assert.ok(count(database, 'jobs') > 0);
});

test('other content than JSON', async () => {
  const answer = await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: 'a,b\n1,2\n', headers: { 'Content-Type': 'text/csv' } });
  assert.ok([400, 415].includes(answer.status), answer.body);
  for (const body of ['\u0000', '{"external_id":"a\\u0000"}', `${'['.repeat(5000)}`, `${'{"a":'.repeat(5000)}`, '\ufeff{}', 'NaN', "{'a':1}", `{"a":${'9'.repeat(5000)}}`])
    assert.ok([400, 422].includes((await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body })).status), body.slice(0, 30));
  const broken = Buffer.concat([Buffer.from('{"external_id":"'), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('","external_source":"SAP"}')]);
  assert.equal((await curl('PUT', `${gateway.url}/api-jobs/sync`, { key, body: broken })).status, 400);
});

// Slow clients are cut off in time and keep nobody else waiting.
test('slow headers and slow bodies', async () => {
  const slow = Array.from({ length: 40 }, (_, n) => {
    const line = open(gateway.port), begin = Date.now();
    line.socket.write(n % 2 ? 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ' : `PUT /api-jobs/sync HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${key}\r\nContent-Length: 1000\r\n\r\n{`);
    const timer = setInterval(() => line.socket.writable && line.socket.write(' '), 100);
    line.took = line.end.then(() => { clearInterval(timer); return (Date.now() - begin) / 1000; });
    return line;
  });
  for (let n = 0; n < 5; n++) {
    const begin = Date.now();
    assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { key })).status, 200);
    assert.ok(Date.now() - begin < 3000, 'an honest client waits');
  }
  for (const [n, line] of slow.entries()) {
    const limit = n % 2 ? 2 : 4, took = await Promise.race([line.took, new Promise((resolve) => setTimeout(resolve, 12000, Infinity))]);
    assert.ok(took > limit - 1 && took < limit + 5, `connection ${n} was open for ${took} s`);
    assert.ok(['', '408'].includes(statuses(line.received).join()), line.received);
  }
  assert.ok(slow.some((line) => line.received.includes(' 408 ')), 'none got 408');
});

test('idle connections are closed, and too many are not served', async () => {
  const lines = Array.from({ length: 120 }, () => open(gateway.port));
  await until('some connections are closed', () => lines.some((line) => line.closed), 10);
  await Promise.race([Promise.all(lines.map((line) => line.end)), new Promise((resolve) => setTimeout(resolve, 10000))]);
  assert.equal(lines.filter((line) => !line.closed).length, 0, 'idle connections stay open');
  assert.equal((await curl('GET', `${gateway.url}/api-jobs`, { key })).status, 200);
});

test('connections that break off leave the gateway well', async () => {
  for (let n = 0; n < 60; n++) {
    const line = open(gateway.port);
    line.socket.write(message('POST', '/api-jobs/bulk-sync', {}, JSON.stringify([job(`GONE${n}`)])).slice(0, n % 3 === 0 ? 40 : undefined));
    if (n % 2) line.socket.resetAndDestroy?.();
    else line.socket.end();
    if (n % 10 === 0) await quiet(line, 50, 300);
  }
  await until('the gateway answers', async () => (await curl('GET', `${gateway.url}/api-jobs`, { key })).status === 200);
});
