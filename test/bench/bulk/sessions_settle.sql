-- Settles the tables before sessions start at once, and prints when they shall start. Each has sent
-- 100 records by then. Variables: `sessions`; `first`, whether new records come, into tables that hold the others
-- alone.
\set nested no
\if :first
\ir reset.sql
\endif
\ir settle.sql
TRUNCATE bench.start;
INSERT INTO bench.start VALUES (clock_timestamp() + interval '1 s', bench.row_count() + CASE WHEN :'first'
    THEN 100 * :sessions ELSE 0 END);
SELECT at FROM bench.start;
