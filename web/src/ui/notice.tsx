// Messages to the user: faults of requests, warnings, confirmations, and what is loading.
import type { ComponentChildren } from 'preact';
import { ApiError, type FaultDetail } from '../api/client';
import { FileError } from '../api/file';
import { t, told, type PlainKey } from '../i18n';

type Kind = 'error' | 'warning' | 'success' | 'info';

export function Notice(props: { kind: Kind; title?: string | undefined; children?: ComponentChildren }) {
    return (
        <div class={`notice notice-${props.kind}`} role={props.kind === 'error' ? 'alert' : undefined}>
            <span class="notice-mark" aria-hidden="true">
                {{ error: '!', warning: '!', success: '✓', info: 'i' }[props.kind]}
            </span>
            <div>
                {props.title !== undefined && <p class="notice-title">{props.title}</p>}
                {props.children}
            </div>
        </div>
    );
}

// Statuses that say enough to the user.
const statuses: Record<number, PlainKey> = {
    0: 'error.connection',
    401: 'error.unauthorized',
    403: 'error.forbidden',
    408: 'error.time',
    413: 'error.too_large',
    414: 'error.too_long',
    429: 'error.busy',
    502: 'error.away',
    503: 'error.busy',
    504: 'error.time',
};

// What a failed request means to the user.
export function explain(error: unknown): string {
    if (error instanceof FileError) return t(`problem.${error.problem}`);
    if (!(error instanceof ApiError)) return String(error);
    const known = statuses[error.status];
    if (known !== undefined) return t(known);
    return error.message === '' ? t('error.other', { status: error.status }) : errorText(error);
}

// The message of an error, in the user's language where its first detail can be told so. The server puts the path
// before that detail and a hint behind it.
export function errorText(error: ApiError): string {
    const [first] = error.details;
    const text = first && told(first);
    if (first === undefined || text === first.message) return error.message;
    return error.message.startsWith(`${first.path}: `) ? `${first.path}: ${text}` : text!;
}

// What the gateway said beside that: details that its message has already are left out.
function remarks(error: unknown): { text: string | null; details: FaultDetail[] } {
    if (!(error instanceof ApiError)) return { text: null, details: [] };
    const text = error.status in statuses && error.status !== 0 && error.message !== '' ? errorText(error) : null;
    return { text, details: error.details.filter((detail) => !error.message.includes(detail.message)) };
}

// A failed request, with what the gateway said.
export function Fault(props: { error: unknown }) {
    const { error } = props;
    if (error === null || error === undefined) return null;
    const { text, details } = remarks(error);
    return (
        <Notice kind="error" title={explain(error)}>
            {text !== null && <p>{text}</p>}
            {details.length > 0 && (
                <ul>
                    {details.slice(0, 20).map((detail, index) => (
                        <li key={index}>
                            {detail.path !== '' && <code>{detail.path}</code>} {told(detail)}
                        </li>
                    ))}
                </ul>
            )}
        </Notice>
    );
}

// What is loading, within a place that is said to screen readers when it changes.
export function Spinner(props: { text?: string }) {
    return (
        <p class="loading">
            <span class="spinner" aria-hidden="true" />
            {props.text ?? t('common.loading')}
        </p>
    );
}

// Said to screen readers when it changes, and shown.
export function Loading(props: { text?: string }) {
    return (
        <div role="status">
            <Spinner {...props} />
        </div>
    );
}
