// First step: what is imported, and from which file.
import { useEffect, useRef, useState } from 'preact/hooks';
import { template } from '../api/calls';
import { entityName, number, plural, t } from '../i18n';
import { useSession } from '../session';
import { Fault, Loading, Notice } from '../ui/notice';
import { useInspection, type Change, type Wizard } from './wizard';

// A size for people: 12 kB, 3.4 MB.
function size(bytes: number): string {
    if (bytes < 1000) return plural('file.bytes', bytes);
    if (bytes < 1e6) return `${number(Math.round(bytes / 1e3))} kB`;
    return `${number(Math.round(bytes / 1e5) / 10)} MB`;
}

function EntityChoice(props: { wizard: Wizard; choose: (changes: Partial<Wizard>) => void }) {
    const session = useSession();
    return (
        <fieldset class="choices">
            <legend>{t('file.entity')}</legend>
            {session.entities.map(({ entity, singular }) => (
                <label key={entity} class="choice">
                    <input
                        type="radio"
                        name="entity"
                        value={entity}
                        checked={entity === props.wizard.entity}
                        onChange={() =>
                            props.choose({ entity, loaded: {}, loadedName: null, edits: {}, chosen: {}, again: false })
                        }
                    />
                    <span>
                        <strong>{entityName(entity)}</strong>
                        <small>{t('file.in_mes', { name: singular })}</small>
                    </span>
                </label>
            ))}
        </fieldset>
    );
}

// A file that misses the zone is not opened by the browser in place of the pages.
function useMissedDrops() {
    useEffect(() => {
        const prevent = (event: Event) => event.preventDefault();
        for (const name of ['dragover', 'drop']) addEventListener(name, prevent);
        return () => {
            for (const name of ['dragover', 'drop']) removeEventListener(name, prevent);
        };
    }, []);
}

function DropZone(props: { file: File | null; take: (file: File, others: boolean) => void }) {
    useMissedDrops();
    const [over, setOver] = useState(false);
    const drop = (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        const files = event.dataTransfer?.files;
        if (files?.[0]) props.take(files[0], files.length > 1);
    };
    return (
        <label
            class={`drop ${over ? 'drop-over' : ''}`}
            onDragOver={(event) => (event.preventDefault(), setOver(true))}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
        >
            <input
                type="file"
                accept=".csv,.txt,.tsv,text/csv,text/plain"
                onChange={(event) => {
                    const file = event.currentTarget.files?.[0];
                    if (file) props.take(file, false);
                    event.currentTarget.value = '';
                }}
            />
            <svg viewBox="0 0 24 24" width="30" height="30" aria-hidden="true">
                <path d="M12 16V4m0 0 4.5 4.5M12 4 7.5 8.5M4 16v3a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-3" />
            </svg>
            {props.file ? (
                <span class="drop-text">
                    <strong class="file-name">{props.file.name}</strong>
                    <span>{size(props.file.size)}</span>
                    <span class="drop-link">{t('file.another')}</span>
                </span>
            ) : (
                <span class="drop-text">
                    <strong>{t('file.drop')}</strong>
                    <span class="drop-link">{t('file.pick')}</span>
                </span>
            )}
        </label>
    );
}

export function FileStep(props: { wizard: Wizard; change: Change }) {
    const { wizard, change } = props;
    const { busy, error, run, stop } = useInspection(wizard, change);
    // What is asked about the file or kind before no longer counts.
    const choose = (changes: Partial<Wizard>) => {
        stop();
        change({ ...changes, inspection: null });
    };
    const [fault, setFault] = useState<unknown>(null);
    const [missing, setMissing] = useState(false);
    const [others, setOthers] = useState(false);
    const zone = useRef<HTMLDivElement>(null);
    const take = (file: File, others: boolean) => {
        setMissing(false);
        setOthers(others);
        choose(wizard.again ? { file } : { file, loaded: {}, loadedName: null, edits: {}, chosen: {} });
    };
    const next = () => {
        if (wizard.file === null) {
            setMissing(true);
            zone.current?.querySelector('input')?.focus();
            return;
        }
        void run({ inspection: null }, { step: 'columns' });
    };
    const fetchTemplate = async () => {
        setFault(null);
        try {
            await template(wizard.entity);
        } catch (failure) {
            setFault(failure);
        }
    };
    return (
        <>
            {wizard.again && <Notice kind="info" title={t('file.again')} />}
            <div class="file-step">
                <EntityChoice wizard={wizard} choose={choose} />
                <div class="file-side" ref={zone}>
                    <DropZone file={wizard.file} take={take} />
                    <p class="hint">{t('file.kinds')}</p>
                    <p>
                        {t('file.no_file')}{' '}
                        <button type="button" class="link" onClick={fetchTemplate}>
                            {t('file.template', { entity: entityName(wizard.entity) })}
                        </button>
                    </p>
                    {others && wizard.file && <Notice kind="info" title={t('file.one', { name: wizard.file.name })} />}
                    {missing && <Notice kind="error" title={t('file.missing')} />}
                </div>
            </div>
            <Fault error={error ?? fault} />
            {busy && <Loading text={t('file.reading')} />}
            <div class="actions">
                <button type="button" class="primary" disabled={busy} onClick={next}>
                    {t('common.continue')}
                </button>
            </div>
        </>
    );
}
