-- Prints a line for each watched target and the sum: `N passed, N failed`. What is asked is the share of the target
-- that `guard` tells. The processor's time of the fastest calls of all rounds so far is compared: noise of the machine
-- only makes calls slower.
CREATE TEMP VIEW fastest AS
SELECT part, scenario, arm, min(fastest) AS us, count(*) AS rounds FROM bench.timing GROUP BY part, scenario, arm;
CREATE TEMP VIEW watched AS
SELECT t.ordinal, t.scenario, t.arm, t.against, t.bound, a.us, b.us AS against_us, a.rounds, r.ratio,
    t.factor * t.guard AS factor,
       coalesce(CASE t.bound WHEN 'at least' THEN r.ratio >= t.factor * t.guard ELSE r.ratio <= t.factor * t.guard END,
           false) AS met
  FROM bench.target t
  LEFT JOIN fastest a ON (a.part, a.scenario, a.arm) = (t.part, t.scenario, t.arm)
  LEFT JOIN fastest b ON (b.part, b.scenario, b.arm) = (t.part, t.scenario, t.against),
       LATERAL (SELECT bench.ratio(t.bound, a.us, b.us) AS ratio) r
 WHERE t.guard IS NOT NULL;
SELECT format('%s - %s: %s %s %s (%s and %s µs a record, %s rounds; %s %s)', CASE WHEN met THEN 'ok'
    ELSE 'not ok' END, scenario, arm,
              format(CASE bound WHEN 'at least' THEN 'is %s times as fast as' ELSE 'takes %s times the time of' END,
                  bench.digits(ratio)),
              against, bench.digits(us), bench.digits(against_us), rounds, bound, bench.digits(factor))
  FROM watched ORDER BY ordinal;
SELECT format('%s passed, %s failed', count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met)) FROM watched;
