-- Forgetting a tenant: what the extension itself keeps of one that is gone.

CREATE FUNCTION @extschema@.eryxon_forget_tenant(tenant_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tables text[] := '{api_key,webhook,event,event_outbox,event_refused,csv_upload,csv_rejected,csv_mapping,'
                     'sync_run,soft_delete}';
    name   text;
    number bigint;
    counts jsonb := '{}';
BEGIN
    IF tenant_id IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'tenant_id', 'a tenant is needed');
    END IF;
    DELETE FROM eryxon.csv_part p USING eryxon.csv_upload u WHERE u.run_id = p.run_id AND u.tenant_id = $1;
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('DELETE FROM eryxon.%I AS t WHERE t.tenant_id = $1', name) USING tenant_id;
        GET DIAGNOSTICS number = ROW_COUNT;
        counts := counts || CASE WHEN number > 0 THEN jsonb_build_object(name, number) ELSE '{}' END;
    END LOOP;
    RETURN counts;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_forget_tenant(uuid) IS
'Deletes what the extension keeps of a tenant: API keys, webhooks, events, history, imports.
Rows of the attached tables are not touched: delete them first, with eryxon.hard_delete = on. Returns the number of rows
by table. For a superuser or the owner of the extension.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_forget_tenant(uuid) FROM PUBLIC;
