-- How much private memory a call takes at its peak. The server must have small shared buffers: pages of theirs that the
-- session touches for the first time count as its own.

CREATE TABLE bench.peak (scenario text, size bigint, payload bigint, bytes bigint);

-- A number of kilobytes that the kernel keeps of this session's process.
CREATE FUNCTION bench.memory(name text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (regexp_match(pg_read_file('/proc/self/status'), name || ':\s+(\d+)'))[1]::bigint
$$;

-- Makes the call of that size and notes by how much the session's private memory grew at most; the payload itself is
-- there before.
CREATE PROCEDURE bench.measure_peak(scenario text, size bigint) LANGUAGE plpgsql AS $$
DECLARE
    body json; known bigint; bytes bigint; answer jsonb;
BEGIN
    SELECT b.body INTO STRICT body FROM bench.body b WHERE name = 'size ' || size AND call = 1;
    COPY (SELECT 5) TO '/proc/self/clear_refs';
    known := bench.memory('RssAnon') + bench.memory('RssShmem') + bench.memory('RssFile');
    answer := eryxon_bulk_upsert_json('jobs', body);
    bytes := 1024 * (bench.memory('VmHWM') - known);
    IF (answer ->> CASE scenario WHEN 'new' THEN 'created' ELSE 'skipped' END)::bigint IS DISTINCT FROM size THEN
        RAISE 'memory of %, %: %', scenario, size, answer - 'results';
    END IF;
    INSERT INTO bench.peak VALUES (scenario, size, octet_length(body::text), bytes);
END $$;
