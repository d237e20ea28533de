// The gateway's routes that the pages use.
import { separator } from '../i18n';
import { download, fetchFile, request } from './client';
import { messagesOf, translatedHeader, translatedMessages } from './spreadsheet';
import type * as T from './types';

export const session = () => request<T.Session>('/api-admin/session');

// Import
export const inspect = (
    entity: string,
    file: Blob,
    chosen: Partial<T.FormatOptions>,
    mapping: T.Mapping,
    signal: AbortSignal,
) =>
    request<T.Inspection>(`/api-${entity}/inspect`, {
        method: 'POST',
        query: {
            delimiter: chosen.delimiter,
            encoding: chosen.encoding,
            header: chosen.header,
            external_source: chosen.external_source,
            mapping: Object.keys(mapping).length > 0 ? JSON.stringify(mapping) : undefined,
        },
        file,
        signal,
    });

// The query of an import: how to read the file, where each field comes from, and what to answer. Columns that the mapping does not
// name are left out.
export function importQuery(format: T.FormatOptions, mapping: T.Mapping, more: Record<string, string | number | boolean>) {
    return { ...format, mapping: JSON.stringify(mapping), only_mapped: true, unknown_fields: 'ignore', ...more };
}

export const tryImport = (entity: string, file: Blob, query: ReturnType<typeof importQuery>, signal: AbortSignal) =>
    request<T.ImportAnswer>(`/api-${entity}/import`, {
        method: 'POST',
        query: { ...query, dry_run: true },
        file,
        signal,
    });

export const template = (entity: string) =>
    download(`/api-${entity}/template`, { delimiter: separator() }, `${entity}-template.csv`, translatedHeader);
// The refused lines of a run; `results` says what is wrong with them in the user's language.
export const rejected = (entity: string, run: string, results: T.LineResult[] = []) =>
    download(`/api-${entity}/rejected`, { run, delimiter: separator() }, `${entity}-rejected.csv`, (text) =>
        translatedMessages(text, messagesOf(results)),
    );
export const rejectedFile = (entity: string, run: string) =>
    fetchFile(`/api-${entity}/rejected`, { run }, `${entity}-rejected.csv`);

export const mappings = (entity: string) =>
    request<{ mappings: T.SavedMapping[] }>('/api-csv-mappings', { query: { entity } }).then((data) => data.mappings);
export const saveMapping = (entity: string, source: string, mapping: T.Mapping, options: Partial<T.FormatOptions>) =>
    request<T.SavedMapping>('/api-csv-mappings', { method: 'POST', json: { entity, source, mapping, options } });
export const deleteMapping = (id: string) => request('/api-csv-mappings', { method: 'DELETE', query: { id } });

// Monitor
const noCounts: T.Counts = { total: 0, created: 0, updated: 0, restored: 0, skipped: 0, deleted: 0, errors: 0 };

// A run as the pages use it: one that has just begun has no counts yet.
export const complete = (run: T.Run): T.Run => ({ ...noCounts, ...run });

export const isActive = (run: T.Run): boolean => run.status === 'running' || run.status === 'cancelling';

export const run = (id: string, signal?: AbortSignal) =>
    request<T.Run>(`/api-erp-sync/runs/${encodeURIComponent(id)}`, signal ? { signal } : {}).then(complete);
export const cancelRun = (id: string) =>
    request<{ id: string; status: string }>(`/api-erp-sync/runs/${encodeURIComponent(id)}`, { method: 'DELETE' });
export const runs = (filter: { entity_type: string; source: string; limit: number }) =>
    request<{ runs: T.Run[] }>('/api-erp-sync/runs', { query: filter }).then((data) => data.runs);
export const statistics = (days: number) => request<T.Statistics>('/api-erp-sync/statistics', { query: { days } });

// Connections
export const keys = () => request<{ keys: T.ApiKey[] }>('/api-keys').then((data) => data.keys);
export const createKey = (key: { name: string; live: boolean; role: string | null; expires_at: string | null }) =>
    request<{ id: string; key: string }>('/api-keys', { method: 'POST', json: key });
export const revokeKey = (id: string) => request('/api-keys', { method: 'DELETE', query: { id } });

export const webhooks = () => request<{ webhooks: T.Webhook[] }>('/api-webhooks').then((data) => data.webhooks);
export const createWebhook = (webhook: { url: string; events: string[]; description: string | null }) =>
    request<T.NewSecret>('/api-webhooks', { method: 'POST', json: webhook });
export const changeWebhook = (id: string, changes: Partial<T.Webhook>) =>
    request('/api-webhooks', { method: 'PATCH', query: { id }, json: changes });
export const deleteWebhook = (id: string) => request('/api-webhooks', { method: 'DELETE', query: { id } });
export const rotateSecret = (id: string) =>
    request<T.NewSecret>('/api-webhooks/rotate', { method: 'POST', query: { id } });
export const testWebhook = (id: string) => request('/api-webhooks/test', { method: 'POST', query: { id } });
export const deliveries = (webhook: string, status: string, offset: number) =>
    request<T.DeliveryPage>('/api-webhook-logs', { query: { webhook_id: webhook, status, limit: 25, offset } });
export const replay = (delivery: string) =>
    request('/api-webhook-logs/replay', { method: 'POST', query: { id: delivery } });
