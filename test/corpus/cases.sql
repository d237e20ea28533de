-- Runs the cases of the folder in the environment variable CORPUS_KIND, each in a transaction that is rolled back.
SET client_min_messages = warning;
\set cases `cat "$CORPUS_KIND/expected.json"`
\set files `cd "$CORPUS_KIND" && for file in *; do echo "$file $(od -An -v -tx1 "$file" | tr -d ' \n')"; done`
CREATE TEMP TABLE file AS
    SELECT split_part(line, ' ', 1) AS name, decode(split_part(line, ' ', 2), 'hex') AS content
      FROM regexp_split_to_table(:'files', '\n') line;
CREATE TEMP TABLE a_case AS
    SELECT number, body, body ->> 'file' AS file, format('%s: %s', :'kind', body ->> 'name') AS name
      FROM jsonb_array_elements(:'cases') WITH ORDINALITY e(body, number);

-- Says how a case ended, for the runner to count.
CREATE FUNCTION pg_temp.told(number bigint, show boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    one a_case := (SELECT c FROM a_case c WHERE c.number = told.number);
    content bytea := (SELECT f.content FROM file f WHERE f.name = one.file);
    common bytea := (SELECT f.content FROM file f WHERE f.name = 'before.sql');
    outcome record;
BEGIN
    IF common IS NOT NULL THEN EXECUTE convert_from(common, 'UTF8'); END IF;
    IF one.file IS NOT NULL AND content IS NULL THEN
        RETURN NEXT format('not ok - %s: no file %s', one.name, one.file);
        RETURN;
    END IF;
    SELECT * INTO outcome FROM corpus.run_case(one.body, content);
    RETURN NEXT format('%s - %s', CASE WHEN outcome.difference IS NULL THEN 'ok' ELSE 'not ok' END, one.name);
    IF outcome.difference IS NOT NULL THEN RETURN NEXT '    ' || outcome.difference; END IF;
    IF show OR outcome.difference IS NOT NULL THEN
        RETURN NEXT '    answer: ' || left(outcome.answer::text, 4000);
    END IF;
END $$;

SELECT format('not ok - %s: no case has the file %s', :'kind', name)
  FROM file WHERE name NOT IN ('expected.json', 'before.sql')
   AND name NOT IN (SELECT file FROM a_case WHERE file IS NOT NULL);
SELECT unnest(ARRAY['BEGIN', format('SELECT pg_temp.told(%s, %L)', number, :'show'), 'ROLLBACK'])
  FROM a_case ORDER BY number \gexec
