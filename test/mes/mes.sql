-- The database of a manufacturing system that was there first: its own tables, types, triggers and policies, nothing of
-- which was made for a sync. Needs roles mes_office (under row level security) and mes_service (BYPASSRLS).

CREATE TYPE job_status AS ENUM ('not_started', 'in_progress', 'completed', 'on_hold');
CREATE TYPE task_status AS ENUM ('not_started', 'in_progress', 'completed', 'on_hold');
CREATE TYPE resource_kind AS ENUM ('tooling', 'fixture', 'mold', 'machine', 'other');

CREATE TABLE tenants (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name         text NOT NULL,
    current_jobs integer NOT NULL DEFAULT 0,
    max_jobs     integer NOT NULL DEFAULT 1000
);

CREATE TABLE profiles (
    id        uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    role      text NOT NULL
);

CREATE TABLE cells (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name            text NOT NULL,
    color           varchar(7),
    sequence        integer NOT NULL,
    active          boolean NOT NULL,
    capacity_hours_per_day numeric(4,1),
    wip_limit       smallint,
    description     text,
    external_id     text,
    external_source text,
    synced_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_cells_external_sync ON cells (tenant_id, external_source, external_id)
    WHERE external_id IS NOT NULL;

CREATE TABLE resources (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name            text NOT NULL,
    type            resource_kind NOT NULL,
    description     text,
    identifier      text,
    location        text,
    status          text CHECK (status IN ('available', 'in_use', 'maintenance', 'retired')),
    active          boolean DEFAULT true,
    notes           text,
    metadata        jsonb DEFAULT '{}',
    external_id     text,
    external_source text,
    synced_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_resources_erp ON resources (external_source, external_id, tenant_id)
    WHERE external_id IS NOT NULL;

CREATE TABLE jobs (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    job_number      text NOT NULL,
    customer        text,
    due_date        date,
    notes           text,
    status          job_status NOT NULL,
    metadata        jsonb,
    created_by      uuid REFERENCES profiles,
    search_vector   tsvector GENERATED ALWAYS
        AS (to_tsvector('simple', job_number || ' ' || coalesce(customer, ''))) STORED,
    external_id     text,
    external_source text,
    synced_at       timestamptz,
    sync_hash       text,
    deleted_at      timestamptz,
    deleted_by      uuid REFERENCES profiles,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, job_number)
);
CREATE UNIQUE INDEX idx_jobs_external_sync ON jobs (tenant_id, external_source, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX ON jobs USING gin (search_vector);

CREATE TABLE parts (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    job_id          uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    parent_part_id  uuid REFERENCES parts ON DELETE CASCADE,
    part_number     text NOT NULL,
    material        text NOT NULL,
    quantity        integer NOT NULL,
    notes           text,
    status          task_status NOT NULL,
    file_paths      text[],
    metadata        jsonb,
    search_vector   tsvector GENERATED ALWAYS AS (to_tsvector('simple', part_number || ' ' || material)) STORED,
    external_id     text,
    external_source text,
    synced_at       timestamptz,
    sync_hash       text,
    deleted_at      timestamptz,
    deleted_by      uuid REFERENCES profiles,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX parts_erp_identity ON parts (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX ON parts (job_id);

CREATE TABLE operations (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    part_id         uuid NOT NULL REFERENCES parts ON DELETE CASCADE,
    cell_id         uuid NOT NULL REFERENCES cells,
    operation_name  text NOT NULL,
    sequence        integer NOT NULL,
    estimated_time  integer NOT NULL,
    setup_time      integer,
    notes           text,
    status          task_status NOT NULL DEFAULT 'not_started',
    assigned_operator_id uuid REFERENCES profiles,
    metadata        jsonb,
    external_id     text,
    external_source text,
    synced_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_operations_external_sync ON operations (tenant_id, external_source, external_id)
    WHERE external_id IS NOT NULL;

-- A table that no sync knows of.
CREATE TABLE time_entries (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id    uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
    minutes      integer NOT NULL
);

CREATE TABLE activity_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    user_id   uuid,
    action    text NOT NULL,
    entity    text NOT NULL,
    entity_id uuid NOT NULL
);

-- Who calls: the profile of the token's subject.
CREATE FUNCTION get_user_tenant_id() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
    SELECT tenant_id FROM profiles
        WHERE id = (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;

CREATE FUNCTION log_activity() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    r record := coalesce(new, old);
BEGIN
    INSERT INTO activity_log (tenant_id, user_id, action, entity, entity_id)
    VALUES (r.tenant_id, (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid, tg_op,
        tg_table_name, r.id);
    RETURN NULL;
END
$$;

-- Keeps the number of jobs on the tenant's row: every writer of jobs locks that row.
CREATE FUNCTION count_jobs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF tg_op = 'INSERT' THEN
        UPDATE tenants SET current_jobs = current_jobs + 1 WHERE id = new.tenant_id;
    ELSE
        UPDATE tenants SET current_jobs = current_jobs - 1 WHERE id = old.tenant_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION check_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.customer = 'Blocked BV' THEN
        RAISE EXCEPTION 'customer % is blocked', new.customer USING ERRCODE = 'ME001', HINT = 'Ask accounting.';
    ELSIF new.customer = 'Nobody' THEN
        RETURN NULL;
    END IF;
    RETURN new;
END
$$;

CREATE FUNCTION check_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.material = 'Unobtainium' THEN
        RAISE EXCEPTION 'no stock of %', new.material;
    END IF;
    RETURN new;
END
$$;

CREATE TRIGGER check_job BEFORE INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION check_job();
CREATE TRIGGER check_part BEFORE INSERT OR UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION check_part();
CREATE TRIGGER count_jobs AFTER INSERT OR DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION count_jobs();
CREATE TRIGGER touch BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER touch BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER touch BEFORE UPDATE ON operations FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER log_jobs AFTER INSERT OR UPDATE OR DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION log_activity();
CREATE TRIGGER log_parts AFTER INSERT OR UPDATE OR DELETE ON parts FOR EACH ROW EXECUTE FUNCTION log_activity();
CREATE TRIGGER log_operations AFTER INSERT OR UPDATE OR DELETE ON operations FOR EACH ROW
    EXECUTE FUNCTION log_activity();

-- Row level security: everything by the tenant of the caller's profile.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE cells ENABLE ROW LEVEL SECURITY;
ALTER TABLE resources ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE time_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tenants FOR SELECT USING (id = get_user_tenant_id());
CREATE POLICY own ON profiles FOR SELECT USING (tenant_id = get_user_tenant_id());
CREATE POLICY own ON cells USING (tenant_id = get_user_tenant_id());
CREATE POLICY own ON resources USING (tenant_id = get_user_tenant_id());
CREATE POLICY own ON parts USING (tenant_id = get_user_tenant_id());
CREATE POLICY own ON operations USING (tenant_id = get_user_tenant_id());
CREATE POLICY own ON time_entries USING (tenant_id = get_user_tenant_id());
CREATE POLICY own ON activity_log FOR SELECT USING (tenant_id = get_user_tenant_id());
CREATE POLICY jobs_read ON jobs FOR SELECT USING (tenant_id = get_user_tenant_id());
CREATE POLICY jobs_add ON jobs FOR INSERT WITH
    CHECK (tenant_id = get_user_tenant_id() AND customer IS DISTINCT FROM 'Secret Ltd');
CREATE POLICY jobs_change ON jobs FOR UPDATE USING (tenant_id = get_user_tenant_id());
CREATE POLICY jobs_remove ON jobs FOR DELETE USING (tenant_id = get_user_tenant_id());

GRANT SELECT, INSERT, UPDATE, DELETE ON cells, resources, jobs, parts, operations, time_entries TO mes_office,
    mes_service;
GRANT SELECT ON tenants, profiles, activity_log TO mes_office, mes_service;
