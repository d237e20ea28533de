\echo Use "CREATE EXTENSION eryxon_sync" to load this file. \quit
-- What must hold before anything is made: the database speaks UTF8.

DO $guard$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = pg_catalog.format('eryxon_sync needs a database with encoding UTF8, not %s',
                                        pg_catalog.getdatabaseencoding()),
            HINT = 'Create the database with ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
END
$guard$;
-- The extension's own state: registry of entities and rules, history, and what went with which soft delete.

CREATE SCHEMA eryxon;
COMMENT ON SCHEMA eryxon IS 'State of eryxon_sync: registry, history, soft deletes. Written by the extension only.';
CREATE SCHEMA eryxon_api;
COMMENT ON SCHEMA eryxon_api IS 'What an HTTP layer exposes of eryxon_sync.';

GRANT USAGE ON SCHEMA eryxon TO PUBLIC;

CREATE TABLE eryxon.shipped_entity (
    entity      text PRIMARY KEY,
    singular    text NOT NULL,
    natural_key text[] NOT NULL DEFAULT '{}',
    ordinal     integer NOT NULL
);
COMMENT ON TABLE eryxon.shipped_entity IS 'Entities that the product knows by name.';

CREATE TABLE eryxon.shipped_rule (
    entity text NOT NULL REFERENCES eryxon.shipped_entity,
    field  text NOT NULL,
    rule   jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(rule) = 'object'),
    PRIMARY KEY (entity, field)
);
COMMENT ON TABLE eryxon.shipped_rule IS 'The rules of their fields. Replaced by extension updates, never dumped.';

CREATE TABLE eryxon.entity (
    entity      text PRIMARY KEY CHECK (entity ~ '^[a-z][a-z0-9_]{0,47}$'),
    table_name  regclass NOT NULL UNIQUE,
    singular    text NOT NULL,
    soft_delete boolean NOT NULL DEFAULT true,
    natural_key text[] NOT NULL DEFAULT '{}',
    events      boolean,
    ordinal     integer NOT NULL
);
COMMENT ON TABLE eryxon.entity IS 'Attached entities and their tables.';

CREATE TABLE eryxon.user_rule (
    entity text NOT NULL CHECK (entity ~ '^[a-z][a-z0-9_]{0,47}$'),
    field  text NOT NULL CHECK (field ~ '^[a-z][a-z0-9_]{0,47}$'),
    rule   jsonb CHECK (pg_catalog.jsonb_typeof(rule) = 'object'),
    PRIMARY KEY (entity, field)
);
COMMENT ON TABLE eryxon.user_rule IS 'Rules set with eryxon_map_field; a NULL rule unmaps a shipped one.';

CREATE VIEW eryxon.field AS
SELECT entity, field, CASE WHEN u.entity IS NULL THEN s.rule ELSE u.rule END AS rule
  FROM eryxon.shipped_rule s
  FULL JOIN eryxon.user_rule u USING (entity, field)
 WHERE u.entity IS NULL OR u.rule IS NOT NULL;
COMMENT ON VIEW eryxon.field IS 'The rules in force: the user''s where there is one, else the shipped one.';

CREATE TABLE eryxon.sync_run (
    id            uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id     uuid NOT NULL,
    entity        text NOT NULL,
    operation     text NOT NULL CHECK (operation IN ('upsert', 'sync', 'diff', 'csv', 'reconcile')),
    source        text,
    status        text NOT NULL CHECK (status IN ('completed', 'partial', 'failed')),
    total         integer NOT NULL DEFAULT 0,
    created       integer NOT NULL DEFAULT 0,
    updated       integer NOT NULL DEFAULT 0,
    restored      integer NOT NULL DEFAULT 0,
    skipped       integer NOT NULL DEFAULT 0,
    deleted       integer NOT NULL DEFAULT 0,
    errors        integer NOT NULL DEFAULT 0,
    error_details jsonb NOT NULL DEFAULT '[]',
    client_ref    text,
    created_by    uuid,
    started_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE eryxon.sync_run IS 'One row per call and entity touched.';
CREATE INDEX sync_run_latest ON eryxon.sync_run (tenant_id, entity, started_at);
CREATE INDEX sync_run_started ON eryxon.sync_run (tenant_id, started_at);
CREATE INDEX sync_run_finished ON eryxon.sync_run USING brin (finished_at);
ALTER TABLE eryxon.sync_run ENABLE ROW LEVEL SECURITY;

CREATE TABLE eryxon.soft_delete (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity     text NOT NULL,
    root       uuid NOT NULL,
    row_entity text NOT NULL,
    row_id     uuid NOT NULL,
    tenant_id  uuid NOT NULL,
    deleted_at timestamptz NOT NULL
);
COMMENT ON TABLE eryxon.soft_delete IS
'One row per row that went with a soft delete, the deleted root itself included.';
CREATE INDEX soft_delete_root ON eryxon.soft_delete (root);
CREATE INDEX soft_delete_row ON eryxon.soft_delete (row_id);

GRANT SELECT ON eryxon.shipped_entity, eryxon.shipped_rule, eryxon.entity, eryxon.user_rule, eryxon.field,
                eryxon.sync_run TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('eryxon.entity', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.user_rule', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.sync_run', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.soft_delete', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.soft_delete_id_seq', '');

CREATE FUNCTION eryxon.registry_changed() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'registry_changed';
COMMENT ON FUNCTION eryxon.registry_changed IS
'Tells every session that the registry is another one now.';
REVOKE EXECUTE ON FUNCTION eryxon.registry_changed() FROM PUBLIC;

CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON eryxon.entity
    FOR EACH STATEMENT EXECUTE FUNCTION eryxon.registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON eryxon.user_rule
    FOR EACH STATEMENT EXECUTE FUNCTION eryxon.registry_changed();

CREATE FUNCTION eryxon.fail(code text, state text, path text, message text, hint text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    details text := jsonb_build_array(jsonb_build_object('path', path, 'constraint', code, 'message', message));
BEGIN
    IF hint IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = details;
    END IF;
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = details, HINT = hint;
END
$$;
COMMENT ON FUNCTION eryxon.fail IS
'Raises an error of the product: SQLSTATE, message, the JSON array of details, hint.';

CREATE FUNCTION eryxon.check_options(options jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(options) <> 'object' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', '', 'options must be a JSON object');
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(options) AS k WHERE k <> ALL (known) ORDER BY k LIMIT 1;
    IF FOUND THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', unknown, format('unknown option "%s"', unknown),
                            format('Known options are %s.', array_to_string(known, ', ')));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_options IS
'Refuses options that are no object or have names other than the known ones.';

CREATE FUNCTION eryxon.check_option_type(options jsonb, name text, type text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(options -> name) NOT IN (type, 'null') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', name,
                            format('option "%s" must be of JSON type %s', name, type));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_option_type IS
'Refuses an option whose JSON type is another one; null stands for the option''s default.';
-- The outbox: what happened to rows of attached tables, first as it was written, then in the order in which it can be read.

CREATE TABLE eryxon.event_outbox (
    statement       bigint NOT NULL,
    line            integer NOT NULL,
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
No index: every write to an attached table pays for this table. statement and line order what one row went through.';

CREATE SEQUENCE eryxon.event_statement;
COMMENT ON SEQUENCE eryxon.event_statement IS
'Numbers the statements that wrote events. Drawn while the statement holds its rows'' locks, so that the events of a row rise.';

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
'One row: where the feed stands. Never dumped, so that a restored database has another epoch and refuses the tokens of the first.';
INSERT INTO eryxon.feed DEFAULT VALUES;

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
    INSERT INTO eryxon.event (position, tenant_id, type, entity, row_id, external_id, external_source, source, changes, occurred_at)
    SELECT last + row_number() OVER (ORDER BY t.statement, t.line), t.tenant_id, t.type, t.entity, t.row_id, t.external_id,
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
-- The five entities and the rules of their fields.

INSERT INTO eryxon.shipped_entity (entity, singular, natural_key, ordinal) VALUES
    ('cells',      'cell',      '{name}',            1),
    ('resources',  'resource',  '{name}',            2),
    ('jobs',       'job',       '{job_number}',      3),
    ('parts',      'part',      '{job,part_number}', 4),
    ('operations', 'operation', '{}',                5);

INSERT INTO eryxon.shipped_rule (entity, field, rule) VALUES
    ('cells', 'name',                   '{"required":true,"min_length":1}'),
    ('cells', 'color',                  '{"pattern":"^#[0-9A-Fa-f]{6}$","default":"#3B82F6"}'),
    ('cells', 'sequence',               '{"default":"next"}'),
    ('cells', 'active',                 '{"default":true}'),
    ('cells', 'capacity_hours_per_day', '{"min":0}'),
    ('cells', 'wip_limit',              '{"min":0}'),
    ('cells', 'description',            '{}'),

    ('resources', 'name',        '{"required":true,"min_length":1}'),
    ('resources', 'type',        '{"required":true,"enum":["tooling","fixture","mold","material","equipment","machine","other"]}'),
    ('resources', 'description', '{}'),
    ('resources', 'identifier',  '{}'),
    ('resources', 'location',    '{}'),
    ('resources', 'status',      '{"enum":["available","in_use","maintenance","retired"],"default":"available"}'),
    ('resources', 'active',      '{"default":true}'),
    ('resources', 'notes',       '{}'),
    ('resources', 'metadata',    '{}'),

    ('jobs', 'job_number', '{"required":true,"min_length":1,"max_length":255}'),
    ('jobs', 'customer',   '{"aliases":["customer_name"],"max_length":255}'),
    ('jobs', 'due_date',   '{}'),
    ('jobs', 'priority',   '{"min":0,"default":0}'),
    ('jobs', 'notes',      '{"aliases":["description"]}'),
    ('jobs', 'status',     '{"enum":["not_started","in_progress","on_hold","completed"],"default":"not_started","write":"forward"}'),
    ('jobs', 'metadata',   '{}'),

    ('parts', 'part_number',          '{"required":true,"min_length":1,"max_length":255}'),
    ('parts', 'job',                  '{"required":true,"references":{"entity":"jobs","parent":true,"children":"parts"}}'),
    ('parts', 'parent_part',          '{"references":{"entity":"parts","parent":true}}'),
    ('parts', 'material',             '{"default":"Unknown"}'),
    ('parts', 'quantity',             '{"min":1,"default":1}'),
    ('parts', 'notes',                '{"aliases":["description"]}'),
    ('parts', 'status',               '{"enum":["not_started","in_progress","on_hold","completed"],"default":"not_started","write":"forward"}'),
    ('parts', 'metadata',             '{}'),
    ('parts', 'drawing_no',           '{}'),
    ('parts', 'cnc_program_name',     '{"max_length":255}'),
    ('parts', 'file_paths',           '{}'),
    ('parts', 'material_lot',         '{}'),
    ('parts', 'material_supplier',    '{}'),
    ('parts', 'material_cert_number', '{}'),
    ('parts', 'is_bullet_card',       '{}'),

    ('operations', 'operation_name',       '{"required":true,"min_length":1,"max_length":255}'),
    ('operations', 'part',                 '{"required":true,"references":{"entity":"parts","parent":true,"children":"operations"}}'),
    ('operations', 'cell',                 '{"required":true,"references":{"entity":"cells","match":"name"}}'),
    ('operations', 'sequence',             '{"min":1,"default":"next"}'),
    ('operations', 'estimated_time',       '{"aliases":["estimated_time_minutes"],"min":0,"default":0}'),
    ('operations', 'setup_time',           '{"aliases":["setup_time_minutes"],"min":0}'),
    ('operations', 'notes',                '{"aliases":["instructions","description"]}'),
    ('operations', 'status',               '{"enum":["not_started","in_progress","on_hold","completed"],"value_aliases":{"paused":"on_hold"},"default":"not_started","write":"forward"}'),
    ('operations', 'assigned_operator_id', '{}'),
    ('operations', 'metadata',             '{}');
-- Who calls: the tenant and the user, read in C alone because anyone can forge a setting that SQL reads.

CREATE FUNCTION @extschema@.eryxon_tenant_id() RETURNS uuid
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_tenant_id';
COMMENT ON FUNCTION @extschema@.eryxon_tenant_id() IS
'Tenant of the current call.
From request.jwt.claims if the session user may use claims, else from eryxon.tenant_id, else from the function
that eryxon.tenant_resolver names. Error 42501 if there is none.';

CREATE FUNCTION @extschema@.eryxon_user_id() RETURNS uuid
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_user_id';
COMMENT ON FUNCTION @extschema@.eryxon_user_id() IS
'User of the current call, or NULL.
The claim sub if it is a uuid, else the setting eryxon.user_id.';

CREATE POLICY tenant ON eryxon.sync_run FOR SELECT
    USING (tenant_id = (SELECT @extschema@.eryxon_tenant_id()));
-- Writing the registry: the only way in, and what it does as the extension's owner.

CREATE FUNCTION eryxon.write_registry(action text, args jsonb) RETURNS void
    LANGUAGE C VOLATILE STRICT AS 'MODULE_PATHNAME', 'write_registry';
COMMENT ON FUNCTION eryxon.write_registry IS
'Writes the registry as the extension''s owner.
Only for a caller who may execute the public function of the action and, for attach and detach, owns the table.';

CREATE FUNCTION eryxon.register(args jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.entity (entity, table_name, singular, soft_delete, natural_key, events, ordinal)
    SELECT args ->> 'entity', (args ->> 'table')::oid::regclass, args ->> 'singular',
           (args ->> 'soft_delete')::boolean,
           ARRAY(SELECT jsonb_array_elements_text(args -> 'natural_key')),
           (args ->> 'events')::boolean,
           coalesce((SELECT s.ordinal FROM eryxon.shipped_entity s WHERE s.entity = args ->> 'entity'),
                    (SELECT greatest(max(e.ordinal), 100) + 1 FROM eryxon.entity e))
    ON CONFLICT (entity) DO UPDATE
       SET table_name = excluded.table_name, singular = excluded.singular, soft_delete = excluded.soft_delete,
           natural_key = excluded.natural_key, events = excluded.events
$$;
COMMENT ON FUNCTION eryxon.register IS
'Enters an entity and its table, in place of an earlier entry of the same entity.';
REVOKE EXECUTE ON FUNCTION eryxon.register(jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.apply_registry(action text, args jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE action
    WHEN 'attach' THEN
        PERFORM eryxon.check_entity_name(args ->> 'entity');
        PERFORM eryxon.check_table((args ->> 'table')::oid::regclass);
        PERFORM eryxon.check_registration(args ->> 'entity', (args ->> 'table')::oid::regclass);
        PERFORM eryxon.register(args);
        IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = args ->> 'entity') THEN
            PERFORM eryxon.create_api(args ->> 'entity');
        END IF;
    WHEN 'detach' THEN
        DELETE FROM eryxon.entity e WHERE e.entity = args ->> 'entity';
        IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = args ->> 'entity') THEN
            PERFORM eryxon.drop_api(args ->> 'entity');
        END IF;
    WHEN 'map' THEN
        PERFORM eryxon.check_known_entity(args ->> 'entity');
        PERFORM eryxon.check_rule(args ->> 'entity', args ->> 'field', args -> 'rule');
        PERFORM eryxon.check_pattern(args -> 'rule' ->> 'pattern');
        INSERT INTO eryxon.user_rule (entity, field, rule)
        VALUES (args ->> 'entity', args ->> 'field', args -> 'rule')
        ON CONFLICT (entity, field) DO UPDATE SET rule = excluded.rule;
    WHEN 'unmap' THEN
        DELETE FROM eryxon.user_rule u WHERE u.entity = args ->> 'entity' AND u.field = args ->> 'field';
        INSERT INTO eryxon.user_rule (entity, field, rule)
        SELECT s.entity, s.field, NULL FROM eryxon.shipped_rule s
         WHERE s.entity = args ->> 'entity' AND s.field = args ->> 'field';
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.apply_registry IS
'The writing part of write_registry(), run as the extension''s owner; checks again what it is given, for anybody can call that.
Actions and their arguments: attach {entity, table (oid), singular, soft_delete, natural_key, events}, detach {entity},
map {entity, field, rule}, unmap {entity, field}.';
REVOKE EXECUTE ON FUNCTION eryxon.apply_registry(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.check_entity_name(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF entity IS NULL OR entity !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'entity',
            format('invalid entity name %s', coalesce(to_json(entity)::text, 'null')),
            'Up to 48 lower-case letters, digits and underscores, the first one a letter.');
    ELSIF entity = 'pagination' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'entity', 'an entity cannot be called "pagination"',
            'Lists have a member of that name beside the rows.');
    ELSIF entity IN ('webhooks', 'keys') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'entity', format('an entity cannot be called "%s"', entity),
            format('The path /api-%1$s is that of %1$s.', entity));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_entity_name IS
'Demands a well-formed entity name.';

CREATE FUNCTION eryxon.fail_unknown_entity(entity text, with_shipped boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known text;
BEGIN
    SELECT string_agg(k.entity, ', ' ORDER BY k.entity) INTO known
      FROM (SELECT e.entity FROM eryxon.entity e
            UNION SELECT s.entity FROM eryxon.shipped_entity s WHERE with_shipped) k;
    PERFORM eryxon.fail('UNKNOWN_ENTITY', '22023', 'entity',
        CASE WHEN with_shipped THEN format('unknown entity %s', coalesce(to_json(entity)::text, 'null'))
             ELSE format('entity %s is not attached', coalesce(to_json(entity)::text, 'null')) END,
        CASE WHEN known IS NULL THEN 'Call eryxon_attach() or eryxon_create_tables() first.'
             WHEN with_shipped THEN format('Known are %s.', known) ELSE format('Attached are %s.', known) END);
END
$$;
COMMENT ON FUNCTION eryxon.fail_unknown_entity IS
'Raises UNKNOWN_ENTITY; the hint names the entities that are attached, or also those that could be.';

CREATE FUNCTION eryxon.check_registration(entity text, table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    other record;
BEGIN
    SELECT e.entity, e.table_name INTO other
      FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name
     WHERE (e.entity = check_registration.entity) <> (e.table_name = check_registration.table_name)
     ORDER BY e.entity <> check_registration.entity LIMIT 1;
    IF other.entity = entity THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42710', 'entity',
            format('entity "%s" is already attached to table %s', entity, other.table_name),
            format('Call eryxon_detach(%L) first.', entity));
    ELSIF FOUND THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42710', 'table_name',
            format('table %s is already attached as entity "%s"', table_name, other.entity),
            format('Call eryxon_detach(%L) first.', other.entity));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_registration IS
'Refuses an entity that has another table, and a table that has another entity.';

CREATE FUNCTION eryxon.readable_entities(role name) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(e.entity), '{}')
      FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name
     WHERE has_table_privilege(role, c.oid, 'SELECT')
$$;
COMMENT ON FUNCTION eryxon.readable_entities IS
'The entities whose tables the role may read.';
-- Looking at a table that is to hold an entity.

CREATE FUNCTION eryxon.sync_columns() RETURNS TABLE (ordinal integer, name name, type regtype)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES (1, 'external_id'::name, 'text'::regtype), (2, 'external_source', 'text'), (3, 'synced_at', 'timestamptz'),
           (4, 'sync_hash', 'text'), (5, 'deleted_at', 'timestamptz'), (6, 'deleted_by', 'uuid')
$$;
COMMENT ON FUNCTION eryxon.sync_columns IS
'The columns that every attached table has for the sync.';

CREATE FUNCTION eryxon.has_column(table_name regclass, column_name name, type regtype) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = table_name AND a.attname = column_name AND a.atttypid = type
                      AND NOT a.attisdropped AND a.attgenerated = '')
$$;
COMMENT ON FUNCTION eryxon.has_column IS
'True if the table has a column of that type that can be written.';

CREATE FUNCTION eryxon.is_partitioned_by_tenant(table_name regclass) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT bool_and(CASE c.relkind WHEN 'r' THEN true
                                   WHEN 'p' THEN p.partnatts = 1 AND a.attname IS NOT DISTINCT FROM 'tenant_id'
                                   ELSE false END)
      FROM pg_partition_tree(table_name) t
      JOIN pg_class c ON c.oid = t.relid
      LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
$$;
COMMENT ON FUNCTION eryxon.is_partitioned_by_tenant IS
'True if a table is partitioned, at every level, by tenant_id alone, and its leaves are plain tables.';

CREATE FUNCTION eryxon.why_not_attachable(table_name regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
           WHEN c.relkind NOT IN ('r', 'p') THEN 'is not a table'
           WHEN c.relpersistence = 't' THEN 'is a temporary table'
           WHEN c.relispartition THEN 'is a partition'
           WHEN EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN 'inherits from another table'
           WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
               THEN 'has tables that inherit from it'
           WHEN EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
               THEN 'belongs to an extension'
           WHEN NOT eryxon.has_column(table_name, 'id', 'uuid') THEN 'has no column "id" of type uuid'
           WHEN NOT eryxon.has_column(table_name, 'tenant_id', 'uuid') THEN 'has no column "tenant_id" of type uuid'
           WHEN c.relkind = 'p' AND NOT eryxon.is_partitioned_by_tenant(table_name)
               THEN 'is not partitioned by tenant_id alone into plain tables'
           END
      FROM pg_class c WHERE c.oid = table_name
$$;
COMMENT ON FUNCTION eryxon.why_not_attachable IS
'Why the table cannot hold an entity, as the end of a sentence that begins with its name; NULL if it can.';

CREATE FUNCTION eryxon.check_owner(table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = table_name AND pg_has_role(c.relowner, 'USAGE')) THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', '', format('must be owner of table %s', table_name));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_owner IS
'Demands that the caller owns the table.';

CREATE FUNCTION eryxon.check_table(table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reason text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = table_name) THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42P01', 'table_name', format('table %s does not exist', table_name));
    END IF;
    PERFORM eryxon.check_owner(table_name);
    reason := eryxon.why_not_attachable(table_name);
    IF reason IS NOT NULL THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '0A000', 'table_name', format('cannot attach: %s %s', table_name, reason),
            'Attach a plain table, or one partitioned by tenant_id, with columns id uuid and tenant_id uuid.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_table IS
'Demands a table that exists, is the caller''s and can hold an entity.';

CREATE FUNCTION eryxon.check_sync_column(table_name regclass, wanted_name name, wanted_type regtype) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
BEGIN
    SELECT t.atttypid::regtype AS type, t.attgenerated <> '' AS generated, t.attnotnull,
           coalesce(c.collisdeterministic, true) AS exact
      INTO a FROM pg_attribute t LEFT JOIN pg_collation c ON c.oid = t.attcollation
     WHERE t.attrelid = table_name AND t.attname = wanted_name AND NOT t.attisdropped;
    IF a.type <> wanted_type THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42804', wanted_name,
            format('column "%s" of table %s has type %s, not %s', wanted_name, table_name, a.type, wanted_type),
            'Change the type of the column, or rename the column.');
    ELSIF a.generated OR NOT a.exact OR a.attnotnull AND wanted_name IN ('deleted_at', 'deleted_by') THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '0A000', wanted_name,
            format('column "%s" of table %s %s', wanted_name, table_name,
            CASE WHEN a.generated THEN 'is generated' WHEN a.attnotnull AND a.exact THEN 'is NOT NULL'
                 ELSE 'has a nondeterministic collation' END));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_sync_column IS
'Demands that a sync column that is there has the right type and can be written.';

CREATE FUNCTION eryxon.find_key_index(table_name regclass) RETURNS name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.relname
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = table_name AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
       AND i.indnkeyatts = 3
       AND (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
             WHERE a.attrelid = table_name AND a.attnum = ANY (i.indkey[0:2]::smallint[]))
           = '{external_id,external_source,tenant_id}'::name[]
       AND coalesce(pg_get_expr(i.indpred, i.indrelid), '(external_id IS NOT NULL)') = '(external_id IS NOT NULL)'
     ORDER BY i.indpred IS NOT NULL, c.relname LIMIT 1
$$;
COMMENT ON FUNCTION eryxon.find_key_index IS
'Name of a valid unique index on the external key, full or of the rows that have one; NULL if there is none.';
-- Adding to a table what the sync needs: columns, the index on the external key, triggers.

CREATE FUNCTION eryxon.add_columns(table_name regclass) RETURNS text[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text[];
    clauses text;
BEGIN
    PERFORM eryxon.check_sync_column(table_name, s.name, s.type) FROM eryxon.sync_columns() s;
    SELECT array_agg(s.name::text ORDER BY s.ordinal),
           string_agg(format('ADD COLUMN %I %s', s.name, s.type), ', ' ORDER BY s.ordinal)
      INTO missing, clauses
      FROM eryxon.sync_columns() s
     WHERE NOT EXISTS (SELECT FROM pg_attribute a
                        WHERE a.attrelid = table_name AND a.attname = s.name AND NOT a.attisdropped);
    IF missing IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s %s', table_name, clauses);
    END IF;
    RETURN coalesce(missing, '{}');
END
$$;
COMMENT ON FUNCTION eryxon.add_columns IS
'Checks the sync columns that the table has and adds the others, whose names it returns.';

CREATE FUNCTION eryxon.ensure_key_index(table_name regclass) RETURNS name
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF eryxon.find_key_index(table_name) IS NULL THEN
        EXECUTE format('CREATE UNIQUE INDEX ON %s (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL',
                       table_name);
    END IF;
    RETURN eryxon.find_key_index(table_name);
END
$$;
COMMENT ON FUNCTION eryxon.ensure_key_index IS
'Finds or makes the unique index on the external key.';

CREATE FUNCTION eryxon.ensure_trigger(table_name regclass, trigger_name name, event text, function regprocedure,
                                      wanted boolean, level text DEFAULT 'BEFORE %s ON %s FOR EACH ROW') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    present boolean := EXISTS (SELECT FROM pg_trigger t
                                WHERE t.tgrelid = table_name AND t.tgname = trigger_name AND t.tgfoid = function);
BEGIN
    IF wanted AND NOT present THEN
        EXECUTE format('CREATE TRIGGER %I ' || level || ' EXECUTE FUNCTION %s', trigger_name, event, table_name, function);
        EXECUTE format('ALTER TRIGGER %I ON %s DEPENDS ON EXTENSION eryxon_sync', trigger_name, table_name);
    ELSIF present AND NOT wanted THEN
        EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, table_name);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.ensure_trigger IS
'Makes, or drops, one of the triggers on the table, so that it is there exactly if wanted.';

CREATE FUNCTION eryxon.ensure_capture(table_name regclass, wanted boolean) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.ensure_trigger(table_name, 'zz_eryxon_capture', 'INSERT OR UPDATE OR DELETE', 'eryxon.begin_capture()', wanted,
                                 'BEFORE %s ON %s FOR EACH STATEMENT');
    SELECT eryxon.ensure_trigger(table_name, 'zz_eryxon_capture_' || lower(t.event), t.event, 'eryxon.write_events()', wanted,
                                 'AFTER %s ON %s REFERENCING ' || t.rows || ' FOR EACH STATEMENT')
      FROM (VALUES ('INSERT', 'NEW TABLE AS new_rows'),
                   ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
                   ('DELETE', 'OLD TABLE AS old_rows')) AS t(event, rows)
$$;
COMMENT ON FUNCTION eryxon.ensure_capture IS
'Brings the triggers that capture events on or off. A trigger with transition tables has one event.';

CREATE FUNCTION eryxon.ensure_triggers(table_name regclass, soft_delete boolean, events boolean) RETURNS text[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    partitioned boolean := (SELECT c.relkind = 'p' FROM pg_class c WHERE c.oid = table_name);
BEGIN
    PERFORM eryxon.ensure_trigger(table_name, 'zz_eryxon_soft_delete', 'DELETE', 'eryxon.soft_delete()', soft_delete);
    PERFORM eryxon.ensure_trigger(table_name, 'zz_eryxon_note_move', 'UPDATE OF tenant_id', 'eryxon.note_move()',
                                  soft_delete AND partitioned);
    -- Triggers for each statement are not inherited: each partition has its own.
    PERFORM eryxon.ensure_trigger(t.relid, 'zz_eryxon_soft_delete_noted', 'DELETE', 'eryxon.soft_delete_noted()',
                                  soft_delete, 'AFTER %s ON %s FOR EACH STATEMENT')
       FROM (SELECT table_name AS relid UNION SELECT p.relid FROM pg_partition_tree(table_name) p) t;
    PERFORM eryxon.ensure_capture(table_name, events);
    RETURN ARRAY(SELECT t.tgname::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                  WHERE t.tgrelid = table_name AND p.pronamespace = 'eryxon'::regnamespace
                    AND p.proname IN ('soft_delete', 'soft_delete_noted', 'note_move', 'begin_capture', 'write_events')
                  ORDER BY t.tgname);
END
$$;
COMMENT ON FUNCTION eryxon.ensure_triggers IS
'Brings the triggers of soft deletes and events on or off and returns the names of those that are on.';
-- What a user should know of an attached table: what does not go well with soft deletes and per-record errors.

CREATE FUNCTION eryxon.warning(code text, path text, message text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('code', code, 'path', path, 'message', message)
$$;
COMMENT ON FUNCTION eryxon.warning IS
'One warning of eryxon_attach().';

CREATE FUNCTION eryxon.policy_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('POLICY_HIDES_DELETED', p.polname,
               format('policy "%s" looks at deleted_at: the roles it applies to cannot restore deleted rows that it hides',
                      p.polname))
      FROM pg_policy p
      JOIN pg_attribute a ON a.attrelid = p.polrelid AND a.attname = 'deleted_at'
     WHERE p.polrelid = table_name AND p.polcmd IN ('r', 'w', '*')
       AND p.polqual IS NOT NULL AND pg_get_expr(p.polqual, p.polrelid) ~ '\mdeleted_at\M'
       AND EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                      AND d.refobjid = table_name AND d.refobjsubid = a.attnum)
     ORDER BY p.polname
$$;
COMMENT ON FUNCTION eryxon.policy_warnings IS
'Policies that look at deleted_at: where they hide deleted rows, these are neither found nor restored.';

CREATE FUNCTION eryxon.silent_trigger_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('TRIGGER_SILENT', t.tgname,
               format(CASE WHEN t.tgtype & 1 = 1 THEN 'trigger "%s" is AFTER DELETE: it does not fire on a soft delete'
                           ELSE 'trigger "%s" is AFTER DELETE: it sees no rows of a soft delete' END, t.tgname))
      FROM pg_trigger t
     WHERE t.tgrelid = table_name AND NOT t.tgisinternal
       AND t.tgtype & 8 = 8 AND t.tgtype & (2 | 64) = 0
       AND t.tgfoid NOT IN ('eryxon.soft_delete_noted()'::regprocedure, 'eryxon.write_events()'::regprocedure)
     ORDER BY t.tgname
$$;
COMMENT ON FUNCTION eryxon.silent_trigger_warnings IS
'AFTER DELETE triggers: those per row do not fire on a soft delete, those per statement see no rows.';

CREATE FUNCTION eryxon.unique_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('UNIQUE_COUNTS_DELETED', c.relname,
               format('unique index "%s" counts deleted rows: their values stay taken', c.relname))
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
     CROSS JOIN LATERAL (SELECT coalesce(array_agg(a.attname), '{}') AS names FROM pg_attribute a
                          WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]::smallint[])) k
     WHERE i.indrelid = table_name AND (i.indisunique OR i.indisexclusion)
       AND NOT k.names @> '{id}' AND NOT k.names @> '{tenant_id,external_source,external_id}'
       AND NOT k.names @> '{deleted_at}'
       AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') !~ '\mdeleted_at\M'
     ORDER BY c.relname
$$;
COMMENT ON FUNCTION eryxon.unique_warnings IS
'Unique and exclusion indexes that also count deleted rows, so that a natural key stays taken after a soft delete.';

CREATE FUNCTION eryxon.deferred_warnings(table_name regclass) RETURNS SETOF jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.warning('CONSTRAINT_DEFERRED', c.conname,
               format('constraint "%s" is initially deferred: where it fails, the whole transaction fails, not one record',
                      c.conname))
      FROM pg_constraint c
     WHERE c.conrelid = table_name AND c.condeferred
     ORDER BY c.conname
$$;
COMMENT ON FUNCTION eryxon.deferred_warnings IS
'Constraints that are checked at the end of the transaction, when no record can be blamed any more.';

CREATE FUNCTION eryxon.attach_warnings(table_name regclass, soft_delete boolean) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(w ORDER BY w ->> 'code', w ->> 'path'), '[]')
      FROM (SELECT eryxon.policy_warnings(table_name) WHERE soft_delete
            UNION ALL SELECT eryxon.silent_trigger_warnings(table_name) WHERE soft_delete
            UNION ALL SELECT eryxon.unique_warnings(table_name) WHERE soft_delete
            UNION ALL SELECT eryxon.deferred_warnings(table_name)) AS all_warnings(w)
$$;
COMMENT ON FUNCTION eryxon.attach_warnings IS
'All warnings for a table.';
-- Attaching tables to entities, and detaching them.

CREATE FUNCTION eryxon.check_attach_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['soft_delete', 'natural_key', 'singular', 'events']);
    PERFORM eryxon.check_option_type(options, 'soft_delete', 'boolean');
    PERFORM eryxon.check_option_type(options, 'events', 'boolean');
    PERFORM eryxon.check_option_type(options, 'singular', 'string');
    PERFORM eryxon.check_option_type(options, 'natural_key', 'array');
    IF options ->> 'singular' !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'singular',
            'option "singular" must be a name like that of an entity');
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(nullif(options -> 'natural_key', 'null')) AS k
                WHERE jsonb_typeof(k) <> 'string' OR k #>> '{}' !~ '^[a-z][a-z0-9_]{0,47}$') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'natural_key',
            'option "natural_key" must be an array of field names');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_attach_options IS
'Checks the names and JSON types of attach options.';

CREATE FUNCTION eryxon.attach_settings(entity text, table_name regclass, options jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('soft_delete', true, 'natural_key', '[]'::jsonb, 'events', NULL,
                              'singular', regexp_replace(entity, '(.)s$', '\1'))
        || coalesce((SELECT jsonb_build_object('singular', s.singular, 'natural_key', s.natural_key)
                       FROM eryxon.shipped_entity s WHERE s.entity = $1), '{}')
        || coalesce((SELECT jsonb_build_object('singular', e.singular, 'natural_key', e.natural_key,
                                               'soft_delete', e.soft_delete, 'events', e.events)
                       FROM eryxon.entity e WHERE e.entity = $1 AND e.table_name = $2), '{}')
        || jsonb_strip_nulls(options)
        || jsonb_build_object('entity', entity, 'table', table_name::oid)
$$;
COMMENT ON FUNCTION eryxon.attach_settings IS
'What to register: the options that were sent over those of an earlier attach over the defaults.';

CREATE FUNCTION @extschema@.eryxon_attach(entity text, table_name regclass, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    columns  text[];
    index    name;
    triggers text[];
BEGIN
    PERFORM eryxon.check_entity_name(entity);
    PERFORM eryxon.check_attach_options(coalesce(options, '{}'));
    PERFORM eryxon.check_table(table_name);
    EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', table_name);
    PERFORM eryxon.check_registration(entity, table_name);
    settings := eryxon.attach_settings(entity, table_name, coalesce(options, '{}'));
    columns := eryxon.add_columns(table_name);
    index := eryxon.ensure_key_index(table_name);
    triggers := eryxon.ensure_triggers(table_name, (settings ->> 'soft_delete')::boolean,
                                       coalesce((settings ->> 'events')::boolean, true));
    PERFORM eryxon.write_registry('attach', settings);
    PERFORM pg_notify('pgrst', 'reload schema');
    RETURN jsonb_build_object(
        'entity', entity, 'table', table_name::text, 'columns_added', columns, 'index', index, 'triggers', triggers,
        'warnings', eryxon.attach_warnings(table_name, (settings ->> 'soft_delete')::boolean));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_attach(text, regclass, jsonb) IS
'Makes an existing table hold an entity.
Adds the sync columns, the unique index on the external key and the triggers that are missing, and registers the entity.
Options: soft_delete, natural_key, singular, events. Can be repeated.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_attach(text, regclass, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_detach(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attached regclass;
BEGIN
    SELECT e.table_name INTO attached FROM eryxon.entity e WHERE e.entity = eryxon_detach.entity;
    IF NOT FOUND THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    END IF;
    IF EXISTS (SELECT FROM pg_class c WHERE c.oid = attached) THEN
        PERFORM eryxon.check_owner(attached);
        PERFORM eryxon.ensure_triggers(attached, false, false);
    END IF;
    PERFORM eryxon.write_registry('detach', jsonb_build_object('entity', entity));
    PERFORM pg_notify('pgrst', 'reload schema');
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_detach(text) IS
'Ends what eryxon_attach began.
Drops the triggers and the registration; table, columns, rows, rules and history stay.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_detach(text) FROM PUBLIC;
-- Mapping fields: what a record may hold and which column takes it.

CREATE FUNCTION eryxon.check_rule(entity text, field text, rule jsonb) RETURNS void
    LANGUAGE C VOLATILE AS 'MODULE_PATHNAME', 'check_rule';
COMMENT ON FUNCTION eryxon.check_rule IS
'Refuses a rule that is not well formed.';

CREATE FUNCTION eryxon.check_known_entity(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = check_known_entity.entity
                   UNION ALL SELECT FROM eryxon.entity e WHERE e.entity = check_known_entity.entity) THEN
        PERFORM eryxon.fail_unknown_entity(entity, true);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_known_entity IS
'Demands an entity that is shipped or attached.';

CREATE FUNCTION eryxon.check_pattern(pattern text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM '' ~ pattern;
EXCEPTION WHEN invalid_regular_expression THEN
    PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule', format('invalid pattern: %s', SQLERRM));
END
$$;
COMMENT ON FUNCTION eryxon.check_pattern IS
'Refuses a pattern that is no regular expression.';

CREATE FUNCTION @extschema@.eryxon_map_field(entity text, field text, rule jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_known_entity(entity);
    IF field IS NULL OR rule IS NULL OR jsonb_typeof(rule) <> 'object' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'rule', 'a field needs a name and a JSON object as its rule',
            'Use {} for a field without conditions, and eryxon_unmap_field() to unmap one.');
    END IF;
    PERFORM eryxon.write_registry('map', jsonb_build_object('entity', entity, 'field', field, 'rule', rule));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_map_field(text, text, jsonb) IS
'Maps a field of an entity.
Replaces the whole rule, also a shipped one.
Keys: column, aliases, default, required, enum, value_aliases, min, max, min_length, max_length, pattern, write, references.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_map_field(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_unmap_field(entity text, field text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_known_entity(entity);
    IF NOT EXISTS (SELECT FROM eryxon.shipped_rule s WHERE s.entity = $1 AND s.field = $2
                   UNION ALL SELECT FROM eryxon.user_rule u WHERE u.entity = $1 AND u.field = $2) THEN
        PERFORM eryxon.fail('UNKNOWN_FIELD', '42703', 'field',
            format('entity "%s" has no field %s', entity, coalesce(to_json(field)::text, 'null')));
    END IF;
    PERFORM eryxon.write_registry('unmap', jsonb_build_object('entity', entity, 'field', field));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_unmap_field(text, text) IS
'Unmaps a field of an entity.
It is never written from then on; a shipped field comes back with eryxon_map_field.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_unmap_field(text, text) FROM PUBLIC;
-- The five tables for a database that has none yet.

-- What the engine reads of every row stands first: a row is unpacked from its beginning.
CREATE FUNCTION eryxon.columns_before() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY, tenant_id uuid NOT NULL, '
           || string_agg(format('%I %s', s.name, s.type), ', ' ORDER BY s.ordinal)
      FROM eryxon.sync_columns() s
$$;
COMMENT ON FUNCTION eryxon.columns_before IS
'Column definitions that all five tables have before their own ones.';

CREATE FUNCTION eryxon.columns_after() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (tenant_id, id)'
$$;
COMMENT ON FUNCTION eryxon.columns_after IS
'Column definitions and keys that all five tables have after their own ones.';

CREATE FUNCTION eryxon.progress_column(entity text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($ddl$status text NOT NULL DEFAULT 'not_started'
                       CONSTRAINT %I CHECK (status IN ('not_started', 'in_progress', 'on_hold', 'completed'))$ddl$,
                  entity || '_status_check')
$$;
COMMENT ON FUNCTION eryxon.progress_column IS
'The status column of jobs, parts and operations, with its check.';

CREATE FUNCTION eryxon.define_cells() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $ddl$
        CREATE TABLE %1$I.cells (
            %2$s,
            name                   text NOT NULL,
            color                  text NOT NULL DEFAULT '#3B82F6',
            sequence               integer NOT NULL DEFAULT 1,
            active                 boolean NOT NULL DEFAULT true,
            capacity_hours_per_day numeric CONSTRAINT cells_capacity_check CHECK (capacity_hours_per_day >= 0),
            wip_limit              integer CONSTRAINT cells_wip_limit_check CHECK (wip_limit >= 0),
            description            text,
            %3$s);
        CREATE UNIQUE INDEX cells_live_name ON %1$I.cells (tenant_id, name) WHERE deleted_at IS NULL;
        $ddl$
$$;
COMMENT ON FUNCTION eryxon.define_cells IS
'The statements of table_definition() for cells.';

CREATE FUNCTION eryxon.define_resources() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $ddl$
        CREATE TABLE %1$I.resources (
            %2$s,
            name        text NOT NULL,
            type        text NOT NULL CONSTRAINT resources_type_check
                        CHECK (type IN ('tooling', 'fixture', 'mold', 'material', 'equipment', 'machine', 'other')),
            description text,
            identifier  text,
            location    text,
            status      text NOT NULL DEFAULT 'available' CONSTRAINT resources_status_check
                        CHECK (status IN ('available', 'in_use', 'maintenance', 'retired')),
            active      boolean NOT NULL DEFAULT true,
            notes       text,
            metadata    jsonb,
            %3$s);
        CREATE UNIQUE INDEX resources_live_name ON %1$I.resources (tenant_id, name) WHERE deleted_at IS NULL;
        $ddl$
$$;
COMMENT ON FUNCTION eryxon.define_resources IS
'The statements of table_definition() for resources.';

CREATE FUNCTION eryxon.define_jobs() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $ddl$
        CREATE TABLE %1$I.jobs (
            %2$s,
            job_number text NOT NULL,
            customer   text,
            due_date   timestamptz,
            priority   integer NOT NULL DEFAULT 0 CONSTRAINT jobs_priority_check CHECK (priority >= 0),
            notes      text,
            %4$s,
            metadata   jsonb,
            %3$s);
        CREATE UNIQUE INDEX jobs_live_number ON %1$I.jobs (tenant_id, job_number) WHERE deleted_at IS NULL;
        $ddl$
$$;
COMMENT ON FUNCTION eryxon.define_jobs IS
'The statements of table_definition() for jobs.';

CREATE FUNCTION eryxon.define_parts() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $ddl$
        CREATE TABLE %1$I.parts (
            %2$s,
            part_number          text NOT NULL,
            job_id               uuid NOT NULL,
            parent_part_id       uuid,
            material             text NOT NULL DEFAULT 'Unknown',
            quantity             integer NOT NULL DEFAULT 1 CONSTRAINT parts_quantity_check CHECK (quantity >= 1),
            notes                text,
            %4$s,
            metadata             jsonb,
            drawing_no           text,
            cnc_program_name     text,
            file_paths           text[],
            material_lot         text,
            material_supplier    text,
            material_cert_number text,
            is_bullet_card       boolean,
            %3$s,
            CONSTRAINT parts_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES %1$I.jobs (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT parts_parent_part_fkey FOREIGN KEY (tenant_id, parent_part_id)
                REFERENCES %1$I.parts (tenant_id, id) ON DELETE CASCADE);
        CREATE UNIQUE INDEX parts_live_number ON %1$I.parts (tenant_id, job_id, part_number) WHERE deleted_at IS NULL;
        CREATE INDEX parts_job ON %1$I.parts (tenant_id, job_id);
        CREATE INDEX parts_parent_part ON %1$I.parts (tenant_id, parent_part_id) WHERE parent_part_id IS NOT NULL;
        $ddl$
$$;
COMMENT ON FUNCTION eryxon.define_parts IS
'The statements of table_definition() for parts.';

CREATE FUNCTION eryxon.define_operations() RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $ddl$
        CREATE TABLE %1$I.operations (
            %2$s,
            operation_name       text NOT NULL,
            part_id              uuid NOT NULL,
            cell_id              uuid NOT NULL,
            sequence             integer NOT NULL DEFAULT 1 CONSTRAINT operations_sequence_check CHECK (sequence >= 1),
            estimated_time       numeric NOT NULL DEFAULT 0 CONSTRAINT operations_estimated_time_check CHECK (estimated_time >= 0),
            setup_time           numeric CONSTRAINT operations_setup_time_check CHECK (setup_time >= 0),
            notes                text,
            %4$s,
            assigned_operator_id uuid,
            metadata             jsonb,
            %3$s,
            CONSTRAINT operations_part_fkey FOREIGN KEY (tenant_id, part_id)
                REFERENCES %1$I.parts (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT operations_cell_fkey FOREIGN KEY (tenant_id, cell_id) REFERENCES %1$I.cells (tenant_id, id));
        CREATE INDEX operations_part ON %1$I.operations (tenant_id, part_id, sequence);
        CREATE INDEX operations_cell ON %1$I.operations (tenant_id, cell_id);
        $ddl$
$$;
COMMENT ON FUNCTION eryxon.define_operations IS
'The statements of table_definition() for operations.';

CREATE FUNCTION eryxon.table_definition(entity text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE entity
           WHEN 'cells' THEN eryxon.define_cells()
           WHEN 'resources' THEN eryxon.define_resources()
           WHEN 'jobs' THEN eryxon.define_jobs()
           WHEN 'parts' THEN eryxon.define_parts()
           WHEN 'operations' THEN eryxon.define_operations()
           END
$$;
COMMENT ON FUNCTION eryxon.table_definition IS
'The statements that make a table, for format().
%1$I is the schema, %2$s and %3$s are the columns before and after, %4$s is the status column.';

CREATE FUNCTION eryxon.check_schema(schema_name name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF schema_name IS NULL OR schema_name IN ('eryxon', 'eryxon_api', 'information_schema') OR schema_name ~ '^pg_' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'schema_name',
            format('schema %s cannot hold the tables', coalesce(quote_ident(schema_name), 'NULL')));
    ELSIF to_regnamespace(quote_ident(schema_name)) IS NULL THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '3F000', 'schema_name', format('schema "%s" does not exist', schema_name),
            format('CREATE SCHEMA %I first.', schema_name));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_schema IS
'Demands a schema that tables can be made in.';

CREATE FUNCTION eryxon.check_referable(table_name regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_index i
         WHERE i.indrelid = table_name AND i.indisunique AND i.indisvalid AND i.indimmediate
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
                 WHERE a.attrelid = table_name AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]::smallint[]))
               = '{id,tenant_id}'::name[])
    THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42830', 'schema_name',
            format('table %s has no unique key (tenant_id, id) to refer to', table_name),
            format('ALTER TABLE %s ADD UNIQUE (tenant_id, id), or make the missing tables yourself and attach them.', table_name));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_referable IS
'Demands that an existing table, if another one is still to refer to it, has the unique key for that.';

CREATE FUNCTION eryxon.create_table(schema_name name, entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant constant text := '(tenant_id = (SELECT @extschema@.eryxon_tenant_id()))';
    target regclass;
BEGIN
    FOR target IN
        SELECT to_regclass(format('%I.%I', schema_name, r.rule -> 'references' ->> 'entity'))
          FROM eryxon.shipped_rule r
         WHERE r.entity = create_table.entity AND r.rule -> 'references' ->> 'entity' <> create_table.entity
    LOOP
        PERFORM eryxon.check_referable(target);
    END LOOP;
    EXECUTE format(eryxon.table_definition(entity), schema_name,
                   eryxon.columns_before(), eryxon.columns_after(), eryxon.progress_column(entity));
    -- Room for new versions of rows in their pages, so that small changes touch no index: docs/performance.md.
    EXECUTE format('ALTER TABLE %I.%I SET (fillfactor = 90), ENABLE ROW LEVEL SECURITY', schema_name, entity);
    EXECUTE format('CREATE POLICY eryxon_tenant ON %I.%I USING %s WITH CHECK %s', schema_name, entity, tenant, tenant);
END
$$;
COMMENT ON FUNCTION eryxon.create_table IS
'Makes the table of an entity with its policy for the tenant.';

CREATE FUNCTION @extschema@.eryxon_create_tables(schema_name name DEFAULT 'public') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entity text;
BEGIN
    PERFORM eryxon.check_schema(schema_name);
    FOR entity IN SELECT s.entity FROM eryxon.shipped_entity s ORDER BY s.ordinal LOOP
        IF to_regclass(format('%I.%I', schema_name, entity)) IS NULL THEN
            PERFORM eryxon.create_table(schema_name, entity);
        END IF;
        PERFORM @extschema@.eryxon_attach(entity, format('%I.%I', schema_name, entity)::regclass);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_create_tables(name) IS
'Makes the tables of the five entities and attaches them.
With row level security for the tenant, references within the tenant and unique keys among live rows.
Tables that exist are left as they are and attached.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_create_tables(name) FROM PUBLIC;
-- Change detection: the hash of a JSON value and of a record.

CREATE FUNCTION @extschema@.eryxon_sync_hash(payload jsonb) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_sync_hash';
COMMENT ON FUNCTION @extschema@.eryxon_sync_hash(jsonb) IS
'SHA-256 of a JSON value in canonical form.
64 lower-case hex digits over the RFC 8785 (JCS) form; numbers that no double denotes exactly keep all their digits.';

CREATE FUNCTION @extschema@.eryxon_record_hash(entity text, payload jsonb) RETURNS text
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'eryxon_record_hash';
COMMENT ON FUNCTION @extschema@.eryxon_record_hash(text, jsonb) IS
'The sync_hash that a record would get.
Over its mapped fields under their canonical names, after conversion, with external_id and external_source.';
-- The engine: one record, many records, a whole payload, and the same without writing.

CREATE FUNCTION @extschema@.eryxon_upsert(entity text, payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_upsert';
COMMENT ON FUNCTION @extschema@.eryxon_upsert(text, jsonb, jsonb) IS
'Creates, updates, restores or skips one record by its external key.
Returns what happened; raises with the SQLSTATE of the first fault and all faults as JSON in DETAIL.';

CREATE FUNCTION @extschema@.eryxon_bulk_upsert(entity text, payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_bulk_upsert';
COMMENT ON FUNCTION @extschema@.eryxon_bulk_upsert(text, jsonb, jsonb) IS
'Upserts an array of records, one result per record.
Takes an array, {"items":[...]} or {"<entity>":[...]}. A faulty record does not cost the others.';

CREATE FUNCTION @extschema@.eryxon_bulk_upsert_json(entity text, payload json, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_bulk_upsert_json';
COMMENT ON FUNCTION @extschema@.eryxon_bulk_upsert_json(text, json, jsonb) IS
'As eryxon_bulk_upsert, for json text.
Same results, hashes and errors, without building jsonb from the payload.';

CREATE FUNCTION @extschema@.eryxon_sync(payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_sync';
COMMENT ON FUNCTION @extschema@.eryxon_sync(jsonb, jsonb) IS
'Upserts the records of several entities in dependency order.
Takes {"<entity>":[...],...} and returns a summary and one bulk result per entity.';

CREATE FUNCTION @extschema@.eryxon_diff(payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_diff';
COMMENT ON FUNCTION @extschema@.eryxon_diff(jsonb, jsonb) IS
'What eryxon_sync would do, with the changes of each record.
Writes nothing but its history row.';
-- Deleting and restoring, and the triggers that turn a DELETE into a soft delete.

CREATE FUNCTION @extschema@.eryxon_delete(entity text, id uuid, hard boolean DEFAULT false) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_delete';
COMMENT ON FUNCTION @extschema@.eryxon_delete(text, uuid, boolean) IS
'Deletes a row of the tenant, softly unless hard is true.
Its children among the attached entities go with it. Error P0002 if the tenant has no such row.';

CREATE FUNCTION @extschema@.eryxon_delete_external(entity text, external_source text, external_id text,
                                                   hard boolean DEFAULT false) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_delete_external';
COMMENT ON FUNCTION @extschema@.eryxon_delete_external(text, text, text, boolean) IS
'As eryxon_delete, by external key.';

CREATE FUNCTION @extschema@.eryxon_restore(entity text, id uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_restore';
COMMENT ON FUNCTION @extschema@.eryxon_restore(text, uuid) IS
'Brings a soft-deleted row back with exactly what went with it.
All or nothing: a natural key taken meanwhile is an error.';

CREATE FUNCTION eryxon.soft_delete() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'soft_delete';
COMMENT ON FUNCTION eryxon.soft_delete IS
'BEFORE DELETE FOR EACH ROW of attached tables: marks the row and what hangs on it, and keeps it. Where soft_delete_noted() follows, it only notes the row.';

CREATE FUNCTION eryxon.soft_delete_noted() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'soft_delete_noted';
COMMENT ON FUNCTION eryxon.soft_delete_noted IS
'AFTER DELETE FOR EACH STATEMENT of attached tables: marks the rows that soft_delete() noted, with what hangs on them.';

CREATE FUNCTION eryxon.note_move() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'note_move';
COMMENT ON FUNCTION eryxon.note_move IS
'BEFORE UPDATE OF tenant_id FOR EACH ROW of partitioned tables: tells soft_delete() that the row only moves.';
-- The JSON Schema of a record, from the rules and the columns of the attached table.

CREATE FUNCTION eryxon.type_schema(type oid, modifier integer) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
           WHEN t.typtype = 'd' THEN eryxon.type_schema(t.typbasetype, t.typtypmod)
           WHEN t.typtype = 'e' THEN jsonb_build_object('type', 'string', 'enum',
                (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
           WHEN t.oid = 'text'::regtype THEN '{"type":"string"}'
           WHEN t.oid IN ('varchar'::regtype, 'bpchar'::regtype) THEN
                '{"type":"string"}' || CASE WHEN modifier > 4 THEN jsonb_build_object('maxLength', modifier - 4) ELSE '{}' END
           WHEN t.oid = 'int2'::regtype THEN '{"type":"integer","minimum":-32768,"maximum":32767}'
           WHEN t.oid = 'int4'::regtype THEN '{"type":"integer","minimum":-2147483648,"maximum":2147483647}'
           WHEN t.oid = 'int8'::regtype THEN '{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}'
           WHEN t.oid IN ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype) THEN '{"type":"number"}'
           WHEN t.oid = 'bool'::regtype THEN '{"type":"boolean"}'
           WHEN t.oid = 'date'::regtype THEN '{"type":"string","format":"date"}'
           WHEN t.oid IN ('timestamp'::regtype, 'timestamptz'::regtype) THEN
                '{"type":"string","anyOf":[{"format":"date"},{"format":"date-time"}]}'
           WHEN t.oid = 'uuid'::regtype THEN '{"type":"string","format":"uuid"}'
           WHEN t.oid IN ('json'::regtype, 'jsonb'::regtype) THEN '{"type":["object","array"]}'
           WHEN t.oid IN ('text[]'::regtype, 'varchar[]'::regtype) THEN '{"type":"array","items":{"type":"string"}}'
           ELSE '{"type":"string"}'
           END::jsonb
      FROM pg_type t WHERE t.oid = type
$$;
COMMENT ON FUNCTION eryxon.type_schema IS
'JSON Schema of the values that a type takes.';

CREATE FUNCTION eryxon.rule_schema(rule jsonb, base jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT base || jsonb_strip_nulls(jsonb_build_object(
        'minimum', greatest((rule ->> 'min')::numeric, (base ->> 'minimum')::numeric),
        'maximum', least((rule ->> 'max')::numeric, (base ->> 'maximum')::numeric),
        'minLength', rule -> 'min_length',
        'maxLength', least((rule ->> 'max_length')::integer, (base ->> 'maxLength')::integer),
        'pattern', nullif(rule ->> 'pattern', ''),
        'default', nullif(rule -> 'default', '"next"'),
        'enum', (SELECT jsonb_agg(v ORDER BY n) FROM jsonb_array_elements(rule -> 'enum') WITH ORDINALITY AS l(v, n)
                  WHERE NOT base ? 'enum' OR base -> 'enum' @> v)))
        || CASE WHEN base -> 'enum' IS NOT NULL AND NOT rule ? 'enum' THEN jsonb_build_object('enum', base -> 'enum') ELSE '{}' END
$$;
COMMENT ON FUNCTION eryxon.rule_schema IS
'JSON Schema keywords of a rule, over those of the column''s type.';

CREATE FUNCTION eryxon.or_null(schema jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT schema
        || jsonb_build_object('type', (CASE jsonb_typeof(schema -> 'type') WHEN 'array' THEN schema -> 'type'
                                            ELSE jsonb_build_array(schema -> 'type') END) || '["null"]')
        || CASE WHEN schema ? 'enum' THEN jsonb_build_object('enum', (schema -> 'enum') || '[null]') ELSE '{}' END
$$;
COMMENT ON FUNCTION eryxon.or_null IS
'Allows null beside what a schema allows.';

CREATE FUNCTION eryxon.mapped_fields(wanted_entity text)
    RETURNS TABLE (field text, rule jsonb, column_name name, schema jsonb, nullable boolean, required boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.field, f.rule, a.attname, eryxon.rule_schema(f.rule, CASE WHEN f.field = 'metadata' THEN '{"type":"object"}'
                                                              ELSE eryxon.type_schema(a.atttypid, a.atttypmod) END),
           NOT a.attnotnull AND NOT coalesce((f.rule -> 'required')::boolean, false),
           coalesce((f.rule -> 'required')::boolean, false)
      FROM eryxon.entity e
     CROSS JOIN LATERAL (SELECT r.field, jsonb_strip_nulls(r.rule) AS rule FROM eryxon.field r WHERE r.entity = e.entity) AS f
      JOIN pg_attribute a ON a.attrelid = e.table_name
                         AND a.attname = coalesce(f.rule ->> 'column',
                                                  f.field || CASE WHEN f.rule ? 'references' THEN '_id' ELSE '' END)
     WHERE e.entity = wanted_entity AND NOT a.attisdropped AND a.attgenerated = '' AND a.attnum > 0
$$;
COMMENT ON FUNCTION eryxon.mapped_fields IS
'The mapped fields of an entity with their columns: those whose column the attached table has and that can be written.';

CREATE FUNCTION eryxon.reference_members(field text, target text, by_name boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(field || m.suffix, m.schema || jsonb_build_object('description', format(m.description, target)))
      FROM (VALUES
            ('_id',              '{"type":["string","null"],"format":"uuid"}'::jsonb,
             'id of the row of %s'),
            ('_external_id',     '{"type":["string","integer","null"],"minLength":1,"maxLength":255}',
             'external_id of the row of %s'),
            ('_external_source', '{"type":["string","integer","null"],"minLength":1,"maxLength":255}',
             'source of the row of %s, if not the record''s own'),
            ('_name',            '{"type":["string","null"]}',
             'name of the live row of %s')
           ) AS m(suffix, schema, description)
     WHERE by_name OR m.suffix <> '_name'
$$;
COMMENT ON FUNCTION eryxon.reference_members IS
'The members of a record by which a reference may be sent.';

CREATE FUNCTION eryxon.field_members(field text, rule jsonb, schema jsonb, nullable boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN rule ? 'references' THEN
        eryxon.reference_members(field, rule -> 'references' ->> 'entity',
                                 coalesce(rule -> 'references' ->> 'match' = 'name', false))
    ELSE
        (SELECT jsonb_object_agg(n.name, v.schema || CASE WHEN n.name = field THEN '{}'
                                                          ELSE jsonb_build_object('description', 'another name of ' || field) END)
           FROM (SELECT field AS name UNION SELECT jsonb_array_elements_text(rule -> 'aliases')) AS n,
                (SELECT CASE WHEN nullable THEN eryxon.or_null(field_members.schema) ELSE field_members.schema END AS schema) AS v)
    END
$$;
COMMENT ON FUNCTION eryxon.field_members IS
'The members of a record for one field: its name and its aliases, or the forms of a reference.';

CREATE FUNCTION eryxon.child_arrays() RETURNS TABLE (parent text, key text, child text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.rule -> 'references' ->> 'entity', f.rule -> 'references' ->> 'children', e.entity
      FROM eryxon.entity e CROSS JOIN LATERAL eryxon.mapped_fields(e.entity) AS f
     WHERE f.rule -> 'references' ->> 'children' <> ''
$$;
COMMENT ON FUNCTION eryxon.child_arrays IS
'The arrays of children that records may carry: the parent''s entity, the array''s name, the child''s entity.';

CREATE FUNCTION eryxon.record_schema(wanted_entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'title', e.singular,
        'type', 'object',
        'properties',
            '{"external_id":{"type":["string","integer"],"minLength":1,"maxLength":255},
              "external_source":{"type":["string","integer"],"minLength":1,"maxLength":255},
              "_op":{"enum":["upsert","delete"],"default":"upsert"}}'::jsonb
            || coalesce((SELECT jsonb_object_agg(m.key, m.value ORDER BY m.key <> f.field)
                           FROM eryxon.mapped_fields(e.entity) AS f,
                                jsonb_each(eryxon.field_members(f.field, f.rule, f.schema, f.nullable)) AS m), '{}')
            || coalesce((SELECT jsonb_object_agg(c.key, jsonb_build_object('type', '["array","null"]'::jsonb,
                                                                        'items', jsonb_build_object('$ref', '#/$defs/' || c.child)))
                           FROM eryxon.child_arrays() AS c WHERE c.parent = e.entity), '{}'),
        'required', '["external_id"]'::jsonb,
        'x-required-on-create',
            coalesce((SELECT jsonb_agg(f.field || CASE WHEN f.rule ? 'references' THEN '_external_id' ELSE '' END ORDER BY f.field)
                        FROM eryxon.mapped_fields(e.entity) AS f WHERE f.required), '[]'))
      FROM eryxon.entity e WHERE e.entity = wanted_entity
$$;
COMMENT ON FUNCTION eryxon.record_schema IS
'JSON Schema of a record that stands within its parent, where the source is inherited.';

CREATE FUNCTION eryxon.descendant_schemas(wanted_entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE below(entity) AS (
        SELECT c.child FROM eryxon.child_arrays() AS c WHERE c.parent = wanted_entity
        UNION
        SELECT c.child FROM below b JOIN eryxon.child_arrays() AS c ON c.parent = b.entity)
    SELECT jsonb_object_agg(b.entity, eryxon.record_schema(b.entity)) FROM below b
$$;
COMMENT ON FUNCTION eryxon.descendant_schemas IS
'The schemas of all entities that can stand below a record, by entity.';

CREATE FUNCTION @extschema@.eryxon_describe(entity text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attached regclass;
BEGIN
    SELECT e.table_name INTO attached FROM eryxon.entity e WHERE e.entity = $1;
    IF NOT FOUND THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    ELSIF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = attached) THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '42P01', 'entity',
            format('the table of entity "%s" does not exist any more', entity),
            format('Call eryxon_detach(%L), or attach another table.', entity));
    END IF;
    RETURN '{"$schema":"https://json-schema.org/draft/2020-12/schema"}'
        || eryxon.record_schema(entity)
        || '{"required":["external_id","external_source"]}'
        || jsonb_strip_nulls(jsonb_build_object('$defs', eryxon.descendant_schemas(entity)));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_describe(text) IS
'JSON Schema (2020-12) of a record.
From the rules in force and the columns of the attached table; x-required-on-create lists what a new record needs beside
its key. Lossless conversions ("25" for 25) are taken beyond it.';
-- Looking back: how many rows each source has, what the latest calls did, and forgetting old calls.

CREATE FUNCTION eryxon.check_status_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['entity', 'source', 'limit']);
    PERFORM eryxon.check_option_type(options, 'entity', 'string');
    PERFORM eryxon.check_option_type(options, 'source', 'string');
    PERFORM eryxon.check_option_type(options, 'limit', 'number');
    IF (options ->> 'limit')::numeric NOT BETWEEN 0 AND 10000 OR (options ->> 'limit')::numeric % 1 <> 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'limit', 'option "limit" must be an integer from 0 to 10000');
    END IF;
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = options ->> 'entity') AND options ->> 'entity' IS NOT NULL THEN
        PERFORM eryxon.fail_unknown_entity(options ->> 'entity', false);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_status_options IS
'Checks the options of eryxon_status().';

CREATE FUNCTION eryxon.run_json(run eryxon.sync_run) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_jsonb(run) - 'tenant_id'
$$;
COMMENT ON FUNCTION eryxon.run_json IS
'One run as it stands in the status.';

CREATE FUNCTION eryxon.last_run(tenant uuid, wanted_entity text, wanted_source text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.run_json(r) - 'error_details'
      FROM eryxon.sync_run r
     WHERE r.tenant_id = tenant AND r.entity = wanted_entity AND r.source = wanted_source
     ORDER BY r.started_at DESC, r.finished_at DESC, r.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION eryxon.last_run IS
'The latest run of an entity and source.';

CREATE FUNCTION eryxon.entity_counts(entity text, table_name regclass, tenant uuid, wanted_source text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counts jsonb;
BEGIN
    EXECUTE format($query$
        SELECT jsonb_build_object(
                   'live', coalesce(sum(n.live), 0), 'deleted', coalesce(sum(n.deleted), 0),
                   'sources', coalesce(jsonb_agg(jsonb_build_object(
                       'source', n.source, 'live', n.live, 'deleted', n.deleted, 'last_synced_at', n.last_synced_at,
                       'last_run', eryxon.last_run($1, $2, n.source)) ORDER BY n.source) FILTER (WHERE n.source IS NOT NULL), '[]'))
          FROM (SELECT external_source AS source,
                       count(*) FILTER (WHERE deleted_at IS NULL) AS live,
                       count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted,
                       max(synced_at) AS last_synced_at
                  FROM %s WHERE tenant_id = $1 AND ($3 IS NULL OR external_source = $3)
                 GROUP BY external_source) AS n
        $query$, table_name) INTO counts USING tenant, entity, wanted_source;
    RETURN counts;
END
$$;
COMMENT ON FUNCTION eryxon.entity_counts IS
'The tenant''s rows of an entity: live and deleted ones, and the same per source.';

CREATE FUNCTION eryxon.latest_runs(tenant uuid, wanted_entity text, wanted_source text, at_most integer) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(eryxon.run_json(r) ORDER BY r.started_at DESC, r.finished_at DESC, r.id DESC), '[]')
      FROM (SELECT * FROM eryxon.sync_run s
             WHERE s.tenant_id = tenant
               AND (wanted_entity IS NULL OR s.entity = wanted_entity)
               AND (wanted_source IS NULL OR s.source = wanted_source)
             ORDER BY s.started_at DESC, s.finished_at DESC, s.id DESC LIMIT at_most) AS r
$$;
COMMENT ON FUNCTION eryxon.latest_runs IS
'The tenant''s latest runs, newest first.';

CREATE FUNCTION @extschema@.eryxon_status(options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant        uuid := @extschema@.eryxon_tenant_id();
    wanted_entity text := options ->> 'entity';
    wanted_source text := options ->> 'source';
    counts        jsonb;
BEGIN
    PERFORM eryxon.check_status_options(coalesce(options, '{}'));
    SELECT coalesce(jsonb_object_agg(e.entity, eryxon.entity_counts(e.entity, e.table_name, tenant, wanted_source)), '{}')
      INTO counts
      FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name
     WHERE (wanted_entity IS NULL OR e.entity = wanted_entity)
       AND has_table_privilege(c.oid, 'SELECT');
    RETURN jsonb_build_object('entities', counts,
        'runs', eryxon.latest_runs(tenant, wanted_entity, wanted_source, coalesce((options ->> 'limit')::integer, 20)),
        'feed', eryxon.feed_status());
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_status(jsonb) IS
'Counts and the latest runs of the tenant, per entity and source.
Options: entity, source, limit (of runs, 20). Tables that the caller may not read are left out. "feed" tells how far the change feed is
behind.';

CREATE FUNCTION @extschema@.eryxon_prune_runs(keep interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned bigint;
BEGIN
    IF keep IS NULL OR keep < '0'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep', 'the time to keep runs must be an interval of zero or more');
    END IF;
    DELETE FROM eryxon.sync_run WHERE finished_at < now() - keep;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_prune_runs(interval) IS
'Deletes the history of all tenants that is older than the interval.
Returns how many rows went.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_prune_runs(interval) FROM PUBLIC;
-- CSV files: import, what failed of one, inspection, templates, and mappings that are kept.

CREATE TABLE eryxon.csv_rejected (
    run_id    uuid NOT NULL REFERENCES eryxon.sync_run ON DELETE CASCADE,
    tenant_id uuid NOT NULL,
    entity    text NOT NULL,
    line      bigint NOT NULL,
    text      text NOT NULL,
    code      text NOT NULL,
    message   text NOT NULL,
    PRIMARY KEY (run_id, line)
);
COMMENT ON TABLE eryxon.csv_rejected IS
'Lines of CSV files that failed, as they stood in the file; line 0 is the header, with the delimiter as message. They go with their run.';
ALTER TABLE eryxon.csv_rejected ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON eryxon.csv_rejected FOR SELECT
    USING (tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND entity = ANY ((SELECT eryxon.readable_entities(current_user))::text[]));
GRANT SELECT ON eryxon.csv_rejected TO PUBLIC;

CREATE TABLE eryxon.csv_mapping (
    id         uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id  uuid NOT NULL,
    entity     text NOT NULL,
    source     text NOT NULL,
    mapping    jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(mapping) = 'object'),
    options    jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (tenant_id, entity, source)
);
COMMENT ON TABLE eryxon.csv_mapping IS
'What the columns of an ERP''s CSV files stand for, and how they are written, per tenant, entity and source.';
REVOKE ALL ON eryxon.csv_mapping FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('eryxon.csv_rejected', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.csv_mapping', '');

CREATE FUNCTION @extschema@.eryxon_import_csv(entity text, csv text, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_import_csv';
COMMENT ON FUNCTION @extschema@.eryxon_import_csv(text, text, jsonb) IS
'Imports a CSV file: each line is a record as in eryxon_bulk_upsert(), and the answer tells its line.
Options: delimiter, header, decimal, date_format, null_token, mapping, external_source, and those of bulk upserts.
Lines that failed are kept in eryxon.csv_rejected.';

CREATE FUNCTION @extschema@.eryxon_import_csv_bytes(entity text, csv bytea, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_import_csv';
COMMENT ON FUNCTION @extschema@.eryxon_import_csv_bytes(text, bytea, jsonb) IS
'eryxon_import_csv() of the bytes of a file, whose encoding is found or given by the option encoding.';

CREATE FUNCTION @extschema@.eryxon_csv_inspect(csv text, options jsonb) RETURNS jsonb
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_csv_inspect';
COMMENT ON FUNCTION @extschema@.eryxon_csv_inspect(text, jsonb) IS
'What a CSV file looks like, and how to import it: delimiter, header, decimal sign, date format, a field for each column.
Option entity says what it is for; delimiter, encoding and header = false are not looked for if they are given.';

CREATE FUNCTION @extschema@.eryxon_csv_inspect(csv bytea, options jsonb) RETURNS jsonb
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_csv_inspect';
COMMENT ON FUNCTION @extschema@.eryxon_csv_inspect(bytea, jsonb) IS
'eryxon_csv_inspect() of the bytes of a file: its encoding is found, too.';

CREATE FUNCTION @extschema@.eryxon_csv_rejected(run uuid) RETURNS text
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_csv_rejected';
COMMENT ON FUNCTION @extschema@.eryxon_csv_rejected(uuid) IS
'The lines that failed in a run as a CSV file: line, code and message, then the original columns.
It can be corrected and imported as it is. What a spreadsheet would take for a formula has an apostrophe before it. Error P0002 if none failed.';

CREATE FUNCTION @extschema@.eryxon_csv_template(entity text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[];
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = eryxon_csv_template.entity) THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    END IF;
    SELECT array_agg(CASE WHEN f.rule #>> '{references,match}' = 'name' THEN f.field || '_name'
                          WHEN f.rule ? 'references' THEN f.field || '_external_id' ELSE f.field END
                     ORDER BY f.required DESC, f.field) INTO names
      FROM eryxon.mapped_fields(entity) f;
    RETURN array_to_string(ARRAY['external_id', 'external_source'] || names, ',') || E'\r\n';
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_csv_template(text) IS
'The header of a CSV file for an entity: the key, the required fields, the others.';

CREATE FUNCTION @extschema@.eryxon_csv_mapping_save(entity text, source text, mapping jsonb, options jsonb DEFAULT '{}') RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := @extschema@.eryxon_tenant_id();
    saved  uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = $1) THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    END IF;
    PERFORM eryxon.check_options(coalesce(options, '{}'), '{delimiter,encoding,header,decimal,date_format,null_token,external_source}');
    IF coalesce(jsonb_typeof(mapping), 'null') <> 'object'
       OR EXISTS (SELECT FROM jsonb_each(mapping) AS m WHERE jsonb_typeof(m.value) NOT IN ('string', 'null')) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'mapping', 'a mapping is an object of column names and fields');
    ELSIF coalesce(source, '') = '' OR length(source) > 255 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'source', 'a mapping needs the name of the ERP, of 1 to 255 characters');
    ELSIF length(mapping::text) > 100000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'mapping', 'the mapping is too long');
    END IF;
    INSERT INTO eryxon.csv_mapping AS m (tenant_id, entity, source, mapping, options)
    VALUES (tenant, $1, $2, $3, coalesce($4, '{}'))
    ON CONFLICT ON CONSTRAINT csv_mapping_tenant_id_entity_source_key
    DO UPDATE SET mapping = excluded.mapping, options = excluded.options, updated_at = clock_timestamp()
    RETURNING m.id INTO saved;
    RETURN saved;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_csv_mapping_save(text, text, jsonb, jsonb) IS
'Keeps what the columns of an ERP''s CSV files stand for, in place of what was kept for that entity and source.
Options are those that say how the file is written. Returns the mapping''s id.';

CREATE FUNCTION @extschema@.eryxon_csv_mapping_list(entity text DEFAULT NULL)
    RETURNS TABLE (id uuid, entity text, source text, mapping jsonb, options jsonb, updated_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.id, m.entity, m.source, m.mapping, m.options, m.updated_at
      FROM eryxon.csv_mapping m
     WHERE m.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND ($1 IS NULL OR m.entity = $1)
     ORDER BY m.entity, m.source
$$;
COMMENT ON FUNCTION @extschema@.eryxon_csv_mapping_list(text) IS
'The tenant''s mappings of CSV files, or those for one entity.';

CREATE FUNCTION @extschema@.eryxon_csv_mapping_delete(id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM eryxon.csv_mapping m WHERE m.id = $1 AND m.tenant_id = @extschema@.eryxon_tenant_id();
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('mapping %s does not exist', coalesce(id::text, 'NULL')));
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_csv_mapping_delete(uuid) IS
'Forgets a mapping. Error P0002 if the tenant has none with this id.';
-- API keys: who may come in over HTTP without a token. Kept as SHA-256; the key itself is shown once.

CREATE TABLE eryxon.api_key (
    id         uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id  uuid NOT NULL,
    name       text NOT NULL,
    prefix     text NOT NULL CHECK (pg_catalog.length(prefix) = 12),
    hash       bytea NOT NULL CHECK (pg_catalog.octet_length(hash) = 32),
    role       name NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE eryxon.api_key IS 'API keys: SHA-256, first characters, tenant and role.';
CREATE INDEX api_key_prefix ON eryxon.api_key (prefix);

CREATE TABLE eryxon.api_key_use (
    key_id       uuid PRIMARY KEY REFERENCES eryxon.api_key ON DELETE CASCADE,
    last_used_at timestamptz
);
COMMENT ON TABLE eryxon.api_key_use IS
'When each key was last used, to the minute. A table of its own, so that revoking a key waits for no request.';

REVOKE ALL ON eryxon.api_key, eryxon.api_key_use FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('eryxon.api_key', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.api_key_use', '');

CREATE FUNCTION eryxon.api_role() RETURNS name
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'api_role';
COMMENT ON FUNCTION eryxon.api_role IS
'The setting eryxon.api_role; NULL if it is empty.';

CREATE FUNCTION eryxon.administered_tenant() RETURNS uuid
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'administered_tenant';
COMMENT ON FUNCTION eryxon.administered_tenant IS
'The tenant whose keys the caller administers: the own one, or NULL for a superuser, who administers all.';

CREATE FUNCTION eryxon.caller_role() RETURNS name
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'caller_role';
COMMENT ON FUNCTION eryxon.caller_role IS
'The role that calls, as it is outside SECURITY DEFINER functions.';

CREATE FUNCTION eryxon.check_key_tenant(tenant_id uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own uuid := eryxon.administered_tenant();
BEGIN
    IF tenant_id IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'tenant_id', 'an API key needs a tenant');
    ELSIF own <> tenant_id THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', 'tenant_id', 'API keys of another tenant are not yours to make');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_key_tenant IS
'Demands a tenant whose keys the caller administers.';

CREATE FUNCTION eryxon.check_key_role(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'role', 'an API key needs a role',
                            'Name one, or set eryxon.api_role.');
    ELSIF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '42704', 'role', format('role "%s" does not exist', role),
                            format('CREATE ROLE %I NOLOGIN, then eryxon_grant_api(%L).', role, role));
    ELSIF (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = role) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'role', 'an API key cannot have a superuser''s role');
    ELSIF NOT pg_has_role(eryxon.caller_role(), role, 'MEMBER') THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', 'role', format('must be member of role "%s"', role));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_key_role IS
'Demands a role that exists, is no superuser and that the caller has, too.';

CREATE FUNCTION @extschema@.eryxon_api_key_create(tenant_id uuid, name text, live boolean DEFAULT true, role name DEFAULT NULL,
                                                  expires_at timestamptz DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_role name := coalesce(role, eryxon.api_role());
    random   bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    key      text := CASE WHEN coalesce(live, true) THEN 'ery_live_' ELSE 'ery_test_' END
                     || translate(encode(random, 'base64'), '+/=', '-_');
BEGIN
    PERFORM eryxon.check_key_tenant(tenant_id);
    PERFORM eryxon.check_key_role(key_role);
    IF coalesce(btrim(name), '') = '' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'name', 'an API key needs a name',
                            'Name the system that will use it.');
    ELSIF expires_at <= now() THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'expires_at', 'the time of expiry has passed already');
    END IF;
    WITH made AS (
        INSERT INTO eryxon.api_key (tenant_id, name, prefix, hash, role, expires_at)
        VALUES ($1, $2, left(key, 12), sha256(convert_to(key, 'UTF8')), key_role, $5) RETURNING id)
    INSERT INTO eryxon.api_key_use (key_id) SELECT made.id FROM made;
    RETURN key;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_api_key_create(uuid, text, boolean, name, timestamptz) IS
'Makes an API key of a tenant and returns it, once.
Requests with it act as the role (setting eryxon.api_role if NULL) for the tenant. Only its SHA-256 is kept.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_api_key_create(uuid, text, boolean, name, timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_api_keys()
    RETURNS TABLE (id uuid, name text, prefix text, role name, created_at timestamptz, expires_at timestamptz,
                   last_used_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.id, k.name, k.prefix, k.role, k.created_at, k.expires_at, u.last_used_at, k.revoked_at
      FROM eryxon.api_key k JOIN eryxon.api_key_use u ON u.key_id = k.id,
           (SELECT eryxon.administered_tenant() AS id) AS own
     WHERE own.id IS NULL OR k.tenant_id = own.id
     ORDER BY k.created_at, k.id
$$;
COMMENT ON FUNCTION @extschema@.eryxon_api_keys() IS
'The API keys of the caller''s tenant; a superuser sees those of all tenants.
last_used_at is kept to the minute, and by requests that may write.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_api_keys() FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_api_key_revoke(id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own uuid := eryxon.administered_tenant();
BEGIN
    UPDATE eryxon.api_key k SET revoked_at = coalesce(k.revoked_at, now())
     WHERE k.id = eryxon_api_key_revoke.id AND (own IS NULL OR k.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('API key %s does not exist', coalesce(id::text, 'NULL')));
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_api_key_revoke(uuid) IS
'Makes an API key invalid from the commit on.
Revoking it again changes nothing. Error P0002 if the caller''s tenant has no such key.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_api_key_revoke(uuid) FROM PUBLIC;
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

-- What the C functions below call as the extension's owner, for an import of the tenant whose table the caller may write.

CREATE FUNCTION eryxon.tell_run(run uuid) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'tell_run';
COMMENT ON FUNCTION eryxon.tell_run IS
'Writes the event sync.completed of a run that several calls have made.';

CREATE FUNCTION eryxon.prepare_upload(run uuid) RETURNS uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM eryxon.csv_part p USING eryxon.csv_upload u WHERE p.run_id = u.run_id AND u.touched_at < now() - '7 days'::interval;
    DELETE FROM eryxon.csv_upload u WHERE u.touched_at < now() - '7 days'::interval;
    IF EXISTS (SELECT FROM eryxon.csv_upload u WHERE u.run_id = run) OR EXISTS (SELECT FROM eryxon.sync_run r WHERE r.id = run) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'run', 'a run with this id exists already', 'Leave it out, or take another random one.');
    END IF;
    RETURN coalesce(run, gen_random_uuid());
END
$$;
COMMENT ON FUNCTION eryxon.prepare_upload IS
'The id of a new import, which may be the caller''s choice. Old imports are forgotten.';

CREATE FUNCTION eryxon.note_upload(run uuid, tenant uuid, entity text, options jsonb, split jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.csv_upload (run_id, tenant_id, entity, options, header, records, lines, parts, status)
    VALUES (run, tenant, entity, (options - '{encoding}'::text[]) || jsonb_build_object('delimiter', split -> 'delimiter'),
            split ->> 'header', (split ->> 'records')::bigint, (split ->> 'lines')::bigint, (split ->> 'parts')::bigint,
            CASE split ->> 'parts' WHEN '0' THEN 'finished' ELSE 'running' END)
$$;
COMMENT ON FUNCTION eryxon.note_upload IS
'Notes an import whose parts have been written; a file without records is finished.';

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
        RETURN QUERY
        WITH taken AS (DELETE FROM eryxon.csv_part p WHERE p.run_id = run AND p.part = upload.next_part RETURNING p.*)
        SELECT upload.entity, upload.options::text, upload.header, t.lines_before, t.records_before, t.text FROM taken t;
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.take_part IS
'The next part of an import, no row if there is none or the import was cancelled. The import stays locked until the transaction ends.';

CREATE FUNCTION eryxon.note_part(run uuid, imported bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    upload eryxon.csv_upload;
BEGIN
    UPDATE eryxon.csv_upload u SET next_part = u.next_part + 1, done = u.done + imported, touched_at = clock_timestamp(),
           status = CASE WHEN u.next_part = u.parts THEN 'finished' ELSE u.status END
     WHERE u.run_id = run RETURNING * INTO upload;
    IF upload.status = 'finished' THEN
        UPDATE eryxon.sync_run r SET status = CASE r.errors WHEN 0 THEN 'completed' WHEN r.total THEN 'failed' ELSE r.status END WHERE r.id = run;
        PERFORM eryxon.tell_run(run);
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

REVOKE EXECUTE ON FUNCTION eryxon.tell_run(uuid), eryxon.prepare_upload(uuid), eryxon.close_upload(uuid), eryxon.note_upload(uuid, uuid, text, jsonb, jsonb),
    eryxon.take_part(uuid, uuid), eryxon.note_part(uuid, bigint), eryxon.stop_upload(uuid), eryxon.give_up_upload(uuid, text) FROM PUBLIC;

CREATE FUNCTION eryxon.begin_upload(entity text, csv bytea, options jsonb, run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'begin_upload';
COMMENT ON FUNCTION eryxon.begin_upload IS
'Takes a file to be imported in parts of eryxon.max_bulk_records records each; checks its header and options.
The run''s id may be the caller''s choice.';

CREATE FUNCTION eryxon.upload_step(run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'upload_step';
COMMENT ON FUNCTION eryxon.upload_step IS
'Imports the next part of a file: the answer of a bulk upsert with "more": true; {"more": false} when there is no other.
Runs with the caller''s rights. For a transaction of its own.';

CREATE FUNCTION eryxon.cancel_upload(run uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cancel_upload';
COMMENT ON FUNCTION eryxon.cancel_upload IS
'Has an import stop before its next part. Waits for the part that is being written.';

CREATE FUNCTION eryxon.fail_upload(run uuid, reason text) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'fail_upload';
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
-- The change feed: the tenant's events in order, after a token, each once.

CREATE FUNCTION eryxon.feed_name() RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT left(encode(sha256(convert_to(concat_ws(' ', c.system_identifier, d.oid, f.epoch), 'UTF8')), 'hex'), 16)
      FROM pg_control_system() c, pg_database d, eryxon.feed f
     WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION eryxon.feed_name IS
'What the tokens of this feed begin with: another one for each cluster, database and restored dump.';

CREATE FUNCTION eryxon.feed_head() RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT greatest(f.last_position, (SELECT max(e.position) FROM eryxon.event e)) FROM eryxon.feed f
$$;
COMMENT ON FUNCTION eryxon.feed_head IS
'The position of the latest event, or of those before it that are pruned.';

CREATE FUNCTION eryxon.fail_token(message text, hint text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT eryxon.fail('INVALID_OPTION', '22023', 'since', message, hint)
$$;
COMMENT ON FUNCTION eryxon.fail_token IS
'Raises that a token does not say where to go on.';

CREATE FUNCTION eryxon.event_mark(wanted bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT left(e.id::text, 8) FROM eryxon.event e WHERE e.position = wanted), '00000000')
$$;
COMMENT ON FUNCTION eryxon.event_mark IS
'What tells the event at a position from one that got the same position after going back to an older backup; zeros where none is kept.';

CREATE FUNCTION eryxon.feed_token(wanted bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws('-', eryxon.feed_name(), wanted, eryxon.event_mark(wanted))
$$;
COMMENT ON FUNCTION eryxon.feed_token IS
'The token that goes on behind a position.';

CREATE FUNCTION eryxon.token_position(since text) RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    from_start constant text := 'Call it without a token to read all events that are kept, and compare the rest with eryxon_diff().';
    after bigint;
BEGIN
    IF since IS NULL THEN
        RETURN 0;
    ELSIF since !~ '^[0-9a-f]{16}-[0-9]{1,18}-[0-9a-f]{8}$' THEN
        PERFORM eryxon.fail_token('this is no token of a change feed', 'A token is what an earlier answer had as "next".');
    ELSIF split_part(since, '-', 1) <> eryxon.feed_name() THEN
        PERFORM eryxon.fail_token('the token is of another database, or of the time before a restore', from_start);
    END IF;
    after := split_part(since, '-', 2)::bigint;
    IF after < (SELECT f.pruned_through FROM eryxon.feed f) THEN
        PERFORM eryxon.fail_token('events after this token have been pruned', from_start);
    ELSIF after > eryxon.feed_head() OR '00000000' <> ALL (ARRAY[split_part(since, '-', 3), eryxon.event_mark(after)])
                                        AND split_part(since, '-', 3) <> eryxon.event_mark(after) THEN
        PERFORM eryxon.fail_token('the token is of events that this database does not have', from_start);
    END IF;
    RETURN after;
END
$$;
COMMENT ON FUNCTION eryxon.token_position IS
'The position behind which a token goes on; 0 without a token.';

CREATE FUNCTION eryxon.check_changes_options(options jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, ARRAY['entity', 'type', 'source', 'exclude_source', 'external_source']);
    PERFORM eryxon.check_option_type(options, o, 'string')
       FROM unnest('{entity,type,source,exclude_source,external_source}'::text[]) AS o;
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = options ->> 'entity') AND options ->> 'entity' IS NOT NULL THEN
        PERFORM eryxon.fail_unknown_entity(options ->> 'entity', false);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_changes_options IS
'Checks the options of eryxon_changes().';

CREATE FUNCTION eryxon.event_json(e eryxon.event) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', e.id, 'type', e.type, 'timestamp', to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'entity', e.entity, 'row_id', e.row_id, 'external_id', e.external_id, 'external_source', e.external_source,
        'changes', e.changes)
$$;
COMMENT ON FUNCTION eryxon.event_json IS
'One event as the feed shows it.';

CREATE FUNCTION eryxon.read_events(tenant uuid, after bigint, max_rows integer, entities text[], options jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH found AS (
        SELECT e AS event, e.position, row_number() OVER (ORDER BY e.position) AS n
          FROM eryxon.event e
         WHERE e.tenant_id = tenant AND e.position > after AND e.entity = ANY (entities)
           AND (options ->> 'entity' IS NULL OR e.entity = options ->> 'entity')
           AND (options ->> 'type' IS NULL OR options ->> 'type' = ANY (eryxon.matching_patterns(e.type)))
           AND (options ->> 'source' IS NULL OR e.source = options ->> 'source')
           AND (options ->> 'exclude_source' IS NULL OR e.source IS DISTINCT FROM options ->> 'exclude_source')
           AND (options ->> 'external_source' IS NULL OR e.external_source = options ->> 'external_source')
         ORDER BY e.position LIMIT max_rows + 1),
    page AS (
        SELECT coalesce(jsonb_agg(eryxon.event_json(f.event) ORDER BY f.n) FILTER (WHERE f.n <= max_rows), '[]') AS events,
               max(f.position) FILTER (WHERE f.n <= max_rows) AS last, count(*) > max_rows AS more
          FROM found f)
    SELECT jsonb_build_object('events', p.events, 'more', p.more, 'next',
               eryxon.feed_token(CASE WHEN p.more THEN p.last ELSE greatest(after, eryxon.feed_head()) END))
      FROM page p
$$;
COMMENT ON FUNCTION eryxon.read_events IS
'A page of the feed: the tenant''s events behind a position, as one snapshot has them.';

CREATE FUNCTION @extschema@.eryxon_changes(since text DEFAULT NULL, max_rows integer DEFAULT 1000, options jsonb DEFAULT '{}')
    RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := @extschema@.eryxon_tenant_id();
    after  bigint;
    page   jsonb;
BEGIN
    PERFORM eryxon.check_changes_options(coalesce(options, '{}'));
    IF max_rows NOT BETWEEN 1 AND 10000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'max_rows must be from 1 to 10000');
    END IF;
    PERFORM eryxon.settle_events();
    after := eryxon.token_position(since);
    page := eryxon.read_events(tenant, after, coalesce(max_rows, 1000), eryxon.readable_entities(eryxon.caller_role()),
                               coalesce(options, '{}'));
    -- Once more, for events that were pruned between the check and the read.
    PERFORM eryxon.token_position(since);
    RETURN page;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_changes(text, integer, jsonb) IS
'The tenant''s events after a token, each once, in the order in which they were committed; without a token from the first that is kept.
"next" is the token to go on with, "more" tells whether there is more already. Options: entity, type (job.created, job.*, *.completed),
source and exclude_source (the ERP that made the change), external_source (the ERP that owns the row).
Events of tables that the caller may not read are left out.';

CREATE FUNCTION eryxon.feed_status() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('waiting', count(*), 'lag_seconds',
               coalesce(round(extract(epoch FROM clock_timestamp() - min(o.occurred_at)), 1), 0), 'positioned_at',
               (SELECT f.positioned_at FROM eryxon.feed f))
      FROM eryxon.event_outbox o
     WHERE o.tenant_id = @extschema@.eryxon_tenant_id()
$$;
COMMENT ON FUNCTION eryxon.feed_status IS
'How far the feed is behind: committed events of the tenant that have no position yet, the age of the oldest, and when positions were given last.';

CREATE FUNCTION eryxon.changes_answer(options jsonb) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN @extschema@.eryxon_changes(options ->> 'since', (options ->> 'max_rows')::integer,
                                      pg_catalog.jsonb_strip_nulls(options) - '{since,max_rows}'::text[])::json;
COMMENT ON FUNCTION eryxon.changes_answer IS
'eryxon_changes() for the HTTP functions, since and max_rows among the options; those that are null do not count.';
-- Reading entities back: filters, order and pages over an attached table, with the caller's rights.

CREATE FUNCTION eryxon.field_column(wanted_entity text, wanted_field text) RETURNS name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.attname
      FROM eryxon.entity e
      LEFT JOIN eryxon.field f ON f.entity = e.entity AND f.field = wanted_field
      JOIN pg_attribute a ON a.attrelid = e.table_name AND a.attnum > 0 AND NOT a.attisdropped
                         AND a.attname = coalesce(f.rule ->> 'column', wanted_field)
     WHERE e.entity = wanted_entity
$$;
COMMENT ON FUNCTION eryxon.field_column IS
'The column that a field is mapped to, or that has the name itself; NULL if the table has none.';

CREATE FUNCTION eryxon.search_columns(wanted_entity text) RETURNS SETOF name
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT c.column_name
      FROM eryxon.entity e,
           unnest(ARRAY['name', e.singular || '_name', e.singular || '_number'] || e.natural_key) AS f(field),
           eryxon.field_column(wanted_entity, f.field) AS c(column_name)
      JOIN pg_attribute a ON a.attname = c.column_name
      JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory = 'S'
     WHERE e.entity = wanted_entity AND a.attrelid = e.table_name
$$;
COMMENT ON FUNCTION eryxon.search_columns IS
'The columns that a search looks into: those of the entity''s name or number.';

CREATE FUNCTION eryxon.like_pattern(part text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '%' || regexp_replace(part, '([\\%_])', '\\\1', 'g') || '%'
$$;
COMMENT ON FUNCTION eryxon.like_pattern IS
'The LIKE pattern of texts that contain the part literally.';

CREATE FUNCTION eryxon.updated_condition(wanted_entity text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'greatest(t.synced_at, t.deleted_at'
           || CASE WHEN eryxon.field_column(wanted_entity, 'updated_at') IS NOT NULL THEN ', t.updated_at' ELSE '' END
           || $c$) >= ($2 ->> 'updated_since')::timestamptz$c$
$$;
COMMENT ON FUNCTION eryxon.updated_condition IS
'The condition of updated_since: what was synced, deleted or, where the table tells so, changed since.';

CREATE FUNCTION eryxon.list_conditions(wanted_entity text, filters jsonb) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(c.condition, ' AND ' ORDER BY c.n)
      FROM (VALUES
        (1, true, 't.tenant_id = $1'),
        (2, NOT coalesce((filters ->> 'include_deleted')::boolean, false), 't.deleted_at IS NULL'),
        (3, filters ? 'id', $c$t.id = ($2 ->> 'id')::uuid$c$),
        (4, filters ? 'external_id', $c$t.external_id = $2 ->> 'external_id'$c$),
        (5, filters ? 'external_source', $c$t.external_source = $2 ->> 'external_source'$c$),
        (6, filters ? 'status', 't.' || quote_ident(eryxon.field_column(wanted_entity, 'status')) || $c$::text = $2 ->> 'status'$c$),
        (7, filters ? 'search', '(' || (SELECT string_agg(format($c$t.%I ILIKE eryxon.like_pattern($2 ->> 'search')$c$, s), ' OR ')
                                         FROM eryxon.search_columns(wanted_entity) AS s) || ')'),
        (8, filters ? 'updated_since', eryxon.updated_condition(wanted_entity))
      ) AS c(n, wanted, condition)
     WHERE c.wanted
$$;
COMMENT ON FUNCTION eryxon.list_conditions IS
'The WHERE clause of a list over the table as t; $1 is the tenant, $2 the filters.';

CREATE FUNCTION eryxon.check_list(wanted_entity text, filters jsonb) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (filters ->> 'max_rows')::integer NOT BETWEEN 1 AND 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'the number of rows must be from 1 to 1000');
    ELSIF (filters ->> 'skip_rows')::integer < 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'skip_rows', 'the number of rows to skip must not be negative');
    ELSIF lower(filters ->> 'sort_order') NOT IN ('asc', 'desc') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'sort_order', 'the order must be asc or desc');
    ELSIF filters ? 'status' AND eryxon.field_column(wanted_entity, 'status') IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'status', format('%s have no status', wanted_entity));
    ELSIF filters ? 'search' AND NOT EXISTS (SELECT FROM eryxon.search_columns(wanted_entity)) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'search', format('%s have no name or number to search', wanted_entity));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_list IS
'Refuses filters that the entity cannot have, and pages out of range.';

CREATE FUNCTION eryxon.can_sort(table_name regclass, column_name name) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT has_column_privilege(table_name, a.attnum, 'SELECT')
           AND (e.typcategory IN ('B', 'D', 'E', 'I', 'N', 'R', 'S', 'T', 'V')
                OR EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
                            WHERE o.opcdefault AND o.opcintype = e.oid))
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_type b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
      JOIN pg_type e ON e.oid = CASE b.typcategory WHEN 'A' THEN b.typelem ELSE b.oid END
     WHERE a.attrelid = table_name AND a.attname = column_name
$$;
COMMENT ON FUNCTION eryxon.can_sort IS
'True if the caller may read the column and its type, or that of an array''s elements, has an order.';

CREATE FUNCTION eryxon.list_order(wanted_entity text, table_name regclass, filters jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted text := coalesce(filters ->> 'sort_by', CASE WHEN eryxon.field_column(wanted_entity, 'created_at') IS NULL
                                                        THEN 'id' ELSE 'created_at' END);
    sorted name := eryxon.field_column(wanted_entity, wanted);
BEGIN
    IF NOT coalesce(eryxon.can_sort(table_name, sorted), false) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'sort_by', format('%s cannot be sorted by %s', wanted_entity, to_json(wanted)));
    END IF;
    RETURN format('t.%I %s NULLS LAST, t.id', sorted, lower(coalesce(filters ->> 'sort_order', 'asc')));
END
$$;
COMMENT ON FUNCTION eryxon.list_order IS
'The ORDER BY clause of a list: by a field or column that the caller may read, then by id.';

CREATE FUNCTION eryxon.readable_columns(table_name regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY a.attnum)
      FROM pg_attribute a
     WHERE a.attrelid = table_name AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege(table_name, a.attnum, 'SELECT')
$$;
COMMENT ON FUNCTION eryxon.readable_columns IS
'The columns of the table that the caller may read, for a SELECT over the table as t.';

CREATE FUNCTION eryxon.read_page(listed eryxon.entity, tenant uuid, filters jsonb, max_rows integer, skip_rows integer,
                                 OUT total bigint, OUT page json)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    conditions text := eryxon.list_conditions(listed.entity, filters);
BEGIN
    EXECUTE format($query$
        SELECT (SELECT count(*) FROM %1$s AS t WHERE %2$s),
               (SELECT coalesce(json_agg(r), '[]') FROM
                   (SELECT %3$s FROM %1$s AS t WHERE %2$s ORDER BY %4$s LIMIT $3 OFFSET $4) AS r)
        $query$, listed.table_name, conditions, eryxon.readable_columns(listed.table_name),
        eryxon.list_order(listed.entity, listed.table_name, filters))
        INTO total, page USING tenant, filters, max_rows, skip_rows;
END
$$;
COMMENT ON FUNCTION eryxon.read_page IS
'The rows of a page as a JSON array, and how many rows the filters let through.';

CREATE FUNCTION eryxon.list_rows(wanted_entity text, filters jsonb) RETURNS json
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant    uuid := @extschema@.eryxon_tenant_id();
    given     jsonb := jsonb_strip_nulls(filters);
    max_rows  integer := coalesce((given ->> 'max_rows')::integer, 100);
    skip_rows integer := coalesce((given ->> 'skip_rows')::integer, 0);
    listed    eryxon.entity;
    answer    record;
BEGIN
    SELECT * INTO listed FROM eryxon.entity e WHERE e.entity = wanted_entity;
    IF NOT FOUND THEN
        PERFORM eryxon.fail_unknown_entity(wanted_entity, false);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = listed.table_name) THEN
        PERFORM eryxon.fail('UNKNOWN_ENTITY', '22023', 'entity', format('the table of entity "%s" does not exist any more', wanted_entity));
    ELSIF NOT has_any_column_privilege(listed.table_name, 'SELECT') THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', '', format('permission denied for table %s', listed.table_name));
    END IF;
    PERFORM eryxon.check_list(wanted_entity, given);
    answer := eryxon.read_page(listed, tenant, given, max_rows, skip_rows);
    IF NOT given ? 'id' THEN
        RETURN json_build_object(wanted_entity, answer.page, 'pagination',
                                 json_build_object('total', answer.total, 'limit', max_rows, 'offset', skip_rows));
    ELSIF json_array_length(answer.page) = 0 THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('%s %s does not exist', listed.singular, given ->> 'id'));
    END IF;
    RETURN json_build_object(listed.singular, answer.page -> 0);
END
$$;
COMMENT ON FUNCTION eryxon.list_rows IS
'A page of an entity''s rows, or with the filter id one row under the singular name. Reads with the caller''s rights.';

CREATE FUNCTION eryxon.status_answer(options jsonb) RETURNS json
    LANGUAGE sql STABLE
    RETURN @extschema@.eryxon_status(pg_catalog.jsonb_strip_nulls(options))::json;
COMMENT ON FUNCTION eryxon.status_answer IS
'eryxon_status() for the HTTP functions; options that are null do not count.';
-- What an HTTP layer exposes: schema eryxon_api, each function with one unnamed json or with named parameters only.

CREATE FUNCTION eryxon.http_upsert(entity text, body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_upsert';
COMMENT ON FUNCTION eryxon.http_upsert IS 'eryxon_upsert() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_bulk_upsert(entity text, body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_bulk_upsert';
COMMENT ON FUNCTION eryxon.http_bulk_upsert IS 'eryxon_bulk_upsert_json() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_sync(body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_sync';
COMMENT ON FUNCTION eryxon.http_sync IS 'eryxon_sync() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_diff(body json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_diff';
COMMENT ON FUNCTION eryxon.http_diff IS 'eryxon_diff() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_delete(entity text, id uuid, external_id text, external_source text, hard boolean, force boolean)
    RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_delete';
COMMENT ON FUNCTION eryxon.http_delete IS
'eryxon_delete() and eryxon_delete_external() as an HTTP answer; sets response.status.
By id hard and by external key soft, unless said otherwise; running work only with force.';

CREATE FUNCTION eryxon.http_list(entity text, filters jsonb) RETURNS json
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_list';
COMMENT ON FUNCTION eryxon.http_list IS 'list_rows() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_status(options jsonb) RETURNS json
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_status';
COMMENT ON FUNCTION eryxon.http_status IS 'eryxon_status() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.http_changes(options jsonb) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_changes';
COMMENT ON FUNCTION eryxon.http_changes IS 'eryxon_changes() as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.api_functions(entity text) RETURNS TABLE (name text, arguments text, definition text, comment text)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.name, f.arguments,
           format('CREATE OR REPLACE FUNCTION eryxon_api.%I(%s) RETURNS json LANGUAGE sql %s RETURN %s',
                  f.name, f.arguments, f.volatility, f.call),
           f.comment
      FROM (VALUES
        (format('api-%s-sync', entity), 'json', 'VOLATILE', format('eryxon.http_upsert(%L, $1)', entity),
         format('Creates, updates, restores or skips one record of %s.%sThe body is the record. 201 if it was created, else 200.',
                entity, chr(10))),
        (format('api-%s-bulk-sync', entity), 'json', 'VOLATILE', format('eryxon.http_bulk_upsert(%L, $1)', entity),
         format('Upserts up to eryxon.max_bulk_records records of %s.%sThe body is {"items":[...],"options":{...}} or an array. '
                'Each record has its own outcome.', entity, chr(10))),
        (format('api-%s-delete', entity),
         'id uuid DEFAULT NULL, external_id text DEFAULT NULL, external_source text DEFAULT NULL, hard boolean DEFAULT NULL, '
         'force boolean DEFAULT NULL', 'VOLATILE',
         format('eryxon.http_delete(%L, id, external_id, external_source, hard, force)', entity),
         format('Deletes one row of %s.%sBy id for good, by external key softly, unless hard says otherwise. '
                'Running work is deleted only with force.', entity, chr(10))),
        (format('api-%s-list', entity),
         'id uuid DEFAULT NULL, external_id text DEFAULT NULL, external_source text DEFAULT NULL, status text DEFAULT NULL, '
         'search text DEFAULT NULL, updated_since timestamptz DEFAULT NULL, include_deleted boolean DEFAULT NULL, '
         'sort_by text DEFAULT NULL, sort_order text DEFAULT NULL, max_rows integer DEFAULT NULL, skip_rows integer DEFAULT NULL',
         'STABLE',
         format('eryxon.http_list(%L, pg_catalog.jsonb_build_object(%s))', entity,
                (SELECT string_agg(format('%1$L, %1$I', p), ', ') FROM unnest('{id,external_id,external_source,status,search,
                    updated_since,include_deleted,sort_by,sort_order,max_rows,skip_rows}'::text[]) AS p)),
         format('Lists %s of the tenant.%sFilters, order and pages; with id one row. Deleted rows only with include_deleted.',
                entity, chr(10)))
      ) AS f(name, arguments, volatility, call, comment)
$$;
COMMENT ON FUNCTION eryxon.api_functions IS
'The functions of schema eryxon_api for an entity.';

CREATE FUNCTION eryxon.create_api(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT * FROM eryxon.api_functions(entity) LOOP
        EXECUTE f.definition;
        EXECUTE format('COMMENT ON FUNCTION eryxon_api.%I IS %L', f.name, f.comment);
        IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = create_api.entity) THEN
            EXECUTE format('ALTER FUNCTION eryxon_api.%I DEPENDS ON EXTENSION eryxon_sync', f.name);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.create_api IS
'Makes the functions of schema eryxon_api for an entity. Those of shipped entities belong to the extension.';
REVOKE EXECUTE ON FUNCTION eryxon.create_api(text) FROM PUBLIC;

CREATE FUNCTION eryxon.drop_api(entity text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT * FROM eryxon.api_functions(entity) LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS eryxon_api.%I', f.name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.drop_api IS
'Drops what create_api() made for an entity that is not shipped.';
REVOKE EXECUTE ON FUNCTION eryxon.drop_api(text) FROM PUBLIC;

SELECT eryxon.create_api(s.entity) FROM eryxon.shipped_entity s ORDER BY s.ordinal;

CREATE FUNCTION eryxon_api."api-erp-sync-sync"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_sync($1);
COMMENT ON FUNCTION eryxon_api."api-erp-sync-sync" IS
'Upserts records of several entities in dependency order.
The body is {"cells":[...],"jobs":[...],...,"options":{...}}; the answer has a summary and one bulk result per entity.';

CREATE FUNCTION eryxon_api."api-erp-sync-diff"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_diff($1);
COMMENT ON FUNCTION eryxon_api."api-erp-sync-diff" IS
'What a sync would do, with the changes of each record.
Takes what api-erp-sync-sync takes and writes nothing but history.';

CREATE FUNCTION eryxon_api."api-erp-sync-status"(entity_type text DEFAULT NULL, source text DEFAULT NULL,
                                                 max_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_status(pg_catalog.jsonb_build_object('entity', entity_type, 'source', source, 'limit', max_rows));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-status" IS
'Counts and the latest runs of the tenant, per entity and source.
max_rows limits the runs (20).';

CREATE FUNCTION eryxon_api."api-erp-sync-changes"(since text DEFAULT NULL, entity_type text DEFAULT NULL, source text DEFAULT NULL,
                                                  exclude_source text DEFAULT NULL, max_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_changes(pg_catalog.jsonb_build_object('since', since, 'max_rows', max_rows, 'entity', entity_type,
                                                             'source', source, 'exclude_source', exclude_source));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-changes" IS
'The tenant''s events after the token since, in order; without it from the first that is kept.
exclude_source leaves out what that ERP changed itself. The answer has "events", "next" (the token to go on with) and "more".';

CREATE FUNCTION eryxon_api.pre_request() RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pre_request';
COMMENT ON FUNCTION eryxon_api.pre_request IS
'Lets a request with an API key in: sets its tenant and role for the transaction.
For PostgREST''s db-pre-request. A bad key ends the request with status 401; without a key nothing happens.';

CREATE FUNCTION eryxon.grant_table(table_name regclass, role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sequence regclass;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', (SELECT c.relnamespace::regnamespace FROM pg_class c WHERE c.oid = table_name), role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', table_name, role);
    FOR sequence IN
        SELECT d.objid::regclass FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = table_name AND d.deptype = 'a'
    LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', sequence, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION eryxon.grant_table IS
'Grants what records of the table need: its schema, the table, the sequences of its serial columns.';

CREATE FUNCTION eryxon.check_role(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '42704', 'role', format('role %s does not exist', coalesce(to_json(role)::text, 'null')),
                            'Create it first with CREATE ROLE.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_role IS
'Demands a role that exists.';

CREATE FUNCTION @extschema@.eryxon_grant_api(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_role(role);
    EXECUTE format('GRANT USAGE ON SCHEMA eryxon_api, @extschema@ TO %I', role);
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eryxon_api TO %I', role);
    PERFORM eryxon.grant_table(e.table_name, role)
       FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name ORDER BY e.ordinal;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_api(name) IS
'Grants a role what an API role needs, no more: the functions of eryxon_api and the attached tables.
Call it again after attaching another table.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_api(name) FROM PUBLIC;
-- Webhooks: who wants to be told of which events. The calls that administer them; what is sent is in 97-delivery.sql.

CREATE TABLE eryxon.webhook (
    id              uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id       uuid NOT NULL,
    url             text NOT NULL,
    events          text[] NOT NULL,
    description     text,
    enabled         boolean NOT NULL DEFAULT true,
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('manual', 'gone', 'failing')),
    failing_since   timestamptz,
    failed_at       timestamptz,
    retry_seconds   integer[] NOT NULL,
    max_in_flight   integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE eryxon.webhook IS
'Endpoints and the types of events that they want. failing_since: the first failure after the last success; failed_at: the last one.
disabled_reason: manual, gone (it answered 410), failing (nothing but failures for five days).';
CREATE INDEX webhook_tenant ON eryxon.webhook (tenant_id);

CREATE TABLE eryxon.webhook_secret (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    secret     text NOT NULL CHECK (secret LIKE 'whsec\_%'),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    expires_at timestamptz
);
COMMENT ON TABLE eryxon.webhook_secret IS
'What messages are signed with: the current secret, which does not expire, and older ones. As they are, for signing needs them.';
CREATE INDEX webhook_secret_webhook ON eryxon.webhook_secret (webhook_id);

REVOKE ALL ON eryxon.webhook, eryxon.webhook_secret FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook_secret', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.webhook_secret_id_seq', '');

CREATE FUNCTION eryxon.capture_events() RETURNS boolean
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'capture_events';
COMMENT ON FUNCTION eryxon.capture_events IS 'The setting eryxon.capture_events.';

CREATE FUNCTION eryxon.webhook_allow_http() RETURNS boolean
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'webhook_allow_http';
COMMENT ON FUNCTION eryxon.webhook_allow_http IS 'The setting eryxon.webhook_allow_http.';

CREATE FUNCTION eryxon.url_fault(url text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    authority text := substring(url FROM '^[A-Za-z]+://([^/?#]*)');
    host      text := regexp_replace(authority, ':[0-9]+$', '');
    port      text := substring(authority FROM ':([0-9]+)$');
BEGIN
    RETURN CASE
        WHEN url IS NULL OR length(url) NOT BETWEEN 1 AND 2048 THEN 'must have 1 to 2048 characters'
        WHEN url !~ '^[!-~]+$' OR url ~ '[\\<>"`{|}^]' THEN 'has characters that must be percent-encoded'
        WHEN url !~* '^https?://' THEN 'must begin with https://'
        WHEN url !~* '^https://' AND NOT eryxon.webhook_allow_http() THEN 'must begin with https://'
        WHEN authority LIKE '%@%' THEN 'must not have a user name or password in it'
        WHEN host !~ '^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])$' THEN 'has no valid host'
        WHEN port IS NOT NULL AND port::numeric NOT BETWEEN 1 AND 65535 THEN 'has no valid port'
        WHEN url LIKE '%#%' THEN 'must not have a fragment'
    END;
END
$$;
COMMENT ON FUNCTION eryxon.url_fault IS
'What is wrong with an endpoint''s URL; NULL if it is good.';

CREATE FUNCTION eryxon.check_webhook_url(url text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault text := eryxon.url_fault(url);
BEGIN
    IF fault IS NOT NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'url', 'the URL of a webhook ' || fault,
            CASE WHEN fault LIKE '%https://' THEN 'A superuser can allow http:// with the setting eryxon.webhook_allow_http.' END);
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_url IS
'Demands the URL of an endpoint. The message does not repeat the URL, which may hold a secret.';

CREATE FUNCTION eryxon.check_type_patterns(patterns text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    IF patterns IS NULL OR cardinality(patterns) NOT BETWEEN 1 AND 100 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'events', 'a webhook needs 1 to 100 types of events',
                            'Name types such as job.created, or * for all.');
    END IF;
    SELECT coalesce(to_json(p)::text, 'null') INTO bad FROM unnest(patterns) AS p
     WHERE coalesce(p !~ '^(\*|\*\.[a-z][a-z0-9_]*|[a-z][a-z0-9_]*\.(\*|[a-z][a-z0-9_]*))$', true) LIMIT 1;
    IF FOUND THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'events', format('invalid type of events %s', bad),
                            'Write a type such as job.created, or a pattern: job.*, *.completed, *.');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_type_patterns IS
'Demands types of events, or patterns of them.';

CREATE FUNCTION eryxon.check_webhook_options(options jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_options(options, known);
    PERFORM eryxon.check_option_type(options, o.name, o.type)
       FROM (VALUES ('url', 'string'), ('events', 'array'), ('description', 'string'), ('enabled', 'boolean'),
                    ('retry_seconds', 'array'), ('max_in_flight', 'number')) AS o(name, type);
    IF (options ->> 'max_in_flight')::numeric NOT BETWEEN 1 AND 1000 OR (options ->> 'max_in_flight')::numeric % 1 <> 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_in_flight', 'option "max_in_flight" must be an integer from 1 to 1000');
    ELSIF jsonb_typeof(options -> 'retry_seconds') = 'array'
          AND (jsonb_array_length(options -> 'retry_seconds') NOT BETWEEN 1 AND 50
               OR EXISTS (SELECT FROM jsonb_array_elements(options -> 'retry_seconds') AS s
                           WHERE jsonb_typeof(s) <> 'number' OR s::text !~ '^[0-9]{1,6}$')) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'retry_seconds',
            'option "retry_seconds" must be an array of 1 to 50 integers from 0 to 999999');
    ELSIF length(options ->> 'description') > 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'description', 'option "description" must have at most 1000 characters');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_options IS
'Checks the options of a webhook, but for its URL and types.';

CREATE FUNCTION eryxon.retry_seconds(options jsonb) RETURNS integer[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(options -> 'retry_seconds') = 'array'
                THEN ARRAY(SELECT s.second::integer FROM jsonb_array_elements_text(options -> 'retry_seconds') WITH ORDINALITY AS s(second, n) ORDER BY s.n)
                ELSE '{0,5,300,1800,7200,18000,36000,50400,72000,86400}' END
$$;
COMMENT ON FUNCTION eryxon.retry_seconds IS
'The seconds before each try of a delivery: the option, or the schedule of the Standard Webhooks specification.';

CREATE FUNCTION eryxon.json_texts(array_value jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(array_value) = 'array'
                THEN ARRAY(SELECT t.item FROM jsonb_array_elements_text(array_value) WITH ORDINALITY AS t(item, n) ORDER BY t.n) END
$$;
COMMENT ON FUNCTION eryxon.json_texts IS
'The elements of a JSON array as texts; NULL if it is no array.';

CREATE FUNCTION eryxon.new_secret(webhook uuid) RETURNS text
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.webhook_secret (webhook_id, secret)
    VALUES (webhook, 'whsec_' || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'))
    RETURNING secret
$$;
COMMENT ON FUNCTION eryxon.new_secret IS
'Makes a secret of 32 random bytes for the webhook.';
REVOKE EXECUTE ON FUNCTION eryxon.new_secret(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.webhook_warnings() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN eryxon.capture_events() OR EXISTS (SELECT FROM eryxon.entity e WHERE e.events) THEN '[]'
                ELSE jsonb_build_array(eryxon.warning('CAPTURE_OFF', 'events',
                    'no events are written: eryxon.capture_events is off, and no attached entity has the option events')) END
$$;
COMMENT ON FUNCTION eryxon.webhook_warnings IS
'What keeps a new webhook from being told anything.';

CREATE FUNCTION eryxon.change_webhook(webhook uuid, changes jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE eryxon.webhook w
       SET url = coalesce(changes ->> 'url', w.url),
           events = coalesce(eryxon.json_texts(changes -> 'events'), w.events),
           description = CASE WHEN changes ? 'description' THEN changes ->> 'description' ELSE w.description END,
           retry_seconds = CASE WHEN changes ? 'retry_seconds' THEN eryxon.retry_seconds(changes) ELSE w.retry_seconds END,
           max_in_flight = CASE WHEN changes ? 'max_in_flight' THEN coalesce((changes ->> 'max_in_flight')::integer, 20)
                                ELSE w.max_in_flight END,
           enabled = n.enabled,
           disabled_at = CASE WHEN NOT n.enabled THEN coalesce(w.disabled_at, now()) END,
           disabled_reason = CASE WHEN NOT n.enabled THEN coalesce(w.disabled_reason, 'manual') END,
           failing_since = CASE WHEN w.enabled OR NOT n.enabled THEN w.failing_since END,
           failed_at = CASE WHEN w.enabled OR NOT n.enabled THEN w.failed_at END,
           updated_at = clock_timestamp()
      FROM (SELECT o.id, CASE WHEN changes ? 'enabled' THEN coalesce((changes ->> 'enabled')::boolean, true) ELSE o.enabled END AS enabled
              FROM eryxon.webhook o WHERE o.id = webhook FOR NO KEY UPDATE) AS n
     WHERE w.id = n.id
$$;
COMMENT ON FUNCTION eryxon.change_webhook IS
'Writes changes that were checked. An endpoint that is enabled again starts with no failures.';
REVOKE EXECUTE ON FUNCTION eryxon.change_webhook(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.own_webhook(wanted uuid) RETURNS eryxon.webhook
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own     uuid := eryxon.administered_tenant();
    webhook eryxon.webhook;
BEGIN
    SELECT * INTO webhook FROM eryxon.webhook w WHERE w.id = wanted AND (own IS NULL OR w.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('webhook %s does not exist', coalesce(wanted::text, 'NULL')));
    END IF;
    RETURN webhook;
END
$$;
COMMENT ON FUNCTION eryxon.own_webhook IS
'A webhook that the caller administers; error P0002 if there is none with this id.';
REVOKE EXECUTE ON FUNCTION eryxon.own_webhook(uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_create(url text, events text[], options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant  uuid := coalesce(eryxon.administered_tenant(), @extschema@.eryxon_tenant_id());
    wanted  jsonb := coalesce(options, '{}');
    webhook uuid;
BEGIN
    PERFORM eryxon.check_webhook_url(url);
    PERFORM eryxon.check_type_patterns(events);
    PERFORM eryxon.check_webhook_options(wanted, '{description,enabled,retry_seconds,max_in_flight}');
    INSERT INTO eryxon.webhook (tenant_id, url, events, retry_seconds, max_in_flight)
    VALUES (tenant, $1, ARRAY(SELECT unnest($2)), eryxon.retry_seconds('{}'), 20) RETURNING id INTO webhook;
    PERFORM eryxon.change_webhook(webhook, wanted);
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('id', webhook, 'secret', eryxon.new_secret(webhook), 'warnings', eryxon.webhook_warnings());
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_create(text, text[], jsonb) IS
'Makes a webhook of the tenant: events of these types are sent to the URL.
Types are such as job.created, or patterns: job.*, *.completed, *. Options: description, enabled, retry_seconds, max_in_flight.
Returns id, secret (shown once) and warnings.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_create(text, text[], jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhooks()
    RETURNS TABLE (id uuid, url text, events text[], description text, enabled boolean, disabled_at timestamptz, disabled_reason text,
                   failing_since timestamptz, retry_seconds integer[], max_in_flight integer, created_at timestamptz, updated_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.id, w.url, w.events, w.description, w.enabled, w.disabled_at, w.disabled_reason,
           w.failing_since, w.retry_seconds, w.max_in_flight, w.created_at, w.updated_at
      FROM eryxon.webhook w, (SELECT eryxon.administered_tenant() AS id) AS own
     WHERE own.id IS NULL OR w.tenant_id = own.id
     ORDER BY w.created_at, w.id
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhooks() IS
'The webhooks of the caller''s tenant, without secrets; a superuser sees those of all tenants.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhooks() FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_update(id uuid, changes jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook uuid := (eryxon.own_webhook(id)).id;
    wanted  jsonb := coalesce(changes, '{}');
BEGIN
    PERFORM eryxon.check_webhook_options(wanted, '{url,events,description,enabled,retry_seconds,max_in_flight}');
    IF wanted ? 'url' THEN
        PERFORM eryxon.check_webhook_url(wanted ->> 'url');
    END IF;
    IF wanted ? 'events' THEN
        PERFORM eryxon.check_type_patterns(eryxon.json_texts(wanted -> 'events'));
    END IF;
    PERFORM eryxon.change_webhook(webhook, wanted);
    NOTIFY eryxon_events;
    RETURN (SELECT to_jsonb(w) FROM @extschema@.eryxon_webhooks() w WHERE w.id = webhook);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_update(uuid, jsonb) IS
'Changes a webhook: url, events, description, enabled, retry_seconds, max_in_flight; null is the default.
Deliveries of a disabled one wait, and go on when it is enabled again. Returns the webhook.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_update(uuid, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_rotate_secret(id uuid, keep_old interval DEFAULT '24 hours') RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook uuid := (eryxon.own_webhook(id)).id;
    until   timestamptz := now() + keep_old;
BEGIN
    IF keep_old IS NULL OR keep_old < '0'::interval OR keep_old > '30 days'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep_old', 'the time to keep the old secret must be from zero to 30 days');
    END IF;
    PERFORM FROM eryxon.webhook w WHERE w.id = webhook FOR NO KEY UPDATE;
    DELETE FROM eryxon.webhook_secret s WHERE s.webhook_id = webhook AND (s.expires_at <= now() OR until <= now());
    UPDATE eryxon.webhook_secret s SET expires_at = least(s.expires_at, until) WHERE s.webhook_id = webhook;
    RETURN jsonb_build_object('id', webhook, 'secret', eryxon.new_secret(webhook), 'old_valid_until', until);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_rotate_secret(uuid, interval) IS
'Gives a webhook a new secret, returned once.
Until keep_old has passed, messages are signed with the old one too.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_rotate_secret(uuid, interval) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_delete(id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM eryxon.webhook w WHERE w.id = (SELECT (eryxon.own_webhook($1)).id)
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_delete(uuid) IS
'Deletes a webhook with its secrets, deliveries and their logs.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_delete(uuid) FROM PUBLIC;
-- Deliveries: which event goes to which webhook, in which order, and what became of it. Relays claim and report them.
--
-- Locks are taken in this order, those of one kind in the order of ids: the row of eryxon.feed, webhooks, deliveries, webhooks
-- that a report changes. Who adds to a queue holds the feed's row; who waits for deliveries asks for them once. So none of these
-- functions can end in a deadlock with another.
--
-- Queues are empty one moment and full the next, and statistics are always of another one: a plan that scans or joins a whole queue
-- for each row is ruinous then. So look-ups are kept to indexes: by settings of the functions, and as subqueries with LIMIT, which no plan
-- turns into a join; and indexes begin with what tells rows apart.

CREATE SEQUENCE eryxon.delivery_turn;
COMMENT ON SEQUENCE eryxon.delivery_turn IS
'Orders deliveries. One that is sent again gets a new number, behind what waits already.';

CREATE TABLE eryxon.delivery (
    id          uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    webhook_id  uuid NOT NULL REFERENCES eryxon.webhook ON DELETE CASCADE,
    position    bigint,
    type        text NOT NULL,
    row_id      uuid NOT NULL,
    turn        bigint NOT NULL DEFAULT pg_catalog.nextval('eryxon.delivery_turn'),
    status      text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    due_at      timestamptz,
    relay       text,
    attempt     integer NOT NULL DEFAULT 0,
    failures    integer NOT NULL DEFAULT 0,
    claimed_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE eryxon.delivery IS
'One row for each event and webhook. position is the event''s, NULL for webhook.test. due_at: when to send, while a relay has it the
end of its lease, NULL behind an unfinished delivery of the same webhook and row. attempt counts claims, failures the reported ones since
the delivery was queued.';
CREATE UNIQUE INDEX delivery_event ON eryxon.delivery (position, webhook_id);
CREATE INDEX delivery_queue ON eryxon.delivery (row_id, webhook_id, turn) WHERE status = 'pending';
CREATE INDEX delivery_due ON eryxon.delivery (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_claimed ON eryxon.delivery (webhook_id, due_at) WHERE relay IS NOT NULL;
CREATE INDEX delivery_finished ON eryxon.delivery (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE eryxon.delivery_attempt (
    delivery_id uuid NOT NULL REFERENCES eryxon.delivery ON DELETE CASCADE,
    attempt     integer NOT NULL,
    relay       text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    status      integer,
    error       text,
    duration_ms numeric,
    retry_after numeric,
    response    text CHECK (pg_catalog.octet_length(response) <= 65536),
    PRIMARY KEY (delivery_id, attempt)
);
COMMENT ON TABLE eryxon.delivery_attempt IS
'What each attempt ended in: the answer''s HTTP status and at most 64 kB of its body, or an error.';

REVOKE ALL ON eryxon.delivery, eryxon.delivery_attempt FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('eryxon.delivery', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.delivery_attempt', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.delivery_turn', '');

CREATE FUNCTION eryxon.check_read_committed() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM eryxon.fail('DATABASE_ERROR', '25001', '', 'deliveries need a transaction of isolation level READ COMMITTED');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_read_committed IS
'Refuses transactions whose statements do not see what others have committed meanwhile: they would leave deliveries waiting for ever.';

CREATE FUNCTION eryxon.lock_tails(webhooks uuid[], positions bigint[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT FROM eryxon.delivery d
     WHERE d.id = ANY (ARRAY(
            SELECT (SELECT q.id FROM eryxon.delivery q
                     WHERE q.webhook_id = a.webhook AND q.row_id = e.row_id AND q.status = 'pending'
                     ORDER BY q.turn DESC LIMIT 1)
              FROM unnest(webhooks, positions) AS a(webhook, position)
              JOIN eryxon.event e ON e.position = a.position))
     ORDER BY d.id FOR KEY SHARE
$$;
COMMENT ON FUNCTION eryxon.lock_tails IS
'Keeps the last delivery of each queue that gets another one from being finished before that one can be seen.
FOR KEY SHARE, because it collides with FOR UPDATE in finish_deliveries() alone, not with claims and promotions.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_tails(uuid[], bigint[]) FROM PUBLIC;

CREATE FUNCTION eryxon.enqueue(webhooks uuid[], positions bigint[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    queued bigint;
BEGIN
    PERFORM eryxon.lock_tails(webhooks, positions);
    INSERT INTO eryxon.delivery AS d (webhook_id, position, type, row_id, due_at)
    SELECT w.id, e.position, e.type, e.row_id,
           CASE WHEN row_number() OVER (PARTITION BY w.id, e.row_id ORDER BY e.position) = 1
                     AND (SELECT true FROM eryxon.delivery q
                           WHERE q.webhook_id = w.id AND q.row_id = e.row_id AND q.status = 'pending' LIMIT 1) IS NULL
                THEN clock_timestamp() + make_interval(secs => w.retry_seconds[1]) END
      FROM unnest(webhooks, positions) AS a(webhook, position)
      JOIN eryxon.webhook w ON w.id = a.webhook
      JOIN eryxon.event e ON e.position = a.position
     WHERE (SELECT true FROM eryxon.delivery p
             WHERE p.webhook_id = a.webhook AND p.position = a.position AND p.finished_at IS NULL LIMIT 1) IS NULL
     ORDER BY e.position
    ON CONFLICT (webhook_id, position) DO UPDATE
       SET status = 'pending', turn = excluded.turn, due_at = excluded.due_at, failures = 0, finished_at = NULL;
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION eryxon.enqueue IS
'Puts events at the end of their webhooks'' queues, in the order of positions; returns how many. A delivery that is finished is queued
again. The caller holds the row of eryxon.feed and the webhooks'' rows.';
REVOKE EXECUTE ON FUNCTION eryxon.enqueue(uuid[], bigint[]) FROM PUBLIC;

CREATE FUNCTION eryxon.fan_out(first bigint, last bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
BEGIN
    PERFORM eryxon.check_read_committed();
    PERFORM FROM eryxon.feed FOR UPDATE;
    PERFORM FROM eryxon.webhook w
      WHERE w.enabled AND EXISTS (SELECT FROM eryxon.event e WHERE e.position BETWEEN first AND last AND e.tenant_id = w.tenant_id)
      ORDER BY w.id FOR KEY SHARE;
    PERFORM eryxon.enqueue(array_agg(w.id), array_agg(e.position))
       FROM eryxon.event e
       JOIN eryxon.webhook w ON w.tenant_id = e.tenant_id AND w.enabled AND w.events && eryxon.matching_patterns(e.type)
      WHERE e.position BETWEEN first AND last
        AND (SELECT true FROM eryxon.delivery d WHERE d.webhook_id = w.id AND d.position = e.position LIMIT 1) IS NULL
     HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION eryxon.fan_out IS
'Makes the deliveries of the events from one position to another: one for each enabled webhook of the tenant that wants the type.';
REVOKE EXECUTE ON FUNCTION eryxon.fan_out(bigint, bigint) FROM PUBLIC;

CREATE FUNCTION eryxon.promote(webhooks uuid[], rows uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.delivery d
       SET due_at = clock_timestamp()
                    + make_interval(secs => (SELECT w.retry_seconds[1] FROM eryxon.webhook w WHERE w.id = d.webhook_id))
     WHERE d.id = ANY (ARRAY(
            SELECT (SELECT q.id FROM eryxon.delivery q
                     WHERE q.webhook_id = a.webhook AND q.row_id = a.row_id AND q.status = 'pending'
                     ORDER BY q.turn LIMIT 1)
              FROM unnest(webhooks, rows) AS a(webhook, row_id)))
       AND d.due_at IS NULL;
END
$$;
COMMENT ON FUNCTION eryxon.promote IS
'Makes the first delivery of each of these queues due, if it is not yet.';
REVOKE EXECUTE ON FUNCTION eryxon.promote(uuid[], uuid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.event_time(moment timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
COMMENT ON FUNCTION eryxon.event_time IS
'A time as it stands in a message.';

CREATE FUNCTION eryxon.message_body(delivery eryxon.delivery, event eryxon.event) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('{"type":%s,"timestamp":"%s","data":{%s%s}}', to_json(delivery.type),
                  eryxon.event_time(coalesce(event.occurred_at, delivery.created_at)), f.fields,
                  CASE WHEN octet_length(f.fields) + octet_length(f.changes) > 19800 THEN ',"changes_omitted":true'
                       ELSE ',"changes":' || f.changes END)
      FROM (SELECT format('"id":"%s","entity":%s,"row_id":"%s","external_id":%s,"external_source":%s,"source":%s',
                          coalesce(event.id, delivery.id), to_json(coalesce(event.entity, 'webhooks')),
                          CASE WHEN event.id IS NULL THEN delivery.webhook_id ELSE event.row_id END,
                          coalesce(to_json(event.external_id)::text, 'null'), coalesce(to_json(event.external_source)::text, 'null'),
                          coalesce(to_json(event.source)::text, 'null')) AS fields,
                   coalesce(event.changes, '[]')::text AS changes) AS f
$$;
COMMENT ON FUNCTION eryxon.message_body IS
'The body of a message, always the same for the same delivery: under 20 kB, larger changes left out. Without an event, a test.';

CREATE FUNCTION eryxon.message_id(delivery uuid) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN 'msg_' OPERATOR(pg_catalog.||) pg_catalog.replace(delivery::text, '-', '');
COMMENT ON FUNCTION eryxon.message_id IS
'The webhook-id of a delivery, the same at every attempt.';

CREATE FUNCTION eryxon.secrets(webhook uuid) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(s.secret ORDER BY s.expires_at DESC NULLS FIRST, s.id DESC)
      FROM eryxon.webhook_secret s
     WHERE s.webhook_id = webhook AND (s.expires_at IS NULL OR s.expires_at > now())
$$;
COMMENT ON FUNCTION eryxon.secrets IS
'The secrets of a webhook that are in force, the current one first.';
REVOKE EXECUTE ON FUNCTION eryxon.secrets(uuid) FROM PUBLIC;
-- What a relay calls: it claims deliveries that are due, sends them, and reports. All that is decided is decided here.
--
-- Most functions are written in PL/pgSQL, which parses its statements once in a session.

CREATE FUNCTION eryxon.choose_due(webhooks uuid[], at_most integer, moment timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT n.id
          FROM (SELECT d.id, d.due_at, in_flight.number + row_number() OVER (PARTITION BY w.id ORDER BY d.due_at) AS place
                  FROM eryxon.webhook w
                 CROSS JOIN LATERAL (SELECT count(*) AS number FROM eryxon.delivery f
                                      WHERE f.webhook_id = w.id AND f.relay IS NOT NULL AND f.due_at > moment) AS in_flight
                 CROSS JOIN LATERAL (SELECT q.id, q.due_at FROM eryxon.delivery q
                                      WHERE q.webhook_id = w.id AND q.due_at <= moment
                                      ORDER BY q.due_at
                                      LIMIT greatest(least(w.max_in_flight - in_flight.number, at_most), 0)
                                        FOR NO KEY UPDATE SKIP LOCKED) AS d
                 WHERE w.id = ANY (webhooks)) AS n
         ORDER BY n.place, n.due_at LIMIT at_most);
END
$$;
COMMENT ON FUNCTION eryxon.choose_due IS
'Locks deliveries that are due and not locked: of the webhooks with the fewest under way first, so that slow ones do not take all places,
and of each the longest due. No webhook gets more than max_in_flight at a time. The caller holds the webhooks'' rows, so that no other relay counts and claims there meanwhile.';
REVOKE EXECUTE ON FUNCTION eryxon.choose_due(uuid[], integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.log_lost_attempts(deliveries uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, error)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, 'the relay did not report within its lease'
      FROM eryxon.delivery d WHERE d.id = ANY (deliveries) AND d.relay IS NOT NULL;
END
$$;
COMMENT ON FUNCTION eryxon.log_lost_attempts IS
'Writes down the attempts of relays whose lease has passed. Whether the message arrived is not known; it is no failure of the endpoint.';
REVOKE EXECUTE ON FUNCTION eryxon.log_lost_attempts(uuid[]) FROM PUBLIC;

CREATE FUNCTION eryxon.check_claim(relay text, at_most integer, lease interval) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(relay, '') = '' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'relay', 'a relay needs a name');
    ELSIF at_most IS NULL OR at_most < 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'at_most', 'the number of deliveries must not be negative');
    ELSIF lease IS NULL OR lease <= '0'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'lease', 'the lease must be longer than zero');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_claim IS
'Checks the arguments of claim_deliveries().';

CREATE FUNCTION eryxon.claim_deliveries(relay text, at_most integer, lease interval)
    RETURNS TABLE (delivery uuid, webhook uuid, url text, secrets text[], message_id text, type text, attempt integer, body text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    held   uuid[];
    chosen uuid[];
BEGIN
    PERFORM eryxon.check_claim(relay, at_most, lease);
    PERFORM eryxon.check_read_committed();
    held := ARRAY(SELECT w.id FROM eryxon.webhook w
                   WHERE w.enabled
                     AND (SELECT true FROM eryxon.delivery d WHERE d.webhook_id = w.id AND d.due_at <= moment LIMIT 1)
                     FOR NO KEY UPDATE SKIP LOCKED);
    chosen := eryxon.choose_due(held, at_most, moment);
    PERFORM eryxon.log_lost_attempts(chosen);
    RETURN QUERY
    WITH claimed AS (
        UPDATE eryxon.delivery d
           SET relay = $1, attempt = d.attempt + 1, claimed_at = moment, due_at = moment + lease
         WHERE d.id = ANY (chosen)
        RETURNING d)
    SELECT (c.d).id, w.id, w.url, eryxon.secrets(w.id), eryxon.message_id((c.d).id), (c.d).type, (c.d).attempt,
           eryxon.message_body(c.d, e)
      FROM claimed c JOIN eryxon.webhook w ON w.id = (c.d).webhook_id
      LEFT JOIN eryxon.event e ON e.position = (c.d).position
     ORDER BY (c.d).turn;
END
$$;
COMMENT ON FUNCTION eryxon.claim_deliveries IS
'Gives a relay up to so many deliveries that are due, for the time of the lease; for a transaction of its own.
After the lease others may claim what was not reported. Waits for nobody; deliveries of disabled webhooks are not claimed.';
REVOKE EXECUTE ON FUNCTION eryxon.claim_deliveries(text, integer, interval) FROM PUBLIC;

CREATE FUNCTION eryxon.read_reports(results jsonb)
    RETURNS TABLE (delivery uuid, attempt integer, status integer, succeeded boolean, error text, duration_ms numeric,
                   retry_after numeric, response text, interrupted boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT ON (r.delivery, r.attempt) r.delivery, r.attempt, r.status, coalesce(r.status BETWEEN 200 AND 299, false),
           left(r.error, 1000), r.duration_ms, CASE WHEN r.retry_after > 0 THEN least(r.retry_after, 86400) END,
           CASE WHEN octet_length(r.response) <= 65536 THEN r.response ELSE left(r.response, 16384) END, coalesce(r.interrupted, false)
      FROM jsonb_to_recordset(results) AS r(delivery uuid, attempt integer, status integer, error text, duration_ms numeric,
                                            retry_after numeric, response text, interrupted boolean)
     ORDER BY r.delivery, r.attempt
$$;
COMMENT ON FUNCTION eryxon.read_reports IS
'The reports of finish_deliveries() as rows. A response of more than 64 kB is cut to what is surely less.';

CREATE FUNCTION eryxon.lock_reported(relay text, results jsonb) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named uuid[] := ARRAY(SELECT r.delivery FROM eryxon.read_reports(results) r);
BEGIN
    PERFORM FROM eryxon.webhook w
      WHERE w.id IN (SELECT d.webhook_id FROM eryxon.delivery d WHERE d.id = ANY (named))
      ORDER BY w.id FOR KEY SHARE;
    RETURN ARRAY(SELECT d.id FROM eryxon.delivery d
                   JOIN eryxon.read_reports(results) r ON r.delivery = d.id AND r.attempt = d.attempt
                  WHERE d.id = ANY (named) AND d.relay = lock_reported.relay
                  ORDER BY d.id FOR UPDATE OF d);
END
$$;
COMMENT ON FUNCTION eryxon.lock_reported IS
'Locks the reported deliveries that are still the relay''s, and keeps their webhooks from being deleted.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_reported(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.give_back(deliveries uuid[], results jsonb) RETURNS uuid[]
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given uuid[] := ARRAY(SELECT r.delivery FROM eryxon.read_reports(results) r WHERE r.interrupted AND r.delivery = ANY (deliveries));
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, error, duration_ms)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, r.error, r.duration_ms
      FROM eryxon.read_reports(results) r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
     WHERE d.id = ANY (given);
    UPDATE eryxon.delivery d SET relay = NULL, due_at = clock_timestamp() WHERE d.id = ANY (given);
    RETURN given;
END
$$;
COMMENT ON FUNCTION eryxon.give_back IS
'Makes deliveries whose try the relay itself has broken off due again, and logs the attempts: no failure of the endpoint. Returns them.';
REVOKE EXECUTE ON FUNCTION eryxon.give_back(uuid[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.apply_reports(deliveries uuid[], results jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, status, error, duration_ms, retry_after, response)
    SELECT d.id, d.attempt, d.relay, d.claimed_at, r.status, r.error, r.duration_ms, r.retry_after, r.response
      FROM eryxon.read_reports(results) r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
     WHERE d.id = ANY (deliveries);
    UPDATE eryxon.delivery d
       SET status = n.status, relay = NULL,
           failures = d.failures + CASE WHEN n.status = 'delivered' THEN 0 ELSE 1 END,
           due_at = CASE WHEN n.status = 'pending' THEN clock_timestamp() + make_interval(secs => greatest(
                         w.retry_seconds[d.failures + 2] * (1 + 0.2 * random()), n.retry_after)) END,
           finished_at = CASE WHEN n.status <> 'pending' THEN clock_timestamp() END
      FROM (SELECT o.id, r.retry_after,
                   CASE WHEN r.succeeded THEN 'delivered'
                        WHEN o.failures + 1 >= cardinality(v.retry_seconds) THEN 'dead' ELSE 'pending' END AS status
              FROM eryxon.read_reports(results) r
              JOIN eryxon.delivery o ON o.id = r.delivery AND o.attempt = r.attempt
              JOIN eryxon.webhook v ON v.id = o.webhook_id
             WHERE o.id = ANY (deliveries)) AS n, eryxon.webhook w
     WHERE d.id = n.id AND w.id = d.webhook_id AND d.id = ANY (deliveries);
END
$$;
COMMENT ON FUNCTION eryxon.apply_reports IS
'Logs the attempts, and finishes the deliveries or says when they are to be tried again: after the webhook''s next step and up to a fifth
more, or when the endpoint asks for it (Retry-After, at most a day), whichever is later.';
REVOKE EXECUTE ON FUNCTION eryxon.apply_reports(uuid[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.judge_webhooks(deliveries uuid[], results jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH judged AS (
        SELECT d.webhook_id, bool_or(r.succeeded) AS succeeded, bool_or(r.status IS NOT DISTINCT FROM 410) AS gone
          FROM eryxon.read_reports(results) r JOIN eryxon.delivery d ON d.id = r.delivery AND d.attempt = r.attempt
         WHERE d.id = ANY (deliveries) GROUP BY d.webhook_id),
    changed AS MATERIALIZED (
        SELECT w.id, j.succeeded, w.enabled AND j.gone AS gone,
               w.enabled AND NOT j.succeeded AND w.failing_since <= now() - '5 days'::interval AND w.failed_at > now() - '2 days'::interval AS failing
          FROM eryxon.webhook w JOIN judged j ON j.webhook_id = w.id
         WHERE j.gone OR j.succeeded <> (w.failing_since IS NULL) OR (NOT j.succeeded AND w.failed_at <= now() - '1 hour'::interval)
            OR w.failing_since <= now() - '5 days'::interval
         ORDER BY w.id FOR NO KEY UPDATE OF w)
    UPDATE eryxon.webhook w
       SET failing_since = CASE WHEN c.succeeded THEN NULL WHEN w.failed_at > now() - '2 days'::interval THEN coalesce(w.failing_since, now())
                                ELSE now() END,
           failed_at = CASE WHEN NOT c.succeeded THEN now() END,
           enabled = w.enabled AND NOT c.gone AND NOT coalesce(c.failing, false),
           disabled_at = CASE WHEN c.gone OR c.failing THEN now() ELSE w.disabled_at END,
           disabled_reason = CASE WHEN c.gone THEN 'gone' WHEN c.failing THEN 'failing' ELSE w.disabled_reason END
      FROM changed c WHERE w.id = c.id;
END
$$;
COMMENT ON FUNCTION eryxon.judge_webhooks IS
'Notes since when a webhook has had nothing but failures, less than two days from one to the next (the time of the last one to the hour);
disables it after five days of that, and at once when it answers 410.';
REVOKE EXECUTE ON FUNCTION eryxon.judge_webhooks(uuid[], jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.finish_deliveries(relay text, results jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    reported uuid[];
    number   integer;
BEGIN
    PERFORM eryxon.check_read_committed();
    reported := eryxon.lock_reported(relay, results);
    number := cardinality(reported);
    reported := ARRAY(SELECT unnest(reported) EXCEPT SELECT unnest(eryxon.give_back(reported, results)));
    PERFORM eryxon.apply_reports(reported, results);
    PERFORM eryxon.promote(array_agg(d.webhook_id), array_agg(d.row_id))
       FROM eryxon.delivery d WHERE d.id = ANY (reported) AND d.status <> 'pending' HAVING count(*) > 0;
    PERFORM eryxon.judge_webhooks(reported, results);
    RETURN number;
END
$$;
COMMENT ON FUNCTION eryxon.finish_deliveries IS
'Takes a relay''s reports: an array of {"delivery","attempt","status","error","duration_ms","retry_after","response","interrupted"}; for a transaction of
its own. Returns how many deliveries were still the relay''s; what others have claimed since is left to them.';
REVOKE EXECUTE ON FUNCTION eryxon.finish_deliveries(text, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.next_due() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT min(CASE WHEN c.number < w.max_in_flight THEN (SELECT min(d.due_at) FROM eryxon.delivery d
                                                           WHERE d.webhook_id = w.id AND d.due_at IS NOT NULL)
                    ELSE c.first_end END)
      FROM eryxon.webhook w
     CROSS JOIN LATERAL (SELECT count(*) AS number, min(f.due_at) AS first_end FROM eryxon.delivery f
                          WHERE f.webhook_id = w.id AND f.relay IS NOT NULL AND f.due_at > now()) AS c
     WHERE w.enabled
$$;
COMMENT ON FUNCTION eryxon.next_due IS
'When the next delivery can be claimed, if nothing happens meanwhile; NULL if none waits. In the past: now.';
REVOKE EXECUTE ON FUNCTION eryxon.next_due() FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_grant_relay(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_role(role);
    EXECUTE format('GRANT USAGE ON SCHEMA eryxon TO %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION eryxon.position_events(integer), eryxon.claim_deliveries(text, integer, interval), '
                   'eryxon.finish_deliveries(text, jsonb), eryxon.next_due() TO %I', role);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_relay(name) IS
'Grants a role what a relay needs, no more: claiming deliveries of all tenants and reporting them.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_relay(name) FROM PUBLIC;
-- Deliveries as their owner sees them: trying a webhook, sending again, looking at the log, forgetting.

CREATE FUNCTION @extschema@.eryxon_webhook_test(id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhook  eryxon.webhook := eryxon.own_webhook(id);
    delivery uuid;
BEGIN
    IF NOT webhook.enabled THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'id', format('webhook %s is disabled', id),
                            'Enable it with eryxon_webhook_update(id, ''{"enabled":true}'').');
    END IF;
    INSERT INTO eryxon.delivery AS d (webhook_id, type, row_id, due_at)
    VALUES (webhook.id, 'webhook.test', gen_random_uuid(), clock_timestamp()) RETURNING d.id INTO delivery;
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('delivery', delivery, 'message_id', eryxon.message_id(delivery));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_test(uuid) IS
'Sends an event of type webhook.test to this webhook alone, whatever types it wants.
Returns delivery and message_id; eryxon_webhook_logs() shows what was answered.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_test(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.lock_queues(webhook uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM eryxon.check_read_committed();
    PERFORM FROM eryxon.feed FOR UPDATE;
    PERFORM FROM eryxon.webhook w WHERE w.id = webhook FOR KEY SHARE;
END
$$;
COMMENT ON FUNCTION eryxon.lock_queues IS
'Takes the locks that adding to the queues of a webhook needs. Until the transaction ends, no other events are delivered for the first time.';
REVOKE EXECUTE ON FUNCTION eryxon.lock_queues(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.requeue(old eryxon.delivery) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queued bigint;
BEGIN
    IF old.status <> 'pending' AND old.position IS NOT NULL THEN
        RETURN eryxon.enqueue(ARRAY[old.webhook_id], ARRAY[old.position]);
    END IF;
    UPDATE eryxon.delivery d
       SET status = 'pending', due_at = clock_timestamp(), finished_at = NULL,
           failures = CASE d.status WHEN 'pending' THEN d.failures ELSE 0 END
     WHERE d.id = old.id AND d.relay IS NULL AND (d.status <> 'pending' OR d.due_at IS NOT NULL);
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION eryxon.requeue IS
'Queues a finished delivery again. One that waits for its next try is due at once; one that is under way or behind others stays.';
REVOKE EXECUTE ON FUNCTION eryxon.requeue(eryxon.delivery) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_replay(delivery uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own uuid := eryxon.administered_tenant();
    old eryxon.delivery;
BEGIN
    PERFORM eryxon.lock_queues((SELECT d.webhook_id FROM eryxon.delivery d WHERE d.id = $1));
    SELECT d.* INTO old FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
     WHERE d.id = $1 AND (own IS NULL OR w.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'delivery', format('delivery %s does not exist', coalesce($1::text, 'NULL')));
    ELSIF old.position IS NOT NULL AND NOT EXISTS (SELECT FROM eryxon.event e WHERE e.position = old.position) THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'delivery', format('the event of delivery %s is no longer kept', $1));
    END IF;
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('queued', eryxon.requeue(old));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_replay(uuid) IS
'Sends a delivery again, with the same webhook-id; one that waits for its next try is sent at once.
Returns {"queued": 1}, or 0 if it is under way or behind others of its row.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_replay(uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_replay(webhook uuid, from_time timestamptz, to_time timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted eryxon.webhook := eryxon.own_webhook(webhook);
    queued bigint;
BEGIN
    IF from_time IS NULL OR to_time IS NULL OR from_time > to_time THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'from_time', 'the range of time must have a beginning and a later end');
    END IF;
    PERFORM eryxon.lock_queues(wanted.id);
    SELECT eryxon.enqueue(array_agg(wanted.id), array_agg(e.position)) INTO queued
      FROM eryxon.event e
     WHERE e.tenant_id = wanted.tenant_id AND e.occurred_at BETWEEN from_time AND to_time
       AND wanted.events && eryxon.matching_patterns(e.type);
    NOTIFY eryxon_events;
    RETURN jsonb_build_object('queued', coalesce(queued, 0));
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_replay(uuid, timestamptz, timestamptz) IS
'Sends all events of a range of time to a webhook again, and those that it was not sent before: made while it was disabled, say.
Each comes behind what waits for the same row. Returns {"queued": how many}; those that wait already are left.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_replay(uuid, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.attempts_json(delivery uuid) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(a) - 'delivery_id' ORDER BY a.attempt), '[]')
      FROM eryxon.delivery_attempt a WHERE a.delivery_id = delivery
$$;
COMMENT ON FUNCTION eryxon.attempts_json IS
'The attempts of a delivery, first to last.';
REVOKE EXECUTE ON FUNCTION eryxon.attempts_json(uuid) FROM PUBLIC;

CREATE FUNCTION eryxon.log_page(tenant uuid, webhook uuid, wanted text, max_rows integer, skip_rows integer) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH fitting AS (
        SELECT d.* FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
         WHERE (tenant IS NULL OR w.tenant_id = tenant) AND (webhook IS NULL OR w.id = webhook) AND (wanted IS NULL OR d.status = wanted))
    SELECT jsonb_build_object(
        'deliveries', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                       'id', p.id, 'webhook_id', p.webhook_id, 'message_id', eryxon.message_id(p.id), 'type', p.type,
                       'event_id', e.id, 'entity', e.entity, 'row_id', e.row_id, 'external_id', e.external_id,
                       'status', p.status, 'due_at', p.due_at, 'created_at', p.created_at, 'finished_at', p.finished_at,
                       'attempts', eryxon.attempts_json(p.id)) ORDER BY p.turn DESC)
              FROM (SELECT * FROM fitting f ORDER BY f.turn DESC LIMIT max_rows OFFSET skip_rows) AS p
              LEFT JOIN eryxon.event e ON e.position = p.position), '[]'),
        'pagination', jsonb_build_object('total', (SELECT count(*) FROM fitting), 'limit', max_rows, 'offset', skip_rows))
$$;
COMMENT ON FUNCTION eryxon.log_page IS
'A page of deliveries, newest first, and how many there are.';
REVOKE EXECUTE ON FUNCTION eryxon.log_page(uuid, uuid, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_webhook_logs(webhook_id uuid DEFAULT NULL, status text DEFAULT NULL, max_rows integer DEFAULT 100,
                                                skip_rows integer DEFAULT 0) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF status NOT IN ('pending', 'delivered', 'dead') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'status', 'the status must be pending, delivered or dead');
    ELSIF coalesce(max_rows, 0) NOT BETWEEN 1 AND 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'the number of rows must be from 1 to 1000');
    ELSIF coalesce(skip_rows, -1) < 0 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'skip_rows', 'the number of rows to skip must not be negative');
    END IF;
    RETURN eryxon.log_page(eryxon.administered_tenant(), webhook_id, status, max_rows, skip_rows);
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_webhook_logs(uuid, text, integer, integer) IS
'Deliveries with their attempts, newest first: of one webhook or all of the tenant, in one status (pending, delivered, dead) or any.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_webhook_logs(uuid, text, integer, integer) FROM PUBLIC;

CREATE FUNCTION eryxon.prune_deliveries(before timestamptz) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhooks uuid[];
    rows     uuid[];
BEGIN
    DELETE FROM eryxon.delivery d WHERE d.finished_at < before;
    WITH gone AS (
        DELETE FROM eryxon.delivery d
         WHERE d.id IN (SELECT q.id FROM eryxon.delivery q
                         WHERE q.status = 'pending' AND q.position IS NOT NULL
                           AND NOT EXISTS (SELECT FROM eryxon.event e WHERE e.position = q.position)
                           FOR UPDATE SKIP LOCKED)
        RETURNING d.webhook_id, d.row_id)
    SELECT array_agg(g.webhook_id), array_agg(g.row_id) INTO webhooks, rows FROM gone g;
    PERFORM eryxon.promote(webhooks, rows);
END
$$;
COMMENT ON FUNCTION eryxon.prune_deliveries IS
'Deletes deliveries that were finished before, and those of disabled webhooks whose events are gone. One that is being reported, and
holds a lock that would be waited for in a circle, is left to the next time.';
REVOKE EXECUTE ON FUNCTION eryxon.prune_deliveries(timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_prune_events(keep interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned bigint;
    last   bigint;
BEGIN
    IF keep IS NULL OR keep < '0'::interval THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'keep', 'the time to keep events must be an interval of zero or more');
    END IF;
    PERFORM eryxon.check_read_committed();
    WHILE eryxon.position_events(100000) > 0 LOOP
    END LOOP;
    PERFORM FROM eryxon.feed FOR UPDATE;
    PERFORM FROM eryxon.webhook w ORDER BY w.id FOR KEY SHARE;
    PERFORM FROM eryxon.webhook w WHERE NOT w.enabled ORDER BY w.id FOR SHARE;
    WITH gone AS (
        DELETE FROM eryxon.event e
         WHERE e.occurred_at < now() - keep
           AND NOT EXISTS (SELECT FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id AND w.enabled
                            WHERE d.position = e.position AND d.status = 'pending')
        RETURNING e.position)
    SELECT count(*), max(g.position) INTO pruned, last FROM gone g;
    UPDATE eryxon.feed SET pruned_through = greatest(pruned_through, last) WHERE pruned_through < last;
    PERFORM eryxon.prune_deliveries(now() - keep);
    RETURN pruned;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_prune_events(interval) IS
'Deletes the events of all tenants that are older than the interval, read or not, but for those that an enabled webhook has not got yet; and
deliveries that were finished longer ago than that, with their logs. Returns how many events went.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_prune_events(interval) FROM PUBLIC;
-- What the admin pages ask for: who signed in, files and their imports, runs, statistics, mappings, keys. With the caller's rights.

CREATE FUNCTION eryxon.field_type(rule jsonb, schema jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN rule ? 'references' OR schema ->> 'format' = 'uuid' THEN 'uuid'
                WHEN schema ? 'enum' THEN 'enum'
                WHEN schema ? 'anyOf' THEN 'timestamp'
                WHEN schema ->> 'format' = 'date' THEN 'date'
                WHEN schema -> 'type' = '"string"' THEN 'text'
                WHEN schema -> 'type' = '"number"' THEN 'numeric'
                WHEN schema -> 'type' = '"array"' THEN 'text_array'
                WHEN schema ->> 'type' IN ('integer', 'boolean') THEN schema ->> 'type'
                ELSE 'json' END
$$;
COMMENT ON FUNCTION eryxon.field_type IS
'The kind of values that a field takes, in a word.';

CREATE FUNCTION eryxon.field_reference(field text, rule jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN rule ? 'references' THEN jsonb_build_object(
        'entity', rule #> '{references,entity}',
        'forms', jsonb_build_array(field || '_id', field || '_external_id')
                 || CASE WHEN rule #>> '{references,match}' = 'name' THEN jsonb_build_array(field || '_name') ELSE '[]' END) END
$$;
COMMENT ON FUNCTION eryxon.field_reference IS
'What a field refers to, and under which names a record may say it; NULL if it is no reference.';

CREATE FUNCTION eryxon.entity_fields(wanted_entity text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'name', f.field, 'required', f.required, 'type', eryxon.field_type(f.rule, f.schema), 'enum', f.schema -> 'enum',
               'aliases', coalesce(f.rule -> 'aliases', '[]'), 'reference', eryxon.field_reference(f.field, f.rule))
               ORDER BY f.required DESC, f.field), '[]')
      FROM eryxon.mapped_fields(wanted_entity) f
$$;
COMMENT ON FUNCTION eryxon.entity_fields IS
'The fields of an entity as the admin pages need them.';

CREATE FUNCTION eryxon.known_sources() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(s.source ORDER BY s.source), '[]')
      FROM (SELECT r.source
              FROM (SELECT * FROM eryxon.sync_run l WHERE l.tenant_id = (SELECT @extschema@.eryxon_tenant_id())
                     ORDER BY l.started_at DESC LIMIT 10000) AS r
             WHERE r.source IS NOT NULL
            UNION SELECT m.source FROM @extschema@.eryxon_csv_mapping_list() m) AS s
$$;
COMMENT ON FUNCTION eryxon.known_sources IS
'The sources of the tenant''s latest runs and of its mappings.';

CREATE FUNCTION eryxon.admin_functions() RETURNS SETOF regprocedure
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure FROM pg_proc p
     WHERE p.pronamespace = (SELECT x.extnamespace FROM pg_extension x WHERE x.extname = 'eryxon_sync')
       AND p.proname IN ('eryxon_api_key_create', 'eryxon_api_keys', 'eryxon_api_key_revoke', 'eryxon_webhooks', 'eryxon_webhook_create',
                         'eryxon_webhook_update', 'eryxon_webhook_rotate_secret', 'eryxon_webhook_delete', 'eryxon_webhook_test',
                         'eryxon_webhook_replay', 'eryxon_webhook_logs')
$$;
COMMENT ON FUNCTION eryxon.admin_functions IS
'What a role must be allowed to call to administer the keys and webhooks of its tenant.';

CREATE FUNCTION eryxon.answer_session() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'tenant_id', @extschema@.eryxon_tenant_id(), 'user_id', @extschema@.eryxon_user_id(), 'role', current_user,
        'admin', (SELECT bool_and(has_function_privilege(f, 'EXECUTE')) FROM eryxon.admin_functions() f),
        'entities', coalesce((
            SELECT jsonb_agg(jsonb_build_object('entity', e.entity, 'singular', e.singular, 'fields', eryxon.entity_fields(e.entity),
                       'table', format('%I.%I', c.relnamespace::regnamespace, c.relname)) ORDER BY e.ordinal)
              FROM eryxon.entity e JOIN pg_class c ON c.oid = e.table_name WHERE has_table_privilege(c.oid, 'SELECT')), '[]'),
        'sources', eryxon.known_sources())
$$;
COMMENT ON FUNCTION eryxon.answer_session IS
'Who the caller is and what it may do, and the entities it may read.';

CREATE FUNCTION eryxon.answer_inspect(entity text, file bytea, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found  jsonb := @extschema@.eryxon_csv_inspect(file, coalesce(options, '{}') || jsonb_build_object('entity', entity));
    origin text := coalesce(jsonb_path_query_first(found, '$.columns[*] ? (@.field == "external_source").samples[0]') #>> '{}',
                            options ->> 'external_source');
BEGIN
    RETURN found || jsonb_build_object('saved_mapping', (
        SELECT to_jsonb(m) FROM @extschema@.eryxon_csv_mapping_list($1) m WHERE m.source = origin));
END
$$;
COMMENT ON FUNCTION eryxon.answer_inspect IS
'eryxon_csv_inspect() with the mapping that is kept for the file''s source.';

CREATE FUNCTION eryxon.answer_rejected(entity text, run uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF run IS NULL THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', 'run', 'which run is meant must be said by its id');
    ELSIF eryxon.run_status(run) ->> 'entity' IS DISTINCT FROM entity THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'run', format('there is no run %s of %s', run, entity));
    END IF;
    RETURN jsonb_build_object('filename', entity || '-rejected.csv', 'csv', @extschema@.eryxon_csv_rejected(run));
END
$$;
COMMENT ON FUNCTION eryxon.answer_rejected IS
'The lines that failed in a run of the entity, as a file.';

CREATE FUNCTION eryxon.answer_step(run uuid) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    step jsonb := eryxon.upload_step(run);
BEGIN
    RETURN CASE WHEN (step ->> 'more')::boolean THEN step ELSE step || jsonb_build_object('run', eryxon.run_status(run)) END;
END
$$;
COMMENT ON FUNCTION eryxon.answer_step IS
'upload_step(), whose last answer tells the whole run.';

CREATE FUNCTION eryxon.uploads_without_run(wanted_entity text) RETURNS TABLE (id uuid, started_at timestamptz, finished_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT u.run_id, u.started_at, u.touched_at FROM eryxon.csv_upload u
     WHERE u.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND (wanted_entity IS NULL OR u.entity = wanted_entity)
       AND NOT EXISTS (SELECT FROM eryxon.sync_run r WHERE r.id = u.run_id)
$$;
COMMENT ON FUNCTION eryxon.uploads_without_run IS
'The tenant''s imports of which no part is in the history: just begun, or failed at once.';

CREATE FUNCTION eryxon.answer_runs(arguments jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant   uuid := @extschema@.eryxon_tenant_id();
    max_rows integer := coalesce((arguments ->> 'max_rows')::integer, 50);
    since    timestamptz := (arguments ->> 'since')::timestamptz;
BEGIN
    IF arguments ->> 'id' IS NOT NULL THEN
        RETURN eryxon.run_status((arguments ->> 'id')::uuid);
    ELSIF max_rows NOT BETWEEN 1 AND 1000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'max_rows', 'the number of runs must be from 1 to 1000');
    END IF;
    RETURN jsonb_build_object('runs', (
        SELECT coalesce(jsonb_agg(eryxon.run_status(r.id) - 'error_details' ORDER BY r.started_at DESC, r.finished_at DESC, r.id DESC), '[]')
          FROM ((SELECT s.id, s.started_at, s.finished_at FROM eryxon.sync_run s
                  WHERE s.tenant_id = tenant AND (arguments ->> 'entity' IS NULL OR s.entity = arguments ->> 'entity')
                    AND (arguments ->> 'source' IS NULL OR s.source = arguments ->> 'source')
                    AND (since IS NULL OR s.started_at >= since)
                  ORDER BY s.started_at DESC, s.finished_at DESC, s.id DESC LIMIT max_rows)
                UNION ALL
                SELECT * FROM eryxon.uploads_without_run(arguments ->> 'entity') u
                 WHERE arguments ->> 'source' IS NULL AND (since IS NULL OR u.started_at >= since)
                ORDER BY started_at DESC, finished_at DESC, id DESC LIMIT max_rows) AS r));
END
$$;
COMMENT ON FUNCTION eryxon.answer_runs IS
'The tenant''s runs, newest first, or one of them.';

CREATE FUNCTION eryxon.delivery_counts() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('open', count(*) FILTER (WHERE d.status = 'pending'), 'dead', count(*) FILTER (WHERE d.status = 'dead'))
      FROM eryxon.delivery d JOIN eryxon.webhook w ON w.id = d.webhook_id
     WHERE w.tenant_id = (SELECT @extschema@.eryxon_tenant_id())
$$;
COMMENT ON FUNCTION eryxon.delivery_counts IS
'How many deliveries of the tenant''s webhooks wait or were given up.';

CREATE FUNCTION eryxon.day_statistics(since timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.day, s.entity, s.source), '[]')
      FROM (SELECT r.started_at::date AS day, r.entity, r.source, count(*) AS runs, sum(r.created) AS created, sum(r.updated) AS updated,
                   sum(r.restored) AS restored, sum(r.skipped) AS skipped, sum(r.deleted) AS deleted, sum(r.errors) AS errors
              FROM eryxon.sync_run r
             WHERE r.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND r.started_at >= since AND r.operation <> 'diff'
             GROUP BY 1, 2, 3) AS s
$$;
COMMENT ON FUNCTION eryxon.day_statistics IS
'Counts of the tenant''s runs by day, entity and source, without those that wrote nothing.';

CREATE FUNCTION eryxon.top_errors(since timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.count DESC, t.code, t.entity, t.source), '[]')
      FROM (SELECT e ->> 'code' AS code, r.entity, r.source, count(*) AS count, min(e ->> 'message') AS example
              FROM eryxon.sync_run r CROSS JOIN LATERAL jsonb_array_elements(r.error_details) e
             WHERE r.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND r.started_at >= since AND r.operation <> 'diff'
             GROUP BY 1, 2, 3 ORDER BY count(*) DESC LIMIT 100) AS t
$$;
COMMENT ON FUNCTION eryxon.top_errors IS
'The most frequent errors of the tenant''s runs, of those that the history tells in detail.';

CREATE FUNCTION eryxon.last_successes() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.entity, s.source), '[]')
      FROM (SELECT r.entity, r.source, max(r.finished_at) AS finished_at FROM eryxon.sync_run r
             WHERE r.tenant_id = (SELECT @extschema@.eryxon_tenant_id()) AND r.status = 'completed' AND r.operation <> 'diff'
             GROUP BY r.entity, r.source) AS s
$$;
COMMENT ON FUNCTION eryxon.last_successes IS
'When each entity and source had a run without errors last.';

CREATE FUNCTION eryxon.answer_statistics(days integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz := date_trunc('day', now()) - make_interval(days => days - 1);
BEGIN
    IF days NOT BETWEEN 1 AND 366 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'days', 'the number of days must be from 1 to 366');
    END IF;
    RETURN jsonb_build_object('days', eryxon.day_statistics(since), 'top_errors', eryxon.top_errors(since),
                              'last_success', eryxon.last_successes(), 'deliveries', eryxon.delivery_counts());
END
$$;
COMMENT ON FUNCTION eryxon.answer_statistics IS
'What the interfaces did in the last days, today included.';

CREATE FUNCTION eryxon.check_body(body jsonb, known text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(jsonb_typeof(body), 'null') <> 'object' THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', '', 'the body must be a JSON object');
    END IF;
    PERFORM eryxon.check_options(body, known);
END
$$;
COMMENT ON FUNCTION eryxon.check_body IS
'Demands an object with no other members than the known ones.';

CREATE FUNCTION eryxon.answer_mapping(body jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    saved uuid;
BEGIN
    PERFORM eryxon.check_body(body, '{entity,source,mapping,options}');
    saved := @extschema@.eryxon_csv_mapping_save(body ->> 'entity', body ->> 'source', body -> 'mapping',
                                                 coalesce(nullif(body -> 'options', 'null'), '{}'));
    RETURN (SELECT to_jsonb(m) FROM @extschema@.eryxon_csv_mapping_list(body ->> 'entity') m WHERE m.id = saved);
END
$$;
COMMENT ON FUNCTION eryxon.answer_mapping IS
'Keeps the mapping that a body describes.';

CREATE FUNCTION eryxon.key_id(key text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.id FROM eryxon.api_key k WHERE k.prefix = left(key, 12) AND k.hash = sha256(convert_to(key, 'UTF8'))
$$;
COMMENT ON FUNCTION eryxon.key_id IS
'The id of an API key, for who has the key.';

CREATE FUNCTION eryxon.answer_key(body jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key text;
BEGIN
    PERFORM eryxon.check_body(body, '{name,live,role,expires_at}');
    PERFORM eryxon.check_option_type(body, 'live', 'boolean');
    key := @extschema@.eryxon_api_key_create(@extschema@.eryxon_tenant_id(), body ->> 'name', (body ->> 'live')::boolean,
                                             (body ->> 'role')::name, (body ->> 'expires_at')::timestamptz);
    RETURN (SELECT to_jsonb(k) || jsonb_build_object('key', key) FROM @extschema@.eryxon_api_keys() k WHERE k.id = eryxon.key_id(key));
END
$$;
COMMENT ON FUNCTION eryxon.answer_key IS
'Makes the API key that a body describes. The answer has the key, once.';
-- The admin pages over HTTP: the functions of schema eryxon_api. Files are bytea, and what they answer as a file is text within JSON.

CREATE FUNCTION eryxon.demand_id(arguments jsonb, what text) RETURNS uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF arguments ->> 'id' IS NULL THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', 'id', format('which %s is meant must be said by its id', what));
    END IF;
    RETURN (arguments ->> 'id')::uuid;
END
$$;
COMMENT ON FUNCTION eryxon.demand_id IS
'The argument id, which must be there.';

CREATE FUNCTION eryxon.answer_csv(action text, arguments jsonb, file bytea) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entity  text := arguments ->> 'entity';
    options jsonb := coalesce(nullif(arguments -> 'options', 'null'), '{}');
    run     uuid := (arguments ->> 'run')::uuid;
BEGIN
    CASE action
    WHEN 'inspect' THEN RETURN eryxon.answer_inspect(entity, file, options);
    WHEN 'import' THEN RETURN @extschema@.eryxon_import_csv_bytes(entity, file, options) || '{"cancelled": false}';
    WHEN 'begin' THEN RETURN eryxon.begin_upload(entity, file, options, run);
    WHEN 'step' THEN RETURN eryxon.answer_step(run);
    WHEN 'end' THEN
        PERFORM eryxon.fail_upload(run, coalesce(arguments ->> 'reason', 'the import was given up'));
        RETURN jsonb_build_object('run', eryxon.run_status(run));
    WHEN 'template' THEN
        RETURN jsonb_build_object('filename', entity || '-template.csv', 'csv', @extschema@.eryxon_csv_template(entity));
    WHEN 'rejected' THEN RETURN eryxon.answer_rejected(entity, run);
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.answer_csv IS
'What http_csv() answers, with the caller''s rights.';

CREATE FUNCTION eryxon.http_csv(action text, arguments json, file bytea DEFAULT NULL) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_csv';
COMMENT ON FUNCTION eryxon.http_csv IS
'What is done with CSV files (inspect, import, begin, step, end, template, rejected) as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon.answer_admin(action text, arguments jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE action
    WHEN 'session' THEN RETURN eryxon.answer_session();
    WHEN 'runs' THEN RETURN eryxon.answer_runs(arguments);
    WHEN 'cancel' THEN RETURN eryxon.cancel_upload(eryxon.demand_id(arguments, 'run'));
    WHEN 'statistics' THEN RETURN eryxon.answer_statistics(coalesce((arguments ->> 'days')::integer, 30));
    WHEN 'mappings' THEN
        RETURN jsonb_build_object('mappings', (
            SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]') FROM @extschema@.eryxon_csv_mapping_list(arguments ->> 'entity') m
             WHERE arguments ->> 'source' IS NULL OR m.source = arguments ->> 'source'));
    WHEN 'mapping_save' THEN RETURN eryxon.answer_mapping(arguments);
    WHEN 'mapping_delete' THEN
        PERFORM @extschema@.eryxon_csv_mapping_delete(eryxon.demand_id(arguments, 'mapping'));
        RETURN jsonb_build_object('action', 'deleted', 'id', arguments -> 'id');
    WHEN 'keys' THEN
        RETURN jsonb_build_object('keys', (SELECT coalesce(jsonb_agg(to_jsonb(k)), '[]') FROM @extschema@.eryxon_api_keys() k));
    WHEN 'key_create' THEN RETURN eryxon.answer_key(arguments);
    WHEN 'key_revoke' THEN
        PERFORM @extschema@.eryxon_api_key_revoke(eryxon.demand_id(arguments, 'API key'));
        RETURN jsonb_build_object('action', 'revoked', 'id', arguments -> 'id');
    WHEN 'webhook_rotate' THEN RETURN @extschema@.eryxon_webhook_rotate_secret(eryxon.demand_id(arguments, 'webhook'));
    WHEN 'webhook_test' THEN RETURN @extschema@.eryxon_webhook_test(eryxon.demand_id(arguments, 'webhook'));
    WHEN 'replay' THEN RETURN @extschema@.eryxon_webhook_replay(eryxon.demand_id(arguments, 'delivery'));
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.answer_admin IS
'What http_admin() answers, with the caller''s rights.';

CREATE FUNCTION eryxon.http_admin(action text, arguments json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_admin';
COMMENT ON FUNCTION eryxon.http_admin IS
'What the admin pages ask for beside files, as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon_api."api-admin-session"() RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('session', '{}');
COMMENT ON FUNCTION eryxon_api."api-admin-session" IS
'Tells who is signed in: tenant, user, role, whether it may administer keys and webhooks.
With the entities and their fields, and the sources that are known.';

CREATE FUNCTION eryxon_api."api-csv-inspect"(entity text DEFAULT NULL, file bytea DEFAULT NULL, options json DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_csv('inspect', pg_catalog.json_build_object('entity', entity, 'options', options), file);
COMMENT ON FUNCTION eryxon_api."api-csv-inspect" IS
'Tells what a CSV file looks like.
The answer proposes a field for each column, and has the mapping that is kept for the file''s source.';

CREATE FUNCTION eryxon_api."api-csv-import"(entity text DEFAULT NULL, file bytea DEFAULT NULL, options json DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_csv('import', pg_catalog.json_build_object('entity', entity, 'options', options), file);
COMMENT ON FUNCTION eryxon_api."api-csv-import" IS
'Imports a CSV file in one transaction.
With dry_run among the options it tells what would happen.';

CREATE FUNCTION eryxon_api."api-csv-import-begin"(entity text DEFAULT NULL, file bytea DEFAULT NULL, options json DEFAULT NULL,
                                                  run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE
    RETURN eryxon.http_csv('begin', pg_catalog.json_build_object('entity', entity, 'options', options, 'run', run), file);
COMMENT ON FUNCTION eryxon_api."api-csv-import-begin" IS
'Takes a CSV file to be imported in parts.
The answer has the run''s id, which may be the caller''s choice.';

CREATE FUNCTION eryxon_api."api-csv-import-step"(run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_csv('step', pg_catalog.json_build_object('run', run));
COMMENT ON FUNCTION eryxon_api."api-csv-import-step" IS
'Imports the next part of a file.
{"more": false} and the run where there is no other, or the import was cancelled.';

CREATE FUNCTION eryxon_api."api-csv-import-end"(run uuid DEFAULT NULL, reason text DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_csv('end', pg_catalog.json_build_object('run', run, 'reason', reason));
COMMENT ON FUNCTION eryxon_api."api-csv-import-end" IS
'Gives up an import that cannot go on.
What was imported stays; the answer has the run.';

CREATE FUNCTION eryxon_api."api-csv-template"(entity text DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_csv('template', pg_catalog.json_build_object('entity', entity));
COMMENT ON FUNCTION eryxon_api."api-csv-template" IS
'Answers the header of a CSV file for an entity.
As {"filename", "csv"}.';

CREATE FUNCTION eryxon_api."api-csv-rejected"(entity text DEFAULT NULL, run uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_csv('rejected', pg_catalog.json_build_object('entity', entity, 'run', run));
COMMENT ON FUNCTION eryxon_api."api-csv-rejected" IS
'Answers the lines that failed in a run as a CSV file.
As {"filename", "csv"}.';

CREATE FUNCTION eryxon_api."api-erp-sync-runs"(id uuid DEFAULT NULL, entity_type text DEFAULT NULL, source text DEFAULT NULL,
                                               since timestamptz DEFAULT NULL, max_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_admin('runs', pg_catalog.json_build_object('id', id, 'entity', entity_type, 'source', source, 'since', since,
                                                                  'max_rows', max_rows));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-runs" IS
'Lists runs of the tenant, newest first.
With id one of them, and how far it is.';

CREATE FUNCTION eryxon_api."api-erp-sync-runs-cancel"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('cancel', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-runs-cancel" IS
'Has an import stop before its next part.
What was imported stays.';

CREATE FUNCTION eryxon_api."api-erp-sync-statistics"(days integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('statistics', pg_catalog.json_build_object('days', days));
COMMENT ON FUNCTION eryxon_api."api-erp-sync-statistics" IS
'Counts of the last days (30) by day, entity and source.
With the most frequent errors, the last successes, and deliveries that wait or were given up.';

CREATE FUNCTION eryxon_api."api-csv-mappings-list"(entity text DEFAULT NULL, source text DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('mappings', pg_catalog.json_build_object('entity', entity, 'source', source));
COMMENT ON FUNCTION eryxon_api."api-csv-mappings-list" IS
'Lists the tenant''s mappings of CSV files.';

CREATE FUNCTION eryxon_api."api-csv-mappings-save"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('mapping_save', $1);
COMMENT ON FUNCTION eryxon_api."api-csv-mappings-save" IS
'Keeps a mapping in place of the one of its entity and source.
The body has entity, source, mapping and options.';

CREATE FUNCTION eryxon_api."api-csv-mappings-delete"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('mapping_delete', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-csv-mappings-delete" IS
'Forgets a mapping.';

CREATE FUNCTION eryxon_api."api-keys-list"() RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_admin('keys', '{}');
COMMENT ON FUNCTION eryxon_api."api-keys-list" IS
'Lists the API keys of the tenant, without the keys themselves.';

CREATE FUNCTION eryxon_api."api-keys-create"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('key_create', $1);
COMMENT ON FUNCTION eryxon_api."api-keys-create" IS
'Makes an API key.
The body has name, and may have live, role and expires_at. The answer has the key, once.';

CREATE FUNCTION eryxon_api."api-keys-delete"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('key_revoke', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-keys-delete" IS
'Revokes an API key.
It stays in the list.';

CREATE FUNCTION eryxon_api."api-webhooks-rotate"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('webhook_rotate', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-rotate" IS
'Gives a webhook a new secret, answered once.
Messages are signed with the old one too for a day.';

CREATE FUNCTION eryxon_api."api-webhooks-test"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('webhook_test', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-test" IS
'Sends a webhook a message of type webhook.test.';

CREATE FUNCTION eryxon_api."api-webhook-logs-replay"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_admin('replay', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhook-logs-replay" IS
'Sends a delivery again.';

CREATE FUNCTION @extschema@.eryxon_grant_admin(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f         regprocedure;
    api_role  name := eryxon.api_role();
BEGIN
    PERFORM eryxon.check_role(role);
    PERFORM @extschema@.eryxon_grant_api(role);
    FOR f IN SELECT * FROM eryxon.admin_functions() LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = api_role) AND NOT pg_has_role(role, api_role, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO %I', api_role, role);
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_admin(name) IS
'Lets a role administer its tenant: what eryxon_grant_api() and eryxon_grant_webhooks() grant, and API keys.
It becomes member of the role of new keys (setting eryxon.api_role), for nobody gives keys a role that is not his own.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_admin(name) FROM PUBLIC;
-- Webhooks over HTTP: the functions of schema eryxon_api. Whether a role may is decided by its rights on the public functions behind them.

CREATE FUNCTION eryxon.answer_webhook_list(wanted uuid) RETURNS json
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    webhooks json;
BEGIN
    SELECT coalesce(json_agg(w ORDER BY w.created_at, w.id), '[]') INTO webhooks
      FROM @extschema@.eryxon_webhooks() w WHERE wanted IS NULL OR w.id = wanted;
    IF wanted IS NULL THEN
        RETURN json_build_object('webhooks', webhooks);
    ELSIF json_array_length(webhooks) = 0 THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id', format('webhook %s does not exist', wanted));
    END IF;
    RETURN json_build_object('webhook', webhooks -> 0);
END
$$;
COMMENT ON FUNCTION eryxon.answer_webhook_list IS
'The webhooks, or one of them.';

CREATE FUNCTION eryxon.check_webhook_body(body jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(jsonb_typeof(body), 'null') <> 'object' THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', '', 'the body must be a JSON object',
                            'Send {"url":"https://...","events":["job.*"]}.');
    END IF;
    PERFORM eryxon.check_webhook_options(body, '{url,events,description,enabled,retry_seconds,max_in_flight}');
END
$$;
COMMENT ON FUNCTION eryxon.check_webhook_body IS
'Demands the members of a webhook.';

CREATE FUNCTION eryxon.answer_webhook(action text, arguments jsonb) RETURNS json
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id uuid := CASE WHEN action <> 'create' THEN (arguments ->> 'id')::uuid END;
BEGIN
    IF id IS NULL AND action IN ('update', 'delete') THEN
        PERFORM eryxon.fail('INVALID_PAYLOAD', '22023', 'id', 'which webhook is meant must be said by its id');
    END IF;
    CASE action
    WHEN 'list' THEN
        RETURN eryxon.answer_webhook_list(id);
    WHEN 'create' THEN
        PERFORM eryxon.check_webhook_body(arguments);
        RETURN @extschema@.eryxon_webhook_create(arguments ->> 'url', eryxon.json_texts(arguments -> 'events'), arguments - '{url,events}'::text[]);
    WHEN 'update' THEN
        PERFORM eryxon.check_webhook_body(arguments -> 'changes');
        RETURN json_build_object('webhook', @extschema@.eryxon_webhook_update(id, arguments -> 'changes'));
    WHEN 'delete' THEN
        PERFORM @extschema@.eryxon_webhook_delete(id);
        RETURN json_build_object('action', 'deleted', 'id', id);
    WHEN 'logs' THEN
        RETURN @extschema@.eryxon_webhook_logs((arguments ->> 'webhook_id')::uuid, arguments ->> 'status',
            coalesce((arguments ->> 'max_rows')::integer, 100), coalesce((arguments ->> 'skip_rows')::integer, 0));
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.answer_webhook IS
'What http_webhook() answers, with the caller''s rights.';

CREATE FUNCTION eryxon.http_webhook(action text, arguments json) RETURNS json
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'http_webhook';
COMMENT ON FUNCTION eryxon.http_webhook IS
'What is done with webhooks (list, create, update, delete, logs) as an HTTP answer; sets response.status.';

CREATE FUNCTION eryxon_api."api-webhooks-list"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE RETURN eryxon.http_webhook('list', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-list" IS
'Lists the webhooks of the tenant, without secrets.
With id one of them.';

CREATE FUNCTION eryxon_api."api-webhooks-create"(json) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_webhook('create', $1);
COMMENT ON FUNCTION eryxon_api."api-webhooks-create" IS
'Makes a webhook.
The body has url and events, and may have description, enabled, retry_seconds and max_in_flight. The answer has the secret, once.';

CREATE FUNCTION eryxon_api."api-webhooks-update"(id uuid DEFAULT NULL, changes json DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_webhook('update', pg_catalog.json_build_object('id', id, 'changes', changes));
COMMENT ON FUNCTION eryxon_api."api-webhooks-update" IS
'Changes the members of a webhook that changes names.
Answers the webhook, without its secret.';

CREATE FUNCTION eryxon_api."api-webhooks-delete"(id uuid DEFAULT NULL) RETURNS json
    LANGUAGE sql VOLATILE RETURN eryxon.http_webhook('delete', pg_catalog.json_build_object('id', id));
COMMENT ON FUNCTION eryxon_api."api-webhooks-delete" IS
'Deletes a webhook with its deliveries.';

CREATE FUNCTION eryxon_api."api-webhook-logs-list"(webhook_id uuid DEFAULT NULL, status text DEFAULT NULL, max_rows integer DEFAULT NULL,
                                                   skip_rows integer DEFAULT NULL) RETURNS json
    LANGUAGE sql STABLE
    RETURN eryxon.http_webhook('logs', pg_catalog.json_build_object('webhook_id', webhook_id, 'status', status,
                                                                    'max_rows', max_rows, 'skip_rows', skip_rows));
COMMENT ON FUNCTION eryxon_api."api-webhook-logs-list" IS
'Lists deliveries with their attempts, newest first.
Of one webhook or all of the tenant; status is pending, delivered or dead.';

CREATE FUNCTION @extschema@.eryxon_grant_webhooks(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f regprocedure;
BEGIN
    PERFORM eryxon.check_role(role);
    FOR f IN
        SELECT p.oid FROM pg_proc p
         WHERE p.pronamespace = (SELECT x.extnamespace FROM pg_extension x WHERE x.extname = 'eryxon_sync')
           AND p.proname IN ('eryxon_webhooks', 'eryxon_webhook_create', 'eryxon_webhook_update', 'eryxon_webhook_rotate_secret',
                             'eryxon_webhook_delete', 'eryxon_webhook_test', 'eryxon_webhook_replay', 'eryxon_webhook_logs')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_grant_webhooks(name) IS
'Lets a role administer the webhooks of its tenant, in SQL and over HTTP.
Not part of eryxon_grant_api(): who writes records need not see where events go. Webhooks get the events of all attached tables, also of those
that the role may not read.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_grant_webhooks(name) FROM PUBLIC;
-- Tells PostgREST that there are new functions.

NOTIFY pgrst, 'reload schema';
