-- One of several sessions: sends a few records, waits for the common start, sends its bodies by `arm` and keeps the
-- time. Variables: `sessions`, `scenario`, `session`, `arm`, `round`, `start`.
CALL bench.load('warm ' || :session, :'arm');
SELECT FROM pg_sleep_until(:'start') \g /dev/null
CALL bench.measure_session(:'scenario', :sessions, 'session ' || :session, :'arm', :round);
