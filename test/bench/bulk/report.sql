-- Prints what was measured as Markdown: a section for each part that ran, and the targets. Variables: `rounds`,
-- `calls`, `size`.

SELECT bool_or(part = 'bulk') AS bulk, bool_or(part = 'csv') AS csv, bool_or(part = 'size') AS growth,
    bool_or(part = 'sessions') AS sessions, bool_or(part = 'single') AS single FROM bench.timing \gset

\if :bulk
\qecho
\qecho '## Bulk calls: µs per record'
\qecho
SELECT format('%s calls of %s records of about 300 bytes, one session; nested: jobs with 3 parts of 4 operations each, '
              'per row.', :calls, bench.number(:size));
\qecho
SELECT bench.lines('bulk');
\endif
\if :csv
\qecho
\qecho '## A file of 100,000 jobs: µs per record'
\qecho
SELECT bench.lines('csv');
\endif
\if :growth
\qecho
\qecho '## Growth: µs per record, json path'
\qecho
SELECT bench.lines('size');
\qecho
SELECT bench.lines('rows');
\qecho
\qecho 'Peak private memory of a call, beyond the payload itself:'
\qecho
\qecho '| | payload, kB | memory, kB | memory / payload |'
\qecho '|---|---:|---:|---:|'
SELECT format('| %s | %s | %s | %s |', bench.title('size', scenario, size), bench.number(payload / 1e3),
    bench.number(bytes / 1e3),
              CASE WHEN size >= 1000 THEN to_char(bytes / payload::float, 'FM990.0') ELSE '–' END)
  FROM bench.peak ORDER BY scenario, size;
\endif
\if :sessions
\qecho
\qecho '## Sessions at once: records per second, of all together'
\qecho
SELECT bench.lines('sessions');
\endif
\if :single
\qecho
\qecho '## Single records: µs per call'
\qecho
SELECT bench.lines('single');
\endif
SELECT count(*) > 0 AS targets FROM bench.verdict \gset
\if :targets
\qecho
\qecho '## Targets'
\qecho
\qecho '| scenario | arm | against | target | measured | in the rounds | |'
\qecho '|---|---|---|---|---:|---:|---|'
SELECT format('| %s | %s | %s | %s | %s | %s .. %s | %s |', bench.title(part, scenario, x), arm,
              CASE WHEN x IS NULL THEN against ELSE bench.title(part, scenario, against_x) END,
              CASE bound WHEN 'at least' THEN format('≥ %s × as fast', factor) ELSE format('≤ %s × its time', factor)
                  END,
              bench.digits(ratio), bench.digits(low), bench.digits(high), CASE WHEN met THEN 'met'
                  ELSE '**missed**' END)
  FROM bench.verdict ORDER BY ordinal;
\endif
