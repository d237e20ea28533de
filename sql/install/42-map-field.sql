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

CREATE FUNCTION eryxon.refuse_missing_column(field text, column_name text, table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = table_name AND a.attname = column_name
                                                AND a.attnum > 0 AND NOT a.attisdropped) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'column',
            format('table %s has no column "%s" for field "%s"', table_name, column_name, field),
            'Name another by {"column": ...}, or add it first.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.refuse_missing_column IS
'Refuses a column that the table lacks.';

CREATE FUNCTION eryxon.refuse_taken_column(entity text, field text, column_name text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    other text;
BEGIN
    SELECT f.field INTO other FROM eryxon.field f
     WHERE f.entity = $1 AND f.field <> $2 AND eryxon.rule_column(f.field, f.rule) = column_name
     LIMIT 1;
    IF other IS NOT NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'column',
            format('column "%s" is already that of field "%s"', column_name, other),
            format('Unmap "%s" first, or give it an alias.', other));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.refuse_taken_column IS
'Refuses a column that another field takes, whether a table is attached yet or not.';

CREATE FUNCTION eryxon.check_converts(what text, value jsonb, type text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF type IN ('json', 'jsonb') OR jsonb_typeof(value) IN ('null', 'array', 'object') THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT %L::%s', value #>> '{}', type);
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule',
        format('%s %s does not convert to the column''s type, %s', what, value, type));
END
$$;
COMMENT ON FUNCTION eryxon.check_converts IS
'Refuses a value of a rule that the column could not hold.';

CREATE FUNCTION eryxon.bare_type(type oid) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE under AS (
        SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.oid = type
        UNION ALL SELECT t.oid, t.typbasetype FROM under u JOIN pg_type t ON t.oid = u.typbasetype)
    SELECT format_type(u.oid, -1) FROM under u WHERE u.typbasetype = 0
$$;
COMMENT ON FUNCTION eryxon.bare_type IS
'The name of the type under a domain, without a modifier.';

CREATE FUNCTION eryxon.check_kept(what text, value jsonb, type text, bare text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    word text := value #>> '{}';
    kept boolean := true;
BEGIN
    IF jsonb_typeof(value) IN ('null', 'array', 'object') THEN
        RETURN;
    ELSIF bare IN ('date', 'timestamp without time zone', 'timestamp with time zone') THEN
        kept := word ~ '^(\d{4}-\d\d-\d\d|\d{8})([T ]|$)';
    ELSIF bare <> type AND bare NOT IN ('json', 'jsonb') THEN
        EXECUTE format('SELECT (%1$L::%2$s)::%3$s = %1$L::%3$s', word, type, bare) INTO kept;
    END IF;
    IF NOT kept THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule',
            format('%s %s is not kept as it is by the column''s type, %s', what, value, type));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_kept IS
'Refuses a value of a rule that the column would cut or round, or that is a date in a form that records may not have.';

CREATE FUNCTION eryxon.check_rule_values(rule jsonb, column_name text, table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    type text;
    bare text;
BEGIN
    SELECT format_type(a.atttypid, a.atttypmod), eryxon.bare_type(a.atttypid) INTO type, bare FROM pg_attribute a
     WHERE a.attrelid = table_name AND a.attname = column_name;
    IF rule ? 'default' AND rule ->> 'default' IS DISTINCT FROM 'next' THEN
        PERFORM eryxon.check_converts('default', rule -> 'default', type),
                eryxon.check_kept('default', rule -> 'default', type, bare);
    END IF;
    PERFORM eryxon.check_converts(b.key, b.value, type)
       FROM jsonb_each(rule) AS b WHERE b.key IN ('min', 'max');
    IF NOT rule ? 'references' THEN
        PERFORM eryxon.check_converts(format('alias "%s" for', a.key), a.value, type),
                eryxon.check_kept(format('alias "%s" for', a.key), a.value, type, bare)
           FROM jsonb_each(CASE jsonb_typeof(rule -> 'value_aliases') WHEN 'object' THEN rule -> 'value_aliases'
                                                                      ELSE '{}' END) AS a;
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_rule_values IS
'Refuses a default, a bound or an alias that does not convert to the column''s type, or not without loss.';

CREATE FUNCTION @extschema@.eryxon_map_field(entity text, field text, rule jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attached regclass;
BEGIN
    PERFORM eryxon.check_known_entity(entity);
    IF field IS NULL OR rule IS NULL OR jsonb_typeof(rule) <> 'object' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule', 'a field needs a name and a JSON object as its rule',
            'Use {} for a field without conditions, and eryxon_unmap_field() to unmap one.');
    END IF;
    PERFORM eryxon.check_rule(entity, field, rule);
    PERFORM eryxon.refuse_taken_column(entity, field, eryxon.rule_column(field, rule));
    SELECT e.table_name INTO attached FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name
     WHERE e.entity = $1;
    IF FOUND THEN
        PERFORM eryxon.refuse_missing_column(field, eryxon.rule_column(field, rule), attached);
        PERFORM eryxon.check_rule_values(rule, eryxon.rule_column(field, rule), attached);
    END IF;
    PERFORM eryxon.write_registry('map', jsonb_build_object('entity', entity, 'field', field, 'rule', rule));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_map_field(text, text, jsonb) IS
'Maps a field of an entity.
Replaces the whole rule, also a shipped one. Refuses a column that the attached table lacks or another field takes, and
a default, bound or alias that the column could not hold.
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
