// The requests of the admin pages that need no file.
import { nobody } from './shop.mjs';

const bad = { 'error.code': 'BAD_REQUEST' };
const mapping = { entity: 'jobs', source: 'SAP', mapping: { Klant: 'customer', Intern: null }, options: { delimiter: ';' } };
const keyPath = (seen) => `/api-keys?id=${seen['key made'].data.id}`;
const mappingPath = (seen) => `/api-csv-mappings?id=${seen['mapping kept'].data.id}`;
const hookPath = (action) => (seen) => `/api-webhooks/${action}?id=${seen['webhook for a test'].data.id}`;
const runPath = (seen) => `/api-erp-sync/runs/${seen['runs'].data.runs[0].id}`;

const all = [
    { name: 'session', method: 'GET', path: '/api-admin/session', status: 200, has: { 'data.role': 'shop_admin', 'data.admin': true } },
    { name: 'session with a parameter', method: 'GET', path: '/api-admin/session?x=1', status: 400, raised: true, has: bad },
    { name: 'runs', method: 'GET', path: '/api-erp-sync/runs?entity_type=jobs&limit=2', status: 200, has: { 'data.runs.0.entity': 'jobs', 'data.runs.2': undefined } },
    { name: 'one run', method: 'GET', path: runPath, status: 200, has: { 'data.entity': 'jobs' } },
    { name: 'no run', method: 'GET', path: `/api-erp-sync/runs/${nobody}`, status: 404, has: { 'error.code': 'NOT_FOUND' } },
    { name: 'runs to be changed', method: 'PUT', path: `/api-erp-sync/runs/${nobody}`, status: 405, allow: 'GET, HEAD, DELETE', has: {} },
    { name: 'cancelling what has ended', method: 'DELETE', path: runPath, status: 404, has: { 'error.code': 'NOT_FOUND' } },
    { name: 'statistics', method: 'GET', path: '/api-erp-sync/statistics?days=3', status: 200, has: { 'data.deliveries.dead': 0 } },
    { name: 'statistics of no day', method: 'GET', path: '/api-erp-sync/statistics?days=0', status: 400, has: bad },
    { name: 'mapping kept', method: 'POST', path: '/api-csv-mappings', body: mapping, status: 200, has: { 'data.mapping': mapping.mapping } },
    { name: 'mappings', method: 'GET', path: '/api-csv-mappings?entity=jobs&source=SAP', status: 200, has: { 'data.mappings.0.options': mapping.options } },
    { name: 'mapping forgotten', method: 'DELETE', path: mappingPath, status: 200, has: { 'data.action': 'deleted' } },
    { name: 'mapping forgotten twice', method: 'DELETE', path: mappingPath, status: 404, has: {} },
    { name: 'key made', method: 'POST', path: '/api-keys', body: { name: 'ERP ü' }, status: 201, has: { 'data.name': 'ERP ü', 'data.role': 'eryxon_api' } },
    { name: 'key without a name', method: 'POST', path: '/api-keys', body: {}, status: 400, has: bad },
    { name: 'keys', method: 'GET', path: '/api-keys', status: 200, has: { 'data.keys.0.key': undefined } },
    { name: 'keys with a parameter', method: 'GET', path: '/api-keys?limit=1', status: 400, raised: true, has: bad },
    { name: 'key revoked', method: 'DELETE', path: keyPath, status: 200, has: { 'data.action': 'revoked' } },
    { name: 'keys to be changed', method: 'PATCH', path: '/api-keys', body: {}, status: 405, allow: 'GET, HEAD, POST, DELETE', has: {} },
    { name: 'webhook for a test', method: 'POST', path: '/api-webhooks', body: { url: 'https://erp.example.com/t', events: ['*'] }, status: 201, has: {} },
    { name: 'webhook tested', method: 'POST', path: hookPath('test'), status: 200, has: {} },
    { name: 'webhook with a new secret', method: 'POST', path: hookPath('rotate'), status: 200, has: {} },
    { name: 'webhook tested without an id', method: 'POST', path: '/api-webhooks/test', status: 400, has: bad },
    { name: 'no delivery sent again', method: 'POST', path: `/api-webhook-logs/replay?id=${nobody}`, status: 404, has: {} },
];

// Sent with a key that may administer, and those that must be refused with others.
export const administration = [
    ...all.map((step) => ({ key: 'admin', ...step })),
    { name: 'keys of a role that may not', method: 'GET', path: '/api-keys', key: 'good', status: 403, has: { 'error.code': 'FORBIDDEN' } },
    { name: 'session without a credential', method: 'GET', path: '/api-admin/session', key: 'wrong', status: 401, raised: true, has: { 'error.code': 'UNAUTHORIZED' } },
];
