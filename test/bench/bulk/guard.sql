-- Prints a line for each watched target, with half its factor, and the sum: `N passed, N failed`.
CREATE TEMP VIEW watched AS
SELECT ordinal, scenario, arm, against, ratio, low, high, factor / 2 AS factor, coalesce(ratio >= factor / 2, false) AS met
  FROM bench.verdict WHERE guard;
SELECT format('%s - %s: %s is %s times as fast as %s (%s .. %s; at least %s)', CASE WHEN met THEN 'ok' ELSE 'not ok' END,
              scenario, arm, bench.digits(ratio), against, bench.digits(low), bench.digits(high), bench.digits(factor))
  FROM watched ORDER BY ordinal;
SELECT format('%s passed, %s failed', count(*) FILTER (WHERE met), count(*) FILTER (WHERE NOT met)) FROM watched;
