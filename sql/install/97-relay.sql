-- What a relay calls: it claims deliveries that are due, sends them, and reports. All that is decided is decided here.
--
-- Most functions are written in PL/pgSQL, which parses its statements once in a session.

CREATE FUNCTION eryxon.choose_due(webhooks uuid[], at_most integer, moment timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT n.id
          FROM (SELECT d.id, d.due_at, in_flight.number + row_number() OVER (PARTITION BY w.id ORDER BY d.due_at) AS place
                  FROM eryxon.webhook w
                 CROSS JOIN LATERAL (SELECT count(*) AS number FROM eryxon.delivery f
                                      WHERE f.webhook_id = w.id AND f.relay IS NOT NULL AND f.due_at > moment) AS in_flight
                 CROSS JOIN LATERAL (SELECT q.id, q.due_at FROM eryxon.delivery q
                                      WHERE q.webhook_id = w.id AND q.due_at <= moment
                                      ORDER BY q.due_at
                                      LIMIT greatest(least(w.max_in_flight - in_flight.number, at_most), 0)
                                        FOR NO KEY UPDATE SKIP LOCKED) AS d
                 WHERE w.id = ANY (webhooks)) AS n
         ORDER BY n.place, n.due_at LIMIT at_most);
END
$$;
COMMENT ON FUNCTION eryxon.choose_due IS
'Locks deliveries that are due and not locked: of the webhooks with the fewest under way first, so that slow ones do not take all places,
and of each the longest due. No webhook gets more than max_in_flight at a time. The caller holds the webhooks'' rows, so that no other relay counts and claims there meanwhile.';
REVOKE EXECUTE ON FUNCTION eryxon.choose_due(uuid[], integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.log_lost_attempts(deliveries uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, error)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, 'the relay did not report within its lease'
      FROM eryxon.delivery d WHERE d.id = ANY (deliveries) AND d.relay IS NOT NULL;
END
$$;
COMMENT ON FUNCTION eryxon.log_lost_attempts IS
'Writes down the attempts of relays whose lease has passed. Whether the message arrived is not known; it is no failure of the endpoint.';
REVOKE EXECUTE ON FUNCTION eryxon.log_lost_attempts(uuid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.check_claim(relay text, at_most integer, lease interval) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(relay, '') = '' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'relay', 'a relay needs a name');
    ELSIF at_most IS NULL OR at_most < 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'at_most', 'the number of deliveries must not be negative');
    ELSIF lease IS NULL OR lease <= '0'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'lease', 'the lease must be longer than zero');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_claim IS
'Checks the arguments of claim_deliveries().';

CREATE FUNCTION eryxon.claim_deliveries(relay text, at_most integer, lease interval)
    RETURNS TABLE (delivery uuid, webhook uuid, url text, secrets text[], message_id text, type text, attempt integer, body text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    held   uuid[];
    chosen uuid[];
BEGIN
    PERFORM eryxon.check_claim(relay, at_most, lease);
    PERFORM eryxon.check_read_committed();
    held := ARRAY(SELECT w.id FROM eryxon.webhook w
                   WHERE w.enabled
                     AND (SELECT true FROM eryxon.delivery d WHERE d.webhook_id = w.id AND d.due_at <= moment LIMIT 1)
                     FOR NO KEY UPDATE SKIP LOCKED);
    chosen := eryxon.choose_due(held, at_most, moment);
    PERFORM eryxon.log_lost_attempts(chosen);
    RETURN QUERY
    WITH claimed AS (
        UPDATE eryxon.delivery d
           SET relay = $1, attempt = d.attempt + 1, claimed_at = moment, due_at = moment + lease
         WHERE d.id = ANY (chosen)
        RETURNING d)
    SELECT (c.d).id, w.id, w.url, eryxon.secrets(w.id), eryxon.message_id((c.d).id), (c.d).type, (c.d).attempt,
           eryxon.message_body(c.d, e)
      FROM claimed c JOIN eryxon.webhook w ON w.id = (c.d).webhook_id
      LEFT JOIN eryxon.event e ON e.position = (c.d).position
     ORDER BY (c.d).turn;
END
$$;
COMMENT ON FUNCTION eryxon.claim_deliveries IS
'Gives a relay up to so many deliveries that are due, for the time of the lease; for a transaction of its own.
After the lease others may claim what was not reported. Waits for nobody; deliveries of disabled webhooks are not claimed.';
REVOKE EXECUTE ON FUNCTION eryxon.claim_deliveries(text, integer, interval) FROM PUBLIC;

CREATE FUNCTION eryxon.read_reports(results jsonb)
    RETURNS TABLE (delivery uuid, attempt integer, status integer, succeeded boolean, error text, duration_ms numeric,
                   retry_after numeric, response text, interrupted boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT ON (r.delivery, r.attempt) r.delivery, r.attempt, r.status, coalesce(r.status BETWEEN 200 AND 299, false),
           left(r.error, 1000), r.duration_ms, CASE WHEN r.retry_after > 0 THEN least(r.retry_after, 86400) END,
           CASE WHEN octet_length(r.response) <= 65536 THEN r.response ELSE left(r.response, 16384) END, coalesce(r.interrupted, false)
      FROM jsonb_to_recordset(results) AS r(delivery uuid, attempt integer, status integer, error text, duration_ms numeric,
                                            retry_after numeric, response text, interrupted boolean)
     ORDER BY r.delivery, r.attempt
$$;
COMMENT ON FUNCTION eryxon.read_reports IS
'The reports of finish_deliveries() as rows. A response of more than 64 kB is cut to what is surely less.';

CREATE FUNCTION eryxon.lock_reported(relay text, results jsonb) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named uuid[] := ARRAY(SELECT r.delivery FROM eryxon.read_reports(results) r);
BEGIN
    PERFORM FROM eryxon.webhook w
      WHERE w.id IN (SELECT d.webhook_id FROM eryxon.delivery d WHERE d.id = ANY (named))
      ORDER BY w.id FOR KEY SHARE;
    RETURN ARRAY(SELECT d.id FROM eryxon.delivery d
                   JOIN eryxon.read_reports(results) r ON r.delivery = d.id AND r.attempt = d.attempt
                  WHERE d.id = ANY (named) AND d.relay = lock_reported.relay
                  ORDER BY d.id FOR UPDATE OF d);
END
$$;
COMMENT ON FUNCTION eryxon.lock_reported IS
'Locks the reported deliveries that are still the relay''s, and keeps their webhooks from being deleted.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_reported(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.give_back(deliveries uuid[], results jsonb) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given uuid[] := ARRAY(SELECT r.delivery FROM eryxon.read_reports(results) r WHERE r.interrupted AND r.delivery = ANY (deliveries));
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, error, duration_ms)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, r.error, r.duration_ms
      FROM eryxon.read_reports(results) r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
     WHERE d.id = ANY (given);
    UPDATE eryxon.delivery d SET relay = NULL, due_at = clock_timestamp() WHERE d.id = ANY (given);
    RETURN given;
END
$$;
COMMENT ON FUNCTION eryxon.give_back IS
'Makes deliveries whose try the relay itself has broken off due again, and logs the attempts: no failure of the endpoint. Returns them.';
REVOKE EXECUTE ON FUNCTION eryxon.give_back(uuid[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.apply_reports(deliveries uuid[], results jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, status, error, duration_ms, retry_after, response)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, r.status, r.error, r.duration_ms, r.retry_after, r.response
      FROM eryxon.read_reports(results) r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
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
              FROM eryxon.read_reports(results) r
              JOIN eryxon.delivery o ON o.id = r.delivery AND o.attempt = r.attempt
              JOIN eryxon.webhook v ON v.id = o.webhook_id
             WHERE o.id = ANY (deliveries)) AS n, eryxon.webhook w
     WHERE d.id = n.id AND w.id = d.webhook_id AND d.id = ANY (deliveries);
END
$$;
COMMENT ON FUNCTION eryxon.apply_reports IS
'Logs the attempts, and finishes the deliveries or says when they are to be tried again: after the webhook''s next step and up to a fifth
more, or when the endpoint asks for it (Retry-After, at most a day), whichever is later.';
REVOKE EXECUTE ON FUNCTION eryxon.apply_reports(uuid[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.judge_webhooks(deliveries uuid[], results jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH judged AS (
        SELECT d.webhook_id, bool_or(r.succeeded) AS succeeded, bool_or(r.status IS NOT DISTINCT FROM 410) AS gone
          FROM eryxon.read_reports(results) r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
         WHERE d.id = ANY (deliveries) GROUP BY d.webhook_id),
    changed AS MATERIALIZED (
        SELECT w.id, j.succeeded, w.enabled AND j.gone AS gone,
               w.enabled AND NOT j.succeeded AND w.failing_since <= now() - '5 days'::interval AND w.failed_at > now() - '2 days'::interval AS failing
          FROM eryxon.webhook w JOIN judged j ON j.webhook_id = w.id
         WHERE j.gone OR j.succeeded <> (w.failing_since IS NULL) OR (NOT j.succeeded AND w.failed_at <= now() - '1 hour'::interval)
            OR w.failing_since <= now() - '5 days'::interval
         ORDER BY w.id FOR NO KEY UPDATE OF w)
    UPDATE eryxon.webhook w
       SET failing_since = CASE WHEN c.succeeded THEN NULL WHEN w.failed_at > now() - '2 days'::interval THEN coalesce(w.failing_since, now())
                                ELSE now() END,
           failed_at = CASE WHEN NOT c.succeeded THEN now() END,
           enabled = w.enabled AND NOT c.gone AND NOT coalesce(c.failing, false),
           disabled_at = CASE WHEN c.gone OR c.failing THEN now() ELSE w.disabled_at END,
           disabled_reason = CASE WHEN c.gone THEN 'gone' WHEN c.failing THEN 'failing' ELSE w.disabled_reason END
      FROM changed c WHERE w.id = c.id;
END
$$;
COMMENT ON FUNCTION eryxon.judge_webhooks IS
'Notes since when a webhook has had nothing but failures, less than two days from one to the next (the time of the last one to the hour);
disables it after five days of that, and at once when it answers 410.';
REVOKE EXECUTE ON FUNCTION eryxon.judge_webhooks(uuid[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.finish_deliveries(relay text, results jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    reported uuid[];
    number   integer;
BEGIN
    PERFORM eryxon.check_read_committed();
    reported := eryxon.lock_reported(relay, results);
    number := cardinality(reported);
    reported := ARRAY(SELECT unnest(reported) EXCEPT SELECT unnest(eryxon.give_back(reported, results)));
    PERFORM eryxon.apply_reports(reported, results);
    PERFORM eryxon.promote(array_agg(d.webhook_id), array_agg(d.row_id))
       FROM eryxon.delivery d WHERE d.id = ANY (reported) AND d.status <> 'pending' HAVING count(*) > 0;
    PERFORM eryxon.judge_webhooks(reported, results);
    RETURN number;
END
$$;
COMMENT ON FUNCTION eryxon.finish_deliveries IS
'Takes a relay''s reports: an array of {"delivery","attempt","status","error","duration_ms","retry_after","response","interrupted"}; for a transaction of
its own. Returns how many deliveries were still the relay''s; what others have claimed since is left to them.';
REVOKE EXECUTE ON FUNCTION eryxon.finish_deliveries(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.next_due() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT min(CASE WHEN c.number < w.max_in_flight THEN (SELECT min(d.due_at) FROM eryxon.delivery d
                                                           WHERE d.webhook_id = w.id AND d.due_at IS NOT NULL)
                    ELSE c.first_end END)
      FROM eryxon.webhook w
     CROSS JOIN LATERAL (SELECT count(*) AS number, min(f.due_at) AS first_end FROM eryxon.delivery f
                          WHERE f.webhook_id = w.id AND f.relay IS NOT NULL AND f.due_at > now()) AS c
     WHERE w.enabled
$$;
COMMENT ON FUNCTION eryxon.next_due IS
'When the next delivery can be claimed, if nothing happens meanwhile; NULL if none waits. In the past: now.';
REVOKE EXECUTE ON FUNCTION eryxon.next_due() FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_grant_relay(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_role(role);
    EXECUTE format('GRANT USAGE ON SCHEMA eryxon TO %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION eryxon.position_events(integer), eryxon.claim_deliveries(text, integer, interval), '
                   'eryxon.finish_deliveries(text, jsonb), eryxon.next_due() TO %I', role);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_relay(name) IS
'Grants a role what a relay needs, no more: claiming deliveries of all tenants and reporting them.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_relay(name) FROM PUBLIC;
