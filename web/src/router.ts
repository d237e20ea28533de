// Pages by the address behind '#', such as #/monitor/runs/<id>.
import { useEffect, useState } from 'preact/hooks';

// A part of an address; as it stands where it is not well formed.
function decode(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

const read = (): string[] =>
    location.hash
        .replace(/^#\/?/, '')
        .split('/')
        .filter((part) => part !== '')
        .map(decode);

// Goes to a page.
export const go = (...parts: string[]): void => {
    location.hash = '/' + parts.map(encodeURIComponent).join('/');
};

export const link = (...parts: string[]): string => '#/' + parts.map(encodeURIComponent).join('/');

// The parts of the address; the component is drawn again when it changes.
export function useRoute(): string[] {
    const [route, setRoute] = useState(read);
    useEffect(() => {
        const listener = () => setRoute(read());
        addEventListener('hashchange', listener);
        return () => removeEventListener('hashchange', listener);
    }, []);
    return route;
}
