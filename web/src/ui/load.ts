// Data of a page: fetched when the page appears and whenever what it depends on changes.
import { useCallback, useEffect, useState } from 'preact/hooks';

export interface Loaded<T> {
    data: T | null;
    error: unknown;
    loading: boolean;
    reload: () => Promise<void>;
}

// Fetches with `fetch`; what a later call answers is never overwritten by an earlier one.
export function useLoaded<T>(fetch: () => Promise<T>, depends: unknown[]): Loaded<T> {
    const [state, setState] = useState<{ data: T | null; error: unknown; loading: boolean }>({
        data: null,
        error: null,
        loading: true,
    });
    const [turn] = useState({ latest: 0 });
    const reload = useCallback(async () => {
        const mine = ++turn.latest;
        setState((old) => ({ ...old, loading: true }));
        try {
            const data = await fetch();
            if (mine === turn.latest) setState({ data, error: null, loading: false });
        } catch (error) {
            if (mine === turn.latest) setState((old) => ({ ...old, error, loading: false }));
        }
    }, depends);
    useEffect(() => {
        void reload();
    }, [reload]);
    return { ...state, reload };
}
