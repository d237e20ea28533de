-- One measurement of a bulk scenario. Variables: `scenario`, `arm`, `round`; `touches`, whether the arm sees the tables
-- at all.
\warn bench: round :round, :scenario, :arm
\if :touches
SELECT nested, base IS NOT NULL AS loads FROM bench.scenario WHERE scenario = :'scenario' \gset
\ir reset.sql
\if :loads
SELECT format('CALL bench.load(%L, %L)', base, :'arm') FROM bench.scenario WHERE scenario = :'scenario' \gexec
\endif
\ir settle.sql
\endif
SELECT format('CALL bench.measure(%L, %L, NULL, %L, %L, %s, %s, %s, %s)', 'bulk', scenario, bodies, :'arm', :round,
              created, updated, failed)
  FROM bench.scenario WHERE scenario = :'scenario' \gexec
