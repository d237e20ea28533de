// Third step: the gateway's dry run, which says of each line what would happen.
import { useEffect, useRef, useState } from 'preact/hooks';
import { importQuery, tryImport } from '../api/calls';
import { ApiError } from '../api/client';
import type { FormatOptions, ImportAnswer } from '../api/types';
import { entityName, plural, t } from '../i18n';
import { useSession } from '../session';
import { Fault, Loading, Notice } from '../ui/notice';
import { CountFigures } from './counts';
import { dates, decimals, signsOf } from './format';
import { entityOf } from './mapping';
import { Outcomes } from './outcomes';
import { choices, type Change, type Wizard } from './wizard';

// So many lines are listed at first, and more of them each time that is asked for.
const LISTED_LINES = 1000;

// The file was too large to be checked within the time that a request may take.
const tookTooLong = (error: unknown) => error instanceof ApiError && [408, 504].includes(error.status);

// The dry run, of which the answer lists the lines after so many.
function useTrial(wizard: Wizard) {
    const entity = entityOf(useSession(), wizard.entity);
    return (offset: number, signal: AbortSignal) => {
        const { format, mapping } = choices(wizard, entity);
        const page = { results: 'all', results_limit: LISTED_LINES, results_offset: offset };
        return tryImport(wizard.entity, wizard.file as File, importQuery(format, mapping, page), signal);
    };
}

// Runs the dry run when the step appears and when the file is read in another way, unless its answer is known already.
function useDryRun(wizard: Wizard, change: Change) {
    const trial = useTrial(wizard);
    const [error, setError] = useState<unknown>(null);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (wizard.preview !== null) return;
        const controller = new AbortController();
        setError(null);
        trial(0, controller.signal).then(
            (preview) => change({ preview }),
            (fault) => controller.signal.aborted || setError(fault),
        );
        return () => controller.abort();
    }, [turn, wizard.chosen]);
    return { error, repeat: () => setTurn(turn + 1) };
}

// Lists more lines: the dry run once more, for the answers of all lines would be too much for a browser.
function useMore(wizard: Wizard, change: Change) {
    const trial = useTrial(wizard);
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<unknown>(null);
    const controller = useRef(new AbortController());
    useEffect(() => () => controller.current.abort(), []);
    const more = (preview: ImportAnswer) => {
        setBusy(true);
        setError(null);
        trial(preview.results.length, controller.current.signal)
            .then(({ results }) => change({ preview: { ...preview, results: [...preview.results, ...results] } }))
            .catch((fault) => controller.current.signal.aborted || setError(fault))
            .finally(() => controller.current.signal.aborted || setBusy(false));
    };
    return { busy, error, more };
}

// By the warning that proposes it.
const otherReadings = {
    OTHER_DATES: {
        text: 'check.other_dates',
        action: 'check.read_dates',
        examples: dates,
        chosen: (format: string): Partial<FormatOptions> => ({ date_format: format }),
    },
    OTHER_NUMBERS: {
        text: 'check.other_numbers',
        action: 'check.read_numbers',
        examples: decimals,
        chosen: signsOf,
    },
} as const;

const writes = (preview: ImportAnswer) => preview.created + preview.updated + preview.restored + preview.deleted;

// What the counts mean for going on.
function Verdict(props: { preview: ImportAnswer }) {
    const { preview } = props;
    if (preview.total === 0) return <Notice kind="warning" title={t('check.empty')} />;
    if (preview.errors === preview.total)
        return (
            <Notice kind="error" title={t('check.none')}>
                <p>{t('check.none_hint')}</p>
            </Notice>
        );
    if (preview.errors > 0)
        return (
            <Notice kind="warning" title={plural('check.refused', preview.errors)}>
                <p>{t('check.refused_hint')}</p>
            </Notice>
        );
    return writes(preview) === 0 ? (
        <Notice kind="info" title={t('check.nothing')} />
    ) : (
        <Notice kind="success" title={t('check.fine')} />
    );
}

// Other ways to read the file that would take values which were refused, each for one click.
function OtherReadings(props: { preview: ImportAnswer; read: (format: Partial<FormatOptions>) => void }) {
    const readings = (props.preview.warnings ?? []).filter(({ code }) => code in otherReadings);
    return (
        <>
            {readings.map(({ code, params }) => {
                const format = String(params?.value);
                const { text, action, examples, chosen } = otherReadings[code as keyof typeof otherReadings];
                return (
                    <Notice key={code + format} kind="warning" title={plural(text, Number(params?.lines))}>
                        <button type="button" onClick={() => props.read(chosen(format))}>
                            {t(action, { example: examples[format]?? format })}
                        </button>
                    </Notice>
                );
            })}
        </>
    );
}

// What the list of lines leaves out, and the way to have more of them listed.
function Shortened(props: { preview: ImportAnswer; busy: boolean; more: () => void }) {
    const { preview, busy } = props;
    const left = preview.total - preview.results.length;
    if (left <= 0) return null;
    return (
        <p class="hint">
            {plural('outcome.omitted', left)}{' '}
            <button type="button" class="link" disabled={busy} onClick={props.more}>
                {busy ? t('common.loading') : plural('check.more', Math.min(left, LISTED_LINES))}
            </button>
        </p>
    );
}

// The dry run failed: again, or, if it only took too long, without it.
function Failed(props: { error: unknown; repeat: () => void; skip: () => void }) {
    return (
        <>
            <Fault error={props.error} />
            {tookTooLong(props.error) && (
                <Notice kind="warning" title={t('check.too_long')}>
                    <p>{t('check.too_long_hint')}</p>
                </Notice>
            )}
            <div class="actions">
                <button type="button" onClick={props.repeat}>
                    {t('common.retry')}
                </button>
                {tookTooLong(props.error) && (
                    <button type="button" class="danger" onClick={props.skip}>
                        {t('check.unchecked')}
                    </button>
                )}
            </div>
        </>
    );
}

export function CheckStep(props: { wizard: Wizard; change: Change }) {
    const { wizard, change } = props;
    const { preview } = wizard;
    const takes = preview ? preview.total - preview.errors : 0;
    const { error, repeat } = useDryRun(wizard, change);
    const listing = useMore(wizard, change);
    const go = () => change({ step: 'run' });
    const read = (format: Partial<FormatOptions>) =>
        change((old) => ({ chosen: { ...old.chosen, ...format }, preview: null }));
    return (
        <>
            <p class="step-lead">
                <span class="file-name">{wizard.file?.name}</span> → {entityName(wizard.entity)}
            </p>
            {error !== null && <Failed error={error} repeat={repeat} skip={go} />}
            {preview && <CountFigures counts={preview} />}
            {preview === null && error === null && <Loading text={t('check.running')} />}
            <div role="status">{preview && <Verdict preview={preview} />}</div>
            {preview && <OtherReadings preview={preview} read={read} />}
            <Fault error={listing.error} />
            {preview && <Shortened preview={preview} busy={listing.busy} more={() => listing.more(preview)} />}
            {preview && preview.total > 0 && <Outcomes results={preview.results} title={t('check.lines')} />}
            <div class="actions actions-sticky">
                {(preview === null || takes > 0) && (
                    <button type="button" class="primary" disabled={preview === null} onClick={go}>
                        {takes > 0 ? plural('check.import', takes) : t('check.import_wait')}
                    </button>
                )}
                <button type="button" onClick={() => change({ step: 'columns' })}>
                    {t('common.back')}
                </button>
            </div>
        </>
    );
}
