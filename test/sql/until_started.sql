-- Fields that are the ERP's until work has begun.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_until_started TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_until_started
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
\pset format unaligned
\pset tuples_only on
\pset null -
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

\echo == rules
SELECT eryxon_map_field('parts', 'quantity', '{"min":1,"default":1,"write":"until_started"}');
SELECT eryxon_map_field('parts', 'metadata', '{"write":"until_started"}');
SELECT eryxon_map_field('operations', 'notes', '{"aliases":["instructions"],"write":"until_started"}');
SELECT eryxon_map_field('parts', 'job', '{"required":true,"references":{"entity":"jobs","parent":true,'
                        '"children":"parts"},"write":"until_started"}');
SELECT eryxon_map_field('parts', 'quantity', '{"write":"until_begun"}');

SELECT eryxon_upsert('cells', '{"external_id":"C","external_source":"SAP","name":"Saw"}') ->> 'action';
SELECT eryxon_sync('{"jobs":[{"external_id":"J","external_source":"SAP","job_number":"1","parts":[
    {"external_id":"P1","part_number":"1","quantity":10,"operations":[
        {"external_id":"O1","operation_name":"Cut","cell_name":"Saw","notes":"first"}]},
    {"external_id":"P2","part_number":"2","quantity":20,"material":"steel"},
    {"external_id":"P3","part_number":"3","quantity":30,"parent_part_external_id":"P1"}]}]}')
    -> 'summary' ->> 'created';

CREATE FUNCTION answer(call jsonb) RETURNS TABLE (line text) LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'external_id', r ->> 'action', r -> 'warnings')
      FROM jsonb_array_elements(call -> 'results') AS r
$$;
CREATE VIEW parts_now AS SELECT external_id, quantity, material, metadata, status FROM parts ORDER BY external_id;

\echo == before work has begun all is written
SELECT answer(eryxon_bulk_upsert('parts', '[{"external_id":"P1","external_source":"SAP","quantity":11},
    {"external_id":"P2","external_source":"SAP","quantity":21,"metadata":{"a":1}}]'));
SELECT * FROM parts_now;

\echo == once an operation below has started, the part keeps what it has, and says so where that is another value
UPDATE operations SET status = 'in_progress' WHERE external_id = 'O1';
SELECT answer(eryxon_bulk_upsert('parts', '[
    {"external_id":"P1","external_source":"SAP","quantity":12,"material":"brass"},
    {"external_id":"P2","external_source":"SAP","quantity":22},
    {"external_id":"P3","external_source":"SAP","quantity":33}]'));
SELECT answer(eryxon_bulk_upsert('parts', '[
    {"external_id":"P1","external_source":"SAP","quantity":11,"material":"lead","metadata":null}]'));
SELECT * FROM parts_now;

\echo == a completed part keeps its quantity, in single calls, dry runs, diffs, trees and under replace alike
UPDATE parts SET status = 'completed' WHERE external_id = 'P2';
SELECT eryxon_upsert('parts', '{"external_id":"P2","external_source":"SAP","quantity":99,"metadata":{"b":2}}')
    -> 'warnings';
SELECT answer(eryxon_bulk_upsert('parts', '[{"external_id":"P2","external_source":"SAP","quantity":98,"notes":"x"}]',
    '{"dry_run":true}'));
SELECT jsonb_path_query(eryxon_diff('{"parts":[{"external_id":"P2","external_source":"SAP","quantity":97,
    "notes":"y"}]}'),
    '$.entities.parts.results[*].changes');
SELECT eryxon_sync('{"jobs":[{"external_id":"J","external_source":"SAP","parts":[
    {"external_id":"P2","quantity":96},{"external_id":"P1","quantity":10,"operations":[
        {"external_id":"O1","instructions":"second"}]},{"external_id":"P3","quantity":31}]}]}',
    '{"children":"replace"}') #> '{entities,jobs,results,0,warnings}';
SELECT * FROM parts_now;
SELECT external_id, notes FROM operations;

\echo == a row that comes back after work on it keeps it, too; one that is new takes the value
DELETE FROM parts WHERE external_id = 'P2';
SELECT answer(eryxon_bulk_upsert('parts', '[{"external_id":"P2","external_source":"SAP","quantity":50},
    {"external_id":"P4","external_source":"SAP","quantity":40,"part_number":"4","job_external_id":"J",
        "status":"in_progress"}]'));
SELECT * FROM parts_now;

\c :home
DROP DATABASE eryxon_until_started;
