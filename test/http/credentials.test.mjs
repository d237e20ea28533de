// Who is let in: tokens and keys, good and bad, by curl; and that no answer or log line repeats them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { jwtSecret, runProgram, startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { count, createDatabase, job, newKey, revokeKey, tenantA, tenantB, until } from './lib/shop.mjs';
import { claims, hmacToken, keyPair, now, rsaKeys, rsaToken, signedToken, unsignedToken } from './lib/tokens.mjs';

let gateway, database, key, neighbour;
const sent = [];

// Asks for the list of jobs, and remembers what must not be logged.
async function list(options, from = gateway) {
    for (const credential of [options.key, options.bearer]) if (credential?.length > 20) sent.push(credential.slice(12));
    return curl('GET', `${from.url}/api-jobs`, options);
}

// The request is refused with 401 in the contract's shape, on the route and on /rpc.
async function refused(options, from = gateway) {
    const answer = await list(options, from);
    assert.equal(answer.status, 401, answer.body);
    assert.equal(answer.json.error.code, 'UNAUTHORIZED');
    assert.equal(answer.json.error.statusCode, 401);
    assert.match(answer.headers['www-authenticate'], /^Bearer/);
    for (const credential of [options.key, options.bearer])
        if (credential?.length > 20) assert.ok(!answer.body.includes(credential.slice(12)));
    const rpc = await curl('POST', `${from.url}/rpc/api-jobs-list`, { ...options, body: {} });
    assert.equal(rpc.status, 401, rpc.body);
}

before(async () => {
    database = createDatabase('http_credentials');
    key = newKey(database);
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog(sent);
});

test('good credentials', async () => {
    for (const options of [
        { key },
        { bearer: key },
        { key, bearer: key },
        { headers: { Authorization: `Basic ${Buffer.from(`erp:${key}`).toString('base64')}` } },
        { key, headers: { Authorization: '' } },
        { bearer: hmacToken(claims(), { header: { alg: 'HS256', typ: 'at+jwt' } }) },
        { bearer: hmacToken() },
        { key, bearer: hmacToken() },
        { key: newKey(database, tenantA, 'live => false') },
        { bearer: hmacToken(claims({ exp: undefined })) },
        { bearer: hmacToken(claims({ nbf: now() - 60, aud: 'anyone' })) },
        { headers: { Authorization: `bearer ${hmacToken()}` } },
        { bearer: hmacToken(claims({ tenant_id: undefined, app_metadata: { tenant_id: tenantA } })) },
    ]) {
        const answer = await list(options);
        assert.equal(answer.status, 200, `${JSON.stringify(options)} ${answer.body}`);
    }
});

test('none', async () => {
    await refused({});
    await refused({ headers: { Authorization: '' } });
});

test('wrong keys', async () => {
    for (const wrong of [
        `${key}x`,
        key.slice(0, -1),
        key.slice(0, 12),
        'ery_live_',
        'x',
        `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`,
        "' OR 1=1 --",
    ])
        await refused({ key: wrong });
    await refused({ bearer: `${key}x` });
});

test('a revoked key', async () => {
    const revoked = newKey(database);
    assert.equal((await list({ key: revoked })).status, 200);
    revokeKey(database, revoked);
    await refused({ key: revoked });
    await refused({ bearer: revoked });
});

test('an expired key', async () => {
    const expired = newKey(database, tenantA, "expires_at => clock_timestamp() + interval '1 second'");
    await until('the key expires', async () => (await list({ key: expired })).status === 401);
    await refused({ key: expired });
});

test('two credentials of different tenants', async () => {
    const other = newKey(database, tenantB);
    await refused({ key: other, bearer: hmacToken() });
    await refused({ key: other, bearer: key });
    await refused({ key: 'ery_live_wrong', bearer: hmacToken() });
    await refused({ key, bearer: 'no.token.atall' });
});

test('expired, early and foreign tokens', async () => {
    await refused({ bearer: hmacToken(claims({ exp: now() - 120 })) });
    await refused({ bearer: hmacToken(claims({ nbf: now() + 3600 })) });
    await refused({ bearer: hmacToken(claims(), { secret: 'another secret of at least 32 bytes!' }) });
    await refused({ bearer: hmacToken(claims(), { secret: '' }) });
});

test('wrong algorithms', async () => {
    const { privateKey } = rsaKeys();
    await refused({ bearer: rsaToken(privateKey) });
    for (const [alg, hash] of [
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
        ['hs256', 'sha256'],
        ['', 'sha256'],
        ['HS256 ', 'sha256'],
    ])
        await refused({ bearer: hmacToken(claims(), { header: { alg, typ: 'JWT' }, hash }) });
    await refused({ bearer: hmacToken(claims(), { header: { typ: 'JWT' } }) });
});

test('alg none', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
        await refused({ bearer: unsignedToken(alg) });
        await refused({ bearer: unsignedToken(alg) + hmacToken().split('.')[2] });
        await refused({ bearer: hmacToken(claims(), { header: { alg, typ: 'JWT' } }) });
    }
});

test('tokens that are none', async () => {
    const [head, payload, signature] = hmacToken().split('.');
    for (const text of [
        'x',
        '.',
        '..',
        '...',
        `${head}.${payload}`,
        `${head}.${payload}.`,
        `${head}..${signature}`,
        `.${payload}.${signature}`,
        `${head}.${payload}.${signature}.`,
        `${head}.${payload}.${signature}x`,
        `${head}.${payload}.!!!`,
        'a'.repeat(5000),
        hmacToken('[]'),
        hmacToken('7'),
        hmacToken('{'),
        hmacToken('{"exp":"tomorrow","role":"eryxon_api"}'),
    ])
        await refused({ bearer: text });
    for (const scheme of ['Basic dXNlcjpwYXNz', 'Bearer', hmacToken()]) await refused({ headers: { Authorization: scheme } });
});

test('changed claims break the signature', async () => {
    const [head, , signature] = hmacToken().split('.');
    const payload = Buffer.from(JSON.stringify(claims({ tenant_id: tenantB }))).toString('base64url');
    await refused({ bearer: `${head}.${payload}.${signature}` });
});

test('roles that a token may not take', async () => {
    for (const role of [
        'postgres',
        'shop_clerk',
        'no_such_role',
        'none',
        '',
        'eryxon_api"; RESET ROLE; --',
        7,
        null,
        ['eryxon_api'],
    ]) {
        const answer = await list({ bearer: hmacToken(claims({ role })) });
        assert.ok(answer.status >= 400 && answer.status < 500, `${role}: ${answer.status} ${answer.body}`);
    }
    const member = await list({ bearer: hmacToken(claims({ role: 'authenticator' })) });
    assert.ok([401, 403].includes(member.status), member.body);
    for (const tenant of ['', 'x', 7, null, {}, ['x']]) {
        const answer = await list({ bearer: hmacToken(claims({ tenant_id: tenant })) });
        assert.ok(answer.status >= 400 && answer.status < 500, `${JSON.stringify(tenant)}: ${answer.status} ${answer.body}`);
    }
});

test('a token without role or tenant', async () => {
    await refused({ bearer: hmacToken(claims({ tenant_id: undefined })) });
    const answer = await list({ bearer: hmacToken(claims({ role: undefined })) });
    assert.ok([401, 403].includes(answer.status), answer.body);
});

test('a reader is forbidden to write', async () => {
    const reader = hmacToken(claims({ role: 'shop_reader' }));
    for (const [method, path, body] of [
        ['PUT', '/api-jobs/sync', job('X')],
        ['POST', '/api-jobs/bulk-sync', [job('X')]],
        ['POST', '/api-erp-sync/sync', { jobs: [job('X')] }],
    ]) {
        const answer = await curl(method, gateway.url + path, { body, bearer: reader });
        assert.equal(answer.status, 403, answer.body);
        assert.equal(answer.json.error.code, 'FORBIDDEN');
    }
    assert.equal(count(database, 'jobs'), 0);
});

test('the audience, where one is set', async () => {
    const strict = await startGateway({ database, flags: ['--jwt-audience', 'erp'] });
    assert.equal((await list({ bearer: hmacToken(claims({ aud: 'erp' })) }, strict)).status, 200);
    assert.equal((await list({ bearer: hmacToken(claims({ aud: ['x', 'erp'] })) }, strict)).status, 200);
    await refused({ bearer: hmacToken(claims({ aud: 'other' })) }, strict);
    await refused({ bearer: hmacToken() }, strict);
    assert.equal((await list({ key }, strict)).status, 200);
    await strict.stop();
});

test('RS256 with a public key', async () => {
    const { publicKey, privateKey } = rsaKeys(),
        other = rsaKeys();
    const file = join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'public.pem');
    writeFileSync(file, publicKey);
    const rsa = await startGateway({ database, flags: ['--jwt-public-key-file', file], env: { ERYXON_JWT_SECRET: '' } });
    assert.equal((await list({ bearer: rsaToken(privateKey) }, rsa)).status, 200);
    await refused({ bearer: rsaToken(other.privateKey) }, rsa);
    await refused({ bearer: rsaToken(privateKey, claims({ exp: now() - 120 })) }, rsa);
    await refused({ bearer: rsaToken(privateKey, claims(), 'HS256') }, rsa);
    await refused({ bearer: hmacToken() }, rsa);
    await refused({ bearer: hmacToken(claims(), { secret: publicKey }) }, rsa);
    await refused({ bearer: hmacToken(claims(), { secret: publicKey.trim() }) }, rsa);
    await refused({ bearer: unsignedToken('none') }, rsa);
    await rsa.stop();
});

test('the secret from a file', async () => {
    const file = join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'secret');
    writeFileSync(file, jwtSecret, { mode: 0o600 });
    const filed = await startGateway({ database, flags: ['--jwt-secret-file', file], env: { ERYXON_JWT_SECRET: '' } });
    assert.equal((await list({ bearer: hmacToken() }, filed)).status, 200);
    await filed.stop();
    const shown = await runProgram(['serve', '--check-config'], { ERYXON_JWT_SECRET: '', ERYXON_JWT_SECRET_FILE: file });
    assert.equal(shown.code, 0, shown.all);
    assert.ok(!shown.all.includes(jwtSecret));
});

test('without a credential the answer is 401, whatever else is wrong', async () => {
    for (const [method, path, body] of [
        ['GET', '/api-jobs?nothing=1'],
        ['GET', '/api-nothing'],
        ['PUT', '/api-jobs/sync', '{'],
        ['DELETE', '/api-jobs'],
        ['POST', '/rpc/no_such', '['],
        ['POST', '/rpc/api-jobs-sync', '{'],
    ])
        for (const headers of [{}, { Authorization: '' }, { Authorization: ' ', 'X-Api-Key': '' }]) {
            const answer = await curl(method, gateway.url + path, { headers, body });
            assert.equal(answer.status, 401, `${method} ${path}: ${answer.body}`);
            assert.equal(answer.headers['www-authenticate'], 'Bearer');
        }
});

test('keys of several kinds are changed without a restart and without a gap', async () => {
    const file = join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'keys.json');
    const write = (...keys) => writeFileSync(file, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
    const old = keyPair('ES256', 'old'),
        next = keyPair('EdDSA', 'next');
    write(old);
    const rotating = await startGateway({ database, flags: ['--jwt-public-key-file', file] });
    const status = async (token) => (await list({ bearer: token }, rotating)).status;
    const reload = async (message) => {
        const before = rotating.log().split(message).length;
        rotating.process.kill('SIGHUP');
        await until(message, () => rotating.log().split(message).length > before);
    };
    const [oldToken, nextToken] = [signedToken(old), signedToken(next, claims(), { typ: 'at+jwt' })];
    assert.deepEqual([await status(oldToken), await status(nextToken), await status(hmacToken())], [200, 401, 200]);
    let asking = true;
    const seen = (async () => {
        const statuses = new Set();
        while (asking) statuses.add(await status(oldToken));
        return statuses;
    })();
    write(old, next);
    await reload('the keys of tokens were read again');
    assert.deepEqual([await status(oldToken), await status(nextToken)], [200, 200]);
    writeFileSync(file, '{"keys": [');
    await reload('the keys of tokens stay as they were');
    assert.deepEqual([await status(oldToken), await status(nextToken)], [200, 200]);
    asking = false;
    assert.deepEqual([...(await seen)], [200]);
    write(next);
    await reload('the keys of tokens were read again');
    assert.deepEqual([await status(oldToken), await status(nextToken), await status(hmacToken())], [401, 200, 200]);
    await rotating.stop();
});

test('a refusal names its own cause', async () => {
    const pair = keyPair('ES256', 'one'),
        other = keyPair('ES256', 'two');
    const file = join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'one.json');
    writeFileSync(file, JSON.stringify(pair.jwk));
    const one = await startGateway({ database, flags: ['--jwt-public-key-file', file], env: { ERYXON_JWT_SECRET: '' } });
    const cause = async (token) => (await list({ bearer: token }, one)).json.error?.message;
    assert.equal(await cause(signedToken(pair)), undefined);
    assert.match(await cause(signedToken(other)), /\(kid\) is not known/);
    assert.match(await cause(signedToken({ ...other, kid: 'one' })), /signature is not valid/);
    assert.match(await cause(signedToken(pair, claims(), { typ: 'logout+jwt' })), /type \(typ\)/);
    assert.match(await cause(hmacToken(claims(), { secret: pair.pem })), /algorithm is not accepted/);
    assert.match(await cause(signedToken(pair, claims({ exp: 1000 }))), /has expired/);
    assert.match(await cause('a.b.c.d.e'), /Encrypted/);
    await one.stop();
});
