// A secret that is shown once, with a button that copies it.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { Dialog } from './dialog';
import { Notice } from './notice';

// Copies the text of a field. Without HTTPS the browser has no clipboard, so the field's own selection is copied.
async function copy(field: HTMLInputElement): Promise<boolean> {
    field.select();
    try {
        await navigator.clipboard.writeText(field.value);
        return true;
    } catch {
        return document.execCommand('copy');
    }
}

export function Secret(props: {
    title: string;
    label: string;
    value: string;
    hint?: string | undefined;
    close: () => void;
}) {
    const field = useRef<HTMLInputElement>(null);
    const id = useId();
    const [copied, setCopied] = useState<boolean | null>(null);
    useEffect(() => field.current?.select(), []);
    return (
        <Dialog title={props.title} close={props.close} lasting>
            <Notice kind="warning" title={t('secret.once')}>
                {props.hint !== undefined && <p>{props.hint}</p>}
            </Notice>
            <label for={id}>{props.label}</label>
            <div class="secret">
                <input id={id} ref={field} class="mono" readOnly value={props.value} />
                <button
                    type="button"
                    class="primary"
                    onClick={async () => field.current && setCopied(await copy(field.current))}
                >
                    {t('secret.copy')}
                </button>
            </div>
            <p role="status" class="hint">
                {copied === true && t('secret.copied')}
                {copied === false && t('secret.not_copied')}
            </p>
            <div class="actions">
                <button type="button" onClick={props.close}>
                    {t('secret.done')}
                </button>
            </div>
        </Dialog>
    );
}
