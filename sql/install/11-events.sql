-- The outbox: what happened to rows of attached tables, first as it was written, then in the order in which it can be read.

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
    occurred_at     timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_threshold = 1000000000);
-- Without a key: else a publication FOR ALL TABLES would refuse the deletes.
ALTER TABLE eryxon.event_outbox REPLICA IDENTITY FULL;
COMMENT ON TABLE eryxon.event_outbox IS
'Events as their transactions wrote them, until position_events() moves them to eryxon.event.
No index: every write to an attached table pays for this table. statement and line order what one row went through. An event has its id
from the beginning, so that replicas and restored copies know it by the same one, whoever gives it a position.';

CREATE SEQUENCE eryxon.event_statement;
COMMENT ON SEQUENCE eryxon.event_statement IS
'Numbers the statements that wrote events. Drawn while the statement holds its rows'' locks, so that the events of a row rise.';

CREATE TABLE eryxon.event (
    position        bigint PRIMARY KEY,
    id              uuid NOT NULL,
    tenant_id       uuid NOT NULL,
    type            text NOT NULL,
    entity          text NOT NULL,
    row_id          uuid NOT NULL,
    external_id     text,
    external_source text,
    source          text,
    changes         jsonb NOT NULL,  -- [{"field","old","new"}]
    occurred_at     timestamptz NOT NULL
);
COMMENT ON TABLE eryxon.event IS
'Committed events in the order in which they are read: one that commits later never gets a lower position.
source is the ERP whose record made the change, NULL for the shop floor.';
CREATE INDEX event_feed ON eryxon.event (tenant_id, position);
CREATE INDEX event_occurred ON eryxon.event USING brin (occurred_at);

CREATE TABLE eryxon.feed (
    epoch          uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    last_position  bigint NOT NULL DEFAULT 0,
    pruned_through bigint NOT NULL DEFAULT 0,
    positioned_at  timestamptz
);
ALTER TABLE eryxon.feed REPLICA IDENTITY FULL;
COMMENT ON TABLE eryxon.feed IS
'One row: where the feed stands. Never dumped, so that a restored database has another epoch and refuses the tokens of the first.
Replicas have it, and pg_upgrade carries it over: it is the file of a table like any other''s there.';
INSERT INTO eryxon.feed DEFAULT VALUES;

CREATE FUNCTION eryxon.feed_name() RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT left(encode(sha256(convert_to(concat_ws(' ', d.oid, f.epoch), 'UTF8')), 'hex'), 16)
      FROM pg_database d, eryxon.feed f
     WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION eryxon.feed_name IS
'What tells this database''s events from those of others: another one in each restored dump and each copy made by CREATE DATABASE, the same on replicas,
after a failover and after pg_upgrade. Tokens begin with it.';

REVOKE ALL ON eryxon.event_outbox, eryxon.event, eryxon.feed FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('eryxon.event_outbox', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.event', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.event_statement', '');

CREATE FUNCTION eryxon.begin_capture() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'begin_capture';
COMMENT ON FUNCTION eryxon.begin_capture IS
'BEFORE INSERT, UPDATE or DELETE FOR EACH STATEMENT of attached tables: has the library see the statement''s AFTER triggers fire, so that
what they do to the same rows is told behind it.';

CREATE FUNCTION eryxon.write_events() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'write_events';
COMMENT ON FUNCTION eryxon.write_events IS
'AFTER INSERT, UPDATE and DELETE FOR EACH STATEMENT of attached tables, with transition tables: writes the events of the statement.';

CREATE FUNCTION eryxon.matching_patterns(type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY[type, '*', pg_catalog.split_part(type, '.', 1) OPERATOR(pg_catalog.||) '.*',
                 '*.' OPERATOR(pg_catalog.||) pg_catalog.split_part(type, '.', 2)];
COMMENT ON FUNCTION eryxon.matching_patterns IS
'The patterns that a type of events matches.';

CREATE FUNCTION eryxon.change_list(changes jsonb) RETURNS jsonb
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'change_list';
COMMENT ON FUNCTION eryxon.change_list IS
'The changes of an event as they are shown, made of how the outbox keeps them.';
REVOKE EXECUTE ON FUNCTION eryxon.change_list(jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.settle_events() RETURNS void
    LANGUAGE C VOLATILE AS 'MODULE_PATHNAME', 'settle_events';
COMMENT ON FUNCTION eryxon.settle_events IS
'Has a background worker give positions to the events that are committed by now, and waits for it.';
REVOKE EXECUTE ON FUNCTION eryxon.settle_events() FROM PUBLIC;

-- No sequential scans where there is an index: plans are kept, and may be of a time when the tables were nearly empty.
CREATE FUNCTION eryxon.position_events(at_most integer DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    last  bigint;
    moved bigint;
BEGIN
    PERFORM FROM eryxon.feed FOR UPDATE;
    SELECT greatest(f.last_position, (SELECT max(e.position) FROM eryxon.event e), (SELECT max(d.position) FROM eryxon.delivery d)) INTO last
      FROM eryxon.feed f;
    WITH taken AS (
        DELETE FROM eryxon.event_outbox
         WHERE ctid = ANY (ARRAY(SELECT o.ctid FROM eryxon.event_outbox o ORDER BY o.statement, o.line LIMIT at_most))
        RETURNING *)
    INSERT INTO eryxon.event (position, id, tenant_id, type, entity, row_id, external_id, external_source, source, changes, occurred_at)
    SELECT last + row_number() OVER (ORDER BY t.statement, t.line), t.id, t.tenant_id, t.type, t.entity, t.row_id, t.external_id,
           t.external_source, t.source, eryxon.change_list(t.changes), t.occurred_at
      FROM taken t;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved > 0 THEN
        UPDATE eryxon.feed SET last_position = last + moved, positioned_at = clock_timestamp();
        PERFORM eryxon.fan_out(last + 1, last + moved);
    END IF;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION eryxon.position_events IS
'Moves committed events from the outbox to where they are read and delivered, oldest first; returns how many.
For short transactions: until it ends, no other session can give positions.';
REVOKE EXECUTE ON FUNCTION eryxon.position_events(integer) FROM PUBLIC;
