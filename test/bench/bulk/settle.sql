-- What comes right before a measurement: statistics, no writes under way, no history, no plan of an earlier table.
TRUNCATE eryxon.sync_run CASCADE;
VACUUM (ANALYZE) jobs, parts, operations;
CHECKPOINT;
DISCARD PLANS;
