// Sends a file for import and tells how much of it has left; fetch cannot tell that.
import { address, ApiError, headers, readAnswer, type Query } from './client';
import { readable } from './file';
import type { ImportAnswer } from './types';

export interface Upload {
    answer: Promise<ImportAnswer>;
    abort: () => void;
}

// A uuid of version 4; crypto.randomUUID is missing where the page does not come over HTTPS.
export function newRunId(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// Starts the import of a file.
export function upload(entity: string, file: Blob, query: Query, progress: (part: number) => void): Upload {
    const http = new XMLHttpRequest();
    http.open('POST', address(`/api-${entity}/import`, query));
    for (const [name, value] of Object.entries(headers({ 'Content-Type': 'text/csv' })))
        http.setRequestHeader(name, value);
    http.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    http.upload.onload = () => progress(1);
    const answer = new Promise<ImportAnswer>((resolve, reject) => {
        http.onload = () => {
            try {
                resolve(readAnswer<ImportAnswer>(http.status, http.responseText));
            } catch (error) {
                reject(error);
            }
        };
        http.onerror = () => {
            readable(file).then(() => reject(new ApiError(0, 'NO_CONNECTION', '')), reject);
        };
        http.onabort = () => reject(new DOMException('', 'AbortError'));
    });
    http.send(file);
    return { answer, abort: () => http.abort() };
}
