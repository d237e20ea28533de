-- What the extension writes as jsonb has the very bytes that jsonb's own input makes, on the page as pageinspect shows
-- it: values of a column, by json and by jsonb, and answers. Random ones too: ERYXON_SEED sets the seed.
SET client_min_messages = warning;
CREATE EXTENSION pageinspect;
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
SELECT FROM eryxon_create_tables() \g /dev/null
\set seed `echo "${ERYXON_SEED:-31}"`
SELECT plan(14);
SELECT diag('seed ' || :'seed');
SELECT setseed((:'seed'::bigint % 10000)::float8 / 10000) \g /dev/null

-- One of the texts.
CREATE FUNCTION one_of(VARIADIC texts text[]) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT texts[1 + floor(random() * cardinality(texts))::int] $$;

-- Some digits; the first is not 0.
CREATE FUNCTION digits(most int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(CASE WHEN n = 1 THEN 1 + floor(random() * 9) WHEN random() < 0.3 THEN 0
        ELSE floor(random() * 10) END::text, '')
      FROM generate_series(1, 1 + floor(random() * most)::int) n
$$;

CREATE FUNCTION random_number() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT one_of('', '-') || one_of('0', digits(3), digits(9), digits(19), digits(45))
        || one_of('', '', '.0', '.000000', '.' || digits(4), '.0000' || digits(9), '.' || digits(40) || '00')
        || one_of('', '', '', '', 'e' || floor(random() * 60 - 30)::int, 'E+' || floor(random() * 400)::int)
$$;

CREATE FUNCTION random_string() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT '"' || coalesce(string_agg(one_of('a', 'b', 'Z', '_', ' ', 'é', '€', '😀', '\n', '\"', '\\', '\u00e9',
        '\uD83D\uDE00', '/', '\/'), ''), '') || '"'
      FROM generate_series(1, floor(random() * random() * 30)::int)
$$;

-- A JSON text, with names that repeat and white space.
CREATE FUNCTION random_json(depth int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind int := CASE WHEN depth <= 0 THEN floor(random() * 5) ELSE floor(random() * 9) END;
    length int := floor(random() * random() * CASE depth WHEN 3 THEN 80 ELSE 12 END);
BEGIN
    IF kind < 3 THEN RETURN CASE WHEN random() < 0.5 THEN random_number() ELSE random_string() END; END IF;
    IF kind < 5 THEN RETURN one_of('true', 'false', 'null'); END IF;
    IF kind < 7 THEN
        RETURN '[' || coalesce((SELECT string_agg(random_json(depth - 1), one_of(',', ' , '))
            FROM generate_series(1, length)), '') || ']';
    END IF;
    RETURN '{' || coalesce((SELECT string_agg(random_string() || one_of(':', ' : ') || random_json(depth - 1), ',')
        FROM generate_series(1, length)), '') || '}';
END
$$;

-- Arrays and objects around the places where offsets stand instead of lengths.
CREATE FUNCTION long_array(length int, item text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT '[' || coalesce(string_agg(format(item, n), ','), '') || ']' FROM generate_series(1, length) n $$;
CREATE FUNCTION long_object(length int, item text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT '{' || coalesce(string_agg(format('"%s":' || item, n), ','), '') || '}'
    FROM generate_series(length, 1, -1) n $$;

CREATE TABLE sent (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text NOT NULL, j jsonb);
INSERT INTO sent (t) VALUES
    ('true'), ('false'), ('""'), ('"x"'), ('"\u00e9\n"'), ('{}'), ('[]'), ('[[]]'), ('[{}]'), ('{"":""}'), ('{"a":{}}'),
        ('{"a":[]}'),
    ('[null,true,false]'), ('["a",1,"bc",2,"def",3,"ghij",4]'), ('["a",[1],"bc",{"x":2},[],{}]'),
    ('{"b":1,"a":2,"bb":3,"aa":4,"B":5,"é":6,"z":7,"":8,"€":9,"😀":10,"ab":11}'), ('{"a":1,"b":2,"a":3}'),
        ('{"\u0061":1,"a":"2"}');
INSERT INTO sent (t) SELECT unnest('{0,-0,0.0,-0.00,1,-1,9999,10000,10001,99999999,100000000,1.5,1.50,1.500000,-1.5,
    0.1,0.0001,0.00010000,0.00001,123456789012345678,1234567890123456789,
    -99999999999999999999999999999999999999,99999999999999999999999999999999999999,
    999999999999999999999999999999999999999,
    0.00000000000000000000000000000000000001,0.000000000000000000000000000000000000001,
    10000.0001,1000000000000.0000000000001,1e0,1E5,1e-5,1.20e3,1.5e400,1e-400,-2e1000,0e10,0.0e-3}'::text[]);
INSERT INTO sent (t) SELECT repeat('9', length) || point FROM unnest('{37,38,255,256,257,5000}'::int[]) length,
    unnest('{"",.5}'::text[]) point;
INSERT INTO sent (t) SELECT '0.' || repeat('0', length) || '7'
    FROM unnest('{35,36,37,61,62,63,250,260,5000}'::int[]) length;
INSERT INTO sent (t) SELECT long_array(length, item) FROM unnest('{1,2,31,32,33,63,64,65,500}'::int[]) length,
    unnest(ARRAY['%s', '"%s"', '[%s]', '{"x":"%s"}', 'null']) item;
INSERT INTO sent (t) SELECT long_object(length, item)
    FROM unnest('{1,2,15,16,17,24,25,31,32,33,64,65,500}'::int[]) length,
    unnest(ARRAY['%1$s1', '"x"', '[1]', '{"x":1.5}', 'true']) item;
INSERT INTO sent (t) SELECT repeat('[', 900) || '1' || repeat(']', 900);
INSERT INTO sent (t) SELECT '["' || repeat('long', 20000) || '", 1]';
INSERT INTO sent (t) SELECT random_json(3) FROM generate_series(1, 500);
UPDATE sent SET t = format('{"v":%s}', t) WHERE t NOT LIKE '{%';
UPDATE sent SET j = t::jsonb;
VACUUM FULL sent;

-- The bytes of a column, by place on the page.
CREATE FUNCTION bytes_of(relation regclass, name text) RETURNS TABLE (place tid, bytes bytea) LANGUAGE sql AS $$
    SELECT format('(%s,%s)', page, i.lp)::tid, i.t_attrs[a.attnum]
      FROM generate_series(0, pg_relation_size(relation) / current_setting('block_size')::int - 1) page,
           pg_attribute a, heap_page_item_attrs(get_raw_page(relation::text, page), relation, true) i
     WHERE a.attrelid = relation AND a.attname = name AND i.t_attrs IS NOT NULL
$$;
CREATE VIEW expected AS SELECT s.n, s.t, s.j, b.bytes FROM sent s JOIN bytes_of('sent', 'j') b ON b.place = s.ctid;
CREATE VIEW written AS
    SELECT job_number::int AS n, j.metadata AS j, b.bytes FROM jobs j JOIN bytes_of('jobs', 'metadata') b
        ON b.place = j.ctid;

-- The records that carry the values.
CREATE FUNCTION payload() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT '[' || string_agg(format('{"external_id":"%1$s","external_source":"S","job_number":"%1$s","metadata":%2$s}',
        n, t), ',' ORDER BY n) || ']' FROM sent
$$;

CREATE TABLE answers (number int, made jsonb, again jsonb);
INSERT INTO answers (number, made) SELECT 1, eryxon_bulk_upsert_json('jobs', payload()::json);
SELECT is((SELECT (made ->> 'created')::int FROM answers), (SELECT count(*)::int FROM sent), 'all values are taken');
SELECT is_empty('SELECT left(e.t, 200), e.bytes, w.bytes FROM expected e LEFT JOIN written w USING (n) '
                'WHERE w.bytes IS DISTINCT FROM e.bytes LIMIT 3', 'json: the bytes are those of the cast');
SELECT is_empty('SELECT n, e.t FROM expected e JOIN written w USING (n) WHERE NOT (w.j = e.j AND w.j @> e.j '
                'AND jsonb_hash_extended(w.j, 7) = jsonb_hash_extended(e.j, 7)) LIMIT 3',
                'json: equal, contained and of one hash');
SELECT is_empty('SELECT n, key FROM expected e JOIN written w USING (n), '
                'jsonb_each(CASE jsonb_typeof(e.j) WHEN ''object'' THEN e.j ELSE ''{}'' END) each '
                'WHERE w.j -> key IS DISTINCT FROM each.value LIMIT 3', 'json: every name is found');
INSERT INTO answers (number, made) SELECT 2, eryxon_bulk_upsert('jobs', payload()::jsonb);
SELECT is((SELECT (made ->> 'skipped')::int FROM answers WHERE number = 2), (SELECT count(*)::int FROM sent),
    'the same as jsonb: nothing differs');
TRUNCATE jobs CASCADE;
INSERT INTO answers (number, made) SELECT 3, eryxon_bulk_upsert('jobs', payload()::jsonb);
SELECT is_empty('SELECT left(e.t, 200), e.bytes, w.bytes FROM expected e LEFT JOIN written w USING (n) '
                'WHERE w.bytes IS DISTINCT FROM e.bytes LIMIT 3', 'jsonb: the bytes are those of the cast');
CREATE INDEX ON jobs USING gin (metadata);
SET enable_seqscan = off;
SELECT is((SELECT array_agg(n ORDER BY n) FROM written WHERE j @> '{"33": {"x": 1.50}}'),
    (SELECT array_agg(n ORDER BY n) FROM sent WHERE j @> '{"33": {"x": 1.50}}'),
          'an index finds the same');
RESET enable_seqscan;

-- Answers: errors with shown values, warnings, children, a diff, a single record, deletes.
INSERT INTO answers (number, made) VALUES
    (4, eryxon_bulk_upsert_json('jobs', '[1, {"external_id":"1"}, {"external_id":"e","external_source":"S",'
                                        '"job_number":"e","due_date":"31-12-2026 \u00e9\""},
        {"external_id":"f","external_source":"S","job_number":"f","priority":1.50,"due_date":12.70,"nonsense":null},
        {"external_id":"g","external_source":"s","job_number":"g","parts":[{"external_id":"p","external_source":"S",
          "part_number":"p","quantity":2}]}]')),
    (5, eryxon_diff('{"jobs":[{"external_id":"2","external_source":"S","job_number":"2","metadata":{"x":[1.50]},'
                    '"customer":"c"}],"parts":[]}')),
    (6, eryxon_sync('{"jobs":[{"external_id":"2","external_source":"S","job_number":"2","customer":"c"}]}',
        '{"results":"errors"}')),
    (7, eryxon_upsert('jobs', '{"external_id":"3","external_source":"S","job_number":"3","customer":"c"}')),
    (8, eryxon_delete_external('jobs', 'S', '3', false));
INSERT INTO answers (number, made) SELECT 9, error_details FROM eryxon.sync_run WHERE errors > 0;
UPDATE answers SET again = made::text::jsonb;
VACUUM FULL answers;
SELECT is((SELECT count(*)::int FROM answers WHERE made IS NOT NULL), 9, 'all calls answered');
SELECT is_empty($$ SELECT number FROM answers a JOIN bytes_of('answers', 'made') m ON m.place = a.ctid
    JOIN bytes_of('answers', 'again') t ON t.place = a.ctid
                   WHERE m.bytes IS DISTINCT FROM t.bytes $$, 'answers: the bytes are those of their text');
SELECT is((SELECT made #> '{results,2,details,0,value}' FROM answers WHERE number = 4), '"31-12-2026 \u00e9\""',
    'a shown string');
SELECT ok((SELECT made @> '{"results":[{"external_id":"g","warnings":[{"code":"SOURCE_CASE"}],'
                          '"children":{"parts":{"created":1}}}]}' FROM answers WHERE number = 4),
    'warnings and children');
SELECT is((SELECT made #> '{results,0,details,0,value}' FROM answers WHERE number = 4), '1', 'a shown number');
SELECT is((SELECT made #> '{entities,jobs,results,0,changes}' FROM answers
    WHERE number = 5) @> '[{"field":"customer","old":null,"new":"c"}]', true, 'a diff');
SELECT is((SELECT made - 'id' FROM answers WHERE number = 8),
    '{"action":"deleted","hard":false,"children":{"operations":0,"parts":0}}', 'a delete');
SELECT * FROM finish();
