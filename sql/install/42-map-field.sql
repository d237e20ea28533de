-- Mapping fields: what a record may hold and which column takes it.

CREATE FUNCTION eryxon.check_rule(entity text, field text, rule jsonb) RETURNS void
    LANGUAGE C VOLATILE AS 'MODULE_PATHNAME', 'eryxon_check_rule';
COMMENT ON FUNCTION eryxon.check_rule IS
'Refuses a rule that is not well formed.';

CREATE FUNCTION eryxon.check_known_entity(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = check_known_entity.entity
                   UNION ALL SELECT FROM eryxon.entity e WHERE e.entity = check_known_entity.entity) THEN
        PERFORM eryxon.fail_unknown_entity(entity, true);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_known_entity IS
'Demands an entity that is shipped or attached.';

CREATE FUNCTION eryxon.check_pattern(pattern text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM '' ~ pattern;
EXCEPTION WHEN invalid_regular_expression THEN
    PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule', format('invalid pattern: %s', SQLERRM));
END
$$;
COMMENT ON FUNCTION eryxon.check_pattern IS
'Refuses a pattern that is no regular expression.';

CREATE FUNCTION @extschema@.eryxon_map_field(entity text, field text, rule jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_known_entity(entity);
    IF field IS NULL OR rule IS NULL OR jsonb_typeof(rule) <> 'object' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule', 'a field needs a name and a JSON object as its rule',
            'Use {} for a field without conditions, and eryxon_unmap_field() to unmap one.');
    END IF;
    PERFORM eryxon.write_registry('map', jsonb_build_object('entity', entity, 'field', field, 'rule', rule));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_map_field(text, text, jsonb) IS
'Maps a field of an entity.
Replaces the whole rule, also a shipped one.
Keys: column, aliases, default, required, enum, value_aliases, min, max, min_length, max_length, pattern, write,
references.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_map_field(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_unmap_field(entity text, field text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_known_entity(entity);
    IF NOT EXISTS (SELECT FROM eryxon.shipped_rule s WHERE s.entity = $1 AND s.field = $2
                   UNION ALL SELECT FROM eryxon.user_rule u WHERE u.entity = $1 AND u.field = $2) THEN
        PERFORM eryxon.fail('UNKNOWN_FIELD', '42703', 'field',
            format('entity "%s" has no field %s', entity, coalesce(to_json(field)::text, 'null')));
    END IF;
    PERFORM eryxon.write_registry('unmap', jsonb_build_object('entity', entity, 'field', field));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_unmap_field(text, text) IS
'Unmaps a field of an entity.
It is never written from then on; a shipped field comes back with eryxon_map_field.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_unmap_field(text, text) FROM PUBLIC;
