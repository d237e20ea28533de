// One run: its counts and errors; one that is under way is followed to its end.
import { useEffect, useState } from 'preact/hooks';
import { cancelRun, isActive, rejected, run as fetchRun } from '../api/calls';
import { follow } from '../api/follow';
import type { Run, RunError } from '../api/types';
import { codeName, entityName, fieldName, number, percent, plural, t, time, told } from '../i18n';
import { CountFigures } from '../import/counts';
import { link } from '../router';
import { StatusBadge } from '../ui/badge';
import { Fault, Loading, Notice } from '../ui/notice';
import { Pager } from '../ui/pager';
import { operationName } from './runs';

const PAGE_SIZE = 50;

function useRun(id: string) {
    const [run, setRun] = useState<Run | null>(null);
    const [error, setError] = useState<unknown>(null);
    useEffect(() => {
        const controller = new AbortController();
        fetchRun(id, controller.signal)
            .then((state) => {
                setRun(state);
                return isActive(state) ? follow(id, controller.signal, setRun) : undefined;
            })
            .catch((fault) => controller.signal.aborted || setError(fault));
        return () => controller.abort();
    }, [id]);
    return { run, error };
}

function Facts(props: { run: Run }) {
    const { run } = props;
    const facts: [string, string][] = [
        [t('monitor.entity'), entityName(run.entity)],
        [t('monitor.source'), run.source ?? t('monitor.mixed')],
        [t('monitor.operation'), operationName(run.operation)],
        [t('monitor.started'), time(run.started_at)],
        [t('monitor.finished'), time(run.finished_at)],
    ];
    return (
        <dl class="facts">
            {facts.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    );
}

// What broke the run off, and what it did before.
function Broken(props: { run: Run }) {
    const { run } = props;
    const values = { done: number(run.total - run.errors), total: number(run.records ?? run.total) };
    return (
        <Notice kind="error" title={t('run.failed')}>
            <p>{run.failure}</p>
            <p>{t('run.failed_hint', values)}</p>
        </Notice>
    );
}

// The refused lines, of which the history tells the first.
function Errors(props: { errors: RunError[]; refused: number }) {
    const [page, setPage] = useState(0);
    const lines = new Set(props.errors.map((fault) => fault.line ?? fault.index)).size;
    const withLines = props.errors.some((fault) => fault.line !== undefined && fault.line !== null);
    return (
        <section class="panel" aria-labelledby="errors">
            <h2 id="errors">{t('run.refused_lines')}</h2>
            <div class="table-frame" tabIndex={0} role="region" aria-labelledby="errors">
                <table class="lines">
                    <thead>
                        <tr>
                            <th scope="col" class="figures">
                                {withLines ? t('outcome.line') : t('run.position')}
                            </th>
                            <th scope="col">{t('outcome.record')}</th>
                            <th scope="col">{t('outcome.details')}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {props.errors.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map((fault, index) => (
                            <tr key={index}>
                                <td class="figures">
                                    {number((withLines ? fault.line : (fault.index ?? 0) + 1) ?? 0)}
                                </td>
                                <th scope="row">{fault.external_id ?? '–'}</th>
                                <td>
                                    <strong>{codeName(fault.code)}</strong>
                                    {fault.path && <span> · {fieldName(fault.path)}</span>}
                                    <br />
                                    <span class="faults-text">{told(fault)}</span>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <Pager total={props.errors.length} size={PAGE_SIZE} page={page} show={setPage} label={t('pager.lines')} />
            {lines < props.refused && <p class="hint">{plural('outcome.omitted', props.refused - lines)}</p>}
        </section>
    );
}

function Running(props: { run: Run; failed: (fault: unknown) => void }) {
    const { run } = props;
    const total = run.records ?? run.lines ?? run.total;
    const part = total > 0 ? Math.min(1, (run.done ?? 0) / total) : 0;
    const [cancelling, setCancelling] = useState(false);
    const stopping = cancelling || run.status === 'cancelling';
    const cancel = () => {
        setCancelling(true);
        cancelRun(run.id).catch((fault) => {
            setCancelling(false);
            props.failed(fault);
        });
    };
    return (
        <div class="progress">
            <progress max={1} value={part} aria-label={t('run.running')} />
            <p class="progress-text">
                <span>{t('run.progress', { done: number(run.done ?? 0), total: number(total) })}</span>{' '}
                <strong>{percent(part)}</strong>
            </p>
            <button type="button" class="danger" disabled={stopping} onClick={cancel}>
                {stopping ? t('run.cancelling') : t('run.cancel')}
            </button>
        </div>
    );
}

export function RunPage(props: { id: string }) {
    const { run, error } = useRun(props.id);
    const [fault, setFault] = useState<unknown>(null);
    return (
        <>
            <p>
                <a href={link('monitor')}>← {t('nav.monitor')}</a>
            </p>
            <div class="page-head page-head-close">
                <h1>{t('run.title')}</h1>
                {run && <StatusBadge status={run.status} />}
            </div>
            <Fault error={error ?? fault} />
            {run === null && error === null && <Loading />}
            {run && (
                <>
                    <Facts run={run} />
                    {isActive(run) && <Running run={run} failed={setFault} />}
                    {run.status === 'failed' && run.failure && <Broken run={run} />}
                    <CountFigures counts={run} />
                    {(run.has_rejected ?? (run.operation === 'csv' && run.errors > 0)) && !isActive(run) && (
                        <div class="actions">
                            <button type="button" onClick={() => rejected(run.entity, run.id).catch(setFault)}>
                                {t('run.rejected')}
                            </button>
                        </div>
                    )}
                    {(run.error_details ?? []).length > 0 && (
                        <Errors errors={run.error_details ?? []} refused={run.errors} />
                    )}
                </>
            )}
        </>
    );
}
