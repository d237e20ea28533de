-- The functions of schema eryxon_api: bodies and statuses of every kind of answer, lists, deletes, and another entity.
\set SHOW_CONTEXT never
\set home :DBNAME
\set root :USER
CREATE DATABASE eryxon_http TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_http
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
ALTER DATABASE eryxon_http SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
\c
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\pset null -

-- Calls a function and shows status and body, without what differs from run to run.
CREATE FUNCTION answer(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    body json;
BEGIN
    EXECUTE 'SELECT eryxon_api.' || call INTO body;
    RETURN current_setting('response.status') || ' ' ||
           regexp_replace(regexp_replace(regexp_replace(body::text, '[0-9a-f]{8}-[-0-9a-f]{27}', 'ID', 'g'),
                                         '"(sync_hash|synced_at|created_at|updated_at|deleted_at)":"[^"]*"', '"\1":…',
                                             'g'),
                          '"duration_ms":[0-9.]+', '"duration_ms":…', 'g');
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;
-- Calls a function of schema eryxon with NULL in every place, then with an entity first; tells the statuses.
CREATE FUNCTION eryxon_nulls(function oid) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    p pg_proc := (SELECT f FROM pg_proc f WHERE f.oid = function);
    nulls text := (SELECT string_agg('NULL', ', ') FROM generate_series(1, p.pronargs));
    arguments text;
    body json;
BEGIN
    FOREACH arguments IN ARRAY ARRAY[nulls, regexp_replace(nulls, '^NULL,', quote_literal('cells') || ',')] LOOP
        EXECUTE format('SELECT eryxon.%I(%s)', p.proname, arguments) INTO body;
        RETURN NEXT current_setting('response.status');
    END LOOP;
END
$$;
CREATE FUNCTION id_of(entity text, key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
BEGIN
    EXECUTE format('SELECT id FROM %I WHERE external_id = $1', entity) INTO id USING key;
    RETURN quote_literal(id);
END
$$;

-- One record.
SELECT answer(c) FROM unnest(ARRAY[
    '"api-cells-sync"(''{"external_id":"C","external_source":"S","name":"saw"}'')',
    '"api-cells-sync"(''{"external_id":"C","external_source":"S","name":"saw"}'')',
    '"api-cells-sync"(''{"external_id":"C","external_source":"S","name":"Saw"}'')',
    '"api-cells-sync"(''{"external_id":"D","external_source":"S","name":"Saw"}'')',
    '"api-cells-sync"(''{"external_id":"D","external_source":"S","name":5,"color":"red","wip_limit":-1}'')',
    '"api-cells-sync"(''{"external_id":"D","external_source":"S"}'')',
    '"api-cells-sync"(''{"external_id":"D","external_source":"S","_what":1}'')',
    '"api-cells-sync"(''[]'')', '"api-cells-sync"(''"\u0000"'')', '"api-cells-sync"(NULL)', '"api-cells-sync"(''{'')',
    '"api-parts-sync"(''{"external_id":"P","external_source":"S","part_number":"1","job_external_id":"none"}'')',
    '"api-cells-sync"(''{"external_id":"D","external_source":"S","_op":"delete"}'')']) c;

-- Many records, options, all entities.
SELECT answer(c) FROM unnest(ARRAY[
    '"api-jobs-bulk-sync"(''[{"external_id":"1","external_source":"S","job_number":"1"},{"external_id":"2",'
    '"external_source":"S","job_number":"1"}]'')',
    '"api-jobs-bulk-sync"(''{"items":[{"external_id":"2","external_source":"S","job_number":"2"}],'
    '"options":{"dry_run":true}}'')',
    '"api-jobs-bulk-sync"(''{"jobs":[{"external_id":"2","external_source":"S","job_number":"1"}],'
    '"options":{"on_error":"abort"}}'')',
    '"api-jobs-bulk-sync"(''{"items":[],"options":{"dry":true}}'')',
        '"api-jobs-bulk-sync"(''{"items":[],"option":{}}'')',
    '"api-jobs-bulk-sync"(''5'')', '"api-jobs-bulk-sync"((SELECT json_agg(n) FROM generate_series(1, 1001) n))',
    '"api-erp-sync-sync"(''{"operations":[{"external_id":"O","external_source":"S","operation_name":"cut",'
    '"part_external_id":"P","cell_name":"Saw"}],
                            "parts":[{"external_id":"P","external_source":"S","part_number":"1",
                              "job_external_id":"1"}]}'')',
    '"api-erp-sync-diff"(''{"jobs":[{"external_id":"1","external_source":"S","customer":"ACME"}],'
    '"options":{"results":"all"}}'')',
    '"api-erp-sync-sync"(''{"machines":[]}'')', '"api-erp-sync-sync"(''{"jobs":[],"options":[]}'')',
    '"api-erp-sync-sync"((SELECT json_build_object(''jobs'', json_agg(n), ''cells'', json_agg(n)) '
    'FROM generate_series(1, 501) n))']) c;

-- Lists.
INSERT INTO jobs (tenant_id, job_number, customer, status)
    VALUES ('a0000000-0000-4000-8000-000000000002', '1', 'theirs', 'on_hold');
SELECT eryxon_bulk_upsert('jobs',
    (SELECT jsonb_agg(jsonb_build_object('external_id', n, 'external_source', 'T', 'job_number', 'T-' || n,
    'priority', n % 3, 'status', CASE WHEN n < 4 THEN 'on_hold' ELSE 'completed' END)) FROM generate_series(1, 7) n))
        -> 'created';
CREATE FUNCTION listed(filters text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    data json;
BEGIN
    EXECUTE format('SELECT eryxon_api."api-jobs-list"(%s) -> ''data''', filters) INTO data;
    RETURN concat_ws(' ', (SELECT string_agg(j ->> 'job_number', ' ') FROM json_array_elements(data -> 'jobs') j),
        data -> 'pagination');
END
$$;
SELECT filters, listed(filters)
    FROM unnest(ARRAY['', 'external_source => ''T''', 'external_id => ''1''',
    'external_id => ''1'', external_source => ''T''',
    'status => ''on_hold''', 'search => ''t-''', 'search => ''%''', 'sort_by => ''priority'', sort_order => ''desc''',
    'sort_by => ''job_number'', max_rows => 3, skip_rows => 2', 'skip_rows => 99',
        'updated_since => to_json(now() + ''1 h''::interval) #>> ''{}''']) filters;
SELECT answer(c) FROM unnest(ARRAY['"api-cells-list"()', '"api-cells-list"(id => ' || id_of('cells', 'C') || ')',
    '"api-jobs-list"(id => (SELECT id FROM jobs WHERE customer = ''theirs''))', '"api-jobs-list"(max_rows => 0)',
        '"api-jobs-list"(max_rows => 1001)',
    '"api-jobs-list"(skip_rows => -1)', '"api-jobs-list"(sort_by => ''tenant'')',
        '"api-jobs-list"(sort_order => ''up'')', '"api-cells-list"(status => ''x'')',
    '"api-erp-sync-status"(entity_type => ''machines'')', '"api-erp-sync-status"(max_rows => -1)']) c;
SELECT b #>> '{data,entities,jobs,sources,0,source}', json_array_length(b #> '{data,runs}')
  FROM (SELECT eryxon_api."api-erp-sync-status"(entity_type => 'jobs', source => 'T', max_rows => 1) AS b) q;

-- Deletes: by id for good, by key softly, not over running work, and not in two ways at once.
UPDATE operations SET status = 'in_progress';
SELECT answer(c) FROM unnest(ARRAY['"api-jobs-delete"()', '"api-jobs-delete"(external_id => ''1'')',
    '"api-jobs-delete"(id => ' || id_of('jobs', '2') || ', external_id => ''1'')',
        '"api-jobs-delete"(external_id => ''9'', external_source => ''S'')',
    '"api-jobs-delete"(id => (SELECT id FROM jobs WHERE customer = ''theirs''))',
        '"api-jobs-delete"(id => ' || id_of('jobs', '1') || ')',
    '"api-jobs-delete"(external_id => ''1'', external_source => ''S'')',
        '"api-operations-delete"(external_id => ''O'', external_source => ''S'')',
    '"api-cells-delete"(external_id => ''C'', external_source => ''S'')',
        '"api-jobs-delete"(external_id => ''1'', external_source => ''S'', force => true)',
    '"api-jobs-delete"(external_id => ''1'', external_source => ''S'')',
        '"api-jobs-list"(external_id => ''1'', external_source => ''S'')',
    '"api-jobs-delete"(external_id => ''1'', external_source => ''S'', hard => true)',
    '"api-jobs-delete"(id => (SELECT id FROM jobs WHERE job_number = ''T-2''), hard => false)',
        '"api-jobs-delete"(id => (SELECT id FROM jobs WHERE job_number = ''T-3''))']) c;
SELECT job_number, deleted_at IS NOT NULL AS deleted FROM jobs WHERE job_number IN ('1', 'T-2', 'T-3')
    AND customer IS NULL ORDER BY 1;

-- What the role may not do.
CREATE ROLE http_nobody;
GRANT USAGE ON SCHEMA eryxon_api TO http_nobody;
SET ROLE http_nobody;
SELECT answer(c) FROM unnest(ARRAY['"api-cells-list"()',
    '"api-cells-sync"(''{"external_id":"E","external_source":"S","name":"E"}'')',
    '"api-cells-delete"(external_id => ''C'', external_source => ''S'')',
        '"api-erp-sync-sync"(''{"cells":[{"external_id":"E","external_source":"S","name":"E"}]}'')']) c;
RESET ROLE;

-- What must leave the call does so; nothing is half done after a failure.
BEGIN READ ONLY;
SELECT answer('"api-cells-sync"(''{"external_id":"E","external_source":"S","name":"E"}'')');
ROLLBACK;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % today', NEW.name; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON resources FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT answer('"api-resources-sync"(''{"external_id":"R","external_source":"S","name":"vice","type":"tooling"}'')');
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nonsense(); END $$;
SELECT answer('"api-resources-sync"(''{"external_id":"R","external_source":"S","name":"vice","type":"tooling"}'')');
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'
    USING DETAIL = '[bad] "thing'; END $$;
SELECT answer('"api-resources-sync"(''{"external_id":"R","external_source":"S","name":"vice","type":"tooling"}'')');
CREATE TRIGGER refuse BEFORE UPDATE ON cells FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT answer('"api-cells-delete"(external_id => ''C'', external_source => ''S'')');
DROP TRIGGER refuse ON cells;
SELECT count(*) FROM resources;

-- A record that is refused is in the history, and so are warnings; what is wrong with the call is not.
SELECT count(*) FROM eryxon.sync_run;
SELECT answer(c) FROM unnest(ARRAY[
    '"api-cells-sync"(''{"external_id":"H","external_source":"S","name":"H","sequence":"first"}'')',
    '"api-cells-sync"(''[]'')', '"api-cells-sync"(''{"external_id":"H","external_source":"S","name":"H","colour":1}'')',
    '"api-cells-bulk-sync"(''{"items":[],"options":{"colour":1}}'')']) c;
SELECT operation, status, total, created, errors, warnings, error_details FROM eryxon.sync_run
 WHERE entity = 'cells' ORDER BY started_at DESC LIMIT 3;
SELECT count(*) FROM eryxon.sync_run;

-- NULL in any place is an answer, not a crash.
SELECT p.proname, string_agg(q.status, ' ')
  FROM pg_proc p, LATERAL eryxon_nulls(p.oid) AS q(status) WHERE p.proname LIKE 'http\_%'
      AND p.pronamespace = 'eryxon'::regnamespace
 GROUP BY 1 ORDER BY 1;

-- An entity of one's own has its functions as long as it is attached; they go with the extension.
CREATE TABLE machines (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, machine_name varchar(20),
    nr serial, note json, notes json[], updated_at timestamptz);
SELECT eryxon_attach('machines', 'machines') ->> 'entity';
SELECT eryxon_map_field('machines', 'machine_name', '{"required": true}');
SELECT answer(c) FROM unnest(ARRAY[
    '"api-machines-sync"(''{"external_id":"M_1","external_source":"S","machine_name":"M_1"}'')',
    '"api-machines-list"(search => ''_'')', '"api-machines-list"(search => ''-'')',
        '"api-machines-list"(status => ''x'')',
    '"api-machines-list"(sort_by => ''note'')', '"api-machines-list"(sort_by => ''notes'')',
        '"api-machines-list"(updated_since => to_json(now() - ''1 h''::interval) #>> ''{}'')',
        '"api-machines-list"(sort_by => ''machine_name'', sort_order => ''DESC'')']) c;
SELECT proname, obj_description(oid) FROM pg_proc WHERE proname LIKE 'api-machines-%' ORDER BY 1;
SELECT eryxon_attach('pagination', 'machines');
SELECT eryxon_detach('machines');
SELECT answer('"api-machines-list"()');
SELECT eryxon_attach('machines', 'machines') ->> 'entity', eryxon_attach('machines', 'machines') ->> 'entity';
DROP EXTENSION eryxon_sync CASCADE;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'api-%';
\c :home :root
DROP DATABASE eryxon_http WITH (FORCE);
DROP ROLE http_nobody;
