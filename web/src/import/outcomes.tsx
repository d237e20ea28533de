// What becomes of each line, as a table: filtered by outcome and text, page by page.
import { useId, useMemo, useState } from 'preact/hooks';
import type { Action, LineResult } from '../api/types';
import { codeName, fieldName, moment, number, plural, t, told } from '../i18n';
import { ActionBadge, actionName, actions } from '../ui/badge';
import { Pager } from '../ui/pager';

const PAGE_SIZE = 50;
const SHOWN_FIELDS = 6;

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$/;

// A value of a record as text in the user's language.
function show(value: unknown): string {
    if (value === null || value === undefined) return '–';
    if (typeof value === 'boolean') return t(value ? 'value.true' : 'value.false');
    if (typeof value === 'number') return number(value);
    if (typeof value !== 'string') return JSON.stringify(value);
    return MOMENT.test(value) ? moment(value) : value;
}

// All that can be searched in a line.
function textOf(result: LineResult): string {
    const changes = (result.changes ?? []).map((change) => `${change.field} ${show(change.old)} ${show(change.new)}`);
    const faults = (result.details ?? []).map(
        (detail) => `${detail.constraint} ${detail.path} ${detail.message} ${show(detail.value)}`,
    );
    const warnings = (result.warnings ?? []).map((warning) => `${warning.code} ${warning.message}`);
    return [
        result.line,
        number(result.line),
        result.external_id,
        result.external_source,
        result.code,
        result.error,
        ...changes,
        ...faults,
        ...warnings,
    ]
        .join(' ')
        .toLowerCase();
}

// A record in a cell: its changed fields with old and new value; of a new record the first of its values.
function Changes(props: { result: LineResult }) {
    const [all, setAll] = useState(false);
    const changes = props.result.changes ?? [];
    const fresh = props.result.action === 'created';
    const shown = all ? changes : changes.slice(0, SHOWN_FIELDS);
    return (
        <ul class="changes">
            {shown.map((change) => (
                <li key={change.field}>
                    <span class="changes-field">{fieldName(change.field)}</span>{' '}
                    {!fresh && (
                        <>
                            <del>{show(change.old)}</del>{' '}
                            <span class="changes-arrow" aria-label={t('outcome.becomes')} role="img">
                                →
                            </span>{' '}
                        </>
                    )}
                    <ins>{show(change.new)}</ins>
                </li>
            ))}
            {shown.length < changes.length && (
                <li>
                    <button type="button" class="link" onClick={() => setAll(true)}>
                        {plural('outcome.more', changes.length - shown.length)}
                    </button>
                </li>
            )}
        </ul>
    );
}

function Faults(props: { result: LineResult }) {
    const { code, error, details } = props.result;
    const faults =
        details && details.length > 0 ? details : [{ path: '', constraint: code ?? '', message: error ?? '' }];
    return (
        <ul class="faults">
            {faults.map((fault, index) => (
                <li key={index}>
                    <strong>{codeName(fault.constraint)}</strong>
                    {fault.path !== '' && <span> · {fieldName(fault.path)}</span>}
                    <br />
                    <span class="faults-text">{told(fault)}</span>
                </li>
            ))}
        </ul>
    );
}

function Line(props: { result: LineResult }) {
    const { result } = props;
    return (
        <tr>
            <td class="figures">{number(result.line)}</td>
            <td>
                <ActionBadge action={result.action} />
            </td>
            <th scope="row">
                {result.external_id ?? '–'}
                {result.external_source && <small>{result.external_source}</small>}
            </th>
            <td>
                {result.action === 'error' ? <Faults result={result} /> : <Changes result={result} />}
                {result.warnings?.map((warning, index) => (
                    <p key={index} class="line-warning">
                        {codeName(warning.code)}: {told(warning)}
                    </p>
                ))}
            </td>
        </tr>
    );
}

export function Outcomes(props: { results: LineResult[]; title: string }) {
    const { results } = props;
    const [wanted, setWanted] = useState<Action | null>(null);
    const [text, setText] = useState('');
    const [page, setPage] = useState(0);
    const search = useId();
    // What is searched takes long to make, and most lists are never searched.
    const searched = text.trim() !== '';
    const texts = useMemo(() => (searched ? results.map(textOf) : []), [results, searched]);
    const counts = useMemo(() => {
        const found = new Map<Action, number>();
        for (const { action } of results) found.set(action, (found.get(action) ?? 0) + 1);
        return found;
    }, [results]);
    const fitting = useMemo(() => {
        const part = text.trim().toLowerCase();
        return results.filter(
            (result, index) =>
                (wanted === null || result.action === wanted) && (part === '' || texts[index]!.includes(part)),
        );
    }, [results, texts, wanted, text]);
    const filter = (action: Action | null, label: string, count: number) => (
        <button
            key={action ?? 'all'}
            type="button"
            class="filter"
            aria-pressed={wanted === action}
            onClick={() => {
                setWanted(action);
                setPage(0);
            }}
        >
            {label} <span class="filter-count">{number(count)}</span>
        </button>
    );
    return (
        <section class="panel outcomes" aria-label={props.title}>
            <div class="panel-head">
                <h3>{props.title}</h3>
                <div class="filters" role="group" aria-label={t('outcome.filter')}>
                    {filter(null, t('outcome.all'), results.length)}
                    {actions
                        .filter((action) => counts.has(action))
                        .map((action) => filter(action, actionName(action), counts.get(action) ?? 0))}
                </div>
                <div class="search">
                    <label class="hidden" for={search}>
                        {t('outcome.search')}
                    </label>
                    <input
                        id={search}
                        type="search"
                        placeholder={t('outcome.search')}
                        value={text}
                        onInput={(event) => {
                            setText(event.currentTarget.value);
                            setPage(0);
                        }}
                    />
                </div>
            </div>
            <p class="hidden" role="status">
                {plural('outcome.fitting', fitting.length)}
            </p>
            {fitting.length === 0 ? (
                <p class="empty">{t('outcome.none')}</p>
            ) : (
                <div class="table-frame" tabIndex={0} role="region" aria-label={props.title}>
                    <table class="lines">
                        <thead>
                            <tr>
                                <th scope="col" class="figures">
                                    {t('outcome.line')}
                                </th>
                                <th scope="col">{t('outcome.outcome')}</th>
                                <th scope="col">{t('outcome.record')}</th>
                                <th scope="col">{t('outcome.details')}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {fitting.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map((result) => (
                                <Line key={`${result.index}-${result.line}`} result={result} />
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            <Pager total={fitting.length} size={PAGE_SIZE} page={page} show={setPage} label={t('pager.lines')} />
        </section>
    );
}
