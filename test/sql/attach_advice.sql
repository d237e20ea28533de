-- What eryxon_attach() says of the tables of a real shop, what eryxon_map_field() refuses, and a tenant that is gone.
\set SHOW_CONTEXT never
\set VERBOSITY terse
\set home :DBNAME
CREATE DATABASE eryxon_attach_advice TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_attach_advice
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;

\echo -- what no field takes, and what the tables of a real shop do not go well with
CREATE SCHEMA shop;
CREATE TABLE shop.users (id uuid PRIMARY KEY);
CREATE TABLE shop.jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, job_number text NOT NULL,
    customer_name text, code text NOT NULL, rank integer NOT NULL DEFAULT 1, notes text, priority integer,
    line integer GENERATED ALWAYS AS (1) STORED, updated_at timestamptz, deleted_by uuid REFERENCES shop.users);
ALTER TABLE shop.jobs ENABLE ROW LEVEL SECURITY;
-- A policy for others does not let an API key see anything.
CREATE POLICY service ON shop.jobs TO pg_monitor USING (true);
CREATE TABLE shop.parts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, part_number text, updated_at timestamptz,
    job_id uuid, order_id uuid, UNIQUE (tenant_id, part_number));
CREATE FUNCTION shop.clear(tenant uuid) RETURNS void LANGUAGE sql AS 'DELETE FROM shop.jobs WHERE tenant_id = tenant';
CREATE FUNCTION shop.clear_all() RETURNS void LANGUAGE sql SET eryxon.hard_delete = on AS 'DELETE FROM shop.jobs';
CREATE TEMP TABLE attached AS SELECT eryxon_attach('jobs', 'shop.jobs') AS answer;
SELECT answer -> 'unmapped', answer -> 'required' FROM attached;
SELECT s FROM attached, jsonb_array_elements(answer -> 'suggestions') AS s;
SELECT w ->> 'code', w ->> 'message' FROM attached, jsonb_array_elements(answer -> 'warnings') AS w;
ALTER TABLE shop.parts ADD FOREIGN KEY (order_id) REFERENCES shop.jobs;
TRUNCATE attached;
INSERT INTO attached SELECT eryxon_attach('parts', 'shop.parts');
SELECT s FROM attached, jsonb_array_elements(answer -> 'suggestions') AS s;
SELECT w ->> 'message' FROM attached, jsonb_array_elements(answer -> 'warnings') AS w
 WHERE w ->> 'code' = 'UNIQUE_WIDER';
\echo -- a rule has to suit the table
CREATE FUNCTION refused(field text, rule jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eryxon_map_field('jobs', field, rule);
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT refused(f, r) FROM (VALUES ('remark', '{"column":"notes"}'::jsonb), ('notes', '{"column":"nots"}'),
    ('priority', '{"default":"high"}'), ('priority', '{"max":1e30}'), ('priority', '{"value_aliases":{"high":"x"}}'),
    ('priority', '{"value_aliases":{"high":9,"none":null},"default":"3","min":0}'), ('rank', '{"default":"next"}'),
    ('code', '{"default":7}')) AS v(f, r);
\echo -- nor may the column cut, round or not understand what the rule gives
CREATE DOMAIN shop.short AS varchar(3);
ALTER TABLE shop.jobs ADD code_3 varchar(3), ADD price numeric(5,2), ADD bits bit(3), ADD took interval(0),
    ADD due date, ADD short shop.short;
SELECT f, r, refused(f, r) FROM (VALUES ('code_3', '{"default":"abcd"}'::jsonb),
    ('code_3', '{"value_aliases":{"x":"abcd"}}'), ('code_3', '{"default":"abc"}'), ('price', '{"default":1.255}'),
    ('price', '{"default":"1.250"}'), ('bits', '{"default":"10"}'), ('bits', '{"default":"101"}'),
    ('took', '{"default":"00:00:01.7"}'), ('took', '{"default":"01:30"}'), ('due', '{"default":"today"}'),
    ('due', '{"default":"2026-12-31"}'), ('short', '{"default":"abcd"}'), ('short', '{"default":"abc"}')) AS v(f, r);
\echo -- a tenant that is gone
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-0000000000f0';
SELECT eryxon_upsert('jobs', '{"external_id":"F","external_source":"ERP","job_number":"F"}') ->> 'action';
SELECT eryxon_forget_tenant('5b0e8c1a-7d4f-4c59-9a3b-0000000000f0');
SELECT count(*) FROM eryxon.sync_run WHERE tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-0000000000f0';
SELECT count(*) FROM shop.jobs;
SELECT eryxon_forget_tenant(NULL);

\c :home
DROP DATABASE eryxon_attach_advice;
