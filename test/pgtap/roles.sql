-- docs/deploy/roles.sql, with the extension in a schema off the search_path: who may what, and what is never written to
-- a log.
SET client_min_messages = warning;
SELECT plan(15);
DROP EXTENSION eryxon_sync;
CREATE SCHEMA "Er p";
CREATE EXTENSION eryxon_sync SCHEMA "Er p";
SELECT FROM "Er p".eryxon_create_tables() \g /dev/null
\set QUIET on
\ir ../../docs/deploy/roles.sql
ALTER ROLE authenticator SET statement_timeout = '8s';
\ir ../../docs/deploy/roles.sql
SELECT pass('roles.sql runs, twice');
SELECT is((SELECT setconfig @> '{statement_timeout=8s,idle_in_transaction_session_timeout=60s}'
    FROM pg_db_role_setting WHERE setrole = 'authenticator'::regrole), true, 'a limit of its own stays');
SELECT ok(has_table_privilege('eryxon_api', 'jobs', 'UPDATE'), 'the API role may write');
SELECT ok(has_function_privilege('eryxon_admin', '"Er p".eryxon_webhooks()', 'EXECUTE'),
    'the administrators'' role may administer');
SELECT ok(NOT has_function_privilege('eryxon_api', '"Er p".eryxon_webhooks()', 'EXECUTE'), 'the API role may not');
SELECT ok(NOT has_table_privilege(r, 'jobs', 'SELECT'), r || ' may read nothing')
    FROM unnest('{authenticator,eryxon_anon}'::name[]) r;
SELECT ok(NOT (rolsuper OR rolbypassrls OR rolinherit), 'the login role is nothing by itself') FROM pg_roles
    WHERE rolname = 'authenticator';
SELECT is((SELECT setconfig @> ARRAY['log_parameter_max_length=0', 'log_parameter_max_length_on_error=0']
    FROM pg_db_role_setting
            WHERE setrole = 'authenticator'::regrole), true, 'no parameter of the login role''s statements is logged');

-- The feed shows rows that a policy inside the tenant may hide: not for everybody.
\set feed '"Er p".eryxon_changes(text, integer, jsonb)'
CREATE ROLE pgtap_reader NOLOGIN;
GRANT SELECT ON jobs TO pgtap_reader;
GRANT USAGE ON SCHEMA "Er p", eryxon_api TO pgtap_reader;
SELECT ok(NOT has_function_privilege('pgtap_reader', :'feed', 'EXECUTE'), 'the feed is not for everybody');
SET "eryxon.tenant_id" = '11111111-1111-4111-8111-111111111111';
SET ROLE pgtap_reader;
SELECT throws_ok('SELECT "Er p".eryxon_changes()', '42501', NULL, 'a reader of the table has no feed');
SELECT is(eryxon_api."api-erp-sync-changes"() #>> '{error,code}', 'FORBIDDEN', 'nor over HTTP');
SELECT throws_ok($$ SELECT eryxon.changes('11111111-1111-4111-8111-111111111111', 'pgtap_reader', NULL, NULL, NULL) $$,
    '42501', NULL, 'nor by what is below');
RESET ROLE;
SET ROLE eryxon_api;
SELECT is(eryxon_api."api-erp-sync-changes"() ->> 'success', 'true', 'the API role has one');
RESET ROLE;
SELECT ok(has_function_privilege('eryxon_admin', :'feed', 'EXECUTE'), 'the administrators'' role, too');
DROP OWNED BY pgtap_reader, eryxon_api, eryxon_admin, eryxon_anon, authenticator;
DROP ROLE pgtap_reader, eryxon_api, eryxon_admin, eryxon_anon, authenticator;
SELECT * FROM finish();
