-- The most frequent errors: each kind once, whatever the values, with its latest example.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS eryxon_sync;
SET LOCAL client_min_messages = warning;
SELECT FROM eryxon_create_tables();
SET LOCAL eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-00000000000a';

CREATE FUNCTION pg_temp.send(variadic days text[]) RETURNS uuid LANGUAGE sql AS $$
    SELECT (eryxon_bulk_upsert('jobs', (
        SELECT jsonb_agg(jsonb_build_object('external_id', 'J' || n, 'external_source', 'SAP', 'job_number', 'J' || n,
                   'due_date', day)) FROM unnest(days) WITH ORDINALITY AS d(day, n))) ->> 'run_id')::uuid
$$;

CREATE TEMP TABLE run AS SELECT pg_temp.send('15.01.27', '16.01.27', '17.01.27') AS first, NULL::uuid AS last;
SELECT FROM eryxon_bulk_upsert('jobs', '[{"external_id": "K", "external_source": "SAP", "job_number": "K", "parts": [
    {"external_id": "P1", "part_number": "P1", "quantity": "many"},
    {"external_id": "P2", "part_number": "P2", "quantity": "few"}]}, {"external_id": "L", "external_source": "SAP"}]');
UPDATE run SET last = pg_temp.send('2027-02-30');

SELECT plan(3);
SELECT results_eq(
    $$ SELECT e.code, e.path, e.count, e.runs FROM jsonb_to_recordset(eryxon.top_errors('-infinity'))
           AS e(code text, path text, count int, runs int) ORDER BY e.count DESC, e.code $$,
    $$ VALUES ('DATE_FORMAT', 'due_date', 4, 2), ('NOT_NULL', 'job_number', 1, 1),
              ('TYPE_MISMATCH', 'parts[].quantity', 1, 1) $$,
    'errors are counted by code, path and message without values');
SELECT is(eryxon.top_errors('-infinity') #>> '{0,example}', 'invalid date "2027-02-30"', 'the example is the latest');
SELECT is((eryxon.top_errors('-infinity') #>> '{0,run_id}')::uuid, (SELECT last FROM run), 'and so is the run');
SELECT * FROM finish();
ROLLBACK;
