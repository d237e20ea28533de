-- The sync on the tables of a manufacturing system that was there before: as superuser, under row level security, and
-- as a role that bypasses it; then its attach report, ALTERs, and the end of a tenant.
SET client_min_messages = warning;
CREATE ROLE mes_office;
CREATE ROLE mes_service BYPASSRLS;
GRANT mes_office, mes_service TO CURRENT_USER;
SELECT no_plan();

\ir ../mes/mes.sql
SET eryxon.tenant_resolver = 'public.get_user_tenant_id';
CREATE TEMP TABLE attached AS
    SELECT e, eryxon_attach(e, e::regclass) AS r FROM unnest('{cells,resources,jobs,parts,operations}'::text[]) e;
SELECT is((SELECT jsonb_object_agg(e, r -> 'columns_added') FROM attached),
    '{"jobs": [], "parts": [], "cells": ["sync_hash", "deleted_at", "deleted_by"], "resources": ["sync_hash", '
    '"deleted_at", "deleted_by"],
      "operations": ["sync_hash", "deleted_at", "deleted_by"]}', 'attach adds what is missing');
SELECT is((SELECT jsonb_object_agg(e, r ->> 'index') FROM attached),
    '{"jobs": "idx_jobs_external_sync", "parts": "parts_erp_identity", "cells": "idx_cells_external_sync", '
    '"resources": "uq_resources_erp",
      "operations": "idx_operations_external_sync"}', 'attach uses the indexes that are there');
SELECT is((SELECT jsonb_path_query_array(jsonb_agg(r ORDER BY e), '$[*].warnings[*].path') FROM attached),
    '["", "updated_at", "deleted_by", "", "count_jobs", "log_jobs", "jobs_tenant_id_job_number_key", "", '
    '"log_operations", "deleted_by", "", "log_parts", "", "updated_at"]',
    'attach warns of policies that know no API key, silent triggers, unique keys, users that cannot be removed, and '
    'updated_at that nobody keeps in cells and resources');
SELECT is((SELECT jsonb_agg(eryxon_attach(e, e::regclass) -> 'columns_added') FROM attached), '[[], [], [], [], []]',
    'attach again');

INSERT INTO tenants (id, name) SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'T' || n
    FROM generate_series(1, 5) n;
INSERT INTO profiles SELECT ('10000000-0000-4000-8000-00000000000' || n)::uuid,
    ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'office'
    FROM generate_series(1, 5) n;
-- Tenant 5: whose ids the others try to use.
INSERT INTO jobs (id, tenant_id, job_number, status)
    VALUES ('90000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000005', 'X', 'not_started');
INSERT INTO parts (id, tenant_id, job_id, part_number, material, quantity, status)
    VALUES ('90000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000005',
        '90000000-0000-4000-8000-000000000001', 'X', 'X', 1, 'not_started');
INSERT INTO cells (id, tenant_id, name, sequence, active)
    VALUES ('90000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000005', 'Secret cell', 1, true);

\set role postgres
\set tenant 1
\ir ../mes/scenario.sql
\set role mes_office
\set tenant 2
\ir ../mes/scenario.sql
\set role mes_service
\set tenant 3
\ir ../mes/scenario.sql

-- A policy refuses one record, not the call.
SELECT set_config('request.jwt.claims', '{"sub": "10000000-0000-4000-8000-000000000002"}', false) \g /dev/null
SET ROLE mes_office;
CREATE TEMP TABLE refused AS SELECT eryxon_bulk_upsert('jobs', '[
    {"external_id": "S-1", "external_source": "SAP", "job_number": "S-1", "customer": "Secret Ltd"},
    {"external_id": "S-2", "external_source": "SAP", "job_number": "S-2", "customer": "Public Ltd"}]') AS r;
SELECT is((SELECT jsonb_path_query_array(r, '$.results[*].action') FROM refused), '["error", "created"]',
    'policy: one record');
SELECT is((SELECT r #>> '{results,0,code}' || ' ' || (r #>> '{results,0,sqlstate}') FROM refused),
    'ACCESS_DENIED 42501', 'policy: its code');
RESET ROLE;

-- ALTERs of the tables show at once.
ALTER TABLE jobs ADD COLUMN priority integer;
ALTER TYPE resource_kind ADD VALUE 'material';
ALTER TABLE parts RENAME COLUMN notes TO remarks;
SELECT is(eryxon_upsert('jobs', '{"external_id": "S-2", "external_source": "SAP", "priority": 7}') -> 'warnings', NULL,
    'a column added: mapped');
SELECT is((SELECT priority FROM jobs WHERE external_id = 'S-2'), 7, 'a column added: written');
SELECT is(eryxon_upsert('resources',
    '{"external_id": "R-2", "external_source": "SAP", "name": "Drum", "type": "material"}') ->> 'action',
    'created', 'a label added: accepted');
SELECT is(eryxon_upsert('parts',
    '{"external_id": "P-3", "external_source": "SAP", "notes": "x"}') #>> '{warnings,0,code}',
    'UNMAPPED_FIELD', 'a column renamed: unmapped');
ALTER TABLE jobs ADD COLUMN site text NOT NULL DEFAULT 'A';
ALTER TABLE jobs ALTER COLUMN site DROP DEFAULT;
SELECT is(eryxon_bulk_upsert('jobs',
    '[{"external_id": "S-3", "external_source": "SAP", "job_number": "S-3"}]') #>> '{results,0,sqlstate}',
    '23502', 'a NOT NULL column that nothing fills is the record''s error');
SELECT lives_ok($$SELECT eryxon_map_field('jobs', 'site', '{"column": "site", "default": "B"}')$$, 'map it');
SELECT is(eryxon_upsert('jobs', '{"external_id": "S-3", "external_source": "SAP", "job_number": "S-3"}') ->> 'action',
    'created', 'and it is filled');

-- A tenant that goes takes everything with it, deleted rows and rows under deleted ones too.
SELECT eryxon_delete_external('jobs', 'SAP', 'J-2') \g /dev/null
DELETE FROM tenants WHERE id = '00000000-0000-4000-8000-000000000002';
SELECT is((SELECT count(*) FROM jobs WHERE tenant_id = '00000000-0000-4000-8000-000000000002')
        + (SELECT count(*) FROM parts WHERE tenant_id = '00000000-0000-4000-8000-000000000002')
        + (SELECT count(*) FROM operations WHERE tenant_id = '00000000-0000-4000-8000-000000000002')
        + (SELECT count(*) FROM cells WHERE tenant_id = '00000000-0000-4000-8000-000000000002'), 0::bigint,
            'no orphans of a tenant');

SELECT * FROM finish();
DROP OWNED BY mes_office, mes_service;
DROP ROLE mes_office, mes_service;
