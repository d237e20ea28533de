-- The JSON Schema of a record, from the rules and the columns of the attached table.

CREATE FUNCTION eryxon.type_schema(type oid, modifier integer) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
           WHEN t.typtype = 'd' THEN eryxon.type_schema(t.typbasetype, t.typtypmod)
           WHEN t.typtype = 'e' THEN jsonb_build_object('type', 'string', 'enum',
                (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
           WHEN t.oid = 'text'::regtype THEN '{"type":"string"}'
           WHEN t.oid IN ('varchar'::regtype, 'bpchar'::regtype) THEN
                '{"type":"string"}' || CASE WHEN modifier > 4 THEN jsonb_build_object('maxLength', modifier - 4)
                    ELSE '{}' END
           WHEN t.oid = 'int2'::regtype THEN '{"type":"integer","minimum":-32768,"maximum":32767}'
           WHEN t.oid = 'int4'::regtype THEN '{"type":"integer","minimum":-2147483648,"maximum":2147483647}'
           WHEN t.oid = 'int8'::regtype THEN '{"type":"integer","minimum":-9223372036854775808,'
                                             '"maximum":9223372036854775807}'
           WHEN t.oid IN ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype) THEN '{"type":"number"}'
           WHEN t.oid = 'bool'::regtype THEN '{"type":"boolean"}'
           WHEN t.oid = 'date'::regtype THEN '{"type":"string","format":"date"}'
           WHEN t.oid IN ('timestamp'::regtype, 'timestamptz'::regtype) THEN
                '{"type":"string","anyOf":[{"format":"date"},{"format":"date-time"}]}'
           WHEN t.oid = 'uuid'::regtype THEN '{"type":"string","format":"uuid"}'
           WHEN t.oid IN ('json'::regtype, 'jsonb'::regtype) THEN '{"type":["object","array"]}'
           WHEN t.oid IN ('text[]'::regtype, 'varchar[]'::regtype) THEN '{"type":"array","items":{"type":"string"}}'
           ELSE '{"type":"string"}'
           END::jsonb
      FROM pg_type t WHERE t.oid = type
$$;
COMMENT ON FUNCTION eryxon.type_schema IS
'JSON Schema of the values that a type takes.';

CREATE FUNCTION eryxon.rule_schema(rule jsonb, base jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT base || jsonb_strip_nulls(jsonb_build_object(
        'minimum', greatest((rule ->> 'min')::numeric, (base ->> 'minimum')::numeric),
        'maximum', least((rule ->> 'max')::numeric, (base ->> 'maximum')::numeric),
        'minLength', rule -> 'min_length',
        'maxLength', least((rule ->> 'max_length')::integer, (base ->> 'maxLength')::integer),
        'pattern', nullif(rule ->> 'pattern', ''),
        'default', nullif(rule -> 'default', '"next"'),
        'enum', (SELECT jsonb_agg(v ORDER BY n) FROM jsonb_array_elements(rule -> 'enum') WITH ORDINALITY AS l(v, n)
                  WHERE NOT base ? 'enum' OR base -> 'enum' @> v)))
        || CASE WHEN base -> 'enum' IS NOT NULL AND NOT rule ? 'enum' THEN jsonb_build_object('enum', base -> 'enum')
            ELSE '{}' END
$$;
COMMENT ON FUNCTION eryxon.rule_schema IS
'JSON Schema keywords of a rule, over those of the column''s type.';

CREATE FUNCTION eryxon.or_null(schema jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT schema
        || jsonb_build_object('type', (CASE jsonb_typeof(schema -> 'type') WHEN 'array' THEN schema -> 'type'
                                            ELSE jsonb_build_array(schema -> 'type') END) || '["null"]')
        || CASE WHEN schema ? 'enum' THEN jsonb_build_object('enum', (schema -> 'enum') || '[null]') ELSE '{}' END
$$;
COMMENT ON FUNCTION eryxon.or_null IS
'Allows null beside what a schema allows.';

CREATE FUNCTION eryxon.mapped_fields(wanted_entity text)
    RETURNS TABLE (field text, rule jsonb, column_name name, schema jsonb, nullable boolean, required boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.field, f.rule, a.attname, eryxon.rule_schema(f.rule, CASE WHEN f.field = 'metadata'
        THEN '{"type":"object"}'
                                                              ELSE eryxon.type_schema(a.atttypid, a.atttypmod) END),
           NOT a.attnotnull AND NOT coalesce((f.rule -> 'required')::boolean, false),
           coalesce((f.rule -> 'required')::boolean, false)
      FROM eryxon.entity e
     CROSS JOIN LATERAL (SELECT r.field, jsonb_strip_nulls(r.rule) AS rule FROM eryxon.field r
         WHERE r.entity = e.entity) AS f
      JOIN pg_attribute a ON a.attrelid = e.table_name
                         AND a.attname = coalesce(f.rule ->> 'column',
                                                  f.field || CASE WHEN f.rule ? 'references' THEN '_id' ELSE '' END)
     WHERE e.entity = wanted_entity AND NOT a.attisdropped AND a.attgenerated = '' AND a.attnum > 0
       AND (NOT f.rule ? 'references' OR eryxon.type_schema(a.atttypid, a.atttypmod) ->> 'format' = 'uuid')
$$;
COMMENT ON FUNCTION eryxon.mapped_fields IS
'The mapped fields of an entity with their columns: those whose column the attached table has and that can be written;
references are written to columns of type uuid only.';

CREATE FUNCTION eryxon.reference_members(field text, target text, by_name boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(field || m.suffix,
        m.schema || jsonb_build_object('description', format(m.description, target)))
      FROM (VALUES
            ('_id',              '{"type":["string","null"],"format":"uuid"}'::jsonb,
             'id of the row of %s'),
            ('_external_id',     '{"type":["string","integer","null"],"minLength":1,"maxLength":255}',
             'external_id of the row of %s'),
            ('_external_source', '{"type":["string","integer","null"],"minLength":1,"maxLength":255}',
             'source of the row of %s, if not the record''s own'),
            ('_name',            '{"type":["string","null"]}',
             'name of the live row of %s')
           ) AS m(suffix, schema, description)
     WHERE by_name OR m.suffix <> '_name'
$$;
COMMENT ON FUNCTION eryxon.reference_members IS
'The members of a record by which a reference may be sent.';

CREATE FUNCTION eryxon.field_members(field text, rule jsonb, schema jsonb, nullable boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN rule ? 'references' THEN
        eryxon.reference_members(field, rule -> 'references' ->> 'entity',
                                 coalesce(rule -> 'references' ->> 'match' = 'name', false))
    ELSE
        (SELECT jsonb_object_agg(n.name, v.schema || CASE WHEN n.name = field THEN '{}'
                                                          ELSE jsonb_build_object('description',
                                                              'another name of ' || field) END)
           FROM (SELECT field AS name UNION SELECT jsonb_array_elements_text(rule -> 'aliases')) AS n,
                (SELECT CASE WHEN nullable THEN eryxon.or_null(field_members.schema)
                    ELSE field_members.schema END AS schema) AS v)
    END
$$;
COMMENT ON FUNCTION eryxon.field_members IS
'The members of a record for one field: its name and its aliases, or the forms of a reference.';

CREATE FUNCTION eryxon.child_arrays() RETURNS TABLE (parent text, key text, child text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.rule -> 'references' ->> 'entity', f.rule -> 'references' ->> 'children', e.entity
      FROM eryxon.entity e CROSS JOIN LATERAL eryxon.mapped_fields(e.entity) AS f
     WHERE f.rule -> 'references' ->> 'children' <> ''
$$;
COMMENT ON FUNCTION eryxon.child_arrays IS
'The arrays of children that records may carry: the parent''s entity, the array''s name, the child''s entity.';

CREATE FUNCTION eryxon.record_schema(wanted_entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'title', e.singular,
        'type', 'object',
        'properties',
            '{"external_id":{"type":["string","integer"],"minLength":1,"maxLength":255},
              "external_source":{"type":["string","integer"],"minLength":1,"maxLength":255},
              "_op":{"enum":["upsert","delete"],"default":"upsert"}}'::jsonb
            || coalesce((SELECT jsonb_object_agg(m.key, m.value ORDER BY m.key <> f.field)
                           FROM eryxon.mapped_fields(e.entity) AS f,
                                jsonb_each(eryxon.field_members(f.field, f.rule, f.schema, f.nullable)) AS m), '{}')
            || coalesce((SELECT jsonb_object_agg(c.key, jsonb_build_object('type', '["array","null"]'::jsonb,
                                                                        'items', jsonb_build_object('$ref',
                                                                            '#/$defs/' || c.child)))
                           FROM eryxon.child_arrays() AS c WHERE c.parent = e.entity), '{}'),
        'required', '["external_id"]'::jsonb,
        'x-required-on-create',
            coalesce((SELECT jsonb_agg(f.field || CASE WHEN f.rule ? 'references' THEN '_external_id' ELSE '' END
                ORDER BY f.field)
                        FROM eryxon.mapped_fields(e.entity) AS f WHERE f.required), '[]'))
      FROM eryxon.entity e WHERE e.entity = wanted_entity
$$;
COMMENT ON FUNCTION eryxon.record_schema IS
'JSON Schema of a record that stands within its parent, where the source is inherited.';

CREATE FUNCTION eryxon.descendant_schemas(wanted_entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE below(entity) AS (
        SELECT c.child FROM eryxon.child_arrays() AS c WHERE c.parent = wanted_entity
        UNION
        SELECT c.child FROM below b JOIN eryxon.child_arrays() AS c ON c.parent = b.entity)
    SELECT jsonb_object_agg(b.entity, eryxon.record_schema(b.entity)) FROM below b
$$;
COMMENT ON FUNCTION eryxon.descendant_schemas IS
'The schemas of all entities that can stand below a record, by entity.';

CREATE FUNCTION @extschema@.eryxon_describe(entity text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attached regclass;
BEGIN
    SELECT e.table_name INTO attached FROM eryxon.entity e WHERE e.entity = $1;
    IF NOT FOUND THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    ELSIF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = attached) THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42P01', 'entity',
            format('the table of entity "%s" no longer exists', entity),
            format('Call eryxon_detach(%L), or attach another table.', entity));
    END IF;
    RETURN '{"$schema":"https://json-schema.org/draft/2020-12/schema"}'
        || eryxon.record_schema(entity)
        || '{"required":["external_id","external_source"]}'
        || jsonb_strip_nulls(jsonb_build_object('$defs', eryxon.descendant_schemas(entity)));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_describe(text) IS
'JSON Schema (2020-12) of a record.
From the rules in force and the columns of the attached table; x-required-on-create lists what a new record needs beside
its key. Lossless conversions ("25" for 25) are taken beyond it.';
