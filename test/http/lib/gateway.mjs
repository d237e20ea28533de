// A gateway for a test: started on a free port, stopped gracefully, and its messages searched for what must not be there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNeighbour } from './neighbour.mjs';
import { root, until } from './shop.mjs';

export const jwtSecret = 'never-write-this-jwt-secret-anywhere-0123456789';
export const password = process.env.ERYXON_TEST_PASSWORD ?? 'never-write-this-password';
export const binary = process.env.ERYXON_GATEWAY ?? join(root, 'build/sanitized/src/gateway/eryxon-gateway');
const folder = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'gateway-'));
const children = new Set();
let started = 0;

process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

// What a sanitizer prints, and what a crash leaves.
const alarms =
    /AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|terminate called|Segmentation|core dumped/;

// The URI of a database for the gateway.
export const databaseUri = (database, host = process.env.PGHOST) =>
    `postgresql://authenticator:${password}@/${database}?host=${encodeURIComponent(host)}`;

// Environment of a gateway: only what a test gives, so that the caller's own settings do not count.
function environment(given) {
    return {
        PATH: process.env.PATH,
        ASAN_OPTIONS: 'abort_on_error=0:exitcode=99',
        UBSAN_OPTIONS: 'print_stacktrace=1',
        ERYXON_JWT_SECRET: jwtSecret,
        ...given,
    };
}

// Starts the program with these arguments, its messages in a file, or in a pipe that the test reads. A test that fails does not wait for it, and leaves none behind.
export function startProgram(args, env, messages = undefined) {
    const log = join(folder, `${++started}.log`);
    const file = openSync(log, 'w');
    const child = spawn(binary, args, { env: environment(env), stdio: ['ignore', file, messages ?? file] });
    closeSync(file);
    child.unref();
    children.add(child);
    return new Gateway(child, log);
}

// Starts `eryxon-gateway serve` and waits until it listens.
export async function startGateway({ database, host, flags = [], env = {}, uri = databaseUri(database, host) }) {
    const gateway = startProgram(['serve', '--listen', '127.0.0.1:0', ...flags], { ERYXON_DB_URI: uri, ...env });
    await until('the gateway listens', () => {
        assert.ok(!gateway.ended, `the gateway ended:\n${gateway.log()}`);
        gateway.port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.log())?.[1] ?? 0);
        return gateway.port;
    });
    gateway.url = `http://127.0.0.1:${gateway.port}`;
    return gateway;
}

// The same with a second tenant beside, who is looked at when the gateway is stopped; options of both.
export async function startWithNeighbour(options) {
    const gateway = await startGateway(options);
    gateway.neighbour = await startNeighbour(gateway, options.database, options);
    return gateway;
}

class Gateway {
    constructor(child, logFile) {
        this.process = child;
        this.logFile = logFile;
        this.ended = false;
        this.exit = new Promise((resolve) =>
            child.on('exit', (code, signal) => {
                this.ended = true;
                resolve(code ?? signal);
            }),
        );
    }

    // All that the gateway printed so far.
    log() {
        return readFileSync(this.logFile, 'utf8');
    }

    // Stops it as an operator does; it must end well, and its messages hold no alarm.
    async stop() {
        await this.neighbour?.unharmed();
        this.process.kill('SIGTERM');
        const timer = setTimeout(() => this.process.kill('SIGKILL'), 30000);
        const code = await this.exit;
        clearTimeout(timer);
        assert.doesNotMatch(this.log(), alarms);
        assert.equal(code, 0, `the gateway ended with ${code}:\n${this.log().slice(-2000)}`);
    }

    // No secret stands in the messages, and every line is well formed. Secrets are keys, tokens and what a test names.
    checkLog(secrets = []) {
        const text = this.log();
        for (const secret of [jwtSecret, password, ...secrets])
            assert.ok(!text.includes(secret), `the log holds a secret: ${secret.slice(0, 12)}…`);
        for (const line of text.split('\n').slice(0, -1))
            assert.ok(wellFormed(line), `odd line in the log: ${JSON.stringify(line)}`);
        assert.doesNotMatch(text, / msg=""/);
        assert.ok(text.endsWith('\n'));
    }
}

// A line of the log: a message, or fields whose values are quoted where a client could have written them.
function wellFormed(line) {
    return /^eryxon-gateway: [\x20-\x7e]+$/.test(line) || /^time=\S+ level=\w+( \w+=("(\\.|[^"\\])*"|[^\s"]*))*$/.test(line);
}

// Runs the program to its end and returns what it printed.
export async function runProgram(args, env = {}) {
    const child = spawn(binary, args, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'])
        child[name].setEncoding('utf8').on('data', (text) => {
            output[name] += text;
        });
    const timer = setTimeout(() => child.kill('SIGKILL'), 20000);
    const code = await new Promise((resolve) => child.on('close', resolve));
    clearTimeout(timer);
    assert.doesNotMatch(output.stderr, alarms);
    return { code, ...output, all: output.stdout + output.stderr };
}
