// The wizard's state: what the user has chosen so far, and what the gateway tells about the file.
import { useEffect, useRef, useState } from 'preact/hooks';
import { inspect } from '../api/calls';
import { beginning, checkFile } from '../api/file';
import type { Entity, FormatOptions, ImportAnswer, Inspection, Mapping, SavedMapping } from '../api/types';
import { useSession } from '../session';
import { entityOf, formatOf } from './mapping';
import { columnsOf, effective, mappingOf, type Sources } from './sources';

export const steps = ['file', 'columns', 'check', 'run'] as const;
export type Step = (typeof steps)[number];

export interface Wizard {
    step: Step;
    entity: string;
    file: File | null;
    inspection: Inspection | null;
    // Only what the user chose; the rest is as proposed.
    chosen: Partial<FormatOptions>;
    loaded: Mapping;
    // Null until a mapping was loaded, empty when the user wanted none.
    loadedName: string | null;
    edits: Sources;
    // Answer of the dry run.
    preview: ImportAnswer | null;
    // The file is the corrected one of an earlier import.
    again: boolean;
}

export const empty: Wizard = {
    step: 'file',
    entity: '',
    file: null,
    inspection: null,
    chosen: {},
    loaded: {},
    loadedName: null,
    edits: {},
    preview: null,
    again: false,
};

// Changes of the wizard, or what makes them of the wizard as it is by then.
export type Change = (changes: Partial<Wizard> | ((old: Wizard) => Partial<Wizard>)) => void;

// What an import of the wizard's file is told. The source system is one for all lines unless a column has it.
export function choices(wizard: Wizard, entity: Entity) {
    const columns = wizard.inspection?.columns ?? [];
    const format = formatOf(wizard.inspection as Inspection, wizard.chosen);
    const { external_source: origin, ...others } = effective(entity, columns, wizard.loaded, wizard.edits);
    if (columnsOf(origin ?? null).length > 0) {
        const sources: Sources = { ...others, external_source: origin! };
        return { columns, sources, mapping: mappingOf(columns, sources), format };
    }
    const value = wizard.chosen.external_source ?? (origin?.kind === 'constant' ? origin.value : '');
    const sources: Sources = { ...others, external_source: { kind: 'constant', value } };
    return { columns, sources, mapping: mappingOf(columns, others), format: { ...format, external_source: value.trim() } };
}

// The options that are kept with a mapping: what the values mean. How a file is written, each file tells by itself.
export function keptOptions(options: Partial<FormatOptions>): Partial<FormatOptions> {
    const kept: Partial<FormatOptions> = {};
    for (const name of ['decimal', 'grouping', 'date_format', 'null_token'] as const)
        if (options[name] !== undefined) kept[name] = options[name];
    return kept;
}

export const nameOf = (saved: SavedMapping) => saved.name ?? saved.source;

// A mapping found for the file's source, unless another one was loaded; what the user chose himself stays.
export function loadFound(old: Wizard, saved: SavedMapping | null | undefined): Partial<Wizard> {
    if (!saved || old.loadedName !== null) return {};
    return {
        loaded: saved.mapping,
        loadedName: nameOf(saved),
        chosen: { ...keptOptions(saved.options), ...old.chosen },
    };
}

// A mapping that the user loads, null for none.
export const loadChosen = (old: Wizard, saved: SavedMapping | null): Partial<Wizard> => ({
    loaded: saved?.mapping ?? {},
    loadedName: saved ? nameOf(saved) : '',
    chosen: { ...old.chosen, ...keptOptions(saved?.options ?? {}) },
    edits: {},
    preview: null,
});

// A corrected file is read as the one before was, but for what the file itself tells better.
export function corrected(wizard: Wizard): Partial<Wizard> {
    const found = formatOf(wizard.inspection as Inspection, wizard.chosen);
    const { decimal, grouping, date_format, null_token, external_source } = found;
    return { chosen: { decimal, grouping, date_format, null_token, external_source }, preview: null, again: true };
}

// What the gateway tells about the wizard's file. Its character set takes the whole file; once that is known, the first lines do.
async function look(wizard: Wizard, entity: Entity, signal: AbortSignal): Promise<Inspection> {
    const file = wizard.file as File;
    await checkFile(file);
    const before = wizard.inspection;
    if (before === null) return inspect(wizard.entity, file, wizard.chosen, {}, signal);
    const chosen = { encoding: before.encoding, ...wizard.chosen };
    const { mapping } = choices(wizard, entity);
    const found = await inspect(wizard.entity, await beginning(file), chosen, mapping, signal);
    return { ...found, lines: before.lines };
}

// Asks the gateway about the file, as the wizard will be with `fresh`, and makes the changes `then` when the answer is there.
export function useInspection(wizard: Wizard, change: Change) {
    const session = useSession();
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<unknown>(null);
    const running = useRef<AbortController | null>(null);
    const stop = () => {
        running.current?.abort();
        running.current = null;
        setBusy(false);
        setError(null);
    };
    useEffect(() => () => running.current?.abort(), []);
    const run = async (fresh: Partial<Wizard>, then: Partial<Wizard> = {}) => {
        running.current?.abort();
        const controller = new AbortController();
        running.current = controller;
        setBusy(true);
        setError(null);
        try {
            const next = { ...wizard, ...fresh };
            const inspection = await look(next, entityOf(session, next.entity), controller.signal);
            if (controller.signal.aborted) return;
            change((old) => {
                const next = { ...old, ...then };
                return { ...then, ...loadFound(next, inspection.saved_mapping), inspection, preview: null };
            });
        } catch (fault) {
            if (controller.signal.aborted) return;
            setError(fault);
        }
        setBusy(false);
    };
    return { busy, error, run, stop };
}
