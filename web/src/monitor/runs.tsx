// The latest runs as a table, each with a link to its page.
import { useState } from 'preact/hooks';
import type { Run } from '../api/types';
import { entityName, number, t, time, type PlainKey } from '../i18n';
import { link } from '../router';
import { StatusBadge } from '../ui/badge';
import { Pager } from '../ui/pager';

const PAGE_SIZE = 20;

export const operationName = (operation: string): string =>
    ['upsert', 'sync', 'diff', 'csv', 'reconcile'].includes(operation)
        ? t(`operation.${operation}` as PlainKey)
        : operation;

function Row(props: { run: Run }) {
    const { run } = props;
    return (
        <tr>
            <th scope="row" class="when">
                <a
                    href={link('monitor', 'runs', run.id)}
                    aria-label={`${time(run.started_at)}, ${entityName(run.entity)}, ${run.source ?? t('monitor.mixed')}`}
                >
                    {time(run.started_at)}
                </a>
            </th>
            <td>{entityName(run.entity)}</td>
            <td>{run.source ?? t('monitor.mixed')}</td>
            <td>{operationName(run.operation)}</td>
            <td>
                <StatusBadge status={run.status} />
            </td>
            {[run.total, run.created, run.updated + run.restored, run.skipped].map((count, index) => (
                <td key={index} class="figures">
                    {number(count)}
                </td>
            ))}
            <td class={`figures ${run.errors > 0 ? 'bad' : ''}`}>{number(run.errors)}</td>
        </tr>
    );
}

// `more` fetches older runs; null where there are none.
export function RunTable(props: { runs: Run[]; more: (() => void) | null }) {
    const [page, setPage] = useState(0);
    const heads = ['count.lines', 'action.created', 'action.updated', 'action.skipped', 'action.error'] as const;
    return (
        <section class="panel" aria-labelledby="runs">
            <h2 id="runs">{t('monitor.runs')}</h2>
            {props.runs.length === 0 ? (
                <p class="empty">{t('monitor.no_runs')}</p>
            ) : (
                <div class="table-frame" tabIndex={0} role="region" aria-labelledby="runs">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{t('monitor.started')}</th>
                                <th scope="col">{t('monitor.entity')}</th>
                                <th scope="col">{t('monitor.source')}</th>
                                <th scope="col">{t('monitor.operation')}</th>
                                <th scope="col">{t('monitor.state')}</th>
                                {heads.map((key) => (
                                    <th key={key} scope="col" class="figures">
                                        {t(key)}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {props.runs.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map((run) => (
                                <Row key={run.id} run={run} />
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            <Pager total={props.runs.length} size={PAGE_SIZE} page={page} show={setPage} label={t('monitor.runs')} />
            {props.more && (
                <button type="button" onClick={props.more}>
                    {t('monitor.more')}
                </button>
            )}
        </section>
    );
}
