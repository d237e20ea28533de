-- What a request over HTTP is let in by: a key, its digest from a gateway, a token; and what it is refused for.
SET client_min_messages = warning;
\set one '11111111-1111-4111-8111-111111111111'
SELECT plan(22);
SELECT FROM eryxon_create_tables() \g /dev/null
CREATE ROLE pgtap_api NOLOGIN;
CREATE ROLE pgtap_stranger LOGIN;
GRANT pgtap_api TO pgtap_stranger;
SELECT FROM eryxon_grant_api('pgtap_api') \g /dev/null
GRANT USAGE ON SCHEMA eryxon_api TO pgtap_stranger;
SELECT eryxon_api_key_create(:'one', 'test', role => 'pgtap_api') AS key \gset
SELECT left(:'key', 12) || ':' || encode(sha256(convert_to(:'key', 'UTF8')), 'hex') AS digest \gset

-- A request with these headers and claims: what pre_request() raises, else the list's code, 200 for data.
CREATE FUNCTION request(headers jsonb, claims jsonb, method text DEFAULT 'GET') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer json;
BEGIN
    PERFORM set_config('request.method', method, true), set_config('request.headers', headers::text, true),
            set_config('request.jwt.claims', claims::text, true);
    PERFORM eryxon_api.pre_request();
    answer := eryxon_api."api-jobs-list"();
    RETURN concat_ws(' ', current_setting('response.status'), split_part(answer #>> '{error,message}', '. ', 1));
EXCEPTION WHEN OTHERS THEN
    RETURN concat_ws(' ', sqlstate, sqlerrm::json ->> 'message');
END
$$;
\set anon '{"role":"eryxon_anon"}'
SELECT is(request(jsonb_build_object('x-api-key', :'key'), :'anon'), '200', 'a key');
RESET ROLE;
SELECT is(request(jsonb_build_object('authorization', 'Bearer ' || :'key'), :'anon'), '200', 'as bearer token');
RESET ROLE;
SELECT is(request('{}', :'anon'::jsonb || jsonb_build_object('eryxon_key', :'digest'::text)), '200', 'its digest');
RESET ROLE;
SELECT is(request(jsonb_build_object('x-api-key', :'key'), :'anon'::jsonb || jsonb_build_object('eryxon_key',
    :'digest'::text)), '200', 'both');
RESET ROLE;
SELECT is(request('{"x-api-key":"ery_live_another"}', :'anon'::jsonb || jsonb_build_object('eryxon_key',
    :'digest'::text)), 'PGRST several different API keys were sent', 'two that differ');
SELECT is(request('{}', jsonb_build_object('eryxon_key', d)), 'PGRST the API key is unknown, revoked or expired',
    'digest ' || d)
  FROM unnest(ARRAY[left(:'digest', 13), left(:'digest', -1), left(:'digest', -1) || 'g',
      overlay(:'digest' PLACING upper(substr(:'digest', 14, 30)) FROM 14), 'ery_live_:']) d;
SELECT is(request('{}', jsonb_build_object('eryxon_key', d)), 'PGRST this is not an API key', 'digest ' || d)
    FROM unnest('{:,x,secret:0}'::text[]) d;
SELECT is(request('{}', '{"eryxon_key":1}'), 'PGRST the login role of the gateway is not believed',
    'a digest that is no text');

-- A digest is a gateway's word: it counts from the login roles whose claims count.
SET SESSION AUTHORIZATION pgtap_stranger;
SELECT is(request('{}', jsonb_build_object('eryxon_key', :'digest'::text)),
    'PGRST the login role of the gateway is not believed', 'a stranger with a digest');
SELECT is(request('{}', '{"role":"none"}'), '401 no credential was sent', 'whose claims do not count');
RESET SESSION AUTHORIZATION;

-- "none" is no role but the login role itself.
SELECT is(request('{"authorization":"Bearer x"}', '{"role":"none","tenant_id":"11111111-1111-4111-8111-111111111111"}'),
          'PGRST the role of the token does not exist', 'a token with the role none');
SELECT throws_ok(format('SELECT eryxon_api_key_create(%L, %L, role => %L)', :'one', 'x', 'none'), '42704', NULL,
    'a key with the role none');

-- Without a credential the answer is 401, also where there is one tenant for all.
SET eryxon.tenant_id = :'one';
SELECT is(request('{}', :'anon'), '401 no credential was sent', 'no credential');
SELECT is(request('{"authorization":"Basic dXNlcjpwYXNz"}', :'anon'), '401 no credential was sent',
    'one of another scheme');
SELECT is(request('{"authorization":"bearer"}', '{"role":"pgtap_api"}'), '200', 'a token, as the gateway tells of it');
SELECT is(request('{}', '{}', ''), '200', 'plain SQL is no request');
RESET eryxon.tenant_id;
DROP OWNED BY pgtap_api, pgtap_stranger;
DROP ROLE pgtap_api, pgtap_stranger;
SELECT * FROM finish();
