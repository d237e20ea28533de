// The frame of all pages: signing in, navigation, language.
import { useEffect, useRef, useState } from 'preact/hooks';
import { session as fetchSession } from './api/calls';
import { ApiError, credential, whenUnauthorized } from './api/client';
import type { Session } from './api/types';
import { Connections } from './connections/page';
import { language, languages, setLanguage, t, useLanguage, type Language, type PlainKey } from './i18n';
import { ImportPage } from './import/page';
import { Monitor } from './monitor/page';
import { link, useRoute } from './router';
import { SessionContext } from './session';
import { SignIn, SignInForm } from './signin';
import { Dialog } from './ui/dialog';
import { Fault, Loading } from './ui/notice';

const pages = ['import', 'monitor', 'connections'] as const;
type Page = (typeof pages)[number];

const pageOf = (route: string[]): Page => pages.find((page) => page === route[0]) ?? 'import';

function LanguageChoice() {
    return (
        <label class="language">
            <span class="hidden">{t('nav.language')}</span>
            <select value={language()} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
                {Object.entries(languages).map(([code, name]) => (
                    <option key={code} value={code} lang={code}>
                        {name}
                    </option>
                ))}
            </select>
        </label>
    );
}

function Brand() {
    return (
        <span class="brand">
            <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
                <rect width="32" height="32" rx="7" class="brand-tile" />
                <path d="M8 12h13l-3.5-3.5M24 20H11l3.5 3.5" class="brand-arrows" />
            </svg>
            <span class="brand-name">Eryxon Sync</span>
        </span>
    );
}

function Header(props: { page: Page | null; session: Session | null; signOut: (() => void) | null }) {
    return (
        <header class="top">
            <Brand />
            {props.session && (
                <nav aria-label={t('nav.pages')}>
                    {pages.map((page) => (
                        <a key={page} href={link(page)} aria-current={page === props.page ? 'page' : undefined}>
                            {t(`nav.${page}` as PlainKey)}
                        </a>
                    ))}
                </nav>
            )}
            <div class="top-end">
                <LanguageChoice />
                {props.signOut && (
                    <button type="button" class="quiet" onClick={props.signOut} title={props.session?.role}>
                        {t('nav.sign_out')}
                    </button>
                )}
            </div>
        </header>
    );
}

// The page's content, which gets the focus when another page is opened. What pages show is fetched anew at each signing in, `turn`;
// the wizard keeps what was entered.
function Content(props: { page: Page; route: string[]; turn: number }) {
    const main = useRef<HTMLElement>(null);
    const first = useRef(true);
    const name = props.route.join('/');
    useEffect(() => {
        document.title = `${t(`nav.${props.page}` as PlainKey)} – Eryxon Sync`;
    });
    useEffect(() => {
        if (!first.current) main.current?.focus();
        first.current = false;
    }, [name]);
    return (
        <main id="main" ref={main} tabIndex={-1}>
            <div hidden={props.page !== 'import'}>
                <ImportPage />
            </div>
            {props.page === 'monitor' && <Monitor key={props.turn} route={props.route} />}
            {props.page === 'connections' && <Connections key={props.turn} />}
        </main>
    );
}

// The session of this browser tab: from the credential that it kept, if there is one, until signing out. If the gateway no longer takes
// the credential, the pages stay until someone signed in again.
function useTabSession() {
    const [session, setSession] = useState<Session | null>(null);
    const [waiting, setWaiting] = useState(credential.get() !== null);
    const [fault, setFault] = useState<unknown>(null);
    const [turn, setTurn] = useState(0);
    const signedIn = useRef(false);
    signedIn.current = session !== null;
    const signOut = () => {
        credential.clear();
        setSession(null);
        setFault(null);
        setWaiting(false);
    };
    const begin = (found: Session) => {
        setSession(found);
        setFault(null);
        setTurn((count) => count + 1);
    };
    const load = () => {
        setWaiting(true);
        setFault(null);
        fetchSession()
            .then(begin, (error) => {
                if (error instanceof ApiError && error.status === 401) credential.clear();
                setFault(error);
            })
            .finally(() => setWaiting(false));
    };
    useEffect(() => {
        whenUnauthorized((refusal) => {
            if (!signedIn.current) return;
            credential.clear();
            setFault(refusal);
        });
        if (credential.get() !== null) load();
    }, []);
    return { session, begin, turn, waiting, fault, load, signOut };
}

// The credential is there, but the gateway could not say whose it is.
function Unknown(props: { fault: unknown; again: () => void }) {
    return (
        <main id="main" tabIndex={-1}>
            <Fault error={props.fault} />
            <button type="button" class="primary" onClick={props.again}>
                {t('common.retry')}
            </button>
        </main>
    );
}

export function App() {
    useLanguage();
    const route = useRoute();
    const { session, begin, turn, waiting, fault, load, signOut } = useTabSession();
    const page = pageOf(route);
    return (
        <SessionContext.Provider value={session}>
            <a
                class="skip"
                href="#main"
                onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}
            >
                {t('nav.skip')}
            </a>
            <Header
                page={session && page}
                session={session}
                signOut={session || credential.get() !== null ? signOut : null}
            />
            {waiting ? (
                <main id="main" tabIndex={-1}>
                    <Loading />
                </main>
            ) : session ? (
                <Content key={`${session.tenant_id} ${session.role}`} page={page} route={route} turn={turn} />
            ) : credential.get() !== null && fault !== null ? (
                <Unknown fault={fault} again={load} />
            ) : (
                <SignIn ended={fault} signedIn={begin} />
            )}
            {session && fault !== null && (
                <Dialog title={t('signin.title')} close={signOut} lasting>
                    <SignInForm ended={fault} signedIn={begin} />
                    <button type="button" class="quiet" onClick={signOut}>
                        {t('nav.sign_out')}
                    </button>
                </Dialog>
            )}
        </SessionContext.Provider>
    );
}
