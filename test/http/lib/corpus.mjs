// The cases of test/corpus: read by the server, for JavaScript loses forms of numbers, and sorted by the database that they need.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createDatabase, root, sql } from './shop.mjs';

const folder = join(root, 'test/corpus');

// The kinds: folders below test/corpus that have an expected.json.
const kinds = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('expected.json'))
    .map(dirname)
    .sort();

// The text of a file of a kind; empty if it has none of this name.
function textOf(kind, name) {
    return readdirSync(join(folder, kind)).includes(name) ? readFileSync(join(folder, kind, name), 'utf8') : '';
}

// The cases of a kind; `sent` is the payload as the server writes it.
function casesOf(kind) {
    const cases = `$cases$${textOf(kind, 'expected.json')}$cases$`;
    const read = `SELECT jsonb_agg(c || jsonb_build_object('sent', (c -> 'payload')::text)) FROM jsonb_array_elements(${cases}) c`;
    return JSON.parse(sql('postgres', read)).map((one) => ({ entity: 'jobs', options: {}, before: [], ...one, kind }));
}

const isSetting = (statement) => statement.startsWith('SET LOCAL ');
const isSchema = (statement) => /^(CREATE|ALTER|SELECT eryxon_(attach|map_field)\()/.test(statement);

// What a case's database must have beside the five tables: its script, and settings of its sessions.
function worldOf({ kind, before }) {
    const script = [textOf(kind, 'before.sql'), ...before.filter(isSchema)].filter(Boolean).join(';\n');
    return JSON.stringify({ script, settings: before.filter(isSetting) });
}

// All cases, by the database that they need.
export function worlds() {
    const found = new Map();
    for (const one of kinds.flatMap(casesOf)) {
        const world = worldOf(one);
        if (!found.has(world)) found.set(world, []);
        found.get(world).push(one);
    }
    return [...found].map(([world, cases]) => ({ ...JSON.parse(world), cases }));
}

// Makes the database of a world.
export function createWorld(name, { script, settings }) {
    createDatabase(name);
    if (script !== '') sql(name, `${script};\nSELECT eryxon_grant_api('eryxon_api')`);
    for (const setting of settings) sql(name, setting.replace(/^SET LOCAL/, `ALTER DATABASE ${name} SET`));
    return name;
}

// Runs the statements of a case that make rows, as its tenant.
export function prepare(database, tenant, { before }) {
    const statements = before.filter((statement) => !isSchema(statement) && !isSetting(statement));
    if (statements.length > 0) sql(database, [`SET eryxon.tenant_id = '${tenant}'`, ...statements].join(';\n'));
}

// The rows with the external ids that the case names.
export function rowsOf(database, tenant, { entity, rows = {} }) {
    const ids = Object.keys(rows).map((id) => `'${id.replaceAll("'", "''")}'`);
    if (ids.length === 0) return {};
    const found = `SELECT jsonb_object_agg(external_id, to_jsonb(t)) FROM ${entity} t
                    WHERE tenant_id = '${tenant}' AND external_id IN (${ids})`;
    return JSON.parse(sql(database, found) || '{}');
}

// The bytes of the case's file; undefined if it sends records.
export function fileOf({ kind, file, csv }) {
    if (file !== undefined) return readFileSync(join(folder, kind, file));
    return csv === undefined ? undefined : Buffer.from(csv);
}

// The first place where an answer is not as expected: only what `expected` names is compared, and null stands for what is not there, as in test/corpus/prepare.sql.
export function difference(expected, actual, path = '') {
    const isObject = (value) => value !== null && typeof value === 'object';
    if (isObject(expected) && isObject(actual) && Array.isArray(expected) === Array.isArray(actual) &&
        (!Array.isArray(expected) || expected.length === actual.length)) {
        for (const [name, value] of Object.entries(expected)) {
            const found = difference(value, actual[name], `${path}/${name}`);
            if (found) return found;
        }
        return undefined;
    }
    if (expected === (actual ?? null)) return undefined;
    return `${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}
