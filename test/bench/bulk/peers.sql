-- What an expert would write by hand instead of eryxon_bulk_upsert, over the same tables, with the same answers.
-- Arguments: the tenant, and the payload as text, as it comes over the wire.

-- One statement: ON CONFLICT, unchanged records told by their hash. A bad record loses the batch, a repeated key is an
-- error.
CREATE FUNCTION bench.peer_set(tenant uuid, payload text) RETURNS jsonb LANGUAGE sql AS $$
    WITH input AS (
        SELECT i - 1 AS index, encode(sha256(convert_to(v::text, 'UTF8')), 'hex') AS hash, r.*
          FROM jsonb_array_elements(payload::jsonb) WITH ORDINALITY AS e(v, i),
               jsonb_to_record(v) AS r(external_id text, external_source text, job_number text, customer text,
                                       due_date timestamptz, priority integer, notes text, metadata jsonb)),
    written AS (
        INSERT INTO jobs AS j (tenant_id, external_id, external_source, job_number, customer, due_date, priority, notes,
            metadata, synced_at, sync_hash)
        SELECT tenant, external_id, external_source, job_number, customer, due_date, priority, notes, metadata, now(),
            hash FROM input
        ON CONFLICT (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL DO UPDATE
        SET job_number = excluded.job_number, customer = excluded.customer, due_date = excluded.due_date,
            priority = excluded.priority, notes = excluded.notes, metadata = excluded.metadata,
            synced_at = now(), sync_hash = excluded.sync_hash, updated_at = now(), deleted_at = NULL
        WHERE j.sync_hash IS DISTINCT FROM excluded.sync_hash OR j.deleted_at IS NOT NULL
        RETURNING id, external_source, external_id, xmax = 0 AS inserted)
    SELECT jsonb_build_object('results', jsonb_agg(jsonb_build_object(
               'index', i.index, 'external_id', i.external_id, 'id', coalesce(w.id, j.id),
               'action', CASE WHEN w.inserted THEN 'created' WHEN w.id IS NOT NULL THEN 'updated' ELSE 'skipped' END)
                   ORDER BY i.index))
      FROM input i
      LEFT JOIN written w USING (external_source, external_id)
      LEFT JOIN jobs j ON w.id IS NULL AND j.tenant_id = tenant AND j.external_source = i.external_source
                      AND j.external_id = i.external_id AND j.external_id IS NOT NULL
$$;

-- A loop with an exception block per record: errors cost only their record.
CREATE FUNCTION bench.peer_loop(tenant uuid, payload text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v jsonb; n integer := -1; hash text; row_id uuid; old record; action text; results jsonb[] := '{}';
BEGIN
    FOR v IN SELECT * FROM jsonb_array_elements(payload::jsonb) LOOP
        n := n + 1;
        BEGIN
            hash := encode(sha256(convert_to(v::text, 'UTF8')), 'hex');
            SELECT id, sync_hash, deleted_at INTO old FROM jobs
             WHERE tenant_id = tenant AND external_source = v ->> 'external_source'
               AND external_id = v ->> 'external_id' AND external_id IS NOT NULL FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO jobs (tenant_id, external_id, external_source, job_number, customer, due_date, priority,
                    notes, metadata, synced_at, sync_hash)
                VALUES (tenant, v ->> 'external_id', v ->> 'external_source', v ->> 'job_number', v ->> 'customer',
                        (v ->> 'due_date')::timestamptz, (v ->> 'priority')::integer, v ->> 'notes', v -> 'metadata',
                            now(), hash)
                RETURNING id INTO row_id;
                action := 'created';
            ELSIF old.sync_hash = hash AND old.deleted_at IS NULL THEN
                row_id := old.id;
                action := 'skipped';
            ELSE
                UPDATE jobs SET job_number = v ->> 'job_number', customer = v ->> 'customer',
                       due_date = (v ->> 'due_date')::timestamptz, priority = (v ->> 'priority')::integer,
                           notes = v ->> 'notes',
                       metadata = v -> 'metadata', synced_at = now(), sync_hash = hash, updated_at = now(),
                           deleted_at = NULL
                 WHERE id = old.id;
                row_id := old.id;
                action := 'updated';
            END IF;
            results := results || jsonb_build_object('index', n, 'external_id', v ->> 'external_id', 'id', row_id,
                'action', action);
        EXCEPTION WHEN OTHERS THEN
            results := results || jsonb_build_object('index', n, 'external_id', v ->> 'external_id', 'action', 'error',
                'error', SQLERRM);
        END;
    END LOOP;
    RETURN jsonb_build_object('results', to_jsonb(results));
END $$;
