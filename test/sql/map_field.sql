-- Mapping and unmapping fields: shipped rules, the user's rules, and what is refused.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_map_field TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_map_field
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

SELECT * FROM eryxon.field ORDER BY entity, field;

-- The whole rule is replaced; unmapping hides a shipped rule and forgets one's own.
SELECT eryxon_map_field('jobs', 'customer', '{"max_length":40}');
SELECT eryxon_map_field('jobs', 'customer', '{"aliases":["client"]}');
SELECT eryxon_unmap_field('jobs', 'notes');
SELECT eryxon_unmap_field('jobs', 'notes');
SELECT eryxon_map_field('jobs', 'order_type', '{"column":"kind","value_aliases":{"00":null,"1":"rush"}}');
SELECT * FROM eryxon.field WHERE entity = 'jobs' ORDER BY field;
SELECT eryxon_unmap_field('jobs', 'order_type');
SELECT eryxon_unmap_field('jobs', 'customer');
SELECT eryxon_map_field('jobs', 'notes', '{"aliases":["description"]}');
SELECT field, rule FROM eryxon.field WHERE entity = 'jobs' ORDER BY field;
SELECT * FROM eryxon.user_rule ORDER BY entity, field;
SELECT rule FROM eryxon.shipped_rule WHERE (entity, field) = ('jobs', 'customer');

-- Refused.
SELECT attempt('SELECT eryxon_map_field(''nothing'', ''a'', ''{}'')');
SELECT attempt('SELECT eryxon_unmap_field(''nothing'', ''a'')');
SELECT attempt('SELECT eryxon_unmap_field(''jobs'', ''nothing'')');
SELECT attempt('SELECT eryxon_map_field(''jobs'', ''remark'', ''{"column":"notes"}'')');
SELECT attempt('SELECT eryxon_map_field(''jobs'', ''a'', NULL)');
SELECT attempt('SELECT eryxon_map_field(''jobs'', NULL, ''{}'')');
SELECT attempt(format('SELECT eryxon_map_field(%L, %L, %L)', 'jobs', f, '{}'))
  FROM unnest('{id,tenant_id,sync_hash,deleted_at,created_at,external_id,_op,A,"a b"}'::text[]) AS f;
SELECT r, attempt(format('SELECT eryxon_map_field(%L, %L, %L)', 'jobs', 'a', r)) FROM unnest(ARRAY[
    '[]', '1', '{"colum":"a"}', '{"column":1}', '{"column":"tenant_id"}', '{"column":"a; DROP TABLE x"}',
        '{"aliases":"a"}',
    '{"aliases":["id"]}', '{"enum":"a"}', '{"enum":[1]}', '{"min":"a"}', '{"max_length":-1}', '{"max_length":1.5}',
        '{"required":"yes"}',
    '{"write":"never"}', '{"value_aliases":[]}', '{"references":"jobs"}', '{"references":{}}',
        '{"references":{"entity":"jobs","match":"id"}}',
    '{"references":{"entity":"jobs","cascade":true}}', '{"pattern":1}', '{"pattern":"("}']) AS r;

-- A sixth entity maps nothing until it is told, and takes the rules that were left when it is attached again.
CREATE TABLE tools (id uuid NOT NULL, tenant_id uuid NOT NULL, name text);
SELECT attempt('SELECT eryxon_map_field(''tools'', ''name'', ''{}'')');
SELECT eryxon_attach('tools', 'tools') ->> 'entity';
SELECT count(*) FROM eryxon.field WHERE entity = 'tools';
SELECT eryxon_map_field('tools', 'name', '{"required":true}');
SELECT eryxon_detach('tools');
SELECT eryxon_attach('tools', 'tools') ->> 'entity';
SELECT field, rule FROM eryxon.field WHERE entity = 'tools';

\c :home
DROP DATABASE eryxon_map_field;
