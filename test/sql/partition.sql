-- Tables partitioned by tenant: deletes by root and by partition, and rows that change their tenant.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_partition TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_partition
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

CREATE TABLE kits (
    id uuid, tenant_id uuid, name text, inside uuid, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, inside) REFERENCES kits ON DELETE CASCADE) PARTITION BY LIST (tenant_id);
CREATE TABLE kits_1 PARTITION OF kits FOR VALUES IN ('a0000000-0000-4000-8000-000000000001');
CREATE TABLE kits_2 PARTITION OF kits FOR VALUES IN ('a0000000-0000-4000-8000-000000000002');
CREATE TABLE kits_rest PARTITION OF kits DEFAULT PARTITION BY HASH (tenant_id);
CREATE TABLE kits_rest_0 PARTITION OF kits_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE pieces (
    id uuid, tenant_id uuid, kit_id uuid, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, kit_id) REFERENCES kits ON DELETE CASCADE ON UPDATE CASCADE) PARTITION BY HASH (tenant_id);
CREATE TABLE pieces_0 PARTITION OF pieces FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pieces_1 PARTITION OF pieces FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT eryxon_attach(t, t::regclass) ->> 'triggers' FROM unnest(ARRAY['kits', 'pieces']) t;
INSERT INTO kits SELECT id('1', 10 * t + n), id('a', t), 'K' || 10 * t + n, CASE n WHEN 2 THEN id('1', 10 * t + 1) END
  FROM generate_series(1, 3) t, generate_series(1, 3) n;
INSERT INTO pieces SELECT id('2', 10 * t + n), id('a', t), id('1', 10 * t + n) FROM generate_series(1, 3) t,
    generate_series(1, 3) n;
CREATE FUNCTION rows(OUT kits text, OUT pieces text) LANGUAGE sql AS $$
    SELECT (SELECT string_agg(right(id::text, 2) || CASE WHEN deleted_at IS NULL THEN '' ELSE '-' END, ',' ORDER BY id)
        FROM kits),
           (SELECT string_agg(right(id::text, 2) || CASE WHEN deleted_at IS NULL THEN '' ELSE '-' END, ',' ORDER BY id)
               FROM pieces)
$$;
SELECT rows();

-- By function, by root, by partition at either level.
SELECT eryxon_delete('kits', id('1', 11));
SELECT rows();
SELECT eryxon_restore('kits', id('1', 11));
DELETE FROM kits WHERE name LIKE 'K_1';
SELECT rows();
SELECT entity, root, count(*) FROM eryxon.soft_delete GROUP BY 1, 2 ORDER BY 2;
DELETE FROM kits_2;
SELECT rows();
DELETE FROM kits_rest;
SELECT rows();
BEGIN;
SET LOCAL eryxon.hard_delete = on;
DELETE FROM kits_rest_0;
COMMIT;
SELECT rows();
SELECT count(*) FROM eryxon.soft_delete WHERE tenant_id = id('a', 3);
SELECT eryxon_restore('kits', id('1', 11)) ->> 'children';
SELECT eryxon_delete('kits', id('1', 11), true);
SELECT rows();
-- A partition made later has the row's trigger but not the one at the end of statements: rows go one by one there.
CREATE TABLE kits_4 PARTITION OF kits FOR VALUES IN ('a0000000-0000-4000-8000-000000000004');
INSERT INTO kits SELECT id('1', 40 + n), id('a', 4), 'K4' || n, NULL FROM generate_series(1, 2) n;
INSERT INTO pieces VALUES (id('2', 41), id('a', 4), id('1', 41));
DELETE FROM kits WHERE tenant_id = id('a', 4);
SELECT rows();
SELECT eryxon_attach('kits', 'kits') ->> 'triggers';
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'kits_4'::regclass AND NOT tgisinternal;

-- A row that changes its tenant moves; nothing of it is deleted.
UPDATE kits SET tenant_id = id('a', 2) WHERE id = id('1', 13);
SELECT tableoid::regclass, tenant_id, deleted_at FROM kits WHERE id = id('1', 13);
SELECT tenant_id, deleted_at FROM pieces WHERE kit_id = id('1', 13);
UPDATE kits SET tenant_id = id('a', 1) WHERE name = 'K13' RETURNING tableoid::regclass;
SELECT count(*), count(deleted_at) FROM kits WHERE id = id('1', 13);
-- A trigger that keeps the row where it is: a delete after that is a soft one.
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER zzz_stay BEFORE UPDATE OF tenant_id ON kits FOR EACH ROW EXECUTE FUNCTION stay();
BEGIN;
UPDATE kits SET tenant_id = id('a', 2) WHERE id = id('1', 13);
DELETE FROM kits WHERE id = id('1', 13);
SELECT tableoid::regclass, deleted_at IS NULL FROM kits WHERE id = id('1', 13);
ROLLBACK;
DROP TRIGGER zzz_stay ON kits;
-- A trigger that runs other statements, and moves other rows, between the two.
CREATE TABLE log (line text);
CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        INSERT INTO log VALUES (new.name);
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
    INSERT INTO kits VALUES (gen_random_uuid(), id('a', 9), 'other');
    UPDATE kits SET tenant_id = id('a', 4) WHERE name = 'other' AND tenant_id = id('a', 9);
    RETURN new;
END
$$;
CREATE TRIGGER zzz_busy BEFORE UPDATE OF tenant_id ON kits_1 FOR EACH ROW EXECUTE FUNCTION busy();
UPDATE kits SET tenant_id = id('a', 2) WHERE id = id('1', 13);
SELECT tableoid::regclass, deleted_at IS NULL FROM kits WHERE id = id('1', 13);
SELECT tableoid::regclass, deleted_at IS NULL FROM kits WHERE name = 'other';
-- Many at once.
UPDATE kits SET tenant_id = id('a', 5) WHERE name = 'K13' OR name = 'other';
SELECT tableoid::regclass, count(*), count(deleted_at) FROM kits WHERE name = 'K13' OR name = 'other' GROUP BY 1;
\c :home
DROP DATABASE eryxon_partition;
