-- What an event names: its row, the rows above it and those that it refers to, its run and who made the change.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_event_keys TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_event_keys
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();

-- The events since the last call: each key as external source, external id and number.
CREATE TABLE seen (token text);
INSERT INTO seen VALUES (NULL);
CREATE FUNCTION told(OUT what text, OUT keys text, OUT source text, OUT run boolean, OUT by_user text)
    RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    page jsonb := eryxon_changes((SELECT token FROM seen));
BEGIN
    UPDATE seen SET token = page ->> 'next';
    RETURN QUERY
    SELECT e ->> 'type',
           (SELECT string_agg(k || ' ' || concat_ws('/', v ->> 'entity', coalesce(v ->> 'external_source', '-'),
                coalesce(v ->> 'external_id', '-'), coalesce(v ->> 'number', '-')), ', ' ORDER BY k COLLATE "C")
              FROM jsonb_each(e -> 'keys') AS a(k, v)),
           e ->> 'source', e ->> 'run_id' IS NOT NULL, e ->> 'user_id'
      FROM jsonb_array_elements(page -> 'events') WITH ORDINALITY AS a(e, n) ORDER BY n;
END
$$;

\pset format unaligned
\pset tuples_only on
\pset null -
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;

\echo == a tree, with a part of a part
SELECT eryxon_bulk_upsert('cells', '[{"external_id":"C1","external_source":"SAP","name":"Saw"},
    {"external_id":"C2","external_source":"SAP","name":"Laser"}]') ->> 'created';
SELECT eryxon_sync('{"jobs":[{"external_id":"J","external_source":"SAP","job_number":"1000","parts":[
    {"external_id":"P","part_number":"10","operations":[{"external_id":"O","operation_name":"Cut","cell_name":"Saw"}]},
    {"external_id":"S","part_number":"11","parent_part_external_id":"P"}]}]}') -> 'summary' ->> 'created';
SELECT * FROM told() ORDER BY what, keys;

\echo == the run is the one that the call names, and the shop floor has none
SET eryxon.user_id = 'b0000000-0000-4000-8000-000000000002';
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"J","external_source":"SAP","customer":"ACME"}]') ->> 'run_id'
    AS run \gset
UPDATE operations SET status = 'in_progress';
RESET eryxon.user_id;
SELECT e ->> 'type', e ->> 'run_id' = :'run', e ->> 'user_id'
  FROM jsonb_array_elements(eryxon_changes((SELECT token FROM seen)) -> 'events') e;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"J","external_source":"SAP","customer":"B"}]',
    '{"record_history":false}') ->> 'run_id';
SELECT * FROM told();

\echo == keys are those of the moment
UPDATE jobs SET job_number = '2000', external_id = 'K';
UPDATE operations SET notes = 'later', cell_id = (SELECT id FROM cells WHERE name = 'Laser');
BEGIN;
UPDATE jobs SET job_number = '3000';
UPDATE operations SET notes = 'within';
UPDATE jobs SET job_number = '4000';
COMMIT;
SELECT * FROM told();

\echo == what goes with its parent names it, also when it comes back
SELECT eryxon_delete_external('jobs', 'SAP', 'K') -> 'children';
SELECT * FROM told() ORDER BY what, keys;
SELECT eryxon_restore('jobs', id) ->> 'action' FROM jobs;
SELECT * FROM told() ORDER BY what, keys;

\echo == of what is really gone there is the id
SELECT eryxon_delete_external('jobs', 'SAP', 'K', hard => true) -> 'children';
SELECT * FROM told() ORDER BY what, keys;

\echo == a statement over more rows than are remembered at once, and of two tenants
SELECT eryxon_bulk_upsert('jobs', (SELECT jsonb_agg(jsonb_build_object('external_id', 'M' || i, 'external_source',
    'SAP', 'job_number', 'M' || i, 'parts', jsonb_build_array(jsonb_build_object('external_id', 'N' || i,
    'part_number', 'N' || i)))) FROM generate_series(1, 10500) i), '{"results":"none"}') ->> 'created';
SET eryxon.tenant_id = 'c0000000-0000-4000-8000-000000000003';
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"M1","external_source":"SAP","job_number":"of another",
    "parts":[{"external_id":"N1","part_number":"of another"}]}]') ->> 'created';
UPDATE parts SET material = 'steel';
SELECT eryxon.position_events(100000) > 0;
SELECT count(*), count(*) FILTER (WHERE e.keys -> 'job' ->> 'external_id' = 'M' || substr(e.external_id, 2)),
       count(*) FILTER (WHERE e.keys -> 'job' ->> 'number' = 'of another')
  FROM eryxon.event e WHERE e.type = 'part.updated' AND e.changes @> '[{"field":"material","new":"steel"}]';
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

\echo == keys of tables that the reader may not read are left out
CREATE ROLE eryxon_keys_reader;
GRANT EXECUTE ON FUNCTION eryxon_changes TO eryxon_keys_reader;
GRANT SELECT ON parts TO eryxon_keys_reader;
UPDATE seen SET token = eryxon_changes(NULL, 1) ->> 'next';
SET ROLE eryxon_keys_reader;
SELECT DISTINCT jsonb_object_keys(e -> 'keys')
  FROM jsonb_array_elements(eryxon_changes(NULL, 10000, '{"type":"part.updated"}') -> 'events') e;
RESET ROLE;
DROP OWNED BY eryxon_keys_reader;
DROP ROLE eryxon_keys_reader;

\echo == a number of a domain, and one that is no text
CREATE DOMAIN order_number AS varchar(20) CHECK (value <> '');
ALTER TABLE jobs ALTER job_number TYPE order_number;
ALTER TABLE cells ALTER name TYPE character(8);
SELECT eryxon_upsert('parts', '{"external_id":"N1","external_source":"SAP","material":"brass","operations":[
    {"external_id":"O1","operation_name":"Bend","cell_name":"Saw"}]}') ->> 'action';
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT e.type, e.keys -> 'job' ->> 'number', e.keys -> 'cell' ->> 'number'
  FROM eryxon.event e WHERE e.row_id IN (SELECT id FROM operations) AND e.external_id = 'O1';
DROP INDEX jobs_live_number;
ALTER TABLE jobs ALTER job_number TYPE integer USING 7;
UPDATE parts SET material = 'lead' WHERE external_id = 'N1' AND tenant_id::text LIKE 'a%';
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT e.keys -> 'job' ->> 'external_id', e.keys -> 'job' ? 'number'
  FROM eryxon.event e WHERE e.entity = 'parts' ORDER BY position DESC LIMIT 1;

\echo == claims that cannot be read do not keep the shop floor from working
SET request.jwt.claims = 'nonsense';
UPDATE cells SET description = 'x' WHERE name = 'Saw';
RESET request.jwt.claims;
SELECT count(*) FROM eryxon.event_outbox WHERE type = 'cell.updated' AND user_id IS NULL;

\c :home
DROP DATABASE eryxon_event_keys;
