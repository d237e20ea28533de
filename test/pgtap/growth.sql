-- Calls take time in proportion to their records, also where these belong to one tree or wait for each other.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS eryxon_sync;
SET LOCAL client_min_messages = warning;
SELECT FROM eryxon_create_tables();
SET LOCAL eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-00000000000a';
SET LOCAL eryxon.max_bulk_records = 100000;

-- A job of parts, each below none or the one after it.
CREATE FUNCTION pg_temp.job(n int, below text, notes text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('external_id', 'J', 'external_source', 'SAP', 'job_number', 'J', 'parts',
               jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                   'external_id', 'P' || i, 'part_number', 'N' || i, 'notes', notes, 'parent_part_external_id',
                   'P' || CASE WHEN below = 'after' AND i < n THEN i + 1 END)) ORDER BY i))
      FROM generate_series(1, n) AS i
$$;

-- Milliseconds for sending a job of n parts again, or after it was deleted.
CREATE FUNCTION pg_temp.duration(n int, story text, below text, tail jsonb) RETURNS float
LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz;
    answer jsonb;
    duration float;
BEGIN
    BEGIN
        PERFORM eryxon_bulk_upsert('jobs', jsonb_build_array(pg_temp.job(n, below, 'a')));
        IF story = 'restored' THEN DELETE FROM jobs; END IF;
        begun := clock_timestamp();
        answer := eryxon_bulk_upsert('jobs', jsonb_build_array(
            jsonb_set(pg_temp.job(n, below, 'b'), '{parts}', (pg_temp.job(n, below, 'b') -> 'parts') || tail)));
        duration := extract(epoch FROM clock_timestamp() - begun) * 1000;
        IF answer ->> 'errors' <> '0' THEN RAISE 'refused: %', answer; END IF;
        RAISE EXCEPTION SQLSTATE 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        RETURN duration;
    END;
END $$;

-- Eight times the parts take eight times as long, with some room; in proportion to the square they took sixty-four.
CREATE FUNCTION pg_temp.grows_slowly(story text, below text, twice boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    tail jsonb := CASE WHEN twice THEN '[{"external_id": "P1", "part_number": "N1", "notes": "c"}]' ELSE '[]' END;
    small float := 'inf';
    large float := 'inf';
BEGIN
    FOR i IN 1 .. 5 LOOP
        EXIT WHEN large < 24 * small;
        small := least(small, pg_temp.duration(200, story, below, tail));
        large := least(large, pg_temp.duration(1600, story, below, tail));
    END LOOP;
    RETURN ok(large < 24 * small,
              format('%s, parts below %s%s', story, below, CASE WHEN twice THEN ', one twice' ELSE '' END))
        || E'\n' || diag(format('%s ms, %s ms', round(small), round(large)));
END $$;

-- The records of n jobs, as JSON and as a file.
CREATE FUNCTION pg_temp.jobs(n int, customer text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('external_id', 'J' || i, 'external_source', 'SAP', 'job_number', 'J' || i,
               'customer', customer)) FROM generate_series(1, n) AS i
$$;
CREATE FUNCTION pg_temp.file(n int, customer text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format(E'J%s,SAP,J%s,%s\n', i, i, customer), '')
      FROM generate_series(1, n) AS i
$$;

-- Milliseconds for comparing n jobs with those that were just written, to a table that was never analysed.
CREATE FUNCTION pg_temp.compared(n int, call text) RETURNS float
LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz;
    answer jsonb;
    duration float;
    records jsonb := jsonb_build_object('jobs', pg_temp.jobs(n, 'b'));
    head text := E'external_id,external_source,job_number,customer\n';
BEGIN
    BEGIN
        PERFORM eryxon_bulk_upsert('jobs', pg_temp.jobs(n, 'a'));
        begun := clock_timestamp();
        IF call = 'eryxon_diff' THEN
            answer := eryxon_diff(records) -> 'summary';
        ELSE
            answer := eryxon_import_csv('jobs', head || pg_temp.file(n, 'b'),
                                        '{"dry_run": true, "results_limit": 100}');
        END IF;
        duration := extract(epoch FROM clock_timestamp() - begun) * 1000;
        IF answer ->> 'updated' <> n::text THEN RAISE 'not compared: %', answer; END IF;
        RAISE EXCEPTION SQLSTATE 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        RETURN duration;
    END;
END $$;

CREATE FUNCTION pg_temp.compares_fast(call text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    small float := 'inf';
    large float := 'inf';
BEGIN
    FOR i IN 1 .. 5 LOOP
        EXIT WHEN large < 24 * small;
        small := least(small, pg_temp.compared(2000, call));
        large := least(large, pg_temp.compared(16000, call));
    END LOOP;
    RETURN ok(large < 24 * small, call || ' of a table without statistics')
        || E'\n' || diag(format('%s ms, %s ms', round(small), round(large)));
END $$;

SELECT plan(10);
SELECT pg_temp.compares_fast(call) FROM unnest('{eryxon_diff,dry run}'::text[]) AS call;
SELECT pg_temp.grows_slowly(story, below, twice)
  FROM unnest('{again,restored}'::text[]) AS story, unnest('{none,after}'::text[]) AS below,
       unnest('{f,t}'::boolean[]) AS twice;
SELECT * FROM finish();
ROLLBACK;
