// Second step: how the file is read, and where each field comes from.
import { useEffect, useState } from 'preact/hooks';
import { fieldName, t, warningText } from '../i18n';
import { useSession } from '../session';
import { Fault, Loading, Notice } from '../ui/notice';
import type { FormatOptions } from '../api/types';
import { FieldTable, Unused } from './fields';
import { Format } from './format';
import { entityOf, namesakes, needs, originOf, targets, unused, type Need } from './mapping';
import { SavedMappings } from './saved';
import { columnsOf, guessed, type Source } from './sources';
import { choices, loadChosen, nameOf, useInspection, type Change, type Wizard } from './wizard';

// These change how the file is cut into columns, so the gateway must look again.
const cutting: (keyof FormatOptions)[] = ['delimiter', 'encoding', 'header'];

// What stands in the way of going on, and what only new records need.
function Obstacles(props: { needs: Need[]; namesakes: string[] }) {
    const names = (missing: Need[]) =>
        missing.map((need) => need.forms.map(fieldName).join(` ${t('common.or')} `)).join(', ');
    const blocking = props.needs.filter((need) => need.always && !need.met);
    const lacking = props.needs.filter((need) => !need.always && !need.met);
    return (
        <>
            {props.namesakes.length > 0 && (
                <Notice kind="error" title={t('columns.fault_names', { names: props.namesakes.join(', ') })} />
            )}
            {blocking.length > 0 && (
                <Notice kind="error" title={t('columns.fault_missing', { fields: names(blocking) })}>
                    {blocking.some((need) => need.forms[0] === 'external_source') && <p>{t('columns.fault_source')}</p>}
                </Notice>
            )}
            {lacking.length > 0 && (
                <Notice kind="warning" title={t('columns.warn_missing', { fields: names(lacking) })}>
                    <p>{t('columns.warn_missing_hint')}</p>
                </Notice>
            )}
        </>
    );
}

// Remarks of the gateway on the file as a whole.
function Warnings(props: { wizard: Wizard }) {
    return (
        <div aria-live="polite">
            {props.wizard.inspection?.warnings.map((warning, index) => (
                <Notice
                    key={index}
                    kind="warning"
                    title={typeof warning === 'string' ? warning : warningText(warning)}
                />
            ))}
        </div>
    );
}

// Going on to the check. While the file is being looked at it waits, and stays if columns were loaded that the user has not seen.
function useLeaving(wizard: Wizard, change: Change, busy: boolean, blocked: boolean) {
    const [leaving, setLeaving] = useState<{ loadedName: string | null } | null>(null);
    useEffect(() => {
        if (busy || leaving === null) return;
        setLeaving(null);
        if (!blocked && leaving.loadedName === wizard.loadedName) change({ step: 'check' });
    }, [busy, leaving]);
    return () => setLeaving({ loadedName: wizard.loadedName });
}

export function ColumnsStep(props: { wizard: Wizard; change: Change }) {
    const { wizard, change } = props;
    const session = useSession();
    const entity = entityOf(session, wizard.entity);
    const { busy, error, run } = useInspection(wizard, change);
    const { columns, sources, mapping, format } = choices(wizard, entity);
    const wanted = needs(entity, sources);
    const twice = namesakes(columns, sources);
    const unclear = format.decimal === '';
    const blocked = unclear || twice.length > 0 || wanted.some((need) => need.always && !need.met);
    const leave = useLeaving(wizard, change, busy, blocked || error !== null);
    const read = (option: Partial<FormatOptions>) => {
        const chosen = { ...wizard.chosen, ...option };
        change({ chosen, preview: null });
        if (cutting.some((name) => name in option)) void run({ chosen });
    };
    // Which columns are used decides how numbers and dates are read, the source system which columns are saved for it.
    const choose = (field: string, source: Source | null, final: boolean) => {
        const edits = { ...wizard.edits, [field]: source };
        const origin = field === 'external_source' && source?.kind === 'constant' ? source.value : undefined;
        const fresh = origin === undefined ? { edits } : { edits, chosen: { ...wizard.chosen, external_source: origin } };
        change({ ...fresh, preview: null });
        const others = columnsOf(source).join('\n') !== columnsOf(sources[field] ?? null).join('\n');
        if (others || (final && origin !== undefined)) void run(fresh);
    };
    return (
        <>
            <p class="step-lead file-name">{wizard.file?.name}</p>
            <Warnings wizard={wizard} />
            <Format format={format} choose={read} />
            <Fault error={error} />
            <section class="panel" aria-labelledby="mapping-title" aria-busy={busy}>
                <h3 id="mapping-title">{t('fields.title')}</h3>
                {wizard.loadedName && <p class="hint">{t('columns.loaded', { name: wizard.loadedName })}</p>}
                <FieldTable
                    targets={targets(entity, columns)}
                    sources={sources}
                    columns={columns}
                    needs={wanted}
                    guessed={guessed(columns, sources, wizard.loaded, wizard.edits)}
                    systems={session.sources}
                    choose={choose}
                />
                <Unused columns={unused(columns, sources)} />
                <SavedMappings
                    entity={wizard.entity}
                    source={originOf(columns, sources)}
                    mapping={mapping}
                    format={format}
                    loadedName={wizard.loadedName}
                    load={(saved) => change((old) => loadChosen(old, saved))}
                    saved={(saved) => change({ loaded: saved.mapping, loadedName: nameOf(saved) })}
                />
            </section>
            <div aria-live="polite">
                {unclear && <Notice kind="error" title={t('columns.fault_decimal')} />}
                <Obstacles needs={wanted} namesakes={twice} />
            </div>
            <div class="actions">
                <button type="button" class="primary" disabled={blocked} onClick={leave}>
                    {t('columns.next')}
                </button>
                <button type="button" onClick={() => change({ step: 'file' })}>
                    {t('common.back')}
                </button>
                {/* At the end: nothing may move under the pointer when a click begins it. */}
                {busy && <Loading text={t('file.reading')} />}
            </div>
        </>
    );
}
