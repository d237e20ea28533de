-- New, unchanged and changed records in a table of `rows` rows, which is filled already unless it is to be empty.
-- Variables: `level`, `rows`, `round`, `calls`, `size`.
\warn bench: round :round, a table of :rows rows
CALL bench.load('warm', 'json');
SELECT :rows = 0 AS empty \gset
\if :empty
TRUNCATE jobs CASCADE;
\endif
CALL bench.make_bodies('rows new', :calls, :size,
    before => bench.span(:rows, :calls * :size) + :round * :calls * :size);
\ir settle.sql
CALL bench.measure('rows', 'new', :level, 'rows new', 'json', :round, 1);
\if :empty
CALL bench.fill(0, :calls, :size);
\endif
CALL bench.make_bodies('rows changed', :calls, :size, before => :calls * :size, change => :round,
                       span => bench.span(:rows, :calls * :size));
\ir settle.sql
CALL bench.measure('rows', 'unchanged', :level, 'rows unchanged', 'json', :round, 0);
CALL bench.measure('rows', 'changed', :level, 'rows changed', 'json', :round, 0, 1);
