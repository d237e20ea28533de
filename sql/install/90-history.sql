-- Looking back: how many rows each source has, what the latest calls did, and forgetting old calls.

CREATE FUNCTION eryxon.check_status_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['entity', 'source', 'limit']);
    PERFORM eryxon.check_option_type(options, 'entity', 'string');
    PERFORM eryxon.check_option_type(options, 'source', 'string');
    PERFORM eryxon.check_option_type(options, 'limit', 'number');
    IF (options ->> 'limit')::numeric NOT BETWEEN 0 AND 10000 OR (options ->> 'limit')::numeric % 1 <> 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'limit', 'option "limit" must be an integer from 0 to 10000');
    END IF;
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = options ->> 'entity')
        AND options ->> 'entity' IS NOT NULL THEN
        PERFORM eryxon.fail_unknown_entity(options ->> 'entity', false);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_status_options IS
'Checks the options of eryxon_status().';

CREATE FUNCTION eryxon.run_json(run eryxon.sync_run) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_jsonb(run) - 'tenant_id'
$$;
COMMENT ON FUNCTION eryxon.run_json IS
'One run as it stands in the status.';

CREATE FUNCTION eryxon.last_run(tenant uuid, wanted_entity text, wanted_source text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.run_json(r) - 'error_details'
      FROM eryxon.sync_run r
     WHERE r.tenant_id = tenant AND r.entity = wanted_entity AND r.source = wanted_source
     ORDER BY r.started_at DESC, r.finished_at DESC, r.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION eryxon.last_run IS
'The latest run of an entity and source.';

CREATE FUNCTION eryxon.entity_counts(entity text, table_name regclass, tenant uuid, wanted_source text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault  jsonb := eryxon.unusable(entity);
    counts jsonb := jsonb_build_object('live', NULL, 'deleted', NULL, 'sources', '[]'::jsonb, 'unusable', fault);
    query  text := format($query$
        SELECT pg_catalog.jsonb_build_object(
                   'live', COALESCE(pg_catalog.sum(n.live), 0), 'deleted', COALESCE(pg_catalog.sum(n.deleted), 0),
                   'sources', COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                       'source', n.source, 'live', n.live, 'deleted', n.deleted, 'last_synced_at', n.last_synced_at,
                       'last_run', eryxon.last_run($1, $2, n.source)) ORDER BY n.source)
                           FILTER (WHERE n.source IS NOT NULL), '[]'))
          FROM (SELECT external_source AS source,
                       pg_catalog.count(*) FILTER (WHERE deleted_at IS NULL) AS live,
                       pg_catalog.count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted,
                       pg_catalog.max(synced_at) AS last_synced_at
                  FROM %s WHERE tenant_id OPERATOR(pg_catalog.=) $1
                      AND ($3 IS NULL OR external_source OPERATOR(pg_catalog.=) $3)
                 GROUP BY external_source) AS n
        $query$, table_name);
BEGIN
    IF fault IS NOT NULL THEN
        RETURN counts;
    END IF;
    PERFORM set_config('search_path', eryxon.callers_path(), true);
    EXECUTE query INTO counts USING tenant, entity, wanted_source;
    RETURN counts;
END
$$;
COMMENT ON FUNCTION eryxon.entity_counts IS
'The tenant''s rows of an entity: live and deleted ones, and the same per source. Without numbers, and with the reason,
if its table cannot be used.';

CREATE FUNCTION eryxon.latest_runs(tenant uuid, wanted_entity text, wanted_source text, at_most integer) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(eryxon.run_json(r) ORDER BY r.started_at DESC, r.finished_at DESC, r.id DESC), '[]')
      FROM (SELECT * FROM eryxon.sync_run s
             WHERE s.tenant_id = tenant
               AND (wanted_entity IS NULL OR s.entity = wanted_entity)
               AND (wanted_source IS NULL OR s.source = wanted_source)
             ORDER BY s.started_at DESC, s.finished_at DESC, s.id DESC LIMIT at_most) AS r
$$;
COMMENT ON FUNCTION eryxon.latest_runs IS
'The tenant''s latest runs, newest first.';

CREATE FUNCTION eryxon.status(tenant uuid, caller name, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted_entity text := options ->> 'entity';
    wanted_source text := options ->> 'source';
    counts        jsonb;
BEGIN
    PERFORM eryxon.check_status_options(coalesce(options, '{}'));
    SELECT coalesce(jsonb_object_agg(e.entity, eryxon.entity_counts(e.entity, e.table_name, tenant, wanted_source)),
        '{}')
      INTO counts
      FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name
     WHERE (wanted_entity IS NULL OR e.entity = wanted_entity)
       AND has_table_privilege(c.oid, 'SELECT');
    RETURN jsonb_build_object('entities', counts,
        'runs', eryxon.latest_runs(tenant, wanted_entity, wanted_source, coalesce((options ->> 'limit')::integer, 20)),
        'feed', eryxon.feed_status());
END
$$;
COMMENT ON FUNCTION eryxon.status IS
'What eryxon_status() does, with the caller''s rights.';
REVOKE EXECUTE ON FUNCTION eryxon.status(uuid, name, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_status(options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_as_caller';
COMMENT ON FUNCTION @extschema@.eryxon_status(jsonb) IS
'Counts and the latest runs of the tenant, per entity and source.
Options: entity, source, limit (of runs, 20). Tables that the caller may not read are left out. "feed" tells how far the
change feed is behind.';

CREATE FUNCTION @extschema@.eryxon_prune_runs(keep interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned bigint;
BEGIN
    IF keep IS NULL OR keep < '0'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep',
            'the time to keep runs must be greater than or equal to zero');
    END IF;
    DELETE FROM eryxon.sync_run WHERE finished_at < now() - keep;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_prune_runs(interval) IS
'Deletes the history of all tenants that is older than the interval.
Returns how many rows went.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_prune_runs(interval) FROM PUBLIC;
