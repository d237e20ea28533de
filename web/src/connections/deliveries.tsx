// What became of a webhook's messages: deliveries with their attempts, and sending one again.
import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { deliveries as fetchDeliveries, replay } from '../api/calls';
import type { Attempt, Delivery } from '../api/types';
import { number, plural, t, time } from '../i18n';
import { useAttempt } from '../ui/attempt';
import { Heads } from '../ui/heads';
import { useLoaded } from '../ui/load';
import { Fault, Loading } from '../ui/notice';
import { Pager } from '../ui/pager';

const PAGE_SIZE = 25;
const states = ['', 'pending', 'delivered', 'dead'] as const;

function Attempts(props: { attempts: Attempt[] }) {
    if (props.attempts.length === 0) return <p class="hint">{t('deliveries.no_attempts')}</p>;
    return (
        <ol class="attempts">
            {props.attempts.map((attempt) => (
                <li key={attempt.attempt}>
                    <span>{time(attempt.started_at)}</span>
                    <strong class={attempt.status !== null && attempt.status < 300 ? 'good' : 'bad'}>
                        {attempt.status ?? t('deliveries.no_answer')}
                    </strong>
                    {attempt.duration_ms !== null && <span>{number(Math.round(attempt.duration_ms))} ms</span>}
                    {attempt.error && <span>{attempt.error}</span>}
                    {attempt.response && <pre>{attempt.response.slice(0, 2000)}</pre>}
                </li>
            ))}
        </ol>
    );
}

function Row(props: { delivery: Delivery; busy: boolean; again: () => void }) {
    const { delivery } = props;
    const name = [delivery.type, delivery.external_id, time(delivery.created_at)].filter(Boolean).join(', ');
    const attempts = plural('deliveries.attempts', delivery.attempts.length);
    const [open, setOpen] = useState(false);
    return (
        <Fragment>
            <tr>
                <th scope="row">
                    <code>{delivery.type}</code>
                </th>
                <td>{delivery.external_id ?? '–'}</td>
                <td>
                    <span class={`badge badge-delivery-${delivery.status}`}>{t(`deliveries.${delivery.status}`)}</span>
                </td>
                <td class="when">{time(delivery.created_at)}</td>
                <td>
                    <button
                        type="button"
                        class="link"
                        aria-expanded={open}
                        aria-label={`${attempts}: ${name}`}
                        onClick={() => setOpen(!open)}
                    >
                        {attempts}
                    </button>
                </td>
                <td class="row-actions">
                    {delivery.status !== 'pending' && (
                        <button
                            type="button"
                            class="quiet"
                            disabled={props.busy}
                            aria-label={`${t('deliveries.replay')}: ${name}`}
                            onClick={props.again}
                        >
                            {t('deliveries.replay')}
                        </button>
                    )}
                </td>
            </tr>
            {open && (
                <tr class="row-detail">
                    <td colSpan={6}>
                        <Attempts attempts={delivery.attempts} />
                    </td>
                </tr>
            )}
        </Fragment>
    );
}

export function Deliveries(props: { webhook: string; turn: number }) {
    const [status, setStatus] = useState<(typeof states)[number]>('');
    const [page, setPage] = useState(0);
    const { busy, fault, attempt } = useAttempt();
    const [said, setSaid] = useState('');
    const list = useLoaded(
        () => fetchDeliveries(props.webhook, status, page * PAGE_SIZE),
        [props.webhook, status, page],
    );
    useEffect(() => {
        if (props.turn > 0) void list.reload();
    }, [props.turn]);
    const again = (delivery: Delivery) =>
        attempt(async () => {
            await replay(delivery.id);
            setSaid(t('deliveries.replayed', { type: delivery.type }));
            await list.reload();
        });
    const heads = ['type', 'record', 'state', 'created', 'attempts_head'] as const;
    return (
        <div class="deliveries">
            <div class="panel-head">
                <div class="filters" role="group" aria-label={t('deliveries.filter')}>
                    {states.map((name) => (
                        <button
                            key={name}
                            type="button"
                            class="filter"
                            aria-pressed={status === name}
                            onClick={() => {
                                setStatus(name);
                                setPage(0);
                            }}
                        >
                            {name === '' ? t('outcome.all') : t(`deliveries.${name}`)}
                        </button>
                    ))}
                </div>
                <span role="status" class="hint">
                    {said}
                </span>
                <button type="button" class="quiet" onClick={() => void list.reload()}>
                    {t('common.refresh')}
                </button>
            </div>
            <Fault error={fault ?? list.error} />
            {list.data === null && list.loading && <Loading />}
            {list.data?.deliveries.length === 0 && <p class="empty">{t('deliveries.none')}</p>}
            {list.data && list.data.deliveries.length > 0 && (
                <div class="table-frame" tabIndex={0} role="region" aria-label={t('webhooks.deliveries')}>
                    <table>
                        <Heads names={heads.map((name) => t(`deliveries.${name}`))} />
                        <tbody>
                            {list.data.deliveries.map((delivery) => (
                                <Row
                                    key={delivery.id}
                                    delivery={delivery}
                                    busy={busy}
                                    again={() => void again(delivery)}
                                />
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {list.data && (
                <Pager
                    total={list.data.pagination.total}
                    size={PAGE_SIZE}
                    page={page}
                    show={setPage}
                    label={t('webhooks.deliveries')}
                />
            )}
        </div>
    );
}
