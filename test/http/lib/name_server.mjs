// A name server on 127.0.0.1:53, in a namespace where that is free. It answers as a test wants, and lets nothing be remembered.
import { createSocket } from 'node:dgram';

const addressRecord = 1;

// The name and the type that a query asks for, and where its question ends.
function readQuestion(query) {
    const labels = [];
    let place = 12;
    while (query[place] !== 0) {
        labels.push(query.toString('latin1', place + 1, place + 1 + query[place]));
        place += 1 + query[place];
    }
    return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(place + 1), end: place + 5 };
}

// The answer with these IPv4 addresses.
function reply(query, end, addresses) {
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((address) => [0xc0, 12, 0, addressRecord, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
    return Buffer.concat([head, query.subarray(12, end), Buffer.from(records.flat())]);
}

// Starts it. `lookUp(name)` gives the addresses for each query; undefined: no answer at all.
export async function startNameServer(lookUp) {
    const server = createSocket('udp4');
    server.on('message', (query, { port, address }) => {
        const { name, type, end } = readQuestion(query);
        const addresses = type === addressRecord ? lookUp(name) : [];
        if (addresses) server.send(reply(query, end, addresses), port, address);
    });
    await new Promise((resolve) => server.bind(53, '127.0.0.1', resolve));
    return server;
}
