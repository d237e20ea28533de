-- What the admin pages ask for: who signed in, files and their imports, runs, statistics, mappings, keys. With the
-- caller's rights.

CREATE FUNCTION eryxon.field_type(rule jsonb, schema jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN rule ? 'references' OR schema ->> 'format' = 'uuid' THEN 'uuid'
                WHEN schema ? 'enum' THEN 'enum'
                WHEN schema ? 'anyOf' THEN 'timestamp'
                WHEN schema ->> 'format' = 'date' THEN 'date'
                WHEN schema -> 'type' = '"string"' THEN 'text'
                WHEN schema -> 'type' = '"number"' THEN 'numeric'
                WHEN schema -> 'type' = '"array"' THEN 'text_array'
                WHEN schema ->> 'type' IN ('integer', 'boolean') THEN schema ->> 'type'
                ELSE 'json' END
$$;
COMMENT ON FUNCTION eryxon.field_type IS
'The kind of values that a field takes, in a word.';

CREATE FUNCTION eryxon.field_reference(field text, rule jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN rule ? 'references' THEN jsonb_build_object(
        'entity', rule #> '{references,entity}',
        'forms', jsonb_build_array(field || '_id', field || '_external_id')
                 || CASE WHEN rule #>> '{references,match}' = 'name' THEN jsonb_build_array(field || '_name')
                     ELSE '[]' END) END
$$;
COMMENT ON FUNCTION eryxon.field_reference IS
'What a field refers to, and under which names a record may say it; NULL if it is no reference.';

CREATE FUNCTION eryxon.entity_fields(wanted_entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'name', f.field, 'required', f.required, 'type', eryxon.field_type(f.rule, f.schema), 'enum',
                   f.schema -> 'enum',
               'aliases', coalesce(f.rule -> 'aliases', '[]'), 'reference', eryxon.field_reference(f.field, f.rule))
               ORDER BY f.required DESC, f.field), '[]')
      FROM eryxon.mapped_fields(wanted_entity) f
$$;
COMMENT ON FUNCTION eryxon.entity_fields IS
'The fields of an entity as the admin pages need them.';

CREATE FUNCTION eryxon.known_sources() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(s.source ORDER BY s.source), '[]')
      FROM (SELECT r.source
              FROM (SELECT * FROM eryxon.sync_run l WHERE l.tenant_id = (SELECT @extschema@.eryxon_tenant_id())
                     ORDER BY l.started_at DESC LIMIT 10000) AS r
             WHERE r.source IS NOT NULL
            UNION SELECT m.source FROM @extschema@.eryxon_csv_mapping_list() m) AS s
$$;
COMMENT ON FUNCTION eryxon.known_sources IS
'The sources of the tenant''s latest runs and of its mappings.';

CREATE FUNCTION eryxon.admin_functions() RETURNS SETOF regprocedure
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure FROM pg_proc p
     WHERE p.pronamespace = (SELECT x.extnamespace FROM pg_extension x WHERE x.extname = 'eryxon_sync')
       AND p.proname IN ('eryxon_api_key_create', 'eryxon_api_keys', 'eryxon_api_key_revoke', 'eryxon_webhooks',
           'eryxon_webhook_create',
                         'eryxon_webhook_update', 'eryxon_webhook_rotate_secret', 'eryxon_webhook_delete',
                             'eryxon_webhook_test',
                         'eryxon_webhook_replay', 'eryxon_webhook_logs')
$$;
COMMENT ON FUNCTION eryxon.admin_functions IS
'What a role must be allowed to call to administer the keys and webhooks of its tenant.';

CREATE FUNCTION eryxon.answer_session() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'tenant_id', @extschema@.eryxon_tenant_id(), 'user_id', @extschema@.eryxon_user_id(), 'role', current_user,
        'admin', (SELECT bool_and(has_function_privilege(f, 'EXECUTE')) FROM eryxon.admin_functions() f),
        'entities', coalesce((
            SELECT jsonb_agg(jsonb_build_object('entity', e.entity, 'singular', e.singular, 'fields',
                eryxon.entity_fields(e.entity),
                       'table', format('%I.%I', c.relnamespace::regnamespace, c.relname)) ORDER BY e.ordinal)
              FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name WHERE has_table_privilege(c.oid, 'SELECT')),
                  '[]'),
        'sources', eryxon.known_sources())
$$;
COMMENT ON FUNCTION eryxon.answer_session IS
'Who the caller is and what it may do, and the entities it may read.';

CREATE FUNCTION eryxon.known_headings(entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(h.key, CASE jsonb_typeof(h.value)
               WHEN 'array' THEN h.value ->> 0 ELSE h.value #>> '{}' END ORDER BY m.updated_at), '{}')
      FROM @extschema@.eryxon_csv_mapping_list(entity) m CROSS JOIN LATERAL jsonb_each(m.mapping) AS h
     WHERE jsonb_typeof(h.value) IN ('string', 'array')
$$;
COMMENT ON FUNCTION eryxon.known_headings IS
'The first field that the tenant has chosen last for each heading of earlier files.';

CREATE FUNCTION eryxon.answer_inspect(entity text, file bytea, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found  jsonb := @extschema@.eryxon_csv_inspect(file, coalesce(options, '{}') || jsonb_build_object('entity',
        entity, 'known', eryxon.known_headings(entity)));
    origin text := coalesce(jsonb_path_query_first(found,
        '$.columns[*] ? (@.field == "external_source").samples[0]') #>> '{}', options ->> 'external_source');
BEGIN
    RETURN found || jsonb_build_object('saved_mapping', (
        SELECT to_jsonb(m) FROM @extschema@.eryxon_csv_mapping_list($1) m WHERE m.source = origin));
END
$$;
COMMENT ON FUNCTION eryxon.answer_inspect IS
'eryxon_csv_inspect() with the mapping that is kept for the file''s source.';

CREATE FUNCTION eryxon.spreadsheet(filename text, csv text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('filename', filename, 'csv', U&'\FEFF' || csv)
$$;
COMMENT ON FUNCTION eryxon.spreadsheet IS
'A file to be opened in a spreadsheet, which takes it for UTF-8 by its byte order mark only.';

CREATE FUNCTION eryxon.answer_rejected(entity text, run uuid, delimiter text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    file text;
BEGIN
    IF run IS NULL THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', 'run', 'run id is missing');
    ELSIF eryxon.run_status(run) ->> 'entity' IS DISTINCT FROM entity THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('there is no run %s of %s', run, entity));
    END IF;
    file := @extschema@.eryxon_csv_rejected(run, delimiter);
    IF EXISTS (SELECT FROM eryxon.csv_rejected c WHERE c.run_id = run AND c.line = 0 AND c.message = 'json') THEN
        RETURN jsonb_build_object('filename', entity || '-rejected.ndjson', 'csv', file);
    END IF;
    RETURN eryxon.spreadsheet(entity || '-rejected.csv', file);
END
$$;
COMMENT ON FUNCTION eryxon.answer_rejected IS
'The lines that failed in a run of the entity, as a file.';

CREATE FUNCTION eryxon.told_step(run uuid, step jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN (step ->> 'more')::boolean THEN step ELSE step || jsonb_build_object('run', eryxon.run_status(run))
        END;
END
$$;
COMMENT ON FUNCTION eryxon.told_step IS
'The answer of a step of an import, of which the last one tells the whole run.';

CREATE FUNCTION eryxon.uploads_without_run(tenant uuid, caller name, wanted_entity text)
    RETURNS TABLE (id uuid, started_at timestamptz, finished_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT u.run_id, u.started_at, u.touched_at FROM eryxon.csv_upload u
     WHERE u.tenant_id = tenant AND (wanted_entity IS NULL OR u.entity = wanted_entity)
       AND NOT EXISTS (SELECT FROM eryxon.sync_run r WHERE r.id = u.run_id)
$$;
COMMENT ON FUNCTION eryxon.uploads_without_run(uuid, name, text) IS
'What uploads_without_run() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.uploads_without_run(uuid, name, text) FROM PUBLIC;

CREATE FUNCTION eryxon.uploads_without_run(wanted_entity text)
    RETURNS TABLE (id uuid, started_at timestamptz, finished_at timestamptz)
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION eryxon.uploads_without_run(text) IS
'The tenant''s imports of which no part is in the history: just begun, or failed at once.';

CREATE FUNCTION eryxon.answer_runs(arguments jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant   uuid := @extschema@.eryxon_tenant_id();
    max_rows integer := coalesce((arguments ->> 'max_rows')::integer, 50);
    since    timestamptz := (arguments ->> 'since')::timestamptz;
BEGIN
    IF arguments ->> 'id' IS NOT NULL THEN
        RETURN eryxon.run_status((arguments ->> 'id')::uuid);
    ELSIF max_rows NOT BETWEEN 1 AND 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'the number of runs must be from 1 to 1000');
    END IF;
    RETURN jsonb_build_object('runs', (
        SELECT coalesce(jsonb_agg(eryxon.run_status(r.id) - 'error_details' ORDER BY r.started_at DESC,
            r.finished_at DESC, r.id DESC), '[]')
          FROM ((SELECT s.id, s.started_at, s.finished_at FROM eryxon.sync_run s
                  WHERE s.tenant_id = tenant AND (arguments ->> 'entity' IS NULL OR s.entity = arguments ->> 'entity')
                    AND (arguments ->> 'source' IS NULL OR s.source = arguments ->> 'source')
                    AND (since IS NULL OR s.started_at >= since)
                  ORDER BY s.started_at DESC, s.finished_at DESC, s.id DESC LIMIT max_rows)
                UNION ALL
                SELECT * FROM eryxon.uploads_without_run(arguments ->> 'entity') u
                 WHERE arguments ->> 'source' IS NULL AND (since IS NULL OR u.started_at >= since)
                ORDER BY started_at DESC, finished_at DESC, id DESC LIMIT max_rows) AS r));
END
$$;
COMMENT ON FUNCTION eryxon.answer_runs IS
'The tenant''s runs, newest first, or one of them.';

CREATE FUNCTION eryxon.delivery_counts(tenant uuid, caller name) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('open', count(*) FILTER (WHERE d.status = 'pending'), 'dead',
        count(*) FILTER (WHERE d.status = 'dead'))
      FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
     WHERE w.tenant_id = tenant
$$;
COMMENT ON FUNCTION eryxon.delivery_counts(uuid, name) IS
'What delivery_counts() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.delivery_counts(uuid, name) FROM PUBLIC;

CREATE FUNCTION eryxon.delivery_counts() RETURNS jsonb
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION eryxon.delivery_counts() IS
'How many deliveries of the tenant''s webhooks wait or were given up.';

CREATE FUNCTION eryxon.day_statistics(since timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.day, s.entity, s.source), '[]')
      FROM (SELECT r.started_at::date AS day, r.entity, r.source, count(*) AS runs, sum(r.created) AS created,
          sum(r.updated) AS updated,
                   sum(r.restored) AS restored, sum(r.skipped) AS skipped, sum(r.deleted) AS deleted,
                       sum(r.errors) AS errors
              FROM eryxon.sync_run r
             WHERE r.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND r.started_at >= since
                 AND r.operation <> 'diff'
             GROUP BY 1, 2, 3) AS s
$$;
COMMENT ON FUNCTION eryxon.day_statistics IS
'Counts of the tenant''s runs by day, entity and source, without those that wrote nothing.';

CREATE FUNCTION eryxon.masked_message(message text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT regexp_replace(regexp_replace(message, '"(\\.|[^"\\])*"', '""', 'g'), '\d+', '0', 'g')
$$;
COMMENT ON FUNCTION eryxon.masked_message IS
'The message without quoted values and numbers: what errors of one kind have in common.';

CREATE FUNCTION eryxon.top_errors(since timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH faults AS (
        SELECT r.id AS run, r.started_at, r.entity, r.source, e.*, regexp_replace(e.path, '\[\d+\]', '[]', 'g') AS place
          FROM eryxon.sync_run r
         CROSS JOIN LATERAL jsonb_to_recordset(r.error_details) AS e(code text, path text, message text, params jsonb)
         WHERE r.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND r.started_at >= since
           AND r.operation <> 'diff'),
    grouped AS (
        SELECT f.code, f.entity, f.source, f.place AS path, count(*) AS count, count(DISTINCT f.run) AS runs,
               max(f.started_at) AS last_seen, (array_agg(f.run ORDER BY f.started_at DESC))[1] AS run_id,
               (array_agg(f.message ORDER BY f.started_at DESC, f.message))[1] AS example,
               (array_agg(f.params ORDER BY f.started_at DESC, f.message))[1] AS params
          FROM faults f
         GROUP BY f.code, f.entity, f.source, f.place, eryxon.masked_message(f.message)
         ORDER BY count(*) DESC, max(f.started_at) DESC LIMIT 100)
    SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY g.count DESC, g.last_seen DESC, g.code, g.path), '[]')
      FROM grouped g
$$;
COMMENT ON FUNCTION eryxon.top_errors IS
'The most frequent errors of the tenant''s runs, of those that the history tells in detail: each kind once, by code,
path and message without values, with its latest example and run.';

CREATE FUNCTION eryxon.last_successes() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.entity, s.source), '[]')
      FROM (SELECT r.entity, r.source, max(r.finished_at) AS finished_at FROM eryxon.sync_run r
             WHERE r.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND r.status = 'completed'
                 AND r.operation <> 'diff'
             GROUP BY r.entity, r.source) AS s
$$;
COMMENT ON FUNCTION eryxon.last_successes IS
'When each entity and source had a run without errors last.';

CREATE FUNCTION eryxon.answer_statistics(days integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz := date_trunc('day', now()) - make_interval(days => days - 1);
BEGIN
    IF days NOT BETWEEN 1 AND 366 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'days', 'the number of days must be from 1 to 366');
    END IF;
    RETURN jsonb_build_object('days', eryxon.day_statistics(since), 'top_errors', eryxon.top_errors(since),
                              'last_success', eryxon.last_successes(), 'deliveries', eryxon.delivery_counts());
END
$$;
COMMENT ON FUNCTION eryxon.answer_statistics IS
'What the interfaces did in the last days, today included.';

CREATE FUNCTION eryxon.check_body(body jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(jsonb_typeof(body), 'null') <> 'object' THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', '', 'the body must be a JSON object');
    END IF;
    PERFORM eryxon.check_options(body, known);
END
$$;
COMMENT ON FUNCTION eryxon.check_body IS
'Demands an object with no other members than the known ones.';

CREATE FUNCTION eryxon.answer_mapping(body jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    saved uuid;
BEGIN
    PERFORM eryxon.check_body(body, '{entity,source,mapping,options}');
    saved := @extschema@.eryxon_csv_mapping_save(body ->> 'entity', body ->> 'source', body -> 'mapping',
                                                 coalesce(nullif(body -> 'options', 'null'), '{}'));
    RETURN (SELECT to_jsonb(m) FROM @extschema@.eryxon_csv_mapping_list(body ->> 'entity') m WHERE m.id = saved);
END
$$;
COMMENT ON FUNCTION eryxon.answer_mapping IS
'Keeps the mapping that a body describes.';

CREATE FUNCTION eryxon.key_id(digest bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.id FROM eryxon.api_key k WHERE k.hash = digest
$$;
COMMENT ON FUNCTION eryxon.key_id IS
'The id of the API key with this SHA-256.';

CREATE FUNCTION eryxon.answer_key(body jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key    text;
    digest bytea;
    made   jsonb;
BEGIN
    PERFORM eryxon.check_body(body, '{name,live,role,expires_at}');
    PERFORM eryxon.check_option_type(body, 'live', 'boolean');
    key := @extschema@.eryxon_api_key_create(@extschema@.eryxon_tenant_id(), body ->> 'name',
        (body ->> 'live')::boolean, (body ->> 'role')::name, (body ->> 'expires_at')::timestamptz);
    digest := sha256(convert_to(key, 'UTF8'));
    SELECT to_jsonb(k) INTO made FROM @extschema@.eryxon_api_keys() k WHERE k.id = eryxon.key_id(digest);
    RETURN made || jsonb_build_object('key', key);
END
$$;
COMMENT ON FUNCTION eryxon.answer_key IS
'Makes the API key that a body describes. The answer has the key, once.';
