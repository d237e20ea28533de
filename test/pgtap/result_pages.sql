-- Results by page: failures first, each page after the one before, nothing twice.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS eryxon_sync;
SET LOCAL client_min_messages = warning;
SELECT FROM eryxon_create_tables();
SET LOCAL eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-00000000000a';

-- Jobs 1 to 7, of which 3 and 6 have no number.
CREATE FUNCTION pg_temp.records() RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('external_id', 'J' || i, 'external_source', 'SAP',
               'job_number', CASE WHEN i % 3 <> 0 THEN 'J' || i END)) ORDER BY i) FROM generate_series(1, 7) AS i
$$;

-- The external ids of a page of results, and how many others there are.
CREATE FUNCTION pg_temp.page(answer jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT string_agg(r ->> 'external_id', ',' ORDER BY n)
                             FROM jsonb_array_elements(answer -> 'results') WITH ORDINALITY AS a(r, n)),
                     answer ->> 'results_omitted')
$$;

CREATE FUNCTION pg_temp.dry_run(options jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.page(eryxon_bulk_upsert('jobs', pg_temp.records(), '{"dry_run": true}' || options))
$$;

SELECT plan(8);
SELECT is(pg_temp.dry_run('{}'), 'J1,J2,J3,J4,J5,J6,J7', 'without pages results are in the order of the records');
SELECT is(pg_temp.dry_run('{"results_limit": 3}'), 'J3,J6,J1 4', 'the first page begins with what failed');
SELECT is(pg_temp.dry_run('{"results_limit": 3, "results_offset": 3}'), 'J2,J4,J5 4', 'the second goes on');
SELECT is(pg_temp.dry_run('{"results_limit": 3, "results_offset": 6}'), 'J7 6', 'the last has what is left');
SELECT is(pg_temp.dry_run('{"results_offset": 9}'), '7', 'behind it there is nothing');
SELECT is(pg_temp.dry_run('{"results": "errors", "results_limit": 1, "results_offset": 1}'), 'J6 1',
          'pages are those of the results that are asked for');
SELECT is(pg_temp.page(eryxon_diff(jsonb_build_object('jobs', pg_temp.records()), '{"results_limit": 3}')
                       #> '{entities,jobs}'), 'J3,J6,J1 4', 'a diff has pages');
SELECT is(pg_temp.page(eryxon_import_csv('jobs', E'external_id,job_number\n1,A\n2,\n3,C\n',
              '{"external_source": "SAP", "dry_run": true, "results_limit": 2}')), '2,1 1', 'and so has a file');
SELECT * FROM finish();
ROLLBACK;
