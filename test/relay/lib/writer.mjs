// One writer: a psql session that changes jobs in transactions, some of them given up, and begins where it was after a restart.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { lostServer, pause, sqlInTheEnd } from './database.mjs';
import { randomFrom } from './random.mjs';

const bulkSize = 100;
const singleShare = 0.9; // of transactions
const rollbackShare = 0.1;
export const rolledBack = 999999999; // the priority that nobody must be told of

export class Writer {
    reconnects = 0;

    // `events` to make, `rate` of them in a second (0: no limit); jobs 1 to `own` are its own, 1 to `shared` everybody's.
    constructor(number, { events, rate, own, shared, seed }) {
        Object.assign(this, { number, left: events, rate, own, shared, next: 1, step: 0 });
        this.random = randomFrom(seed + number);
    }

    async run() {
        const begin = performance.now();
        const all = this.left;
        while (this.left > 0) {
            const { text, events } = this.#plan();
            await this.#commit(text);
            this.left -= events;
            const due = this.rate && (all - this.left) / this.rate - (performance.now() - begin) / 1000;
            if (due > 0) await pause(due);
        }
        this.psql?.stdin.end('\\q\n');
    }

    // The next transaction, and how many events it makes.
    #plan() {
        ++this.step;
        const { number, step } = this;
        if (this.random() < singleShare)
            return { text: this.#end(`CALL write_single(${number}, ${step}, ${1 + Math.floor(this.random() * this.shared)});`), events: 1 };
        const size = Math.min(bulkSize, this.left, this.own);
        if (this.next + size - 1 > this.own) this.next = 1;
        const range = `${number}, ${step}, ${this.next}, ${this.next + size - 1}`;
        this.next += size;
        return { text: this.#end(`CALL write_bulk(${range});`, `CALL write_bulk(${range}, ${rolledBack});`), events: size };
    }

    // The transaction; sometimes it is tried first and given up.
    #end(work, wrong = work) {
        const first = this.random() < rollbackShare ? `BEGIN; ${wrong} ROLLBACK; ` : '';
        return `${first}BEGIN; ${work} COMMIT;`;
    }

    // Commits a transaction once: where the session is lost under way, what is committed tells whether to do it again.
    async #commit(text) {
        for (;;) {
            if (await this.#send(`${text}\n\\echo done ${this.step}\n`, `done ${this.step}`)) return;
            ++this.reconnects;
            const done = await sqlInTheEnd(`SELECT count(*) FROM written WHERE writer = ${this.number} AND step = ${this.step}`);
            if (done === '1') return;
        }
    }

    // Sends text to psql and waits for a line; false if the session ended before. An error of SQL is a failure of the test.
    #send(text, line) {
        const psql = (this.psql ??= this.#connect());
        return new Promise((resolve, reject) => {
            psql.ended = (code) => {
                this.psql = undefined;
                if (lostServer(psql.errors)) resolve(false);
                else reject(new Error(`writer ${this.number}: psql ended with ${code}: ${psql.errors}`));
            };
            psql.seen = (found) => found === line && resolve(true);
            psql.stdin.write(text);
        });
    }

    #connect() {
        const psql = spawn('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1'], { stdio: ['pipe', 'pipe', 'pipe'] });
        psql.errors = '';
        psql.stderr.on('data', (data) => (psql.errors += data));
        psql.stdin.on('error', () => {}); // its end is told by 'close'
        createInterface({ input: psql.stdout }).on('line', (line) => psql.seen?.(line));
        psql.on('close', (code) => psql.ended?.(code));
        return psql;
    }
}
