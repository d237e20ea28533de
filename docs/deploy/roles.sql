-- Roles for PostgREST or eryxon-gateway. As a superuser, in the database of the MES, after CREATE EXTENSION eryxon_sync
-- and after its tables are attached:
--
--     psql -d mes -v ON_ERROR_STOP=1 -f roles.sql
--
-- Can be repeated. Sets no password: see the last lines.

SELECT format('CREATE ROLE authenticator LOGIN NOINHERIT') WHERE to_regrole('authenticator') IS NULL \gexec
SELECT format('CREATE ROLE eryxon_anon NOLOGIN') WHERE to_regrole('eryxon_anon') IS NULL \gexec
SELECT format('CREATE ROLE eryxon_api NOLOGIN') WHERE to_regrole('eryxon_api') IS NULL \gexec
SELECT format('CREATE ROLE eryxon_admin NOLOGIN') WHERE to_regrole('eryxon_admin') IS NULL \gexec

BEGIN;

-- The role that the HTTP layer logs in as. By itself it may do nothing; for each request it becomes one of the three
-- others.
ALTER ROLE authenticator LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
GRANT eryxon_anon, eryxon_api, eryxon_admin TO authenticator;

-- Requests before, or without, a credential: they see the schema, and every function answers 401.
GRANT USAGE ON SCHEMA eryxon_api TO eryxon_anon;

-- Requests with an API key or a token that names this role: exactly what the endpoints need. Once more after attaching
-- a table.
SELECT format('SELECT %s.eryxon_grant_api(%L)', extnamespace::regnamespace, 'eryxon_api') FROM pg_extension
    WHERE extname = 'eryxon_sync' \gexec

-- Requests of who administers a tenant, on the admin pages: keys and webhooks as well.
SELECT format('SELECT %s.eryxon_grant_admin(%L)', extnamespace::regnamespace, 'eryxon_admin') FROM pg_extension
    WHERE extname = 'eryxon_sync' \gexec

-- Nothing that the HTTP layer began may run or idle for ever. Where the role has a limit of its own, as Supabase's has,
-- that one stays: PostgREST uses it, too.
SELECT format('ALTER ROLE authenticator SET %I = %L', l.name, l.value)
  FROM (VALUES ('statement_timeout', '30s'), ('idle_in_transaction_session_timeout', '60s')) AS l(name, value)
 WHERE NOT EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS c
                    WHERE s.setrole = to_regrole('authenticator') AND c LIKE l.name || '=%') \gexec

-- PostgREST hands keys and tokens to the database as parameters: no log_statement or log_min_duration_statement may
-- write them down, nor auto_explain in plans.
ALTER ROLE authenticator SET log_parameter_max_length = 0;
ALTER ROLE authenticator SET log_parameter_max_length_on_error = 0;
ALTER ROLE authenticator SET auto_explain.log_min_duration = -1;

COMMIT;

-- The login, one of these:
--   on the same machine, over the socket: in pg_hba.conf      local  mes  authenticator  peer  map=http
--                                         in pg_ident.conf    http   eryxon-gateway  authenticator
--   by password (psql asks, it is not logged):                \password authenticator
--
-- Another login role than "authenticator" is not believed its tokens, unless it is named in the setting:
--   ALTER SYSTEM SET eryxon.claims_from = 'authenticator, other_login';  SELECT pg_reload_conf();
--
-- The first API key, for the tenant with this id; it is shown once (in the schema of the extension):
--   SELECT eryxon_api_key_create('11111111-1111-4111-8111-111111111111', 'SAP production');
-- and one for the admin pages:
--   SELECT eryxon_api_key_create('11111111-1111-4111-8111-111111111111', 'Admin pages', role => 'eryxon_admin');
