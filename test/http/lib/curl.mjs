// Requests by the curl program: plain HTTP as a shell script would send it.
import { execFile } from 'node:child_process';

// Runs curl with arguments and returns status, headers (lower-case names) and body; body text goes to its standard input.
export function curlRaw(args, body) {
    return new Promise((resolve, reject) => {
        const options = ['-sS', '-i', '--max-time', '30', '--suppress-connect-headers', ...args];
        if (body !== undefined) options.push('--data-binary', '@-');
        const child = execFile('curl', options, { encoding: 'buffer', maxBuffer: 64 << 20 }, (error, stdout) => {
            if (error && stdout.length === 0) reject(error);
            else resolve(parse(stdout));
        });
        child.stdin.on('error', () => {});
        child.stdin.end(body);
    });
}

// Takes an answer apart; interim answers (100 Continue) are dropped.
function parse(bytes) {
    let text = bytes.toString('latin1');
    while (/^HTTP\/1\.1 1\d\d /.test(text)) text = text.slice(text.indexOf('\r\n\r\n') + 4);
    const end = text.indexOf('\r\n\r\n');
    const [first, ...lines] = text.slice(0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const body = Buffer.from(text.slice(end + 4), 'latin1').toString('utf8');
    let json;
    try {
        json = JSON.parse(body);
    } catch {
        json = undefined;
    }
    return { status: Number(first.split(' ')[1]), headers, body, json };
}

// One request: method, URL, a body (text, or a value that is sent as JSON) and headers; a key is sent as X-Api-Key, a token as bearer.
export function curl(method, url, { body, key, bearer, headers = {}, args = [] } = {}) {
    const all = { 'Content-Type': 'application/json', ...headers };
    if (key) all['X-Api-Key'] = key;
    if (bearer) all.Authorization = `Bearer ${bearer}`;
    const flags = method === 'HEAD' ? ['-I'] : ['-X', method];
    for (const [name, value] of Object.entries(all)) flags.push('-H', value === '' ? `${name};` : `${name}: ${value}`);
    const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return curlRaw([...flags, ...args, url], text);
}
