-- What a relay calls: it claims deliveries that are due, sends them, and reports (97-report.sql). All that is decided
-- is decided here.
--
-- Most functions are written in PL/pgSQL, which parses its statements once in a session.

CREATE FUNCTION eryxon.held_webhooks(moment timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT w.id FROM eryxon.webhook w
         WHERE w.enabled AND w.feed = (SELECT eryxon.feed_name())
           AND (w.paused_until IS NULL OR w.paused_until NOT BETWEEN moment AND moment + w.longest_wait)
           AND coalesce((SELECT true FROM eryxon.delivery d WHERE d.webhook_id = w.id AND d.due_at <= moment LIMIT 1),
                        (SELECT true FROM eryxon.delivery d WHERE d.webhook_id = w.id
                            AND d.due_at > moment + w.longest_wait LIMIT 1))
           FOR NO KEY UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION eryxon.held_webhooks IS
'Locks the webhooks to which something may be sent now. One that somebody else is changing comes next time; so do all
that wait since the database was restored, until they are enabled again.';
REVOKE EXECUTE ON FUNCTION eryxon.held_webhooks(timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.mend_due(webhooks uuid[], moment timestamptz) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.delivery u SET due_at = moment
     WHERE u.id = ANY (ARRAY(
            SELECT d.id FROM eryxon.webhook w
             CROSS JOIN LATERAL (SELECT q.id FROM eryxon.delivery q WHERE q.webhook_id = w.id
                 AND q.due_at > moment + w.longest_wait
                                  LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED) AS d
             WHERE w.id = ANY (webhooks)));
END
$$;
COMMENT ON FUNCTION eryxon.mend_due IS
'Makes due what would be due later than any delivery can be: it was put off while the clock was wrong.';
REVOKE EXECUTE ON FUNCTION eryxon.mend_due(uuid[], timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.under_way(relay text, tenant uuid, moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT count(*) FROM eryxon.webhook w
             CROSS JOIN LATERAL (SELECT FROM eryxon.delivery f WHERE f.webhook_id = w.id AND f.relay IS NOT NULL
                 AND f.due_at > moment
                                    AND f.relay = under_way.relay OFFSET 0) AS f
             WHERE w.tenant_id = tenant);
END
$$;
COMMENT ON FUNCTION eryxon.under_way IS
'How many deliveries a relay has under way for a tenant.';
REVOKE EXECUTE ON FUNCTION eryxon.under_way(text, uuid, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.first_due(w eryxon.webhook, moment timestamptz, at_most bigint)
    RETURNS TABLE (id uuid, due_at timestamptz)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF w.paused_until IS NULL THEN
        RETURN QUERY SELECT d.id, d.due_at FROM eryxon.delivery d WHERE d.webhook_id = w.id AND d.due_at <= moment
            ORDER BY d.due_at LIMIT at_most;
    ELSE
        RETURN QUERY SELECT p.id, p.due_at
          FROM (SELECT d.id, d.due_at, d.failures FROM eryxon.delivery d WHERE d.webhook_id = w.id
              AND d.due_at <= moment ORDER BY d.due_at LIMIT 100) AS p
         ORDER BY p.failures, p.due_at LIMIT least(at_most, 1);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.first_due IS
'The deliveries of a webhook that are due, the longest due first. After a pause one of those that have failed least: a
message that no endpoint would take must not keep the pause up.';
REVOKE EXECUTE ON FUNCTION eryxon.first_due(eryxon.webhook, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION eryxon.choose_due(relay text, webhooks uuid[], at_most integer, moment timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        WITH tenant AS MATERIALIZED (
            SELECT t.id, eryxon.under_way(relay, t.id, moment) AS number
              FROM (SELECT DISTINCT w.tenant_id AS id FROM eryxon.webhook w WHERE w.id = ANY (webhooks)) AS t),
        candidate AS (
            SELECT d.id, d.due_at, t.id AS tenant, t.number AS under_way, u.mine, row_number() OVER (PARTITION BY w.id
                ORDER BY d.due_at) AS n
              FROM eryxon.webhook w
              JOIN tenant t ON t.id = w.tenant_id
             CROSS JOIN LATERAL (SELECT count(*) AS number, count(*) FILTER (WHERE f.relay = choose_due.relay) AS mine
                 FROM eryxon.delivery f
                                  WHERE f.webhook_id = w.id AND f.relay IS NOT NULL AND f.due_at > moment) AS u
             CROSS JOIN LATERAL eryxon.first_due(w, moment, greatest(0, least(at_most,
                        least(w.max_in_flight, CASE WHEN w.paused_until IS NULL THEN w.ramp ELSE 1 END) - u.number)))
                            AS d
             WHERE w.id = ANY (webhooks)),
        fitting AS (
            SELECT c.*, row_number() OVER (PARTITION BY c.tenant ORDER BY c.mine + c.n, c.due_at) AS m
              FROM candidate c
             WHERE 4 * c.mine + 16 * c.n + 3 * c.under_way <= 9 * at_most OR c.mine = 0 AND c.n = 1)
        SELECT f.id FROM fitting f
         WHERE f.under_way + 4 * f.m <= 3 * at_most OR f.under_way = 0 AND f.m = 1
         ORDER BY f.mine + f.n, f.due_at LIMIT at_most);
END
$$;
COMMENT ON FUNCTION eryxon.choose_due IS
'Deliveries that are due: of the webhooks with the fewest under way first, and of each the longest due. at_most is the
number of places that the relay has free. A tenant never has more than three times as many under way as stay free for
others, nor a webhook than stay free for the others of its tenant: so slow endpoints do not take all places, however
many there are. No webhook gets more than max_in_flight at a time, and one after a pause. The caller holds the
webhooks'' rows, so that no other relay counts and claims there meanwhile.';
REVOKE EXECUTE ON FUNCTION eryxon.choose_due(text, uuid[], integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.lock_chosen(chosen uuid[], moment timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    locked uuid[] := ARRAY(SELECT d.id FROM eryxon.delivery d WHERE d.id = ANY (chosen) AND d.due_at <= moment
        FOR NO KEY UPDATE SKIP LOCKED);
BEGIN
    UPDATE eryxon.webhook w SET probe = d.id
      FROM eryxon.delivery d WHERE d.id = ANY (locked) AND w.id = d.webhook_id AND w.paused_until IS NOT NULL;
    RETURN locked;
END
$$;
COMMENT ON FUNCTION eryxon.lock_chosen IS
'Locks chosen deliveries that nobody else has locked, and notes which are probes.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_chosen(uuid[], timestamptz) FROM PUBLIC;

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
'Writes down the attempts of relays whose lease has passed. Whether the message arrived is not known; it is no failure
of the endpoint.';
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
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'lease', 'the lease must be greater than zero');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_claim IS
'Checks the arguments of claim_deliveries().';

CREATE TYPE eryxon.message AS (
    delivery   uuid,
    webhook    uuid,
    url        text,
    secrets    text[],
    message_id text,
    type       text,
    attempt    integer,
    body       text,
    headers    text[]
);
COMMENT ON TYPE eryxon.message IS
'What a relay sends: a delivery with all that belongs to the request.';

CREATE FUNCTION eryxon.header_lines(webhook uuid) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT h.name || ': ' || h.value FROM eryxon.webhook_header h WHERE h.webhook_id = webhook
        ORDER BY h.name);
END
$$;
COMMENT ON FUNCTION eryxon.header_lines IS
'The headers that a webhook wants with each message.';
REVOKE EXECUTE ON FUNCTION eryxon.header_lines(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.messages(deliveries uuid[]) RETURNS eryxon.message[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        WITH endpoint AS MATERIALIZED (
            SELECT w.id, w.url, eryxon.secrets(w.id) AS secrets, eryxon.header_lines(w.id) AS headers
                FROM eryxon.webhook w
             WHERE w.id = ANY (ARRAY(SELECT d.webhook_id FROM eryxon.delivery d WHERE d.id = ANY (deliveries))))
        SELECT ROW(d.id, w.id, w.url, w.secrets, eryxon.message_id(d.id), d.type, d.attempt, eryxon.message_body(d),
            w.headers)::eryxon.message
          FROM eryxon.delivery d JOIN endpoint w ON w.id = d.webhook_id
         WHERE d.id = ANY (deliveries) AND d.status = 'pending' ORDER BY d.turn);
END
$$;
COMMENT ON FUNCTION eryxon.messages IS
'The messages of claimed deliveries.';
REVOKE EXECUTE ON FUNCTION eryxon.messages(uuid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.set_aside(deliveries uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unsent eryxon.delivery;
    fault  text;
BEGIN
    FOR unsent IN SELECT * FROM eryxon.delivery d WHERE d.id = ANY (deliveries) LOOP
        BEGIN
            PERFORM eryxon.messages(ARRAY[unsent.id]);
        EXCEPTION WHEN OTHERS THEN
            IF left(SQLSTATE, 2) IN ('25', '40', '42', '53', '55', '57', '58', 'F0') THEN
                RAISE;
            END IF;
            fault := left('the message cannot be built: ' || SQLERRM, 1000);
            RAISE WARNING 'delivery % is given up: %', unsent.id, fault;
            INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, error)
            VALUES (unsent.id, unsent.attempt, unsent.relay, unsent.claimed_at, fault);
            UPDATE eryxon.delivery d SET status = 'dead', relay = NULL, due_at = NULL, finished_at = clock_timestamp()
                WHERE d.id = unsent.id;
            PERFORM eryxon.promote(ARRAY[unsent.webhook_id], ARRAY[unsent.row_id]);
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.set_aside IS
'Makes dead letters of the deliveries that cannot be sent, so that they stop neither others nor their rows. An error
that tells of the server''s state, a missing right or full memory, say, is no fault of theirs.';
REVOKE EXECUTE ON FUNCTION eryxon.set_aside(uuid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.claim_deliveries(relay text, at_most integer, lease interval)
    RETURNS SETOF eryxon.message
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET jit = off
AS $$
DECLARE
    moment   timestamptz;
    held     uuid[];
    chosen   uuid[];
    messages eryxon.message[];
    message  eryxon.message;
BEGIN
    PERFORM eryxon.check_claim(relay, at_most, lease);
    PERFORM eryxon.check_read_committed();
    PERFORM eryxon.begin_replayed();
    moment := clock_timestamp();
    held := eryxon.held_webhooks(moment);
    PERFORM eryxon.mend_due(held, moment);
    chosen := eryxon.lock_chosen(eryxon.choose_due(relay, held, at_most, moment), moment);
    PERFORM eryxon.log_lost_attempts(chosen);
    UPDATE eryxon.delivery d
       SET relay = $1, attempt = d.attempt + 1, claimed_at = moment, due_at = moment + lease,
           url_version = w.url_version
      FROM eryxon.webhook w WHERE d.id = ANY (chosen) AND w.id = d.webhook_id;
    BEGIN
        messages := eryxon.messages(chosen);
    EXCEPTION WHEN OTHERS THEN
        PERFORM eryxon.set_aside(chosen);
        messages := eryxon.messages(chosen);
    END;
    -- Without a query: its plan would have the secrets in it, for whoever logs plans.
    FOREACH message IN ARRAY messages LOOP
        RETURN NEXT message;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.claim_deliveries IS
'Gives a relay up to so many deliveries that are due, for the time of the lease; for a transaction of its own.
After the lease others may claim what was not reported. Waits for nobody; deliveries of disabled and paused webhooks are
not claimed, and what cannot be sent becomes a dead letter.';
REVOKE EXECUTE ON FUNCTION eryxon.claim_deliveries(text, integer, interval) FROM PUBLIC;

CREATE FUNCTION eryxon.next_due() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT least(CASE WHEN EXISTS (SELECT FROM eryxon.replayed) THEN now() + '1 s'::interval END,
           min(CASE WHEN c.number < least(w.max_in_flight, CASE WHEN w.paused_until IS NULL THEN w.ramp ELSE 1 END)
                    THEN (SELECT greatest(min(d.due_at), w.paused_until) FROM eryxon.delivery d
                           WHERE d.webhook_id = w.id AND d.due_at IS NOT NULL HAVING min(d.due_at) IS NOT NULL)
                    ELSE c.first_end END))
      FROM eryxon.webhook w
     CROSS JOIN LATERAL (SELECT count(*) AS number, min(f.due_at) AS first_end FROM eryxon.delivery f
                          WHERE f.webhook_id = w.id AND f.relay IS NOT NULL AND f.due_at > now()) AS c
     WHERE w.enabled AND w.feed = (SELECT eryxon.feed_name())
$$;
COMMENT ON FUNCTION eryxon.next_due IS
'When the next delivery can be claimed, if nothing happens meanwhile; NULL if none waits. In the past: now.';
REVOKE EXECUTE ON FUNCTION eryxon.next_due() FROM PUBLIC;

CREATE FUNCTION eryxon.relay_backlog(OUT waiting bigint, OUT paused bigint, OUT overdue double precision,
    OUT refused bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (SELECT count(*) FROM (SELECT FROM eryxon.delivery d WHERE d.status = 'pending' LIMIT 100000) AS d),
           count(*) FILTER (WHERE w.paused_until > now()),
           coalesce(max(extract(epoch FROM now() - (SELECT min(d.due_at) FROM eryxon.delivery d
               WHERE d.webhook_id = w.id AND d.due_at <= now())))
                        FILTER (WHERE w.paused_until IS NULL), 0),
           (SELECT count(*) FROM eryxon.event_refused)
      FROM eryxon.webhook w
     WHERE w.enabled AND w.feed = (SELECT eryxon.feed_name())
$$;
COMMENT ON FUNCTION eryxon.relay_backlog IS
'For metrics: deliveries that have not arrived, counted up to 100,000; webhooks that are paused; for how many seconds a
delivery has been due; events that were set aside.';
REVOKE EXECUTE ON FUNCTION eryxon.relay_backlog() FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_grant_relay(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_role(role);
    EXECUTE format('GRANT USAGE ON SCHEMA eryxon TO %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION eryxon.position_events(integer, uuid), eryxon.claim_deliveries(text, '
                   'integer, interval), '
                   'eryxon.finish_deliveries(text, jsonb), eryxon.unreported(text, jsonb), eryxon.next_due(), '
                   'eryxon.relay_backlog() TO %I', role);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_relay(name) IS
'Grants a role what a relay needs, no more: claiming deliveries of all tenants and reporting them.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_relay(name) FROM PUBLIC;
