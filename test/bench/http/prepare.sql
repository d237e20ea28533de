-- A database for the load: the extension, the roles of the documentation, a tenant, and what makes bodies.
-- Variable `tenant`: the tenant's uuid.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE eryxon_anon NOLOGIN;
CREATE ROLE eryxon_api NOLOGIN;
GRANT eryxon_anon, eryxon_api TO authenticator;
GRANT USAGE ON SCHEMA eryxon_api TO eryxon_anon;
SELECT FROM eryxon_grant_api('eryxon_api') \g /dev/null

-- Calls without a gateway: the tenant comes from the role's own settings.
CREATE ROLE direct LOGIN IN ROLE eryxon_api;
SELECT format('ALTER ROLE direct SET eryxon.tenant_id = %L', :'tenant') \gexec

CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO authenticator, direct;
-- pgbench prepares the statements of a pipeline before it, when no role is set yet.
GRANT USAGE ON SCHEMA eryxon_api TO authenticator;

-- Records of about 300 bytes, as many as a call has; BLOCKNUM stands for a number of 8 digits that makes them new.
CREATE TABLE bench.template (size integer PRIMARY KEY, records text NOT NULL);
INSERT INTO bench.template
SELECT size, (SELECT string_agg(
    format('{"external_id":"SO-BLOCKNUM-%1$s","external_source":"SAP","job_number":"J-BLOCKNUM-%1$s",'
    '"customer":"Tidewater Pumps & Valves","due_date":"2027-01-31","priority":3,'
    '"notes":"Deburr all edges, pack in fours, call before delivery.",'
    '"metadata":{"plant":"0001","order_type":"PP01","buyer":"4711"}}', n), ',') FROM generate_series(1, size) n)
FROM unnest('{1,100,1000}'::integer[]) size;

-- The body of a call, with or without its block.
CREATE FUNCTION bench.body(size integer, block text DEFAULT 'BLOCKNUM') RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT replace(CASE WHEN t.size = 1 THEN t.records ELSE '{"items":[' || t.records || ']}' END, 'BLOCKNUM', block)
      FROM bench.template t WHERE t.size = body.size
$$;

-- Fills the empty tables with `records` records, in blocks from 10000000 on.
CREATE FUNCTION bench.fill(size integer, records integer) RETURNS void LANGUAGE sql AS $$
    SELECT eryxon_bulk_upsert_json('jobs', format('{"items":[%s]}', string_agg(
               replace(t.records, 'BLOCKNUM', (10000000 + n)::text), ','))::json, '{"results":"none"}')
      FROM bench.template t, generate_series(0, fill.records / fill.size - 1) n WHERE t.size = fill.size
          GROUP BY n * fill.size / 1000
$$;
SELECT format('ALTER DATABASE %I SET eryxon.tenant_id = %L', current_database(), :'tenant') \gexec
