-- Running a case through the product and the oracle. The tables' state is undone by the caller's ROLLBACK.

-- Gives both sides the same tables and rows.
CREATE FUNCTION oracle.set_up(c jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE s text; stmt text; row jsonb; cols text;
BEGIN
    FOREACH s IN ARRAY ARRAY['prod', 'oracle_t'] LOOP
        FOR stmt IN SELECT * FROM jsonb_array_elements_text(c -> 'tables') LOOP EXECUTE format(stmt, s); END LOOP;
        FOR row IN SELECT * FROM jsonb_array_elements(c -> 'seeds') LOOP
            SELECT string_agg(quote_ident(attname), ', ') INTO cols FROM pg_attribute
            WHERE attrelid = format('%I.%I', s, row ->> 'entity')::regclass AND attnum > 0 AND NOT attisdropped
                AND (row -> 'row') ? attname;
            EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM jsonb_populate_record(NULL::%1$I.%2$I, $1)',
                s, row ->> 'entity', cols) USING row -> 'row';
        END LOOP;
    END LOOP;
    PERFORM oracle.read_columns();
END $$;

-- The statement by which the product takes a step.
CREATE FUNCTION oracle.statement(step jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE p text := quote_literal(step ->> 'payload'); o text := quote_literal(coalesce(step ->> 'options', '{}'));
    e text := quote_literal(step ->> 'entity');
    own text := format('tenant_id = %L AND external_source = %L AND external_id = %L', oracle.tenant(), step ->> 'src',
        step ->> 'ext');
BEGIN
    p := quote_literal((step -> 'payload')::text);
    RETURN CASE step ->> 'do'
        WHEN 'bulk' THEN format('SELECT eryxon_bulk_upsert(%s, %s::jsonb, %s::jsonb)', e, p, o)
        WHEN 'json' THEN format('SELECT eryxon_bulk_upsert_json(%s, %s::json, %s::jsonb)', e, p, o)
        WHEN 'upsert' THEN format('SELECT eryxon_upsert(%s, %s::jsonb, %s::jsonb)', e, p, o)
        WHEN 'sync' THEN format('SELECT eryxon_sync(%s::jsonb, %s::jsonb)', p, o)
        WHEN 'diff' THEN format('SELECT eryxon_diff(%s::jsonb, %s::jsonb)', p, o)
        WHEN 'delete' THEN format('DELETE FROM prod.%I WHERE deleted_at IS NULL AND %s', step ->> 'entity', own)
        WHEN 'remove' THEN format('SELECT eryxon_delete_external(%s, %L, %L, %s) FROM prod.%I WHERE %s AND %s', e,
            step ->> 'src', step ->> 'ext', step ->> 'hard',
            step ->> 'entity', CASE WHEN (step ->> 'hard')::boolean THEN 'true' ELSE 'deleted_at IS NULL' END, own)
        WHEN 'restore' THEN format('SELECT eryxon_restore(%s, id) FROM prod.%I WHERE deleted_at IS NOT NULL AND %s', e,
            step ->> 'entity', own)
        WHEN 'edit' THEN format('UPDATE prod.%I SET %s WHERE deleted_at IS NULL AND %s', step ->> 'entity',
            (SELECT string_agg(format('%I = %L', key, value), ', ') FROM jsonb_each_text(step -> 'set')), own
            || CASE WHEN step -> 'set' ? 'job_id'
                THEN format(' AND EXISTS (SELECT FROM prod.jobs j WHERE j.id = %L AND j.deleted_at IS NULL)',
                step -> 'set' ->> 'job_id')
                    ELSE '' END) END;
END $$;

-- Takes a step in the product: its answer, or {"raised":sqlstate,"details":[…],"message"}.
CREATE FUNCTION oracle.product(step jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE r jsonb; detail text; state text; message text;
BEGIN
    IF step ->> 'do' IN ('delete', 'edit') THEN EXECUTE oracle.statement(step); RETURN '{}'; END IF;
    EXECUTE oracle.statement(step) INTO r;
    RETURN coalesce(r, '{}');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RETURN jsonb_build_object('raised', state, 'message', message, 'details', CASE WHEN detail ~ '^\s*\['
        THEN detail::jsonb END);
END $$;

-- Restores a deleted row with what went with it.
CREATE FUNCTION oracle.restore(p_entity text, p_src text, p_ext text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE r jsonb := oracle.row_by_key(p_entity, p_src, p_ext); code text;
BEGIN
    IF r IS NULL OR r ->> 'deleted_at' IS NULL THEN RETURN '{}'; END IF;
    IF oracle.dead_parent(p_entity, r) IS NOT NULL THEN RETURN '{"raised":"23503"}'; END IF;
    IF r ? 'cell_id' AND oracle.row_by_id('cells', (r ->> 'cell_id')::uuid) ->> 'deleted_at' IS NOT NULL THEN
        RETURN '{"raised":"23503"}'; END IF;
    PERFORM oracle.put(p_entity, (r ->> 'id')::uuid, '{"deleted_at":null,"deleted_by":null}');
    PERFORM oracle.restore_rest((r ->> 'id')::uuid);
    code := oracle.broken();
    IF code IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = oracle.state_of(code); END IF;
    RETURN '{}';
EXCEPTION WHEN OTHERS THEN RETURN jsonb_build_object('raised', SQLSTATE);
END $$;

-- Takes a step in the oracle.
CREATE FUNCTION oracle.answer(step jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE state text; o jsonb := coalesce(step -> 'options', '{}');
BEGIN
    CASE step ->> 'do'
        WHEN 'bulk', 'json' THEN RETURN oracle.bulk(step ->> 'entity', step -> 'payload', o);
        WHEN 'upsert' THEN RETURN oracle.upsert(step ->> 'entity', step -> 'payload', o);
        WHEN 'sync' THEN RETURN oracle.sync(step -> 'payload', o);
        WHEN 'diff' THEN RETURN oracle.diff(step -> 'payload', o);
        WHEN 'restore' THEN RETURN oracle.restore(step ->> 'entity', step ->> 'src', step ->> 'ext');
        WHEN 'remove' THEN
            state := oracle.remove(step ->> 'entity', step ->> 'src', step ->> 'ext', (step ->> 'hard')::boolean);
            RETURN CASE WHEN state IN ('none', 'done') THEN '{}' ELSE jsonb_build_object('raised', state) END;
        WHEN 'delete' THEN
            state := oracle.plain_delete(step ->> 'entity', step ->> 'src', step ->> 'ext');
            RETURN CASE WHEN state IN ('none', 'done') THEN '{}' ELSE jsonb_build_object('raised', state) END;
        ELSE
            EXECUTE replace(oracle.statement(step), ' prod.', ' oracle_t.');
            RETURN '{}';
    END CASE;
EXCEPTION WHEN SQLSTATE '23514' OR SQLSTATE '23505' THEN RETURN jsonb_build_object('raised', SQLSTATE);
END $$;

-- What is wrong with the product's answer to a step: '' or a report.
CREATE FUNCTION oracle.answer_differences(step jsonb, want jsonb, got jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE r text := ''; e text; kind text := step ->> 'do'; o jsonb := coalesce(step -> 'options', '{}'); w jsonb;
    total jsonb := '{}'; one text;
    dry boolean := kind = 'diff' OR oracle.opt(o, 'dry_run', 'false') = 'true';
BEGIN
    IF want ? 'raised' OR got ? 'raised' THEN
        IF want ? 'raised' AND got ? 'raised' AND oracle.agree(want -> 'raised', got -> 'raised') THEN
            RETURN oracle.raised_differences(want -> 'outcome', got -> 'details', kind, o); END IF;
        RETURN format(E'raised %s (%s) instead of %s\n', got ->> 'raised', got ->> 'message', want ->> 'raised');
    END IF;
    IF kind IN ('bulk', 'json') THEN
        RETURN oracle.bulk_differences(want -> 'entities' -> (step ->> 'entity'), got, o, dry); END IF;
    IF kind = 'upsert' THEN
        w := want -> 'entities' -> (step ->> 'entity') -> 'results' -> 0;
        r := oracle.result_differences(w, got, o, dry);
        IF w ->> 'op' <> 'delete' AND w ->> 'hash' IS DISTINCT FROM got ->> 'sync_hash' THEN
            r := r || ' sync_hash differs;'; END IF;
        RETURN CASE WHEN r = '' THEN '' ELSE format(E'upsert: %s\n  oracle  %s\n  product %s\n', r, w, got) END;
    END IF;
    IF kind IN ('sync', 'diff') THEN
        FOR e, w IN SELECT * FROM jsonb_each(want -> 'entities') LOOP
            total := oracle.count_all(total, jsonb_build_object('all', w -> 'own'));
            CONTINUE WHEN w -> 'results' = '[]' AND NOT (got -> 'entities') ? e;
            one := oracle.bulk_differences(w, got -> 'entities' -> e, o, dry);
            IF one <> '' THEN r := r || format(E'%s: %s', e, one); END IF;
        END LOOP;
        IF oracle.seven(total -> 'all') <> oracle.counts_of(got -> 'summary') THEN
            r := r || format(E'summary %s\n', got -> 'summary'); END IF;
    END IF;
    RETURN r;
END $$;

-- Runs a case: '' if product and oracle agree, else a report of the first step where they do not.
CREATE FUNCTION oracle.run_case(seed bigint, number bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE c jsonb; step jsonb; i int := 0; want jsonb; got jsonb; report text;
BEGIN
    PERFORM oracle.start(seed, number);
    c := oracle.any_case();
    PERFORM oracle.set_up(c);
    PERFORM oracle.begin_events();
    FOR step IN SELECT * FROM jsonb_array_elements(c -> 'steps') LOOP
        i := i + 1;
        DELETE FROM oracle.run;
        DELETE FROM eryxon.sync_run;
        got := oracle.product(step);
        want := oracle.answer(step);
        report := oracle.answer_differences(step, want, got) || oracle.table_differences()
            || oracle.event_differences();
        IF step ->> 'do' NOT IN ('delete', 'remove', 'restore', 'edit') THEN
            report := report || oracle.history_differences(); END IF;
        IF report <> '' THEN
            RETURN format(E'seed %s, case %s, step %s of %s disagree\ntables: %s\nearlier steps:\n%s\nstep: %s\n  '
                           'oracle  %s\n  product %s\n%s', seed, number, i,
                jsonb_array_length(c -> 'steps'), c -> 'tables', (SELECT string_agg('  ' || s::text, E'\n' ORDER BY n)
                    FROM jsonb_array_elements(c -> 'steps')
                WITH ORDINALITY AS a(s, n) WHERE n < i), step, want, got, report);
        END IF;
    END LOOP;
    RETURN '';
END $$;
