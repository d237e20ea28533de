// The requests of an entity's life on the routes: created, skipped, updated, faulty, in bulk, listed, deleted.
import { nobody, record } from './shop.mjs';

// Members of two new records, of a change and of a fault, for each entity.
const samples = {
    cells: ['cell', { name: 'Mill' }, { name: 'Lathe' }, { description: 'new' }, { color: 'red' }, 'PATTERN_MISMATCH'],
    resources: [
        'resource',
        { name: 'Jig', type: 'fixture' },
        { name: 'Die', type: 'mold' },
        { notes: 'new' },
        { status: 'lost' },
        'ENUM_CONSTRAINT',
    ],
    jobs: ['job', { job_number: '1' }, { job_number: '2' }, { customer: 'new' }, { due_date: '31-12-2026' }, 'DATE_FORMAT'],
    parts: [
        'part',
        { part_number: '1', job_external_id: 'J1' },
        { part_number: '2', job_external_id: 'J1' },
        { material: 'new' },
        { quantity: 0 },
        'MIN_VALUE',
    ],
    operations: [
        'operation',
        { operation_name: '1', part_external_id: 'P1', cell_name: 'Saw' },
        { operation_name: '2', part_external_id: 'P1', cell_external_id: 'C1' },
        { notes: 'new' },
        { setup_time: '12abc' },
        'TYPE_MISMATCH',
    ],
};

// The requests for one entity, in their order; a path may depend on answers seen before.
export function life(entity) {
    const [singular, first, second, changed, faulty, constraint] = samples[entity];
    const path = `/api-${entity}`,
        idOf = (seen, name) => seen[`${entity} ${name}`].data.id;
    return [
        {
            name: 'create',
            method: 'PUT',
            path: `${path}/sync`,
            body: record('X1', first),
            status: 201,
            has: { 'data.action': 'created', 'data.entity': entity },
        },
        {
            name: 'skip',
            method: 'PUT',
            path: `${path}/sync`,
            body: record('X1', first),
            status: 200,
            has: { 'data.action': 'skipped' },
        },
        {
            name: 'update',
            method: 'PUT',
            path: `${path}/sync`,
            body: record('X1', changed),
            status: 200,
            has: { 'data.action': 'updated' },
        },
        {
            name: 'fault',
            method: 'PUT',
            path: `${path}/sync`,
            body: record('X9', { ...second, ...faulty }),
            status: 422,
            has: { 'error.code': 'VALIDATION_ERROR', 'error.statusCode': 422, 'error.details.0.constraint': constraint },
        },
        {
            name: 'bulk with errors',
            method: 'POST',
            path: `${path}/bulk-sync`,
            body: { items: [record('X1', changed), record('X2', { ...second, ...faulty }), record('X2', second), 7] },
            status: 200,
            has: {
                'data.total': 4,
                'data.skipped': 1,
                'data.created': 1,
                'data.errors': 2,
                'data.results.1.code': constraint,
                'data.results.3.code': 'INVALID_PAYLOAD',
            },
        },
        {
            name: 'bulk of an array',
            method: 'POST',
            path: `${path}/bulk-sync`,
            body: [record('X1', changed)],
            status: 200,
            has: { 'data.skipped': 1 },
        },
        {
            name: 'dry run',
            method: 'POST',
            path: `${path}/bulk-sync`,
            body: { [entity]: [record('X1', { [Object.keys(changed)[0]]: 'dry' })], options: { dry_run: true } },
            status: 200,
            has: { 'data.total': 1, 'data.updated': 1 },
        },
        {
            name: 'list',
            method: 'GET',
            path: `${path}?external_id=X1&external_source=SAP&sort=id&order=desc&limit=5&offset=0`,
            status: 200,
            has: {
                [`data.${entity}.0.external_id`]: 'X1',
                'data.pagination.total': 1,
                'data.pagination.limit': 5,
                'data.pagination.offset': 0,
            },
        },
        {
            name: 'offset',
            method: 'GET',
            path: `${path}?sort=external_id&order=desc&limit=1&offset=1`,
            status: 200,
            has: { [`data.${entity}.0.external_id`]: 'X1', 'data.pagination.limit': 1, 'data.pagination.offset': 1 },
        },
        {
            name: 'list since',
            method: 'GET',
            path: `${path}?updated_since=2100-01-01T00%3A00%3A00%2B01%3A00&include_deleted=true`,
            status: 200,
            has: { 'data.pagination.total': 0 },
        },
        {
            name: 'get',
            method: 'GET',
            path: (seen) => `${path}?id=${idOf(seen, 'create')}`,
            status: 200,
            has: { [`data.${singular}.external_id`]: 'X1' },
        },
        {
            name: 'get nothing',
            method: 'GET',
            path: `${path}?id=${nobody}`,
            status: 404,
            has: { 'error.code': 'NOT_FOUND', 'error.statusCode': 404 },
        },
        {
            name: 'soft delete',
            method: 'DELETE',
            path: `${path}?external_id=X2&external_source=SAP`,
            status: 200,
            has: { 'data.action': 'deleted', 'data.hard': false },
        },
        {
            name: 'restore',
            method: 'PUT',
            path: `${path}/sync`,
            body: record('X2', second),
            status: 200,
            has: { 'data.action': 'restored' },
        },
        {
            name: 'hard by key',
            method: 'DELETE',
            path: `${path}?external_id=X2&external_source=SAP&hard=true`,
            status: 200,
            has: { 'data.hard': true },
        },
        {
            name: 'soft by id',
            method: 'DELETE',
            path: (seen) => `${path}?id=${idOf(seen, 'create')}&hard=false`,
            status: 200,
            has: { 'data.hard': false },
        },
        {
            name: 'hard delete',
            method: 'DELETE',
            path: (seen) => `${path}?id=${idOf(seen, 'create')}`,
            status: 200,
            has: { 'data.hard': true },
        },
        {
            name: 'delete nothing',
            method: 'DELETE',
            path: (seen) => `${path}?id=${idOf(seen, 'create')}`,
            status: 404,
            has: { 'error.code': 'NOT_FOUND' },
        },
    ].map((step) => ({ ...step, name: `${entity} ${step.name}` }));
}
