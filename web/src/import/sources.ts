// Where the values of each field come from: columns of the file, or a value for all lines.
import type { Column, Entity, Made, Mapping } from '../api/types';

export type Source =
    | { kind: 'column'; column: string }
    | { kind: 'constant'; value: string }
    | { kind: 'joined'; columns: string[]; separator: string }
    // Of a saved mapping: columns joined in another way.
    | { kind: 'template'; template: string };

// By field; null for a field that is to have none.
export type Sources = Record<string, Source | null>;

const PARTS = /\{([^}]*)\}/g;

// A template as columns with the same text between any two, if it has that form.
function templateSource(template: string): Source {
    const columns = [...template.matchAll(PARTS)].map(([, column]) => column!);
    const separator = template.split(PARTS)[2] ?? '';
    const source: Source = { kind: 'joined', columns, separator };
    return templateOf(source) === template ? source : { kind: 'template', template };
}

const templateOf = (source: { columns: string[]; separator: string }) =>
    source.columns.map((column) => `{${column}}`).join(source.separator);

// The columns that a source reads.
export function columnsOf(source: Source | null): string[] {
    if (source === null || source.kind === 'constant') return [];
    if (source.kind === 'column') return [source.column];
    return source.kind === 'joined' ? source.columns : [...source.template.matchAll(PARTS)].map(([, name]) => name!);
}

// Whether a source gives any value.
export const gives = (source: Source | null | undefined): boolean =>
    source != null && (source.kind === 'constant' ? source.value.trim() !== '' : columnsOf(source).length > 0);

// The field's own name for one of its aliases.
const ownName = (entity: Entity, name: string) =>
    entity.fields.find((field) => !field.reference && field.aliases.includes(name))?.name ?? name;

// What a mapping says of each field.
function sourcesOf(entity: Entity, mapping: Mapping): Sources {
    const pairs: [string, Source][] = [];
    for (const [name, meaning] of Object.entries(mapping))
        if (typeof meaning === 'string' || Array.isArray(meaning))
            for (const field of [meaning].flat()) pairs.push([field, { kind: 'column', column: name }]);
        else if (meaning !== null && 'template' in meaning) pairs.push([name, templateSource(meaning.template)]);
        else if (meaning !== null) pairs.push([name, { kind: 'constant', value: String(meaning.constant) }]);
    return Object.fromEntries(pairs.map(([field, source]) => [ownName(entity, field), source]));
}

// The fields that columns are proposed for, but for columns that a loaded mapping names.
function proposed(columns: Column[], loaded: Mapping): Sources {
    const free = columns.filter(({ name, field }) => field !== null && !Object.hasOwn(loaded, name));
    const pairs = free.map(({ name, field }) => [field, { kind: 'column', column: name }]);
    return Object.fromEntries(pairs.reverse());
}

// The sources in force: the proposals, over them what was loaded, over that what the user chose. Those that need a column which
// the file does not have do not count.
export function effective(entity: Entity, columns: Column[], loaded: Mapping, edits: Sources): Sources {
    const names = new Set(columns.map(({ name }) => name));
    const fits = (source: Source | null) => columnsOf(source).every((name) => names.has(name));
    const layers = [proposed(columns, loaded), sourcesOf(entity, loaded), edits];
    return Object.fromEntries(
        layers.flatMap((layer) => Object.entries(layer).filter(([, source]) => fits(source))),
    );
}

// The fields in force that are guesses of the gateway: neither chosen nor loaded.
export function guessed(columns: Column[], sources: Sources, loaded: Mapping, edits: Sources): Set<string> {
    const guesses = columns.filter(({ name, field, match }) => {
        const source = field === null ? null : sources[field];
        const taken = source?.kind === 'column' && source.column === name && !Object.hasOwn(loaded, name);
        return match === 'guess' && taken && !Object.hasOwn(edits, field!);
    });
    return new Set(guesses.map(({ field }) => field!));
}

// What a field is made of, as the gateway takes it.
function madeOf(source: Source): Made {
    if (source.kind === 'constant') return { constant: source.value };
    if (source.kind === 'column') return { template: `{${source.column}}` };
    return { template: source.kind === 'joined' ? templateOf(source) : source.template };
}

// The sources as the gateway takes them; columns that are not used although they would be are left out by name. Where what is made
// has the name of a column, columns are made, too.
export function mappingOf(columns: Column[], sources: Sources): Mapping {
    const used = Object.entries(sources).filter((entry): entry is [string, Source] => gives(entry[1]));
    const made = new Set(used.filter(([, source]) => source.kind !== 'column').map(([field]) => field));
    const clash = used.some(([, source]) => source.kind === 'column' && made.has(source.column));
    const fields = new Map<string, string[]>();
    const others: [string, Made][] = [];
    for (const [field, source] of used)
        if (source.kind !== 'column' || clash) others.push([field, madeOf(source)]);
        else fields.set(source.column, [...(fields.get(source.column) ?? []), field]);
    const idle = columns.filter(({ name, field }) => field !== null && !fields.has(name));
    return Object.fromEntries<Mapping[string]>([
        ...idle.map(({ name }): [string, null] => [name, null]),
        ...[...fields].map(([name, all]): [string, string | string[]] => [name, all.length > 1 ? all : all[0]!]),
        ...others,
    ]);
}

const SHOWN_SAMPLES = 3;

// The first values that a source gives.
export function samplesOf(columns: Column[], source: Source | null): string[] {
    const cells = (name: string) => columns.find((column) => column.name === name)?.samples ?? [];
    const filled = (name: string) => cells(name).filter((cell): cell is string => !!cell);
    if (source?.kind === 'column') return filled(source.column).slice(0, SHOWN_SAMPLES);
    if (source?.kind === 'constant' && source.value.trim() !== '') return [source.value.trim()];
    if (source?.kind !== 'joined') return [];
    const parts = source.columns.map(cells);
    const rows = Array.from({ length: SHOWN_SAMPLES }, (_, row) => parts.map((part) => part[row]));
    return rows.filter((row) => row.length > 0 && row.every(Boolean)).map((row) => row.join(source.separator));
}
