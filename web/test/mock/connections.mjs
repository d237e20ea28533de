// Keys, webhooks and saved mappings of the stand-in gateway.
import { randomUUID } from 'node:crypto';
import { secret } from './shop.mjs';

export class Refusal extends Error {
    constructor(status, code, message, details = []) {
        super(message);
        Object.assign(this, { status, code, details });
    }
}

const now = () => new Date().toISOString();
const find = (list, id, what) => {
    const found = list.find((one) => one.id === id);
    if (!found) throw new Refusal(404, 'NOT_FOUND', `${what} ${id} does not exist`);
    return found;
};

export const keys = {
    GET: (shop) => ({ keys: shop.keys }),
    POST: (shop, query, body) => {
        if (!body.name) throw new Refusal(422, 'VALIDATION_ERROR', 'name is missing');
        const key = secret(body.live === false ? 'ery_test_' : 'ery_live_');
        const entry = {
            id: randomUUID(),
            name: body.name,
            prefix: key.slice(0, 12),
            role: body.role ?? 'eryxon_api',
            created_at: now(),
            expires_at: body.expires_at ?? null,
            last_used_at: null,
            revoked_at: null,
        };
        shop.keys.push(entry);
        return { ...entry, key };
    },
    DELETE: (shop, query) => {
        const entry = find(shop.keys, query.id, 'key');
        entry.revoked_at = now();
        return { id: entry.id, action: 'revoked' };
    },
};

// A delivery as it looks after some attempts.
function deliver(shop, webhook, type, status, attempts) {
    shop.deliveries.unshift({
        id: randomUUID(),
        webhook_id: webhook.id,
        message_id: `msg_${randomUUID().replaceAll('-', '')}`,
        type,
        entity: type.split('.')[0] + 's',
        external_id: type.startsWith('webhook') ? null : 'SO-7001',
        status,
        due_at: null,
        created_at: now(),
        finished_at: now(),
        attempts: attempts.map((code, i) => ({
            attempt: i + 1,
            started_at: now(),
            finished_at: now(),
            status: code,
            error: code ? null : 'connection refused',
            duration_ms: 41.7,
            response: code >= 400 ? '<html><script>alert(1)</script>Bad gateway</html>' : null,
        })),
    });
}

export const webhooks = {
    GET: (shop) => ({ webhooks: shop.webhooks }),
    POST: (shop, query, body) => {
        if (!/^https:\/\//.test(body.url ?? ''))
            throw new Refusal(422, 'VALIDATION_ERROR', 'url: webhook URL must begin with https://', [
                {
                    path: 'url',
                    constraint: 'PATTERN_MISMATCH',
                    message: 'webhook URL must begin with https://',
                    params: { reason: 'not_https' },
                },
            ]);
        const webhook = {
            id: randomUUID(),
            url: body.url,
            events: body.events,
            description: body.description ?? null,
            enabled: true,
            disabled_at: null,
            disabled_reason: null,
            failing_since: null,
            created_at: now(),
        };
        shop.webhooks.push(webhook);
        deliver(shop, webhook, 'job.created', 'dead', [502, null, 502]);
        deliver(shop, webhook, 'job.updated', 'delivered', [204]);
        return { id: webhook.id, secret: secret('whsec_'), warnings: [] };
    },
    PATCH: (shop, query, body) => {
        const webhook = find(shop.webhooks, query.id, 'webhook');
        Object.assign(webhook, body);
        const off = body.enabled === false;
        Object.assign(webhook, { disabled_at: off ? now() : null, disabled_reason: off ? 'manual' : null });
        return { webhook };
    },
    DELETE: (shop, query) => {
        const webhook = find(shop.webhooks, query.id, 'webhook');
        shop.webhooks = shop.webhooks.filter((one) => one !== webhook);
        shop.deliveries = shop.deliveries.filter((one) => one.webhook_id !== webhook.id);
        return { action: 'deleted', id: webhook.id };
    },
};

export const rotate = {
    POST: (shop, query) => ({
        id: find(shop.webhooks, query.id, 'webhook').id,
        secret: secret('whsec_'),
        old_valid_until: new Date(Date.now() + 86400000).toISOString(),
    }),
};

export const test = {
    POST: (shop, query) => {
        deliver(shop, find(shop.webhooks, query.id, 'webhook'), 'webhook.test', 'delivered', [200]);
        return { delivery: shop.deliveries[0].id, message_id: shop.deliveries[0].message_id };
    },
};

export const logs = {
    GET: (shop, query) => {
        const fitting = shop.deliveries.filter(
            (one) =>
                (!query.webhook_id || one.webhook_id === query.webhook_id) &&
                (!query.status || one.status === query.status),
        );
        const [limit, offset] = [Number(query.limit ?? 100), Number(query.offset ?? 0)];
        return {
            deliveries: fitting.slice(offset, offset + limit),
            pagination: { total: fitting.length, limit, offset },
        };
    },
};

export const replay = {
    POST: (shop, query) => {
        const delivery = find(shop.deliveries, query.id, 'delivery');
        Object.assign(delivery, { status: 'pending', finished_at: null });
        return { queued: 1 };
    },
};

export const mappings = {
    GET: (shop, query) => ({ mappings: shop.mappings.filter((one) => !query.entity || one.entity === query.entity) }),
    POST: (shop, query, body) => {
        shop.mappings = shop.mappings.filter((one) => one.entity !== body.entity || one.source !== body.source);
        const mapping = { id: randomUUID(), ...body };
        shop.mappings.push(mapping);
        return mapping;
    },
    DELETE: (shop, query) => {
        const mapping = find(shop.mappings, query.id, 'mapping');
        shop.mappings = shop.mappings.filter((one) => one !== mapping);
        return { id: mapping.id, action: 'deleted' };
    },
};
