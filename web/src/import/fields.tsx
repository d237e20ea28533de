// The fields of a record, each with where its values come from, and the columns that are left over.
import { useId } from 'preact/hooks';
import type { Column } from '../api/types';
import { fieldName, t } from '../i18n';
import type { Need, Target } from './mapping';
import { samplesOf, type Source, type Sources } from './sources';

// Fields whose values are as good as an external number where no column has one.
const KEY_LIKE = ['job_number', 'name'];

interface RowProps {
    target: Target;
    source: Source | null;
    columns: Column[];
    // Told while a text is being typed, and at its end.
    choose: (source: Source | null, final: boolean) => void;
}

// The names of the columns, each once.
const namesOf = (columns: Column[]) => [...new Set(columns.map(({ name }) => name))];

// A source of the kind that was chosen; its columns begin with that of the one before.
function sourceFor(chosen: string, before: Source | null): Source | null {
    const column = before?.kind === 'column' ? [before.column] : [];
    if (chosen === 'constant') return { kind: 'constant', value: '' };
    if (chosen === 'joined') return { kind: 'joined', columns: column, separator: '-' };
    return chosen === '' ? null : { kind: 'column', column: chosen.slice('column:'.length) };
}

const chosenOf = (source: Source | null) =>
    source?.kind === 'column' ? `column:${source.column}` : (source?.kind ?? '');

function ColumnOptions(props: { columns: Column[]; prefix?: string }) {
    return (
        <>
            {namesOf(props.columns).map((name) => (
                <option key={name} class="column-name" value={(props.prefix ?? '') + name}>
                    {name}
                </option>
            ))}
        </>
    );
}

// The value that all lines get.
function Constant(props: RowProps & { value: string; known: string[] }) {
    const list = useId();
    const choose = (value: string, final: boolean) => props.choose({ kind: 'constant', value }, final);
    return (
        <>
            <input
                aria-label={t('fields.constant_of', { field: fieldName(props.target.name) })}
                list={list}
                value={props.value}
                onInput={(event) => choose(event.currentTarget.value, false)}
                onChange={(event) => choose(event.currentTarget.value, true)}
            />
            <datalist id={list}>
                {props.known.map((value) => (
                    <option key={value} value={value} />
                ))}
            </datalist>
        </>
    );
}

// The columns that are joined, with place for one more, and what stands between them.
function Joined(props: RowProps & { source: Source & { kind: 'joined' } }) {
    const { source, choose } = props;
    const field = fieldName(props.target.name);
    const joinable = props.columns.filter(({ name }) => name !== '' && !/[{}]/.test(name));
    const set = (place: number, name: string) => {
        const columns = [...source.columns];
        columns.splice(place, 1, ...(name === '' ? [] : [name]));
        choose({ ...source, columns }, true);
    };
    const separate = (separator: string) => choose({ ...source, separator }, false);
    return (
        <div class="joined">
            {[...source.columns, ''].map((name, place) => (
                <select
                    key={place}
                    aria-label={t('fields.part_of', { field, n: place + 1 })}
                    value={name}
                    onChange={(event) => set(place, event.currentTarget.value)}
                >
                    <option value="">{t('fields.none')}</option>
                    <ColumnOptions columns={joinable} />
                </select>
            ))}
            <label>
                {t('fields.separator')}
                <input
                    class="separator"
                    value={source.separator}
                    onInput={(event) => separate(event.currentTarget.value.replace(/[{}]/g, ''))}
                />
            </label>
        </div>
    );
}

// What must be given, and whether it is.
function Needed(props: { need: Need; name: string }) {
    const { need } = props;
    const others = need.forms.filter((form) => form !== props.name);
    const text = t(need.always ? 'fields.needed' : 'fields.needed_new');
    return (
        <small class={need.met ? 'met' : need.always ? 'unmet' : ''}>
            <span aria-hidden="true">{need.met ? '✓' : '✗'}</span> {text}
            {others.length > 0 && ` ${t('fields.or', { fields: others.map(fieldName).join(', ') })}`}
            <span class="hidden">{t(need.met ? 'fields.met' : 'fields.unmet')}</span>
        </small>
    );
}

interface FieldRowProps extends RowProps {
    need: Need | undefined;
    // Values that a constant may well have.
    known: string[];
    guessed: boolean;
    // Fields of the same column.
    also: string[];
    // The field whose column would do, and taking it.
    offer: string | null;
    take: () => void;
}

function Row(props: FieldRowProps) {
    const { target, source, choose } = props;
    const id = useId();
    return (
        <tr class={source === null ? 'row-ignored' : props.guessed ? 'row-guess' : ''}>
            <th scope="row">
                <span id={id}>{fieldName(target.name)}</span>
                {props.need && <Needed need={props.need} name={target.name} />}
            </th>
            <td>
                <select
                    aria-labelledby={id}
                    value={chosenOf(source)}
                    onChange={(event) => choose(sourceFor(event.currentTarget.value, source), true)}
                >
                    <option value="">{t('fields.none')}</option>
                    <ColumnOptions columns={props.columns} prefix="column:" />
                    <option value="constant">{t('fields.constant')}</option>
                    <option value="joined">{t('fields.joined')}</option>
                    {source?.kind === 'template' && <option value="template">{source.template}</option>}
                </select>
                {props.guessed && <small class="guess">{t('fields.guess')}</small>}
                {source?.kind === 'constant' && <Constant {...props} value={source.value} />}
                {source?.kind === 'joined' && <Joined {...props} source={source} />}
                {props.offer !== null && (
                    <button type="button" class="link" onClick={props.take}>
                        {t('fields.same_as', { field: fieldName(props.offer) })}
                    </button>
                )}
                {props.also.length > 0 && (
                    <small>{t('fields.also', { fields: props.also.map(fieldName).join(', ') })}</small>
                )}
            </td>
            <td class="samples">
                {samplesOf(props.columns, source).map((sample, index) => (
                    <span key={index}>{sample}</span>
                ))}
            </td>
        </tr>
    );
}

// The field whose column can stand for an external number, if nothing gives one.
function keyOffer(sources: Sources): string | null {
    if (sources.external_id != null) return null;
    return KEY_LIKE.find((name) => sources[name]?.kind === 'column') ?? null;
}

// Other fields that come from the same column.
function sharing(sources: Sources, name: string): string[] {
    const own = sources[name];
    if (own?.kind !== 'column') return [];
    return Object.keys(sources).filter((other) => other !== name && chosenOf(sources[other]!) === chosenOf(own));
}

export function FieldTable(props: {
    targets: Target[];
    sources: Sources;
    columns: Column[];
    needs: Need[];
    guessed: Set<string>;
    systems: string[];
    choose: (field: string, source: Source | null, final: boolean) => void;
}) {
    const { sources, choose } = props;
    const offer = keyOffer(sources);
    return (
        <div class="table-frame" tabIndex={0} role="region" aria-label={t('fields.title')}>
            <table class="mapping">
                <thead>
                    <tr>
                        <th scope="col">{t('fields.field')}</th>
                        <th scope="col">{t('fields.from')}</th>
                        <th scope="col">{t('columns.samples')}</th>
                    </tr>
                </thead>
                <tbody>
                    {props.targets.map((target) => (
                        <Row
                            key={target.name}
                            target={target}
                            source={sources[target.name] ?? null}
                            columns={props.columns}
                            need={props.needs.find(({ forms }) => forms.includes(target.name))}
                            guessed={props.guessed.has(target.name)}
                            also={sharing(sources, target.name)}
                            offer={target.name === 'external_id' ? offer : null}
                            known={target.name === 'external_source' ? props.systems : target.allowed}
                            choose={(source, final) => choose(target.name, source, final)}
                            take={() => choose('external_id', sources[offer!]!, true)}
                        />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

// Columns that no field takes, with their first values.
export function Unused(props: { columns: Column[] }) {
    if (props.columns.length === 0) return null;
    return (
        <div class="unused">
            <h4 id="unused-title">{t('fields.unused')}</h4>
            <ul aria-labelledby="unused-title">
                {props.columns.map((column) => (
                    <li key={`${column.column} ${column.name}`}>
                        <strong class="column-name">{column.name}</strong>
                        <span class="samples">
                            {samplesOf([column], { kind: 'column', column: column.name }).map((sample, index) => (
                                <span key={index}>{sample}</span>
                            ))}
                        </span>
                    </li>
                ))}
            </ul>
        </div>
    );
}
