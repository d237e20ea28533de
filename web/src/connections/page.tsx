// Connections: the API keys by which others come in, and the webhooks by which they are told.
import { t } from '../i18n';
import { useSession } from '../session';
import { Notice } from '../ui/notice';
import { Keys } from './keys';
import { Webhooks } from './webhooks';

export function Connections() {
    const session = useSession();
    return (
        <>
            <div class="page-head">
                <h1>{t('nav.connections')}</h1>
            </div>
            {session.admin ? (
                <>
                    <Keys />
                    <Webhooks />
                </>
            ) : (
                <Notice kind="info" title={t('connections.no_admin')}>
                    <p>{t('connections.no_admin_hint', { role: session.role })}</p>
                </Notice>
            )}
        </>
    );
}
