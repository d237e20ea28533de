// Sums of the statistics: by day for the chart, by entity and source for the table.
import type { DayStatistic } from '../api/types';

export type Metric = 'records' | 'runs';

export interface Filter {
    entity: string;
    source: string;
}

export interface Sum {
    runs: number;
    created: number;
    updated: number;
    restored: number;
    skipped: number;
    deleted: number;
    errors: number;
}

const members = ['runs', 'created', 'updated', 'restored', 'skipped', 'deleted', 'errors'] as const;

const zero = (): Sum => ({ runs: 0, created: 0, updated: 0, restored: 0, skipped: 0, deleted: 0, errors: 0 });

function add(sum: Sum, day: DayStatistic): void {
    for (const member of members) sum[member] += day[member];
}

export const fits = (filter: Filter, row: { entity: string; source: string | null }): boolean =>
    (filter.entity === '' || row.entity === filter.entity) && (filter.source === '' || row.source === filter.source);

export function total(days: DayStatistic[]): Sum {
    const sum = zero();
    for (const day of days) add(sum, day);
    return sum;
}

// The calendar day of a moment here, as YYYY-MM-DD.
function dayText(moment: Date): string {
    const two = (value: number) => String(value).padStart(2, '0');
    return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

// Every day of the range, also those on which nothing happened; the gateway's last day ends it if that is later than today here.
export function byDay(days: DayStatistic[], count: number): { day: string; sum: Sum }[] {
    const sums = new Map<string, Sum>();
    for (const day of days) {
        const key = day.day.slice(0, 10);
        if (!sums.has(key)) sums.set(key, zero());
        add(sums.get(key) as Sum, day);
    }
    const end = new Date();
    const latest = [...sums.keys()].sort().pop();
    if (latest !== undefined && latest > dayText(end)) end.setDate(end.getDate() + 1);
    return Array.from({ length: count }, (_, index) => {
        const moment = new Date(end.getFullYear(), end.getMonth(), end.getDate() - (count - 1 - index), 12);
        const day = dayText(moment);
        return { day, sum: sums.get(day) ?? zero() };
    });
}

export function bySource(days: DayStatistic[]): { entity: string; source: string | null; sum: Sum }[] {
    const groups = new Map<string, { entity: string; source: string | null; sum: Sum }>();
    for (const day of days) {
        const key = `${day.entity}\n${day.source ?? ''}`;
        if (!groups.has(key)) groups.set(key, { entity: day.entity, source: day.source, sum: zero() });
        add((groups.get(key) as { sum: Sum }).sum, day);
    }
    return [...groups.values()].sort(
        (a, b) => a.entity.localeCompare(b.entity) || (a.source ?? '').localeCompare(b.source ?? ''),
    );
}

// A round number at or above the greatest value, for the top of an axis.
export function roundUp(value: number): number {
    if (value <= 4) return 4;
    const power = 10 ** Math.floor(Math.log10(value));
    return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}
