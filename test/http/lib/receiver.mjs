// A receiver of webhooks on loopback that answers as a test wants.
import { createServer as createPlain } from 'node:http';
import { createServer as createSecure } from 'node:https';

// Answers with a status.
export const answer =
    (status, headers = {}, body = '') =>
    (_request, response) =>
        response.writeHead(status, headers).end(body);

// One behaviour after the other; the last one stays.
export function inTurn(...behaviours) {
    let number = 0;
    return (request, response) => behaviours[Math.min(number++, behaviours.length - 1)](request, response);
}

// Never answers.
export const hang = () => {};
// Closes the connection without an answer.
export const closeAtOnce = (request) => request.socket.destroy();
// Sends a body without end.
export function sendForEver(_request, response) {
    response.writeHead(200);
    const more = () => {
        while (!response.destroyed && response.write('x'.repeat(4096)));
    };
    response.on('drain', more).on('error', () => {});
    more();
}

// Starts a receiver; `behaviour` may be replaced at any time. With key and certificate it speaks TLS.
export async function startReceiver(behaviour = answer(204), tls = undefined, address = '127.0.0.1', port = 0) {
    const receiver = { behaviour, requests: [], open: 0, connections: 0 };
    const take = (request, response) => {
        const parts = [];
        request.on('error', () => {});
        request
            .on('data', (part) => parts.push(part))
            .on('end', () => {
                const taken = {
                    method: request.method,
                    path: request.url,
                    version: request.httpVersion,
                    headers: request.headers,
                    body: Buffer.concat(parts).toString('utf8'),
                    time: Date.now(),
                };
                receiver.requests.push(taken);
                receiver.behaviour(request, response, taken);
            });
    };
    const server = tls ? createSecure(tls, take) : createPlain(take);
    server.on('connection', (socket) => {
        receiver.open++;
        receiver.connections++;
        socket.on('error', () => {}).on('close', () => receiver.open--);
    });
    await new Promise((resolve) => server.listen(port, address, resolve));
    receiver.port = server.address().port;
    receiver.url = `${tls ? 'https' : 'http'}://${address}:${receiver.port}`;
    receiver.ids = () => receiver.requests.map((request) => request.headers['webhook-id']);
    receiver.stop = () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
    };
    return receiver;
}
