-- One tenant's life in the database of mes.sql: load, re-load, update, errors, delete, restore.
-- Variables: role (who calls), tenant (a digit that the tenant's and its user's uuid end in).

\set t '00000000-0000-4000-8000-00000000000':tenant
\set u '10000000-0000-4000-8000-00000000000':tenant
SELECT set_config('request.jwt.claims', jsonb_build_object('sub', :'u')::text, false) \g /dev/null
SET ROLE :role;
CREATE TEMP TABLE answer (step text PRIMARY KEY, r jsonb);

-- Actions of the results of a step, in input order; an error by its code.
CREATE FUNCTION pg_temp.actions(step text, entity text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(x ->> 'code', x ->> 'action'), ' ' ORDER BY n)
      FROM answer a, jsonb_array_elements(coalesce(a.r -> 'entities' -> entity, a.r) -> 'results')
          WITH ORDINALITY t(x, n)
     WHERE a.step = actions.step
$$;
-- What is live of the tenant: jobs, parts, operations.
CREATE FUNCTION pg_temp.live() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('/', (SELECT count(*) FROM jobs WHERE deleted_at IS NULL AND tenant_id = eryxon_tenant_id()),
                          (SELECT count(*) FROM parts WHERE deleted_at IS NULL AND tenant_id = eryxon_tenant_id()),
                          (SELECT count(*) FROM operations WHERE deleted_at IS NULL AND tenant_id = eryxon_tenant_id()))
$$;
CREATE FUNCTION pg_temp.logged(wanted text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM activity_log WHERE action = wanted AND tenant_id = eryxon_tenant_id()
$$;
CREATE FUNCTION pg_temp.job(number text) RETURNS jobs LANGUAGE sql AS $$
    SELECT j FROM jobs j WHERE job_number = number AND tenant_id = eryxon_tenant_id()
$$;

CREATE TEMP TABLE load AS SELECT $${
  "operations": [{"external_id": "O-9", "external_source": "SAP", "operation_name": "Pack", "part_external_id": "P-3",
                  "cell_external_id": "C-2", "status": "paused"}],
  "jobs": [
    {"external_id": "J-1", "external_source": "SAP", "job_number": "SO-1", "customer": "Acme", "due_date": "2026-12-31",
        "priority": 3, "parts": [
       {"external_id": "P-1", "part_number": "W-1", "material": "S235", "quantity": 4,
           "file_paths": ["a.step", "b.pdf"],
        "operations": [{"external_id": "O-1", "operation_name": "Cut", "cell_name": "Laser", "estimated_time": 30},
                       {"external_id": "O-2", "operation_name": "Bend", "cell_name": "Press"}]},
       {"external_id": "P-2", "part_number": "W-2", "parent_part_external_id": "P-1",
        "operations": [{"external_id": "O-3", "operation_name": "Cut", "cell_name": "Laser"}]}]},
    {"external_id": "J-2", "external_source": "SAP", "job_number": "SO-2",
     "parts": [{"external_id": "P-3", "part_number": "W-3"}]}],
  "resources": [{"external_id": "R-1", "external_source": "SAP", "name": "Mill", "type": "machine"},
                {"external_id": "R-2", "external_source": "SAP", "name": "Drum", "type": "material"}],
  "cells": [{"external_id": "C-1", "external_source": "SAP", "name": "Laser"},
            {"external_id": "C-2", "external_source": "SAP", "name": "Press", "capacity_hours_per_day": 7.5,
                "wip_limit": "4"}]
}$$::jsonb AS payload;

-- Load. The table's enum type of resources has no label "material".
INSERT INTO answer SELECT 'load', eryxon_sync(payload) FROM load;
SELECT is((SELECT r -> 'summary' FROM answer WHERE step = 'load'),
    '{"total":7,"created":6,"updated":0,"restored":0,"skipped":0,"deleted":0,"errors":1}',
        :'role' || ': load: summary');
SELECT is(pg_temp.actions('load', 'resources'), 'created ENUM_CONSTRAINT', :'role' || ': label that the type lacks');
SELECT is((SELECT r #> '{entities,jobs,results,0,children}' FROM answer WHERE step = 'load'),
    '{"parts":{"total":2,"created":2,"updated":0,"restored":0,"skipped":0,"deleted":0,"errors":0},
      "operations":{"total":3,"created":3,"updated":0,"restored":0,"skipped":0,"deleted":0,"errors":0}}',
      :'role' || ': load: children');
SELECT is((SELECT r #>> '{entities,jobs,results,0,warnings,0,code}' FROM answer WHERE step = 'load'), 'UNMAPPED_FIELD',
    :'role' || ': no priority here: a warning');
SELECT is(pg_temp.live(), '2/3/4', :'role' || ': load: rows');
SELECT ok((SELECT search_vector @@ 'acme' AND due_date = '2026-12-31' AND status = 'not_started' AND deleted_at IS NULL
             FROM pg_temp.job('SO-1')), :'role' || ': generated column, date, enum');
SELECT is((SELECT array_agg((material, quantity, status)::text ORDER BY part_number) FROM parts WHERE tenant_id = :'t'),
    '{"(S235,4,not_started)","(Unknown,1,not_started)","(Unknown,1,not_started)"}',
        :'role' || ': defaults of the rules for NOT NULL columns');
SELECT is((SELECT array_agg((o.sequence, o.estimated_time, o.status, c.name)::text ORDER BY o.external_id)
             FROM operations o JOIN cells c ON c.id = o.cell_id WHERE o.tenant_id = :'t'),
    '{"(1,30,not_started,Laser)","(2,0,not_started,Press)","(1,0,not_started,Laser)","(1,0,on_hold,Press)"}',
        :'role' || ': operations');
SELECT is((SELECT array_agg((name, sequence, active, color, capacity_hours_per_day, wip_limit)::text ORDER BY sequence)
    FROM cells WHERE tenant_id = :'t'), '{"(Laser,1,t,#3B82F6,,)","(Press,2,t,#3B82F6,7.5,4)"}', :'role' || ': cells');
SELECT is(pg_temp.logged('INSERT'), 9::bigint, :'role' || ': the activity log has each row once');
SELECT is((SELECT current_jobs FROM tenants WHERE id = :'t'), 2, :'role' || ': jobs counted on the tenant''s row');
SELECT is((SELECT sync_hash FROM pg_temp.job('SO-2')),
    eryxon_record_hash('jobs', '{"external_id": "J-2", "external_source": "SAP", "job_number": "SO-2"}'),
        :'role' || ': hash');

-- Again: nothing is written.
INSERT INTO answer SELECT 'again', eryxon_sync(payload) FROM load;
SELECT is((SELECT r -> 'summary' FROM answer WHERE step = 'again'),
    '{"total":7,"created":0,"updated":0,"restored":0,"skipped":6,"deleted":0,"errors":1}',
        :'role' || ': again: skipped');
SELECT is(pg_temp.logged('INSERT') + pg_temp.logged('UPDATE'), 9::bigint, :'role' || ': again: nothing logged');

-- Updates. Status goes forward only; a generated column follows.
INSERT INTO answer VALUES ('update', eryxon_bulk_upsert('jobs', '[
    {"external_id": "J-1", "external_source": "SAP", "customer": "Bolt", "status": "in_progress"},
    {"external_id": "J-2", "external_source": "SAP", "job_number": "SO-2"},
    {"external_id": "J-1", "external_source": "SAP", "customer": "Nut", "status": "not_started"},
    {"external_id": "J-2", "external_source": "SAP", "search_vector": "x", "created_by": null,
      "tenant_id": "00000000-0000-4000-8000-000000000009"}]'));
SELECT is(pg_temp.actions('update'), 'updated skipped updated updated', :'role' || ': updates in input order');
SELECT is((SELECT jsonb_path_query_array(r, '$.results[*].warnings[*].code') FROM answer WHERE step = 'update'),
    '["KEPT", "UNKNOWN_FIELD", "UNKNOWN_FIELD", "READ_ONLY"]', :'role' || ': warnings of updates');
SELECT is((SELECT (customer, status, search_vector @@ 'nut', due_date)::text FROM pg_temp.job('SO-1')),
    '(Nut,in_progress,t,2026-12-31)', :'role' || ': updated row');
SELECT ok((SELECT updated_at >= created_at AND tenant_id = :'t' FROM pg_temp.job('SO-2')),
    :'role' || ': tenant_id of a record is not taken');

-- Errors of triggers and constraints stay with their records.
INSERT INTO answer VALUES ('bad', eryxon_bulk_upsert('jobs', '[
    {"external_id": "J-3", "external_source": "SAP", "job_number": "SO-3", "customer": "Good"},
    {"external_id": "J-4", "external_source": "SAP", "job_number": "SO-4", "customer": "Blocked BV"},
    {"external_id": "J-5", "external_source": "SAP", "job_number": "SO-5", "customer": "Nobody"},
    {"external_id": "J-6", "external_source": "SAP", "job_number": "SO-6", "status": "done"},
    {"external_id": "J-7", "external_source": "SAP", "job_number": "SO-1"},
    {"external_id": "J-8", "external_source": "SAP", "job_number": "SO-8", "due_date": "2026-12-31T10:00:00Z"},
    {"external_id": "J-9", "external_source": "SAP", "job_number": "SO-9", "parts": [
        {"external_id": "P-9", "part_number": "W-9", "material": "Unobtainium"}]},
    {"external_id": "J-10", "external_source": "SAP", "job_number": "SO-10"}]'));
SELECT is(pg_temp.actions('bad'),
    'created DATABASE_ERROR DATABASE_ERROR ENUM_CONSTRAINT UNIQUE_CONSTRAINT DATE_FORMAT DATABASE_ERROR created',
    :'role' || ': one bad record costs no other');
SELECT is((SELECT jsonb_path_query_array(r, '$.results[*].sqlstate') FROM answer WHERE step = 'bad'),
    '["ME001", "09000", "23514", "23505", "22007", "P0001"]', :'role' || ': SQLSTATEs');
SELECT matches((SELECT r #>> '{results,1,error}' FROM answer WHERE step = 'bad'), 'customer Blocked BV is blocked',
    :'role' || ': the trigger''s message');
SELECT is(pg_temp.live(), '4/3/4', :'role' || ': rows of good records only');
SELECT is((SELECT current_jobs FROM tenants WHERE id = :'t'), 4, :'role' || ': counter after errors');
SELECT throws_ok($$SELECT eryxon_upsert('jobs',
    '{"external_id": "J-4", "external_source": "SAP", "job_number": "SO-4", "customer": "Blocked BV"}')$$,
    'ME001', NULL, :'role' || ': a single call raises the trigger''s own SQLSTATE');
SELECT throws_ok($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id": "J-11", "external_source": "SAP", "job_number": "SO-11"},
    {"external_id": "J-4", "external_source": "SAP", "job_number": "SO-4", "customer": "Nobody"}]',
    '{"on_error": "abort"}')$$,
    '09000', NULL, :'role' || ': on_error abort');
SELECT is((SELECT count(*) FROM jobs WHERE external_id = 'J-11' AND tenant_id = :'t'), 0::bigint,
    :'role' || ': on_error abort keeps nothing');

-- Soft deletes and restores.
INSERT INTO answer SELECT 'delete part', eryxon_delete_external('parts', 'SAP', 'P-2');
INSERT INTO answer SELECT 'delete job', eryxon_delete('jobs', id) FROM pg_temp.job('SO-1');
SELECT is((SELECT r -> 'children' FROM answer WHERE step = 'delete job'), '{"parts": 1, "operations": 2}',
    :'role' || ': what went with the job');
SELECT is(pg_temp.live(), '3/1/1', :'role' || ': deleted rows are not live');
SELECT is(pg_temp.logged('DELETE'), 0::bigint, :'role' || ': no row was really deleted');
SELECT is((SELECT current_jobs FROM tenants WHERE id = :'t'), 4, :'role' || ': soft deletes do not count');
SELECT is((SELECT deleted_by FROM pg_temp.job('SO-1')), :'u', :'role' || ': who deleted');
INSERT INTO answer VALUES ('taken',
    eryxon_bulk_upsert('jobs', '[{"external_id": "J-99", "external_source": "SAP", "job_number": "SO-1"}]'));
SELECT is(pg_temp.actions('taken'), 'UNIQUE_CONSTRAINT',
    :'role' || ': the full unique constraint counts the deleted job');
SELECT matches((SELECT r::text FROM answer WHERE step = 'taken'), 'deleted', :'role' || ': and the error says so');
INSERT INTO answer VALUES ('orphan', eryxon_bulk_upsert('parts', '[
    {"external_id": "P-8", "external_source": "SAP", "part_number": "W-8", "job_external_id": "J-1"},
    {"external_id": "P-1", "external_source": "SAP", "quantity": 5}]'));
SELECT is(pg_temp.actions('orphan'), 'FK_CONSTRAINT FK_CONSTRAINT', :'role' || ': nothing under a deleted job');
INSERT INTO answer SELECT 'restore', eryxon_restore('jobs', id) FROM pg_temp.job('SO-1');
SELECT is((SELECT r -> 'children' FROM answer WHERE step = 'restore'), '{"parts": 1, "operations": 2}',
    :'role' || ': exactly that comes back');
SELECT is(pg_temp.live(), '4/2/3', :'role' || ': the part deleted before stays deleted');
DELETE FROM jobs WHERE job_number = 'SO-1' AND tenant_id = :'t';
SELECT is(pg_temp.live(), '3/1/1', :'role' || ': plain DELETE is soft');
INSERT INTO answer SELECT 'resync', eryxon_sync(payload) FROM load;
SELECT is(pg_temp.actions('resync', 'jobs'), 'restored updated', :'role' || ': a re-sync restores');
SELECT is(pg_temp.live(), '4/3/4', :'role' || ': all rows of the payload are back');
SELECT is((SELECT status::text FROM pg_temp.job('SO-1')), 'in_progress', :'role' || ': progress survives');
SELECT throws_ok($$SELECT eryxon_delete_external('cells', 'SAP', 'C-1')$$, '23503', NULL, :'role' || ': a cell in use');
INSERT INTO answer VALUES ('op',
    eryxon_bulk_upsert('operations', '[{"_op": "delete", "external_id": "O-9", "external_source": "SAP"},
    {"_op": "delete", "external_id": "O-99", "external_source": "SAP"}]'));
SELECT is(pg_temp.actions('op'), 'deleted skipped', :'role' || ': deletes in a bulk call');

-- A hard delete takes what the tables' own keys take, also where no sync knows of it.
INSERT INTO time_entries (tenant_id, operation_id, minutes) SELECT tenant_id, id, 5 FROM operations
    WHERE tenant_id = :'t';
INSERT INTO answer SELECT 'hard', eryxon_delete('jobs', id, true) FROM pg_temp.job('SO-1');
SELECT is((SELECT r ->> 'hard' FROM answer WHERE step = 'hard'), 'true', :'role' || ': hard delete');
SELECT is((SELECT count(*) FROM jobs WHERE tenant_id = :'t') || '/' || (SELECT count(*) FROM parts
    WHERE tenant_id = :'t')
    || '/' || (SELECT count(*) FROM time_entries WHERE tenant_id = :'t'), '3/1/1', :'role' || ': the rows are gone');
SELECT is((SELECT current_jobs FROM tenants WHERE id = :'t'), 3, :'role' || ': a hard delete counts');

-- Other tenants' rows are out of reach, by every reference.
INSERT INTO answer SELECT 'foreign', eryxon_sync(jsonb_build_object(
    'parts', jsonb_build_array(
        jsonb_build_object('external_id', 'F-1', 'external_source', 'SAP', 'part_number', 'F', 'job_id',
            '90000000-0000-4000-8000-000000000001'),
        jsonb_build_object('external_id', 'F-2', 'external_source', 'SAP', 'part_number', 'F', 'job_external_id', 'J-2',
                           'parent_part_id', '90000000-0000-4000-8000-000000000002')),
    'operations', jsonb_build_array(
        jsonb_build_object('external_id', 'F-3', 'external_source', 'SAP', 'operation_name', 'F', 'cell_name', 'Laser',
            'part_id', '90000000-0000-4000-8000-000000000002'),
        jsonb_build_object('external_id', 'F-4', 'external_source', 'SAP', 'operation_name', 'F', 'cell_id',
            '90000000-0000-4000-8000-000000000003', 'part_external_id', 'P-3'),
        jsonb_build_object('external_id', 'F-5', 'external_source', 'SAP', 'operation_name', 'F', 'cell_name',
            'Secret cell', 'part_external_id', 'P-3'))));
SELECT is(pg_temp.actions('foreign', 'parts') || ' ' || pg_temp.actions('foreign', 'operations'),
    'FK_CONSTRAINT FK_CONSTRAINT FK_CONSTRAINT FK_CONSTRAINT FK_CONSTRAINT',
        :'role' || ': ids and names of another tenant');
SELECT throws_ok($$SELECT eryxon_delete('jobs', '90000000-0000-4000-8000-000000000001')$$, 'P0002', NULL,
    :'role' || ': another tenant''s job is not found');
SELECT ok((SELECT count(*) > 5 AND count(*) FILTER (WHERE tenant_id <> :'t') = 0 FROM eryxon.sync_run
            WHERE tenant_id = :'t' OR :'role' = 'mes_office'), :'role' || ': history of the tenant');

DROP FUNCTION pg_temp.actions, pg_temp.live, pg_temp.logged, pg_temp.job;
DROP TABLE answer, load;
RESET ROLE;
