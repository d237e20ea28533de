-- Attaching tables: what may be attached, what attach adds and finds, whom it lets, and detaching.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_attach TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_attach
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

-- Names, options and tables that are refused.
CREATE TABLE tools (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, name text);
CREATE VIEW tool_view AS SELECT * FROM tools;
CREATE TEMP TABLE tool_temp (id uuid, tenant_id uuid);
CREATE TABLE no_id (id integer, tenant_id uuid);
CREATE TABLE no_tenant (id uuid, tenant_id text);
CREATE TABLE made_id (id uuid GENERATED ALWAYS AS (NULL::uuid) STORED, tenant_id uuid);
CREATE TABLE heir () INHERITS (no_tenant);
CREATE TABLE by_id (id uuid, tenant_id uuid) PARTITION BY HASH (id);
CREATE TABLE by_tenant (id uuid NOT NULL, tenant_id uuid NOT NULL, name text) PARTITION BY LIST (tenant_id);
CREATE TABLE by_tenant_rest PARTITION OF by_tenant DEFAULT;
CREATE TABLE by_both (id uuid, tenant_id uuid) PARTITION BY LIST (tenant_id);
CREATE TABLE by_both_rest PARTITION OF by_both DEFAULT PARTITION BY HASH (id);
CREATE FUNCTION refusals() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s', t, attempt(format('SELECT eryxon_attach(%L, %L)', 'tools', t)))
      FROM unnest(ARRAY['tool_view', 'tool_temp', 'no_id', 'no_tenant', 'made_id', 'heir', 'by_id', 'by_both',
          'by_tenant_rest', 'eryxon.entity', 'nowhere']) AS t
$$;
SELECT refusals();
SELECT attempt(format('SELECT eryxon_attach(%L, %L)', e, 'tools'))
    FROM unnest(ARRAY['Tools', '', '1a', 'a-b', repeat('a', 49), NULL]) AS e;
SELECT attempt(format('SELECT eryxon_attach(%L, %L, %L)', 'tools', 'tools', o)) FROM unnest(ARRAY[
    '[]', '{"soft":true}', '{"soft_delete":"yes"}', '{"natural_key":"name"}', '{"natural_key":["a b"]}',
        '{"natural_key":[1]}',
    '{"singular":"A"}', '{"singular":1}', '{"events":1}']) AS o;
CREATE TABLE wrong (id uuid NOT NULL, tenant_id uuid NOT NULL, external_id integer);
CREATE TABLE made (id uuid NOT NULL, tenant_id uuid NOT NULL, sync_hash text GENERATED ALWAYS AS ('x') STORED);
CREATE TABLE always_deleted (id uuid NOT NULL, tenant_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT now());
SELECT attempt(format('SELECT eryxon_attach(%L, %L)', t, t)) FROM unnest(ARRAY['wrong', 'made', 'always_deleted']) AS t;
SELECT count(*) FROM eryxon.entity;

-- A table that has nothing yet; then the same again.
SELECT jsonb_pretty(eryxon_attach('tools', 'tools'));
SELECT eryxon_attach('tools', 'tools') ->> 'columns_added';
\pset format aligned
\pset tuples_only off
\d tools
\pset format unaligned
\pset tuples_only on
SELECT * FROM eryxon.entity;

-- The singular that names events and answers, where no option says it.
SELECT e, eryxon.singular_of(e)
    FROM unnest('{quantities,batches,boxes,tools,classes,keys,status,analysis,s,stock}'::text[]) AS e;

-- A trigger that keeps updated_at: no warning; one that is switched off does not count.
CREATE TABLE kept (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, updated_at timestamptz);
SELECT eryxon_attach('kept', 'kept') #>> '{warnings,0,message}';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.updated_at := now(); RETURN new; END';
CREATE TRIGGER touch BEFORE UPDATE ON kept FOR EACH ROW EXECUTE FUNCTION touch();
SELECT eryxon_attach('kept', 'kept') -> 'warnings';
ALTER TABLE kept DISABLE TRIGGER touch;
SELECT eryxon_attach('kept', 'kept') #>> '{warnings,0,code}';
SELECT eryxon_detach('kept');
DROP TABLE kept;

-- Options: what is not sent stays as it is.
SELECT eryxon_attach('tools', 'tools', '{"soft_delete":false,"natural_key":["name"],"singular":"gear","events":true}')
    ->> 'triggers';
SELECT * FROM eryxon.entity;
SELECT eryxon_attach('tools', 'tools', '{"soft_delete":true,"events":null}') ->> 'triggers';
SELECT * FROM eryxon.entity;

-- One table per entity and one entity per table, until it is detached or the table is gone.
CREATE TABLE other (id uuid NOT NULL, tenant_id uuid NOT NULL);
SELECT attempt('SELECT eryxon_attach(''tools'', ''other'')');
SELECT attempt('SELECT eryxon_attach(''gears'', ''tools'')');
SELECT eryxon_detach('tools');
SELECT attempt('SELECT eryxon_detach(''tools'')');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'tools'::regclass;
SELECT eryxon_attach('tools', 'other') ->> 'table';
DROP TABLE other;
SELECT eryxon_attach('tools', 'tools') ->> 'table';
DROP VIEW tool_view;
DROP TABLE tools;
SELECT attempt('SELECT eryxon_describe(''tools'')');
SELECT eryxon_detach('tools');

-- A table by tenant has its triggers on every partition, also on later ones.
SELECT eryxon_attach('stock', 'by_tenant');
CREATE TABLE by_tenant_one PARTITION OF by_tenant FOR VALUES IN ('00000000-0000-4000-8000-000000000001');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname LIKE 'zz%' ORDER BY 1, 2;

-- An index that is there serves: any column order, any name, full or for the rows that have an external key.
CREATE TABLE found (id uuid NOT NULL, tenant_id uuid NOT NULL, external_id text, external_source text,
    deleted_at timestamptz);
CREATE UNIQUE INDEX wrong_live ON found (tenant_id, external_source, external_id) WHERE deleted_at IS NULL;
CREATE INDEX wrong_plain ON found (tenant_id, external_source, external_id);
CREATE UNIQUE INDEX wrong_two ON found (tenant_id, external_id);
CREATE UNIQUE INDEX wrong_four ON found (tenant_id, external_source, external_id, id);
CREATE UNIQUE INDEX wrong_text ON found (tenant_id, external_source, lower(external_id));
ALTER TABLE found ADD CONSTRAINT wrong_later UNIQUE (tenant_id, external_source, external_id) DEFERRABLE;
CREATE UNIQUE INDEX right_one ON found (external_id, tenant_id, external_source) INCLUDE (id)
    WHERE external_id IS NOT NULL;
SELECT eryxon_attach('found', 'found') ->> 'index';
CREATE UNIQUE INDEX right_full ON found (external_source, external_id, tenant_id);
SELECT eryxon_attach('found', 'found') ->> 'index';
DROP INDEX right_one, right_full;
SELECT eryxon_attach('found', 'found') ->> 'index';

-- What the user should know.
CREATE TABLE noisy (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, number text, code text, deleted_at timestamptz,
    during tsrange,
                    UNIQUE (tenant_id, number), UNIQUE (tenant_id, id), EXCLUDE USING gist (during WITH &&),
                    CONSTRAINT code_later UNIQUE (code) DEFERRABLE INITIALLY DEFERRED);
CREATE UNIQUE INDEX live_code ON noisy (code) WHERE deleted_at IS NULL;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER row_after AFTER DELETE ON noisy FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER statement_after AFTER INSERT OR DELETE ON noisy FOR EACH STATEMENT EXECUTE FUNCTION nothing();
CREATE TRIGGER row_before BEFORE DELETE ON noisy FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER row_update AFTER UPDATE ON noisy FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE POLICY hides ON noisy USING (tenant_id IS NOT NULL AND deleted_at IS NULL);
CREATE POLICY shows ON noisy FOR SELECT USING (tenant_id IS NOT NULL);
CREATE POLICY adds ON noisy FOR INSERT WITH CHECK (deleted_at IS NULL);
SELECT w ->> 'code', w ->> 'path', w ->> 'message'
    FROM jsonb_array_elements(eryxon_attach('noisy', 'noisy') -> 'warnings') AS w;
SELECT w ->> 'code', w ->> 'path'
    FROM jsonb_array_elements(eryxon_attach('noisy', 'noisy', '{"soft_delete":false}') -> 'warnings') AS w;

-- Rights: EXECUTE and ownership; the registry itself is nobody's to write.
CREATE ROLE eryxon_attacher;
CREATE SCHEMA theirs AUTHORIZATION eryxon_attacher;
CREATE TABLE theirs.things (id uuid NOT NULL, tenant_id uuid NOT NULL);
SET ROLE eryxon_attacher;
SELECT attempt('SELECT public.eryxon_attach(''things'', ''theirs.things'')');
RESET ROLE;
GRANT EXECUTE ON FUNCTION eryxon_attach, eryxon_detach TO eryxon_attacher;
SET ROLE eryxon_attacher;
SELECT attempt('SELECT public.eryxon_attach(''things'', ''theirs.things'')');
SELECT attempt('SELECT public.eryxon_detach(''found'')');
RESET ROLE;
ALTER TABLE theirs.things OWNER TO eryxon_attacher;
SET ROLE eryxon_attacher;
SELECT eryxon_attach('things', 'theirs.things');
SELECT attempt('INSERT INTO eryxon.entity VALUES (''x'', 1, ''x'')');
SELECT attempt('UPDATE eryxon.user_rule SET rule = NULL');
SELECT attempt('DELETE FROM eryxon.sync_run');
SELECT attempt('SELECT * FROM eryxon.soft_delete');
SELECT attempt('SELECT eryxon.apply_registry(''detach'', ''jobs'', NULL, ''{"entity":"found"}'')');
SELECT (attempt('SELECT eryxon.write_registry(''map'', ''{"entity":"found","field":"x","rule":{}}'')')).state;
SELECT attempt(format('SELECT eryxon.write_registry(''attach'', %L)',
                      jsonb_build_object('entity', e, 'table', t::regclass::oid, 'singular', 'x', 'soft_delete', true,
                          'natural_key', '[]'::jsonb)))
  FROM (VALUES ('found', 'theirs.things'), ('more', 'public.found'), ('X', 'theirs.things'), ('more', 'pg_class'))
      AS r(e, t);
SELECT attempt('SELECT eryxon.write_registry(''attach'', ''{"entity":"more"}'')');
SELECT attempt('SELECT eryxon.write_registry(''detach'', ''{"entity":"found"}'')');
SELECT attempt('SELECT eryxon_create_tables()');
SELECT attempt('SELECT eryxon_map_field(''found'', ''x'', ''{}'')');
SELECT attempt('SELECT eryxon_prune_runs(''1 day'')');
SELECT entity FROM eryxon.entity ORDER BY ordinal;
SELECT eryxon_detach('things');
RESET ROLE;
SELECT * FROM eryxon.user_rule;
DROP OWNED BY eryxon_attacher;
DROP ROLE eryxon_attacher;

-- DROP EXTENSION takes the triggers and leaves tables and rows.
INSERT INTO found (id, tenant_id) VALUES (gen_random_uuid(), gen_random_uuid());
DROP EXTENSION eryxon_sync;
SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%eryxon%';
SELECT count(*) FROM found;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'eryxon%';

-- It comes back in any schema, over the tables as they were left.
CREATE SCHEMA "Other Schema";
CREATE EXTENSION eryxon_sync SCHEMA "Other Schema";
SELECT "Other Schema".eryxon_attach('found', 'found') ->> 'columns_added';

-- What it finds and writes does not depend on how the session shows or reads texts.
SET quote_all_identifiers = on;
SELECT "Other Schema".eryxon_attach('found', 'found') ->> 'index';
RESET quote_all_identifiers;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT eryxon.singular_of(e), eryxon.like_pattern(e) FROM unnest('{tools,50%_,a\\\\b}'::text[]) e;
SELECT eryxon.check_webhook_url(url) FROM unnest('{https://a.b./x,"https://[::1]/"}'::text[]) url;
SELECT eryxon.check_type_patterns('{*,job.*,*.created,job.created}');
RESET standard_conforming_strings;
RESET escape_string_warning;

\c :home
DROP DATABASE eryxon_attach;
