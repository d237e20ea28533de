-- Sends a few records by every way, so that the first measurement of the session finds its catalogs and functions read.
\set nested yes
\ir reset.sql
VACUUM (ANALYZE) jobs, parts, operations;
SELECT format('CALL bench.load(%L, %L)', bodies, arm)
  FROM unnest('{json,"json, events",jsonb,peer_set,peer_loop}'::text[]) arm, unnest('{warm,warm nested}'::text[]) bodies
 UNION ALL SELECT 'CALL bench.load(''warm nested'', ''peer_nested'')' \gexec
