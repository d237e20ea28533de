-- The generator: a case is {"tables":[…],"seeds":[…],"steps":[…]}.

-- The external key of a record: a small pool, so that keys repeat.
CREATE FUNCTION oracle.any_key(p_entity text, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE k jsonb := jsonb_build_object('external_id', upper(left(p_entity, 1)) || (1 + least(oracle.roll(6), oracle.roll(8))),
                                      'external_source', CASE WHEN oracle.chance(0.88) THEN 'SAP' ELSE 'Odoo' END);
BEGIN
    IF p_entity = 'parts' AND g ? 'subparts' AND oracle.chance(0.35) THEN k := k || jsonb_build_object('external_id', 'P' || (7 + oracle.roll(3))); END IF;
    IF oracle.chance(0.06) THEN k := k || jsonb_build_object('external_id', oracle.pick_json('1001', '"1001"')); END IF;
    IF oracle.chance((g ->> 'odd')::float8 / 3) THEN k := k || jsonb_build_object('external_id', oracle.pick_json('null', '""', '" J1"', 'true', '1.5', '{}')); END IF;
    IF oracle.chance((g ->> 'odd')::float8 / 4) THEN k := k || jsonb_build_object('external_source', oracle.pick_json('null', '""', '"SAP "', 'false')); END IF;
    IF oracle.chance((g ->> 'odd')::float8 / 5) THEN k := k - oracle.pick('external_id', 'external_source'); END IF;
    RETURN k;
END $$;

-- A reference under one of its forms; `at` is the first fixed id of the referenced entity's starting rows.
CREATE FUNCTION oracle.any_reference(field text, letter text, n int, at int, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE r jsonb := '{}'; x float8 := random() * CASE WHEN (g ->> 'odd')::float8 = 0 THEN 0.9 ELSE 1 END;
BEGIN
    IF x < 0.82 THEN r := jsonb_build_object(field || '_external_id', letter || (1 + least(oracle.roll(n), oracle.roll(n))));
    ELSIF x < 0.90 THEN r := jsonb_build_object(field || '_id', oracle.fixed_id(at + least(oracle.roll(5), oracle.roll(3))));
    ELSIF x < 0.92 THEN r := jsonb_build_object(field || '_external_id', NULL);
    ELSIF x < 0.93 THEN r := jsonb_build_object(field || '_id', 'no-uuid');
    ELSIF x < 0.95 THEN r := jsonb_build_object(field || '_id', NULL, field || '_external_id', letter || '1');
    ELSIF x < 0.97 THEN r := jsonb_build_object(field || '_external_id', 1001);
    ELSIF x < 0.98 THEN r := jsonb_build_object(field || '_external_id', true);
    END IF;
    IF oracle.chance(0.08) AND r ? (field || '_external_id') THEN
        r := r || jsonb_build_object(field || '_external_source', oracle.pick('SAP', 'Odoo', 'SAP'));
    END IF;
    RETURN r;
END $$;

-- Odd members that any record may carry.
CREATE FUNCTION oracle.any_others(g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE r jsonb := '{}';
BEGIN
    IF oracle.chance(0.05) THEN r := r || '{"plant":"1000"}'; END IF;
    IF oracle.chance(0.03) THEN r := r || '{"Customer":"big","x y":[1]}'; END IF;
    IF oracle.chance(0.03) THEN r := r || '{"tenant_id":"22222222-2222-4222-8222-222222222222"}'; END IF;
    IF oracle.chance(0.02) THEN r := r || '{"sync_hash":"0","id":"1"}'; END IF;
    IF (g ->> 'odd')::float8 = 0 THEN RETURN r; END IF;
    IF oracle.chance(0.01) THEN r := r || '{"_note":1}'; END IF;
    IF oracle.chance(0.02) THEN r := r || jsonb_build_object('_op', oracle.pick_json('"upsert"', '"upsert"', '"drop"', 'null')); END IF;
    RETURN r;
END $$;

-- The fields of a job.
CREATE FUNCTION oracle.any_job(k jsonb, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    r := jsonb_build_object(oracle.pick('customer', 'customer_name'), oracle.any_value('text', odd), 'due_date', oracle.any_value('date', odd * 2),
        'priority', oracle.any_value('int', odd), oracle.pick('notes', 'description'), oracle.any_value('text', odd), 'status', oracle.any_value('status', odd),
        'metadata', oracle.any_value('object', odd));
    RETURN oracle.thin(r, 0.5) || CASE WHEN oracle.chance(0.9) THEN jsonb_build_object('job_number', CASE
        WHEN oracle.chance(odd) THEN oracle.pick_json('""', 'null', '17', 'true')
        WHEN oracle.chance(CASE WHEN g ? 'adopt' THEN 0.3 ELSE 0.75 END) THEN to_jsonb('N-' || (k ->> 'external_id') || left(k ->> 'external_source', 1)) ELSE to_jsonb(oracle.pick('N1', 'N1', 'N1', 'N2', 'N3', 'N4')) END) ELSE '{}' END;
END $$;

-- The fields of a part, without its job if it is nested.
CREATE FUNCTION oracle.any_part(k jsonb, g jsonb, nested boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    r := jsonb_build_object('material', oracle.any_value('text', odd), 'quantity', oracle.any_value('int', odd), oracle.pick('notes', 'description'), oracle.any_value('text', odd),
        'status', oracle.any_value('status', odd), 'metadata', oracle.any_value('object', odd), 'drawing_no', oracle.any_value('text', odd),
        'file_paths', oracle.any_value('list', odd), 'is_bullet_card', oracle.any_value('bool', odd), 'material_lot', oracle.any_value('text', odd),
        'cnc_program_name', oracle.any_value('text', odd));
    r := oracle.thin(r, 0.7) || CASE WHEN oracle.chance(0.92) THEN jsonb_build_object('part_number', CASE
        WHEN oracle.chance(odd) THEN oracle.pick_json('""', 'null', '17', '{}')
        WHEN oracle.chance(CASE WHEN g ? 'adopt' THEN 0.3 ELSE 0.75 END) OR (g ? 'subparts' AND oracle.chance(0.6)) OR g ? 'replace' THEN to_jsonb('PN-' || (k ->> 'external_id') || coalesce(left(k ->> 'external_source', 1), '')) ELSE to_jsonb(oracle.pick('A', 'A', 'B', 'C')) END) ELSE '{}' END;
    IF NOT nested THEN r := r || CASE WHEN g ? 'subparts' AND oracle.chance(0.7) THEN '{"job_external_id":"J1"}'
        WHEN oracle.chance(0.93) THEN oracle.any_reference('job', 'J', 5, 30, g) ELSE '{}' END;
    ELSIF oracle.chance(odd) THEN r := r || oracle.pick_json('{"job_external_id":"J1"}', '{"job_external_id":null}', '{"job_external_id":"J9"}'); END IF;
    IF g ? 'subparts' AND NOT (nested AND g ? 'sync') AND oracle.chance(0.6) THEN
        r := r || oracle.pick_json('{"parent_part_external_id":"P1"}', '{"parent_part_external_id":"P2"}', '{"parent_part_external_id":"P3"}',
            '{"parent_part_external_id":"P7"}', '{"parent_part_external_id":"P8"}', '{"parent_part_external_id":"P9"}', '{"parent_part_external_id":null}');
    END IF;
    IF g ->> 'strategy' = 'replace' AND NOT r ? 'parent_part_external_id' THEN r := r || '{"parent_part_external_id":null}'; END IF;
    RETURN r;
END $$;

-- The fields of an operation, without its part if it is nested.
CREATE FUNCTION oracle.any_operation(k jsonb, g jsonb, nested boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    r := jsonb_build_object('sequence', oracle.any_value('int', odd), oracle.pick('estimated_time', 'estimated_time_minutes'), oracle.any_value('num', odd),
        oracle.pick('setup_time', 'setup_time_minutes'), oracle.any_value('num', odd), oracle.pick('notes', 'instructions', 'description'), oracle.any_value('text', odd),
        'status', oracle.any_value('status', odd), 'assigned_operator_id', oracle.any_value('uuid', odd), 'metadata', oracle.any_value('object', odd));
    r := oracle.thin(r, 0.65) || CASE WHEN oracle.chance(0.9) THEN jsonb_build_object('operation_name', CASE
        WHEN oracle.chance(odd) THEN oracle.pick_json('""', 'null', '10', 'false') ELSE to_jsonb(oracle.pick('cut', 'bend', 'weld')) END) ELSE '{}' END;
    IF oracle.chance(0.9) THEN
        r := r || CASE WHEN oracle.chance(0.6) THEN jsonb_build_object('cell_name', oracle.pick('Laser', 'Saw', 'Laser', 'Saw', 'Laser', 'Mill', CASE odd WHEN 0 THEN 'Saw' ELSE 'Press' END, CASE odd WHEN 0 THEN 'Laser' ELSE 'Nowhere' END))
                  ELSE oracle.any_reference('cell', 'C', 3, 10, g) END;
    END IF;
    IF NOT nested THEN r := r || CASE WHEN oracle.chance(0.9) THEN oracle.any_reference('part', 'P', 6, 50, g) ELSE '{}' END; END IF;
    RETURN r;
END $$;

-- The fields of a cell or a resource.
CREATE FUNCTION oracle.any_station(p_entity text, k jsonb, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    IF p_entity = 'cells' THEN
        r := jsonb_build_object('color', CASE WHEN oracle.chance(odd) THEN oracle.pick_json('"red"', 'null', '""', '5') ELSE oracle.pick_json('"#aabbcc"', '"#3B82F6"') END,
            'sequence', oracle.any_value('int', odd), 'active', oracle.any_value('bool', odd), 'capacity_hours_per_day', oracle.any_value('num', odd),
            'wip_limit', oracle.any_value('int', odd), 'description', oracle.any_value('text', odd));
    ELSE
        r := jsonb_build_object('description', oracle.any_value('text', odd), 'identifier', oracle.any_value('text', odd), 'location', oracle.any_value('text', odd),
            'status', oracle.pick('available', 'in_use', 'retired', CASE odd WHEN 0 THEN 'in_use' ELSE 'broken' END), 'active', oracle.any_value('bool', odd), 'notes', oracle.any_value('text', odd),
            'metadata', oracle.any_value('object', odd));
    END IF;
    r := oracle.thin(r, 0.6);
    IF oracle.chance(0.9) THEN r := r || jsonb_build_object('name', CASE WHEN oracle.chance(CASE WHEN g ? 'adopt' THEN 0.6 ELSE 0.2 END) THEN oracle.pick('Laser', 'Saw', 'Press', 'Bend', 'Mill') ELSE 'n-' || coalesce(k ->> 'external_id', '') || coalesce(left(k ->> 'external_source', 1), '') END); END IF;
    IF p_entity = 'resources' AND oracle.chance(0.9) THEN r := r || jsonb_build_object('type', oracle.pick('tooling', 'mold', 'machine', 'fixture', CASE odd WHEN 0 THEN 'other' ELSE 'spoon' END)); END IF;
    RETURN r;
END $$;

-- The part that a record of the list names as its parent while none before has its key: a reference to a later record. Now and then that one
-- refers to another part in turn, or deletes.
CREATE FUNCTION oracle.later_parent(list jsonb, seen text[]) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT coalesce((SELECT jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('external_id', r ->> 'parent_part_external_id',
            'external_source', r -> 'external_source', 'job_external_id', r -> 'job_external_id', 'job_id', r -> 'job_id',
            'part_number', 'PN-' || (r ->> 'parent_part_external_id') || coalesce(left(r ->> 'external_source', 1), '')))
            || CASE WHEN oracle.chance(0.4) THEN jsonb_build_object('parent_part_external_id', 'P' || (7 + oracle.roll(3)))
                    WHEN oracle.chance(0.1) THEN '{"_op":"delete"}' ELSE '{"parent_part_external_id":null}' END)
        FROM jsonb_array_elements(list) r
        WHERE jsonb_typeof(r -> 'parent_part_external_id') = 'string'
          AND NOT concat(r ->> 'external_source', '/', r ->> 'parent_part_external_id') = ANY (seen) LIMIT 1), '[]')
$$;

-- An array of records of one entity.
CREATE FUNCTION oracle.any_records(p_entity text, g jsonb, most int, nested boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE list jsonb := '[]'; rec jsonb; seen text[] := '{}';
BEGIN
    FOR i IN 1 .. oracle.roll(most + 1) LOOP
        rec := oracle.any_record(p_entity, g, nested);
        seen := seen || concat(rec ->> 'external_source', '/', rec ->> 'external_id');
        list := list || CASE WHEN jsonb_typeof(rec) = 'array' THEN jsonb_build_array(rec) ELSE rec END;
    END LOOP;
    FOR i IN 1 .. 2 LOOP
        EXIT WHEN p_entity <> 'parts' OR NOT g ? 'subparts' OR oracle.chance(0.4);
        rec := oracle.later_parent(list, seen);
        seen := seen || concat(rec -> 0 ->> 'external_source', '/', rec -> 0 ->> 'external_id');
        list := list || rec;
    END LOOP;
    RETURN list;
END $$;

-- One record, now and then a deletion or no object at all.
CREATE FUNCTION oracle.any_record(p_entity text, g jsonb, nested boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE k jsonb := oracle.any_key(p_entity, g); r jsonb;
BEGIN
    IF oracle.chance((g ->> 'odd')::float8 / 2) THEN RETURN oracle.pick_json('17', '"x"', 'null', '[]'); END IF;
    IF nested AND oracle.chance(0.9) THEN k := k - 'external_source'; END IF;
    IF oracle.chance(0.06) THEN RETURN k || '{"_op":"delete"}' || CASE WHEN oracle.chance(0.3) THEN '{"status":5,"parts":7}'::jsonb ELSE '{}' END; END IF;
    r := CASE p_entity WHEN 'jobs' THEN oracle.any_job(k, g) WHEN 'parts' THEN oracle.any_part(k, g, nested)
        WHEN 'operations' THEN oracle.any_operation(k, g, nested) ELSE oracle.any_station(p_entity, k, g) END;
    IF p_entity = 'jobs' AND oracle.chance((g ->> 'nest')::float8) THEN r := r || jsonb_build_object('parts', oracle.any_records('parts', g, 3, true)); END IF;
    IF p_entity = 'parts' AND oracle.chance((g ->> 'nest')::float8) THEN r := r || jsonb_build_object('operations', oracle.any_records('operations', g, 3, true)); END IF;
    IF p_entity IN ('jobs', 'parts') AND oracle.chance(0.01) THEN
        r := r || jsonb_build_object(CASE p_entity WHEN 'jobs' THEN 'parts' ELSE 'operations' END, oracle.pick_json('null', '{}', '"x"'));
    END IF;
    IF r ->> 'parent_part_external_id' = k ->> 'external_id' THEN r := r || '{"parent_part_external_id":null}'; END IF;
    RETURN k || r || oracle.any_others(g);
END $$;

-- The options of a call.
CREATE FUNCTION oracle.any_options(g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE o jsonb := '{}';
BEGIN
    IF oracle.chance(0.05) THEN o := o || '{"on_error":"abort"}'; END IF;
    IF oracle.chance(0.08) THEN o := o || '{"skip_unchanged":false}'; END IF;
    IF oracle.chance(0.09) THEN o := o || jsonb_build_object('mode', oracle.pick('create', 'update', 'upsert'));
    ELSIF oracle.chance(0.15) THEN o := o || '{"adopt":true}'; END IF;
    IF g ? 'strategy' THEN o := o || jsonb_build_object('update_strategy', g ->> 'strategy'); END IF;
    IF g ? 'replace' AND oracle.chance(0.7) THEN o := o || '{"children":"replace"}'; END IF;
    IF oracle.chance(0.2) THEN o := o || jsonb_build_object('unknown_fields', oracle.pick('warn', 'ignore', 'error', 'metadata', 'metadata')); END IF;
    IF oracle.chance(0.08) THEN o := o || '{"deleted":"refuse"}'; END IF;
    IF oracle.chance(0.25) THEN o := o || '{"force":true}'; END IF;
    IF oracle.chance(0.08) THEN o := o || jsonb_build_object('results', oracle.pick('all', 'errors', 'none')); END IF;
    IF oracle.chance(0.05) THEN o := o || jsonb_build_object('max_errors', oracle.roll(4)); END IF;
    IF oracle.chance(0.05) THEN o := o || '{"dry_run":true}'; END IF;
    IF oracle.chance(0.04) THEN o := o || '{"record_history":false}'; END IF;
    IF oracle.chance(0.08) THEN o := o || '{"client_ref":"ref 1"}'; END IF;
    IF oracle.chance(0.01) THEN o := o || '{"speed":"fast"}'; END IF;
    RETURN o;
END $$;

-- What the shop floor changes in a row.
CREATE FUNCTION oracle.any_edit(p_entity text, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF oracle.chance(0.5) THEN
        RETURN oracle.pick_json('{"status":"in_progress"}', '{"status":"completed"}', '{"notes":"by hand"}', '{"status":"not_started"}');
    END IF;
    RETURN CASE p_entity WHEN 'jobs' THEN oracle.pick_json('{"job_number":"N2"}', '{"job_number":"N-J3S"}', '{"customer":"x"}', '{"status":"on_hold"}')
        WHEN 'operations' THEN oracle.pick_json('{"sequence":9}', '{"sequence":1}', '{"operation_name":"bend"}', '{"status":"on_hold"}')
        WHEN 'parts' THEN CASE WHEN g ? 'subparts' OR oracle.chance(0.5) THEN oracle.pick_json('{"part_number":"A"}', '{"part_number":"PN-P3S"}', '{"quantity":7}')
            ELSE jsonb_build_object('job_id', oracle.fixed_id(31)) END END;
END $$;

-- The same call once more, without some of its children.
CREATE FUNCTION oracle.with_fewer_children(step jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE r jsonb; k text; list jsonb := '[]';
BEGIN
    IF step ->> 'do' NOT IN ('bulk', 'json') OR jsonb_typeof(step -> 'payload') <> 'array' THEN RETURN step; END IF;
    FOR r IN SELECT * FROM jsonb_array_elements(step -> 'payload') LOOP
        k := CASE WHEN r ? 'parts' THEN 'parts' ELSE 'operations' END;
        IF jsonb_typeof(r) = 'object' AND jsonb_typeof(r -> k) = 'array' AND oracle.chance(0.7) THEN r := jsonb_set(r, ARRAY[k], (r -> k) - oracle.roll(2)); END IF;
        list := list || CASE WHEN jsonb_typeof(r) = 'array' THEN jsonb_build_array(r) ELSE r END;
    END LOOP;
    RETURN step || jsonb_build_object('payload', list, 'options', (step -> 'options') || '{"children":"replace"}');
END $$;

-- One call, plain delete, restore or local edit.
CREATE FUNCTION oracle.any_step(g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE x float8 := random(); e text := oracle.pick('jobs', 'jobs', 'parts', 'parts', 'operations', 'operations', 'cells', 'resources'); p jsonb := '{}'; k jsonb; o jsonb;
BEGIN
    IF oracle.chance(0.12) THEN g := g || '{"strategy":"replace"}'; END IF;
    IF g ? 'subparts' AND oracle.chance(0.5) THEN e := 'parts'; END IF;
    o := oracle.any_options(g);
    IF o ? 'adopt' THEN g := g || '{"adopt":true}'; END IF;
    IF x < 0.04 THEN
        RETURN jsonb_build_object('do', 'remove', 'entity', e, 'src', 'SAP', 'ext', upper(left(e, 1)) || (1 + oracle.roll(4)), 'hard', oracle.chance(0.5));
    END IF;
    IF x < 0.12 THEN RETURN jsonb_build_object('do', 'delete', 'entity', e, 'src', 'SAP', 'ext', upper(left(e, 1)) || (1 + oracle.roll(4))); END IF;
    IF x < 0.17 THEN RETURN jsonb_build_object('do', 'restore', 'entity', e, 'src', 'SAP', 'ext', upper(left(e, 1)) || (1 + oracle.roll(4))); END IF;
    IF x < 0.28 THEN
        e := oracle.pick('jobs', 'parts', 'operations');
        RETURN jsonb_build_object('do', 'edit', 'entity', e, 'src', 'SAP', 'ext', upper(left(e, 1)) || (1 + oracle.roll(4)), 'set', oracle.any_edit(e, g));
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
        RETURN jsonb_build_object('do', CASE WHEN oracle.chance(0.2) THEN 'diff' ELSE 'sync' END, 'payload', p, 'options', o - 'dry_run');
    END IF;
    p := oracle.any_records(e, g, 6, false);
    IF oracle.chance(0.1) THEN p := jsonb_build_object(oracle.pick('items', e), p); END IF;
    IF oracle.chance(0.01) THEN p := oracle.pick_json('{}', '"x"', '{"items":{}}'); END IF;
    RETURN jsonb_build_object('do', CASE WHEN oracle.chance(0.3) THEN 'json' ELSE 'bulk' END, 'entity', e, 'payload', p, 'options', o);
END $$;

-- Changes to the tables, as statements in which %s is the schema.
CREATE FUNCTION oracle.any_tables() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE all_of text[] := ARRAY[
        'ALTER TABLE %1$s.jobs DROP COLUMN priority', 'ALTER TABLE %1$s.parts DROP COLUMN drawing_no', 'ALTER TABLE %1$s.parts DROP COLUMN file_paths',
        'ALTER TABLE %1$s.operations DROP COLUMN setup_time', 'ALTER TABLE %1$s.resources DROP COLUMN metadata', 'ALTER TABLE %1$s.cells DROP COLUMN color',
        'ALTER TABLE %1$s.jobs DROP COLUMN metadata', 'ALTER TABLE %1$s.operations DROP COLUMN assigned_operator_id',
        'CREATE UNIQUE INDEX jobs_customer_once ON %1$s.jobs (tenant_id, customer)',
        'CREATE UNIQUE INDEX operations_name_once ON %1$s.operations (part_id, operation_name) WHERE deleted_at IS NULL',
        'ALTER TABLE %1$s.jobs ALTER customer SET NOT NULL', 'ALTER TABLE %1$s.parts ALTER material_lot SET NOT NULL',
        'CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON %1$s.jobs FOR EACH ROW WHEN (NEW.notes = ''boom'') EXECUTE FUNCTION oracle.trigger_raises()',
        'CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON %1$s.parts FOR EACH ROW WHEN (NEW.notes = ''boom'') EXECUTE FUNCTION oracle.trigger_raises()',
        'CREATE TRIGGER raises AFTER INSERT OR UPDATE ON %1$s.operations FOR EACH ROW WHEN (NEW.notes = ''boom'') EXECUTE FUNCTION oracle.trigger_raises()',
        'CREATE TRIGGER swallows BEFORE INSERT OR UPDATE ON %1$s.jobs FOR EACH ROW WHEN (NEW.notes = ''vanish'') EXECUTE FUNCTION oracle.trigger_swallows()',
        'CREATE TRIGGER swallows BEFORE INSERT OR UPDATE ON %1$s.operations FOR EACH ROW WHEN (NEW.notes = ''vanish'') EXECUTE FUNCTION oracle.trigger_swallows()',
        'CREATE TRIGGER changes BEFORE INSERT OR UPDATE ON %1$s.parts FOR EACH ROW WHEN (NEW.material = ''steel'') EXECUTE FUNCTION oracle.trigger_changes()',
        'ALTER TABLE %1$s.parts ADD CHECK (quantity < 100)', 'ALTER TABLE %1$s.jobs ADD CHECK (customer <> ''y'')',
        'ALTER TABLE %1$s.jobs ALTER due_date TYPE date USING due_date::date', 'ALTER TABLE %1$s.jobs ALTER customer TYPE varchar(3)',
        'ALTER TABLE %1$s.operations ALTER estimated_time TYPE numeric(6,1)', 'SELECT oracle.drop_name_index(''%1$s'')'];
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
        {"e":"cells","n":10,"k":"C1","name":"Laser"}, {"e":"cells","n":11,"name":"Saw"}, {"e":"cells","n":12,"k":"C2","gone":true,"name":"Press"},
        {"e":"cells","n":13,"k":"C1","t":2,"name":"Laser"},
        {"e":"resources","n":20,"name":"Bend","type":"mold"}, {"e":"resources","n":21,"k":"R1","name":"Jig","type":"fixture"},
        {"e":"jobs","n":30,"job_number":"N1","customer":"c1"}, {"e":"jobs","n":31,"k":"J1","job_number":"N2","customer":"c2"},
        {"e":"jobs","n":32,"k":"J2","job_number":"N3","customer":"c3","gone":true}, {"e":"jobs","n":33,"k":"J1","t":2,"job_number":"N1","customer":"c4"},
        {"e":"parts","n":50,"job_id":31,"part_number":"A"}, {"e":"parts","n":51,"k":"P1","job_id":31,"part_number":"B"},
        {"e":"parts","n":52,"k":"P2","job_id":30,"part_number":"C","gone":true}, {"e":"parts","n":53,"k":"P1","t":2,"job_id":33,"part_number":"A"},
        {"e":"operations","n":70,"part_id":51,"cell_id":10,"operation_name":"cut"},
        {"e":"operations","n":71,"k":"O1","part_id":51,"cell_id":11,"operation_name":"bend"},
        {"e":"operations","n":72,"k":"O2","part_id":50,"cell_id":10,"operation_name":"weld"}]') LOOP
        e := r ->> 'e'; n := (r ->> 'n')::int;
        CONTINUE WHEN r ? 't' AND NOT other;
        CONTINUE WHEN n IN (12, 20, 21, 32, 52, 70, 71, 72) AND oracle.chance(0.3);
        base := jsonb_build_object('id', oracle.fixed_id(n), 'tenant_id', CASE WHEN r ? 't' THEN '22222222-2222-4222-8222-222222222222' ELSE oracle.tenant()::text END,
            'external_id', r -> 'k', 'external_source', CASE WHEN r ? 'k' THEN 'SAP' END, 'status', CASE WHEN e = 'resources' THEN 'available'
                ELSE oracle.pick('not_started', 'not_started', 'in_progress', 'completed') END,
            'priority', 0, 'quantity', 1, 'material', 'Unknown', 'sequence', oracle.roll(5) + 1, 'estimated_time', 0, 'setup_time', 0, 'active', true, 'color', '#000000',
            'metadata', '{}'::jsonb, 'is_bullet_card', false, 'material_lot', 'L', 'created_at', now(), 'updated_at', now(), 'notes', CASE WHEN oracle.chance(0.5) THEN 'local' END);
        IF n = 11 AND p_tables::text LIKE '%drop_name_index%' THEN r := r || '{"name":"Laser"}'; END IF;
        IF r ? 'gone' THEN base := base || jsonb_build_object('deleted_at', now()); END IF;
        r := r || (SELECT coalesce(jsonb_object_agg(key, oracle.fixed_id(value::int)), '{}') FROM jsonb_each_text(r) WHERE key IN ('job_id', 'part_id', 'cell_id'));
        list := list || jsonb_build_object('entity', e, 'row', base || (r - ARRAY['e', 'n', 'k', 't', 'gone']));
    END LOOP;
    RETURN list;
END $$;

-- A load of some of everything without faults, parts and operations nested or not.
CREATE FUNCTION oracle.good_load() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE p jsonb := '{"cells":[],"resources":[],"jobs":[],"parts":[],"operations":[]}'; key jsonb; part jsonb; op jsonb; job jsonb; parts jsonb;
    nested boolean := oracle.chance(0.5);
BEGIN
    FOR i IN 1 .. 3 LOOP
        key := jsonb_build_object('external_source', 'SAP', 'external_id', 'C' || i, 'name', (ARRAY['Laser', 'Mill', 'Bend'])[i]);
        p := jsonb_set(p, '{cells}', (p -> 'cells') || key);
        job := jsonb_build_object('external_source', 'SAP', 'external_id', 'J' || i, 'job_number', 'N-J' || i || 'S', 'status', oracle.pick('not_started', 'in_progress'));
        parts := '[]';
        FOR k IN 1 .. 2 LOOP
            part := jsonb_build_object('external_id', 'P' || (2 * i + k - 2), 'part_number', 'PN-P' || (2 * i + k - 2) || 'S', 'quantity', k);
            op := jsonb_build_object('external_id', 'O' || (2 * i + k - 2), 'operation_name', 'cut', 'cell_external_id', 'C' || i);
            IF nested THEN parts := parts || (part || jsonb_build_object('operations', jsonb_build_array(op)));
            ELSE
                p := jsonb_set(p, '{parts}', (p -> 'parts') || (part || jsonb_build_object('external_source', 'SAP', 'job_external_id', 'J' || i)));
                p := jsonb_set(p, '{operations}', (p -> 'operations') || (op || jsonb_build_object('external_source', 'SAP', 'part_external_id', part ->> 'external_id')));
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
    g := jsonb_build_object('odd', CASE WHEN oracle.chance(0.55) THEN 0 ELSE 0.03 END, 'nest', CASE WHEN oracle.chance(0.5) THEN 0.5 ELSE 0.1 END);
    IF oracle.chance(0.35) THEN g := g || '{"subparts":true}'; ELSIF oracle.chance(0.4) THEN g := g || '{"replace":true,"nest":0.6}'; END IF;
    tables := oracle.any_tables();
    seeds := oracle.any_seeds(tables);
    IF oracle.chance(0.6) THEN steps := steps || oracle.good_load(); END IF;
    FOR i IN jsonb_array_length(steps) + 1 .. 3 + oracle.roll(4) LOOP
        again := CASE WHEN i > 1 AND oracle.chance(0.25) THEN steps -> oracle.roll(i - 1) END;
        IF g ? 'replace' AND again IS NOT NULL AND oracle.chance(0.5) THEN again := oracle.with_fewer_children(again); END IF;
        steps := steps || coalesce(again, oracle.any_step(g));
    END LOOP;
    RETURN jsonb_build_object('tables', tables, 'seeds', seeds, 'steps', steps);
END $$;

-- Raises on the rows it is made for.
CREATE FUNCTION oracle.trigger_raises() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'boom' USING ERRCODE = 'P0001'; END $$;
-- Keeps the row out without a word.
CREATE FUNCTION oracle.trigger_swallows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
-- Changes what is written.
CREATE FUNCTION oracle.trigger_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.material := 'STEEL'; RETURN NEW; END $$;

-- Drops the unique index on the names of cells, so that a name can mean several.
CREATE FUNCTION oracle.drop_name_index(p_schema text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE i regclass;
BEGIN
    FOR i IN SELECT x.indexrelid FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey::int2[])
             WHERE x.indrelid = (p_schema || '.cells')::regclass AND x.indisunique AND a.attname = 'name' LOOP
        EXECUTE format('DROP INDEX %s', i);
    END LOOP;
END $$;
