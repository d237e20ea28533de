-- Webhooks: who wants to be told of which events. The calls that administer them; what is sent is in 97-delivery.sql.

CREATE TABLE eryxon.webhook (
    id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id       uuid NOT NULL,
    url             text NOT NULL,
    events          text[] NOT NULL,
    description     text,
    enabled         boolean NOT NULL DEFAULT true,
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('manual', 'gone', 'failing')),
    failing_since   timestamptz,
    failed_at       timestamptz,
    retry_seconds   integer[] NOT NULL,
    max_in_flight   integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE eryxon.webhook IS
'Endpoints and the types of events that they want. failing_since: the first failure after the last success; failed_at: the last one.
disabled_reason: manual, gone (it answered 410), failing (nothing but failures for five days).';
CREATE INDEX webhook_tenant ON eryxon.webhook (tenant_id);

CREATE TABLE eryxon.webhook_secret (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    secret     text NOT NULL CHECK (secret LIKE 'whsec\_%'),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    expires_at timestamptz
);
COMMENT ON TABLE eryxon.webhook_secret IS
'What messages are signed with: the current secret, which does not expire, and older ones. As they are, for signing needs them.';
CREATE INDEX webhook_secret_webhook ON eryxon.webhook_secret (webhook_id);

REVOKE ALL ON eryxon.webhook, eryxon.webhook_secret FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook_secret', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook_secret_id_seq', '');

CREATE FUNCTION eryxon.capture_events() RETURNS boolean
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'capture_events';
COMMENT ON FUNCTION eryxon.capture_events IS 'The setting eryxon.capture_events.';

CREATE FUNCTION eryxon.webhook_allow_http() RETURNS boolean
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'webhook_allow_http';
COMMENT ON FUNCTION eryxon.webhook_allow_http IS 'The setting eryxon.webhook_allow_http.';

CREATE FUNCTION eryxon.url_fault(url text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    authority text := substring(url FROM '^[A-Za-z]+://([^/?#]*)');
    host      text := regexp_replace(authority, ':[0-9]+$', '');
    port      text := substring(authority FROM ':([0-9]+)$');
BEGIN
    RETURN CASE
        WHEN url IS NULL OR length(url) NOT BETWEEN 1 AND 2048 THEN 'must have 1 to 2048 characters'
        WHEN url !~ '^[!-~]+$' OR url ~ '[\\<>"`{|}^]' THEN 'has characters that must be percent-encoded'
        WHEN url !~* '^https?://' THEN 'must begin with https://'
        WHEN url !~* '^https://' AND NOT eryxon.webhook_allow_http() THEN 'must begin with https://'
        WHEN authority LIKE '%@%' THEN 'must not have a user name or password in it'
        WHEN host !~ '^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])$' THEN 'has no valid host'
        WHEN port IS NOT NULL AND port::numeric NOT BETWEEN 1 AND 65535 THEN 'has no valid port'
        WHEN url LIKE '%#%' THEN 'must not have a fragment'
    END;
END
$$;
COMMENT ON FUNCTION eryxon.url_fault IS
'What is wrong with an endpoint''s URL; NULL if it is good.';

CREATE FUNCTION eryxon.check_webhook_url(url text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault text := eryxon.url_fault(url);
BEGIN
    IF fault IS NOT NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'url', 'the URL of a webhook ' || fault,
            CASE WHEN fault LIKE '%https://' THEN 'A superuser can allow http:// with the setting eryxon.webhook_allow_http.' END);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_url IS
'Demands the URL of an endpoint. The message does not repeat the URL, which may hold a secret.';

CREATE FUNCTION eryxon.check_type_patterns(patterns text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    IF patterns IS NULL OR cardinality(patterns) NOT BETWEEN 1 AND 100 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'events', 'a webhook needs 1 to 100 types of events',
                            'Name types such as job.created, or * for all.');
    END IF;
    SELECT coalesce(to_json(p)::text, 'null') INTO bad FROM unnest(patterns) AS p
     WHERE coalesce(p !~ '^(\*|\*\.[a-z][a-z0-9_]*|[a-z][a-z0-9_]*\.(\*|[a-z][a-z0-9_]*))$', true) LIMIT 1;
    IF FOUND THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'events', format('invalid type of events %s', bad),
                            'Write a type such as job.created, or a pattern: job.*, *.completed, *.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_type_patterns IS
'Demands types of events, or patterns of them.';

CREATE FUNCTION eryxon.check_webhook_options(options jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, known);
    PERFORM eryxon.check_option_type(options, o.name, o.type)
       FROM (VALUES ('url', 'string'), ('events', 'array'), ('description', 'string'), ('enabled', 'boolean'),
                    ('retry_seconds', 'array'), ('max_in_flight', 'number')) AS o(name, type);
    IF (options ->> 'max_in_flight')::numeric NOT BETWEEN 1 AND 1000 OR (options ->> 'max_in_flight')::numeric % 1 <> 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_in_flight', 'option "max_in_flight" must be an integer from 1 to 1000');
    ELSIF jsonb_typeof(options -> 'retry_seconds') = 'array'
          AND (jsonb_array_length(options -> 'retry_seconds') NOT BETWEEN 1 AND 50
               OR EXISTS (SELECT FROM jsonb_array_elements(options -> 'retry_seconds') AS s
                           WHERE jsonb_typeof(s) <> 'number' OR s::text !~ '^[0-9]{1,6}$')) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'retry_seconds',
            'option "retry_seconds" must be an array of 1 to 50 integers from 0 to 999999');
    ELSIF length(options ->> 'description') > 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'description', 'option "description" must have at most 1000 characters');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_options IS
'Checks the options of a webhook, but for its URL and types.';

CREATE FUNCTION eryxon.retry_seconds(options jsonb) RETURNS integer[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(options -> 'retry_seconds') = 'array'
                THEN ARRAY(SELECT s.second::integer FROM jsonb_array_elements_text(options -> 'retry_seconds') WITH ORDINALITY AS s(second, n) ORDER BY s.n)
                ELSE '{0,5,300,1800,7200,18000,36000,50400,72000,86400}' END
$$;
COMMENT ON FUNCTION eryxon.retry_seconds IS
'The seconds before each try of a delivery: the option, or the schedule of the Standard Webhooks specification.';

CREATE FUNCTION eryxon.json_texts(array_value jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(array_value) = 'array'
                THEN ARRAY(SELECT t.item FROM jsonb_array_elements_text(array_value) WITH ORDINALITY AS t(item, n) ORDER BY t.n) END
$$;
COMMENT ON FUNCTION eryxon.json_texts IS
'The elements of a JSON array as texts; NULL if it is no array.';

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
                    'no events are written: eryxon.capture_events is off, and no attached entity has the option events')) END
$$;
COMMENT ON FUNCTION eryxon.webhook_warnings IS
'What keeps a new webhook from being told anything.';

CREATE FUNCTION eryxon.change_webhook(webhook uuid, changes jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE eryxon.webhook w
       SET url = coalesce(changes ->> 'url', w.url),
           events = coalesce(eryxon.json_texts(changes -> 'events'), w.events),
           description = CASE WHEN changes ? 'description' THEN changes ->> 'description' ELSE w.description END,
           retry_seconds = CASE WHEN changes ? 'retry_seconds' THEN eryxon.retry_seconds(changes) ELSE w.retry_seconds END,
           max_in_flight = CASE WHEN changes ? 'max_in_flight' THEN coalesce((changes ->> 'max_in_flight')::integer, 20)
                                ELSE w.max_in_flight END,
           enabled = n.enabled,
           disabled_at = CASE WHEN NOT n.enabled THEN coalesce(w.disabled_at, now()) END,
           disabled_reason = CASE WHEN NOT n.enabled THEN coalesce(w.disabled_reason, 'manual') END,
           failing_since = CASE WHEN w.enabled OR NOT n.enabled THEN w.failing_since END,
           failed_at = CASE WHEN w.enabled OR NOT n.enabled THEN w.failed_at END,
           updated_at = clock_timestamp()
      FROM (SELECT o.id, CASE WHEN changes ? 'enabled' THEN coalesce((changes ->> 'enabled')::boolean, true) ELSE o.enabled END AS enabled
              FROM eryxon.webhook o WHERE o.id = webhook FOR NO KEY UPDATE) AS n
     WHERE w.id = n.id
$$;
COMMENT ON FUNCTION eryxon.change_webhook IS
'Writes changes that were checked. An endpoint that is enabled again starts with no failures.';
REVOKE EXECUTE ON FUNCTION eryxon.change_webhook(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.own_webhook(own uuid, wanted uuid) RETURNS eryxon.webhook
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook eryxon.webhook;
BEGIN
    SELECT * INTO webhook FROM eryxon.webhook w WHERE w.id = wanted AND (own IS NULL OR w.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('webhook %s does not exist', coalesce(wanted::text, 'NULL')));
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
    PERFORM eryxon.check_webhook_options(wanted, '{description,enabled,retry_seconds,max_in_flight}');
    INSERT INTO eryxon.webhook (tenant_id, url, events, retry_seconds, max_in_flight)
    VALUES (tenant, $3, ARRAY(SELECT unnest($4)), eryxon.retry_seconds('{}'), 20) RETURNING id INTO webhook;
    PERFORM eryxon.change_webhook(webhook, wanted);
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('id', webhook, 'secret', eryxon.new_secret(webhook), 'warnings', eryxon.webhook_warnings());
END
$$;
COMMENT ON FUNCTION eryxon.webhook_create IS
'What eryxon_webhook_create() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhook_create(uuid, name, text, text[], jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_create(url text, events text[], options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'call_for_tenant';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_create(text, text[], jsonb) IS
'Makes a webhook of the tenant: events of these types are sent to the URL.
Types are such as job.created, or patterns: job.*, *.completed, *. Options: description, enabled, retry_seconds, max_in_flight.
Returns id, secret (shown once) and warnings.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_create(text, text[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.webhooks(own uuid, caller name)
    RETURNS TABLE (id uuid, url text, events text[], description text, enabled boolean, disabled_at timestamptz, disabled_reason text,
                   failing_since timestamptz, retry_seconds integer[], max_in_flight integer, created_at timestamptz, updated_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.id, w.url, w.events, w.description, w.enabled, w.disabled_at, w.disabled_reason,
           w.failing_since, w.retry_seconds, w.max_in_flight, w.created_at, w.updated_at
      FROM eryxon.webhook w
     WHERE own IS NULL OR w.tenant_id = own
     ORDER BY w.created_at, w.id
$$;
COMMENT ON FUNCTION eryxon.webhooks IS
'What eryxon_webhooks() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.webhooks(uuid, name) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhooks()
    RETURNS TABLE (id uuid, url text, events text[], description text, enabled boolean, disabled_at timestamptz, disabled_reason text,
                   failing_since timestamptz, retry_seconds integer[], max_in_flight integer, created_at timestamptz, updated_at timestamptz)
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhooks() IS
'The webhooks of the caller''s tenant, without secrets; a superuser sees those of all tenants.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhooks() FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_update(own uuid, caller name, id uuid, changes jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook uuid := (eryxon.own_webhook(own, id)).id;
    wanted  jsonb := coalesce(changes, '{}');
BEGIN
    PERFORM eryxon.check_webhook_options(wanted, '{url,events,description,enabled,retry_seconds,max_in_flight}');
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
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_update(uuid, jsonb) IS
'Changes a webhook: url, events, description, enabled, retry_seconds, max_in_flight; null is the default.
Deliveries of a disabled one wait, and go on when it is enabled again. Returns the webhook.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_update(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_rotate_secret(own uuid, caller name, id uuid, keep_old interval) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook uuid := (eryxon.own_webhook(own, id)).id;
    until   timestamptz := now() + keep_old;
BEGIN
    IF keep_old IS NULL OR keep_old < '0'::interval OR keep_old > '30 days'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep_old', 'the time to keep the old secret must be from zero to 30 days');
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
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'call_for_administrator';
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
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_webhook_delete(uuid) IS
'Deletes a webhook with its secrets, deliveries and their logs.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_delete(uuid) FROM PUBLIC;
