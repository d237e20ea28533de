-- Looking at a table that is to hold an entity.

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
'True if a table is partitioned, at every level, by tenant_id alone, and its leaves are plain tables.';

CREATE FUNCTION eryxon.is_distributed(table_name regclass) RETURNS boolean
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found boolean := false;
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
        EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid = $1)' INTO found
            USING table_name;
    END IF;
    RETURN found;
END
$$;
COMMENT ON FUNCTION eryxon.is_distributed IS
'True if Citus keeps the table''s rows on other servers, where no trigger of ours fires.';

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
           WHEN eryxon.is_distributed(table_name) THEN 'is distributed over several servers'
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
    reason   text;
    nullable name;
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
    SELECT a.attname INTO nullable FROM pg_attribute a
     WHERE a.attrelid = table_name AND a.attname IN ('id', 'tenant_id')
       AND (NOT a.attnotnull OR EXISTS (SELECT FROM pg_constraint c  -- from PostgreSQL 18 on, NOT NULL may be NOT VALID
                                         WHERE c.conrelid = a.attrelid AND c.contype = 'n'
                                             AND c.conkey = ARRAY[a.attnum] AND NOT c.convalidated))
     ORDER BY a.attname LIMIT 1;
    IF FOUND THEN
        PERFORM eryxon.fail('NOT_NULL', '23502', nullable, format('cannot attach: column "%s" of table %s allows nulls',
            nullable, table_name), format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', table_name, nullable));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_table IS
'Demands a table that exists, is the caller''s and can hold an entity.';

CREATE FUNCTION eryxon.check_sync_column(table_name regclass, wanted_name name, wanted_type regtype) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
BEGIN
    SELECT t.atttypid::regtype AS type, t.attgenerated <> '' AS generated, t.attnotnull,
           coalesce(c.collisdeterministic, true) AS exact
      INTO a FROM pg_attribute t LEFT JOIN pg_collation c ON c.oid = t.attcollation
     WHERE t.attrelid = table_name AND t.attname = wanted_name AND NOT t.attisdropped;
    IF a.type <> wanted_type THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42804', wanted_name,
            format('column "%s" of table %s has type %s, not %s', wanted_name, table_name, a.type, wanted_type),
            'Change the type of the column, or rename the column.');
    ELSIF a.generated OR NOT a.exact OR a.attnotnull AND wanted_name IN ('deleted_at', 'deleted_by') THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '0A000', wanted_name,
            format('column "%s" of table %s %s', wanted_name, table_name,
            CASE WHEN a.generated THEN 'is generated' WHEN a.attnotnull AND a.exact THEN 'is NOT NULL'
                 ELSE 'has a nondeterministic collation' END));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_sync_column IS
'Demands that a sync column that is there has the right type and can be written.';

-- The predicate is compared as text, whose form is not the session's to choose.
CREATE FUNCTION eryxon.find_key_index(table_name regclass) RETURNS name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
    SELECT c.relname
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = table_name AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
       AND i.indnkeyatts = 3
       AND (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
             WHERE a.attrelid = table_name AND a.attnum = ANY (i.indkey[0:2]::smallint[]))
           = '{external_id,external_source,tenant_id}'::name[]
       AND NOT EXISTS (SELECT FROM pg_collation c WHERE c.oid = ANY (i.indcollation::oid[])
           AND NOT c.collisdeterministic)
       AND coalesce(pg_get_expr(i.indpred, i.indrelid), '(external_id IS NOT NULL)') = '(external_id IS NOT NULL)'
     ORDER BY i.indpred IS NOT NULL, c.relname LIMIT 1
$$;
COMMENT ON FUNCTION eryxon.find_key_index IS
'Name of a valid unique index on the external key, full or of the rows that have one; NULL if there is none.';
