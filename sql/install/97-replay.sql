-- Deliveries as their owner sees them: trying a webhook, sending again, looking at the log, forgetting.

CREATE FUNCTION eryxon.webhook_test(own uuid, caller name, id uuid) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook  eryxon.webhook := eryxon.own_webhook(own, id);
    delivery uuid;
BEGIN
    IF NOT webhook.enabled OR webhook.feed IS DISTINCT FROM (SELECT eryxon.feed_name()) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'id', format('webhook %s is disabled', id),
                            'Enable it with eryxon_webhook_update(id, ''{"enabled":true}'').');
    END IF;
    INSERT INTO eryxon.delivery AS d (webhook_id, type, row_id, due_at)
    VALUES (webhook.id, 'webhook.test', gen_random_uuid(), clock_timestamp()) RETURNING d.id INTO delivery;
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('delivery', delivery, 'message_id', eryxon.message_id(delivery));
END
$$;
COMMENT ON FUNCTION eryxon.webhook_test IS
'What eryxon_webhook_test() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_test(uuid, name, uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_test(id uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_test(uuid) IS
'Sends an event of type webhook.test to this webhook alone, whatever types it wants.
Returns delivery and message_id; eryxon_webhook_logs() shows what was answered.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_test(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.keep_webhook(webhook uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_read_committed();
    PERFORM FROM eryxon.webhook w WHERE w.id = webhook FOR KEY SHARE;
END
$$;
COMMENT ON FUNCTION eryxon.keep_webhook IS
'Keeps a webhook, to whose queues something is to be added again, from being deleted. Neither the feed nor a relay
waits for that.';
REVOKE EXECUTE ON FUNCTION eryxon.keep_webhook(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.requeue(old eryxon.delivery) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queued bigint;
BEGIN
    IF old.status <> 'pending' AND old.position IS NOT NULL THEN
        RETURN eryxon.enqueue_again(old.webhook_id, ARRAY[old.position]);
    END IF;
    UPDATE eryxon.delivery d
       SET status = 'pending', due_at = clock_timestamp(), finished_at = NULL,
           failures = CASE d.status WHEN 'pending' THEN d.failures ELSE 0 END
     WHERE d.id = old.id AND d.relay IS NULL AND (d.status <> 'pending' OR d.due_at IS NOT NULL);
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION eryxon.requeue IS
'Queues a finished delivery again. One that waits for its next try is due at once; one that is under way or behind
others stays.';
REVOKE EXECUTE ON FUNCTION eryxon.requeue(eryxon.delivery) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_replay(own uuid, caller name, delivery uuid) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old eryxon.delivery;
BEGIN
    PERFORM eryxon.keep_webhook((SELECT d.webhook_id FROM eryxon.delivery d WHERE d.id = $3));
    SELECT d.* INTO old FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
     WHERE d.id = $3 AND (own IS NULL OR w.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'delivery',
            format('delivery %s does not exist', coalesce($3::text, 'NULL')));
    ELSIF old.position IS NOT NULL AND NOT EXISTS (SELECT FROM eryxon.event e WHERE e.position = old.position) THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'delivery', format('the event of delivery %s is no longer available',
            $3));
    END IF;
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('queued', eryxon.requeue(old));
END
$$;
COMMENT ON FUNCTION eryxon.webhook_replay(uuid, name, uuid) IS
'What eryxon_webhook_replay() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_replay(uuid, name, uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_replay(delivery uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_replay(uuid) IS
'Sends a delivery again, with the same webhook-id; one that waits for its next try is sent at once.
Returns {"queued": 1}, or 0 if it is under way or behind others of its row.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_replay(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_replay(own uuid, caller name, webhook uuid, from_time timestamptz, to_time timestamptz)
    RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted eryxon.webhook := eryxon.own_webhook(own, webhook);
    queued bigint;
BEGIN
    IF from_time IS NULL OR to_time IS NULL OR from_time > to_time THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'from_time', 'the time range must have a start and a later end');
    END IF;
    PERFORM eryxon.keep_webhook(wanted.id);
    SELECT eryxon.enqueue_again(wanted.id, array_agg(e.position)) INTO queued
      FROM eryxon.event e
     WHERE e.tenant_id = wanted.tenant_id AND e.occurred_at BETWEEN from_time AND to_time
       AND eryxon.wants(wanted, e);
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('queued', coalesce(queued, 0));
END
$$;
COMMENT ON FUNCTION eryxon.webhook_replay(uuid, name, uuid, timestamptz, timestamptz) IS
'What eryxon_webhook_replay() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_replay(uuid, name, uuid, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_replay(webhook uuid, from_time timestamptz,
    to_time timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_replay(uuid, timestamptz, timestamptz) IS
'Sends all events of a range of time to a webhook again, and those that it was not sent before: made while it was
disabled, say. Each comes behind what waits for the same row. Returns {"queued": how many}; those that wait already are
left.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_replay(uuid, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.attempts_json(delivery uuid) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(a) - 'delivery_id' ORDER BY a.attempt), '[]')
      FROM eryxon.delivery_attempt a WHERE a.delivery_id = delivery
$$;
COMMENT ON FUNCTION eryxon.attempts_json IS
'The attempts of a delivery, first to last.';
REVOKE EXECUTE ON FUNCTION eryxon.attempts_json(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.log_page(tenant uuid, webhook uuid, wanted text, max_rows integer, skip_rows integer)
    RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH fitting AS (
        SELECT d.* FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
         WHERE (tenant IS NULL OR w.tenant_id = tenant) AND (webhook IS NULL OR w.id = webhook)
             AND (wanted IS NULL OR d.status = wanted))
    SELECT jsonb_build_object(
        'deliveries', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                       'id', p.id, 'webhook_id', p.webhook_id, 'message_id', eryxon.message_id(p.id), 'type', p.type,
                       'event_id', e.id, 'entity', e.entity, 'row_id', e.row_id, 'external_id', e.external_id,
                       'status', p.status, 'due_at', p.due_at, 'created_at', p.created_at, 'finished_at', p.finished_at,
                       'attempts', eryxon.attempts_json(p.id)) ORDER BY p.turn DESC)
              FROM (SELECT * FROM fitting f ORDER BY f.turn DESC LIMIT max_rows OFFSET skip_rows) AS p
              LEFT JOIN eryxon.event e ON e.position = p.position), '[]'),
        'pagination', jsonb_build_object('total', (SELECT count(*) FROM fitting), 'limit', max_rows, 'offset',
            skip_rows))
$$;
COMMENT ON FUNCTION eryxon.log_page IS
'A page of deliveries, newest first, and how many there are.';
REVOKE EXECUTE ON FUNCTION eryxon.log_page(uuid, uuid, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_logs(own uuid, caller name, webhook_id uuid, status text, max_rows integer,
    skip_rows integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF status NOT IN ('pending', 'delivered', 'dead') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'status', 'the status must be pending, delivered or dead');
    ELSIF coalesce(max_rows, 0) NOT BETWEEN 1 AND 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'the number of rows must be from 1 to 1000');
    ELSIF coalesce(skip_rows, -1) < 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'skip_rows', 'the number of rows to skip must not be negative');
    END IF;
    RETURN eryxon.log_page(own, webhook_id, status, max_rows, skip_rows);
END
$$;
COMMENT ON FUNCTION eryxon.webhook_logs IS
'What eryxon_webhook_logs() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_logs(uuid, name, uuid, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_logs(webhook_id uuid DEFAULT NULL, status text DEFAULT NULL,
    max_rows integer DEFAULT 100, skip_rows integer DEFAULT 0) RETURNS jsonb
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_logs(uuid, text, integer, integer) IS
'Deliveries with their attempts, newest first: of one webhook or all of the tenant, in one status (pending, delivered,
dead) or any.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_logs(uuid, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION eryxon.prune_deliveries(before timestamptz) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhooks uuid[];
    rows     uuid[];
BEGIN
    DELETE FROM eryxon.delivery d WHERE d.finished_at < before;
    WITH gone AS (
        DELETE FROM eryxon.delivery d
         WHERE d.id IN (SELECT q.id FROM eryxon.delivery q
                         WHERE q.status = 'pending' AND q.position IS NOT NULL
                           AND NOT EXISTS (SELECT FROM eryxon.event e WHERE e.position = q.position)
                           FOR UPDATE SKIP LOCKED)
        RETURNING d.webhook_id, d.row_id)
    SELECT array_agg(g.webhook_id), array_agg(g.row_id) INTO webhooks, rows FROM gone g;
    PERFORM eryxon.promote(webhooks, rows);
END
$$;
COMMENT ON FUNCTION eryxon.prune_deliveries IS
'Deletes deliveries that were finished before, and those of disabled webhooks whose events are gone. One that is being
reported, and holds a lock that would be waited for in a circle, is left to the next time.';
REVOKE EXECUTE ON FUNCTION eryxon.prune_deliveries(timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_prune_events(keep interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned bigint;
    last   bigint;
BEGIN
    IF keep IS NULL OR keep < '0'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep',
            'the time to keep events must be greater than or equal to zero');
    END IF;
    PERFORM eryxon.check_read_committed();
    WHILE eryxon.position_events(100000) > 0 LOOP
    END LOOP;
    PERFORM FROM eryxon.feed FOR UPDATE;
    PERFORM FROM eryxon.webhook w ORDER BY w.id FOR KEY SHARE;
    PERFORM FROM eryxon.webhook w WHERE NOT w.enabled ORDER BY w.id FOR SHARE;
    WITH gone AS (
        DELETE FROM eryxon.event e
         WHERE e.occurred_at < now() - keep
           AND NOT EXISTS (SELECT FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id AND w.enabled
                            WHERE d.position = e.position AND d.status = 'pending')
        RETURNING e.position)
    SELECT count(*), max(g.position) INTO pruned, last FROM gone g;
    UPDATE eryxon.feed SET pruned_through = greatest(pruned_through, last) WHERE pruned_through < last;
    DELETE FROM eryxon.event_refused r WHERE r.refused_at < now() - keep;
    PERFORM eryxon.prune_deliveries(now() - keep);
    RETURN pruned;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_prune_events(interval) IS
'Deletes the events of all tenants that are older than the interval, read or not, but for those that an enabled webhook
has not got yet; and deliveries that were finished longer ago than that, with their logs, and events that were set
aside. Returns how many events went.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_prune_events(interval) FROM PUBLIC;
