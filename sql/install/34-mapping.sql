-- What fields and columns have to do with each other: which column takes a field, and what no field takes.

CREATE FUNCTION eryxon.rule_column(field text, rule jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(rule ->> 'column', field || CASE WHEN rule ->> 'references' IS NULL THEN '' ELSE '_id' END)
$$;
COMMENT ON FUNCTION eryxon.rule_column IS
'The column that takes a field.';

CREATE FUNCTION eryxon.free_columns(entity text, table_name regclass)
    RETURNS TABLE (name text, type text, not_null boolean, has_default boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull OR t.typnotnull,
           a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = table_name AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       AND a.attname NOT IN ('id', 'tenant_id', 'created_at', 'updated_at', 'external_id', 'external_source',
                             'synced_at', 'sync_hash', 'deleted_at', 'deleted_by')
       AND a.attname::text NOT IN (SELECT eryxon.rule_column(f.field, f.rule) FROM eryxon.field f
                                    WHERE f.entity = $1)
     ORDER BY a.attnum
$$;
COMMENT ON FUNCTION eryxon.free_columns IS
'The columns of a table that no field of the entity takes.';

CREATE FUNCTION eryxon.referenced_entity(table_name regclass, column_name text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.entity
      FROM pg_constraint c
      JOIN eryxon.entity e ON e.table_name = c.confrelid
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = $2 AND a.attnum = ANY (c.conkey)
     WHERE c.conrelid = $1 AND c.contype = 'f' AND a.atttypid = 'uuid'::regtype
     ORDER BY e.ordinal
     LIMIT 1
$$;
COMMENT ON FUNCTION eryxon.referenced_entity IS
'The attached entity that a column refers to by a foreign key.';

CREATE FUNCTION eryxon.suggest_rule(entity text, table_name regclass, column_name text, OUT field text, OUT rule jsonb)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target text := eryxon.referenced_entity(table_name, column_name);
BEGIN
    SELECT f.field, f.rule || jsonb_build_object('column', column_name) INTO field, rule
      FROM eryxon.field f
     WHERE f.entity = $1 AND f.rule -> 'aliases' ? column_name
       AND NOT EXISTS (SELECT FROM pg_attribute a
                        WHERE a.attrelid = table_name AND NOT a.attisdropped
                          AND a.attname = eryxon.rule_column(f.field, f.rule))
     LIMIT 1;
    IF field IS NULL THEN
        field := CASE WHEN target IS NULL THEN column_name ELSE regexp_replace(column_name, '_id$', '') END;
        rule := CASE WHEN target IS NULL THEN '{}'
                     ELSE jsonb_build_object('column', column_name, 'references', jsonb_build_object('entity', target))
                END;
        IF EXISTS (SELECT FROM eryxon.field f WHERE f.entity = $1 AND f.field = suggest_rule.field) THEN
            field := NULL;
        END IF;
    END IF;
    IF field !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        field := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.suggest_rule IS
'A field and its rule for a column that no field takes: the field that has the column''s name as an alias, a reference
where a foreign key points to an attached table, else a field of the column''s name. NULL where none can be told.';

CREATE FUNCTION eryxon.attach_advice(entity text, table_name regclass) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
               'unmapped', coalesce(jsonb_agg(c.name), '[]'),
               'required', coalesce(jsonb_agg(c.name) FILTER (WHERE c.not_null AND NOT c.has_default), '[]'),
               'suggestions', coalesce(jsonb_agg(jsonb_build_object('field', s.field, 'column', c.name, 'rule', s.rule))
                                       FILTER (WHERE s.field IS NOT NULL), '[]'))
      FROM eryxon.free_columns($1, $2) AS c
     CROSS JOIN LATERAL eryxon.suggest_rule($1, $2, c.name) AS s
$$;
COMMENT ON FUNCTION eryxon.attach_advice IS
'What eryxon_attach() says of columns that no field takes: unmapped, required (no record can be created as long as no
field fills it) and suggestions.';
