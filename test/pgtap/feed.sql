-- The feed of two tenants, of which one misbehaves: what it does costs the other nothing. Poisoned, huge and deep
-- events, a flood, a server that is out of order for a while.
SET client_min_messages = error;
\set one 'a0000000-0000-4000-8000-000000000001'
\set two 'a0000000-0000-4000-8000-000000000002'
SELECT plan(42);

SELECT eryxon_create_tables() \g /dev/null
SET eryxon.capture_events = on;
-- Acts as a tenant.
CREATE FUNCTION pg_temp.tenant(tenant uuid) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('eryxon.tenant_id', tenant::text, false) $$;
CREATE FUNCTION pg_temp.job(tenant uuid, key text, metadata text DEFAULT '{}', number text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.tenant(tenant);
    RETURN eryxon_upsert('jobs', jsonb_build_object('external_id', key, 'external_source', 'SAP', 'job_number',
        coalesce(number, key), 'metadata', metadata::jsonb), '{"record_history":false}') ->> 'action';
END $$;
-- The external ids of a tenant's events, in order.
CREATE FUNCTION pg_temp.told(tenant uuid) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e.external_id, ' ' ORDER BY e.position) FROM eryxon.event e WHERE e.tenant_id = tenant $$;
CREATE FUNCTION pg_temp.refused() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', r.external_id, r.sqlstate), ', ' ORDER BY r.statement, r.line)
        FROM eryxon.event_refused r $$;
CREATE FUNCTION pg_temp.waiting() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM eryxon.event_outbox $$;
-- Writes an event by hand, as no capture would.
CREATE FUNCTION pg_temp.by_hand(tenant uuid, key text, changes jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, external_id, changes,
        occurred_at)
    VALUES (nextval('eryxon.event_statement'), 0, tenant, 'job.updated', 'jobs', gen_random_uuid(), key, changes,
        now()) $$;
CREATE FUNCTION pg_temp.clear() RETURNS void LANGUAGE sql AS $$
    DELETE FROM eryxon.webhook; DELETE FROM eryxon.event; DELETE FROM eryxon.event_refused;
        DELETE FROM eryxon.event_outbox $$;

-- A record as deep as the engine takes: the event leaves the value out, and both tenants' go on.
SELECT is(pg_temp.job(:'one', 'deep', '{"a":' || repeat('[', 998) || repeat(']', 998) || '}'), 'created',
    'a record that is nested as deep as can be is written');
SELECT is(pg_temp.job(:'two', 'after'), 'created', 'another tenant writes behind it');
SELECT is(eryxon.position_events(), 2::bigint, 'both events get their positions');
SELECT is(pg_temp.told(:'two'), 'after', 'the other tenant''s among them');
SELECT is((SELECT c - 'field' FROM eryxon.event e, jsonb_array_elements(e.changes) c WHERE e.external_id = 'deep'
    AND c ->> 'field' = 'metadata'),
          '{"old": null, "omitted": {"new": 7996}}', 'and the deep value is said to be left out');
SELECT is(pg_temp.refused(), NULL, 'nothing had to be set aside');

-- Events that raise are set aside one by one, those around them get their positions in order.
ALTER TABLE eryxon.event ADD CONSTRAINT poison CHECK (external_id NOT LIKE 'poison%' OR external_id IS NULL);
SELECT FROM pg_temp.clear(), generate_series(1, 20) n, pg_temp.job(CASE n % 2 WHEN 0 THEN :'one'::uuid
    ELSE :'two' END, CASE n WHEN 6 THEN 'poison 6' WHEN 14 THEN 'poison 14' ELSE n::text END) \g /dev/null
SELECT is(eryxon.position_events(), 20::bigint, 'all leave the outbox');
SELECT is(pg_temp.told(:'one'), '2 4 8 10 12 16 18 20', 'the tenant''s own others are told');
SELECT is(pg_temp.told(:'two'), '1 3 5 7 9 11 13 15 17 19', 'the other tenant''s all, in order');
SELECT is(pg_temp.refused(), 'poison 6 23514, poison 14 23514', 'the two are kept, with their error');
SELECT is((SELECT count(*) FROM eryxon.event_refused WHERE changes ? 'job_number' AND message LIKE '%poison%'
    AND refused_at <= clock_timestamp()), 2::bigint, 'with what they told');
SELECT is((SELECT eryxon_status('{"limit":0}') #> '{feed,refused}' FROM pg_temp.tenant(:'one')), '2',
    'the status counts them');
SELECT is((SELECT eryxon_status('{"limit":0}') #> '{feed,refused}' FROM pg_temp.tenant(:'two')), '0',
    'for their tenant');
SELECT is((SELECT last_position - (SELECT max(position) FROM eryxon.event) FROM eryxon.feed), 0::bigint,
    'no position is left out');
ALTER TABLE eryxon.event DROP CONSTRAINT poison;
WITH again AS (DELETE FROM eryxon.event_refused RETURNING statement, line, id, tenant_id, type, entity, row_id,
    external_id, external_source, source, changes, occurred_at)
INSERT INTO eryxon.event_outbox SELECT * FROM again;
SELECT is(eryxon.position_events() || ' ' || pg_temp.told(:'one'), '2 2 4 8 10 12 16 18 20 poison 6 poison 14',
    'put back, they come behind');

-- An error of the server is no event's fault.
CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'out of order' USING ERRCODE = current_setting('test.state'); END $$;
CREATE TRIGGER fail BEFORE INSERT ON eryxon.event FOR EACH ROW EXECUTE FUNCTION pg_temp.fail();
SELECT FROM pg_temp.clear(), pg_temp.job(:'one', 'kept') a, pg_temp.job(:'two', 'kept, too') b \g /dev/null
SELECT throws_ok('SELECT eryxon.position_events()', s, 'out of order', 'with ' || s || ' the whole batch waits')
  FROM unnest('{53100,53200,40001,55P03,57P03,58030,42501}'::text[]) s, set_config('test.state', s, false);
SELECT is(pg_temp.waiting() || ' ' || (pg_temp.refused() IS NULL), '2 true', 'and nothing is set aside');
DROP TRIGGER fail ON eryxon.event;
SELECT is(eryxon.position_events(), 2::bigint, 'and goes on when it is over');

-- What a webhook is to be sent is judged by its size before a text is made of it: these numbers have more than a
-- gigabyte of digits.
SELECT FROM pg_temp.clear(), pg_temp.tenant(:'one') \g /dev/null
SELECT eryxon_webhook_create('https://one.example.com', '{*}') \g /dev/null
SELECT FROM pg_temp.tenant(:'two') \g /dev/null
SELECT eryxon_webhook_create('https://two.example.com', '{*}') \g /dev/null
WITH RECURSIVE a(digits, n) AS (SELECT '[1e131071]'::jsonb, 0 UNION ALL SELECT digits || digits, n + 1 FROM a
    WHERE n < 13)
SELECT FROM a, pg_temp.by_hand(:'one', 'digits', jsonb_build_object('quantity', jsonb_build_array(NULL, digits)))
    WHERE n = 13 \g /dev/null
SELECT FROM pg_temp.job(:'two', 'small') \g /dev/null
SELECT is(eryxon.position_events(), 2::bigint, 'an event of a gigabyte of digits gets its position');
SELECT is((SELECT string_agg(b #>> '{data,external_id}' || ' ' || coalesce(b #>> '{data,changes_omitted}', 'whole'),
    ', ' ORDER BY b #>> '{data,external_id}')
             FROM (SELECT c.body::jsonb FROM eryxon.claim_deliveries('r', 10, '1 minute') c) AS a(b)),
                 'digits true, small whole', 'a relay gets both tenants'' messages');
SELECT is(pg_temp.told(:'two'), 'small', 'the other tenant''s feed has its event');

-- A relay gives positions to those whom a flood is before, too; what is oldest moves with every batch.
SELECT FROM pg_temp.clear(), generate_series(1, 30) n, pg_temp.by_hand(:'one', n::text, '{}') \g /dev/null
SELECT FROM generate_series(1, 8) n, pg_temp.by_hand(:'two', n::text, '{}') \g /dev/null
SELECT is(format('%s: %s, %s', eryxon.position_events(10), pg_temp.told(:'one'), pg_temp.told(:'two')),
    '10: 1 2 3 4 5, 1 2 3 4 5', 'half of a batch is of those who wait behind a flood');
SELECT is(format('%s: %s, %s', eryxon.position_events(9), pg_temp.told(:'one'), pg_temp.told(:'two')),
    '9: 1 2 3 4 5 6 7 8 9 10 11, 1 2 3 4 5 6 7 8', 'where they have no more it is filled up');
SELECT is(format('%s: %s', eryxon.position_events(4, :'two'), pg_temp.told(:'one')),
    '4: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15', 'a tenant''s batch as well');
SELECT is(eryxon.position_events(1) || ' ' || eryxon.position_events(0) || ' ' || eryxon.position_events(100), '1 0 14',
    'whatever its size');

-- Who has many webhooks has few events a batch, for all wait while their deliveries are made; what is left out stays in
-- order.
SELECT FROM pg_temp.clear(), pg_temp.tenant(:'one') \g /dev/null
SELECT count(eryxon_webhook_create('https://one.example.com/' || n, '{*}')) FROM generate_series(1, 9) n \g /dev/null
SELECT FROM generate_series(1, 40) n, pg_temp.by_hand(:'one', n::text, '{}') \g /dev/null
SELECT FROM generate_series(1, 3) n, pg_temp.by_hand(:'two', n::text, '{}') \g /dev/null
SELECT is(format('%s: %s, %s', eryxon.position_events(40), pg_temp.told(:'one'), pg_temp.told(:'two')),
    '7: 1 2 3 4, 1 2 3', 'many deliveries are made in small batches');
SELECT is((SELECT count(*)::integer FROM eryxon.delivery), 36, 'as many as a batch has');
SELECT is(eryxon.position_events(5) || ' ' || eryxon.position_events(5, :'one') || ' ' || pg_temp.told(:'one'),
    '1 1 1 2 3 4 5 6', 'at least one event');
SELECT is(eryxon.position_events(40, :'two') || ' ' || pg_temp.told(:'one'), '4 1 2 3 4 5 6 7 8 9 10',
    'a batch of another tenant''s as well');
DO $$ BEGIN WHILE eryxon.position_events(100) > 0 LOOP END LOOP; END $$;
SELECT is(pg_temp.told(:'one'), (SELECT string_agg(n::text, ' ' ORDER BY n) FROM generate_series(1, 40) n),
    'all in the end, in order');
SELECT is((SELECT count(*)::integer FROM eryxon.delivery), 360, 'each to each webhook');
INSERT INTO eryxon.webhook (tenant_id, url, events, feed, retry_seconds, max_in_flight)
SELECT :'one', 'https://one.example.com/' || n, '{*}', eryxon.feed_name(), '{0}', 20 FROM generate_series(10, 1000) n;
SELECT throws_ok($$ SELECT eryxon_webhook_create('https://one.example.com', '{*}') $$, '22023',
    'a tenant can have at most 1000 webhooks', 'webhooks are so many at most');
SELECT pg_temp.tenant(:'two') \g /dev/null
SELECT lives_ok($$ SELECT eryxon_webhook_create('https://two.example.com', '{*}') $$, 'of each tenant');

-- Rows of two tenants may have one id: they are told apart also where a statement changes ids, and rows are paired by
-- them.
CREATE TABLE twin (id uuid NOT NULL, tenant_id uuid NOT NULL, a text, PRIMARY KEY (tenant_id, id));
SELECT eryxon_attach('twins', 'twin'), eryxon_map_field('twins', 'a', '{}') \g /dev/null
INSERT INTO twin VALUES ('10000000-0000-4000-8000-000000000001', :'one', 'x'),
    ('10000000-0000-4000-8000-000000000001', :'two', 'y');
SELECT FROM pg_temp.clear() \g /dev/null
UPDATE twin SET id = CASE a WHEN 'x' THEN '10000000-0000-4000-8000-000000000002' ELSE id END, a = a || '!';
SELECT is((SELECT string_agg(concat_ws(' ', right(tenant_id::text, 1), type, right(row_id::text, 1), changes), ', '
    ORDER BY tenant_id, type) FROM eryxon.event_outbox),
          '1 twin.created 2 {"a": [null, "x!"]}, 1 twin.deleted 1 {"a": ["x", null]}, 2 twin.updated 1 {"a": ["y", '
          '"y!"]}', 'each tenant is told what became of its own row');

-- A page ends early where its changes are large, and goes on.
SELECT FROM pg_temp.clear(), generate_series(1, 5) n,
    pg_temp.by_hand(:'one', n::text,
    jsonb_build_object('notes', jsonb_build_array(NULL, repeat(n::text, 6000000)))) \g /dev/null
SELECT FROM eryxon.position_events() \g /dev/null
CREATE FUNCTION pg_temp.pages() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    page jsonb;
    seen text := '';
BEGIN
    LOOP
        page := eryxon.read_events(eryxon_tenant_id(), coalesce(split_part(page ->> 'next', '-', 2)::bigint, 0), 100,
            '{jobs}', '{}');
        seen := seen || (SELECT coalesce(string_agg(e ->> 'external_id', ' '), '')
            FROM jsonb_array_elements(page -> 'events') e) || '|';
        EXIT WHEN NOT (page -> 'more')::boolean;
    END LOOP;
    RETURN seen;
END $$;
SELECT is((SELECT pg_temp.pages() FROM pg_temp.tenant(:'one')), '1 2|3 4|5|', 'pages of at most 16 MB');

-- Forgotten with the events.
SELECT FROM pg_temp.by_hand(:'one', 'old', '{}') \g /dev/null
INSERT INTO eryxon.event_refused SELECT o.*, '23514', 'poison', now() - interval '2 days' FROM eryxon.event_outbox o;
SELECT FROM eryxon_prune_events('1 day') \g /dev/null
SELECT is(pg_temp.refused(), NULL, 'events that were set aside are pruned with the others');
SELECT * FROM finish();
