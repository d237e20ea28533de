-- Webhooks from their creation to their end: what is made, sent, answered, sent again, and what is refused.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_webhook TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_webhook
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
CREATE EXTENSION eryxon_sync;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
\pset format unaligned
\pset tuples_only on
\pset null -

-- Runs a statement and tells how it ends.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    hint   text;
    detail text;
BEGIN
    EXECUTE statement INTO answer;
    RETURN coalesce(answer, 'null');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', sqlstate, detail::jsonb #>> '{0,constraint}', detail::jsonb #>> '{0,path}', sqlerrm,
        nullif(hint, ''));
END
$$;

-- A webhook: the secret is shown once.
SELECT w ->> 'id' AS hook, w ->> 'secret' AS secret, jsonb_pretty(w - 'id' - 'secret') AS rest
  FROM eryxon_webhook_create('https://erp.example.com/hook', '{job.*,*.completed}',
      '{"description":"SAP production"}') w \gset
\echo :rest
SELECT :'secret' LIKE 'whsec\_%', octet_length(decode(substr(:'secret', 7), 'base64'));
\x
SELECT url, events, description, enabled, disabled_at, disabled_reason, failing_since, retry_seconds, max_in_flight
    FROM eryxon_webhooks();
\x

-- Two things happen to a job, one to an operation and one to a cell, which the webhook does not want.
INSERT INTO eryxon.event (position, id, tenant_id, type, entity, row_id, external_id, external_source, source, changes,
    occurred_at) VALUES
    (1, 'e0000000-0000-4000-8000-000000000001', eryxon_tenant_id(), 'job.created', 'jobs',
        '10000000-0000-4000-8000-000000000001', 'SO-1', 'SAP', 'SAP', '[]', '2026-01-27 08:00Z'),
    (2, 'e0000000-0000-4000-8000-000000000002', eryxon_tenant_id(), 'cell.created', 'cells',
        '20000000-0000-4000-8000-000000000001', 'WC', 'SAP', 'SAP', '[]', '2026-01-27 08:01Z'),
    (3, 'e0000000-0000-4000-8000-000000000003', eryxon_tenant_id(), 'operation.completed', 'operations',
        '30000000-0000-4000-8000-000000000001', 'OP', 'SAP', NULL,
     '[{"field":"status","old":"in_progress","new":"completed"}]', '2026-01-27 08:02Z'),
    (4, 'e0000000-0000-4000-8000-000000000004', eryxon_tenant_id(), 'job.started', 'jobs',
        '10000000-0000-4000-8000-000000000001', 'SO-1', 'SAP', NULL, '[]', '2026-01-27 08:03Z');
SELECT eryxon.fan_out(1, 4);
SELECT position, type, status, due_at IS NOT NULL AS due FROM eryxon.delivery ORDER BY turn;

-- A relay takes what is due and reports.
CREATE TEMP TABLE claimed AS SELECT * FROM eryxon.claim_deliveries('relay-1', 10, '30 seconds');
SELECT url, type, attempt, secrets = ARRAY[:'secret'], message_id = 'msg_' || replace(delivery::text, '-', ''), body
    FROM claimed ORDER BY body;
SELECT eryxon.finish_deliveries('relay-1',
    (SELECT jsonb_agg(jsonb_build_object('delivery', delivery, 'attempt', attempt, 'duration_ms', 12.5, 'response',
    'thanks', 'status', CASE type WHEN 'job.created' THEN 503 ELSE 200 END)) FROM claimed));
SELECT position, type, status, due_at > now() AS later, failures FROM eryxon.delivery ORDER BY turn;
SELECT d ->> 'type', d ->> 'status', d -> 'attempts' -> 0 -> 'status', d -> 'attempts' -> 0 -> 'response',
    d ->> 'external_id'
  FROM jsonb_array_elements(eryxon_webhook_logs() -> 'deliveries') d;

-- A test goes to the one endpoint, and so does what is sent again.
SELECT eryxon_webhook_test(:'hook') ->> 'delivery' AS test \gset
SELECT type, status, position FROM eryxon.delivery WHERE id = :'test';
SELECT body::jsonb - 'timestamp' #- '{data,id}' = jsonb_build_object('type', 'webhook.test', 'data',
    jsonb_build_object('entity', 'webhooks',
    'row_id', :'hook', 'external_id', NULL, 'external_source', NULL, 'source', NULL, 'run_id', NULL, 'user_id', NULL,
    'keys', '{}'::jsonb, 'changes', '[]'::jsonb))
        FROM eryxon.claim_deliveries('relay-1', 10, '30 seconds');
SELECT eryxon_webhook_replay(id) FROM eryxon.delivery WHERE position = 3;
SELECT eryxon_webhook_replay(:'hook', '2026-01-27 08:00Z', '2026-01-27 08:02Z');
SELECT type, attempt FROM eryxon.claim_deliveries('relay-1', 10, '30 seconds');

-- Changes.
SELECT eryxon_webhook_update(:'hook',
    '{"url":"https://erp.example.com/new","events":["*"],"max_in_flight":3,"retry_seconds":[0,60],"enabled":false}')
       - '{id,created_at,updated_at,disabled_at}'::text[];
SELECT eryxon_webhook_update(:'hook', '{"max_in_flight":null,"retry_seconds":null,"description":null,"enabled":null}')
    - '{id,created_at,updated_at}'::text[];
SELECT r ->> 'secret' <> :'secret', (r ->> 'old_valid_until')::timestamptz - now()
    FROM eryxon_webhook_rotate_secret(:'hook', '2 hours') r;

-- What is refused, and how.
SELECT attempt(s) FROM unnest(ARRAY[
    'SELECT eryxon_webhook_create(NULL, ''{*}'')',
    'SELECT eryxon_webhook_create(''http://erp.example.com'', ''{*}'')',
    'SELECT eryxon_webhook_create(''https://me:secret@erp.example.com'', ''{*}'')',
    'SELECT eryxon_webhook_create(''https://erp.example.com/a b'', ''{*}'')',
    'SELECT eryxon_webhook_create(''https://'', ''{*}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', NULL)',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{job.created,Job.created}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{job*}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*.*}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*,NULL}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''[]'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''{"retries":3}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''{"retry_seconds":[]}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''{"retry_seconds":[0,-1]}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''{"retry_seconds":[0,"5"]}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''{"max_in_flight":0}'')',
    'SELECT eryxon_webhook_create(''https://a.example'', ''{*}'', ''{"enabled":"no"}'')',
    'SELECT eryxon_webhook_update(NULL, ''{}'')',
    'SELECT eryxon_webhook_update((SELECT id FROM eryxon_webhooks()), ''{"url":null}'')',
    'SELECT eryxon_webhook_update((SELECT id FROM eryxon_webhooks()), ''{"events":[]}'')',
    'SELECT eryxon_webhook_update((SELECT id FROM eryxon_webhooks()), ''{"events":[[]]}'')',
    'SELECT eryxon_webhook_delete(''a0000000-0000-4000-8000-000000000009'')',
    'SELECT eryxon_webhook_replay(NULL)',
    'SELECT eryxon_webhook_logs(max_rows => 0)',
    'SELECT eryxon_attach(''webhooks'', ''pg_class'')',
    'SELECT eryxon.claim_deliveries('''', 1, ''1 s'')',
    'SELECT eryxon.claim_deliveries(''r'', 1, ''0'')',
    'SELECT eryxon_grant_webhooks(''nobody_at_all'')',
    'SELECT eryxon_prune_events(''-1 s'')']) s;

-- Forgetting keeps what has not arrived; the end takes everything of the webhook along.
SELECT eryxon_prune_events('0');
SELECT position FROM eryxon.event ORDER BY 1;
SELECT eryxon_webhook_delete(:'hook');
SELECT count(*) FROM eryxon.delivery;
SELECT eryxon_prune_events('0');
SELECT pruned_through FROM eryxon.feed;
\c :home
DROP DATABASE eryxon_webhook;
