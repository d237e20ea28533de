-- The public face of attaching and detaching.

CREATE FUNCTION @extschema@.eryxon_attach(entity text, table_name regclass, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    columns  text[];
    index    name;
    triggers text[];
BEGIN
    PERFORM eryxon.check_entity_name(entity);
    PERFORM eryxon.check_attach_options(coalesce(options, '{}'));
    PERFORM eryxon.check_table(table_name);
    EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', table_name);
    PERFORM eryxon.check_registration(entity, table_name);
    settings := eryxon.attach_settings(entity, table_name, coalesce(options, '{}'));
    columns := eryxon.add_columns(table_name);
    index := eryxon.ensure_key_index(table_name);
    triggers := eryxon.ensure_triggers(table_name, (settings ->> 'soft_delete')::boolean);
    PERFORM eryxon.write_registry('attach', settings);
    PERFORM pg_notify('pgrst', 'reload schema');
    RETURN jsonb_build_object(
        'entity', entity, 'table', table_name::text, 'columns_added', columns, 'index', index, 'triggers', triggers,
        'warnings', eryxon.attach_warnings(table_name, (settings ->> 'soft_delete')::boolean));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_attach(text, regclass, jsonb) IS
'Makes an existing table hold an entity.
Adds the sync columns, the unique index on the external key and the triggers that are missing, and registers the entity. Options: soft_delete, natural_key, singular, events. Can be repeated.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_attach(text, regclass, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_detach(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attached regclass;
BEGIN
    SELECT e.table_name INTO attached FROM eryxon.entity e WHERE e.entity = eryxon_detach.entity;
    IF NOT FOUND THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    END IF;
    IF EXISTS (SELECT FROM pg_class c WHERE c.oid = attached) THEN
        PERFORM eryxon.check_owner(attached);
        PERFORM eryxon.ensure_triggers(attached, false);
    END IF;
    PERFORM eryxon.write_registry('detach', jsonb_build_object('entity', entity));
    PERFORM pg_notify('pgrst', 'reload schema');
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_detach(text) IS
'Ends what eryxon_attach began.
Drops the triggers and the registration; table, columns, rows, rules and history stay.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_detach(text) FROM PUBLIC;

CREATE FUNCTION eryxon.fail_unknown_entity(entity text, with_shipped boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known text;
BEGIN
    SELECT string_agg(k.entity, ', ' ORDER BY k.entity) INTO known
      FROM (SELECT e.entity FROM eryxon.entity e
            UNION SELECT s.entity FROM eryxon.shipped_entity s WHERE with_shipped) k;
    PERFORM eryxon.fail('UNKNOWN_ENTITY', '22023', 'entity',
        CASE WHEN with_shipped THEN format('unknown entity %s', coalesce(to_json(entity)::text, 'null'))
             ELSE format('entity %s is not attached', coalesce(to_json(entity)::text, 'null')) END,
        CASE WHEN known IS NULL THEN 'Call eryxon_attach() or eryxon_create_tables() first.'
             WHEN with_shipped THEN format('Known are %s.', known) ELSE format('Attached are %s.', known) END);
END
$$;
COMMENT ON FUNCTION eryxon.fail_unknown_entity IS
'Raises UNKNOWN_ENTITY; the hint names the entities that are attached, or also those that could be.';
