// The data of one tenant in the stand-in gateway, with a month of history to look at.
import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

const DAY = 86400000;

// Numbers that are the same in every run.
function numbers(seed) {
    let state = seed;
    return (most) => {
        state = (state * 48271) % 2147483647;
        return state % (most + 1);
    };
}

const feeds = [
    ['jobs', 'SAP', 120, 0.04],
    ['parts', 'SAP', 340, 0.02],
    ['operations', 'SAP', 900, 0.015],
    ['cells', 'NetSuite', 8, 0],
];

const unknownJob = { reason: 'unknown_external_id', entity: 'job', external_id: 'SO-9999', source: 'SAP' };

function historyOf(feed, daysAgo, next) {
    const [entity, source, size, fault] = feed;
    const total = Math.max(1, Math.round(size * (0.6 + next(80) / 100)));
    const errors = next(99) < 30 ? Math.round(total * fault) : 0;
    const created = Math.round((total - errors) * (next(40) / 100));
    const updated = Math.round((total - errors - created) * (next(50) / 100));
    const started = new Date(Date.now() - daysAgo * DAY - next(3600) * 1000);
    const details = Array.from({ length: errors }, (_, i) => ({
        index: i * 3,
        external_id: `SO-${7000 + i}`,
        code: i % 3 ? 'FK_CONSTRAINT' : 'DATE_FORMAT',
        path: i % 3 ? 'job_external_id' : 'due_date',
        message: i % 3 ? 'no live job has external_id "SO-9999" of source "SAP"' : 'invalid date "31-02-2027"',
        params: i % 3 ? unknownJob : { reason: 'invalid_date', value: '31-02-2027' },
    }));
    return {
        id: randomUUID(),
        entity,
        operation: 'upsert',
        source,
        status: errors ? 'partial' : 'completed',
        total,
        done: total,
        lines: null,
        created,
        updated,
        restored: 0,
        skipped: total - errors - created - updated,
        deleted: 0,
        errors,
        error_details: details,
        started_at: started.toISOString(),
        finished_at: new Date(started.getTime() + 900 + next(2000)).toISOString(),
    };
}

function history() {
    const next = numbers(20261127);
    const runs = [];
    for (let daysAgo = 0; daysAgo < 60; daysAgo++) {
        const weekend = [0, 6].includes(new Date(Date.now() - daysAgo * DAY).getDay());
        if (weekend) continue;
        for (const feed of feeds)
            if (feed[0] !== 'cells' || daysAgo % 7 === 1) runs.push(historyOf(feed, daysAgo, next));
    }
    return runs.sort((a, b) => b.started_at.localeCompare(a.started_at));
}

export class Shop extends EventEmitter {
    constructor(withHistory) {
        super();
        this.tenant = randomUUID();
        this.tables = new Map();
        this.runs = withHistory ? history() : [];
        this.rejected = new Map();
        this.mappings = [];
        this.keys = [];
        this.webhooks = [];
        this.deliveries = [];
    }

    rows(entity) {
        if (!this.tables.has(entity)) this.tables.set(entity, new Map());
        return this.tables.get(entity);
    }

    // Tells the followers of a run.
    changed(run) {
        this.emit(run.id, run);
    }

    sources() {
        return [...new Set(this.runs.map((run) => run.source).filter(Boolean))].sort();
    }

    statistics(days) {
        const since = new Date(Date.now() - days * DAY).toISOString();
        const runs = this.runs.filter((run) => run.started_at >= since && run.finished_at);
        return {
            days: this.#days(runs),
            top_errors: this.#topErrors(runs),
            last_success: this.#lastSuccess(),
            deliveries: {
                open: this.deliveries.filter((one) => one.status === 'pending').length,
                dead: this.deliveries.filter((one) => one.status === 'dead').length,
            },
        };
    }

    #days(runs) {
        const sums = new Map();
        for (const run of runs) {
            const [day] = run.started_at.split('T');
            const key = [day, run.entity, run.source].join('\n');
            const sum = sums.get(key) ?? {
                day,
                entity: run.entity,
                source: run.source,
                runs: 0,
                created: 0,
                updated: 0,
                restored: 0,
                skipped: 0,
                deleted: 0,
                errors: 0,
            };
            sum.runs++;
            for (const name of ['created', 'updated', 'restored', 'skipped', 'deleted', 'errors'])
                sum[name] += run[name];
            sums.set(key, sum);
        }
        return [...sums.values()];
    }

    #topErrors(runs) {
        const sums = new Map();
        for (const run of runs)
            for (const one of run.error_details) {
                const kind = one.message.replace(/"[^"]*"|\d+/g, '');
                const key = [one.code, run.entity, run.source, one.path, kind].join('\n');
                const sum = sums.get(key) ?? {
                    code: one.code,
                    entity: run.entity,
                    source: run.source,
                    path: one.path,
                    count: 0,
                    runs: 0,
                    run_id: run.id,
                    last_seen: run.started_at,
                    example: one.message,
                    params: one.params,
                };
                sum.count++;
                if (sum.seen !== run.id) sum.runs++;
                sum.seen = run.id;
                sums.set(key, sum);
            }
        return [...sums.values()].sort((a, b) => b.count - a.count).slice(0, 10);
    }

    #lastSuccess() {
        const last = new Map();
        for (const run of this.runs)
            if (run.status === 'completed') {
                const key = `${run.entity}\n${run.source}`;
                if (!last.has(key))
                    last.set(key, { entity: run.entity, source: run.source, finished_at: run.finished_at });
            }
        return [...last.values()];
    }
}

export const secret = (prefix) => prefix + randomBytes(32).toString('base64url');
