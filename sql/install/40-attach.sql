-- Attaching tables to entities, and detaching them.

CREATE FUNCTION eryxon.check_attach_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['soft_delete', 'natural_key', 'singular', 'events']);
    IF jsonb_typeof(options -> 'soft_delete') NOT IN ('boolean', 'null') AND options ->> 'soft_delete' <> 'calls' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'soft_delete',
            'option "soft_delete" must be true, false or "calls"');
    END IF;
    PERFORM eryxon.check_option_type(options, 'events', 'boolean');
    PERFORM eryxon.check_option_type(options, 'singular', 'string');
    PERFORM eryxon.check_option_type(options, 'natural_key', 'array');
    IF options ->> 'singular' !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'singular',
            'option "singular" must be a name like that of an entity');
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(nullif(options -> 'natural_key', 'null')) AS k
                WHERE jsonb_typeof(k) <> 'string' OR k #>> '{}' !~ '^[a-z][a-z0-9_]{0,47}$') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'natural_key',
            'option "natural_key" must be an array of field names');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_attach_options IS
'Checks the names and JSON types of attach options.';

CREATE FUNCTION eryxon.singular_of(entity text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN entity ~ '[^aeiou_]ies$' THEN regexp_replace(entity, 'ies$', 'y')
                WHEN entity ~ '(ss|sh|ch|x)es$' THEN regexp_replace(entity, 'es$', '')
                WHEN entity ~ '(s|u|i)s$' THEN entity
                ELSE regexp_replace(entity, '(.)s$', E'\\1') END
$$;
COMMENT ON FUNCTION eryxon.singular_of IS
'The English singular of an entity''s name, as far as its ending tells: quantities, batches, tools; status stays.';

CREATE FUNCTION eryxon.attach_settings(entity text, table_name regclass, options jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('soft_delete', true, 'natural_key', '[]'::jsonb, 'events', NULL,
                              'singular', eryxon.singular_of(entity))
        || coalesce((SELECT jsonb_build_object('singular', s.singular, 'natural_key', s.natural_key)
                       FROM eryxon.shipped_entity s WHERE s.entity = $1), '{}')
        || coalesce((SELECT jsonb_build_object('singular', e.singular, 'natural_key', e.natural_key,
                                               'events', e.events, 'soft_delete',
                                               CASE WHEN e.calls_only THEN '"calls"'
                                                    ELSE to_jsonb(e.soft_delete) END)
                       FROM eryxon.entity e WHERE e.entity = $1 AND e.table_name = $2), '{}')
        || jsonb_strip_nulls(options)
        || jsonb_build_object('entity', entity, 'table', table_name::oid)
$$;
COMMENT ON FUNCTION eryxon.attach_settings IS
'What to register: the options that were sent over those of an earlier attach over the defaults.';

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
    triggers := eryxon.ensure_triggers(table_name, settings -> 'soft_delete' <> 'false',
                                       coalesce((settings ->> 'events')::boolean, true));
    PERFORM eryxon.write_registry('attach', settings);
    PERFORM pg_notify('pgrst', 'reload schema');
    RETURN jsonb_build_object(
        'entity', entity, 'table', table_name::text, 'columns_added', columns, 'index', index, 'triggers', triggers,
        'warnings', eryxon.attach_warnings(entity, table_name, settings)) ||
        eryxon.attach_advice(entity, table_name);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_attach(text, regclass, jsonb) IS
'Makes an existing table hold an entity.
Adds the sync columns, the unique index on the external key and the triggers that are missing, and registers the entity.
Options: soft_delete, natural_key, singular, events. Can be repeated. Tells what was added, what does not go well with
it (warnings), the columns that no field takes (unmapped; required are those without which no row can be created), and
suggestions for eryxon_map_field.';
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
        PERFORM eryxon.ensure_triggers(attached, false, false);
    END IF;
    PERFORM eryxon.write_registry('detach', jsonb_build_object('entity', entity));
    PERFORM pg_notify('pgrst', 'reload schema');
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_detach(text) IS
'Ends what eryxon_attach began.
Drops the triggers and the registration; table, columns, rows, rules and history stay.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_detach(text) FROM PUBLIC;
