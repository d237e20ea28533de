// Signing in with an API key or a token, which stays in this browser tab.
import { useEffect, useRef, useState } from 'preact/hooks';
import { session as fetchSession } from './api/calls';
import { ApiError, credential } from './api/client';
import type { Session } from './api/types';
import { t } from './i18n';
import { Fault, Notice } from './ui/notice';

// What is pasted, without what copying brings along.
const cleaned = (text: string) =>
    text
        .trim()
        .replace(/^Bearer\s+/i, '')
        .trim();

// Neither a key nor a token can have other characters, and a header cannot carry them.
const possible = (key: string) => /^[\x21-\x7e]+$/.test(key);

// The gateway no longer took the credential of the session before.
const expired = (ended: unknown) => ended instanceof ApiError && ended.status === 401;

const wrongKey = () => new ApiError(401, 'UNAUTHORIZED', '');

// The form, for a page of its own and for a dialog over the pages of a session that has ended.
export function SignInForm(props: { ended: unknown; signedIn: (session: Session) => void }) {
    const input = useRef<HTMLInputElement>(null);
    const [error, setError] = useState<unknown>(expired(props.ended) ? null : props.ended);
    const [busy, setBusy] = useState(false);
    useEffect(() => input.current?.focus(), []);

    const submit = async (event: Event) => {
        event.preventDefault();
        const key = cleaned(input.current?.value ?? '');
        if (key === '') {
            input.current?.focus();
            return;
        }
        setBusy(true);
        setError(null);
        try {
            if (!possible(key)) throw wrongKey();
            credential.set(key);
            props.signedIn(await fetchSession());
        } catch (fault) {
            credential.clear();
            setError(fault);
            setBusy(false);
            input.current?.focus();
        }
    };
    const refused = error instanceof ApiError && error.status === 401;
    return (
        <form class="signin-form" onSubmit={submit} noValidate>
            <p>{t('signin.lead')}</p>
            {expired(props.ended) && error === null && <Notice kind="warning" title={t('signin.expired')} />}
            {refused ? (
                <Notice kind="error" title={t('signin.refused')}>
                    <p>{t('signin.refused_hint')}</p>
                </Notice>
            ) : (
                <Fault error={error} />
            )}
            <label for="credential">{t('signin.key')}</label>
            <input
                id="credential"
                ref={input}
                class="mono"
                type="password"
                autoComplete="off"
                spellcheck={false}
                required
                aria-describedby="credential-hint"
                aria-invalid={refused ? true : undefined}
            />
            <p class="hint" id="credential-hint">
                {t('signin.hint')}
            </p>
            <button type="submit" class="primary" disabled={busy}>
                {busy ? t('signin.busy') : t('signin.submit')}
            </button>
        </form>
    );
}

export function SignIn(props: { ended: unknown; signedIn: (session: Session) => void }) {
    useEffect(() => {
        document.title = `${t('signin.title')} – Eryxon Sync`;
    });
    return (
        <main id="main" class="signin" tabIndex={-1}>
            <div>
                <h1>{t('signin.title')}</h1>
                <SignInForm {...props} />
            </div>
        </main>
    );
}
