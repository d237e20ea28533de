-- The five green-field tables: columns, keys, references, policies; existing tables; schemas that are refused.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_create_tables TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_create_tables
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

SELECT attempt('SELECT eryxon_create_tables(''nowhere'')');
SELECT attempt('SELECT eryxon_create_tables(NULL)');
SELECT attempt(format('SELECT eryxon_create_tables(%L)', s))
    FROM unnest(ARRAY['eryxon', 'pg_catalog', 'information_schema', 'pg_temp']) AS s;

SELECT eryxon_create_tables();
SELECT * FROM eryxon.entity ORDER BY ordinal;
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL'
    ELSE '' END, pg_get_expr(d.adbin, d.adrelid)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT
      JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 ORDER BY c.relname, a.attnum;
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY conrelid::regclass::text, conname;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY tablename, indexname;
SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'
    ORDER BY tablename;
SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace ORDER BY relname;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text !~ '\.'
    ORDER BY 1, 2;

-- Every mapped field has its column.
SELECT f.entity, f.field FROM eryxon.field f
 WHERE NOT EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = f.entity::regclass
                      AND a.attname = f.field || CASE WHEN f.rule ? 'references' THEN '_id' ELSE '' END);

-- Again: nothing changes. In another schema: the entities have their tables already.
SELECT eryxon_create_tables();
CREATE SCHEMA second;
SELECT attempt('SELECT eryxon_create_tables(''second'')');
SELECT count(*) FROM pg_class WHERE relnamespace = 'second'::regnamespace;

-- References stay within the tenant.
INSERT INTO jobs (id, tenant_id, job_number) VALUES
    ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000001', 'J1');
SELECT attempt($$INSERT INTO parts (tenant_id, job_id, part_number) VALUES
    ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a', 'P1')$$);
SELECT attempt($$INSERT INTO jobs (tenant_id, job_number, status)
    VALUES ('00000000-0000-4000-8000-000000000002', 'J1', 'done')$$);
SELECT attempt($$INSERT INTO jobs (tenant_id, job_number) VALUES ('00000000-0000-4000-8000-000000000001', 'J1')$$);
SELECT attempt($$INSERT INTO jobs (tenant_id, job_number, deleted_at)
    VALUES ('00000000-0000-4000-8000-000000000001', 'J1', now())$$);

-- updated_at is kept whoever changes a row; a statement that sets it has its way.
UPDATE jobs SET updated_at = '2020-01-01';
SELECT updated_at = '2020-01-01' FROM jobs WHERE job_number = 'J1' AND deleted_at IS NULL;
UPDATE jobs SET customer = 'ACME';
SELECT updated_at > '2020-01-01' FROM jobs WHERE job_number = 'J1' AND deleted_at IS NULL;

-- The policies keep the extension; with CASCADE they go, and the tables stay closed.
SELECT attempt('DROP EXTENSION eryxon_sync');
DROP EXTENSION eryxon_sync CASCADE;
SELECT relname, relrowsecurity FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY relname;
SELECT count(*) FROM jobs;
DROP TABLE operations, parts, jobs, resources, cells;

-- Existing tables are left as they are and attached, if what is still to be made can refer to them.
CREATE EXTENSION eryxon_sync;
CREATE TABLE second.jobs (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, job_number text);
SELECT attempt('SELECT eryxon_create_tables(''second'')');
ALTER TABLE second.jobs ADD UNIQUE (tenant_id, id);
SELECT eryxon_create_tables('second');
SELECT entity, table_name FROM eryxon.entity ORDER BY ordinal;
SELECT relname, relrowsecurity FROM pg_class WHERE relkind = 'r' AND relnamespace = 'second'::regnamespace
    ORDER BY relname;

\c :home
DROP DATABASE eryxon_create_tables;
