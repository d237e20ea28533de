-- The outbox: what happened to rows of attached tables, first as it was written, then in the order in which it can be
-- read.

CREATE TABLE eryxon.event_outbox (
    statement       bigint NOT NULL,
    line            integer NOT NULL,
    id              uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id       uuid NOT NULL,
    type            text NOT NULL,
    entity          text NOT NULL,
    row_id          uuid NOT NULL,
    external_id     text,
    external_source text,
    source          text,
    changes         jsonb NOT NULL,  -- {field: [old, new]}
    occurred_at     timestamptz NOT NULL,
    run_id          uuid,
    user_id         uuid,
    keys            jsonb,
    root_id         uuid
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_threshold = 1000000000);
-- Without a key: else a publication FOR ALL TABLES would refuse the deletes.
ALTER TABLE eryxon.event_outbox REPLICA IDENTITY FULL;
COMMENT ON TABLE eryxon.event_outbox IS
'Events as their transactions wrote them, until position_events() moves them to eryxon.event.
No index: every write to an attached table pays for this table. statement and line order what one row went through. An
event has its id from the beginning, so that replicas and restored copies know it by the same one, whoever gives it a
position.';

CREATE SEQUENCE eryxon.event_statement;
COMMENT ON SEQUENCE eryxon.event_statement IS
'Numbers the statements that wrote events. Drawn while the statement holds its rows'' locks, so that the events of a row
rise.';

CREATE TABLE eryxon.event (
    position        bigint PRIMARY KEY,
    id              uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id       uuid NOT NULL,
    type            text NOT NULL,
    entity          text NOT NULL,
    row_id          uuid NOT NULL,
    external_id     text,
    external_source text,
    source          text,
    changes         jsonb NOT NULL,  -- [{"field","old","new"}]
    occurred_at     timestamptz NOT NULL,
    run_id          uuid,
    user_id         uuid,
    keys            jsonb,  -- {"operation": {"entity","id","external_id","external_source","number"},"part":…}
    root_id         uuid
);
COMMENT ON TABLE eryxon.event IS
'Committed events in the order in which they are read: one that commits later never gets a lower position.
source is the ERP whose record made the change, NULL for the shop floor; run_id the history row of its call, user_id who
made it. keys names the row, those above it and those that it refers to, as they were then. root_id is the row that it
belongs to in the end, such as the job; NULL: itself.';
CREATE INDEX event_feed ON eryxon.event (tenant_id, position);
CREATE INDEX event_occurred ON eryxon.event USING brin (occurred_at);

CREATE TABLE eryxon.event_refused (
    LIKE eryxon.event_outbox INCLUDING DEFAULTS,
    sqlstate   text NOT NULL,
    message    text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
ALTER TABLE eryxon.event_refused ALTER changes DROP NOT NULL;
COMMENT ON TABLE eryxon.event_refused IS
'Events that raised an error when they were to get their position, set aside as they stood in the outbox, with that
error, so that the others go on. changes is NULL where the values themselves could not be read.';
CREATE INDEX event_refused_tenant ON eryxon.event_refused (tenant_id);

CREATE TABLE eryxon.feed (
    epoch          uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    last_position  bigint NOT NULL DEFAULT 0,
    pruned_through bigint NOT NULL DEFAULT 0,
    positioned_at  timestamptz
);
ALTER TABLE eryxon.feed REPLICA IDENTITY FULL;
COMMENT ON TABLE eryxon.feed IS
'One row: where the feed stands. Never dumped, so that a restored database has another epoch and refuses the tokens of
the first. Replicas have it, and pg_upgrade carries it over: it is the file of a table like any other''s there.';
INSERT INTO eryxon.feed DEFAULT VALUES;

CREATE FUNCTION eryxon.feed_name() RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT left(encode(sha256(convert_to(concat_ws(' ', d.oid, f.epoch), 'UTF8')), 'hex'), 16)
      FROM pg_database d, eryxon.feed f
     WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION eryxon.feed_name IS
'What tells this database''s events from those of others: another one in each restored dump and each copy made by CREATE
DATABASE, the same on replicas, after a failover and after pg_upgrade. Tokens begin with it.';

REVOKE ALL ON eryxon.event_outbox, eryxon.event, eryxon.event_refused, eryxon.feed FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('eryxon.event_outbox', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.event', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.event_refused', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.event_statement', '');

CREATE FUNCTION eryxon.begin_capture() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_begin_capture';
COMMENT ON FUNCTION eryxon.begin_capture IS
'BEFORE INSERT, UPDATE or DELETE FOR EACH STATEMENT of attached tables: has the library see the statement''s AFTER
triggers fire, so that what they do to the same rows is told behind it.';

CREATE FUNCTION eryxon.write_events() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_write_events';
COMMENT ON FUNCTION eryxon.write_events IS
'AFTER INSERT, UPDATE and DELETE FOR EACH STATEMENT of attached tables, with transition tables: writes the events of the
statement.';

CREATE FUNCTION eryxon.matching_patterns(type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY[type, '*', pg_catalog.split_part(type, '.', 1) OPERATOR(pg_catalog.||) '.*',
                 '*.' OPERATOR(pg_catalog.||) pg_catalog.split_part(type, '.', 2)];
COMMENT ON FUNCTION eryxon.matching_patterns IS
'The patterns that a type of events matches.';

CREATE FUNCTION eryxon.change_list(changes jsonb) RETURNS jsonb
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_change_list';
COMMENT ON FUNCTION eryxon.change_list IS
'The changes of an event as they are shown, made of how the outbox keeps them.';
REVOKE EXECUTE ON FUNCTION eryxon.change_list(jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.stored_size(value jsonb) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_stored_size';
COMMENT ON FUNCTION eryxon.stored_size IS
'The bytes of a value before compression, told without fetching it.';
REVOKE EXECUTE ON FUNCTION eryxon.stored_size(jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.settle_events(tenant uuid) RETURNS void
    LANGUAGE C VOLATILE STRICT AS 'MODULE_PATHNAME', 'eryxon_settle_events';
COMMENT ON FUNCTION eryxon.settle_events IS
'Has a background worker give positions to the events of a tenant that are committed by now, and waits for it. What
other tenants have waiting delays it by one batch at most.';
REVOKE EXECUTE ON FUNCTION eryxon.settle_events(uuid) FROM PUBLIC;

-- No sequential scans where there is an index: plans are kept, and may be of a time when the tables were nearly empty.
CREATE FUNCTION eryxon.move_events(chosen tid[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    last  bigint;
    moved bigint;
BEGIN
    SELECT greatest(f.last_position, (SELECT max(e.position) FROM eryxon.event e),
        (SELECT max(d.position) FROM eryxon.delivery d)) INTO last
      FROM eryxon.feed f;
    WITH taken AS (
        DELETE FROM eryxon.event_outbox o WHERE o.ctid = ANY (chosen) RETURNING o.*)
    INSERT INTO eryxon.event (position, id, tenant_id, type, entity, row_id, external_id, external_source, source,
        changes, occurred_at, run_id, user_id, keys, root_id)
    SELECT last + row_number() OVER (ORDER BY t.statement, t.line), t.id, t.tenant_id, t.type, t.entity, t.row_id,
        t.external_id, t.external_source, t.source, eryxon.change_list(t.changes), t.occurred_at, t.run_id,
        t.user_id, t.keys, t.root_id
      FROM taken t;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved > 0 THEN
        UPDATE eryxon.feed SET last_position = last + moved, positioned_at = clock_timestamp();
        PERFORM eryxon.fan_out(last + 1, last + moved);
    END IF;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION eryxon.move_events IS
'Moves these events from the outbox to where they are read and delivered, behind all others; returns how many. The
caller holds the row of eryxon.feed.';
REVOKE EXECUTE ON FUNCTION eryxon.move_events(tid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.is_of_server(state text, chosen tid[]) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN state = '53200' THEN NOT EXISTS (SELECT FROM eryxon.event_outbox o
                                                       WHERE o.ctid = ANY (chosen) AND eryxon.stored_size(o.changes)
                                                           > 1000000)
                ELSE left(state, 2) IN ('25', '40', '42', '53', '55', '57', '58', 'F0') OR state = 'XX002' END
$$;
COMMENT ON FUNCTION eryxon.is_of_server IS
'Whether an error tells of the server''s state, such as a lock, a full disk or a missing right, and not of the events
that were at hand: then none is to blame, and all are tried again. Memory that runs out is their fault if one of them is
large.';
REVOKE EXECUTE ON FUNCTION eryxon.is_of_server(text, tid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.refuse_event(chosen tid, state text, fault text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    event_id  uuid;
    tenant_id uuid;
BEGIN
    BEGIN
        INSERT INTO eryxon.event_refused AS r SELECT o.*, state, fault FROM eryxon.event_outbox o WHERE o.ctid = chosen
        RETURNING r.id, r.tenant_id INTO event_id, tenant_id;
    EXCEPTION WHEN data_corrupted OR internal_error OR out_of_memory OR program_limit_exceeded THEN
        INSERT INTO eryxon.event_refused AS r
        SELECT o.statement, o.line, o.id, o.tenant_id, o.type, o.entity, o.row_id, o.external_id, o.external_source,
            o.source, NULL, o.occurred_at, o.run_id, o.user_id, NULL, o.root_id, state, fault
          FROM eryxon.event_outbox o WHERE o.ctid = chosen
        RETURNING r.id, r.tenant_id INTO event_id, tenant_id;
    END;
    DELETE FROM eryxon.event_outbox o WHERE o.ctid = chosen;
    RAISE WARNING 'event % of tenant % was set aside: %', event_id, tenant_id, fault
        USING DETAIL = 'The feed and webhooks go on without it.', HINT = 'It is in eryxon.event_refused.';
    RETURN 1;
END
$$;
COMMENT ON FUNCTION eryxon.refuse_event IS
'Sets an event of the outbox aside, with the error that it raised, and says so in the log.';
REVOKE EXECUTE ON FUNCTION eryxon.refuse_event(tid, text, text) FROM PUBLIC;

CREATE FUNCTION eryxon.move_or_refuse(chosen tid[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    half  integer := cardinality(chosen) / 2;
    state text;
    fault text;
BEGIN
    BEGIN
        RETURN eryxon.move_events(chosen);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, fault = MESSAGE_TEXT;
        IF eryxon.is_of_server(state, chosen) THEN
            RAISE;
        END IF;
    END;
    IF half = 0 THEN
        RETURN eryxon.refuse_event(chosen[1], state, fault);
    END IF;
    RETURN eryxon.move_or_refuse(chosen[:half]) + eryxon.move_or_refuse(chosen[half + 1:]);
END
$$;
COMMENT ON FUNCTION eryxon.move_or_refuse IS
'Moves these events, in halves where one of them raises an error, until that one stands alone and is set aside; returns
how many left the outbox.';
REVOKE EXECUTE ON FUNCTION eryxon.move_or_refuse(tid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.choose_events(at_most integer, tenant uuid) RETURNS tid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
    RETURN ARRAY(
        WITH head AS (
            SELECT o.ctid, o.statement, o.line, o.tenant_id, o.tenant_id IS DISTINCT FROM tenant AS later
                FROM eryxon.event_outbox o
             ORDER BY later, o.statement, o.line
             LIMIT CASE WHEN tenant IS NULL THEN (at_most + 1) / 2 ELSE at_most END),
        rest AS (
            SELECT o.ctid, o.statement, o.line, o.tenant_id, o.tenant_id IN (SELECT h.tenant_id FROM head h) AS later
                FROM eryxon.event_outbox o
             WHERE tenant IS NULL AND (SELECT count(*) FROM head) = (at_most + 1) / 2
               AND (o.statement, o.line) > (SELECT h.statement, h.line FROM head h ORDER BY h.statement DESC,
                   h.line DESC LIMIT 1)
             ORDER BY later, o.statement, o.line
             LIMIT at_most / 2),
        listeners AS (
            SELECT w.tenant_id, count(*) AS n FROM eryxon.webhook w WHERE w.enabled GROUP BY w.tenant_id),
        weighed AS (
            SELECT c.*, row_number() OVER turn AS n, sum(1 + coalesce(l.n, 0)) OVER turn AS weight
              FROM (SELECT h.*, 1 AS half FROM head h UNION ALL SELECT r.*, 2 FROM rest r) AS c
              LEFT JOIN listeners l ON l.tenant_id = c.tenant_id
            WINDOW turn AS (PARTITION BY c.half ORDER BY c.later, c.statement, c.line)),
        fitting AS (
            SELECT w.*, bool_and(w.n = 1 OR w.weight <= at_most) OVER (PARTITION BY w.tenant_id ORDER BY w.statement,
                w.line) AS fits
              FROM weighed w)
        SELECT f.ctid FROM fitting f WHERE f.fits ORDER BY f.statement, f.line);
END
$$;
COMMENT ON FUNCTION eryxon.choose_events IS
'The events that get their positions next, in the order of their statements. Of a tenant the oldest, and if there are
few, the oldest of others. Without a tenant half are the oldest, and half the oldest of the tenants that have none among
those: so a flood of one tenant delays no other''s. An event counts once more for each webhook of its tenant, because
all wait while its deliveries are made; where one is left out, so are those behind it of its tenant.';
REVOKE EXECUTE ON FUNCTION eryxon.choose_events(integer, uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.position_events(at_most integer DEFAULT 10000, tenant uuid DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    chosen tid[];
    moved  bigint;
BEGIN
    PERFORM FROM eryxon.feed FOR UPDATE;
    chosen := eryxon.choose_events(at_most, tenant);
    IF cardinality(chosen) = 0 THEN
        RETURN 0;
    END IF;
    moved := eryxon.move_or_refuse(chosen);
    IF moved < at_most AND EXISTS (SELECT FROM eryxon.event_outbox) THEN
        NOTIFY eryxon_events;
    END IF;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION eryxon.position_events IS
'Moves committed events from the outbox to where they are read and delivered, as choose_events() takes them; returns how
many left the outbox, those that were set aside (eryxon.event_refused) among them. Where they are fewer than could be,
though others wait, it calls the relays for those. For short transactions: until it ends, no other session can give
positions.';
REVOKE EXECUTE ON FUNCTION eryxon.position_events(integer, uuid) FROM PUBLIC;
