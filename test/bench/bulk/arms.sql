-- The ways of sending a call, the clock, and the check that a call did what it should.

-- What was measured: `x` is the number that a part varies, such as the records of a call; `us` is what all calls took
-- together, `fastest` the processor's time for a record of the fastest call.
CREATE TABLE bench.timing (part text, scenario text, x bigint, arm text, round integer, records bigint, us float,
    fastest float);

-- Sends one body by one way. For COPY it is the name of a file.
CREATE FUNCTION bench.send(arm text, body text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tenant constant uuid := eryxon_tenant_id();
    answer jsonb; as_json json;
BEGIN
    CASE arm
    WHEN 'json' THEN answer := eryxon_bulk_upsert_json('jobs', body::json);
    WHEN 'json, events' THEN
        PERFORM set_config('eryxon.capture_events', 'on', true);
        answer := eryxon_bulk_upsert_json('jobs', body::json);
    WHEN 'jsonb' THEN answer := eryxon_bulk_upsert('jobs', body::jsonb);
    WHEN 'csv' THEN answer := eryxon_import_csv('jobs', body);
    WHEN 'peer_set' THEN answer := bench.peer_set(tenant, body);
    WHEN 'peer_loop' THEN answer := bench.peer_loop(tenant, body);
    WHEN 'peer_nested' THEN answer := bench.peer_nested(tenant, body);
    WHEN 'copy' THEN EXECUTE format('COPY jobs FROM %L', body);
    WHEN 'cast json' THEN as_json := body::json;
    WHEN 'cast jsonb' THEN answer := body::jsonb;
    END CASE;
END $$;

-- The file with the rows of a call.
CREATE FUNCTION bench.rows_file(call integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT current_setting('bench.folder') || '/rows-' || call
$$;

-- Writes the rows of the calls of that name, as they stand in the table, into the files that COPY reads.
CREATE PROCEDURE bench.write_rows(bodies text) LANGUAGE plpgsql AS $$
DECLARE
    b record;
BEGIN
    FOR b IN SELECT call FROM bench.body WHERE name = bodies LOOP
        EXECUTE format('COPY (SELECT j.* FROM bench.body b, json_array_elements(b.body::json) WITH ORDINALITY e(v, i),
                                     jobs j WHERE b.name = %L AND b.call = %s
                                       AND j.external_id = v ->> ''external_id'' ORDER BY i)
                          TO %L', bodies, b.call, bench.rows_file(b.call));
    END LOOP;
END $$;

-- The microseconds of processor's time that this session has taken: what else runs on the machine does not count.
-- Reading the first file brings the second up to date.
CREATE FUNCTION bench.processor_time() RETURNS float LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_read_file('/proc/self/stat');
    RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float / 1e3;
END $$;

-- Sends all bodies of a name, each in a transaction of its own, and counts the records and the time that the calls
-- took. The body is unpacked before the clock starts; the commit comes after it has stopped. `fastest` is the
-- processor's time for a record of the fastest call.
CREATE PROCEDURE bench.send_all(bodies text, arm text, INOUT sent bigint, INOUT us float,
    INOUT fastest float DEFAULT NULL)
    LANGUAGE plpgsql AS $$
DECLARE
    body text; records integer; began timestamptz; before float;
BEGIN
    sent := 0;
    us := 0;
    FOR n IN 1 .. (SELECT count(*) FROM bench.body WHERE name = bodies) LOOP
        SELECT CASE arm WHEN 'copy' THEN bench.rows_file(n) ELSE b.body || '' END, b.records INTO STRICT body, records
          FROM bench.body b WHERE b.name = bodies AND b.call = n;
        before := bench.processor_time();
        began := clock_timestamp();
        PERFORM bench.send(arm, body);
        us := us + 1e6 * extract(epoch FROM clock_timestamp() - began);
        fastest := least(fastest, (bench.processor_time() - before) / records);
        sent := sent + records;
        COMMIT;
    END LOOP;
END $$;

-- Sends bodies without measuring them: what stands in the table before.
CREATE PROCEDURE bench.load(bodies text, arm text) LANGUAGE plpgsql AS $$
DECLARE
    sent bigint; us float; fastest float;
BEGIN
    CALL bench.send_all(bodies, arm, sent, us, fastest);
END $$;

-- The rows of the tables, and those of them that were written since a time.
CREATE FUNCTION bench.row_count() RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM parts) + (SELECT count(*) FROM operations)
$$;
CREATE FUNCTION bench.written_since(began timestamptz) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE synced_at >= began AND sync_hash IS NOT NULL)
      FROM (SELECT synced_at, sync_hash FROM jobs UNION ALL SELECT synced_at, sync_hash FROM parts
            UNION ALL SELECT synced_at, sync_hash FROM operations) t
$$;

-- What history says of the calls since a time.
CREATE FUNCTION bench.history_since(began timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT format('created %s, updated %s, skipped %s, errors %s', coalesce(sum(created), 0), coalesce(sum(updated), 0),
                  coalesce(sum(skipped), 0), coalesce(sum(errors), 0))
      FROM eryxon.sync_run WHERE started_at >= began
$$;

-- Ends the run unless the tables, and for the extension's arms its history, hold what was to be done with the records
-- sent: shares of them that make or change rows or fail; `known` is the number of rows before.
CREATE PROCEDURE bench.check(what text, arm text, began timestamptz, known bigint, sent bigint,
                             created numeric, updated numeric DEFAULT 0, failed numeric DEFAULT 0)
                                 LANGUAGE plpgsql AS $$
DECLARE
    wanted text; found text; lasting boolean := arm <> 'copy';
BEGIN
    created := trunc(created * sent);
    updated := trunc(updated * sent);
    failed := trunc(failed * sent);
    wanted := format('%s rows, %s written', known + created, CASE WHEN lasting THEN created + updated END);
    found := format('%s rows, %s written', bench.row_count(), CASE WHEN lasting THEN bench.written_since(began) END);
    IF arm IN ('json', 'json, events', 'jsonb', 'csv', 'upsert') THEN
        wanted := wanted || format('; created %s, updated %s, skipped %s, errors %s', created, updated,
                                   sent - created - updated - failed, failed);
        found := found || '; ' || bench.history_since(began);
    END IF;
    IF wanted <> found THEN
        RAISE '%, %: expected %, found %', what, arm, wanted, found;
    END IF;
END $$;

-- Measures the bodies of a name by one way, checks what they did and keeps the time.
CREATE PROCEDURE bench.measure(part text, scenario text, x bigint, bodies text, arm text, round integer,
                               created numeric, updated numeric DEFAULT 0, failed numeric DEFAULT 0)
                                   LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz; known bigint := bench.row_count(); sent bigint; us float; fastest float;
BEGIN
    COMMIT;
    began := now();  -- of the first call, too
    CALL bench.send_all(bodies, arm, sent, us, fastest);
    IF arm NOT LIKE 'cast %' THEN
        CALL bench.check(scenario || coalesce(' ' || x, ''), arm, began, known, sent, created, updated, failed);
    END IF;
    INSERT INTO bench.timing VALUES (part, scenario, x, arm, round, sent, us, fastest);
END $$;
