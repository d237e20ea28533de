-- The calls: bulk, sync, upsert and diff, with their results and history.

-- All faults of a tree of nodes.
CREATE FUNCTION oracle.all_faults(node jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE faults jsonb := coalesce(node -> 'faults', '[]'); k jsonb; n jsonb;
BEGIN
    FOR k IN SELECT * FROM jsonb_array_elements(coalesce(node -> 'kids', '[]')) LOOP
        FOR n IN SELECT * FROM jsonb_array_elements(k -> 'nodes') LOOP
            faults := faults || oracle.all_faults(n); END LOOP;
    END LOOP;
    RETURN faults;
END $$;

-- The node, with the fault that it or one below it stands elsewhere than an earlier record of the call says.
CREATE FUNCTION oracle.without_contradiction(node jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE n jsonb; ref jsonb; known jsonb; here jsonb;
BEGIN
    FOR n IN SELECT * FROM oracle.all_nodes(node) LOOP
        SELECT n -> 'refs' -> field INTO ref FROM oracle.rule WHERE entity = n ->> 'entity' AND children IS NOT NULL;
        CONTINUE WHEN ref ->> 'by' = 'null' OR ref ->> 'text' IS NULL OR ref ->> 'source' IS NULL
            OR n ->> 'src' IS NULL OR n ->> 'ext' IS NULL;
        here := CASE ref ->> 'by' WHEN 'external_id' THEN jsonb_build_array(ref -> 'source', ref -> 'text')
            ELSE to_jsonb(lower(ref ->> 'text')) END;
        SELECT place INTO known FROM oracle.place
            WHERE (entity, src, ext, form) = (n ->> 'entity', n ->> 'src', n ->> 'ext', ref ->> 'by');
        IF NOT FOUND THEN
            INSERT INTO oracle.place VALUES (n ->> 'entity', n ->> 'src', n ->> 'ext', ref ->> 'by', here);
        ELSIF known <> here THEN
            node := jsonb_set(node, '{faults}', (node -> 'faults')
                || oracle.fault('DUPLICATE_KEY', (n ->> 'prefix') || 'external_id'));
        END IF;
    END LOOP;
    RETURN node;
END $$;

-- An error outcome. `open` says that the product may report more, `loose` that any error will do.
CREATE FUNCTION oracle.failed(faults jsonb, p_open boolean, loose boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('action', 'error', 'details', faults, 'open', p_open, 'loose', loose, 'sqlstate',
        CASE WHEN (p_open AND NOT faults -> 0 ->> 'constraint' IN ('EXISTS', 'NOT_FOUND', 'DELETED')) OR loose
            OR (SELECT count(DISTINCT f ->> 'constraint') FROM jsonb_array_elements(faults) f) > 1 THEN '~'
             ELSE coalesce(faults -> 0 ->> 'sqlstate', oracle.state_of(faults -> 0 ->> 'constraint')) END)
$$;

-- Applies one top-level node in a subtransaction of its own. If a value is taken, children that arrays leave out go
-- first.
CREATE FUNCTION oracle.unit(node jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE faults jsonb := oracle.all_faults(node); outcome jsonb; code text; detail text; nested boolean := false;
    missing jsonb; clash jsonb;
BEGIN
    IF faults <> '[]' THEN
        missing := CASE WHEN node ->> 'src' IS NOT NULL AND node ->> 'ext' IS NOT NULL
            AND jsonb_typeof(node -> 'missing') = 'array'
                             AND oracle.row_by_key(node ->> 'entity', node ->> 'src', node ->> 'ext') IS NULL
                             AND oracle.opt(options, 'mode', 'upsert') <> 'update'
                                 AND oracle.opt(options, 'adopt', 'false') = 'false'
                        THEN node -> 'missing' ELSE '[]' END;
        RETURN oracle.failed(faults || missing, true, false);
    END IF;
    SELECT bool_or(jsonb_array_length(k -> 'nodes') > 0) INTO nested
        FROM jsonb_array_elements(coalesce(node -> 'kids', '[]')) k;
    nested := coalesce(nested, false) OR (jsonb_array_length(coalesce(node -> 'kids', '[]')) > 0
        AND oracle.opt(options, 'children', 'merge') = 'replace');
    BEGIN
        DELETE FROM oracle.came_back;
        outcome := oracle.park_all(options);
        outcome := oracle.write_node(node, options);
        PERFORM oracle.require_rewritten(options);
        code := oracle.broken();
        IF code IS NOT NULL THEN PERFORM oracle.give_up(jsonb_build_array(oracle.fault(code, '~'))); END IF;
        RETURN outcome;
    EXCEPTION
        WHEN SQLSTATE 'OR001' THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
            RETURN oracle.failed(detail::jsonb, detail::jsonb -> 0 ->> 'constraint' IN ('EXISTS', 'NOT_FOUND',
                'DELETED'), nested);
        WHEN SQLSTATE 'OR005' THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
            clash := detail::jsonb;
        WHEN OTHERS THEN
            IF SQLSTATE = '23505' AND nested AND oracle.opt(options, 'children', 'merge') = 'replace'
                AND NOT options ? 'removes_first' AND NOT options ? 'once' THEN
                RETURN oracle.unit(node, options || '{"removes_first":true}');
            END IF;
            IF SQLSTATE LIKE '42%' OR SQLSTATE LIKE 'XX%' OR SQLSTATE LIKE '22%' OR SQLSTATE = 'P0004' THEN
                RAISE; END IF;
            RETURN oracle.failed(jsonb_build_array(oracle.fault(oracle.code_of(SQLSTATE), '~')
                || jsonb_build_object('sqlstate', SQLSTATE)), false, nested);
    END;
    RETURN oracle.clashed(node, options, clash, nested);
END $$;

-- A node that a unique value kept out: it is tried again, with another order in its arrays, as long as a record of
-- the array has the value; refused otherwise, with the row that has it.
CREATE FUNCTION oracle.clashed(node jsonb, options jsonb, clash jsonb, nested boolean) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE taken_by jsonb := oracle.holder(clash); next text; waits jsonb := coalesce(options -> 'waits', '[]');
    parked jsonb := coalesce(options -> 'parked', '[]'); value jsonb;
    failed jsonb := oracle.failed(jsonb_build_array(oracle.fault('UNIQUE_CONSTRAINT', '~')
        || '{"sqlstate":"23505"}'), false, nested);
BEGIN
    IF options ? 'once' THEN RETURN failed; END IF;
    IF nested AND oracle.opt(options, 'children', 'merge') = 'replace' AND NOT options ? 'removes_first' THEN
        RETURN oracle.unit(node, options || '{"removes_first":true}'); END IF;
    IF taken_by ->> 'external_id' IS NULL THEN RETURN failed; END IF;
    next := oracle.later_sibling(node, clash ->> 'prefix', taken_by, waits);
    IF next IS NULL THEN RETURN failed || jsonb_build_object('clash', clash, 'holder', taken_by); END IF;
    IF NOT oracle.waits_for(waits, next, clash ->> 'prefix') THEN
        RETURN oracle.unit(node, options || jsonb_build_object('waits', waits
            || jsonb_build_array(jsonb_build_array(clash -> 'prefix', next)))); END IF;
    value := jsonb_build_object('entity', clash -> 'entity', 'columns', clash -> 'columns', 'id', taken_by -> 'id');
    IF parked @> jsonb_build_array(value) THEN RETURN failed; END IF;
    RETURN oracle.unit(node, options || jsonb_build_object('parked', parked || value));
END $$;

-- Adds a history row per entity that has counts.
CREATE FUNCTION oracle.record_run(counts jsonb, sources jsonb, operation text, results jsonb, options jsonb)
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO oracle.run
    SELECT entity, operation, source, CASE WHEN errors = 0 THEN 'completed' WHEN errors = total THEN 'failed'
        ELSE 'partial' END, total, created, updated, restored, skipped, deleted, errors, options ->> 'client_ref',
           (SELECT coalesce(jsonb_agg(jsonb_build_object('index', r -> 'index', 'external_id',
               coalesce(nullif(r -> 'external_id', 'null'), '"~"'), 'code',
                CASE WHEN r ->> 'sqlstate' = '~' OR jsonb_array_length(r -> 'details') > 1 THEN '~'
                    ELSE r -> 'details' -> 0 ->> 'constraint' END)
                ORDER BY (r ->> 'index')::int), '[]') FROM jsonb_array_elements(results) r
                    WHERE r ->> 'action' = 'error' AND r ->> 'entity' = t.entity)
    FROM (SELECT e.key AS entity, sources ->> e.key AS source, (SELECT sum(value::int) FROM jsonb_each_text(e.value))
        AS total,
                 coalesce((e.value ->> 'created')::int, 0) AS created,
                     coalesce((e.value ->> 'updated')::int, 0) AS updated,
                 coalesce((e.value ->> 'restored')::int, 0) AS restored,
                     coalesce((e.value ->> 'skipped')::int, 0) AS skipped,
                 coalesce((e.value ->> 'deleted')::int, 0) AS deleted, coalesce((e.value ->> 'error')::int, 0) AS errors
          FROM jsonb_each(counts) e) t
    WHERE total > 0
$$;

-- The sources of a tree's nodes by entity: {"jobs":["SAP"]}; '?' for an unreadable one.
CREATE FUNCTION oracle.sources(node jsonb, failed boolean, options jsonb) RETURNS TABLE (entity text, source text)
    LANGUAGE plpgsql STABLE AS $$
DECLARE k jsonb; n jsonb;
BEGIN
    RETURN QUERY SELECT node ->> 'entity', coalesce(node ->> 'src', '?');
    IF failed THEN RETURN; END IF;
    FOR k IN SELECT * FROM jsonb_array_elements(coalesce(node -> 'kids', '[]')) LOOP
        IF k -> 'nodes' = '[]' AND oracle.opt(options, 'children', 'merge') = 'replace' THEN
            RETURN QUERY SELECT k ->> 'entity', '?'; END IF;
        FOR n IN SELECT * FROM jsonb_array_elements(k -> 'nodes') LOOP
            RETURN QUERY SELECT * FROM oracle.sources(n, false, options); END LOOP;
    END LOOP;
END $$;

-- What a tree came to, with what its result needs; notes its sources.
CREATE FUNCTION oracle.told(node jsonb, outcome jsonb, options jsonb) RETURNS jsonb LANGUAGE sql AS $$
    INSERT INTO oracle.source_of SELECT * FROM oracle.sources(node, outcome ->> 'action' = 'error', options);
    SELECT outcome || jsonb_build_object('index', node -> 'index', 'external_id', node -> 'ext', 'external_source',
        node -> 'src', 'entity', node -> 'entity', 'op', node -> 'op', 'hash', node -> 'hash')
$$;

-- Applies the records of one entity, from top to bottom; one that refers to a later record, or wants a unique value
-- that a later record's row has, waits until that was applied. Results in input order and counts by entity.
CREATE FUNCTION oracle.apply(p_entity text, records jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE pending jsonb; node jsonb; outcome jsonb; results jsonb := '[]'; counts jsonb := '{}'; own jsonb := '{}';
    begun jsonb := '[]'; i int; done jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(oracle.without_contradiction(oracle.read_record(p_entity, e, '', NULL, options))
        || jsonb_build_object('index', n - 1) ORDER BY n), '[]')
        INTO pending FROM (SELECT * FROM jsonb_array_elements(records) WITH ORDINALITY ORDER BY ordinality) AS a(e, n);
    WHILE pending <> '[]' OR begun <> '[]' LOOP
        IF begun = '[]' THEN begun := jsonb_build_array(pending -> 0); pending := pending - 0; END IF;
        node := begun -> -1;
        i := oracle.needed_tree(node, pending, options);
        IF i IS NOT NULL THEN
            begun := (begun - -1) || jsonb_build_array(node || '{"waits":"reference"}', pending -> i);
            pending := pending - i; CONTINUE; END IF;
        begun := begun - -1;
        IF oracle.needed_tree(node, begun, options) IS NOT NULL THEN node := node || '{"circle":true}'; END IF;
        outcome := oracle.unit(node, options);
        i := CASE WHEN outcome ? 'clash' THEN oracle.later_tree(outcome, begun, pending) END;
        IF i >= 0 THEN
            begun := begun || jsonb_build_array(node || '{"waits":"value"}', pending -> i);
            pending := pending - i; CONTINUE; END IF;
        done := CASE WHEN i < 0 THEN oracle.circle(node, outcome, begun, -i - 1, options) END;
        IF done IS NULL THEN done := jsonb_build_array(oracle.told(node, outcome, options));
        ELSE SELECT coalesce(jsonb_agg(b ORDER BY k), '[]') INTO begun
            FROM jsonb_array_elements(begun) WITH ORDINALITY a(b, k) WHERE k < -i; END IF;
        results := results || done;
        FOR outcome IN SELECT * FROM jsonb_array_elements(done) LOOP
            own := oracle.count_one(own, p_entity, outcome ->> 'action');
            counts := oracle.count_all(oracle.count_one(counts, p_entity, outcome ->> 'action'),
                coalesce(outcome -> 'counts', '{}'));
        END LOOP;
    END LOOP;
    SELECT coalesce(jsonb_agg(r ORDER BY (r ->> 'index')::int), '[]') INTO results FROM jsonb_array_elements(results) r;
    RETURN jsonb_build_object('results', results, 'counts', counts, 'own', coalesce(own -> p_entity, '{}'));
END $$;

-- Leaves the call where on_error, max_errors or a single upsert demands it.
CREATE FUNCTION oracle.raise_if_demanded(results jsonb, single boolean, options jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE bad jsonb; n int;
BEGIN
    SELECT count(*), (array_agg(r ORDER BY i))[1] INTO n, bad FROM jsonb_array_elements(results)
        WITH ORDINALITY AS a(r, i) WHERE r ->> 'action' = 'error';
    IF n > 0 AND (single OR oracle.opt(options, 'on_error', 'continue') = 'abort') THEN
        RAISE EXCEPTION SQLSTATE 'OR002' USING MESSAGE = 'raised', DETAIL = bad ->> 'sqlstate', HINT = bad::text;
    ELSIF n > (options ->> 'max_errors')::int THEN
        RAISE EXCEPTION SQLSTATE 'OR002' USING MESSAGE = 'raised', DETAIL = '~';
    END IF;
END $$;

-- Leaves the call for a payload or option that is wrong as a whole.
CREATE FUNCTION oracle.check_call(options jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM jsonb_object_keys(options) k
        WHERE k NOT IN ('on_error', 'skip_unchanged', 'mode', 'update_strategy', 'children',
        'unknown_fields', 'deleted', 'adopt', 'force', 'nulls', 'results', 'max_errors', 'dry_run', 'record_history',
            'client_ref', 'children_results')) THEN
        RAISE EXCEPTION SQLSTATE 'OR002' USING MESSAGE = 'raised', DETAIL = '22023';
    END IF;
END $$;

-- Applies several entities' records and writes history: {"entities":{entity:{"results","own"}}}.
CREATE FUNCTION oracle.run_all(lists jsonb, operation text, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE e text; got jsonb; entities jsonb := '{}'; counts jsonb := '{}'; results jsonb := '[]'; sources jsonb; k text;
BEGIN
    PERFORM oracle.check_call(options);
    FOR k, got IN SELECT * FROM jsonb_each(lists) LOOP
        IF k NOT IN (SELECT entity FROM oracle.entity) OR jsonb_typeof(got) <> 'array' THEN
            RAISE EXCEPTION SQLSTATE 'OR002' USING MESSAGE = 'raised', DETAIL = '22023';
        END IF;
    END LOOP;
    DELETE FROM oracle.source_of;
    DELETE FROM oracle.place;
    FOR e IN SELECT entity FROM oracle.entity WHERE lists ? entity ORDER BY ordinal LOOP
        got := oracle.apply(e, lists -> e, options);
        entities := entities || jsonb_build_object(e, got);
        counts := oracle.count_all(counts, got -> 'counts');
        results := results || (got -> 'results');
    END LOOP;
    PERFORM oracle.raise_if_demanded(results, operation = 'single', options);
    SELECT jsonb_object_agg(entity, source) INTO sources FROM (
        SELECT entity, CASE WHEN bool_or(source = '?') THEN '~' WHEN count(DISTINCT source) = 1
            THEN min(source) END AS source
        FROM oracle.source_of GROUP BY entity) s;
    IF oracle.opt(options, 'record_history', 'true') = 'true' THEN
        PERFORM oracle.record_run(counts, sources, CASE operation WHEN 'single' THEN 'upsert'
            ELSE operation END, results, options);
    END IF;
    RETURN jsonb_build_object('entities', entities);
END $$;

-- Runs a call; what it did is undone for dry runs, diffs (but for history) and calls that raise: {"raised":sqlstate}.
CREATE FUNCTION oracle.call(lists jsonb, operation text, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE got jsonb; detail text; hint text; runs oracle.run[];
BEGIN
    BEGIN
        got := oracle.run_all(lists, operation, options);
        IF operation <> 'diff' AND oracle.opt(options, 'dry_run', 'false') = 'false' THEN RETURN got; END IF;
        IF operation = 'diff' THEN SELECT array_agg(r) INTO runs FROM oracle.run r; END IF;
        RAISE SQLSTATE 'OR003';
    EXCEPTION
        WHEN SQLSTATE 'OR002' THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            RETURN jsonb_build_object('raised', detail, 'outcome', nullif(hint, '')::jsonb);
        WHEN SQLSTATE 'OR003' THEN NULL;
    END;
    IF operation = 'diff' AND oracle.opt(options, 'dry_run', 'false') = 'false' THEN
        DELETE FROM oracle.run;
        INSERT INTO oracle.run SELECT (r).* FROM unnest(runs) r;
    END IF;
    RETURN got;
END $$;

-- Bulk upsert of an array, {"items":[…]} or {"<entity>":[…]}.
CREATE FUNCTION oracle.bulk(p_entity text, payload jsonb, options jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT oracle.call(jsonb_build_object(p_entity, CASE WHEN jsonb_typeof(payload) = 'array' THEN payload
        ELSE coalesce(payload -> 'items', payload -> p_entity, 'null') END), 'upsert', options)
$$;

-- One record.
CREATE FUNCTION oracle.upsert(p_entity text, payload jsonb, options jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT oracle.call(jsonb_build_object(p_entity, jsonb_build_array(payload)), 'single', options)
$$;

-- All entities in dependency order.
CREATE FUNCTION oracle.sync(payload jsonb, options jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT oracle.call(payload, 'sync', options) $$;

-- As sync, without a trace but for the history.
CREATE FUNCTION oracle.diff(payload jsonb, options jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT oracle.call(payload, 'diff', options) $$;
