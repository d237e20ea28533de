-- The oracle's state: the contract's field rules as rows, what was deleted with what, and its history.

CREATE TABLE oracle.rule (
    entity text, field text, col text, aliases text[] DEFAULT '{}', dflt jsonb, next boolean DEFAULT false,
    required boolean DEFAULT false, enum text[], value_aliases jsonb DEFAULT '{}', min numeric,
    min_length int, max_length int, pattern text, forward boolean DEFAULT false,
    ref text, by_name boolean DEFAULT false, parent boolean DEFAULT false, children text,
    PRIMARY KEY (entity, field));

INSERT INTO oracle.rule (entity, field, col, required, min_length, max_length) VALUES
    ('jobs', 'job_number', 'job_number', true, 1, 255), ('parts', 'part_number', 'part_number', true, 1, 255),
    ('operations', 'operation_name', 'operation_name', true, 1, 255), ('cells', 'name', 'name', true, 1, NULL),
    ('resources', 'name', 'name', true, 1, NULL);
INSERT INTO oracle.rule (entity, field, col, aliases, max_length) VALUES
    ('jobs', 'customer', 'customer', '{customer_name}', 255), ('jobs', 'notes', 'notes', '{description}', NULL),
    ('parts', 'notes', 'notes', '{description}', NULL), ('operations', 'notes', 'notes', '{instructions,description}',
        NULL),
    ('parts', 'cnc_program_name', 'cnc_program_name', '{}', 255);
INSERT INTO oracle.rule (entity, field, col)
    SELECT e, f, f FROM (VALUES ('jobs', 'due_date'), ('jobs', 'metadata'), ('parts', 'metadata'),
        ('operations', 'metadata'),
        ('resources', 'metadata'), ('parts', 'drawing_no'), ('parts', 'file_paths'), ('parts', 'material_lot'),
        ('parts', 'material_supplier'), ('parts', 'material_cert_number'), ('parts', 'is_bullet_card'),
        ('operations', 'assigned_operator_id'), ('cells', 'description'), ('resources', 'description'),
        ('resources', 'identifier'), ('resources', 'location'), ('resources', 'notes'), ('parts', 'unit'),
        ('jobs', 'planned_start'), ('jobs', 'planned_end'), ('parts', 'planned_start'), ('parts', 'planned_end'),
        ('operations', 'planned_start'), ('operations', 'planned_end')) AS v(e, f);
INSERT INTO oracle.rule (entity, field, col, aliases, dflt, min) VALUES
    ('jobs', 'priority', 'priority', '{}', '0', 0), ('parts', 'quantity', 'quantity', '{}', '1', 1),
    ('operations', 'estimated_time', 'estimated_time', '{estimated_time_minutes}', '0', 0),
    ('operations', 'setup_time', 'setup_time', '{setup_time_minutes}', NULL, 0),
    ('operations', 'run_time_per_unit', 'run_time_per_unit', '{}', NULL, 0),
    ('operations', 'wait_time', 'wait_time', '{}', NULL, 0),
    ('cells', 'capacity_hours_per_day', 'capacity_hours_per_day', '{}', NULL, 0),
    ('cells', 'wip_limit', 'wip_limit', '{}', NULL, 0);
INSERT INTO oracle.rule (entity, field, col, dflt) VALUES
    ('parts', 'material', 'material', '"Unknown"'), ('cells', 'active', 'active', 'true'),
        ('resources', 'active', 'active', 'true');
INSERT INTO oracle.rule (entity, field, col, dflt, pattern)
    VALUES ('cells', 'color', 'color', '"#3B82F6"', '^#[0-9A-Fa-f]{6}$');
INSERT INTO oracle.rule (entity, field, col, next, min) VALUES
    ('operations', 'sequence', 'sequence', true, 1), ('cells', 'sequence', 'sequence', true, NULL);
INSERT INTO oracle.rule (entity, field, col, dflt, enum, value_aliases, forward) VALUES
    ('jobs', 'status', 'status', '"not_started"', '{not_started,in_progress,on_hold,completed}', '{}', true),
    ('parts', 'status', 'status', '"not_started"', '{not_started,in_progress,on_hold,completed}', '{}', true),
    ('operations', 'status', 'status', '"not_started"', '{not_started,in_progress,on_hold,completed}',
        '{"paused":"on_hold"}', true),
    ('resources', 'status', 'status', '"available"', '{available,in_use,maintenance,retired}', '{}', false);
INSERT INTO oracle.rule (entity, field, col, required, enum) VALUES
    ('resources', 'type', 'type', true, '{tooling,fixture,mold,material,equipment,machine,other}');
INSERT INTO oracle.rule (entity, field, col, required, ref, by_name, parent, children) VALUES
    ('parts', 'job', 'job_id', true, 'jobs', false, true, 'parts'),
    ('parts', 'parent_part', 'parent_part_id', false, 'parts', false, true, NULL),
    ('operations', 'part', 'part_id', true, 'parts', false, true, 'operations'),
    ('operations', 'cell', 'cell_id', true, 'cells', true, false, NULL);

CREATE TABLE oracle.entity (entity text PRIMARY KEY, ordinal int, natural_key text[]);
INSERT INTO oracle.entity VALUES ('cells', 1, '{name}'), ('resources', 2, '{name}'), ('jobs', 3, '{job_number}'),
    ('parts', 4, '{job,part_number}'), ('operations', 5, NULL);

-- One row per row that went with a root, the root included.
CREATE TABLE oracle.gone (root uuid, row_entity text, row_id uuid);
CREATE TYPE oracle.row_name AS (row_entity text, row_id uuid);
-- The rows that came back with a record of the unit at hand and are still to be met as its children.
CREATE TABLE oracle.came_back (row_id uuid);
-- The history the calls should leave.
CREATE TABLE oracle.run (entity text, operation text, source text, status text, total int, created int, updated int,
    restored int, skipped int, deleted int, errors int, client_ref text, error_details jsonb);

-- What records of the call at hand say a key stands under: the first place in each form.
CREATE TABLE oracle.place (entity text, src text, ext text, form text, place jsonb);

-- The sources of the records of the call at hand.
CREATE TABLE oracle.source_of (entity text, source text);

-- A column of the oracle's copy of an entity's table, as the catalog has it now.
CREATE TYPE oracle.col AS (name text, type text, base text, not_null boolean, typmod int);

-- The columns of the oracle's tables; those that are generated are left out.
CREATE TABLE oracle.column_now (entity text, name text, col oracle.col, PRIMARY KEY (entity, name));

-- Reads the catalog anew, after tables have changed.
CREATE FUNCTION oracle.read_columns() RETURNS void LANGUAGE sql AS $$
    DELETE FROM oracle.column_now;
    INSERT INTO oracle.column_now
    SELECT e.entity, attname, (attname::text, format_type(atttypid, atttypmod), format_type(atttypid, NULL), attnotnull,
        atttypmod)::oracle.col
    FROM oracle.entity e, pg_attribute
    WHERE attrelid = ('oracle_t.' || e.entity)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- A column of an entity's table; null if the table lacks it.
CREATE FUNCTION oracle.column_of(p_entity text, p_name text) RETURNS oracle.col LANGUAGE sql STABLE AS $$
    SELECT col FROM oracle.column_now WHERE entity = p_entity AND name = p_name
$$;

-- The tenant all calls act for.
CREATE FUNCTION oracle.tenant() RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT '11111111-1111-4111-8111-111111111111'::uuid $$;

-- Makes the oracle's copies of the product's tables: same columns, checks, indexes and foreign keys, no triggers.
CREATE FUNCTION oracle.copy_tables(p_from text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    DROP SCHEMA IF EXISTS oracle_t CASCADE;
    CREATE SCHEMA oracle_t;
    FOR r IN SELECT entity FROM oracle.entity ORDER BY ordinal LOOP
        EXECUTE format('CREATE TABLE oracle_t.%I (LIKE %I.%I INCLUDING ALL)', r.entity, p_from, r.entity);
    END LOOP;
    FOR r IN SELECT e.entity, c.conname, pg_get_constraintdef(c.oid) AS def
             FROM oracle.entity e JOIN pg_constraint c ON c.conrelid = format('%I.%I', p_from, e.entity)::regclass
             WHERE c.contype = 'f' ORDER BY e.ordinal, c.conname LOOP
        EXECUTE format('ALTER TABLE oracle_t.%I ADD CONSTRAINT %I %s', r.entity, r.conname,
                       replace(r.def, 'REFERENCES ' || quote_ident(p_from) || '.', 'REFERENCES oracle_t.'));
    END LOOP;
END $$;
