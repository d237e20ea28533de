-- A file and the same records as JSON, all new: one measurement of `arm`, whose texts are named `bodies`. Variable:
-- `round`.
\warn bench: round :round, a file, :arm
\set nested no
\ir reset.sql
CALL bench.load('warm', 'json');
\ir settle.sql
CALL bench.measure('csv', 'new', NULL, :'bodies', :'arm', :round, 1);
