-- Prints the psql commands that measure bulk scenarios: the arms in turn within a scenario, another one first in each
-- round. Variables: `first` and `last`, the rounds; `guarded`, whether to measure only what is watched; `script`, the
-- file that makes one measurement.
SELECT format(E'\\set scenario %L\n\\set arm %L\n\\set round %s\n\\set touches %s\n\\i %s',
              scenario, arm, round, arm NOT LIKE 'cast %', :'script')
  FROM generate_series(:first, :last) round, bench.scenario s, unnest(s.arms) WITH ORDINALITY a(arm, place)
 WHERE NOT :'guarded' OR (scenario, arm) IN (SELECT scenario, unnest(ARRAY[arm, against]) FROM bench.target
     WHERE guard IS NOT NULL)
 ORDER BY round, s.ordinal, (place + round) % cardinality(s.arms);
