-- The generator: a case is {"tables":[…],"seeds":[…],"steps":[…]}.

-- The same call once more, without some of its children.
CREATE FUNCTION oracle.with_fewer_children(step jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE r jsonb; k text; list jsonb := '[]';
BEGIN
    IF step ->> 'do' NOT IN ('bulk', 'json') OR jsonb_typeof(step -> 'payload') <> 'array' THEN RETURN step; END IF;
    FOR r IN SELECT * FROM jsonb_array_elements(step -> 'payload') LOOP
        k := CASE WHEN r ? 'parts' THEN 'parts' ELSE 'operations' END;
        IF jsonb_typeof(r) = 'object' AND jsonb_typeof(r -> k) = 'array' AND oracle.chance(0.7) THEN
            r := jsonb_set(r, ARRAY[k], (r -> k) - oracle.roll(2)); END IF;
        list := list || CASE WHEN jsonb_typeof(r) = 'array' THEN jsonb_build_array(r) ELSE r END;
    END LOOP;
    RETURN step || jsonb_build_object('payload', list, 'options', (step -> 'options') || '{"children":"replace"}');
END $$;

-- A call in which records take each other's numbers: jobs, or parts of some jobs, now and then one that is new or goes.
CREATE FUNCTION oracle.renumbering() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE list jsonb := '[]'; parts jsonb; key text; flat boolean := oracle.chance(0.5);
BEGIN
    FOR i IN 1 .. 3 + oracle.roll(2) LOOP
        key := 'J' || i; parts := '[]';
        FOR k IN 1 .. 2 + oracle.roll(2) LOOP
            parts := parts || (jsonb_build_object('external_id', 'P' || (2 * i + k - 2)) || CASE
                WHEN oracle.chance(0.07) THEN '{"_op":"delete"}' WHEN oracle.chance(0.1) THEN '{"quantity":4}'
                ELSE jsonb_build_object('part_number', format('PN-P%sS', 2 * i + oracle.roll(3) - 1)) END);
        END LOOP;
        list := list || (jsonb_build_object('external_id', key, 'external_source', 'SAP') || CASE
            WHEN NOT flat THEN jsonb_build_object('parts', parts)
            WHEN oracle.chance(0.1) THEN '{"_op":"delete"}' WHEN oracle.chance(0.1) THEN '{"customer":"c2"}'
            ELSE jsonb_build_object('job_number', format('N-J%sS', 1 + oracle.roll(4))) END);
    END LOOP;
    RETURN jsonb_build_object('do', CASE WHEN oracle.chance(0.3) THEN 'json' ELSE 'bulk' END, 'entity', 'jobs',
        'payload', list, 'options', CASE WHEN oracle.chance(0.2) THEN '{"children":"replace"}' ELSE '{}' END::jsonb);
END $$;

-- One call, plain delete, restore or local edit.
CREATE FUNCTION oracle.any_step(g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE x float8 := random(); e text := oracle.pick('jobs', 'jobs', 'parts', 'parts', 'operations', 'operations',
    'cells', 'resources'); p jsonb := '{}'; k jsonb; o jsonb;
BEGIN
    IF oracle.chance(0.1) THEN RETURN oracle.renumbering(); END IF;
    IF oracle.chance(0.12) THEN g := g || '{"strategy":"replace"}'; END IF;
    IF g ? 'subparts' AND oracle.chance(0.5) THEN e := 'parts'; END IF;
    o := oracle.any_options(g);
    IF o ? 'adopt' THEN g := g || '{"adopt":true}'; END IF;
    IF x < 0.04 THEN
        RETURN jsonb_build_object('do', 'remove', 'entity', e, 'src', 'SAP', 'ext',
            upper(left(e, 1)) || (1 + oracle.roll(4)), 'hard', oracle.chance(0.5));
    END IF;
    IF x < 0.12 THEN RETURN jsonb_build_object('do', 'delete', 'entity', e, 'src', 'SAP', 'ext',
        upper(left(e, 1)) || (1 + oracle.roll(4))); END IF;
    IF x < 0.17 THEN RETURN jsonb_build_object('do', 'restore', 'entity', e, 'src', 'SAP', 'ext',
        upper(left(e, 1)) || (1 + oracle.roll(4))); END IF;
    IF x < 0.28 THEN
        e := oracle.pick('jobs', 'parts', 'operations');
        RETURN jsonb_build_object('do', 'edit', 'entity', e, 'src', 'SAP', 'ext',
            upper(left(e, 1)) || (1 + oracle.roll(4)), 'set', oracle.any_edit(e, g));
    END IF;
    IF x < 0.36 THEN
        RETURN jsonb_build_object('do', 'upsert', 'entity', e, 'payload', oracle.any_record(e, g, false), 'options', o);
    END IF;
    IF x < 0.60 THEN
        g := g || '{"sync":true}';
        FOREACH e IN ARRAY ARRAY['operations', 'parts', 'jobs', 'resources', 'cells'] LOOP
            IF oracle.chance(0.55) THEN p := p || jsonb_build_object(e, oracle.any_records(e, g, 4, false)); END IF;
        END LOOP;
        IF oracle.chance(0.01) THEN p := p || oracle.pick_json('{"planets":[]}', '{"jobs":{}}', '{"jobs":"x"}'); END IF;
        RETURN jsonb_build_object('do', CASE WHEN oracle.chance(0.2) THEN 'diff' ELSE 'sync' END, 'payload', p,
            'options', o - 'dry_run');
    END IF;
    p := oracle.any_records(e, g, 6, false);
    IF oracle.chance(0.1) THEN p := jsonb_build_object(oracle.pick('items', e), p); END IF;
    IF oracle.chance(0.01) THEN p := oracle.pick_json('{}', '"x"', '{"items":{}}'); END IF;
    RETURN jsonb_build_object('do', CASE WHEN oracle.chance(0.3) THEN 'json' ELSE 'bulk' END, 'entity', e, 'payload', p,
        'options', o);
END $$;

-- Changes to the tables, as statements in which %s is the schema.
CREATE FUNCTION oracle.any_tables() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE all_of text[] := ARRAY[
        'ALTER TABLE %1$s.jobs DROP COLUMN priority', 'ALTER TABLE %1$s.parts DROP COLUMN drawing_no',
            'ALTER TABLE %1$s.parts DROP COLUMN file_paths',
        'ALTER TABLE %1$s.operations DROP COLUMN setup_time', 'ALTER TABLE %1$s.resources DROP COLUMN metadata',
            'ALTER TABLE %1$s.cells DROP COLUMN color',
        'ALTER TABLE %1$s.jobs DROP COLUMN metadata', 'ALTER TABLE %1$s.operations DROP COLUMN assigned_operator_id',
        'CREATE UNIQUE INDEX jobs_customer_once ON %1$s.jobs (tenant_id, customer)',
        'CREATE UNIQUE INDEX operations_name_once ON %1$s.operations (part_id, operation_name) '
        'WHERE deleted_at IS NULL',
        'ALTER TABLE %1$s.jobs ALTER customer SET NOT NULL', 'ALTER TABLE %1$s.parts ALTER material_lot SET NOT NULL',
        'CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON %1$s.jobs FOR EACH ROW WHEN (NEW.notes = ''boom'') '
        'EXECUTE FUNCTION oracle.trigger_raises()',
        'CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON %1$s.parts FOR EACH ROW WHEN (NEW.notes = ''boom'') '
        'EXECUTE FUNCTION oracle.trigger_raises()',
        'CREATE TRIGGER raises AFTER INSERT OR UPDATE ON %1$s.operations FOR EACH ROW WHEN (NEW.notes = ''boom'') '
        'EXECUTE FUNCTION oracle.trigger_raises()',
        'CREATE TRIGGER swallows BEFORE INSERT OR UPDATE ON %1$s.jobs FOR EACH ROW WHEN (NEW.notes = ''vanish'') '
        'EXECUTE FUNCTION oracle.trigger_swallows()',
        'CREATE TRIGGER swallows BEFORE INSERT OR UPDATE ON %1$s.operations FOR EACH ROW WHEN (NEW.notes = ''vanish'') '
        'EXECUTE FUNCTION oracle.trigger_swallows()',
        'CREATE TRIGGER changes BEFORE INSERT OR UPDATE ON %1$s.parts FOR EACH ROW WHEN (NEW.material = ''steel'') '
        'EXECUTE FUNCTION oracle.trigger_changes()',
        'ALTER TABLE %1$s.parts ADD CHECK (quantity < 100)', 'ALTER TABLE %1$s.jobs ADD CHECK (customer <> ''y'')',
        'ALTER TABLE %1$s.jobs ALTER due_date TYPE date USING due_date::date',
            'ALTER TABLE %1$s.jobs ALTER customer TYPE varchar(3)',
        'ALTER TABLE %1$s.operations ALTER estimated_time TYPE numeric(6,1)',
            'SELECT oracle.drop_name_index(''%1$s'')'];
    chosen jsonb := '[]';
BEGIN
    IF oracle.chance(0.5) THEN RETURN chosen; END IF;
    FOR i IN 1 .. cardinality(all_of) LOOP
        IF oracle.chance(0.12) THEN chosen := chosen || to_jsonb(all_of[i]); END IF;
    END LOOP;
    RETURN chosen;
END $$;

-- The rows that are there at the start, with fixed ids: keyed and local ones, deleted ones, another tenant's.
CREATE FUNCTION oracle.any_seeds(p_tables jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE list jsonb := '[]'; r jsonb; base jsonb; e text; n int; other boolean := oracle.chance(0.7);
BEGIN
    FOR r IN SELECT * FROM jsonb_array_elements('[
        {"e":"cells","n":10,"k":"C1","name":"Laser"}, {"e":"cells","n":11,"name":"Saw"}, {"e":"cells","n":12,"k":"C2",
          "gone":true,"name":"Press"},
        {"e":"cells","n":13,"k":"C1","t":2,"name":"Laser"},
        {"e":"resources","n":20,"name":"Bend","type":"mold"}, {"e":"resources","n":21,"k":"R1","name":"Jig",
          "type":"fixture"},
        {"e":"jobs","n":30,"job_number":"N1","customer":"c1"}, {"e":"jobs","n":31,"k":"J1","job_number":"N2",
          "customer":"c2"},
        {"e":"jobs","n":32,"k":"J2","job_number":"N3","customer":"c3","gone":true}, {"e":"jobs","n":33,"k":"J1","t":2,
          "job_number":"N1","customer":"c4"},
        {"e":"parts","n":50,"job_id":31,"part_number":"A"}, {"e":"parts","n":51,"k":"P1","job_id":31,"part_number":"B"},
        {"e":"parts","n":52,"k":"P2","job_id":30,"part_number":"C","gone":true}, {"e":"parts","n":53,"k":"P1","t":2,
          "job_id":33,"part_number":"A"},
        {"e":"operations","n":70,"part_id":51,"cell_id":10,"operation_name":"cut"},
        {"e":"operations","n":71,"k":"O1","part_id":51,"cell_id":11,"operation_name":"bend"},
        {"e":"operations","n":72,"k":"O2","part_id":50,"cell_id":10,"operation_name":"weld"}]') LOOP
        e := r ->> 'e'; n := (r ->> 'n')::int;
        CONTINUE WHEN r ? 't' AND NOT other;
        CONTINUE WHEN n IN (12, 20, 21, 32, 52, 70, 71, 72) AND oracle.chance(0.3);
        base := jsonb_build_object('id', oracle.fixed_id(n), 'tenant_id', CASE WHEN r ? 't'
            THEN '22222222-2222-4222-8222-222222222222' ELSE oracle.tenant()::text END,
            'external_id', r -> 'k', 'external_source', CASE WHEN r ? 'k' THEN 'SAP' END, 'status', CASE
                WHEN e = 'resources' THEN 'available'
                ELSE oracle.pick('not_started', 'not_started', 'in_progress', 'completed') END,
            'priority', 0, 'quantity', 1, 'material', 'Unknown', 'sequence', oracle.roll(5) + 1, 'estimated_time', 0,
                'setup_time', 0, 'active', true, 'color', '#000000',
            'metadata', '{}'::jsonb, 'is_bullet_card', false, 'material_lot', 'L', 'created_at', now(), 'updated_at',
                now(), 'notes', CASE WHEN oracle.chance(0.5) THEN 'local' END);
        IF n = 11 AND p_tables::text LIKE '%drop_name_index%' THEN r := r || '{"name":"Laser"}'; END IF;
        IF r ? 'gone' THEN base := base || jsonb_build_object('deleted_at', now()); END IF;
        r := r || (SELECT coalesce(jsonb_object_agg(key, oracle.fixed_id(value::int)), '{}') FROM jsonb_each_text(r)
            WHERE key IN ('job_id', 'part_id', 'cell_id'));
        list := list || jsonb_build_object('entity', e, 'row', base || (r - ARRAY['e', 'n', 'k', 't', 'gone']));
    END LOOP;
    RETURN list;
END $$;

-- A load of some of everything without faults, parts and operations nested or not.
CREATE FUNCTION oracle.good_load() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE p jsonb := '{"cells":[],"resources":[],"jobs":[],"parts":[],"operations":[]}'; key jsonb; part jsonb; op jsonb;
    job jsonb; parts jsonb;
    nested boolean := oracle.chance(0.5);
BEGIN
    FOR i IN 1 .. 3 LOOP
        key := jsonb_build_object('external_source', 'SAP', 'external_id', 'C' || i, 'name',
            (ARRAY['Laser', 'Mill', 'Bend'])[i]);
        p := jsonb_set(p, '{cells}', (p -> 'cells') || key);
        job := jsonb_build_object('external_source', 'SAP', 'external_id', 'J' || i, 'job_number', 'N-J' || i || 'S',
            'status', oracle.pick('not_started', 'in_progress'));
        parts := '[]';
        FOR k IN 1 .. 2 LOOP
            part := jsonb_build_object('external_id', 'P' || (2 * i + k - 2), 'part_number',
                'PN-P' || (2 * i + k - 2) || 'S', 'quantity', k);
            op := jsonb_build_object('external_id', 'O' || (2 * i + k - 2), 'operation_name', 'cut', 'cell_external_id',
                'C' || i);
            IF nested THEN parts := parts || (part || jsonb_build_object('operations', jsonb_build_array(op)));
            ELSE
                p := jsonb_set(p, '{parts}', (p -> 'parts')
                    || (part || jsonb_build_object('external_source', 'SAP', 'job_external_id', 'J' || i)));
                p := jsonb_set(p, '{operations}',
                    (p -> 'operations') || (op || jsonb_build_object('external_source', 'SAP', 'part_external_id',
                    part ->> 'external_id')));
            END IF;
        END LOOP;
        IF nested THEN job := job || jsonb_build_object('parts', parts); END IF;
        p := jsonb_set(p, '{jobs}', (p -> 'jobs') || job);
    END LOOP;
    RETURN jsonb_build_object('do', 'sync', 'payload', p, 'options', '{}'::jsonb);
END $$;

-- One whole case.
CREATE FUNCTION oracle.any_case() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE g jsonb; steps jsonb := '[]'; tables jsonb; seeds jsonb; again jsonb;
BEGIN
    g := jsonb_build_object('odd', CASE WHEN oracle.chance(0.55) THEN 0 ELSE 0.03 END, 'nest', CASE
        WHEN oracle.chance(0.5) THEN 0.5 ELSE 0.1 END);
    IF oracle.chance(0.35) THEN g := g || '{"subparts":true}';
        ELSIF oracle.chance(0.4) THEN g := g || '{"replace":true,"nest":0.6}'; END IF;
    tables := oracle.any_tables();
    seeds := oracle.any_seeds(tables);
    IF oracle.chance(0.6) THEN steps := steps || oracle.good_load(); END IF;
    FOR i IN jsonb_array_length(steps) + 1 .. 3 + oracle.roll(4) LOOP
        again := CASE WHEN i > 1 AND oracle.chance(0.25) THEN steps -> oracle.roll(i - 1) END;
        IF g ? 'replace' AND again IS NOT NULL AND oracle.chance(0.5) THEN
            again := oracle.with_fewer_children(again); END IF;
        steps := steps || coalesce(again, oracle.any_step(g));
    END LOOP;
    RETURN jsonb_build_object('tables', tables, 'seeds', seeds, 'steps', steps);
END $$;

-- Raises on the rows it is made for.
CREATE FUNCTION oracle.trigger_raises() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'boom'
    USING ERRCODE = 'P0001'; END $$;
-- Keeps the row out without a word.
CREATE FUNCTION oracle.trigger_swallows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
-- Changes what is written.
CREATE FUNCTION oracle.trigger_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.material := 'STEEL';
    RETURN NEW; END $$;

-- Drops the unique index on the names of cells, so that a name can mean several.
CREATE FUNCTION oracle.drop_name_index(p_schema text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE i regclass;
BEGIN
    FOR i IN SELECT x.indexrelid FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid
        AND a.attnum = ANY (x.indkey::int2[])
             WHERE x.indrelid = (p_schema || '.cells')::regclass AND x.indisunique AND a.attname = 'name' LOOP
        EXECUTE format('DROP INDEX %s', i);
    END LOOP;
END $$;
