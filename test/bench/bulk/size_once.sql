-- Calls of `size` records each, new and then unchanged, in a session that has sent 100 records before. Variables:
-- `size`, `round`.
\warn bench: round :round, calls of :size
\set nested no
\ir reset.sql
CALL bench.load('warm', 'json');
\ir settle.sql
CALL bench.measure('size', 'new', :size, 'size ' || :size, 'json', :round, 1);
\ir settle.sql
CALL bench.measure('size', 'unchanged', :size, 'size ' || :size, 'json', :round, 0);
