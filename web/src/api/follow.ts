// Follows a run to its end: by server-sent events, and by asking now and then where these do not come through.
import { complete, isActive, run } from './calls';
import { ApiError, credential, send } from './client';
import type { Run } from './types';

const POLL_MILLISECONDS = 1000;

interface ServerEvent {
    name: string;
    data: string;
}

// Cuts a stream of text/event-stream into its events.
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const blocks = (rest + decoder.decode(value, { stream: true })).replace(/\r\n/g, '\n').split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) yield readEvent(block);
    }
}

// One event of the lines `event: …` and `data: …`.
function readEvent(block: string): ServerEvent {
    const event = { name: 'message', data: '' };
    for (const line of block.split('\n')) {
        if (line.startsWith('event:')) event.name = line.slice(6).trim();
        if (line.startsWith('data:')) event.data += line.slice(5).trim();
    }
    return event;
}

const pause = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
        const end = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', end);
            resolve();
        };
        const timer = setTimeout(end, POLL_MILLISECONDS);
        signal.addEventListener('abort', end);
    });

// What may pass: no connection, a run that is not known yet, a session that is being renewed, too many requests, a server's fault.
const passes = (error: unknown) =>
    !(error instanceof ApiError) || [0, 401, 404, 408, 429].includes(error.status) || error.status >= 500;

// Reads the run's event stream; true if it told the end.
async function listen(id: string, signal: AbortSignal, tell: (run: Run) => void): Promise<boolean> {
    const path = `/api-erp-sync/runs/${encodeURIComponent(id)}`;
    const response = await send(path, { signal }, { Accept: 'text/event-stream' });
    const streams = response.ok && (response.headers.get('Content-Type') ?? '').includes('text/event-stream');
    if (!streams || !response.body) {
        await response.body?.cancel();
        return false;
    }
    for await (const event of events(response.body)) {
        if (event.name !== 'progress' && event.name !== 'done') continue;
        const state = complete(JSON.parse(event.data) as Run);
        tell(state);
        if (event.name === 'done' || !isActive(state)) return true;
    }
    return false;
}

// Tells the run's states, or its present one; true if it has ended.
async function ask(id: string, signal: AbortSignal, tell: (run: Run) => void): Promise<boolean> {
    if (await listen(id, signal, tell)) return true;
    const state = await run(id, signal);
    tell(state);
    return !isActive(state);
}

// Tells each state of a run until it has ended or the signal aborts. A run that is not known yet is waited for.
export async function follow(id: string, signal: AbortSignal, tell: (run: Run) => void): Promise<void> {
    while (!signal.aborted) {
        try {
            if (credential.get() !== null && (await ask(id, signal, tell))) return;
        } catch (error) {
            if (signal.aborted) return;
            if (!passes(error)) throw error;
        }
        await pause(signal);
    }
}
