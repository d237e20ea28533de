-- Random records, options and edits.

-- The external key of a record: a small pool, so that keys repeat.
CREATE FUNCTION oracle.any_key(p_entity text, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE k jsonb := jsonb_build_object('external_id',
    upper(left(p_entity, 1)) || (1 + least(oracle.roll(6), oracle.roll(8))),
                                      'external_source', CASE WHEN oracle.chance(0.88) THEN 'SAP' ELSE 'Odoo' END);
BEGIN
    IF p_entity = 'parts' AND g ? 'subparts' AND oracle.chance(0.35) THEN
        k := k || jsonb_build_object('external_id', 'P' || (7 + oracle.roll(3))); END IF;
    IF oracle.chance(0.06) THEN k := k || jsonb_build_object('external_id', oracle.pick_json('1001', '"1001"')); END IF;
    IF oracle.chance((g ->> 'odd')::float8 / 3) THEN
        k := k || jsonb_build_object('external_id', oracle.pick_json('null', '""', '" J1"', 'true', '1.5',
        '{}')); END IF;
    IF oracle.chance((g ->> 'odd')::float8 / 4) THEN
        k := k || jsonb_build_object('external_source', oracle.pick_json('null', '""', '"SAP "', 'false')); END IF;
    IF oracle.chance((g ->> 'odd')::float8 / 5) THEN k := k - oracle.pick('external_id', 'external_source'); END IF;
    RETURN k;
END $$;

-- A reference under one of its forms; `at` is the first fixed id of the referenced entity's starting rows.
CREATE FUNCTION oracle.any_reference(field text, letter text, n int, at int, g jsonb) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE r jsonb := '{}'; x float8 := random() * CASE WHEN (g ->> 'odd')::float8 = 0 THEN 0.9 ELSE 1 END;
BEGIN
    IF x < 0.82 THEN r := jsonb_build_object(field || '_external_id',
        letter || (1 + least(oracle.roll(n), oracle.roll(n))));
    ELSIF x < 0.90 THEN r := jsonb_build_object(field || '_id',
        oracle.fixed_id(at + least(oracle.roll(5), oracle.roll(3))));
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
    IF oracle.chance(0.02) THEN r := r || jsonb_build_object('_op', oracle.pick_json('"upsert"', '"upsert"', '"drop"',
        'null')); END IF;
    RETURN r;
END $$;

-- The fields of a job.
CREATE FUNCTION oracle.any_job(k jsonb, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    r := jsonb_build_object(oracle.pick('customer', 'customer_name'), oracle.any_value('text', odd), 'due_date',
        oracle.any_value('date', odd * 2),
        'priority', oracle.any_value('int', odd), oracle.pick('notes', 'description'), oracle.any_value('text', odd),
            'status', oracle.any_value('status', odd),
        'metadata', oracle.any_value('object', odd));
    RETURN oracle.thin(r, 0.5) || CASE WHEN oracle.chance(0.9) THEN jsonb_build_object('job_number', CASE
        WHEN oracle.chance(odd) THEN oracle.pick_json('""', 'null', '17', 'true')
        WHEN oracle.chance(CASE WHEN g ? 'adopt' THEN 0.3 ELSE 0.75 END)
            THEN to_jsonb('N-' || (k ->> 'external_id') || left(k ->> 'external_source', 1))
            ELSE to_jsonb(oracle.pick('N1', 'N1', 'N1', 'N2', 'N3', 'N4')) END) ELSE '{}' END;
END $$;

-- The fields of a part, without its job if it is nested.
CREATE FUNCTION oracle.any_part(k jsonb, g jsonb, nested boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    r := jsonb_build_object('material', oracle.any_value('text', odd), 'quantity', oracle.any_value('int', odd),
        oracle.pick('notes', 'description'), oracle.any_value('text', odd),
        'status', oracle.any_value('status', odd), 'metadata', oracle.any_value('object', odd), 'drawing_no',
            oracle.any_value('text', odd),
        'file_paths', oracle.any_value('list', odd), 'is_bullet_card', oracle.any_value('bool', odd), 'material_lot',
            oracle.any_value('text', odd),
        'cnc_program_name', oracle.any_value('text', odd));
    r := oracle.thin(r, 0.7) || CASE WHEN oracle.chance(0.92) THEN jsonb_build_object('part_number', CASE
        WHEN oracle.chance(odd) THEN oracle.pick_json('""', 'null', '17', '{}')
        WHEN oracle.chance(CASE WHEN g ? 'adopt' THEN 0.3 ELSE 0.75 END) OR (g ? 'subparts' AND oracle.chance(0.6))
            OR g ? 'replace' THEN to_jsonb('PN-' || (k ->> 'external_id') || coalesce(left(k ->> 'external_source', 1),
            '')) ELSE to_jsonb(oracle.pick('A', 'A', 'B', 'C')) END) ELSE '{}' END;
    IF NOT nested THEN r := r || CASE WHEN g ? 'subparts' AND oracle.chance(0.7) THEN '{"job_external_id":"J1"}'
        WHEN oracle.chance(0.93) THEN oracle.any_reference('job', 'J', 5, 30, g) ELSE '{}' END;
    ELSIF oracle.chance(odd) THEN r := r || oracle.pick_json('{"job_external_id":"J1"}', '{"job_external_id":null}',
        '{"job_external_id":"J9"}'); END IF;
    IF g ? 'subparts' AND NOT (nested AND g ? 'sync') AND oracle.chance(0.6) THEN
        r := r || oracle.pick_json('{"parent_part_external_id":"P1"}', '{"parent_part_external_id":"P2"}',
            '{"parent_part_external_id":"P3"}',
            '{"parent_part_external_id":"P7"}', '{"parent_part_external_id":"P8"}', '{"parent_part_external_id":"P9"}',
                '{"parent_part_external_id":null}');
    END IF;
    IF g ->> 'strategy' = 'replace' AND NOT r ? 'parent_part_external_id' THEN
        r := r || '{"parent_part_external_id":null}'; END IF;
    RETURN r;
END $$;

-- The fields of an operation, without its part if it is nested.
CREATE FUNCTION oracle.any_operation(k jsonb, g jsonb, nested boolean) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    r := jsonb_build_object('sequence', oracle.any_value('int', odd),
        oracle.pick('estimated_time', 'estimated_time_minutes'), oracle.any_value('num', odd),
        oracle.pick('setup_time', 'setup_time_minutes'), oracle.any_value('num', odd),
            oracle.pick('notes', 'instructions', 'description'), oracle.any_value('text', odd),
        'status', oracle.any_value('status', odd), 'assigned_operator_id', oracle.any_value('uuid', odd), 'metadata',
            oracle.any_value('object', odd));
    r := oracle.thin(r, 0.65) || CASE WHEN oracle.chance(0.9) THEN jsonb_build_object('operation_name', CASE
        WHEN oracle.chance(odd) THEN oracle.pick_json('""', 'null', '10', 'false')
            ELSE to_jsonb(oracle.pick('cut', 'bend', 'weld')) END) ELSE '{}' END;
    IF oracle.chance(0.9) THEN
        r := r || CASE WHEN oracle.chance(0.6)
            THEN jsonb_build_object('cell_name', oracle.pick('Laser', 'Saw', 'Laser', 'Saw', 'Laser', 'Mill', CASE odd
            WHEN 0 THEN 'Saw' ELSE 'Press' END, CASE odd WHEN 0 THEN 'Laser' ELSE 'Nowhere' END))
                  ELSE oracle.any_reference('cell', 'C', 3, 10, g) END;
    END IF;
    IF NOT nested THEN r := r || CASE WHEN oracle.chance(0.9) THEN oracle.any_reference('part', 'P', 6, 50, g)
        ELSE '{}' END; END IF;
    RETURN r;
END $$;

-- The fields of a cell or a resource.
CREATE FUNCTION oracle.any_station(p_entity text, k jsonb, g jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd float8 := (g ->> 'odd')::float8; r jsonb;
BEGIN
    IF p_entity = 'cells' THEN
        r := jsonb_build_object('color', CASE WHEN oracle.chance(odd) THEN oracle.pick_json('"red"', 'null', '""', '5')
            ELSE oracle.pick_json('"#aabbcc"', '"#3B82F6"') END,
            'sequence', oracle.any_value('int', odd), 'active', oracle.any_value('bool', odd), 'capacity_hours_per_day',
                oracle.any_value('num', odd),
            'wip_limit', oracle.any_value('int', odd), 'description', oracle.any_value('text', odd));
    ELSE
        r := jsonb_build_object('description', oracle.any_value('text', odd), 'identifier',
            oracle.any_value('text', odd), 'location', oracle.any_value('text', odd),
            'status', oracle.pick('available', 'in_use', 'retired', CASE odd WHEN 0 THEN 'in_use' ELSE 'broken' END),
                'active', oracle.any_value('bool', odd), 'notes', oracle.any_value('text', odd),
            'metadata', oracle.any_value('object', odd));
    END IF;
    r := oracle.thin(r, 0.6);
    IF oracle.chance(0.9) THEN r := r || jsonb_build_object('name', CASE
        WHEN oracle.chance(CASE WHEN g ? 'adopt' THEN 0.6 ELSE 0.2 END)
        THEN oracle.pick('Laser', 'Saw', 'Press', 'Bend', 'Mill')
        ELSE 'n-' || coalesce(k ->> 'external_id', '') || coalesce(left(k ->> 'external_source', 1), '') END); END IF;
    IF p_entity = 'resources' AND oracle.chance(0.9) THEN
        r := r || jsonb_build_object('type', oracle.pick('tooling', 'mold', 'machine', 'fixture', CASE odd WHEN 0
        THEN 'other' ELSE 'spoon' END)); END IF;
    RETURN r;
END $$;

-- The part that a record of the list names as its parent while none before has its key: a reference to a later record.
-- Now and then that one refers to another part in turn, or deletes.
CREATE FUNCTION oracle.later_parent(list jsonb, seen text[]) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT coalesce((SELECT jsonb_build_array(
        jsonb_strip_nulls(jsonb_build_object('external_id', r ->> 'parent_part_external_id',
            'external_source', r -> 'external_source', 'job_external_id', r -> 'job_external_id', 'job_id',
                r -> 'job_id',
            'part_number', 'PN-' || (r ->> 'parent_part_external_id') || coalesce(left(r ->> 'external_source', 1),
                '')))
            || CASE WHEN oracle.chance(0.4)
                THEN jsonb_build_object('parent_part_external_id', 'P' || (7 + oracle.roll(3)))
                    WHEN oracle.chance(0.1) THEN '{"_op":"delete"}' ELSE '{"parent_part_external_id":null}' END)
        FROM jsonb_array_elements(list) r
        WHERE jsonb_typeof(r -> 'parent_part_external_id') = 'string'
          AND NOT concat(r ->> 'external_source', '/', r ->> 'parent_part_external_id') = ANY (seen) LIMIT 1), '[]')
$$;

-- An array of records of one entity.
CREATE FUNCTION oracle.any_records(p_entity text, g jsonb, most int, nested boolean) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE AS $$
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
    IF oracle.chance(0.06) THEN RETURN k || '{"_op":"delete"}' || CASE WHEN oracle.chance(0.3) THEN
        '{"status":5,"parts":7}'::jsonb ELSE '{}' END; END IF;
    r := CASE p_entity WHEN 'jobs' THEN oracle.any_job(k, g) WHEN 'parts' THEN oracle.any_part(k, g, nested)
        WHEN 'operations' THEN oracle.any_operation(k, g, nested) ELSE oracle.any_station(p_entity, k, g) END;
    IF p_entity = 'jobs' AND oracle.chance((g ->> 'nest')::float8) THEN
        r := r || jsonb_build_object('parts', oracle.any_records('parts', g, 3, true)); END IF;
    IF p_entity = 'parts' AND oracle.chance((g ->> 'nest')::float8) THEN
        r := r || jsonb_build_object('operations', oracle.any_records('operations', g, 3, true)); END IF;
    IF p_entity IN ('jobs', 'parts') AND oracle.chance(0.01) THEN
        r := r || jsonb_build_object(CASE p_entity WHEN 'jobs' THEN 'parts' ELSE 'operations' END,
            oracle.pick_json('null', '{}', '"x"'));
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
    IF oracle.chance(0.2) THEN o := o || jsonb_build_object('unknown_fields',
        oracle.pick('warn', 'ignore', 'error', 'metadata', 'metadata')); END IF;
    IF oracle.chance(0.08) THEN o := o || '{"deleted":"refuse"}'; END IF;
    IF oracle.chance(0.25) THEN o := o || '{"force":true}'; END IF;
    IF oracle.chance(0.08) THEN o := o || jsonb_build_object('results', oracle.pick('all', 'errors', 'none')); END IF;
    IF oracle.chance(0.3) THEN
        o := o || jsonb_build_object('children_results', oracle.pick('all', 'all', 'counts')); END IF;
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
        RETURN oracle.pick_json('{"status":"in_progress"}', '{"status":"completed"}', '{"notes":"by hand"}',
            '{"status":"not_started"}');
    END IF;
    RETURN CASE p_entity WHEN 'jobs' THEN oracle.pick_json('{"job_number":"N2"}', '{"job_number":"N-J3S"}',
        '{"customer":"x"}', '{"status":"on_hold"}')
        WHEN 'operations' THEN oracle.pick_json('{"sequence":9}', '{"sequence":1}', '{"operation_name":"bend"}',
            '{"status":"on_hold"}')
        WHEN 'parts' THEN CASE WHEN g ? 'subparts' OR oracle.chance(0.5)
            THEN oracle.pick_json('{"part_number":"A"}', '{"part_number":"PN-P3S"}', '{"quantity":7}')
            ELSE jsonb_build_object('job_id', oracle.fixed_id(31)) END END;
END $$;
