// Relays as processes of their own, that can be killed and started anew.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export class Relays {
    faults = []; // how relays ended that nobody had killed
    kills = 0;
    #relays = [];
    #turn = 0;

    constructor(binary, folder, flags) {
        this.binary = binary;
        this.folder = folder;
        this.flags = flags;
    }

    start(number) {
        for (let n = 1; n <= number; ++n) this.#relays.push(this.#spawn(`relay-${n}`));
    }

    // One that is started anew keeps its name.
    #spawn(name) {
        const log = openSync(`${this.folder}/${name}.log`, 'a');
        const uri = `postgresql://relay@/postgres?host=${encodeURIComponent(process.env.PGHOST)}`;
        const child = spawn(this.binary, ['relay', '--db-uri', uri, '--name', name, ...this.flags], {
            env: { PATH: process.env.PATH },
            stdio: ['ignore', log, log],
        });
        closeSync(log);
        const relay = { name, child, expected: undefined };
        relay.exit = new Promise((resolve) => {
            child.on('error', (error) => resolve(this.faults.push(`${name}: ${error.message}`)));
            child.on('exit', (code, signal) => {
                if ((signal ?? code) !== relay.expected) this.faults.push(`${name} ended with ${signal ?? code}`);
                resolve();
            });
        });
        return relay;
    }

    // Kills one of them, each in its turn, and starts it anew.
    async killNext() {
        const place = this.#turn++ % this.#relays.length;
        const relay = this.#relays[place];
        relay.expected = 'SIGKILL';
        relay.child.kill('SIGKILL');
        await relay.exit;
        ++this.kills;
        this.#relays[place] = this.#spawn(relay.name);
    }

    // Stops all of them as an operator does.
    async stop() {
        for (const relay of this.#relays) {
            relay.expected = 0;
            relay.child.kill('SIGTERM');
        }
        await Promise.all(this.#relays.map((relay) => relay.exit));
    }
}
