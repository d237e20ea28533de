-- What goes with what: foreign keys of every kind, to and from tables that are attached and tables that are not.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_cascade TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_cascade
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

-- Tenants, sites, orders, lines, notes and stamps: only orders, lines, notes and bins are attached.
CREATE TABLE tenants (id uuid PRIMARY KEY);
CREATE TABLE sites (tenant_id uuid REFERENCES tenants ON DELETE CASCADE, code text, PRIMARY KEY (tenant_id, code));
CREATE TABLE bins (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, name text);
CREATE TABLE orders (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL, number text, site text, kind char(8), UNIQUE (tenant_id, number),
        UNIQUE (number, kind),
    CONSTRAINT orders_site FOREIGN KEY (tenant_id, site) REFERENCES sites ON DELETE CASCADE);
CREATE TABLE lines (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL, order_number text, bin uuid,
    CONSTRAINT lines_order FOREIGN KEY (tenant_id, order_number) REFERENCES orders (tenant_id, number)
        ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT lines_bin FOREIGN KEY (bin) REFERENCES bins ON DELETE SET NULL);
CREATE TABLE notes (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL, line uuid,
    CONSTRAINT notes_line FOREIGN KEY (line) REFERENCES lines ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE stamps (line uuid REFERENCES lines ON DELETE CASCADE, note uuid REFERENCES notes ON DELETE RESTRICT);
SELECT eryxon_attach(t, t::regclass) ->> 'entity' FROM unnest(ARRAY['orders', 'lines', 'notes', 'bins']) t;
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS $$
    INSERT INTO tenants SELECT id('a', n) FROM generate_series(1, 2) n;
    INSERT INTO sites SELECT id('a', n), 'X' FROM generate_series(1, 2) n;
    INSERT INTO bins SELECT id('4', n), id('a', n), 'B' FROM generate_series(1, 2) n;
    INSERT INTO orders SELECT id('1', n), id('a', n), 'A', 'X', 'k' FROM generate_series(1, 1) n;
    INSERT INTO orders SELECT id('1', n), id('a', n), 'B', 'X', 'k' FROM generate_series(2, 2) n;
    INSERT INTO lines SELECT id('2', 10 * n + k), id('a', n), CASE n WHEN 1 THEN 'A' ELSE 'B' END, id('4', n)
      FROM generate_series(1, 2) n, generate_series(1, 2) k;
    INSERT INTO notes SELECT id('3', n), id('a', n), id('2', 10 * n + 1) FROM generate_series(1, 2) n;
$$;
CREATE FUNCTION rows(OUT orders text, OUT lines text, OUT notes text, OUT bins text) LANGUAGE sql AS $$
    SELECT (SELECT string_agg(number || CASE WHEN deleted_at IS NULL THEN '' ELSE '-' END, ',' ORDER BY id)
        FROM orders),
           (SELECT string_agg(right(id::text, 2) || CASE WHEN deleted_at IS NULL THEN '' ELSE '-' END, ',' ORDER BY id)
               FROM lines),
           (SELECT string_agg(right(id::text, 2) || CASE WHEN deleted_at IS NULL THEN '' ELSE '-' END, ',' ORDER BY id)
               FROM notes),
           (SELECT string_agg(right(id::text, 2) || CASE WHEN deleted_at IS NULL THEN '' ELSE '-' END, ',' ORDER BY id)
               FROM bins)
$$;
SELECT fill();
SELECT rows();

-- A key over other columns than the id cascades; a deferred one without action forbids, at once.
SELECT attempt($$SELECT eryxon_delete('orders', id('1', 1))$$);
SELECT attempt($$DELETE FROM orders$$);
SELECT attempt($$DELETE FROM lines WHERE id = id('2', 11)$$);
DELETE FROM notes WHERE id = id('3', 1);
SELECT eryxon_delete('orders', id('1', 1));
SELECT rows();
SELECT eryxon_restore('orders', id('1', 1));
SELECT rows();
-- The note refers to a line that is live again.
SELECT eryxon_delete('orders', id('1', 1));
SELECT attempt($$SELECT eryxon_restore('notes', id('3', 1))$$);
SELECT eryxon_restore('orders', id('1', 1));
SELECT eryxon_restore('notes', id('3', 1));
-- SET NULL neither takes along nor forbids.
SELECT eryxon_delete('bins', id('4', 1));
SELECT rows();
SELECT count(bin) FROM lines;
SELECT eryxon_restore('bins', id('4', 1));
-- References from tables that are not attached neither.
INSERT INTO stamps VALUES (id('2', 12), id('3', 1));
SELECT eryxon_delete('notes', id('3', 1)) ->> 'hard';
-- From PostgreSQL 18 on the server tells RESTRICT from other foreign keys.
SELECT replace(replace(attempt($$SELECT eryxon_delete('notes', id('3', 1), true)$$)::text, '23001', '23503'),
    'RESTRICT setting of ', '');
SELECT eryxon_delete('orders', id('1', 1)) ->> 'children';
SELECT count(*) FROM stamps;
SELECT eryxon_restore('orders', id('1', 1)) ->> 'children';
SELECT eryxon_restore('notes', id('3', 1)) ->> 'children';
DELETE FROM stamps;

-- What really goes takes everything: no orphans, live or deleted. Here tenant, site, order, line.
DELETE FROM notes;
DELETE FROM lines WHERE id = id('2', 12);
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM notes;
COMMIT;
DELETE FROM tenants WHERE id = id('a', 1);
SELECT rows();
SELECT count(*) FROM eryxon.soft_delete;
-- The same for the site alone, with row level security and as a role that owns nothing.
CREATE ROLE eryxon_janitor;
GRANT SELECT, DELETE ON sites TO eryxon_janitor;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE eryxon_janitor;
DELETE FROM sites;
RESET ROLE;
SELECT rows();
SELECT count(*) FROM eryxon.soft_delete;
ALTER TABLE orders DISABLE ROW LEVEL SECURITY;
ALTER TABLE lines DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DELETE FROM tenants;
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM bins;
COMMIT;

-- A hard delete follows the keys.
SELECT fill();
SELECT attempt($$SELECT eryxon_delete('orders', id('1', 1), true); SET CONSTRAINTS ALL IMMEDIATE$$);
DELETE FROM notes;
SELECT attempt($$SELECT eryxon_delete('orders', id('1', 1), true); SET CONSTRAINTS ALL IMMEDIATE$$);
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM notes;
COMMIT;
SELECT eryxon_delete('orders', id('1', 1), true);
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT eryxon_delete('bins', id('4', 2), true);
SELECT rows();
SELECT count(bin) FROM lines;
SELECT eryxon_delete('orders', id('1', 2));
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

-- A rule's parent reference that no foreign key backs; and one whose key does something else.
CREATE TABLE boxes (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, inside uuid);
CREATE TABLE things (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, box_id uuid, updated_at timestamptz);
SELECT eryxon_attach('boxes', 'boxes', '{"singular":"box"}') ->> 'entity';
SELECT eryxon_attach('things', 'things') ->> 'entity';
SELECT eryxon_map_field('boxes', 'inside', '{"column":"inside","references":{"entity":"boxes","parent":true}}');
SELECT eryxon_map_field('things', 'box', '{"column":"box_id","references":{"entity":"boxes","parent":true}}');
INSERT INTO boxes SELECT id('5', n), id('a', 1), CASE WHEN n > 1 THEN id('5', n - 1) END FROM generate_series(1, 5) n;
INSERT INTO things SELECT id('6', n), id('a', 1), id('5', n) FROM generate_series(1, 5) n;
INSERT INTO things VALUES (id('6', 9), id('a', 2), id('5', 5));
SELECT eryxon_delete('boxes', id('5', 3));
SELECT id, updated_at = deleted_at FROM things WHERE deleted_at IS NOT NULL ORDER BY id;
SELECT eryxon_restore('boxes', id('5', 3));
-- A ring of boxes.
UPDATE boxes SET inside = id('5', 5) WHERE id = id('5', 1);
SELECT eryxon_delete('boxes', id('5', 4));
SELECT eryxon_restore('boxes', id('5', 4));
DELETE FROM boxes;
SELECT count(DISTINCT root) FROM eryxon.soft_delete WHERE entity = 'boxes';
SELECT eryxon_restore('boxes', root) ->> 'children' FROM eryxon.soft_delete WHERE entity = 'boxes' LIMIT 1;
SELECT count(*) FROM boxes WHERE deleted_at IS NULL;
UPDATE boxes SET inside = NULL WHERE id = id('5', 1);
ALTER TABLE things ADD CONSTRAINT things_box FOREIGN KEY (box_id) REFERENCES boxes ON DELETE RESTRICT;
SELECT attempt($$SELECT eryxon_delete('boxes', id('5', 4))$$);
ALTER TABLE things DROP CONSTRAINT things_box;
ALTER TABLE things ADD CONSTRAINT things_box FOREIGN KEY (box_id) REFERENCES boxes ON DELETE SET NULL;
SELECT eryxon_delete('boxes', id('5', 4));
SELECT count(*) FROM things WHERE deleted_at IS NULL;
-- Deep chains.
INSERT INTO boxes SELECT id('7', n), id('a', 1), CASE WHEN n > 1 THEN id('7', n - 1) END FROM generate_series(1, 200) n;
SELECT eryxon_delete('boxes', id('7', 1)) ->> 'children';
SELECT eryxon_restore('boxes', id('7', 1)) ->> 'children';

-- Tables of different owners: each cascade acts as the owner of the child's table.
CREATE ROLE eryxon_ann;
CREATE ROLE eryxon_bob;
GRANT CREATE, USAGE ON SCHEMA public TO eryxon_ann, eryxon_bob;
CREATE TABLE trees (id uuid PRIMARY KEY, tenant_id uuid NOT NULL);
CREATE TABLE leaves (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, tree uuid REFERENCES trees
    ON DELETE CASCADE, seen_by text);
INSERT INTO trees VALUES (id('8', 1), id('a', 1));
INSERT INTO leaves VALUES (id('9', 1), id('a', 1), id('8', 1));
SELECT eryxon_attach(t, t::regclass) ->> 'entity' FROM unnest(ARRAY['trees', 'leaves']) t;
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.seen_by := current_user; RETURN new; END $$;
CREATE TRIGGER see BEFORE UPDATE ON leaves FOR EACH ROW EXECUTE FUNCTION see();
ALTER TABLE trees OWNER TO eryxon_ann;
ALTER TABLE leaves OWNER TO eryxon_bob;
SET ROLE eryxon_ann;
SELECT eryxon_delete('trees', id('8', 1));
RESET ROLE;
SELECT seen_by, deleted_at IS NULL FROM leaves;
SET ROLE eryxon_ann;
SELECT eryxon_restore('trees', id('8', 1));
DELETE FROM trees;
SELECT eryxon_delete('trees', id('8', 1), true);
RESET ROLE;
SELECT count(*) FROM leaves;
DROP OWNED BY eryxon_ann, eryxon_bob, eryxon_janitor;
DROP ROLE eryxon_ann, eryxon_bob, eryxon_janitor;
\c :home
DROP DATABASE eryxon_cascade;
