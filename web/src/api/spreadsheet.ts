// Files that are opened in a spreadsheet: in the user's language, with the separator that it has there, and with a byte order mark,
// without which Excel takes UTF-8 for Windows-1252.
import { faultText, fieldName, language, separator } from '../i18n';
import type { LineResult } from './types';

const BYTE_ORDER_MARK = '\ufeff';

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

// A header in the user's language; the import takes these words for the fields. In English fields keep their own names.
export function translatedHeader(text: string): string {
    if (language() === 'en') return BYTE_ORDER_MARK + text;
    const names = text.trim().split(separator());
    return BYTE_ORDER_MARK + names.map((name) => quoted(fieldName(name))).join(separator()) + '\r\n';
}

// What is wrong with each line, in the user's language.
export function messagesOf(results: LineResult[]): Map<string, string> {
    const messages = new Map<string, string>();
    for (const { line, details } of results)
        if (details !== undefined && details.length > 0)
            messages.set(String(line), details.map(faultText).join('; '));
    return messages;
}

// A file of refused lines, whose first three cells are line, code and message, with these messages in place of the server's.
export function translatedMessages(text: string, messages: Map<string, string>): string {
    const cell = new RegExp(`("(?:[^"]|"")*"|[^"${separator()}\r\n]*)(${separator()}|\r\n|$)`, 'gy');
    let out = BYTE_ORDER_MARK;
    let place = 0;
    let line = '';
    for (const [whole, content, end] of text.matchAll(cell)) {
        if (whole === '') break;
        if (place === 0) line = content!;
        const message = place === 2 && language() !== 'en' ? messages.get(line) : undefined;
        out += message === undefined ? whole : quoted(message) + end;
        place = end === separator() ? place + 1 : 0;
    }
    return out;
}
