-- A database that is not UTF8 is refused.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_guard TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C';
\c eryxon_guard
CREATE EXTENSION eryxon_sync;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'eryxon%';
\c :home
DROP DATABASE eryxon_guard;
