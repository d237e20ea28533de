-- Records of one call act as if they were sent one after the other, from top to bottom.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_order TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_order
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';

-- What became of each record: its key, its action or code, and the counts below it.
CREATE FUNCTION outcome(answer jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', r ->> 'external_id', coalesce(r ->> 'code', r ->> 'action')) || coalesce((
               SELECT ' (' || string_agg(format('%s %s %s', k.key, c.value, c.key), ', ' ORDER BY k.key DESC, c.key)
                   || ')'
                 FROM jsonb_each(r -> 'children') k, jsonb_each_text(k.value) c WHERE c.key <> 'total'
                     AND c.value <> '0'), ''), '; ' ORDER BY n)
      FROM jsonb_array_elements(answer -> 'results') WITH ORDINALITY a(r, n)
$$;

-- Sends records in one call and then, after that was undone, in a call for each; what became of them and of the rows.
CREATE FUNCTION compare(entity text, records jsonb, options jsonb DEFAULT '{}', OUT way text, OUT outcome text,
    OUT rows text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    one_by_one boolean;
    record jsonb;
BEGIN
    FOREACH one_by_one IN ARRAY '{f,t}'::boolean[] LOOP
        BEGIN
            IF one_by_one THEN
                outcome := '';
                FOR record IN SELECT * FROM jsonb_array_elements(records) LOOP
                    outcome := outcome || CASE outcome WHEN '' THEN '' ELSE '; ' END ||
                               outcome(eryxon_bulk_upsert(entity, jsonb_build_array(record), options));
                END LOOP;
            ELSE
                outcome := outcome(eryxon_bulk_upsert(entity, records, options));
            END IF;
            way := CASE WHEN one_by_one THEN 'one by one' ELSE 'one call' END;
            rows := (SELECT string_agg(r, ', ' ORDER BY r COLLATE "C") FROM (
                SELECT format('%s%s', j.external_id, CASE WHEN j.deleted_at IS NOT NULL THEN ' gone' END) AS r
                    FROM jobs j
                UNION ALL SELECT format('%s in %s%s%s%s', p.external_id, j.external_id, ' under ' || u.external_id,
                    ' #' || p.part_number,
                    CASE WHEN p.deleted_at IS NOT NULL THEN ' gone' END)
                  FROM parts p JOIN jobs j ON j.id = p.job_id LEFT JOIN parts u ON u.id = p.parent_part_id
                UNION ALL SELECT format('%s in %s%s', o.external_id, p.external_id, CASE WHEN o.deleted_at IS NOT NULL
                    THEN ' gone' END)
                  FROM operations o JOIN parts p ON p.id = o.part_id) t);
            RAISE EXCEPTION USING ERRCODE = 'P0099';
        EXCEPTION WHEN SQLSTATE 'P0099' THEN NULL;
        END;
        RETURN NEXT;
    END LOOP;
END $$;

SELECT eryxon_sync('{"cells":[{"external_id":"C1","external_source":"ERP","name":"c1"},{"external_id":"C3",'
                   '"external_source":"ERP","name":"c3"}],
    "jobs":[{"external_id":"J1","external_source":"ERP","job_number":"1","parts":[
                {"external_id":"P1","part_number":"1","operations":[{"external_id":"O1","operation_name":"x",
                  "cell_name":"c1"}]},
                {"external_id":"P2","part_number":"2","operations":[{"external_id":"O2","operation_name":"x",
                  "cell_name":"c1"}]}]},
            {"external_id":"J3","external_source":"ERP","job_number":"3","parts":[{"external_id":"P3",
              "part_number":"3"}]},
            {"external_id":"K1","external_source":"ERP","job_number":"k1","parts":[
                {"external_id":"K5","part_number":"5","operations":[{"external_id":"O5","operation_name":"cut",
                  "cell_external_id":"C3"}]}]}]}') #>> '{summary,errors}' AS errors;
\pset format unaligned
\pset tuples_only on

\echo -- a part is gone with the one above it when the next one refers to it
SELECT * FROM compare('parts', '[{"external_id":"P8","external_source":"ERP","part_number":"8","job_external_id":"J1",'
                               '"parent_part_external_id":"P2"},
    {"external_id":"P2","external_source":"ERP","_op":"delete"},
    {"external_id":"P9","external_source":"ERP","part_number":"9","job_external_id":"J1",
      "parent_part_external_id":"P8"}]');
SELECT * FROM compare('parts', '[{"external_id":"P8","external_source":"ERP","part_number":"8","job_external_id":"J1",'
                               '"parent_part_external_id":"P2"},
    {"external_id":"P2","external_source":"ERP","_op":"delete"},
    {"external_id":"P3","external_source":"ERP","part_number":"3","job_external_id":"J3",
      "parent_part_external_id":"P8"}]');
\echo -- a part goes to another job than the one above it, or with it
SELECT * FROM compare('parts', '[{"external_id":"P8","external_source":"ERP","part_number":"8","job_external_id":"J1",'
                               '"parent_part_external_id":"P2"},
    {"external_id":"P3","external_source":"ERP","part_number":"3","job_external_id":"J3",
      "parent_part_external_id":"P8"}]');
SELECT * FROM compare('parts', '[{"external_id":"P1","external_source":"ERP","parent_part_external_id":"P2"},
    {"external_id":"P2","external_source":"ERP","job_external_id":"J3"},{"external_id":"P1","external_source":"ERP",
      "job_external_id":"J3"}]');
\echo -- a part may leave the one below it behind once that is deleted, not before
SELECT * FROM compare('parts', '[{"external_id":"P1","external_source":"ERP","parent_part_external_id":"P2"},'
                               '{"external_id":"P2","external_source":"ERP","job_external_id":"J3"},
    {"external_id":"P1","external_source":"ERP","_op":"delete"},{"external_id":"P2","external_source":"ERP",
      "job_external_id":"J3"}]');
\echo -- deleted, something moved away from it and deleted, restored
SELECT * FROM compare('jobs', '[{"external_id":"J1","external_source":"ERP","_op":"delete"},
    {"external_id":"J3","external_source":"ERP","job_number":"3","parts":[{"external_id":"P1","part_number":"1",
      "operations":[{"external_id":"O2","_op":"delete"}]}]},
    {"external_id":"J1","external_source":"ERP","job_number":"1","customer":"y"}]', '{"children":"replace"}');
SELECT * FROM compare('jobs', '[{"external_id":"J1","external_source":"ERP","_op":"delete"},
    {"external_id":"J3","external_source":"ERP","job_number":"3","parts":[{"external_id":"P1","part_number":"1"}]},
    {"external_id":"J1","external_source":"ERP","job_number":"1","parts":[{"external_id":"P2","part_number":"2",
      "operations":[{"external_id":"O1","_op":"delete"},{"external_id":"O2","_op":"delete"}]}]}]');
\echo -- a job that comes back with its parts, option mode = create
SELECT * FROM compare('jobs', '[{"external_id":"J1","external_source":"ERP","_op":"delete"},
    {"external_id":"J1","external_source":"ERP","job_number":"1","parts":[{"external_id":"P1","part_number":"1",
      "operations":[{"external_id":"O1","operation_name":"x","cell_name":"c1"}]}]}]', '{"mode":"create"}');
\echo -- a key twice in an array, and a part that refers to it before and after
SELECT * FROM compare('jobs', '[{"external_id":"J9","external_source":"ERP","job_number":"9"},{"external_id":"J9",'
                              '"external_source":"ERP","job_number":"9","parts":[
    {"external_id":"P9","part_number":"9","parent_part_external_id":"P8"},{"external_id":"P8","part_number":"old"},
      {"external_id":"P8","part_number":"new"},
    {"external_id":"P7","part_number":"7","parent_part_external_id":"P8"}]}]', '{"adopt":true}');
\echo -- a number that a later record gives up is had by an earlier one in one call
SELECT * FROM compare('parts', '[{"external_id":"P8","external_source":"ERP","part_number":"1","job_external_id":"J1"},
    {"external_id":"P1","external_source":"ERP","part_number":"2"},{"external_id":"P2","external_source":"ERP",
      "part_number":"7"},
    {"external_id":"P1","external_source":"ERP","part_number":"2"},{"external_id":"P9","external_source":"ERP",
      "part_number":"1","job_external_id":"J1"}]');
\echo -- a cycle over rows that nobody sent is the fault of the record that closes it
SELECT eryxon_bulk_upsert('parts', '[{"external_id":"A1","external_source":"ERP","part_number":"a1",'
                                   '"job_external_id":"J1"},{"external_id":"A2","external_source":"ERP",'
                                   '"part_number":"a2","job_external_id":"J1","parent_part_external_id":"A1"},
    {"external_id":"B1","external_source":"ERP","part_number":"b1","job_external_id":"J1"},{"external_id":"B2",
      "external_source":"ERP","part_number":"b2","job_external_id":"J1","parent_part_external_id":"B1"}]')
      ->> 'created';
SELECT * FROM compare('parts', '[{"external_id":"A1","external_source":"ERP","parent_part_external_id":"B2"},'
                               '{"external_id":"B1","external_source":"ERP","parent_part_external_id":"A2"}]');

\echo -- references to later records: those come first, and only those
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"F1","external_source":"ERP","part_number":"f1",'
                                           '"job_external_id":"J1","parent_part_external_id":"F2"},
    {"external_id":"F4","external_source":"ERP","part_number":"f3","job_external_id":"J1"},
    {"external_id":"F2","external_source":"ERP","part_number":"f2","job_external_id":"J1",
      "parent_part_external_id":"F3"},
    {"external_id":"F3","external_source":"ERP","part_number":"f3","job_external_id":"J1"}]'));
\echo -- ... that are refused: the next one of that key counts
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"G1","external_source":"ERP","part_number":"g1",'
                                           '"job_external_id":"J1","parent_part_external_id":"G2"},
    {"external_id":"G2","external_source":"ERP","part_number":"1","job_external_id":"J1"},{"external_id":"G2",
      "external_source":"ERP","part_number":"g2","job_external_id":"J1"}]'));
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"H1","external_source":"ERP","part_number":"h1",'
                                           '"job_external_id":"J1","parent_part_external_id":"H2"},
    {"external_id":"H2","external_source":"ERP","part_number":"1","job_external_id":"J1"}]'));
\echo -- ... in a circle
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"I1","external_source":"ERP","part_number":"i1",'
                                           '"job_external_id":"J1","parent_part_external_id":"I2"},
    {"external_id":"I2","external_source":"ERP","part_number":"i2","job_external_id":"J1",
      "parent_part_external_id":"I1"}]'));
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"J1","external_source":"ERP","parts":[{"external_id":"I1",'
                                          '"part_number":"i1","parent_part_external_id":"I2"},
    {"external_id":"I2","part_number":"i2","parent_part_external_id":"I1"}]}]'));

\echo -- ... out of a circle by another record of the key
BEGIN;
SELECT outcome(eryxon_bulk_upsert('parts', '[
    {"external_id":"Q1","external_source":"ERP","part_number":"q1","job_external_id":"J1",
     "parent_part_external_id":"Q2"},
    {"external_id":"Q2","external_source":"ERP","part_number":"q2","job_external_id":"J1",
     "parent_part_external_id":"Q1"},
    {"external_id":"Q1","external_source":"ERP","part_number":"q1 again","job_external_id":"J1"}]'));
SELECT p.part_number, up.part_number FROM parts p LEFT JOIN parts up ON up.id = p.parent_part_id
 WHERE p.external_id LIKE 'Q_' ORDER BY 1;
ROLLBACK;
SELECT r ->> 'external_id' AS key, r ->> 'code' AS code, jsonb_array_length(r -> 'details') AS faults
  FROM jsonb_array_elements(eryxon_bulk_upsert('parts', '[
    {"external_id":"Q1","external_source":"ERP","part_number":"q1","job_external_id":"J1",
     "parent_part_external_id":"Q2"},
    {"external_id":"Q1","external_source":"ERP","job_external_id":"J1"},
    {"external_id":"Q2","external_source":"ERP","part_number":"q2","job_external_id":"J1",
     "parent_part_external_id":"Q1"}
    ]') -> 'results') r;
\echo -- ... each fault of a record that several waves have looked at is told once
SELECT r ->> 'external_id' AS key, r ->> 'code' AS code, jsonb_array_length(r -> 'details') AS faults
  FROM jsonb_array_elements(eryxon_bulk_upsert('parts', '[
    {"external_id":"Q3","external_source":"ERP","part_number":"q","job_external_id":"J1",
     "parent_part_external_id":"Q4"},
    {"external_id":"Q3","external_source":"ERP","part_number":"q","job_external_id":"none",
     "parent_part_external_id":"Q5"},
    {"external_id":"Q3","external_source":"ERP","part_number":"q","job_external_id":"J1",
     "parent_part_external_id":"Q6"},
    {"external_id":"Q4","external_source":"ERP","part_number":"q","job_external_id":"J1",
     "parent_part_external_id":"Q3"},
    {"external_id":"Q5","external_source":"ERP","part_number":"q","job_external_id":"none"}
    ]') -> 'results') r;
\echo -- ... what it refers to is refused for its own parent; the next record of the key makes it
BEGIN;
SELECT outcome(eryxon_bulk_upsert('parts', '[
    {"external_id":"R1","external_source":"ERP","part_number":"r1","job_external_id":"K1"},
    {"external_id":"R2","external_source":"ERP","part_number":"r2","job_external_id":"J1",
     "parent_part_external_id":"R1"},
    {"external_id":"R3","external_source":"ERP","part_number":"r3","job_external_id":"J1",
     "parent_part_external_id":"R2"},
    {"external_id":"R2","external_source":"ERP","part_number":"r2 again","job_external_id":"J1"}]'));
ROLLBACK;
\echo -- what a record names comes back as the record says, though the cell it had is gone
SELECT eryxon_delete_external('parts', 'ERP', 'K5') ->> 'children',
    eryxon_delete_external('cells', 'ERP', 'C3') ->> 'action';
SELECT outcome(eryxon_bulk_upsert('parts',
    '[{"external_id":"K5","external_source":"ERP","part_number":"5","job_external_id":"K1"}]'));
BEGIN;
SELECT outcome(eryxon_bulk_upsert('parts',
    '[{"external_id":"K5","external_source":"ERP","part_number":"5","job_external_id":"K1","operations":[]}]',
    '{"children":"replace"}'));
SELECT external_id, deleted_at IS NOT NULL FROM operations WHERE external_id = 'O5';
ROLLBACK;
SELECT outcome(eryxon_bulk_upsert('parts',
    '[{"external_id":"K5","external_source":"ERP","part_number":"5","job_external_id":"K1",
    "operations":[{"external_id":"O5","operation_name":"cut","cell_external_id":"C1"}]}]'));
SELECT o.external_id, c.external_id, o.deleted_at FROM operations o JOIN cells c ON c.id = o.cell_id
    WHERE o.external_id = 'O5';

\echo -- two thousand records of one key; chains of three thousand parts, from the first and from the last
SELECT answer - '{results,run_id,duration_ms}'::text[] FROM (
    SELECT eryxon_bulk_upsert('jobs',
        jsonb_agg(jsonb_build_object('external_id', 'S', 'external_source', 'ERP', 'job_number', 's' || n) ORDER BY n))
        AS answer
      FROM generate_series(1, 2000) n) a;
SELECT job_number FROM jobs WHERE external_id = 'S';
SELECT eryxon_bulk_upsert('parts',
    jsonb_agg(jsonb_strip_nulls(jsonb_build_object('external_id', 'D' || n, 'external_source', 'ERP', 'part_number',
    'd' || n,
    'job_external_id', 'J3', 'notes', CASE WHEN n % 2 = 0 THEN 'even' END, 'parent_part_external_id',
        'D' || nullif(n - 1, 0))) ORDER BY n)) ->> 'created' FROM generate_series(1, 3000) n;
SELECT eryxon_bulk_upsert('parts',
    jsonb_agg(jsonb_strip_nulls(jsonb_build_object('external_id', 'E' || n, 'external_source', 'ERP', 'part_number',
    'e' || n,
    'job_external_id', 'J3', 'notes', CASE WHEN n % 2 = 0 THEN 'even' END, 'parent_part_external_id',
        'E' || nullif(n - 1, 0))) ORDER BY n DESC)) ->> 'created' FROM generate_series(1, 3000) n;
\echo -- nested: an array of a thousand that refer to the next one each, and one of a thousand of one key
SELECT outcome(eryxon_bulk_upsert('jobs',
    jsonb_build_array(jsonb_build_object('external_id', 'L', 'external_source', 'ERP', 'job_number', 'l', 'parts',
    (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('external_id', 'L' || n, 'part_number', 'l' || n,
        'parent_part_external_id', 'L' || nullif(n + 1, 1001))) ORDER BY n) FROM generate_series(1, 1000) n)))));
SELECT outcome(eryxon_bulk_upsert('jobs',
    jsonb_build_array(jsonb_build_object('external_id', 'M', 'external_source', 'ERP', 'job_number', 'm', 'parts',
    (SELECT jsonb_agg(jsonb_build_object('external_id', 'M', 'part_number', 'm' || n) ORDER BY n)
        FROM generate_series(1, 1000) n)))));

\c :home
DROP DATABASE eryxon_order;
