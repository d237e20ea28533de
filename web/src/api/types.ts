// Shapes of the gateway's answers.
import type { Params } from '../i18n/faults';

export interface Field {
    name: string;
    required: boolean;
    type: string;
    enum: string[] | null;
    aliases: string[];
    reference: { entity: string; forms: string[] } | null;
}

export interface Entity {
    entity: string;
    singular: string;
    table: string;
    fields: Field[];
}

export interface Session {
    tenant_id: string;
    user_id: string | null;
    role: string;
    admin: boolean;
    entities: Entity[];
    sources: string[];
}

// What a field is made of.
export type Made = { constant: string | number | boolean } | { template: string };

// By columns their fields, null for one that is left out; by fields what they are made of.
export type Mapping = Record<string, string | string[] | null | Made>;

export interface Column {
    column: number;
    name: string;
    field: string | null;
    match?: 'certain' | 'guess' | null;
    samples: (string | null)[];
}

export interface SavedMapping {
    id: string;
    entity: string;
    source: string;
    name?: string | null;
    mapping: Mapping;
    options: Partial<FormatOptions>;
}

export interface Inspection {
    delimiter: string;
    encoding: string;
    header: boolean;
    header_line?: number;
    // Null where the numbers do not tell.
    decimal: string | null;
    grouping?: string | null;
    date_format: string;
    lines: number;
    columns: Column[];
    warnings: (string | { code?: string; message: string })[];
    saved_mapping: SavedMapping | null;
}

// How a file is to be read.
export interface FormatOptions {
    delimiter: string;
    encoding: string;
    header: boolean;
    header_line: number;
    // Empty until the user has chosen, where the file does not tell.
    decimal: string;
    grouping: string;
    date_format: string;
    null_token: string;
    external_source: string;
}

export type Action = 'created' | 'updated' | 'restored' | 'skipped' | 'deleted' | 'error';

export interface Counts {
    total: number;
    created: number;
    updated: number;
    restored: number;
    skipped: number;
    deleted: number;
    errors: number;
}

export interface Change {
    field: string;
    old: unknown;
    new: unknown;
}

export interface LineResult {
    index: number;
    line: number;
    external_id?: string | null;
    external_source?: string | null;
    id?: string | null;
    action: Action;
    code?: string;
    error?: string;
    details?: { path: string; constraint: string; message: string; value?: unknown; params?: Params }[];
    warnings?: { code: string; path?: string; message: string; params?: Params }[];
    changes?: Change[];
}

export interface ImportAnswer extends Counts {
    run_id: string | null;
    duration_ms: number;
    // Of the file as a whole.
    warnings?: { code: string; message: string; params?: Params }[];
    results: LineResult[];
    // Of a long answer: how many results it leaves out.
    results_omitted?: number;
    cancelled: boolean;
}

export interface RunError {
    index?: number;
    line?: number;
    external_id?: string | null;
    code: string;
    message: string;
    path?: string | null;
    params?: Params;
}

export interface Run extends Counts {
    id: string;
    entity: string;
    operation: string;
    source: string | null;
    status: 'running' | 'cancelling' | 'completed' | 'partial' | 'failed' | 'cancelled';
    done: number | null;
    // Of the file, where one is imported: its records and its lines.
    records?: number | null;
    lines: number | null;
    has_rejected?: boolean;
    // What ended it before its end.
    failure?: string | null;
    // Of a single run, and of its first errors only.
    error_details?: RunError[];
    started_at: string;
    finished_at: string | null;
}

export interface DayStatistic {
    day: string;
    entity: string;
    source: string | null;
    runs: number;
    created: number;
    updated: number;
    restored: number;
    skipped: number;
    deleted: number;
    errors: number;
}

export interface Statistics {
    days: DayStatistic[];
    top_errors: {
        code: string;
        entity: string;
        source: string | null;
        path?: string | null;
        count: number;
        // How many runs have it, and the latest of them.
        runs: number;
        run_id: string;
        last_seen: string;
        example: string;
        params?: Params | null;
    }[];
    last_success: { entity: string; source: string | null; finished_at: string }[];
    deliveries: { open: number; dead: number };
}

export interface ApiKey {
    id: string;
    name: string;
    prefix: string;
    role: string;
    created_at: string;
    expires_at: string | null;
    last_used_at: string | null;
    revoked_at: string | null;
}

export interface Webhook {
    id: string;
    url: string;
    events: string[];
    description: string | null;
    enabled: boolean;
    disabled_at: string | null;
    disabled_reason: string | null;
    failing_since: string | null;
    paused_until?: string | null;
    created_at: string;
}

export interface NewSecret {
    id: string;
    secret: string;
    old_valid_until?: string;
    warnings?: { code: string; message: string }[];
}

export interface Attempt {
    attempt: number;
    started_at: string;
    finished_at: string;
    status: number | null;
    error: string | null;
    duration_ms: number | null;
    response: string | null;
}

export interface Delivery {
    id: string;
    webhook_id: string;
    message_id: string;
    type: string;
    entity: string | null;
    external_id: string | null;
    status: 'pending' | 'delivered' | 'dead';
    due_at: string | null;
    created_at: string;
    finished_at: string | null;
    attempts: Attempt[];
}

export interface DeliveryPage {
    deliveries: Delivery[];
    pagination: { total: number; limit: number; offset: number };
}
