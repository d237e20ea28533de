-- Attaching tables: looks at the table, adds what is missing, registers the entity. Also detaching it.

CREATE FUNCTION eryxon.write_registry(action text, args jsonb) RETURNS void
    LANGUAGE C VOLATILE STRICT AS 'MODULE_PATHNAME', 'write_registry';
COMMENT ON FUNCTION eryxon.write_registry IS
'Writes the registry as the extension''s owner, once the caller is found to be allowed to call the public function of that action.';

CREATE FUNCTION eryxon.apply_registry(action text, args jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE action
    WHEN 'attach' THEN
        PERFORM eryxon.register(args);
    WHEN 'detach' THEN
        DELETE FROM eryxon.entity e WHERE e.entity = args ->> 'entity';
    WHEN 'map' THEN
        INSERT INTO eryxon.user_rule (entity, field, rule)
        VALUES (args ->> 'entity', args ->> 'field', args -> 'rule')
        ON CONFLICT (entity, field) DO UPDATE SET rule = excluded.rule;
    WHEN 'unmap' THEN
        DELETE FROM eryxon.user_rule u WHERE u.entity = args ->> 'entity' AND u.field = args ->> 'field';
        INSERT INTO eryxon.user_rule (entity, field, rule)
        SELECT s.entity, s.field, NULL FROM eryxon.shipped_rule s
         WHERE s.entity = args ->> 'entity' AND s.field = args ->> 'field';
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.apply_registry IS
'The writing part of write_registry(), run as the extension''s owner. Actions and their arguments: attach {entity, table (oid), singular, soft_delete, natural_key, events}, detach {entity}, map {entity, field, rule}, unmap {entity, field}.';
REVOKE EXECUTE ON FUNCTION eryxon.apply_registry(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.register(args jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.entity (entity, table_name, singular, soft_delete, natural_key, events, ordinal)
    SELECT args ->> 'entity', (args ->> 'table')::oid::regclass, args ->> 'singular',
           (args ->> 'soft_delete')::boolean,
           ARRAY(SELECT jsonb_array_elements_text(args -> 'natural_key')),
           (args ->> 'events')::boolean,
           coalesce((SELECT s.ordinal FROM eryxon.shipped_entity s WHERE s.entity = args ->> 'entity'),
                    (SELECT greatest(max(e.ordinal), 100) + 1 FROM eryxon.entity e))
    ON CONFLICT (entity) DO UPDATE
       SET table_name = excluded.table_name, singular = excluded.singular, soft_delete = excluded.soft_delete,
           natural_key = excluded.natural_key, events = excluded.events
$$;
COMMENT ON FUNCTION eryxon.register IS
'Enters an entity and its table, in place of an earlier entry of the same entity.';
REVOKE EXECUTE ON FUNCTION eryxon.register(jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.sync_columns() RETURNS TABLE (ordinal integer, name name, type regtype)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES (1, 'external_id'::name, 'text'::regtype), (2, 'external_source', 'text'), (3, 'synced_at', 'timestamptz'),
           (4, 'sync_hash', 'text'), (5, 'deleted_at', 'timestamptz'), (6, 'deleted_by', 'uuid')
$$;
COMMENT ON FUNCTION eryxon.sync_columns IS
'The columns that every attached table has for the sync.';

CREATE FUNCTION eryxon.has_column(table_name regclass, column_name name, type regtype) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = table_name AND a.attname = column_name AND a.atttypid = type
                      AND NOT a.attisdropped AND a.attgenerated = '')
$$;
COMMENT ON FUNCTION eryxon.has_column IS
'True if the table has a column of that type that can be written.';

CREATE FUNCTION eryxon.is_partitioned_by_tenant(table_name regclass) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT bool_and(CASE c.relkind WHEN 'r' THEN true
                                   WHEN 'p' THEN p.partnatts = 1 AND a.attname IS NOT DISTINCT FROM 'tenant_id'
                                   ELSE false END)
      FROM pg_partition_tree(table_name) t
      JOIN pg_class c ON c.oid = t.relid
      LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
$$;
COMMENT ON FUNCTION eryxon.is_partitioned_by_tenant IS
'True if a partitioned table, and each partition that is partitioned again, is so by tenant_id alone, and its leaves are plain tables.';

CREATE FUNCTION eryxon.why_not_attachable(table_name regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
           WHEN c.relkind NOT IN ('r', 'p') THEN 'is not a table'
           WHEN c.relpersistence = 't' THEN 'is a temporary table'
           WHEN c.relispartition THEN 'is a partition'
           WHEN EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN 'inherits from another table'
           WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
               THEN 'has tables that inherit from it'
           WHEN EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
               THEN 'belongs to an extension'
           WHEN NOT eryxon.has_column(table_name, 'id', 'uuid') THEN 'has no column "id" of type uuid'
           WHEN NOT eryxon.has_column(table_name, 'tenant_id', 'uuid') THEN 'has no column "tenant_id" of type uuid'
           WHEN c.relkind = 'p' AND NOT eryxon.is_partitioned_by_tenant(table_name)
               THEN 'is not partitioned by tenant_id alone into plain tables'
           END
      FROM pg_class c WHERE c.oid = table_name
$$;
COMMENT ON FUNCTION eryxon.why_not_attachable IS
'Why the table cannot hold an entity, as the end of a sentence that begins with its name; NULL if it can.';

CREATE FUNCTION eryxon.check_owner(table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = table_name AND pg_has_role(c.relowner, 'USAGE')) THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', '', format('must be owner of table %s', table_name));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_owner IS
'Demands that the caller owns the table.';

CREATE FUNCTION eryxon.check_table(table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reason text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = table_name) THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42P01', 'table_name', format('table %s does not exist', table_name));
    END IF;
    PERFORM eryxon.check_owner(table_name);
    reason := eryxon.why_not_attachable(table_name);
    IF reason IS NOT NULL THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '0A000', 'table_name', format('cannot attach: %s %s', table_name, reason),
            'Attach a plain table, or one partitioned by tenant_id, with columns id uuid and tenant_id uuid.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_table IS
'Demands a table that exists, is the caller''s and can hold an entity.';

CREATE FUNCTION eryxon.check_entity_name(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF entity IS NULL OR entity !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'entity', format('invalid entity name %s', coalesce(to_json(entity)::text, 'null')),
            'An entity name has lower-case letters, digits and underscores, begins with a letter and is at most 48 characters long.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_entity_name IS
'Demands a well-formed entity name.';

CREATE FUNCTION eryxon.check_registration(entity text, table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    other record;
BEGIN
    SELECT e.entity, e.table_name INTO other
      FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name
     WHERE (e.entity = check_registration.entity) <> (e.table_name = check_registration.table_name)
     ORDER BY e.entity <> check_registration.entity LIMIT 1;
    IF other.entity = entity THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42710', 'entity',
            format('entity "%s" is already attached to table %s', entity, other.table_name),
            format('Call eryxon_detach(%L) first.', entity));
    ELSIF FOUND THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42710', 'table_name',
            format('table %s is already attached as entity "%s"', table_name, other.entity),
            format('Call eryxon_detach(%L) first.', other.entity));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_registration IS
'Refuses an entity that has another table, and a table that has another entity.';

CREATE FUNCTION eryxon.check_attach_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['soft_delete', 'natural_key', 'singular', 'events']);
    PERFORM eryxon.check_option_type(options, 'soft_delete', 'boolean');
    PERFORM eryxon.check_option_type(options, 'events', 'boolean');
    PERFORM eryxon.check_option_type(options, 'singular', 'string');
    PERFORM eryxon.check_option_type(options, 'natural_key', 'array');
    IF options ->> 'singular' !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'singular', 'option "singular" must be a name like that of an entity');
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(options -> 'natural_key') WHEN 'array' THEN options -> 'natural_key' END) AS k
                WHERE jsonb_typeof(k) <> 'string' OR k #>> '{}' !~ '^[a-z][a-z0-9_]{0,47}$') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'natural_key', 'option "natural_key" must be an array of field names');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_attach_options IS
'Checks the names and JSON types of attach options.';

CREATE FUNCTION eryxon.attach_settings(entity text, table_name regclass, options jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('soft_delete', true, 'natural_key', '[]'::jsonb, 'events', NULL,
                              'singular', regexp_replace(entity, '(.)s$', '\1'))
        || coalesce((SELECT jsonb_build_object('singular', s.singular, 'natural_key', s.natural_key)
                       FROM eryxon.shipped_entity s WHERE s.entity = $1), '{}')
        || coalesce((SELECT jsonb_build_object('singular', e.singular, 'natural_key', e.natural_key,
                                               'soft_delete', e.soft_delete, 'events', e.events)
                       FROM eryxon.entity e WHERE e.entity = $1 AND e.table_name = $2), '{}')
        || jsonb_strip_nulls(options)
        || jsonb_build_object('entity', entity, 'table', table_name::oid)
$$;
COMMENT ON FUNCTION eryxon.attach_settings IS
'What to register: the options that were sent over those of an earlier attach over the defaults.';

CREATE FUNCTION eryxon.check_sync_column(table_name regclass, wanted_name name, wanted_type regtype) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
BEGIN
    SELECT t.atttypid::regtype AS type, t.attgenerated <> '' AS generated, t.attnotnull, coalesce(c.collisdeterministic, true) AS exact
      INTO a FROM pg_attribute t LEFT JOIN pg_collation c ON c.oid = t.attcollation
     WHERE t.attrelid = table_name AND t.attname = wanted_name AND NOT t.attisdropped;
    IF a.type <> wanted_type THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42804', wanted_name, format('column "%s" of table %s has type %s, not %s',
            wanted_name, table_name, a.type, wanted_type), 'Change the type of the column, or rename the column.');
    ELSIF a.generated OR NOT a.exact OR a.attnotnull AND wanted_name IN ('deleted_at', 'deleted_by') THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '0A000', wanted_name, format('column "%s" of table %s %s', wanted_name, table_name,
            CASE WHEN a.generated THEN 'is generated' WHEN a.attnotnull AND a.exact THEN 'is NOT NULL'
                 ELSE 'has a nondeterministic collation' END));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_sync_column IS
'Demands that a sync column that is there has the right type and can be written.';

CREATE FUNCTION eryxon.add_columns(table_name regclass) RETURNS text[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text[];
    clauses text;
BEGIN
    PERFORM eryxon.check_sync_column(table_name, s.name, s.type) FROM eryxon.sync_columns() s;
    SELECT array_agg(s.name::text ORDER BY s.ordinal), string_agg(format('ADD COLUMN %I %s', s.name, s.type), ', ' ORDER BY s.ordinal)
      INTO missing, clauses
      FROM eryxon.sync_columns() s
     WHERE NOT EXISTS (SELECT FROM pg_attribute a
                        WHERE a.attrelid = table_name AND a.attname = s.name AND NOT a.attisdropped);
    IF missing IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s %s', table_name, clauses);
    END IF;
    RETURN coalesce(missing, '{}');
END
$$;
COMMENT ON FUNCTION eryxon.add_columns IS
'Checks the sync columns that the table has and adds the others, whose names it returns.';

CREATE FUNCTION eryxon.find_key_index(table_name regclass) RETURNS name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.relname
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = table_name AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
       AND i.indnkeyatts = 3
       AND (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
             WHERE a.attrelid = table_name AND a.attnum = ANY (i.indkey[0:2]::smallint[]))
           = '{external_id,external_source,tenant_id}'::name[]
       AND coalesce(pg_get_expr(i.indpred, i.indrelid), '(external_id IS NOT NULL)') = '(external_id IS NOT NULL)'
     ORDER BY i.indpred IS NOT NULL, c.relname LIMIT 1
$$;
COMMENT ON FUNCTION eryxon.find_key_index IS
'Name of a valid unique index on the external key, full or of the rows that have one; NULL if there is none.';

CREATE FUNCTION eryxon.ensure_key_index(table_name regclass) RETURNS name
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF eryxon.find_key_index(table_name) IS NULL THEN
        EXECUTE format('CREATE UNIQUE INDEX ON %s (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL', table_name);
    END IF;
    RETURN eryxon.find_key_index(table_name);
END
$$;
COMMENT ON FUNCTION eryxon.ensure_key_index IS
'Finds or makes the unique index on the external key.';

CREATE FUNCTION eryxon.ensure_trigger(table_name regclass, trigger_name name, event text, function regprocedure, wanted boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    present boolean := EXISTS (SELECT FROM pg_trigger t
                                WHERE t.tgrelid = table_name AND t.tgname = trigger_name AND t.tgfoid = function);
BEGIN
    IF wanted AND NOT present THEN
        EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION %s', trigger_name, event, table_name, function);
        EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION eryxon_sync', trigger_name, table_name);
    ELSIF present AND NOT wanted THEN
        EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, table_name);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.ensure_trigger IS
'Makes, or drops, one of the triggers on the table, so that it is there exactly if wanted.';

CREATE FUNCTION eryxon.ensure_triggers(table_name regclass, soft_delete boolean) RETURNS text[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    partitioned boolean := (SELECT c.relkind = 'p' FROM pg_class c WHERE c.oid = table_name);
BEGIN
    PERFORM eryxon.ensure_trigger(table_name, 'zz_eryxon_soft_delete', 'DELETE', 'eryxon.soft_delete()', soft_delete);
    PERFORM eryxon.ensure_trigger(table_name, 'zz_eryxon_note_move', 'UPDATE OF tenant_id', 'eryxon.note_move()',
                                  soft_delete AND partitioned);
    RETURN ARRAY(SELECT t.tgname::text FROM pg_trigger t
                  WHERE t.tgrelid = table_name AND t.tgfoid IN ('eryxon.soft_delete()'::regprocedure, 'eryxon.note_move()'::regprocedure)
                  ORDER BY t.tgname);
END
$$;
COMMENT ON FUNCTION eryxon.ensure_triggers IS
'Brings the triggers of soft deletes on or off and returns the names of those that are on.';
