-- Adding to a table what the sync needs: columns, the index on the external key, triggers.

CREATE FUNCTION eryxon.add_columns(table_name regclass) RETURNS text[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text[];
    clauses text;
BEGIN
    PERFORM eryxon.check_sync_column(table_name, s.name, s.type) FROM eryxon.sync_columns() s;
    SELECT array_agg(s.name::text ORDER BY s.ordinal),
           string_agg(format('ADD COLUMN %I %s', s.name, s.type), ', ' ORDER BY s.ordinal)
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

CREATE FUNCTION eryxon.ensure_key_index(table_name regclass) RETURNS name
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF eryxon.find_key_index(table_name) IS NULL THEN
        EXECUTE format('CREATE UNIQUE INDEX ON %s (tenant_id, external_source, external_id) '
                       'WHERE external_id IS NOT NULL', table_name);
    END IF;
    RETURN eryxon.find_key_index(table_name);
END
$$;
COMMENT ON FUNCTION eryxon.ensure_key_index IS
'Finds or makes the unique index on the external key.';

CREATE FUNCTION eryxon.ensure_trigger(table_name regclass, trigger_name name, event text, function regprocedure,
                                      wanted boolean, level text DEFAULT 'BEFORE %s ON %s FOR EACH ROW') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    present boolean := EXISTS (SELECT FROM pg_trigger t
                                WHERE t.tgrelid = table_name AND t.tgname = trigger_name AND t.tgfoid = function);
BEGIN
    IF wanted AND NOT present THEN
        EXECUTE format('CREATE TRIGGER %I ' || level || ' EXECUTE FUNCTION %s', trigger_name, event, table_name,
            function);
        EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION eryxon_sync', trigger_name, table_name);
    ELSIF present AND NOT wanted THEN
        EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, table_name);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.ensure_trigger IS
'Makes, or drops, one of the triggers on the table, so that it is there exactly if wanted.';

CREATE FUNCTION eryxon.ensure_capture(table_name regclass, wanted boolean) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.ensure_trigger(table_name, 'zz_eryxon_capture', 'INSERT OR UPDATE OR DELETE',
        'eryxon.begin_capture()', wanted, 'BEFORE %s ON %s FOR EACH STATEMENT');
    SELECT eryxon.ensure_trigger(table_name, 'zz_eryxon_capture_' || lower(t.event), t.event, 'eryxon.write_events()',
        wanted, 'AFTER %s ON %s REFERENCING ' || t.rows || ' FOR EACH STATEMENT')
      FROM (VALUES ('INSERT', 'NEW TABLE AS new_rows'),
                   ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
                   ('DELETE', 'OLD TABLE AS old_rows')) AS t(event, rows)
$$;
COMMENT ON FUNCTION eryxon.ensure_capture IS
'Brings the triggers that capture events on or off. A trigger with transition tables has one event.';

CREATE FUNCTION eryxon.ensure_triggers(table_name regclass, soft_delete boolean, events boolean) RETURNS text[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    partitioned boolean := (SELECT c.relkind = 'p' FROM pg_class c WHERE c.oid = table_name);
BEGIN
    PERFORM eryxon.ensure_trigger(table_name, 'zz_eryxon_soft_delete', 'DELETE', 'eryxon.soft_delete()', soft_delete);
    PERFORM eryxon.ensure_trigger(table_name, 'zz_eryxon_note_move', 'UPDATE', 'eryxon.note_move()',
                                  soft_delete AND partitioned);
    -- Triggers for each statement are not inherited: each partition has its own.
    PERFORM eryxon.ensure_trigger(t.relid, 'zz_eryxon_soft_delete_noted', 'DELETE', 'eryxon.soft_delete_noted()',
                                  soft_delete, 'AFTER %s ON %s FOR EACH STATEMENT')
       FROM (SELECT table_name AS relid UNION SELECT p.relid FROM pg_partition_tree(table_name) p) t;
    PERFORM eryxon.ensure_capture(table_name, events);
    RETURN ARRAY(SELECT t.tgname::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                  WHERE t.tgrelid = table_name AND p.pronamespace = 'eryxon'::regnamespace
                    AND p.proname IN ('soft_delete', 'soft_delete_noted', 'note_move', 'begin_capture', 'write_events')
                  ORDER BY t.tgname);
END
$$;
COMMENT ON FUNCTION eryxon.ensure_triggers IS
'Brings the triggers of soft deletes and events on or off and returns the names of those that are on.';

CREATE FUNCTION eryxon.keep_updated_at() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_keep_updated_at';
COMMENT ON FUNCTION eryxon.keep_updated_at IS
'BEFORE UPDATE FOR EACH ROW of the tables of eryxon_create_tables(), where the statement itself did not change
updated_at: has lists with updated_since see changes by whomever.';
