// nginx with the documented configuration in front of a server that speaks PostgREST's protocol.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { curl } from './curl.mjs';
import { root, until } from './shop.mjs';

const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
const documented = join(root, 'docs/deploy/nginx.conf');

// A TCP port that is free now.
async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

// Replaces a text that the documented configuration must contain.
function replace(text, old, by) {
    assert.ok(text.includes(old), `docs/deploy/nginx.conf has no ${old}`);
    return text.replaceAll(old, by);
}

// Writes a whole configuration around the documented one, with this run's ports and folder, and returns its file.
function configure(folder, listen, upstream, origin) {
    let text = readFileSync(documented, 'utf8');
    text = replace(text, '127.0.0.1:3000', `127.0.0.1:${upstream}`);
    text = replace(text, '127.0.0.1:3001', `127.0.0.1:${upstream}`);
    text = replace(text, '127.0.0.1:8080', `127.0.0.1:${listen}`);
    text = replace(text, '/var/log/nginx/', `${folder}/`);
    if (origin) text = replace(text, '# "https://app.example.com"', `"${origin}"`);
    writeFileSync(join(folder, 'eryxon.conf'), text);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join('\n');
    const user = process.getuid() === 0 ? 'user root;' : '';
    writeFileSync(
        join(folder, 'nginx.conf'),
        `${user} daemon off; pid ${folder}/pid; error_log ${folder}/error.log warn; worker_processes 1;
events { worker_connections 200; }
http { ${temporary}
include ${folder}/eryxon.conf; }\n`,
    );
    return join(folder, 'nginx.conf');
}

// Starts nginx before the port and waits until it answers. Pages of the origin, if there is one, may call.
export async function startNginx(upstream, origin) {
    assert.ok(program, 'nginx is not installed');
    const folder = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'nginx-'));
    const port = await freePort();
    const args = ['-p', folder, '-c', configure(folder, port, upstream, origin), '-e', join(folder, 'error.log')];
    execFileSync(program, ['-t', '-q', ...args], { stdio: 'pipe' });
    const child = spawn(program, args, { stdio: 'inherit' });
    const url = `http://127.0.0.1:${port}`;
    await until('nginx listens', () =>
        curl('GET', `${url}/healthz`).then(
            (answer) => answer.status === 200,
            () => false,
        ),
    );
    return {
        port,
        url,
        logs: () => ['error.log', 'eryxon.log'].map((name) => readFileSync(join(folder, name), 'utf8')).join(''),
        stop: async () => {
            const ended = new Promise((resolve) => child.on('exit', resolve));
            child.kill('SIGTERM');
            await ended;
        },
    };
}
