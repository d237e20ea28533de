-- What is measured, in which ways, and what is to be reached.

-- The ways of sending a call, in the order of the report.
CREATE TABLE bench.arm (ordinal integer GENERATED ALWAYS AS IDENTITY, arm text, title text);
INSERT INTO bench.arm (arm, title) VALUES
    ('json', 'json'), ('json, events', 'json, with events'), ('jsonb', 'jsonb'), ('csv', 'CSV'),
        ('peer_set', '`peer_set`'), ('peer_nested', '`peer_nested`'), ('peer_loop', '`peer_loop`'),
    ('copy', 'COPY'), ('cast json', 'cast to json'), ('cast jsonb', 'cast to jsonb'),
    ('upsert', '`eryxon_upsert`'), ('peer_one', '`INSERT … ON CONFLICT`');

-- The bulk scenarios: the bodies that are sent, those that an arm has loaded before, the arms, and what becomes of the
-- records.
CREATE TABLE bench.scenario (
    ordinal  integer GENERATED ALWAYS AS IDENTITY,
    scenario text,
    bodies   text,
    base     text,
    nested   boolean NOT NULL,
    arms     text[],
    created  numeric NOT NULL,
    updated  numeric NOT NULL,
    failed   numeric NOT NULL);
INSERT INTO bench.scenario (scenario, bodies, base, nested, arms, created, updated, failed) VALUES
    ('all new', 'base', NULL, false, '{json,"json, events",jsonb,peer_set,peer_loop,copy,cast json,cast jsonb}', 1, 0,
        0),
    ('all unchanged', 'base', 'base', false, '{json,jsonb,peer_set,peer_loop,cast json,cast jsonb}', 0, 0, 0),
    ('all changed', 'all changed', 'base', false, '{json,"json, events",jsonb,peer_set,peer_loop,cast json,cast jsonb}',
        0, 1, 0),
    ('1 % changed', '1 % changed', 'base', false, '{json,jsonb,peer_set,peer_loop,cast json,cast jsonb}', 0, 0.01, 0),
    ('1 % bad', '1 % bad', NULL, false, '{json,jsonb,peer_loop}', 0.99, 0, 0.01),
    ('1 % bad in the database', '1 % taken', NULL, false, '{json,jsonb,peer_loop}', 0.99, 0, 0.01),
    ('nested, new', 'nested', NULL, true, '{json,jsonb,peer_nested}', 1, 0, 0),
    ('nested, unchanged', 'nested', 'nested', true, '{json,jsonb,peer_nested}', 0, 0, 0);

-- What is to be reached: `at least` so many times as fast as another arm, or `at most` so many times its time. `x` and
-- `against_x` are the numbers that a part varies. script/test watches those that have a `guard`: the share of the
-- factor that it asks for.
CREATE TABLE bench.target (
    ordinal   integer GENERATED ALWAYS AS IDENTITY,
    part      text,
    scenario  text,
    x         bigint,
    arm       text,
    against_x bigint,
    against   text,
    bound     text CHECK (bound IN ('at least', 'at most')),
    factor    numeric,
    guard     numeric);
INSERT INTO bench.target (part, scenario, arm, against, bound, factor, guard) VALUES
    ('bulk', 'all new', 'json', 'peer_set', 'at least', 2.2, 0.5),
    ('bulk', 'all new', 'json', 'peer_loop', 'at least', 2.8, NULL),
    ('bulk', 'all new', 'json', 'copy', 'at most', 1.1, NULL),
    ('bulk', 'all unchanged', 'json', 'peer_set', 'at least', 7, 0.5),
    ('bulk', 'all unchanged', 'json', 'peer_loop', 'at least', 7, NULL),
    ('bulk', '1 % changed', 'json', 'peer_set', 'at least', 6.5, 0.5),
    ('bulk', '1 % changed', 'json', 'peer_loop', 'at least', 6, NULL),
    ('bulk', 'all changed', 'json', 'peer_set', 'at least', 1.8, NULL),
    ('bulk', 'all changed', 'json', 'peer_loop', 'at least', 2.2, NULL),
    ('bulk', 'all new', 'json, events', 'json', 'at most', 1.35, 1.1),
    ('bulk', '1 % bad', 'json', 'peer_loop', 'at least', 2.2, NULL),
    ('bulk', 'all new', 'jsonb - json', 'cast jsonb', 'at most', 1, NULL),
    ('bulk', 'all unchanged', 'jsonb - json', 'cast jsonb', 'at most', 1, NULL),
    ('bulk', '1 % changed', 'jsonb - json', 'cast jsonb', 'at most', 1, NULL),
    ('bulk', 'all changed', 'jsonb - json', 'cast jsonb', 'at most', 1, NULL),
    ('csv', 'new', 'csv', 'json', 'at least', 0.8, 0.9);
INSERT INTO bench.target (part, scenario, x, arm, against_x, against, bound, factor)
SELECT 'size', scenario, 100000, 'json', 1000, 'json', 'at most', 1.2 FROM unnest('{new,unchanged}'::text[]) scenario
UNION ALL
SELECT 'rows', scenario, 2, 'json', 0, 'json', 'at most', 1.5 FROM unnest('{new,unchanged,changed}'::text[]) scenario;
