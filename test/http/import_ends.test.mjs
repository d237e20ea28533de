// How imports end that others end, that fail much, that hold much; and how their events reach the client.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client, faultyJobs, jobs } from './lib/files.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { open, quiet } from './lib/raw.mjs';
import { count, createDatabase, newKey, sql, until } from './lib/shop.mjs';

let database, key, gateway, client, neighbour;

before(async () => {
    database = createDatabase('http_import_ends');
    key = newKey(database);
    gateway = await startGateway({ database });
    neighbour = await startNeighbour(gateway, database);
    client = new Client(gateway, key);
});
after(async () => {
    await neighbour.unharmed();
    await gateway.stop();
    gateway.checkLog([key]);
});

test('an import that someone else has ended as failed is answered as an error', async () => {
    const run = randomUUID();
    const importing = client.send('import', 'jobs', jobs('ENDED', 30000), { run });
    await client.waitFor(run, (state) => state.done > 0);
    const ended = await client.ask('POST', '/rpc/api-csv-import-end', { run, reason: 'the clerk went home' });
    assert.equal(ended.status, 200, ended.text);
    const answer = await importing;
    assert.equal(answer.status, 409, answer.text.slice(0, 300));
    assert.deepEqual([answer.error.code, answer.error.message, answer.error.statusCode], ['CONFLICT', 'the clerk went home', 409]);
    assert.equal(answer.data.run_id, run);
    assert.equal(count(database, 'jobs', "external_id LIKE 'ENDED-%'"), answer.data.created);
    assert.ok(answer.data.created > 0 && answer.data.created < 30000);
});

test('of very many results the first are answered, and all are counted', async () => {
    const { data } = await client.send('import', 'jobs', jobs('ALL', 12000), { results: 'all' });
    assert.deepEqual([data?.total, data?.created, data?.results.length, data?.results_omitted], [12000, 12000, 10000, 2000]);
    assert.equal(data.results.at(-1).line, 10001);
    const few = await client.send('import', 'jobs', faultyJobs(2));
    assert.deepEqual([few.status, few.data.results.length, few.data.results_omitted], [200, 2, undefined], few.text);
});

test('the memory of a file is free again while its lines are imported', async () => {
    const small = await startGateway({ database, flags: ['--body-memory', '36M'] });
    const user = new Client(small, key);
    const wide = 'x'.repeat(2000);
    let file = 'external_id,external_source,job_number,notes\n';
    for (let i = 0; i < 13000; i++) file += `WIDE-${i},CSV,WIDE-${i},${wide}\n`;
    sql(
        database,
        `CREATE FUNCTION wait_to_go_on() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname = 'go_on') LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN NEW; END $$;
    CREATE TRIGGER wait_to_go_on BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.external_id = 'WIDE-2500') EXECUTE FUNCTION wait_to_go_on()`,
    );
    const run = randomUUID();
    const importing = user.send('import', 'jobs', new Blob([file]), { run });
    await user.waitFor(run, (state) => state.done > 0);
    const answer = await user.ask('PUT', '/api-jobs/sync', ' '.repeat(11 << 20));
    sql(database, 'CREATE TABLE public.go_on ()');
    assert.equal(answer.status, 400, answer.text.slice(0, 300));
    const { data } = await importing;
    sql(database, 'DROP TRIGGER wait_to_go_on ON jobs; DROP FUNCTION wait_to_go_on; DROP TABLE public.go_on');
    assert.deepEqual([data?.total, data?.created], [13000, 13000]);
    await small.stop();
});

test('options of bulk upserts count for imports too', async () => {
    const past = await client.send('import', 'jobs', faultyJobs(3), { max_errors: 2 });
    assert.equal(past.status, 422, past.text);
    const within = await client.send('import', 'jobs', faultyJobs(3), { max_errors: 3, children: 'replace' });
    assert.deepEqual([within.status, within.data?.errors], [200, 3], within.text);
    assert.equal((await client.send('import', 'jobs', faultyJobs(3), { max_errors: 'many' })).status, 400);
    assert.equal((await client.send('import', 'jobs', faultyJobs(3), { children: 'eat' })).status, 400);
});

test('a column called results is no option of that name', async () => {
    const file = 'external_id,external_source,job_number,results\nR1,CSV,R1,good\n';
    const { data } = await client.send('import', 'jobs', file, { mapping: '{"results":"notes"}' });
    assert.deepEqual([data?.created, data?.results], [1, []]);
});

test('an import whose steps are answered in another way than expected fails, and says so', async () => {
    const odd = createDatabase('http_import_odd');
    const user = new Client(await startGateway({ database: odd }), newKey(odd));
    for (const [status, body] of [[200, '{}'], [200, '[]'], [200, '{"success":true,"data":{"more":false}}'], [202, '{"success":true,"data":{"more":true}}']]) {
        sql(
            odd,
            `CREATE OR REPLACE FUNCTION eryxon_api."api-csv-import-step"(run uuid DEFAULT NULL) RETURNS json LANGUAGE plpgsql VOLATILE AS
        $$ BEGIN PERFORM set_config('response.status', '${status}', true); RETURN '${body}'; END $$`,
        );
        const run = randomUUID();
        const answer = await user.send('import', 'jobs', jobs('ODD', 2), { run });
        assert.deepEqual([answer.status, answer.error?.code, answer.data?.run_id], [500, 'INTERNAL_ERROR', run], `${body}: ${answer.text}`);
        assert.equal((await user.data('GET', `/api-erp-sync/runs/${run}`)).status, 'failed');
    }
    await user.gateway.stop();
});

test('event streams have an end whatever their headers say', async () => {
    const limited = await startGateway({ database, flags: ['--rate-limit', '60'] });
    const user = new Client(limited, key);
    const { data } = await client.send('import', 'jobs', jobs('RESET', 1));
    const resets = [];
    for (let n = 0; n < 25; n++) {
        const { headers } = await user.ask('GET', '/api-jobs?limit=1');
        resets.push(Number(headers.get('x-ratelimit-reset')));
        const events = await user.events(data.run_id, AbortSignal.timeout(5000));
        assert.deepEqual(events.map(({ name }) => name), ['done'], `after a reset of ${resets.at(-1)} s`);
    }
    assert.ok(resets.at(-1) > 20, String(resets));
    await limited.stop();
});

test('a client of HTTP/1.0 gets the run as JSON, for it knows no chunks', async () => {
    const { data } = await client.send('import', 'jobs', jobs('OLD', 1));
    const line = open(gateway.port);
    line.socket.write(`GET /api-erp-sync/runs/${data.run_id} HTTP/1.0\r\nX-Api-Key: ${key}\r\nAccept: text/event-stream\r\n\r\n`);
    const text = await quiet(line);
    await until('the connection is closed', () => line.closed);
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.match(text, /\r\nContent-Type: application\/json/i);
    assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).data.status, 'completed');
});
