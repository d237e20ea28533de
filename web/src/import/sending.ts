// An import under way: sent once, followed to its end even if the connection breaks, and what became of it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { cancelRun, importQuery, run as fetchRun } from '../api/calls';
import { ApiError } from '../api/client';
import { follow } from '../api/follow';
import type { Counts, ImportAnswer, LineResult, Run } from '../api/types';
import { newRunId, upload, type Upload } from '../api/upload';
import { useSession } from '../session';
import { entityOf } from './mapping';
import { choices, type Wizard } from './wizard';

const RETRY_MILLISECONDS = 500;

export interface Result {
    counts: Counts;
    run: string;
    cancelled: boolean;
    // What broke it off, if something did: a text, or the error of its answer.
    failure: unknown;
    results: LineResult[];
    omitted: number;
}

// A run that was broken off; one of which every line was refused is called failed too.
const isBroken = (run: Run) =>
    run.status === 'failed' && (!!run.failure || run.errors < run.total || (run.records ?? 0) > run.total);

// The result from the history, where the connection broke before the answer came.
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
    return {
        counts: run,
        run: run.id,
        cancelled: run.status === 'cancelled',
        failure: isBroken(run) ? (run.failure ?? '') : null,
        results,
        omitted: Math.max(0, run.errors - new Set(results.map(({ line }) => line)).size),
    };
}

const fromAnswer = (answer: ImportAnswer, id: string, failure: unknown): Result => ({
    counts: answer,
    run: answer.run_id ?? id,
    cancelled: answer.cancelled,
    failure,
    results: answer.results.filter((result) => result.action === 'error'),
    omitted: answer.results_omitted ?? 0,
});

// What had been done when the answer is an error; null if it does not say.
const doneBefore = (fault: unknown) => (fault instanceof ApiError ? (fault.data as ImportAnswer | null) : null);

// The answer did not come, which says nothing about the import: no connection, a time limit on the way, the server's own fault.
const isLost = (fault: unknown): fault is ApiError =>
    fault instanceof ApiError && ([0, 408].includes(fault.status) || fault.status >= 500);

// The run as it ended; null if the gateway knows none. It is waited for if the file was sent and nobody said that it failed.
async function find(id: string, fault: ApiError, sent: boolean, known: () => Run | null, following: Promise<void>) {
    const told = fault.status >= 500 && fault.code !== 'NO_JSON';
    if (known() === null && (told || !sent) && (await fetchRun(id).catch(() => null)) === null) return null;
    await following;
    return known();
}

// Cancels an import; false if it has not begun. One that the gateway does not know yet is waited for while it may still begin.
async function cancelOnceBegun(id: string, mayBegin: () => boolean): Promise<boolean> {
    for (;;) {
        try {
            await cancelRun(id);
            return true;
        } catch (fault) {
            if (!(fault instanceof ApiError && fault.status === 404)) throw fault;
        }
        if (!mayBegin()) return false;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
}

// Starts the import once and follows it.
export function useImport(wizard: Wizard) {
    const session = useSession();
    const [id] = useState(newRunId);
    const [sentPart, setSentPart] = useState(0);
    const [state, setState] = useState<Run | null>(null);
    const [result, setResult] = useState<Result | null>(null);
    const [error, setError] = useState<unknown>(null);
    const [lost, setLost] = useState(false);
    const [cancelling, setCancelling] = useState(false);
    const [notCancelled, setNotCancelled] = useState<unknown>(null);
    const sending = useRef<Upload | null>(null);
    const watching = useRef(new AbortController());
    const sent = useRef(false);
    const settled = useRef(false);

    useEffect(() => {
        const { format, mapping } = choices(wizard, entityOf(session, wizard.entity));
        const query = importQuery(format, mapping, { results: 'errors', run: id });
        sending.current = upload(wizard.entity, wizard.file as File, query, (part) => {
            sent.current = part >= 1;
            setSentPart(part);
        });
        let last: Run | null = null;
        const following = follow(id, watching.current.signal, (run) => {
            last = run;
            setState(run);
        });
        following.catch(() => undefined);
        sending.current.answer
            .then((answer) => setResult(fromAnswer(answer, id, null)))
            .catch(async (fault) => {
                const done = doneBefore(fault);
                if (done !== null) return setResult(fromAnswer(done, id, fault));
                if (!isLost(fault)) return setError(fault);
                setLost(true);
                const run = await find(id, fault, sent.current, () => last, following);
                if (run === null || watching.current.signal.aborted) setError(fault);
                else setResult(fromRun(run));
            })
            .catch(setError)
            .finally(() => {
                settled.current = true;
                watching.current.abort();
            });
        return () => watching.current.abort();
    }, []);

    const cancel = async () => {
        setCancelling(true);
        setNotCancelled(null);
        try {
            const begins = await cancelOnceBegun(id, () => sent.current && !settled.current);
            if (!begins && !settled.current) sending.current?.abort();
        } catch (fault) {
            setNotCancelled(fault);
            setCancelling(false);
        }
    };
    const leave = () => watching.current.abort();
    return { id, sentPart, state, result, error, lost, cancelling, notCancelled, cancel, leave };
}
