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
    ordinal     integer NOT NULL,
    calls_only  boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE eryxon.entity IS 'Attached entities and their tables.';
COMMENT ON COLUMN eryxon.entity.calls_only IS 'Only calls delete softly: a plain DELETE is real.';

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
    finished_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    warnings      integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE eryxon.sync_run IS
'One row per call and entity touched. warnings is the number of records that have some.';
CREATE INDEX sync_run_latest ON eryxon.sync_run (tenant_id, entity, started_at);
CREATE INDEX sync_run_started ON eryxon.sync_run (tenant_id, started_at);
CREATE INDEX sync_run_finished ON eryxon.sync_run USING brin (finished_at);
ALTER TABLE eryxon.sync_run ENABLE ROW LEVEL SECURITY;

CREATE TABLE eryxon.soft_delete (
    entity     text NOT NULL,
    root       uuid NOT NULL,
    row_entity text NOT NULL,
    row_id     uuid NOT NULL,
    tenant_id  uuid NOT NULL,
    deleted_at timestamptz NOT NULL,
    PRIMARY KEY (row_id, row_entity, tenant_id)
);
COMMENT ON TABLE eryxon.soft_delete IS
'One row per row that went with a soft delete, the deleted root itself included. Its key is the row''s own, so that rows
of a tenant can be copied into another database and published.';
CREATE INDEX soft_delete_root ON eryxon.soft_delete (root);

GRANT SELECT ON eryxon.shipped_entity, eryxon.shipped_rule, eryxon.entity, eryxon.user_rule, eryxon.field,
                eryxon.sync_run TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('eryxon.entity', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.user_rule', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.sync_run', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.soft_delete', '');

CREATE FUNCTION eryxon.registry_changed() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_registry_changed';
COMMENT ON FUNCTION eryxon.registry_changed IS
'Tells every session that the registry is another one now.';
REVOKE EXECUTE ON FUNCTION eryxon.registry_changed() FROM PUBLIC;

CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON eryxon.entity
    FOR EACH STATEMENT EXECUTE FUNCTION eryxon.registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON eryxon.user_rule
    FOR EACH STATEMENT EXECUTE FUNCTION eryxon.registry_changed();

CREATE FUNCTION eryxon.fail(code text, state text, path text, message text, hint text DEFAULT NULL,
    params jsonb DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    details text := jsonb_build_array(jsonb_build_object('path', path, 'constraint', code, 'message', message)
        || CASE WHEN params IS NULL THEN '{}' ELSE jsonb_build_object('params', params) END);
BEGIN
    IF hint IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = details;
    END IF;
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = details, HINT = hint;
END
$$;
COMMENT ON FUNCTION eryxon.fail IS
'Raises an error of the product: SQLSTATE, message, the JSON array of details, hint. params: what a translation of the
message needs.';

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
