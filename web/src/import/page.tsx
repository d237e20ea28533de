// Data Import: four steps from a file to what became of its lines.
import { useEffect, useRef, useState } from 'preact/hooks';
import { inspect } from '../api/calls';
import type { FormatOptions, ImportAnswer, Inspection, Mapping } from '../api/types';
import { t, type PlainKey } from '../i18n';
import { useSession } from '../session';
import { CheckStep } from './check';
import { ColumnsStep } from './columns';
import { FileStep } from './file';
import { effective, formatOf } from './mapping';
import { RunStep } from './run';

const steps = ['file', 'columns', 'check', 'run'] as const;
export type Step = (typeof steps)[number];

// What the user has chosen so far.
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
    edits: Mapping;
    // Answer of the dry run.
    preview: ImportAnswer | null;
    // The file is the corrected one of an earlier import.
    again: boolean;
}

const empty: Wizard = {
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

export type Change = (changes: Partial<Wizard>) => void;

// What an import of the wizard's file is told.
export function choices(wizard: Wizard) {
    const columns = wizard.inspection?.columns ?? [];
    const mapping = effective(columns, wizard.loaded, wizard.edits);
    const format = formatOf(wizard.inspection as Inspection, wizard.chosen);
    return { columns, mapping, format };
}

// Asks the gateway about the file, as the wizard will be with `fresh`, and makes the changes `then` when the answer is there. A
// mapping saved for the file's source is loaded unless another one was.
export function useInspection(wizard: Wizard, change: Change) {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<unknown>(null);
    const running = useRef<AbortController | null>(null);
    useEffect(() => () => running.current?.abort(), []);
    const run = async (fresh: Partial<Wizard>, then: Partial<Wizard> = {}) => {
        running.current?.abort();
        const controller = new AbortController();
        running.current = controller;
        const next = { ...wizard, ...fresh };
        setBusy(true);
        setError(null);
        try {
            const inspection = await inspect(next.entity, next.file as File, next.chosen, controller.signal);
            const saved = next.loadedName === null ? inspection.saved_mapping : null;
            const load = saved
                ? {
                      loaded: saved.mapping,
                      loadedName: saved.name ?? saved.source,
                      chosen: { ...saved.options, ...next.chosen },
                  }
                : {};
            change({ ...then, ...load, inspection, preview: null });
        } catch (fault) {
            if (controller.signal.aborted) return;
            setError(fault);
        }
        if (running.current === controller) setBusy(false);
    };
    return { busy, error, run };
}

// A corrected file is read as the one before was, but for what the file itself tells better.
function corrected(wizard: Wizard): Partial<Wizard> {
    const { decimal, date_format, null_token, external_source } = choices(wizard).format;
    return { chosen: { decimal, date_format, null_token, external_source }, preview: null, again: true };
}

function Stepper(props: { step: Step }) {
    const at = steps.indexOf(props.step);
    return (
        <ol class="stepper" aria-label={t('import.steps')}>
            {steps.map((step, index) => (
                <li key={step} class={index < at ? 'done' : ''} aria-current={index === at ? 'step' : undefined}>
                    <span class="stepper-mark" aria-hidden="true">
                        {index < at ? '✓' : index + 1}
                    </span>
                    {t(`import.step_${step}` as PlainKey)}
                    {index < at && <span class="hidden">{t('import.step_done')}</span>}
                </li>
            ))}
        </ol>
    );
}

export function ImportPage() {
    const session = useSession();
    const [wizard, setWizard] = useState<Wizard>({ ...empty, entity: session.entities[0]?.entity ?? '' });
    const change: Change = (changes) => setWizard((old) => ({ ...old, ...changes }));
    const heading = useRef<HTMLHeadingElement>(null);
    const first = useRef(true);
    useEffect(() => {
        if (!first.current) {
            heading.current?.focus();
            window.scrollTo(0, 0);
        }
        first.current = false;
    }, [wizard.step, wizard.again]);
    const restart = (again: boolean) =>
        setWizard(
            again ? { ...wizard, ...corrected(wizard), step: 'file', file: null } : { ...empty, entity: wizard.entity },
        );
    return (
        <>
            <div class="page-head">
                <h1>{t('nav.import')}</h1>
                <Stepper step={wizard.step} />
            </div>
            {wizard.step !== 'run' && (
                <h2 ref={heading} tabIndex={-1} class="step-title">
                    {t(`import.title_${wizard.step}` as PlainKey)}
                </h2>
            )}
            {wizard.step === 'file' && <FileStep wizard={wizard} change={change} />}
            {wizard.step === 'columns' && <ColumnsStep wizard={wizard} change={change} />}
            {wizard.step === 'check' && <CheckStep wizard={wizard} change={change} />}
            {wizard.step === 'run' && <RunStep wizard={wizard} restart={restart} />}
        </>
    );
}
