-- Jobs with parts and operations, as an expert would write them by hand: three ON CONFLICT in one statement, each with
-- the ids of the level above, unchanged records told by their hash, and the counts of its children with each job. In
-- PL/pgSQL, where plans are kept.

CREATE FUNCTION bench.peer_nested(tenant uuid, payload text) RETURNS jsonb LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    answer jsonb;
BEGIN
    WITH job AS (
        SELECT i - 1 AS index, encode(sha256(convert_to((v - 'parts')::text, 'UTF8')), 'hex') AS hash, r.*
          FROM jsonb_array_elements(payload::jsonb) WITH ORDINALITY AS e(v, i),
               jsonb_to_record(v) AS r(external_id text, external_source text, job_number text, customer text,
                                       due_date timestamptz, priority integer, notes text, metadata jsonb,
                                           parts jsonb)),
    job_written AS (
        INSERT INTO jobs AS j (tenant_id, external_id, external_source, job_number, customer, due_date, priority, notes,
            metadata, synced_at, sync_hash)
        SELECT tenant, external_id, external_source, job_number, customer, due_date, priority, notes, metadata, now(),
            hash FROM job
        ON CONFLICT (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL DO UPDATE
        SET job_number = excluded.job_number, customer = excluded.customer, due_date = excluded.due_date,
            priority = excluded.priority, notes = excluded.notes, metadata = excluded.metadata,
            synced_at = now(), sync_hash = excluded.sync_hash, updated_at = now(), deleted_at = NULL
        WHERE j.sync_hash IS DISTINCT FROM excluded.sync_hash OR j.deleted_at IS NOT NULL
        RETURNING id, external_source, external_id, xmax = 0 AS inserted),
    job_done AS (
        SELECT i.index, i.external_id, i.external_source, i.parts, coalesce(w.id, j.id) AS id, w.inserted
          FROM job i
          LEFT JOIN job_written w USING (external_source, external_id)
          LEFT JOIN jobs j ON w.id IS NULL AND j.tenant_id = tenant AND j.external_source = i.external_source
                          AND j.external_id = i.external_id AND j.external_id IS NOT NULL),
    part AS (
        SELECT d.index, d.id AS job_id, encode(sha256(convert_to(d.id || (v - 'operations')::text, 'UTF8')),
            'hex') AS hash, r.*
          FROM job_done d, jsonb_array_elements(d.parts) AS e(v),
               jsonb_to_record(v) AS r(external_id text, external_source text, part_number text, material text,
                   quantity integer, notes text, metadata jsonb, operations jsonb)),
    part_written AS (
        INSERT INTO parts AS p (tenant_id, external_id, external_source, job_id, part_number, material, quantity, notes,
            metadata, synced_at, sync_hash)
        SELECT tenant, external_id, external_source, job_id, part_number, coalesce(material, 'Unknown'),
            coalesce(quantity, 1), notes, metadata, now(), hash FROM part
        ON CONFLICT (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL DO UPDATE
        SET job_id = excluded.job_id, part_number = excluded.part_number, material = excluded.material,
            quantity = excluded.quantity, notes = excluded.notes, metadata = excluded.metadata,
            synced_at = now(), sync_hash = excluded.sync_hash, updated_at = now(), deleted_at = NULL
        WHERE p.sync_hash IS DISTINCT FROM excluded.sync_hash OR p.deleted_at IS NOT NULL
        RETURNING id, external_source, external_id, xmax = 0 AS inserted),
    part_done AS (
        SELECT i.index, i.operations, coalesce(w.id, p.id) AS id, w.inserted
          FROM part i
          LEFT JOIN part_written w USING (external_source, external_id)
          LEFT JOIN parts p ON w.id IS NULL AND p.tenant_id = tenant AND p.external_source = i.external_source
                           AND p.external_id = i.external_id AND p.external_id IS NOT NULL),
    operation AS (
        SELECT d.index, d.id AS part_id, c.id AS cell_id, encode(sha256(convert_to(d.id || v::text, 'UTF8')),
            'hex') AS hash, r.*
          FROM part_done d, jsonb_array_elements(d.operations) AS e(v),
               jsonb_to_record(v) AS r(external_id text, external_source text, operation_name text,
                   cell_external_id text, sequence integer, estimated_time numeric, notes text, metadata jsonb)
          LEFT JOIN cells c ON c.tenant_id = tenant AND c.external_source = r.external_source
              AND c.external_id = r.cell_external_id
                           AND c.external_id IS NOT NULL AND c.deleted_at IS NULL),
    operation_written AS (
        INSERT INTO operations AS o (tenant_id, external_id, external_source, part_id, cell_id, operation_name,
            sequence, estimated_time, notes, metadata, synced_at, sync_hash)
        SELECT tenant, external_id, external_source, part_id, cell_id, operation_name, coalesce(sequence, 1),
               coalesce(estimated_time, 0), notes, metadata, now(), hash FROM operation
        ON CONFLICT (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL DO UPDATE
        SET part_id = excluded.part_id, cell_id = excluded.cell_id, operation_name = excluded.operation_name,
            sequence = excluded.sequence, estimated_time = excluded.estimated_time, notes = excluded.notes,
            metadata = excluded.metadata, synced_at = now(), sync_hash = excluded.sync_hash, updated_at = now(),
                deleted_at = NULL
        WHERE o.sync_hash IS DISTINCT FROM excluded.sync_hash OR o.deleted_at IS NOT NULL
        RETURNING external_source, external_id, xmax = 0 AS inserted),
    part_count AS (
        SELECT index, jsonb_build_object('total', count(*), 'created', count(*) FILTER (WHERE inserted),
                                         'updated', count(*) FILTER (WHERE NOT inserted),
                                         'skipped', count(*) FILTER (WHERE inserted IS NULL)) AS counts
          FROM part_done GROUP BY index),
    operation_count AS (
        SELECT index, jsonb_build_object('total', count(*), 'created', count(*) FILTER (WHERE inserted),
                                         'updated', count(*) FILTER (WHERE NOT inserted),
                                         'skipped', count(*) FILTER (WHERE inserted IS NULL)) AS counts
          FROM operation LEFT JOIN operation_written USING (external_source, external_id) GROUP BY index)
    SELECT jsonb_build_object('results', jsonb_agg(jsonb_build_object(
               'index', d.index, 'external_id', d.external_id, 'external_source', d.external_source, 'id', d.id,
               'action', CASE WHEN d.inserted THEN 'created' WHEN NOT d.inserted THEN 'updated' ELSE 'skipped' END,
               'children', jsonb_build_object('parts', p.counts, 'operations', o.counts)) ORDER BY d.index)) INTO answer
      FROM job_done d LEFT JOIN part_count p USING (index) LEFT JOIN operation_count o USING (index);
    RETURN answer;
END $$;
