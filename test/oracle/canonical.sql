-- The canonical JSON text and its hash, for numbers whose shortest double is their plain decimal text.

-- A number as RFC 8785 writes it, for magnitudes from 1e-6 to below 1e21 and up to 15 digits.
CREATE FUNCTION oracle.canonical_number(n numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN n = 0 THEN '0' ELSE trim_scale(n)::text END
$$;

-- The canonical text of a JSON value whose member names are ASCII.
CREATE FUNCTION oracle.canonical(v jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE jsonb_typeof(v)
        WHEN 'object' THEN '{' || coalesce((SELECT string_agg(to_json(key)::text || ':' || oracle.canonical(value), ','
                                            ORDER BY key COLLATE "C") FROM jsonb_each(v)), '') || '}'
        WHEN 'array' THEN '[' || coalesce((SELECT string_agg(oracle.canonical(e), ',' ORDER BY i)
                                           FROM jsonb_array_elements(v) WITH ORDINALITY AS a(e, i)), '') || ']'
        WHEN 'string' THEN to_json(v #>> '{}')::text
        WHEN 'number' THEN oracle.canonical_number((v #>> '{}')::numeric)
        ELSE v::text END;
END $$;

-- The lower-case hex SHA-256 of the canonical text.
CREATE FUNCTION oracle.hash(v jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(oracle.canonical(v), 'UTF8')), 'hex')
$$;

-- The SQLSTATE that belongs to a code.
CREATE FUNCTION oracle.state_of(code text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN code = 'NOT_NULL' THEN '23502'
        WHEN code IN ('FK_CONSTRAINT', 'FK_REQUIRED', 'AMBIGUOUS_REFERENCE') THEN '23503'
        WHEN code IN ('UNIQUE_CONSTRAINT', 'DUPLICATE_KEY', 'EXISTS') THEN '23505'
        WHEN code IN ('ENUM_CONSTRAINT', 'MIN_VALUE', 'MAX_VALUE', 'MIN_LENGTH', 'MAX_LENGTH', 'PATTERN_MISMATCH',
                      'CHECK_CONSTRAINT', 'CIRCULAR_REFERENCE') THEN '23514'
        WHEN code IN ('TYPE_MISMATCH', 'UUID_FORMAT') THEN '22P02'
        WHEN code = 'DATE_FORMAT' THEN '22007'
        WHEN code IN ('UNKNOWN_FIELD', 'READ_ONLY') THEN '42703'
        WHEN code IN ('DELETED', 'NOT_FOUND') THEN 'P0002'
        WHEN code = 'IN_PROGRESS' THEN '55006'
        WHEN code = '~' THEN '~'
        ELSE '22023' END
$$;

-- The code of an error that the database itself raised.
CREATE FUNCTION oracle.code_of(state text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE state WHEN '23502' THEN 'NOT_NULL' WHEN '23503' THEN 'FK_CONSTRAINT' WHEN '23505'
        THEN 'UNIQUE_CONSTRAINT'
        WHEN '23514' THEN 'CHECK_CONSTRAINT' WHEN '42501' THEN 'ACCESS_DENIED' ELSE 'DATABASE_ERROR' END
$$;

-- A fault; the path '~' leaves it open.
CREATE FUNCTION oracle.fault(code text, path text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('constraint', code, 'path', path)
$$;

-- An option's value as text, or the default.
CREATE FUNCTION oracle.opt(options jsonb, name text, dflt text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(options ->> name, dflt)
$$;
