// Making a webhook: where to, and of what it is told.
import { useId } from 'preact/hooks';
import { createWebhook } from '../api/calls';
import { ApiError } from '../api/client';
import type { NewSecret } from '../api/types';
import { entityName, t } from '../i18n';
import { useSession } from '../session';
import { useAttempt } from '../ui/attempt';
import { Dialog } from '../ui/dialog';
import { Fault } from '../ui/notice';

// Types written by hand: with blanks or commas between.
const split = (text: string) => text.split(/[\s,;]+/).filter((type) => type !== '');

const noTypes = () => new ApiError(422, 'VALIDATION_ERROR', t('webhooks.no_types'));

function Types(props: { id: string }) {
    const session = useSession();
    const offered = [
        { type: '*', name: t('webhooks.everything') },
        ...session.entities.map(({ entity, singular }) => ({ type: `${singular}.*`, name: entityName(entity) })),
        { type: '*.completed', name: t('webhooks.completed') },
        { type: 'sync.completed', name: t('webhooks.runs') },
    ];
    return (
        <fieldset class="radios">
            <legend>{t('webhooks.types')}</legend>
            <div class="types">
                {offered.map(({ type, name }) => (
                    <label key={type}>
                        <input type="checkbox" name="types" value={type} />
                        <span>
                            {name} <code>{type}</code>
                        </span>
                    </label>
                ))}
            </div>
            <label for={`${props.id}-more`}>{t('webhooks.more_types')}</label>
            <input
                id={`${props.id}-more`}
                name="more"
                class="mono"
                spellcheck={false}
                placeholder="job.created, part.updated"
            />
        </fieldset>
    );
}

export function NewWebhook(props: { close: () => void; made: (secret: NewSecret) => void }) {
    const id = useId();
    const { busy, fault, attempt } = useAttempt();
    const submit = async (event: SubmitEvent) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget as HTMLFormElement);
        const events = [...new Set([...data.getAll('types').map(String), ...split(String(data.get('more') ?? ''))])];
        await attempt(async () => {
            if (events.length === 0) throw noTypes();
            const description = String(data.get('description') ?? '').trim();
            props.made(
                await createWebhook({ url: String(data.get('url')).trim(), events, description: description || null }),
            );
        });
    };
    return (
        <Dialog title={t('webhooks.new')} close={props.close} lasting={busy}>
            <form onSubmit={submit}>
                <label for={`${id}-url`}>{t('webhooks.url')}</label>
                <input
                    id={`${id}-url`}
                    name="url"
                    type="url"
                    class="mono"
                    required
                    spellcheck={false}
                    autoComplete="off"
                    placeholder="https://erp.example.com/eryxon"
                />
                <label for={`${id}-description`}>{t('webhooks.description')}</label>
                <input id={`${id}-description`} name="description" />
                <Types id={id} />
                <Fault error={fault} />
                <div class="actions">
                    <button type="submit" class="primary" disabled={busy}>
                        {t('webhooks.make')}
                    </button>
                    <button type="button" disabled={busy} onClick={props.close}>
                        {t('common.cancel')}
                    </button>
                </div>
            </form>
        </Dialog>
    );
}
