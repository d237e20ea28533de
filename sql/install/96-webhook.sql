-- The calls that administer webhooks; what is sent to them is in 97-delivery.sql.

CREATE FUNCTION eryxon.new_secret(webhook uuid) RETURNS text
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.webhook_secret (webhook_id, secret)
    VALUES (webhook, 'whsec_' || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'))
    RETURNING secret
$$;
COMMENT ON FUNCTION eryxon.new_secret IS
'Makes a secret of 32 random bytes for the webhook.';
REVOKE EXECUTE ON FUNCTION eryxon.new_secret(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_warnings() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN eryxon.capture_events() OR EXISTS (SELECT FROM eryxon.entity e WHERE e.events) THEN '[]'
                ELSE jsonb_build_array(eryxon.warning('CAPTURE_OFF', 'events',
                    'no events are written: eryxon.capture_events is off, and no attached entity has the option '
                    'events')) END
$$;
COMMENT ON FUNCTION eryxon.webhook_warnings IS
'What keeps a new webhook from being told anything.';

CREATE FUNCTION eryxon.change_headers(webhook uuid, changes jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM eryxon.webhook_header h
     USING eryxon.webhook w
     WHERE h.webhook_id = webhook AND w.id = webhook
       AND (changes ? 'headers' OR lower(substring(w.url FROM '^[A-Za-z]+://[^/?#]*')) <> lower(
           substring(changes ->> 'url' FROM '^[A-Za-z]+://[^/?#]*')));
    INSERT INTO eryxon.webhook_header (webhook_id, name, value)
    SELECT webhook, h.key, h.value FROM jsonb_each_text(CASE jsonb_typeof(changes -> 'headers') WHEN 'object'
        THEN changes -> 'headers' END) AS h
$$;
COMMENT ON FUNCTION eryxon.change_headers IS
'Writes the headers of a change, before its URL. Where that is another host''s and the change names no headers there are
none any more: who may change a webhook must not learn them so.';
REVOKE EXECUTE ON FUNCTION eryxon.change_headers(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.begin_anew(webhook uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.webhook w
       SET failing_since = NULL, failed_at = NULL, failures = 0, paused_until = NULL, pauses = 0, probe = NULL,
           ramp = NULL
     WHERE w.id = webhook;
    PERFORM eryxon.wake(webhook, false);
END
$$;
COMMENT ON FUNCTION eryxon.begin_anew IS
'Forgets the failures of an endpoint that has another URL or was enabled, and does not let wait what failed with it.';
REVOKE EXECUTE ON FUNCTION eryxon.begin_anew(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.change_webhook(webhook uuid, changes jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old     eryxon.webhook;
    wanted  boolean;
    new_url boolean;
BEGIN
    SELECT * INTO old FROM eryxon.webhook o WHERE o.id = webhook FOR NO KEY UPDATE;
    wanted := CASE WHEN changes ? 'enabled' THEN coalesce((changes ->> 'enabled')::boolean, true) ELSE old.enabled END;
    new_url := coalesce(changes ->> 'url' <> old.url, false);
    PERFORM eryxon.change_headers(webhook, changes);
    UPDATE eryxon.webhook w
       SET url = coalesce(changes ->> 'url', w.url),
           url_version = w.url_version + new_url::integer,
           events = coalesce(eryxon.json_texts(changes -> 'events'), w.events),
           description = CASE WHEN changes ? 'description' THEN changes ->> 'description' ELSE w.description END,
           retry_seconds = CASE WHEN changes ? 'retry_seconds' THEN eryxon.retry_seconds(changes)
               ELSE w.retry_seconds END,
           max_in_flight = CASE WHEN changes ? 'max_in_flight' THEN coalesce((changes ->> 'max_in_flight')::integer, 20)
                                ELSE w.max_in_flight END,
           sources = CASE WHEN changes ? 'sources' THEN eryxon.json_texts(changes -> 'sources') ELSE w.sources END,
           exclude_source = CASE WHEN changes ? 'exclude_source' THEN eryxon.json_texts(changes -> 'exclude_source')
               ELSE w.exclude_source END,
           entities = CASE WHEN changes ? 'entities' THEN eryxon.json_texts(changes -> 'entities') ELSE w.entities END,
           fields = CASE WHEN changes ? 'fields' THEN eryxon.json_texts(changes -> 'fields') ELSE w.fields END,
           order_by = CASE WHEN changes ? 'order_by' THEN coalesce(changes ->> 'order_by', 'row') ELSE w.order_by END,
           enabled = wanted,
           feed = CASE WHEN wanted AND changes ? 'enabled' THEN eryxon.feed_name() ELSE w.feed END,
           disabled_at = CASE WHEN NOT wanted THEN coalesce(w.disabled_at, now()) END,
           disabled_reason = CASE WHEN NOT wanted THEN coalesce(w.disabled_reason, 'manual') END,
           updated_at = clock_timestamp()
     WHERE w.id = webhook;
    IF new_url OR wanted AND changes ? 'enabled' THEN
        PERFORM eryxon.begin_anew(webhook);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.change_webhook IS
'Writes changes that were checked. An endpoint that is enabled, or has another URL, starts with no failures.';
REVOKE EXECUTE ON FUNCTION eryxon.change_webhook(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.own_webhook(own uuid, wanted uuid) RETURNS eryxon.webhook
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook eryxon.webhook;
BEGIN
    SELECT * INTO webhook FROM eryxon.webhook w WHERE w.id = wanted AND (own IS NULL OR w.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id',
            format('webhook %s does not exist', coalesce(wanted::text, 'NULL')));
    END IF;
    RETURN webhook;
END
$$;
COMMENT ON FUNCTION eryxon.own_webhook IS
'A webhook of the tenant, or of any where that is NULL; error P0002 if there is none with this id.';
REVOKE EXECUTE ON FUNCTION eryxon.own_webhook(uuid, uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_create(tenant uuid, caller name, url text, events text[], options jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted  jsonb := coalesce(options, '{}');
    webhook uuid;
BEGIN
    PERFORM eryxon.check_webhook_url(url);
    PERFORM eryxon.check_type_patterns(events);
    PERFORM eryxon.check_webhook_options(wanted, eryxon.webhook_options());
    IF (SELECT count(*) FROM eryxon.webhook w WHERE w.tenant_id = tenant) >= 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', '', 'a tenant can have at most 1000 webhooks',
            'Delete webhooks that are no longer used.');
    END IF;
    INSERT INTO eryxon.webhook (tenant_id, url, events, feed, retry_seconds, max_in_flight)
    VALUES (tenant, $3, ARRAY(SELECT unnest($4)), eryxon.feed_name(), eryxon.retry_seconds('{}'), 20)
        RETURNING id INTO webhook;
    PERFORM eryxon.change_webhook(webhook, wanted);
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('id', webhook, 'secret', eryxon.new_secret(webhook), 'warnings',
        eryxon.webhook_warnings());
END
$$;
COMMENT ON FUNCTION eryxon.webhook_create IS
'What eryxon_webhook_create() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_create(uuid, name, text, text[], jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_create(url text, events text[], options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_create(text, text[], jsonb) IS
'Makes a webhook of the tenant: events of these types are sent to the URL.
Types are such as job.created, or patterns: job.*, *.completed, *. Options: description, enabled, retry_seconds,
max_in_flight, sources and exclude_source (ERPs whose changes are wanted, or not), entities, fields (only events that
change one of them), order_by (row, or root: one after the other for a job and all below it), headers (sent with each
message, and shown nowhere). Returns id, secret (shown once) and warnings.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_create(text, text[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.webhooks(own uuid, caller name)
    RETURNS TABLE (id uuid, url text, events text[], description text, enabled boolean, disabled_at timestamptz,
        disabled_reason text,
                   failing_since timestamptz, paused_until timestamptz, retry_seconds integer[], max_in_flight integer,
                       sources text[], exclude_source text[], entities text[], fields text[], order_by text,
                   headers text[], created_at timestamptz, updated_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.id, w.url, w.events, w.description, w.enabled AND NOT r.restored, w.disabled_at,
           CASE WHEN w.enabled AND r.restored THEN 'restored' ELSE w.disabled_reason END, w.failing_since,
               w.paused_until,
           w.retry_seconds, w.max_in_flight, w.sources, w.exclude_source, w.entities, w.fields, w.order_by,
           ARRAY(SELECT h.name FROM eryxon.webhook_header h WHERE h.webhook_id = w.id ORDER BY h.name), w.created_at,
               w.updated_at
      FROM eryxon.webhook w
     CROSS JOIN LATERAL (SELECT w.feed IS DISTINCT FROM f.name AS restored
         FROM (SELECT eryxon.feed_name() AS name OFFSET 0) AS f) AS r
     WHERE own IS NULL OR w.tenant_id = own
     ORDER BY w.created_at, w.id
$$;
COMMENT ON FUNCTION eryxon.webhooks IS
'What eryxon_webhooks() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhooks(uuid, name) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhooks()
    RETURNS TABLE (id uuid, url text, events text[], description text, enabled boolean, disabled_at timestamptz,
        disabled_reason text,
                   failing_since timestamptz, paused_until timestamptz, retry_seconds integer[], max_in_flight integer,
                       sources text[], exclude_source text[], entities text[], fields text[], order_by text,
                   headers text[], created_at timestamptz, updated_at timestamptz)
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhooks() IS
'The webhooks of the caller''s tenant, without secrets: of headers the names. A superuser sees those of all tenants.
disabled_reason is restored where the database has been restored since the webhook was enabled.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhooks() FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_update(own uuid, caller name, id uuid, changes jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook uuid := (eryxon.own_webhook(own, id)).id;
    wanted  jsonb := coalesce(changes, '{}');
BEGIN
    PERFORM eryxon.check_webhook_options(wanted, '{url,events}' || eryxon.webhook_options());
    IF wanted ? 'url' THEN
        PERFORM eryxon.check_webhook_url(wanted ->> 'url');
    END IF;
    IF wanted ? 'events' THEN
        PERFORM eryxon.check_type_patterns(eryxon.json_texts(wanted -> 'events'));
    END IF;
    PERFORM eryxon.change_webhook(webhook, wanted);
    NOTIFY eryxon_events;
    RETURN (SELECT to_jsonb(w) FROM eryxon.webhooks(own, caller) w WHERE w.id = webhook);
END
$$;
COMMENT ON FUNCTION eryxon.webhook_update IS
'What eryxon_webhook_update() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_update(uuid, name, uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_update(id uuid, changes jsonb) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_update(uuid, jsonb) IS
'Changes a webhook: url, events and the options of eryxon_webhook_create(); null is the default. A URL of another host
takes the headers away, unless the change has headers. Deliveries of a disabled one wait, and go on when it is enabled
again. Returns the webhook.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_update(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_rotate_secret(own uuid, caller name, id uuid, keep_old interval) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook uuid := (eryxon.own_webhook(own, id)).id;
    until   timestamptz := now() + keep_old;
BEGIN
    IF keep_old IS NULL OR keep_old < '0'::interval OR keep_old > '30 days'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep_old',
            'the time to keep the old secret must be between 0 and 30 days');
    END IF;
    PERFORM FROM eryxon.webhook w WHERE w.id = webhook FOR NO KEY UPDATE;
    DELETE FROM eryxon.webhook_secret s WHERE s.webhook_id = webhook AND (s.expires_at <= now() OR until <= now());
    UPDATE eryxon.webhook_secret s SET expires_at = least(s.expires_at, until) WHERE s.webhook_id = webhook;
    RETURN jsonb_build_object('id', webhook, 'secret', eryxon.new_secret(webhook), 'old_valid_until', until);
END
$$;
COMMENT ON FUNCTION eryxon.webhook_rotate_secret IS
'What eryxon_webhook_rotate_secret() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_rotate_secret(uuid, name, uuid, interval) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_rotate_secret(id uuid, keep_old interval DEFAULT '24 hours') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_rotate_secret(uuid, interval) IS
'Gives a webhook a new secret, returned once.
Until keep_old has passed, messages are signed with the old one too.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_rotate_secret(uuid, interval) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_delete(own uuid, caller name, id uuid) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM eryxon.webhook w WHERE w.id = (SELECT (eryxon.own_webhook(own, $3)).id)
$$;
COMMENT ON FUNCTION eryxon.webhook_delete IS
'What eryxon_webhook_delete() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_delete(uuid, name, uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_delete(id uuid) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_delete(uuid) IS
'Deletes a webhook with its secrets, deliveries and their logs.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_delete(uuid) FROM PUBLIC;
