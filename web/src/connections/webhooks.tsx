// Webhooks: making, enabling, testing, new secrets, deliveries.
import { useState } from 'preact/hooks';
import { changeWebhook, deleteWebhook, rotateSecret, testWebhook, webhooks as fetchWebhooks } from '../api/calls';
import type { NewSecret, Webhook } from '../api/types';
import { t, time, warningText, type PlainKey } from '../i18n';
import { useAttempt } from '../ui/attempt';
import { Confirm } from '../ui/dialog';
import { useLoaded } from '../ui/load';
import { Fault, Loading, Notice } from '../ui/notice';
import { Secret } from '../ui/secret';
import { Deliveries } from './deliveries';
import { NewWebhook } from './webhook-form';

// Why a webhook sends nothing.
function reason(webhook: Webhook): string {
    const known = ['manual', 'gone', 'failing', 'restored'].includes(webhook.disabled_reason ?? '');
    return known ? t(`webhooks.reason_${webhook.disabled_reason}` as PlainKey) : (webhook.disabled_reason ?? '');
}

function State(props: { webhook: Webhook }) {
    const { webhook } = props;
    if (webhook.enabled)
        return (
            <>
                <span class="badge badge-key-active">{t('webhooks.enabled')}</span>
                {webhook.failing_since && (
                    <span class="bad">{t('webhooks.failing_since', { time: time(webhook.failing_since) })}</span>
                )}
                {webhook.paused_until && (
                    <span class="hint">{t('webhooks.paused_until', { time: time(webhook.paused_until) })}</span>
                )}
            </>
        );
    return (
        <>
            <span class="badge badge-key-revoked">{t('webhooks.disabled')}</span>
            {webhook.disabled_reason && (
                <span class="hint">
                    {webhook.disabled_at ? `${reason(webhook)}, ${time(webhook.disabled_at)}` : reason(webhook)}
                </span>
            )}
        </>
    );
}

type Asked = { kind: 'rotate' | 'delete'; webhook: Webhook };

function Card(props: { webhook: Webhook; reload: () => Promise<void>; ask: (asked: Asked) => void }) {
    const { webhook, reload, ask } = props;
    const [open, setOpen] = useState(false);
    const [sent, setSent] = useState(0);
    const { busy, fault, attempt } = useAttempt();
    const test = () =>
        attempt(async () => {
            await testWebhook(webhook.id);
            setOpen(true);
            setSent(sent + 1);
        });
    const toggle = () =>
        attempt(async () => {
            await changeWebhook(webhook.id, { enabled: !webhook.enabled });
            await reload();
        });
    const titleId = `webhook-${webhook.id}`;
    return (
        <li class="card">
            <div class="card-head">
                <div>
                    <h3 id={titleId} class="mono">
                        {webhook.url}
                    </h3>
                    {webhook.description && <p>{webhook.description}</p>}
                    <p class="types-list">
                        {webhook.events.map((type) => (
                            <code key={type}>{type}</code>
                        ))}
                    </p>
                </div>
                <div class="card-state">
                    <State webhook={webhook} />
                </div>
            </div>
            <div class="card-actions" role="group" aria-labelledby={titleId}>
                <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
                    {t('webhooks.deliveries')}
                </button>
                <button type="button" disabled={busy || !webhook.enabled} onClick={test}>
                    {t('webhooks.test')}
                </button>
                <button type="button" disabled={busy} onClick={toggle}>
                    {webhook.enabled ? t('webhooks.disable') : t('webhooks.enable')}
                </button>
                <button type="button" onClick={() => ask({ kind: 'rotate', webhook })}>
                    {t('webhooks.rotate')}
                </button>
                <button type="button" class="quiet danger-text" onClick={() => ask({ kind: 'delete', webhook })}>
                    {t('common.delete')}
                </button>
            </div>
            <p role="status" class="hint">
                {sent > 0 && t('webhooks.test_sent')}
            </p>
            <Fault error={fault} />
            {open && <Deliveries webhook={webhook.id} turn={sent} />}
        </li>
    );
}

function Question(props: {
    asked: Asked;
    close: () => void;
    reload: () => Promise<void>;
    made: (secret: NewSecret) => void;
}) {
    const { kind, webhook } = props.asked;
    const run = async () => {
        if (kind === 'rotate') props.made(await rotateSecret(webhook.id));
        else await deleteWebhook(webhook.id);
        await props.reload();
    };
    return (
        <Confirm
            title={t(kind === 'rotate' ? 'webhooks.rotate_title' : 'webhooks.delete_title')}
            text={t(kind === 'rotate' ? 'webhooks.rotate_text' : 'webhooks.delete_text', { url: webhook.url })}
            action={t(kind === 'rotate' ? 'webhooks.rotate' : 'common.delete')}
            close={props.close}
            run={run}
        />
    );
}

export function Webhooks() {
    const list = useLoaded(fetchWebhooks, []);
    const [making, setMaking] = useState(false);
    const [asked, setAsked] = useState<Asked | null>(null);
    const [secret, setSecret] = useState<NewSecret | null>(null);
    const [warnings, setWarnings] = useState<{ code: string; message: string }[]>([]);
    const made = (fresh: NewSecret) => {
        setMaking(false);
        setSecret(fresh);
        setWarnings(fresh.warnings ?? []);
        void list.reload();
    };
    return (
        <section class="panel" aria-labelledby="webhooks">
            <div class="panel-head">
                <h2 id="webhooks">{t('webhooks.title')}</h2>
                <button type="button" class="primary" onClick={() => setMaking(true)}>
                    {t('webhooks.new')}
                </button>
            </div>
            {warnings.map((warning, index) => (
                <Notice key={index} kind="warning" title={warningText(warning)} />
            ))}
            <Fault error={list.error} />
            {list.data === null && list.loading && <Loading />}
            {list.data?.length === 0 && <p class="empty">{t('webhooks.none')}</p>}
            {list.data && list.data.length > 0 && (
                <ul class="cards">
                    {list.data.map((webhook) => (
                        <Card key={webhook.id} webhook={webhook} reload={list.reload} ask={setAsked} />
                    ))}
                </ul>
            )}
            {making && <NewWebhook close={() => setMaking(false)} made={made} />}
            {asked && <Question asked={asked} close={() => setAsked(null)} reload={list.reload} made={made} />}
            {secret && (
                <Secret
                    key={secret.secret}
                    title={t('webhooks.secret_title')}
                    label={t('webhooks.secret')}
                    value={secret.secret}
                    hint={secret.old_valid_until && t('webhooks.old_valid', { time: time(secret.old_valid_until) })}
                    close={() => setSecret(null)}
                />
            )}
        </section>
    );
}
