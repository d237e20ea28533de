-- Prints a line for each watched target and the sum: `N passed, N failed`. Half of what is to be reached is enough; of what may be taken, a
-- fifth more is not too much.
CREATE TEMP VIEW watched AS
SELECT v.ordinal, v.scenario, v.arm, v.against, v.bound, v.ratio, v.low, v.high, g.factor,
       coalesce(CASE v.bound WHEN 'at least' THEN v.ratio >= g.factor ELSE v.ratio <= g.factor END, false) AS met
  FROM bench.verdict v, LATERAL (SELECT CASE v.bound WHEN 'at least' THEN v.factor / 2 ELSE v.factor * 1.2 END AS factor) g
 WHERE v.guard;
SELECT format('%s - %s: %s %s %s (%s .. %s; %s %s)', CASE WHEN met THEN 'ok' ELSE 'not ok' END, scenario, arm,
              format(CASE bound WHEN 'at least' THEN 'is %s times as fast as' ELSE 'takes %s times the time of' END, bench.digits(ratio)),
              against, bench.digits(low), bench.digits(high), bound, bench.digits(factor))
  FROM watched ORDER BY ordinal;
SELECT format('%s passed, %s failed', count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met)) FROM watched;
