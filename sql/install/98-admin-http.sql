-- The admin pages over HTTP: the functions of schema eryxon_api. Files are bytea, and what they answer as a file is
-- text within JSON.

CREATE FUNCTION eryxon.demand_id(arguments jsonb, what text) RETURNS uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF arguments ->> 'id' IS NULL THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', 'id', format('%s id is missing', what));
    END IF;
    RETURN (arguments ->> 'id')::uuid;
END
$$;
COMMENT ON FUNCTION eryxon.demand_id IS
'The argument id, which must be there.';

CREATE FUNCTION eryxon.answer_csv(action text, arguments jsonb, file bytea) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entity  text := arguments ->> 'entity';
    options jsonb := coalesce(nullif(arguments -> 'options', 'null'), '{}');
    run     uuid := (arguments ->> 'run')::uuid;
BEGIN
    CASE action
    WHEN 'inspect' THEN RETURN eryxon.answer_inspect(entity, file, options);
    WHEN 'import' THEN RETURN @extschema@.eryxon_import_csv_bytes(entity, file, options) || '{"cancelled": false}';
    WHEN 'begin' THEN RETURN eryxon.begin_upload(entity, file, options, run);
    WHEN 'step' THEN RETURN eryxon.told_step(run, eryxon.upload_step(run));
    WHEN 'record_begin' THEN
        RETURN eryxon.begin_record_upload(entity, arguments ->> 'form', options, run);
    WHEN 'record_step' THEN
        RETURN eryxon.told_step(run, eryxon.record_step(run, (arguments ->> 'part')::bigint,
            (arguments ->> 'place')::bigint, file));
    WHEN 'record_finish' THEN
        PERFORM eryxon.finish_upload(run);
        RETURN eryxon.told_step(run, '{"more": false}');
    WHEN 'end' THEN
        PERFORM eryxon.fail_upload(run, coalesce(arguments ->> 'reason', 'the import was given up'));
        RETURN jsonb_build_object('run', eryxon.run_status(run));
    WHEN 'template' THEN
        RETURN eryxon.spreadsheet(entity || '-template.csv',
            @extschema@.eryxon_csv_template(entity, arguments ->> 'delimiter'));
    WHEN 'rejected' THEN RETURN eryxon.answer_rejected(entity, run, arguments ->> 'delimiter');
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.answer_csv IS
'What http_csv() answers, with the caller''s rights.';

CREATE FUNCTION eryxon.http_csv(action text, arguments json, file bytea DEFAULT NULL) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_csv';
COMMENT ON FUNCTION eryxon.http_csv IS
'What is done with files (CSV: inspect, import, begin, step, template; JSON: record_begin, record_step, record_finish;
both: end, rejected) as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.answer_admin(action text, arguments jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE action
    WHEN 'session' THEN RETURN eryxon.answer_session();
    WHEN 'runs' THEN RETURN eryxon.answer_runs(arguments);
    WHEN 'cancel' THEN RETURN eryxon.cancel_upload(eryxon.demand_id(arguments, 'run'));
    WHEN 'statistics' THEN RETURN eryxon.answer_statistics(coalesce((arguments ->> 'days')::integer, 30));
    WHEN 'mappings' THEN
        RETURN jsonb_build_object('mappings', (
            SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]')
                FROM @extschema@.eryxon_csv_mapping_list(arguments ->> 'entity') m
             WHERE arguments ->> 'source' IS NULL OR m.source = arguments ->> 'source'));
    WHEN 'mapping_save' THEN RETURN eryxon.answer_mapping(arguments);
    WHEN 'mapping_delete' THEN
        PERFORM @extschema@.eryxon_csv_mapping_delete(eryxon.demand_id(arguments, 'mapping'));
        RETURN jsonb_build_object('action', 'deleted', 'id', arguments -> 'id');
    WHEN 'keys' THEN
        RETURN jsonb_build_object('keys', (SELECT coalesce(jsonb_agg(to_jsonb(k)), '[]')
            FROM @extschema@.eryxon_api_keys() k));
    WHEN 'key_create' THEN RETURN eryxon.answer_key(arguments);
    WHEN 'key_revoke' THEN
        PERFORM @extschema@.eryxon_api_key_revoke(eryxon.demand_id(arguments, 'API key'));
        RETURN jsonb_build_object('action', 'revoked', 'id', arguments -> 'id');
    WHEN 'webhook_rotate' THEN RETURN @extschema@.eryxon_webhook_rotate_secret(eryxon.demand_id(arguments, 'webhook'));
    WHEN 'webhook_test' THEN RETURN @extschema@.eryxon_webhook_test(eryxon.demand_id(arguments, 'webhook'));
    WHEN 'replay' THEN RETURN @extschema@.eryxon_webhook_replay(eryxon.demand_id(arguments, 'delivery'));
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.answer_admin IS
'What http_admin() answers, with the caller''s rights.';

CREATE FUNCTION eryxon.http_admin(action text, arguments json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_admin';
COMMENT ON FUNCTION eryxon.http_admin IS
'What the admin pages ask for beside files, as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon_api."api-admin-session"() RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('session', '{}');
COMMENT ON FUNCTION eryxon_api."api-admin-session" IS
'Tells who is signed in: tenant, user, role, whether it may administer keys and webhooks.
With the entities and their fields, and the sources that are known.';

CREATE FUNCTION eryxon_api."api-csv-inspect"(entity text DEFAULT NULL, file bytea DEFAULT NULL,
    options json DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_csv('inspect', pg_catalog.json_build_object('entity', entity, 'options', options), file);
COMMENT ON FUNCTION eryxon_api."api-csv-inspect" IS
'Tells what a CSV file looks like.
The answer proposes a field for each column, and has the mapping that is kept for the file''s source.';

CREATE FUNCTION eryxon_api."api-csv-import"(entity text DEFAULT NULL, file bytea DEFAULT NULL,
    options json DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_csv('import', pg_catalog.json_build_object('entity', entity, 'options', options), file);
COMMENT ON FUNCTION eryxon_api."api-csv-import" IS
'Imports a CSV file in one transaction.
With dry_run among the options it tells what would happen.';

CREATE FUNCTION eryxon_api."api-csv-import-begin"(entity text DEFAULT NULL, file bytea DEFAULT NULL,
    options json DEFAULT NULL, run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_csv('begin', pg_catalog.json_build_object('entity', entity, 'options', options, 'run', run),
        file);
COMMENT ON FUNCTION eryxon_api."api-csv-import-begin" IS
'Takes a CSV file to be imported in parts.
The answer has the run''s id, which may be the caller''s choice.';

CREATE FUNCTION eryxon_api."api-csv-import-step"(run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_csv('step', pg_catalog.json_build_object('run', run));
COMMENT ON FUNCTION eryxon_api."api-csv-import-step" IS
'Imports the next part of a file.
{"more": false} and the run where there is no other, or the import was cancelled.';

CREATE FUNCTION eryxon_api."api-csv-import-end"(run uuid DEFAULT NULL, reason text DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_csv('end', pg_catalog.json_build_object('run', run, 'reason', reason));
COMMENT ON FUNCTION eryxon_api."api-csv-import-end" IS
'Gives up an import that cannot go on.
What was imported stays; the answer has the run.';

CREATE FUNCTION eryxon_api."api-json-import-begin"(entity text DEFAULT NULL, form text DEFAULT NULL,
    options json DEFAULT NULL, run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_csv('record_begin', pg_catalog.json_build_object('entity', entity, 'form', form, 'options',
        options, 'run', run));
COMMENT ON FUNCTION eryxon_api."api-json-import-begin" IS
'Begins an import of records that are JSON, in parts.
The answer has the run''s id, which may be the caller''s choice, and how many records a part may have.';

CREATE FUNCTION eryxon_api."api-json-import-step"(run uuid DEFAULT NULL, part bigint DEFAULT NULL,
    place bigint DEFAULT NULL, records bytea DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_csv('record_step', pg_catalog.json_build_object('run', run, 'part', part, 'place', place),
        records);
COMMENT ON FUNCTION eryxon_api."api-json-import-step" IS
'Imports a part: records with a comma or a line break behind each.
{"more": false} and the run where the import is over or was cancelled.';

CREATE FUNCTION eryxon_api."api-json-import-finish"(run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_csv('record_finish', pg_catalog.json_build_object('run', run));
COMMENT ON FUNCTION eryxon_api."api-json-import-finish" IS
'Ends an import whose parts have all been imported.
{"more": false} and the run.';

CREATE FUNCTION eryxon_api."api-csv-template"(entity text DEFAULT NULL, delimiter text DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_csv('template', pg_catalog.json_build_object('entity', entity, 'delimiter', delimiter));
COMMENT ON FUNCTION eryxon_api."api-csv-template" IS
'Answers the header of a CSV file for an entity.
As {"filename", "csv"}, with a byte order mark.';

CREATE FUNCTION eryxon_api."api-csv-rejected"(entity text DEFAULT NULL, run uuid DEFAULT NULL,
    delimiter text DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_csv('rejected', pg_catalog.json_build_object('entity', entity, 'run', run, 'delimiter',
        delimiter));
COMMENT ON FUNCTION eryxon_api."api-csv-rejected" IS
'Answers the lines that failed in a run as a CSV file.
As {"filename", "csv"}, with a byte order mark, and the delimiter of the original unless one is given.';

CREATE FUNCTION eryxon_api."api-erp-sync-runs"(id uuid DEFAULT NULL, entity_type text DEFAULT NULL,
    source text DEFAULT NULL, since timestamptz DEFAULT NULL, max_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_admin('runs', pg_catalog.json_build_object('id', id, 'entity', entity_type, 'source', source,
        'since', since, 'max_rows', max_rows));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-runs" IS
'Lists runs of the tenant, newest first.
With id one of them, and how far it is.';

CREATE FUNCTION eryxon_api."api-erp-sync-runs-cancel"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('cancel', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-runs-cancel" IS
'Has an import stop before its next part.
What was imported stays.';

CREATE FUNCTION eryxon_api."api-erp-sync-statistics"(days integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('statistics', pg_catalog.json_build_object('days', days));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-statistics" IS
'Counts of the last days (30) by day, entity and source.
With the most frequent errors, the last successes, and deliveries that wait or were given up.';

CREATE FUNCTION eryxon_api."api-csv-mappings-list"(entity text DEFAULT NULL, source text DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('mappings', pg_catalog.json_build_object('entity', entity, 'source',
        source));
COMMENT ON FUNCTION eryxon_api."api-csv-mappings-list" IS
'Lists the tenant''s mappings of CSV files.';

CREATE FUNCTION eryxon_api."api-csv-mappings-save"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('mapping_save', $1);
COMMENT ON FUNCTION eryxon_api."api-csv-mappings-save" IS
'Keeps a mapping in place of the one of its entity and source.
The body has entity, source, mapping and options.';

CREATE FUNCTION eryxon_api."api-csv-mappings-delete"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('mapping_delete', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-csv-mappings-delete" IS
'Forgets a mapping.';

CREATE FUNCTION eryxon_api."api-keys-list"() RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('keys', '{}');
COMMENT ON FUNCTION eryxon_api."api-keys-list" IS
'Lists the API keys of the tenant, without the keys themselves.';

CREATE FUNCTION eryxon_api."api-keys-create"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('key_create', $1);
COMMENT ON FUNCTION eryxon_api."api-keys-create" IS
'Makes an API key.
The body has name, and may have live, role and expires_at. The answer has the key, once.';

CREATE FUNCTION eryxon_api."api-keys-delete"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('key_revoke', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-keys-delete" IS
'Revokes an API key.
It stays in the list.';

CREATE FUNCTION eryxon_api."api-webhooks-rotate"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('webhook_rotate', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-rotate" IS
'Gives a webhook a new secret, answered once.
Messages are signed with the old one too for a day.';

CREATE FUNCTION eryxon_api."api-webhooks-test"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('webhook_test', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-test" IS
'Sends a webhook a message of type webhook.test.';

CREATE FUNCTION eryxon_api."api-webhook-logs-replay"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('replay', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhook-logs-replay" IS
'Sends a delivery again.';

CREATE FUNCTION @extschema@.eryxon_grant_admin(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f         regprocedure;
    api_role  name := eryxon.api_role();
BEGIN
    PERFORM eryxon.check_role(role);
    PERFORM @extschema@.eryxon_grant_api(role);
    FOR f IN SELECT * FROM eryxon.admin_functions() LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = api_role) AND NOT eryxon.may_become(role, api_role) THEN
        EXECUTE format('GRANT %I TO %I', api_role, role);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_admin(name) IS
'Lets a role administer its tenant: what eryxon_grant_api() and eryxon_grant_webhooks() grant, and API keys.
It becomes member of the role of new keys (setting eryxon.api_role), for nobody gives keys a role that is not his own.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_admin(name) FROM PUBLIC;
