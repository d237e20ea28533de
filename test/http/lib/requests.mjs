// The table of requests on the routes: what is sent and what must come back. Sent to the gateway itself, and through nginx.
import { administration } from './administration.mjs';
import { others } from './faults.mjs';
import { life } from './life.mjs';
import { createDatabase, entities, newKey, seedBody, sql, tenantB } from './shop.mjs';
import { webhooks } from './webhooks.mjs';

// Makes a database with what the requests expect, and the keys that they name.
export function prepare(name) {
    const database = createDatabase(name);
    const keys = {
        good: newKey(database),
        other: newKey(database, 'bbbbbbbb-0000-4000-8000-00000000000b'),
        reader: newKey(database, undefined, "role => 'shop_reader'"),
        admin: newKey(database, undefined, "role => 'shop_admin'"),
        planner: newKey(database, undefined, "role => 'shop_planner'"),
        foreign: newKey(database, tenantB, "role => 'shop_planner'"),
        revoked: newKey(database),
        wrong: 'ery_live_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG',
    };
    sql(database, `SELECT eryxon_api_key_revoke(id) FROM eryxon_api_keys() WHERE prefix = '${keys.revoked.slice(0, 12)}'`);
    sql(
        database,
        `SET eryxon.tenant_id = 'aaaaaaaa-0000-4000-8000-00000000000a'; SELECT eryxon_sync('${JSON.stringify(seedBody)}');
    SELECT eryxon_upsert('operations', '{"external_id":"O1","external_source":"SAP","operation_name":"Cut","part_external_id":"P1","cell_name":"Saw","status":"in_progress"}')`,
    );
    return { database, keys };
}

// All requests, in the order in which they must be sent.
export const requests = [...entities.flatMap(life), ...others, ...webhooks, ...administration];

// The value at a path such as data.results.0.code.
export const at = (value, path) => path.split('.').reduce((found, name) => found?.[name], value);

// An answer's body without what differs from call to call: ids, times, secrets, durations.
export function comparable(body) {
    return body
        .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uuid) =>
            /^(aaaa|bbbb|cccc)/.test(uuid) ? uuid : '<uuid>',
        )
        .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)/g, '<time>')
        .replace(/msg_[0-9a-f]{32}/g, '<message>')
        .replace(/ery_(live|test)_[\w-]+/g, '<key>')
        .replace(/whsec_[A-Za-z0-9+/=]+/g, '<secret>')
        .replace(/"duration_ms": ?[0-9.e-]+/g, '"duration_ms":0');
}
