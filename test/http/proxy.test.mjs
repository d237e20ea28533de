// nginx with the documented configuration in front of the gateway's /rpc, as it stands in front of PostgREST: the same answers as those
// of the gateway's own routes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curl } from './lib/curl.mjs';
import { startGateway } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { startNginx } from './lib/nginx.mjs';
import { exchange } from './lib/raw.mjs';
import { at, comparable, prepare, requests } from './lib/requests.mjs';
import { job, nobody } from './lib/shop.mjs';

const shops = {};
let nginx, neighbour;

before(async () => {
    for (const name of ['direct', 'proxied']) {
        shops[name] = prepare(`http_${name}`);
        shops[name].gateway = await startGateway({ database: shops[name].database });
    }
    nginx = await startNginx(shops.proxied.gateway.port);
    neighbour = await startNeighbour(nginx, shops.proxied.database, { tenant: nobody });
});
after(async () => {
    await neighbour?.unharmed();
    await nginx?.stop();
    for (const { gateway, keys } of Object.values(shops)) {
        await gateway?.stop();
        gateway?.checkLog(Object.values(keys));
    }
});

// Sends a step of the table to one of the two and remembers the answer.
async function send(which, step) {
    const shop = shops[which],
        url = which === 'direct' ? shop.gateway.url : nginx.url;
    shop.seen ??= {};
    const path = typeof step.path === 'function' ? step.path(shop.seen) : step.path;
    const key = shop.keys[step.key ?? (step.bearer ? '' : 'good')];
    const answer = await curl(step.method, url + path, { body: step.body, key, bearer: shop.keys[step.bearer] });
    shop.seen[step.name] = answer.json;
    return answer;
}

for (const step of requests) {
    test(`${step.name}: ${step.status}, as without nginx`, async () => {
        const direct = await send('direct', step),
            proxied = await send('proxied', step);
        assert.equal(proxied.status, step.status, proxied.body);
        assert.equal(direct.status, step.status, direct.body);
        assert.match(proxied.headers['content-type'], /^application\/json/);
        for (const [member, value] of Object.entries(step.has))
            assert.deepEqual(at(proxied.json, member), value, `${member} of ${proxied.body}`);
        if (step.raised) {
            for (const member of ['success', 'error.code', 'error.statusCode'])
                assert.equal(at(proxied.json, member), at(direct.json, member), proxied.body);
        } else {
            assert.equal(comparable(proxied.body), comparable(direct.body));
        }
        assert.equal(Boolean(proxied.headers['www-authenticate']), Boolean(direct.headers['www-authenticate']));
        assert.equal(proxied.headers.allow, direct.headers.allow);
    });
}

test('forged headers and paths end at nginx', async () => {
    const { keys } = shops.proxied,
        headers = {
            'Accept-Profile': 'eryxon',
            'Content-Profile': 'eryxon',
            'X-Eryxon-Tenant-Id': keys.other,
            Prefer: 'tx=rollback',
        };
    assert.equal((await curl('PUT', `${nginx.url}/api-jobs/sync`, { key: keys.good, headers, body: job('FORGED') })).status, 201);
    assert.equal(
        (await curl('GET', `${nginx.url}/api-jobs?external_id=FORGED`, { key: keys.other })).json.data.pagination.total,
        0,
    );
    for (const path of [
        '/rpc/pre_request',
        '/rpc/pg_sleep',
        '/rpc/',
        '/jobs',
        '/api-jobs/../rpc/pre_request',
        '/eryxon/api-jobs',
        '/eryxon-body',
        '/eryxon-form',
        '//api-jobs',
    ])
        assert.equal((await curl('GET', nginx.url + path, { key: keys.good, args: ['--path-as-is'] })).status, 404, path);
});

test('parameters that would change the query end at nginx', async () => {
    const { keys } = shops.proxied;
    for (const query of [
        'id=a&id=b',
        'columns=x',
        'select=*',
        'and=(a)',
        'on_conflict=x',
        'id=%zz',
        'search=%00',
        'limit=1%26id',
        'skip_rows=1',
        'sort_by=id',
    ])
        assert.equal((await curl('GET', `${nginx.url}/api-jobs?${query}`, { key: keys.good })).status, 400, query);
});

test('the client of PostgREST reaches /rpc through nginx', async () => {
    const { keys } = shops.proxied;
    const answer = await curl('POST', `${nginx.url}/rpc/api-jobs-list`, { key: keys.good, body: { max_rows: 1 } });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json.data.pagination.limit, 1);
});

test('bodies over the limit and endless lines end at nginx', async () => {
    const { keys } = shops.proxied;
    const big = await curl('POST', `${nginx.url}/api-jobs/bulk-sync`, {
        key: keys.good,
        body: JSON.stringify([job('BIG', { notes: 'x'.repeat(17 << 20) })]),
    });
    assert.equal(big.status, 413);
    assert.equal(big.json.error.code, 'PAYLOAD_TOO_LARGE');
    const long = await exchange(nginx.port, `GET /${'x'.repeat(100000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.ok([400, 414, 431].includes(long.statuses[0]), long.text);
});

test('no key stands in the logs of nginx', () => {
    const text = nginx.logs();
    for (const { keys } of Object.values(shops)) for (const key of Object.values(keys)) assert.ok(!text.includes(key));
});
