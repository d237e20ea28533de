-- Writing a node that was read: one row at a time, logical faults raised as SQLSTATE OR001 with the faults as DETAIL.

-- Leaves the record with its faults.
CREATE FUNCTION oracle.give_up(faults jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION SQLSTATE 'OR001' USING MESSAGE = 'faults', DETAIL = faults::text;
END $$;

-- What a node came to: its action, id, remarks, counts by entity of the children below it, and what these came to.
CREATE FUNCTION oracle.done(action text, id uuid, warnings jsonb DEFAULT '[]', changes jsonb DEFAULT NULL) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('action', action, 'id', id, 'warnings', coalesce(warnings, '[]'), 'counts', '{}'::jsonb,
        'changes', changes, 'below', '[]'::jsonb)
$$;

-- What a node below the top-level one came to, or a row that an array left out.
CREATE FUNCTION oracle.child(path text, p_entity text, ext text, action text, changes jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('path', path, 'entity', p_entity, 'external_id', ext, 'action', action, 'changes',
        changes)
$$;

-- Adds n to one count of an entity.
CREATE FUNCTION oracle.count_one(counts jsonb, p_entity text, action text, n int DEFAULT 1) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
    SELECT counts || jsonb_build_object(p_entity, coalesce(counts -> p_entity, '{}')
        || jsonb_build_object(action, coalesce((counts -> p_entity ->> action)::int, 0) + n))
$$;

-- Adds up two sets of counts.
CREATE FUNCTION oracle.count_all(a jsonb, b jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT e.key AS entity, c.key AS action, c.value::int AS n FROM jsonb_each(b) e,
        jsonb_each_text(e.value) c LOOP
        a := oracle.count_one(a, r.entity, r.action, r.n);
    END LOOP;
    RETURN a;
END $$;

-- Deletes by `_op`: skipped without a live row, refused over a cell in use and over running work.
CREATE FUNCTION oracle.op_delete(node jsonb, old jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE id uuid := (old ->> 'id')::uuid; e text := node ->> 'entity';
BEGIN
    IF old IS NULL OR old ->> 'deleted_at' IS NOT NULL THEN RETURN oracle.done('skipped', NULL); END IF;
    IF oracle.in_use(e, id) THEN PERFORM oracle.give_up(
        jsonb_build_array(oracle.fault('~', '~') || '{"sqlstate":"23503"}')); END IF;
    IF oracle.opt(options, 'force', 'false') <> 'true' AND EXISTS (
        SELECT FROM oracle.belongings(e, id) b JOIN oracle_t.operations o ON b.row_entity = 'operations'
            AND o.id = b.row_id
        WHERE o.status::text = 'in_progress') THEN
        PERFORM oracle.give_up(jsonb_build_array(oracle.fault('IN_PROGRESS', '~')));
    END IF;
    PERFORM oracle.soft_delete(e, id);
    RETURN oracle.done('deleted', id);
END $$;

-- The faults and column values of a node's references: {"faults":[…],"cols":{…}}.
CREATE FUNCTION oracle.resolve(node jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE k text; ref jsonb; r oracle.rule; ids uuid[]; cols jsonb := '{}'; faults jsonb := '[]'; path text;
BEGIN
    FOR k, ref IN SELECT * FROM jsonb_each(node -> 'refs') LOOP
        SELECT * INTO r FROM oracle.rule WHERE entity = node ->> 'entity' AND field = k;
        path := (node ->> 'prefix') || (ref ->> 'path');
        IF ref ->> 'by' = 'null' THEN cols := cols || jsonb_build_object(r.col, NULL); CONTINUE; END IF;
        ids := oracle.targets(r.ref, ref);
        IF cardinality(ids) = 1 THEN cols := cols || jsonb_build_object(r.col, ids[1]);
        ELSIF cardinality(ids) > 1 THEN faults := faults || oracle.fault('AMBIGUOUS_REFERENCE', path);
        ELSE faults := faults || (oracle.fault(CASE WHEN k = 'parent_part'
            AND (ref ->> 'text' = node ->> 'ext' OR node ? 'circle') THEN '~' ELSE 'FK_CONSTRAINT' END, path)
            || jsonb_build_object('optional', k = 'parent_part'));
        END IF;
    END LOOP;
    RETURN jsonb_build_object('faults', faults, 'cols', cols);
END $$;

-- The live local row that `adopt` would link: no external key and the same natural key.
CREATE FUNCTION oracle.adoptable(node jsonb, refs jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE key text[]; f text; cond text := ''; v text; r jsonb;
BEGIN
    SELECT natural_key INTO key FROM oracle.entity WHERE entity = node ->> 'entity';
    FOREACH f IN ARRAY coalesce(key, '{}') LOOP
        v := coalesce(node -> 'values' ->> f, refs ->> (f || '_id'));
        IF v IS NULL THEN RETURN NULL; END IF;
        cond := cond || format(' AND %I = %L', CASE WHEN refs ? (f || '_id') THEN f || '_id' ELSE f END, v);
    END LOOP;
    IF cond = '' THEN RETURN NULL; END IF;
    EXECUTE format('SELECT to_jsonb(t) FROM oracle_t.%I t WHERE tenant_id = $1 AND external_id IS NULL '
                   'AND deleted_at IS NULL %s LIMIT 1', node ->> 'entity', cond) INTO r USING oracle.tenant();
    RETURN r;
END $$;

-- Fills in what a new row gets: rule defaults and the next number of a sequence.
CREATE FUNCTION oracle.with_defaults(p_entity text, cols jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE r oracle.rule; n bigint; up text;
BEGIN
    FOR r IN SELECT * FROM oracle.rule WHERE entity = p_entity AND ref IS NULL AND (dflt IS NOT NULL OR next) LOOP
        IF cols ? r.col OR oracle.column_of(p_entity, r.col) IS NULL THEN CONTINUE; END IF;
        IF r.next THEN
            up := CASE p_entity WHEN 'operations' THEN 'part_id' ELSE 'tenant_id' END;
            EXECUTE format('SELECT coalesce(max(sequence), 0) + 1 FROM oracle_t.%I
                             WHERE deleted_at IS NULL AND %I = $1', p_entity, up)
                INTO n USING coalesce((cols ->> up)::uuid, oracle.tenant());
            cols := cols || jsonb_build_object(r.col, n);
        ELSE cols := cols || jsonb_build_object(r.col, r.dflt);
        END IF;
    END LOOP;
    RETURN cols;
END $$;

-- Inserts or updates one row from its columns; 09000 if a trigger kept it out.
CREATE FUNCTION oracle.put(p_entity text, p_id uuid, cols jsonb) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE list text; id uuid; n int;
BEGIN
    SELECT string_agg(quote_ident(key), ', ') INTO list FROM jsonb_each(cols);
    IF p_id IS NULL THEN
        EXECUTE format('INSERT INTO oracle_t.%1$I (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::oracle_t.%1$I, '
                       '$1) RETURNING id', p_entity, list) INTO id USING cols;
    ELSE
        EXECUTE format('UPDATE oracle_t.%1$I SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::oracle_t.%1$I, '
                       '$1)) WHERE id = $2 RETURNING id', p_entity, list) INTO id USING cols, p_id;
    END IF;
    IF id IS NULL THEN RAISE SQLSTATE '09000'; END IF;
    RETURN id;
END $$;

-- The same for the node with this prefix; a value that is taken leaves as OR005 with {prefix, entity, columns, values}.
CREATE FUNCTION oracle.put_unless_taken(p_entity text, p_id uuid, cols jsonb, prefix text) RETURNS uuid
    LANGUAGE plpgsql AS $$
DECLARE detail text; taken_in text; m text[];
BEGIN
    RETURN oracle.put(p_entity, p_id, cols);
EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, taken_in = TABLE_NAME;
    m := regexp_match(detail, '^Key \((.*)\)=\((.*)\) already exists\.$');
    RAISE EXCEPTION SQLSTATE 'OR005' USING MESSAGE = 'taken', DETAIL = jsonb_build_object('prefix', prefix, 'entity',
        CASE WHEN taken_in = p_entity THEN p_entity END, 'columns', m[1], 'values', m[2])::text;
END $$;

-- The columns of a node's values, with what a `forward` status keeps; remarks go to the second part.
CREATE FUNCTION oracle.columns_for(node jsonb, old jsonb, OUT cols jsonb, OUT warnings jsonb)
    LANGUAGE plpgsql STABLE AS $$
DECLARE r oracle.rule; v jsonb; was text;
BEGIN
    cols := '{}'; warnings := '[]';
    FOR r IN SELECT * FROM oracle.rule WHERE entity = node ->> 'entity' AND ref IS NULL LOOP
        CONTINUE WHEN NOT (node -> 'values') ? r.field;
        v := node -> 'values' -> r.field; was := old ->> r.col;
        IF r.forward AND was IS NOT NULL AND v #>> '{}' IS DISTINCT FROM was
           AND (v #>> '{}' = r.enum[1] OR was = r.enum[cardinality(r.enum)]) THEN
            warnings := warnings || jsonb_build_object('code', 'KEPT', 'path', (node ->> 'prefix') || r.field);
        ELSE cols := cols || jsonb_build_object(r.col, v);
        END IF;
    END LOOP;
END $$;

-- The names of plain fields whose stored value a write changed.
CREATE FUNCTION oracle.changes(p_entity text, old jsonb, new jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(field ORDER BY field COLLATE "C"), '[]') FROM oracle.rule
    WHERE entity = p_entity AND ref IS NULL AND old -> col IS DISTINCT FROM new -> col
$$;

-- The soft-deleted rows that nodes below this one restore by themselves.
CREATE FUNCTION oracle.restored_below(node jsonb) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE k jsonb; n jsonb; r jsonb; ids uuid[] := '{}';
BEGIN
    FOR k IN SELECT * FROM jsonb_array_elements(coalesce(node -> 'kids', '[]')) LOOP
        FOR n IN SELECT * FROM jsonb_array_elements(k -> 'nodes') LOOP
            CONTINUE WHEN n ->> 'op' = 'delete';
            r := oracle.row_by_key(n ->> 'entity', n ->> 'src', n ->> 'ext');
            IF r ->> 'deleted_at' IS NOT NULL THEN ids := ids || (r ->> 'id')::uuid; END IF;
            ids := ids || oracle.restored_below(n);
        END LOOP;
    END LOOP;
    RETURN ids;
END $$;

-- Writes the node's own row.
CREATE FUNCTION oracle.write_row(node jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE e text := node ->> 'entity'; old jsonb := oracle.row_by_key(e, node ->> 'src', node ->> 'ext'); live boolean;
    mode text := oracle.opt(options, 'mode', 'upsert'); res jsonb; faults jsonb; cols jsonb; warnings jsonb;
        adopted boolean := false;
    id uuid; p text; move text;
BEGIN
    IF node ->> 'op' = 'delete' THEN RETURN oracle.op_delete(node, old, options); END IF;
    live := old ->> 'deleted_at' IS NULL AND NOT EXISTS (SELECT FROM oracle.came_back
        WHERE row_id = (old ->> 'id')::uuid);
    DELETE FROM oracle.came_back WHERE row_id = (old ->> 'id')::uuid;
    IF old IS NULL AND oracle.opt(options, 'adopt', 'false') = 'true' THEN
        old := oracle.adoptable(node, oracle.resolve(node) -> 'cols'); adopted := old IS NOT NULL; live := true;
    END IF;
    IF old IS NOT NULL AND live AND mode = 'create' THEN faults := jsonb_build_array(oracle.fault('EXISTS', '~'));
    ELSIF old IS NULL AND mode = 'update' THEN faults := jsonb_build_array(oracle.fault('NOT_FOUND', '~'));
    ELSIF old IS NOT NULL AND NOT live AND oracle.opt(options, 'deleted', 'restore') = 'refuse' THEN
        faults := jsonb_build_array(oracle.fault('DELETED', '~'));
    END IF;
    IF faults IS NOT NULL THEN PERFORM oracle.give_up(faults); END IF;
    IF old IS NOT NULL AND live AND NOT adopted AND oracle.opt(options, 'skip_unchanged', 'true') = 'true'
        AND old ->> 'sync_hash' = node ->> 'hash' THEN
        RETURN oracle.done('skipped', (old ->> 'id')::uuid, node -> 'warnings', '[]');
    END IF;
    res := oracle.resolve(node);
    faults := (res -> 'faults') || CASE WHEN old IS NULL THEN node -> 'missing' ELSE '[]' END;
    -- A started part that changes its job is refused without waiting for the part above it: either fault is right.
    IF live AND faults <> '[]' AND NOT faults @? '$[*] ? (!(@.optional == true))'
        AND oracle.move(e, old, res -> 'cols', options) = 'IN_PROGRESS' THEN
        faults := jsonb_build_array(oracle.fault('~', '~'));
    END IF;
    IF faults <> '[]' THEN PERFORM oracle.give_up(faults); END IF;
    SELECT c.cols, c.warnings INTO cols, warnings FROM oracle.columns_for(node, old) c;
    IF res -> 'cols' ->> 'parent_part_id' = old ->> 'id' THEN
        PERFORM oracle.give_up(jsonb_build_array(oracle.fault('CIRCULAR_REFERENCE', '~'))); END IF;
    move := CASE WHEN live THEN oracle.move(e, old, res -> 'cols', options) END;
    IF move = 'IN_PROGRESS' THEN
        PERFORM oracle.give_up(jsonb_build_array(oracle.fault(move, rtrim(node ->> 'prefix', '.')))); END IF;
    cols := cols || (res -> 'cols') || jsonb_build_object('sync_hash', node ->> 'hash', 'synced_at', now());
    IF old IS NULL OR adopted THEN
        cols := cols || jsonb_build_object('tenant_id', oracle.tenant(), 'external_id', node ->> 'ext',
            'external_source', node ->> 'src');
    END IF;
    IF old IS NULL THEN cols := oracle.with_defaults(e, cols); END IF;
    IF NOT live THEN cols := cols || '{"deleted_at":null,"deleted_by":null}'; END IF;
    p := oracle.dead_parent(e, coalesce(old, '{}') || cols);
    IF p IS NOT NULL THEN PERFORM oracle.give_up(jsonb_build_array(oracle.fault('FK_CONSTRAINT', '~'))); END IF;
    id := oracle.put_unless_taken(e, (old ->> 'id')::uuid, cols, node ->> 'prefix');
    IF NOT live AND old ->> 'deleted_at' IS NOT NULL THEN 
        PERFORM oracle.restore_rest(id, oracle.restored_below(node),
            oracle.opt(options, 'children', 'merge') = 'replace'
                AND jsonb_array_length(coalesce(node -> 'kids', '[]')) > 0);
    END IF;
    warnings := (node -> 'warnings') || warnings || CASE WHEN adopted THEN '[{"code":"ADOPTED","path":"~"}]'
        ELSE '[]' END::jsonb
        || CASE WHEN move IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('code', move, 'path',
            rtrim(node ->> 'prefix', '.'))) END;
    RETURN oracle.done(CASE WHEN old IS NULL THEN 'created' WHEN live THEN 'updated' ELSE 'restored' END, id, warnings,
                       oracle.changes(e, coalesce(old, '{}'), oracle.row_by_id(e, id)));
END $$;

-- The field of a parent of the row to be that is not live; null if all are.
CREATE FUNCTION oracle.dead_parent(p_entity text, row_to_be jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE r oracle.rule; t jsonb;
BEGIN
    FOR r IN SELECT * FROM oracle.rule WHERE entity = p_entity AND parent AND row_to_be ->> col IS NOT NULL LOOP
        t := oracle.row_by_id(r.ref, (row_to_be ->> r.col)::uuid);
        IF t IS NULL OR t ->> 'deleted_at' IS NOT NULL THEN RETURN r.field; END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- True if a child has begun: its status, or that of anything below it, is not the first one.
CREATE FUNCTION oracle.started(p_entity text, p_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE b record;
BEGIN
    FOR b IN SELECT * FROM oracle.belongings(p_entity, p_id) LOOP
        IF coalesce(oracle.row_by_id(b.row_entity, b.row_id) ->> 'status', 'not_started') <> 'not_started' THEN
            RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;

-- The code of what becomes of a live row that the columns put under another parent: a remark or, once it has been
-- started, a fault; null if it stays.
CREATE FUNCTION oracle.move(p_entity text, old jsonb, cols jsonb, options jsonb) RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN oracle.started(p_entity, (old ->> 'id')::uuid)
        AND oracle.opt(options, 'force', 'false') = 'false' THEN 'IN_PROGRESS' ELSE 'MOVED' END
    FROM oracle.rule WHERE entity = p_entity AND children IS NOT NULL AND old ->> col <> cols ->> col
$$;

-- Deletes the live children that a sent array no longer names, but for started ones.
CREATE FUNCTION oracle.drop_missing(node jsonb, p_id uuid, kid jsonb, INOUT outcome jsonb) LANGUAGE plpgsql AS $$
DECLARE k record;
BEGIN
    FOR k IN EXECUTE format('SELECT id, external_id FROM oracle_t.%I t WHERE tenant_id = $1 AND %I = $2
            AND external_source = $3 AND deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM jsonb_array_elements($4) n
                             WHERE n ->> ''ext'' = t.external_id AND n ->> ''src'' = t.external_source)
            ORDER BY external_id', kid ->> 'entity', kid ->> 'col') USING oracle.tenant(), p_id, node ->> 'src',
            kid -> 'nodes' LOOP
        CONTINUE WHEN oracle.row_by_id(kid ->> 'entity', k.id) ->> 'deleted_at' IS NOT NULL;
        IF oracle.started(kid ->> 'entity', k.id) THEN
            outcome := jsonb_set(outcome, '{warnings}',
                (outcome -> 'warnings') || '[{"code":"KEPT_STARTED","path":"~"}]');
        ELSE
            PERFORM oracle.soft_delete(kid ->> 'entity', k.id);
            outcome := jsonb_set(outcome, '{counts}', oracle.count_one(outcome -> 'counts', kid ->> 'entity',
                'deleted'));
            outcome := jsonb_set(outcome, '{below}', (outcome -> 'below') || oracle.child((node ->> 'prefix')
                || (kid ->> 'key'), kid ->> 'entity', k.external_id, 'deleted', '[]'));
        END IF;
    END LOOP;
END $$;

-- True if the node makes the part that a reference means.
CREATE FUNCTION oracle.makes(node jsonb, ref jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT node ->> 'entity' = 'parts' AND node ->> 'op' <> 'delete' AND node ->> 'ext' = ref ->> 'text'
        AND node ->> 'src' = ref ->> 'source'
$$;

-- The node's reference to a parent part that is not there; null if there is none.
CREATE FUNCTION oracle.missing_parent(node jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT node -> 'refs' -> 'parent_part' WHERE node -> 'refs' -> 'parent_part' ->> 'by' = 'external_id'
       AND cardinality(oracle.targets('parts', node -> 'refs' -> 'parent_part')) = 0
$$;

-- The position among the nodes of the first one that makes the part which this node refers to and which is not there
-- yet.
CREATE FUNCTION oracle.needed_node(node jsonb, nodes jsonb) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT i - 1 FROM (SELECT oracle.missing_parent(node) AS ref) m, jsonb_array_elements(nodes) WITH ORDINALITY a(n, i)
    WHERE m.ref IS NOT NULL AND oracle.makes(n, m.ref) ORDER BY i LIMIT 1
$$;

-- The position among the nodes of the first one that is to be written before this one for a unique value.
CREATE FUNCTION oracle.waited_node(node jsonb, nodes jsonb, options jsonb) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT i - 1 FROM jsonb_array_elements(options -> 'waits') WITH ORDINALITY w(pair, k),
        jsonb_array_elements(nodes) WITH ORDINALITY a(n, i)
    WHERE pair ->> 0 = node ->> 'prefix' AND pair ->> 1 = n ->> 'prefix' ORDER BY k LIMIT 1
$$;

-- A node with all nodes below it.
CREATE FUNCTION oracle.all_nodes(node jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE k jsonb; n jsonb;
BEGIN
    RETURN NEXT node;
    FOR k IN SELECT * FROM jsonb_array_elements(coalesce(node -> 'kids', '[]')) LOOP
        FOR n IN SELECT * FROM jsonb_array_elements(k -> 'nodes') LOOP
            RETURN QUERY SELECT * FROM oracle.all_nodes(n); END LOOP;
    END LOOP;
END $$;

-- True if the node is going to be written, as far as its own row tells.
CREATE FUNCTION oracle.writes(node jsonb, options jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE r jsonb;
BEGIN
    IF node ->> 'op' = 'delete' THEN RETURN false; END IF;
    r := oracle.row_by_key(node ->> 'entity', node ->> 'src', node ->> 'ext');
    RETURN CASE WHEN r IS NULL THEN true
        WHEN r ->> 'deleted_at' IS NOT NULL THEN oracle.opt(options, 'deleted', 'restore') <> 'refuse'
        ELSE oracle.opt(options, 'mode', 'upsert') <> 'create'
             AND NOT (oracle.opt(options, 'skip_unchanged', 'true') = 'true' AND r ->> 'sync_hash' = node ->> 'hash')
                 END;
END $$;

-- The position among other trees of the first one that makes a part which a node of this tree refers to, while neither
-- it nor the tree itself does.
CREATE FUNCTION oracle.needed_tree(node jsonb, trees jsonb, options jsonb) RETURNS int LANGUAGE plpgsql STABLE AS $$
DECLARE n jsonb; ref jsonb; found int;
BEGIN
    IF trees = '[]' OR node ->> 'entity' NOT IN ('jobs', 'parts') OR oracle.all_faults(node) <> '[]' THEN
        RETURN NULL; END IF;
    FOR n IN SELECT * FROM oracle.all_nodes(node) LOOP
        ref := oracle.missing_parent(n);
        CONTINUE WHEN ref IS NULL OR NOT oracle.writes(n, options) OR EXISTS (SELECT FROM oracle.all_nodes(node) o
            WHERE oracle.makes(o, ref));
        SELECT i - 1 INTO found FROM jsonb_array_elements(trees) WITH ORDINALITY a(t, i)
            WHERE oracle.all_faults(t) = '[]' AND EXISTS (SELECT FROM oracle.all_nodes(t) o WHERE oracle.makes(o, ref))
                ORDER BY i LIMIT 1;
        IF found IS NOT NULL THEN RETURN found; END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Writes a node and everything below it, depth first.
CREATE FUNCTION oracle.write_node(node jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE outcome jsonb := oracle.write_row(node, options); kid jsonb; rest jsonb; begun jsonb; got jsonb; i int;
BEGIN
    IF node ->> 'op' = 'delete' THEN RETURN outcome; END IF;
    FOR kid IN SELECT * FROM jsonb_array_elements(node -> 'kids') LOOP
        rest := kid -> 'nodes';
        IF options ? 'removes_first' THEN
            outcome := oracle.drop_missing(node, (outcome ->> 'id')::uuid, kid, outcome); END IF;
        begun := '[]';
        WHILE rest <> '[]' OR begun <> '[]' LOOP
            IF begun = '[]' THEN begun := jsonb_build_array(rest -> 0); rest := rest - 0; END IF;
            i := coalesce(oracle.waited_node(begun -> -1, rest, options),
                oracle.needed_node(begun -> -1, rest));
            IF i IS NOT NULL THEN begun := begun || jsonb_build_array(rest -> i); rest := rest - i; CONTINUE; END IF;
            got := oracle.write_node(begun -> -1, options);
            outcome := jsonb_set(outcome, '{below}', (outcome -> 'below') || oracle.child(
                rtrim(begun -> -1 ->> 'prefix', '.'), kid ->> 'entity', begun -> -1 ->> 'ext', got ->> 'action',
                coalesce(nullif(got -> 'changes', 'null'), '[]')) || (got -> 'below'));
            begun := begun - -1;
            outcome := jsonb_set(outcome, '{warnings}', (outcome -> 'warnings') || (got -> 'warnings'));
            outcome := jsonb_set(outcome, '{counts}', oracle.count_all(
                oracle.count_one(outcome -> 'counts', kid ->> 'entity', got ->> 'action'), got -> 'counts'));
        END LOOP;
        IF oracle.opt(options, 'children', 'merge') = 'replace' AND NOT options ? 'removes_first' THEN
            outcome := oracle.drop_missing(node, (outcome ->> 'id')::uuid, kid, outcome);
        END IF;
    END LOOP;
    RETURN outcome;
END $$;
