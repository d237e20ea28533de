-- The peak memory of a call of `size` records, new and then unchanged, in a session that has sent 100 records before.
\warn bench: memory of calls of :size
\set nested no
\ir reset.sql
\ir settle.sql
CALL bench.load('warm', 'json');
CALL bench.measure_peak('new', :size);
CALL bench.measure_peak('unchanged', :size);
