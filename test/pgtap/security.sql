-- docs/security.md tells every function that runs with other rights than its caller's, and what nobody may call.
SET client_min_messages = warning;
SELECT plan(8);
CREATE TEMP TABLE doc (n serial, line text);
\copy doc (line) FROM PROGRAM 'cat "$ERYXON_FILES/../../docs/security.md"' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
-- The first cells of the tables below a heading.
CREATE FUNCTION pg_temp.listed(heading text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT m[1] FROM doc d, regexp_matches(split_part(d.line, '|', 2), '`([^`]+)`', 'g') m
     WHERE d.line LIKE '| `%' AND heading = (SELECT h.line FROM doc h WHERE h.n < d.n AND h.line LIKE '## %'
         ORDER BY h.n DESC LIMIT 1)
$$;
CREATE TEMP VIEW member AS
    SELECT p.* FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        AND d.deptype = 'e'
      JOIN pg_extension x ON x.oid = d.refobjid AND x.extname = 'eryxon_sync';

SELECT set_eq($$ SELECT oid::regprocedure::text FROM member WHERE prosecdef $$,
              $$ SELECT regexp_replace(l, ', ', ',', 'g') FROM pg_temp.listed('## SECURITY DEFINER functions') l $$,
                  'the SECURITY DEFINER functions');
SELECT set_eq($$ SELECT proname::text FROM member
    WHERE prosrc IN ('eryxon_call_for_tenant', 'eryxon_call_for_administrator', 'eryxon_call_as_caller') $$,
              $$ SELECT pg_temp.listed('## Functions with the owner''s rights for the caller''s tenant') $$,
                  'the functions that find the tenant first');
SELECT is_empty($$ SELECT oid::regprocedure FROM member WHERE (prosecdef OR proargnames[2] = 'caller')
                      AND NOT coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false) $$,
                          'what runs with other rights pins search_path');
SELECT is_empty($$ SELECT oid::regprocedure FROM member WHERE prosecdef AND proname <> 'key_id'
    AND has_function_privilege('public', oid, 'EXECUTE') $$, 'PUBLIC may call none of them');
SELECT is_empty($$ SELECT oid::regprocedure FROM member WHERE proargnames[2] = 'caller'
    AND has_function_privilege('public', oid, 'EXECUTE') $$, 'nor what is called for the tenant');
SELECT is_empty($$ SELECT s.oid::regprocedure FROM member s
                    WHERE s.prosrc IN ('eryxon_call_for_tenant', 'eryxon_call_for_administrator',
                        'eryxon_call_as_caller')
                      AND NOT EXISTS (SELECT FROM member i WHERE i.pronamespace = 'eryxon'::regnamespace
                                         AND i.proname = regexp_replace(s.proname, '^eryxon_', '')
                                             AND i.prorettype = s.prorettype
                                         AND i.proargtypes::text = trim('2950 19 ' || s.proargtypes::text)) $$,
                                             'each has its inner function');
SELECT set_eq($$ SELECT r.relname::text FROM pg_class r JOIN pg_depend d ON d.classid = 'pg_class'::regclass
    AND d.objid = r.oid AND d.deptype = 'e'
                  WHERE r.relnamespace = 'eryxon'::regnamespace AND r.relkind IN ('r', 'v', 'S')
                      AND has_table_privilege('public', r.oid, 'SELECT') $$,
              ARRAY['entity', 'field', 'shipped_entity', 'shipped_rule', 'user_rule', 'sync_run', 'csv_rejected'],
                  'what PUBLIC may read');
SELECT is_empty($$ SELECT r.relname FROM pg_class r WHERE r.relnamespace = 'eryxon'::regnamespace AND r.relkind = 'r'
                      AND has_table_privilege('public', r.oid,
                          'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') $$, 'PUBLIC may write nothing');
SELECT * FROM finish();
