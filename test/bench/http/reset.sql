-- The same start for every measurement: `records` known jobs in calls of `size`, no history, no pending writes.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
TRUNCATE jobs, eryxon.sync_run CASCADE;
SELECT FROM bench.fill(:size, :records) \g /dev/null
TRUNCATE eryxon.sync_run CASCADE;
VACUUM (ANALYZE) jobs;
CHECKPOINT;
