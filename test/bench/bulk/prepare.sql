-- A database for the measurements of bulk calls: the extension with its own tables, a tenant, and what makes the texts
-- of calls. Variables: `tenant`, its uuid; `folder`, where the server may write files for COPY.
SET client_min_messages = warning;

CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SELECT format('ALTER DATABASE %I SET %s = %L', current_database(), name, value)
  FROM (VALUES ('eryxon.tenant_id', :'tenant'), ('bench.folder', :'folder'), ('client_min_messages', 'warning')) s(name,
      value) \gexec
SET eryxon.tenant_id = :'tenant';

CREATE SCHEMA bench;

-- A job as an ERP sends it, about 300 bytes. `change` makes it differ from the one of another change.
CREATE FUNCTION bench.job(n bigint, change integer DEFAULT 0) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format('{"external_id":"SO-%s","external_source":"SAP","job_number":"J-%s",'
                  '"customer":"Tidewater Pumps & Valves %s",'
                  '"due_date":"2027-%s-%sT06:00:00Z","priority":%s,'
                  '"notes":"Deburr all edges, pack in fours; revision %s.",'
                  '"metadata":{"plant":"0001","order_type":"PP01","buyer":"%s","weight":%s}}',
                  10000000 + n, 10000000 + n, n % 97, lpad((1 + n % 12)::text, 2, '0'),
                      lpad((1 + n % 28)::text, 2, '0'),
                  n % 10, change, 4700 + n % 50, (n % 9000)::numeric / 100)
$$;

-- The same record with a due date that no date can be read from.
CREATE FUNCTION bench.bad_job(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(bench.job(n), '"due_date":"[^"]*"', '"due_date":"next week"')
$$;

-- The number of a job that stands in the table before a measurement, other than those that are sent.
CREATE FUNCTION bench.other(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 50000000 + n $$;

-- The same record with the job number of another row: only the database finds that out.
CREATE FUNCTION bench.taken_job(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(bench.job(n), '"J-' || 10000000 + n || '"', '"J-' || 10000000 + bench.other(1 + n % 20000) || '"')
$$;

-- The operations of a part of a job: four of them.
CREATE FUNCTION bench.operations(n bigint, part integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(format('{"external_id":"SO-%1$s-P%2$s-%3$s","external_source":"SAP","operation_name":"Cut %3$s",'
                             '"cell_external_id":"CELL-%3$s","sequence":%3$s,"estimated_time":%4$s}',
                             10000000 + n, part, step, 10 * step), ',' ORDER BY step)
      FROM generate_series(1, 4) step
$$;

-- A job with 3 parts of 4 operations each: 16 rows.
CREATE FUNCTION bench.nested_job(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT rtrim(bench.job(n), '}') || '},"parts":[' || string_agg(format(
               '{"external_id":"SO-%1$s-P%2$s","external_source":"SAP","part_number":"P-%2$s","material":"S235JR",'
               '"quantity":%2$s,"operations":[%3$s]}',
               10000000 + n, part, bench.operations(n, part)), ',' ORDER BY part) || ']}'
      FROM generate_series(1, 3) part
$$;

-- The record number n of a kind; `change` is for those that have none of their own.
CREATE FUNCTION bench.record(kind text, n bigint, change integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE kind
           WHEN '1 % changed' THEN bench.job(n, (n % 100 = 17)::integer)
           WHEN '1 % bad' THEN CASE WHEN n % 100 = 17 THEN bench.bad_job(n) ELSE bench.job(n) END
           WHEN '1 % taken' THEN CASE WHEN n % 100 = 17 THEN bench.taken_job(n) ELSE bench.job(n) END
           WHEN 'nested' THEN bench.nested_job(n)
           ELSE bench.job(n, change)
           END
$$;

-- The number of the record at a place. With a span, the places are spread at random over the numbers 1 to span; the
-- factor is prime.
CREATE FUNCTION bench.number_at(place bigint, span bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN span IS NULL THEN place ELSE 1 + place * 2654435761 % span END
$$;

-- The texts of the calls, by name. Kept as they are, for unpacking them would be part of what is measured.
CREATE TABLE bench.body (name text, call integer, records integer NOT NULL, body text NOT NULL,
    PRIMARY KEY (name, call));
ALTER TABLE bench.body ALTER body SET STORAGE EXTERNAL;

-- Makes `calls` texts of `size` records of a kind, from the place after `before` on, in place of those of that name.
CREATE PROCEDURE bench.make_bodies(name text, calls integer, size integer, kind text DEFAULT '',
    before bigint DEFAULT 0, change integer DEFAULT 0, span bigint DEFAULT NULL) LANGUAGE sql AS $$
    DELETE FROM bench.body b WHERE b.name = make_bodies.name;
    INSERT INTO bench.body
    SELECT name, call, CASE kind WHEN 'nested' THEN 16 ELSE 1 END * size,
           '[' || (SELECT string_agg(bench.record(kind, bench.number_at(before + (call - 1) * size + n, span), change),
               ',' ORDER BY n)
                     FROM generate_series(1, size) n) || ']'
      FROM generate_series(1, calls) call
$$;

-- The cells that operations refer to.
SELECT FROM eryxon_bulk_upsert('cells', (
    SELECT jsonb_agg(jsonb_build_object('external_id', 'CELL-' || n, 'external_source', 'SAP', 'name', 'Cell ' || n))
      FROM generate_series(1, 4) n)) \g /dev/null

-- What a session sends before it is measured, so that it has read the catalogs and made its plans.
CALL bench.make_bodies('warm', 1, 100, before => 4000000);
CALL bench.make_bodies('warm nested', 1, 10, 'nested', before => 4100000);

-- The rows that stand in the tables before every measurement: 20,000 jobs, and 1,500 with parts and operations for
-- nested ones.
CALL bench.make_bodies('others', 20, 1000, before => bench.other(0));
CALL bench.make_bodies('nested others', 1, 1500, 'nested', before => bench.other(20000));
SELECT FROM bench.body, eryxon_bulk_upsert_json('jobs', body::json) WHERE name = 'others' \g /dev/null
CREATE TABLE bench.others AS SELECT * FROM jobs;
SELECT FROM bench.body, eryxon_bulk_upsert_json('jobs', body::json) WHERE name = 'nested others' \g /dev/null
CREATE TABLE bench.nested_jobs AS SELECT * FROM jobs WHERE id NOT IN (SELECT id FROM bench.others);
CREATE TABLE bench.nested_parts AS SELECT * FROM parts;
CREATE TABLE bench.nested_operations AS SELECT * FROM operations;
