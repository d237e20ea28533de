-- The tenant is found as the caller: with the caller's user, rights and search_path, whatever the resolver leans on.
SET client_min_messages = warning;
\set one '11111111-1111-4111-8111-111111111111'
\set two '22222222-2222-4222-8222-222222222222'
SELECT plan(60);
SELECT FROM eryxon_create_tables() \g /dev/null
CREATE ROLE pgtap_bob LOGIN;
CREATE ROLE pgtap_keys NOLOGIN;
GRANT pgtap_keys TO pgtap_bob;
SELECT FROM eryxon_grant_api('pgtap_bob') \g /dev/null
SELECT FROM eryxon_grant_webhooks('pgtap_bob') \g /dev/null
GRANT EXECUTE ON FUNCTION eryxon_api_key_create, eryxon_api_keys, eryxon_api_key_revoke TO pgtap_bob;
GRANT CREATE ON SCHEMA public TO pgtap_bob;

-- Two tenants with an event, a mapping, a run, a key and a webhook each.
SET eryxon.capture_events = on;
SET eryxon.api_role = 'pgtap_keys';
CREATE FUNCTION pg_temp.furnish(tenant uuid, name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('eryxon.tenant_id', tenant::text, false);
    PERFORM eryxon_upsert('jobs', jsonb_build_object('external_id', name, 'external_source', 'SAP', 'job_number',
        name));
    PERFORM eryxon_csv_mapping_save('jobs', name, '{}');
    PERFORM eryxon_api_key_create(tenant, name);
    PERFORM eryxon_webhook_create('https://' || name || '.example', '{job.*}');
END
$$;
SELECT FROM pg_temp.furnish(:'one', 'first') \g /dev/null
SELECT FROM pg_temp.furnish(:'two', 'second') \g /dev/null
RESET eryxon.tenant_id;
SELECT FROM eryxon.position_events() \g /dev/null

-- What the functions that read as the extension's owner tell the caller about whose they are.
CREATE TABLE told (name text, statement text);
INSERT INTO told VALUES
    ('eryxon_tenant_id', $$ SELECT CASE eryxon_tenant_id() WHEN '11111111-1111-4111-8111-111111111111' THEN 'first'
        ELSE 'second' END $$),
    ('eryxon_changes', $$ SELECT string_agg(e ->> 'external_id', ',')
        FROM jsonb_array_elements(eryxon_changes() -> 'events') e $$),
    ('eryxon_csv_mapping_list', $$ SELECT string_agg(source, ',') FROM eryxon_csv_mapping_list() $$),
    ('eryxon_api_keys', $$ SELECT string_agg(name, ',') FROM eryxon_api_keys() $$),
    ('eryxon_webhooks', $$ SELECT string_agg(substr(url, 9, length(url) - 16), ',') FROM eryxon_webhooks() $$),
    ('eryxon_status', $$ SELECT e ->> 'live' || '/' || jsonb_array_length(s -> 'runs') FROM eryxon_status() s,
        LATERAL (SELECT s #> '{entities,jobs}') j(e) $$),
    ('list over HTTP', $$ SELECT eryxon_api."api-jobs-list"() #>> '{data,jobs,0,job_number}' $$),
    ('changes over HTTP', $$ SELECT eryxon_api."api-erp-sync-changes"() #>> '{data,events,0,external_id}' $$),
    ('mappings over HTTP', $$ SELECT eryxon_api."api-csv-mappings-list"() #>> '{data,mappings,0,source}' $$),
    ('statistics over HTTP', $$ SELECT eryxon_api."api-erp-sync-statistics"() #>> '{data,days,0,runs}' $$),
    ('a run', $$ SELECT string_agg(eryxon.run_status(r.id) ->> 'created', ',') FROM eryxon.sync_run r $$);
GRANT SELECT ON told TO pgtap_bob;
CREATE FUNCTION expected(name text) RETURNS text LANGUAGE sql AS
$$ SELECT CASE name WHEN 'eryxon_status' THEN '1/1' WHEN 'statistics over HTTP' THEN '1' WHEN 'a run' THEN '1'
    ELSE 'first' END $$;
CREATE FUNCTION answer(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE statement INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;

-- A resolver that names its table without a schema and knows the login: found, as in any statement of the caller's own.
CREATE TABLE members (login name, tenant_id uuid);
INSERT INTO members VALUES ('pgtap_bob', :'one'), ('postgres', :'two');
GRANT SELECT ON members TO pgtap_bob;
CREATE FUNCTION my_tenant() RETURNS uuid
    LANGUAGE sql STABLE AS 'SELECT tenant_id FROM members WHERE login = session_user';
SET eryxon.tenant_resolver = 'public.my_tenant';
SET SESSION AUTHORIZATION pgtap_bob;
SELECT is(answer(statement), expected(name), 'by search_path: ' || name) FROM told;
RESET SESSION AUTHORIZATION;

-- Triggers find what they name as well, also below functions that pin search_path.
CREATE TABLE noted (job_number text);
GRANT INSERT ON noted TO pgtap_bob;
CREATE FUNCTION note_job() RETURNS trigger
    LANGUAGE plpgsql AS 'BEGIN INSERT INTO noted VALUES (new.job_number); RETURN NULL; END';
CREATE TRIGGER note_job AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION note_job();
SET SESSION AUTHORIZATION pgtap_bob;
SELECT is(eryxon_api."api-csv-import"('jobs', convert_to(E'external_id,external_source,job_number\nI1,CSV,I1\n',
    'UTF8')) #>> '{data,created}', '1', 'a file over HTTP');
SELECT is(current_setting('search_path'), '"$user", public', 'search_path is as before');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT job_number FROM noted), 'I1', 'its trigger found the table');
DROP TRIGGER note_job ON jobs;
DELETE FROM eryxon.event_outbox;
DELETE FROM eryxon.event WHERE external_id = 'I1';
DELETE FROM eryxon.sync_run WHERE source = 'CSV';
SET eryxon.hard_delete = on;
DELETE FROM jobs WHERE external_id = 'I1';
RESET eryxon.hard_delete;
DELETE FROM eryxon.event_outbox;

-- Policies find what they name as well, and what stands behind pg_catalog in the path does not get between.
CREATE TABLE shifts (login name);
INSERT INTO shifts VALUES ('pgtap_bob');
GRANT SELECT ON shifts TO pgtap_bob;
CREATE FUNCTION on_shift() RETURNS boolean
    LANGUAGE plpgsql STABLE AS 'BEGIN RETURN EXISTS (SELECT FROM shifts WHERE login = session_user); END';
CREATE POLICY on_shift ON jobs AS RESTRICTIVE USING (on_shift());
CREATE FUNCTION fail(state json, item record) RETURNS json
    LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not this one''; END';
CREATE AGGREGATE public.json_agg(record) (SFUNC = fail, STYPE = json);
SET SESSION AUTHORIZATION pgtap_bob;
SELECT is(answer(statement), expected(name), 'with such a policy: ' || name) FROM told;
SELECT is(eryxon_api."api-jobs-list"(external_id => 'first', external_source => 'SAP', status => 'not_started',
    search => 'IRS', updated_since => '2000-01-01')
          #>> '{data,pagination,total}', '1', 'a list with all filters');
SELECT is(current_setting('search_path'), '"$user", public', 'search_path is as before all the same');
RESET SESSION AUTHORIZATION;
DROP POLICY on_shift ON jobs;

-- A resolver that knows the current user.
CREATE FUNCTION current_tenant() RETURNS uuid
    LANGUAGE sql STABLE AS 'SELECT tenant_id FROM public.members WHERE login = current_user';
SET eryxon.tenant_resolver = 'public.current_tenant';
SET SESSION AUTHORIZATION pgtap_bob;
SELECT is(answer(statement), expected(name), 'by current_user: ' || name) FROM told;
RESET SESSION AUTHORIZATION;

-- A resolver that leans on row level security.
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON members USING (login = current_user);
CREATE FUNCTION visible_tenant() RETURNS uuid
    LANGUAGE sql STABLE AS 'SELECT max(tenant_id::text)::uuid FROM public.members';
SET eryxon.tenant_resolver = 'public.visible_tenant';
SET SESSION AUTHORIZATION pgtap_bob;
SELECT is(answer(statement), expected(name), 'by policies: ' || name) FROM told;
RESET SESSION AUTHORIZATION;
ALTER TABLE members DISABLE ROW LEVEL SECURITY;

-- A resolver with a name that the caller can put something of his own in front of runs with no rights but his.
SET eryxon.tenant_resolver = 'public.my_tenant';
SET SESSION AUTHORIZATION pgtap_bob;
CREATE FUNCTION pg_temp.evil() RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE 'ALTER ROLE pgtap_bob SUPERUSER';
    END IF;
    RETURN '22222222-2222-4222-8222-222222222222';
END
$$;
CREATE TEMP VIEW members AS SELECT session_user::name AS login, pg_temp.evil() AS tenant_id;
SELECT FROM told, answer(statement) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT ok(NOT rolsuper, 'code of the caller''s does not run as the extension''s owner') FROM pg_roles
    WHERE rolname = 'pgtap_bob';
DROP VIEW pg_temp.members;
RESET eryxon.tenant_resolver;

-- Who administers is the current user, not the one behind: code of an administrator's that a superuser runs for him
-- stays his.
SET eryxon.tenant_id = :'one';
SET SESSION AUTHORIZATION pgtap_bob;
CREATE FUNCTION public.trap(x integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF (SELECT count(*) FROM public.eryxon_api_keys()) > 1 THEN
        RAISE EXCEPTION 'keys of another tenant';
    END IF;
    PERFORM public.eryxon_api_key_create('22222222-2222-4222-8222-222222222222', 'stolen');
    RETURN x;
END
$$;
CREATE TABLE public.bait (x integer);
INSERT INTO public.bait VALUES (1);
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION pgtap_bob;
SELECT throws_like('CREATE INDEX ON public.bait (public.trap(x))', '%an API key for another tenant%',
    'nobody makes keys of another tenant');
RESET SESSION AUTHORIZATION;
SELECT throws_like('CREATE INDEX ON public.bait (public.trap(x))', '%an API key for another tenant%',
                   'not even by an index that a superuser makes on his table');

-- What does the work cannot be called, with another tenant or at all.
SELECT set_eq($$ SELECT DISTINCT p.prosrc FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
                  WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'eryxon_sync')
                      AND p.prosrc LIKE 'eryxon\_call\_%' $$,
              ARRAY['eryxon_call_for_tenant', 'eryxon_call_for_administrator', 'eryxon_call_as_caller'],
                  'there are functions that call others for the tenant');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p
                    WHERE p.pronamespace = 'eryxon'::regnamespace AND p.proargnames[2] = 'caller'
                        AND has_function_privilege('pgtap_bob', p.oid, 'EXECUTE') $$,
                'nobody may call those');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
                    WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'eryxon_sync') AND p.prosecdef
                      AND p.prosrc ~ 'eryxon_tenant_id|eryxon_user_id' $$,
                'no SECURITY DEFINER function looks for the tenant');
SELECT isnt_empty($$ SELECT FROM pg_proc WHERE pronamespace = 'eryxon'::regnamespace AND proargnames[2] = 'caller' $$,
    'there are such functions');
SELECT is((SELECT count(*)::integer FROM eryxon_api_keys()), 2, 'a superuser administers all tenants');
SELECT lives_ok($$ SELECT eryxon_webhook_rotate_secret(id) FROM eryxon_webhooks() $$, 'their webhooks, too');
SELECT throws_ok($$ SELECT eryxon_csv_mapping_delete(NULL) $$, 'P0002', NULL, 'arguments may be null');
SELECT results_eq($$ SELECT m.source FROM told t, eryxon_csv_mapping_list('jobs') m WHERE t.name LIKE 'eryxon\_c%' $$,
    ARRAY['first', 'first'], 'several calls in one query');
RESET eryxon.tenant_id;
DROP OWNED BY pgtap_bob, pgtap_keys;
DROP ROLE pgtap_bob, pgtap_keys;
SELECT * FROM finish();
