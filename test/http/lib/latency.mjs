// How long small requests take on a connection of their own, so that what is measured is the gateway and not the client's program.
import { Agent, request } from 'node:http';

// One request; status, text and milliseconds.
export function timed(gateway, method, path, { key, body, agent } = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...(key ? { 'X-Api-Key': key } : {}) };
    return new Promise((resolve, reject) => {
        const begin = performance.now();
        const call = request({ host: '127.0.0.1', port: gateway.port, method, path, headers, agent }, (answer) => {
            let received = '';
            answer.on('data', (part) => {
                received += part;
            });
            answer.on('end', () =>
                resolve({ status: answer.statusCode, headers: answer.headers, text: received, took: performance.now() - begin }),
            );
        });
        call.setTimeout(60000, () => call.destroy(new Error('no answer in 60 s'))).on('error', reject);
        call.end(text);
    });
}

// A series of such requests, one after the other on one connection: their statuses, and the median and longest time.
export async function series(gateway, number, method, path, options = {}) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers = [];
    for (let n = 0; n < number; n++)
        answers.push(await timed(gateway, method, path, { ...options, body: options.body?.(n), agent }));
    agent.destroy();
    const times = answers.map((answer) => answer.took).sort((a, b) => a - b);
    return {
        statuses: [...new Set(answers.map((answer) => answer.status))],
        median: times[Math.floor(times.length / 2)],
        longest: times.at(-1),
        answers,
    };
}
