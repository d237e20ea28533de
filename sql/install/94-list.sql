-- Reading entities back: filters, order and pages over an attached table, with the caller's rights.

CREATE FUNCTION eryxon.field_column(wanted_entity text, wanted_field text) RETURNS name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.attname
      FROM eryxon.entity e
      LEFT JOIN eryxon.field f ON f.entity = e.entity AND f.field = wanted_field
      JOIN pg_attribute a ON a.attrelid = e.table_name AND a.attnum > 0 AND NOT a.attisdropped
                         AND a.attname = coalesce(f.rule ->> 'column', wanted_field)
     WHERE e.entity = wanted_entity
$$;
COMMENT ON FUNCTION eryxon.field_column IS
'The column that a field is mapped to, or that has the name itself; NULL if the table has none.';

CREATE FUNCTION eryxon.search_columns(wanted_entity text) RETURNS SETOF name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT c.column_name
      FROM eryxon.entity e,
           unnest(ARRAY['name', e.singular || '_name', e.singular || '_number'] || e.natural_key) AS f(field),
           eryxon.field_column(wanted_entity, f.field) AS c(column_name)
      JOIN pg_attribute a ON a.attname = c.column_name
      JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory = 'S'
     WHERE e.entity = wanted_entity AND a.attrelid = e.table_name
$$;
COMMENT ON FUNCTION eryxon.search_columns IS
'The columns that a search looks into: those of the entity''s name or number.';

CREATE FUNCTION eryxon.like_pattern(part text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '%' || regexp_replace(part, E'([\\\\%_])', E'\\\\\\1', 'g') || '%'
$$;
COMMENT ON FUNCTION eryxon.like_pattern IS
'The LIKE pattern of texts that contain the part literally.';

CREATE FUNCTION eryxon.read_time(value text) RETURNS timestamptz
    LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_read_time';
COMMENT ON FUNCTION eryxon.read_time IS
'The date or time in one of the forms that records may have, without an offset in eryxon.default_time_zone; NULL for any
other text. What DateStyle and TimeZone say does not count.';

CREATE FUNCTION eryxon.filter_text(name text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('($2 OPERATOR(pg_catalog.->>) %L::pg_catalog.text)', name)
$$;
COMMENT ON FUNCTION eryxon.filter_text IS
'The expression of a filter''s value in the query of a list. That runs with the caller''s search_path, so it names all
it uses with its schema.';

CREATE FUNCTION eryxon.updated_condition(wanted_entity text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'GREATEST(t.synced_at, t.deleted_at'
           || CASE WHEN eryxon.field_column(wanted_entity, 'updated_at') IS NOT NULL THEN ', t.updated_at' ELSE '' END
           || ') OPERATOR(pg_catalog.>=) eryxon.read_time(' || eryxon.filter_text('updated_since') || ')'
$$;
COMMENT ON FUNCTION eryxon.updated_condition IS
'The condition of updated_since: what was synced, deleted or, where the table tells so, changed since.';

CREATE FUNCTION eryxon.given_filter(name text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('($2 OPERATOR(pg_catalog.->) ''filters'' OPERATOR(pg_catalog.->>) %L::pg_catalog.text)', name)
$$;
COMMENT ON FUNCTION eryxon.given_filter IS
'The expression of the value of a filter by field, as filter_text().';

CREATE FUNCTION eryxon.filter_columns(wanted_entity text)
    RETURNS TABLE (name text, column_name name, type text, referenced text, form text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.field || w.suffix, a.attname,
           CASE WHEN b.typcategory IN ('S', 'E') THEN 'text'
                WHEN b.oid = ANY ('{boolean,smallint,integer,bigint,numeric,real,double precision,uuid,date,
                    timestamp,timestamptz}'::regtype[]) THEN b.typname END,
           f.rule -> 'references' ->> 'entity', w.suffix
      FROM eryxon.entity e
      JOIN eryxon.field f ON f.entity = e.entity
      JOIN pg_attribute a ON a.attrelid = e.table_name AND a.attname = eryxon.rule_column(f.field, f.rule)
                         AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
     CROSS JOIN unnest(CASE WHEN f.rule ? 'references' THEN '{_id,_external_id,_name}' ELSE '{""}' END::text[])
        AS w(suffix)
     WHERE e.entity = wanted_entity AND has_column_privilege(e.table_name, a.attnum, 'SELECT')
       AND (w.suffix <> '_name' OR f.rule #>> '{references,match}' = 'name')
$$;
COMMENT ON FUNCTION eryxon.filter_columns IS
'By which names a list can be filtered: mapped fields that the caller may read, and references by id, key or name. type
is that of the comparison, NULL where there is none; form is how a reference is named.';

CREATE FUNCTION eryxon.fail_filter(wanted_entity text, name text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.fail('INVALID_OPTION', '22023', name,
        format('entity "%s" has no field %s to filter by', wanted_entity, to_json(name)),
        'Name a field that has one value, or a reference as in job_id or job_external_id.');
END
$$;
COMMENT ON FUNCTION eryxon.fail_filter IS
'Refuses a filter that the entity does not have.';

CREATE FUNCTION eryxon.check_filter_value(name text, value text, type text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF type = 'timestamptz' THEN
        IF eryxon.read_time(value) IS NOT NULL THEN
            RETURN;
        END IF;
    ELSE
        EXECUTE format('SELECT CAST($1 AS pg_catalog.%I)', type) USING value;
        RETURN;
    END IF;
    RAISE data_exception;
EXCEPTION WHEN data_exception THEN
    PERFORM eryxon.fail('INVALID_OPTION', '22023', name, format('%s is no value of type %s', to_json(value),
        format_type(to_regtype(type), NULL)));
END
$$;
COMMENT ON FUNCTION eryxon.check_filter_value IS
'Refuses a filter''s value that its field cannot have.';

CREATE FUNCTION eryxon.reference_condition(column_name name, referenced text, form text, name text, source text)
    RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('t.%I OPERATOR(pg_catalog.=) ANY (SELECT r.id FROM %s AS r WHERE r.tenant_id'
                  ' OPERATOR(pg_catalog.=) $1 AND r.%I::pg_catalog.text OPERATOR(pg_catalog.=) %s%s)',
                  column_name, e.table_name,
                  CASE form WHEN '_name' THEN eryxon.field_column(referenced, 'name') ELSE 'external_id' END,
                  eryxon.given_filter(name),
                  ' AND r.external_source OPERATOR(pg_catalog.=) ' || source)
      FROM eryxon.entity e WHERE e.entity = referenced
$$;
COMMENT ON FUNCTION eryxon.reference_condition IS
'The condition of a filter by the key or name of a referenced row; by that of a source alone where one is given.';

CREATE FUNCTION eryxon.filter_condition(wanted_entity text, wanted_name text, filters jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    filter record;
    value  text := filters -> 'filters' ->> wanted_name;
    source text := regexp_replace(wanted_name, '_(external_id|name)$', '_external_source');
BEGIN
    SELECT * INTO filter FROM eryxon.filter_columns(wanted_entity) c WHERE c.name = wanted_name ORDER BY c.form LIMIT 1;
    IF filter.type IS NULL OR jsonb_typeof(filters -> 'filters' -> wanted_name) IN ('object', 'array', 'null') THEN
        PERFORM eryxon.fail_filter(wanted_entity, wanted_name);
    ELSIF filter.form IN ('_external_id', '_name') THEN
        RETURN eryxon.reference_condition(filter.column_name, filter.referenced, filter.form, wanted_name,
            CASE WHEN filters -> 'filters' ? source THEN eryxon.given_filter(source)
                 WHEN filters ? 'external_source' THEN eryxon.filter_text('external_source') END);
    END IF;
    PERFORM eryxon.check_filter_value(wanted_name, value, filter.type);
    RETURN CASE filter.type
           WHEN 'text' THEN format('t.%I::pg_catalog.text OPERATOR(pg_catalog.=) %s', filter.column_name,
               eryxon.given_filter(wanted_name))
           WHEN 'timestamptz' THEN format('t.%I OPERATOR(pg_catalog.=) eryxon.read_time(%s)',
               filter.column_name, eryxon.given_filter(wanted_name))
           ELSE format('t.%I OPERATOR(pg_catalog.=) CAST(%s AS pg_catalog.%I)', filter.column_name,
               eryxon.given_filter(wanted_name), filter.type) END;
END
$$;
COMMENT ON FUNCTION eryxon.filter_condition IS
'The condition of a filter by a field or a reference.';

CREATE FUNCTION eryxon.filter_conditions(wanted_entity text, filters jsonb) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(string_agg(' AND ' || eryxon.filter_condition(wanted_entity, n.name, filters), '' ORDER BY n.name),
                    '')
      FROM jsonb_object_keys(coalesce(filters -> 'filters', '{}')) AS n(name)
     WHERE NOT (n.name LIKE '%\_external\_source'
                AND filters -> 'filters' ?| ARRAY[regexp_replace(n.name, 'source$', 'id'),
                                                  regexp_replace(n.name, 'external_source$', 'name')])
$$;
COMMENT ON FUNCTION eryxon.filter_conditions IS
'The conditions of all filters by field, each with AND before it. The source of a reference stands beside its key.';

CREATE FUNCTION eryxon.list_conditions(wanted_entity text, filters jsonb) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(c.condition, ' AND ' ORDER BY c.n) || eryxon.filter_conditions(wanted_entity, filters)
      FROM (VALUES
        (1, true, 't.tenant_id OPERATOR(pg_catalog.=) $1'),
        (2, NOT coalesce((filters ->> 'include_deleted')::boolean, false), 't.deleted_at IS NULL'),
        (3, filters ? 'id', format('t.id OPERATOR(pg_catalog.=) %s::pg_catalog.uuid', eryxon.filter_text('id'))),
        (4, filters ? 'external_id', 't.external_id OPERATOR(pg_catalog.=) ' || eryxon.filter_text('external_id')),
        (5, filters ? 'external_source', 't.external_source OPERATOR(pg_catalog.=) '
            || eryxon.filter_text('external_source')),
        (6, filters ? 'status', 't.' || quote_ident(eryxon.field_column(wanted_entity, 'status'))
            || '::pg_catalog.text OPERATOR(pg_catalog.=) '
                                || eryxon.filter_text('status')),
        (7, filters ? 'search', '(' || (
            SELECT string_agg(format('t.%I::pg_catalog.text OPERATOR(pg_catalog.~~*) eryxon.like_pattern(%s)', s,
                                                                 eryxon.filter_text('search')), ' OR ')
                                         FROM eryxon.search_columns(wanted_entity) AS s) || ')'),
        (8, filters ? 'updated_since', eryxon.updated_condition(wanted_entity))
      ) AS c(n, wanted, condition)
     WHERE c.wanted
$$;
COMMENT ON FUNCTION eryxon.list_conditions IS
'The WHERE clause of a list over the table as t; $1 is the tenant, $2 the filters.';

CREATE FUNCTION eryxon.check_list(wanted_entity text, filters jsonb) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (filters ->> 'max_rows')::integer NOT BETWEEN 1 AND 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'the number of rows must be from 1 to 1000');
    ELSIF (filters ->> 'skip_rows')::integer < 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'skip_rows', 'the number of rows to skip must not be negative');
    ELSIF lower(filters ->> 'sort_order') NOT IN ('asc', 'desc') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'sort_order', 'the sort order must be asc or desc');
    ELSIF filters ? 'status' AND eryxon.field_column(wanted_entity, 'status') IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'status', format('entity "%s" has no status', wanted_entity));
    ELSIF filters ? 'search' AND NOT EXISTS (SELECT FROM eryxon.search_columns(wanted_entity)) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'search', format('entity "%s" has no name or number to search',
            wanted_entity));
    ELSIF filters ? 'updated_since' AND eryxon.read_time(filters ->> 'updated_since') IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'updated_since',
            format('invalid date or time: %s', filters -> 'updated_since'),
                            'Send YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with Z or an offset such as +02:00.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_list IS
'Refuses filters that the entity cannot have, and pages out of range.';

CREATE FUNCTION eryxon.can_sort(table_name regclass, column_name name) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT has_column_privilege(table_name, a.attnum, 'SELECT')
           AND (e.typcategory IN ('B', 'D', 'E', 'I', 'N', 'R', 'S', 'T', 'V')
                OR EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
                            WHERE o.opcdefault AND o.opcintype = e.oid))
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
      JOIN pg_type e ON e.oid = CASE b.typcategory WHEN 'A' THEN b.typelem ELSE b.oid END
     WHERE a.attrelid = table_name AND a.attname = column_name
$$;
COMMENT ON FUNCTION eryxon.can_sort IS
'True if the caller may read the column and its type, or that of an array''s elements, has an order.';

CREATE FUNCTION eryxon.list_order(wanted_entity text, table_name regclass, filters jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted text := coalesce(filters ->> 'sort_by', CASE WHEN eryxon.field_column(wanted_entity, 'created_at') IS NULL
                                                        THEN 'id' ELSE 'created_at' END);
    sorted name := eryxon.field_column(wanted_entity, wanted);
BEGIN
    IF NOT coalesce(eryxon.can_sort(table_name, sorted), false) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'sort_by',
            format('entity "%s" cannot be sorted by %s', wanted_entity, to_json(wanted)));
    END IF;
    RETURN format('t.%I %s NULLS LAST, t.id', sorted, lower(coalesce(filters ->> 'sort_order', 'asc')));
END
$$;
COMMENT ON FUNCTION eryxon.list_order IS
'The ORDER BY clause of a list: by a field or column that the caller may read, then by id.';

CREATE FUNCTION eryxon.readable_columns(table_name regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY a.attnum)
      FROM pg_attribute a
     WHERE a.attrelid = table_name AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege(table_name, a.attnum, 'SELECT') AND a.atttypid <> 'tsvector'::regtype
$$;
COMMENT ON FUNCTION eryxon.readable_columns IS
'The columns of the table that the caller may read, for a SELECT over the table as t; those for text search tell nobody
anything.';

CREATE FUNCTION eryxon.chosen_columns(listed eryxon.entity, names text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chosen text;
    wanted text;
    col    name;
BEGIN
    IF names IS NULL THEN
        RETURN NULL;
    END IF;
    FOREACH wanted IN ARRAY string_to_array(names, ',') LOOP
        wanted := trim(wanted);
        col := eryxon.field_column(listed.entity, coalesce((SELECT eryxon.rule_column(f.field, f.rule)
            FROM eryxon.field f WHERE f.entity = listed.entity AND f.field = wanted), wanted));
        IF NOT coalesce(has_column_privilege(listed.table_name, col, 'SELECT'), false) THEN
            PERFORM eryxon.fail('INVALID_OPTION', '22023', 'fields',
                format('entity "%s" has no field %s', listed.entity, to_json(wanted)));
        END IF;
        chosen := concat_ws(', ', chosen, format('t.%I AS %I', col, wanted));
    END LOOP;
    RETURN chosen;
END
$$;
COMMENT ON FUNCTION eryxon.chosen_columns IS
'Those of the named fields or columns, under the names that were asked for.';

CREATE FUNCTION eryxon.read_page(listed eryxon.entity, tenant uuid, filters jsonb, max_rows integer, skip_rows integer,
                                 OUT total bigint, OUT page json)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query text := format($query$
        SELECT (SELECT pg_catalog.count(*) FROM %1$s AS t WHERE %2$s),
               (SELECT COALESCE(pg_catalog.json_agg(r), '[]') FROM
                   (SELECT %3$s FROM %1$s AS t WHERE %2$s ORDER BY %4$s LIMIT $3 OFFSET $4) AS r)
        $query$, listed.table_name, eryxon.list_conditions(listed.entity, filters),
            coalesce(eryxon.chosen_columns(listed, filters ->> 'fields'),
                eryxon.readable_columns(listed.table_name)),
        eryxon.list_order(listed.entity, listed.table_name, filters));
BEGIN
    PERFORM set_config('search_path', eryxon.callers_path(), true);
    EXECUTE query INTO total, page USING tenant, filters, max_rows, skip_rows;
END
$$;
COMMENT ON FUNCTION eryxon.read_page IS
'The rows of a page as a JSON array, and how many rows the filters let through.';

CREATE FUNCTION eryxon.read_filters(given jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    filters jsonb;
BEGIN
    IF NOT given ? 'filters' THEN
        RETURN given;
    END IF;
    filters := given ->> 'filters';
    IF jsonb_typeof(filters) = 'object' THEN
        RETURN given || jsonb_build_object('filters', filters);
    END IF;
    RAISE data_exception;
EXCEPTION WHEN data_exception THEN
    PERFORM eryxon.fail('INVALID_OPTION', '22023', 'filters', 'filters must be a JSON object of fields and values');
END
$$;
COMMENT ON FUNCTION eryxon.read_filters IS
'The filters of a list with those by field as an object; they come as its text.';

CREATE FUNCTION eryxon.list_rows(wanted_entity text, filters jsonb) RETURNS json
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant    uuid := @extschema@.eryxon_tenant_id();
    given     jsonb := eryxon.read_filters(jsonb_strip_nulls(filters));
    max_rows  integer := coalesce((given ->> 'max_rows')::integer, 100);
    skip_rows integer := coalesce((given ->> 'skip_rows')::integer, 0);
    listed    eryxon.entity;
    answer    record;
BEGIN
    SELECT * INTO listed FROM eryxon.entity e WHERE e.entity = wanted_entity;
    IF NOT FOUND THEN
        PERFORM eryxon.fail_unknown_entity(wanted_entity, false);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = listed.table_name) THEN
        PERFORM eryxon.fail('UNKNOWN_ENTITY', '22023', 'entity', format('the table of entity "%s" no longer exists',
            wanted_entity));
    ELSIF NOT has_any_column_privilege(listed.table_name, 'SELECT') THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', '', format('permission denied for table %s', listed.table_name));
    END IF;
    PERFORM eryxon.check_usable(wanted_entity);
    PERFORM eryxon.check_list(wanted_entity, given);
    answer := eryxon.read_page(listed, tenant, given, max_rows, skip_rows);
    IF NOT given ? 'id' THEN
        RETURN json_build_object(wanted_entity, answer.page, 'pagination',
                                 json_build_object('total', answer.total, 'limit', max_rows, 'offset', skip_rows));
    ELSIF json_array_length(answer.page) = 0 THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('%s %s does not exist', listed.singular,
            given ->> 'id'));
    END IF;
    RETURN json_build_object(listed.singular, answer.page -> 0);
END
$$;
COMMENT ON FUNCTION eryxon.list_rows IS
'A page of an entity''s rows, or with the filter id one row under the singular name. Reads with the caller''s rights.';

CREATE FUNCTION eryxon.status_answer(options jsonb) RETURNS json
    LANGUAGE sql STABLE
    RETURN @extschema@.eryxon_status(pg_catalog.jsonb_strip_nulls(options))::json;
COMMENT ON FUNCTION eryxon.status_answer IS
'eryxon_status() for the HTTP functions; options that are null do not count.';
