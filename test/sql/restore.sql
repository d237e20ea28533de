-- Restoring rows: exactly what went with them, all or nothing.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_restore TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_restore
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

-- The unit of each root is its own: what was deleted before or apart stays deleted.
SELECT eryxon_delete('operations', id('3', 7));
SELECT eryxon_delete('parts', id('2', 2));
SELECT eryxon_delete('jobs', id('1', 1));
SELECT live();
SELECT row_entity, row_id, entity, root FROM eryxon.soft_delete ORDER BY row_id;
SELECT eryxon_restore('jobs', id('1', 1));
SELECT live();
SELECT DISTINCT deleted_by, deleted_at FROM jobs;
SELECT row_entity, row_id, entity, root FROM eryxon.soft_delete ORDER BY row_id;
SELECT eryxon_restore('parts', id('2', 2));
SELECT eryxon_restore('operations', id('3', 7));
SELECT live();
SELECT count(*) FROM eryxon.soft_delete;

-- Errors.
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 1))$$);
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 9))$$);
SELECT attempt($$SELECT eryxon_restore('jobs', NULL)$$);
SELECT attempt($$SELECT eryxon_restore(NULL, id('1', 1))$$);
SELECT attempt($$SELECT eryxon_restore('nails', id('1', 1))$$);
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 1))$$);
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

-- Not under a deleted parent.
SELECT eryxon_delete('parts', id('2', 1)) ->> 'children';
SELECT eryxon_delete('jobs', id('1', 1)) ->> 'children';
SELECT attempt($$SELECT eryxon_restore('parts', id('2', 1))$$);
SELECT attempt($$SELECT eryxon_restore('parts', id('2', 3))$$);
SELECT attempt($$SELECT eryxon_restore('parts', id('2', 2))$$);
SELECT attempt($$SELECT eryxon_restore('operations', id('3', 6))$$);
-- A row of a unit, once its parent is back by other means, takes along what hangs on it.
UPDATE jobs SET deleted_at = NULL WHERE id = id('1', 1);
SELECT eryxon_restore('parts', id('2', 3));
SELECT eryxon_restore('parts', id('2', 1));
SELECT live();
SELECT row_entity, row_id FROM eryxon.soft_delete;
-- The job's own record is out of date, and no harm.
SELECT eryxon_delete('jobs', id('1', 1)) ->> 'children';
SELECT row_entity, count(*) FROM eryxon.soft_delete GROUP BY 1 ORDER BY 1;

-- A natural key taken meanwhile: nothing comes back.
INSERT INTO jobs (id, tenant_id, job_number) VALUES (id('1', 7), id('a', 1), 'J1');
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 1))$$);
SELECT live();
UPDATE jobs SET job_number = 'J7' WHERE id = id('1', 7);
SELECT eryxon_restore('jobs', id('1', 1)) ->> 'children';
SELECT eryxon_delete('parts', id('2', 1)) ->> 'children';
INSERT INTO parts (id, tenant_id, job_id, part_number) VALUES (id('2', 7), id('a', 1), id('1', 1), 'P2');
SELECT attempt($$SELECT eryxon_restore('parts', id('2', 1))$$);
SELECT live();
DELETE FROM parts WHERE id = id('2', 7);
SELECT eryxon_restore('parts', id('2', 1)) ->> 'children';

-- Rows that were changed, revived or removed by hand since.
SELECT eryxon_delete('jobs', id('1', 1)) ->> 'children';
UPDATE operations SET deleted_at = NULL WHERE id = id('3', 2);
UPDATE operations SET deleted_at = deleted_at - interval '1 day' WHERE id = id('3', 3);
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM operations WHERE id = id('3', 4);
COMMIT;
SELECT eryxon_restore('jobs', id('1', 1)) ->> 'children';
SELECT live();
SELECT row_entity, row_id FROM eryxon.soft_delete WHERE row_entity = 'operations';
-- One whose parent left the unit and was deleted again stays with that.
SELECT eryxon_delete('jobs', id('1', 1)) ->> 'children';
UPDATE jobs SET deleted_at = NULL WHERE id = id('1', 1);
SELECT eryxon_restore('parts', id('2', 3)) ->> 'children';
SELECT eryxon_delete('parts', id('2', 3)) ->> 'children';
UPDATE jobs SET deleted_at = s.deleted_at FROM eryxon.soft_delete s WHERE s.row_id = jobs.id AND jobs.id = id('1', 1);
SELECT eryxon_restore('jobs', id('1', 1)) ->> 'children';
SELECT live();
SELECT eryxon_restore('parts', id('2', 3)) ->> 'children';

-- Not with a reference to a cell that is deleted.
DELETE FROM operations WHERE id = id('3', 8);
DELETE FROM jobs WHERE id = id('1', 1);
UPDATE operations SET cell_id = id('4', 2) WHERE id IN (id('3', 8), id('3', 9));
DELETE FROM cells WHERE id = id('4', 1);
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 1))$$);
SELECT eryxon_restore('cells', id('4', 1));
SELECT eryxon_restore('jobs', id('1', 1)) ->> 'children';
SELECT eryxon_restore('operations', id('3', 8)) ->> 'children';

-- Delete, restore and delete again in one transaction.
BEGIN;
DELETE FROM jobs WHERE id = id('1', 2);
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';
DELETE FROM operations WHERE id = id('3', 8);
DELETE FROM jobs WHERE id = id('1', 2);
SELECT row_entity, row_id, entity, root FROM eryxon.soft_delete WHERE deleted_at = now() ORDER BY row_id;
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';
ROLLBACK;

-- Triggers of the user's: one that raises, one that keeps rows from being written.
DELETE FROM jobs WHERE id = id('1', 2);
CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'operations stay deleted'; END $$;
CREATE TRIGGER object BEFORE UPDATE ON operations FOR EACH ROW EXECUTE FUNCTION object();
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 2))$$);
DROP TRIGGER object ON operations;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE UPDATE ON operations FOR EACH ROW EXECUTE FUNCTION keep();
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 2))$$);
DROP TRIGGER keep ON operations;
-- A role that sees the row but may not write it.
CREATE ROLE eryxon_reader;
GRANT SELECT, UPDATE ON jobs TO eryxon_reader;
DROP POLICY eryxon_tenant ON jobs;
CREATE POLICY see ON jobs FOR SELECT USING (true);
SET ROLE eryxon_reader;
SELECT attempt($$SELECT eryxon_restore('jobs', id('1', 2))$$);
RESET ROLE;
SELECT live();
SELECT eryxon_restore('jobs', id('1', 2)) ->> 'children';
SELECT live();
DROP OWNED BY eryxon_reader;
DROP ROLE eryxon_reader;
\c :home
DROP DATABASE eryxon_restore;
