-- A file of jobs, and the same records as JSON. Variable: `lines`.
CALL bench.make_bodies('csv json', 1, :lines);

-- What a member holds, as a cell.
CREATE FUNCTION bench.cell(v json) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '"' || replace(v #>> '{}', '"', '""') || '"'
$$;

INSERT INTO bench.body
SELECT 'csv', 1, records, (SELECT string_agg(name, ',' ORDER BY place) FROM json_object_keys(body::json -> 0)
    WITH ORDINALITY k(name, place)) || E'\n' ||
       (SELECT string_agg((SELECT string_agg(bench.cell(value), ',' ORDER BY place)
           FROM json_each(record) WITH ORDINALITY m(name, value, place)), E'\n' ORDER BY n)
          FROM json_array_elements(body::json) WITH ORDINALITY r(record, n))
  FROM bench.body WHERE name = 'csv json';
