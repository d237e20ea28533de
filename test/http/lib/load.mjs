// Load in threads of their own, so that the program that measures has nothing else to do; and a server to compare with.
import { Agent, createServer, request } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

// Sends the same body from so many clients, one request after the other each, until it is stopped.
function send({ port, path, key, body, clients }) {
    const agent = new Agent({ keepAlive: true, maxSockets: clients });
    const headers = { 'X-Api-Key': key, 'Content-Type': 'application/json', 'Content-Length': body.length };
    const counts = {};
    const note = (what) => {
        counts[what] = (counts[what] ?? 0) + 1;
        parentPort.postMessage(counts);
    };
    const next = () => {
        const call = request({ host: '127.0.0.1', port, method: 'POST', path, headers, agent }, (answer) => {
            answer.resume().on('end', () => {
                note(answer.statusCode);
                next();
            });
        });
        call.on('error', (error) => note(error.code)).end(body);
    };
    for (let n = 0; n < clients; n++) next();
}

// Answers as /healthz does, and does nothing else.
function answer() {
    const server = createServer((_, response) => response.end('{"status":"ok"}'));
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

if (!isMainThread && workerData?.part === 'load') send(workerData);
if (!isMainThread && workerData?.part === 'idle') answer();

// A thread of this file, and what it told last.
function thread(data) {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    const it = { told: undefined, stop: () => worker.terminate() };
    worker.on('message', (message) => {
        it.told = message;
    });
    return it;
}

// The load; `told` counts the answers by status.
export const startLoad = (gateway, key, path, records, clients) =>
    thread({ part: 'load', port: gateway.port, path, key, body: Buffer.from(JSON.stringify(records)), clients });

// A server that has nothing to do but answer; its port is `told`.
export const startIdle = () => thread({ part: 'idle' });
