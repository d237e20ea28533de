\echo Use "ALTER EXTENSION eryxon_sync UPDATE" to load this file. \quit

-- From 0.1.0 to 0.2.0. Functions, views, triggers and comments come from the fragments of sql/install when the
-- extension is built: see assemble.awk.

-- Takes EXECUTE on a new function from PUBLIC. Older ones are closed, and a REVOKE here would make what users granted
-- on them the extension's own.
CREATE FUNCTION eryxon.close_new(function regprocedure) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        WHERE p.oid = function AND a.grantee = 0) THEN
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', function);
    END IF;
END
$$;

-- Tables that have other columns or keys now are made anew, because the library knows columns by their numbers. The old
-- ones wait in a schema of their own.
CREATE SCHEMA eryxon_old;
ALTER EXTENSION eryxon_sync DROP SEQUENCE eryxon.soft_delete_id_seq;
ALTER EXTENSION eryxon_sync DROP SEQUENCE eryxon.webhook_secret_id_seq;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{soft_delete,event_outbox,webhook,webhook_secret,delivery,delivery_attempt}'::text[] LOOP
        EXECUTE format('ALTER EXTENSION eryxon_sync DROP TABLE eryxon.%I', name);
        EXECUTE format('ALTER TABLE eryxon.%I SET SCHEMA eryxon_old', name);
    END LOOP;
END
$$;

-- Who has what functions that go away were granted for; told at the end.
CREATE TABLE eryxon_old.grantee AS
SELECT DISTINCT a.grantee::pg_catalog.regrole AS role, g.function
  FROM (VALUES ('eryxon.position_events(integer)'::pg_catalog.regprocedure, 'eryxon_grant_relay'),
               ('@extschema@.eryxon_webhooks()', 'eryxon_grant_webhooks'),
               ('eryxon_api."api-erp-sync-sync"(json)', 'eryxon_grant_api')) AS g(proc, function)
  JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) g.proc, pg_catalog.aclexplode(p.proacl) a
 WHERE a.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY[0::pg_catalog.oid, p.proowner]);

DROP FUNCTION eryxon.administered_tenant();
DROP FUNCTION eryxon.answer_step(uuid);
DROP FUNCTION eryxon.apply_registry(text, jsonb);
DROP FUNCTION eryxon.apply_reports(uuid[], jsonb);
DROP FUNCTION eryxon.attach_warnings(regclass, boolean);
DROP FUNCTION eryxon.caller_role();
DROP FUNCTION eryxon.check_key_role(name);
DROP FUNCTION eryxon.check_key_tenant(uuid);
DROP FUNCTION eryxon.choose_due(uuid[], integer, timestamptz);
DROP FUNCTION eryxon.fail(text, text, text, text, text);
DROP FUNCTION eryxon.give_back(uuid[], jsonb);
DROP FUNCTION eryxon.judge_webhooks(uuid[], jsonb);
DROP FUNCTION eryxon.key_id(text);
DROP FUNCTION eryxon.lock_queues(uuid);
DROP FUNCTION eryxon.lock_reported(text, jsonb);
DROP FUNCTION eryxon.position_events(integer);
DROP FUNCTION eryxon.prepare_upload(uuid);
DROP FUNCTION eryxon.register(jsonb);
DROP FUNCTION eryxon.settle_events();
-- They take a delimiter, too.
DROP FUNCTION eryxon_api."api-csv-template"(text);
DROP FUNCTION eryxon_api."api-csv-rejected"(text, uuid);
DROP FUNCTION eryxon.answer_rejected(text, uuid);
DROP FUNCTION @extschema@.eryxon_csv_template(text);
DROP FUNCTION @extschema@.eryxon_csv_rejected(uuid);
-- They return other columns, or know rows of the old tables.
DROP FUNCTION eryxon.read_reports(jsonb);
DROP FUNCTION eryxon.claim_deliveries(text, integer, interval);
DROP FUNCTION @extschema@.eryxon_webhooks();
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT DISTINCT p.oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
        OR t.oid = ANY (p.proargtypes)
              WHERE t.typnamespace = 'eryxon_old'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s', f);
    END LOOP;
END
$$;

-- @take CREATE FUNCTION eryxon.longest_wait(
-- @take CREATE TYPE eryxon.message AS
-- @take CREATE TYPE eryxon.report AS
-- @take CREATE TYPE eryxon.tally AS

-- @take CREATE TABLE eryxon.soft_delete (
-- @take CREATE INDEX soft_delete_root
INSERT INTO eryxon.soft_delete (entity, root, row_entity, row_id, tenant_id, deleted_at)
SELECT DISTINCT ON (row_id, row_entity, tenant_id) entity, root, row_entity, row_id, tenant_id, deleted_at
  FROM eryxon_old.soft_delete ORDER BY row_id, row_entity, tenant_id, id DESC;

-- @take CREATE TABLE eryxon.event_outbox (
-- @take ALTER TABLE eryxon.event_outbox
INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, external_id, external_source, source,
    changes, occurred_at)
SELECT statement, line, tenant_id, type, entity, row_id, external_id, external_source, source, changes, occurred_at
  FROM eryxon_old.event_outbox;

ALTER TABLE eryxon.event ADD COLUMN run_id uuid, ADD COLUMN user_id uuid, ADD COLUMN keys jsonb,
    ADD COLUMN root_id uuid;
-- @take CREATE TABLE eryxon.event_refused (
-- @take ALTER TABLE eryxon.event_refused
-- @take CREATE INDEX event_refused_tenant
REVOKE ALL ON eryxon.event_outbox, eryxon.event_refused FROM PUBLIC;

-- @take CREATE TABLE eryxon.webhook (
-- @take CREATE INDEX webhook_tenant
INSERT INTO eryxon.webhook (id, tenant_id, url, events, description, enabled, disabled_at, disabled_reason,
    failing_since, failed_at, retry_seconds, max_in_flight, created_at, updated_at)
SELECT id, tenant_id, url, events, description, enabled, disabled_at, disabled_reason, failing_since, failed_at,
    retry_seconds, max_in_flight, created_at, updated_at
  FROM eryxon_old.webhook;

-- @take CREATE TABLE eryxon.webhook_secret (
INSERT INTO eryxon.webhook_secret (webhook_id, secret, created_at, expires_at)
SELECT DISTINCT ON (webhook_id, secret) webhook_id, secret, created_at, expires_at
  FROM eryxon_old.webhook_secret ORDER BY webhook_id, secret, expires_at DESC NULLS FIRST, id DESC;
-- @take CREATE TABLE eryxon.webhook_header (
-- @take REVOKE ALL ON eryxon.webhook,

-- @take CREATE TABLE eryxon.delivery (
INSERT INTO eryxon.delivery (id, webhook_id, position, type, row_id, turn, status, due_at, relay, attempt, failures,
    claimed_at, created_at, finished_at)
SELECT id, webhook_id, position, type, row_id, turn, status, due_at, relay, attempt, failures, claimed_at, created_at,
    finished_at
  FROM eryxon_old.delivery;
-- @take CREATE UNIQUE INDEX delivery_
-- @take CREATE INDEX delivery_
-- @take CREATE TABLE eryxon.delivery_attempt (
INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, finished_at, status, error, duration_ms,
    retry_after, response)
SELECT delivery_id, attempt, relay, started_at, finished_at, status, error, duration_ms, retry_after, response
  FROM eryxon_old.delivery_attempt;
-- @take CREATE TABLE eryxon.replayed (
-- @take REVOKE ALL ON eryxon.delivery,

ALTER TABLE eryxon.csv_rejected ADD COLUMN params jsonb;
ALTER TABLE eryxon.csv_upload ALTER header SET DEFAULT '', ALTER records DROP NOT NULL, ALTER lines DROP NOT NULL,
    ALTER parts DROP NOT NULL,
    ADD COLUMN format text NOT NULL DEFAULT 'csv' CHECK (format IN ('csv', 'array', 'lines'));
ALTER TABLE eryxon.sync_run ADD COLUMN warnings integer NOT NULL DEFAULT 0;
ALTER TABLE eryxon.entity ADD COLUMN calls_only boolean NOT NULL DEFAULT false;

DELETE FROM eryxon.shipped_rule;
DELETE FROM eryxon.shipped_entity;
-- @take INSERT INTO eryxon.shipped_entity
-- @take INSERT INTO eryxon.shipped_rule

-- @replace

UPDATE eryxon.webhook SET feed = eryxon.feed_name();

-- Lists take updated_since as text. Functions of entities that are not shipped are not the extension's.
DO $$
DECLARE
    e record;
BEGIN
    FOR e IN SELECT s.entity, true AS shipped FROM eryxon.shipped_entity s
             UNION ALL SELECT n.entity, false FROM eryxon.entity n
                 WHERE n.entity NOT IN (SELECT s.entity FROM eryxon.shipped_entity s) LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS eryxon_api.%I', format('api-%s-list', e.entity));
        IF e.shipped THEN
            PERFORM eryxon.create_api(e.entity);
        ELSE
            EXECUTE (SELECT f.definition FROM eryxon.api_functions(e.entity) f WHERE f.name LIKE '%-list');
            EXECUTE format('ALTER EXTENSION eryxon_sync DROP FUNCTION eryxon_api.%I', format('api-%s-list', e.entity));
            EXECUTE (SELECT format('COMMENT ON FUNCTION eryxon_api.%I IS %L', f.name, f.comment)
                FROM eryxon.api_functions(e.entity) f
                      WHERE f.name LIKE '%-list');
            EXECUTE format('ALTER FUNCTION eryxon_api.%I DEPENDS ON EXTENSION eryxon_sync',
                format('api-%s-list', e.entity));
        END IF;
    END LOOP;
END
$$;

-- Attached tables: moves between partitions are noted at every UPDATE, and tables of eryxon_create_tables() keep
-- updated_at.
DO $$
DECLARE
    e record;
BEGIN
    FOR e IN SELECT n.table_name, n.soft_delete AND c.relkind = 'p' AS moves,
                    EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'eryxon_tenant')
                        AS made_here
               FROM eryxon.entity n JOIN pg_catalog.pg_class c ON c.oid = n.table_name LOOP
        PERFORM eryxon.ensure_trigger(e.table_name, 'zz_eryxon_note_move', 'UPDATE', 'eryxon.note_move()', false);
        PERFORM eryxon.ensure_trigger(e.table_name, 'zz_eryxon_note_move', 'UPDATE', 'eryxon.note_move()', e.moves);
        IF e.made_here AND eryxon.has_column(e.table_name, 'updated_at', 'timestamptz')
            AND NOT eryxon.keeps_updated_at(e.table_name) THEN
            PERFORM eryxon.ensure_trigger(e.table_name, 'eryxon_updated_at', 'UPDATE', 'eryxon.keep_updated_at()', true,
                'BEFORE %s ON %s FOR EACH ROW WHEN (old.updated_at IS NOT DISTINCT FROM new.updated_at)');
        END IF;
    END LOOP;
END
$$;

DO $$
DECLARE
    g record;
BEGIN
    FOR g IN SELECT * FROM eryxon_old.grantee ORDER BY 1, 2 LOOP
        RAISE WARNING 'role % lacks privileges on new functions', g.role
            USING HINT = format('Call SELECT %s(%L).', g.function, g.role);
    END LOOP;
END
$$;

DROP SCHEMA eryxon_old CASCADE;
DROP FUNCTION eryxon.close_new(regprocedure);
