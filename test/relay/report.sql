-- A row of the table in docs/performance.md: what the receiver saw of this run. Variables: title.

\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
SET jit = off;

WITH arrival AS (
    SELECT DISTINCT ON (r.event_id) r.event_id, r.received_at, r.received_at - extract(epoch FROM e.occurred_at) AS lag,
        e.occurred_at
      FROM request r JOIN eryxon.event e ON e.id = r.event_id WHERE r.answered IS NOT NULL ORDER BY r.event_id, r.came),
total AS (
    SELECT count(*) AS events, max(received_at) - (SELECT min(received_at) FROM request) AS seconds,
           percentile_cont('{0.5,0.95,0.99,1}'::double precision[]) WITHIN GROUP (ORDER BY lag) AS lags
      FROM arrival)
SELECT format('| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |', :'title', t.events, round(t.seconds::numeric, 1),
              round((t.events / t.seconds)::numeric), (SELECT count(*) FROM request),
                  (SELECT count(answered) FROM request) - t.events,
              round(t.lags[1]::numeric, 3), round(t.lags[2]::numeric, 3), round(t.lags[3]::numeric, 3),
                  round(t.lags[4]::numeric, 3))
  FROM total t;
