-- The change feed: the tenant's events in order, after a token, each once.

CREATE FUNCTION eryxon.feed_head() RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT greatest(f.last_position, (SELECT max(e.position) FROM eryxon.event e)) FROM eryxon.feed f
$$;
COMMENT ON FUNCTION eryxon.feed_head IS
'The position of the latest event, or of those before it that are pruned.';

CREATE FUNCTION eryxon.fail_token(message text, hint text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.fail('INVALID_OPTION', '22023', 'since', message, hint)
$$;
COMMENT ON FUNCTION eryxon.fail_token IS
'Raises that a token does not say where to go on.';

CREATE FUNCTION eryxon.event_mark(wanted bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT right(e.id::text, 8) FROM eryxon.event e WHERE e.position = wanted), '00000000')
$$;
COMMENT ON FUNCTION eryxon.event_mark IS
'What tells the event at a position from one that got the same position after going back to an older backup; zeros where
none is kept. The end of the id, in which also the events of one statement differ.';

CREATE FUNCTION eryxon.feed_token(wanted bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws('-', eryxon.feed_name(), wanted, eryxon.event_mark(wanted))
$$;
COMMENT ON FUNCTION eryxon.feed_token IS
'The token that goes on behind a position.';

CREATE FUNCTION eryxon.token_position(since text) RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    from_start constant text := 'Call it without a token to read all events that are kept, and compare the rest with '
                                'eryxon_diff().';
    after bigint;
BEGIN
    IF since IS NULL THEN
        RETURN 0;
    ELSIF since !~ '^[0-9a-f]{16}-[0-9]{1,18}-[0-9a-f]{8}$' THEN
        PERFORM eryxon.fail_token('invalid change feed token', 'Send the value of "next" from an earlier answer.');
    ELSIF split_part(since, '-', 1) <> eryxon.feed_name() THEN
        PERFORM eryxon.fail_token('token belongs to another database, or to the time before a restore', from_start);
    END IF;
    after := split_part(since, '-', 2)::bigint;
    IF after < (SELECT f.pruned_through FROM eryxon.feed f) THEN
        PERFORM eryxon.fail_token('events after this token have been pruned', from_start);
    ELSIF pg_is_in_recovery() AND after > eryxon.feed_head() THEN
        RETURN after;
    ELSIF after > eryxon.feed_head() OR '00000000' <> ALL (ARRAY[split_part(since, '-', 3), eryxon.event_mark(after)])
                                        AND split_part(since, '-', 3) <> eryxon.event_mark(after) THEN
        PERFORM eryxon.fail_token('token is ahead of the events in this database', from_start);
    END IF;
    RETURN after;
END
$$;
COMMENT ON FUNCTION eryxon.token_position IS
'The position behind which a token goes on; 0 without a token. A standby may be behind what the token''s reader has seen
on the primary: there it is taken as it is.';

CREATE FUNCTION eryxon.check_changes_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['entity', 'type', 'source', 'exclude_source', 'external_source']);
    PERFORM eryxon.check_option_type(options, o, 'string')
       FROM unnest('{entity,type,source,exclude_source,external_source}'::text[]) AS o;
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = options ->> 'entity')
        AND options ->> 'entity' IS NOT NULL THEN
        PERFORM eryxon.fail_unknown_entity(options ->> 'entity', false);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_changes_options IS
'Checks the options of eryxon_changes().';

CREATE FUNCTION eryxon.event_json(e eryxon.event) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', e.id, 'type', e.type, 'timestamp',
            to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'entity', e.entity, 'row_id', e.row_id, 'external_id', e.external_id, 'external_source', e.external_source,
        'source', e.source, 'run_id', e.run_id, 'user_id', e.user_id, 'keys', coalesce(e.keys, '{}'),
        'changes', e.changes)
$$;
COMMENT ON FUNCTION eryxon.event_json IS
'One event as the feed shows it.';

CREATE FUNCTION eryxon.readable_keys(keys jsonb, entities text[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN bool_and(k.value ->> 'entity' = ANY (entities)) THEN keys
                ELSE jsonb_object_agg(k.key, k.value) FILTER (WHERE k.value ->> 'entity' = ANY (entities)) END
      FROM jsonb_each(keys) AS k
$$;
COMMENT ON FUNCTION eryxon.readable_keys IS
'The keys of an event that are of these entities'' rows.';

CREATE FUNCTION eryxon.read_events(tenant uuid, after bigint, max_rows integer, entities text[], options jsonb)
    RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH found AS (
        SELECT e.*, row_number() OVER feed AS n,
               sum(eryxon.stored_size(e.changes) + coalesce(eryxon.stored_size(e.keys), 0)) OVER feed AS bytes
          FROM eryxon.event e
         WHERE e.tenant_id = tenant AND e.position > after AND e.entity = ANY (entities)
           AND (options ->> 'entity' IS NULL OR e.entity = options ->> 'entity')
           AND (options ->> 'type' IS NULL OR options ->> 'type' = ANY (eryxon.matching_patterns(e.type)))
           AND (options ->> 'source' IS NULL OR e.source = options ->> 'source')
           AND (options ->> 'exclude_source' IS NULL OR e.source IS DISTINCT FROM options ->> 'exclude_source')
           AND (options ->> 'external_source' IS NULL OR e.external_source = options ->> 'external_source')
        WINDOW feed AS (ORDER BY e.position ROWS UNBOUNDED PRECEDING)
         ORDER BY e.position LIMIT max_rows + 1),
    fitting AS (
        SELECT f.*, f.n = 1 OR f.n <= max_rows AND f.bytes <= 16777216 AS fits FROM found f),
    page AS (
        SELECT coalesce(jsonb_agg(eryxon.event_json(ROW(f.position, f.id, f.tenant_id, f.type, f.entity, f.row_id,
            f.external_id,
                                      f.external_source, f.source, f.changes, f.occurred_at, f.run_id, f.user_id,
            eryxon.readable_keys(f.keys, entities), f.root_id)::eryxon.event)
                                          ORDER BY f.n) FILTER (WHERE f.fits), '[]') AS events,
               max(f.position) FILTER (WHERE f.fits) AS last, coalesce(bool_or(NOT f.fits), false) AS more
          FROM fitting f)
    SELECT jsonb_build_object('events', p.events, 'more', p.more, 'next',
               eryxon.feed_token(CASE WHEN p.more THEN p.last ELSE greatest(after, eryxon.feed_head()) END))
      FROM page p
$$;
COMMENT ON FUNCTION eryxon.read_events IS
'A page of the feed: the tenant''s events behind a position, as one snapshot has them. It ends early where its changes
take more than 16 MB. The events are not taken as rows before it is known which are in the page: a row has its values
fetched and unpacked.';

CREATE FUNCTION eryxon.changes(tenant uuid, caller name, since text, max_rows integer, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    after bigint;
    page  jsonb;
BEGIN
    PERFORM eryxon.check_changes_options(coalesce(options, '{}'));
    IF max_rows NOT BETWEEN 1 AND 10000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'max_rows must be from 1 to 10000');
    END IF;
    PERFORM eryxon.settle_events(tenant);
    after := eryxon.token_position(since);
    page := eryxon.read_events(tenant, after, coalesce(max_rows, 1000), eryxon.readable_entities(caller),
                               coalesce(options, '{}'));
    -- Once more, for events that were pruned between the check and the read.
    PERFORM eryxon.token_position(since);
    -- Nothing new: the reader's own token says more than one that a standby behind it could make.
    IF split_part(page ->> 'next', '-', 2)::bigint = after AND since IS NOT NULL THEN
        RETURN jsonb_set(page, '{next}', to_jsonb(since));
    END IF;
    RETURN page;
END
$$;
COMMENT ON FUNCTION eryxon.changes IS
'What eryxon_changes() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.changes(uuid, name, text, integer, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_changes(since text DEFAULT NULL, max_rows integer DEFAULT 1000,
    options jsonb DEFAULT '{}')
    RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION @extschema@.eryxon_changes(text, integer, jsonb) IS
'The tenant''s events after a token, each once, in the order in which they were committed; without a token from the
first that is kept. "next" is the token to go on with, "more" tells whether there is more already. Options: entity, type
(job.created, job.*, *.completed), source and exclude_source (the ERP that made the change), external_source (the ERP
that owns the row). Events of tables that the caller may not read are left out; row policies inside the tenant are not
asked.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_changes(text, integer, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.feed_status(tenant uuid, caller name) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('waiting', count(*), 'lag_seconds',
               coalesce(round(extract(epoch FROM clock_timestamp() - min(o.occurred_at)), 1), 0), 'positioned_at',
               (SELECT f.positioned_at FROM eryxon.feed f), 'refused',
               (SELECT count(*) FROM eryxon.event_refused r WHERE r.tenant_id = tenant))
      FROM eryxon.event_outbox o
     WHERE o.tenant_id = tenant
$$;
COMMENT ON FUNCTION eryxon.feed_status(uuid, name) IS
'What feed_status() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.feed_status(uuid, name) FROM PUBLIC;

CREATE FUNCTION eryxon.feed_status() RETURNS jsonb
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION eryxon.feed_status() IS
'How far the feed is behind: committed events of the tenant that have no position yet, the age of the oldest, when
positions were given last, and how many events were set aside because they raised an error.';

CREATE FUNCTION eryxon.changes_answer(options jsonb) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN @extschema@.eryxon_changes(options ->> 'since', (options ->> 'max_rows')::integer,
                                      pg_catalog.jsonb_strip_nulls(options) - '{since,max_rows}'::text[])::json;
COMMENT ON FUNCTION eryxon.changes_answer IS
'eryxon_changes() for the HTTP functions, since and max_rows among the options; those that are null do not count.';
