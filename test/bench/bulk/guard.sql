-- Prints a line for each watched target and the sum: `N passed, N failed`. What is asked is the share of the target that `guard` tells.
CREATE TEMP VIEW watched AS
SELECT v.ordinal, v.scenario, v.arm, v.against, v.bound, v.ratio, v.low, v.high, g.factor,
       coalesce(CASE v.bound WHEN 'at least' THEN v.ratio >= g.factor ELSE v.ratio <= g.factor END, false) AS met
  FROM bench.verdict v, LATERAL (SELECT v.factor * v.guard AS factor) g
 WHERE v.guard IS NOT NULL;
SELECT format('%s - %s: %s %s %s (%s .. %s; %s %s)', CASE WHEN met THEN 'ok' ELSE 'not ok' END, scenario, arm,
              format(CASE bound WHEN 'at least' THEN 'is %s times as fast as' ELSE 'takes %s times the time of' END, bench.digits(ratio)),
              against, bench.digits(low), bench.digits(high), bound, bench.digits(factor))
  FROM watched ORDER BY ordinal;
SELECT format('%s passed, %s failed', count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met)) FROM watched;
