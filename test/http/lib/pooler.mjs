// PgBouncer between a gateway and the database.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from './shop.mjs';

// A TCP port that is free now.
async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

// Starts PgBouncer for one database: a mode such as transaction, and further lines of its configuration.
export async function startPooler(database, mode, further = []) {
    const folder = mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'pgbouncer-'));
    const port = await freePort();
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'users'), '"authenticator" ""\n"keeper" ""\n');
    writeFileSync(
        join(folder, 'pgbouncer.ini'),
        [
            '[databases]',
            `${database} = host=${process.env.PGHOST} dbname=${database}`,
            '[pgbouncer]',
            `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
            `auth_type = trust\nauth_file = ${folder}/users\nadmin_users = keeper`,
            `pool_mode = ${mode}`,
            ...further,
        ].join('\n'),
    );
    const user = process.getuid() === 0 ? ['-u', 'postgres'] : [];
    const log = join(folder, 'log');
    const child = spawn('/usr/sbin/pgbouncer', [...user, join(folder, 'pgbouncer.ini')], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => writeFileSync(log, text, { flag: 'a' }));
    const pooler = new Pooler(child, port, database, log);
    await until('PgBouncer listens', () => pooler.tryCommand('SHOW VERSION'));
    return pooler;
}

class Pooler {
    constructor(child, port, database, log) {
        Object.assign(this, { child, port, database, log });
        this.exit = new Promise((resolve) => child.on('exit', resolve));
    }

    // The URI of the database behind it.
    get uri() {
        return `postgresql://authenticator@127.0.0.1:${this.port}/${this.database}`;
    }

    // Runs psql through it, as the gateway's user or at the admin console.
    psql(user, database, statement) {
        const place = ['-h', '127.0.0.1', '-p', String(this.port), '-U', user, '-d', database];
        return execFileSync('psql', ['-XAtq', ...place, '-c', statement], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    }

    command(statement) {
        return this.psql('keeper', 'pgbouncer', statement);
    }

    tryCommand(statement) {
        try {
            return this.command(statement);
        } catch {
            return '';
        }
    }

    // What it printed.
    messages() {
        return readFileSync(this.log, 'utf8');
    }

    async stop() {
        this.child.kill('SIGINT');
        await this.exit;
    }
}
