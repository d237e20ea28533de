-- The walk of script/demo: the sample shop is loaded, changed, deleted and restored through the extension's functions.
-- Runs in an empty database; ERYXON_CSV names the folder with the sample's files.

\set ON_ERROR_STOP on
\set QUIET on
\pset footer off
\pset null '-'
SET client_min_messages = warning;

\echo
\echo '1. Install the extension and make its five tables.'
\echo '   CREATE EXTENSION eryxon_sync; SELECT eryxon_create_tables();'
CREATE EXTENSION eryxon_sync;
SELECT format('ALTER ROLE CURRENT_USER IN DATABASE %I SET eryxon.tenant_id = %L', current_database(), :'tenant') \gexec
SET eryxon.tenant_id = :'tenant';
SELECT FROM eryxon_create_tables() \g /dev/null

\ir csv.psql

CREATE FUNCTION pg_temp.counts(what text, result jsonb)
    RETURNS TABLE (entity text, total int, created int, updated int, restored int, skipped int, deleted int, errors int)
    LANGUAGE sql AS $$
    SELECT what, c.* FROM jsonb_to_record(result)
        AS c(total int, created int, updated int, restored int, skipped int, deleted int, errors int) $$;

CREATE FUNCTION pg_temp.load(entity text)
    RETURNS TABLE (entity text, total int, created int, updated int, restored int, skipped int, deleted int, errors int)
    LANGUAGE sql AS $$ SELECT * FROM pg_temp.counts($1, eryxon_bulk_upsert($1, pg_temp.csv_records($1))) $$;

\echo
\echo '2. Load the shop: one call of eryxon_bulk_upsert for each CSV file. All is new.'
SELECT l.* FROM unnest('{cells,resources,jobs,parts,operations}'::text[]) WITH ORDINALITY e(name, n),
    pg_temp.load(e.name) l
    ORDER BY n;

\echo '   What stands in the tables now:'
SELECT j.job_number AS job, j.customer, p.part_number AS part, p.quantity, o.sequence AS seq,
    o.operation_name AS operation, c.name AS cell, o.estimated_time AS minutes
    FROM jobs j JOIN parts p ON p.job_id = j.id JOIN operations o ON o.part_id = p.id JOIN cells c ON c.id = o.cell_id
    ORDER BY job, part, seq LIMIT 6;

\echo '3. Load the same files again. Nothing has changed, so nothing is written.'
SELECT l.* FROM unnest('{cells,resources,jobs,parts,operations}'::text[]) WITH ORDINALITY e(name, n),
    pg_temp.load(e.name) l
    ORDER BY n;

\echo '4. The ERP moves the date of job J-7002. One record of the file differs, so one is updated.'
UPDATE csv_jobs SET due_date = '2027-02-05' WHERE external_id = 'SO-7002';
SELECT * FROM pg_temp.load('jobs');

\echo '5. An order with its parts and operations nested: one record, all of it or nothing.'
\set order `cat "$ERYXON_CSV/order.json"`
SELECT r ->> 'action' AS action, r ->> 'external_id' AS order, r #>> '{children,parts,created}' AS parts_created,
       r #>> '{children,operations,created}' AS operations_created
    FROM eryxon_upsert('jobs', :'order') r;

\echo '6. A bad record among good ones: it gets its error, the others are done.'
SELECT r ->> 'index' AS index, r ->> 'external_id' AS external_id, r ->> 'action' AS action, r ->> 'code' AS code,
       r ->> 'error' AS error
    FROM jsonb_array_elements(eryxon_bulk_upsert('jobs', '[
        {"external_id": "SO-7007", "external_source": "FOUNDRY", "job_number": "J-7007", "due_date": "2027-05-01"},
        {"external_id": "SO-7008", "external_source": "FOUNDRY", "job_number": "J-7008", "due_date": "31-12-2026"},
        {"external_id": "SO-7004", "external_source": "FOUNDRY", "priority": 2}]') -> 'results') r;

\echo '7. Delete an order: it and what hangs on it are marked, not lost.'
SELECT eryxon_delete_external('jobs', 'FOUNDRY', 'SO-7005') AS deleted;
SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS live_jobs,
    count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted_jobs
    FROM jobs;

\echo '8. Restore it: exactly what went comes back.'
SELECT eryxon_restore('jobs', id) AS restored FROM jobs WHERE external_id = 'SO-7005';

\echo '9. Ask what a sync would do, without doing it: eryxon_diff.'
SELECT e.key AS entity, r ->> 'external_id' AS external_id, r ->> 'action' AS action, r ->> 'changes' AS changes
    FROM jsonb_each(eryxon_diff('{
        "jobs": [{"external_id": "SO-7003", "external_source": "FOUNDRY", "customer": "Tidewater Pumps & Valves"}],
        "cells": [{"external_id": "WC-700", "external_source": "FOUNDRY", "name": "Packing"}]}') -> 'entities') e,
        jsonb_array_elements(e.value -> 'results') r;

\echo '10. Every call left a row in the history.'
SELECT entity, operation, status, total, created, updated, skipped, errors FROM eryxon.sync_run
    ORDER BY started_at, entity;
