-- Tables that lost what the engine relies on: calls and DELETEs say so and how to mend it, everything else goes on.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_unusable TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_unusable
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;
\pset format unaligned
\pset tuples_only on
\pset null -

-- Runs a statement and tells how it ends: SQLSTATE, code, path, message and hint of its error, or ok.
CREATE FUNCTION attempt(statement text, OUT state text, OUT code text, OUT path text, OUT message text, OUT hint text)
    LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    message := 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    IF detail LIKE '[%' THEN
        code := detail::jsonb -> 0 ->> 'constraint';
        path := detail::jsonb -> 0 ->> 'path';
    END IF;
END
$$;
CREATE FUNCTION put(name text, id text DEFAULT 'T') RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT eryxon_bulk_upsert(''tools'', %L)',
                  jsonb_build_array(jsonb_build_object('external_id', id, 'external_source', 'SAP', 'name', name)))
$$;
CREATE FUNCTION told() RETURNS SETOF text LANGUAGE sql AS $$
    WITH taken AS (DELETE FROM eryxon.event_outbox WHERE entity = 'tools' RETURNING *)
    SELECT concat_ws(' ', type, external_id, changes) FROM taken ORDER BY statement, external_id, type
$$;
CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text);
CREATE TABLE machines (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text);
SELECT FROM (SELECT eryxon_attach(t, t::regclass), eryxon_map_field(t, 'name', '{}')
    FROM unnest('{tools,machines}'::text[]) t) x;
SELECT attempt(put('one'));
SELECT told();

\echo == nulls
CREATE TABLE nullable (id uuid, tenant_id uuid NOT NULL);
SELECT attempt('SELECT eryxon_attach(''nullable'', ''nullable'')');
CREATE TABLE stranger (id uuid NOT NULL, tenant_id uuid);
SELECT attempt('SELECT eryxon_attach(''stranger'', ''stranger'')');
-- A row without an id.
ALTER TABLE tools DROP CONSTRAINT tools_pkey, ALTER COLUMN id DROP NOT NULL;
INSERT INTO tools (id, tenant_id, external_source, external_id, name)
    VALUES (NULL, eryxon_tenant_id(), 'SAP', 'X1', 'stray');
UPDATE tools SET name = name;
SELECT attempt(put('b', 'X1'));
SELECT attempt('DELETE FROM tools');
SELECT attempt('SELECT eryxon_delete_external(''tools'', ''SAP'', ''T'')');
SELECT attempt('SELECT eryxon_bulk_upsert(''machines'', ''[{"external_id":"M","external_source":"SAP","name":"m"}]'')');
SELECT e.key, e.value - 'sources' FROM jsonb_each(eryxon_status('{"limit":0}') -> 'entities') e ORDER BY 1;
SELECT attempt('SELECT eryxon.list_rows(''tools'', ''{}'')');
SELECT attempt('SELECT eryxon.list_rows(''machines'', ''{}'')');
SELECT a #>> '{error,statusCode}', a #>> '{error,code}', a #>> '{error,message}', a #>> '{error,details,0,constraint}'
  FROM eryxon.http_sync('{"tools":[{"external_id":"X1","external_source":"SAP","name":"b"}]}') a;
UPDATE tools SET id = gen_random_uuid() WHERE id IS NULL;
ALTER TABLE tools ADD PRIMARY KEY (id);
SELECT attempt(put('b', 'X1'));
SELECT attempt('DELETE FROM tools');
SELECT count(*), count(deleted_at) FROM tools;
SELECT told();
-- Triggers that take the id away, or the tenant.
CREATE FUNCTION rob() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF new.name = 'no id' THEN new.id := NULL;
    ELSIF new.name = 'other' THEN new.tenant_id := 'a0000000-0000-4000-8000-000000000009'; END IF; RETURN new; END $$;
CREATE TRIGGER rob BEFORE INSERT OR UPDATE ON tools FOR EACH ROW EXECUTE FUNCTION rob();
CREATE FUNCTION outcomes(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    EXECUTE statement INTO answer;
    RETURN QUERY SELECT concat_ws(' ', r ->> 'external_id', r ->> 'action', r ->> 'sqlstate', r ->> 'error')
        FROM jsonb_array_elements(answer -> 'results') r;
END $$;
SELECT outcomes(put('no id', 'Y'));
SELECT outcomes(put('other', 'Y'));
SELECT outcomes(put('other', 'T'));
DROP TRIGGER rob ON tools;
-- The same while rows are deleted and come back.
UPDATE tools SET deleted_at = NULL WHERE external_id = 'T';
CREATE FUNCTION rob_deleted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF tg_argv[0] = 'id' THEN new.id := gen_random_uuid();
    ELSE new.tenant_id := 'a0000000-0000-4000-8000-000000000009'; END IF; RETURN new; END $$;
CREATE TRIGGER rob BEFORE UPDATE ON tools FOR EACH ROW EXECUTE FUNCTION rob_deleted('id');
SELECT attempt('SELECT eryxon_delete_external(''tools'', ''SAP'', ''T'')');
SELECT attempt('SELECT eryxon_restore(''tools'', (SELECT id FROM tools WHERE external_id = ''X1''))');
CREATE OR REPLACE TRIGGER rob BEFORE UPDATE ON tools FOR EACH ROW EXECUTE FUNCTION rob_deleted('tenant');
SELECT attempt('SELECT eryxon_delete_external(''tools'', ''SAP'', ''T'')');
SELECT attempt('SELECT eryxon_restore(''tools'', (SELECT id FROM tools WHERE external_id = ''X1''))');
DROP TRIGGER rob ON tools;
SELECT tenant_id, external_id FROM tools WHERE tenant_id <> eryxon_tenant_id() OR external_id = 'Y';

\echo == what ALTER TABLE takes away: the server stays, the message names it, the hint mends it
CREATE FUNCTION mend(OUT steps text) LANGUAGE plpgsql AS $$
DECLARE
    fault jsonb;
BEGIN
    LOOP
        fault := eryxon.unusable('tools');
        EXIT WHEN fault IS NULL OR steps ~ '(.*;){5}';
        steps := concat(steps, '  ', fault ->> 'hint');
        EXECUTE substr(fault ->> 'hint', length('Mend it: '));
        IF fault ->> 'message' ~ '"tenant_id".*exist' THEN
            UPDATE tools SET tenant_id = eryxon_tenant_id();
        END IF;
    END LOOP;
    EXECUTE put('mended', 'N');
END $$;
-- Damages the table, tries a call, a DELETE and an UPDATE in turn, mends it, and puts everything back.
CREATE FUNCTION after(damage text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    tried text;
BEGIN
    EXECUTE put('warm');
    EXECUTE damage;
    FOREACH tried IN ARRAY ARRAY[put('b'), 'DELETE FROM tools', 'UPDATE tools SET name = upper(name)'] LOOP
        RETURN NEXT left(tried, 6) || ' ' || (SELECT concat_ws(' ', a.state, a.code, a.message) FROM attempt(tried) a);
    END LOOP;
    RETURN NEXT mend();
    RAISE EXCEPTION USING ERRCODE = 'ABACK';
EXCEPTION WHEN SQLSTATE 'ABACK' THEN NULL;
END $$;
SET client_min_messages = error;
SELECT after(format('ALTER TABLE tools %s', d)) FROM unnest(ARRAY[
    'DROP COLUMN sync_hash', 'DROP COLUMN id', 'DROP COLUMN external_source', 'DROP COLUMN tenant_id',
        'DROP COLUMN deleted_at',
    'DROP COLUMN sync_hash, ADD COLUMN sync_hash int DEFAULT 7',
        'ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE text',
    'ALTER COLUMN synced_at TYPE text', 'ALTER COLUMN deleted_at TYPE date',
        'DROP COLUMN deleted_by, ADD COLUMN deleted_by uuid NOT NULL DEFAULT gen_random_uuid()',
    'DROP COLUMN sync_hash, ADD COLUMN sync_hash text GENERATED ALWAYS AS (name) STORED',
        'DROP COLUMN synced_at, ADD COLUMN synced_at timestamptz']) d;
SELECT after('DROP INDEX tools_tenant_id_external_source_external_id_idx');
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT after('ALTER TABLE tools ALTER COLUMN external_id TYPE text COLLATE loose');
SELECT after('CREATE TABLE heirs () INHERITS (tools); INSERT INTO heirs (id, tenant_id) VALUES (gen_random_uuid(), '
             'eryxon_tenant_id())');
-- No row of its own: only the statement itself is there to tell.
SELECT attempt('CREATE TABLE heirs () INHERITS (tools); INSERT INTO heirs (id, tenant_id) VALUES (gen_random_uuid(), '
               'eryxon_tenant_id()); DELETE FROM tools WHERE external_id IS NULL');
SELECT after('CREATE TABLE ancestors (name text); ALTER TABLE tools INHERIT ancestors');
SELECT after('CREATE TABLE whole (LIKE tools) PARTITION BY LIST (name); ALTER TABLE whole ATTACH PARTITION tools '
             'DEFAULT');
RESET client_min_messages;
SELECT attempt(put('c'));
SELECT count(*) FROM tools WHERE name = 'c';

\echo == each session hears of it once
SELECT told() \g /dev/null
\c
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;
ALTER TABLE tools ALTER COLUMN sync_hash TYPE bytea USING NULL;
INSERT INTO tools (tenant_id, name) VALUES (eryxon_tenant_id(), 'quiet');
UPDATE tools SET name = 'louder' WHERE name = 'quiet';
SELECT told();
ALTER TABLE tools ALTER COLUMN sync_hash TYPE text USING NULL;
UPDATE tools SET name = 'loud' WHERE name = 'louder';
SELECT told();

\echo == a child whose table cannot be used keeps its parent
CREATE TABLE blades (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, tool_id uuid
    REFERENCES tools ON DELETE CASCADE);
SELECT FROM (SELECT eryxon_attach('blades', 'blades'),
    eryxon_map_field('blades', 'tool',
    '{"column":"tool_id","references":{"entity":"tools","match":"external_id","parent":true,"children":"blades"}}')) x;
SELECT attempt('SELECT eryxon_bulk_upsert(''tools'', ''[{"external_id":"T","external_source":"SAP","name":"t",'
               '"blades":[{"external_id":"B"}]}]'')');
ALTER TABLE blades DROP CONSTRAINT blades_pkey, ALTER COLUMN id DROP NOT NULL;
SET client_min_messages = error;
UPDATE blades SET id = NULL;
RESET client_min_messages;
SELECT attempt('DELETE FROM tools WHERE external_id = ''T''');
SELECT attempt('SELECT eryxon_delete_external(''tools'', ''SAP'', ''T'')');
SELECT attempt('SELECT eryxon_delete_external(''tools'', ''SAP'', ''T'', true)');
SELECT attempt('SELECT eryxon_bulk_upsert(''tools'',
    ''[{"external_id":"T","external_source":"SAP","_op":"delete"}]'')');
SELECT attempt('SELECT eryxon_bulk_upsert(''tools'', ''[{"external_id":"T","external_source":"SAP","name":"u",'
               '"blades":[{"external_id":"C"}]}]'')');
SELECT attempt(put('v'));
SELECT name, deleted_at FROM tools WHERE external_id = 'T';
DELETE FROM machines;

\echo == an UPDATE that a trigger makes move to another partition moves the row
CREATE TABLE kits (id uuid NOT NULL, tenant_id uuid NOT NULL, name text,
    PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id);
CREATE TABLE kits_1 PARTITION OF kits FOR VALUES IN ('a0000000-0000-4000-8000-000000000001');
CREATE TABLE kits_2 PARTITION OF kits DEFAULT;
SELECT eryxon_attach('kits', 'kits') ->> 'entity';
CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN new.tenant_id := 'a0000000-0000-4000-8000-000000000002'; RETURN new; END $$;
CREATE TRIGGER a_send BEFORE UPDATE ON kits FOR EACH ROW WHEN (new.name = 'early') EXECUTE FUNCTION send();
CREATE TRIGGER zzz_send BEFORE UPDATE ON kits FOR EACH ROW WHEN (new.name = 'late') EXECUTE FUNCTION send();
INSERT INTO kits SELECT gen_random_uuid(), eryxon_tenant_id(), n FROM unnest('{a,b,c}'::text[]) n;
UPDATE kits SET name = 'early' WHERE name = 'a' RETURNING tableoid::regclass;
UPDATE kits SET name = 'late' WHERE name = 'b' RETURNING tableoid::regclass;
UPDATE kits SET name = 'stays' WHERE name = 'c' RETURNING tableoid::regclass;
DELETE FROM kits WHERE name = 'stays';
SELECT tableoid::regclass, name, deleted_at IS NULL FROM kits ORDER BY name;

\echo == what attach refuses or warns of
CREATE UNLOGGED TABLE fleeting (id uuid PRIMARY KEY, tenant_id uuid NOT NULL);
SELECT w ->> 'message' FROM jsonb_array_elements(eryxon_attach('fleeting', 'fleeting') -> 'warnings') w
    WHERE w ->> 'code' = 'UNLOGGED';
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
CREATE TABLE spread (id uuid PRIMARY KEY, tenant_id uuid NOT NULL);
INSERT INTO pg_dist_partition VALUES ('spread');
SELECT attempt('SELECT eryxon_attach(''spread'', ''spread'')');
SELECT attempt('SELECT eryxon_attach(''machines'', ''machines'')');
\c :home
DROP DATABASE eryxon_unusable;
