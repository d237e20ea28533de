// Runs in a network of its own, where a public address lies on the loopback interface and the name server is the test's. A hostile
// name means that address and 127.0.0.1 in turn, from one query to the next. Prints what happened as JSON.
// Argument: the database.
import { startNameServer } from './name_server.mjs';
import { answer, startReceiver } from './receiver.mjs';
import { attempts, emit, newHook, startRelay } from './relay.mjs';
import { until } from './shop.mjs';

const database = process.argv[2];
const publicAddress = '93.184.216.34',
    privateAddress = '127.0.0.1';
let queries = 0;
const names = {
    'turning.example.com': () => [queries++ % 2 === 0 ? publicAddress : privateAddress],
    'both.example.com': () => [privateAddress, publicAddress],
    'private.example.com': () => [privateAddress],
};
const nameServer = await startNameServer((name) => names[name]?.());
const outside = await startReceiver(answer(200, { Connection: 'close' }), undefined, publicAddress);
const inside = await startReceiver(answer(200), undefined, privateAddress, outside.port);
const hooks = {};
for (const name of ['turning', 'both', 'private', 'silent'])
    hooks[name] = newHook(database, `http://${name}.example.com:${outside.port}/`, { retry_seconds: [0] });
hooks.literal = newHook(database, outside.url, { retry_seconds: [0] });
const relay = await startRelay({ database, flags: ['--allow-http', '--timeout', '2', '--lease', '10'] });

const ends = (name) => attempts(database, hooks[name]).map((attempt) => attempt.error ?? attempt.status);
const refusals = (name) => ends(name).filter((end) => /not allowed/.test(end)).length;

// Sends an event to all of them every half second until something has happened.
async function sendUntil(what, happened) {
    const send = async () => {
        emit(database);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return happened();
    };
    await until(what, send, 60);
}

await sendUntil('the turning name was taken and refused, twice', () => {
    const changes = ends('turning').filter((end, place, all) => place > 0 && String(end) !== String(all[place - 1]));
    return changes.length >= 3;
});
await until('the silent name server was given up', () => ends('silent').length > 0);
const before = { both: ends('both'), literal: attempts(database, hooks.literal) };
await outside.stop();
await sendUntil('the public address is down', () => ends('both').some((end) => /connect/i.test(end)));
await relay.stop();
console.log(
    JSON.stringify({
        queries,
        turning: ends('turning'),
        private: { all: ends('private').length, refused: refusals('private') },
        both: before.both,
        silent: ends('silent'),
        longest: Math.max(...before.literal.map((attempt) => attempt.duration_ms)),
        outside: outside.requests.length,
        touched: inside.connections,
    }),
);
await inside.stop();
nameServer.close();
