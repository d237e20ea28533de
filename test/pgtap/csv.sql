-- Real CSV templates of an MES, imported into the extension's own tables: once, then unchanged.
-- They stand beside the checkout on some machines; ERYXON_CSV names their folder.
SET client_min_messages = warning;
\set present `test -f "$ERYXON_CSV/cells.csv" && echo true || echo false`
SELECT plan(11);
\if :present
\ir ../../script/lib/csv.psql
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
SELECT FROM eryxon_create_tables() \g /dev/null

\set cells `cat "$ERYXON_CSV/cells.csv"`
\set resources `cat "$ERYXON_CSV/resources.csv"`
\set jobs `cat "$ERYXON_CSV/jobs.csv"`
\set parts `cat "$ERYXON_CSV/parts.csv"`
\set operations `cat "$ERYXON_CSV/operations.csv"`
CREATE TEMP TABLE file (entity text, content text);
INSERT INTO file VALUES ('cells', :'cells'), ('resources', :'resources'), ('jobs', :'jobs'), ('parts', :'parts'),
    ('operations', :'operations');
CREATE TEMP TABLE loaded AS SELECT 1 AS pass, entity, eryxon_import_csv(entity, content) AS result FROM file;
INSERT INTO loaded SELECT 2, entity, eryxon_import_csv(entity, content) FROM file;

SELECT is((SELECT (result ->> 'created')::int FROM loaded l WHERE pass = 1 AND l.entity = w.entity), w.created,
          format('%s %s created', w.created, w.entity))
    FROM (VALUES ('cells', 6), ('resources', 6), ('jobs', 5), ('parts', 8), ('operations', 16)) w(entity, created);
SELECT is((SELECT jsonb_agg(result -> 'results') FROM loaded WHERE (result ->> 'errors')::int > 0), NULL, 'no errors');
SELECT is_empty($$
    SELECT c.external_id, p.external_id, l.name FROM csv_operations c
    LEFT JOIN operations o ON o.external_id = c.external_id
    LEFT JOIN parts p ON p.id = o.part_id
    LEFT JOIN cells l ON l.id = o.cell_id
    WHERE (p.external_id, l.name) IS DISTINCT FROM (c.part_external_id, c.cell_name) $$,
        'each operation is in its part and cell');
SELECT is_empty($$
    SELECT c.external_id, j.external_id FROM csv_parts c
    LEFT JOIN parts p ON p.external_id = c.external_id
    LEFT JOIN jobs j ON j.id = p.job_id
    WHERE j.external_id IS DISTINCT FROM c.job_external_id $$, 'each part is in its job');
SELECT is((SELECT sum(estimated_time) FROM operations), 1880::numeric, 'minutes');
SELECT is((SELECT sum(quantity) FROM parts), 60::numeric, 'quantity');
SELECT is((SELECT sum((result ->> 'skipped')::int) FROM loaded WHERE pass = 2), 41::bigint,
    'second time: all 41 skipped');
\else
SELECT skip('no CSV templates beside the checkout', 11);
\endif
SELECT * FROM finish();
