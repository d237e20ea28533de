// Goes through a long list page by page.
import { number, t } from '../i18n';

export function Pager(props: {
    total: number;
    size: number;
    page: number;
    show: (page: number) => void;
    label: string;
}) {
    const last = Math.max(0, Math.ceil(props.total / props.size) - 1);
    if (last === 0) return null;
    const from = props.page * props.size + 1;
    const to = Math.min(props.total, from + props.size - 1);
    const step = (page: number, text: string, disabled: boolean) => (
        <button type="button" disabled={disabled} onClick={() => props.show(page)}>
            {text}
        </button>
    );
    return (
        <nav class="pager" aria-label={props.label}>
            {step(0, t('pager.first'), props.page === 0)}
            {step(props.page - 1, t('pager.previous'), props.page === 0)}
            <span role="status">
                {t('pager.range', { from: number(from), to: number(to), total: number(props.total) })}
            </span>
            {step(props.page + 1, t('pager.next'), props.page >= last)}
            {step(last, t('pager.last'), props.page >= last)}
        </nav>
    );
}
