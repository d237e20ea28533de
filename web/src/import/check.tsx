// Third step: the gateway's dry run, which says of each line what would happen.
import { useEffect, useState } from 'preact/hooks';
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

// Above this only refused lines are listed at first, and above the second limit they are all that can be listed.
const LISTED_LINES = 100000;
const MOST_LISTED_LINES = 500000;

// The file was too large to be checked within the time that a request may take.
const tookTooLong = (error: unknown) => error instanceof ApiError && [408, 504].includes(error.status);

// Runs the dry run when the step appears, unless its answer is known already.
function useDryRun(wizard: Wizard, change: Change, everyLine: boolean) {
    const session = useSession();
    const [error, setError] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (wizard.preview !== null && !everyLine) return;
        const controller = new AbortController();
        const { format, mapping } = choices(wizard, entityOf(session, wizard.entity));
        const many = (wizard.inspection?.lines ?? 0) > LISTED_LINES && !everyLine;
        const query = importQuery(format, mapping, { results: many ? 'errors' : 'all' });
        setError(null);
        setBusy(true);
        tryImport(wizard.entity, wizard.file as File, query, controller.signal)
            .then(
                (preview) => change({ preview }),
                (fault) => controller.signal.aborted || setError(fault),
            )
            .finally(() => controller.signal.aborted || setBusy(false));
        return () => controller.abort();
    }, [turn, everyLine, wizard.chosen]);
    return { error, busy, repeat: () => setTurn(turn + 1) };
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

// What the list of lines leaves out, and the way to have them listed.
function Shortened(props: { preview: ImportAnswer; busy: boolean; listAll: () => void }) {
    const { preview } = props;
    const omitted = preview.results_omitted ?? 0;
    if (omitted > 0) return <p class="hint">{plural('outcome.omitted', omitted)}</p>;
    if (preview.results.length === preview.total) return null;
    return (
        <p class="hint">
            {t('check.shortened')}{' '}
            {preview.total <= MOST_LISTED_LINES && (
                <button type="button" class="link" disabled={props.busy} onClick={props.listAll}>
                    {props.busy ? t('common.loading') : t('check.every_line')}
                </button>
            )}
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
    const [everyLine, setEveryLine] = useState(false);
    const takes = preview ? preview.total - preview.errors : 0;
    const { error, busy, repeat } = useDryRun(wizard, change, everyLine);
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
            {preview && <Shortened preview={preview} busy={busy} listAll={() => setEveryLine(true)} />}
            {preview && preview.total > 0 && <Outcomes results={preview.results} title={t('check.lines')} />}
            <div class="actions actions-sticky">
                {preview?.total !== 0 && (
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
