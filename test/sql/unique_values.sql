-- Unique values: who holds one that a record wants, and which records give theirs up or swap them.
\set SHOW_CONTEXT never
\set VERBOSITY terse
\set home :DBNAME
CREATE DATABASE eryxon_unique TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_unique
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
CREATE UNIQUE INDEX jobs_customer_once ON jobs (tenant_id, customer);
CREATE UNIQUE INDEX parts_drawing_once ON parts (drawing_no);
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';
\pset format unaligned
\pset tuples_only on

-- What became of each record; of a refusal the message and what it names.
CREATE FUNCTION outcome(answer jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'external_id', r ->> 'action', regexp_replace(r ->> 'error',
               '"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', '<id>'), (r #> '{details,0,params}') - 'id')
      FROM jsonb_array_elements(answer -> 'results') r
$$;

SELECT eryxon_bulk_upsert('jobs', '[
    {"external_id":"A","external_source":"ERP","job_number":"1","customer":"a",
     "parts":[{"external_id":"A1","part_number":"p"},{"external_id":"A2","part_number":"q","drawing_no":"d"}]},
    {"external_id":"B","external_source":"ERP","job_number":"2","customer":"b","parts":[{"external_id":"B1",
        "part_number":"p"}]},
    {"external_id":"C","external_source":"ERP","job_number":"3","customer":"c"}]') ->> 'created';
\echo -- a new record and one that changes, alone and with children
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"N","external_source":"ERP","job_number":"1"},
    {"external_id":"B","external_source":"ERP","job_number":"3"}]'));
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","parts":[
    {"external_id":"A3","part_number":"r"},{"external_id":"A4","part_number":"q"}]}]'));
\echo -- what the record does not send counts as it stands in the row
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id":"A2","external_source":"ERP","part_number":"p"},
    {"external_id":"B1","external_source":"ERP","job_external_id":"A"}]'));
\echo -- a deleted row, by a unique index that counts those; and a row that was typed in
SELECT eryxon_delete_external('jobs', 'ERP', 'C') ->> 'action';
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"N","external_source":"ERP","job_number":"3",
    "customer":"c"}]'));
SELECT eryxon_upsert('jobs', '{"external_id":"N","external_source":"ERP","job_number":"9","customer":"c"}');
INSERT INTO jobs (tenant_id, job_number) VALUES (eryxon_tenant_id(), 'local');
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"N","external_source":"ERP","job_number":"local"}]'));
\echo -- nothing of other tenants, and of what a policy hides
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000002';
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"X","external_source":"ERP","job_number":"1","parts":[
    {"external_id":"X1","part_number":"x","drawing_no":"d"}]}]'));
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';
CREATE ROLE eryxon_unique_clerk;
GRANT SELECT, INSERT, UPDATE ON jobs, parts, operations TO eryxon_unique_clerk;
CREATE POLICY not_one ON jobs AS RESTRICTIVE TO eryxon_unique_clerk USING (job_number <> '1');
SET ROLE eryxon_unique_clerk;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"N","external_source":"ERP","job_number":"1"},
    {"external_id":"N","external_source":"ERP","job_number":"2"}]'));
RESET ROLE;


CREATE VIEW numbers AS SELECT string_agg(format('%s=%s', external_id, job_number), ' ' ORDER BY external_id) AS jobs
      FROM jobs WHERE deleted_at IS NULL AND tenant_id = eryxon_tenant_id() AND external_id IS NOT NULL;
CREATE VIEW part_numbers AS SELECT string_agg(format('%s=%s', external_id, part_number), ' ' ORDER BY external_id)
      FROM parts WHERE deleted_at IS NULL AND tenant_id = eryxon_tenant_id();
SELECT * FROM numbers;
\echo -- a record whose number a later one gives up or deletes gets it, one that wants what nobody gives up does not
BEGIN;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","job_number":"2"},
    {"external_id":"B","external_source":"ERP","job_number":"5"},
    {"external_id":"N","external_source":"ERP","job_number":"1"}]'));
SELECT * FROM numbers;
ROLLBACK;
BEGIN;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"N","external_source":"ERP","job_number":"1"},
    {"external_id":"A","external_source":"ERP","job_number":"2"},
    {"external_id":"B","external_source":"ERP","_op":"delete"}]'));
SELECT * FROM numbers;
ROLLBACK;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","job_number":"2"},
    {"external_id":"B","external_source":"ERP","notes":"still 2"}]'));
\echo -- the one that comes first gets it
BEGIN;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"N","external_source":"ERP","job_number":"2"},
    {"external_id":"B","external_source":"ERP","job_number":"7"},
    {"external_id":"M","external_source":"ERP","job_number":"2"}]'));
ROLLBACK;
\echo -- two, and then three, that swap; events tell what they had
SET eryxon.capture_events = on;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","job_number":"2"},
    {"external_id":"B","external_source":"ERP","job_number":"1"}]'));
SELECT external_id, changes FROM eryxon.event_outbox WHERE type = 'job.updated' ORDER BY external_id;
SELECT * FROM numbers;
SELECT outcome(eryxon_bulk_upsert_json('jobs', '[{"external_id":"Z","external_source":"ERP","job_number":"9"},
    {"external_id":"A","external_source":"ERP","job_number":"1"},
    {"external_id":"B","external_source":"ERP","job_number":"9"},
    {"external_id":"Z","external_source":"ERP","job_number":"2"}]'));
SELECT * FROM numbers;
SELECT r ->> 'external_id', r -> 'changes' FROM jsonb_array_elements(eryxon_diff('{"jobs":[
    {"external_id":"A","external_source":"ERP","job_number":"2"},
    {"external_id":"Z","external_source":"ERP","job_number":"1"}]}') #> '{entities,jobs,results}') r;
\echo -- a swap is off if one of the two cannot be written for something else
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","job_number":"2","customer":"b"},
    {"external_id":"Z","external_source":"ERP","job_number":"1"}]'));
SELECT * FROM numbers;
\echo -- under one parent: renumbered, and swapped; with a trigger that sees no new number that nobody sent
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.part_number IS DISTINCT FROM NEW.part_number THEN
        RAISE INFO '% gets %', NEW.external_id, NEW.part_number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER see BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION see();
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","parts":[
    {"external_id":"A1","part_number":"q"},{"external_id":"A2","part_number":"r"},
    {"external_id":"A5","part_number":"p"}]}]'));
SELECT * FROM part_numbers;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"A","external_source":"ERP","parts":[
    {"external_id":"A1","part_number":"r"},{"external_id":"A2","part_number":"p"},
    {"external_id":"A5","part_number":"q"}]}]'));
SELECT * FROM part_numbers;
\echo -- an order of three hundred lines that all move up
SELECT eryxon_bulk_upsert('jobs', jsonb_build_array(jsonb_build_object('external_id', 'L', 'external_source', 'ERP',
    'job_number', 'L', 'parts', jsonb_agg(jsonb_build_object('external_id', 'L' || n, 'part_number', n::text)))))
    ->> 'created' FROM generate_series(1, 300) n;
SET client_min_messages = error;
DROP TRIGGER see ON parts;
SELECT eryxon_bulk_upsert('jobs', jsonb_build_array(jsonb_build_object('external_id', 'L', 'external_source', 'ERP',
    'job_number', 'L', 'parts', jsonb_agg(jsonb_build_object('external_id', 'L' || n, 'part_number', (n + 1)::text)))))
    #> '{results,0,children,parts,updated}' FROM generate_series(1, 300) n;

\echo -- children that go first for a number only go first where that helps: work that moves on from one is not deleted
SELECT eryxon_upsert('cells', '{"external_id":"C","external_source":"ERP","name":"Saw"}') ->> 'action';
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"U1","external_source":"ERP","job_number":"u1","parts":[
    {"external_id":"U3","part_number":"a","operations":[{"external_id":"U5","operation_name":"cut","cell_name":"Saw"}]},
    {"external_id":"U4","part_number":"b"}]},
    {"external_id":"U2","external_source":"ERP","job_number":"u2"}]') ->> 'created';
SELECT c ->> 'external_id', c ->> 'action' FROM jsonb_array_elements(eryxon_bulk_upsert('jobs', '[
    {"external_id":"U1","external_source":"ERP","job_number":"u2","parts":[{"external_id":"U4","part_number":"b",
     "operations":[{"external_id":"U5","operation_name":"cut","cell_name":"Saw"}]}]},
    {"external_id":"U2","external_source":"ERP","job_number":"u6"}]',
    '{"children":"replace","children_results":"all"}') -> 'results') r,
    jsonb_array_elements(r -> 'child_results') c ORDER BY 1;
\echo -- triggers are off while values swap: a policy sees nothing of that, the function of a check prevents it
CREATE FUNCTION spy(number text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('session_replication_role') <> 'origin' THEN RAISE EXCEPTION 'triggers are off'; END IF;
    RETURN true;
END $$;
CREATE POLICY spying ON jobs AS RESTRICTIVE USING (spy(job_number)) WITH CHECK (spy(job_number));
GRANT EXECUTE ON FUNCTION spy TO PUBLIC;
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"S1","external_source":"ERP","job_number":"s1"},
    {"external_id":"S2","external_source":"ERP","job_number":"s2"}]') ->> 'created';
SET ROLE eryxon_unique_clerk;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"S1","external_source":"ERP","job_number":"s2"},
    {"external_id":"S2","external_source":"ERP","job_number":"s1"}]'));
RESET ROLE;
CREATE FUNCTION fine(number text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
ALTER TABLE jobs ADD CONSTRAINT spied CHECK (fine(job_number));
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"S1","external_source":"ERP","job_number":"s1"},
    {"external_id":"S2","external_source":"ERP","job_number":"s2"}]'));
SELECT outcome(eryxon_bulk_upsert('jobs', '[
    {"external_id":"S1","external_source":"ERP","job_number":"s1","parts":[{"external_id":"S3","part_number":"s"}]},
    {"external_id":"S2","external_source":"ERP","job_number":"s2","parts":[{"external_id":"S4","part_number":"s"}]}]'));
ALTER TABLE jobs DROP CONSTRAINT spied;
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER always BEFORE UPDATE ON jobs FOR EACH ROW WHEN (NEW.job_number LIKE '~%') EXECUTE FUNCTION swallow();
ALTER TABLE jobs ENABLE ALWAYS TRIGGER always;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id":"S1","external_source":"ERP","job_number":"s1"},
    {"external_id":"S2","external_source":"ERP","job_number":"s2"}]'));

\c :home
DROP DATABASE eryxon_unique;
DROP ROLE eryxon_unique_clerk;
