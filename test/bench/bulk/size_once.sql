-- Calls of `size` records each, new and then unchanged, in a fresh session. Variables: `size`, `round`.
\warn bench: round :round, calls of :size
\set nested no
\ir reset.sql
SELECT FROM eryxon_bulk_upsert('jobs', '[]') \g /dev/null
\ir settle.sql
CALL bench.measure('size', 'new', :size, 'size ' || :size, 'json', :round, 1);
\ir settle.sql
CALL bench.measure('size', 'unchanged', :size, 'size ' || :size, 'json', :round, 0);
