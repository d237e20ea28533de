// How long small requests take on a connection of their own, so that what is measured is the gateway and not the client's program.
import { Agent, request } from 'node:http';

// One request; status, text and milliseconds.
export function timed(gateway, method, path, { key, body, agent, localAddress } = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...(key ? { 'X-Api-Key': key } : {}) };
    return new Promise((resolve, reject) => {
        const begin = performance.now();
        const call = request({ host: '127.0.0.1', port: gateway.port, method, path, headers, agent, localAddress }, (answer) => {
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

// Statuses and times of answers: the median, the 95th and 99th percentile and the longest.
export function summary(answers) {
    const times = answers.map((answer) => answer.took).sort((a, b) => a - b);
    return {
        statuses: [...new Set(answers.map((answer) => answer.status))],
        median: times[Math.floor(times.length / 2)],
        p95: times[Math.floor(times.length * 0.95)],
        p99: times[Math.floor(times.length * 0.99)],
        longest: times.at(-1),
        answers,
    };
}

// A series of such requests, one after the other on one connection.
export async function series(gateway, number, method, path, options = {}) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers = [];
    for (let n = 0; n < number; n++)
        answers.push(await timed(gateway, method, path, { ...options, body: options.body?.(n), agent }));
    agent.destroy();
    return summary(answers);
}

// The same GET in turn to several servers, each on a connection of its own, so that all meet the same moments.
export async function inTurn(servers, number, path) {
    const agents = servers.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const answers = servers.map(() => []);
    for (let n = 0; n < number; n++)
        for (const [place, server] of servers.entries())
            answers[place].push(await timed(server, 'GET', path, { agent: agents[place] }));
    agents.forEach((agent) => agent.destroy());
    return answers.map(summary);
}
