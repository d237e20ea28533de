-- Reading a record: its key, its fields with their conversions, its references, its hash and its children.

-- A date or timestamp as text that the server reads in any session; null if it is none of the contract's forms.
CREATE FUNCTION oracle.read_time(v jsonb, is_date boolean) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE s text := v #>> '{}'; m text[]; d date; z text; t time;
BEGIN
    IF jsonb_typeof(v) = 'number' AND s !~ '^\d{8}$' THEN RETURN NULL; END IF;
    m := regexp_match(s, '^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))(?:[T '
                         '](\d\d?):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$');
    m[6] := lpad(m[6], 2, '0');
    IF m IS NULL OR coalesce(m[6], '00') > '23' OR coalesce(m[7], '00') > '59' OR coalesce(m[8], '00') > '59' THEN
        RETURN NULL; END IF;
    BEGIN
        d := make_date(m[1]::int, coalesce(m[2], m[4])::int, coalesce(m[3], m[5])::int);
    EXCEPTION WHEN OTHERS THEN RETURN NULL;
    END;
    t := format('%s:%s:%s%s', coalesce(m[6], '00'), coalesce(m[7], '00'), coalesce(m[8], '00'), m[9])::time;
    IF is_date THEN RETURN CASE WHEN t = '00:00' THEN d::text END; END IF;
    z := CASE WHEN m[10] IS NULL OR m[10] = 'Z' THEN '+00' ELSE m[10] END;
    RETURN d::text || ' ' || t::text || z;
END $$;

-- Checks a text against its rule and the column's length; null if it is well.
CREATE FUNCTION oracle.text_fault(r oracle.rule, c oracle.col, s text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN CASE WHEN s ~ '^\s*$' THEN 0 ELSE length(s) END < r.min_length THEN 'MIN_LENGTH'
        WHEN length(s) > least(r.max_length, CASE WHEN c.base = 'character varying' AND c.typmod > 4
            THEN c.typmod - 4 END) THEN 'MAX_LENGTH'
        WHEN s !~ r.pattern THEN 'PATTERN_MISMATCH'
        WHEN NOT s = ANY (r.enum) THEN 'ENUM_CONSTRAINT' END
$$;

-- Checks a number against its rule and the column's type; null if it is well.
CREATE FUNCTION oracle.number_fault(r oracle.rule, c oracle.col, n numeric) RETURNS text
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF c.base IN ('smallint', 'integer', 'bigint') THEN
        IF n <> trunc(n) THEN RETURN 'TYPE_MISMATCH'; END IF;
        IF c.base = 'integer' AND n > 2147483647 THEN RETURN 'MAX_VALUE'; END IF;
        IF c.base = 'integer' AND n < -2147483648 THEN RETURN 'MIN_VALUE'; END IF;
    ELSIF c.typmod > 4 THEN
        IF scale(trim_scale(n)) > ((c.typmod - 4) & 65535) THEN RETURN 'TYPE_MISMATCH'; END IF;
        IF abs(n) >= power(10::numeric, ((c.typmod - 4) >> 16) - ((c.typmod - 4) & 65535)) THEN
            RETURN CASE WHEN n < 0 THEN 'MIN_VALUE' ELSE 'MAX_VALUE' END;
        END IF;
    END IF;
    RETURN CASE WHEN n < r.min THEN 'MIN_VALUE' END;
END $$;

-- Converts a sent value: {"value":…,"hash":…} or {"fault":code}.
CREATE FUNCTION oracle.convert(r oracle.rule, c oracle.col, v jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE t text := jsonb_typeof(v); s text := v #>> '{}'; f text; e jsonb;
BEGIN
    IF t IN ('string', 'number', 'boolean') AND r.value_aliases ? s THEN
        v := r.value_aliases -> s; t := jsonb_typeof(v); s := v #>> '{}';
    END IF;
    IF t = 'null' THEN
        RETURN CASE WHEN r.required OR c.not_null THEN '{"fault":"NOT_NULL"}' ELSE '{"value":null,"hash":null}'
            END::jsonb;
    END IF;
    IF c.base IN ('text', 'character varying') OR r.enum IS NOT NULL THEN
        IF t = 'number' AND s !~ '^-?\d+$' THEN s := oracle.canonical_number(s::numeric); END IF;
        IF t NOT IN ('string', 'number') THEN f := 'TYPE_MISMATCH'; ELSE f := oracle.text_fault(r, c, s); END IF;
        e := to_jsonb(s);
    ELSIF c.base IN ('smallint', 'integer', 'bigint', 'numeric') THEN
        IF t NOT IN ('string', 'number') OR s !~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$' THEN
            f := 'TYPE_MISMATCH';
        ELSIF s ~* 'e\+?\d{4,}$' THEN f := '~';
        ELSE f := oracle.number_fault(r, c, s::numeric); e := to_jsonb(trim_scale(s::numeric)); END IF;
    ELSIF c.base = 'boolean' THEN
        IF t = 'boolean' OR (t = 'string' AND s IN ('true', 'false')) THEN e := s::jsonb;
            ELSE f := 'TYPE_MISMATCH'; END IF;
    ELSIF c.base = 'date' OR c.base LIKE 'timestamp%' THEN
        IF t NOT IN ('string', 'number') THEN f := 'TYPE_MISMATCH';
        ELSIF oracle.read_time(v, c.base = 'date') IS NULL THEN f := CASE t WHEN 'number' THEN
            '~' ELSE 'DATE_FORMAT' END;
        ELSE RETURN jsonb_build_object('value', oracle.read_time(v, c.base = 'date'), 'hash', v); END IF;
    ELSIF c.base = 'uuid' THEN
        IF t <> 'string' THEN f := 'TYPE_MISMATCH';
        ELSIF s !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN f := 'UUID_FORMAT';
        ELSE e := to_jsonb(lower(s)); END IF;
    ELSIF c.base = 'jsonb' THEN
        IF t <> 'object' THEN f := 'TYPE_MISMATCH'; END IF;
        e := v;
    ELSIF c.base = 'text[]' THEN
        IF t <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(CASE t WHEN 'array' THEN v ELSE '[]' END) x
                                   WHERE jsonb_typeof(x) NOT IN ('string', 'number')) THEN f := 'TYPE_MISMATCH';
        ELSE SELECT coalesce(jsonb_agg(x #>> '{}' ORDER BY i), '[]') INTO e
            FROM jsonb_array_elements(v) WITH ORDINALITY a(x, i); END IF;
    ELSE
        RAISE 'the oracle knows no type %', c.type;
    END IF;
    RETURN CASE WHEN f IS NOT NULL THEN jsonb_build_object('fault', f) ELSE jsonb_build_object('value', e, 'hash', e)
        END;
END $$;

-- What is wrong with a member of the external key; null if nothing is.
CREATE FUNCTION oracle.key_fault(v jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN coalesce(jsonb_typeof(v), 'null') = 'null' THEN 'NOT_NULL'
        WHEN jsonb_typeof(v) = 'number' AND (v #>> '{}') ~ '^-?\d+(\.0+)?$' THEN NULL
        WHEN jsonb_typeof(v) <> 'string' THEN 'TYPE_MISMATCH'
        WHEN (v #>> '{}') ~ '^\s*$' THEN 'MIN_LENGTH'
        WHEN (v #>> '{}') ~ '^\s|\s$|[[:cntrl:]]' THEN 'PATTERN_MISMATCH'
        WHEN length(v #>> '{}') > 255 THEN 'MAX_LENGTH' END
$$;

-- Reads a reference of a record: {"sent":bool,"by","path","text","source","fault","hash":{members}}.
CREATE FUNCTION oracle.read_reference(r oracle.rule, rec jsonb, parent jsonb, src text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE form text; path text; v jsonb; f text; source text; hash jsonb; sent boolean;
BEGIN
    SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO hash FROM jsonb_each(rec)
    WHERE key IN (r.field || '_id', r.field || '_external_id', r.field || '_external_source')
       OR (r.by_name AND key = r.field || '_name');
    sent := (hash - (r.field || '_external_source')) <> '{}';
    IF NOT sent AND parent ->> 'field' = r.field THEN
        hash := hash || jsonb_build_object(r.field || '_external_id', parent ->> 'ext');
        IF parent ->> 'src' IS DISTINCT FROM src THEN
            hash := hash || jsonb_build_object(r.field || '_external_source', parent ->> 'src');
        END IF;
        RETURN jsonb_build_object('sent', true, 'by', 'external_id', 'path', r.field || '_external_id',
                                  'text', parent ->> 'ext', 'source', parent ->> 'src', 'hash', hash);
    END IF;
    FOREACH form IN ARRAY ARRAY['id', 'external_id', 'name'] LOOP
        IF jsonb_typeof(hash -> (r.field || '_' || form)) <> 'null' THEN
            path := r.field || '_' || form; v := hash -> path; EXIT;
        END IF;
    END LOOP;
    IF path IS NULL THEN
        RETURN jsonb_build_object('sent', sent, 'by', 'null', 'path', r.field || '_external_id', 'hash', hash,
                                  'fault', CASE WHEN sent AND r.required THEN 'FK_REQUIRED' END);
    END IF;
    source := coalesce(hash ->> (r.field || '_external_source'), src);
    IF form = 'id' AND jsonb_typeof(v) = 'string'
        AND (v #>> '{}') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN f := 'UUID_FORMAT';
    ELSIF jsonb_typeof(v) <> 'string' AND (form = 'id' OR jsonb_typeof(v) <> 'number') THEN f := 'TYPE_MISMATCH';
    ELSIF parent ->> 'field' = r.field AND form = 'external_id'
          AND ((v #>> '{}') IS DISTINCT FROM (parent ->> 'ext') OR source IS DISTINCT FROM (parent ->> 'src'))
              THEN f := 'FK_CONSTRAINT';
    END IF;
    RETURN jsonb_build_object('sent', true, 'by', form, 'path', path, 'text', v #>> '{}', 'source', source, 'hash',
        hash, 'fault', f);
END $$;

-- Reads the members that no rule names: unknown, read-only and reserved ones. Metadata takes those whose column is
-- gone, too.
CREATE FUNCTION oracle.read_others(p_entity text, rec jsonb, prefix text, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$
DECLARE k text; known text[]; faults jsonb := '[]'; warnings jsonb := '[]'; extra jsonb := '{}'; code text;
    policy text := oracle.opt(options, 'unknown_fields', 'warn');
BEGIN
    IF policy = 'metadata' AND oracle.column_of(p_entity, 'metadata') IS NULL THEN policy := 'warn'; END IF;
    SELECT array_agg(n) INTO known FROM oracle.rule r,
        unnest(CASE WHEN r.ref IS NULL THEN r.aliases || r.field
               ELSE ARRAY[r.field || '_id', r.field || '_external_id', r.field || '_external_source']
                    || CASE WHEN r.by_name THEN ARRAY[r.field || '_name'] ELSE '{}' END END) n
    WHERE r.entity = p_entity AND (policy <> 'metadata' OR oracle.column_of(p_entity, r.col) IS NOT NULL);
    SELECT known || ARRAY['external_id', 'external_source', '_op'] || coalesce(array_agg(children), '{}') INTO known
    FROM oracle.rule WHERE ref = p_entity AND children IS NOT NULL;
    FOR k IN SELECT key FROM jsonb_each(rec) WHERE NOT key = ANY (known) ORDER BY 1 LOOP
        code := CASE WHEN k IN ('id', 'tenant_id', 'created_at', 'updated_at', 'synced_at', 'sync_hash', 'deleted_at',
            'deleted_by')
                THEN 'READ_ONLY' ELSE 'UNKNOWN_FIELD' END;
        IF k LIKE '\_%' THEN faults := faults || oracle.fault('INVALID_PAYLOAD', prefix || k);
        ELSIF policy = 'error' THEN faults := faults || oracle.fault(code, prefix || k);
        ELSIF policy = 'metadata' AND code = 'UNKNOWN_FIELD' THEN extra := extra || jsonb_build_object(k, rec -> k);
        ELSIF policy <> 'ignore' THEN warnings := warnings || jsonb_build_object('code', code, 'path', prefix || k);
        END IF;
    END LOOP;
    RETURN jsonb_build_object('faults', faults, 'warnings', warnings, 'extra', extra);
END $$;

-- Reads the fields of a record into faults, creation faults, warnings, values by column, references and hash members.
CREATE FUNCTION oracle.read_fields(p_entity text, rec jsonb, prefix text, parent jsonb, src text, options jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE r oracle.rule; c oracle.col; name text; got jsonb; faults jsonb := '[]'; missing jsonb := '[]';
    warnings jsonb := '[]';
    vals jsonb := '{}'; refs jsonb := '{}'; hash jsonb := '{}';
        rep boolean := oracle.opt(options, 'update_strategy', 'merge') = 'replace';
    kept boolean := oracle.opt(options, 'unknown_fields', 'warn') = 'metadata'
        AND oracle.column_of(p_entity, 'metadata') IS NOT NULL;
BEGIN
    FOR r IN SELECT * FROM oracle.rule WHERE entity = p_entity ORDER BY field LOOP
        c := oracle.column_of(p_entity, r.col);
        IF r.ref IS NOT NULL THEN
            got := oracle.read_reference(r, rec, parent, src);
            hash := hash || (got -> 'hash');
            IF got ->> 'fault' IS NOT NULL THEN
                faults := faults || oracle.fault(got ->> 'fault', prefix || (got ->> 'path'));
            ELSIF (got ->> 'sent')::boolean THEN refs := refs || jsonb_build_object(r.field, got);
            ELSIF r.required AND rep THEN faults := faults || oracle.fault('FK_REQUIRED',
                prefix || r.field || '_external_id');
            ELSIF r.required THEN missing := missing || oracle.fault('FK_REQUIRED',
                prefix || r.field || '_external_id');
            END IF;
            CONTINUE;
        END IF;
        SELECT n INTO name FROM unnest(r.field || r.aliases) WITH ORDINALITY AS a(n, i) WHERE rec ? n ORDER BY i
            LIMIT 1;
        IF c IS NULL THEN
            IF name IS NOT NULL AND NOT kept THEN
                warnings := warnings || jsonb_build_object('code', 'UNMAPPED_FIELD', 'path', prefix || name);
            END IF;
        ELSIF name IS NOT NULL THEN
            got := oracle.convert(r, c, rec -> name);
            IF got ? 'fault' THEN faults := faults || oracle.fault(got ->> 'fault', prefix || name);
            ELSE
                vals := vals || jsonb_build_object(r.field, got -> 'value');
                hash := hash || jsonb_build_object(r.field, got -> 'hash');
            END IF;
        ELSIF r.required AND rep THEN faults := faults || oracle.fault('NOT_NULL', prefix || r.field);
        ELSIF r.required THEN missing := missing || oracle.fault('NOT_NULL', prefix || r.field);
        ELSIF rep AND r.field NOT IN ('sequence', 'status', 'assigned_operator_id')
            AND (r.dflt IS NOT NULL OR NOT c.not_null) THEN
            vals := vals || jsonb_build_object(r.field, r.dflt);
            hash := hash || jsonb_build_object(r.field, r.dflt);
        END IF;
    END LOOP;
    RETURN jsonb_build_object('faults', faults, 'missing', missing, 'warnings', warnings, 'values', vals, 'refs', refs,
        'hash', hash);
END $$;

-- Reads a record with its children into a tree of nodes.
CREATE FUNCTION oracle.read_record(p_entity text, rec jsonb, prefix text, parent jsonb, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$
DECLARE node jsonb; faults jsonb := '[]'; f jsonb; o jsonb; ext text; src text; code text; r oracle.rule;
    kids jsonb := '[]'; arr jsonb;
BEGIN
    IF jsonb_typeof(rec) <> 'object' THEN
        RETURN jsonb_build_object('entity', p_entity, 'prefix', prefix, 'faults',
                                  jsonb_build_array(oracle.fault('INVALID_PAYLOAD', rtrim(prefix, '.'))));
    END IF;
    IF parent IS NOT NULL AND NOT rec ? 'external_source' THEN
        rec := rec || jsonb_build_object('external_source', parent ->> 'src'); END IF;
    ext := CASE WHEN oracle.key_fault(rec -> 'external_id') IS NULL THEN rec ->> 'external_id' END;
    src := CASE WHEN oracle.key_fault(rec -> 'external_source') IS NULL THEN rec ->> 'external_source' END;
    IF ext IS NULL THEN faults := faults || oracle.fault(oracle.key_fault(rec -> 'external_id'),
        prefix || 'external_id'); END IF;
    IF src IS NULL THEN faults := faults || oracle.fault(oracle.key_fault(rec -> 'external_source'),
        prefix || 'external_source'); END IF;
    node := jsonb_build_object('entity', p_entity, 'prefix', prefix, 'ext', ext, 'src', src, 'op',
        coalesce(rec ->> '_op', 'upsert'));
    IF rec -> '_op' = '"delete"' THEN RETURN node || jsonb_build_object('faults', faults); END IF;
    IF rec ? '_op' AND rec -> '_op' <> '"upsert"' THEN
        faults := faults || oracle.fault('INVALID_PAYLOAD', prefix || '_op'); END IF;
    f := oracle.read_fields(p_entity, rec, prefix, parent, src, options);
    o := oracle.read_others(p_entity, rec, prefix, options);
    IF o -> 'extra' <> '{}' THEN
        arr := (o -> 'extra') || coalesce(nullif(f -> 'values' -> 'metadata', 'null'), '{}');
        f := jsonb_set(jsonb_set(f, '{values,metadata}', arr), '{hash,metadata}', arr);
    END IF;
    faults := faults || (f -> 'faults') || (o -> 'faults');
    FOR r IN SELECT * FROM oracle.rule WHERE ref = p_entity AND children IS NOT NULL LOOP
        arr := rec -> r.children;
        IF coalesce(jsonb_typeof(arr), 'null') = 'null' THEN CONTINUE; END IF;
        IF jsonb_typeof(arr) <> 'array' THEN faults := faults || oracle.fault('TYPE_MISMATCH', prefix || r.children);
            CONTINUE; END IF;
        kids := kids || jsonb_build_object('entity', r.entity, 'key', r.children, 'col', r.col, 'nodes',
            (SELECT coalesce(jsonb_agg(oracle.read_record(r.entity, e, format('%s%s[%s].', prefix, r.children, i - 1),
                    jsonb_build_object('field', r.field, 'ext', ext, 'src', src), options) ORDER BY i), '[]')
             FROM jsonb_array_elements(arr) WITH ORDINALITY AS a(e, i)));
    END LOOP;
    RETURN node || jsonb_build_object('faults', faults, 'missing', f -> 'missing', 'warnings',
        (f -> 'warnings') || (o -> 'warnings'), 'values', f -> 'values', 'refs', f -> 'refs', 'kids', kids,
        'hash', oracle.hash((f -> 'hash') || jsonb_build_object('external_id', ext, 'external_source', src)));
END $$;
