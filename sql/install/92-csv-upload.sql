-- Importing a large file in parts, a transaction each, so that it can be watched and cancelled: what the gateway does with a file.

CREATE TABLE eryxon.csv_upload (
    run_id     uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    entity     text NOT NULL,
    options    jsonb NOT NULL,
    header     text NOT NULL,
    records    bigint NOT NULL,
    lines      bigint NOT NULL,
    parts      bigint NOT NULL,
    next_part  bigint NOT NULL DEFAULT 1,
    done       bigint NOT NULL DEFAULT 0,
    status     text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'cancelling', 'cancelled', 'finished', 'failed')),
    error      text,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    touched_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eryxon.csv_upload IS
'Files that are imported in parts: how far each is. Kept for a week after it was touched last.';

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

CREATE FUNCTION eryxon.split_csv(entity text, csv bytea, options jsonb, run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'split_csv';
COMMENT ON FUNCTION eryxon.split_csv IS
'Writes the parts of a file into csv_part, of eryxon.max_bulk_records records each, and tells its header, delimiter and size.';
REVOKE EXECUTE ON FUNCTION eryxon.split_csv(text, bytea, jsonb, uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.import_csv_part(entity text, csv text, options jsonb, header text, lines_before bigint, records_before bigint, run uuid)
    RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'import_csv_part';
COMMENT ON FUNCTION eryxon.import_csv_part IS
'eryxon_import_csv() of a part of a file, which adds to the history row of the run.';

CREATE FUNCTION eryxon.begin_upload(entity text, csv bytea, options jsonb, run uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := @extschema@.eryxon_tenant_id();
    chosen uuid := coalesce(run, gen_random_uuid());
    split  jsonb;
BEGIN
    DELETE FROM eryxon.csv_part p USING eryxon.csv_upload u WHERE p.run_id = u.run_id AND u.touched_at < now() - '7 days'::interval;
    DELETE FROM eryxon.csv_upload u WHERE u.touched_at < now() - '7 days'::interval;
    IF EXISTS (SELECT FROM eryxon.csv_upload u WHERE u.run_id = chosen) OR EXISTS (SELECT FROM eryxon.sync_run r WHERE r.id = chosen) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'run', 'a run with this id exists already', 'Leave it out, or take another random one.');
    END IF;
    split := eryxon.split_csv(entity, csv, options, chosen);
    INSERT INTO eryxon.csv_upload (run_id, tenant_id, entity, options, header, records, lines, parts)
    VALUES (chosen, tenant, $1, (options - '{encoding}'::text[]) || jsonb_build_object('delimiter', split -> 'delimiter'), split ->> 'header',
            (split ->> 'records')::bigint, (split ->> 'lines')::bigint, (split ->> 'parts')::bigint);
    RETURN jsonb_build_object('run_id', chosen, 'records', split -> 'records', 'lines', split -> 'lines', 'parts', split -> 'parts');
END
$$;
COMMENT ON FUNCTION eryxon.begin_upload IS
'Takes a file to be imported in parts; checks its header and options. The run''s id may be the caller''s choice.';

CREATE FUNCTION eryxon.take_part(run uuid) RETURNS TABLE (entity text, options jsonb, header text, part bigint, lines_before bigint, records_before bigint, csv text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
BEGIN
    SELECT * INTO upload FROM eryxon.csv_upload u
     WHERE u.run_id = run AND u.tenant_id = @extschema@.eryxon_tenant_id() FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('import %s does not exist', coalesce(run::text, 'NULL')));
    END IF;
    IF upload.status <> 'running' OR upload.next_part > upload.parts THEN
        UPDATE eryxon.csv_upload u SET status = CASE u.status WHEN 'running' THEN 'finished' WHEN 'cancelling' THEN 'cancelled' ELSE u.status END,
               touched_at = clock_timestamp() WHERE u.run_id = run;
        DELETE FROM eryxon.csv_part p WHERE p.run_id = run;
        RETURN;
    END IF;
    RETURN QUERY
    WITH taken AS (DELETE FROM eryxon.csv_part p WHERE p.run_id = run AND p.part = upload.next_part RETURNING p.*)
    SELECT upload.entity, upload.options, upload.header, t.part, t.lines_before, t.records_before, t.text FROM taken t;
END
$$;
COMMENT ON FUNCTION eryxon.take_part IS
'The next part of an import, no row if there is none or the import was cancelled. The import stays locked until the transaction ends.';

CREATE FUNCTION eryxon.note_part(run uuid, records bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE eryxon.csv_upload u SET next_part = u.next_part + 1, done = u.done + $2, touched_at = clock_timestamp(),
           status = CASE WHEN u.status = 'running' AND u.next_part = u.parts THEN 'finished' ELSE u.status END
     WHERE u.run_id = run AND u.tenant_id = @extschema@.eryxon_tenant_id()
$$;
COMMENT ON FUNCTION eryxon.note_part IS
'Notes that a part was imported.';

CREATE FUNCTION eryxon.upload_step(run uuid) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part   record;
    result jsonb;
BEGIN
    SELECT * INTO part FROM eryxon.take_part(run);
    IF NOT FOUND THEN
        RETURN jsonb_build_object('more', false);
    END IF;
    result := eryxon.import_csv_part(part.entity, part.csv, part.options, part.header, part.lines_before, part.records_before, run);
    PERFORM eryxon.note_part(run, (result ->> 'total')::bigint);
    RETURN result || jsonb_build_object('more', true);
END
$$;
COMMENT ON FUNCTION eryxon.upload_step IS
'Imports the next part of a file: the answer of a bulk upsert with "more": true; {"more": false} when there is no other.
Runs with the caller''s rights. For a transaction of its own.';

CREATE FUNCTION eryxon.cancel_upload(run uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
BEGIN
    UPDATE eryxon.csv_upload u SET status = 'cancelling'
     WHERE u.run_id = run AND u.tenant_id = @extschema@.eryxon_tenant_id() AND u.status IN ('running', 'cancelling')
    RETURNING * INTO upload;
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('no import %s is running', coalesce(run::text, 'NULL')));
    END IF;
    RETURN jsonb_build_object('id', run, 'status', upload.status);
END
$$;
COMMENT ON FUNCTION eryxon.cancel_upload IS
'Has an import stop before its next part. Waits for the part that is being written.';

CREATE FUNCTION eryxon.fail_upload(run uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.csv_upload u SET status = 'failed', error = reason, touched_at = clock_timestamp()
     WHERE u.run_id = run AND u.tenant_id = @extschema@.eryxon_tenant_id() AND u.status IN ('running', 'cancelling');
    IF FOUND THEN
        DELETE FROM eryxon.csv_part p WHERE p.run_id = run;
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.fail_upload IS
'Notes that an import cannot go on. What was imported stays.';

CREATE FUNCTION eryxon.upload_state(upload eryxon.csv_upload) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN upload.status IN ('running', 'cancelling') AND upload.touched_at < clock_timestamp() - '15 minutes'::interval
                THEN 'failed' ELSE nullif(upload.status, 'finished') END
$$;
COMMENT ON FUNCTION eryxon.upload_state IS
'The status of an import in parts as far as its history does not know it. Whom nothing has touched for long, nobody works at any more.';

CREATE FUNCTION eryxon.run_status(run uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := @extschema@.eryxon_tenant_id();
    upload eryxon.csv_upload;
    row    eryxon.sync_run;
    state  text;
BEGIN
    SELECT * INTO upload FROM eryxon.csv_upload u WHERE u.run_id = run AND u.tenant_id = tenant;
    SELECT * INTO row FROM eryxon.sync_run r WHERE r.id = run AND r.tenant_id = tenant;
    IF upload.run_id IS NULL AND row.id IS NULL THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('run %s does not exist', coalesce(run::text, 'NULL')));
    END IF;
    state := eryxon.upload_state(upload);
    RETURN CASE WHEN row.id IS NOT NULL THEN to_jsonb(row) - 'tenant_id' ELSE
            '{"source":null,"total":0,"created":0,"updated":0,"restored":0,"skipped":0,"deleted":0,"errors":0,"error_details":[]}' END || jsonb_build_object(
        'id', run, 'entity', coalesce(row.entity, upload.entity), 'operation', coalesce(row.operation, 'csv'),
        'status', coalesce(state, row.status, 'completed'), 'failure', upload.error,
        'records', coalesce(upload.records, row.total), 'done', coalesce(upload.done, row.total), 'lines', upload.lines,
        'started_at', coalesce(upload.started_at, row.started_at),
        'finished_at', CASE WHEN state IN ('running', 'cancelling') THEN NULL ELSE coalesce(row.finished_at, upload.touched_at) END,
        'has_rejected', EXISTS (SELECT FROM eryxon.csv_rejected c WHERE c.run_id = run));
END
$$;
COMMENT ON FUNCTION eryxon.run_status IS
'A run: its row of history, and how far it is if it imports a file in parts.';
