-- The files of test/csv, each with what cases.json says must come out: counts, the lines that fail, rows, the file of
-- rejected lines. ERYXON_FILES names the folder.
SET client_min_messages = warning;
\set cases `cat "$ERYXON_FILES/cases.json"`
\set files `cd "$ERYXON_FILES" && for file in *.csv; do echo "$file $(od -An -v -tx1 "$file" | tr -d ' \n')"; done`
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT FROM eryxon_create_tables() \g /dev/null

CREATE TEMP TABLE file AS
    SELECT split_part(line, ' ', 1) AS name, decode(split_part(line, ' ', 2), 'hex') AS content
        FROM regexp_split_to_table(:'files', '\n') line;
CREATE TEMP TABLE wanted AS
    SELECT number, c ->> 'file' AS file, c ->> 'entity' AS entity, c -> 'options' AS options, c
      FROM jsonb_array_elements(:'cases') WITH ORDINALITY e(c, number);

-- What an import answers, as cases.json writes it.
CREATE FUNCTION pg_temp.told(entity text, content bytea, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    answer := eryxon_import_csv_bytes(entity, content, options);
    RETURN jsonb_build_object('run', answer -> 'run_id', 'created', answer -> 'created', 'skipped', answer -> 'skipped',
        'errors',
        (SELECT coalesce(jsonb_object_agg(r ->> 'line', r -> 'code'), '{}')
            FROM jsonb_array_elements(answer -> 'results') r WHERE r ->> 'action' = 'error'));
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN jsonb_build_object('refused', SQLERRM);
END $$;

-- The row with an external id; null if there is none.
CREATE FUNCTION pg_temp.row_of(entity text, external_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE external_id = $1', entity) INTO found USING external_id;
    RETURN found;
END $$;

CREATE TEMP TABLE outcome AS
    SELECT w.*, pg_temp.told(entity, content, options) AS first, pg_temp.told(entity, content, options) AS second
      FROM wanted w JOIN file f ON f.name = w.file ORDER BY number;

SELECT plan((2 + 2 * (SELECT count(*) FROM outcome) + (SELECT count(*) FROM outcome WHERE c ? 'rejected'))::integer);
SELECT is_empty('SELECT name FROM file WHERE name NOT IN (SELECT file FROM wanted)', 'each file has a case');
SELECT is_empty('SELECT file FROM wanted WHERE number NOT IN (SELECT number FROM outcome)', 'each case has a file');
SELECT is(CASE WHEN c ? 'refused' THEN jsonb_build_array(first -> 'refused')
    ELSE jsonb_build_array(first -> 'created', first -> 'errors', second -> 'skipped') END,
          CASE WHEN c ? 'refused' THEN jsonb_build_array(c -> 'refused')
              ELSE jsonb_build_array(c -> 'created', coalesce(c -> 'errors', '{}'), c -> 'created') END,
          format('%s, case %s: created, lines that fail, skipped the second time', file, number))
  FROM outcome ORDER BY number;
SELECT is((SELECT jsonb_object_agg(key, pg_temp.row_of(entity, key)) FROM jsonb_each(c -> 'rows')) @> (c -> 'rows'),
    CASE WHEN c ? 'rows' THEN true END, format('%s, case %s: rows', file, number))
  FROM outcome ORDER BY number;
SELECT is((SELECT array_agg(substr(line, strpos(line, ',' || first_cell || ',') + 1) ORDER BY n)
             FROM regexp_split_to_table(eryxon_csv_rejected((first ->> 'run')::uuid), '\r?\n')
                 WITH ORDINALITY l(line, n),
                  LATERAL split_part(c -> 'rejected' ->> (n - 2)::integer, ',', 1) first_cell WHERE n > 1
                      AND line <> ''),
          ARRAY(SELECT jsonb_array_elements_text(c -> 'rejected')), format('%s: the file of rejected lines', file))
  FROM outcome WHERE c ? 'rejected' ORDER BY number;
SELECT * FROM finish();
