// Last step: the import with its progress, and what became of it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { cancelRun, importQuery, rejected, run as fetchRun } from '../api/calls';
import { ApiError } from '../api/client';
import { follow } from '../api/follow';
import type { Counts, ImportAnswer, LineResult, Run } from '../api/types';
import { newRunId, upload, type Upload } from '../api/upload';
import { entityName, number, percent, plural, t } from '../i18n';
import { link } from '../router';
import { Fault, Notice } from '../ui/notice';
import { CountFigures } from './counts';
import { Outcomes } from './outcomes';
import { choices, type Wizard } from './page';

const RETRY_MILLISECONDS = 500;

interface Result {
    counts: Counts;
    run: string;
    cancelled: boolean;
    results: LineResult[];
}

// The same from the history, where the connection broke before the answer came.
function fromRun(run: Run): Result {
    const results = (run.error_details ?? []).map((fault, index): LineResult => ({
        index: fault.index ?? index,
        line: fault.line ?? 0,
        external_id: fault.external_id ?? null,
        action: 'error',
        code: fault.code,
        error: fault.message,
        details: [{ path: fault.path ?? '', constraint: fault.code, message: fault.message }],
    }));
    return { counts: run, run: run.id, cancelled: run.status === 'cancelled', results };
}

const fromAnswer = (answer: ImportAnswer, id: string): Result => ({
    counts: answer,
    run: answer.run_id ?? id,
    cancelled: answer.cancelled,
    results: answer.results.filter((result) => result.action === 'error'),
});

// The answer did not come, which says nothing about the import: no connection, a time limit on the way, the server's own fault.
const isLost = (fault: unknown) =>
    !(fault instanceof ApiError) || [0, 408].includes(fault.status) || fault.status >= 500;

// Starts the import once and follows it.
function useImport(wizard: Wizard) {
    const [id] = useState(newRunId);
    const [sentPart, setSentPart] = useState(0);
    const [state, setState] = useState<Run | null>(null);
    const [result, setResult] = useState<Result | null>(null);
    const [error, setError] = useState<unknown>(null);
    const [cancelling, setCancelling] = useState(false);
    const [notCancelled, setNotCancelled] = useState<unknown>(null);
    const sending = useRef<Upload | null>(null);
    const sent = useRef(false);
    const settled = useRef(false);

    useEffect(() => {
        const watching = new AbortController();
        const { format, mapping } = choices(wizard);
        const query = importQuery(format, mapping, { results: 'errors', run: id });
        sending.current = upload(wizard.entity, wizard.file as File, query, (part) => {
            sent.current = part >= 1;
            setSentPart(part);
        });
        let last: Run | null = null;
        const following = follow(id, watching.signal, (run) => {
            last = run;
            setState(run);
        });
        following.catch(() => undefined);
        sending.current.answer
            .then((answer) => setResult(fromAnswer(answer, id)))
            .catch(async (fault) => {
                if (!isLost(fault)) return setError(fault);
                // The gateway may have gone on without this connection: its history knows.
                const known: Run | null = last ?? (await fetchRun(id).catch(() => null));
                if (known === null) return setError(fault);
                await following;
                setResult(fromRun(last ?? known));
            })
            .catch(setError)
            .finally(() => {
                settled.current = true;
                watching.abort();
            });
        return () => watching.abort();
    }, []);

    // An import that the gateway does not know has not begun: then the file is not sent to its end, or, if it was, it soon begins.
    const cancel = async () => {
        setCancelling(true);
        setNotCancelled(null);
        while (!settled.current) {
            try {
                await cancelRun(id);
                return;
            } catch (fault) {
                if (!(fault instanceof ApiError && fault.status === 404)) {
                    setNotCancelled(fault);
                    setCancelling(false);
                    return;
                }
            }
            if (!sent.current) {
                sending.current?.abort();
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
        }
    };
    return { sentPart, state, result, error, cancelling, notCancelled, cancel };
}

// Closing the tab in the middle of an import asks first.
function useLeaveGuard(active: boolean) {
    useEffect(() => {
        if (!active) return;
        const guard = (event: BeforeUnloadEvent) => event.preventDefault();
        addEventListener('beforeunload', guard);
        return () => removeEventListener('beforeunload', guard);
    }, [active]);
}

function Progress(props: {
    sentPart: number;
    state: Run | null;
    lines: number;
    cancelling: boolean;
    cancel: () => void;
}) {
    const { state } = props;
    const lines = props.lines || (state?.records ?? 0);
    const done = state?.done ?? 0;
    const sending = state === null && props.sentPart < 1;
    const part = sending ? props.sentPart : lines > 0 ? Math.min(1, done / lines) : 0;
    const text = sending ? t('run.sending') : t('run.progress', { done: number(done), total: number(lines) });
    // Said aloud at each tenth only.
    const tenth = Math.floor(part * 10) / 10;
    const spoken = sending ? t('run.sending') : t('run.spoken', { part: percent(tenth) });
    return (
        <section class="panel progress" aria-labelledby="progress-title">
            <h3 id="progress-title">{props.cancelling ? t('run.cancelling') : t('run.running')}</h3>
            <progress aria-labelledby="progress-title" max={1} value={part} />
            <p class="progress-text">
                <span>{text}</span> <strong>{percent(part)}</strong>
            </p>
            <p class="hidden" role="status">
                {spoken}
            </p>
            {state && <CountFigures counts={{ ...state, total: done }} />}
            <div class="actions">
                <button type="button" class="danger" disabled={props.cancelling} onClick={props.cancel}>
                    {t('run.cancel')}
                </button>
            </div>
            <p class="hint">{t('run.cancel_hint')}</p>
        </section>
    );
}

function Verdict(props: { result: Result; lines: number }) {
    const { counts, cancelled } = props.result;
    const values = { done: number(counts.total), total: number(props.lines) };
    if (cancelled)
        return (
            <Notice kind="warning" title={t('run.cancelled')}>
                <p>{t('run.cancelled_hint', values)}</p>
            </Notice>
        );
    if (counts.errors === 0) return <Notice kind="success" title={t('run.done')} />;
    return (
        <Notice kind="warning" title={plural('run.refused', counts.errors)}>
            <p>{t('run.refused_hint')}</p>
        </Notice>
    );
}

function Finished(props: { wizard: Wizard; result: Result; restart: (again: boolean) => void }) {
    const { wizard, result, restart } = props;
    const [fault, setFault] = useState<unknown>(null);
    const refused = result.counts.errors > 0;
    const fetchRejected = () => {
        setFault(null);
        rejected(wizard.entity, result.run).catch(setFault);
    };
    return (
        <>
            <Verdict result={result} lines={wizard.preview?.total ?? result.counts.total} />
            <CountFigures counts={result.counts} />
            <Fault error={fault} />
            <div class="actions">
                {refused && (
                    <>
                        <button type="button" class="primary" onClick={fetchRejected}>
                            {t('run.rejected')}
                        </button>
                        <button type="button" onClick={() => restart(true)}>
                            {t('run.again')}
                        </button>
                    </>
                )}
                <button type="button" class={refused ? '' : 'primary'} onClick={() => restart(false)}>
                    {t('run.next')}
                </button>
                <a href={link('monitor', 'runs', result.run)}>{t('run.monitor')}</a>
            </div>
            {result.results.length > 0 && <Outcomes results={result.results} title={t('run.refused_lines')} />}
        </>
    );
}

export function RunStep(props: { wizard: Wizard; restart: (again: boolean) => void }) {
    const { wizard, restart } = props;
    const { sentPart, state, result, error, cancelling, notCancelled, cancel } = useImport(wizard);
    const aborted = error instanceof DOMException;
    const running = result === null && error === null;
    useLeaveGuard(running);
    const title = useRef<HTMLHeadingElement>(null);
    useEffect(() => title.current?.focus(), [running]);
    return (
        <>
            <h2 ref={title} tabIndex={-1} class={`step-title ${running ? '' : 'result-title'}`}>
                {t(running ? 'import.title_run' : 'run.result')}
            </h2>
            <p class="step-lead">
                <span class="file-name">{wizard.file?.name}</span> → {entityName(wizard.entity)}
            </p>
            {running && <Fault error={notCancelled} />}
            {running && (
                <Progress
                    sentPart={sentPart}
                    state={state}
                    lines={wizard.preview?.total ?? 0}
                    cancelling={cancelling}
                    cancel={cancel}
                />
            )}
            {result && <Finished wizard={wizard} result={result} restart={restart} />}
            {aborted && <Notice kind="warning" title={t('run.not_begun')} />}
            {!aborted && <Fault error={error} />}
            {error !== null && (
                <div class="actions">
                    <button type="button" class="primary" onClick={() => restart(false)}>
                        {t('run.next')}
                    </button>
                </div>
            )}
        </>
    );
}
