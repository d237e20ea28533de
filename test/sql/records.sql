-- Records that are JSON, imported in parts that come one by one.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_records TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_records
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
SET eryxon.max_bulk_records = 2;
\pset format unaligned
\pset tuples_only on
\pset null -

-- Runs a statement and tells how it ends: SQLSTATE and message of its error, or ok.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;
-- A step's answer without what differs from run to run.
CREATE FUNCTION step(run uuid, part bigint, place bigint, records text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', s ->> 'more', s ->> 'total', s ->> 'created', s ->> 'skipped', s ->> 'errors',
                     (SELECT jsonb_agg(jsonb_build_array(r -> 'index', r -> 'line', r -> 'action', r -> 'code'))
                        FROM jsonb_array_elements(s -> 'results') AS r))
      FROM eryxon.record_step(run, part, place, convert_to(records, 'UTF8')) AS s
$$;
-- What is known of a run.
CREATE FUNCTION state(run uuid) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', s ->> 'status', s ->> 'operation', s ->> 'done', coalesce(s ->> 'records', '-'),
                     s ->> 'total', s ->> 'warnings', s ->> 'has_rejected')
      FROM eryxon.run_status(run) AS s
$$;
\set run '\'10000000-0000-4000-8000-000000000001\''
\set cells '{"external_id":"A","external_source":"S","name":"A","colour":1}\n\n{"external_id":"B"\n'

-- Lines: what is no JSON is a fault of its line alone; a part that comes again is not imported twice.
SELECT eryxon.begin_record_upload('cells', 'lines', '{"client_ref":"r"}', :run);
SELECT state(:run);
SELECT step(:run, 1, 7, E:'cells');
SELECT step(:run, 1, 7, E:'cells');
SELECT state(:run);
SELECT status, total FROM eryxon.sync_run;
SELECT step(:run, 2, 11, '{"external_id":"A","external_source":"S","name":"A"}');
SELECT attempt(format('SELECT step(%L, 4, 1, %L)', :run, '{}'));
SELECT eryxon.finish_upload(:run), eryxon.finish_upload(:run);
SELECT state(:run);
SELECT step(:run, 3, 12, '{}');
SELECT line, text, code FROM eryxon.csv_rejected ORDER BY line;
SELECT eryxon_csv_rejected(:run);

-- What was rejected is imported as it is, when it was corrected: as an array here.
\set run '\'10000000-0000-4000-8000-000000000002\''
SELECT eryxon.begin_record_upload('cells', 'array', '{}', :run);
SELECT step(:run, 1, 1,
    '{"eryxon_line":9,"eryxon_code":"x","record":{"external_id":"B","external_source":"S","name":"B"}},7,');
SELECT step(:run, 2, 3, '');
SELECT eryxon_csv_rejected(:run);

-- Cancelled, and given up.
SELECT eryxon.cancel_upload(:run) ->> 'status';
SELECT step(:run, 3, 3, '{}');
SELECT state(:run);
SELECT attempt(format('SELECT eryxon.cancel_upload(%L)', :run));

-- Children have a row of history of their own, which all parts add to.
\set run '\'10000000-0000-4000-8000-000000000003\''
SELECT eryxon.begin_record_upload('jobs', 'lines', '{}', :run) ->> 'part_records';
SELECT step(:run, n, n, format('{"external_id":"%s","external_source":"S","job_number":"%s",'
                               '"parts":[{"external_id":"%s","part_number":"1"}]}', n, n, n))
  FROM generate_series(1, 2) AS n;
SELECT entity, status, total FROM eryxon.sync_run WHERE entity <> 'cells' ORDER BY 1;
SELECT eryxon.finish_upload(:run);
SELECT entity, status, total FROM eryxon.sync_run WHERE entity <> 'cells' ORDER BY 1;

-- Refused before anything is imported.
SELECT attempt(format('SELECT eryxon.begin_record_upload(%L, %L, %L, %L)', e, 'array', o, r))
  FROM (VALUES ('wagons', '{}', NULL), ('cells', '{"dry_run":true}', NULL), ('cells', '{"record_history":false}', NULL),
               ('cells', '{"delimiter":","}', NULL), ('cells', '{}', :run)) AS v(e, o, r);
SELECT attempt('SELECT eryxon.record_step(NULL, 1, 1, NULL)'), attempt('SELECT eryxon.finish_upload(NULL)'),
       attempt(format('SELECT eryxon.record_step(%L, 1, 1, NULL)', :run));
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000002';
SELECT attempt(format('SELECT step(%L, 3, 3, %L)', :run, '{}')), attempt(format('SELECT state(%L)', :run)),
       attempt(format('SELECT eryxon.finish_upload(%L)', :run));

\c :home
DROP DATABASE eryxon_records;
