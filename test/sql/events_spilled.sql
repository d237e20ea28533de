-- Events of statements whose transition tables go to temporary files: complete, and each with its own row's key.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_events_spilled TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_events_spilled
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
ALTER TABLE jobs DISABLE ROW LEVEL SECURITY;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;

-- The events since the last call by type, how many rows they tell of, and how many of them name another key than
-- their row's. A row that is gone is looked up where its key was kept.
CREATE TABLE kept (LIKE jobs);
CREATE FUNCTION told(OUT type text, OUT events bigint, OUT of_rows bigint, OUT wrong_keys bigint) RETURNS SETOF record
    LANGUAGE sql AS $$
    WITH told AS (DELETE FROM eryxon.event_outbox RETURNING *)
    SELECT t.type, count(*), count(DISTINCT t.row_id),
           count(*) FILTER (WHERE (t.external_source, t.external_id, t.tenant_id) IS DISTINCT FROM (j.external_source,
               j.external_id, j.tenant_id))
      FROM told t LEFT JOIN (SELECT * FROM jobs UNION ALL SELECT * FROM kept) j ON j.id = t.row_id
          WHERE t.type LIKE 'job.%'
     GROUP BY t.type ORDER BY t.type
$$;

\pset format unaligned
\pset tuples_only on

\echo == a call so long that the engine keeps them on disk
CREATE FUNCTION sync_all(customer text, op text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(key || ' ' || value, ', ' ORDER BY key)
        FROM jsonb_each(eryxon_bulk_upsert('jobs', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'external_id', 'CX-' || n, 'external_source', 'S', 'job_number', 'CX-' || n, 'customer', customer, '_op', op)))
        FROM generate_series(1, 12000) n), '{"results":"none"}'))
            WHERE key IN ('created', 'updated', 'restored', 'deleted', 'errors') AND value <> '0'
$$;
SELECT sync_all('A');
ANALYZE jobs;
SELECT * FROM told();
SELECT sync_all('B');
SELECT * FROM told();
SELECT sync_all('B', 'delete');
SELECT * FROM told();
SELECT sync_all('C');
SELECT * FROM told();

\echo == plain SQL
TRUNCATE jobs CASCADE;
SET work_mem = '64kB';
INSERT INTO jobs (tenant_id, job_number, external_id, external_source, notes)
SELECT eryxon_tenant_id(), n, 'plain ' || n, 'S' || n % 7, repeat('n', n % 500) FROM generate_series(1, 3000) n;
SELECT * FROM told();
UPDATE jobs SET customer = 'x', status = 'in_progress';
SELECT * FROM told();
\echo == ids that change
UPDATE jobs SET id = gen_random_uuid(), customer = 'y' WHERE substr(job_number, 1, 1) IN ('1', '2', '3');
SELECT t.type, events, of_rows FROM told() t;
\echo == soft and real deletes
DELETE FROM jobs;
SELECT * FROM told();
INSERT INTO kept SELECT * FROM jobs;
SET eryxon.hard_delete = on;
DELETE FROM jobs;
RESET eryxon.hard_delete;
INSERT INTO jobs (tenant_id, job_number, external_id, external_source) SELECT eryxon_tenant_id(), n, 'real ' || n, 'S'
    FROM generate_series(1, 3000) n;
INSERT INTO kept SELECT * FROM jobs WHERE deleted_at IS NULL;
SET eryxon.hard_delete = on;
DELETE FROM jobs;
RESET eryxon.hard_delete;
SELECT * FROM told();

\c :home
DROP DATABASE eryxon_events_spilled;
