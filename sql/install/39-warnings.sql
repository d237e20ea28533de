-- What a user should know of an attached table: what does not go well with soft deletes and per-record errors.

CREATE FUNCTION eryxon.warning(code text, path text, message text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('code', code, 'path', path, 'message', message)
$$;
COMMENT ON FUNCTION eryxon.warning IS
'One warning of eryxon_attach().';

CREATE FUNCTION eryxon.policy_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('POLICY_HIDES_DELETED', p.polname,
               format('policy "%s" looks at deleted_at: the roles it applies to cannot restore deleted rows that it '
                      'hides', p.polname))
      FROM pg_policy p
      JOIN pg_attribute a ON a.attrelid = p.polrelid AND a.attname = 'deleted_at'
     WHERE p.polrelid = table_name AND p.polcmd IN ('r', 'w', '*')
       AND p.polqual IS NOT NULL AND pg_get_expr(p.polqual, p.polrelid) ~ E'\\mdeleted_at\\M'
       AND EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                      AND d.refobjid = table_name AND d.refobjsubid = a.attnum)
     ORDER BY p.polname
$$;
COMMENT ON FUNCTION eryxon.policy_warnings IS
'Policies that look at deleted_at: where they hide deleted rows, these are neither found nor restored.';

CREATE FUNCTION eryxon.silent_trigger_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('TRIGGER_SILENT', t.tgname,
               format(CASE WHEN t.tgtype & 1 = 1 THEN 'trigger "%s" is AFTER DELETE: it does not fire on a soft delete'
                           ELSE 'trigger "%s" is AFTER DELETE: it sees no rows of a soft delete' END, t.tgname))
      FROM pg_trigger t
     WHERE t.tgrelid = table_name AND NOT t.tgisinternal
       AND t.tgtype & 8 = 8 AND t.tgtype & (2 | 64) = 0
       AND t.tgfoid NOT IN ('eryxon.soft_delete_noted()'::regprocedure, 'eryxon.write_events()'::regprocedure)
     ORDER BY t.tgname
$$;
COMMENT ON FUNCTION eryxon.silent_trigger_warnings IS
'AFTER DELETE triggers: those per row do not fire on a soft delete, those per statement see no rows.';

CREATE FUNCTION eryxon.unique_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('UNIQUE_COUNTS_DELETED', c.relname,
               format('unique index "%s" counts deleted rows: their values stay taken', c.relname))
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
     CROSS JOIN LATERAL (SELECT coalesce(array_agg(a.attname), '{}') AS names FROM pg_attribute a
                          WHERE a.attrelid = i.indrelid AND a.attnum = ANY (
                              i.indkey[0:i.indnkeyatts - 1]::smallint[])) k
     WHERE i.indrelid = table_name AND (i.indisunique OR i.indisexclusion)
       AND NOT k.names @> '{id}' AND NOT k.names @> '{tenant_id,external_source,external_id}'
       AND NOT k.names @> '{deleted_at}'
       AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') !~ E'\\mdeleted_at\\M'
     ORDER BY c.relname
$$;
COMMENT ON FUNCTION eryxon.unique_warnings IS
'Unique and exclusion indexes that also count deleted rows, so that a natural key stays taken after a soft delete.';

CREATE FUNCTION eryxon.deferred_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('CONSTRAINT_DEFERRED', c.conname,
               format('constraint "%s" is initially deferred: where it fails, the whole transaction fails, not one '
                      'record', c.conname))
      FROM pg_constraint c
     WHERE c.conrelid = table_name AND c.condeferred
     ORDER BY c.conname
$$;
COMMENT ON FUNCTION eryxon.deferred_warnings IS
'Constraints that are checked at the end of the transaction, when no record can be blamed any more.';

CREATE FUNCTION eryxon.keeps_updated_at(table_name regclass) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                    WHERE t.tgrelid = table_name AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                      AND t.tgtype & (1 | 2 | 16) = (1 | 2 | 16)
                      AND (p.prosrc ~ E'\\mupdated_at\\M' OR p.proname = 'moddatetime'
                          OR p.oid = 'eryxon.keep_updated_at()'::regprocedure))
$$;
COMMENT ON FUNCTION eryxon.keeps_updated_at IS
'True if a BEFORE UPDATE trigger for each row seems to set updated_at.';

CREATE FUNCTION eryxon.updated_at_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('UPDATED_AT_NOT_KEPT', 'updated_at',
               CASE WHEN eryxon.has_column(table_name, 'updated_at', 'timestamptz')
                    THEN 'no trigger keeps "updated_at": lists with updated_since miss changes by others than the '
                         'sync, the change feed has them'
                    ELSE 'there is no column "updated_at": lists with updated_since miss changes by others than the '
                         'sync, the change feed has them'
               END)
     WHERE NOT eryxon.keeps_updated_at(table_name) OR NOT eryxon.has_column(table_name, 'updated_at', 'timestamptz')
$$;
COMMENT ON FUNCTION eryxon.updated_at_warnings IS
'Tables of which updated_since cannot tell what others than the sync changed.';

CREATE FUNCTION eryxon.persistence_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('UNLOGGED', '',
               format('table %s is unlogged: a crash of the server empties it, while history and events say that its '
                      'rows are there', t.relid::regclass))
      FROM (SELECT table_name AS relid UNION SELECT p.relid FROM pg_partition_tree(table_name) p) t
      JOIN pg_class c ON c.oid = t.relid
     WHERE c.relpersistence = 'u'
$$;
COMMENT ON FUNCTION eryxon.persistence_warnings IS
'Tables and partitions that do not survive a crash.';

CREATE FUNCTION eryxon.attach_warnings(table_name regclass, soft_delete boolean) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(w ORDER BY w ->> 'code', w ->> 'path'), '[]')
      FROM (SELECT eryxon.policy_warnings(table_name) WHERE soft_delete
            UNION ALL SELECT eryxon.silent_trigger_warnings(table_name) WHERE soft_delete
            UNION ALL SELECT eryxon.unique_warnings(table_name) WHERE soft_delete
            UNION ALL SELECT eryxon.deferred_warnings(table_name)
            UNION ALL SELECT eryxon.updated_at_warnings(table_name)
            UNION ALL SELECT eryxon.persistence_warnings(table_name)) AS all_warnings(w)
$$;
COMMENT ON FUNCTION eryxon.attach_warnings IS
'All warnings for a table.';
