-- Unique values: who has one, which record gives it up, and rows that swap theirs.

-- The row that has the value which a node wants, as far as the tenant's; null if there is none.
CREATE FUNCTION oracle.holder(clash jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE r jsonb;
BEGIN
    IF clash ->> 'entity' IS NULL THEN RETURN NULL; END IF;
    EXECUTE format('SELECT to_jsonb(t) FROM oracle_t.%I t WHERE tenant_id = $1 AND concat_ws('', '', %s) = $2 '
                   'ORDER BY deleted_at IS NOT NULL LIMIT 1', clash ->> 'entity', clash ->> 'columns')
        INTO r USING oracle.tenant(), clash ->> 'values';
    RETURN r;
END $$;

-- The prefix of the first node of the same array that has the row's key and that this one has not waited for.
CREATE FUNCTION oracle.later_sibling(node jsonb, p_prefix text, taken_by jsonb, waits jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
    SELECT n ->> 'prefix' FROM oracle.all_nodes(node) WITH ORDINALITY a(n, i)
    WHERE p_prefix <> '' AND n ->> 'prefix' <> p_prefix AND n ->> 'ext' = taken_by ->> 'external_id'
        AND n ->> 'src' = taken_by ->> 'external_source'
        AND regexp_replace(n ->> 'prefix', '[0-9]+]\.$', '') = regexp_replace(p_prefix, '[0-9]+]\.$', '')
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(waits) pair
            WHERE pair = jsonb_build_array(p_prefix, n ->> 'prefix'))
    ORDER BY i LIMIT 1
$$;

-- True if the first node of a tree waits for the second one, at last.
CREATE FUNCTION oracle.waits_for(waits jsonb, one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    WITH RECURSIVE w AS (SELECT one AS p UNION SELECT pair ->> 1 FROM w, jsonb_array_elements(waits) pair
        WHERE pair ->> 0 = w.p)
    SELECT EXISTS (SELECT FROM w WHERE p = other)
$$;

-- The first tree, in input order, that has a node of the holder's key: its position among pending trees, or, of those
-- that wait for this one by values alone, minus its position among the begun ones, counted from one.
CREATE FUNCTION oracle.later_tree(outcome jsonb, begun jsonb, pending jsonb) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN is_begun THEN -k ELSE k - 1 END FROM (
        SELECT t, k, true AS is_begun FROM jsonb_array_elements(begun) WITH ORDINALITY a(t, k)
         WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(begun) WITH ORDINALITY o(b, l)
             WHERE l >= k AND b ->> 'waits' <> 'value')
        UNION ALL SELECT t, k, false FROM jsonb_array_elements(pending) WITH ORDINALITY a(t, k)) trees
    WHERE oracle.all_faults(t) = '[]' AND EXISTS (SELECT FROM oracle.all_nodes(t) n
        WHERE n ->> 'entity' = outcome -> 'clash' ->> 'entity'
            AND n ->> 'ext' = outcome -> 'holder' ->> 'external_id'
            AND n ->> 'src' = outcome -> 'holder' ->> 'external_source')
    ORDER BY (t ->> 'index')::int LIMIT 1
$$;

-- Gives the rows of an option `parked` another value for a moment.
CREATE FUNCTION oracle.park_all(options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE p jsonb; c text;
BEGIN
    FOR p IN SELECT * FROM jsonb_array_elements(options -> 'parked') LOOP
        SELECT name INTO c FROM oracle.column_now WHERE entity = p ->> 'entity' AND name <> 'tenant_id'
            AND name = ANY (string_to_array(p ->> 'columns', ', '))
            AND ((col).base IN ('text', 'character varying') OR NOT (col).not_null) LIMIT 1;
        IF c IS NULL THEN RAISE SQLSTATE '23505'; END IF;
        PERFORM set_config('session_replication_role', 'replica', true);
        EXECUTE format('UPDATE oracle_t.%I SET %I = ''~~'' WHERE id = $1', p ->> 'entity', c) USING (p ->> 'id')::uuid;
        PERFORM set_config('session_replication_role', 'origin', true);
    END LOOP;
    RETURN NULL;
END $$;

-- Demands that these rows have been given another value since.
CREATE FUNCTION oracle.require_rewritten(options jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p jsonb;
BEGIN
    FOR p IN SELECT * FROM jsonb_array_elements(options -> 'parked') LOOP
        IF oracle.row_by_id(p ->> 'entity', (p ->> 'id')::uuid)::text LIKE '%"~~"%' THEN
            RAISE SQLSTATE '23505'; END IF;
    END LOOP;
END $$;

-- Writes trees that wait for each other's values: this one, and the begun ones from a position on, the last one first.
-- Their outcomes; null if one of them cannot be written.
CREATE FUNCTION oracle.circle(node jsonb, outcome jsonb, begun jsonb, p_from int, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE n jsonb; got jsonb; list jsonb := '[]'; parked jsonb;
BEGIN
    parked := options || '{"once":true}' || jsonb_build_object('parked', jsonb_build_array(jsonb_build_object('entity',
        outcome -> 'clash' -> 'entity', 'columns', outcome -> 'clash' -> 'columns', 'id',
        outcome -> 'holder' -> 'id')));
    PERFORM oracle.park_all(parked);
    FOR n IN SELECT x FROM (SELECT node AS x, 1000000 AS k UNION ALL SELECT b, k
        FROM jsonb_array_elements(begun) WITH ORDINALITY a(b, k) WHERE k > p_from) t ORDER BY k DESC LOOP
        got := oracle.unit(n, options || '{"once":true}');
        IF got ->> 'action' = 'error' THEN RAISE SQLSTATE 'OR006'; END IF;
        list := list || oracle.told(n, got, options);
    END LOOP;
    PERFORM oracle.require_rewritten(parked);
    RETURN list;
EXCEPTION WHEN SQLSTATE 'OR006' OR unique_violation OR check_violation OR not_null_violation THEN RETURN NULL;
END $$;
