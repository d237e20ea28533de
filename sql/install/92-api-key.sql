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
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'eryxon_api_role';
COMMENT ON FUNCTION eryxon.api_role IS
'The setting eryxon.api_role; NULL if it is empty.';

CREATE FUNCTION eryxon.check_key_tenant(own uuid, tenant_id uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF tenant_id IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'tenant_id', 'an API key needs a tenant');
    ELSIF own <> tenant_id THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', 'tenant_id', 'cannot create an API key for another tenant');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_key_tenant IS
'Demands a tenant whose keys the caller administers: the own one, or any where that is NULL.';

CREATE FUNCTION eryxon.may_become(member name, role name) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_has_role(member, role, CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER'
        ELSE 'SET' END)
$$;
COMMENT ON FUNCTION eryxon.may_become IS
'True if the member may SET ROLE to the role. From PostgreSQL 16 on a membership may be without that.';

CREATE FUNCTION eryxon.check_key_role(caller name, role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'role', 'an API key needs a role',
                            'Name one, or set eryxon.api_role.');
    ELSIF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '42704', 'role', format('role "%s" does not exist', role),
                            format('CREATE ROLE %I NOLOGIN, then eryxon_grant_api(%L).', role, role),
                            jsonb_build_object('reason', 'unknown_role', 'role', role));
    ELSIF (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = role) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'role', 'an API key cannot have a superuser role');
    ELSIF NOT eryxon.may_become(caller, role) THEN
        PERFORM eryxon.fail('ACCESS_DENIED', '42501', 'role', format('must be member of role "%s"', role),
                            params => jsonb_build_object('reason', 'not_a_member', 'role', role));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_key_role IS
'Demands a role that exists, is no superuser and that the caller has, too.';

CREATE FUNCTION eryxon.api_key_create(own uuid, caller name, tenant_id uuid, name text, live boolean, role name,
                                      expires_at timestamptz) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_role name := coalesce(role, eryxon.api_role());
    random   bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    key      text := CASE WHEN coalesce(live, true) THEN 'ery_live_' ELSE 'ery_test_' END
                     || translate(encode(random, 'base64'), '+/=', '-_');
    -- No statement below has the key itself for a parameter: auto_explain would log it.
    start    text := left(key, 12);
    digest   bytea := sha256(convert_to(key, 'UTF8'));
BEGIN
    PERFORM eryxon.check_key_tenant(own, tenant_id);
    PERFORM eryxon.check_key_role(caller, key_role);
    IF coalesce(btrim(name), '') = '' THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'name', 'an API key needs a name',
                            'Name the system that will use it.');
    ELSIF expires_at <= now() THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'expires_at', 'expiry time is in the past',
                            params => '{"reason": "expired"}');
    END IF;
    WITH made AS (
        INSERT INTO eryxon.api_key (tenant_id, name, prefix, hash, role, expires_at)
        VALUES ($3, $4, start, digest, key_role, $7) RETURNING id)
    INSERT INTO eryxon.api_key_use (key_id) SELECT made.id FROM made;
    RETURN key;
END
$$;
COMMENT ON FUNCTION eryxon.api_key_create IS
'What eryxon_api_key_create() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.api_key_create(uuid, name, uuid, text, boolean, name, timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_api_key_create(tenant_id uuid, name text, live boolean DEFAULT true,
    role name DEFAULT NULL, expires_at timestamptz DEFAULT NULL) RETURNS text
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_api_key_create(uuid, text, boolean, name, timestamptz) IS
'Makes an API key of a tenant and returns it, once.
Requests with it act as the role (setting eryxon.api_role if NULL) for the tenant. Only its SHA-256 is kept.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_api_key_create(uuid, text, boolean, name, timestamptz) FROM PUBLIC;

CREATE FUNCTION eryxon.api_keys(own uuid, caller name)
    RETURNS TABLE (id uuid, name text, prefix text, role name, created_at timestamptz, expires_at timestamptz,
                   last_used_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.id, k.name, k.prefix, k.role, k.created_at, k.expires_at, u.last_used_at, k.revoked_at
      FROM eryxon.api_key k JOIN eryxon.api_key_use u ON u.key_id = k.id
     WHERE own IS NULL OR k.tenant_id = own
     ORDER BY k.created_at, k.id
$$;
COMMENT ON FUNCTION eryxon.api_keys IS
'What eryxon_api_keys() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.api_keys(uuid, name) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_api_keys()
    RETURNS TABLE (id uuid, name text, prefix text, role name, created_at timestamptz, expires_at timestamptz,
                   last_used_at timestamptz, revoked_at timestamptz)
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_api_keys() IS
'The API keys of the caller''s tenant; a superuser sees those of all tenants.
last_used_at is kept to the minute, and by requests that may write.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_api_keys() FROM PUBLIC;

CREATE FUNCTION eryxon.api_key_revoke(own uuid, caller name, id uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE eryxon.api_key k SET revoked_at = coalesce(k.revoked_at, now())
     WHERE k.id = api_key_revoke.id AND (own IS NULL OR k.tenant_id = own);
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id',
            format('API key %s does not exist', coalesce(id::text, 'NULL')));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.api_key_revoke IS
'What eryxon_api_key_revoke() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.api_key_revoke(uuid, name, uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_api_key_revoke(id uuid) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_administrator';
COMMENT ON FUNCTION @extschema@.eryxon_api_key_revoke(uuid) IS
'Makes an API key invalid from the commit on.
Revoking it again changes nothing. Error P0002 if the caller''s tenant has no such key.';
REVOKE EXECUTE ON FUNCTION @extschema@.eryxon_api_key_revoke(uuid) FROM PUBLIC;
