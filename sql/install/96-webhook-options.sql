-- Webhooks: who wants to be told of which events, and what may be said of an endpoint. The calls are in 96-webhook.sql.

CREATE FUNCTION eryxon.longest_wait(retry_seconds integer[]) RETURNS interval
    LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT make_interval(secs => 1.2 * greatest(max(s.second), 86400)) FROM unnest(retry_seconds) AS s(second)
$$;
COMMENT ON FUNCTION eryxon.longest_wait IS
'How long a delivery waits at most: the longest step, or a lease or Retry-After of a day, and a fifth. What is due later
is so by a clock that was wrong.';

CREATE TABLE eryxon.webhook (
    id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id       uuid NOT NULL,
    url             text NOT NULL,
    events          text[] NOT NULL,
    description     text,
    enabled         boolean NOT NULL DEFAULT true,
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('manual', 'gone', 'failing')),
    feed            text,
    failing_since   timestamptz,
    failed_at       timestamptz,
    url_version     integer NOT NULL DEFAULT 1,
    failures        integer NOT NULL DEFAULT 0,
    paused_until    timestamptz,
    pauses          integer NOT NULL DEFAULT 0,
    probe           uuid,
    ramp            integer,
    retry_seconds   integer[] NOT NULL,
    longest_wait    interval NOT NULL GENERATED ALWAYS AS (eryxon.longest_wait(retry_seconds)) STORED,
    max_in_flight   integer NOT NULL,
    sources         text[],
    exclude_source  text[],
    entities        text[],
    fields          text[],
    order_by        text NOT NULL DEFAULT 'row' CHECK (order_by IN ('row', 'root')),
    created_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE eryxon.webhook IS
'Endpoints and the events that they want. disabled_reason: manual, gone (it answered 410), failing (nothing but failures
for five days). feed: eryxon.feed_name() when it was made or enabled; in a copy of the database it is another one, and
nothing is sent. url_version rises with each change of the URL; what was sent to an older one says nothing of the
endpoint. failing_since: the first failure after the last success; failed_at: the last one; failures: how many in a row.
paused_until: nothing is sent before, and then one delivery, the probe, until one arrives; pauses: how many in a row;
ramp: how many may be under way after a pause, instead of max_in_flight. order_by: what arrives one after the other, the
events of a row, or of a root with all that belongs to it.';
CREATE INDEX webhook_tenant ON eryxon.webhook (tenant_id);

CREATE TABLE eryxon.webhook_secret (
    webhook_id uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    secret     text NOT NULL CHECK (secret LIKE 'whsec\_%'),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    expires_at timestamptz,
    PRIMARY KEY (webhook_id, secret)
);
COMMENT ON TABLE eryxon.webhook_secret IS
'What messages are signed with: the current secret, which does not expire, and older ones. As they are, for signing
needs them.';

CREATE TABLE eryxon.webhook_header (
    webhook_id uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    name       text NOT NULL,
    value      text NOT NULL,
    PRIMARY KEY (webhook_id, name)
);
COMMENT ON TABLE eryxon.webhook_header IS
'Headers that an endpoint wants with each message, to know who calls: secrets, which only a relay gets.';

REVOKE ALL ON eryxon.webhook, eryxon.webhook_secret, eryxon.webhook_header FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook_secret', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook_header', '');

CREATE FUNCTION eryxon.capture_events() RETURNS boolean
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'eryxon_capture_events';
COMMENT ON FUNCTION eryxon.capture_events IS 'The setting eryxon.capture_events.';

CREATE FUNCTION eryxon.webhook_allow_http() RETURNS boolean
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'eryxon_webhook_allow_http';
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
        WHEN url !~ '^[!-~]+$' OR url ~ E'[\\\\<>"`{|}^]' THEN 'contains characters that must be percent-encoded'
        WHEN url !~* '^https?://' THEN 'must begin with https://'
        WHEN url !~* '^https://' AND NOT eryxon.webhook_allow_http() THEN 'must begin with https://'
        WHEN authority LIKE '%@%' THEN 'must not contain a user name or password'
        WHEN host !~ E'^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\\.?|\\[[0-9A-Fa-f:.]+\\])$' THEN 'has no valid host'
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
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'url', 'webhook URL ' || fault,
            CASE WHEN fault LIKE '%https://'
                THEN 'A superuser can allow http:// with the setting eryxon.webhook_allow_http.' END,
            CASE WHEN fault LIKE '%https://' THEN '{"reason": "not_https"}'::jsonb ELSE '{"reason": "invalid_url"}'
                END);
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
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'events', 'a webhook needs 1 to 100 event types',
                            'Name types such as job.created, or * for all.');
    END IF;
    SELECT coalesce(to_json(p)::text, 'null') INTO bad FROM unnest(patterns) AS p
     WHERE coalesce(p !~ E'^(\\*|\\*\\.[a-z][a-z0-9_]*|[a-z][a-z0-9_]*\\.(\\*|[a-z][a-z0-9_]*))$', true) LIMIT 1;
    IF FOUND THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'events', format('invalid event type %s', bad),
                            'Write a type such as job.created, or a pattern: job.*, *.completed, *.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_type_patterns IS
'Demands types of events, or patterns of them.';

CREATE FUNCTION eryxon.check_webhook_names(options jsonb, option text, meaning text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names jsonb := options -> option;
BEGIN
    IF jsonb_typeof(names) = 'string' THEN
        names := jsonb_build_array(names);
    END IF;
    IF jsonb_typeof(names) NOT IN ('array', 'null')
       OR jsonb_typeof(names) = 'array' AND (jsonb_array_length(names) NOT BETWEEN 1 AND 100
          OR EXISTS (SELECT FROM jsonb_array_elements(names) AS s WHERE jsonb_typeof(s) <> 'string'
              OR length(s #>> '{}') NOT BETWEEN 1 AND 255)) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', option,
            format('option "%s" must be the name of %s, or an array of 1 to 100 of them', option, meaning));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_names IS
'Demands names that events are chosen by: a text, or an array of texts. meaning: what they name.';

CREATE FUNCTION eryxon.check_webhook_headers(headers jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault text := CASE WHEN jsonb_typeof(headers) NOT IN ('object', 'null') THEN 'must be an object of names and values'
        END;
BEGIN
    IF jsonb_typeof(headers) = 'object' THEN
        SELECT CASE
                WHEN count(*) > 20 THEN 'must have at most 20 headers'
                WHEN count(DISTINCT lower(h.key)) < count(*) THEN 'has a header twice'
                WHEN bool_or(h.key !~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$') THEN 'has a name that no header can have'
                WHEN bool_or(lower(h.key) ~ ('^(host|content-.*|transfer-encoding|connection|keep-alive|upgrade|expect|'
                                             'te|trailer|proxy-.*|user-agent|webhook-.*|x-eryxon-.*)$'))
                     THEN 'has a header that the relay sets itself'
                WHEN bool_or(jsonb_typeof(h.value) <> 'string' OR h.value #>> '{}' !~ '^[!-~]([ -~]*[!-~])?$'
                    OR length(h.value #>> '{}') > 4096)
                     THEN 'has a value that is not 1 to 4096 visible ASCII characters' END
          INTO fault FROM jsonb_each(headers) AS h;
    END IF;
    IF fault IS NOT NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'headers', 'option "headers" ' || fault);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_headers IS
'Demands headers that can be sent. The message repeats neither names nor values, which may be secrets.';

CREATE FUNCTION eryxon.webhook_options() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{description,enabled,retry_seconds,max_in_flight,sources,exclude_source,entities,fields,order_by,'
           'headers}'::text[];
COMMENT ON FUNCTION eryxon.webhook_options IS
'The names of a webhook''s options.';

CREATE FUNCTION eryxon.check_webhook_options(options jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, known);
    PERFORM eryxon.check_option_type(options, o.name, o.type)
       FROM (VALUES ('url', 'string'), ('events', 'array'), ('description', 'string'), ('enabled', 'boolean'),
                    ('retry_seconds', 'array'), ('max_in_flight', 'number'), ('order_by', 'string')) AS o(name, type);
    PERFORM eryxon.check_webhook_names(options, o.name, o.meaning)
       FROM (VALUES ('sources', 'a source'), ('exclude_source', 'a source'), ('entities', 'an entity'),
                    ('fields', 'a field')) AS o(name, meaning);
    PERFORM eryxon.fail_unknown_entity(n.name, false)
       FROM unnest(eryxon.json_texts(options -> 'entities')) AS n(name)
      WHERE NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = n.name);
    PERFORM eryxon.check_webhook_headers(options -> 'headers');
    IF (options ->> 'max_in_flight')::numeric NOT BETWEEN 1 AND 1000
        OR (options ->> 'max_in_flight')::numeric % 1 <> 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_in_flight',
            'option "max_in_flight" must be an integer from 1 to 1000');
    ELSIF jsonb_typeof(options -> 'retry_seconds') = 'array'
          AND (jsonb_array_length(options -> 'retry_seconds') NOT BETWEEN 1 AND 50
               OR EXISTS (SELECT FROM jsonb_array_elements(options -> 'retry_seconds') AS s
                           WHERE jsonb_typeof(s) <> 'number' OR s::text !~ '^[0-9]{1,6}$')) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'retry_seconds',
            'option "retry_seconds" must be an array of 1 to 50 integers from 0 to 999999');
    ELSIF options ->> 'order_by' NOT IN ('row', 'root') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'order_by', 'option "order_by" must be "row" or "root"');
    ELSIF length(options ->> 'description') > 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'description',
            'option "description" must have at most 1000 characters');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_options IS
'Checks the options of a webhook, but for its URL and types.';

CREATE FUNCTION eryxon.retry_seconds(options jsonb) RETURNS integer[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(options -> 'retry_seconds') = 'array'
                THEN ARRAY(SELECT s.second::integer FROM jsonb_array_elements_text(options -> 'retry_seconds')
                    WITH ORDINALITY AS s(second, n) ORDER BY s.n)
                ELSE '{0,5,300,1800,7200,18000,36000,50400,72000,86400}' END
$$;
COMMENT ON FUNCTION eryxon.retry_seconds IS
'The seconds before each try of a delivery: the option, or the schedule of the Standard Webhooks specification.';

CREATE FUNCTION eryxon.json_texts(array_value jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(array_value) = 'array'
                THEN ARRAY(SELECT t.item FROM jsonb_array_elements_text(array_value) WITH ORDINALITY AS t(item, n)
                    ORDER BY t.n)
                WHEN jsonb_typeof(array_value) = 'string' THEN ARRAY[array_value #>> '{}'] END
$$;
COMMENT ON FUNCTION eryxon.json_texts IS
'The elements of a JSON array as texts, or a text as the only one; NULL if it is neither.';
