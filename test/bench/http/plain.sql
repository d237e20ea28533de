-- pgbench: the call alone, prepared, as a statement that commits itself. The tenant is the session's.
\if :started = 0
SELECT bench.body(@size@, @block@) AS body \gset
\set started 1
\endif
\set number :number + 1
\set block 20000000 + :client_id * 1000000 + :number
SELECT eryxon_api."@function@"(@body@::json);
