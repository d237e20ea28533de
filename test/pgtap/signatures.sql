-- The public functions: names, arguments with defaults, results, volatility, and who may execute them.
SET client_min_messages = warning;
CREATE ROLE pgtap_nobody;

CREATE TEMP TABLE wanted (name text, arguments text, result text, volatility "char", everybody boolean);
INSERT INTO wanted VALUES
    ('eryxon_create_tables', 'schema_name name DEFAULT ''public''::name', 'void', 'v', false),
    ('eryxon_attach', 'entity text, table_name regclass, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', false),
    ('eryxon_detach', 'entity text', 'void', 'v', false),
    ('eryxon_map_field', 'entity text, field text, rule jsonb', 'void', 'v', false),
    ('eryxon_unmap_field', 'entity text, field text', 'void', 'v', false),
    ('eryxon_describe', 'entity text', 'jsonb', 's', true),
    ('eryxon_upsert', 'entity text, payload jsonb, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_bulk_upsert', 'entity text, payload jsonb, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_bulk_upsert_json', 'entity text, payload json, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_sync', 'payload jsonb, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_diff', 'payload jsonb, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_sync_hash', 'payload jsonb', 'text', 'i', true),
    ('eryxon_record_hash', 'entity text, payload jsonb', 'text', 's', true),
    ('eryxon_tenant_id', '', 'uuid', 's', true),
    ('eryxon_user_id', '', 'uuid', 's', true),
    ('eryxon_delete', 'entity text, id uuid, hard boolean DEFAULT false', 'jsonb', 'v', true),
    ('eryxon_delete_external', 'entity text, external_source text, external_id text, hard boolean DEFAULT false',
        'jsonb', 'v', true),
    ('eryxon_restore', 'entity text, id uuid', 'jsonb', 'v', true),
    ('eryxon_status', 'options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 's', true),
    ('eryxon_api_key_create', 'tenant_id uuid, name text, live boolean DEFAULT true, role name DEFAULT NULL::name, '
        'expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone', 'text', 'v', false),
    ('eryxon_api_keys', '', 'TABLE(id uuid, name text, prefix text, role name, created_at timestamp with time zone, '
        'expires_at timestamp with time zone, last_used_at timestamp with time zone, revoked_at timestamp with time '
        'zone)', 's', false),
    ('eryxon_api_key_revoke', 'id uuid', 'void', 'v', false),
    ('eryxon_grant_api', 'role name', 'void', 'v', false),
    ('eryxon_import_csv', 'entity text, csv text, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_import_csv_bytes', 'entity text, csv bytea, options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', true),
    ('eryxon_csv_inspect', 'csv text, options jsonb', 'jsonb', 's', true),
    ('eryxon_csv_inspect', 'csv bytea, options jsonb', 'jsonb', 's', true),
    ('eryxon_csv_template', 'entity text, delimiter text DEFAULT '',''::text', 'text', 's', true),
    ('eryxon_csv_rejected', 'run uuid, delimiter text DEFAULT NULL::text', 'text', 's', true),
    ('eryxon_csv_mapping_save', 'entity text, source text, mapping jsonb, options jsonb DEFAULT ''{}''::jsonb', 'uuid',
        'v', true),
    ('eryxon_csv_mapping_list', 'entity text DEFAULT NULL::text', NULL, 's', true),
    ('eryxon_csv_mapping_delete', 'id uuid', 'void', 'v', true),
    ('eryxon_webhook_create', 'url text, events text[], options jsonb DEFAULT ''{}''::jsonb', 'jsonb', 'v', false),
    ('eryxon_webhook_update', 'id uuid, changes jsonb', 'jsonb', 'v', false),
    ('eryxon_webhook_rotate_secret', 'id uuid, keep_old interval DEFAULT ''24:00:00''::interval', 'jsonb', 'v', false),
    ('eryxon_webhook_delete', 'id uuid', 'void', 'v', false),
    ('eryxon_webhook_test', 'id uuid', 'jsonb', 'v', false),
    ('eryxon_webhook_replay', 'delivery uuid', 'jsonb', 'v', false),
    ('eryxon_webhook_replay', 'webhook uuid, from_time timestamp with time zone, '
                              'to_time timestamp with time zone DEFAULT now()', 'jsonb', 'v', false),
    ('eryxon_webhooks', '', NULL, 's', false),
    ('eryxon_webhook_logs', 'webhook_id uuid DEFAULT NULL::uuid, status text DEFAULT NULL::text, '
                            'max_rows integer DEFAULT 100, '
        'skip_rows integer DEFAULT 0', 'jsonb', 's', false),
    ('eryxon_grant_webhooks', 'role name', 'void', 'v', false),
    ('eryxon_grant_relay', 'role name', 'void', 'v', false),
    ('eryxon_prune_events', 'keep interval', 'bigint', 'v', false),
    ('eryxon_forget_tenant', 'tenant_id uuid', 'jsonb', 'v', false),
    ('eryxon_prune_runs', 'keep interval', NULL, 'v', false);

SELECT plan((SELECT count(*)::int * 4 + count(DISTINCT name)::int + 7 FROM wanted));

CREATE TEMP VIEW found AS
    SELECT p.oid, p.proname AS name, pg_get_function_arguments(p.oid) AS arguments,
        pg_get_function_result(p.oid) AS result,
           p.provolatile AS volatility, has_function_privilege('pgtap_nobody', p.oid, 'EXECUTE') AS everybody,
           p.proisstrict, p.proparallel, p.pronamespace::regnamespace AS schema
    FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'eryxon_sync';

SELECT is((SELECT count(*)::int FROM found f WHERE f.name = w.name), count(*)::int, w.name || ': how many there are')
    FROM wanted w GROUP BY w.name ORDER BY w.name;
SELECT is((SELECT count(*)::int FROM found f WHERE f.name = w.name AND f.arguments = w.arguments), 1,
    w.name || ': arguments') FROM wanted w;
CREATE TEMP VIEW pair AS
    SELECT w.name, w.result AS wanted_result, w.volatility AS wanted_volatility, w.everybody AS wanted_everybody,
        f.result, f.volatility, f.everybody
    FROM wanted w LEFT JOIN found f USING (name, arguments);
SELECT is(result, coalesce(wanted_result, result), name || ': result') FROM pair;
SELECT is(volatility, wanted_volatility, name || ': volatility') FROM pair;
SELECT is(everybody, wanted_everybody,
          name || CASE WHEN wanted_everybody THEN ': PUBLIC may execute it' ELSE ': PUBLIC may not execute it' END)
              FROM pair;

SELECT ok((SELECT proisstrict AND proparallel = 's' FROM found WHERE name = 'eryxon_sync_hash'),
          'eryxon_sync_hash is STRICT and PARALLEL SAFE');
SELECT is((SELECT string_agg(DISTINCT schema::text, ',') FROM found f JOIN wanted w USING (name)), 'public',
          'functions are in the schema of CREATE EXTENSION');
SELECT ok(NOT has_schema_privilege('pgtap_nobody', 'eryxon', 'CREATE'), 'nobody makes objects in schema eryxon');
SELECT is_empty($$
    SELECT c.oid::regclass, p.privilege FROM pg_class c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) p(privilege)
    WHERE c.relnamespace = 'eryxon'::regnamespace AND c.relkind IN ('r', 'v', 'p')
      AND has_table_privilege('pgtap_nobody', c.oid, p.privilege) $$, 'no ordinary role writes in schema eryxon');
SELECT ok(has_table_privilege('pgtap_nobody', 'eryxon.entity', 'SELECT'), 'the registry is readable by PUBLIC');
SELECT ok((SELECT relrowsecurity FROM pg_class WHERE oid = 'eryxon.sync_run'::regclass),
    'history is under row level security');
SELECT columns_are('eryxon', 'sync_run',
    '{id,tenant_id,entity,operation,source,status,total,created,updated,restored,skipped,deleted,
    errors,error_details,client_ref,created_by,started_at,finished_at,warnings}'::name[], 'columns of the history');

SELECT * FROM finish();
DROP OWNED BY pgtap_nobody;
DROP ROLE pgtap_nobody;
