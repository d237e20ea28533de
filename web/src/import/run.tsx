// Last step: the import with its progress, and what became of it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { rejected, rejectedFile } from '../api/calls';
import { ApiError } from '../api/client';
import type { Entity, Run } from '../api/types';
import { entityName, number, percent, plural, t } from '../i18n';
import { link } from '../router';
import { useSession } from '../session';
import { errorText, explain, Fault, Loading, Notice } from '../ui/notice';
import { CountFigures } from './counts';
import { entityOf } from './mapping';
import { Outcomes } from './outcomes';
import { useImport, type Result } from './sending';
import { gives } from './sources';
import { choices, corrected, useInspection, type Change, type Wizard } from './wizard';

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

// What broke an import off, and what of it was imported before.
function Broken(props: { result: Result; lines: number }) {
    const { counts, failure } = props.result;
    const why = typeof failure === 'string' ? failure : explain(failure);
    const values = { done: number(counts.total - counts.errors), total: number(props.lines) };
    return (
        <Notice kind="error" title={t('run.failed')}>
            {why !== '' && <p>{why}</p>}
            {failure instanceof ApiError && failure.message !== '' && errorText(failure) !== why && (
                <p>{errorText(failure)}</p>
            )}
            <p>{t('run.failed_hint', values)}</p>
        </Notice>
    );
}

function Verdict(props: { result: Result; lines: number }) {
    const { counts, cancelled, failure } = props.result;
    if (failure !== null) return <Broken {...props} />;
    if (cancelled)
        return (
            <Notice kind="warning" title={t('run.cancelled')}>
                <p>{t('run.cancelled_hint', { done: number(counts.total), total: number(props.lines) })}</p>
            </Notice>
        );
    if (counts.errors === 0) return <Notice kind="success" title={t('run.done')} />;
    return (
        <Notice kind="warning" title={plural('run.refused', counts.errors)}>
            <p>{t('run.refused_hint')}</p>
        </Notice>
    );
}

// Where records refer to others of their own kind, one may stand before the one that it needs; then it is refused now, and taken the
// next time.
const mayNeedRepeating = (wizard: Wizard, entity: Entity, refused: number) => {
    const expected = wizard.preview?.errors ?? refused;
    const { sources } = choices(wizard, entity);
    return refused > expected && Object.keys(sources).some((field) => field.startsWith('parent_') && gives(sources[field]));
};

// What can be done about refused lines: getting them as a file, and importing that file, corrected or as it is.
function Refused(props: { wizard: Wizard; change: Change; result: Result; restart: (again: boolean) => void }) {
    const { wizard, change, result, restart } = props;
    const entity = entityOf(useSession(), wizard.entity);
    const [fault, setFault] = useState<unknown>(null);
    const { busy, error, run } = useInspection(wizard, change);
    const attempt = (work: Promise<unknown>) => {
        setFault(null);
        work.catch(setFault);
    };
    const repeat = async () => {
        const next = { ...corrected(wizard), file: await rejectedFile(wizard.entity, result.run), inspection: null };
        await run(next, { ...next, step: 'check' });
    };
    return (
        <>
            {mayNeedRepeating(wizard, entity, result.counts.errors) && <Notice kind="info" title={t('run.order')} />}
            <Fault error={fault ?? error} />
            {busy && <Loading text={t('file.reading')} />}
            <div class="actions">
                <button type="button" class="primary" onClick={() => attempt(rejected(wizard.entity, result.run, result.results))}>
                    {t('run.rejected')}
                </button>
                <button type="button" onClick={() => restart(true)}>
                    {t('run.again')}
                </button>
                <button type="button" disabled={busy} onClick={() => attempt(repeat())}>
                    {t('run.repeat')}
                </button>
            </div>
        </>
    );
}

function Finished(props: {
    wizard: Wizard;
    change: Change;
    result: Result;
    lines: number;
    restart: (again: boolean) => void;
}) {
    const { result, restart } = props;
    const refused = result.counts.errors > 0;
    return (
        <>
            <Verdict result={result} lines={props.lines} />
            <CountFigures counts={result.counts} />
            {refused && <Refused {...props} />}
            <div class="actions">
                <button type="button" class={refused ? '' : 'primary'} onClick={() => restart(false)}>
                    {t('run.next')}
                </button>
                <a href={link('monitor', 'runs', result.run)}>{t('run.monitor')}</a>
            </div>
            {result.results.length > 0 && <Outcomes results={result.results} title={t('run.refused_lines')} />}
            {result.omitted > 0 && <p class="hint">{plural('outcome.omitted', result.omitted)}</p>}
        </>
    );
}

// The connection broke: the import goes on without it, and is looked for until it is found or the user gives up.
function Lost(props: { id: string; leave: () => void }) {
    return (
        <Notice kind="warning" title={t('run.lost')}>
            <p>{t('run.lost_hint')}</p>
            <div class="actions">
                <a href={link('monitor', 'runs', props.id)}>{t('run.monitor')}</a>
                <button type="button" onClick={props.leave}>
                    {t('run.leave')}
                </button>
            </div>
        </Notice>
    );
}

// The import failed before it began, as far as is known.
function NotBegun(props: { error: unknown; id: string; back: () => void; restart: (again: boolean) => void }) {
    const { error } = props;
    return (
        <>
            {error instanceof DOMException ? (
                <Notice kind="warning" title={t('run.not_begun')} />
            ) : (
                <Fault error={error} />
            )}
            <div class="actions">
                <button type="button" class="primary" onClick={props.back}>
                    {t('common.back')}
                </button>
                <button type="button" onClick={() => props.restart(false)}>
                    {t('run.next')}
                </button>
                <a href={link('monitor', 'runs', props.id)}>{t('run.monitor')}</a>
            </div>
        </>
    );
}

export function RunStep(props: { wizard: Wizard; change: Change; restart: (again: boolean) => void }) {
    const { wizard, change, restart } = props;
    const { id, sentPart, state, result, error, lost, cancelling, notCancelled, cancel, leave } = useImport(wizard);
    const running = result === null && error === null;
    const lines = wizard.preview?.total ?? state?.records ?? result?.counts.total ?? 0;
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
            <div aria-live="polite">{running && lost && <Lost id={id} leave={leave} />}</div>
            {running && (
                <Progress sentPart={sentPart} state={state} lines={lines} cancelling={cancelling} cancel={cancel} />
            )}
            {result && <Finished wizard={wizard} change={change} result={result} lines={lines} restart={restart} />}
            {error !== null && (
                <NotBegun error={error} id={id} back={() => change({ step: 'check' })} restart={restart} />
            )}
        </>
    );
}
