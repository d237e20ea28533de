-- Real CSV templates of a manufacturing system into tables like its own, as superuser and under row level security.
-- They stand beside the checkout on some machines; ERYXON_CSV names their folder.
SET client_min_messages = warning;
\set present `test -f "$ERYXON_CSV/cells.csv" && echo true || echo false`
SELECT plan(20);
\if :present
CREATE ROLE mes_office;
CREATE ROLE mes_service BYPASSRLS;
\ir ../../script/lib/csv.psql
\ir ../mes/mes.sql
SET eryxon.tenant_resolver = 'public.get_user_tenant_id';
SELECT eryxon_attach(e, e::regclass) FROM unnest('{cells,resources,jobs,parts,operations}'::text[]) e \g /dev/null
INSERT INTO tenants (id, name) SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'T' || n
    FROM generate_series(1, 2) n;
INSERT INTO profiles SELECT ('10000000-0000-4000-8000-00000000000' || n)::uuid,
    ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'office'
    FROM generate_series(1, 2) n;
CREATE TEMP TABLE source AS SELECT e.entity, pg_temp.csv_records(e.entity) AS records
    FROM unnest('{cells,resources,jobs,parts,operations}'::text[]) e(entity);
CREATE TEMP TABLE loaded (role text, pass integer, entity text, result jsonb);
GRANT ALL ON source, loaded TO mes_office;

SET request.jwt.claims = '{"sub": "10000000-0000-4000-8000-000000000001"}';
INSERT INTO loaded SELECT 'superuser', pass, entity, eryxon_bulk_upsert(entity, records)
    FROM generate_series(1, 2) pass, source;
SET request.jwt.claims = '{"sub": "10000000-0000-4000-8000-000000000002"}';
SET ROLE mes_office;
INSERT INTO loaded SELECT 'mes_office', 1, e.key, e.value
    FROM jsonb_each(eryxon_sync((SELECT jsonb_object_agg(entity, records) FROM source)) -> 'entities') e;
INSERT INTO loaded SELECT 'mes_office', 2, e.key, e.value
    FROM jsonb_each(eryxon_sync((SELECT jsonb_object_agg(entity, records) FROM source)) -> 'entities') e;
RESET ROLE;

SELECT is((SELECT (result ->> 'created')::int FROM loaded l WHERE l.role = r.role AND pass = 1 AND l.entity = w.entity),
    w.created, format('%s: %s %s created', r.role, w.created, w.entity))
    FROM (VALUES ('superuser'), ('mes_office')) r(role),
         (VALUES ('cells', 6), ('resources', 6), ('jobs', 5), ('parts', 8), ('operations', 16)) w(entity, created);
SELECT is((SELECT jsonb_agg(result -> 'results') FROM loaded l WHERE l.role = r AND (result ->> 'errors')::int > 0),
    NULL, r || ': no errors')
    FROM unnest('{superuser,mes_office}'::text[]) r;
SELECT is((SELECT sum((result ->> 'skipped')::int) FROM loaded l WHERE l.role = r AND pass = 2), 41::bigint,
    r || ': second time: all 41 skipped')
    FROM unnest('{superuser,mes_office}'::text[]) r;
SELECT is((SELECT sum(estimated_time) FROM operations o WHERE o.tenant_id = t.id), 1880::bigint, t.name || ': minutes')
    FROM tenants t;
SELECT is((SELECT sum(quantity) FROM parts p WHERE p.tenant_id = t.id), 60::bigint, t.name || ': quantity')
    FROM tenants t;
SELECT is((SELECT count(*) FROM activity_log a WHERE a.tenant_id = t.id), 29::bigint, t.name || ': activity log')
    FROM tenants t;
DROP OWNED BY mes_office, mes_service;
DROP ROLE mes_office, mes_service;
\else
SELECT skip('no CSV templates beside the checkout', 20);
\endif
SELECT * FROM finish();
