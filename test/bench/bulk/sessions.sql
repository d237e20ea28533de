-- Several sessions at once: the bodies of each, and its clock.
-- Variables: `calls` and `size`.
SELECT format('CALL bench.make_bodies(%L, %s, %s, before => %s)', 'session ' || n, :calls, :size, n * :calls * :size)
  FROM generate_series(1, 4) n \gexec
SELECT format('CALL bench.make_bodies(%L, 1, 100, before => %s)', 'warm ' || n, 4000000 + n * 100)
    FROM generate_series(1, 4) n \gexec

-- When the sessions start, and the rows that stand in the tables then.
CREATE TABLE bench.start (at timestamptz, known bigint);

-- Sends the bodies of one session and keeps the time.
CREATE PROCEDURE bench.measure_session(scenario text, sessions bigint, bodies text, arm text, round integer)
    LANGUAGE plpgsql AS $$
DECLARE
    sent bigint; us float; fastest float;
BEGIN
    CALL bench.send_all(bodies, arm, sent, us, fastest);
    INSERT INTO bench.timing VALUES ('sessions', scenario, sessions, arm, round, sent, us, fastest);
END $$;

-- Ends the run unless all sessions together did what they should.
CREATE PROCEDURE bench.check_sessions(scenario text, sessions bigint, arm text, round integer) LANGUAGE plpgsql AS $$
DECLARE
    started bench.start; count bigint; sent bigint;
BEGIN
    SELECT * INTO STRICT started FROM bench.start;
    SELECT count(*), sum(records) INTO count, sent FROM bench.timing t
     WHERE (part, t.scenario, x) = ('sessions', check_sessions.scenario, sessions)
       AND (t.arm, t.round) = (check_sessions.arm, check_sessions.round);
    IF count <> sessions THEN
        RAISE '% of % sessions came to their end', count, sessions;
    END IF;
    CALL bench.check(sessions || ' sessions, ' || scenario, arm, started.at, started.known, sent,
        (scenario = 'new')::integer);
END $$;
