// Requests to the gateway, and the credential that they carry.
import type { Params } from '../i18n/faults';
import { readable } from './file';

const STORAGE_KEY = 'eryxon-credential';

// One fault of an answer that is an error.
export interface FaultDetail {
    path: string;
    constraint: string;
    message: string;
    value?: unknown;
    params?: Params;
}

// An answer that is no success, or no answer at all (status 0). `data` is what had been done before it failed.
export class ApiError extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        message: string,
        readonly details: FaultDetail[] = [],
        readonly data: unknown = null,
    ) {
        super(message);
    }
}

// Where the gateway's routes begin: the pages lie under <base>/admin/.
export const base = location.pathname.replace(/\/admin(\/.*)?$/, '');

let onUnauthorized: (refusal: ApiError) => void = () => undefined;

// What happens when the gateway no longer takes the credential.
export function whenUnauthorized(handler: (refusal: ApiError) => void): void {
    onUnauthorized = handler;
}

export const credential = {
    get: (): string | null => sessionStorage.getItem(STORAGE_KEY),
    set: (value: string): void => sessionStorage.setItem(STORAGE_KEY, value),
    clear: (): void => sessionStorage.removeItem(STORAGE_KEY),
};

export type Query = Record<string, string | number | boolean | null | undefined>;

// A route with its query; members that are null, undefined or empty are left out.
export function address(path: string, query: Query = {}): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
        if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
    const text = parameters.toString();
    return base + path + (text === '' ? '' : `?${text}`);
}

// The headers of every request.
export function headers(extra: Record<string, string> = {}): Record<string, string> {
    const key = credential.get();
    return key === null ? extra : { Authorization: `Bearer ${key}`, ...extra };
}

// The data of an answer's text, or its error. What is no JSON comes from a proxy: a page of its own, which helps nobody.
export function readAnswer<T>(status: number, text: string): T {
    let answer: { success?: boolean; data?: T; error?: { code: string; message: string; details?: FaultDetail[] } };
    try {
        answer = JSON.parse(text);
    } catch {
        throw new ApiError(status, 'NO_JSON', '');
    }
    if (answer.success === true) return answer.data as T;
    const { code, message, details } = answer.error ?? { code: 'UNKNOWN', message: '' };
    const error = new ApiError(status, code, message, details ?? [], answer.data ?? null);
    if (status === 401) onUnauthorized(error);
    throw error;
}

export interface Call {
    method?: string;
    query?: Query;
    json?: unknown;
    file?: Blob;
    signal?: AbortSignal;
}

// Sends a request; what never reached the gateway is an ApiError with status 0, what was aborted an AbortError.
export async function send(path: string, call: Call = {}, extra: Record<string, string> = {}): Promise<Response> {
    const init: RequestInit = { method: call.method ?? 'GET', headers: headers(extra), cache: 'no-store' };
    if (call.signal) init.signal = call.signal;
    if (call.json !== undefined) {
        init.body = JSON.stringify(call.json);
        init.headers = headers({ 'Content-Type': 'application/json', ...extra });
    } else if (call.file) {
        init.body = call.file;
        init.headers = headers({ 'Content-Type': 'text/csv', ...extra });
    }
    try {
        return await fetch(address(path, call.query), init);
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') throw error;
        if (call.file) await readable(call.file);
        throw new ApiError(0, 'NO_CONNECTION', String(error));
    }
}

// Sends a request and returns the data of its answer.
export async function request<T>(path: string, call: Call = {}): Promise<T> {
    const response = await send(path, call);
    return readAnswer<T>(response.status, await response.text());
}

// Fetches a file.
export async function fetchFile(path: string, query: Query, fallbackName: string): Promise<File> {
    const response = await send(path, { query });
    if (!response.ok) readAnswer(response.status, await response.text());
    const named = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '');
    return new File([await response.blob()], named?.[1] ?? fallbackName, { type: 'text/csv' });
}

// Fetches a file with the credential and hands it to the browser as a download, its text made another one.
export async function download(path: string, query: Query, fallbackName: string, made: (text: string) => string): Promise<void> {
    const fetched = await fetchFile(path, query, fallbackName);
    const file = new File([made(await fetched.text())], fetched.name, { type: fetched.type });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
