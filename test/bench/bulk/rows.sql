-- Large tables: fills `jobs`, with the rows that are sent later spread over it at random.

-- The numbers of rows that are measured, by level.
CREATE TABLE bench.level (level bigint, rows bigint);

-- The statements that drop and make again what slows a fill down: indexes and constraints of jobs, and what refers to
-- them.
CREATE FUNCTION bench.fill_statements(OUT drops text[], OUT makes text[]) LANGUAGE sql STABLE AS $$
    WITH parts AS (
        SELECT 1 AS ordinal, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drops,
               format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
                   AS makes
          FROM pg_constraint WHERE confrelid = 'jobs'::regclass
        UNION ALL
        SELECT 2, format('ALTER TABLE jobs DROP CONSTRAINT %I', conname),
               format('ALTER TABLE jobs ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
          FROM pg_constraint WHERE conrelid = 'jobs'::regclass AND contype IN ('p', 'u')
        UNION ALL
        SELECT 2, format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
          FROM pg_index WHERE indrelid = 'jobs'::regclass
           AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = indexrelid AND c.conrelid = indrelid))
    SELECT array_agg(parts.drops ORDER BY ordinal), array_agg(parts.makes ORDER BY ordinal DESC) FROM parts
$$;

-- A row of jobs that no call has written, of about the size of those that calls write.
CREATE FUNCTION bench.filler(n bigint) RETURNS jobs LANGUAGE sql VOLATILE AS $$
    SELECT (gen_random_uuid(), eryxon_tenant_id(), 'SO-' || 10000000 + n, 'SAP', now(),
        encode(sha256(n::text::bytea), 'hex'), NULL, NULL,
            'J-' || 10000000 + n, 'Tidewater Pumps & Valves ' || n % 97,
                timestamptz '2027-01-01 06:00Z' + n % 336 * interval '1 day', n % 10,
            'Deburr all edges, pack in fours; revision 0.', 'not_started',
            jsonb '{"buyer": "4711", "plant": "0001", "weight": 12.34, "order_type": "PP01"}', NULL, NULL, now(),
            now())::jobs
$$;

-- Puts the rows of `known`, each in its place among the numbers up to `span`, and fillers between them, into the empty
-- table.
CREATE PROCEDURE bench.fill_between(span bigint) LANGUAGE plpgsql AS $$
DECLARE
    statements record; statement text;
BEGIN
    SELECT * INTO statements FROM bench.fill_statements();
    FOREACH statement IN ARRAY statements.drops LOOP EXECUTE statement; END LOOP;
    INSERT INTO jobs
    SELECT (r.job).*
      FROM (SELECT CASE WHEN k.n IS NULL THEN bench.filler(i.n) ELSE k.job END AS job
              -- each row once, not for each column
              FROM generate_series(1, span) AS i(n) LEFT JOIN bench.known k USING (n) OFFSET 0) r;
    FOREACH statement IN ARRAY statements.makes LOOP EXECUTE statement; END LOOP;
END $$;

-- The numbers that rows are spread over: enough for all that calls send.
CREATE FUNCTION bench.span(rows bigint, sent bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(rows, 2 * sent) $$;

-- Fills the table with `rows` rows, among them those that `calls` of `size` find unchanged and those that they change.
CREATE PROCEDURE bench.fill(rows bigint, calls integer, size integer) LANGUAGE plpgsql AS $$
DECLARE
    sent constant bigint := calls * size;
    span constant bigint := bench.span(rows, sent);
BEGIN
    TRUNCATE jobs CASCADE;
    CALL bench.make_bodies('rows unchanged', calls, size, span => span);
    CALL bench.make_bodies('rows changed', calls, size, before => sent, span => span);
    CALL bench.load('rows unchanged', 'json');
    CALL bench.load('rows changed', 'json');
    IF rows > 0 THEN
        DROP TABLE IF EXISTS bench.known;
        CREATE TABLE bench.known AS SELECT substr(j.external_id, 4)::bigint - 10000000 AS n, j AS job FROM jobs j;
        TRUNCATE jobs CASCADE;
        CALL bench.fill_between(span);
    END IF;
END $$;
