// The counts of a run as figures.
import type { Counts } from '../api/types';
import { t } from '../i18n';
import { actionName, Figure } from '../ui/badge';

export function CountFigures(props: { counts: Counts }) {
    const { counts } = props;
    return (
        <dl class="figures-row">
            <Figure label={t('count.lines')} value={counts.total} />
            <Figure label={actionName('created')} value={counts.created} tone="created" />
            <Figure label={actionName('updated')} value={counts.updated} tone="updated" />
            {counts.restored > 0 && <Figure label={actionName('restored')} value={counts.restored} tone="updated" />}
            <Figure label={actionName('skipped')} value={counts.skipped} />
            {counts.deleted > 0 && <Figure label={actionName('deleted')} value={counts.deleted} tone="error" />}
            <Figure label={actionName('error')} value={counts.errors} tone="error" />
        </dl>
    );
}
