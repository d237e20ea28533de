-- Webhooks over HTTP: the functions of schema eryxon_api. Whether a role may is decided by its rights on the public
-- functions behind them.

CREATE FUNCTION eryxon.answer_webhook_list(wanted uuid) RETURNS json
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhooks json;
BEGIN
    SELECT coalesce(json_agg(w ORDER BY w.created_at, w.id), '[]') INTO webhooks
      FROM @extschema@.eryxon_webhooks() w WHERE wanted IS NULL OR w.id = wanted;
    IF wanted IS NULL THEN
        RETURN json_build_object('webhooks', webhooks);
    ELSIF json_array_length(webhooks) = 0 THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('webhook %s does not exist', wanted));
    END IF;
    RETURN json_build_object('webhook', webhooks -> 0);
END
$$;
COMMENT ON FUNCTION eryxon.answer_webhook_list IS
'The webhooks, or one of them.';

CREATE FUNCTION eryxon.check_webhook_body(body jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(jsonb_typeof(body), 'null') <> 'object' THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', '', 'the body must be a JSON object',
                            'Send {"url":"https://...","events":["job.*"]}.');
    END IF;
    PERFORM eryxon.check_webhook_options(body, '{url,events}' || eryxon.webhook_options());
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_body IS
'Demands the members of a webhook.';

CREATE FUNCTION eryxon.answer_webhook(action text, arguments jsonb) RETURNS json
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id uuid := CASE WHEN action <> 'create' THEN (arguments ->> 'id')::uuid END;
BEGIN
    IF id IS NULL AND action IN ('update', 'delete') THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', 'id', 'webhook id is missing');
    END IF;
    CASE action
    WHEN 'list' THEN
        RETURN eryxon.answer_webhook_list(id);
    WHEN 'create' THEN
        PERFORM eryxon.check_webhook_body(arguments);
        RETURN @extschema@.eryxon_webhook_create(arguments ->> 'url', eryxon.json_texts(arguments -> 'events'),
            arguments - '{url,events}'::text[]);
    WHEN 'update' THEN
        PERFORM eryxon.check_webhook_body(arguments -> 'changes');
        RETURN json_build_object('webhook', @extschema@.eryxon_webhook_update(id, arguments -> 'changes'));
    WHEN 'delete' THEN
        PERFORM @extschema@.eryxon_webhook_delete(id);
        RETURN json_build_object('action', 'deleted', 'id', id);
    WHEN 'logs' THEN
        RETURN @extschema@.eryxon_webhook_logs((arguments ->> 'webhook_id')::uuid, arguments ->> 'status',
            coalesce((arguments ->> 'max_rows')::integer, 100), coalesce((arguments ->> 'skip_rows')::integer, 0));
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.answer_webhook IS
'What http_webhook() answers, with the caller''s rights.';

CREATE FUNCTION eryxon.http_webhook(action text, arguments json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_http_webhook';
COMMENT ON FUNCTION eryxon.http_webhook IS
'What is done with webhooks (list, create, update, delete, logs) as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon_api."api-webhooks-list"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_webhook('list', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-list" IS
'Lists the webhooks of the tenant, without secrets.
With id one of them.';

CREATE FUNCTION eryxon_api."api-webhooks-create"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_webhook('create', $1);
COMMENT ON FUNCTION eryxon_api."api-webhooks-create" IS
'Makes a webhook.
The body has url and events, and may have the options of eryxon_webhook_create(). The answer has the secret, once.';

CREATE FUNCTION eryxon_api."api-webhooks-update"(id uuid DEFAULT NULL, changes json DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_webhook('update', pg_catalog.json_build_object('id', id, 'changes',
        changes));
COMMENT ON FUNCTION eryxon_api."api-webhooks-update" IS
'Changes the members of a webhook that changes names.
Answers the webhook, without its secret.';

CREATE FUNCTION eryxon_api."api-webhooks-delete"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_webhook('delete', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-delete" IS
'Deletes a webhook with its deliveries.';

CREATE FUNCTION eryxon_api."api-webhook-logs-list"(webhook_id uuid DEFAULT NULL, status text DEFAULT NULL,
    max_rows integer DEFAULT NULL, skip_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_webhook('logs', pg_catalog.json_build_object('webhook_id', webhook_id, 'status', status,
                                                                    'max_rows', max_rows, 'skip_rows', skip_rows));
COMMENT ON FUNCTION eryxon_api."api-webhook-logs-list" IS
'Lists deliveries with their attempts, newest first.
Of one webhook or all of the tenant; status is pending, delivered or dead.';

CREATE FUNCTION @extschema@.eryxon_grant_webhooks(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f regprocedure;
BEGIN
    PERFORM eryxon.check_role(role);
    FOR f IN
        SELECT p.oid FROM pg_proc p
         WHERE p.pronamespace = (SELECT x.extnamespace FROM pg_extension x WHERE x.extname = 'eryxon_sync')
           AND p.proname IN ('eryxon_webhooks', 'eryxon_webhook_create', 'eryxon_webhook_update',
               'eryxon_webhook_rotate_secret',
                             'eryxon_webhook_delete', 'eryxon_webhook_test', 'eryxon_webhook_replay',
                                 'eryxon_webhook_logs')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_webhooks(name) IS
'Lets a role administer the webhooks of its tenant, in SQL and over HTTP.
Not part of eryxon_grant_api(): who writes records need not see where events go. Webhooks get the events of all attached
tables, also of those that the role may not read.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_webhooks(name) FROM PUBLIC;
