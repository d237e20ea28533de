// Saved mappings of an entity: loading one, saving the present one for a source, deleting.
import { useId, useState } from 'preact/hooks';
import { deleteMapping, mappings, saveMapping } from '../api/calls';
import type { FormatOptions, Mapping, SavedMapping } from '../api/types';
import { t } from '../i18n';
import { useAttempt } from '../ui/attempt';
import { Confirm } from '../ui/dialog';
import { useLoaded } from '../ui/load';
import { Fault } from '../ui/notice';
import { keptOptions, nameOf } from './wizard';

export function SavedMappings(props: {
    entity: string;
    source: string;
    mapping: Mapping;
    format: FormatOptions;
    loadedName: string | null;
    load: (saved: SavedMapping | null) => void;
    saved: (saved: SavedMapping) => void;
}) {
    const list = useLoaded(() => mappings(props.entity), [props.entity]);
    const [source, setSource] = useState<string | null>(null);
    const { busy, fault, attempt } = useAttempt();
    const [said, setSaid] = useState('');
    const [removing, setRemoving] = useState<SavedMapping | null>(null);
    const chooser = useId();
    const saver = useId();
    const target = (source ?? props.source).trim();
    const loaded = list.data?.find((saved) => nameOf(saved) === props.loadedName) ?? null;

    const save = async (event: Event) => {
        event.preventDefault();
        setSaid('');
        await attempt(async () => {
            props.saved(await saveMapping(props.entity, target, props.mapping, keptOptions(props.format)));
            setSaid(t('saved.done', { source: target }));
            await list.reload();
        });
    };
    return (
        <div class="saved">
            {list.data && list.data.length > 0 && (
                <div class="inline">
                    <label for={chooser}>{t('saved.load')}</label>
                    <select
                        id={chooser}
                        value={loaded?.id ?? ''}
                        onChange={(event) => {
                            const id = event.currentTarget.value;
                            props.load(list.data?.find((saved) => saved.id === id) ?? null);
                        }}
                    >
                        <option value="">{t('saved.none')}</option>
                        {list.data.map((saved) => (
                            <option key={saved.id} value={saved.id}>
                                {nameOf(saved)}
                            </option>
                        ))}
                    </select>
                    {loaded && (
                        <button type="button" class="quiet" onClick={() => setRemoving(loaded)}>
                            {t('common.delete')}
                        </button>
                    )}
                </div>
            )}
            <form class="inline" onSubmit={save}>
                <label for={saver}>{t('saved.save_for')}</label>
                <input
                    id={saver}
                    value={source ?? props.source}
                    onInput={(event) => setSource(event.currentTarget.value)}
                />
                <button type="submit" disabled={busy || target === ''}>
                    {t('saved.save')}
                </button>
                <span role="status" class="hint">
                    {said}
                </span>
            </form>
            <Fault error={fault ?? list.error} />
            {removing && (
                <Confirm
                    title={t('saved.delete_title')}
                    text={t('saved.delete_text', { name: nameOf(removing) })}
                    action={t('common.delete')}
                    close={() => setRemoving(null)}
                    run={async () => {
                        await deleteMapping(removing.id);
                        props.load(null);
                        await list.reload();
                    }}
                />
            )}
        </div>
    );
}
