// Which column of a file is which field: proposals, the user's own choices, and what is missing.
import type { Column, Entity, Field, FormatOptions, Inspection, Mapping, Session } from '../api/types';

// A field that a column can be mapped to.
export interface Target {
    name: string;
    required: boolean;
    reference: boolean;
}

// The key of every record; the registry's fields need not list them.
const keyTargets: Target[] = ['external_id', 'external_source'].map((name) => ({
    name,
    required: true,
    reference: false,
}));

export const formsOf = (field: Field): string[] => field.reference?.forms ?? [field.name];

// The fields of an entity that a file can have, and those that the proposals name besides.
export function targets(entity: Entity, columns: Column[]): Target[] {
    const all = new Map(keyTargets.map((target) => [target.name, target]));
    for (const field of entity.fields)
        for (const name of formsOf(field))
            if (!all.has(name)) all.set(name, { name, required: field.required, reference: field.reference !== null });
    for (const { field } of columns)
        if (field !== null && !all.has(field)) all.set(field, { name: field, required: false, reference: false });
    return [...all.values()];
}

// The mapping in force: the proposals, over them what was loaded, over that what the user chose.
export function effective(columns: Column[], ...over: Mapping[]): Mapping {
    // Without what objects inherit: a column may be called "constructor".
    const mapping: Mapping = Object.create(null);
    for (const column of columns) {
        mapping[column.name] ??= column.field;
        for (const layer of over)
            if (Object.hasOwn(layer, column.name)) mapping[column.name] = layer[column.name] ?? null;
    }
    return mapping;
}

// The mapping as it is sent. A column that is ignored need not be named if its name means nothing to the engine: many long names
// would not fit an address. The name of an entity may hold children, and "_" begins names of the engine's own.
export function sentMapping(columns: Column[], mapping: Mapping, entities: Entity[]): Mapping {
    const names = columns.map(({ name }) => name);
    const means = (column: Column) =>
        column.field !== null ||
        column.name.startsWith('_') ||
        entities.some(({ entity }) => entity === column.name) ||
        names.indexOf(column.name) !== names.lastIndexOf(column.name);
    const sent = columns.filter((column) => mapping[column.name] || means(column));
    return Object.fromEntries(sent.map(({ name }) => [name, mapping[name] ?? null]));
}

// What differs from the proposals: which columns are numbers and dates depends on it.
export function changedMapping(columns: Column[], mapping: Mapping): Mapping {
    const changed = columns.filter(({ name, field }) => Object.hasOwn(mapping, name) && mapping[name] !== field);
    return Object.fromEntries(changed.map(({ name }) => [name, mapping[name] ?? null]));
}

export interface Need {
    // What satisfies it: any one of these.
    forms: string[];
    met: boolean;
    // Without it no line at all can be imported; the others are needed by new records only.
    always: boolean;
}

// What a file must have, and whether it has it.
export function needs(entity: Entity, mapping: Mapping, format: FormatOptions): Need[] {
    const mapped = new Set(Object.values(mapping));
    const key: Need[] = [
        { forms: ['external_id'], met: mapped.has('external_id'), always: true },
        {
            forms: ['external_source'],
            met: mapped.has('external_source') || format.external_source.trim() !== '',
            always: true,
        },
    ];
    const others = entity.fields
        .filter((field) => field.required && !['external_id', 'external_source'].includes(field.name))
        .map((field) => ({
            forms: formsOf(field),
            met: formsOf(field).some((name) => mapped.has(name)),
            always: false,
        }));
    return [...key, ...others];
}

// Fields that more than one column has.
export function doubled(columns: Column[], mapping: Mapping): Set<string> {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { name } of columns) {
        const field = mapping[name] ?? null;
        if (field === null) continue;
        if (seen.has(field)) twice.add(field);
        seen.add(field);
    }
    return twice;
}

// Names that more than one column bears although they have a field: which column is meant cannot be said by name.
export function namesakes(columns: Column[], mapping: Mapping): string[] {
    const names = columns.map((column) => column.name).filter((name) => mapping[name]);
    return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

// The source that the file's lines name: that of its first line, else the one given for all lines.
export function sourceOf(columns: Column[], mapping: Mapping, format: FormatOptions): string {
    const column = columns.find((candidate) => mapping[candidate.name] === 'external_source');
    return column?.samples.find((sample) => sample) ?? format.external_source.trim();
}

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
