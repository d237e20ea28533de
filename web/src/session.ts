// Who is signed in, for all pages.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Session } from './api/types';

export const SessionContext = createContext<Session | null>(null);

// The session; only called on pages that need one.
export function useSession(): Session {
    const session = useContext(SessionContext);
    if (session === null) throw new Error('no session');
    return session;
}
