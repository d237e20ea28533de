// API keys: making one (shown once), listing, revoking.
import { useId, useState } from 'preact/hooks';
import { createKey, keys as fetchKeys, revokeKey } from '../api/calls';
import { credential } from '../api/client';
import type { ApiKey } from '../api/types';
import { t, time } from '../i18n';
import { useAttempt } from '../ui/attempt';
import { Confirm, Dialog } from '../ui/dialog';
import { Heads } from '../ui/heads';
import { useLoaded } from '../ui/load';
import { Fault, Loading } from '../ui/notice';
import { Secret } from '../ui/secret';

type State = 'active' | 'expired' | 'revoked';

function stateOf(key: ApiKey): State {
    if (key.revoked_at !== null) return 'revoked';
    return key.expires_at !== null && new Date(key.expires_at) <= new Date() ? 'expired' : 'active';
}

// The key that the pages are signed in with, as far as its beginning tells.
const isOwn = (key: ApiKey) => credential.get()?.startsWith(key.prefix) === true;

// The end of a day of the calendar here, as a moment.
const endOfDay = (day: string) => new Date(`${day}T23:59:59`).toISOString();

function NewKey(props: { close: () => void; made: (key: string) => void }) {
    const id = useId();
    const { busy, fault, attempt } = useAttempt();
    const [live, setLive] = useState(true);
    const submit = async (event: SubmitEvent) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget as HTMLFormElement);
        const text = (name: string) => String(data.get(name) ?? '').trim();
        await attempt(async () => {
            const { key } = await createKey({
                name: text('name'),
                live,
                role: text('role') || null,
                expires_at: text('expires') ? endOfDay(text('expires')) : null,
            });
            props.made(key);
        });
    };
    return (
        <Dialog title={t('keys.new')} close={props.close} lasting={busy}>
            <form onSubmit={submit}>
                <label for={`${id}-name`}>{t('keys.name')}</label>
                <input
                    id={`${id}-name`}
                    name="name"
                    required
                    maxLength={255}
                    placeholder="SAP"
                    aria-describedby={`${id}-name-hint`}
                />
                <p class="hint" id={`${id}-name-hint`}>
                    {t('keys.name_hint')}
                </p>
                <fieldset class="radios">
                    <legend>{t('keys.kind')}</legend>
                    <label>
                        <input type="radio" name="kind" checked={live} onChange={() => setLive(true)} />{' '}
                        {t('keys.live')}
                    </label>
                    <label>
                        <input type="radio" name="kind" checked={!live} onChange={() => setLive(false)} />{' '}
                        {t('keys.test')}
                    </label>
                </fieldset>
                <label for={`${id}-expires`}>{t('keys.expires_field')}</label>
                <input id={`${id}-expires`} name="expires" type="date" />
                <label for={`${id}-role`}>{t('keys.role_field')}</label>
                <input id={`${id}-role`} name="role" class="mono" spellcheck={false} autoComplete="off" />
                <Fault error={fault} />
                <div class="actions">
                    <button type="submit" class="primary" disabled={busy}>
                        {t('keys.make')}
                    </button>
                    <button type="button" disabled={busy} onClick={props.close}>
                        {t('common.cancel')}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}

function Row(props: { entry: ApiKey; revoke: () => void }) {
    const { entry } = props;
    const state = stateOf(entry);
    return (
        <tr class={state === 'active' ? '' : 'row-ignored'}>
            <th scope="row">
                {entry.name}
                {isOwn(entry) && <small>{t('keys.own')}</small>}
            </th>
            <td>
                <code>{entry.prefix}…</code>
            </td>
            <td>
                <code>{entry.role}</code>
            </td>
            <td>
                <span class={`badge badge-key-${state}`}>{t(`keys.${state}`)}</span>
            </td>
            <td class="when">{time(entry.created_at)}</td>
            <td class="when">{time(entry.last_used_at)}</td>
            <td class="when">{time(entry.expires_at)}</td>
            <td class="row-actions">
                {state === 'active' && (
                    <button
                        type="button"
                        class="quiet"
                        onClick={props.revoke}
                        aria-label={t('keys.revoke_named', { name: entry.name })}
                    >
                        {t('keys.revoke')}
                    </button>
                )}
            </td>
        </tr>
    );
}

export function Keys() {
    const list = useLoaded(fetchKeys, []);
    const [making, setMaking] = useState(false);
    const [made, setMade] = useState<string | null>(null);
    const [revoking, setRevoking] = useState<ApiKey | null>(null);
    const heads = ['name', 'prefix', 'role', 'state', 'created', 'last_used', 'expires'] as const;
    return (
        <section class="panel" aria-labelledby="keys">
            <div class="panel-head">
                <h2 id="keys">{t('keys.title')}</h2>
                <button type="button" class="primary" onClick={() => setMaking(true)}>
                    {t('keys.new')}
                </button>
            </div>
            <Fault error={list.error} />
            {list.data === null && list.loading && <Loading />}
            {list.data?.length === 0 && <p class="empty">{t('keys.none')}</p>}
            {list.data && list.data.length > 0 && (
                <div class="table-frame" tabIndex={0} role="region" aria-labelledby="keys">
                    <table>
                        <Heads names={heads.map((name) => t(`keys.${name}`))} />
                        <tbody>
                            {list.data.map((entry) => (
                                <Row key={entry.id} entry={entry} revoke={() => setRevoking(entry)} />
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {making && (
                <NewKey
                    close={() => setMaking(false)}
                    made={(key) => {
                        setMaking(false);
                        setMade(key);
                        void list.reload();
                    }}
                />
            )}
            {made !== null && (
                <Secret
                    key={made}
                    title={t('keys.made')}
                    label={t('keys.key')}
                    value={made}
                    close={() => setMade(null)}
                />
            )}
            {revoking && (
                <Confirm
                    title={t('keys.revoke_title', { name: revoking.name })}
                    text={isOwn(revoking) ? `${t('keys.revoke_own')} ${t('keys.revoke_text')}` : t('keys.revoke_text')}
                    action={t('keys.revoke')}
                    close={() => setRevoking(null)}
                    run={async () => {
                        await revokeKey(revoking.id);
                        await list.reload();
                    }}
                />
            )}
        </section>
    );
}
