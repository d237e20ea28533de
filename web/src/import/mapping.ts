// What fields a file can have, what it must have, and how it is read.
import type { Column, Entity, Field, FormatOptions, Inspection, Session } from '../api/types';
import { columnsOf, gives, samplesOf, type Sources } from './sources';

// A field that a file can have.
export interface Target {
    name: string;
    required: boolean;
    // Its values, where only some are allowed.
    allowed: string[];
}

// The key of every record; the registry's fields need not list them.
const keyTargets: Target[] = ['external_id', 'external_source'].map((name) => ({
    name,
    required: true,
    allowed: [],
}));

export const formsOf = (field: Field): string[] => field.reference?.forms ?? [field.name];

// The fields of an entity that a file can have, required ones first, and those that the proposals name besides.
export function targets(entity: Entity, columns: Column[]): Target[] {
    const all = new Map(keyTargets.map((target) => [target.name, target]));
    const ordered = [...entity.fields].sort((a, b) => Number(b.required) - Number(a.required));
    for (const field of ordered)
        for (const name of formsOf(field))
            if (!all.has(name)) all.set(name, { name, required: field.required, allowed: field.enum ?? [] });
    for (const { field } of columns)
        if (field !== null && !all.has(field)) all.set(field, { name: field, required: false, allowed: [] });
    return [...all.values()];
}

export interface Need {
    // What satisfies it: any one of these.
    forms: string[];
    met: boolean;
    // Without it no line at all can be imported; the others are needed by new records only.
    always: boolean;
}

// What a file must have, and whether it has it.
export function needs(entity: Entity, sources: Sources): Need[] {
    const mapped = new Set(Object.keys(sources).filter((field) => gives(sources[field])));
    const key = keyTargets.map(({ name }) => ({ forms: [name], met: mapped.has(name), always: true }));
    const others = entity.fields
        .filter((field) => field.required && !['external_id', 'external_source'].includes(field.name))
        .map((field) => ({
            forms: formsOf(field),
            met: formsOf(field).some((name) => mapped.has(name)),
            always: false,
        }));
    return [...key, ...others];
}

// Names of columns that are used although several bear them: which one is meant cannot be said.
export function namesakes(columns: Column[], sources: Sources): string[] {
    const used = new Set(Object.values(sources).flatMap(columnsOf));
    const names = columns.map((column) => column.name).filter((name) => used.has(name));
    return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

// Columns that no field takes.
export function unused(columns: Column[], sources: Sources): Column[] {
    const used = new Set(Object.values(sources).flatMap(columnsOf));
    return columns.filter(({ name }) => !used.has(name));
}

// The source system that the file's first line names.
export const originOf = (columns: Column[], sources: Sources): string =>
    samplesOf(columns, sources.external_source ?? null)[0] ?? '';

// How to read the file: as proposed, unless the user chose otherwise.
export function formatOf(inspection: Inspection, chosen: Partial<FormatOptions>): FormatOptions {
    const { delimiter, encoding, header, header_line, decimal, grouping, date_format } = inspection;
    const signs = { decimal: decimal ?? '', grouping: grouping ?? '' };
    const found = { delimiter, encoding, header, header_line: header_line ?? 1, ...signs, date_format };
    return { ...found, null_token: '', external_source: '', ...chosen };
}

export function entityOf(session: Session, name: string): Entity {
    const found = session.entities.find((entity) => entity.entity === name);
    if (!found) throw new Error(`unknown entity ${name}`);
    return found;
}
