// The table of requests on the routes: what is sent and what must come back. Sent to the gateway itself, and through nginx.
import { createDatabase, entities, job, newKey, nobody, sql } from './shop.mjs';

// Members of two new records, of a change and of a fault, for each entity.
const samples = {
  cells: ['cell', { name: 'Mill' }, { name: 'Lathe' }, { description: 'new' }, { color: 'red' }, 'PATTERN_MISMATCH'],
  resources: ['resource', { name: 'Jig', type: 'fixture' }, { name: 'Die', type: 'mold' }, { notes: 'new' }, { status: 'lost' }, 'ENUM_CONSTRAINT'],
  jobs: ['job', { job_number: '1' }, { job_number: '2' }, { customer: 'new' }, { due_date: '31-12-2026' }, 'DATE_FORMAT'],
  parts: ['part', { part_number: '1', job_external_id: 'J1' }, { part_number: '2', job_external_id: 'J1' }, { material: 'new' }, { quantity: 0 }, 'MIN_VALUE'],
  operations: ['operation', { operation_name: '1', part_external_id: 'P1', cell_name: 'Saw' },
    { operation_name: '2', part_external_id: 'P1', cell_external_id: 'C1' }, { notes: 'new' }, { setup_time: '12abc' }, 'TYPE_MISMATCH'],
};

const record = (externalId, members) => ({ external_id: externalId, external_source: 'SAP', ...members });

// One of each entity, for references.
export const seedBody = {
  cells: [record('C1', { name: 'Saw' })],
  jobs: [job('J1')],
  parts: [record('P1', { part_number: 'N', job_external_id: 'J1' })],
};

// The requests of one entity's life: created, skipped, updated, faulty, in bulk, listed, deleted.
function life(entity) {
  const [singular, first, second, changed, faulty, constraint] = samples[entity];
  const path = `/api-${entity}`, idOf = (seen, name) => seen[`${entity} ${name}`].data.id;
  return [
    { name: 'create', method: 'PUT', path: `${path}/sync`, body: record('X1', first), status: 201, has: { 'data.action': 'created', 'data.entity': entity } },
    { name: 'skip', method: 'PUT', path: `${path}/sync`, body: record('X1', first), status: 200, has: { 'data.action': 'skipped' } },
    { name: 'update', method: 'PUT', path: `${path}/sync`, body: record('X1', changed), status: 200, has: { 'data.action': 'updated' } },
    { name: 'fault', method: 'PUT', path: `${path}/sync`, body: record('X9', { ...second, ...faulty }), status: 422,
      has: { 'error.code': 'VALIDATION_ERROR', 'error.statusCode': 422, 'error.details.0.constraint': constraint } },
    { name: 'bulk with errors', method: 'POST', path: `${path}/bulk-sync`,
      body: { items: [record('X1', changed), record('X2', { ...second, ...faulty }), record('X2', second), 7] }, status: 200,
      has: { 'data.total': 4, 'data.skipped': 1, 'data.created': 1, 'data.errors': 2, 'data.results.1.code': constraint, 'data.results.3.code': 'INVALID_PAYLOAD' } },
    { name: 'bulk of an array', method: 'POST', path: `${path}/bulk-sync`, body: [record('X1', changed)], status: 200, has: { 'data.skipped': 1 } },
    { name: 'dry run', method: 'POST', path: `${path}/bulk-sync`, body: { [entity]: [record('X1', { [Object.keys(changed)[0]]: 'dry' })], options: { dry_run: true } },
      status: 200, has: { 'data.total': 1, 'data.updated': 1 } },
    { name: 'list', method: 'GET', path: `${path}?external_id=X1&external_source=SAP&sort=id&order=desc&limit=5&offset=0`, status: 200,
      has: { [`data.${entity}.0.external_id`]: 'X1', 'data.pagination.total': 1, 'data.pagination.limit': 5, 'data.pagination.offset': 0 } },
    { name: 'offset', method: 'GET', path: `${path}?sort=external_id&order=desc&limit=1&offset=1`, status: 200,
      has: { [`data.${entity}.0.external_id`]: 'X1', 'data.pagination.limit': 1, 'data.pagination.offset': 1 } },
    { name: 'list since', method: 'GET', path: `${path}?updated_since=2100-01-01T00%3A00%3A00%2B01%3A00&include_deleted=true`, status: 200,
      has: { 'data.pagination.total': 0 } },
    { name: 'get', method: 'GET', path: (seen) => `${path}?id=${idOf(seen, 'create')}`, status: 200, has: { [`data.${singular}.external_id`]: 'X1' } },
    { name: 'get nothing', method: 'GET', path: `${path}?id=${nobody}`, status: 404, has: { 'error.code': 'NOT_FOUND', 'error.statusCode': 404 } },
    { name: 'soft delete', method: 'DELETE', path: `${path}?external_id=X2&external_source=SAP`, status: 200, has: { 'data.action': 'deleted', 'data.hard': false } },
    { name: 'restore', method: 'PUT', path: `${path}/sync`, body: record('X2', second), status: 200, has: { 'data.action': 'restored' } },
    { name: 'hard by key', method: 'DELETE', path: `${path}?external_id=X2&external_source=SAP&hard=true`, status: 200, has: { 'data.hard': true } },
    { name: 'soft by id', method: 'DELETE', path: (seen) => `${path}?id=${idOf(seen, 'create')}&hard=false`, status: 200, has: { 'data.hard': false } },
    { name: 'hard delete', method: 'DELETE', path: (seen) => `${path}?id=${idOf(seen, 'create')}`, status: 200, has: { 'data.hard': true } },
    { name: 'delete nothing', method: 'DELETE', path: (seen) => `${path}?id=${idOf(seen, 'create')}`, status: 404, has: { 'error.code': 'NOT_FOUND' } },
  ].map((step) => ({ ...step, name: `${entity} ${step.name}` }));
}

// Calls of several entities, and the errors that are the same for all.
const others = [
  { name: 'diff', method: 'POST', path: '/api-erp-sync/diff', body: seedBody, status: 200, has: { 'data.summary.skipped': 3 } },
  { name: 'sync', method: 'POST', path: '/api-erp-sync/sync', body: { cells: [record('C1', { name: 'Saw' }), record('C2', { name: 'Weld' })], options: { client_ref: 'x' } },
    status: 200, has: { 'data.summary.created': 1, 'data.summary.skipped': 1, 'data.entities.cells.total': 2 } },
  { name: 'status', method: 'GET', path: '/api-erp-sync/status?entity_type=cells&source=SAP&limit=1', status: 200, has: { 'data.entities.cells.live': 2, 'data.runs.0.entity': 'cells' } },
  { name: 'text with signs', method: 'PUT', path: '/api-jobs/sync', body: job('é &=+%/\u{1F600}'), status: 201, has: { 'data.external_id': 'é &=+%/\u{1F600}' } },
  { name: 'query with signs', method: 'GET', path: `/api-jobs?external_id=${encodeURIComponent('é &=+%/\u{1F600}')}&external_source=SAP`, status: 200,
    has: { 'data.jobs.0.external_id': 'é &=+%/\u{1F600}' } },
  { name: 'values like filters', method: 'GET', path: '/api-jobs?external_id=eq.J1', status: 200, has: { 'data.pagination.total': 0 } },
  { name: 'search', method: 'GET', path: '/api-jobs?search=N-J&status=not_started', status: 200, has: { 'data.pagination.total': 1 } },
  { name: 'conflict of numbers', method: 'PUT', path: '/api-jobs/sync', body: record('X', { job_number: 'N-J1' }), status: 409,
    has: { 'error.code': 'CONFLICT', 'error.details.0.constraint': 'UNIQUE_CONSTRAINT' } },
  { name: 'unknown reference', method: 'PUT', path: '/api-parts/sync', body: record('X', { part_number: '9', job_external_id: 'none' }), status: 409,
    has: { 'error.code': 'CONFLICT', 'error.details.0.constraint': 'FK_CONSTRAINT' } },
  { name: 'cell in use', method: 'DELETE', path: '/api-cells?external_id=C1&external_source=SAP', status: 409, has: { 'error.code': 'CONFLICT' } },
  { name: 'running work', method: 'DELETE', path: '/api-jobs?external_id=J1&external_source=SAP', status: 409, has: { 'error.code': 'CONFLICT', 'error.details.0.constraint': 'IN_PROGRESS' } },
  { name: 'forced', method: 'DELETE', path: '/api-jobs?external_id=J1&external_source=SAP&force=true', status: 200, has: { 'data.action': 'deleted' } },
  { name: 'too many', method: 'POST', path: '/api-jobs/bulk-sync', body: Array.from({ length: 1001 }, (_, n) => job(`B${n}`)), status: 400,
    has: { 'error.code': 'BAD_REQUEST', 'error.details.0.constraint': 'BATCH_TOO_LARGE' } },
  { name: 'no record', method: 'PUT', path: '/api-jobs/sync', body: [], status: 400, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'delete of nothing named', method: 'DELETE', path: '/api-jobs', status: 400, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'delete by half a key', method: 'DELETE', path: '/api-jobs?external_id=J1', status: 400, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'page too long', method: 'GET', path: '/api-jobs?limit=1001', status: 400, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'no credential', method: 'PUT', path: '/api-jobs/sync', body: job('X'), key: 'none', status: 401, has: { 'error.code': 'UNAUTHORIZED' } },
  { name: 'no credential to list', method: 'GET', path: '/api-jobs', key: 'none', status: 401, has: { 'error.code': 'UNAUTHORIZED' } },
  { name: 'reader writes', method: 'PUT', path: '/api-jobs/sync', body: job('X'), key: 'reader', status: 403, has: { 'error.code': 'FORBIDDEN' } },
  { name: 'reader reads', method: 'GET', path: '/api-jobs', key: 'reader', status: 200, has: { success: true } },
  { name: 'other tenant', method: 'GET', path: '/api-jobs', key: 'other', status: 200, has: { 'data.pagination.total': 0 } },
  { name: 'key as bearer', method: 'GET', path: '/api-cells', bearer: 'good', status: 200, has: { success: true } },
  { name: 'wrong key', method: 'GET', path: '/api-jobs', key: 'wrong', status: 401, raised: true, has: { 'error.code': 'UNAUTHORIZED' } },
  { name: 'wrong key as bearer', method: 'GET', path: '/api-jobs', bearer: 'wrong', status: 401, raised: true, has: { 'error.code': 'UNAUTHORIZED' } },
  { name: 'revoked key', method: 'GET', path: '/api-jobs', key: 'revoked', status: 401, raised: true, has: { 'error.code': 'UNAUTHORIZED' } },
  { name: 'two keys', method: 'GET', path: '/api-jobs', key: 'good', bearer: 'other', status: 401, raised: true, has: { 'error.code': 'UNAUTHORIZED' } },
  { name: 'bad JSON', method: 'PUT', path: '/api-jobs/sync', body: '{"external_id":', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'empty body', method: 'POST', path: '/api-jobs/bulk-sync', body: '', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'bad id', method: 'GET', path: '/api-jobs?id=17', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'bad number', method: 'GET', path: '/api-jobs?limit=many', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'bad date', method: 'GET', path: '/api-jobs?updated_since=soon', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'unknown parameter', method: 'GET', path: '/api-jobs?wombat=1', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'reserved parameter', method: 'GET', path: '/api-jobs?max_rows=1', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'repeated parameter', method: 'GET', path: '/api-jobs?status=a&status=b', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'NUL in a parameter', method: 'GET', path: '/api-jobs?search=a%00b', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'bad UTF-8 in a parameter', method: 'GET', path: '/api-jobs?search=%ff', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
  { name: 'no such entity', method: 'GET', path: '/api-wombats', status: 404, raised: true, has: { 'error.code': 'NOT_FOUND' } },
  { name: 'no such path', method: 'GET', path: '/api-jobs/wombats', status: 404, raised: true, has: { 'error.code': 'NOT_FOUND' } },
  { name: 'wrong method', method: 'POST', path: '/api-jobs/sync', body: job('X'), status: 405, raised: true, allow: 'PUT', has: { 'error.code': 'METHOD_NOT_ALLOWED' } },
  { name: 'patch', method: 'PATCH', path: '/api-jobs', body: '{}', status: 405, raised: true, allow: 'GET, HEAD, DELETE', has: { 'error.code': 'METHOD_NOT_ALLOWED' } },
  { name: 'get of a sync', method: 'GET', path: '/api-erp-sync/sync', status: 405, raised: true, allow: 'POST', has: { 'error.code': 'METHOD_NOT_ALLOWED' } },
];

// Makes a database with what the requests expect, and the keys that they name.
export function prepare(name) {
  const database = createDatabase(name);
  const keys = {
    good: newKey(database), other: newKey(database, 'bbbbbbbb-0000-4000-8000-00000000000b'),
    reader: newKey(database, undefined, "role => 'shop_reader'"), revoked: newKey(database), wrong: 'ery_live_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG',
  };
  sql(database, `SELECT eryxon_api_key_revoke(id) FROM eryxon_api_keys() WHERE prefix = '${keys.revoked.slice(0, 12)}'`);
  sql(database, `SET eryxon.tenant_id = 'aaaaaaaa-0000-4000-8000-00000000000a'; SELECT eryxon_sync('${JSON.stringify(seedBody)}');
    SELECT eryxon_upsert('operations', '{"external_id":"O1","external_source":"SAP","operation_name":"Cut","part_external_id":"P1","cell_name":"Saw","status":"in_progress"}')`);
  return { database, keys };
}

// All requests, in the order in which they must be sent.
export const requests = [...entities.flatMap(life), ...others];

// The value at a path such as data.results.0.code.
export const at = (value, path) => path.split('.').reduce((found, name) => found?.[name], value);

// An answer's body without what differs from call to call: ids, times, durations.
export function comparable(body) {
  return body
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uuid) => (/^(aaaa|bbbb|cccc)/.test(uuid) ? uuid : '<uuid>'))
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)/g, '<time>')
    .replace(/"duration_ms": ?[0-9.e-]+/g, '"duration_ms":0');
}
