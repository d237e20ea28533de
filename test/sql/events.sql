-- Events: which changes of rows are told, how, and as whose.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_events TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_events
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();

-- The events since the last call, in order.
CREATE TABLE seen (position bigint NOT NULL);
INSERT INTO seen VALUES (0);
CREATE FUNCTION told(OUT what text, OUT key text, OUT source text, OUT changes text) RETURNS SETOF record
    LANGUAGE plpgsql AS $$
DECLARE
    last bigint := (SELECT position FROM seen);
BEGIN
    PERFORM eryxon.settle_events(w.tenant_id) FROM (SELECT DISTINCT o.tenant_id FROM eryxon.event_outbox o) w;
    UPDATE seen SET position = eryxon.feed_head();
    RETURN QUERY
    SELECT e.type, concat_ws('/', e.external_source, e.external_id), e.source,
           (SELECT string_agg(format('%s: %s > %s', c ->> 'field', c -> 'old', c -> 'new'), ', ' ORDER BY n)
              FROM jsonb_array_elements(e.changes) WITH ORDINALITY AS a(c, n) WHERE c ->> 'field' !~ '_id$')
      FROM eryxon.event e WHERE e.position > last ORDER BY e.position;
END
$$;

\pset format unaligned
\pset tuples_only on
\pset null -
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

\echo == nothing while capture is off
SELECT eryxon_upsert('cells', '{"external_id":"C","external_source":"SAP","name":"Saw"}') ->> 'action';
SELECT * FROM told();

\echo == new rows with their children, and each run
SET eryxon.capture_events = on;
SELECT eryxon_sync('{"jobs":[{"external_id":"J","external_source":"SAP","job_number":"1",'
                   '"due_date":"2027-03-01T06:00:00+02:00",
    "metadata":{"weight":1.50,"tags":[null,true]},"parts":[{"external_id":"P","part_number":"1",
      "file_paths":["a \"b\"","c"],
    "operations":[{"external_id":"O","operation_name":"Cut","cell_name":"Saw","estimated_time":12.25,
      "status":"on_hold"}]}]}]}') -> 'summary' ->> 'created';
SELECT * FROM told();

\echo == what changes nothing is not told, nor is a run that did nothing
SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id":"J","external_source":"SAP","job_number":"1","due_date":"2027-03-01T06:00:00+02:00",
    "metadata":{"weight":1.50,"tags":[null,true]}}]', '{"skip_unchanged":true}') ->> 'skipped';
UPDATE jobs SET updated_at = now(), customer = customer;
SELECT * FROM told();

\echo == status by status
UPDATE operations SET status = 'in_progress';
UPDATE operations SET status = 'on_hold', notes = 'tool broke';
UPDATE operations SET status = 'completed';
UPDATE operations SET status = 'in_progress';
UPDATE operations SET status = 'not_started';
UPDATE jobs SET status = 'completed';
SELECT * FROM told();

\echo == one bad record leaves no event; a dry run and a diff leave none
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"J2","external_source":"SAP","job_number":"2"},{"external_id":"J3",'
                                  '"external_source":"SAP","job_number":"2"}]') ->> 'errors';
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"J4","external_source":"SAP","job_number":"4"}]',
    '{"dry_run":true}') ->> 'created';
SELECT eryxon_diff('{"jobs":[{"external_id":"J4","external_source":"SAP","job_number":"4"}]}') -> 'summary'
    ->> 'created';
SELECT * FROM told();

\echo == deletes and restores, by the shop floor and by the ERP
DELETE FROM jobs WHERE external_id = 'J';
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"J","external_source":"SAP","customer":"ACME"}]') ->> 'restored';
SELECT eryxon_delete_external('jobs', 'SAP', 'J') ->> 'action';
UPDATE jobs SET notes = 'nobody sees it' WHERE external_id = 'J';
SELECT eryxon_delete_external('jobs', 'SAP', 'J', true) ->> 'action';
SELECT eryxon_delete_external('jobs', 'SAP', 'J2', true) ->> 'action';
SELECT * FROM told();

\echo == a call of several sources: each row is changed by the one of its record
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"SAP","job_number":"A"},{"external_id":"B",'
                                  '"external_source":"Odoo","job_number":"B"}]') ->> 'created';
SELECT eryxon_sync('{"parts":[{"external_id":"A1","external_source":"Odoo","job_external_source":"SAP",'
                   '"job_external_id":"A","part_number":"A1"}]}') -> 'summary' ->> 'created';
SELECT eryxon_bulk_upsert('jobs', '[{"_op":"delete","external_id":"A","external_source":"SAP"}]') ->> 'deleted';
SELECT * FROM told();

\echo == what a trigger of others writes in the course of a call is a change of the shop floor
CREATE FUNCTION note_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE cells SET description = NEW.job_number;
    RETURN NULL; END $$;
CREATE TRIGGER note_job AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION note_job();
SELECT eryxon_upsert('jobs', '{"external_id":"B","external_source":"Odoo","customer":"x"}') ->> 'action';
DROP TRIGGER note_job ON jobs;
SELECT * FROM told();

\echo == local rows, several rows at once, INSERT ON CONFLICT
INSERT INTO cells (tenant_id, name, sequence) SELECT eryxon_tenant_id(), 'Cell ' || n, n FROM generate_series(7, 9) n;
INSERT INTO jobs AS j (id, tenant_id, job_number) SELECT id, tenant_id, job_number FROM jobs WHERE external_id = 'B'
    UNION ALL SELECT gen_random_uuid(), eryxon_tenant_id(), 'local'
    ON CONFLICT (id) DO UPDATE SET priority = j.priority + 1;
WITH gone AS (UPDATE jobs SET customer = 'CTE' WHERE job_number = 'local' RETURNING tenant_id)
UPDATE cells SET color = '#000000' WHERE name = 'Cell 7' AND EXISTS (SELECT FROM gone);
SELECT * FROM told();

\echo == ids that change, and a row that changes its tenant: neither tenant learns of the other
UPDATE cells SET id = gen_random_uuid() WHERE name = 'Cell 8';
UPDATE cells SET tenant_id = 'a0000000-0000-4000-8000-000000000002' WHERE name = 'Cell 9';
SELECT * FROM told();
SELECT tenant_id, type, changes @> '[{"field": "name", "old": "Cell 9"}]' FROM eryxon.event ORDER BY position DESC
    LIMIT 2;

\echo == option events of an entity overrides the setting
SELECT eryxon_attach('jobs', 'jobs', '{"events":false}') -> 'triggers';
UPDATE jobs SET customer = 'untold' WHERE external_id = 'B';
SET eryxon.capture_events = off;
SELECT eryxon_attach('cells', 'cells', '{"events":true}') -> 'triggers';
UPDATE cells SET description = 'told' WHERE name = 'Saw';
SELECT * FROM told();
SET eryxon.capture_events = on;

\echo == values that are stored elsewhere, of every kind of type
CREATE TYPE grade AS ENUM ('low', 'high');
CREATE DOMAIN word AS text;
CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, small smallint, big bigint,
    exact numeric(9, 3),
    rough double precision, yes boolean, day date, hour timestamp, moment timestamptz, words text[], doc json,
        docb jsonb, grade grade,
    word word, fixed char(4), address inet, status grade, private text);
SELECT eryxon_attach('tools', 'tools') -> 'warnings';
SELECT eryxon_map_field('tools', attname, '{}') FROM pg_attribute
 WHERE attrelid = 'tools'::regclass AND attnum > 2 AND attname !~ '^(external|synced|sync|deleted)_'
     AND attname <> 'private';
INSERT INTO tools (tenant_id, small, big, exact, rough, yes, day, hour, moment, words, doc, docb, grade, word, fixed,
    address, status, private)
VALUES (eryxon_tenant_id(), 1, 2, 'NaN', 'Infinity', true, '2027-01-02', '2027-01-02 03:04', '2027-01-02 03:04+02',
    '{a,NULL}', '{"b" : 1}', '{"b" : 1.0}', 'low', repeat('long ', 5000), 'f', '10.0.0.1', 'low', 'p');
SET TimeZone = 'Asia/Tokyo';
UPDATE tools SET exact = 1.5, rough = 0.1, moment = 'infinity', grade = 'high', private = 'q';
UPDATE tools SET private = 'r';
RESET TimeZone;
SELECT what, left(changes, 380) FROM told();

\echo == values that are too large, too deep, or no JSON are left out, and the event says so; the others are told, and the row is written
CREATE FUNCTION told_values(OUT field text, OUT old text, OUT new text, OUT omitted text) RETURNS SETOF record
    LANGUAGE plpgsql AS $$
DECLARE
    last bigint := (SELECT position FROM seen);
BEGIN
    PERFORM eryxon.settle_events(eryxon_tenant_id());
    UPDATE seen SET position = eryxon.feed_head();
    RETURN QUERY
    SELECT c ->> 'field', left(c ->> 'old', 20) || ' ' || length(c ->> 'old'),
        left(c ->> 'new', 20) || ' ' || length(c ->> 'new'), c ->> 'omitted'
      FROM eryxon.event e, jsonb_array_elements(e.changes) WITH ORDINALITY AS a(c, n) WHERE e.position > last
          ORDER BY e.position, n;
END
$$;
UPDATE tools SET word = repeat('x', 65536);
UPDATE tools SET word = repeat('y', 65537), small = 2;
UPDATE tools SET word = repeat('z', 70000), docb = to_jsonb(repeat('d', 65530));
UPDATE tools SET word = 'short', docb = jsonb_build_array(repeat('d', 40000), repeat('e', 40000));
UPDATE tools SET docb = (repeat('[', 50) || repeat(']', 50))::jsonb;
UPDATE tools SET docb = (repeat('[', 51) || repeat(']', 51))::jsonb;
UPDATE tools SET docb = ('{"a":' || repeat('[', 998) || repeat(']', 998) || '}')::jsonb;
UPDATE tools SET docb = '[1e100000]', doc = '{"a":"\u0000"}', small = 3;
UPDATE tools SET docb = '{}', doc = (repeat('[', 4000) || repeat(']', 4000))::json;
SELECT * FROM told_values();

\echo == what is changed while a row is deleted is told when it comes back: all its fields
SELECT eryxon_attach('jobs', 'jobs', '{"events":true}') -> 'triggers' IS NOT NULL;
INSERT INTO jobs (id, tenant_id, job_number, customer, priority)
    VALUES ('e0000000-0000-4000-8000-00000000000a', eryxon_tenant_id(), 'away', 'A', 0);
DELETE FROM jobs WHERE job_number = 'away';
SELECT count(*) FROM told();
UPDATE jobs SET customer = NULL, priority = 7, metadata = '{"a":1}' WHERE job_number = 'away';
SELECT * FROM told();
SELECT eryxon_restore('jobs', 'e0000000-0000-4000-8000-00000000000a') ->> 'action';
SELECT * FROM told();
SELECT eryxon_attach('jobs', 'jobs', '{"events":false}') -> 'triggers' IS NOT NULL;

\echo == ids: each its own, made with the event, those of a statement in a row
INSERT INTO cells (tenant_id, name, sequence) SELECT eryxon_tenant_id(), 'Ids ' || n, 40 + n
    FROM generate_series(1, 300) n;
CREATE TABLE waiting AS SELECT id FROM eryxon.event_outbox;
SELECT count(DISTINCT id), count(DISTINCT left(id::text, 28)), count(DISTINCT right(id::text, 8)) FROM waiting;
SELECT count(*) FROM told() WHERE what = 'cell.created';
SELECT count(*) FROM eryxon.event JOIN waiting USING (id);

\echo == partitions: rows that move are told once; what is done to a partition itself is not
CREATE TABLE kits (id uuid, tenant_id uuid, name text, PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id);
CREATE TABLE kits_1 PARTITION OF kits FOR VALUES IN ('a0000000-0000-4000-8000-000000000001');
CREATE TABLE kits_2 (name text, tenant_id uuid NOT NULL, id uuid NOT NULL);
ALTER TABLE kits ATTACH PARTITION kits_2 FOR VALUES IN ('a0000000-0000-4000-8000-000000000002');
SELECT eryxon_attach('kits', 'kits') -> 'warnings';
SELECT eryxon_map_field('kits', 'name', '{}');
SELECT eryxon_bulk_upsert('kits', '[{"external_id":"K","external_source":"SAP","name":"one"},{"external_id":"L",'
                                  '"external_source":"SAP","name":"two"}]') ->> 'created';
UPDATE kits SET name = name || '!';
UPDATE kits SET tenant_id = 'a0000000-0000-4000-8000-000000000002', name = 'moved' WHERE external_id = 'K';
UPDATE kits_1 SET name = 'quiet';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON kits_2 FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO kits (id, tenant_id, name) VALUES ('e0000000-0000-4000-8000-000000000009', eryxon_tenant_id(), 'three');
UPDATE kits SET tenant_id = CASE WHEN external_id = 'L' THEN 'a0000000-0000-4000-8000-000000000002'::uuid
    ELSE tenant_id END, name = 'last'
 WHERE tenant_id = eryxon_tenant_id();
UPDATE kits SET tenant_id = 'a0000000-0000-4000-8000-000000000002' WHERE tenant_id = eryxon_tenant_id();
SELECT * FROM told();

\echo == what an AFTER trigger does to the same row comes behind, however deep, also in the first statement of a session
CREATE TABLE steps (n integer);
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.description = 'one' THEN INSERT INTO steps VALUES (2);
    ELSIF TG_OP = 'INSERT' THEN UPDATE cells SET description = 'one' WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION deeper() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE cells SET description = 'two'
    WHERE description = 'one'; RETURN NULL; END $$;
CREATE TRIGGER follow AFTER INSERT OR UPDATE ON cells FOR EACH ROW EXECUTE FUNCTION follow();
CREATE TRIGGER deeper AFTER INSERT ON steps FOR EACH STATEMENT EXECUTE FUNCTION deeper();
ALTER DATABASE eryxon_events SET eryxon.capture_events = on;
ALTER DATABASE eryxon_events SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
\c
INSERT INTO cells (tenant_id, name, sequence) VALUES (eryxon_tenant_id(), 'Nested', 30);
\c
SET client_min_messages = warning;
UPDATE cells SET description = 'one' WHERE name = 'Nested';
SELECT * FROM told();
DROP TRIGGER follow ON cells;
ALTER DATABASE eryxon_events RESET ALL;

\echo == a publication of all tables, and databases with other defaults, hold up nothing
SET client_min_messages = error;
ALTER TABLE seen REPLICA IDENTITY FULL;
CREATE PUBLICATION everything FOR ALL TABLES;
SET client_min_messages = warning;
ALTER DATABASE eryxon_events SET default_transaction_isolation = 'repeatable read';
ALTER DATABASE eryxon_events SET default_transaction_read_only = on;
UPDATE cells SET description = 'published' WHERE name = 'Nested';
SELECT * FROM told();
DROP PUBLICATION everything;
ALTER DATABASE eryxon_events RESET ALL;

\echo == a table whose columns have gone and come
CREATE TABLE odd (gone text, id uuid NOT NULL, name text, tenant_id uuid NOT NULL);
ALTER TABLE odd DROP COLUMN gone;
SELECT eryxon_attach('odd', 'odd') -> 'warnings';
SELECT eryxon_map_field('odd', 'name', '{}');
INSERT INTO odd VALUES (gen_random_uuid(), 'a', 'a0000000-0000-4000-8000-000000000002'),
    (gen_random_uuid(), 'b', eryxon_tenant_id());
UPDATE odd SET tenant_id = eryxon_tenant_id() WHERE name = 'a';
ALTER TABLE odd RENAME COLUMN name TO title;
UPDATE odd SET title = upper(title);
ALTER TABLE odd RENAME COLUMN title TO name;
UPDATE odd SET id = gen_random_uuid() WHERE name = 'A';
SELECT * FROM told();

\echo == a role that may write the table, and no more, makes events like any other
CREATE ROLE regress_events_clerk;
GRANT SELECT, UPDATE ON cells TO regress_events_clerk;
SET ROLE regress_events_clerk;
UPDATE cells SET description = 'by the clerk' WHERE name = 'Saw';
SELECT FROM eryxon.event_outbox;
RESET ROLE;
SELECT * FROM told();

\echo == COPY, MERGE, savepoints, and columns that come within the transaction
COPY cells (tenant_id, name, sequence) FROM STDIN;
a0000000-0000-4000-8000-000000000001	Copied	20
\.
MERGE INTO cells c USING (VALUES ('Copied'), ('Merged')) v(name) ON c.name = v.name
    WHEN MATCHED THEN UPDATE SET description = 'm' WHEN NOT MATCHED THEN INSERT (tenant_id, name, sequence)
        VALUES (eryxon_tenant_id(), v.name, 21);
BEGIN;
SAVEPOINT before;
UPDATE cells SET description = 'undone';
ROLLBACK TO before;
ALTER TABLE cells ADD COLUMN shift integer;
SELECT eryxon_map_field('cells', 'shift', '{}');
UPDATE cells SET shift = 2 WHERE name = 'Merged';
COMMIT;
SELECT * FROM told();

\echo == detached: silence
SELECT eryxon_detach('kits');
UPDATE kits SET name = 'silent';
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'kits'::regclass AND NOT tgisinternal;
SELECT * FROM told();

\echo == what was written into the outbox by hand holds up nothing
SELECT eryxon.change_list(c::jsonb)
    FROM unnest(ARRAY['{"b":[1,null],"a":["x",{"y":[]}]}', '{}', '[{"field":"a"}]', 'null', '"a"',
    '{"a":1,"b":[1],"c":[1,2]}', '{"big":{"old":1,"omitted":{"new":70000}},"none":{"x":1},"empty":{}}']) c;
SELECT md5(eryxon.change_list(jsonb_build_object('b', jsonb_build_array(v, null), 'abc',
    jsonb_build_array(null, v)))::text)
     = md5(jsonb_build_array(jsonb_build_object('field', 'abc', 'old', null, 'new', v),
         jsonb_build_object('field', 'b', 'old', v, 'new', null))::text)
  FROM (VALUES ((repeat('[', 4000) || repeat(']', 4000))::jsonb), ('[1.50,{"a":-1e-7,"bb":[]},"ä",true]'), ('"x"'),
      ('123456789012345678901234567890')) AS t(v);

\echo == the trigger function is for triggers
SELECT eryxon.write_events();

\c :home
DROP DATABASE eryxon_events;
DROP ROLE regress_events_clerk;
