-- The peak memory of a call of `size` records, new and then unchanged, in a session that has made a call before.
\warn bench: memory of calls of :size
\set nested no
\ir reset.sql
\ir settle.sql
SELECT FROM eryxon_bulk_upsert('jobs', '[]') \g /dev/null
CALL bench.measure_peak('new', :size);
CALL bench.measure_peak('unchanged', :size);
