-- Endpoints that fail, move, or belong to another tenant: pauses, probes, what a success wakes, whose failures count,
-- how places are shared, restored databases, filters.
SET client_min_messages = error;
\set one 'a0000000-0000-4000-8000-000000000001'
\set two 'a0000000-0000-4000-8000-000000000002'
SET eryxon.tenant_id = :'one';
SELECT plan(63);

-- An event at a position, of a row of its own.
CREATE FUNCTION pg_temp.event(place bigint, tenant uuid DEFAULT eryxon_tenant_id(), source text DEFAULT NULL)
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO eryxon.event (position, tenant_id, type, entity, row_id, external_id, source, changes, occurred_at)
    VALUES (place, tenant, 'job.updated', 'jobs', gen_random_uuid(), 'J' || place, source, '[]', now());
    SELECT eryxon.fan_out(place, place)
$$;
CREATE FUNCTION pg_temp.hook(options jsonb DEFAULT '{}') RETURNS uuid LANGUAGE sql AS $$
    SELECT (eryxon_webhook_create('https://erp.example.com/hook', '{*}', options) ->> 'id')::uuid $$;
CREATE FUNCTION pg_temp.clear() RETURNS void LANGUAGE sql AS $$ DELETE FROM eryxon.webhook; DELETE FROM eryxon.event $$;
-- How many deliveries a relay gets; the positions that it gets.
CREATE FUNCTION pg_temp.claim(at_most integer DEFAULT 200, relay text DEFAULT 'r1') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(d.position, 0)::text, ' ' ORDER BY d.position)
      FROM eryxon.claim_deliveries(relay, at_most, '1 minute') c JOIN eryxon.delivery d ON d.id = c.delivery $$;
CREATE FUNCTION pg_temp.number(at_most integer DEFAULT 200, relay text DEFAULT 'r1') RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM eryxon.claim_deliveries(relay, at_most, '1 minute') $$;
-- Reports one answer for all that a relay has, or for one position.
CREATE FUNCTION pg_temp.answer(code integer, further jsonb DEFAULT '{}', place bigint DEFAULT NULL,
    relay text DEFAULT 'r1') RETURNS integer LANGUAGE sql AS $$
    SELECT eryxon.finish_deliveries(relay,
        (SELECT jsonb_agg(jsonb_build_object('delivery', d.id, 'attempt', d.attempt, 'status', code) || further)
                                              FROM eryxon.delivery d WHERE d.relay = answer.relay
                                                  AND (place IS NULL OR d.position = place))) $$;
CREATE FUNCTION pg_temp.pass(length interval) RETURNS void LANGUAGE sql AS $$
    UPDATE eryxon.delivery SET due_at = due_at - length WHERE due_at IS NOT NULL;
    UPDATE eryxon.webhook SET failing_since = failing_since - length, failed_at = failed_at - length,
        paused_until = paused_until - length $$;
-- For how many seconds the webhook is paused.
CREATE FUNCTION pg_temp.pause() RETURNS double precision LANGUAGE sql AS $$
    SELECT extract(epoch FROM paused_until - clock_timestamp()) FROM eryxon_webhooks() $$;

-- 429 with Retry-After holds back the endpoint, not a message.
SELECT pg_temp.hook('{"max_in_flight":20}') AS hook \gset
SELECT FROM generate_series(1, 300) n, pg_temp.event(n) \g /dev/null
SELECT is(pg_temp.number() || ' ' || pg_temp.answer(429, '{"retry_after":20}'), '20 20',
    'twenty under way are refused with Retry-After');
SELECT is(pg_temp.number(), 0::bigint, 'nothing more is sent');
SELECT ok(pg_temp.pause() BETWEEN 19 AND 22.1, 'before that time and up to a tenth more');
SELECT ok(eryxon.next_due() BETWEEN now() + '18 s'::interval AND now() + '23 s'::interval, 'nor does a relay ask');
SELECT is((SELECT format('%s %s', waiting, paused) FROM eryxon.relay_backlog()), '300 1', 'the metrics tell');
SELECT FROM pg_temp.pass('23 seconds') \g /dev/null
SELECT is(pg_temp.number(), 1::bigint, 'then one is sent, the probe');
SELECT is(pg_temp.number(), 0::bigint, 'and nothing else until its answer is there');
SELECT is(pg_temp.answer(429, '{"retry_after":20}') || ' ' || (pg_temp.pause() BETWEEN 19 AND 22.1), '1 true',
    'refused again: another pause');
SELECT FROM pg_temp.pass('23 seconds') \g /dev/null
SELECT is(pg_temp.number() || ' ' || pg_temp.answer(200), '1 1', 'the next probe arrives');
SELECT is(pg_temp.pause(), NULL, 'which ends the pause');
SELECT ok((SELECT max(due_at) - min(due_at) > '3 seconds' FROM eryxon.delivery WHERE status = 'pending'),
    'the rest is spread over some seconds');
SELECT ok((SELECT max(due_at) < now() + '11 seconds'::interval FROM eryxon.delivery WHERE status = 'pending'),
    'what was refused among them');
SELECT FROM pg_temp.pass('11 seconds') \g /dev/null
SELECT is(concat_ws(' ', pg_temp.number(), pg_temp.answer(200), pg_temp.number(), pg_temp.answer(200), pg_temp.number(),
    pg_temp.answer(200), pg_temp.number(), pg_temp.answer(200), pg_temp.number()),
          '2 2 4 4 8 8 16 16 20', 'and the number under way grows step by step');
SELECT FROM pg_temp.answer(503, '{"retry_after":5}') \g /dev/null
SELECT is((SELECT count(*) FROM eryxon.delivery WHERE due_at > now() + '6 minutes'::interval AND status = 'pending'),
    0::bigint, '503 does the same');
SELECT ok(pg_temp.pause() BETWEEN 4 AND 6, 'for its time');

-- Five failures in a row.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM generate_series(1, 20) n, pg_temp.event(n) \g /dev/null
SELECT is(pg_temp.claim(8) || ' ' || pg_temp.answer(500), '1 2 3 4 4', 'four failures');
SELECT is(pg_temp.pause(), NULL, 'are no reason for a pause');
SELECT is(pg_temp.claim(8) || ' ' || pg_temp.answer(204, place => 5) || ' ' || pg_temp.answer(NULL,
    '{"error":"no answer"}'), '5 6 7 8 1 3', 'three more, but a success between');
SELECT is(pg_temp.pause(), NULL, 'neither');
SELECT is(pg_temp.number(16) || ' ' || pg_temp.answer(500), '9 9', 'five in a row are');
SELECT ok(pg_temp.pause() BETWEEN 4 AND 6.1, 'at first for some seconds');
SELECT FROM pg_temp.pass('7 seconds') \g /dev/null
SELECT is(pg_temp.number() || ' ' || pg_temp.answer(500), '1 1', 'a probe fails');
SELECT ok(pg_temp.pause() BETWEEN 9 AND 12.1, 'then for twice as long');
DO $$ BEGIN FOR n IN 1 .. 9 LOOP PERFORM pg_temp.pass('7 minutes'); PERFORM pg_temp.number();
    PERFORM pg_temp.answer(500); END LOOP; END $$;
SELECT ok(pg_temp.pause() BETWEEN 299 AND 361, 'up to five minutes');
SELECT ok((SELECT max(failures) < 8 FROM eryxon.delivery), 'no message has used up its tries meanwhile');
SELECT FROM pg_temp.event(99) \g /dev/null
SELECT FROM pg_temp.pass('7 minutes') \g /dev/null
SELECT is(pg_temp.claim(), '99', 'the probe is one that has failed least');
SELECT is(eryxon_webhook_update(:'hook', '{"enabled":true}') ->> 'paused_until', NULL,
    'whoever enables it ends the pause');

-- A success wakes what waits for its next try, each once after each failure.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"retry_seconds":[0,5000,6000,7000]}') AS hook \gset
SELECT FROM pg_temp.event(1) \g /dev/null
SELECT is(pg_temp.claim() || ' ' || pg_temp.answer(500), '1 1', 'an endpoint is away');
SELECT FROM pg_temp.event(2) \g /dev/null
SELECT is(pg_temp.claim() || ' ' || pg_temp.answer(200), '2 1', 'and back');
SELECT ok((SELECT due_at < now() + '1 second'::interval FROM eryxon.delivery WHERE position = 1),
    'what waited is due at once');
SELECT FROM pg_temp.pass('1 second') \g /dev/null
SELECT is(pg_temp.claim() || ' ' || pg_temp.answer(400), '1 1', 'a message that no endpoint would take');
SELECT ok((SELECT due_at > now() + '4900 seconds'::interval FROM eryxon.delivery WHERE position = 1),
    'waits for the same step again');
SELECT FROM pg_temp.event(3) \g /dev/null
SELECT is(pg_temp.claim() || ' ' || pg_temp.answer(200), '3 1', 'further successes');
SELECT ok((SELECT due_at > now() + '4900 seconds'::interval FROM eryxon.delivery WHERE position = 1),
    'do not wake it again');
SELECT FROM pg_temp.pass('6001 seconds') \g /dev/null
SELECT is(pg_temp.claim() || ' ' || pg_temp.answer(400), '1 1', 'until its next try');
SELECT is((SELECT failures FROM eryxon.delivery WHERE position = 1), 2, 'which counts');

-- A new URL is judged by what was sent to it.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM generate_series(1, 3) n, pg_temp.event(n) \g /dev/null
SELECT is(pg_temp.claim(4) || ' ' || pg_temp.answer(500, place => 1), '1 2 1', 'an endpoint fails');
UPDATE eryxon.webhook SET failing_since = now() - '6 days'::interval, failed_at = now() - '1 hour'::interval;
SELECT is(eryxon_webhook_update(:'hook', '{"url":"https://new.example.com/hook"}') ->> 'failing_since', NULL,
    'a new URL has failed never');
SELECT is(pg_temp.answer(410, place => 2), 1, 'what the old one answers late');
SELECT is((SELECT format('%s %s', enabled, failing_since) FROM eryxon_webhooks()), 't ', 'says nothing of it');
SELECT is(pg_temp.claim(4, 'r2') || ' ' || pg_temp.answer(500, relay => 'r2') || ' ' || (SELECT enabled
    FROM eryxon_webhooks()), '1 3 2 true', 'its own first failure does not disable it');

-- A clock that was wrong puts nothing off for longer than the longest wait.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"retry_seconds":[0,60]}') AS hook \gset
SELECT FROM generate_series(1, 2) n, pg_temp.event(n) \g /dev/null
UPDATE eryxon.delivery SET due_at = now() + CASE position WHEN 1 THEN '90 days'::interval ELSE '1 day'::interval END;
UPDATE eryxon.webhook SET paused_until = now() + '90 days'::interval;
SELECT is(pg_temp.claim(), '1', 'what is due in 90 days, of an endpoint that is paused for 90 days, is due');

-- Tenants: a hanging endpoint, however much it may have under way, leaves places for others; so do many of them.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"max_in_flight":1000}') AS flood FROM generate_series(1, 10) \g /dev/null
SELECT FROM generate_series(1, 40) n, pg_temp.event(n) \g /dev/null
SET eryxon.tenant_id = :'two';
SELECT pg_temp.hook() AS other \gset
SELECT FROM pg_temp.event(100) \g /dev/null
UPDATE eryxon.delivery SET due_at = due_at - '1 hour'::interval WHERE position < 100;
CREATE TEMP TABLE places AS SELECT w.tenant_id, w.id FROM eryxon.claim_deliveries('r1', 64, '1 minute') c
    JOIN eryxon.webhook w ON w.id = c.webhook;
SELECT is((SELECT format('%s %s', count(*) FILTER (WHERE tenant_id = :'one'),
    count(*) FILTER (WHERE tenant_id = :'two')) FROM places), '48 1',
    'no tenant gets more than three quarters of the places');
SELECT FROM pg_temp.event(101) \g /dev/null
SELECT is(pg_temp.claim(15), '101', 'and there is one for another at any time');
SELECT FROM pg_temp.event(102) \g /dev/null
SELECT is(pg_temp.claim(2, 'r2') ~ '102', true, 'which comes first');
SET eryxon.tenant_id = :'one';

-- What cannot be sent is set aside, and stops neither others nor its row.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM generate_series(1, 2) n, pg_temp.event(n) \g /dev/null
INSERT INTO eryxon.event SELECT (e).*
    FROM (SELECT jsonb_populate_record(x, jsonb_build_object('position', 3, 'id', gen_random_uuid())) AS e
    FROM eryxon.event x WHERE position = 1) AS y;
SELECT FROM eryxon.fan_out(3, 3) \g /dev/null
ALTER FUNCTION eryxon.message_body RENAME TO true_body;
CREATE FUNCTION eryxon.message_body(delivery eryxon.delivery) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF delivery.position = 1 THEN RAISE EXCEPTION 'too large'; END IF;
    RETURN eryxon.true_body(delivery);
END $$;
SELECT is(pg_temp.claim(), '2', 'a message that cannot be built does not stop others');
SELECT is((SELECT d.status || a.error FROM eryxon.delivery d JOIN eryxon.delivery_attempt a ON a.delivery_id = d.id
    WHERE d.position = 1), 'deadthe message cannot be built: too large', 'it is a dead letter, and says why');
SELECT is(pg_temp.claim(), '3', 'its row goes on');
CREATE OR REPLACE FUNCTION eryxon.message_body(delivery eryxon.delivery) RETURNS text
    LANGUAGE plpgsql AS $$ BEGIN RAISE insufficient_privilege; END $$;
SELECT FROM pg_temp.event(4) \g /dev/null
SELECT throws_ok('SELECT pg_temp.claim()', '42501', NULL, 'an error of the server is told');
SELECT is((SELECT status FROM eryxon.delivery WHERE position = 4), 'pending', 'and no fault of the message');
DROP FUNCTION eryxon.message_body;
ALTER FUNCTION eryxon.true_body RENAME TO message_body;

-- A restored database sends nothing until somebody says so.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook() AS hook \gset
SELECT FROM pg_temp.event(1) \g /dev/null
UPDATE eryxon.feed SET epoch = gen_random_uuid();
SELECT FROM pg_temp.event(2) \g /dev/null
SELECT is(pg_temp.claim(), NULL, 'after a restore nothing is sent');
SELECT is((SELECT format('%s %s %s', enabled, disabled_reason, (SELECT count(*) FROM eryxon.delivery))
    FROM eryxon_webhooks()), 'f restored 1', 'nor queued, and the list says why');
SELECT is(eryxon.next_due(), NULL, 'a relay does not wait for it');
SELECT throws_ok(format('SELECT eryxon_webhook_test(%L)', :'hook'), '22023', NULL, 'no test either');
SELECT is(eryxon_webhook_update(:'hook', '{"description":"ours"}') ->> 'disabled_reason', 'restored',
    'other changes leave it so');
SELECT is(eryxon_webhook_update(:'hook', '{"enabled":true}') -> 'enabled', 'true', 'until it is enabled');
SELECT is(pg_temp.claim(), '1', 'then it goes on');

-- Sources.
SELECT FROM pg_temp.clear() \g /dev/null
SELECT pg_temp.hook('{"exclude_source":"SAP"}') AS no_echo, pg_temp.hook('{"sources":["SAP","Odoo"]}') AS erps \gset
SELECT FROM (VALUES (1, 'SAP'), (2, 'Odoo'), (3, NULL)) v(n, s), pg_temp.event(n, source => s) \g /dev/null
SELECT is((SELECT string_agg(position::text, ' ' ORDER BY position) FROM eryxon.delivery WHERE webhook_id = :'no_echo'),
    '2 3', 'no echo of its own changes');
SELECT is((SELECT string_agg(position::text, ' ' ORDER BY position) FROM eryxon.delivery WHERE webhook_id = :'erps'),
    '1 2', 'or only those of some');
SELECT is(eryxon_webhook_replay(:'no_echo', '-infinity'), '{"queued": 0}', 'sending again knows it, too');
SELECT throws_ok(format('SELECT eryxon_webhook_update(%L, %L)', :'erps', o), '22023', NULL, 'sources such as ' || o)
  FROM unnest(ARRAY['{"sources":[]}', '{"exclude_source":[null]}', '{"sources":7}']) o;

SELECT * FROM finish();
