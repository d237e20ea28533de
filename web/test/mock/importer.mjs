// Imports of the stand-in gateway: reading a file, checking its lines, writing them chunk by chunk.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fieldOf, guess, propose } from './catalog.mjs';
import { decode, guessDelimiter, parse } from './csv.mjs';

const CHUNK = 1000;
const MOST_RESULTS = 10000;
const MOST_ERROR_DETAILS = 100;
const CHUNK_MILLISECONDS = Number(process.env.MOCK_CHUNK_MILLISECONDS ?? 25);
const counts = () => ({ total: 0, created: 0, updated: 0, restored: 0, skipped: 0, deleted: 0, errors: 0 });

// Whether a first line names columns: a file of rejected lines always does.
function hasHeader(entity, cells) {
    if (cells[0] === 'eryxon_line' || cells.some((cell) => propose(entity, cell) !== null)) return true;
    return !cells.some((cell) => /^[\d.,:/ -]*$/.test(cell));
}

// The file cut into columns and lines.
function open(entity, body, options) {
    const { encoding, text } = decode(body, options.encoding);
    const delimiter = options.delimiter === 'tab' ? '\t' : (options.delimiter ?? guessDelimiter(text));
    const records = parse(text, delimiter);
    const header = options.header ? options.header === 'true' : hasHeader(entity, records[0]?.cells ?? []);
    const names = (header ? records.shift()?.cells : records[0]?.cells.map((_, i) => String(i + 1))) ?? [];
    return { encoding, delimiter, header, names: names.map((name) => name.trim()), records };
}

// The field of each column: as the mapping says it, else the one that is proposed.
const fieldsOf = (columns, mapping) =>
    columns.map(({ name, field }) => (Object.hasOwn(mapping, name) ? [mapping[name]].flat()[0] : field));

export function inspect(entity, body, options, saved) {
    const file = open(entity, body, options);
    const columns = file.names.map((name, i) => ({
        column: i + 1,
        name,
        field: propose(entity, name) ?? guess(name),
        match: propose(entity, name) ? 'certain' : guess(name) && 'guess',
        samples: file.records
            .map(({ cells }) => cells[i])
            .filter(Boolean)
            .slice(0, 5),
    }));
    const fields = fieldsOf(columns, JSON.parse(options.mapping ?? '{}'));
    const cellsOf = (types) =>
        file.records.flatMap(({ cells }) => cells.filter((_, i) => types.includes(fieldOf(entity, fields[i])?.type)));
    const dates = cellsOf(['timestamp']);
    const american = dates.some((cell) => /^\d\d\/\d\d\/\d{4}$/.test(cell));
    const dutch = dates.some((cell) => /^\d\d[-.]\d\d[-.]\d{4}$/.test(cell));
    const numbers = cellsOf(['integer', 'numeric']);
    const unclear = numbers.find((cell) => /^\d{1,3}[.,]\d{3}$/.test(cell));
    const comma = numbers.some((cell) => /,\d\d?$/.test(cell));
    const number_sign = { code: 'NUMBER_SIGN', message: 'can be read in two ways', params: { value: unclear } };
    const source = columns.find((column) => column.field === 'external_source')?.samples[0] ?? options.external_source;
    return {
        delimiter: file.delimiter === '\t' ? 'tab' : file.delimiter,
        encoding: file.encoding,
        header: file.header,
        decimal: unclear ? null : comma ? ',' : '.',
        grouping: unclear ? null : comma ? '.' : '',
        date_format: american ? 'MM/DD/YYYY' : dutch ? 'DD-MM-YYYY' : 'YYYY-MM-DD',
        lines: file.records.length,
        columns,
        warnings: unclear ? [number_sign] : [],
        saved_mapping: saved.find((one) => one.entity === entity.entity && one.source === source) ?? null,
    };
}

// A day of a form, as YYYY-MM-DD; null if there is no such day.
function readDate(value, form) {
    if (/^\d{8}$/.test(value)) return readDate(value.replace(/^(....)(..)(..)$/, '$1-$2-$3'), 'YYYY-MM-DD');
    const order = { 'YYYY-MM-DD': [1, 2, 3], 'DD-MM-YYYY': [3, 2, 1], 'MM/DD/YYYY': [3, 1, 2] }[form];
    const found = /^(\d+)[-./](\d+)[-./](\d+)$/.exec(value.split('T')[0]);
    if (!found) return null;
    const day = order.map((i) => found[i].padStart(2, '0')).join('-');
    const moment = new Date(`${day}T00:00:00Z`);
    return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day) ? day : null;
}

const fault = (path, constraint, message, value, params) => ({ path, constraint, message, value, params });

const required = (path, constraint) =>
    fault(path, constraint, 'required field is missing', undefined, { reason: 'required' });

// A cell as the field's value, or a fault.
function convert(field, name, cell, options) {
    if (!field || field.reference || field.type === 'text') return { value: cell };
    if (field.type === 'timestamp') {
        const value = readDate(cell, options.date_format);
        const params = { reason: 'invalid_date', value: cell };
        return value ? { value } : { fault: fault(name, 'DATE_FORMAT', `invalid date "${cell}"`, cell, params) };
    }
    if (field.type === 'integer' || field.type === 'numeric') {
        const plain = options.grouping ? cell.replaceAll(options.grouping, '') : cell;
        const value = Number(options.decimal === ',' ? plain.replace(',', '.') : plain);
        const noun = field.type === 'integer' ? 'integer' : 'number';
        const wrong = Number.isNaN(value) || (field.type === 'integer' && !Number.isInteger(value));
        const params = { reason: 'invalid_value', type: noun, value: cell };
        return wrong ? { fault: fault(name, 'TYPE_MISMATCH', `invalid ${noun} "${cell}"`, cell, params) } : { value };
    }
    if (field.enum && !field.enum.includes(cell))
        return {
            fault: fault(
                name,
                'ENUM_CONSTRAINT',
                `invalid value "${cell}", expected one of: ${field.enum.join(', ')}`,
                cell,
                { reason: 'not_allowed', value: cell, allowed: field.enum.join(', ') },
            ),
        };
    return { value: cell };
}

// The cells of a line by the fields that they are for; `meaning` says it of a column or, of what is made, of a field.
function membersOf(entity, file, mapping, cells, options, warnings) {
    const cellOf = (i) => (cells[i] ?? '').replace(/^'(?=[=+\-@])/, '');
    const members = [];
    const made = Object.entries(mapping).filter(([, meaning]) => meaning?.constant ?? meaning?.template);
    for (const [field, { constant, template }] of made)
        members.push([field, constant ?? template.replace(/\{([^}]*)\}/g, (_, name) => cellOf(file.names.indexOf(name)))]);
    file.names.forEach((name, i) => {
        const own = name.startsWith('eryxon_');
        const named = Object.hasOwn(mapping, name) && !made.some(([field]) => field === name);
        const proposal = own || options.only_mapped === 'true' ? null : propose(entity, name);
        const targets = [named ? mapping[name] : proposal].flat().filter(Boolean);
        if (targets.length === 0 && !named && !own && options.unknown_fields !== 'ignore')
            warnings.push({ code: 'UNKNOWN_FIELD', path: name, message: `unknown field "${name}"` });
        for (const target of targets) members.push([target, cellOf(i)]);
    });
    return members;
}

// One line as a record, with its faults.
function readRecord(entity, file, mapping, cells, options) {
    const record = options.external_source ? { external_source: options.external_source } : {};
    const faults = [];
    const warnings = [];
    for (const [target, cell] of membersOf(entity, file, mapping, cells, options, warnings)) {
        if (cell === '') continue;
        if (options.null_token && cell === options.null_token) record[target] = null;
        else {
            const { value, fault: wrong } = convert(fieldOf(entity, target), target, cell, options);
            if (wrong) faults.push(wrong);
            else record[target] = value;
        }
    }
    for (const key of ['external_id', 'external_source'])
        if (!record[key]) faults.push(required(key, 'NOT_NULL'));
    return { record, faults, warnings };
}

// Records of a part that refer to a parent which is neither there nor in the part.
function checkParents(rows, part) {
    const keys = new Set(part.map(({ record }) => record.external_id));
    for (const row of rows.values()) keys.add(row.external_id);
    for (const { record, faults } of part) {
        const parent = record.parent_part_external_id;
        if (parent && !keys.has(parent))
            faults.push(
                fault(
                    'parent_part_external_id',
                    'FK_CONSTRAINT',
                    `no live part has external_id "${parent}" of source "${record.external_source}"`,
                    parent,
                    {
                        reason: 'unknown_external_id',
                        entity: 'part',
                        external_id: parent,
                        source: record.external_source,
                    },
                ),
            );
    }
}

// The page of the results that is asked for, failures first.
function shorten(results, options) {
    const limit = Number(options.results_limit ?? MOST_RESULTS);
    if (results.length <= limit) return { results };
    const failures = results.filter(({ action }) => action === 'error');
    const rest = results.filter(({ action }) => action !== 'error');
    const offset = Number(options.results_offset ?? 0);
    const page = [...failures, ...rest].slice(offset, offset + limit);
    return { results: page, results_omitted: results.length - page.length };
}

// What a new record lacks.
function missing(entity, record) {
    return entity.fields
        .filter(
            (field) => field.required && !(field.reference?.forms ?? [field.name]).some((name) => record[name] != null),
        )
        .map((field) => required(field.name, field.reference ? 'FK_REQUIRED' : 'NOT_NULL'));
}

// The outcome of one line; writes it unless it is a trial.
function apply(entity, rows, line, index, { record, faults, warnings }, trial) {
    const key = `${record.external_source}\n${record.external_id}`;
    const old = rows.get(key);
    const all = old ? faults : [...faults, ...missing(entity, record)];
    const result = {
        index,
        line,
        external_id: record.external_id ?? null,
        external_source: record.external_source ?? null,
        ...(warnings.length > 0 ? { warnings } : {}),
    };
    if (all.length > 0) {
        const error = all.map((one) => `${one.path}: ${one.message}`).join('; ');
        return { ...result, action: 'error', code: all[0].constraint, error, details: all };
    }
    const changes = Object.keys(record)
        .filter((name) => !name.startsWith('external_') && (old?.[name] ?? null) !== record[name])
        .map((name) => ({ field: name, old: old?.[name] ?? null, new: record[name] }));
    if (!trial) rows.set(key, { ...old, ...record });
    const action = old ? (changes.length > 0 ? 'updated' : 'skipped') : 'created';
    return { ...result, id: randomUUID(), action, ...(trial && action !== 'skipped' ? { changes } : {}) };
}

// The refused lines as they were sent, with what is wrong with them, as rows.
function rejectedRows(file, failed) {
    const own = new Set(['eryxon_line', 'eryxon_code', 'eryxon_message']);
    const keep = file.names.map((name, i) => i).filter((i) => !own.has(file.names[i]));
    const head = [...own, ...keep.map((i) => file.names[i])];
    const lines = failed.map(({ cells, result }) => [
        result.line,
        result.code,
        result.error,
        ...keep.map((i) => cells[i] ?? ''),
    ]);
    return [head, ...lines];
}

// Dates that were refused, of which most would be taken with the day first.
function otherReadings(results) {
    const faults = results.flatMap(({ details }) => details ?? []);
    const lines = faults.filter((one) => one.constraint === 'DATE_FORMAT' && readDate(one.value, 'DD-MM-YYYY')).length;
    const params = { reason: 'other_dates', value: 'DD-MM-YYYY', lines };
    return lines < 3 ? [] : [{ code: 'OTHER_DATES', message: 'dates of another form', params }];
}

// Runs an import; a real one in chunks, between which it can be cancelled.
export async function importFile(shop, entity, body, options) {
    const started = Date.now();
    const trial = options.dry_run === 'true';
    const file = open(entity, body, options);
    const mapping = JSON.parse(options.mapping ?? '{}');
    const rows = trial ? new Map(shop.rows(entity.entity)) : shop.rows(entity.entity);
    const run = {
        id: options.run ?? randomUUID(),
        entity: entity.entity,
        operation: 'csv',
        source: options.external_source ?? null,
        status: 'running',
        ...counts(),
        done: 0,
        records: file.records.length,
        lines: file.records.length + 1,
        failure: null,
        has_rejected: false,
        error_details: [],
        started_at: new Date().toISOString(),
        finished_at: null,
    };
    if (!trial) shop.runs.unshift(run);
    const results = [];
    const failed = [];
    let part = [];
    for (let i = 0; i < file.records.length && run.status !== 'cancelling'; i++) {
        if (i % CHUNK === 0 && (i === 0 || !trial)) {
            part = file.records
                .slice(i, trial ? undefined : i + CHUNK)
                .map(({ cells }) => readRecord(entity, file, mapping, cells, options));
            checkParents(rows, part);
        }
        const { line, cells } = file.records[i];
        const result = apply(entity, rows, line, i, part[trial ? i : i % CHUNK], trial);
        run.total = run.done = i + 1;
        run.source ??= result.external_source;
        run[result.action === 'error' ? 'errors' : result.action]++;
        if (result.action === 'error') {
            failed.push({ cells, result });
            for (const one of result.details.slice(0, MOST_ERROR_DETAILS - run.error_details.length))
                run.error_details.push({
                    index: i,
                    line,
                    external_id: result.external_id,
                    code: one.constraint,
                    message: one.message,
                    path: one.path,
                    params: one.params,
                });
        }
        if (options.results === 'all' || (options.results === 'errors' && result.action === 'error'))
            results.push(result);
        if (!trial && run.done % CHUNK === 0) {
            shop.changed(run);
            await pause(CHUNK_MILLISECONDS);
        }
    }
    run.finished_at = new Date().toISOString();
    const verdict = run.errors === 0 ? 'completed' : run.errors === run.total ? 'failed' : 'partial';
    run.status = run.status === 'cancelling' ? 'cancelled' : verdict;
    if (!trial) {
        run.has_rejected = failed.length > 0;
        if (run.has_rejected) shop.rejected.set(run.id, rejectedRows(file, failed));
        shop.changed(run);
    }
    const { total, created, updated, restored, skipped, deleted, errors } = run;
    return {
        total,
        created,
        updated,
        restored,
        skipped,
        deleted,
        errors,
        run_id: trial ? null : run.id,
        duration_ms: Date.now() - started,
        warnings: otherReadings(results),
        ...shorten(results, options),
        cancelled: run.status === 'cancelled',
    };
}
