-- What an HTTP layer exposes: schema eryxon_api, each function with one unnamed json or with named parameters only.

CREATE FUNCTION eryxon.http_upsert(entity text, body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_upsert';
COMMENT ON FUNCTION eryxon.http_upsert IS 'eryxon_upsert() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_bulk_upsert(entity text, body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_bulk_upsert';
COMMENT ON FUNCTION eryxon.http_bulk_upsert IS 'eryxon_bulk_upsert_json() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_sync(body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_sync';
COMMENT ON FUNCTION eryxon.http_sync IS 'eryxon_sync() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_diff(body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_diff';
COMMENT ON FUNCTION eryxon.http_diff IS 'eryxon_diff() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_delete(entity text, id uuid, external_id text, external_source text, hard boolean,
    force boolean)
    RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_delete';
COMMENT ON FUNCTION eryxon.http_delete IS
'eryxon_delete() and eryxon_delete_external() as an HTTP answer; sets response.status.
By id hard and by external key soft, unless said otherwise; running work only with force.';

CREATE FUNCTION eryxon.http_list(entity text, filters jsonb) RETURNS json
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_list';
COMMENT ON FUNCTION eryxon.http_list IS 'list_rows() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_status(options jsonb) RETURNS json
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_status';
COMMENT ON FUNCTION eryxon.http_status IS 'eryxon_status() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_changes(options jsonb) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_changes';
COMMENT ON FUNCTION eryxon.http_changes IS 'eryxon_changes() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.api_functions(entity text)
    RETURNS TABLE (name text, arguments text, definition text, comment text)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.name, f.arguments,
           format('CREATE OR REPLACE FUNCTION eryxon_api.%I(%s) RETURNS json LANGUAGE sql %s RETURN %s',
                  f.name, f.arguments, f.volatility, f.call),
           f.comment
      FROM (VALUES
        (format('api-%s-sync', entity), 'json', 'VOLATILE', format('eryxon.http_upsert(%L, $1)', entity),
         format('Creates, updates, restores or skips one record of %s.%sThe body is the record. 201 if it was created, '
                'else 200.', entity, chr(10))),
        (format('api-%s-bulk-sync', entity), 'json', 'VOLATILE', format('eryxon.http_bulk_upsert(%L, $1)', entity),
         format('Upserts up to eryxon.max_bulk_records records of %s.%sThe body is {"items":[...],'
                '"options":{...}} or an array. '
                'Each record has its own outcome.', entity, chr(10))),
        (format('api-%s-delete', entity),
         'id uuid DEFAULT NULL, external_id text DEFAULT NULL, external_source text DEFAULT NULL, '
         'hard boolean DEFAULT NULL, '
         'force boolean DEFAULT NULL', 'VOLATILE',
         format('eryxon.http_delete(%L, id, external_id, external_source, hard, force)', entity),
         format('Deletes one row of %s.%sBy id for good, by external key softly, unless hard says otherwise. '
                'Running work is deleted only with force.', entity, chr(10))),
        (format('api-%s-list', entity),
         'id uuid DEFAULT NULL, external_id text DEFAULT NULL, external_source text DEFAULT NULL, '
         'status text DEFAULT NULL, '
         'search text DEFAULT NULL, updated_since text DEFAULT NULL, include_deleted boolean DEFAULT NULL, '
         'sort_by text DEFAULT NULL, sort_order text DEFAULT NULL, max_rows integer DEFAULT NULL, '
         'skip_rows integer DEFAULT NULL, fields text DEFAULT NULL, filters text DEFAULT NULL',
         'STABLE',
         format('eryxon.http_list(%L, pg_catalog.jsonb_build_object(%s))', entity,
                (SELECT string_agg(format('%1$L, %1$I', p), ', ')
                    FROM unnest('{id,external_id,external_source,status,search,
                    updated_since,include_deleted,sort_by,sort_order,max_rows,skip_rows,fields,
                    filters}'::text[]) AS p)),
         format('Lists %s of the tenant.%sFilters, order and pages; with id one row. Deleted rows only with '
                'include_deleted. filters is a JSON object of further fields and their values.', entity, chr(10)))
      ) AS f(name, arguments, volatility, call, comment)
$$;
COMMENT ON FUNCTION eryxon.api_functions IS
'The functions of schema eryxon_api for an entity.';

CREATE FUNCTION eryxon.create_api(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT * FROM eryxon.api_functions(entity) LOOP
        EXECUTE f.definition;
        EXECUTE format('COMMENT ON FUNCTION eryxon_api.%I IS %L', f.name, f.comment);
        IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = create_api.entity) THEN
            EXECUTE format('ALTER FUNCTION eryxon_api.%I DEPENDS ON EXTENSION eryxon_sync', f.name);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.create_api IS
'Makes the functions of schema eryxon_api for an entity. Those of shipped entities belong to the extension.';
REVOKE EXECUTE ON FUNCTION eryxon.create_api(text) FROM PUBLIC;

CREATE FUNCTION eryxon.drop_api(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT * FROM eryxon.api_functions(entity) LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS eryxon_api.%I', f.name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.drop_api IS
'Drops what create_api() made for an entity that is not shipped.';
REVOKE EXECUTE ON FUNCTION eryxon.drop_api(text) FROM PUBLIC;

SELECT eryxon.create_api(s.entity) FROM eryxon.shipped_entity s ORDER BY s.ordinal;

CREATE FUNCTION eryxon_api."api-erp-sync-sync"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_sync($1);
COMMENT ON FUNCTION eryxon_api."api-erp-sync-sync" IS
'Upserts records of several entities in dependency order.
The body is {"cells":[...],"jobs":[...],...,"options":{...}}; the answer has a summary and one bulk result per entity.';

CREATE FUNCTION eryxon_api."api-erp-sync-diff"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_diff($1);
COMMENT ON FUNCTION eryxon_api."api-erp-sync-diff" IS
'What a sync would do, with the changes of each record.
Takes what api-erp-sync-sync takes and writes nothing but history.';

CREATE FUNCTION eryxon_api."api-erp-sync-status"(entity_type text DEFAULT NULL, source text DEFAULT NULL,
                                                 max_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_status(pg_catalog.jsonb_build_object('entity', entity_type, 'source', source, 'limit',
        max_rows));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-status" IS
'Counts and the latest runs of the tenant, per entity and source.
max_rows limits the runs (20).';

CREATE FUNCTION eryxon_api."api-erp-sync-changes"(since text DEFAULT NULL, entity_type text DEFAULT NULL,
    source text DEFAULT NULL, exclude_source text DEFAULT NULL, max_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_changes(pg_catalog.jsonb_build_object('since', since, 'max_rows', max_rows, 'entity',
        entity_type, 'source', source, 'exclude_source', exclude_source));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-changes" IS
'The tenant''s events after the token since, in order; without it from the first that is kept.
exclude_source leaves out what that ERP changed itself. The answer has "events", "next" (the token to go on with) and
"more".';

CREATE FUNCTION eryxon_api.pre_request() RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_pre_request';
COMMENT ON FUNCTION eryxon_api.pre_request IS
'Lets a request with an API key in: sets its tenant and role for the transaction.
For PostgREST''s db-pre-request. A bad key ends the request with status 401; without a key nothing happens.';

CREATE FUNCTION eryxon.grant_table(table_name regclass, role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sequence regclass;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', (SELECT c.relnamespace::regnamespace FROM pg_class c
        WHERE c.oid = table_name), role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', table_name, role);
    FOR sequence IN
        SELECT d.objid::regclass FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = table_name AND d.deptype = 'a'
    LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', sequence, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.grant_table IS
'Grants what records of the table need: its schema, the table, the sequences of its serial columns.';

CREATE FUNCTION eryxon.check_role(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '42704', 'role',
            format('role %s does not exist', coalesce(to_json(role)::text, 'null')),
                            'Create it first with CREATE ROLE.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_role IS
'Demands a role that exists.';

CREATE FUNCTION @extschema@.eryxon_grant_api(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_role(role);
    EXECUTE format('GRANT USAGE ON SCHEMA eryxon_api, @extschema@ TO %I', role);
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eryxon_api TO %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION @extschema@.eryxon_changes(text, integer, jsonb) TO %I', role);
    PERFORM eryxon.grant_table(e.table_name, role)
       FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name ORDER BY e.ordinal;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_api(name) IS
'Grants a role what an API role needs, no more: the functions of eryxon_api, eryxon_changes() and the attached tables.
Call it again after attaching another table.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_api(name) FROM PUBLIC;
