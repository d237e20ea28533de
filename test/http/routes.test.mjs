// The routes of the gateway by plain curl: the whole table of requests, each with its status and answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startWithNeighbour } from './lib/gateway.mjs';
import { at, prepare, requests } from './lib/requests.mjs';
import { nobody } from './lib/shop.mjs';

let gateway, keys;
const seen = {};

before(async () => {
    const shop = prepare('http_routes');
    keys = shop.keys;
    gateway = await startWithNeighbour({ database: shop.database, tenant: nobody });
});
after(async () => {
    await gateway.stop();
    gateway.checkLog(Object.values(keys));
});

for (const step of requests) {
    test(`${step.name}: ${step.status}`, async () => {
        const path = typeof step.path === 'function' ? step.path(seen) : step.path;
        const key = keys[step.key ?? (step.bearer ? '' : 'good')];
        const answer = await curl(step.method, gateway.url + path, { body: step.body, key, bearer: keys[step.bearer] });
        seen[step.name] = answer.json;
        assert.equal(answer.status, step.status, answer.body);
        assert.match(answer.headers['content-type'], /^application\/json/);
        assert.equal(answer.json.success, step.status < 300, answer.body);
        for (const [member, value] of Object.entries(step.has))
            assert.deepEqual(at(answer.json, member), value, `${member} of ${answer.body}`);
        if (step.status >= 300) {
            assert.deepEqual(Object.keys(answer.json.error), ['code', 'message', 'details', 'statusCode'], answer.body);
            assert.equal(answer.json.error.statusCode, step.status);
            assert.ok(Array.isArray(answer.json.error.details), answer.body);
        }
        if (step.status === 401) assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/);
        if (step.allow) assert.deepEqual(answer.headers.allow.split(/, */).sort(), step.allow.split(', ').sort());
    });
}

test('HEAD answers as GET without a body', async () => {
    for (const path of ['/api-jobs', '/api-erp-sync/status', '/healthz']) {
        const answer = await curl('HEAD', gateway.url + path, { key: keys.good });
        assert.equal(answer.status, 200, path);
        assert.equal(answer.body, '');
    }
});
