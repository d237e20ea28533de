-- Makes the bodies of the bulk scenarios, and the rows that COPY reads. Variables: `calls` and `size`.
CALL bench.make_bodies('base', :calls, :size);
CALL bench.make_bodies('all changed', :calls, :size, change => 1);
CALL bench.make_bodies('1 % changed', :calls, :size, '1 % changed');
CALL bench.make_bodies('1 % bad', :calls, :size, '1 % bad');
CALL bench.make_bodies('1 % taken', :calls, :size, '1 % taken');
CALL bench.make_bodies('nested', :calls, :size / 10, 'nested');
\set nested no
\ir reset.sql
CALL bench.load('base', 'json');
CALL bench.write_rows('base');
