-- Attached with soft_delete = "calls": what we delete is marked, what anybody else deletes is gone; and who is named in
-- deleted_by.
\set SHOW_CONTEXT never
\set VERBOSITY terse
\set home :DBNAME
CREATE DATABASE eryxon_calls TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_calls
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
CREATE SCHEMA shop;
CREATE TABLE shop.users (id uuid PRIMARY KEY, tenant_id uuid, UNIQUE (tenant_id, id));
CREATE TABLE shop.jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, job_number text NOT NULL,
    deleted_by uuid REFERENCES shop.users ON DELETE SET NULL);
CREATE TABLE shop.parts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, part_number text NOT NULL,
    job_id uuid NOT NULL REFERENCES shop.jobs ON DELETE CASCADE, deleted_by uuid,
    FOREIGN KEY (tenant_id, deleted_by) REFERENCES shop.users (tenant_id, id));
CREATE FUNCTION shop.clear() RETURNS void LANGUAGE sql AS 'DELETE FROM shop.jobs';
SELECT eryxon_attach('jobs', 'shop.jobs', '{"soft_delete":"softly"}');
SELECT eryxon_attach('jobs', 'shop.jobs', '{"soft_delete":1}');
SELECT jsonb_path_query_array(eryxon_attach('jobs', 'shop.jobs'), '$.warnings[*].code') AS warnings;
SELECT jsonb_path_query_array(eryxon_attach('jobs', 'shop.jobs', '{"soft_delete":"calls"}'), '$.warnings[*].code')
    AS warnings;
SELECT eryxon_attach('parts', 'shop.parts', '{"soft_delete":"calls"}') -> 'triggers' AS triggers;
\echo -- attached again it stays so
SELECT count(eryxon_attach('jobs', 'shop.jobs'));
SELECT entity, soft_delete, calls_only FROM eryxon.entity ORDER BY 1;

SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';
CREATE VIEW kept AS
    SELECT 'job ' || j.external_id AS row, j.deleted_at IS NOT NULL AS deleted, j.deleted_by FROM shop.jobs j
    UNION ALL SELECT 'part ' || p.external_id, p.deleted_at IS NOT NULL, p.deleted_by FROM shop.parts p ORDER BY 1;
SELECT eryxon_bulk_upsert('jobs', '[
    {"external_id":"A","external_source":"ERP","job_number":"A","parts":[{"external_id":"A1","part_number":"1"},
        {"external_id":"A2","part_number":"2"}]},
    {"external_id":"B","external_source":"ERP","job_number":"B","parts":[{"external_id":"B1","part_number":"1"}]},
    {"external_id":"C","external_source":"ERP","job_number":"C","parts":[{"external_id":"C1","part_number":"1"}]}]')
    ->> 'created' AS created;
\echo -- our own deletes are soft, whichever way
SELECT eryxon_delete_external('jobs', 'ERP', 'A') -> 'children' AS children;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"B","external_source":"ERP","parts":[]}]', '{"children":"replace"}')
    #> '{results,0,children,parts,deleted}' AS deleted;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"C","external_source":"ERP","_op":"delete"}]') -> 'deleted'
    AS deleted;
SELECT * FROM kept;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","job_number":"A"}]') -> 'restored'
    AS restored;
\echo -- a plain DELETE is real, also of what was marked, and takes along what the foreign keys say
DELETE FROM shop.parts WHERE external_id = 'A1' RETURNING external_id;
DELETE FROM shop.jobs WHERE external_id IN ('A', 'C') RETURNING external_id;
SELECT * FROM kept;
SELECT row_entity, count(*) FROM eryxon.soft_delete GROUP BY 1;
SELECT shop.clear();
SELECT count(*) FROM kept;
SELECT count(*) FROM eryxon.soft_delete;
\echo -- the policies for DELETE are asked before a call marks a row
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"D","external_source":"ERP","job_number":"D"},
    {"external_id":"E","external_source":"ERP","job_number":"E"}]') ->> 'created' AS created;
CREATE ROLE eryxon_calls_clerk;
GRANT USAGE ON SCHEMA shop TO eryxon_calls_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.jobs, shop.parts TO eryxon_calls_clerk;
ALTER TABLE shop.jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON shop.jobs FOR ALL TO eryxon_calls_clerk USING (true);
CREATE POLICY no_delete ON shop.jobs AS RESTRICTIVE FOR DELETE TO eryxon_calls_clerk USING (job_number <> 'E');
SET ROLE eryxon_calls_clerk;
SELECT eryxon_delete_external('jobs', 'ERP', 'D') ->> 'action' AS action;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"E","external_source":"ERP","_op":"delete"}]') #> '{results,0,code}'
    AS code;
DELETE FROM shop.jobs RETURNING external_id;
RESET ROLE;
SELECT * FROM kept;

\echo -- deleted_by names only whom its foreign key knows: he may be of another tenant
INSERT INTO shop.users VALUES ('5b0e8c1a-7d4f-4c59-9a3b-0000000000aa', '5b0e8c1a-7d4f-4c59-9a3b-000000000002');
SELECT eryxon_bulk_upsert('jobs', '[
    {"external_id":"F","external_source":"ERP","job_number":"F","parts":[{"external_id":"F1","part_number":"1"}]},
    {"external_id":"G","external_source":"ERP","job_number":"G","parts":[{"external_id":"G1","part_number":"1"}]}]')
    ->> 'created' AS created;
SET eryxon.user_id = '5b0e8c1a-7d4f-4c59-9a3b-0000000000bb';
SELECT eryxon_delete_external('jobs', 'ERP', 'F') ->> 'action' AS action;
SET eryxon.user_id = '5b0e8c1a-7d4f-4c59-9a3b-0000000000aa';
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"G","external_source":"ERP","_op":"delete"}]') -> 'deleted'
    AS deleted;
SELECT * FROM kept;
UPDATE shop.users SET tenant_id = eryxon_tenant_id();
SELECT eryxon_bulk_upsert('parts', '[{"external_id":"G1","external_source":"ERP","part_number":"1"}]')
    #> '{results,0,code}' AS code;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"G","external_source":"ERP","job_number":"G"}]') -> 'restored'
    AS restored;
SELECT eryxon_delete_external('parts', 'ERP', 'G1') ->> 'action' AS action;
SELECT * FROM kept WHERE row LIKE '%G%';
\echo -- and goes with them
DELETE FROM shop.parts;
DELETE FROM shop.users RETURNING id;
\echo -- back to soft deletes
SELECT count(eryxon_attach('jobs', 'shop.jobs', '{"soft_delete":true}'));
DELETE FROM shop.jobs WHERE external_id = 'G';
SELECT * FROM kept WHERE row LIKE '%G%';

\c :home
DROP DATABASE eryxon_calls;
DROP ROLE eryxon_calls_clerk;
