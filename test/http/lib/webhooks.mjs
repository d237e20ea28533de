// The requests that administer webhooks, and those of roles that may not.
import { nobody } from './shop.mjs';

const hook = { url: 'https://erp.example.com/hook', events: ['job.*', '*.completed'], max_in_flight: 5 };
const path = (seen) => `/api-webhooks?id=${seen['webhook create'].data.id}`;
const refused = { 'error.code': 'BAD_REQUEST', 'error.details.0.constraint': 'INVALID_OPTION' };
const forbidden = { 'error.code': 'FORBIDDEN' };

// Sent with a key that may administer webhooks, unless another one is named.
export const webhooks = [
    { name: 'none yet', method: 'GET', path: '/api-webhooks', status: 200, has: { 'data.webhooks': [] } },
    { name: 'create', method: 'POST', path: '/api-webhooks', body: hook, status: 201, has: { 'data.warnings.0.code': 'CAPTURE_OFF' } },
    {
        name: 'list',
        method: 'GET',
        path: '/api-webhooks',
        status: 200,
        has: { 'data.webhooks.0.url': hook.url, 'data.webhooks.0.max_in_flight': 5, 'data.webhooks.1': undefined },
    },
    { name: 'one', method: 'GET', path, status: 200, has: { 'data.webhook.events': hook.events, 'data.webhook.secret': undefined } },
    {
        name: 'change',
        method: 'PATCH',
        path,
        body: { description: 'ü "q"', enabled: false },
        status: 200,
        has: { 'data.webhook.description': 'ü "q"', 'data.webhook.enabled': false, 'data.webhook.url': hook.url },
    },
    { name: 'change to an unknown member', method: 'PATCH', path, body: { uri: 'x' }, status: 400, has: refused },
    { name: 'change to another URL', method: 'PATCH', path, body: { url: 'http://erp.example.com' }, status: 400, has: refused },
    { name: 'change that is no object', method: 'PATCH', path, body: [], status: 400, has: { 'error.code': 'BAD_REQUEST' } },
    { name: 'change that is no JSON', method: 'PATCH', path, body: '{"enabled":', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
    { name: 'change without an id', method: 'PATCH', path: '/api-webhooks', body: {}, status: 400, has: { 'error.code': 'BAD_REQUEST' } },
    { name: 'change of no uuid', method: 'PATCH', path: '/api-webhooks?id=17', body: {}, status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
    {
        name: 'change of nothing',
        method: 'PATCH',
        path: `/api-webhooks?id=${nobody}`,
        body: {},
        status: 404,
        has: { 'error.code': 'NOT_FOUND' },
    },
    { name: 'without events', method: 'POST', path: '/api-webhooks', body: { url: hook.url }, status: 400, has: refused },
    { name: 'plain http', method: 'POST', path: '/api-webhooks', body: { ...hook, url: 'http://erp.example.com' }, status: 400, has: refused },
    { name: 'no type', method: 'POST', path: '/api-webhooks', body: { ...hook, events: ['Job'] }, status: 400, has: refused },
    {
        name: 'logs',
        method: 'GET',
        path: (seen) => `/api-webhook-logs?webhook_id=${seen['webhook create'].data.id}&status=dead&limit=2&offset=1`,
        status: 200,
        has: { 'data.deliveries': [], 'data.pagination': { limit: 2, offset: 1, total: 0 } },
    },
    { name: 'logs of a bad status', method: 'GET', path: '/api-webhook-logs?status=lost', status: 400, has: refused },
    { name: 'unknown parameter', method: 'GET', path: '/api-webhooks?status=x', status: 400, raised: true, has: { 'error.code': 'BAD_REQUEST' } },
    {
        name: 'wrong method',
        method: 'PUT',
        path: '/api-webhooks',
        body: hook,
        status: 405,
        has: { 'error.code': 'METHOD_NOT_ALLOWED' },
        allow: 'GET, HEAD, POST, PATCH, DELETE',
    },
    { name: 'another tenant', method: 'GET', path, key: 'foreign', status: 404, has: { 'error.code': 'NOT_FOUND' } },
    { name: 'another tenant deletes', method: 'DELETE', path, key: 'foreign', status: 404, has: { 'error.code': 'NOT_FOUND' } },
    { name: 'no right to list', method: 'GET', path: '/api-webhooks', key: 'good', status: 403, has: forbidden },
    { name: 'no right to create', method: 'POST', path: '/api-webhooks', key: 'good', body: hook, status: 403, has: forbidden },
    { name: 'no right to change', method: 'PATCH', path, key: 'good', body: {}, status: 403, has: forbidden },
    { name: 'no right to delete', method: 'DELETE', path, key: 'good', status: 403, has: forbidden },
    { name: 'no right to the logs', method: 'GET', path: '/api-webhook-logs', key: 'good', status: 403, has: forbidden },
    { name: 'delete', method: 'DELETE', path, status: 200, has: { 'data.action': 'deleted' } },
    { name: 'deleted', method: 'DELETE', path, status: 404, has: { 'error.code': 'NOT_FOUND' } },
    { name: 'delete without an id', method: 'DELETE', path: '/api-webhooks', status: 400, has: { 'error.code': 'BAD_REQUEST' } },
].map((step) => ({ key: 'planner', ...step, name: `webhook ${step.name}` }));
