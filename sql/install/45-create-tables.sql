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
    SELECT 'created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), '
           'UNIQUE (tenant_id, id)'
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
            %5$s,
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
            quantity             numeric NOT NULL DEFAULT 1 CONSTRAINT parts_quantity_check CHECK (quantity >= 1),
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
            unit                 text,
            %5$s,
            %3$s,
            CONSTRAINT parts_job_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES %1$I.jobs (tenant_id, id)
                ON DELETE CASCADE,
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
            estimated_time       numeric NOT NULL DEFAULT 0 CONSTRAINT operations_estimated_time_check
                CHECK (estimated_time >= 0),
            setup_time           numeric CONSTRAINT operations_setup_time_check CHECK (setup_time >= 0),
            notes                text,
            %4$s,
            assigned_operator_id uuid,
            metadata             jsonb,
            run_time_per_unit    numeric CONSTRAINT operations_run_time_check CHECK (run_time_per_unit >= 0),
            wait_time            numeric CONSTRAINT operations_wait_time_check CHECK (wait_time >= 0),
            %5$s,
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
%1$I is the schema, %2$s and %3$s are the columns before and after, %4$s is the status column, %5$s are those of the
plan.';

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
            format('ALTER TABLE %s ADD UNIQUE (tenant_id, id), or make the missing tables yourself and attach them.',
                table_name));
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
                   eryxon.columns_before(), eryxon.columns_after(), eryxon.progress_column(entity),
                   'planned_start timestamptz, planned_end timestamptz');
    -- Room for new versions of rows in their pages, so that small changes touch no index: docs/performance.md.
    EXECUTE format('ALTER TABLE %I.%I SET (fillfactor = 90), ENABLE ROW LEVEL SECURITY', schema_name, entity);
    EXECUTE format('CREATE POLICY eryxon_tenant ON %I.%I USING %s WITH CHECK %s', schema_name, entity, tenant, tenant);
    PERFORM eryxon.ensure_trigger(format('%I.%I', schema_name, entity)::regclass, 'eryxon_updated_at', 'UPDATE',
        'eryxon.keep_updated_at()', true,
        'BEFORE %s ON %s FOR EACH ROW WHEN (old.updated_at IS NOT DISTINCT FROM new.updated_at)');
END
$$;
COMMENT ON FUNCTION eryxon.create_table IS
'Makes the table of an entity with its policy for the tenant and the trigger that keeps updated_at.';

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
