-- Files of 60,000 lines, in processor time of this server process, which other work on the machine does not change
-- much.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS eryxon_sync;
SET LOCAL client_min_messages = warning;
SELECT FROM eryxon_create_tables();
SET LOCAL eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-00000000000a';

-- Seconds of processor time so far; behind the program's name the 12th and 13th figures are hundredths of a second.
CREATE FUNCTION pg_temp.used() RETURNS float LANGUAGE sql AS $$
    SELECT (figures[12]::float + figures[13]::float) / 100
      FROM regexp_split_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS figures
$$;

-- A file of n jobs whose external ids begin with a text, with so many columns that mean nothing.
CREATE FUNCTION pg_temp.file(n int, name text, customer text, unknown int) RETURNS text LANGUAGE sql AS $$
    SELECT 'external_id,job_number,customer' || (SELECT coalesce(string_agg(',unknown_' || i, ''), '')
                                                   FROM generate_series(1, unknown) AS i) || E'\n' ||
           string_agg(format(E'%s%s,%s%s,%s', name, i, name, i, customer) || repeat(',x', unknown), E'\n')
      FROM generate_series(1, n) AS i
$$;

CREATE TEMP TABLE outcome (story text, seconds float, answer jsonb);

-- Imports a file and notes how long that took and what it answered.
CREATE FUNCTION pg_temp.import(story text, file text, options jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    begun float := pg_temp.used();
    answer jsonb := eryxon_import_csv('jobs', file, '{"external_source": "SAP"}' || options);
BEGIN
    INSERT INTO outcome VALUES (story, pg_temp.used() - begun, answer);
END $$;

CREATE FUNCTION pg_temp.seconds(wanted text) RETURNS float LANGUAGE sql AS $$
    SELECT seconds FROM outcome WHERE story = wanted
$$;

SELECT plan(7);
SELECT pg_temp.import('narrow', pg_temp.file(60000, 'A', 'a', 0));
SELECT pg_temp.import('wide', pg_temp.file(60000, 'B', 'a', 60));
SELECT is(answer ->> 'created', '60000', 'a file with sixty unknown columns is imported') FROM outcome
 WHERE story = 'wide';
SELECT cmp_ok(length(answer::text), '<', 5000000, 'and its answer has some 4 MB') FROM outcome WHERE story = 'wide';
SELECT is(jsonb_array_length(answer -> 'warnings'), 60, 'each unknown column is told once') FROM outcome
 WHERE story = 'wide';
SELECT cmp_ok(pg_temp.seconds('wide'), '<', 3 * pg_temp.seconds('narrow') + 1,
              'it takes less than three times as long as without them');

SELECT is((SELECT reltuples FROM pg_class WHERE oid = 'jobs'::regclass), -1::real, 'the table was never analysed');
SELECT pg_temp.import('check of 20,000', pg_temp.file(20000, 'A', 'b', 0), '{"dry_run": true}');
SELECT pg_temp.import('check of 60,000', pg_temp.file(60000, 'A', 'b', 0), '{"dry_run": true}');
SELECT cmp_ok(pg_temp.seconds('check of 60,000'), '<', 4 * pg_temp.seconds('check of 20,000') + 0.5,
              'a check takes time in proportion to the lines');
SELECT cmp_ok(pg_temp.seconds('check of 60,000'), '<', 4.0::float, 'and less than four seconds');
SELECT diag(format('%s: %s s', story, round(seconds::numeric, 2))) FROM outcome;
SELECT * FROM finish();
ROLLBACK;
