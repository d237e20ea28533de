// What a webhook must not reach, and whom it must not believe. The other tenant's calls go on meanwhile.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startWithNeighbour } from './lib/gateway.mjs';
import { startReceiver } from './lib/receiver.mjs';
import { attempted, createHookDatabase, emit, newHook, startRelay } from './lib/relay.mjs';
import { sql } from './lib/shop.mjs';

const folder = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'safety-'));
let database, gateway;

before(async () => {
    database = createHookDatabase('http_relay_safety');
    gateway = await startWithNeighbour({ database });
});
after(() => gateway.stop());

// The first attempt at this URL by a relay with these flags.
async function attemptAt(url, flags) {
    sql(database, 'DELETE FROM eryxon.webhook');
    const hook = newHook(database, url, { retry_seconds: [0] });
    const relay = await startRelay({ database, flags });
    emit(database);
    const [attempt] = await attempted(database, hook);
    await relay.stop();
    return attempt;
}

test('hosts that lead inside are refused', async () => {
    const receiver = await startReceiver();
    sql(database, 'DELETE FROM eryxon.webhook');
    const disguised = ['2130706433', '0x7f000001', '0x7f.1', '127.1', '017700000001', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]'];
    const plain = ['127.0.0.1', 'localhost', '[::1]', '10.0.0.1', '192.168.0.1', '0.0.0.0', '[fe80::1]', '224.0.0.1'];
    const metadata = ['169.254.169.254', '[fd00:ec2::254]'];
    const hooks = [...disguised, ...plain, ...metadata].map((host) =>
        newHook(database, `http://${host}:${receiver.port}/`, { retry_seconds: [0] }),
    );
    const relay = await startRelay({ database, flags: ['--allow-http'] });
    emit(database);
    for (const hook of hooks) {
        const [attempt] = await attempted(database, hook);
        assert.match(attempt.error ?? `status ${attempt.status}`, /^address [0-9a-f:.]+ is not allowed \([a-z-]+\)$/);
    }
    assert.equal(receiver.connections, 0);
    await relay.stop();
    await receiver.stop();
});

test('only what the allow list names is reached', async () => {
    const receiver = await startReceiver();
    const url = `http://127.0.0.1:${receiver.port}/`;
    assert.match((await attemptAt(url, ['--allow-http', '--allow-address', '10.0.0.0/8'])).error, /not allowed/);
    assert.match((await attemptAt(url, ['--allow-http', '--allow-address', '::1'])).error, /not allowed/);
    assert.match((await attemptAt(url, ['--allow-address', '127.0.0.0/8'])).error, /Protocol .* not supported or disabled/);
    assert.equal(receiver.connections, 0);
    assert.equal((await attemptAt(url, ['--allow-http', '--allow-address', '127.0.0.1'])).status, 204);
    await receiver.stop();
});

// A certificate for localhost that signs itself.
function makeCertificate() {
    const key = join(folder, 'key.pem'),
        cert = join(folder, 'cert.pem');
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject], { stdio: 'pipe' });
    return { file: cert, tls: { key: readFileSync(key), cert: readFileSync(cert) } };
}

test('only certificates that are trusted and fit', async () => {
    const { file, tls } = makeCertificate();
    const receiver = await startReceiver(undefined, tls);
    const allow = ['--allow-address', '127.0.0.0/8', '--allow-address', '::1'];
    const byName = `https://localhost:${receiver.port}/`;
    assert.match((await attemptAt(byName, allow)).error, /certificate/i);
    assert.match((await attemptAt(receiver.url, [...allow, '--ca-file', file])).error, /certificate|does not match/i);
    assert.equal(receiver.requests.length, 0);
    assert.equal((await attemptAt(byName, [...allow, '--ca-file', file])).status, 204);
    assert.equal(receiver.requests.length, 1);
    await receiver.stop();
});

// The command that makes the network of lib/rebinding.mjs; undefined where the system does not let us.
function ownNetwork() {
    const resolver = join(folder, 'resolv.conf');
    writeFileSync(resolver, 'nameserver 127.0.0.1\n');
    const set =
        'ip link set lo up && ip address add 93.184.216.34/32 dev lo && mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const own = process.getuid() === 0 ? [] : ['--map-root-user'];
    const command = [...own, '--net', '--mount', 'bash', '-c', set, resolver];
    return spawnSync('unshare', [...command, 'true']).status === 0 ? command : undefined;
}

// What lib/rebinding.mjs prints.
async function runRebinding(command) {
    const script = fileURLToPath(new URL('lib/rebinding.mjs', import.meta.url));
    const child = spawn('unshare', [...command, process.execPath, script, database], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
    });
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0);
    return JSON.parse(output);
}

test('names that move to a private address between two look-ups', { timeout: 180000 }, async (t) => {
    const command = ownNetwork();
    if (!command) return t.skip('no network of our own here');
    sql(database, 'DELETE FROM eryxon.webhook');
    const seen = await runRebinding(command);
    const refusal = 'address 127.0.0.1 is not allowed (loopback)';
    assert.deepEqual([...new Set(seen.turning)].sort(), [200, refusal].sort());
    assert.ok(seen.queries >= 4, `${seen.queries} look-ups`);
    assert.ok(seen.private.all > 0 && seen.private.refused === seen.private.all);
    assert.deepEqual([...new Set(seen.both)], [200]);
    assert.ok(seen.silent.every((end) => /timed out/.test(end)), seen.silent.join('; '));
    assert.ok(seen.longest < 1500, `others waited ${seen.longest} ms for a name server that does not answer`);
    assert.ok(seen.outside > 0);
    assert.equal(seen.touched, 0);
});
