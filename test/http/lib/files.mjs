// CSV files over HTTP: sent as a browser or a script does, and runs followed to their end.
import assert from 'node:assert/strict';
import { until } from './shop.mjs';

// The requests of one key to one gateway.
export class Client {
    constructor(gateway, key) {
        this.gateway = gateway;
        this.url = gateway.url;
        this.headers = { Authorization: `Bearer ${key}` };
    }

    // One request; a body that is no string, form or blob is sent as JSON.
    async ask(method, path, body, headers = {}) {
        const raw = body === undefined || typeof body === 'string' || body instanceof FormData || body instanceof Blob;
        const response = await fetch(this.url + path, {
            method,
            headers: { ...this.headers, ...(raw ? {} : { 'Content-Type': 'application/json' }), ...headers },
            body: raw ? body : JSON.stringify(body),
            redirect: 'manual',
        });
        const text = await response.text();
        let json;
        try {
            json = JSON.parse(text);
        } catch {
            json = undefined;
        }
        return { status: response.status, headers: response.headers, text, json, data: json?.data, error: json?.error };
    }

    // The data of a request that must succeed.
    async data(method, path, body, headers) {
        const answer = await this.ask(method, path, body, headers);
        assert.ok(answer.json?.success, `${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
        return answer.data;
    }

    // Sends a file to be imported or inspected.
    send(action, entity, file, query = {}) {
        return this.ask('POST', `/api-${entity}/${action}?${new URLSearchParams(query)}`, file, { 'Content-Type': 'text/csv' });
    }

    // Waits until the run is known and meets a condition.
    async waitFor(run, condition) {
        let state;
        await until(`run ${run} goes on`, async () => {
            const answer = await this.ask('GET', `/api-erp-sync/runs/${run}`);
            state = answer.data;
            return answer.status === 200 && condition(state);
        });
        return state;
    }

    // The events of a run, as they came, until the gateway ends the stream.
    async events(run, signal) {
        const response = await fetch(`${this.url}/api-erp-sync/runs/${run}`, {
            headers: { ...this.headers, Accept: 'text/event-stream' },
            signal,
        });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-type'), 'text/event-stream');
        const blocks = (await response.text()).split('\n\n').filter((block) => block !== '' && !block.startsWith(':'));
        return blocks.map((block) => {
            const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block);
            return { name, data: JSON.parse(data) };
        });
    }
}

// A CSV file of jobs none of which has a number.
export const faultyJobs = (count) => 'external_id,external_source,job_number\n' + 'x,CSV,\n'.repeat(count);

// A CSV file of jobs whose external ids begin with a name.
export function jobs(name, count) {
    let text = 'external_id,external_source,job_number,customer\n';
    for (let i = 0; i < count; i++) text += `${name}-${i},CSV,${name}-${i},Customer ${i}\n`;
    return text;
}
