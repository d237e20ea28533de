// Outcomes and states as short coloured words, and counts as figures.
import type { Action, Run } from '../api/types';
import { number, t, type PlainKey } from '../i18n';

export const actions: Action[] = ['created', 'updated', 'restored', 'skipped', 'deleted', 'error'];

export const actionName = (action: Action): string => t(`action.${action}` as PlainKey);

export function ActionBadge(props: { action: Action }) {
    return <span class={`badge badge-${props.action}`}>{actionName(props.action)}</span>;
}

export function StatusBadge(props: { status: Run['status'] }) {
    return <span class={`badge badge-run-${props.status}`}>{t(`status.${props.status}` as PlainKey)}</span>;
}

// A figure with what it counts.
export function Figure(props: { label: string; value: number; tone?: string | undefined }) {
    const tone = props.value > 0 ? (props.tone ?? '') : '';
    return (
        <div class={`figure ${tone && `figure-${tone}`}`}>
            <dt>{props.label}</dt>
            <dd>{number(props.value)}</dd>
        </div>
    );
}
