-- The same start for every measurement: the other rows, those of nested jobs too if `nested`, no history and no events.
SET session_replication_role = replica;
TRUNCATE jobs, eryxon.sync_run, eryxon.event_outbox CASCADE;
INSERT INTO jobs SELECT * FROM bench.others;
\if :nested
INSERT INTO jobs SELECT * FROM bench.nested_jobs;
INSERT INTO parts SELECT * FROM bench.nested_parts;
INSERT INTO operations SELECT * FROM bench.nested_operations;
\endif
RESET session_replication_role;
