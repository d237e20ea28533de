// A modal dialog on the browser's own <dialog>, which keeps the focus inside and gives it back.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { useAttempt } from './attempt';
import { Fault } from './notice';

// One that is lasting is closed by what stands in it only.
export function Dialog(props: { title: string; close: () => void; children: ComponentChildren; lasting?: boolean }) {
    const element = useRef<HTMLDialogElement>(null);
    const heading = useId();
    useEffect(() => {
        const dialog = element.current;
        dialog?.showModal();
        // Closing, unlike removing, gives the focus back; what had it may be gone, though.
        return () => {
            dialog?.close();
            if (document.activeElement === document.body) document.getElementById('main')?.focus();
        };
    }, []);
    return (
        <dialog
            ref={element}
            aria-labelledby={heading}
            onCancel={(event) => {
                event.preventDefault();
                if (props.lasting !== true) props.close();
            }}
            onClose={(event) => {
                // The browser lets a page prevent the first Escape only. What was taken from the page closes, too.
                if (!event.currentTarget.isConnected) return;
                if (props.lasting === true) event.currentTarget.showModal();
                else props.close();
            }}
        >
            <h2 id={heading}>{props.title}</h2>
            {props.children}
        </dialog>
    );
}

// Asks before something that cannot be taken back.
export function Confirm(props: {
    title: string;
    text: string;
    action: string;
    run: () => Promise<unknown>;
    close: () => void;
}) {
    const { busy, fault, attempt } = useAttempt();
    const confirm = () =>
        attempt(async () => {
            await props.run();
            props.close();
        });
    return (
        <Dialog title={props.title} close={props.close} lasting={busy}>
            <p>{props.text}</p>
            <Fault error={fault} />
            <div class="actions">
                <button type="button" class="danger" disabled={busy} onClick={confirm}>
                    {props.action}
                </button>
                <button type="button" disabled={busy} onClick={props.close}>
                    {t('common.cancel')}
                </button>
            </div>
        </Dialog>
    );
}
