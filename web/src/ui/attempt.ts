// Something that the user sets off and that may fail: what it does meanwhile, and why it did not.
import { useState } from 'preact/hooks';

// `fault` is that of the last attempt, null while one is under way.
export function useAttempt() {
    const [busy, setBusy] = useState(false);
    const [fault, setFault] = useState<unknown>(null);
    const attempt = async (work: () => Promise<unknown>) => {
        setFault(null);
        setBusy(true);
        try {
            await work();
        } catch (failure) {
            setFault(failure);
        } finally {
            setBusy(false);
        }
    };
    return { busy, fault, attempt };
}
