-- Single records, one call and one transaction each.

-- Sends `calls` records by one way and keeps the time; payloads are made before the clock starts, commits come after it
-- has stopped.
CREATE PROCEDURE bench.measure_single(scenario text, arm text, round integer, calls integer, change integer,
                                      created numeric, updated numeric) LANGUAGE plpgsql AS $$
DECLARE
    tenant constant uuid := eryxon_tenant_id();
    started timestamptz; known bigint := bench.row_count();
    began timestamptz; us float := 0; payload jsonb; answer jsonb;
BEGIN
    COMMIT;
    started := now();  -- of the first call, too
    FOR n IN 1 .. calls LOOP
        payload := bench.job(n, change);
        IF arm = 'upsert' THEN
            began := clock_timestamp();
            answer := eryxon_upsert('jobs', payload);
        ELSE
            began := clock_timestamp();
            answer := bench.peer_one(tenant, payload);
        END IF;
        us := us + 1e6 * extract(epoch FROM clock_timestamp() - began);
        COMMIT;
    END LOOP;
    CALL bench.check('single, ' || scenario, arm, started, known, calls, created, updated);
    INSERT INTO bench.timing VALUES ('single', scenario, NULL, arm, round, calls, us);
END $$;
