-- Random values of many types through capture, the outbox and the feed: what to_jsonb() shows is told, what is too
-- large, too deep or no JSON is said to be left out, and neither the statement nor another tenant's feed ever fails.
-- ERYXON_SEED repeats a run.
SET client_min_messages = error;
SET TimeZone = 'UTC';
\set seed 17
\getenv seed ERYXON_SEED
\set one 'a0000000-0000-4000-8000-000000000001'
\set two 'a0000000-0000-4000-8000-000000000002'
SELECT plan(9);
SELECT diag('seed ' || :'seed'), setseed((:'seed'::bigint % 1000000) / 1000000.0) \g (tuples_only=on) /dev/null

CREATE TYPE pg_temp.point3 AS (x double precision, label text, parts numeric[]);
CREATE DOMAIN pg_temp.short_name AS text CHECK (length(VALUE) < 100000);
CREATE DOMAIN pg_temp.positive_point AS pg_temp.point3;
CREATE TYPE pg_temp.shade AS ENUM ('light', 'dark');

-- A random item of an array.
CREATE FUNCTION pg_temp.pick(items anyarray) RETURNS anyelement LANGUAGE sql AS $$
    SELECT items[1 + floor(random() * cardinality(items))::integer] $$;
CREATE FUNCTION pg_temp.some_text() RETURNS text LANGUAGE sql AS $$
    SELECT repeat(pg_temp.pick('{a,"",é,𝄞,"\"","\\\\","long line ",0,"\u0001"}'::text[]),
        pg_temp.pick('{0,1,2,7,100,9000,65536,70000}'::integer[])) || pg_temp.pick('{"",z}'::text[]) $$;
CREATE FUNCTION pg_temp.some_number() RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.pick('{0,-0,1.50,1e3,-1e-7,1e400,12345678901234567890.123,0.1e-16000,9007199254740993,'
                        '1e131000}'::text[]) $$;
-- Random JSON text: deep, wide, with keys that come twice, or large.
CREATE FUNCTION pg_temp.some_json(level integer DEFAULT 0) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    kind  integer := floor(random() * 10);
    depth integer;
BEGIN
    IF level = 0 AND kind = 9 THEN
        depth := pg_temp.pick('{49,50,51,60,998,3000}'::integer[]);
        RETURN repeat('[', depth) || repeat(']', depth);
    ELSIF level = 0 AND kind = 8 THEN
        depth := pg_temp.pick('{10,49,52,900}'::integer[]);
        RETURN repeat('{"k":', depth) || 'null' || repeat('}', depth);
    ELSIF level > 4 OR kind < 3 THEN
        RETURN pg_temp.pick(ARRAY['null', 'true', '[]', '{}', pg_temp.some_number(),
            to_json(pg_temp.some_text())::text]);
    ELSIF kind < 6 THEN
        RETURN '[' || coalesce((SELECT string_agg(pg_temp.some_json(level + 1), ',')
            FROM generate_series(1, floor(random() * 4)::integer)), '') || ']';
    END IF;
    RETURN '{' || coalesce((SELECT string_agg(to_json(pg_temp.pick('{a,b,é,"with space",""}'::text[]))::text || ':'
        || pg_temp.some_json(level + 1), ',')
                              FROM generate_series(1, floor(random() * 5)::integer)), '') || '}';
END $$;
-- What to_jsonb() says, nothing where it raises.
CREATE FUNCTION pg_temp.shown(value anyelement) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce(to_jsonb(value), 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.depth(value jsonb) RETURNS integer LANGUAGE sql AS $$
    SELECT coalesce(max(sum), 0) FROM (SELECT sum(CASE c WHEN '[' THEN 1 WHEN '{' THEN 1 ELSE -1 END) OVER (ORDER BY n)
                                         FROM regexp_matches(regexp_replace(value::text, '"(\\.|[^"\\])*"', '', 'g'),
                                             '[][{}]', 'g') WITH ORDINALITY AS a(m, n), unnest(m) c) s $$;

CREATE TABLE things (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, n integer, doc json,
    docb jsonb, exact numeric, rough double precision,
    day date, moment timestamptz, hour timestamp, span interval, words text[], numbers numeric[], place pg_temp.point3,
        places pg_temp.point3[], domained pg_temp.positive_point,
    word pg_temp.short_name, title text, shade pg_temp.shade, bytes bytea, bits varbit, address inet, range numrange,
        vector tsvector, markup xml, yes boolean, fixed char(5));
CREATE TABLE made (LIKE things);
INSERT INTO made
SELECT gen_random_uuid(), :'one', n, (CASE n % 7 WHEN 0 THEN '{"a":"\u0000"}' WHEN 1 THEN '{"a":1,"a":2}' WHEN 2
    THEN '1e200000' ELSE pg_temp.some_json() END)::json, pg_temp.some_json()::jsonb,
       pg_temp.pick('{NaN,Infinity,-Infinity,0,1.500,1e131000,NULL}'::numeric[]),
           pg_temp.pick('{NaN,Infinity,-0,1e308,0.1,NULL}'::double precision[]),
       pg_temp.pick('{infinity,-infinity,2027-01-02,0044-03-15 BC,5874897-12-31,NULL}'::date[]),
           pg_temp.pick('{infinity,2027-01-02 03:04+02,4713-01-01 BC,294276-12-31,NULL}'::timestamptz[]),
       pg_temp.pick('{-infinity,2027-01-02 03:04:05.678901,NULL}'::timestamp[]),
           pg_temp.pick('{1 year -3 days,00:00:00.000001}'::interval[]),
       ARRAY[pg_temp.some_text(), NULL, pg_temp.some_text()],
           pg_temp.pick(ARRAY['{}', '{1,NULL}', '{NaN,1e131000}', array_fill(1, ARRAY[20000])::text])::numeric[],
       ROW('NaN', pg_temp.some_text(), '{1}')::pg_temp.point3, ARRAY[NULL, ROW(1, NULL, NULL)::pg_temp.point3],
           ROW(NULL, 'in', '{}')::pg_temp.point3::pg_temp.positive_point,
       left(pg_temp.some_text(), 99999)::pg_temp.short_name, pg_temp.some_text(),
           pg_temp.pick('{light,dark,NULL}'::pg_temp.shade[]),
           decode(repeat('00ff', pg_temp.pick('{0,1,40000}'::integer[])), 'hex'),
       repeat('10', pg_temp.pick('{0,3,100000}'::integer[]))::varbit, pg_temp.pick('{10.0.0.1,fe80::1/64}'::inet[]),
           pg_temp.pick('{empty,"[1,)","(NaN,]"}'::numrange[]), 'a:1 b:2A', '<a b="&lt;">x</a>',
       pg_temp.pick('{t,f,NULL}'::boolean[]), 'ab'
  FROM generate_series(1, 150) n;

SELECT eryxon_attach('things', 'things', '{"singular":"thing"}') \g /dev/null
SELECT eryxon_map_field('things', attname, '{}') FROM pg_attribute
 WHERE attrelid = 'things'::regclass AND attnum > 2 AND NOT attisdropped
     AND attname !~ '^(external|synced|sync|deleted)_' \g /dev/null
SELECT eryxon_create_tables() \g /dev/null
SET eryxon.capture_events = on;
SET eryxon.tenant_id = :'one';

SELECT lives_ok('INSERT INTO things SELECT * FROM made', 'random values are written with capture on');
INSERT INTO jobs (tenant_id, job_number) SELECT :'two', n FROM generate_series(1, 50) n;
SELECT lives_ok($$UPDATE things t SET docb = m.docb, doc = m.doc, title = m.title, words = m.words, exact = m.exact
    FROM made m WHERE m.n = 151 - t.n$$, 'and changed');
INSERT INTO jobs (tenant_id, job_number) SELECT :'two', n FROM generate_series(51, 100) n;
SELECT lives_ok('SELECT eryxon.position_events()', 'and positioned');
SELECT is((SELECT count(*) FROM eryxon.event_refused), 0::bigint, 'nothing had to be set aside');
SELECT is((SELECT count(*) FROM eryxon.event WHERE tenant_id = :'two'), 100::bigint,
    'the other tenant''s events are all there');

-- Each value of a new row as its event has it, and as it is.
CREATE TEMP TABLE compared AS
SELECT m.n, v.field, v.shown, c -> 'new' AS told, c #> '{omitted,new}' AS omitted, c IS NOT NULL AS there
  FROM made m
 CROSS JOIN LATERAL (VALUES ('doc', pg_temp.shown(m.doc)), ('docb', pg_temp.shown(m.docb)),
     ('exact', pg_temp.shown(m.exact)), ('rough', pg_temp.shown(m.rough)), ('day', pg_temp.shown(m.day)),
       ('moment', pg_temp.shown(m.moment)), ('hour', pg_temp.shown(m.hour)), ('span', pg_temp.shown(m.span)),
           ('words', pg_temp.shown(m.words)), ('numbers', pg_temp.shown(m.numbers)),
       ('place', pg_temp.shown(m.place)), ('places', pg_temp.shown(m.places)), ('domained', pg_temp.shown(m.domained)),
           ('word', pg_temp.shown(m.word)), ('title', pg_temp.shown(m.title)),
       ('shade', pg_temp.shown(m.shade)), ('bytes', pg_temp.shown(m.bytes)), ('bits', pg_temp.shown(m.bits)),
           ('address', pg_temp.shown(m.address)), ('range', pg_temp.shown(m.range)),
       ('vector', pg_temp.shown(m.vector)), ('markup', pg_temp.shown(m.markup)), ('yes', pg_temp.shown(m.yes)),
           ('fixed', pg_temp.shown(m.fixed))) AS v(field, shown)
  JOIN eryxon.event e ON e.row_id = m.id AND e.type = 'thing.created'
  LEFT JOIN jsonb_array_elements(e.changes) c ON c ->> 'field' = v.field;
SELECT is((SELECT string_agg(format('%s of %s: %s', field, n, left(told::text, 60)), E'\n') FROM compared
    WHERE told IS DISTINCT FROM shown AND omitted IS NULL AND shown <> 'null'), NULL,
          'what is told is what to_jsonb() shows');
SELECT is((SELECT string_agg(format('%s of %s: %s', field, n, left(shown::text, 60)), E'\n') FROM compared
            WHERE omitted::bigint <= 65536 AND octet_length(shown::text) <= 65000 AND pg_temp.depth(shown) <= 50), NULL,
                'what is left out is large, deep or no JSON');
SELECT is((SELECT string_agg(format('%s of %s: %s', field, n, octet_length(told::text)), E'\n') FROM compared
    WHERE octet_length(told::text) > 6 * 65536 + 1000 OR pg_temp.depth(told) > 50), NULL,
          'what is told is neither');
SELECT cmp_ok((SELECT count(*) FROM compared WHERE omitted IS NOT NULL), '>', 100::bigint,
    'both kinds were among them');
SELECT * FROM finish();
