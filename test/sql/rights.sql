-- Who may do what: forged tenants, the administering functions, history, the documented grants, columns, policies,
-- wrappers, and a search_path full of other people's functions and operators.
\set SHOW_CONTEXT never
\set home :DBNAME
\set root :USER
CREATE DATABASE eryxon_rights TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_rights
SET client_min_messages = warning;
CREATE ROLE rights_owner LOGIN;
CREATE ROLE rights_clerk LOGIN;
CREATE ROLE rights_gate LOGIN NOINHERIT;
CREATE ROLE rights_some LOGIN;
GRANT rights_clerk TO rights_gate;
CREATE EXTENSION eryxon_sync;
GRANT CREATE ON SCHEMA public TO rights_owner, rights_clerk;
ALTER DATABASE eryxon_rights SET eryxon.claims_from = 'rights_gate, nobody';

-- Runs a statement and tells how it ends: the answer without what differs from run to run, or SQLSTATE and message.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE statement INTO answer;
    IF answer LIKE '{%' THEN
        answer := jsonb_strip_nulls(jsonb_path_query_first(answer::jsonb, '$.results'));
        IF answer IS NULL THEN
            RETURN 'ok';
        END IF;
        RETURN (SELECT string_agg(concat_ws(' ', x ->> 'action', x ->> 'sqlstate',
            regexp_replace(x ->> 'error', '[0-9a-f]{8}-[-0-9a-f]{27}', 'ID')), ', ' ORDER BY n)
                  FROM jsonb_array_elements(answer::jsonb) WITH ORDINALITY t(x, n));
    END IF;
    RETURN coalesce(answer, 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || regexp_replace(sqlerrm, '[0-9a-f]{8}-[-0-9a-f]{27}', 'ID');
END
$$;
\pset format unaligned
\pset tuples_only on
\pset null -

-- The administering functions are not for PUBLIC; with EXECUTE, attach still wants one's own table.
\c eryxon_rights rights_owner
SELECT attempt(c) FROM unnest(ARRAY['SELECT eryxon_create_tables()', 'SELECT eryxon_attach(''jobs'', ''pg_class'')',
    'SELECT eryxon_detach(''jobs'')',
    'SELECT eryxon_map_field(''jobs'', ''x'', ''{}'')', 'SELECT eryxon_unmap_field(''jobs'', ''notes'')',
        'SELECT eryxon_prune_runs(''0'')',
    'SELECT eryxon.write_registry(''detach'', ''{"entity": "jobs"}'')',
        'SELECT eryxon.write_registry(''nonsense'', ''{}'')',
    'SELECT eryxon.apply_registry(''detach'', ''jobs'', NULL, ''{"entity": "jobs"}'')',
        'SELECT eryxon.register(''jobs'', NULL, ''{}'')']) c;
\c eryxon_rights :root
GRANT EXECUTE ON FUNCTION eryxon_create_tables, eryxon_attach, eryxon_detach, eryxon_map_field, eryxon_unmap_field
    TO rights_owner;
CREATE TABLE foreign_table (id uuid PRIMARY KEY, tenant_id uuid NOT NULL);
\c eryxon_rights rights_owner
SET client_min_messages = warning;
SELECT attempt(c) FROM unnest(ARRAY['SELECT eryxon_attach(''things'', ''foreign_table'')',
    'SELECT eryxon.write_registry(''attach'', ''{"entity": "things", "table": "0"}'')',
    'SELECT eryxon.apply_registry(''detach'', ''jobs'', NULL, ''{"entity": "jobs"}'')', 'SELECT eryxon_create_tables()',
    'SELECT eryxon_unmap_field(''jobs'', ''notes'')',
    'SELECT eryxon_map_field(''jobs'', ''notes'', ''{"aliases": ["description"]}'')']) c;
SELECT entity, table_name, pg_get_userbyid(relowner) FROM eryxon.entity JOIN pg_class c ON c.oid = table_name
    ORDER BY ordinal;

-- Forged tenants: claims, a setting before and after the library is loaded, a function's SET, PGOPTIONS, ALTER ROLE.
\c eryxon_rights rights_clerk
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000002", '
                         '"sub": "b0000000-0000-4000-8000-000000000002"}';
SELECT attempt('SELECT eryxon_tenant_id()'), attempt('SELECT eryxon_user_id()');
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT set_config('eryxon.tenant_id', 'a0000000-0000-4000-8000-000000000002', false);
SET eryxon.claims_from = 'rights_clerk';
SET eryxon.tenant_resolver = 'public.mine';
SET eryxon.serialize_tenant = off;
SET eryxon.anything = 'x';
LOAD 'eryxon_sync';
ALTER ROLE rights_clerk SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
\c eryxon_rights rights_clerk
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SET eryxon.user_id = 'b0000000-0000-4000-8000-000000000002';
SET eryxon.claims_from = 'rights_clerk';
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000003"}';
SELECT attempt('SELECT eryxon_tenant_id()'), attempt('SELECT eryxon_user_id()');
SELECT current_setting('eryxon.tenant_id'), current_setting('eryxon.claims_from');
\c eryxon_rights rights_clerk
ALTER ROLE rights_clerk SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
BEGIN;
SET LOCAL eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SAVEPOINT s;
SET LOCAL eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000003';
SELECT attempt('SELECT eryxon_tenant_id()');
ROLLBACK TO s;
SELECT attempt('SELECT eryxon_tenant_id()');
COMMIT;
\c eryxon_rights rights_clerk
CREATE FUNCTION forge() RETURNS uuid
    LANGUAGE sql SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002' AS 'SELECT eryxon_tenant_id()';
SELECT forge();
DROP FUNCTION forge();
\c -reuse-previous=on "options='-c eryxon.tenant_id=a0000000-0000-4000-8000-000000000002 -c eryxon.claims_from=rights_clerk'"
SELECT attempt('SELECT eryxon_tenant_id()');
\c -reuse-previous=on "options=''"
-- Given by a superuser, the setting counts before and after loading, and the role cannot leave it.
\c eryxon_rights :root
ALTER ROLE rights_clerk SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
ALTER ROLE rights_some SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
\c eryxon_rights rights_clerk
SELECT eryxon_tenant_id();
\c eryxon_rights rights_clerk
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT eryxon_tenant_id();
RESET eryxon.tenant_id;
SELECT eryxon_tenant_id();
RESET ALL;
DISCARD ALL;
SELECT eryxon_tenant_id();
\c -reuse-previous=on "options='-c eryxon.tenant_id=a0000000-0000-4000-8000-000000000002'"
SELECT eryxon_tenant_id();
\c -reuse-previous=on "options=''"
-- A login role of claims_from is believed, also as another role; its members and those it becomes are not.
\c eryxon_rights rights_gate
SELECT attempt('SELECT eryxon_tenant_id()');
SET ROLE rights_clerk;
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000001", '
                         '"app_metadata": {"tenant_id": "a0000000-0000-4000-8000-000000000009"}, '
                         '"sub": "b0000000-0000-4000-8000-000000000001"}';
SELECT eryxon_tenant_id(), eryxon_user_id();
SET request.jwt.claims = '{"app_metadata": {"tenant_id": "A0000000-0000-4000-8000-000000000002"}, "sub": "somebody"}';
SELECT eryxon_tenant_id(), eryxon_user_id();
SET request.jwt.claims = '{"tenant_id": "none"}';
SELECT eryxon_tenant_id();
SET request.jwt.claims = '{"tenant_id": ';
SELECT eryxon_tenant_id();
SET request.jwt.claims = '[]';
SELECT eryxon_tenant_id();
SET request.jwt.claims = '{}';
SELECT eryxon_tenant_id();
SET request.jwt.claims = '';
SELECT eryxon_tenant_id();

-- The documented grants are enough for everything that is not administration.
\c eryxon_rights rights_owner
GRANT SELECT, INSERT, UPDATE, DELETE ON cells, resources, jobs, parts, operations TO rights_clerk;
\c eryxon_rights rights_clerk
CREATE TEMP TABLE payload AS SELECT '{"cells": [{"external_id": "C", "external_source": "S", "name": "Saw"}], '
                                    '"resources": [{"external_id": "R", "external_source": "S", "name": "Mill", '
                                    '"type": "machine"}],
    "jobs": [{"external_id": "J", "external_source": "S", "job_number": "J", "parts": [{"external_id": "P",
      "part_number": "P",
        "operations": [{"external_id": "O", "operation_name": "O", "cell_name": "Saw"}]}]}]}'::jsonb AS p;
SELECT eryxon_diff(p) ->> 'summary' FROM payload;
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT attempt($$SELECT eryxon_upsert('jobs', '{"external_id": "K", "external_source": "S", "job_number": "K"}')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('parts', '[{"external_id": "Q", "external_source": "S", '
                                                    '"part_number": "Q", "job_external_id": "K", '
                                                    '"parent_part_external_id": "R"},
    {"external_id": "R", "external_source": "S", "part_number": "R", "job_external_id": "K"}, {"external_id": "O",
      "external_source": "S", "_op": "delete"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert_json('jobs', '[{"external_id": "K", "external_source": "S", '
                                                        '"customer": "C"}, {"external_id": "L", '
                                                        '"external_source": "S", "job_number": "K"}]')$$);
SELECT eryxon_delete('jobs', id) ->> 'children' FROM jobs WHERE job_number = 'J';
SELECT eryxon_restore('jobs', id) ->> 'children' FROM jobs WHERE job_number = 'J';
SELECT eryxon_delete_external('jobs', 'S', 'J') ->> 'children';
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "J", "external_source": "S", "job_number": "J"}]')$$);
SELECT eryxon_delete_external('jobs', 'S', 'K', true) - 'id';
DELETE FROM resources;
SELECT eryxon_status('{"limit": 0}') #>> '{entities,resources,deleted}';
SELECT length(eryxon_record_hash('jobs', '{"external_id": "J", "external_source": "S"}'));
SELECT attempt('SELECT eryxon_describe(''jobs'')');
SELECT count(*) FROM jobs;

-- History is the tenant's to read, and nobody's to write.
SELECT count(*) > 5, count(*) FILTER (WHERE tenant_id <> eryxon_tenant_id()) FROM eryxon.sync_run;
SELECT attempt(c) FROM unnest(ARRAY['INSERT INTO eryxon.sync_run (tenant_id, entity, operation, status) '
                                    'VALUES (eryxon_tenant_id(), ''jobs'', ''sync'', ''completed'')',
    'UPDATE eryxon.sync_run SET errors = 0', 'DELETE FROM eryxon.sync_run', 'TRUNCATE eryxon.sync_run',
        'DELETE FROM eryxon.soft_delete', 'SELECT FROM eryxon.soft_delete',
    'UPDATE eryxon.entity SET table_name = ''pg_class''',
        'INSERT INTO eryxon.user_rule VALUES (''jobs'', ''notes'', NULL)', 'DELETE FROM eryxon.shipped_rule',
    'SELECT nextval(''eryxon.event_statement'')', 'CREATE TABLE eryxon.mine ()',
        'CREATE FUNCTION eryxon_api.mine() RETURNS int LANGUAGE sql AS ''SELECT 1''',
    'ALTER TABLE eryxon.sync_run DISABLE ROW LEVEL SECURITY',
        'CREATE TRIGGER t BEFORE INSERT ON eryxon.sync_run EXECUTE FUNCTION eryxon.registry_changed()']) c;
-- The triggers' functions on a table that is not attached.
CREATE TABLE mine (id uuid, tenant_id uuid, deleted_at timestamptz);
CREATE TRIGGER mine BEFORE DELETE ON mine FOR EACH ROW EXECUTE FUNCTION eryxon.soft_delete();
INSERT INTO mine VALUES (gen_random_uuid(), eryxon_tenant_id());
SELECT attempt('DELETE FROM mine');
SELECT count(*) FROM mine;
DROP TABLE mine;
SELECT attempt('SELECT eryxon.soft_delete()');
-- With another tenant's name in the session: nothing of the first is seen.
\c eryxon_rights rights_gate
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000002"}';
SET ROLE rights_clerk;
SELECT count(*) FROM eryxon.sync_run;
SELECT count(*) FROM jobs;
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "J", "external_source": "S", "job_number": "J"}]')$$);
SELECT eryxon_status() #> '{entities,jobs,live}';
SELECT count(*) FROM eryxon.sync_run;

-- Operations alone: SELECT, INSERT, UPDATE there; SELECT, UPDATE on what they refer to.
\c eryxon_rights rights_owner
GRANT SELECT, INSERT, UPDATE ON operations TO rights_some;
GRANT SELECT, UPDATE ON parts, cells TO rights_some;
\c eryxon_rights rights_some
\set operation '[{"external_id": "O-2", "external_source": "S", "operation_name": "O", "cell_name": "Saw", "part_external_id": "P"}]'
\set missing '[{"external_id": "O-3", "external_source": "S", "operation_name": "O", "cell_name": "Saw", "part_external_id": "none"}]'
SELECT attempt(format('SELECT eryxon_bulk_upsert(''operations'', %L)', :'operation'));
SELECT attempt(format('SELECT eryxon_bulk_upsert(''operations'', %L)', :'missing'));
SELECT attempt($$SELECT eryxon_delete_external('operations', 'S', 'O-2')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('operations',
    '[{"external_id": "O-2", "external_source": "S", "_op": "delete"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('parts', '[{"external_id": "P", "external_source": "S", "operations": []}]',
    '{"children": "replace"}')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs', '[{"external_id": "J", "external_source": "S"}]')$$);
SELECT attempt($$SELECT eryxon_sync('{"jobs": [{"external_id": "N", "external_source": "S", "job_number": "N"}]}')$$);
SELECT jsonb_object_keys(eryxon_status() -> 'entities');
-- One privilege less: the call's error.
\c eryxon_rights rights_owner
REVOKE UPDATE ON cells FROM rights_some;
REVOKE INSERT ON operations FROM rights_some;
\c eryxon_rights rights_some
SELECT attempt($$SELECT eryxon_bulk_upsert('operations',
    '[{"external_id": "O-2", "external_source": "S", "notes": "n"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('operations',
    '[{"external_id": "O-2", "external_source": "S", "cell_name": "Saw"}]')$$);
\c eryxon_rights rights_owner
GRANT UPDATE ON cells TO rights_some;
\c eryxon_rights rights_some
SELECT attempt($$SELECT eryxon_bulk_upsert('operations', '[{"external_id": "O-2", "external_source": "S", '
                                                         '"notes": "m"}, {"external_id": "O-4", '
                                                         '"external_source": "S", "operation_name": "O", '
                                                         '"cell_name": "Saw", "part_external_id": "P"}]')$$);
SELECT attempt($$SELECT eryxon_upsert('operations', '{"external_id": "O-4", "external_source": "S", '
                                                    '"operation_name": "O", "cell_name": "Saw", '
                                                    '"part_external_id": "P"}')$$);
SELECT notes FROM operations WHERE external_id = 'O-2';

-- Columns: an insert names every mapped column, an update those sent; another one refuses the call.
\c eryxon_rights rights_owner
REVOKE ALL ON operations, parts, cells FROM rights_some;
GRANT SELECT ON jobs TO rights_some;
GRANT INSERT (id, tenant_id, external_source, external_id, synced_at, sync_hash, job_number, status, customer, priority,
    due_date, notes, metadata, planned_start, planned_end),
      UPDATE (synced_at, sync_hash, updated_at, customer) ON jobs TO rights_some;
\c eryxon_rights rights_some
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "M", "external_source": "S", "job_number": "M", "customer": "C"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "M", "external_source": "S", "customer": "D"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs', '[{"external_id": "M", "external_source": "S", "customer": "E"}, '
                                                   '{"external_id": "M", "external_source": "S", "notes": "n"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "M-2", "external_source": "S", "job_number": "M-2", "notes": "n"}]')$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'S', 'M-2')$$);
\c eryxon_rights rights_owner
REVOKE INSERT (notes) ON jobs FROM rights_some;
\c eryxon_rights rights_some
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "M-3", "external_source": "S", "job_number": "M-3"}]')$$);
SELECT customer, notes FROM jobs WHERE external_source = 'S' AND external_id LIKE 'M%';

-- Policies: the record's error, whether they forbid the new row, the old one or the changed one.
\c eryxon_rights rights_owner
CREATE POLICY no_big ON jobs AS RESTRICTIVE FOR INSERT WITH CHECK (priority < 100);
CREATE POLICY no_raise ON jobs AS RESTRICTIVE FOR UPDATE USING (job_number <> 'LOCKED') WITH CHECK (priority < 100);
INSERT INTO jobs (tenant_id, job_number, external_source, external_id)
    VALUES ('a0000000-0000-4000-8000-000000000001', 'LOCKED', 'S', 'LOCKED');
\c eryxon_rights rights_clerk
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "V-1", "external_source": "S", "job_number": "V-1", "priority": 99},
    {"external_id": "V-2", "external_source": "S", "job_number": "V-2", "priority": 100}, {"external_id": "J",
      "external_source": "S", "priority": 200},
    {"external_id": "LOCKED", "external_source": "S", "customer": "X"}, {"external_id": "J", "external_source": "S",
      "priority": 5}]')$$);
SELECT attempt($$SELECT eryxon_upsert('jobs',
    '{"external_id": "V-2", "external_source": "S", "job_number": "V-2", "priority": 100}')$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'S', 'LOCKED')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs', '[{"external_id": "LOCKED", "external_source": "S", '
                                                   '"_op": "delete"}, {"external_id": "V-1", "external_source": "S", '
                                                   '"_op": "delete"}]')$$);
SELECT job_number, customer, priority, deleted_at IS NULL FROM jobs WHERE external_source = 'S' ORDER BY 1;

-- DELETE policies hold for the functions as for DELETE.
\c eryxon_rights rights_owner
CREATE POLICY keep ON jobs AS RESTRICTIVE FOR DELETE USING (job_number NOT LIKE 'KEEP%');
CREATE POLICY keep ON parts AS RESTRICTIVE FOR DELETE USING (part_number NOT LIKE 'KEEP%');
\c eryxon_rights rights_clerk
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs', '[{"external_id": "X-1", "external_source": "S", '
                                                   '"job_number": "KEEP-1"}, {"external_id": "X-2", '
                                                   '"external_source": "S", "job_number": "X-2", "parts": [
    {"external_id": "X-3", "part_number": "KEEP-3"}, {"external_id": "X-4", "part_number": "X-4"}]}]')$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'S', 'X-1')$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'S', 'X-1', true)$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('parts', '[{"external_id": "X-4", "external_source": "S", '
                                                    '"_op": "delete"}, {"external_id": "X-3", "external_source": "S", '
                                                    '"_op": "delete"}]')$$);
SELECT attempt($$SELECT eryxon_bulk_upsert('jobs', '[{"external_id": "X-2", "external_source": "S", "parts": []}]',
    '{"children": "replace"}')$$);
DELETE FROM jobs WHERE external_id = 'X-1';
SELECT external_id, deleted_at IS NULL FROM jobs WHERE external_id LIKE 'X%' UNION
    SELECT external_id, deleted_at IS NULL FROM parts WHERE external_id LIKE 'X%' ORDER BY 1;
-- What goes along goes with its table's owner's rights, as with a foreign key.
SELECT eryxon_delete_external('jobs', 'S', 'X-2') ->> 'children';
\c eryxon_rights rights_owner
ALTER TABLE jobs DISABLE TRIGGER zz_eryxon_soft_delete;
\c eryxon_rights rights_clerk
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'S', 'V-1')$$),
    attempt($$SELECT eryxon_delete_external('jobs', 'S', 'J')$$);
SELECT count(*) FROM jobs WHERE external_id = 'J';
\c eryxon_rights rights_owner
ALTER TABLE jobs ENABLE TRIGGER zz_eryxon_soft_delete;

-- A SECURITY DEFINER wrapper lends its owner's rights, but neither a tenant nor belief in claims.
\c eryxon_rights :root
CREATE FUNCTION wrapped(payload jsonb) RETURNS jsonb LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$ SELECT eryxon_bulk_upsert('cells', payload) $$;
CREATE FUNCTION wrapped_tenant() RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT eryxon_tenant_id() $$;
\c eryxon_rights rights_some
SELECT attempt($$SELECT eryxon_bulk_upsert('cells', '[{"external_id": "W", "external_source": "S", "name": "W"}]')$$);
SELECT attempt($$SELECT wrapped('[{"external_id": "W", "external_source": "S", "name": "W"}]')$$);
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000002"}';
SELECT wrapped_tenant();
\c eryxon_rights rights_owner
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000002"}';
SELECT attempt('SELECT wrapped_tenant()');

-- A schema full of other people's functions, operators and types, put first.
\c eryxon_rights :root
\getenv folder PG_ABS_SRCDIR
\set shadows :folder '/sql/include/shadows.psql'
\i :shadows
CREATE FUNCTION outcome(r text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN r LIKE '{%' THEN concat_ws(' ', r::jsonb ->> 'summary', r::jsonb ->> 'action',
        r::jsonb ->> 'children',
        jsonb_path_query_array(r::jsonb, '$.**.results[*].action'),
            nullif(jsonb_path_query_array(r::jsonb, '$.**.error'), '[]')) ELSE length(r)::text END
$$;
CREATE FUNCTION public.evil_run() RETURNS SETOF pg_catalog.text LANGUAGE plpgsql
    SET search_path = evil, pg_catalog AS $$
BEGIN
    RETURN NEXT public.eryxon_sync('{"cells": [{"external_id": "E", "external_source": "E", "name": "E"}], '
                                   '"resources": [{"external_id": "E", "external_source": "e", "name": "E", '
                                   '"type": "other"}],
        "jobs": [{"external_id": "E", "external_source": "E", "job_number": "E", "due_date": "2026-01-02",
          "metadata": {"a": 1.5}, "parts": [
            {"external_id": "E", "part_number": "E", "file_paths": ["a"]},
            {"external_id": "F", "part_number": "F", "parent_part_external_id": "E",
              "operations": [{"external_id": "E", "operation_name": "E", "cell_name": "E", "status": "paused"}]}]}]}');
    RETURN NEXT public.eryxon_sync('{"jobs": [{"external_id": "E", "external_source": "E", "job_number": "F", '
                                   '"status": "completed", "parts": [{"external_id": "F", "quantity": 7}]},
        {"external_id": "G", "external_source": "E", "job_number": "F"}]}', '{"children": "replace", "adopt": true}');
    RETURN NEXT public.eryxon_diff('{"jobs": [{"external_id": "E", "external_source": "E", "job_number": "H"}]}');
    RETURN NEXT public.eryxon_bulk_upsert_json('parts',
        '[{"external_id": "E", "external_source": "E", "_op": "delete"}]');
    RETURN NEXT public.eryxon_delete_external('jobs', 'E', 'E');
    RETURN NEXT public.eryxon_upsert('jobs', '{"external_id": "E", "external_source": "E"}');
    RETURN NEXT public.eryxon_delete_external('jobs', 'E', 'E', true);
    RETURN NEXT public.eryxon_status();
    RETURN NEXT public.eryxon_describe('jobs');
    RETURN NEXT public.eryxon_record_hash('jobs', '{"external_id": "E", "external_source": "E"}');
END
$$;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT outcome(r) FROM public.evil_run() r;
\c eryxon_rights rights_clerk
SELECT outcome(r) FROM public.evil_run() r;
SET search_path = evil, pg_catalog;
DELETE FROM public.cells WHERE name OPERATOR(pg_catalog.=) 'E';
SELECT deleted_at IS NULL, name FROM public.cells WHERE external_source OPERATOR(pg_catalog.=) 'E';
\c eryxon_rights rights_owner
SET search_path = evil, pg_catalog;
SELECT public.eryxon_unmap_field('jobs', 'notes');
SELECT public.eryxon_map_field('jobs', 'notes', '{"column": "notes", "pattern": "^a$"}');
SELECT public.eryxon_detach('resources');
SELECT public.eryxon_attach('resources', 'public.resources');
SELECT public.eryxon_create_tables('public');

\c :home :root
DROP DATABASE eryxon_rights;
DROP ROLE rights_owner, rights_clerk, rights_gate, rights_some;
