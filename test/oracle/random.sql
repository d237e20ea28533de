-- Random choices. A case starts with start(seed, number), so it is the same whenever it is replayed.

-- Starts the random numbers of one case.
CREATE FUNCTION oracle.start(seed bigint, number bigint) RETURNS void LANGUAGE sql AS $$
    SELECT setseed((abs(hashint8extended(number, seed) % 1000000)) / 1000000.0)
$$;

-- True with a probability.
CREATE FUNCTION oracle.chance(p float8) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT random() < p $$;

-- A whole number from 0 to n - 1.
CREATE FUNCTION oracle.roll(n int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT floor(random() * n)::int $$;

-- One of several texts.
CREATE FUNCTION oracle.pick(VARIADIC a text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT a[1 + floor(random() * cardinality(a))::int] $$;

-- One of several JSON values, written as JSON texts.
CREATE FUNCTION oracle.pick_json(VARIADIC a text[]) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT (a[1 + floor(random() * cardinality(a))::int])::jsonb $$;

-- A value of a kind, now and then a wrong or a surprising one.
CREATE FUNCTION oracle.any_value(kind text, odd float8) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE odd_one boolean := random() < odd;
BEGIN
    RETURN CASE kind
        WHEN 'text' THEN CASE WHEN odd_one THEN oracle.pick_json('true', '[]', '{"a":1}', 'null', '1001', '25.0', '""',
            '-7', '1.50')
            ELSE oracle.pick_json('"x"', '"y"', '"Größe 5 \"q\" \\ \t€"', '"steel"', '"boom"', '"calm"', '"vanish"',
                '"z 😀"', '1001') END
        WHEN 'int' THEN CASE WHEN odd_one THEN oracle.pick_json('-1', '12.5', '"12abc"', '3000000000', 'null', 'true',
            '""', '" 5"', '[1]', '-3000000000', '"05"')
            ELSE oracle.pick_json('1', '2', '5', '25', '"25"', '25.0', '"2.5e1"', '150', '0') END
        WHEN 'num' THEN CASE WHEN odd_one THEN oracle.pick_json('-1', '"x"', 'null', 'true', '12345.6', '1.25', '"NaN"',
            '"1e1000000"')
            ELSE oracle.pick_json('0', '1.5', '"2.5"', '0.1', '1e2', '30', '45.0', '"7"') END
        WHEN 'bool' THEN CASE WHEN odd_one THEN oracle.pick_json('"yes"', '1', 'null', '"TRUE"')
            ELSE oracle.pick_json('true', 'false', '"true"', '"false"') END
        WHEN 'date' THEN CASE WHEN odd_one THEN oracle.pick_json('"2026-02-30"', '"31-12-2026"', '"2026-12-31T25:00"',
            '20261231', '20261332', 'null', '""', 'true',
                '"2026-1231"', '"2026-12-31T10"', '"0000-01-01"', '"2026-12-31 "', '"2024-02-29"', '"2023-02-29"')
            ELSE oracle.pick_json('"2026-12-31"', '"20261231"', '"2026-12-31T10:00:00Z"', '"2026-12-31 10:00"',
                '"2026-06-01T08:30:00.5+02:00"', '"2026-12-31T00:00"', '"2027-01-01T00:00:00-05"') END
        WHEN 'object' THEN CASE WHEN odd_one THEN oracle.pick_json('[]', '"x"', '1', 'null')
            ELSE oracle.pick_json('{}', '{"a":1}', '{"b":[1,2.5,"x",null,true],"a":{"c":"ü"}}') END
        WHEN 'list' THEN CASE WHEN odd_one THEN oracle.pick_json('{}', '"x"', '[null]', '[true]', 'null', '[["a"]]')
            ELSE oracle.pick_json('[]', '["a.step"]', '["b.pdf","a.step"]', '["x,y\"z",1001]') END
        WHEN 'uuid' THEN CASE WHEN odd_one THEN oracle.pick_json('"none"', 'null', '""', '5')
            ELSE oracle.pick_json('"99999999-0000-4000-8000-000000000001"', '"99999999-0000-4000-8000-00000000000A"')
            END
        WHEN 'status' THEN CASE WHEN odd_one
            THEN oracle.pick_json('"done"', 'null', '""', '1', '"Completed"', '"paused"')
            ELSE oracle.pick_json('"not_started"', '"in_progress"', '"on_hold"', '"completed"', '"not_started"') END
    END;
END $$;

-- A number that stays the same for a name: the ids of the rows that are there at the start.
CREATE FUNCTION oracle.fixed_id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('a0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
$$;

-- A record with some members taken away at random.
CREATE FUNCTION oracle.thin(rec jsonb, p float8) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(jsonb_object_agg(key, value) FILTER (WHERE keep), '{}')
        FROM (SELECT key, value, random() >= p AS keep FROM jsonb_each(rec)) t
$$;
