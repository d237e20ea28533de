-- Single records, new, unchanged and changed. Variables: `arm`, `round`, `calls`.
\warn bench: round :round, single records, :arm
\set nested no
\ir reset.sql
\ir settle.sql
CALL bench.measure_single('new', :'arm', :round, :calls, 0, 1, 0);
\ir settle.sql
CALL bench.measure_single('unchanged', :'arm', :round, :calls, 0, 0, 0);
CALL bench.measure_single('changed', :'arm', :round, :calls, 1, 0, 1);
