-- Deliveries: which event goes to which webhook, in which order, and what became of it. Relays claim and report them.
--
-- Locks are taken in this order, those of one kind in the order of ids: the row of eryxon.feed, webhooks, deliveries.
-- Who begins a queue holds the feed's row (what is sent again is added without it, and begun by a relay); who waits for
-- deliveries asks for them once. Relays wait for no lock on a webhook or what they have claimed. So none of these
-- functions can end in a deadlock with another, and nobody who changes or deletes a webhook in a long transaction stops
-- what is sent to others.
--
-- Queues are empty one moment and full the next, and statistics are always of another one: a plan that scans or joins a
-- whole queue for each row is ruinous then. So look-ups are kept to indexes: by settings of the functions, and as
-- subqueries with LIMIT, which no plan turns into a join; and indexes begin with what tells rows apart.

CREATE SEQUENCE eryxon.delivery_turn;
COMMENT ON SEQUENCE eryxon.delivery_turn IS
'Orders deliveries. One that is sent again gets a new number, behind what waits already.';

CREATE TABLE eryxon.delivery (
    id          uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    webhook_id  uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    position    bigint,
    type        text NOT NULL,
    row_id      uuid NOT NULL,
    turn        bigint NOT NULL DEFAULT pg_catalog.nextval('eryxon.delivery_turn'),
    status      text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    due_at      timestamptz,
    relay       text,
    attempt     integer NOT NULL DEFAULT 0,
    url_version integer,
    failures    integer NOT NULL DEFAULT 0,
    woken       integer NOT NULL DEFAULT 0,
    claimed_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE eryxon.delivery IS
'One row for each event and webhook. position is the event''s, NULL for webhook.test. due_at: when to send, while a
relay has it the end of its lease, NULL behind an unfinished delivery of the same webhook and queue. row_id is the
queue: the event''s row, or its root where the webhook orders by that. attempt counts claims; url_version is that of the
webhook at the last one. failures counts the reported ones since the delivery was queued, but for tries to which it was
woken; woken: the number of failures after which it was woken last, so once at each.';
CREATE UNIQUE INDEX delivery_event ON eryxon.delivery (position, webhook_id);
CREATE INDEX delivery_queue ON eryxon.delivery (row_id, webhook_id, turn) WHERE status = 'pending';
CREATE INDEX delivery_due ON eryxon.delivery (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_waiting ON eryxon.delivery (webhook_id, due_at) WHERE failures > 0 AND woken <> failures
    AND due_at IS NOT NULL AND relay IS NULL;
CREATE INDEX delivery_claimed ON eryxon.delivery (webhook_id, due_at) WHERE relay IS NOT NULL;
CREATE INDEX delivery_finished ON eryxon.delivery (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE eryxon.delivery_attempt (
    delivery_id uuid NOT NULL REFERENCES eryxon.delivery ON DELETE CASCADE,
    attempt     integer NOT NULL,
    relay       text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    status      integer,
    error       text,
    duration_ms numeric,
    retry_after numeric,
    response    text CHECK (pg_catalog.octet_length(response) <= 65536),
    PRIMARY KEY (delivery_id, attempt)
);
COMMENT ON TABLE eryxon.delivery_attempt IS
'What each attempt ended in: the answer''s HTTP status and at most 64 kB of its body, or an error.';

CREATE TABLE eryxon.replayed (
    webhook_id uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    row_id     uuid NOT NULL,
    id         uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    PRIMARY KEY (webhook_id, row_id, id)
);
COMMENT ON TABLE eryxon.replayed IS
'Queues to which something was added that is to be sent again: whether its first delivery is due is looked at by a
relay.';

REVOKE ALL ON eryxon.delivery, eryxon.delivery_attempt, eryxon.replayed FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('eryxon.delivery', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.delivery_attempt', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.replayed', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.delivery_turn', '');

CREATE FUNCTION eryxon.check_read_committed() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '25001', '', 'deliveries require isolation level READ COMMITTED');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_read_committed IS
'Refuses transactions whose statements do not see what others have committed meanwhile: they would leave deliveries
waiting for ever.';

CREATE FUNCTION eryxon.queue_of(order_by text, row_id uuid, root_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN order_by OPERATOR(pg_catalog.=) 'root' THEN coalesce(root_id, row_id) ELSE row_id END;
COMMENT ON FUNCTION eryxon.queue_of IS
'The queue of a webhook that an event of this row and root comes into.';

CREATE FUNCTION eryxon.lock_tails(webhooks uuid[], positions bigint[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT FROM eryxon.delivery d
     WHERE d.id = ANY (ARRAY(
            SELECT (SELECT q.id FROM eryxon.delivery q
                     WHERE q.webhook_id = w.id AND q.row_id = eryxon.queue_of(w.order_by, e.row_id, e.root_id)
                       AND q.status = 'pending'
                     ORDER BY q.turn DESC LIMIT 1)
              FROM unnest(webhooks, positions) AS a(webhook, position)
              JOIN eryxon.webhook w ON w.id = a.webhook
              JOIN eryxon.event e ON e.position = a.position))
     ORDER BY d.id FOR KEY SHARE
$$;
COMMENT ON FUNCTION eryxon.lock_tails IS
'Keeps the last delivery of each queue that gets another one from being finished before that one can be seen.
FOR KEY SHARE, because it collides with FOR UPDATE in finish_deliveries() alone, not with claims and promotions.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_tails(uuid[], bigint[]) FROM PUBLIC;

CREATE FUNCTION eryxon.delivery_id(event uuid, webhook uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    RETURN pg_catalog.encode(pg_catalog.substr(
        pg_catalog.sha256(pg_catalog.uuid_send(event) OPERATOR(pg_catalog.||) pg_catalog.uuid_send(webhook)), 1, 16),
                             'hex')::pg_catalog.uuid;
COMMENT ON FUNCTION eryxon.delivery_id IS
'The id of an event''s delivery to a webhook: the same on a replica that makes it anew after a failover, and in a
restored copy, so that receivers know the message again.';

CREATE FUNCTION eryxon.enqueue(webhooks uuid[], positions bigint[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET jit = off
AS $$
DECLARE
    queued bigint;
BEGIN
    PERFORM eryxon.lock_tails(webhooks, positions);
    INSERT INTO eryxon.delivery AS d (id, webhook_id, position, type, row_id, due_at)
    SELECT eryxon.delivery_id(e.id, w.id), w.id, e.position, e.type, queue.id,
           CASE WHEN row_number() OVER (PARTITION BY w.id, queue.id ORDER BY e.position) = 1
                     AND (SELECT true FROM eryxon.delivery q
                           WHERE q.webhook_id = w.id AND q.row_id = queue.id AND q.status = 'pending' LIMIT 1) IS NULL
                THEN clock_timestamp() + make_interval(secs => w.retry_seconds[1]) END
      FROM unnest(webhooks, positions) AS a(webhook, position)
      JOIN eryxon.webhook w ON w.id = a.webhook
      JOIN eryxon.event e ON e.position = a.position
     CROSS JOIN LATERAL (SELECT eryxon.queue_of(w.order_by, e.row_id, e.root_id) AS id) AS queue
     ORDER BY e.position;
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION eryxon.enqueue IS
'Puts events at the end of their webhooks'' queues, in the order of positions; returns how many. The caller holds
the row of eryxon.feed and the webhooks'' rows.';
REVOKE EXECUTE ON FUNCTION eryxon.enqueue(uuid[], bigint[]) FROM PUBLIC;

CREATE FUNCTION eryxon.changes_any(changes jsonb, fields text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM jsonb_array_elements(changes) AS c WHERE c ->> 'field' = ANY (fields))
$$;
COMMENT ON FUNCTION eryxon.changes_any IS
'Whether one of the fields is among the changes of an event.';

CREATE FUNCTION eryxon.wants(w eryxon.webhook, e eryxon.event) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN w.events OPERATOR(pg_catalog.&&) eryxon.matching_patterns(e.type)
           AND (w.sources IS NULL OR e.source OPERATOR(pg_catalog.=) ANY (w.sources))
           AND (w.exclude_source IS NULL OR e.source IS NULL
               OR e.source OPERATOR(pg_catalog.<>) ALL (w.exclude_source))
           AND (w.entities IS NULL OR e.entity OPERATOR(pg_catalog.=) ANY (w.entities))
           AND (w.fields IS NULL OR eryxon.changes_any(e.changes, w.fields));
COMMENT ON FUNCTION eryxon.wants IS
'Whether a webhook is to be told of an event of its tenant: by its type, by the ERP whose record made the change, by its
entity, and by what changed.';

CREATE FUNCTION eryxon.fan_out(first bigint, last bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET jit = off
AS $$
DECLARE
    held uuid[];
BEGIN
    PERFORM eryxon.check_read_committed();
    PERFORM FROM eryxon.feed FOR UPDATE;
    held := ARRAY(SELECT w.id FROM eryxon.webhook w
                   WHERE w.enabled AND w.feed = (SELECT eryxon.feed_name())
                     AND EXISTS (SELECT FROM eryxon.event e WHERE e.position BETWEEN first AND last
                         AND e.tenant_id = w.tenant_id)
                   ORDER BY w.id FOR KEY SHARE SKIP LOCKED);
    PERFORM eryxon.enqueue(array_agg(w.id), array_agg(e.position))
       FROM eryxon.event e
       JOIN eryxon.webhook w ON w.tenant_id = e.tenant_id AND w.id = ANY (held) AND eryxon.wants(w, e)
      WHERE e.position BETWEEN first AND last
        AND (SELECT true FROM eryxon.delivery d WHERE d.webhook_id = w.id AND d.position = e.position LIMIT 1) IS NULL
     HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION eryxon.fan_out IS
'Makes the deliveries of the events from one position to another: one for each enabled webhook of the tenant that wants
it. A webhook that a transaction is deleting gets none, for all tenants would have to wait for the end of that
transaction.';
REVOKE EXECUTE ON FUNCTION eryxon.fan_out(bigint, bigint) FROM PUBLIC;

CREATE FUNCTION eryxon.promote(webhooks uuid[], rows uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.delivery d
       SET due_at = clock_timestamp()
                    + make_interval(secs => (SELECT w.retry_seconds[1] FROM eryxon.webhook w WHERE w.id = d.webhook_id))
     WHERE d.id = ANY (ARRAY(
            SELECT (SELECT q.id FROM eryxon.delivery q
                     WHERE q.webhook_id = a.webhook AND q.row_id = a.row_id AND q.status = 'pending'
                     ORDER BY q.turn LIMIT 1)
              FROM unnest(webhooks, rows) AS a(webhook, row_id)))
       AND d.due_at IS NULL;
END
$$;
COMMENT ON FUNCTION eryxon.promote IS
'Makes the first delivery of each of these queues due, if it is not yet.';
REVOKE EXECUTE ON FUNCTION eryxon.promote(uuid[], uuid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.event_time(moment timestamptz) RETURNS text
    LANGUAGE sql STABLE
    RETURN pg_catalog.to_char(pg_catalog.timezone('UTC', moment), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
COMMENT ON FUNCTION eryxon.event_time IS
'A time as it stands in a message.';

CREATE FUNCTION eryxon.short_text(value jsonb, most integer) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN eryxon.stored_size(value) <= most THEN value::text END;
EXCEPTION WHEN data_corrupted OR internal_error OR program_limit_exceeded THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION eryxon.short_text IS
'The text of a value whose bytes are not too many, NULL for others and for what cannot be read. Asks for the size before
it fetches the value.';
REVOKE EXECUTE ON FUNCTION eryxon.short_text(jsonb, integer) FROM PUBLIC;

CREATE FUNCTION eryxon.message_body(delivery eryxon.delivery) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('{"type":%s,"timestamp":"%s","data":{%s%s}}', to_json(delivery.type), eryxon.event_time(f.moment),
        f.fields,
                  CASE WHEN octet_length(f.fields) + octet_length(f.changes) <= 19800 THEN ',"changes":' || f.changes
                       ELSE ',"changes_omitted":true' END)
      FROM (SELECT format('"id":"%s","entity":%s,"row_id":"%s","external_id":%s,"external_source":%s,"source":%s,'
                          '"run_id":%s,"user_id":%s,"keys":%s',
                          coalesce(e.id, delivery.id), to_json(coalesce(e.entity, 'webhooks')),
                          CASE WHEN e.id IS NULL THEN delivery.webhook_id ELSE e.row_id END,
                          coalesce(to_json(e.external_id)::text, 'null'),
                              coalesce(to_json(e.external_source)::text, 'null'),
                          coalesce(to_json(e.source)::text, 'null'), coalesce(to_json(e.run_id)::text, 'null'),
                          coalesce(to_json(e.user_id)::text, 'null'),
                          CASE WHEN e.keys IS NULL THEN '{}'
                               ELSE coalesce(eryxon.short_text(e.keys, 16000), '{},"keys_omitted":true') END) AS fields,
                   CASE WHEN e.id IS NULL THEN '[]' ELSE eryxon.short_text(e.changes, 19800) END AS changes,
                   coalesce(e.occurred_at, delivery.created_at) AS moment
              FROM (SELECT) AS one LEFT JOIN eryxon.event e ON e.position = delivery.position) AS f
$$;
COMMENT ON FUNCTION eryxon.message_body IS
'The body of a message, always the same for the same delivery: under 20 kB, larger changes left out. Without an event, a
test. It looks the event up itself: handed over as a row, an event would have its changes fetched, however large.';

CREATE FUNCTION eryxon.message_id(delivery uuid) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN 'msg_' OPERATOR(pg_catalog.||) pg_catalog.replace(delivery::text, '-', '');
COMMENT ON FUNCTION eryxon.message_id IS
'The webhook-id of a delivery, the same at every attempt.';

CREATE FUNCTION eryxon.secrets(webhook uuid) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(s.secret ORDER BY s.expires_at DESC NULLS FIRST, s.created_at DESC, s.secret)
      FROM eryxon.webhook_secret s
     WHERE s.webhook_id = webhook AND (s.expires_at IS NULL OR s.expires_at > now())
$$;
COMMENT ON FUNCTION eryxon.secrets IS
'The secrets of a webhook that are in force, the current one first.';
REVOKE EXECUTE ON FUNCTION eryxon.secrets(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.enqueue_again(webhook uuid, positions bigint[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
        SET jit = off
AS $$
DECLARE
    rows uuid[];
BEGIN
    WITH again AS (
        INSERT INTO eryxon.delivery AS d (id, webhook_id, position, type, row_id)
        SELECT eryxon.delivery_id(e.id, w.id), w.id, e.position, e.type,
               eryxon.queue_of(w.order_by, e.row_id, e.root_id)
          FROM unnest(positions) AS a(position)
          JOIN eryxon.event e ON e.position = a.position
          JOIN eryxon.webhook w ON w.id = webhook
         ORDER BY e.position
        ON CONFLICT (webhook_id, position) DO UPDATE
           SET status = 'pending', turn = excluded.turn, due_at = NULL, failures = 0, woken = 0, finished_at = NULL
         WHERE d.finished_at IS NOT NULL
        RETURNING d.row_id)
    SELECT array_agg(a.row_id) INTO rows FROM again a;
    INSERT INTO eryxon.replayed (webhook_id, row_id) SELECT webhook, r FROM unnest(rows) AS r GROUP BY r;
    RETURN coalesce(cardinality(rows), 0);
END
$$;
COMMENT ON FUNCTION eryxon.enqueue_again IS
'Puts events at the end of a webhook''s queues, those that are finished and those that were never there; returns
how many. None becomes due before a relay has looked at its queue: so no lock is needed that others wait for. The caller
holds the webhook''s row.';
REVOKE EXECUTE ON FUNCTION eryxon.enqueue_again(uuid, bigint[]) FROM PUBLIC;

CREATE FUNCTION eryxon.first_in_queue(webhook uuid, row_id uuid) RETURNS eryxon.delivery
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first eryxon.delivery;
BEGIN
    SELECT q.* INTO first FROM eryxon.delivery q
     WHERE q.webhook_id = webhook AND q.row_id = first_in_queue.row_id AND q.status = 'pending'
     ORDER BY q.due_at IS NULL, q.turn LIMIT 1;
    RETURN first;
END
$$;
COMMENT ON FUNCTION eryxon.first_in_queue IS
'The delivery of a queue that is due or under way, else the one that is to be sent next.';
REVOKE EXECUTE ON FUNCTION eryxon.first_in_queue(uuid, uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.begin_queues(queues eryxon.replayed[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    firsts uuid[] := ARRAY(SELECT (eryxon.first_in_queue(q.webhook_id, q.row_id)).id FROM unnest(queues) AS q);
BEGIN
    firsts := ARRAY(SELECT d.id FROM eryxon.delivery d WHERE d.id = ANY (firsts) AND d.status = 'pending'
                       FOR NO KEY UPDATE SKIP LOCKED);
    DELETE FROM eryxon.delivery d
     WHERE d.id = ANY (firsts) AND d.due_at IS NULL
       AND (SELECT true FROM eryxon.event e WHERE e.position = d.position) IS NULL;
    UPDATE eryxon.delivery d SET due_at = clock_timestamp() + make_interval(secs => w.retry_seconds[1])
      FROM eryxon.webhook w WHERE d.id = ANY (firsts) AND d.due_at IS NULL AND w.id = d.webhook_id;
    DELETE FROM eryxon.replayed r
     USING unnest(queues) AS q CROSS JOIN LATERAL eryxon.first_in_queue(q.webhook_id, q.row_id) AS f
     WHERE r.webhook_id = q.webhook_id AND r.row_id = q.row_id AND r.id = q.id
       AND (f.id IS NULL OR f.due_at IS NOT NULL AND f.id = ANY (firsts));
END
$$;
COMMENT ON FUNCTION eryxon.begin_queues IS
'Has something due in each of these queues, and forgets them. A queue whose first delivery somebody else has locked, for
it may be about to be finished, stays for the next time; so does one whose first event was pruned meanwhile. The caller
holds the rows of eryxon.feed and the webhooks, so that nobody else begins a queue.';
REVOKE EXECUTE ON FUNCTION eryxon.begin_queues(eryxon.replayed[]) FROM PUBLIC;

CREATE FUNCTION eryxon.begin_replayed() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.replayed) THEN
        RETURN;
    END IF;
    PERFORM FROM eryxon.feed FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        PERFORM eryxon.begin_queues(ARRAY(
            SELECT r FROM eryxon.replayed r JOIN eryxon.webhook w ON w.id = r.webhook_id
             LIMIT 1000 FOR UPDATE OF r SKIP LOCKED FOR KEY SHARE OF w SKIP LOCKED));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.begin_replayed IS
'Begins up to 1000 queues of what is to be sent again, unless somebody gives positions at this moment. For a short
transaction, as position_events() is.';
REVOKE EXECUTE ON FUNCTION eryxon.begin_replayed() FROM PUBLIC;
