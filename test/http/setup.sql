-- The database of the tests in this folder: the roles as documented, two more for what they must not do, the extension
-- and its tables.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

-- Roles belong to the server: made once, whatever the database.
CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD :'password';
CREATE ROLE eryxon_anon NOLOGIN;
CREATE ROLE eryxon_api NOLOGIN;
CREATE ROLE shop_planner NOLOGIN;
CREATE ROLE shop_reader NOLOGIN;
CREATE ROLE shop_admin NOLOGIN;
CREATE ROLE shop_clerk LOGIN;
CREATE ROLE eryxon_relay LOGIN;
ALTER ROLE shop_planner SET statement_timeout = '59s';
GRANT eryxon_anon, eryxon_api, shop_planner, shop_reader, shop_admin TO authenticator;

CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
GRANT USAGE ON SCHEMA eryxon_api TO eryxon_anon, shop_reader;
SELECT FROM eryxon_grant_api('eryxon_api') \g /dev/null
SELECT FROM eryxon_grant_api('shop_planner') \g /dev/null
SELECT FROM eryxon_grant_relay('eryxon_relay') \g /dev/null
SELECT FROM eryxon_grant_webhooks('shop_planner') \g /dev/null
SELECT FROM eryxon_grant_admin('shop_admin') \g /dev/null
GRANT SELECT ON jobs, parts, operations, cells, resources TO shop_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, parts, operations, cells, resources TO shop_clerk;
