-- One of several sessions: waits for the common start, sends the bodies of `bodies` by `arm` and keeps the time.
-- Variables: `sessions`, `scenario`, `bodies`, `arm`, `round`, `start`.
SELECT FROM bench.send(:'arm', '[]') \g /dev/null
SELECT FROM pg_sleep_until(:'start') \g /dev/null
CALL bench.measure_session(:'scenario', :sessions, :'bodies', :'arm', :round);
