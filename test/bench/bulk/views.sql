-- What was measured, as the report reads it.

-- Microseconds per record of each round. What jsonb costs beyond json is an arm of its own; sessions add up their
-- speeds.
CREATE VIEW bench.cost AS
WITH single AS (
    SELECT part, scenario, x, arm, round, 1 / sum(records / us) AS us FROM bench.timing GROUP BY part, scenario, x, arm,
        round)
SELECT * FROM single
UNION ALL
SELECT part, b.scenario, b.x, 'jsonb - json', b.round, b.us - j.us
  FROM single b JOIN single j USING (part, scenario, round)
 WHERE part = 'bulk' AND b.arm = 'jsonb' AND j.arm = 'json';

-- The medians of all rounds.
CREATE VIEW bench.median AS
SELECT part, scenario, x, arm, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS us
  FROM bench.cost GROUP BY part, scenario, x, arm;

-- The ratio that a target is about, of two costs.
CREATE FUNCTION bench.ratio(bound text, us float, against_us float) RETURNS float LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE bound WHEN 'at least' THEN against_us / us ELSE us / against_us END
$$;

-- Smallest and largest ratio of a target within a round.
CREATE FUNCTION bench.spread(t bench.target, OUT low float, OUT high float) LANGUAGE sql STABLE AS $$
    SELECT min(ratio), max(ratio)
      FROM bench.cost a
      JOIN bench.cost b USING (part, scenario, round), bench.ratio(t.bound, a.us, b.us) ratio
     WHERE (a.part, a.scenario, a.arm, b.arm) = (t.part, t.scenario, t.arm, t.against)
       AND a.x IS NOT DISTINCT FROM t.x AND b.x IS NOT DISTINCT FROM t.against_x
$$;

-- Each target of the parts that were measured: the ratio of medians, and whether that is enough. Not measured is not
-- reached.
CREATE VIEW bench.verdict AS
SELECT t.*, r.ratio, s.low, s.high,
       coalesce(CASE t.bound WHEN 'at least' THEN r.ratio >= t.factor ELSE r.ratio <= t.factor END, false) AS met
  FROM bench.target t
  LEFT JOIN bench.median a ON (a.part, a.scenario, a.arm) = (t.part, t.scenario, t.arm) AND a.x IS NOT DISTINCT FROM t.x
  LEFT JOIN bench.median b ON (b.part, b.scenario, b.arm) = (t.part, t.scenario, t.against)
      AND b.x IS NOT DISTINCT FROM t.against_x,
       LATERAL (SELECT bench.ratio(t.bound, a.us, b.us) AS ratio) r, bench.spread(t) s
 WHERE t.part IN (SELECT part FROM bench.timing);

-- A number with commas.
CREATE FUNCTION bench.number(n numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(n, 'FM999,999,999,990') $$;

-- A number with two digits after the point; a dash for what was not measured.
CREATE FUNCTION bench.digits(n float) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(to_char(n, 'FM999990.00'), '–') $$;

-- The name of what a target compares.
CREATE FUNCTION bench.title(part text, scenario text, x bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE part
           WHEN 'size' THEN format('%s, %s a call', scenario, bench.number(x))
           WHEN 'rows' THEN format('%s, %s rows in the table', scenario, (SELECT bench.number(rows) FROM bench.level
               WHERE level = x))
           WHEN 'sessions' THEN format('%s, %s %s', scenario, x, CASE x WHEN 1 THEN 'session' ELSE 'sessions' END)
           ELSE scenario
           END
$$;

-- The cells of one row of a part's table: microseconds per record, or records per second of several sessions.
CREATE FUNCTION bench.cells(part text, scenario text, x bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(CASE cells.part WHEN 'sessions' THEN bench.number((1e6 / m.us)::numeric)
        ELSE bench.digits(m.us) END, ' | ' ORDER BY a.ordinal)
      FROM bench.arm a
      LEFT JOIN bench.median m ON m.arm = a.arm AND (m.part, m.scenario) = (cells.part, cells.scenario)
                              AND m.x IS NOT DISTINCT FROM cells.x
     WHERE a.arm IN (SELECT t.arm FROM bench.timing t WHERE t.part = cells.part)
$$;

-- The lines of a part's table: a row for each scenario, a column for each arm.
CREATE FUNCTION bench.lines(part text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT unnest(ARRAY['| | ' || string_agg(title, ' | ' ORDER BY ordinal) || ' |',
                        '|---|' || repeat('---:|', count(*)::integer)])
      FROM bench.arm WHERE arm IN (SELECT t.arm FROM bench.timing t WHERE t.part = lines.part)
    UNION ALL (
    SELECT format('| %s | %s |', bench.title(lines.part, t.scenario, t.x), bench.cells(lines.part, t.scenario, t.x))
      FROM (SELECT DISTINCT t.scenario, t.x FROM bench.timing t WHERE t.part = lines.part) t LEFT
          JOIN bench.scenario s USING (scenario)
     ORDER BY coalesce(s.ordinal, array_position('{new,unchanged,changed}', t.scenario)), t.x)
$$;
