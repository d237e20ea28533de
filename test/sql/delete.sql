-- Deleting rows: softly and really, by function and by DELETE, and who may.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_delete TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_delete
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;

-- Runs a statement and tells how it ends: SQLSTATE, code, constraint, message and hint of its error, or ok.
CREATE FUNCTION attempt(statement text, OUT state text, OUT code text, OUT name text, OUT message text, OUT hint text)
LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    message := 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, name = CONSTRAINT_NAME,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    code := CASE WHEN detail LIKE '[%' THEN detail::jsonb -> 0 ->> 'constraint' END;
END
$$;

-- The n-th id of a kind: 1 jobs, 2 parts, 3 operations, 4 cells; a tenants.
CREATE FUNCTION id(kind text, n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (kind || '0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;

\pset format unaligned
\pset tuples_only on
\pset null -
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.user_id = 'b0000000-0000-4000-8000-000000000001';

-- Two jobs. Job 1 has part 1 with sub-part 2, and part 3; each part has two operations. Job 2 has part 4.
SELECT eryxon_create_tables();
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS $$
    INSERT INTO cells (id, tenant_id, name) SELECT id('4', n), id('a', 1), 'C' || n FROM generate_series(1, 2) n;
    INSERT INTO jobs (id, tenant_id, job_number, external_source, external_id)
    SELECT id('1', n), id('a', 1), 'J' || n, 'SAP', 'SO-' || n FROM generate_series(1, 2) n;
    INSERT INTO parts (id, tenant_id, job_id, part_number, parent_part_id, external_source, external_id)
    SELECT id('2', n), id('a', 1), id('1', n / 4 + 1), 'P' || n, CASE n WHEN 2 THEN id('2', 1) END, 'SAP', 'WO-' || n
      FROM generate_series(1, 4) n;
    INSERT INTO operations (id, tenant_id, part_id, cell_id, operation_name, sequence)
    SELECT id('3', 2 * n + k), id('a', 1), id('2', n), id('4', 1), 'O' || 2 * n + k, k + 1
      FROM generate_series(1, 4) n, generate_series(0, 1) k;
$$;
-- What is live, by number.
CREATE FUNCTION live(OUT jobs text, OUT parts text, OUT operations text) LANGUAGE sql AS $$
    SELECT (SELECT string_agg(job_number, ',' ORDER BY id) FROM jobs WHERE deleted_at IS NULL),
           (SELECT string_agg(part_number, ',' ORDER BY id) FROM parts WHERE deleted_at IS NULL),
           (SELECT string_agg(operation_name, ',' ORDER BY id) FROM operations WHERE deleted_at IS NULL)
$$;
SELECT fill();
SELECT live();

-- A job goes with its parts, their sub-parts and operations, and is recorded as one unit.
SELECT eryxon_delete('jobs', id('1', 1));
SELECT live();
SELECT DISTINCT deleted_by, deleted_at = updated_at, deleted_at > created_at FROM jobs WHERE deleted_at IS NOT NULL;
SELECT DISTINCT deleted_by, deleted_at = updated_at FROM operations WHERE deleted_at IS NOT NULL;
SELECT row_entity, count(*), count(DISTINCT root) FROM eryxon.soft_delete GROUP BY 1 ORDER BY 1;
-- What is deleted is not there for another soft delete.
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'SAP', 'SO-1')$$);
DELETE FROM jobs WHERE id = id('1', 1);
SELECT count(*) FROM jobs;
-- By external key.
SELECT eryxon_delete_external('parts', 'SAP', 'WO-4');
SELECT live();
SELECT attempt($$SELECT eryxon_delete_external('parts', 'sap', 'WO-4')$$);

-- A hard delete takes live and deleted rows, and what is known of them.
SELECT eryxon_delete('jobs', id('1', 1), hard => true);
SELECT count(*) FROM parts;
SELECT count(*) FROM eryxon.soft_delete WHERE root = id('1', 1);
SELECT eryxon_delete('jobs', id('1', 2), true);
SELECT count(*) FROM parts;
SELECT count(*) FROM eryxon.soft_delete;
SELECT current_setting('eryxon.hard_delete');

-- Arguments.
SELECT attempt($$SELECT eryxon_delete(NULL, id('1', 1))$$);
SELECT attempt($$SELECT eryxon_delete('jobs', NULL)$$);
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1), NULL)$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', NULL, 'x')$$);
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'SAP', NULL)$$);
SELECT attempt($$SELECT eryxon_delete('job"s', id('1', 1))$$);
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 9))$$);
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 9), true)$$);

-- Plain DELETE: a parent and its child in one statement, in any order, is one unit.
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM cells;
COMMIT;
SELECT count(*) FROM cells;
SELECT fill();
DELETE FROM parts;
SELECT live();
SELECT row_entity, row_id, root FROM eryxon.soft_delete WHERE row_entity = 'parts' ORDER BY row_id;
SELECT eryxon_restore('parts', id('2', n)) ->> 'children' FROM unnest(ARRAY[1, 3, 4]) n;
UPDATE parts SET notes = 'moved to the end of the table' WHERE id = id('2', 1);
DELETE FROM parts WHERE id IN (id('2', 1), id('2', 2)) RETURNING part_number;
SELECT row_id, root FROM eryxon.soft_delete WHERE row_entity = 'parts' ORDER BY row_id;
SELECT eryxon_restore('parts', id('2', 1)) ->> 'children';
-- In a WITH, in a function, in a rolled back savepoint.
WITH d AS (DELETE FROM jobs WHERE id = id('1', 2)) SELECT 1;
SELECT live();
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';
DO $$ BEGIN DELETE FROM jobs WHERE id = id('1', 2); RAISE NOTICE '%', live(); END $$;
SELECT live();
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';
BEGIN;
SAVEPOINT s;
DELETE FROM jobs;
ROLLBACK TO s;
SELECT live();
DELETE FROM jobs WHERE id = id('1', 1);
SELECT live();
ROLLBACK;
DO $$
BEGIN
    BEGIN
        DELETE FROM parts WHERE 1 / (CASE WHEN part_number = 'P4' THEN 0 ELSE 1 END) = 1;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
    DELETE FROM operations WHERE operation_name = 'O2';
END
$$;
SELECT live();
SELECT eryxon_restore('operations', id('3', 2)) ->> 'children';
-- Without a tenant or user, rows of several tenants.
RESET eryxon.tenant_id;
RESET eryxon.user_id;
INSERT INTO jobs (id, tenant_id, job_number) VALUES (id('1', 8), id('a', 2), 'J8');
DELETE FROM jobs WHERE job_number IN ('J2', 'J8');
SELECT tenant_id, row_entity, row_id FROM eryxon.soft_delete ORDER BY 1, 2, 3;
SELECT job_number, deleted_by FROM jobs WHERE deleted_at IS NOT NULL ORDER BY 1;
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 8))$$);
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 8), true)$$);
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';

-- A cell in use stays; one that is not in use any more goes.
SELECT attempt($$SELECT eryxon_delete('cells', id('4', 1))$$);
SELECT attempt($$SELECT eryxon_delete('cells', id('4', 1), true)$$);
SELECT attempt($$DELETE FROM cells$$);
SELECT count(*) FROM cells WHERE deleted_at IS NOT NULL;
SELECT eryxon_delete('cells', id('4', 2));
BEGIN;
DELETE FROM jobs;
DELETE FROM cells;
SELECT count(*) FROM cells WHERE deleted_at IS NULL;
ROLLBACK;
SELECT count(*) FROM eryxon.soft_delete WHERE tenant_id = id('a', 1);
-- A hard delete that fails leaves the setting as it was.
DO $$
BEGIN
    PERFORM eryxon_delete('cells', id('4', 1), true);
EXCEPTION WHEN foreign_key_violation THEN
    RAISE WARNING 'hard_delete is %', current_setting('eryxon.hard_delete');
END
$$;

-- Records of a bulk call: the one that is refused leaves the others alone.
UPDATE cells SET external_source = 'SAP', external_id = name;
SELECT r - 'id' FROM jsonb_array_elements(eryxon_bulk_upsert('cells', '[
    {"external_id":"C1","external_source":"SAP","_op":"delete"}, {"external_id":"C2","external_source":"SAP",
      "_op":"delete"},
    {"external_id":"C3","external_source":"SAP","name":"C3"}, {"external_id":"C3","external_source":"SAP",
      "_op":"delete"},
    {"external_id":"C9","external_source":"SAP","_op":"delete"}]') -> 'results') r;
SELECT r - 'id' FROM jsonb_array_elements(eryxon_bulk_upsert('parts', '[
    {"external_id":"WO-2","external_source":"SAP","_op":"delete"}, {"external_id":"WO-1","external_source":"SAP",
      "_op":"delete"},
    {"external_id":"WO-2","external_source":"SAP","_op":"delete"}, {"external_id":"WO-3","external_source":"SAP",
      "_op":"delete"}]') -> 'results') r;
SELECT live();
INSERT INTO parts (id, tenant_id, job_id, part_number) VALUES (id('2', 9), id('a', 1), id('1', 1), 'P3');
SELECT r - 'id' FROM jsonb_array_elements(eryxon_bulk_upsert('parts', '[
    {"external_id":"WO-1","external_source":"SAP"}, {"external_id":"WO-3","external_source":"SAP"}]') -> 'results') r;
SELECT live();
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM parts WHERE id = id('2', 9);
COMMIT;
SELECT eryxon_restore('parts', id('2', 3)) ->> 'children';
SELECT eryxon_restore('parts', id('2', 2)) ->> 'children';
UPDATE operations SET status = 'in_progress' WHERE id = id('3', 4);
SELECT r - 'id' FROM jsonb_array_elements(eryxon_bulk_upsert('jobs', '[
    {"external_id":"SO-1","external_source":"SAP","_op":"delete"}, {"external_id":"SO-2","external_source":"SAP",
      "_op":"delete"}]') -> 'results') r;
SELECT live();
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';

-- Whatever the search path finds first.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.equal(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR hostile.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = hostile.equal);
CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
CREATE TABLE hostile.jobs (id uuid, tenant_id uuid, deleted_at timestamptz);
BEGIN;
SET LOCAL search_path = hostile, pg_catalog, public;
SELECT public.eryxon_delete('jobs', public.id('1', 1));
DELETE FROM public.jobs WHERE job_number OPERATOR(pg_catalog.=) 'J2';
SELECT count(*) FROM public.jobs WHERE deleted_at IS NULL;
SELECT public.eryxon_restore('jobs', public.id('1', 1));
SELECT count(*) FROM public.jobs WHERE deleted_at IS NULL;
ROLLBACK;

-- The caller's rights hold for the row itself; what hangs on it goes as a foreign key would take it.
CREATE ROLE eryxon_clerk;
GRANT EXECUTE ON FUNCTION eryxon_tenant_id() TO eryxon_clerk;
GRANT SELECT, UPDATE, DELETE ON jobs TO eryxon_clerk;
SET ROLE eryxon_clerk;
SELECT eryxon_delete('jobs', id('1', 1));
SELECT eryxon_restore('jobs', id('1', 1));
SELECT attempt($$SELECT eryxon_delete('parts', id('2', 1))$$);
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 8))$$);
SELECT attempt($$DELETE FROM parts$$);
SELECT attempt($$SELECT * FROM eryxon.soft_delete$$);
DELETE FROM jobs WHERE job_number = 'J2';
RESET ROLE;
SELECT live();
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';
REVOKE UPDATE ON jobs FROM eryxon_clerk;
SET ROLE eryxon_clerk;
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SELECT attempt($$DELETE FROM jobs WHERE job_number = 'J2'$$);
RESET ROLE;
GRANT UPDATE ON jobs TO eryxon_clerk;
-- A policy for DELETE alone, one that hides deleted rows, one that hides the row.
DROP POLICY eryxon_tenant ON jobs;
CREATE POLICY see ON jobs FOR SELECT USING (true);
CREATE POLICY remove ON jobs FOR DELETE USING (true);
SET ROLE eryxon_clerk;
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SELECT attempt($$DELETE FROM jobs WHERE job_number = 'J2'$$);
BEGIN;
SELECT eryxon_delete('jobs', id('1', 1), hard => true);
ROLLBACK;
RESET ROLE;
ALTER POLICY see ON jobs USING (deleted_at IS NULL);
CREATE POLICY change ON jobs FOR UPDATE USING (true);
SET ROLE eryxon_clerk;
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SELECT attempt($$DELETE FROM jobs WHERE job_number = 'J2'$$);
RESET ROLE;
ALTER POLICY see ON jobs USING (job_number <> 'J1');
SET ROLE eryxon_clerk;
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
RESET ROLE;
DROP POLICY remove ON jobs;
ALTER POLICY see ON jobs USING (true);
SET ROLE eryxon_clerk;
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1), true)$$);
RESET ROLE;
SELECT live();
-- Row level security forced on the owner of what hangs on the row does not stop the cascade.
ALTER TABLE parts FORCE ROW LEVEL SECURITY;
ALTER TABLE parts OWNER TO eryxon_clerk;
ALTER POLICY eryxon_tenant ON parts USING (false);
BEGIN;
SELECT eryxon_delete('jobs', id('1', 1));
SELECT eryxon_restore('jobs', id('1', 1));
ROLLBACK;
ALTER TABLE parts OWNER TO CURRENT_USER;

-- A trigger of the user's that keeps a row from being written.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE UPDATE ON operations FOR EACH ROW WHEN (old.operation_name = 'O3') EXECUTE FUNCTION keep();
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SELECT attempt($$DELETE FROM jobs WHERE id = id('1', 1)$$);
SELECT attempt($$SELECT eryxon_delete('operations', id('3', 3))$$);
SELECT attempt($$DELETE FROM operations$$);
DROP TRIGGER keep ON operations;
CREATE TRIGGER keep BEFORE DELETE ON operations FOR EACH ROW WHEN (old.operation_name = 'O3') EXECUTE FUNCTION keep();
SELECT attempt($$SELECT eryxon_delete('operations', id('3', 3), true)$$);
DROP TRIGGER keep ON operations;
-- One that raises keeps its whole error.
CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'P0123', MESSAGE = 'not O3', HINT = 'ask first',
    CONSTRAINT = 'house_rule'; END $$;
CREATE TRIGGER object BEFORE UPDATE ON operations FOR EACH ROW WHEN (old.operation_name = 'O3')
    EXECUTE FUNCTION object();
SELECT attempt($$SELECT eryxon_delete('jobs', id('1', 1))$$);
SELECT attempt($$DELETE FROM jobs WHERE id = id('1', 1)$$);
DROP TRIGGER object ON operations;
SELECT live();

-- The trigger functions are for their triggers only, on attached tables only.
SELECT attempt($$SELECT eryxon.soft_delete()$$);
CREATE TABLE loose (id uuid NOT NULL, tenant_id uuid NOT NULL, deleted_at timestamptz);
CREATE TRIGGER t BEFORE DELETE ON loose FOR EACH ROW EXECUTE FUNCTION eryxon.soft_delete();
CREATE TRIGGER u BEFORE UPDATE ON loose FOR EACH ROW EXECUTE FUNCTION eryxon.soft_delete();
INSERT INTO loose VALUES (id('9', 1), id('a', 1));
SELECT attempt($$DELETE FROM loose$$);
SELECT attempt($$UPDATE loose SET id = NULL$$);
-- A row without id or tenant would belong to nobody.
DROP TRIGGER t ON loose;
DROP TRIGGER u ON loose;
SELECT eryxon_attach('loose', 'loose') ->> 'warnings';
ALTER TABLE loose ALTER COLUMN tenant_id DROP NOT NULL;
UPDATE loose SET tenant_id = NULL;
SELECT attempt($$DELETE FROM loose$$);
UPDATE loose SET tenant_id = id('a', 1);
ALTER TABLE loose ALTER COLUMN tenant_id SET NOT NULL;
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM loose;
COMMIT;
SELECT count(*) FROM loose;
-- Where the trigger for each row fires but the one at the end of statements does not, each row is handled at once.
BEGIN;
ALTER TABLE jobs ENABLE ALWAYS TRIGGER zz_eryxon_soft_delete;
SET LOCAL session_replication_role = replica;
DELETE FROM jobs;
SELECT live();
ROLLBACK;
DROP TRIGGER zz_eryxon_soft_delete_noted ON jobs;
DELETE FROM jobs;
SELECT live();
SELECT eryxon_restore('jobs', id('1', 1)) ->> 'children';
-- An entity that does not keep deleted rows.
SELECT eryxon_attach('operations', 'operations', '{"soft_delete":false}') ->> 'triggers';
SELECT eryxon_delete('operations', id('3', 2));
SELECT count(*) FROM operations WHERE id = id('3', 2);
-- As a child it stays.
SELECT eryxon_delete('jobs', id('1', 1));
SELECT live();
-- After detach DELETE deletes.
SELECT eryxon_detach('jobs');
DELETE FROM jobs WHERE job_number = 'J1';
SELECT count(*) FROM jobs WHERE job_number = 'J1';
SELECT count(*) FROM parts WHERE job_id = id('1', 1);

DROP OWNED BY eryxon_clerk;
DROP ROLE eryxon_clerk;
\c :home
DROP DATABASE eryxon_delete;
