-- Records under parents: one key in two places, rows that move.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_trees TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_trees
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';
\pset format unaligned
\pset tuples_only on

-- What became of each record: its key, its action, and what was refused or remarked.
CREATE FUNCTION outcome(answer jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'external_id', r ->> 'action', r ->> 'sqlstate', (
               SELECT string_agg(format('[%s: %s %s]', coalesce(d ->> 'constraint', d ->> 'code'), d ->> 'path',
                   regexp_replace(d ->> 'message', '"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', '<id>')), ' ')
                 FROM jsonb_array_elements(coalesce(r -> 'details', r -> 'warnings')) d))
      FROM jsonb_array_elements(answer -> 'results') r
$$;

-- The live operations with what they stand under.
CREATE VIEW places AS
    SELECT format('%s: %s in %s in %s', o.external_id, o.operation_name, p.external_id, j.external_id) AS place
      FROM operations o JOIN parts p ON p.id = o.part_id JOIN jobs j ON j.id = p.job_id
     WHERE o.deleted_at IS NULL ORDER BY o.external_id;

SELECT eryxon_bulk_upsert('cells', '[{"external_id":"C","external_source":"SAP","name":"saw"}]') ->> 'created';

\echo -- SAP numbers the operations of every order 0010, 0020: nothing is stolen
\set orders '[{"external_id":"A","external_source":"SAP","job_number":"A","parts":[{"external_id":"A","part_number":"A","operations":[{"external_id":"0010","operation_name":"Laser","cell_name":"saw"}]}]},{"external_id":"B","external_source":"SAP","job_number":"B","parts":[{"external_id":"B","part_number":"B","operations":[{"external_id":"0010","operation_name":"Turn","cell_name":"saw"},{"external_id":"0020","operation_name":"Mill","cell_name":"saw"}]}]}]'
SELECT outcome(eryxon_bulk_upsert('jobs', :'orders'));
SELECT * FROM places;
SELECT outcome(eryxon_bulk_upsert_json('jobs', :'orders'));
SELECT r #> '{details,0,params}' FROM jsonb_array_elements(eryxon_bulk_upsert('jobs', :'orders') -> 'results') r
 WHERE r ? 'details';

\echo -- the first place counts, though its record is refused for something else
SELECT outcome(eryxon_bulk_upsert('jobs', '[
    {"external_id":"D","external_source":"SAP","job_number":"D","priority":"x","parts":[
        {"external_id":"D1","part_number":"1"}]},
    {"external_id":"E","external_source":"SAP","job_number":"E","parts":[{"external_id":"D1","part_number":"1"}]},
    {"external_id":"D","external_source":"SAP","job_number":"D","parts":[{"external_id":"D1","part_number":"1"}]}]'));
\echo -- within one record, alone
SELECT eryxon_upsert('jobs', '{"external_id":"F","external_source":"SAP","job_number":"F","parts":[
    {"external_id":"F1","part_number":"1","operations":[{"external_id":"10","operation_name":"a","cell_name":"saw"}]},
    {"external_id":"F2","part_number":"2","operations":[
        {"external_id":"10","operation_name":"a","cell_name":"saw"}]}]}');
\echo -- flat records, by key and by id; other sources have other keys
SELECT outcome(eryxon_bulk_upsert('parts', '[
    {"external_id":"G","external_source":"SAP","part_number":"g","job_external_id":"A"},
    {"external_id":"G","external_source":"SAP","part_number":"g","job_external_id":"D"},
    {"external_id":"G","external_source":"Odoo","part_number":"g","job_external_id":"D","job_external_source":"SAP"},
    {"external_id":"G","external_source":"SAP","part_number":"g2"}]'));
SELECT outcome(eryxon_bulk_upsert('parts', jsonb_agg(jsonb_build_object('external_id', 'H', 'external_source', 'SAP',
    'part_number', 'h', 'job_id', id) ORDER BY external_id) - 2)) FROM jobs;
\echo -- nested in records of one entity, flat among those of another one
SELECT outcome(answer #> '{entities,jobs}'), outcome(answer #> '{entities,parts}')
  FROM eryxon_sync('{"parts":[{"external_id":"I","external_source":"SAP","part_number":"i","job_external_id":"D"}],
    "jobs":[{"external_id":"A","external_source":"SAP","job_number":"A","parts":[
        {"external_id":"I","part_number":"i"}]}]}') answer;
\echo -- twice under the same parent is the same as ever, and a deletion says nothing of places
SELECT outcome(eryxon_bulk_upsert('jobs', '[
    {"external_id":"A","external_source":"SAP","parts":[{"external_id":"K","part_number":"k"},
        {"external_id":"K","part_number":"k","notes":"again"}]},
    {"external_id":"D","external_source":"SAP","parts":[{"external_id":"G","_op":"delete"}]},
    {"external_id":"A","external_source":"SAP","parts":[{"external_id":"G","part_number":"g"}]}]'));

\echo -- a row that moves says from where
SELECT outcome(eryxon_bulk_upsert('jobs',
    '[{"external_id":"D","external_source":"SAP","parts":[{"external_id":"K","part_number":"k"}]}]'));
SELECT eryxon_upsert('parts', '{"external_id":"K","external_source":"SAP","job_external_id":"A"}')
    #> '{warnings,0,params}';
SELECT outcome(eryxon_bulk_upsert('operations',
    '[{"external_id":"0010","external_source":"SAP","part_external_id":"K"}]'));
SELECT * FROM places;
\echo -- once it was started, or something below it, it stays
UPDATE operations SET status = 'in_progress' WHERE external_id = '0010';
SELECT outcome(eryxon_bulk_upsert('operations',
    '[{"external_id":"0010","external_source":"SAP","part_external_id":"A"}]'));
SELECT outcome(eryxon_bulk_upsert('jobs',
    '[{"external_id":"D","external_source":"SAP","parts":[{"external_id":"K","part_number":"k"}]}]'));
UPDATE operations SET status = 'completed' WHERE external_id = '0010';
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"K","external_source":"SAP","job_external_id":"D"}]'));
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"K","external_source":"SAP","job_external_id":"D"}]',
    '{"force":true}'));
SELECT * FROM places;
\echo -- what a record before it started counts, and what one deleted does not
SELECT eryxon_upsert('jobs', '{"external_id":"M","external_source":"SAP","job_number":"M","parts":[
    {"external_id":"M1","part_number":"1","operations":[
        {"external_id":"M1a","operation_name":"a","cell_name":"saw"}]}]}') ->> 'action';
SELECT outcome(eryxon_bulk_upsert('parts', '[
    {"external_id":"M1","external_source":"SAP","operations":[{"external_id":"M1a","status":"completed"}]},
    {"external_id":"M1","external_source":"SAP","job_external_id":"A"},
    {"external_id":"M1","external_source":"SAP","operations":[{"external_id":"M1a","_op":"delete"}]},
    {"external_id":"M1","external_source":"SAP","job_external_id":"A"}]'));
\echo -- what is deleted, or comes back, moves without a word
SELECT eryxon_delete_external('parts', 'SAP', 'M1') ->> 'action';
SELECT outcome(eryxon_bulk_upsert('jobs',
    '[{"external_id":"M","external_source":"SAP","parts":[{"external_id":"M1","part_number":"1"}]}]'));
\echo -- an old parent without a key is shown by its id
INSERT INTO jobs (id, tenant_id, job_number) VALUES ('5b0e8c1a-7d4f-4c59-9a3b-00000000000a', eryxon_tenant_id(), 'own');
UPDATE parts SET job_id = '5b0e8c1a-7d4f-4c59-9a3b-00000000000a' WHERE external_id = 'M1';
SELECT outcome(eryxon_bulk_upsert('parts',
    '[{"external_id":"M1","external_source":"SAP","notes":"x","job_external_id":"M"}]'));

\c :home
DROP DATABASE eryxon_trees;
