-- Records that only the database refuses cost no other record, wherever they stand in a call and however it finds out.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_refused TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_refused
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SET eryxon.tenant_id = '5b0e8c1a-7d4f-4c59-9a3b-000000000001';

-- Sends 400 jobs with a part each, in no order of keys. Those that are `taken` have the number of a row that is there;
-- `late` ones a trigger refuses at the end of its statement; `dropped` ones a trigger leaves out. Returns how many
-- answers are wrong, and the counts.
CREATE FUNCTION send(taken integer[], late integer[] DEFAULT '{}', dropped integer[] DEFAULT '{}',
                     OUT wrong bigint, OUT jobs bigint, OUT parts bigint, OUT history text) LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    TRUNCATE jobs, parts, operations, eryxon.sync_run CASCADE;
    PERFORM eryxon_upsert('jobs', '{"external_id":"J0","external_source":"ERP","job_number":"taken"}',
        '{"record_history":false}');
    answer := eryxon_bulk_upsert('jobs', (
        SELECT jsonb_agg(jsonb_build_object('external_id', 'J' || n, 'external_source', 'ERP',
                   'job_number', CASE WHEN n = ANY (taken) THEN 'taken' ELSE 'N' || n END,
                   'notes', CASE WHEN n = ANY (late) THEN 'late' WHEN n = ANY (dropped) THEN 'dropped' END,
                   'parts', jsonb_build_array(jsonb_build_object('external_id', 'P' || n, 'part_number', 'P' || n)))
                       ORDER BY n * 37 % 401)
          FROM generate_series(1, 400) n));
    SELECT count(*) INTO wrong
      FROM (SELECT r, substr(r ->> 'external_id', 2)::integer AS n FROM jsonb_array_elements(answer -> 'results') r) a
      LEFT JOIN jobs j ON j.external_id = r ->> 'external_id'
     WHERE j.id::text IS DISTINCT FROM r ->> 'id'
        OR coalesce(r ->> 'code', r ->> 'action') <> CASE WHEN n = ANY (taken) THEN 'UNIQUE_CONSTRAINT'
                                                          WHEN n = ANY (late || dropped) THEN 'DATABASE_ERROR'
                                                              ELSE 'created' END
        OR (n = ANY (taken) AND r #>> '{details,0,path}' <> 'job_number');
    SELECT count(*) INTO jobs FROM jobs j WHERE j.external_id <> 'J0';
    SELECT count(*) INTO parts FROM parts;
    SELECT string_agg(format('%s: %s created, %s errors', entity, created, errors), '; ' ORDER BY entity) INTO history
        FROM eryxon.sync_run;
END $$;

\echo -- some, neighbours, the first and the last, every tenth, all but one, all
SELECT * FROM send('{3,50,51,52,200,399}');
SELECT * FROM send('{1,400}');
SELECT * FROM send(ARRAY(SELECT * FROM generate_series(1, 400, 10)));
SELECT * FROM send(ARRAY(SELECT * FROM generate_series(2, 400)));
SELECT * FROM send(ARRAY(SELECT * FROM generate_series(1, 400)));

\echo -- triggers that leave rows out or refuse them when all are written, alone and together with refused ones
CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.notes = 'late' THEN RAISE 'too late'; END IF;
    IF new.notes = 'dropped' THEN RETURN NULL; END IF;
    RETURN new;
END $$;
CREATE TRIGGER drop_row BEFORE INSERT ON jobs FOR EACH ROW WHEN (new.notes = 'dropped') EXECUTE FUNCTION refuse_late();
CREATE TRIGGER refuse_late AFTER INSERT ON jobs FOR EACH ROW WHEN (new.notes = 'late') EXECUTE FUNCTION refuse_late();
SELECT * FROM send('{}', '{7,8,300}');
SELECT * FROM send('{}', '{}', '{7,8,300}');
SELECT * FROM send('{10,11,12,250,400}', '{13,350}', '{1,9,14,251,399}');

\c :home
DROP DATABASE eryxon_refused;
