// Runs over time: a stacked bar for each day, and the same figures as a table.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { compact, day as dayName, number, t, type PlainKey } from '../i18n';
import { byDay, roundUp, type Metric, type Sum } from './sums';

const HEIGHT = 220;
const LEFT = 52;
const BOTTOM = 24;
const TOP = 8;
const LABEL_WIDTH = 64;

// The parts of a bar, from the bottom up.
const stacks: Record<Metric, { name: string; value: (sum: Sum) => number }[]> = {
    records: [
        { name: 'written', value: (sum) => sum.created + sum.updated + sum.restored + sum.deleted },
        { name: 'skipped', value: (sum) => sum.skipped },
        { name: 'errors', value: (sum) => sum.errors },
    ],
    runs: [{ name: 'runs', value: (sum) => sum.runs }],
};

type Days = ReturnType<typeof byDay>;

const stackName = (name: string) => t(`chart.${name}` as PlainKey);

// The width that the chart may have.
function useWidth() {
    const frame = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(900);
    useEffect(() => {
        const observer = new ResizeObserver(
            ([entry]) => entry && setWidth(Math.max(320, Math.round(entry.contentRect.width))),
        );
        if (frame.current) observer.observe(frame.current);
        return () => observer.disconnect();
    }, []);
    return { frame, width };
}

function Bar(props: { x: number; width: number; day: Days[number]; metric: Metric; top: number }) {
    const room = HEIGHT - TOP - BOTTOM;
    let y = HEIGHT - BOTTOM;
    const parts = stacks[props.metric].map((stack) => ({ ...stack, count: stack.value(props.day.sum) }));
    const text = parts.map((part) => `${stackName(part.name)}: ${number(part.count)}`).join('\n');
    return (
        <g>
            <title>{`${dayName(props.day.day)}\n${text}`}</title>
            <rect class="chart-hover" x={props.x - 1} y={TOP} width={props.width + 2} height={room} />
            {parts.map((part) => {
                const height = part.count > 0 ? Math.max(1.5, (part.count / props.top) * room) : 0;
                y -= height;
                return (
                    <rect
                        key={part.name}
                        class={`chart-${part.name}`}
                        x={props.x}
                        y={y}
                        width={props.width}
                        height={height}
                    />
                );
            })}
        </g>
    );
}

function Axis(props: { top: number; width: number }) {
    return (
        <>
            {[0, 0.25, 0.5, 0.75, 1].map((part) => {
                const y = HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM);
                return (
                    <g key={part}>
                        <line class="chart-grid" x1={LEFT} x2={props.width} y1={y} y2={y} />
                        <text class="chart-text" x={LEFT - 8} y={y + 4} text-anchor="end">
                            {compact(props.top * part)}
                        </text>
                    </g>
                );
            })}
        </>
    );
}

function Bars(props: { days: Days; metric: Metric; width: number; label: string }) {
    const { days, metric, width } = props;
    const top = roundUp(
        Math.max(...days.map(({ sum }) => stacks[metric].reduce((all, stack) => all + stack.value(sum), 0))),
    );
    const slot = (width - LEFT) / days.length;
    const every = Math.max(1, Math.ceil(LABEL_WIDTH / slot));
    const bar = Math.min(36, Math.max(2, slot * 0.72));
    return (
        <svg
            class="chart"
            role="img"
            aria-label={props.label}
            width={width}
            height={HEIGHT}
            viewBox={`0 0 ${width} ${HEIGHT}`}
        >
            <Axis top={top} width={width} />
            {days.map((day, index) => (
                <Bar
                    key={day.day}
                    x={LEFT + slot * index + (slot - bar) / 2}
                    width={bar}
                    day={day}
                    metric={metric}
                    top={top}
                />
            ))}
            {days.map((day, index) =>
                (days.length - 1 - index) % every === 0 && LEFT + slot * (index + 0.5) > LEFT + 10 ? (
                    <text
                        key={day.day}
                        class="chart-text"
                        x={Math.min(width - 24, LEFT + slot * (index + 0.5))}
                        y={HEIGHT - 6}
                        text-anchor="middle"
                    >
                        {dayName(day.day)}
                    </text>
                ) : null,
            )}
        </svg>
    );
}

// The chart's figures for those who read rather than look: only days on which something happened.
function Figures(props: { days: Days; metric: Metric }) {
    const busy = props.days.filter(({ sum }) => sum.runs > 0).reverse();
    return (
        <div class="table-frame chart-table" tabIndex={0} role="region" aria-label={t('chart.table')}>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t('chart.day')}</th>
                        {stacks[props.metric].map((stack) => (
                            <th key={stack.name} scope="col" class="figures">
                                {stackName(stack.name)}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {busy.map(({ day, sum }) => (
                        <tr key={day}>
                            <th scope="row">{dayName(day)}</th>
                            {stacks[props.metric].map((stack) => (
                                <td key={stack.name} class="figures">
                                    {number(stack.value(sum))}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function Chart(props: { days: Days; metric: Metric; choose: (metric: Metric) => void }) {
    const { days, metric } = props;
    const { frame, width } = useWidth();
    const [asTable, setAsTable] = useState(false);
    const group = useId();
    const sum = stacks[metric].map((stack) => {
        const count = days.reduce((all, day) => all + stack.value(day.sum), 0);
        return `${stackName(stack.name)} ${number(count)}`;
    });
    return (
        <section class="panel" aria-labelledby={group}>
            <div class="panel-head">
                <h2 id={group}>{t('chart.title')}</h2>
                <div class="filters" role="group" aria-label={t('chart.metric')}>
                    {(['records', 'runs'] as const).map((name) => (
                        <button
                            key={name}
                            type="button"
                            class="filter"
                            aria-pressed={metric === name}
                            onClick={() => props.choose(name)}
                        >
                            {t(`chart.by_${name}`)}
                        </button>
                    ))}
                </div>
                <ul class="legend" aria-hidden="true">
                    {stacks[metric].map((stack) => (
                        <li key={stack.name}>
                            <svg width="12" height="12">
                                <rect class={`chart-${stack.name}`} width="12" height="12" rx="2" />
                            </svg>
                            {stackName(stack.name)}
                        </li>
                    ))}
                </ul>
                <button type="button" class="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
                    {t('chart.table')}
                </button>
            </div>
            <div ref={frame}>
                {asTable ? (
                    <Figures days={days} metric={metric} />
                ) : (
                    <Bars days={days} metric={metric} width={width} label={`${t('chart.title')}. ${sum.join(', ')}`} />
                )}
            </div>
        </section>
    );
}
