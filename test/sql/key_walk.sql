-- Look-ups along the index on the external key find what a query finds: near and far keys, deleted rows, dead entries,
-- other orders than that of bytes.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_key_walk TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_key_walk
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';

-- A second table for jobs, sorted as people sort.
CREATE TABLE sorted_jobs (LIKE jobs INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
ALTER TABLE sorted_jobs ALTER external_id TYPE text COLLATE "en-x-icu", ADD PRIMARY KEY (id);
SELECT setseed(0.25) \g /dev/null

-- Keys of several kinds: numbers in a row, words in mixed case, marks and letters beyond ASCII.
CREATE TABLE key AS
SELECT DISTINCT CASE n % 5 WHEN 0 THEN 'SO-' || lpad(n::text, 5, '0') WHEN 1 THEN 'so_' || n WHEN 2
    THEN chr(65 + n % 26) || n
                WHEN 3 THEN 'Ä-' || n ELSE substr('aB-_.zé', 1 + n % 7, 1) || (random() * 100000)::integer END AS id,
       'ERP' || n % 2 AS source, random() < 0.7 AS known, random() < 0.1 AS gone
  FROM generate_series(1, 4000) n;

CREATE FUNCTION payload(only_known boolean, wanted float DEFAULT 1) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('external_id', id, 'external_source', source, 'job_number', source || id)
        ORDER BY random())
      FROM key WHERE (known OR NOT only_known) AND random() < wanted
$$;

-- What a dry call says of each key must be what a query says: the row's id, or that it would be made.
CREATE FUNCTION wrong_answers(answer jsonb, target regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    EXECUTE format($sql$
        SELECT count(*) FROM jsonb_array_elements($1 -> 'results') r
          LEFT JOIN %s t ON t.external_source = r ->> 'external_source' AND t.external_id = r ->> 'external_id'
         WHERE t.id::text IS DISTINCT FROM r ->> 'id'
            OR r ->> 'action' <> CASE WHEN t.id IS NULL THEN 'created' WHEN t.deleted_at IS NOT NULL THEN 'restored'
                ELSE 'skipped' END
    $sql$, target) INTO wrong USING answer;
    RETURN wrong;
END $$;

CREATE PROCEDURE compare(target regclass) LANGUAGE plpgsql AS $$
DECLARE answer jsonb;
BEGIN
    answer := eryxon_bulk_upsert('jobs', payload(true));
    ASSERT answer ->> 'created' = (SELECT count(*)::text FROM key WHERE known), answer ->> 'errors';
    EXECUTE format('UPDATE %s SET notes = ''moved'' WHERE random() < 0.3', target);
    EXECUTE format('UPDATE %s t SET deleted_at = now() FROM key k WHERE k.id = t.external_id '
                   'AND k.source = t.external_source AND k.gone', target);
    FOR wanted IN 0 .. 5 LOOP
        answer := eryxon_bulk_upsert('jobs', payload(false, 0.5 ^ (2 * wanted)), '{"dry_run":true}');
        RAISE INFO '% keys: % wrong', CASE WHEN wanted = 0 THEN 'all' ELSE 'one of ' || 4 ^ wanted END,
            wrong_answers(answer, target);
    END LOOP;
END $$;

\echo -- sorted by bytes
CALL compare('jobs');

\echo -- sorted by a language
SELECT FROM eryxon_detach('jobs') \g /dev/null
SELECT FROM eryxon_attach('jobs', 'sorted_jobs') \g /dev/null
CALL compare('sorted_jobs');

\echo -- rights on some columns only: by query
CREATE ROLE key_walk_reader;
GRANT SELECT, INSERT, UPDATE ON sorted_jobs TO key_walk_reader;
REVOKE SELECT ON sorted_jobs FROM key_walk_reader;
SELECT format('GRANT SELECT (%s) ON sorted_jobs TO key_walk_reader', string_agg(attname, ', '))
  FROM pg_attribute WHERE attrelid = 'sorted_jobs'::regclass AND attnum > 0 \gexec
GRANT SELECT ON key TO key_walk_reader;
SET ROLE key_walk_reader;
SELECT wrong_answers(eryxon_bulk_upsert('jobs', payload(false), '{"dry_run":true}'), 'sorted_jobs');
RESET ROLE;

\echo -- row security: of rows is told what a SELECT shows, under the policy of the tables made and under others
SELECT FROM eryxon_detach('jobs') \g /dev/null
SELECT FROM eryxon_attach('jobs', 'jobs') \g /dev/null
INSERT INTO jobs (tenant_id, external_source, external_id, job_number, sync_hash)
SELECT '5b0e8c1a-7d4f-4c59-9a3b-000000000002', external_source, external_id, job_number, sync_hash FROM jobs;
GRANT SELECT, INSERT, UPDATE ON jobs TO key_walk_reader;

-- Of some records of the call: how many rows were found, and how many of them the role cannot see.
CREATE PROCEDURE look_as_reader(what text) LANGUAGE plpgsql AS $$
DECLARE answer jsonb; found bigint; unseen bigint;
BEGIN
    SET LOCAL ROLE key_walk_reader;
    answer := eryxon_bulk_upsert('jobs', (SELECT jsonb_agg(p)
        FROM (SELECT p FROM jsonb_array_elements(payload(true)) AS p ORDER BY p ->> 'job_number' LIMIT 300) AS few),
            '{"dry_run":true}');
    SELECT count(*) FILTER (WHERE r ? 'id'),
        count(*) FILTER (WHERE r ? 'id' AND NOT EXISTS (SELECT FROM jobs WHERE id::text = r ->> 'id'))
      INTO found, unseen FROM jsonb_array_elements(answer -> 'results') r;
    RESET ROLE;
    RAISE INFO '%: % found, % of them unseen', what, CASE WHEN found = 0 THEN 'none' WHEN found < 300 THEN 'some'
        ELSE 'all' END, unseen;
END $$;
CALL look_as_reader('of the tables made');
CREATE POLICY moved ON jobs AS RESTRICTIVE USING (notes IS DISTINCT FROM 'moved');
CALL look_as_reader('restrictive one beside it');
DROP POLICY moved ON jobs;
ALTER POLICY eryxon_tenant ON jobs TO pg_monitor;
CALL look_as_reader('for another role');
CREATE POLICY moved ON jobs USING (tenant_id = (SELECT eryxon_tenant_id()) AND notes IS DISTINCT FROM 'moved');
CALL look_as_reader('with more conditions');
ALTER POLICY moved ON jobs USING (tenant_id = (SELECT eryxon_tenant_id() LIMIT 0));
CALL look_as_reader('with a subquery of no rows');
ALTER POLICY moved ON jobs USING (tenant_id = (SELECT eryxon_tenant_id() WHERE notes IS DISTINCT FROM 'moved'));
CALL look_as_reader('with a condition in the subquery');
ALTER POLICY moved ON jobs USING (id = (SELECT eryxon_tenant_id()));
CALL look_as_reader('on another column');
ALTER POLICY eryxon_tenant ON jobs TO public;
SET row_security = off;
\set VERBOSITY sqlstate
CALL look_as_reader('off');
RESET row_security;

\set VERBOSITY default
\echo -- an index with an equality of its own: source "sap" is not "SAP"
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE UNIQUE INDEX ON jobs (tenant_id, external_source COLLATE no_case, external_id);
SELECT r ->> 'action' AS action, r ->> 'code' AS code
  FROM unnest(ARRAY['SAP', 'SAP', 'sap']) source,
       eryxon_bulk_upsert('jobs', jsonb_build_array(jsonb_build_object('external_id', 'X', 'external_source', source,
           'job_number', 'X'))) a,
       jsonb_array_elements(a -> 'results') r;

\echo -- nothing is told of a schema that may not be used
SELECT FROM eryxon_detach('jobs') \g /dev/null
SELECT FROM eryxon_attach('jobs', 'sorted_jobs') \g /dev/null
CREATE SCHEMA closed;
ALTER TABLE sorted_jobs SET SCHEMA closed;
GRANT SELECT, INSERT, UPDATE ON closed.sorted_jobs TO key_walk_reader;
SET ROLE key_walk_reader;
\set VERBOSITY sqlstate
SELECT eryxon_bulk_upsert('jobs', jsonb_build_array(jsonb_build_object('external_id', id, 'external_source', source,
                                                                       'job_number', source || id))) ->> 'skipped'
                                                                           AS skipped
  FROM key WHERE known AND NOT gone LIMIT 1;
RESET ROLE;
DROP OWNED BY key_walk_reader;
DROP ROLE key_walk_reader;
\c :home
DROP DATABASE eryxon_key_walk;
