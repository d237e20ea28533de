-- What an expert would write by hand instead of eryxon_upsert: one ON CONFLICT with its plan kept, and the same answer.

CREATE FUNCTION bench.peer_one(tenant uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    hash constant text := encode(sha256(convert_to(payload::text, 'UTF8')), 'hex');
    row_id uuid; inserted boolean; synced timestamptz;
BEGIN
    INSERT INTO jobs AS j (tenant_id, external_id, external_source, job_number, customer, due_date, priority, notes,
        metadata, synced_at, sync_hash)
    VALUES (tenant, payload ->> 'external_id', payload ->> 'external_source', payload ->> 'job_number',
        payload ->> 'customer',
            (payload ->> 'due_date')::timestamptz, (payload ->> 'priority')::integer, payload ->> 'notes',
                payload -> 'metadata',
            now(), hash)
    ON CONFLICT (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL DO UPDATE
    SET job_number = excluded.job_number, customer = excluded.customer, due_date = excluded.due_date,
        priority = excluded.priority, notes = excluded.notes, metadata = excluded.metadata,
        synced_at = now(), sync_hash = excluded.sync_hash, updated_at = now(), deleted_at = NULL
    WHERE j.sync_hash IS DISTINCT FROM excluded.sync_hash OR j.deleted_at IS NOT NULL
    RETURNING id, xmax = 0, synced_at INTO row_id, inserted, synced;
    IF NOT FOUND THEN
        SELECT id, synced_at INTO row_id, synced FROM jobs
         WHERE tenant_id = tenant AND external_source = payload ->> 'external_source'
           AND external_id = payload ->> 'external_id' AND external_id IS NOT NULL;
    END IF;
    RETURN jsonb_build_object('entity', 'jobs', 'id', row_id, 'external_id', payload ->> 'external_id',
                              'external_source', payload ->> 'external_source', 'sync_hash', hash, 'synced_at', synced,
                              'action', CASE WHEN inserted THEN 'created' WHEN NOT inserted THEN 'updated'
                                  ELSE 'skipped' END);
END $$;
