// How the file is read: as the gateway proposes, changeable.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { FormatOptions } from '../api/types';
import { t, type PlainKey } from '../i18n';

const delimiters: Record<string, PlainKey> = {
    ',': 'format.comma',
    ';': 'format.semicolon',
    tab: 'format.tab',
    '|': 'format.bar',
};
const encodings: Record<string, string> = { UTF8: 'UTF-8', WIN1252: 'Windows-1252', LATIN1: 'ISO 8859-1 (Latin-1)' };
export const decimals: Record<string, string> = { '.': '1234.5', ',': '1234,5' };
// By an example: 31 December, in the forms that mean the same.
export const dates: Record<string, string> = {
    'YYYY-MM-DD': '2027-12-31',
    'DD-MM-YYYY': '31-12-2027, 31.12.2027, 31/12/2027',
    'MM/DD/YYYY': '12/31/2027, 12-31-2027',
};

// The signs of numbers with that decimal sign.
export const signsOf = (decimal: string): Partial<FormatOptions> => ({
    decimal,
    grouping: decimal === ',' ? '.' : ',',
});

function Labelled(props: {
    label: string;
    hint?: string;
    children: (id: string, hint: string | undefined) => ComponentChildren;
}) {
    const id = useId();
    return (
        <div class="field">
            <label for={id}>{props.label}</label>
            {props.children(id, props.hint === undefined ? undefined : `${id}-hint`)}
            {props.hint !== undefined && (
                <p class="hint" id={`${id}-hint`}>
                    {props.hint}
                </p>
            )}
        </div>
    );
}

// A choice among known values, and the gateway's own if it is none of them.
function Choice(props: {
    label: string;
    value: string;
    names: Record<string, string>;
    choose: (value: string) => void;
}) {
    const names = props.value in props.names ? props.names : { ...props.names, [props.value]: props.value };
    return (
        <Labelled label={props.label}>
            {(id) => (
                <select id={id} value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
                    {Object.entries(names).map(([value, name]) => (
                        <option key={value} value={value}>
                            {name}
                        </option>
                    ))}
                </select>
            )}
        </Labelled>
    );
}

export function Format(props: { format: FormatOptions; choose: (change: Partial<FormatOptions>) => void }) {
    const { format, choose } = props;
    const numbers = format.decimal === '' ? { '': t('format.decimal_open'), ...decimals } : decimals;
    return (
        <section class="panel" aria-labelledby="format-title">
            <div class="panel-head">
                <h3 id="format-title">{t('format.title')}</h3>
                <label class="check">
                    <input
                        type="checkbox"
                        checked={format.header}
                        onChange={(event) => choose({ header: event.currentTarget.checked })}
                    />
                    {t('format.header')}
                </label>
            </div>
            <div class="format">
                <Choice
                    label={t('format.delimiter')}
                    value={format.delimiter}
                    names={Object.fromEntries(Object.entries(delimiters).map(([value, key]) => [value, t(key)]))}
                    choose={(delimiter) => choose({ delimiter })}
                />
                <Choice
                    label={t('format.encoding')}
                    value={format.encoding}
                    names={encodings}
                    choose={(encoding) => choose({ encoding })}
                />
                <Choice
                    label={t('format.decimal')}
                    value={format.decimal}
                    names={numbers}
                    choose={(decimal) => choose(signsOf(decimal))}
                />
                <Choice
                    label={t('format.date')}
                    value={format.date_format}
                    names={dates}
                    choose={(date_format) => choose({ date_format })}
                />
                <Labelled label={t('format.null_token')} hint={t('format.null_hint')}>
                    {(id, hint) => (
                        <input
                            id={id}
                            value={format.null_token}
                            aria-describedby={hint}
                            onChange={(event) => choose({ null_token: event.currentTarget.value })}
                        />
                    )}
                </Labelled>
            </div>
        </section>
    );
}
