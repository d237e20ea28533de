-- Option children_results = "all", and diffs: what became of each record below a top-level one.
\set SHOW_CONTEXT never
\set VERBOSITY terse
\set home :DBNAME
CREATE DATABASE eryxon_child_results TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_child_results
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';
\pset format unaligned
\pset tuples_only on

-- The results, with the records below them on lines of their own; whether an id is that of the live row.
CREATE FUNCTION told(results jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT regexp_replace(line, '"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', '<id>', 'g')
      FROM jsonb_array_elements(results) WITH ORDINALITY AS r(result, n)
     CROSS JOIN LATERAL (
        SELECT 0 AS m, concat_ws(' ', result ->> 'external_id', result ->> 'action', result -> 'changes',
            CASE WHEN result ? 'children' AND NOT result ? 'child_results' THEN '(no child_results)' END) AS line
        UNION ALL
        SELECT m, concat_ws(' ', '   ' || (c ->> 'path'), c ->> 'entity', c ->> 'external_id', c ->> 'action',
            CASE WHEN c ? 'id' THEN CASE WHEN EXISTS (SELECT FROM parts p WHERE p.id = (c ->> 'id')::uuid AND
                p.external_id = c ->> 'external_id' UNION ALL SELECT FROM operations o WHERE o.id = (c ->> 'id')::uuid
                    AND o.external_id = c ->> 'external_id') THEN 'id' ELSE 'wrong id' END END, c -> 'changes')
          FROM jsonb_array_elements(result -> 'child_results') WITH ORDINALITY AS k(c, m)) AS l
     ORDER BY n, m
$$;

SELECT eryxon_bulk_upsert('cells', '[{"external_id":"C","external_source":"ERP","name":"saw"}]') ->> 'created';
\set first '[{"external_id":"A","external_source":"ERP","job_number":"A","parts":[{"external_id":"A1","part_number":"1","quantity":4,"operations":[{"external_id":"A1a","operation_name":"cut","cell_name":"saw"},{"external_id":"A1b","operation_name":"bend","cell_name":"saw"}]},{"external_id":"A2","part_number":"2"}]},{"external_id":"B","external_source":"ERP","job_number":"B"}]'
\set second '[{"external_id":"A","external_source":"ERP","job_number":"A","parts":[{"external_id":"A1","part_number":"1","quantity":5,"operations":[{"external_id":"A1b","operation_name":"bend","cell_name":"saw"},{"external_id":"A1c","operation_name":"weld","cell_name":"saw"}]},{"external_id":"A9","_op":"delete"}]},{"external_id":"B","external_source":"ERP","job_number":"B","parts":[]}]'
\echo -- counts are what is told if nobody asks
SELECT told(eryxon_bulk_upsert('jobs', :'first', '{"dry_run":true}') -> 'results');
\echo -- a dry run knows no ids of rows that it would make
SELECT told(eryxon_bulk_upsert('jobs', :'first', '{"dry_run":true,"children_results":"all"}') -> 'results');
SELECT told(eryxon_bulk_upsert('jobs', :'first', '{"children_results":"all"}') -> 'results');
SELECT told(eryxon_bulk_upsert_json('jobs', :'first', '{"children_results":"all"}') -> 'results');
\echo -- a diff tells which fields of children would change, and which rows would go
SELECT told(eryxon_diff(jsonb_build_object('jobs', :'second'::jsonb), '{"children":"replace"}')
    #> '{entities,jobs,results}');
SELECT told(eryxon_bulk_upsert('jobs', :'second', '{"children":"replace","children_results":"all"}') -> 'results');
\echo -- what comes back, what is deleted by name, what was started, one record alone
UPDATE operations SET status = 'in_progress' WHERE external_id = 'A1c';
SELECT told(jsonb_build_array(eryxon_upsert('parts', '{"external_id":"A1","external_source":"ERP","quantity":"6",
    "operations":[{"external_id":"A1a","operation_name":"cut","cell_name":"saw"},
        {"external_id":"A1b","_op":"delete"}]}',
    '{"children":"replace","children_results":"all"}')));
\echo -- a refused record has none
SELECT told(eryxon_bulk_upsert('jobs', '[{"external_id":"B","external_source":"ERP","parts":[
    {"external_id":"B1","part_number":"1"},{"external_id":"B2"}]}]', '{"children_results":"all"}') -> 'results');
SELECT eryxon_bulk_upsert('jobs', '[]', '{"children_results":"some"}');
\echo -- many children of one record
SELECT jsonb_array_length(r #> '{results,0,child_results}'), r #> '{results,0,child_results,2999,changes,2}'
  FROM (SELECT eryxon_diff(jsonb_build_object('jobs', jsonb_build_array(jsonb_build_object('external_id', 'Z',
            'external_source', 'ERP', 'job_number', 'Z', 'parts', jsonb_agg(jsonb_build_object('external_id', 'Z' || n,
                'part_number', n::text)))))) #> '{entities,jobs}' AS r FROM generate_series(1, 3000) n) d;

\c :home
DROP DATABASE eryxon_child_results;
