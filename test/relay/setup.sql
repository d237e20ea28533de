-- The database of this test: the five tables with capture on, a relay's role, and what writers note of their work.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

CREATE ROLE relay LOGIN;
CREATE EXTENSION eryxon_sync;
SELECT FROM eryxon_create_tables() \g /dev/null
SELECT FROM eryxon_grant_relay('relay') \g /dev/null
ALTER DATABASE postgres SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
ALTER DATABASE postgres SET eryxon.webhook_allow_http = on;
\c

CREATE TABLE written (writer integer, step integer, events integer NOT NULL, PRIMARY KEY (writer, step));
COMMENT ON TABLE written IS 'One row for each transaction of a writer, committed with it: how many events of jobs it '
                            'must have made.';

CREATE TABLE request (
    came         bigint PRIMARY KEY,  -- came and answered order all that the receiver saw
    answered     bigint,              -- NULL: not with a whole 2xx
    received_at  double precision NOT NULL,
    behaviour    text NOT NULL,
    status       integer,
    reused       boolean NOT NULL,
    message_id   text NOT NULL,
    event_id     uuid,                -- this and what follows: NULL where the body was not read
    row_id       uuid,
    priority     integer,
    fingerprint  text,
    fault        text
);
COMMENT ON TABLE request IS 'What the receiver saw, in the order in which it came.';

INSERT INTO jobs (tenant_id, job_number, priority)
SELECT eryxon_tenant_id(), 'shared ' || n, 0 FROM generate_series(1, :shared) n;
ALTER DATABASE postgres SET eryxon.capture_events = on;
\c

-- A bulk call of one writer: jobs of its own get the step's number as priority, so that each of them makes one event.
CREATE PROCEDURE write_bulk(writer integer, step integer, first integer, last integer, priority integer DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    SELECT eryxon_bulk_upsert_json('jobs', json_agg(json_build_object(
               'external_id', writer || '-' || n, 'external_source', 'ERP', 'job_number', writer || '-' || n,
               'priority', coalesce(write_bulk.priority, step)))) INTO answer
      FROM generate_series(first, last) n;
    IF (answer ->> 'created')::integer + (answer ->> 'updated')::integer <> last - first + 1 THEN
        RAISE 'a bulk call did not do its work' USING DETAIL = left(answer::text, 1000);
    END IF;
    INSERT INTO written VALUES (writer, step, last - first + 1);
END
$$;

-- Another tenant with an endpoint that may have very much under way, and events for it.
CREATE FUNCTION hinder(url text) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('eryxon.tenant_id', 'a0000000-0000-4000-8000-000000000002', true);
    SELECT eryxon_webhook_create(url, '{part.*}', '{"max_in_flight": 1000}');
    INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, changes, occurred_at)
    SELECT nextval('eryxon.event_statement'), 1, eryxon_tenant_id(), 'part.updated', 'parts', gen_random_uuid(), '{}',
        now() FROM generate_series(1, 1000);
$$;
CREATE VIEW own_delivery AS
    SELECT d.* FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
     WHERE w.tenant_id = 'a0000000-0000-4000-8000-000000000001';

-- A change of the shop floor: one job that all writers share.
CREATE PROCEDURE write_single(writer integer, step integer, shared integer)
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs SET priority = jobs.priority + 1 WHERE job_number = 'shared ' || shared;
    ASSERT FOUND;
    INSERT INTO written VALUES (writer, step, 1);
END
$$;
