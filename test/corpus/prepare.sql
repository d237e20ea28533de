-- What a case of the corpus needs: the five tables, and functions that run one and compare its answer.
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT format('ALTER DATABASE %I SET eryxon.tenant_id = %L', current_database(),
              'a0000000-0000-4000-8000-000000000001') \gexec
SELECT set_config('eryxon.tenant_id', 'a0000000-0000-4000-8000-000000000001', false);
SELECT eryxon_create_tables();
CREATE SCHEMA corpus;

-- The first place where an answer is not as expected; null if there is none. Only what `expected` names is compared:
-- members of objects, all elements of arrays. Null stands for what is null or not there.
CREATE FUNCTION corpus.difference(expected jsonb, actual jsonb, path text DEFAULT '') RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    found text;
    item record;
BEGIN
    IF jsonb_typeof(expected) = 'object' AND jsonb_typeof(actual) = 'object' THEN
        FOR item IN SELECT * FROM jsonb_each(expected) LOOP
            found := corpus.difference(item.value, actual -> item.key, path || '/' || item.key);
            EXIT WHEN found IS NOT NULL;
        END LOOP;
    ELSIF jsonb_typeof(expected) = 'array' AND jsonb_typeof(actual) = 'array'
        AND jsonb_array_length(expected) = jsonb_array_length(actual) THEN
        FOR item IN SELECT value, n - 1 AS place FROM jsonb_array_elements(expected) WITH ORDINALITY e(value, n) LOOP
            found := corpus.difference(item.value, actual -> item.place::integer, path || '/' || item.place);
            EXIT WHEN found IS NOT NULL;
        END LOOP;
    ELSIF expected IS DISTINCT FROM coalesce(actual, 'null') THEN
        found := format('%s: expected %s, got %s', path, expected, coalesce(actual::text, 'nothing'));
    END IF;
    RETURN found;
END $$;

-- The row of the entity's table with that external id.
CREATE FUNCTION corpus.row_of(entity text, external_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE external_id = $1', entity) INTO found USING external_id;
    RETURN found;
END $$;

-- The rows of the entity's table with the external ids that `wanted` has as its members.
CREATE FUNCTION corpus.rows_of(entity text, wanted jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_object_agg(key, corpus.row_of(entity, key)), '{}') FROM jsonb_object_keys(wanted) key;
$$;

-- Makes the call of a case.
CREATE FUNCTION corpus.call(a_case jsonb, entity text, content bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    options jsonb := coalesce(a_case -> 'options', '{}');
BEGIN
    IF a_case ? 'inspect' THEN
        RETURN eryxon_csv_inspect(content, options || jsonb_build_object('entity', entity));
    ELSIF content IS NOT NULL THEN
        RETURN eryxon_import_csv_bytes(entity, content, options);
    ELSIF a_case ? 'text' THEN
        RETURN eryxon_bulk_upsert_json(entity, (a_case ->> 'text')::json, options);
    END IF;
    RETURN eryxon_bulk_upsert(entity, a_case -> 'payload', options);
END $$;

-- What the call of a case answers, or says when it raises.
CREATE FUNCTION corpus.answer(a_case jsonb, entity text, content bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    RETURN corpus.call(a_case, entity, content);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN jsonb_build_object('refused', jsonb_build_object(
        'sqlstate', SQLSTATE, 'message', message, 'detail', nullif(detail, ''), 'hint', nullif(hint, '')));
END $$;

-- Runs a case and says what differs; `file` is the content of its file. The caller rolls back.
CREATE FUNCTION corpus.run_case(a_case jsonb, file bytea, OUT answer jsonb, OUT difference text) LANGUAGE plpgsql AS $$
DECLARE
    entity text := coalesce(a_case ->> 'entity', 'jobs');
    rows jsonb := coalesce(a_case -> 'rows', '{}');
    wanted jsonb := coalesce(a_case -> 'answer', a_case -> 'inspect', '{}');
    statement text;
BEGIN
    FOR statement IN SELECT jsonb_array_elements_text(a_case -> 'before') LOOP
        EXECUTE statement;
    END LOOP;
    answer := corpus.answer(a_case, entity, coalesce(file, convert_to(a_case ->> 'csv', 'UTF8')));
    difference := coalesce(corpus.difference('{"refused": null}' || wanted, answer),
                           corpus.difference(rows, corpus.rows_of(entity, rows), '/rows'));
END $$;
