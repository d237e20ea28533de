-- Importing a large file in parts, a transaction each, so that it can be watched and cancelled: what the gateway does
-- with a file. A CSV file is here as a whole before its first part is imported; parts of JSON are imported as they
-- come.

CREATE TABLE eryxon.csv_upload (
    run_id     uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    entity     text NOT NULL,
    options    jsonb NOT NULL,
    header     text NOT NULL DEFAULT '',
    records    bigint,
    lines      bigint,
    parts      bigint,
    next_part  bigint NOT NULL DEFAULT 1,
    done       bigint NOT NULL DEFAULT 0,
    status     text NOT NULL DEFAULT 'running'
        CHECK (status IN ('running', 'cancelling', 'cancelled', 'finished', 'failed')),
    error      text,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    touched_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    format     text NOT NULL DEFAULT 'csv' CHECK (format IN ('csv', 'array', 'lines'))
);
COMMENT ON TABLE eryxon.csv_upload IS
'Files that are imported in parts: how far each is. How much there is of JSON is only known at its end. Kept for a week
after it was touched last; its parts go when nobody works at it for an hour.';

CREATE TABLE eryxon.csv_part (
    run_id         uuid NOT NULL,
    part           bigint NOT NULL,
    lines_before   bigint NOT NULL,
    records_before bigint NOT NULL,
    text           text NOT NULL,
    PRIMARY KEY (run_id, part)
);
COMMENT ON TABLE eryxon.csv_part IS
'The parts that are still to be imported.';
ALTER TABLE eryxon.csv_part ALTER text SET STORAGE EXTERNAL;
REVOKE ALL ON eryxon.csv_upload, eryxon.csv_part FROM PUBLIC;

-- What the C functions below call as the extension's owner, for an import of the tenant whose table the caller may
-- write.

CREATE FUNCTION eryxon.tell_run(run uuid) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_tell_run';
COMMENT ON FUNCTION eryxon.tell_run IS
'Writes the event sync.completed of a run that several calls have made.';

CREATE FUNCTION eryxon.upload_lock(run uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT hashtextextended(run::text, 0)
$$;
COMMENT ON FUNCTION eryxon.upload_lock IS
'The key of the advisory lock that the transaction of a step holds.';

CREATE FUNCTION eryxon.lock_upload(key bigint) RETURNS void
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_lock_upload';
COMMENT ON FUNCTION eryxon.lock_upload IS
'Takes the lock of an import, shared, until the transaction ends. It is none of those that everybody can take: who reads
pg_locks could stop an import by one.';

CREATE FUNCTION eryxon.is_worked_at(run uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_locks l
                    WHERE l.locktype = 'advisory' AND l.objsubid = 5
                      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                      AND l.classid::bigint = (eryxon.upload_lock(run) >> 32) & 4294967295
                      AND l.objid::bigint = eryxon.upload_lock(run) & 4294967295)
$$;
COMMENT ON FUNCTION eryxon.is_worked_at IS
'True while a step of the import runs.';

CREATE FUNCTION eryxon.forget_uploads() RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH left_alone AS (
        SELECT u.run_id FROM eryxon.csv_upload u
         WHERE u.status IN ('running', 'cancelling') AND u.touched_at < now() - '1 hour'::interval
             AND NOT eryxon.is_worked_at(u.run_id)
           FOR UPDATE SKIP LOCKED),
    given_up AS (
        UPDATE eryxon.csv_upload u SET status = 'failed', error = 'no part was imported for an hour'
          FROM left_alone l WHERE u.run_id = l.run_id
        RETURNING u.run_id)
    DELETE FROM eryxon.csv_part p USING given_up g WHERE p.run_id = g.run_id;
    DELETE FROM eryxon.csv_upload u
     WHERE u.run_id IN (SELECT o.run_id FROM eryxon.csv_upload o
                         WHERE o.touched_at < now() - '7 days'::interval AND o.status NOT IN ('running', 'cancelling')
                           FOR UPDATE SKIP LOCKED);
$$;
COMMENT ON FUNCTION eryxon.forget_uploads IS
'Drops the parts of imports that nobody goes on with, and old imports. Those that some transaction has locked are left
to the next time: they may be another tenant''s, for whom nobody waits.';

CREATE FUNCTION eryxon.prepare_upload(tenant uuid, run uuid) RETURNS uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.forget_uploads();
    IF (SELECT count(*) FROM eryxon.csv_upload u WHERE u.tenant_id = tenant
        AND u.status IN ('running', 'cancelling')) >= 8 THEN
        PERFORM eryxon.fail('IN_PROGRESS', '55006', 'run', '8 imports of this tenant are already running',
                            'Wait until one has ended, or cancel one.', '{"reason": "too_many_imports", "limit": 8}');
    ELSIF EXISTS (SELECT FROM eryxon.csv_upload u WHERE u.run_id = run) OR EXISTS (SELECT FROM eryxon.sync_run r
        WHERE r.id = run) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'run', 'a run with this id already exists',
            'Omit it, or send another random one.');
    END IF;
    RETURN coalesce(run, gen_random_uuid());
END
$$;
COMMENT ON FUNCTION eryxon.prepare_upload IS
'The id of a new import, which may be the caller''s choice. Old imports are forgotten; a tenant has 8 under way at
most.';

CREATE FUNCTION eryxon.note_upload(run uuid, tenant uuid, entity text, options jsonb, split jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.csv_upload (run_id, tenant_id, entity, options, header, records, lines, parts, status)
    VALUES (run, tenant, entity, (options - '{encoding}'::text[]) || jsonb_build_object('delimiter',
        split -> 'delimiter'),
            split ->> 'header', (split ->> 'records')::bigint, (split ->> 'lines')::bigint, (split ->> 'parts')::bigint,
            CASE split ->> 'parts' WHEN '0' THEN 'finished' ELSE 'running' END)
$$;
COMMENT ON FUNCTION eryxon.note_upload IS
'Notes an import whose parts have been written; a file without records is finished.';

CREATE FUNCTION eryxon.note_record_upload(run uuid, tenant uuid, entity text, options jsonb, form text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.csv_upload (run_id, tenant_id, entity, options, format)
    VALUES (run, tenant, entity, options, form)
$$;
COMMENT ON FUNCTION eryxon.note_record_upload IS
'Notes an import of JSON, whose parts are to come.';

CREATE FUNCTION eryxon.close_upload(run uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM eryxon.csv_part p WHERE p.run_id = run;
    PERFORM eryxon.tell_run(run);
END
$$;
COMMENT ON FUNCTION eryxon.close_upload IS
'Forgets the parts of an import that ends before its last one, and tells what it did.';

CREATE FUNCTION eryxon.take_part(tenant uuid, run uuid)
    RETURNS TABLE (entity text, options text, header text, lines_before bigint, records_before bigint, csv text)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
BEGIN
    SELECT * INTO upload FROM eryxon.csv_upload u WHERE u.run_id = run AND u.tenant_id = tenant FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('import %s does not exist', run));
    ELSIF upload.status = 'cancelling' THEN
        UPDATE eryxon.csv_upload u SET status = 'cancelled', touched_at = clock_timestamp() WHERE u.run_id = run;
        PERFORM eryxon.close_upload(run);
    ELSIF upload.status = 'running' THEN
        PERFORM eryxon.lock_upload(eryxon.upload_lock(run));
        RETURN QUERY
        WITH taken AS (DELETE FROM eryxon.csv_part p WHERE p.run_id = run AND p.part = upload.next_part RETURNING p.*)
        SELECT upload.entity, upload.options::text, upload.header, t.lines_before, t.records_before, t.text
            FROM taken t;
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.take_part IS
'The next part of an import, no row if there is none or the import was cancelled. The import stays locked until the
transaction ends.';

CREATE FUNCTION eryxon.claim_part(tenant uuid, run uuid, part bigint)
    RETURNS TABLE (entity text, options text, form text, done bigint, imported boolean)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
BEGIN
    SELECT * INTO upload FROM eryxon.csv_upload u
     WHERE u.run_id = run AND u.tenant_id = tenant AND u.format <> 'csv' FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('import %s does not exist', run));
    ELSIF part > upload.next_part THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'part', format('part %s of the import is missing',
            upload.next_part));
    ELSIF upload.status = 'cancelling' THEN
        UPDATE eryxon.csv_upload u SET status = 'cancelled', touched_at = clock_timestamp() WHERE u.run_id = run;
        PERFORM eryxon.close_upload(run);
    ELSIF upload.status = 'running' THEN
        PERFORM eryxon.lock_upload(eryxon.upload_lock(run));
        RETURN QUERY SELECT upload.entity, upload.options::text, upload.format, upload.done, part < upload.next_part;
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.claim_part IS
'What the next part of an import of JSON needs, no row if the import is over or cancelled. The import stays locked until
the transaction ends.';

CREATE FUNCTION eryxon.end_upload(run uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.sync_run r SET status = CASE r.errors WHEN 0 THEN 'completed' WHEN r.total THEN 'failed'
        ELSE r.status END WHERE r.id = run;
    PERFORM eryxon.tell_run(run);
END
$$;
COMMENT ON FUNCTION eryxon.end_upload IS
'After the last part: the history says how the whole ended, and so does the event.';

CREATE FUNCTION eryxon.finish_upload(tenant uuid, run uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.csv_upload u SET status = 'finished', records = u.done, parts = u.next_part - 1,
        touched_at = clock_timestamp()
     WHERE u.run_id = run AND u.tenant_id = tenant AND u.status = 'running' AND u.format <> 'csv';
    IF FOUND THEN
        PERFORM eryxon.end_upload(run);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.finish_upload(uuid, uuid) IS
'Notes that an import of JSON has no other part.';

CREATE FUNCTION eryxon.note_part(run uuid, imported bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
BEGIN
    UPDATE eryxon.csv_upload u SET next_part = u.next_part + 1, done = u.done + imported,
        touched_at = clock_timestamp(), status = CASE WHEN u.next_part = u.parts THEN 'finished' ELSE u.status END
     WHERE u.run_id = run RETURNING * INTO upload;
    IF upload.status = 'finished' THEN
        PERFORM eryxon.end_upload(run);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.note_part IS
'Notes that a part was imported; after the last one the history says how the whole ended. Until then it is partial.';

CREATE FUNCTION eryxon.stop_upload(run uuid) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.csv_upload u SET status = 'cancelling' WHERE u.run_id = run AND u.status IN ('running', 'cancelling');
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION eryxon.stop_upload IS
'Has an import stop before its next part; false if it is over. Waits for the part that is being written.';

CREATE FUNCTION eryxon.give_up_upload(run uuid, reason text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.csv_upload u SET status = 'failed', error = reason, touched_at = clock_timestamp()
     WHERE u.run_id = run AND u.status IN ('running', 'cancelling');
    IF FOUND THEN
        PERFORM eryxon.close_upload(run);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.give_up_upload IS
'Notes that an import cannot go on. What was imported stays.';

REVOKE EXECUTE ON FUNCTION eryxon.lock_upload(bigint), eryxon.tell_run(uuid), eryxon.prepare_upload(uuid, uuid),
    eryxon.forget_uploads(), eryxon.close_upload(uuid), eryxon.note_upload(uuid, uuid, text, jsonb, jsonb),
    eryxon.note_record_upload(uuid, uuid, text, jsonb, text), eryxon.claim_part(uuid, uuid, bigint),
    eryxon.end_upload(uuid), eryxon.finish_upload(uuid, uuid), eryxon.take_part(uuid, uuid),
    eryxon.note_part(uuid, bigint), eryxon.stop_upload(uuid),
        eryxon.give_up_upload(uuid, text) FROM PUBLIC;

CREATE FUNCTION eryxon.begin_upload(entity text, csv bytea, options jsonb, run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_begin_upload';
COMMENT ON FUNCTION eryxon.begin_upload IS
'Takes a file to be imported in parts of eryxon.max_bulk_records records each; checks its header and options.
The run''s id may be the caller''s choice.';

CREATE FUNCTION eryxon.upload_step(run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_upload_step';
COMMENT ON FUNCTION eryxon.upload_step IS
'Imports the next part of a file: the answer of a bulk upsert with "more": true; {"more": false} when there is no other.
Runs with the caller''s rights. For a transaction of its own.';

CREATE FUNCTION eryxon.begin_record_upload(entity text, form text, options jsonb, run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_begin_record_upload';
COMMENT ON FUNCTION eryxon.begin_record_upload IS
'Begins an import of JSON (form: array or lines), whose parts have eryxon.max_bulk_records records at most; checks its
options. The run''s id may be the caller''s choice.';

CREATE FUNCTION eryxon.record_step(run uuid, part bigint, place bigint, records bytea) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_record_step';
COMMENT ON FUNCTION eryxon.record_step IS
'Imports part number `part` of JSON, whose first record stands at that line, or has that number in the array: the answer
of a bulk upsert with "more": true; {"more": false} when the import is over or cancelled. Runs with the caller''s
rights. For a transaction of its own.';

CREATE FUNCTION eryxon.finish_upload(run uuid) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_finish_upload';
COMMENT ON FUNCTION eryxon.finish_upload(uuid) IS
'Notes that an import of JSON has no other part.';

CREATE FUNCTION eryxon.cancel_upload(run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_cancel_upload';
COMMENT ON FUNCTION eryxon.cancel_upload IS
'Has an import stop before its next part. Waits for the part that is being written.';

CREATE FUNCTION eryxon.fail_upload(run uuid, reason text) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_fail_upload';
COMMENT ON FUNCTION eryxon.fail_upload IS
'Notes that an import cannot go on. What was imported stays.';

CREATE FUNCTION eryxon.upload_state(upload eryxon.csv_upload) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN upload.status IN ('running', 'cancelling')
        AND upload.touched_at < clock_timestamp() - '1 minute'::interval
                     AND NOT eryxon.is_worked_at(upload.run_id)
                THEN 'failed' ELSE nullif(upload.status, 'finished') END
$$;
COMMENT ON FUNCTION eryxon.upload_state IS
'The status of an import in parts as far as its history does not know it. Between two
steps a gateway waits less than a minute: what is not worked at for longer was left by one that is gone.';

CREATE FUNCTION eryxon.run_status(tenant uuid, caller name, run uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
    row    eryxon.sync_run;
    state  text;
BEGIN
    SELECT * INTO upload FROM eryxon.csv_upload u WHERE u.run_id = run AND u.tenant_id = tenant;
    SELECT * INTO row FROM eryxon.sync_run r WHERE r.id = run AND r.tenant_id = tenant;
    IF upload.run_id IS NULL AND row.id IS NULL THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('run %s does not exist', coalesce(run::text, 'NULL')),
                            params => jsonb_build_object('reason', 'unknown_run', 'run', run));
    END IF;
    state := eryxon.upload_state(upload);
    RETURN CASE WHEN row.id IS NOT NULL THEN to_jsonb(row) - 'tenant_id' ELSE
            '{"source":null,"total":0,"created":0,"updated":0,"restored":0,"skipped":0,"deleted":0,"errors":0,'
            '"error_details":[]}' END || jsonb_build_object(
        'id', run, 'entity', coalesce(row.entity, upload.entity),
        'operation', coalesce(row.operation, CASE upload.format WHEN 'csv' THEN 'csv' ELSE 'upsert' END),
        'status', coalesce(state, row.status, 'completed'), 'failure', upload.error,
        'records', CASE WHEN upload.run_id IS NULL THEN row.total ELSE upload.records END,
        'done', coalesce(upload.done, row.total), 'lines', upload.lines,
        'started_at', coalesce(upload.started_at, row.started_at),
        'finished_at', CASE WHEN state IN ('running', 'cancelling') THEN NULL
            ELSE coalesce(row.finished_at, upload.touched_at) END,
        'has_rejected', EXISTS (SELECT FROM eryxon.csv_rejected c WHERE c.run_id = run));
END
$$;
COMMENT ON FUNCTION eryxon.run_status(uuid, name, uuid) IS
'What run_status() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.run_status(uuid, name, uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.run_status(run uuid) RETURNS jsonb
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION eryxon.run_status(uuid) IS
'A run: its row of history, and how far it is if it imports a file in parts.';
