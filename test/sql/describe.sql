-- The JSON Schema of a record follows the rules and the catalog.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_describe TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_describe
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;

-- Runs a statement and tells how it ends: SQLSTATE, code, message and hint of its error, or ok.
CREATE FUNCTION attempt(statement text, OUT state text, OUT code text, OUT message text, OUT hint text)
    LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    message := 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    code := CASE WHEN detail LIKE '[%' THEN detail::jsonb -> 0 ->> 'constraint' END;
END
$$;

\pset format unaligned
\pset tuples_only on
\pset null -

SELECT attempt('SELECT eryxon_describe(''jobs'')');
SELECT eryxon_create_tables();
SELECT attempt('SELECT eryxon_describe(''nothing'')');
SELECT attempt('SELECT eryxon_describe(NULL)');
SELECT jsonb_pretty(eryxon_describe('cells'));
SELECT p.key, p.value FROM jsonb_each(eryxon_describe('operations') -> 'properties') AS p ORDER BY p.key COLLATE "C";
SELECT jsonb_pretty(eryxon_describe('jobs') - '$defs' -> 'properties' -> 'parts');
SELECT d.key, d.value -> 'properties' -> 'operations', d.value -> 'required', d.value -> 'x-required-on-create'
  FROM jsonb_each(eryxon_describe('jobs') -> '$defs') AS d ORDER BY d.key;
SELECT eryxon_describe('resources') ? '$defs';

-- Types of a user's own table; unmapped fields and generated columns are not in it.
CREATE TYPE grade AS ENUM ('a', 'b', 'c');
CREATE DOMAIN short AS varchar(7);
CREATE TABLE things (
    id uuid NOT NULL, tenant_id uuid NOT NULL,
    small smallint, big bigint, price numeric(10, 2), weight real, flag boolean NOT NULL, day date NOT NULL,
        moment timestamptz,
    grade grade, code short, tags text[], who uuid, extra jsonb, made text GENERATED ALWAYS AS ('x') STORED,
        address inet, plain text, missing integer, best grade, maker_id uuid);
SELECT eryxon_attach('things', 'things') ->> 'entity';
SELECT eryxon_describe('things') -> 'properties' -> 'small';
SELECT eryxon_map_field('things', f, '{}')
  FROM unnest('{small,big,price,weight,flag,day,moment,grade,code,tags,who,extra,made,address,missing}'::text[]) AS f;
ALTER TABLE things DROP missing;
SELECT eryxon_map_field('things', 'best', '{"enum":["a","b","x"],"required":true}');
SELECT eryxon_map_field('things', 'named', '{"column":"plain","aliases":["title","label"],"max_length":20,'
                                           '"min_length":2,"pattern":"^[a-z]+$","default":"none"}');
SELECT eryxon_map_field('things', 'weight',
    '{"required":null,"aliases":null,"min":null,"enum":null,"default":null,"references":null,"column":null}');
SELECT eryxon_map_field('things', 'maker', '{"references":{"entity":"resources","match":"name"}}');
SELECT p.key, p.value FROM jsonb_each(eryxon_describe('things') -> 'properties') AS p ORDER BY p.key COLLATE "C";
SELECT eryxon_describe('things') -> 'required', eryxon_describe('things') -> 'x-required-on-create';
ALTER TABLE things ADD missing integer;
SELECT eryxon_describe('things') -> 'properties' -> 'missing';

-- An entity may carry itself.
CREATE TABLE nodes (id uuid NOT NULL, tenant_id uuid NOT NULL, node_id uuid);
SELECT eryxon_attach('nodes', 'nodes') ->> 'entity';
SELECT eryxon_map_field('nodes', 'node', '{"references":{"entity":"nodes","parent":true,"children":"nodes"}}');
SELECT eryxon_describe('nodes') -> 'properties' -> 'nodes', jsonb_object_keys(eryxon_describe('nodes') -> '$defs');

\c :home
DROP DATABASE eryxon_describe;
