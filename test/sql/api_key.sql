-- API keys: making, listing and revoking them, and who a request with one is.
\set SHOW_CONTEXT never
\set home :DBNAME
\set root :USER
CREATE DATABASE eryxon_api_key TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_api_key
SET client_min_messages = warning;
CREATE ROLE key_gate LOGIN NOINHERIT;
CREATE ROLE key_anon NOLOGIN;
CREATE ROLE key_api NOLOGIN;
CREATE ROLE key_other NOLOGIN;
CREATE ROLE key_admin LOGIN;
GRANT key_anon, key_api TO key_gate;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
ALTER DATABASE eryxon_api_key SET eryxon.api_role = 'key_api';
ALTER DATABASE eryxon_api_key SET eryxon.claims_from = 'key_gate';
\c
SET client_min_messages = warning;
SELECT eryxon_grant_api('key_api');
GRANT USAGE ON SCHEMA eryxon_api TO key_anon;
GRANT EXECUTE ON FUNCTION eryxon_api_key_create, eryxon_api_keys, eryxon_api_key_revoke TO key_admin;

-- Runs a statement and tells how it ends.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE statement INTO answer;
    RETURN coalesce(answer, 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || regexp_replace(sqlerrm, '[0-9a-f]{8}-[-0-9a-f]{27}', 'ID');
END
$$;
-- Does what PostgREST does for a request, and tells who it became and what was answered.
CREATE FUNCTION request(headers json, claims json DEFAULT '{"role":"key_anon"}',
                        call text DEFAULT 'eryxon_api."api-cells-sync"(''{"external_id":"C","external_source":"S",'
                                          '"name":"saw"}'')')
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer json;
    detail text;
BEGIN
    PERFORM set_config('role', claims ->> 'role', true);
    PERFORM set_config('request.jwt.claims', claims::text, true);
    PERFORM set_config('request.headers', headers::text, true);
    PERFORM eryxon_api.pre_request();
    EXECUTE 'SELECT ' || call INTO answer;
    RETURN concat_ws(' ', current_user, right(nullif(current_setting('eryxon.tenant_id', true), ''), 4),
        current_setting('response.status'), coalesce(answer #>> '{data,action}', answer #>> '{error,message}', 'data'));
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' ', sqlstate, sqlerrm, detail);
END
$$;
CREATE FUNCTION key_header(key text) RETURNS json LANGUAGE sql AS $$ SELECT json_build_object('x-api-key', key) $$;
CREATE FUNCTION bearer(key text) RETURNS json LANGUAGE sql AS $$
    SELECT json_build_object('authorization', 'Bearer ' || key) $$;
CREATE FUNCTION basic(key text) RETURNS json LANGUAGE sql AS $$
    SELECT json_build_object('authorization', 'Basic ' || translate(encode(convert_to('erp:' || key, 'UTF8'), 'base64'),
        E'\n', ''))
$$;
\pset format unaligned
\pset tuples_only on
\pset null -
\set tenant1 'a0000000-0000-4000-8000-000000000001'
\set tenant2 'a0000000-0000-4000-8000-000000000002'

-- A key is shown once; what is kept is its SHA-256 and its first characters.
SELECT eryxon_api_key_create(:'tenant1', 'SAP') AS sap \gset
SELECT eryxon_api_key_create(:'tenant2', 'Odoo', live => false, expires_at => now() + '1 hour') AS odoo \gset
SELECT :'sap' ~ '^ery_live_[A-Za-z0-9_-]{43}$', :'odoo' ~ '^ery_test_[A-Za-z0-9_-]{43}$';
SELECT count(*), bool_and(k.hash = sha256(s.key::bytea)), bool_and(k.prefix = left(s.key, 12)),
    count(*) FILTER (WHERE k::text LIKE '%' || s.key || '%')
  FROM (VALUES (:'sap'), (:'odoo')) s(key) JOIN eryxon.api_key k ON k.hash = sha256(s.key::bytea);
SELECT name, length(prefix), role, expires_at IS NULL AS endless, last_used_at, revoked_at FROM eryxon_api_keys();

-- What cannot be made.
SELECT attempt(c) FROM unnest(ARRAY['SELECT eryxon_api_key_create(NULL, ''x'')',
    'SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', '' '')',
    'SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', ''x'', role => ''nobody_at_all'')',
    'SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', ''x'', role => ''' || :'root' || ''')',
    'SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', ''x'', '
    'expires_at => now() - ''1 s''::interval)',
    'SET LOCAL eryxon.api_role = ''''; SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', ''x'')',
    'SELECT eryxon_api_key_revoke(NULL)', 'SELECT eryxon_api_key_revoke(''a0000000-0000-4000-8000-000000000009'')']) c;

-- Requests: as header, as bearer token, in a transaction that may only read; without a key, with bad ones, with two.
\c - key_gate
\pset null -
SELECT request(key_header(:'sap'));
SELECT request(bearer(:'sap'));
SELECT request(key_header(:'odoo'));
SELECT request(basic(:'sap'));
BEGIN READ ONLY;
SELECT request(key_header(:'sap'), call => 'eryxon_api."api-cells-list"()');
COMMIT;
SELECT current_user, current_setting('eryxon.tenant_id', true), current_setting('response.status', true);
SELECT request('{}');
SELECT request('{"authorization":"Basic eA==", "x-api-key":""}');
SELECT request(key_header('x'));
SELECT request(key_header(:'sap' || 'x'));
SELECT request(key_header(left(:'sap', 51) || 'x'));
SELECT request(basic(:'sap' || 'x'));
SELECT request(json_build_object('x-api-key', :'sap', 'authorization', 'bearer ' || :'sap'));
SELECT request(json_build_object('x-api-key', :'sap', 'authorization', 'Bearer ' || :'odoo'));
SELECT request(json_build_object('x-api-key', :'sap', 'authorization', 'Bearer ' || :'sap' || 'x'));
SELECT set_config('request.headers', 'x', true), attempt('SELECT eryxon_api.pre_request()');

-- A token beside the key: its role stays if it names the same tenant; another tenant or nonsense is refused.
SELECT request(key_header(:'sap'), json_build_object('role', 'key_api', 'tenant_id', :'tenant1'));
SELECT request(key_header(:'sap'), json_build_object('role', 'key_api', 'tenant_id', :'tenant2'));
SELECT request(key_header(:'sap'), '{"role":"key_api","tenant_id":"x"}');
SELECT request('{}', json_build_object('role', 'key_api', 'tenant_id', :'tenant2'));
SELECT request('{}', '{"role":"key_api"}');
SELECT request('{}', '{"role":"key_api","tenant_id":"x"}');

-- The time of use is kept, to the minute; a key that shares its first characters is another one.
\c - :root
\pset null -
SET client_min_messages = warning;
SELECT name, last_used_at IS NOT NULL AS used FROM eryxon_api_keys();
UPDATE eryxon.api_key_use SET last_used_at = now() - '50 s'::interval;
SELECT json_object_agg(name, last_used_at) AS before FROM eryxon_api_keys() \gset
WITH twin AS (INSERT INTO eryxon.api_key (tenant_id, name, prefix, hash, role)
    SELECT :'tenant2', 'Twin', prefix, sha256('twin'), role FROM eryxon.api_key WHERE name = 'SAP' RETURNING id)
INSERT INTO eryxon.api_key_use SELECT id, now() FROM twin;
\c - key_gate
SELECT request(key_header(:'sap'));
\c - :root
\pset null -
SET client_min_messages = warning;
DELETE FROM eryxon.api_key WHERE name = 'Twin';
SELECT json_object_agg(name, last_used_at)::text = :'before' FROM eryxon_api_keys();
UPDATE eryxon.api_key_use SET last_used_at = now() - '61 s'::interval;
\c - key_gate
SELECT request(key_header(:'sap'));
\c - :root
\pset null -
SET client_min_messages = warning;
SELECT name, last_used_at > now() - '50 s'::interval AS noted FROM eryxon_api_keys();

-- Expired, revoked, and roles that cannot be taken on.
UPDATE eryxon.api_key SET expires_at = now() - '1 s'::interval WHERE name = 'Odoo';
SELECT eryxon_api_key_create(:'tenant1', 'Adrift', role => 'key_other') AS adrift \gset
SELECT eryxon_api_key_revoke(id), eryxon_api_key_revoke(id) FROM eryxon_api_keys() WHERE name = 'SAP';
SELECT name, revoked_at IS NOT NULL AS revoked FROM eryxon_api_keys();
\c - key_gate
SELECT request(key_header(:'odoo'));
SELECT request(key_header(:'sap'));
SELECT request(key_header(:'adrift'));

-- An administrator of one tenant sees and makes that tenant's keys only, and for roles of their own.
\c - :root
SET client_min_messages = warning;
ALTER ROLE key_admin IN DATABASE eryxon_api_key SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
\c - key_admin
SELECT attempt(c) FROM unnest(
    ARRAY['SELECT left(eryxon_api_key_create(''a0000000-0000-4000-8000-000000000002'', ''mine''), 9)']) c;
\c - :root
GRANT key_api TO key_admin;
SELECT id AS adrift_id FROM eryxon_api_keys() WHERE name = 'Adrift' \gset
\c - key_admin
SELECT attempt(c) FROM unnest(
    ARRAY['SELECT left(eryxon_api_key_create(''a0000000-0000-4000-8000-000000000002'', ''mine''), 9)',
    'SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', ''theirs'')',
        'SELECT string_agg(name, '','') FROM eryxon_api_keys()',
    'SELECT eryxon_api_key_revoke(''' || :'adrift_id' || ''')', 'SELECT hash FROM eryxon.api_key',
        'SELECT * FROM eryxon.api_key_use',
    'SET eryxon.used_api_key = ''' || :'adrift_id' || '''', 'SET eryxon.api_role = x']) c;
-- What the login role could become does not count, only what the caller is.
\c - :root
GRANT key_admin TO key_gate;
\c - key_gate
SET ROLE key_admin;
SET request.jwt.claims = '{"tenant_id": "a0000000-0000-4000-8000-000000000002"}';
SELECT attempt('SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000002'', ''up'', role => ''key_anon'')');
SELECT attempt('SELECT left(eryxon_api_key_create(''a0000000-0000-4000-8000-000000000002'', ''same'', '
               'role => ''key_api''), 9)');
RESET ROLE;
SELECT attempt('SELECT eryxon_api_key_create(''a0000000-0000-4000-8000-000000000001'', ''x'')'),
    attempt('SELECT * FROM eryxon_api_keys()'),
       attempt('SELECT eryxon_api_key_revoke(NULL)'), attempt('SELECT eryxon_grant_api(''key_gate'')');
\c :home :root
DROP DATABASE eryxon_api_key WITH (FORCE);
DROP ROLE key_gate, key_anon, key_api, key_other, key_admin;
