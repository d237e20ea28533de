-- History: the status of a tenant, and forgetting old runs.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_history TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_history
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;

-- Runs a statement and tells how it ends: SQLSTATE, code, message and hint of its error, or ok.
CREATE FUNCTION attempt(statement text, OUT state text, OUT code text, OUT message text, OUT hint text)
    LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    message := 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    code := CASE WHEN detail LIKE '[%' THEN detail::jsonb -> 0 ->> 'constraint' END;
END
$$;

\pset format unaligned
\pset tuples_only on
\pset null -

SELECT eryxon_create_tables();
INSERT INTO eryxon.sync_run (id, tenant_id, entity, operation, source, status, total, created, errors, started_at,
    finished_at)
SELECT format('00000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid,
       format('00000000-0000-4000-8000-00000000000%s', t)::uuid, e, 'sync', s, 'completed', n, n, 0,
       timestamptz '2020-01-01 00:00+00' + n * interval '1 day',
           timestamptz '2020-01-01 00:01+00' + n * interval '1 day'
  FROM (VALUES (1, 1, 'jobs', 'SAP'), (2, 1, 'jobs', 'Odoo'), (3, 1, 'cells', 'SAP'), (4, 1, 'jobs', 'SAP'),
      (5, 1, 'jobs', NULL), (6, 2, 'jobs', 'SAP')) AS r(n, t, e, s);
INSERT INTO jobs (tenant_id, job_number, external_source, external_id, deleted_at, synced_at)
SELECT format('00000000-0000-4000-8000-00000000000%s', t)::uuid, n, s, n, d, timestamptz '2020-01-05 00:00+00'
  FROM (VALUES (1, 'J1', 'SAP', NULL), (1, 'J2', 'SAP', now()), (1, 'J3', 'Odoo', NULL), (1, 'J4', NULL, NULL),
      (2, 'J1', 'SAP', NULL))
       AS r(t, n, s, d);

-- Without a tenant there is nothing to see.
SELECT (attempt('SELECT eryxon_status()')).state;
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
SET timezone = 'UTC';

-- Options.
SELECT attempt(format('SELECT eryxon_status(%L)', o))
    FROM unnest(ARRAY['[]', '{"table":"jobs"}', '{"entity":"tools"}', '{"entity":1}', '{"source":[]}',
    '{"limit":-1}', '{"limit":1.5}', '{"limit":"5"}', '{"limit":10001}']) AS o;

-- Counts per entity and source with the latest run of each; runs newest first.
SELECT e.key, e.value -> 'live', e.value -> 'deleted' FROM jsonb_each(eryxon_status() -> 'entities') AS e
    ORDER BY e.key;
SELECT s ->> 'source', s -> 'live', s -> 'deleted', s ->> 'last_synced_at', s -> 'last_run' ->> 'total'
  FROM jsonb_array_elements(eryxon_status() -> 'entities' -> 'jobs' -> 'sources') AS s;
SELECT r ->> 'entity', r ->> 'source', r -> 'total' FROM jsonb_array_elements(eryxon_status() -> 'runs') AS r;
SELECT r ->> 'entity', r ->> 'source', r -> 'total'
    FROM jsonb_array_elements(eryxon_status('{"entity":"jobs","source":"SAP","limit":1}') -> 'runs') AS r;
SELECT eryxon_status('{"entity":"jobs","source":"Odoo","limit":0}');
SELECT eryxon_status(NULL) = eryxon_status('{"limit":null,"entity":null}');
SELECT jsonb_pretty(eryxon_status('{"limit":1}') -> 'runs');

-- A role sees its tenant's history, and the counts of the tables that it may read.
CREATE ROLE eryxon_reader;
GRANT SELECT ON jobs TO eryxon_reader;
SET ROLE eryxon_reader;
SELECT count(*) FROM eryxon.sync_run;
SELECT jsonb_object_keys(eryxon_status() -> 'entities');
SELECT eryxon_status() -> 'entities' -> 'jobs' -> 'live';
SELECT attempt('SELECT eryxon_prune_runs(''1 day'')');
RESET ROLE;
DROP OWNED BY eryxon_reader;
DROP ROLE eryxon_reader;

-- A table that was dropped is left out.
DROP TABLE operations;
SELECT jsonb_object_keys(eryxon_status() -> 'entities');

-- Forgetting.
SELECT attempt('SELECT eryxon_prune_runs(NULL)');
SELECT attempt('SELECT eryxon_prune_runs(''-1 day'')');
SELECT eryxon_prune_runs(now() - timestamptz '2020-01-04 00:00+00');
SELECT count(*) FROM eryxon.sync_run;
SELECT eryxon_prune_runs('0');

\c :home
DROP DATABASE eryxon_history;
