-- Writing the registry: the only way in, and what it does as the extension's owner.

CREATE FUNCTION eryxon.write_registry(action text, args jsonb) RETURNS void
    LANGUAGE C VOLATILE STRICT AS 'MODULE_PATHNAME', 'eryxon_write_registry';
COMMENT ON FUNCTION eryxon.write_registry IS
'Writes the registry as the extension''s owner.
Only for a caller who may execute the public function of the action and owns the entity''s table.
Actions and their arguments: attach {entity, table (oid), singular, soft_delete (boolean or "calls"), natural_key,
events}, detach {entity}, map {entity, field, rule}, unmap {entity, field}.';

CREATE FUNCTION eryxon.register(entity text, table_name regclass, args jsonb) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO eryxon.entity (entity, table_name, singular, soft_delete, calls_only, natural_key, events, ordinal)
    SELECT $1, $2, args ->> 'singular',
           args -> 'soft_delete' <> 'false',
           args -> 'soft_delete' = '"calls"',
           ARRAY(SELECT jsonb_array_elements_text(args -> 'natural_key')),
           (args ->> 'events')::boolean,
           coalesce((SELECT s.ordinal FROM eryxon.shipped_entity s WHERE s.entity = $1),
                    (SELECT greatest(max(e.ordinal), 100) + 1 FROM eryxon.entity e))
    ON CONFLICT (entity) DO UPDATE
       SET table_name = excluded.table_name, singular = excluded.singular, soft_delete = excluded.soft_delete,
           calls_only = excluded.calls_only, natural_key = excluded.natural_key, events = excluded.events
$$;
COMMENT ON FUNCTION eryxon.register IS
'Enters an entity and its table, in place of an earlier entry of the same entity.';
REVOKE EXECUTE ON FUNCTION eryxon.register(text, regclass, jsonb) FROM PUBLIC;

CREATE FUNCTION eryxon.apply_registry(action text, entity text, table_name regclass, args jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE action
    WHEN 'attach' THEN
        PERFORM eryxon.check_entity_name(entity);
        PERFORM eryxon.check_table(table_name);
        PERFORM eryxon.check_registration(entity, table_name);
        PERFORM eryxon.register(entity, table_name, args);
        IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = $2) THEN
            PERFORM eryxon.create_api(entity);
        END IF;
    WHEN 'detach' THEN
        DELETE FROM eryxon.entity e WHERE e.entity = $2;
        IF NOT EXISTS (SELECT FROM eryxon.shipped_entity s WHERE s.entity = $2) THEN
            PERFORM eryxon.drop_api(entity);
        END IF;
    WHEN 'map' THEN
        PERFORM eryxon.check_known_entity(entity);
        PERFORM eryxon.check_rule(entity, args ->> 'field', args -> 'rule');
        PERFORM eryxon.check_pattern(args -> 'rule' ->> 'pattern');
        INSERT INTO eryxon.user_rule (entity, field, rule)
        VALUES ($2, args ->> 'field', args -> 'rule')
        ON CONFLICT ON CONSTRAINT user_rule_pkey DO UPDATE SET rule = excluded.rule;
    WHEN 'unmap' THEN
        DELETE FROM eryxon.user_rule u WHERE u.entity = $2 AND u.field = args ->> 'field';
        INSERT INTO eryxon.user_rule (entity, field, rule)
        SELECT s.entity, s.field, NULL FROM eryxon.shipped_rule s
         WHERE s.entity = $2 AND s.field = args ->> 'field';
    END CASE;
END
$$;
COMMENT ON FUNCTION eryxon.apply_registry IS
'The writing part of write_registry(), run as the extension''s owner; checks again what it is given, for anybody can
call that. Entity and table are as write_registry() found and checked them: the table to attach, or the one that the
entity has.';
REVOKE EXECUTE ON FUNCTION eryxon.apply_registry(text, text, regclass, jsonb) FROM PUBLIC;

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

CREATE FUNCTION eryxon.unusable(entity text) RETURNS jsonb
    LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME', 'eryxon_unusable';
COMMENT ON FUNCTION eryxon.unusable IS
'Why calls of an attached entity are refused: {"message", "hint"}; NULL if they are not.
Its table has lost what eryxon_attach() demanded or made.';

CREATE FUNCTION eryxon.check_usable(entity text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault jsonb := eryxon.unusable(entity);
BEGIN
    IF fault IS NOT NULL THEN
        PERFORM eryxon.fail('ENTITY_UNUSABLE', '55000', '', fault ->> 'message', fault ->> 'hint');
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.check_usable IS
'Demands that the table of an attached entity still has what the engine relies on.';
