-- Every error code, raised by a single call: its SQLSTATE, and DETAIL as the JSON array of all faults.
SET client_min_messages = warning;
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
SELECT FROM eryxon_create_tables() \g /dev/null

-- Runs a statement and returns "SQLSTATE code path" of the error it raises, from SQLSTATE and DETAIL.
CREATE FUNCTION pg_temp.fault(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' ', state, nullif(detail, '')::jsonb -> 0 ->> 'constraint',
        nullif(nullif(detail, '')::jsonb -> 0 ->> 'path', ''));
END $$;

-- The fault of upserting one record whose key is filled in.
CREATE FUNCTION pg_temp.upsert(entity text, members jsonb, options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.fault(format('SELECT eryxon_upsert(%L, %L, %L)', entity,
        '{"external_source": "S", "external_id": "new"}'::jsonb || members, options)) $$;

SELECT FROM eryxon_sync('{
    "cells": [{"external_source": "S", "external_id": "c1", "name": "Saw"}],
    "jobs": [{"external_source": "S", "external_id": "j1", "job_number": "J1"},
             {"external_source": "S", "external_id": "j2", "job_number": "J2"},
             {"external_source": "S", "external_id": "gone", "job_number": "J3"}],
    "parts": [{"external_source": "S", "external_id": "p1", "part_number": "P1", "job_external_id": "j1"},
              {"external_source": "S", "external_id": "p2", "part_number": "P2", "job_external_id": "j1",
               "parent_part_external_id": "p1"}],
    "operations": [{"external_source": "S", "external_id": "o1", "operation_name": "Cut", "part_external_id": "p1",
                    "cell_name": "Saw", "status": "in_progress"}]}') \g /dev/null
SELECT FROM eryxon_delete_external('jobs', 'S', 'gone') \g /dev/null

SELECT plan(54);

-- Fields
SELECT is(pg_temp.upsert('jobs', '{}'), '23502 NOT_NULL job_number', 'required field missing');
SELECT is(pg_temp.upsert('jobs', '{"external_id": "j1", "job_number": null}'), '23502 NOT_NULL job_number',
    'required field null');
SELECT is(pg_temp.upsert('jobs', '{"external_id": null, "job_number": "X"}'), '23502 NOT_NULL external_id',
    'no external id');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "status": "bogus"}'), '23514 ENUM_CONSTRAINT status',
    'value outside the enum');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "priority": -1}'), '23514 MIN_VALUE priority',
    'number too small');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "priority": 3000000000}'), '23514 MAX_VALUE priority',
    'number too great');
SELECT is(pg_temp.upsert('jobs', '{"job_number": ""}'), '23514 MIN_LENGTH job_number', 'text too short');
SELECT is(pg_temp.upsert('jobs', jsonb_build_object('job_number', repeat('x', 256))), '23514 MAX_LENGTH job_number',
    'text too long');
SELECT is(pg_temp.upsert('jobs', '{"external_id": " a", "job_number": "X"}'), '23514 PATTERN_MISMATCH external_id',
    'white space in a key');
SELECT is(pg_temp.upsert('cells', '{"name": "X", "color": "red"}'), '23514 PATTERN_MISMATCH color',
    'text off the pattern');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "priority": "12abc"}'), '22P02 TYPE_MISMATCH priority',
    'no number');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "priority": 12.5}'), '22P02 TYPE_MISMATCH priority',
    'no integer');
SELECT is(pg_temp.upsert('cells', '{"name": "X", "active": "yes"}'), '22P02 TYPE_MISMATCH active', 'no boolean');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "metadata": [1]}'), '22P02 TYPE_MISMATCH metadata', 'no object');
SELECT is(pg_temp.upsert('operations',
    '{"operation_name": "X", "part_external_id": "p1", "cell_name": "Saw", "assigned_operator_id": "x"}'),
          '22P02 UUID_FORMAT assigned_operator_id', 'no uuid');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "due_date": "31-12-2026"}'), '22007 DATE_FORMAT due_date',
    'no date');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "due_date": "2026-02-30"}'), '22007 DATE_FORMAT due_date',
    'no such day');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "colour": 1}', '{"unknown_fields": "error"}'),
    '42703 UNKNOWN_FIELD colour', 'unknown field');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "sync_hash": "1"}', '{"unknown_fields": "error"}'),
    '42703 READ_ONLY sync_hash', 'read-only field');
SELECT is(pg_temp.upsert('jobs', '{"job_number": "X", "_odd": 1}'), '22023 INVALID_PAYLOAD _odd', 'reserved name');

-- References
SELECT is(pg_temp.upsert('parts', '{"part_number": "X"}'), '23503 FK_REQUIRED job_external_id', 'reference missing');
SELECT is(pg_temp.upsert('parts', '{"part_number": "X", "job_external_id": null}'), '23503 FK_REQUIRED job_external_id',
    'reference null');
SELECT is(pg_temp.upsert('parts', '{"part_number": "X", "job_external_id": "none"}'),
    '23503 FK_CONSTRAINT job_external_id', 'reference unknown');
SELECT is(pg_temp.upsert('parts', '{"part_number": "X", "job_external_id": "gone"}'),
    '23503 FK_CONSTRAINT job_external_id', 'reference deleted');
SELECT is(pg_temp.upsert('parts', '{"part_number": "X", "job_id": "7"}'), '22P02 UUID_FORMAT job_id',
    'reference is no uuid');
SELECT is(pg_temp.upsert('parts', '{"part_number": "X", "job_id": "00000000-0000-4000-8000-00000000dead"}'),
    '23503 FK_CONSTRAINT job_id', 'reference to an unknown id');
SELECT is(pg_temp.upsert('operations', '{"operation_name": "X", "part_external_id": "p1", "cell_name": "saw"}'),
    '23503 FK_CONSTRAINT cell_name', 'names match exactly');
SELECT is(pg_temp.upsert('parts', '{"external_id": "p1", "parent_part_external_id": "p2"}'),
          '23514 CIRCULAR_REFERENCE parent_part_external_id', 'parts in a circle');

-- Rows
SELECT is(split_part(pg_temp.upsert('jobs', '{"job_number": "J1"}'), ' ', 1), '23505', 'natural key taken: SQLSTATE');
SELECT is(split_part(pg_temp.upsert('jobs', '{"job_number": "J1"}'), ' ', 2), 'UNIQUE_CONSTRAINT',
    'natural key taken: code');
SELECT matches(pg_temp.upsert('jobs', '{"external_id": "j1", "job_number": "J1"}', '{"mode": "create"}'),
    '^23505 EXISTS', 'mode create, row lives');
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X"}', '{"mode": "update"}'), '^P0002 NOT_FOUND',
    'mode update, no row');
SELECT matches(pg_temp.upsert('jobs', '{"external_id": "gone"}', '{"deleted": "refuse"}'), '^P0002 DELETED',
    'deleted row refused');
SELECT matches(pg_temp.upsert('jobs', '{"external_id": "j1", "_op": "delete"}'), '^55006 IN_PROGRESS',
    'delete over running work');
SELECT matches(pg_temp.fault($$SELECT eryxon_delete('jobs', '00000000-0000-4000-8000-00000000dead')$$),
    '^P0002 NOT_FOUND', 'delete: no such row');
SELECT matches(pg_temp.fault($$SELECT eryxon_delete_external('jobs', 'S', 'none')$$), '^P0002 NOT_FOUND',
    'delete by key: no such row');
SELECT matches(pg_temp.fault($$SELECT eryxon_restore('jobs', '00000000-0000-4000-8000-00000000dead')$$),
    '^P0002 NOT_FOUND', 'restore: no such row');
SELECT is(left(pg_temp.fault($$SELECT eryxon_delete_external('cells', 'S', 'c1')$$), 5), '23503',
    'a cell in use is not deleted');

-- Calls
SELECT matches(pg_temp.fault($$SELECT eryxon_upsert('jobs', '[1]')$$), '^22023 INVALID_PAYLOAD', 'no object');
SELECT matches(pg_temp.fault($$SELECT eryxon_bulk_upsert('jobs', '7')$$), '^22023 INVALID_PAYLOAD', 'no array');
SELECT matches(pg_temp.fault($$SELECT eryxon_sync('[]')$$), '^22023 INVALID_PAYLOAD', 'sync: no object');
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X"}', '{"odd": 1}'), '^22023 INVALID_OPTION', 'unknown option');
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X"}', '{"mode": "odd"}'), '^22023 INVALID_OPTION',
    'unknown value of an option');
SELECT is(pg_temp.fault('ALTER TABLE cells DROP COLUMN sync_hash; SELECT eryxon_upsert(''cells'', '
                        '''{"external_source": "S", "external_id": "c1"}'')'),
          '55000 ENTITY_UNUSABLE', 'table without a column of ours');
SELECT matches(pg_temp.upsert('jobs"; --', '{"job_number": "X"}'), '^22023 UNKNOWN_ENTITY', 'unknown entity');
SELECT matches(pg_temp.fault($$SELECT eryxon_sync('{"odd": []}')$$), '^22023 UNKNOWN_ENTITY', 'sync: unknown entity');
SELECT is(pg_temp.fault($$SELECT eryxon_bulk_upsert('jobs',
    '[{"external_source": "S", "external_id": "a", "job_number": "A"},
    {"external_source": "S", "external_id": "b", "due_date": "x", "job_number": "B"}]', '{"on_error": "abort"}')$$),
    '22007 DATE_FORMAT [1].due_date', 'on_error abort: the first error, with its index');

-- Tables of the user
ALTER TABLE jobs ADD CONSTRAINT no_acme CHECK (customer <> 'ACME');
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X", "customer": "ACME"}'), '^23514 CHECK_CONSTRAINT',
    'check constraint');
CREATE FUNCTION pg_temp.grumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.customer = 'nobody' THEN RETURN NULL; END IF;
    IF NEW.customer = 'angry' THEN RAISE 'no'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER grumble BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION pg_temp.grumble();
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X", "customer": "angry"}'), '^P0001 DATABASE_ERROR',
    'a trigger raises');
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X", "customer": "nobody"}'), '^09000 DATABASE_ERROR',
    'a trigger suppresses the row');
DO $$
DECLARE
    index regclass;
BEGIN
    FOR index IN SELECT indexrelid FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'name'
        WHERE i.indrelid = 'cells'::regclass AND i.indisunique AND a.attnum = ANY (i.indkey)
    LOOP
        EXECUTE format('DROP INDEX %s', index);
    END LOOP;
END $$;
SELECT FROM eryxon_upsert('cells', '{"external_source": "S", "external_id": "c2", "name": "Saw"}') \g /dev/null
SELECT is(pg_temp.upsert('operations', '{"operation_name": "X", "part_external_id": "p1", "cell_name": "Saw"}'),
          '23503 AMBIGUOUS_REFERENCE cell_name', 'a name of two cells');

-- Rights
CREATE ROLE pgtap_clerk;
GRANT USAGE ON SCHEMA public TO pgtap_clerk;
SET ROLE pgtap_clerk;
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X"}'), '^42501 ACCESS_DENIED', 'no privilege on the table');
RESET ROLE;
RESET eryxon.tenant_id;
SELECT matches(pg_temp.upsert('jobs', '{"job_number": "X"}'), '^42501 ACCESS_DENIED', 'no tenant');
SELECT matches(pg_temp.fault('SELECT eryxon_tenant_id()'), '^42501', 'eryxon_tenant_id without a tenant');

SELECT * FROM finish();
DROP OWNED BY pgtap_clerk;
DROP ROLE pgtap_clerk;
