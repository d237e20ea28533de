-- What became of deliveries: a relay's reports, and what they say of the endpoints.
--
-- Reports wait for no lock. What somebody else holds, who deletes or changes a webhook, say, stays with the relay,
-- which reports it again.

CREATE TYPE eryxon.report AS (
    delivery    uuid,
    attempt     integer,
    status      integer,
    succeeded   boolean,
    error       text,
    duration_ms numeric,
    retry_after numeric,
    response    text,
    interrupted boolean
);
COMMENT ON TYPE eryxon.report IS
'What became of an attempt.';

CREATE TYPE eryxon.tally AS (
    webhook     uuid,
    url_version integer,
    arrived     uuid[],
    failed      uuid[],
    gone        boolean,
    retry_after numeric
);
COMMENT ON TYPE eryxon.tally IS
'What reports say of an endpoint: the deliveries that it took and not, whether it answered 410, and for how long it
asked to be left alone.';

CREATE FUNCTION eryxon.read_reports(results jsonb) RETURNS SETOF eryxon.report
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT ON (r.delivery, r.attempt) r.delivery, r.attempt, r.status,
        coalesce(r.status BETWEEN 200 AND 299, false),
           left(r.error, 1000), r.duration_ms, CASE WHEN r.retry_after > 0 THEN least(r.retry_after, 86400) END,
           CASE WHEN octet_length(r.response) <= 65536 THEN r.response ELSE left(r.response, 16384) END,
               coalesce(r.interrupted, false)
      FROM jsonb_to_recordset(results) AS r(delivery uuid, attempt integer, status integer, error text,
          duration_ms numeric, retry_after numeric, response text, interrupted boolean)
     ORDER BY r.delivery, r.attempt
$$;
COMMENT ON FUNCTION eryxon.read_reports IS
'The reports of finish_deliveries() as rows. A response of more than 64 kB is cut to what is surely less.';

CREATE FUNCTION eryxon.lock_reported(relay text, reports eryxon.report[]) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named uuid[] := ARRAY(SELECT r.delivery FROM unnest(reports) AS r);
    kept  uuid[] := ARRAY(SELECT w.id FROM eryxon.webhook w
                           WHERE w.id = ANY (ARRAY(SELECT d.webhook_id FROM eryxon.delivery d WHERE d.id = ANY (named)))
                             FOR KEY SHARE SKIP LOCKED);
BEGIN
    RETURN ARRAY(SELECT d.id FROM eryxon.delivery d
                   JOIN unnest(reports) AS r ON r.delivery = d.id AND r.attempt = d.attempt
                  WHERE d.id = ANY (named) AND d.relay = lock_reported.relay AND d.webhook_id = ANY (kept)
                    FOR UPDATE OF d SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION eryxon.lock_reported IS
'Locks the reported deliveries that are still the relay''s, and keeps their webhooks from being deleted.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_reported(text, eryxon.report[]) FROM PUBLIC;

CREATE FUNCTION eryxon.pause_length(pauses integer) RETURNS interval
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT make_interval(secs => least(5 * 2 ^ least(pauses - 1, 10), 300) * (1 + 0.2 * random()))
$$;
COMMENT ON FUNCTION eryxon.pause_length IS
'How long an endpoint that fails is left alone: 5 seconds, twice as long each time, up to 5 minutes, and up to a fifth
more.';

CREATE FUNCTION eryxon.judge_pause(w eryxon.webhook, seen eryxon.tally, moment timestamptz) RETURNS eryxon.webhook
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    probe_failed  boolean := coalesce(w.probe = ANY (seen.failed), false);
    probe_arrived boolean := coalesce(w.probe = ANY (seen.arrived), false);
    failed        integer := cardinality(seen.failed);
BEGIN
    w.failures := CASE WHEN cardinality(seen.arrived) > 0 THEN 0 ELSE least(w.failures + failed, 1000000) END;
    IF seen.retry_after IS NOT NULL THEN
        w.paused_until := greatest(w.paused_until,
            moment + make_interval(secs => seen.retry_after * (1 + 0.1 * random())));
    ELSIF probe_arrived THEN
        w.pauses := 0;
        w.paused_until := NULL;
        w.ramp := 2;
    ELSIF probe_failed OR w.paused_until IS NULL AND w.failures >= 5 THEN
        w.pauses := least(w.pauses + 1, 1000);
        w.paused_until := moment + eryxon.pause_length(w.pauses);
    ELSIF w.paused_until IS NULL AND w.ramp IS NOT NULL THEN
        w.ramp := CASE WHEN failed > coalesce(cardinality(seen.arrived), 0) THEN greatest(w.ramp / 2, 1)
            WHEN w.ramp * 2 < w.max_in_flight THEN w.ramp * 2 END;
    END IF;
    IF probe_failed OR probe_arrived OR w.paused_until IS NULL THEN
        w.probe := NULL;
    END IF;
    RETURN w;
END
$$;
COMMENT ON FUNCTION eryxon.judge_pause IS
'The webhook with its pause as the reports leave it. 429 and 503 with Retry-After pause it for that time and up to a
tenth more, five failures in a row for some seconds, longer each time that the probe fails. What was under way then
changes nothing; afterwards one delivery, the probe, decides. If it arrives, the number under way grows step by step, as
long as most messages arrive.';

CREATE FUNCTION eryxon.judged(w eryxon.webhook, seen eryxon.tally, moment timestamptz) RETURNS eryxon.webhook
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lately  boolean := coalesce(w.failed_at > moment - '2 days'::interval, false);
    failing boolean := coalesce(w.failing_since <= moment - '5 days'::interval AND lately, false)
        AND cardinality(seen.arrived) = 0;
BEGIN
    IF w.enabled AND (seen.gone OR failing) THEN
        w.enabled := false;
        w.disabled_at := moment;
        w.disabled_reason := CASE WHEN seen.gone THEN 'gone' ELSE 'failing' END;
    END IF;
    IF cardinality(seen.arrived) > 0 THEN
        w.failing_since := NULL;
        w.failed_at := NULL;
    ELSE
        w.failing_since := CASE WHEN lately THEN least(coalesce(w.failing_since, moment), moment) ELSE moment END;
        w.failed_at := CASE WHEN w.failed_at BETWEEN moment - '1 hour'::interval AND moment THEN w.failed_at
            ELSE moment END;
    END IF;
    RETURN eryxon.judge_pause(w, seen, moment);
END
$$;
COMMENT ON FUNCTION eryxon.judged IS
'The webhook as the reports leave it: since when it has had nothing but failures, less than two days from one to the
next (the time of the last one to the hour). Five days of that disable it, and 410 does at once.';

CREATE FUNCTION eryxon.tallies(deliveries uuid[], reports eryxon.report[]) RETURNS SETOF eryxon.tally
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT w.id, w.url_version, array_agg(d.id) FILTER (WHERE r.succeeded), array_agg(d.id)
        FILTER (WHERE NOT r.succeeded),
           bool_or(r.status IS NOT DISTINCT FROM 410), max(r.retry_after) FILTER (WHERE r.status IN (429, 503))
      FROM unnest(reports) AS r
      JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
      JOIN eryxon.webhook w ON w.id = d.webhook_id AND w.url_version = d.url_version
     WHERE d.id = ANY (deliveries)
     GROUP BY w.id ORDER BY w.id;
END
$$;
COMMENT ON FUNCTION eryxon.tallies IS
'What the reports of these deliveries say of their endpoints. What was sent to a URL that a webhook has no more says
nothing.';
REVOKE EXECUTE ON FUNCTION eryxon.tallies(uuid[], eryxon.report[]) FROM PUBLIC;

CREATE FUNCTION eryxon.judge_webhook(seen eryxon.tally, moment timestamptz) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old eryxon.webhook;
    new eryxon.webhook;
BEGIN
    SELECT * INTO old FROM eryxon.webhook w WHERE w.id = seen.webhook;
    IF eryxon.judged(old, seen, moment) IS NOT DISTINCT FROM old THEN
        RETURN CASE WHEN cardinality(seen.arrived) > 0 AND old.paused_until IS NULL THEN 'wake' ELSE 'leave' END;
    END IF;
    SELECT * INTO old FROM eryxon.webhook w WHERE w.id = seen.webhook FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'busy';
    ELSIF old.url_version <> seen.url_version THEN
        RETURN 'leave';
    END IF;
    new := eryxon.judged(old, seen, moment);
    UPDATE eryxon.webhook w
       SET enabled = new.enabled, disabled_at = new.disabled_at, disabled_reason = new.disabled_reason,
           failing_since = new.failing_since,
           failed_at = new.failed_at, failures = new.failures, paused_until = new.paused_until, pauses = new.pauses,
               probe = new.probe, ramp = new.ramp
     WHERE w.id = seen.webhook;
    RETURN CASE WHEN new.paused_until IS NOT NULL OR cardinality(seen.arrived) = 0 THEN 'leave'
                WHEN old.paused_until IS NULL THEN 'wake' ELSE 'resume' END;
END
$$;
COMMENT ON FUNCTION eryxon.judge_webhook IS
'Writes down what reports say of an endpoint, and tells what that means for what waits: leave, wake, resume after a
pause; or busy: somebody else is changing the webhook, so nothing was written.';
REVOKE EXECUTE ON FUNCTION eryxon.judge_webhook(eryxon.tally, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.wake(webhook uuid, resumed boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    failed uuid[];
    due    uuid[] := '{}';
    spread double precision;
BEGIN
    failed := ARRAY(SELECT d.id FROM eryxon.delivery d
                     WHERE d.webhook_id = webhook AND d.failures > 0 AND d.woken <> d.failures AND d.due_at > moment
                         AND d.relay IS NULL
                     ORDER BY d.due_at LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED);
    IF resumed THEN
        due := ARRAY(SELECT d.id FROM eryxon.delivery d WHERE d.webhook_id = webhook AND d.due_at <= moment
            AND d.relay IS NULL
                      ORDER BY d.due_at LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    spread := least(greatest(cardinality(failed) + cardinality(due) - 10, 0) * 0.02, 10);
    UPDATE eryxon.delivery d SET due_at = moment + make_interval(secs => spread * random()), woken = d.failures,
        failures = d.failures - 1
     WHERE d.id = ANY (failed);
    UPDATE eryxon.delivery d SET due_at = moment + make_interval(secs => spread * random()) WHERE d.id = ANY (due);
END
$$;
COMMENT ON FUNCTION eryxon.wake IS
'Makes deliveries due that wait for their next try at an endpoint, for it takes messages now: up to a thousand at a
time; more than ten are spread over up to ten seconds, as is what piled up in a pause. The try to which one is woken is
one more, and each is woken once after each failure: else a message that no endpoint would take had used up its tries
with the successes of others.';
REVOKE EXECUTE ON FUNCTION eryxon.wake(uuid, boolean) FROM PUBLIC;

CREATE FUNCTION eryxon.give_back(deliveries uuid[], reports eryxon.report[]) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given uuid[] := ARRAY(SELECT r.delivery FROM unnest(reports) AS r WHERE r.interrupted
        AND r.delivery = ANY (deliveries));
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, error, duration_ms)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, r.error, r.duration_ms
      FROM unnest(reports) AS r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
     WHERE d.id = ANY (given);
    UPDATE eryxon.delivery d SET relay = NULL, due_at = clock_timestamp() WHERE d.id = ANY (given);
    RETURN given;
END
$$;
COMMENT ON FUNCTION eryxon.give_back IS
'Makes deliveries whose try the relay itself has broken off due again, and logs the attempts: no failure of the
endpoint. Returns them.';
REVOKE EXECUTE ON FUNCTION eryxon.give_back(uuid[], eryxon.report[]) FROM PUBLIC;

CREATE FUNCTION eryxon.apply_reports(deliveries uuid[], reports eryxon.report[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, status, error, duration_ms,
        retry_after, response)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, r.status, r.error, r.duration_ms, r.retry_after, r.response
      FROM unnest(reports) AS r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
     WHERE d.id = ANY (deliveries);
    UPDATE eryxon.delivery d
       SET status = n.status, relay = NULL,
           failures = d.failures + CASE WHEN n.status = 'delivered' THEN 0 ELSE 1 END,
           due_at = CASE WHEN n.status = 'pending' THEN clock_timestamp() + make_interval(secs => greatest(
                         w.retry_seconds[d.failures + 2] * (1 + 0.2 * random()), n.retry_after)) END,
           finished_at = CASE WHEN n.status <> 'pending' THEN clock_timestamp() END
      FROM (SELECT o.id, r.retry_after,
                   CASE WHEN r.succeeded THEN 'delivered'
                        WHEN o.failures + 1 >= cardinality(v.retry_seconds) THEN 'dead' ELSE 'pending' END AS status
              FROM unnest(reports) AS r
              JOIN eryxon.delivery o ON o.id = r.delivery AND o.attempt = r.attempt
              JOIN eryxon.webhook v ON v.id = o.webhook_id
             WHERE o.id = ANY (deliveries)) AS n, eryxon.webhook w
     WHERE d.id = n.id AND w.id = d.webhook_id AND d.id = ANY (deliveries);
    PERFORM eryxon.promote(array_agg(d.webhook_id), array_agg(d.row_id))
       FROM eryxon.delivery d WHERE d.id = ANY (deliveries) AND d.status <> 'pending' HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION eryxon.apply_reports IS
'Logs the attempts, and finishes the deliveries or says when they are to be tried again: after the webhook''s next step
and up to a fifth more, or when the endpoint asks for it (Retry-After, at most a day), whichever is later.';
REVOKE EXECUTE ON FUNCTION eryxon.apply_reports(uuid[], eryxon.report[]) FROM PUBLIC;

CREATE FUNCTION eryxon.finish_deliveries(relay text, results jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET jit = off
AS $$
DECLARE
    reports  eryxon.report[] := ARRAY(SELECT r FROM eryxon.read_reports(results) AS r);
    moment   timestamptz := clock_timestamp();
    awake    uuid[] := '{}';
    resumed  uuid[] := '{}';
    reported uuid[];
    given    uuid[];
    seen     eryxon.tally;
    verdict  text;
BEGIN
    PERFORM eryxon.check_read_committed();
    reported := eryxon.lock_reported(relay, reports);
    given := eryxon.give_back(reported, reports);
    reported := ARRAY(SELECT unnest(reported) EXCEPT SELECT unnest(given));
    FOR seen IN SELECT * FROM eryxon.tallies(reported, reports) LOOP
        seen.arrived := coalesce(seen.arrived, '{}');
        seen.failed := coalesce(seen.failed, '{}');
        verdict := eryxon.judge_webhook(seen, moment);
        CASE verdict
        WHEN 'busy' THEN
            reported := ARRAY(SELECT unnest(reported) EXCEPT SELECT unnest(seen.arrived || seen.failed));
        WHEN 'wake', 'resume' THEN
            awake := awake || seen.webhook;
            resumed := CASE verdict WHEN 'resume' THEN resumed || seen.webhook ELSE resumed END;
        ELSE
        END CASE;
    END LOOP;
    PERFORM eryxon.wake(w, w = ANY (resumed)) FROM unnest(awake) AS w;
    PERFORM eryxon.apply_reports(reported, reports);
    RETURN cardinality(reported) + cardinality(given);
END
$$;
COMMENT ON FUNCTION eryxon.finish_deliveries IS
'Takes a relay''s reports: an array of
{"delivery","attempt","status","error","duration_ms","retry_after","response","interrupted"}; for a transaction of its
own. Returns how many it took; unreported() tells which of the others are to be reported again, the rest is not the
relay''s any more.';
REVOKE EXECUTE ON FUNCTION eryxon.finish_deliveries(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.unreported(relay text, results jsonb) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ARRAY(SELECT d.id FROM eryxon.read_reports(results) AS r
                   JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
                  WHERE d.relay = unreported.relay)
$$;
COMMENT ON FUNCTION eryxon.unreported IS
'Those of a relay''s reports that finish_deliveries() has not taken, and that it is to get again: others held what it
needs.';
REVOKE EXECUTE ON FUNCTION eryxon.unreported(text, jsonb) FROM PUBLIC;
