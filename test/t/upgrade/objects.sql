-- One line for each thing that makes up the extension in this database, and for each trigger of attached tables: an upgraded database and a fresh one
-- give the same lines. \i it with tuples only.
SET search_path = pg_catalog, pg_temp;

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'eryxon_sync'
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';

-- Privileges in the order of their texts; those that the extension itself gave stand in pg_init_privs.
CREATE FUNCTION pg_temp.acl(aclitem[]) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest($1) a), 'default') $$;

SELECT 'object', pg_describe_object(m.classid, m.objid, 0), obj_description(m.objid, m.classid::regclass::name), pg_temp.acl(i.initprivs)
  FROM member m LEFT JOIN pg_init_privs i ON (i.classoid, i.objoid, i.objsubid) = (m.classid, m.objid, 0)
UNION ALL
SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid), pg_temp.acl(p.proacl)
  FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
UNION ALL
SELECT 'relation', c.oid::regclass::text, concat_ws(' ', c.relkind, c.relpersistence, c.reloptions, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
       CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END), pg_temp.acl(c.relacl)
  FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
UNION ALL
SELECT 'column', format('%s %s %s', c.oid::regclass, a.attnum, a.attname),
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attisdropped, pg_get_expr(d.adbin, d.adrelid)),
       pg_temp.acl(a.attacl)
  FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
UNION ALL
SELECT 'attribute', format('%s %s %s', c.oid::regclass, a.attnum, a.attname), format_type(a.atttypid, a.atttypmod), ''
  FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
UNION ALL
SELECT 'constraint', format('%s %s', n.conrelid::regclass, n.conname), pg_get_constraintdef(n.oid), ''
  FROM member m JOIN pg_constraint n ON m.classid = 'pg_class'::regclass AND n.conrelid = m.objid
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid::text
  FROM member m JOIN pg_index i ON m.classid = 'pg_class'::regclass AND i.indrelid = m.objid
UNION ALL
SELECT 'trigger', format('%s %s', t.tgrelid::regclass, t.tgname), pg_get_triggerdef(t.oid),
       (SELECT string_agg(d.deptype::text, '' ORDER BY d.deptype) FROM pg_depend d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid)
  FROM pg_trigger t WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy', format('%s %s', p.polrelid::regclass, p.polname), concat_ws(' ', p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid),
       pg_get_expr(p.polwithcheck, p.polrelid)), ''
  FROM pg_policy p
UNION ALL
SELECT 'dumped', c.table_id::regclass::text, c.condition, '' FROM pg_extension e, unnest(e.extconfig, e.extcondition) c(table_id, condition) WHERE e.extname = 'eryxon_sync'
UNION ALL
SELECT 'shipped', s.entity, s::text, '' FROM eryxon.shipped_entity s
UNION ALL
SELECT 'shipped', r.entity || '.' || r.field, r::text, '' FROM eryxon.shipped_rule r
 ORDER BY 1, 2, 3;
