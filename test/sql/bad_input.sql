-- Input that is wrong, by jsonb and by json text, one record and many: a clear error each, and nothing written.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_bad_input TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_bad_input
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

-- What a call says: its errors as "[index] CODE sqlstate path: message", one a line, else its counts.
CREATE FUNCTION spoken(r jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('[%s] %s %s %s: %s', x ->> 'index', d ->> 'constraint', x ->> 'sqlstate',
        d ->> 'path', d ->> 'message'), E'\n' ORDER BY (x ->> 'index')::int, n),
                    r ->> 'action', format('created %s updated %s', coalesce(r -> 'summary', r) ->> 'created',
                        coalesce(r -> 'summary', r) ->> 'updated'))
      FROM jsonb_array_elements(coalesce(r -> 'results', r #> '{entities,jobs,results}')) x,
           jsonb_array_elements(x -> 'details') WITH ORDINALITY t(d, n)
$$;
-- The same of a statement that may raise: then "sqlstate CODE path: message".
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
    detail text;
    hint text;
BEGIN
    EXECUTE statement INTO answer;
    RETURN spoken(answer);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    IF detail NOT LIKE '[%' THEN
        RETURN format('%s %s', sqlstate, sqlerrm);
    END IF;
    RETURN format('%s %s', sqlstate,
        (SELECT string_agg(format('%s %s: %s', d ->> 'constraint', d ->> 'path', d ->> 'message'), E'\n      '
        ORDER BY n)
                                        FROM jsonb_array_elements(detail::jsonb) WITH ORDINALITY t(d, n)))
        || CASE WHEN hint <> '' THEN E'\n      hint: ' || hint ELSE '' END;
END
$$;
-- Bulk calls by both paths, the second only where it differs; a single call of the first element where asked for.
CREATE FUNCTION bulk(payload text, options text DEFAULT '{}', entity text DEFAULT 'jobs') RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    as_jsonb text := attempt(format('SELECT eryxon_bulk_upsert(%L, %L, %L)', entity, payload, options));
    as_json  text := attempt(format('SELECT eryxon_bulk_upsert_json(%L, %L, %L)', entity, payload, options));
BEGIN
    RETURN NEXT as_jsonb;
    IF as_json <> as_jsonb THEN
        RETURN NEXT 'json: ' || as_json;
    END IF;
END
$$;
CREATE FUNCTION one(payload text, options text DEFAULT '{}', entity text DEFAULT 'jobs') RETURNS text LANGUAGE sql AS $$
    SELECT attempt(format('SELECT eryxon_upsert(%L, %L, %L)', entity, payload, options))
$$;
CREATE FUNCTION sync(payload text, options text DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT attempt(format('SELECT eryxon_sync(%L, %L)', payload, options))
$$;
CREATE FUNCTION written() RETURNS text LANGUAGE sql AS $$
    SELECT format('jobs %s parts %s runs with rows %s', (SELECT count(*) FROM jobs), (SELECT count(*) FROM parts),
                  (SELECT count(*) FROM eryxon.sync_run WHERE created + updated + restored + deleted > 0))
$$;
\pset format unaligned
\pset tuples_only on

-- Not an array; not objects.
SELECT bulk(p)
    FROM unnest('{"\"x\"",7,null,true,"{}","{\"parts\":[]}","{\"items\":{}}","{\"items\":[],\"jobs\":[]}"}'::text[]) p;
SELECT bulk('[1, "x", null, [], true, {}]');
SELECT one(p) FROM unnest('{[],"\"x\"",7,null,"{}"}'::text[]) p;
SELECT sync(p)
    FROM unnest('{[],"\"x\"",null,"{\"jobs\":{}}","{\"jobs\":null}","{\"jobs\":[7]}","{\"nothing\":[]}"}'::text[]) p;
SELECT bulk(NULL), one(NULL), sync(NULL);
SELECT bulk('[]'), sync('{}');
SELECT written();

-- No JSON; what jsonb does not take.
SELECT bulk(p) FROM unnest(ARRAY['', '[', '[{"external_id":}]', '[{}] x', '{"items":[{"external_id":"1"}', '[01]',
    '[nul]', '["' || chr(9) || '"]']) p;
SELECT bulk(format('[{"external_id":"J","external_source":"S","job_number":"%s"}]', t))
  FROM unnest(ARRAY['a\u0000b', '\ud800', '\udc00\ud800', '\ud800\u0041', '\u12', '\x']) t;
SELECT bulk(format('[{"external_id":"J","external_source":"S","job_number":"J","%s":1}]', t))
    FROM unnest(ARRAY['\u0000', '\ud800']) t;
SELECT bulk(format('[{"external_id":"J","external_source":"S","job_number":"J","metadata":{"n":%s}}]', n))
  FROM unnest(ARRAY['1e200000', '-1e200000', '1e131072', '1e99999999999999999999']) n;
SELECT attempt(format('SELECT eryxon_bulk_upsert(''jobs'', convert_from(%L, ''UTF8'')::jsonb)', '\x5b22ff225d'::bytea));
SELECT attempt(format('SELECT eryxon_bulk_upsert_json(''jobs'', convert_from(%L, ''UTF8'')::json)',
    '\x5b22ff225d'::bytea));
SELECT written();

-- Nesting 100,000 levels deep, in the payload and in a value.
SELECT DISTINCT left(b, 80) FROM unnest(ARRAY[repeat('[', 100000) || repeat(']', 100000),
    '[{"external_id":"J","external_source":"S","job_number":"J","metadata":' || repeat('{"a":', 100000) || '1'
        || repeat('}', 100000) || '}]']) p, bulk(p) b;
SELECT left(one('{"external_id":"J","external_source":"S","job_number":"J","metadata":' || repeat('{"a":', 100000)
    || '1' || repeat('}', 100000) || '}'), 80);
SELECT bulk('[{"external_id":"J","external_source":"S","job_number":"J","metadata":' || repeat('{"a":', n) || '1'
    || repeat('}', n) || '}]', '{"dry_run":true}')
  FROM unnest('{900,1100}'::int[]) n;
SELECT written();

-- Many faults of one record are told together, with their paths.
SELECT bulk('[{"external_id":"J-1","external_source":" S","job_number":"","customer":7.5,"due_date":"2026-02-30",'
            '"priority":"12abc","status":"done","metadata":[]},
              {"external_source":"S","job_number":"1"}, {"external_id":"J-2","job_number":"2"}, {"external_id":"",
                "external_source":null},
              {"external_id":{},"external_source":[]}, {"external_id":1.5,"external_source":true}]');
SELECT one('{"external_id":"J-1","external_source":" S","job_number":"","customer":true,"due_date":"31-12-2026",'
           '"priority":-1,"status":null,"metadata":"x"}');
SELECT bulk('[{"external_id":"P-1","external_source":"S"}, {"external_id":"P-2","external_source":"S",'
            '"part_number":null,"quantity":"2.5x","is_bullet_card":"yes","file_paths":[1,null],"job_id":"17"},
              {"external_id":"P-3","external_source":"S","part_number":"3","quantity":0,"file_paths":"a",
                "job_external_id":{}}]', '{}', 'parts');
SELECT bulk('[{"external_id":"O-1","external_source":"S","operation_name":"x","part_id":"not-a-uuid","cell_id":7,'
            '"assigned_operator_id":"me","sequence":0,"estimated_time":-1,"setup_time":"1h"}]', '{}', 'operations');
SELECT bulk('[{"external_id":"C-1","external_source":"S","name":"x","color":"red","wip_limit":99999999999,'
            '"capacity_hours_per_day":"8,5","active":"on","sequence":1e400}]', '{}', 'cells');
SELECT bulk('[{"external_id":"J","external_source":"S","job_number":"J","parts":[{"part_number":"1"},7,'
            '{"external_id":"P","part_number":"1","operations":[{"external_id":"O","cell_name":"x"},null]}]},
              {"external_id":"K","external_source":"S","job_number":"K","parts":{}}, {"external_id":"L",
                "external_source":"S","job_number":"L","parts":[{"external_id":"P","part_number":"P",
                  "job_external_id":"other"}]}]');
SELECT bulk('[{"external_id":"J","external_source":"S","_op":"drop"}, {"external_id":"J","external_source":"S",'
            '"_op":1}, {"external_id":"J","external_source":"S","_x":1}]');
SELECT written();

-- Options: unknown ones, wrong values, wrong types.
SELECT bulk('[]', o) FROM unnest(ARRAY['{"on_eror":"abort"}', '{"on_error":"stop"}', '{"on_error":1}',
    '{"dry_run":"yes"}', '{"mode":""}', '{"max_errors":-1}',
    '{"max_errors":1.5}', '{"client_ref":7}', '{"results":["all"]}', '[]', '7', '"x"', '{"Mode":"create"}',
        '{"mode\u0020":"create"}']) o;
SELECT one('{"external_id":"J","external_source":"S","job_number":"J"}',
    '{"tenant_id":"a0000000-0000-4000-8000-000000000002"}');
SELECT sync('{"jobs":[]}', '{"x":1}');
SELECT attempt($$SELECT eryxon_diff('{"jobs":[]}', '{"mode":"x"}')$$);
SELECT written();

-- Names of entities and fields never become SQL.
SELECT bulk('[]', '{}', e) FROM unnest(ARRAY['Jobs', '', 'jobs"; DROP TABLE jobs; --', 'jobs''', 'public.jobs',
    'pg_class', repeat('x', 5000)]) e;
SELECT bulk('[]', '{}', NULL);
SELECT sync('{"jobs\"; DROP TABLE jobs; --":[]}');
SELECT bulk($$[{"external_id":"J","external_source":"S","job_number":"J",
    "customer\"=null; DROP TABLE jobs; --":"x","x' OR ''='":1,"":2,"$1":3}]$$, '{"unknown_fields":"error"}');
SELECT attempt($$SELECT eryxon_delete_external('jobs', 'S', 'J''; DROP TABLE jobs; --')$$);
SELECT attempt($$SELECT eryxon_map_field('jobs', 'x"y', '{}')$$);
SELECT eryxon_map_field('jobs', 'x', '{"column": "no\"; DROP TABLE jobs; --"}');
SELECT jsonb_path_query(eryxon_upsert('jobs', '{"external_id":"J","external_source":"S","job_number":"J","x":"y"}',
    '{"dry_run":true}'), '$.warnings[*]');
SELECT eryxon_unmap_field('jobs', 'x');
SELECT one('{"external_id":"J","external_source":"S","job_number":"J","x":"y"}', '{"unknown_fields":"error"}');
SELECT written();

-- What no record may say.
SELECT bulk('[{"external_id":"J","external_source":"S","job_number":"J",'
            '"tenant_id":"a0000000-0000-4000-8000-000000000002","id":"a0000000-0000-4000-8000-000000000003",'
            '"sync_hash":"x","deleted_at":"2020-01-01"}]', '{"unknown_fields":"error"}');
SELECT written();

-- Ids of another tenant, in every reference.
INSERT INTO jobs (id, tenant_id, job_number)
    VALUES ('10000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002', 'X');
INSERT INTO parts (id, tenant_id, job_id, part_number) VALUES
    ('20000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002',
        '10000000-0000-4000-8000-000000000001', 'X');
INSERT INTO cells (id, tenant_id, name, external_source, external_id) VALUES
    ('30000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002', 'X', 'S', 'X'),
    ('30000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'Saw', 'S', 'Saw');
SELECT bulk('[{"external_id":"P-1","external_source":"S","part_number":"P",'
            '"job_id":"10000000-0000-4000-8000-000000000001"}]', '{}', 'parts');
SELECT bulk('[{"external_id":"O-1","external_source":"S","operation_name":"O",'
            '"part_id":"20000000-0000-4000-8000-000000000001","cell_name":"Saw"},
              {"external_id":"O-2","external_source":"S","operation_name":"O",
                "part_id":"20000000-0000-4000-8000-000000000001","cell_id":"30000000-0000-4000-8000-000000000001"},
              {"external_id":"O-3","external_source":"S","operation_name":"O",
                "part_id":"20000000-0000-4000-8000-000000000001","cell_external_id":"X"},
              {"external_id":"O-4","external_source":"S","operation_name":"O",
                "part_id":"20000000-0000-4000-8000-000000000001","cell_name":"X"}]', '{}', 'operations');
SELECT bulk('[{"external_id":"J","external_source":"S","job_number":"J","parts":[{"external_id":"P","part_number":"P",'
            '"parent_part_id":"20000000-0000-4000-8000-000000000001"}]}]');
SELECT attempt($$SELECT eryxon_delete('jobs', '10000000-0000-4000-8000-000000000001')$$);
SELECT attempt($$SELECT eryxon_delete('jobs', '10000000-0000-4000-8000-000000000001', true)$$);
SELECT attempt($$SELECT eryxon_restore('jobs', '10000000-0000-4000-8000-000000000001')$$);
SELECT attempt($$SELECT eryxon_delete_external('cells', 'S', 'X')$$);
SELECT count(*) FROM cells WHERE deleted_at IS NULL;
SELECT written();

-- A cell that is out of use is not found by name, only by its key; what is unchanged is not looked up again.
SELECT eryxon_sync('{"cells":[{"external_id":"C-OLD","external_source":"S","name":"Old"}],'
                   '"jobs":[{"external_id":"J-OLD","external_source":"S","job_number":"J-OLD",'
                   '"parts":[{"external_id":"P-OLD","part_number":"P","operations":[{"external_id":"O-OLD",'
                   '"operation_name":"O","cell_name":"Old"}]}]}]}') -> 'summary' ->> 'created';
UPDATE cells SET active = false WHERE external_id = 'C-OLD';
SELECT bulk('[{"external_id":"O-OLD","external_source":"S","operation_name":"O","part_external_id":"P-OLD",'
            '"cell_name":"Old"},
              {"external_id":"O-OLD2","external_source":"S","operation_name":"O2","part_external_id":"P-OLD",
                "cell_name":"Old"},
              {"external_id":"O-OLD3","external_source":"S","operation_name":"O3","part_external_id":"P-OLD",
                "cell_external_id":"C-OLD"}]', '{}', 'operations');

-- Of duplicate keys the last one wins, by both paths, unless records are lost with the others; else nothing of this is
-- an error.
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"a","external_id":"D-1","external_source":"S","job_number":"x",'
                                  '"job_number":"D1","customer":"A","customer":null}]') ->> 'created';
SELECT eryxon_bulk_upsert_json('jobs', '[{"external_id":"a","external_id":"D-1","external_source":"S",'
                                       '"job_number":"x","job_number":"D1","customer":"A","customer":null}]')
    ->> 'skipped';
SELECT eryxon_bulk_upsert_json('jobs', '{"items":[{"external_id":"x"}],"items":[{"external_id":"D-1",'
                                       '"external_source":"S","job_number":"D1","customer":null}]}') ->> 'skipped';
SELECT external_id, job_number, customer FROM jobs WHERE external_source = 'S';

-- Where records stand twice, that record alone is refused; what is no record, in metadata say, is as jsonb would have
-- it.
SELECT r - '{id,external_source}'::text[]
    FROM jsonb_array_elements(eryxon_bulk_upsert_json('jobs', '[{"external_id":"T-1","external_source":"S",'
    '"job_number":"T1","parts":[{"external_id":"T-P1","part_number":"1"}],"parts":null},
    {"external_id":"T-2","external_source":"S","job_number":"T2","metadata":{"lines":[{"a":1}],"lines":[{"a":2}]}}]')
    -> 'results') AS r;
SELECT external_id, metadata FROM jobs WHERE external_id LIKE 'T-%';

-- A detached entity, and a table that was dropped behind the registry's back.
SELECT eryxon_detach('resources');
SELECT bulk('[]', '{}', 'resources');
SELECT sync('{"resources":[]}');
SELECT attempt($$SELECT eryxon_delete_external('resources', 'S', 'R')$$);
DROP TABLE operations CASCADE;
SELECT bulk('[{"external_id":"O"}]', '{}', 'operations');
SELECT attempt($$SELECT eryxon_delete_external('operations', 'S', 'R')$$);
SELECT attempt($$SELECT eryxon_describe('operations')$$);
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"E","external_source":"S","job_number":"E",'
                                  '"parts":[{"external_id":"E","part_number":"E",'
                                  '"operations":[{"external_id":"E"}]}]}]')
       #> '{results,0,warnings}';
SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id":"E","external_source":"S","job_number":"E","parts":[{"external_id":"E","part_number":"E"}]}]')
    ->> 'skipped';
SELECT eryxon_delete_external('jobs', 'S', 'E') - 'id';
SELECT eryxon_status() #> '{entities,operations}';
SELECT eryxon_detach('operations');
SELECT bulk('[]', '{}', 'operations');

\c :home
DROP DATABASE eryxon_bad_input;
