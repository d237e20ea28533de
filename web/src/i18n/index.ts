// The language of the pages: texts by typed keys, numbers and times in the language's form.
import { useEffect, useState } from 'preact/hooks';
import { codes } from './codes';
import { de } from './de';
import { en, type Messages } from './en';
import { faults, kinds, types, type Params } from './faults';
import { entities, fields } from './names';
import { nl } from './nl';

export const languages = { en: 'English', nl: 'Nederlands', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const STORAGE_KEY = 'eryxon-language';
const catalogs: Record<Language, Messages> = { en, nl, de };
const locales: Record<Language, string> = { en: 'en-GB', nl: 'nl-NL', de: 'de-DE' };
const listeners = new Set<() => void>();

// The key of a text with a form for one and a form for other numbers, and of a plain text.
type PluralKey = { [K in keyof Messages]: Messages[K] extends string ? never : K }[keyof Messages];
type PlainKey = Exclude<keyof Messages, PluralKey>;
type Values = Record<string, string | number>;
export type { PlainKey };

const isLanguage = (text: string | null): text is Language => text !== null && text in languages;

// The language chosen before, else the browser's.
function firstLanguage(): Language {
    const stored = localStorage.getItem(STORAGE_KEY);
    if (isLanguage(stored)) return stored;
    const wanted = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage);
    return wanted ?? 'en';
}

let current: Language = firstLanguage();
document.documentElement.lang = current;

export const language = (): Language => current;

// Switches the language and remembers it.
export function setLanguage(chosen: Language): void {
    current = chosen;
    localStorage.setItem(STORAGE_KEY, chosen);
    document.documentElement.lang = chosen;
    for (const listener of listeners) listener();
}

// Draws the calling component again when the language changes.
export function useLanguage(): Language {
    const [, draw] = useState(0);
    useEffect(() => {
        const listener = () => draw((count) => count + 1);
        listeners.add(listener);
        return () => void listeners.delete(listener);
    }, []);
    return current;
}

const fill = (text: string, values: Values) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
// Objects that format take long to make: there is one of each kind and language.
function kept<Format>(make: (locale: string) => Format): () => Format {
    const made = new Map<string, Format>();
    return () => {
        const locale = locales[current];
        if (!made.has(locale)) made.set(locale, make(locale));
        return made.get(locale)!;
    };
}

const pluralRules = kept((locale) => new Intl.PluralRules(locale));
const numbers = kept((locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 10 }));
const times = kept((locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }));
const days = kept((locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }));

// The text of a key, with values in place of {name}.
export const t = (key: PlainKey, values: Values = {}): string => fill(catalogs[current][key] as string, values);

// The text of a key for a number; {count} is the number in the language's form.
export function plural(key: PluralKey, count: number, values: Values = {}): string {
    const forms = catalogs[current][key] as { one: string; other: string };
    const form = pluralRules().select(count) === 'one' ? forms.one : forms.other;
    return fill(form, { count: number(count), ...values });
}

export const number = (value: number): string => numbers().format(value);

// A number where there is little room: 1.2M.
export const compact = (value: number): string =>
    new Intl.NumberFormat(locales[current], value < 10000 ? {} : { notation: 'compact' }).format(value);

export const percent = (part: number): string =>
    new Intl.NumberFormat(locales[current], { style: 'percent', maximumFractionDigits: 0 }).format(part);

// A moment as date and time; a dash where there is none.
export function time(moment: string | null | undefined): string {
    if (!moment) return '–';
    return times().format(new Date(moment));
}

// A value that is a moment: a day if it is its beginning, which is how days without a time are kept.
export function moment(text: string): string {
    const at = new Date(text);
    if (at.getTime() % 86400000 !== 0) return time(text);
    return days().format(at);
}

// A day such as 2026-11-27, short.
export function day(text: string): string {
    return new Intl.DateTimeFormat(locales[current], { day: 'numeric', month: 'short' }).format(
        new Date(`${text}T00:00:00`),
    );
}

const order: Record<Language, number> = { en: 0, nl: 1, de: 2 };

// The ERP's name of an entity; an entity of the user's own has none but its own.
export const entityName = (entity: string): string => entities[entity]?.[order[current]] ?? entity;

// What a field is called on paper; the field's name where it is not one of the shipped ones.
export const fieldName = (field: string): string => fields[field]?.[order[current]] ?? field;

// What a warning of a file says: in the user's language where its code is known.
export const warningText = (warning: { code?: string; message: string }): string =>
    warning.code !== undefined && warning.code in codes ? codeName(warning.code) : warning.message;

// What the server says of a record, a file or a request: by its reason, which a code with one text needs not have.
export interface Told {
    message: string;
    code?: string;
    constraint?: string;
    params?: Params | null;
}

const quotes = { en: ['“', '”'], nl: ['„', '”'], de: ['„', '“'] } as const;

// A value of a fault as it stands in its text: names as the user knows them, a sent text in quotes.
function shownParam(name: string, value: Params[string]): string {
    const place = order[current] - 1;
    const text = String(value);
    if (name === 'entity' || name === 'group') return fieldName(text);
    if (name === 'entities') return entityName(text);
    if (name === 'type') return types[text]?.[place] ?? text;
    if (name === 'sent' && text in kinds) return kinds[text]![place]!;
    if (typeof value === 'number') return number(value);
    return name === 'value' && typeof value === 'string' ? quotes[current].join(text) : text;
}

// The text of a fault or warning in the user's language; the server's own where that is English or has no reason.
export function told(fault: Told): string {
    const params = fault.params ?? {};
    const known = faults[String(params.reason ?? (fault.code ?? fault.constraint ?? '').toLowerCase())];
    if (current === 'en' || known === undefined) return fault.message;
    const shown = Object.entries(params).map(([name, value]) => [name, shownParam(name, value)]);
    const sentence = known[order[current] - 1]!;
    const text = fill(sentence, Object.fromEntries(shown) as Values);
    if (params.element !== undefined) return `${text} (${t('fault.element', { n: Number(params.element) + 1 })})`;
    const tells = params.line === undefined || sentence.includes('{line}');
    return tells ? text : t('fault.line', { n: Number(params.line), text });
}

// All of a fault: what it is about, and what is wrong.
export const faultText = (fault: Told & { path: string }): string =>
    (fault.path === '' ? '' : `${fieldName(fault.path)}: `) + told(fault);

// What parts cells of CSV files in spreadsheets of the language: where the comma is the decimal sign it cannot.
export const separator = (): string => (current === 'en' ? ',' : ';');

// What an error code means, in a few words.
export const codeName = (code: string): string => codes[code]?.[order[current]] ?? code;
