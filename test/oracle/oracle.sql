-- Loads the oracle and its generator: the schema oracle (functions and its own state) and later the schema oracle_t
-- (its copies of the attached tables).
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET check_function_bodies = off;
DROP SCHEMA IF EXISTS oracle CASCADE;
CREATE SCHEMA oracle;
\ir tables.sql
\ir canonical.sql
\ir read.sql
\ir rows.sql
\ir write.sql
\ir waits.sql
\ir calls.sql
\ir random.sql
\ir records.sql
\ir generate.sql
\ir compare.sql
\ir case.sql
