-- Option children = replace: what an array no longer names goes, whether or not any record of the call has changed.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_replace TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_replace
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';

-- Sends one job with these parts; what became of it, what was counted below it, its warnings, and the parts that are
-- live.
CREATE FUNCTION send(job text, parts jsonb, options jsonb DEFAULT '{"children":"replace"}',
                     OUT action text, OUT deleted text, OUT skipped text, OUT warnings text, OUT live text)
                         LANGUAGE plpgsql AS $$
DECLARE
    result jsonb := eryxon_bulk_upsert('jobs',
        jsonb_build_array(jsonb_build_object('external_id', job, 'external_source', 'ERP',
        'job_number', job, 'parts', parts)), options) -> 'results' -> 0;
BEGIN
    action := result ->> 'action';
    deleted := result #>> '{children,parts,deleted}';
    skipped := result #>> '{children,parts,skipped}';
    warnings := jsonb_path_query_array(result, '$.warnings[*].code');
    live := (SELECT string_agg(p.external_id, ', ' ORDER BY p.external_id) FROM parts p JOIN jobs j ON j.id = p.job_id
              WHERE j.external_id = job AND p.deleted_at IS NULL);
END $$;

\echo -- an order loses a line, all else is equal
SELECT * FROM send('J1', '[{"external_id":"A","part_number":"a"},{"external_id":"B","part_number":"b"}]');
SELECT * FROM send('J1', '[{"external_id":"A","part_number":"a"}]');
SELECT * FROM send('J1', '[{"external_id":"A","part_number":"a"}]');
SELECT * FROM send('J1', '[]');

\echo -- a line that somebody added is left out, too; one of another source stays
SELECT * FROM send('J2', '[]');
SELECT eryxon_bulk_upsert('parts',
    '[{"external_id":"C","external_source":"ERP","part_number":"c","job_external_id":"J2"},
    {"external_id":"D","external_source":"MES","part_number":"d","job_external_id":"J2","job_external_source":"ERP"}]')
    ->> 'created' AS created;
SELECT * FROM send('J2', '[]', '{}');
SELECT * FROM send('J2', '[]');

\echo -- started ones stay, with a warning each time
SELECT * FROM send('J3', '[{"external_id":"E","part_number":"e"},{"external_id":"F","part_number":"f"}]');
UPDATE parts SET status = 'in_progress' WHERE external_id = 'F';
SELECT * FROM send('J3', '[]');
SELECT * FROM send('J3', '[]');

\echo -- in a sync, a diff and a dry run, and two levels down
SELECT eryxon_sync('{"cells":[{"external_id":"C","external_source":"ERP","name":"c"}],"jobs":[{"external_id":"J4",'
                   '"external_source":"ERP",
    "job_number":"J4","parts":[{"external_id":"G","part_number":"g","operations":[{"external_id":"O1",
      "operation_name":"o","cell_name":"c"},
    {"external_id":"O2","operation_name":"o","cell_name":"c"}]}]}]}') #>> '{summary,created}' AS created;
\set fewer '{"jobs":[{"external_id":"J4","external_source":"ERP","job_number":"J4","parts":[{"external_id":"G","part_number":"g","operations":[{"external_id":"O2","operation_name":"o","cell_name":"c"}]}]}]}'
SELECT eryxon_diff(:'fewer', '{"children":"replace"}') #> '{entities,jobs,results,0,children,operations}' AS operations;
SELECT eryxon_sync(:'fewer', '{"children":"replace","dry_run":true}') #> '{entities,jobs,results,0,children,operations}'
    AS operations;
SELECT eryxon_sync(:'fewer', '{"children":"replace"}') #> '{entities,jobs,results,0,children,operations}' AS operations;
SELECT external_id, deleted_at IS NOT NULL AS deleted FROM operations ORDER BY 1;
SELECT entity, operation, total, deleted FROM eryxon.sync_run WHERE deleted > 0 ORDER BY started_at DESC, entity
    LIMIT 1;

\echo -- two thousand orders, each of which loses one of three lines
SELECT eryxon_bulk_upsert('jobs',
    jsonb_agg(jsonb_build_object('external_id', 'K' || n, 'external_source', 'ERP', 'job_number', 'K' || n, 'parts',
    (SELECT jsonb_agg(jsonb_build_object('external_id', format('K%s-%s', n, p), 'part_number', p::text))
        FROM generate_series(1, 3) p)))) ->> 'created' AS created
  FROM generate_series(1, 2000) n;
SELECT answer ->> 'skipped' AS skipped, (SELECT sum((r #>> '{children,parts,deleted}')::integer)
    FROM jsonb_array_elements(answer -> 'results') r) AS deleted
  FROM (SELECT eryxon_bulk_upsert('jobs',
      jsonb_agg(jsonb_build_object('external_id', 'K' || n, 'external_source', 'ERP', 'job_number', 'K' || n, 'parts',
    (SELECT jsonb_agg(jsonb_build_object('external_id', format('K%s-%s', n, p), 'part_number', p::text))
        FROM generate_series(1, 2) p))),
    '{"children":"replace"}') AS answer FROM generate_series(1, 2000) n) a;

\c :home
DROP DATABASE eryxon_replace;
