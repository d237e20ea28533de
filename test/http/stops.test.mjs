// Stops at any moment: while the gateway starts, connects, answers, idles or reads anew, each ends well and in time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { curl } from './lib/curl.mjs';
import { startGateway, startWithNeighbour } from './lib/gateway.mjs';
import { startNeighbour } from './lib/neighbour.mjs';
import { open } from './lib/raw.mjs';
import { createDatabase, until } from './lib/shop.mjs';

const rounds = Number(process.env.ERYXON_STOP_ROUNDS ?? 96);
const beside = 6; // gateways at a time, which keeps the machine busy and the moments uneven
const flags = ['--admin-dir', 'off', '--shutdown-timeout', '5', '--db-pool', '12'];
const nowhere = 'postgresql://authenticator@/nowhere?host=/nonexistent';
const lines = (gateway) => gateway.log().split('\n').filter((line) => line.includes('path="/admin/"')).length;
let database, steady;

// One gateway stays, and its tenant is to notice nothing.
before(async () => {
    database = createDatabase('http_stops');
    steady = await startWithNeighbour({ database, flags: ['--db-pool', '2'], load: 5 });
});
after(() => steady.stop());

// What happens between start and stop: each gives how many lines of the access log there must be.
const deeds = {
    nothing: async () => 0,
    'a request': async (gateway) => {
        assert.equal((await curl('GET', `${gateway.url}/admin/`)).status, 404);
        return 1;
    },
    'a connection that idles': async (gateway) => {
        const line = open(gateway.port);
        line.socket.write('GET /admin/ HTTP/1.1\r\nHost: x\r\n\r\n');
        await until('the answer is there', () => line.received.includes('404 Not Found'));
        return 1;
    },
    'a connection without a request': async (gateway) => {
        const line = open(gateway.port);
        await new Promise((resolve) => line.socket.on('connect', resolve).on('error', resolve));
        return 0;
    },
    'connections on their way': async (gateway) => {
        for (let n = 0; n < 10; n++) open(gateway.port);
        return 0;
    },
    // The first connection to the database is there, and the others are being made.
    'the database came': async (gateway) => {
        const line = open(gateway.port);
        const ask = () => line.socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
        await new Promise((resolve) => {
            line.socket.on('connect', ask).on('data', (text) => (text.includes('200 OK') ? resolve() : ask()));
        });
        return 0;
    },
    'a reload': async (gateway) => {
        gateway.process.kill('SIGHUP');
        return 0;
    },
};

// Starts a gateway, has one thing happen, and stops it a moment later.
async function startAndStop(round) {
    const names = Object.keys(deeds);
    const name = names[round % names.length];
    const away = round % 11 === 10 && name !== 'the database came';
    const gateway = await startGateway({ database, flags, ...(away && { uri: nowhere }) });
    const expected = await deeds[name](gateway);
    await sleep(round % 2 === 0 ? 0 : 150 * Math.random());
    await gateway.stop().catch((error) => assert.fail(`round ${round}, ${name}: ${error.message}`));
    assert.equal(lines(gateway), expected, `round ${round}, ${name}: ${gateway.log()}`);
    gateway.checkLog();
}

test('a stop ends the gateway, whatever the moment', async () => {
    let next = 0;
    const run = async () => {
        while (next < rounds) await startAndStop(next++);
    };
    await Promise.all(Array.from({ length: beside }, run));
});

test('what was acknowledged before a stop is there', async () => {
    for (let n = 0; n < 3; n++) {
        const gateway = await startGateway({ database, flags });
        const neighbour = await startNeighbour(gateway, database, { patient: true });
        await gateway.stop();
        await neighbour.unharmed();
    }
});
