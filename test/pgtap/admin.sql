-- The admin pages' functions: who may administer, what a session tells, and that files in parts belong to their tenant.
SET client_min_messages = warning;
\set one 'a0000000-0000-4000-8000-000000000001'
\set two 'a0000000-0000-4000-8000-000000000002'
\set run 'b0000000-0000-4000-8000-000000000001'
SET eryxon.tenant_id = :'one';
SELECT plan(19);
SELECT FROM eryxon_create_tables() \g /dev/null
CREATE ROLE pgtap_keys NOLOGIN;
CREATE ROLE pgtap_plain NOLOGIN;
CREATE ROLE pgtap_admin NOLOGIN;
SET eryxon.api_role = 'pgtap_keys';
SELECT FROM eryxon_grant_api('pgtap_plain') \g /dev/null
SELECT FROM eryxon_grant_admin('pgtap_admin') \g /dev/null

-- What the function answers: data, or the code of the error.
CREATE FUNCTION pg_temp.told(answer json) RETURNS jsonb LANGUAGE sql AS
$$ SELECT CASE WHEN (answer ->> 'success')::boolean THEN answer::jsonb -> 'data' ELSE answer::jsonb #> '{error,code}'
    END $$;

SELECT ok(NOT has_function_privilege('pgtap_plain', 'eryxon_grant_admin(name)', 'EXECUTE'),
    'eryxon_grant_admin is not for everybody');
SELECT throws_ok($$ SELECT eryxon_grant_admin('pgtap_nobody') $$, '42704', NULL, 'a role that does not exist');
SELECT is((SELECT count(*)::integer FROM eryxon.admin_functions()), 12,
    'the functions of keys and webhooks, both forms of replay');
SELECT is_empty($$ SELECT f FROM eryxon.admin_functions() f
    WHERE has_function_privilege('pgtap_plain', f, 'EXECUTE') $$, 'none of them is PUBLIC''s');
SELECT is_empty($$ SELECT f FROM eryxon.admin_functions() f
    WHERE NOT has_function_privilege('pgtap_admin', f, 'EXECUTE') $$, 'all are the administrator''s');
SELECT ok(pg_has_role('pgtap_admin', 'pgtap_keys', 'MEMBER'),
    'who can give keys the role that they have without another');
SELECT lives_ok($$ SELECT eryxon_grant_admin('pgtap_admin') $$, 'once more');
SELECT lives_ok($$ SELECT eryxon_grant_admin('pgtap_keys') $$, 'for the role of new keys itself');
SELECT throws_ok($$ SELECT eryxon_attach('keys', 'jobs') $$, '22023', NULL, 'no entity is called keys');

SET ROLE pgtap_plain;
SELECT is(pg_temp.told(eryxon_api."api-admin-session"()) -> 'admin', 'false', 'a session without rights');
SELECT is(pg_temp.told(eryxon_api."api-keys-list"()), '"FORBIDDEN"', 'sees no keys');
SET ROLE pgtap_admin;
SELECT is(pg_temp.told(eryxon_api."api-admin-session"()) -> 'admin', 'true', 'a session of an administrator');
SELECT is(pg_temp.told(eryxon_api."api-keys-create"('{"name":"x"}')) ->> 'role', 'pgtap_keys', 'makes a key');
SELECT is(pg_temp.told(eryxon_api."api-csv-import-begin"('cells',
    convert_to(E'external_id,external_source,name\n1,S,Saw\n', 'UTF8'), run => :'run')) -> 'records',
          '1', 'an import begins');
RESET ROLE;
SET eryxon.tenant_id = :'two';
SET ROLE pgtap_admin;
SELECT is(pg_temp.told(eryxon_api."api-keys-list"()) -> 'keys', '[]', 'another tenant sees no key');
SELECT is(pg_temp.told(f), '"NOT_FOUND"', 'nor the import: ' || what)
  FROM (VALUES ('run', eryxon_api."api-erp-sync-runs"(:'run')), ('step', eryxon_api."api-csv-import-step"(:'run')),
               ('end', eryxon_api."api-csv-import-end"(:'run')),
                   ('cancel', eryxon_api."api-erp-sync-runs-cancel"(:'run'))) v(what, f);
RESET ROLE;
DROP OWNED BY pgtap_keys, pgtap_plain, pgtap_admin;
DROP ROLE pgtap_keys, pgtap_plain, pgtap_admin;
SELECT * FROM finish();
