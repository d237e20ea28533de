// Sync monitor: what the interfaces did in the last days, and single runs.
import { useId, useState } from 'preact/hooks';
import { runs as fetchRuns, statistics } from '../api/calls';
import type { Statistics } from '../api/types';
import { codeName, entityName, fieldName, number, plural, t, time, told } from '../i18n';
import { link } from '../router';
import { useSession } from '../session';
import { actionName, Figure } from '../ui/badge';
import { useLoaded } from '../ui/load';
import { Fault, Spinner } from '../ui/notice';
import { Chart } from './chart';
import { RunPage } from './run';
import { RunTable } from './runs';
import { byDay, bySource, fits, total, type Filter, type Metric, type Sum } from './sums';

const ranges = [7, 30, 90] as const;
const LISTED_RUNS = 100;
const MOST_RUNS = 1000;

function Choice(props: {
    label: string;
    value: string;
    names: [value: string, name: string][];
    choose: (value: string) => void;
}) {
    const id = useId();
    return (
        <div class="filter-choice">
            <label for={id}>{props.label}</label>
            <select id={id} value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
                <option value="">{t('monitor.all')}</option>
                {props.names.map(([value, name]) => (
                    <option key={value} value={value}>
                        {name}
                    </option>
                ))}
            </select>
        </div>
    );
}

function Filters(props: {
    filter: Filter;
    set: (filter: Filter) => void;
    days: number;
    setDays: (days: number) => void;
    sources: string[];
}) {
    const session = useSession();
    const { filter, set } = props;
    return (
        <div class="filter-bar">
            <div class="filters" role="group" aria-label={t('monitor.range')}>
                {ranges.map((days) => (
                    <button
                        key={days}
                        type="button"
                        class="filter"
                        aria-pressed={days === props.days}
                        onClick={() => props.setDays(days)}
                    >
                        {t('monitor.days', { days })}
                    </button>
                ))}
            </div>
            <Choice
                label={t('monitor.entity')}
                value={filter.entity}
                names={session.entities.map(({ entity }) => [entity, entityName(entity)])}
                choose={(entity) => set({ ...filter, entity })}
            />
            <Choice
                label={t('monitor.source')}
                value={filter.source}
                names={props.sources.map((source) => [source, source])}
                choose={(source) => set({ ...filter, source })}
            />
        </div>
    );
}

function Summary(props: { sum: Sum; deliveries: Statistics['deliveries'] }) {
    const { sum, deliveries } = props;
    return (
        <dl class="figures-row">
            <Figure label={t('count.runs')} value={sum.runs} />
            <Figure label={actionName('created')} value={sum.created} tone="created" />
            <Figure label={actionName('updated')} value={sum.updated + sum.restored} tone="updated" />
            <Figure label={actionName('skipped')} value={sum.skipped} />
            {sum.deleted > 0 && <Figure label={actionName('deleted')} value={sum.deleted} />}
            <Figure label={actionName('error')} value={sum.errors} tone="error" />
            <Figure label={t('count.open')} value={deliveries.open} />
            <Figure label={t('count.dead')} value={deliveries.dead} tone="error" />
        </dl>
    );
}

function BySource(props: { statistics: Statistics; filter: Filter }) {
    const { statistics: data, filter } = props;
    const groups = bySource(data.days.filter((row) => fits(filter, row)));
    const last = (entity: string, source: string | null) =>
        data.last_success.find((row) => row.entity === entity && row.source === source)?.finished_at;
    const silent = data.last_success.filter(
        (row) =>
            fits(filter, row) && !groups.some((group) => group.entity === row.entity && group.source === row.source),
    );
    return (
        <section class="panel" aria-labelledby="by-source">
            <h2 id="by-source">{t('monitor.by_source')}</h2>
            <div class="table-frame" tabIndex={0} role="region" aria-labelledby="by-source">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{t('monitor.entity')}</th>
                            <th scope="col">{t('monitor.source')}</th>
                            {[
                                t('count.runs'),
                                ...(['created', 'updated', 'skipped', 'deleted', 'error'] as const).map(actionName),
                            ].map((name) => (
                                <th key={name} scope="col" class="figures">
                                    {name}
                                </th>
                            ))}
                            <th scope="col">{t('monitor.last_success')}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {groups.map(({ entity, source, sum }) => (
                            <tr key={`${entity}/${source}`}>
                                <th scope="row">{entityName(entity)}</th>
                                <td>{source ?? t('monitor.mixed')}</td>
                                <td class="figures">{number(sum.runs)}</td>
                                <td class="figures">{number(sum.created)}</td>
                                <td class="figures">{number(sum.updated + sum.restored)}</td>
                                <td class="figures">{number(sum.skipped)}</td>
                                <td class="figures">{number(sum.deleted)}</td>
                                <td class={`figures ${sum.errors > 0 ? 'bad' : ''}`}>{number(sum.errors)}</td>
                                <td class="when">{time(last(entity, source))}</td>
                            </tr>
                        ))}
                        {silent.map((row) => (
                            <tr key={`${row.entity}/${row.source}`}>
                                <th scope="row">{entityName(row.entity)}</th>
                                <td>{row.source ?? t('monitor.mixed')}</td>
                                <td colSpan={6}>{t('monitor.silent')}</td>
                                <td class="when">{time(row.finished_at)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </section>
    );
}

function TopErrors(props: { statistics: Statistics; filter: Filter }) {
    const errors = props.statistics.top_errors.filter((row) => fits(props.filter, row));
    return (
        <section class="panel" aria-labelledby="top-errors">
            <h2 id="top-errors">{t('monitor.top_errors')}</h2>
            {errors.length === 0 ? (
                <p class="empty">{t('monitor.no_errors')}</p>
            ) : (
                <ol class="top-errors">
                    {errors.map((row) => (
                        <li key={`${row.code}/${row.entity}/${row.source}/${row.path}/${row.example}`}>
                            <span class="top-errors-count">{number(row.count)}</span>
                            <span>
                                <strong>{codeName(row.code)}</strong>
                                {row.path && <span> · {fieldName(row.path)}</span>}
                                <span class="top-errors-where">
                                    {entityName(row.entity)} · {row.source ?? t('monitor.mixed')}
                                </span>
                                <span class="faults-text">
                                    {told({ code: row.code, message: row.example, params: row.params ?? null })}
                                </span>
                                <small>
                                    {plural('monitor.in_runs', row.runs)}{' '}
                                    <a href={link('monitor', 'runs', row.run_id)}>{time(row.last_seen)}</a>
                                </small>
                            </span>
                        </li>
                    ))}
                </ol>
            )}
        </section>
    );
}

function Deliveries(props: { deliveries: Statistics['deliveries'] }) {
    const { open, dead } = props.deliveries;
    return (
        <section class="panel" aria-labelledby="deliveries">
            <h2 id="deliveries">{t('monitor.deliveries')}</h2>
            <dl class="pairs">
                <dt>{t('count.open')}</dt>
                <dd>{number(open)}</dd>
                <dt>{t('count.dead')}</dt>
                <dd class={dead > 0 ? 'bad' : ''}>{number(dead)}</dd>
            </dl>
            <p class="hint">{t('monitor.deliveries_hint')}</p>
            <a href={link('connections')}>{t('monitor.to_webhooks')}</a>
        </section>
    );
}

function Overview() {
    const session = useSession();
    const [days, setDays] = useState<number>(30);
    const [filter, setFilter] = useState<Filter>({ entity: '', source: '' });
    const [limit, setLimit] = useState(LISTED_RUNS);
    const [metric, setMetric] = useState<Metric>('records');
    const stats = useLoaded(() => statistics(days), [days]);
    const list = useLoaded(
        () => fetchRuns({ entity_type: filter.entity, source: filter.source, limit }),
        [filter.entity, filter.source, limit],
    );
    const data = stats.data;
    const fitting = data?.days.filter((row) => fits(filter, row)) ?? [];
    const seen = [...session.sources, ...(data?.days ?? []).map((row) => row.source)];
    const sources = [...new Set(seen.filter((source): source is string => source !== null))].sort();
    const refresh = () => {
        void stats.reload();
        void list.reload();
    };
    return (
        <>
            <div class="page-head">
                <h1>{t('nav.monitor')}</h1>
                <Filters filter={filter} set={setFilter} days={days} setDays={setDays} sources={sources} />
                <button type="button" onClick={refresh}>
                    {t('common.refresh')}
                </button>
            </div>
            <Fault error={stats.error ?? list.error} />
            <div role="status" class="monitor-loading">
                {(stats.loading || list.loading) && <Spinner />}
            </div>
            {data && (
                <div class={stats.loading ? 'outdated' : ''} aria-busy={stats.loading}>
                    <Summary sum={total(fitting)} deliveries={data.deliveries} />
                    <Chart days={byDay(fitting, days)} metric={metric} choose={setMetric} />
                    <BySource statistics={data} filter={filter} />
                    <div class="columns">
                        <TopErrors statistics={data} filter={filter} />
                        <Deliveries deliveries={data.deliveries} />
                    </div>
                </div>
            )}
            {list.data && (
                <RunTable
                    key={`${filter.entity} ${filter.source}`}
                    runs={list.data}
                    more={list.data.length === limit && limit < MOST_RUNS ? () => setLimit(limit + LISTED_RUNS) : null}
                />
            )}
        </>
    );
}

export function Monitor(props: { route: string[] }) {
    const [, kind, id] = props.route;
    return kind === 'runs' && id !== undefined ? <RunPage key={id} id={id} /> : <Overview />;
}
