-- The product's tables in the schema prod, and the oracle's copies of them.
SET client_min_messages = warning;
CREATE SCHEMA prod;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables('prod') \g /dev/null
SELECT oracle.copy_tables('prod') \g /dev/null
