// What stands between a gateway and the server.
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

// A TCP port before the server's socket, which can be closed and opened again; the server's answers to new connections
// may be held up for some milliseconds.
export class Door {
    constructor() {
        this.delay = 0;
    }

    async open(port = 0) {
        this.lines = new Set();
        this.server = createServer((line) => {
            const inner = connect(join(process.env.PGHOST, '.s.PGSQL.5432'));
            for (const one of [line, inner]) {
                this.lines.add(one);
                one.on('error', () => {}).on('close', () => [line, inner].forEach((end) => end.destroy()));
            }
            line.pipe(inner);
            setTimeout(() => inner.pipe(line), this.delay);
        });
        await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
        this.port = this.server.address().port;
    }

    close() {
        this.server.close();
        for (const line of this.lines) line.destroy();
    }
}
