// The frame of all pages: signing in, navigation, language.
import { useEffect, useRef, useState } from 'preact/hooks';
import { session as fetchSession } from './api/calls';
import { credential, whenUnauthorized } from './api/client';
import type { Session } from './api/types';
import { Connections } from './connections/page';
import { language, languages, setLanguage, t, useLanguage, type Language, type PlainKey } from './i18n';
import { ImportPage } from './import/page';
import { Monitor } from './monitor/page';
import { link, useRoute } from './router';
import { SessionContext } from './session';
import { SignIn } from './signin';
import { Loading } from './ui/notice';

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

function Header(props: { page: Page | null; session: Session | null; signOut: () => void }) {
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
                {props.session && (
                    <button type="button" class="quiet" onClick={props.signOut} title={props.session.role}>
                        {t('nav.sign_out')}
                    </button>
                )}
            </div>
        </header>
    );
}

// The page's content, which gets the focus when another page is opened.
function Content(props: { page: Page; route: string[] }) {
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
            {props.page === 'monitor' && <Monitor route={props.route} />}
            {props.page === 'connections' && <Connections />}
        </main>
    );
}

// The session of this browser tab: from the credential that it kept, if there is one, until signing out or the gateway refuses it.
function useTabSession() {
    const [session, setSession] = useState<Session | null>(null);
    const [waiting, setWaiting] = useState(credential.get() !== null);
    const [fault, setFault] = useState<unknown>(null);
    const signedIn = useRef(false);
    signedIn.current = session !== null;
    const end = (why: unknown) => {
        credential.clear();
        setSession(null);
        setFault(why);
    };
    useEffect(() => {
        whenUnauthorized((refusal) => signedIn.current && end(refusal));
        if (credential.get() === null) return;
        fetchSession()
            .then(setSession, end)
            .finally(() => setWaiting(false));
    }, []);
    return { session, setSession, waiting, fault, signOut: () => end(null) };
}

export function App() {
    useLanguage();
    const route = useRoute();
    const { session, setSession, waiting, fault, signOut } = useTabSession();
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
            <Header page={session && page} session={session} signOut={signOut} />
            {waiting ? (
                <main id="main" tabIndex={-1}>
                    <Loading />
                </main>
            ) : session ? (
                <Content page={page} route={route} />
            ) : (
                <SignIn ended={fault} signedIn={setSession} />
            )}
        </SessionContext.Provider>
    );
}
