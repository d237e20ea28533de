-- Comparing: tables row by row with references as keys, results and history as far as the contract fixes them.

-- True if got is what is wanted; "~" in what is wanted stands for anything.
CREATE FUNCTION oracle.agree(want jsonb, got jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF want = '"~"' THEN RETURN true; END IF;
    IF jsonb_typeof(want) = 'object' AND jsonb_typeof(got) = 'object' THEN
        RETURN NOT EXISTS (SELECT FROM jsonb_object_keys(want || got) k
            WHERE NOT coalesce(oracle.agree(want -> k, got -> k), false));
    ELSIF jsonb_typeof(want) = 'array' AND jsonb_typeof(got) = 'array' THEN
        RETURN jsonb_array_length(want) = jsonb_array_length(got) AND NOT EXISTS (
            SELECT FROM generate_series(0, jsonb_array_length(want) - 1) i
                WHERE NOT coalesce(oracle.agree(want -> i, got -> i), false));
    END IF;
    RETURN want = got;
END $$;

-- A path with aliases replaced by the field's own name, so that either may be reported.
CREATE FUNCTION oracle.own_path(path text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(path, '(^|\.)customer_name$', '\1customer'),
        '(^|\.)(description|instructions)$', '\1notes'), '_minutes$', '')
$$;

-- The rows of an entity without ids, times and uuids: {"key":{…}}.
CREATE FUNCTION oracle.snapshot(p_schema text, p_entity text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE r jsonb;
BEGIN
    EXECUTE format('SELECT coalesce(jsonb_object_agg(
        t.tenant_id || '' '' || coalesce(t.external_source || ''/'' || t.external_id, t.id::text),
        to_jsonb(t) - ARRAY[''id'', ''created_at'', ''updated_at'', ''synced_at'', ''deleted_at'', ''deleted_by'',
                            ''job_id'', ''parent_part_id'', ''part_id'', ''cell_id'']
        || jsonb_build_object(''deleted'', t.deleted_at IS NOT NULL, ''synced'', t.synced_at IS NOT NULL) || %s),
        ''{}'') FROM %I.%I t %s',
        CASE p_entity WHEN 'parts' THEN $x$ jsonb_build_object('job',
            coalesce(j.external_source || '/' || j.external_id, j.id::text),
                                'parent', coalesce(p.external_source || '/' || p.external_id, p.id::text)) $x$
            WHEN 'operations' THEN $x$ jsonb_build_object('part', coalesce(p.external_source || '/' || p.external_id,
                p.id::text),
                                'cell', coalesce(c.external_source || '/' || c.external_id, c.id::text)) $x$
                                    ELSE '''{}''' END,
        p_schema, p_entity,
        CASE p_entity WHEN 'parts' THEN format(
            'LEFT JOIN %1$I.jobs j ON j.id = t.job_id LEFT JOIN %1$I.parts p ON p.id = t.parent_part_id', p_schema)
            WHEN 'operations' THEN format(
                'LEFT JOIN %1$I.parts p ON p.id = t.part_id LEFT JOIN %1$I.cells c ON c.id = t.cell_id', p_schema)
                ELSE '' END)
        INTO r;
    RETURN r;
END $$;

-- What differs between the product's and the oracle's tables: '' or a report.
CREATE FUNCTION oracle.table_differences() RETURNS text LANGUAGE plpgsql AS $$
DECLARE e text; a jsonb; b jsonb; k text; report text := '';
BEGIN
    FOR e IN SELECT entity FROM oracle.entity ORDER BY ordinal LOOP
        a := oracle.snapshot('oracle_t', e); b := oracle.snapshot('prod', e);
        CONTINUE WHEN a = b;
        FOR k IN SELECT jsonb_object_keys(a || b) ORDER BY 1 LOOP
            IF a -> k IS DISTINCT FROM b -> k THEN
                report := report || format(E'table %s, row %s\n  oracle  %s\n  product %s\n', e, k, a -> k,
                b -> k); END IF;
        END LOOP;
    END LOOP;
    RETURN report;
END $$;

-- The counts of one entity's results as the product writes them.
CREATE FUNCTION oracle.seven(c jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('total', (SELECT coalesce(sum(value::int), 0) FROM jsonb_each_text(coalesce(c, '{}'))),
        'created', coalesce((c ->> 'created')::int, 0), 'updated', coalesce((c ->> 'updated')::int, 0), 'restored',
            coalesce((c ->> 'restored')::int, 0),
        'skipped', coalesce((c ->> 'skipped')::int, 0), 'deleted', coalesce((c ->> 'deleted')::int, 0), 'errors',
            coalesce((c ->> 'error')::int, 0))
$$;

-- The seven counts of an answer.
CREATE FUNCTION oracle.counts_of(v jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(k, v -> k)
        FROM unnest(ARRAY['total', 'created', 'updated', 'restored', 'skipped', 'deleted', 'errors']) k
$$;

-- Remarks as a sorted array of code and path.
CREATE FUNCTION oracle.remarks(w jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(x ORDER BY x), '[]') FROM (
        SELECT DISTINCT jsonb_build_object('code', e ->> 'code', 'path', CASE
            WHEN e ->> 'code' IN ('KEPT_STARTED', 'ADOPTED') THEN '~'
            ELSE oracle.own_path(e ->> 'path') END) AS x
        FROM jsonb_array_elements(coalesce(w, '[]')) e WHERE e ->> 'code' <> 'SOURCE_CASE') t
$$;

-- What is wrong with the faults of an error that the product reports: '' or a sentence.
CREATE FUNCTION oracle.fault_differences(want jsonb, details jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE w jsonb; d jsonb; n int; missing text := '';
BEGIN
    IF jsonb_typeof(details) IS DISTINCT FROM 'array' OR details = '[]' THEN RETURN 'no details'; END IF;
    IF (want ->> 'loose')::boolean THEN RETURN ''; END IF;
    FOR w IN SELECT * FROM jsonb_array_elements(want -> 'details') LOOP
        SELECT count(*) INTO n FROM jsonb_array_elements(details) x
        WHERE (w ->> 'constraint' = '~' OR w ->> 'constraint' = x ->> 'constraint')
          AND (w ->> 'path' = '~' OR oracle.own_path(w ->> 'path') = oracle.own_path(coalesce(x ->> 'path', '')));
        IF n = 0 AND NOT (coalesce((w ->> 'optional')::boolean, false)
            AND jsonb_array_length(want -> 'details') > 1)
            THEN missing := missing || format(' no %s at "%s";', w ->> 'constraint', w ->> 'path'); END IF;
    END LOOP;
    IF NOT (want ->> 'open')::boolean AND (jsonb_array_length(details) > jsonb_array_length(want -> 'details')
        OR jsonb_array_length(details) + (SELECT count(*)
            FROM jsonb_array_elements(want -> 'details') o
                WHERE o ->> 'optional' = 'true') < jsonb_array_length(want -> 'details')) THEN
        missing := missing || format(' %s faults instead of %s;', jsonb_array_length(details),
            jsonb_array_length(want -> 'details'));
    END IF;
    RETURN missing;
END $$;

-- What is wrong with the details of a call that raised: '' or a sentence.
CREATE FUNCTION oracle.raised_differences(want jsonb, details jsonb, kind text, options jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE prefix text; r text;
BEGIN
    IF jsonb_typeof(want) IS DISTINCT FROM 'object' OR kind IN ('sync', 'diff') THEN RETURN ''; END IF;
    IF kind <> 'upsert' THEN
        prefix := format('[%s]', want ->> 'index');
        SELECT jsonb_agg(CASE WHEN starts_with(d ->> 'path', prefix)
            THEN d || jsonb_build_object('path', ltrim(substr(d ->> 'path', length(prefix) + 1), '.')) END)
            INTO details FROM jsonb_array_elements(details) d;
    END IF;
    r := oracle.fault_differences(want, details);
    RETURN CASE WHEN r = '' THEN '' ELSE format(E'raised with%s\n  oracle  %s\n  product %s\n', r, want -> 'details',
        details) END;
END $$;

-- The plain fields among changes.
CREATE FUNCTION oracle.changed_fields(p_entity text, changes jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(c ->> 'field' ORDER BY c ->> 'field' COLLATE "C"), '[]')
        FROM jsonb_array_elements(changes) c
    WHERE EXISTS (SELECT FROM oracle.rule WHERE entity = p_entity AND field = c ->> 'field' AND ref IS NULL)
$$;

-- What is wrong with what the product tells of the records below a top-level one: '' or a sentence. Of a key that
-- stands there twice the changes are left open.
CREATE FUNCTION oracle.child_differences(want jsonb, got jsonb, options jsonb, dry boolean) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE told jsonb := coalesce(got -> 'child_results', '[]'); a jsonb; b jsonb; c jsonb; found boolean;
BEGIN
    IF NOT (got ? 'changes' OR oracle.opt(options, 'children_results', 'counts') = 'all') THEN
        RETURN CASE WHEN got ? 'child_results' THEN ' child_results that nobody asked for;' ELSE '' END; END IF;
    SELECT coalesce(jsonb_agg(n ORDER BY n::text), '[]') INTO a FROM (SELECT x - 'changes'
        FROM jsonb_array_elements(want -> 'below') x) t(n);
    SELECT coalesce(jsonb_agg(n ORDER BY n::text), '[]') INTO b FROM (SELECT x - 'changes' - 'id'
        FROM jsonb_array_elements(told) x) t(n);
    IF a <> b THEN RETURN format(' child_results %s instead of %s;', b, a); END IF;
    FOR c IN SELECT * FROM jsonb_array_elements(told) LOOP
        IF c ? 'changes' <> got ? 'changes' THEN RETURN ' changes of children where the record has none;'; END IF;
        IF NOT dry AND c ? 'id' THEN
            EXECUTE format('SELECT count(*) = 1 FROM prod.%I WHERE tenant_id = $1 AND external_id = $2 '
                           'AND id = $3::uuid', c ->> 'entity')
                INTO found USING oracle.tenant(), c ->> 'external_id', c ->> 'id';
            IF NOT found THEN RETURN format(' id of %s is not the row''s;', c ->> 'path'); END IF;
        ELSIF NOT dry AND c ->> 'action' <> 'skipped' THEN RETURN format(' no id of %s;', c ->> 'path');
        END IF;
        CONTINUE WHEN c ->> 'action' <> 'updated' OR NOT got ? 'changes' OR (SELECT count(*)
            FROM jsonb_array_elements(told) o WHERE o ->> 'entity' = c ->> 'entity'
                AND o ->> 'external_id' = c ->> 'external_id') > 1;
        SELECT x -> 'changes' INTO a FROM jsonb_array_elements(want -> 'below') x WHERE x ->> 'path' = c ->> 'path';
        b := oracle.changed_fields(c ->> 'entity', c -> 'changes');
        IF a <> b THEN RETURN format(' changes of %s in %s instead of %s;', c ->> 'path', b, a); END IF;
    END LOOP;
    RETURN '';
END $$;

-- What is wrong with one of the product's results: '' or a sentence.
CREATE FUNCTION oracle.result_differences(want jsonb, got jsonb, options jsonb, dry boolean) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE r text := ''; action text := want ->> 'action'; found boolean; a jsonb; b jsonb;
BEGIN
    IF got ->> 'action' IS DISTINCT FROM action THEN
        RETURN format('action %s instead of %s', got ->> 'action', action); END IF;
    IF want ->> 'external_id' IS NOT NULL AND (got ->> 'external_id', got ->> 'external_source')
        IS DISTINCT FROM (want ->> 'external_id', want ->> 'external_source')
       AND want ->> 'external_source' IS NOT NULL THEN r := r || ' wrong key;'; END IF;
    IF action = 'error' THEN
        r := r || oracle.fault_differences(want, got -> 'details');
        IF got ->> 'code' IS DISTINCT FROM got -> 'details' -> 0 ->> 'constraint' THEN
            r := r || ' code is not that of the first fault;'; END IF;
        IF NOT oracle.agree(want -> 'sqlstate', got -> 'sqlstate') THEN
            r := r || format(' sqlstate %s instead of %s;', got ->> 'sqlstate', want ->> 'sqlstate'); END IF;
        RETURN r;
    END IF;
    IF NOT dry AND (action <> 'skipped' OR want ->> 'op' <> 'delete') THEN
        EXECUTE format('SELECT count(*) = 1 FROM prod.%I WHERE tenant_id = $1 AND external_source = $2 '
                       'AND external_id = $3 AND id = $4::uuid', want ->> 'entity')
            INTO found USING oracle.tenant(), want ->> 'external_source', want ->> 'external_id', got ->> 'id';
        IF NOT found THEN r := r || format(' id %s is not the row''s;', got ->> 'id'); END IF;
    END IF;
    IF oracle.remarks(want -> 'warnings') <> oracle.remarks(got -> 'warnings') THEN
        r := r || format(' warnings %s instead of %s;', oracle.remarks(got -> 'warnings'),
            oracle.remarks(want -> 'warnings'));
    END IF;
    SELECT coalesce(jsonb_object_agg(key, oracle.seven(value)), '{}') INTO a
        FROM jsonb_each(coalesce(want -> 'counts', '{}'));
    SELECT coalesce(jsonb_object_agg(key, oracle.counts_of(value)), '{}') INTO b
        FROM jsonb_each(coalesce(got -> 'children', '{}')) WHERE value ->> 'total' <> '0';
    IF a <> b THEN r := r || format(' children %s instead of %s;', b, a); END IF;
    IF got ? 'changes' AND action = 'updated' THEN
        b := oracle.changed_fields(want ->> 'entity', got -> 'changes');
        IF b <> want -> 'changes' THEN r := r || format(' changes of %s instead of %s;', b, want -> 'changes'); END IF;
    END IF;
    RETURN r || oracle.child_differences(want, got, options, dry);
END $$;

-- True if the option `results` shows the result. The oracle knows nothing of SOURCE_CASE.
CREATE FUNCTION oracle.is_shown(result jsonb, kind text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT kind = 'all' OR (kind = 'errors' AND (result ->> 'action' = 'error'
                                                 OR oracle.remarks(result -> 'warnings') <> '[]'))
$$;

-- What is wrong with one entity's answer: '' or lines.
CREATE FUNCTION oracle.bulk_differences(want jsonb, got jsonb, options jsonb, dry boolean) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE r text := ''; w jsonb; i int := 0; one text; kind text := oracle.opt(options, 'results', 'all');
    list jsonb := coalesce(got -> 'results', '[]');
BEGIN
    IF oracle.seven(want -> 'own') <> oracle.counts_of(got) THEN
        r := format(E'counts %s instead of %s\n', oracle.counts_of(got), oracle.seven(want -> 'own')); END IF;
    SELECT coalesce(jsonb_agg(x ORDER BY n), '[]') INTO list
        FROM jsonb_array_elements(list) WITH ORDINALITY a(x, n) WHERE oracle.is_shown(x, kind);
    FOR w IN SELECT x FROM jsonb_array_elements(want -> 'results') x WHERE oracle.is_shown(x, kind) LOOP
        IF (list -> i ->> 'index')::int IS DISTINCT FROM (w ->> 'index')::int THEN
            one := format('is result %s', list -> i ->> 'index');
        ELSE one := oracle.result_differences(w, list -> i, options, dry); END IF;
        IF one <> '' THEN r := r || format(E'result %s: %s\n  oracle  %s\n  product %s\n', w ->> 'index', one, w,
            list -> i); END IF;
        i := i + 1;
    END LOOP;
    IF i <> jsonb_array_length(list) THEN
        r := r || format(E'%s results instead of %s\n', jsonb_array_length(list), i); END IF;
    RETURN r;
END $$;

-- What differs between the history that the call left and what it should have left.
CREATE FUNCTION oracle.history_differences() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE a jsonb; b jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY entity, operation), '[]') INTO a FROM oracle.run r;
    SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY entity, operation), '[]') INTO b FROM (
        SELECT entity, operation, source, status, total, created, updated, restored, skipped, deleted, errors,
            client_ref,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('index', d -> 'index', 'external_id', d -> 'external_id',
                'code', d -> 'code') ORDER BY (d ->> 'index')::int), '[]')
             FROM jsonb_array_elements(CASE jsonb_typeof(error_details) WHEN 'array' THEN error_details
                 ELSE '[]' END) d) AS error_details
        FROM eryxon.sync_run WHERE tenant_id = oracle.tenant()) r;
    RETURN CASE WHEN oracle.agree(a, b) THEN '' ELSE format(E'history\n  oracle  %s\n  product %s\n', a, b) END;
END $$;

-- The rows that were live when a case began, whose steps alone are captured.
CREATE TABLE oracle.begun (entity text NOT NULL, id uuid NOT NULL);
CREATE FUNCTION oracle.begin_events() RETURNS void LANGUAGE plpgsql AS $$
DECLARE e text;
BEGIN
    DELETE FROM eryxon.event_outbox;
    DELETE FROM oracle.begun;
    FOR e IN SELECT entity FROM oracle.entity LOOP
        EXECUTE format('INSERT INTO oracle.begun SELECT %1$L, id FROM prod.%1$I WHERE deleted_at IS NULL', e);
    END LOOP;
END $$;

-- Which rows the events of the case do not agree with, where it is captured: what a row was at the beginning and its
-- events come to whether it is live, and the last one names its key.
CREATE FUNCTION oracle.event_differences() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE e text; r text; report text := '';
BEGIN
    IF NOT current_setting('eryxon.capture_events')::boolean THEN RETURN ''; END IF;
    FOR e IN SELECT entity FROM oracle.entity ORDER BY ordinal LOOP
        EXECUTE format($q$
            SELECT string_agg(format('  row %%s (%%s, %%s): %%s', coalesce(t.id, o.id), t.external_source,
                t.external_id, o.told), E'\n')
              FROM prod.%1$I t FULL JOIN (
                SELECT row_id AS id, string_agg(type, ', ' ORDER BY statement, line) AS told,
                       count(*) FILTER (WHERE type ~ '[.](created|restored)$') - count(*)
                           FILTER (WHERE type LIKE '%%.deleted') AS live,
                       (array_agg(ROW(external_source, external_id) ORDER BY statement DESC, line DESC))[1] AS key
                  FROM eryxon.event_outbox WHERE entity = %1$L AND type <> 'sync.completed' GROUP BY row_id) o
                      ON o.id = t.id
             WHERE coalesce(o.live, 0) + (SELECT count(*) FROM oracle.begun b WHERE b.entity = %1$L
                 AND b.id = coalesce(t.id, o.id))
                   <> (t.id IS NOT NULL AND t.deleted_at IS NULL)::integer
                OR (o.key IS DISTINCT FROM ROW(t.external_source, t.external_id) AND o.id IS NOT NULL
                    AND t.id IS NOT NULL)
            $q$, e) INTO r;
        IF r IS NOT NULL THEN report := report || format(E'events of %s\n%s\n', e, r); END IF;
    END LOOP;
    RETURN report;
END $$;
