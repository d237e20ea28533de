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
                           ELSE 'trigger "%s" is AFTER DELETE: it sees no rows of a soft delete' END
                      || '; have it fire on UPDATE OF deleted_at, too', t.tgname))
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

CREATE FUNCTION eryxon.deleted_by_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('DELETED_BY_REFERS', 'deleted_by',
               format('foreign key "%s" of "deleted_by" refers to %s: a user who has deleted rows cannot be removed '
                      'there as long as the rows stand', c.conname, c.confrelid::regclass))
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
     WHERE c.conrelid = table_name AND c.contype = 'f' AND a.attname = 'deleted_by'
       AND c.confdeltype NOT IN ('n', 'd')
     ORDER BY c.conname
$$;
COMMENT ON FUNCTION eryxon.deleted_by_warnings IS
'Foreign keys by which a soft delete keeps its user from being removed.';

CREATE FUNCTION eryxon.function_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('FUNCTION_DELETES', p.oid::regprocedure::text,
               format('function %1$s deletes from the table: its DELETE becomes a soft delete; ALTER FUNCTION %1$s SET '
                      'eryxon.hard_delete = on makes it a real one', p.oid::regprocedure))
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_proc p ON p.prosrc ~* format(E'\\mdelete\\s+from\\s+(only\\s+)?("?%s"?\\.)?"?%s\\M', n.nspname, c.relname)
      JOIN pg_namespace f ON f.oid = p.pronamespace
     WHERE c.oid = table_name AND c.relname ~ '^[A-Za-z0-9_]+$' AND n.nspname ~ '^[A-Za-z0-9_]+$'
       AND f.nspname NOT IN ('pg_catalog', 'information_schema', 'eryxon', 'eryxon_api')
       AND NOT 'eryxon.hard_delete=on' = ANY (coalesce(p.proconfig, '{}'))
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                                                 AND d.deptype = 'e')
     ORDER BY 1
$$;
COMMENT ON FUNCTION eryxon.function_warnings IS
'Functions whose text deletes from the table, and that have not said what they mean by it.';

CREATE FUNCTION eryxon.row_security_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH api AS (SELECT coalesce(nullif(current_setting('eryxon.api_role', true), ''), 'eryxon_api') AS role)
    SELECT eryxon.warning('POLICY_UNAWARE', '',
               format('row security is on, and no policy looks at eryxon_tenant_id(): callers with an API key see no '
                      'row; CREATE POLICY eryxon_api ON %s TO %I USING (tenant_id = eryxon_tenant_id()) lets them',
                      table_name, api.role))
      FROM pg_class c CROSS JOIN api
     WHERE c.oid = table_name AND c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_policy p
                        WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r')
                          AND (0 = ANY (p.polroles)
                               OR EXISTS (SELECT FROM pg_roles r
                                           WHERE r.rolname = api.role
                                             AND EXISTS (SELECT FROM unnest(p.polroles) AS o
                                                          WHERE pg_has_role(r.oid, o, 'MEMBER'))))
                          AND (pg_get_expr(p.polqual, p.polrelid) ~ E'\\meryxon_tenant_id\\M'
                               OR pg_get_expr(p.polqual, p.polrelid) = 'true'))
$$;
COMMENT ON FUNCTION eryxon.row_security_warnings IS
'Tables with row security whose policies know nothing of the tenant of an API key.';

CREATE FUNCTION eryxon.natural_key_warnings(entity text, table_name regclass, natural_key jsonb) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH own AS (
        SELECT array_agg(eryxon.rule_column(k, coalesce(f.rule, '{}'))) AS names
          FROM jsonb_array_elements_text($3) AS k
          LEFT JOIN eryxon.field f ON f.entity = $1 AND f.field = k)
    SELECT eryxon.warning('UNIQUE_WIDER', c.relname,
               format('unique index "%s" covers more rows than the natural key (%s): the same %s in two of them is '
                      'refused', c.relname, array_to_string(own.names, ', '), array_to_string(k.names, ', ')))
      FROM own
      JOIN pg_index i ON i.indrelid = $2 AND i.indisunique AND i.indexprs IS NULL
      JOIN pg_class c ON c.oid = i.indexrelid
     CROSS JOIN LATERAL (SELECT array_agg(a.attname::text) AS names FROM pg_attribute a
                          WHERE a.attrelid = i.indrelid AND a.attname <> 'tenant_id'
                            AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]::smallint[])) k
     WHERE k.names <@ own.names AND NOT own.names <@ k.names
     ORDER BY c.relname
$$;
COMMENT ON FUNCTION eryxon.natural_key_warnings IS
'Unique indexes over part of the entity''s natural key: they forbid what the key allows.';

CREATE FUNCTION eryxon.attach_warnings(entity text, table_name regclass, settings jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(w ORDER BY w ->> 'code', w ->> 'path'), '[]')
      FROM (SELECT w.*
              FROM (SELECT eryxon.policy_warnings(table_name)
                    UNION ALL SELECT eryxon.silent_trigger_warnings(table_name)
                    UNION ALL SELECT eryxon.unique_warnings(table_name)
                    UNION ALL SELECT eryxon.deleted_by_warnings(table_name)) AS w
             WHERE settings -> 'soft_delete' <> 'false'
            UNION ALL SELECT w.* FROM eryxon.function_warnings(table_name) AS w
             WHERE settings -> 'soft_delete' = 'true'
            UNION ALL SELECT eryxon.row_security_warnings(table_name)
            UNION ALL SELECT eryxon.natural_key_warnings(entity, table_name, settings -> 'natural_key')
            UNION ALL SELECT eryxon.deferred_warnings(table_name)
            UNION ALL SELECT eryxon.updated_at_warnings(table_name)
            UNION ALL SELECT eryxon.persistence_warnings(table_name)) AS all_warnings(w)
$$;
COMMENT ON FUNCTION eryxon.attach_warnings IS
'All warnings for a table.';
