-- Deliveries: order, claims, leases, retries, dead letters, disabling, sending again, forgetting.
SET client_min_messages = warning;
\set tenant 'a0000000-0000-4000-8000-000000000001'
SET eryxon.tenant_id = :'tenant';
SELECT plan(82);

-- The event at a position: of row 1, 2 and so on of the tenant.
CREATE FUNCTION pg_temp.event(place bigint, row_number integer, type text DEFAULT 'job.updated',
    age interval DEFAULT '0') RETURNS void LANGUAGE sql AS $$
    INSERT INTO eryxon.event (position, tenant_id, type, entity, row_id, external_id, external_source, source, changes,
        occurred_at)
    VALUES (place, eryxon_tenant_id(), type, 'jobs', lpad(row_number::text, 32, '0')::uuid, 'SO-' || row_number, 'SAP',
        'SAP', '[{"field":"customer","old":"A","new":"B"}]', now() - age);
    SELECT eryxon.fan_out(place, place)
$$;
-- The positions that a relay gets; a test of the webhook counts as 0.
CREATE FUNCTION pg_temp.claim(relay text, at_most integer DEFAULT 100, lease interval DEFAULT '1 minute') RETURNS text
    LANGUAGE sql AS $$
    SELECT string_agg(coalesce(d.position, 0)::text, ' ' ORDER BY d.position)
      FROM eryxon.claim_deliveries(relay, at_most, lease) c JOIN eryxon.delivery d ON d.id = c.delivery
$$;
-- Reports one answer for all that a relay has; returns how many were still its own.
CREATE FUNCTION pg_temp.answer(relay text, code integer, further jsonb DEFAULT '{}') RETURNS integer LANGUAGE sql AS $$
    SELECT eryxon.finish_deliveries(relay,
        (SELECT jsonb_agg(jsonb_build_object('delivery', d.id, 'attempt', d.attempt, 'status', code, 'duration_ms', 2.5)
        || further)
                                              FROM eryxon.delivery d WHERE d.relay = answer.relay))
$$;
-- Lets time pass for all that waits.
CREATE FUNCTION pg_temp.pass(length interval) RETURNS void LANGUAGE sql AS $$
    UPDATE eryxon.delivery SET due_at = due_at - length WHERE due_at IS NOT NULL;
    UPDATE eryxon.webhook SET failing_since = failing_since - length, paused_until = paused_until - length
$$;
-- A delivery's state by its position, and the seconds until it is due.
CREATE FUNCTION pg_temp.state(place bigint) RETURNS text LANGUAGE sql AS $$ SELECT d.status FROM eryxon.delivery d
    WHERE d.position = place $$;
CREATE FUNCTION pg_temp.wait(place bigint) RETURNS double precision LANGUAGE sql AS $$
    SELECT extract(epoch FROM d.due_at - clock_timestamp()) FROM eryxon.delivery d WHERE d.position = place $$;
CREATE FUNCTION pg_temp.webhook() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', CASE WHEN enabled THEN 'enabled' END, disabled_reason, CASE WHEN failing_since IS NOT NULL
        THEN 'since' END) FROM eryxon_webhooks() $$;
-- What is kept: events, unfinished and finished deliveries, attempts.
CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT array_agg(position ORDER BY position) FROM eryxon.event),
                     (SELECT array_agg(position ORDER BY position) FROM eryxon.delivery WHERE status = 'pending'),
                     (SELECT array_agg(position ORDER BY position) FROM eryxon.delivery WHERE status <> 'pending'),
                         (SELECT count(*) FROM eryxon.delivery_attempt)) $$;
CREATE FUNCTION pg_temp.clear() RETURNS void LANGUAGE sql AS $$ DELETE FROM eryxon.webhook; DELETE FROM eryxon.event $$;
CREATE FUNCTION pg_temp.hook(options jsonb DEFAULT '{}', types text[] DEFAULT '{*}') RETURNS uuid LANGUAGE sql AS $$
    SELECT (eryxon_webhook_create('https://erp.example.com/hook', types, options) ->> 'id')::uuid $$;

-- Order: only the first of a row is due.
SELECT pg_temp.hook() AS hook \gset
SELECT FROM pg_temp.event(1, 1) \g /dev/null
SELECT FROM pg_temp.event(2, 1) \g /dev/null
SELECT FROM pg_temp.event(3, 2) \g /dev/null
SELECT FROM pg_temp.event(4, 1) \g /dev/null
SELECT is(pg_temp.claim('r1'), '1 3', 'the first of each row is due');
SELECT is(pg_temp.claim('r2'), NULL, 'what one relay has no other gets');
SELECT FROM eryxon.finish_deliveries('r1',
    (SELECT jsonb_agg(jsonb_build_object('delivery', id, 'attempt', 1, 'status', CASE position WHEN 1 THEN 500
    ELSE 204 END)) FROM eryxon.delivery WHERE relay = 'r1')) \g /dev/null
SELECT FROM pg_temp.event(5, 2) \g /dev/null
SELECT FROM pg_temp.event(6, 1) \g /dev/null
SELECT is(pg_temp.claim('r1'), '5', 'a delivery that waits for its retry holds back its row and no other');
SELECT is(pg_temp.answer('r1', 200), 1, 'one was reported');
SELECT FROM pg_temp.pass('6 seconds') \g /dev/null
SELECT is(pg_temp.claim('r1'), '1', 'it is tried again, and comes first');
SELECT is(pg_temp.answer('r1', 200), 1, 'and arrives');
SELECT is(pg_temp.claim('r1'), '2', 'then the next of the row is due');
SELECT is(pg_temp.answer('r1', 299), 1, '299 is a success');
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 200) || ' ' || pg_temp.claim('r1') || ' '
    || pg_temp.answer('r1', 200), '4 1 6 1', 'and so on to the end');
SELECT is((SELECT string_agg(DISTINCT status, ' ') FROM eryxon.delivery), 'delivered', 'all are delivered');
SELECT is(eryxon.next_due(), NULL, 'nothing waits');
SELECT FROM eryxon.fan_out(1, 6) \g /dev/null
SELECT is((SELECT count(*)::integer FROM eryxon.delivery), 6, 'the same events again make no more deliveries');

-- The schedule, with all failures that there are, up to the dead letter.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM pg_temp.event(1, 1) \g /dev/null
SELECT FROM pg_temp.event(2, 1) \g /dev/null
CREATE TEMP TABLE tried (n integer, claimed text, waits double precision, wanted integer, state text);
CREATE PROCEDURE pg_temp.try_all(steps integer[]) LANGUAGE plpgsql AS $$
DECLARE
    got text;
BEGIN
    FOR n IN 1 .. cardinality(steps) LOOP
        got := pg_temp.claim('r1');
        PERFORM pg_temp.answer('r1', (ARRAY[500, 301, NULL, 404, 100, 503])[1 + n % 6], '{"error":"no"}');
        INSERT INTO tried VALUES (n, got, pg_temp.wait(1), steps[n + 1], pg_temp.state(1));
        UPDATE eryxon.webhook SET failing_since = now();
        PERFORM pg_temp.pass(make_interval(secs => coalesce(steps[n + 1], 300) * 1.2));
    END LOOP;
END
$$;
CALL pg_temp.try_all('{0,5,300,1800,7200,18000,36000,50400,72000,86400}');
SELECT is((SELECT string_agg(claimed, ' ' ORDER BY n) FROM tried), '1 1 1 1 1 1 1 1 1 1', 'ten tries');
SELECT is_empty('SELECT * FROM tried WHERE n < 10 AND (waits NOT BETWEEN wanted - 1 '
                'AND wanted * 1.2 OR state <> ''pending'')', 'each after its step and at most a fifth more');
SELECT is(pg_temp.state(1), 'dead', 'then it is a dead letter');
SELECT is((SELECT count(*)::integer FROM eryxon.delivery_attempt), 10, 'each try is in the log');
SELECT is((SELECT jsonb_agg(status ORDER BY attempt)::text FROM eryxon.delivery_attempt),
    '[301, null, 404, 100, 503, 500, 301, null, 404, 100]', 'with its answer');
SELECT is(pg_temp.claim('r1'), '2', 'and the row goes on');
SELECT is(pg_temp.answer('r1', 200), 1, 'which arrives');

-- Sent again: the same id, all tries anew, behind what waits for the row.
SELECT id AS dead, eryxon.message_id(id) AS message FROM eryxon.delivery WHERE position = 1 \gset
SELECT FROM pg_temp.event(3, 1) \g /dev/null
SELECT is(eryxon_webhook_replay(:'dead'::uuid), '{"queued": 1}', 'a dead letter can be sent again');
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 200), '3 1', 'it waits behind what its row has already');
SELECT is((SELECT message_id || ' ' || attempt FROM eryxon.claim_deliveries('r1', 9, '1 minute')), :'message' || ' 11',
    'with the same webhook-id');
SELECT is(eryxon_webhook_replay(:'dead'::uuid), '{"queued": 0}', 'one that is under way is left');
SELECT FROM pg_temp.answer('r1', 500) \g /dev/null
SELECT is(pg_temp.state(1) || ' ' || (pg_temp.wait(1) BETWEEN 4 AND 6), 'pending true', 'it has all its tries again');
SELECT is(eryxon_webhook_replay(:'dead'::uuid), '{"queued": 1}', 'one that waits for its next try');
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 200), '1 1', 'is due at once');
SELECT is(eryxon_webhook_replay(:'hook', now() - '1 day'::interval), '{"queued": 3}',
    'a range of time can be sent again');
SELECT is(pg_temp.claim('r1') || pg_temp.answer('r1', 200) || pg_temp.claim('r1') || pg_temp.answer('r1', 200)
    || pg_temp.claim('r1') || pg_temp.answer('r1', 200), '112131', 'in order');
SELECT throws_ok(format('SELECT eryxon_webhook_replay(%L, now(), now() - ''1 s''::interval)', :'hook'), '22023', NULL,
    'a range that ends before it begins');
SELECT throws_ok('SELECT eryxon_webhook_replay(gen_random_uuid())', 'P0002', NULL, 'a delivery that does not exist');

-- Retry-After, and tries of the webhook's own.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"retry_seconds":[0,5,5,0]}') AS hook \gset
SELECT FROM pg_temp.event(1, 1) \g /dev/null
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 429, '{"retry_after":60}') || ' '
    || (pg_temp.wait(1) BETWEEN 58 AND 60), '1 1 true', 'Retry-After counts where it is longer');
SELECT FROM pg_temp.pass('67 seconds') \g /dev/null
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 503, '{"retry_after":1}') || ' '
    || (pg_temp.wait(1) BETWEEN 4 AND 6), '1 1 true', 'and not where it is shorter');
SELECT FROM pg_temp.pass('67 seconds') \g /dev/null
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 503, '{"retry_after":1e9}') || ' '
    || (pg_temp.wait(1) BETWEEN 86398 AND 86400), '1 1 true', 'nor for more than a day');
SELECT FROM pg_temp.pass('27 hours') \g /dev/null
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 503) || ' ' || pg_temp.state(1), '1 1 dead',
    'four steps are four tries');

-- Leases: a relay that died loses no delivery, and one that is late changes nothing.
SELECT FROM eryxon_webhook_update(:'hook', '{"enabled":true}') \g /dev/null
SELECT FROM pg_temp.event(2, 2) \g /dev/null
SELECT is(pg_temp.claim('r1', lease => '30 seconds'), '2', 'a relay claims');
SELECT ok(eryxon.next_due() BETWEEN clock_timestamp() + '25 s'::interval AND clock_timestamp() + '30 s'::interval,
    'and has it for the time of its lease');
SELECT FROM pg_temp.pass('31 seconds') \g /dev/null
SELECT is(pg_temp.claim('r2'), '2', 'then another relay gets it');
SELECT is(eryxon.finish_deliveries('r1',
    (SELECT jsonb_agg(jsonb_build_object('delivery', id, 'attempt', 1, 'status', 500)) FROM eryxon.delivery
    WHERE position = 2)), 0, 'the late report of the first is ignored');
SELECT is(eryxon.finish_deliveries('r2',
    (SELECT jsonb_agg(jsonb_build_object('delivery', id, 'attempt', 1, 'status', 500)) FROM eryxon.delivery
    WHERE position = 2)), 0, 'as is a report of another attempt');
SELECT is(pg_temp.answer('r2', 200) || pg_temp.state(2), '1delivered', 'that of the second counts');
SELECT is((SELECT string_agg(concat_ws(' ', a.attempt, a.relay, a.status, a.error), ', ' ORDER BY a.attempt)
    FROM eryxon.delivery_attempt a JOIN eryxon.delivery d ON d.id = a.delivery_id WHERE d.position = 2),
          '1 r1 the relay did not report within its lease, 2 r2 200', 'both are in the log');
SELECT is(eryxon.finish_deliveries('r2', '[]'), 0, 'nothing to report');

-- What an endpoint may have at a time, and how the places are shared.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"max_in_flight":2}', '{job.*}') AS hook, pg_temp.hook('{}', '{part.created}') AS other \gset
SELECT FROM generate_series(1, 8) n, pg_temp.event(n, n, CASE WHEN n < 6 THEN 'job.created'
    ELSE 'part.created' END) \g /dev/null
SELECT is(pg_temp.claim('r1', 4), '1 2 6', 'places are shared among endpoints, and one stays free for other tenants');
SELECT is(pg_temp.claim('r2'), '7 8', 'an endpoint gets no more than its max_in_flight at a time');
SELECT ok(eryxon.next_due() > clock_timestamp(), 'a relay need not ask again at once');
SELECT is(pg_temp.answer('r1', 200), 3, 'once those are done');
SELECT is(pg_temp.claim('r1'), '3 4', 'the next have room');
SELECT is(pg_temp.claim('r1', 0), NULL, 'none are asked for');

-- 410, and five days of failures.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM generate_series(1, 2) n, pg_temp.event(n, n) \g /dev/null
SELECT is(pg_temp.claim('r1', 1) || ' ' || pg_temp.answer('r1', 410), '1 1', 'an endpoint answers 410');
SELECT is(pg_temp.webhook(), 'gone since', 'it is disabled');
SELECT FROM pg_temp.event(3, 3) \g /dev/null
SELECT FROM pg_temp.pass('1 minute') \g /dev/null
SELECT is(pg_temp.claim('r1'), NULL, 'nothing is sent to it');
SELECT is(eryxon.next_due(), NULL, 'nobody waits for it');
SELECT throws_ok(format('SELECT eryxon_webhook_test(%L)', :'hook'), '22023', NULL, 'nor can it be tested');
SELECT FROM eryxon_webhook_update(:'hook', '{"enabled":true}') \g /dev/null
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', 500), '1 2 2', 'enabled again, it gets what waited');
SELECT is(eryxon_webhook_replay(:'hook', '-infinity'), '{"queued": 1}', 'and on demand what was made meanwhile');
SELECT is(pg_temp.claim('r1', 0), NULL, 'which becomes due when a relay looks there');
SELECT FROM pg_temp.pass('4 days 23 hours') \g /dev/null
SELECT is(concat_ws(' ', pg_temp.claim('r1', 1), pg_temp.answer('r1', 500), pg_temp.webhook()), '3 1 enabled since',
    'five days of failures are not over');
SELECT FROM pg_temp.pass('1 hour') \g /dev/null
SELECT is(concat_ws(' ', pg_temp.claim('r1', 1), pg_temp.answer('r1', 200), pg_temp.webhook()), '2 1 enabled',
    'a success ends them');
SELECT is(pg_temp.claim('r1', 1) || ' ' || pg_temp.answer('r1', 500), '1 1', 'one more failure');
SELECT FROM pg_temp.pass('5 days') \g /dev/null
SELECT is(pg_temp.claim('r1', 1) || ' ' || pg_temp.answer('r1', NULL), '3 1', 'and one five days later');
SELECT is(pg_temp.webhook(), 'failing since', 'disable it');
SELECT FROM eryxon_webhook_update(:'hook', '{"enabled":true}') \g /dev/null
SELECT FROM pg_temp.event(4, 4) \g /dev/null
SELECT is(concat_ws(' ', pg_temp.claim('r1'), pg_temp.answer('r1', 503), pg_temp.webhook()), '1 3 4 3 enabled since',
    'enabled again, it fails, with what waited for its next try');
SELECT FROM pg_temp.pass('20 days') \g /dev/null
UPDATE eryxon.webhook SET failed_at = failed_at - '20 days'::interval;
SELECT is(concat_ws(' ', pg_temp.claim('r1', 1), pg_temp.answer('r1', 503), pg_temp.webhook()), '4 1 enabled since',
    'and once after weeks of silence: that is no five days of failures');
SELECT FROM pg_temp.pass('4 days') \g /dev/null
SELECT is(concat_ws(' ', pg_temp.claim('r1', 1), pg_temp.answer('r1', 503), pg_temp.webhook()), '3 1 enabled since',
    'which begin anew');

-- What a relay breaks off is no failure.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"retry_seconds": [0]}') AS hook \gset
SELECT FROM pg_temp.event(1, 1) \g /dev/null
SELECT is(pg_temp.claim('r1') || ' ' || pg_temp.answer('r1', NULL,
    '{"error":"the relay was stopped","interrupted":true}') || ' ' || pg_temp.webhook(), '1 1 enabled',
    'a try is broken off');
SELECT is((SELECT format('%s %s %s', status, failures, due_at <= clock_timestamp()) FROM eryxon.delivery) || ' '
    || pg_temp.claim('r2'), 'pending 0 t 1', 'it is due again at once');

-- Slow endpoints do not take all places: those with fewer under way come first.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"max_in_flight": 5}') AS slow \gset
SELECT FROM generate_series(1, 8) n, pg_temp.event(n, n) \g /dev/null
SELECT is(pg_temp.claim('r1', 8), '1 2 3 4', 'an endpoint has four under way');
SELECT pg_temp.hook('{"max_in_flight": 5}') AS quick \gset
SELECT FROM pg_temp.event(9, 9) \g /dev/null
SELECT is(pg_temp.claim('r1', 4), '9', 'the next place is for another, whatever waits longer');

-- Forgetting.
SELECT FROM pg_temp.clear() \g /dev/null
UPDATE eryxon.feed SET pruned_through = 0;
SELECT pg_temp.hook() AS hook \gset
SELECT FROM pg_temp.event(1, 1, age => '3 days') \g /dev/null
SELECT is(pg_temp.claim('r1') || pg_temp.answer('r1', 200), '11', 'an old event arrived');
SELECT FROM pg_temp.event(2, 2, age => '3 days') \g /dev/null
SELECT FROM pg_temp.event(3, 3, age => '1 day') \g /dev/null
SELECT is(eryxon_prune_events('2 days') || ' ' || pg_temp.kept(), '1 {2,3} {2,3} {1} 1',
    'events that have not arrived are kept');
SELECT is((SELECT pruned_through FROM eryxon.feed), 1::bigint, 'the feed knows what is gone');
SELECT throws_like(format('SELECT eryxon_webhook_replay(%L)', (SELECT id FROM eryxon.delivery WHERE position = 1)),
    '%no longer available', 'it cannot be sent again');
SELECT FROM eryxon_webhook_update(:'hook', '{"enabled":false}') \g /dev/null
SELECT is(eryxon_prune_events('2 days') || ' ' || pg_temp.kept(), '1 {3} {3} {1} 1',
    'a disabled endpoint keeps no event');
UPDATE eryxon.delivery SET finished_at = finished_at - '3 days'::interval;
SELECT is(eryxon_prune_events('2 days') || ' ' || pg_temp.kept(), '0 {3} {3} 0',
    'finished deliveries and their logs go too');
SELECT throws_ok('SELECT eryxon_prune_events(NULL)', '22023', NULL, 'NULL is no time');
INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, changes, occurred_at)
    SELECT 1, n, :'tenant', 'job.updated', 'jobs', gen_random_uuid(), '{}', now() - '3 days'::interval
        FROM generate_series(1, 5) n;
SELECT is(eryxon_prune_events('2 days'), 5::bigint, 'events that nobody has read are forgotten, too');
SELECT is_empty('SELECT FROM eryxon.event_outbox', 'wherever they are');

-- A restored feed begins anew, but behind what was delivered: an event must not be taken for another.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM pg_temp.event(700, 1) \g /dev/null
SELECT FROM pg_temp.claim('r1'), pg_temp.answer('r1', 200) \g /dev/null
DELETE FROM eryxon.event;
UPDATE eryxon.feed SET last_position = 0;
INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, changes, occurred_at)
    VALUES (1, 1, :'tenant', 'job.updated', 'jobs', gen_random_uuid(), '{}', now());
SELECT is(eryxon.position_events() || ' ' || pg_temp.claim('r1'), '1 701', 'the next event is sent');

-- Many at once, in a session whose plans date from empty queues: 20,000 events take a second, or many minutes by a bad
-- plan.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"max_in_flight":1000}') AS hook \gset
INSERT INTO eryxon.event (position, tenant_id, type, entity, row_id, changes, occurred_at)
    SELECT n, :'tenant', 'job.updated', 'jobs', lpad((n % 5000)::text, 32, '0')::uuid, '[]', now()
        FROM generate_series(1, 20000) n;
SET statement_timeout = '60s';
SELECT lives_ok('SELECT eryxon.fan_out(n, n + 1999) FROM generate_series(1, 20000, 2000) n', 'they are queued in time');
SELECT is((SELECT count(*)::integer FROM eryxon.delivery WHERE due_at IS NOT NULL), 5000, 'one of each row is due');
SELECT lives_ok('SELECT pg_temp.claim(''r1'', 178), pg_temp.answer(''r1'', 200) FROM generate_series(1, 25)',
    'and claimed and reported in time');
RESET statement_timeout;
SELECT is((SELECT count(*)::integer FROM eryxon.delivery WHERE status = 'delivered'), 2500, 'all of them');

SELECT * FROM finish();
