// Second step: how the file is read, and which column is which field.
import { useEffect, useState } from 'preact/hooks';
import { fieldName, t, warningText } from '../i18n';
import { useSession } from '../session';
import { Fault, Loading, Notice } from '../ui/notice';
import type { Column, FormatOptions } from '../api/types';
import { Format } from './format';
import { changedMapping, doubled, entityOf, namesakes, needs, sourceOf, targets, type Need, type Target } from './mapping';
import { SavedMappings } from './saved';
import { choices, loadChosen, nameOf, useInspection, type Change, type Wizard } from './wizard';

// These change how the file is cut into columns or which mapping is saved for it, so the gateway must look again.
const cutting: (keyof FormatOptions)[] = ['delimiter', 'encoding', 'header', 'external_source'];

const SHOWN_SAMPLES = 3;

function Needs(props: { needs: Need[] }) {
    return (
        <div class="needs">
            <span id="needs-title">{t('columns.needs')}</span>
            <ul aria-labelledby="needs-title">
                {props.needs.map((need) => (
                    <li key={need.forms[0]} class={need.met ? 'met' : 'unmet'}>
                        <span aria-hidden="true">{need.met ? '✓' : '✗'}</span>{' '}
                        {need.forms.map(fieldName).join(` ${t('common.or')} `)}
                        <span class="hidden">{need.met ? t('columns.met') : t('columns.unmet')}</span>
                    </li>
                ))}
            </ul>
        </div>
    );
}

function Row(props: {
    column: Column;
    field: string | null;
    targets: Target[];
    twice: boolean;
    disabled: boolean;
    choose: (field: string | null) => void;
}) {
    const { column, field } = props;
    const samples = column.samples.filter((sample) => sample).slice(0, SHOWN_SAMPLES);
    const state = props.twice ? 'row-error' : field === null ? 'row-ignored' : '';
    return (
        <tr class={state}>
            <th scope="row" id={`column-${column.column}`}>
                {column.name}
            </th>
            <td class="samples">
                {samples.map((sample, index) => (
                    <span key={index}>{sample}</span>
                ))}
            </td>
            <td>
                <select
                    aria-labelledby={`column-${column.column}`}
                    aria-invalid={props.twice ? true : undefined}
                    aria-describedby={props.twice ? `fault-${column.column}` : undefined}
                    disabled={props.disabled}
                    value={field ?? ''}
                    onChange={(event) => props.choose(event.currentTarget.value || null)}
                >
                    <option value="">{t('columns.ignore')}</option>
                    {props.targets.map((target) => (
                        <option key={target.name} value={target.name}>
                            {fieldName(target.name)}
                            {target.required ? ' *' : ''}
                            {fieldName(target.name) === target.name ? '' : `  –  ${target.name}`}
                        </option>
                    ))}
                </select>
                {props.twice && (
                    <span class="row-fault" id={`fault-${column.column}`}>
                        {t('columns.twice')}
                    </span>
                )}
            </td>
        </tr>
    );
}

function MappingTable(props: { wizard: Wizard; change: Change; disabled: boolean }) {
    const { wizard, change } = props;
    const { columns, mapping } = choices(wizard);
    const entity = entityOf(useSession(), wizard.entity);
    const all = targets(entity, columns);
    const twice = doubled(columns, mapping);
    return (
        <div class="table-frame" tabIndex={0} role="region" aria-label={t('columns.title')}>
            <table class="mapping">
                <thead>
                    <tr>
                        <th scope="col">{t('columns.file')}</th>
                        <th scope="col">{t('columns.samples')}</th>
                        <th scope="col">{t('columns.field')}</th>
                    </tr>
                </thead>
                <tbody>
                    {columns.map((column) => {
                        const field = mapping[column.name] ?? null;
                        return (
                            <Row
                                key={`${column.column} ${column.name}`}
                                column={column}
                                field={field}
                                targets={all}
                                disabled={props.disabled}
                                twice={field !== null && twice.has(field)}
                                choose={(chosen) =>
                                    change((old) => ({ edits: { ...old.edits, [column.name]: chosen }, preview: null }))
                                }
                            />
                        );
                    })}
                </tbody>
            </table>
        </div>
    );
}

// What stands in the way of going on, and what only new records need.
function Obstacles(props: { needs: Need[]; twice: boolean; namesakes: string[] }) {
    const names = (missing: Need[]) =>
        missing.map((need) => need.forms.map(fieldName).join(` ${t('common.or')} `)).join(', ');
    const blocking = props.needs.filter((need) => need.always && !need.met);
    const lacking = props.needs.filter((need) => !need.always && !need.met);
    return (
        <>
            {props.namesakes.length > 0 && (
                <Notice kind="error" title={t('columns.fault_names', { names: props.namesakes.join(', ') })} />
            )}
            {props.twice && props.namesakes.length === 0 && <Notice kind="error" title={t('columns.fault_twice')} />}
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
    const { columns, mapping, format } = choices(wizard);
    const wanted = needs(entity, mapping, format);
    const twice = doubled(columns, mapping).size > 0;
    const unclear = format.decimal === '';
    const blocked = unclear || twice || wanted.some((need) => need.always && !need.met);
    const leave = useLeaving(wizard, change, busy, blocked || error !== null);
    // Columns that were chosen by hand may be numbers that do not tell their decimal sign.
    const next = () => {
        if (wizard.chosen.decimal === undefined && Object.keys(changedMapping(columns, mapping)).length > 0)
            void run({});
        leave();
    };
    const choose = (option: Partial<FormatOptions>) => {
        const chosen = { ...wizard.chosen, ...option };
        change({ chosen, preview: null });
        if (cutting.some((name) => name in option)) void run({ chosen });
    };
    return (
        <>
            <p class="step-lead file-name">{wizard.file?.name}</p>
            <Warnings wizard={wizard} />
            <Format
                format={format}
                sources={session.sources}
                hasSource={Object.values(mapping).includes('external_source')}
                typing={(external_source) =>
                    change((old) => ({ chosen: { ...old.chosen, external_source }, preview: null }))
                }
                choose={choose}
            />
            <Fault error={error} />
            <section class="panel" aria-labelledby="mapping-title" aria-busy={busy}>
                <div class="panel-head">
                    <h3 id="mapping-title">{t('columns.title')}</h3>
                    <Needs needs={wanted} />
                </div>
                {wizard.loadedName && <p class="hint">{t('columns.loaded', { name: wizard.loadedName })}</p>}
                <MappingTable wizard={wizard} disabled={busy} change={change} />
                <SavedMappings
                    entity={wizard.entity}
                    source={sourceOf(columns, mapping, format)}
                    mapping={mapping}
                    format={format}
                    loadedName={wizard.loadedName}
                    load={(saved) => change((old) => loadChosen(old, saved))}
                    saved={(saved) => change({ loaded: saved.mapping, loadedName: nameOf(saved) })}
                />
            </section>
            <div aria-live="polite">
                {unclear && <Notice kind="error" title={t('columns.fault_decimal')} />}
                <Obstacles needs={wanted} twice={twice} namesakes={namesakes(columns, mapping)} />
            </div>
            <div class="actions">
                <button type="button" class="primary" disabled={blocked} onClick={next}>
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
