// The cases of test/corpus over HTTP: the same answer and the same rows as in SQL. A tenant for each, a gateway for each database.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createWorld, difference, fileOf, prepare, rowsOf, worlds } from './lib/corpus.mjs';
import { Client } from './lib/files.mjs';
import { startGateway } from './lib/gateway.mjs';
import { newKey } from './lib/shop.mjs';

// Options as parameters of a query: what is no text is JSON.
const query = (options) =>
    Object.fromEntries(Object.entries(options).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));

// Records go as they are; with options they stand beside them, in the same text.
function bodyOf({ entity, options, sent, text }) {
    const records = text ?? sent;
    if (Object.keys(options).length === 0) return records;
    return `{"${entity}": ${records}, "options": ${JSON.stringify(options)}}`;
}

// Makes the call of a case.
function call(client, one) {
    const file = fileOf(one);
    if (file === undefined)
        return client.ask('POST', `/api-${one.entity}/bulk-sync`, bodyOf(one), { 'Content-Type': 'application/json' });
    const action = one.inspect ? 'inspect' : 'import';
    return client.send(action, one.entity, new Blob([file]), query({ ...(one.inspect ? {} : { results: 'all' }), ...one.options }));
}

// HTTP tells a hint behind the message; of SQLSTATEs it tells the status.
function checkRefusal({ message, hint = '' }, { status, error, text }) {
    assert.ok([400, 422].includes(status), text);
    assert.ok(error.message.startsWith(message ?? '') && error.message.endsWith(hint), text);
}

function check(one, answer, rows) {
    const { refused, ...wanted } = one.answer ?? one.inspect ?? {};
    if (refused) {
        checkRefusal(refused, answer);
    } else {
        assert.equal(answer.status, 200, answer.text);
        assert.equal(difference(wanted, answer.data), undefined, answer.text.slice(0, 2000));
    }
    assert.equal(difference(one.rows ?? {}, rows), undefined);
}

worlds().forEach((world, number) =>
    describe(`database ${number + 1}`, () => {
        let database, gateway;
        before(async () => {
            database = createWorld(`http_corpus_${number + 1}`, world);
            gateway = await startGateway({ database });
        });
        after(async () => {
            await gateway.stop();
        });
        for (const one of world.cases)
            test(`${one.kind}: ${one.name}`, async () => {
                const tenant = randomUUID();
                prepare(database, tenant, one);
                const answer = await call(new Client(gateway, newKey(database, tenant)), one);
                check(one, answer, rowsOf(database, tenant, one));
            });
    }),
);
