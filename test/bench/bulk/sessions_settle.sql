-- Settles the tables before sessions start at once, and prints when they shall start. Variable `first`: new records come, into tables
-- that hold the others alone.
\set nested no
\if :first
\ir reset.sql
\endif
\ir settle.sql
TRUNCATE bench.start;
INSERT INTO bench.start VALUES (clock_timestamp(), bench.row_count());
SELECT clock_timestamp() + interval '0.5 s';
