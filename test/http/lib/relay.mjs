// Relays for a test, the webhooks they serve, and what the database says of the deliveries.
import assert from 'node:assert/strict';
import { startProgram } from './gateway.mjs';
import { startReceiver } from './receiver.mjs';
import { createDatabase, sql, tenantA, tenantB, until } from './shop.mjs';

// Proxies of the environment must not count: everything through this one would fail.
const proxies = Object.fromEntries(
    ['http_proxy', 'https_proxy', 'all_proxy', 'HTTPS_PROXY', 'ALL_PROXY'].map((name) => [name, 'http://127.0.0.1:9']),
);

export const relayUri = (database, host = process.env.PGHOST) =>
    `postgresql://eryxon_relay@/${database}?host=${encodeURIComponent(host)}`;

export const forTests = ['--allow-http', '--allow-address', '127.0.0.0/8'];

// Starts `eryxon-gateway relay` and waits until it has its connection.
export async function startRelay({ database, host, uri = relayUri(database, host), flags = forTests, env = {} }) {
    const relay = startProgram(['relay', ...flags], {
        ERYXON_DB_URI: uri,
        ERYXON_RELAY_POLL_INTERVAL: '1',
        ...proxies,
        ...env,
    });
    await until('the relay is connected', () => {
        assert.ok(!relay.ended, `the relay ended:\n${relay.log()}`);
        return relay.log().includes('msg="connected to the database"');
    });
    return relay;
}

// Makes a database in which webhooks may be plain http.
export function createHookDatabase(name, host) {
    createDatabase(name, host);
    sql(name, `ALTER DATABASE ${name} SET eryxon.webhook_allow_http = on`, host);
    sql(name, `ALTER DATABASE ${name} SET eryxon.tenant_id = '${tenantA}'`, host);
    return name;
}

// Makes a webhook and returns its id and secret.
export function newHook(database, url, options = {}, events = '{*}', host = undefined) {
    const call = `eryxon_webhook_create('${url}', '${events}', '${JSON.stringify(options)}')`;
    return JSON.parse(sql(database, `SELECT ${call}`, host));
}

// Makes one of the other tenant.
export const otherHook = (database, url, options = {}) =>
    JSON.parse(
        sql(database, `SET eryxon.tenant_id = '${tenantB}'; SELECT eryxon_webhook_create('${url}', '{*}', '${JSON.stringify(options)}')`),
    );

// Commits some events of this type in one transaction, each of a row of its own.
export function emit(database, number = 1, type = 'job.created', host = undefined, tenant = tenantA) {
    sql(
        database,
        `INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, external_id, changes, occurred_at)
         SELECT nextval('eryxon.event_statement'), n, '${tenant}', '${type}', 'jobs', gen_random_uuid(), 'J' || n,
                '{"notes":[null,"never-log-this-note"]}', now() FROM generate_series(1, ${number}) AS n;
         NOTIFY eryxon_events`,
        host,
    );
}

// The deliveries of a webhook that have this status.
export const deliveries = (database, hook, status, host) =>
    Number(
        sql(database, `SELECT count(*) FROM eryxon.delivery WHERE webhook_id = '${hook.id}' AND status = '${status}'`, host),
    );

// The attempts for a webhook, oldest first.
export const attempts = (database, hook, host) =>
    JSON.parse(
        sql(
            database,
            `SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.finished_at, a.attempt), '[]') FROM eryxon.delivery_attempt a
               JOIN eryxon.delivery d ON d.id = a.delivery_id WHERE d.webhook_id = '${hook.id}'`,
            host,
        ),
    );

// Waits until the webhook has so many attempts that ended, and returns them.
export async function attempted(database, hook, number = 1) {
    await until(`${number} attempts`, () => attempts(database, hook).length >= number);
    return attempts(database, hook);
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// The other tenant beside a relay: it gets one message after the other, and each must arrive, once, and about as soon as in
// peace.
export async function startHookNeighbour(database) {
    const receiver = await startReceiver();
    otherHook(database, receiver.url);
    const sent = [];
    const send = () => {
        sent.push(Date.now());
        emit(database, 1, 'part.created', undefined, tenantB);
    };
    const arrived = () => until('the neighbour has its messages', () => receiver.requests.length >= sent.length);
    const delays = (from) => receiver.requests.slice(from).map(({ time }, n) => time - sent[from + n]);
    for (let n = 0; n < 7; n++) {
        send();
        await arrived();
    }
    const peace = median(delays(0));
    const timer = setInterval(send, 300);
    const unharmed = async () => {
        clearInterval(timer);
        send();
        await arrived();
        assert.equal(new Set(receiver.ids()).size, sent.length);
        assert.equal(receiver.requests.length, sent.length);
        const trouble = median(delays(7));
        console.log(`the neighbour: ${sent.length} messages, median ${trouble} ms; in peace ${peace} ms`);
        assert.ok(trouble < Math.max(500, 5 * peace), `median ${trouble} ms, in peace ${peace} ms`);
        await receiver.stop();
    };
    return { unharmed };
}
