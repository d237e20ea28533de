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

CREATE FUNCTION eryxon.callers_path() RETURNS text
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_callers_path';
COMMENT ON FUNCTION eryxon.callers_path IS
'The search_path with which the caller came. A function that pins its own takes that one before it reads users'' tables:
their policies are code of users, which may name things without a schema. What is executed then must name everything
with its schema, operators too.';

CREATE POLICY tenant ON eryxon.sync_run FOR SELECT
    USING (tenant_id = (SELECT @extschema@.eryxon_tenant_id()));
