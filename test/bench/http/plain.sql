-- pgbench: the call alone, prepared, as a statement that commits itself. The tenant is the session's.
\if :started = 0
SELECT bench.body(@size@, @start@) AS body \gset
\set started 1
\endif
\set number :number + 1
\set block @next@
SELECT eryxon_api."@function@"(@body@::json);
