// Messages to the user: faults of requests, warnings, confirmations, and what is loading.
import type { ComponentChildren } from 'preact';
import { ApiError } from '../api/client';
import { t } from '../i18n';

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

// What a failed request means to the user.
export function explain(error: unknown): string {
    if (!(error instanceof ApiError)) return String(error);
    if (error.status === 0) return t('error.connection');
    if (error.status === 401) return t('error.unauthorized');
    if (error.status === 403) return t('error.forbidden');
    if (error.status === 429 || error.status === 503) return t('error.busy');
    return error.message;
}

// A failed request, with what the gateway said.
export function Fault(props: { error: unknown }) {
    const { error } = props;
    if (error === null || error === undefined) return null;
    const said =
        error instanceof ApiError && error.status !== 0 && explain(error) !== error.message ? error.message : null;
    const details = error instanceof ApiError ? error.details.filter((detail) => detail.message !== error.message) : [];
    return (
        <Notice kind="error" title={explain(error)}>
            {said !== null && <p>{said}</p>}
            {details.length > 0 && (
                <ul>
                    {details.slice(0, 20).map((detail, index) => (
                        <li key={index}>
                            {detail.path !== '' && <code>{detail.path}</code>} {detail.message}
                        </li>
                    ))}
                </ul>
            )}
        </Notice>
    );
}

// Said to screen readers when it changes, and shown.
export function Loading(props: { text?: string }) {
    return (
        <p class="loading" role="status">
            <span class="spinner" aria-hidden="true" />
            {props.text ?? t('common.loading')}
        </p>
    );
}
