-- The engine on tables partitioned by tenant: load, update, errors, delete, restore, rows that change their tenant.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_partition_bulk TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_partition_bulk
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
CREATE ROLE partition_clerk;

CREATE TABLE cells (id uuid DEFAULT gen_random_uuid(), tenant_id uuid, name text NOT NULL, sequence integer NOT NULL,
    active boolean,
    PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id);
CREATE TABLE jobs (id uuid DEFAULT gen_random_uuid(), tenant_id uuid, job_number text NOT NULL, customer text,
    status text NOT NULL, updated_at timestamptz,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, job_number)) PARTITION BY LIST (tenant_id);
CREATE TABLE parts (id uuid DEFAULT gen_random_uuid(), tenant_id uuid, job_id uuid NOT NULL, parent_part_id uuid,
    part_number text NOT NULL, quantity integer NOT NULL CHECK (quantity < 100),
    PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, job_id) REFERENCES jobs ON DELETE CASCADE ON UPDATE CASCADE,
    FOREIGN KEY (tenant_id, parent_part_id) REFERENCES parts ON DELETE CASCADE) PARTITION BY HASH (tenant_id);
CREATE TABLE operations (id uuid DEFAULT gen_random_uuid(), tenant_id uuid, part_id uuid NOT NULL,
    cell_id uuid NOT NULL, operation_name text NOT NULL, sequence integer NOT NULL, status text,
    PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, part_id) REFERENCES parts
        ON DELETE CASCADE, FOREIGN KEY (tenant_id, cell_id) REFERENCES cells) PARTITION BY RANGE (tenant_id);
CREATE TABLE cells_1 PARTITION OF cells FOR VALUES IN ('a0000000-0000-4000-8000-000000000001');
CREATE TABLE cells_rest PARTITION OF cells DEFAULT;
CREATE TABLE jobs_1 PARTITION OF jobs FOR VALUES IN ('a0000000-0000-4000-8000-000000000001');
CREATE TABLE jobs_2 PARTITION OF jobs FOR VALUES IN ('a0000000-0000-4000-8000-000000000002');
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE operations_all PARTITION OF operations FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
-- A partition whose columns stand in another order, attached later.
CREATE TABLE jobs_3 (extra text, updated_at timestamptz, status text NOT NULL, customer text, job_number text NOT NULL,
    tenant_id uuid NOT NULL, id uuid NOT NULL);
ALTER TABLE jobs_3 DROP COLUMN extra;
ALTER TABLE jobs ATTACH PARTITION jobs_3 FOR VALUES IN ('a0000000-0000-4000-8000-000000000003');

SELECT e, eryxon_attach(e, e::regclass) ->> 'index' FROM unnest('{cells,jobs,parts,operations}'::text[]) e;

\pset format unaligned
\pset tuples_only on
\pset null -
-- Outcomes of a result: actions, codes and warnings in input order.
CREATE FUNCTION outcome(r jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', x ->> 'action', x ->> 'code', x ->> 'sqlstate', x #>> '{details,0,path}',
        x #>> '{warnings,0,code}'), ', ' ORDER BY n)
      FROM jsonb_array_elements(r -> 'results') WITH ORDINALITY t(x, n)
$$;
-- How a statement fails, without ids.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || regexp_replace(sqlerrm, '[0-9a-f]{8}-[-0-9a-f]{27}', 'ID');
END
$$;
-- What is live, with the last digit of its tenant.
CREATE FUNCTION live(OUT jobs text, OUT parts text, OUT operations bigint) LANGUAGE sql AS $$
    SELECT (SELECT string_agg(format('%s@%s', external_id, right(tenant_id::text, 1)), ' '
        ORDER BY tenant_id, external_id) FROM jobs WHERE deleted_at IS NULL),
           (SELECT string_agg(format('%s@%s', external_id, right(tenant_id::text, 1)), ' '
               ORDER BY tenant_id, external_id) FROM parts WHERE deleted_at IS NULL),
           (SELECT count(*) FROM operations WHERE deleted_at IS NULL)
$$;
CREATE TABLE payload AS SELECT '{"cells": [{"external_id": "C", "external_source": "S", "name": "Saw"}],
    "jobs": [{"external_id": "J", "external_source": "S", "job_number": "J", "priority": 1, "parts": [
                {"external_id": "P", "part_number": "P", "operations": [{"external_id": "O", "operation_name": "O",
                  "cell_name": "Saw"}, {"external_id": "O2", "operation_name": "O2", "cell_name": "Saw"}]},
                {"external_id": "Q", "part_number": "Q", "parent_part_external_id": "P", "quantity": 7}]},
             {"external_id": "K", "external_source": "S", "job_number": "K"}]}'::jsonb AS p;

-- Three tenants, the same keys.
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000003';
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT live();
SELECT tableoid::regclass, count(*) FROM jobs GROUP BY 1 ORDER BY 1;
SELECT external_id, sequence FROM operations WHERE tenant_id = eryxon_tenant_id() ORDER BY 1;
-- A tenant that no partition takes: the records' errors, and the other entities go on.
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000009';
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT outcome(eryxon_sync(p) #> '{entities,jobs}') FROM payload;
SELECT count(*) FROM cells_rest WHERE tenant_id = eryxon_tenant_id();

-- Updates and errors, in chunks of one.
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000003';
SET eryxon.chunk_size = 1;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "J", "external_source": "S", "customer": "A", '
                                          '"status": "in_progress"}, {"external_id": "L", "external_source": "S", '
                                          '"job_number": "K"},
    {"external_id": "K", "external_source": "S", "job_number": "K2"}, {"external_id": "L", "external_source": "S",
      "job_number": "K"}, {"external_id": "J", "external_source": "S", "status": "not_started", "customer": "B"}]'));
RESET eryxon.chunk_size;
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id": "P", "external_source": "S", "quantity": 99}, '
                                           '{"external_id": "Q", "external_source": "S", "quantity": 100}, '
                                           '{"external_id": "P", "external_source": "S", '
                                           '"parent_part_external_id": "Q"},
    {"external_id": "Q", "external_source": "S", "job_external_id": "K"}, {"external_id": "R", "external_source": "S",
      "part_number": "R", "job_external_id": "K"}]'));
SELECT tableoid::regclass, external_id, job_number, customer, status, updated_at IS NOT NULL FROM jobs_3
    ORDER BY external_id;
SELECT jsonb_path_query_array(eryxon_diff('{"jobs": [{"external_id": "J", "external_source": "S", "customer": "C"}]}'),
    '$.entities.jobs.results[*].changes');

-- Deletes and restores.
SELECT attempt($$SELECT eryxon_delete_external('cells', 'S', 'C')$$);
SELECT eryxon_delete_external('jobs', 'S', 'J') ->> 'children';
SELECT outcome(eryxon_bulk_upsert('parts', '[{"external_id": "P", "external_source": "S", "quantity": 1}, '
                                           '{"external_id": "R", "external_source": "S", "_op": "delete"}, '
                                           '{"external_id": "R", "external_source": "S", "_op": "delete"}]'));
SELECT eryxon_delete_external('cells', 'S', 'C') ->> 'action';
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "J", "external_source": "S"}]'));
SELECT outcome(eryxon_bulk_upsert('cells', '[{"external_id": "C", "external_source": "S"}]'));
SELECT eryxon_restore('jobs', id) ->> 'children' FROM jobs_3 WHERE external_id = 'J';
SELECT live();
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "J", "external_source": "S", '
                                          '"parts": [{"external_id": "P", "part_number": "P", '
                                          '"operations": [{"external_id": "O"}]}]}]', '{"children": "replace"}'));
SELECT live();
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "J", "external_source": "S", "_op": "delete"}]'));
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT live();
SELECT eryxon_delete_external('jobs', 'S', 'K', true) ->> 'hard';
SELECT eryxon_delete_external('jobs', 'S', 'J') ->> 'children';
SELECT eryxon_delete_external('jobs', 'S', 'J', true) ->> 'children';
SELECT count(*) FROM jobs_3;
SELECT count(*) FROM eryxon.soft_delete WHERE tenant_id = eryxon_tenant_id() AND row_entity = 'jobs';

-- A row that changes its tenant is the other tenant's from then on, with what follows it by ON UPDATE CASCADE.
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT eryxon_delete_external('jobs', 'S', 'J') ->> 'children';
DELETE FROM jobs WHERE external_id = 'L' AND tenant_id = 'a0000000-0000-4000-8000-000000000003';
UPDATE jobs SET tenant_id = 'a0000000-0000-4000-8000-000000000003', job_number = 'K3' WHERE external_id = 'K'
    AND tenant_id = eryxon_tenant_id();
SELECT tableoid::regclass, external_id, deleted_at IS NULL FROM jobs
    WHERE tenant_id = 'a0000000-0000-4000-8000-000000000003' ORDER BY external_id;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "K", "external_source": "S", "job_number": "K"}]'));
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000003';
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "K", "external_source": "S", "job_number": "K3"}, '
                                          '{"external_id": "K", "external_source": "S", "customer": "new"},
    {"external_id": "K", "external_source": "S", "job_number": "K"}, {"external_id": "L", "external_source": "S",
      "job_number": "L"}]'));
SELECT live();
-- Rows with children may move only where the keys let them.
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT attempt($$UPDATE jobs SET tenant_id = 'a0000000-0000-4000-8000-000000000001', job_number = 'moved'
    WHERE external_id = 'J' AND tenant_id = eryxon_tenant_id()$$);
SELECT live();

-- The same with a role under row level security, which has rights on the roots alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON cells, jobs, parts, operations, payload TO partition_clerk;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON jobs USING (tenant_id = eryxon_tenant_id() AND customer IS DISTINCT FROM 'secret');
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SET ROLE partition_clerk;
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "M", "external_source": "S", "job_number": "M", '
                                          '"customer": "secret"}, {"external_id": "J", "external_source": "S", '
                                          '"customer": "secret"}, {"external_id": "J", "external_source": "S", '
                                          '"customer": "open"}]'));
SELECT eryxon_delete_external('jobs', 'S', 'J') ->> 'children';
DELETE FROM jobs WHERE external_id = 'K';
SELECT eryxon_sync(p) ->> 'summary' FROM payload;
SELECT eryxon_status('{"limit": 0}') #> '{entities,jobs,live}';
RESET ROLE;

-- A partition that leaves: its rows are no longer the entity's; one that comes brings them.
ALTER TABLE jobs DETACH PARTITION jobs_3;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000003';
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "K", "external_source": "S", "job_number": "K"}]'));
ALTER TABLE jobs ATTACH PARTITION jobs_3 FOR VALUES IN ('a0000000-0000-4000-8000-000000000003');
SELECT outcome(eryxon_bulk_upsert('jobs', '[{"external_id": "K", "external_source": "S", "customer": "back"}]'));

\c :home
DROP DATABASE eryxon_partition_bulk;
DROP ROLE partition_clerk;
