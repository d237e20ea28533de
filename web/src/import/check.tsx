// Third step: the gateway's dry run, which says of each line what would happen.
import { useEffect, useState } from 'preact/hooks';
import { importQuery, tryImport } from '../api/calls';
import type { ImportAnswer } from '../api/types';
import { entityName, plural, t } from '../i18n';
import { Fault, Loading, Notice } from '../ui/notice';
import { CountFigures } from './counts';
import { Outcomes } from './outcomes';
import { choices, type Change, type Wizard } from './page';

// Above this only refused lines are listed at first: an answer for each of a million lines is a long one.
const LISTED_LINES = 100000;

// Runs the dry run when the step appears, unless its answer is known already.
function useDryRun(wizard: Wizard, change: Change, everyLine: boolean) {
    const [error, setError] = useState<unknown>(null);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (wizard.preview !== null && !everyLine) return;
        const controller = new AbortController();
        const { format, mapping } = choices(wizard);
        const many = (wizard.inspection?.lines ?? 0) > LISTED_LINES && !everyLine;
        const query = importQuery(format, mapping, { results: many ? 'errors' : 'all' });
        setError(null);
        tryImport(wizard.entity, wizard.file as File, query, controller.signal).then(
            (preview) => change({ preview }),
            (fault) => controller.signal.aborted || setError(fault),
        );
        return () => controller.abort();
    }, [turn, everyLine]);
    return { error, repeat: () => setTurn(turn + 1) };
}

// What the counts mean for going on.
function Verdict(props: { preview: ImportAnswer }) {
    const { preview } = props;
    const writes = preview.created + preview.updated + preview.restored + preview.deleted;
    if (preview.errors > 0)
        return (
            <Notice kind="warning" title={plural('check.refused', preview.errors)}>
                <p>{t('check.refused_hint')}</p>
            </Notice>
        );
    return writes === 0 ? (
        <Notice kind="info" title={t('check.nothing')} />
    ) : (
        <Notice kind="success" title={t('check.fine')} />
    );
}

export function CheckStep(props: { wizard: Wizard; change: Change }) {
    const { wizard, change } = props;
    const { preview } = wizard;
    const [everyLine, setEveryLine] = useState(false);
    const takes = preview ? preview.total - preview.errors : 0;
    const { error, repeat } = useDryRun(wizard, change, everyLine);
    return (
        <>
            <p class="step-lead">
                <span class="file-name">{wizard.file?.name}</span> → {entityName(wizard.entity)}
            </p>
            <Fault error={error} />
            {error !== null && (
                <p>
                    <button type="button" onClick={repeat}>
                        {t('common.retry')}
                    </button>
                </p>
            )}
            {preview && <CountFigures counts={preview} />}
            <div role="status">
                {preview === null && error === null && <Loading text={t('check.running')} />}
                {preview && <Verdict preview={preview} />}
            </div>
            {preview && (
                <>
                    {preview.results.length < preview.total && (
                        <p class="hint">
                            {t('check.shortened')}{' '}
                            <button type="button" class="link" onClick={() => setEveryLine(true)}>
                                {t('check.every_line')}
                            </button>
                        </p>
                    )}
                    <Outcomes results={preview.results} title={t('check.lines')} />
                </>
            )}
            <div class="actions actions-sticky">
                <button
                    type="button"
                    class="primary"
                    disabled={preview === null}
                    onClick={() => change({ step: 'run' })}
                >
                    {takes > 0 ? plural('check.import', takes) : t('check.import_wait')}
                </button>
                <button type="button" onClick={() => change({ step: 'columns' })}>
                    {t('common.back')}
                </button>
            </div>
        </>
    );
}
