-- Lists: filters by field and reference, and chosen fields; the fields of planning.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_list TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_list
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
ALTER TABLE jobs ADD search_vector tsvector;
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
\pset format unaligned
\pset tuples_only on

-- The keys of the rows that a list finds, or what is wrong with it.
CREATE FUNCTION found(entity text, filters jsonb, others jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    RETURN coalesce((SELECT string_agg(r ->> 'external_id', ' ' ORDER BY r ->> 'external_id')
        FROM json_array_elements(eryxon.list_rows(entity, others || jsonb_build_object('filters', filters::text))
            -> entity) AS r), 'none');
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;

SELECT eryxon_sync('{"cells": [{"external_id": "C", "external_source": "S", "name": "Saw"}],
    "jobs": [{"external_id": "J1", "external_source": "S", "job_number": "1", "customer": "ACME", "priority": 3,
              "due_date": "2027-03-01", "planned_start": "2027-01-01", "planned_end": "2027-02-01",
              "parts": [{"external_id": "P1", "part_number": "1", "quantity": 2.5, "unit": "kg",
                         "operations": [{"external_id": "O1", "operation_name": "Saw", "cell_name": "Saw",
                                         "run_time_per_unit": 1.5, "wait_time": "10"}]}]},
             {"external_id": "J1", "external_source": "T", "job_number": "2",
              "parts": [{"external_id": "P2", "part_number": "1"}]}]}') -> 'summary' ->> 'created';
SELECT quantity, unit FROM parts ORDER BY external_id;
SELECT run_time_per_unit, wait_time FROM operations;
SELECT eryxon_upsert('parts', '{"external_id": "P1", "external_source": "S", "quantity": "2.50"}') ->> 'action';
SELECT eryxon_diff(format('{"parts": [{"external_id": "P1", "external_source": "S", "quantity": 0, "unit": "%s"}]}',
                          repeat('x', 33))::jsonb) #> '{entities,parts,results,0,details}';

-- Fields.
SELECT f, found('jobs', f::jsonb) FROM unnest(ARRAY['{}', '{"customer": "ACME"}', '{"customer": "acme"}',
    '{"priority": 3}',
    '{"priority": "03", "customer": "ACME"}', '{"due_date": "20270301"}',
    '{"planned_start": "2027-01-01T01:00:00+01:00"}',
    '{"customer": null}', '{"customer": ["ACME"]}', '{"metadata": "x"}', '{"colour": "red"}', '{"priority": "high"}',
    '{"due_date": "soon"}', '{"tenant_id": "x"}', '[]', '"x"']) AS f;
SELECT found('parts', '{"quantity": "2.50"}'), found('cells', '{"active": "true"}'),
       found('cells', '{"active": false}');

-- References.
SELECT f, found('parts', f::jsonb), found('parts', f::jsonb, '{"external_source": "S"}')
    FROM unnest(ARRAY['{"job_external_id": "J1"}', '{"job_external_id": "J1", "job_external_source": "T"}',
    '{"job_external_id": "J2"}', '{"job_external_source": "S"}', '{"job_id": "J1"}', '{"job": "J1"}',
    '{"job_name": "1"}']) AS f;
SELECT found('operations', '{"cell_name": "Saw"}'),
       found('operations', '{"cell_name": "Saw", "part_external_id": "P2"}');
SELECT found('parts', jsonb_build_object('job_id', id)) FROM jobs ORDER BY external_source;

-- Chosen fields; those of text search are never told.
SELECT eryxon.list_rows('jobs', '{"fields": "external_id, job_number,planned_end", "external_source": "S"}') -> 'jobs';
SELECT eryxon.list_rows('parts', '{"fields": "job", "external_source": "S"}') #> '{parts,0,job}' IS NULL;
SELECT eryxon.list_rows('jobs', '{"external_source": "S"}')::jsonb #> '{jobs,0}' ? 'search_vector';
SELECT attempt.sqlstate FROM (SELECT found('jobs', '{}', '{"fields": "colour"}') AS sqlstate) AS attempt;

-- What the caller may not read filters nothing.
CREATE ROLE list_reader;
GRANT SELECT (id, tenant_id, external_id, external_source, deleted_at, created_at, job_number) ON jobs TO list_reader;
SET ROLE list_reader;
SELECT found('jobs', '{"customer": "ACME"}'), found('jobs', '{"job_number": "1"}'),
       found('jobs', '{}', '{"fields": "customer"}');
RESET ROLE;
DROP OWNED BY list_reader;
DROP ROLE list_reader;

\c :home
DROP DATABASE eryxon_list;
