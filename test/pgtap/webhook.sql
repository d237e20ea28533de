-- Webhooks: who may see and change what, secrets, URLs and types, the body of a message, what a relay may.
SET client_min_messages = warning;
\set one 'a0000000-0000-4000-8000-000000000001'
\set two 'a0000000-0000-4000-8000-000000000002'
SET eryxon.tenant_id = :'one';
SELECT plan(92);
CREATE ROLE pgtap_api NOLOGIN;
CREATE ROLE pgtap_admin NOLOGIN;
CREATE ROLE pgtap_relay NOLOGIN;
SELECT FROM eryxon_grant_api('pgtap_api') \g /dev/null
SELECT FROM eryxon_grant_webhooks('pgtap_admin') \g /dev/null
SELECT FROM eryxon_grant_relay('pgtap_relay') \g /dev/null

SELECT w ->> 'id' AS hook, w ->> 'secret' AS secret, w -> 'warnings' AS warnings
  FROM eryxon_webhook_create('https://erp.example.com/hook', '{job.*,part.created}') w \gset
SELECT ok(:'secret' ~ '^whsec_' AND octet_length(decode(substr(:'secret', 7), 'base64')) = 32,
    'the secret is whsec_ and 32 bytes in base64');
SELECT is(:'warnings'::jsonb #>> '{0,code}', 'CAPTURE_OFF', 'no events are captured: a warning');
SET eryxon.capture_events = on;
SELECT is(eryxon_webhook_create('https://erp.example.com/two', '{*}') -> 'warnings', '[]', 'where they are, none');
SET eryxon.capture_events = off;
SELECT FROM eryxon_create_tables() \g /dev/null
UPDATE eryxon.entity SET events = true WHERE entity = 'jobs';
SELECT is(eryxon_webhook_create('https://erp.example.com/three', '{*}') -> 'warnings', '[]',
    'nor where an entity has the option events');
SELECT isnt(eryxon_webhook_create('https://erp.example.com/four', '{*}') ->> 'secret', :'secret',
    'each has a secret of its own');
DELETE FROM eryxon.webhook WHERE id <> :'hook';

-- Secrets are in no answer but the first, and in no table that anybody reads.
SELECT ok((SELECT to_jsonb(w)::text !~ 'whsec|secret' FROM eryxon_webhooks() w), 'the list has no secrets');
SELECT is_empty($$
    SELECT r.rolname, c.oid::regclass FROM pg_roles r, pg_class c
     WHERE r.rolname LIKE 'pgtap\_%' AND c.relnamespace = 'eryxon'::regnamespace
       AND c.relname IN ('webhook', 'webhook_secret', 'webhook_header', 'delivery', 'delivery_attempt')
       AND (has_any_column_privilege(r.oid, c.oid, 'SELECT')
           OR has_table_privilege(r.oid, c.oid, 'INSERT,UPDATE,DELETE')) $$,
    'no role reads or writes the tables');
SELECT is_empty($$
    SELECT r.rolname, p.oid::regprocedure FROM pg_roles r, pg_proc p
     WHERE r.rolname IN ('pgtap_api', 'pgtap_admin') AND p.pronamespace = 'eryxon'::regnamespace
       AND p.proname IN ('claim_deliveries', 'finish_deliveries', 'next_due', 'position_events', 'fan_out', 'enqueue',
           'secrets', 'new_secret', 'change_webhook', 'own_webhook', 'promote', 'requeue', 'log_page', 'attempts_json')
       AND has_function_privilege(r.oid, p.oid, 'EXECUTE') $$, 'and only a relay may claim, which shows secrets');
SELECT is((SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc p, aclexplode(p.proacl) a
            WHERE p.pronamespace = 'eryxon'::regnamespace AND a.grantee = 'pgtap_relay'::regrole),
          'claim_deliveries finish_deliveries next_due position_events relay_backlog unreported',
              'a relay has six functions');
SELECT throws_ok('SELECT eryxon_grant_relay(''pgtap_nobody_at_all'')', '42704', NULL, 'a role that does not exist');

-- Rotation: the old secret stays in force for the time given.
SELECT eryxon_webhook_rotate_secret(:'hook') ->> 'secret' AS second \gset
SELECT is(eryxon.secrets(:'hook'), ARRAY[:'second', :'secret'], 'the new secret first, then the old one');
SELECT eryxon_webhook_rotate_secret(:'hook', '1 hour') ->> 'secret' AS third \gset
SELECT is(eryxon.secrets(:'hook'), ARRAY[:'third', :'second', :'secret'], 'both old ones');
SELECT is((SELECT count(*)::integer FROM eryxon.webhook_secret WHERE expires_at <= now() + '1 hour'::interval), 2,
    'none longer than was said last');
UPDATE eryxon.webhook_secret SET expires_at = expires_at - '1 hour'::interval;
SELECT is(eryxon.secrets(:'hook'), ARRAY[:'third'], 'until their time has passed');
SELECT eryxon_webhook_rotate_secret(:'hook', '0') ->> 'secret' AS fourth \gset
SELECT is((SELECT array_agg(secret) FROM eryxon.webhook_secret), ARRAY[:'fourth'], 'or at once');
SELECT throws_ok(format('SELECT eryxon_webhook_rotate_secret(%L, %s)', :'hook', i), '22023', NULL,
    'a time to keep such as ' || i)
  FROM unnest(ARRAY['NULL', '''-1 s''', '''31 days''']) i;

-- Other tenants, and roles without the right.
SET ROLE pgtap_admin;
SELECT is((SELECT count(*)::integer FROM eryxon_webhooks()), 1, 'an administrator sees the own webhooks');
RESET ROLE;
SELECT eryxon_webhook_test(:'hook') ->> 'delivery' AS delivery \gset
SET eryxon.tenant_id = :'two';
SET ROLE pgtap_admin;
SELECT is((SELECT count(*)::integer FROM eryxon_webhooks()), 0, 'one of another tenant sees none');
SELECT throws_ok(format(c, :'hook'), 'P0002', NULL, 'and has no way to it: ' || c)
  FROM unnest(ARRAY['SELECT eryxon_webhook_update(%L, ''{}'')', 'SELECT eryxon_webhook_rotate_secret(%L)',
      'SELECT eryxon_webhook_delete(%L)',
                    'SELECT eryxon_webhook_test(%L)', 'SELECT eryxon_webhook_replay(%L, ''-infinity'')']) c;
SELECT throws_ok(format('SELECT eryxon_webhook_replay(%L)', :'delivery'), 'P0002', NULL, 'nor to its deliveries');
SELECT is(eryxon_webhook_logs() #>> '{pagination,total}', '0', 'nor to its log');
SELECT is(eryxon_webhook_logs(:'hook') #>> '{pagination,total}', '0', 'whatever it asks for');
SET ROLE pgtap_api;
SELECT throws_ok(c, '42501', NULL, 'an API role may not: ' || c)
  FROM unnest(ARRAY['SELECT eryxon_webhook_create(''https://a.example'', ''{*}'')', 'SELECT * FROM eryxon_webhooks()',
      'SELECT eryxon_webhook_logs()',
                    'SELECT eryxon_webhook_rotate_secret(gen_random_uuid())', 'SELECT * FROM eryxon.webhook_secret',
                        'SELECT eryxon_prune_events(''0'')',
                    'SELECT * FROM eryxon.claim_deliveries(''x'', 1, ''1 s'')',
                        'SELECT eryxon.new_secret(gen_random_uuid())']) c;
SELECT is(eryxon_api."api-webhooks-list"() #>> '{error,code}', 'FORBIDDEN', 'over HTTP neither');
RESET ROLE;
SET eryxon.tenant_id = :'one';

-- URLs.
SELECT throws_ok(format('SELECT eryxon_webhook_create(%L, ''{*}'')', u), '22023', NULL,
    'URL ' || coalesce(left(to_json(u)::text, 40), 'NULL'))
  FROM unnest(ARRAY[NULL, '', 'https://', 'http://erp.example.com', 'ftp://erp.example.com', 'erp.example.com',
      'https://user:password@erp.example.com/',
                    'https://erp.example.com/a b', E'https://erp.example.com/\n', 'https:///x',
                        'https://erp.example.com:0/', 'https://erp.example.com:99999/',
                    'https://erp.example.com/#x', 'https://erp.example.com\@evil.example',
                        'https://' || repeat('a', 2050)]) u;
SELECT ok(eryxon_webhook_create(u, '{*}') ? 'id', 'URL ' || u)
    FROM unnest(ARRAY['HTTPS://ERP.example.com:8443/a?b=c%20d&e', 'https://[2001:db8::1]:443/x']) u;
SET eryxon.webhook_allow_http = on;
SELECT ok(eryxon_webhook_create('http://127.0.0.1:8080/', '{*}') ? 'id', 'http:// where the setting allows it');
RESET eryxon.webhook_allow_http;
DELETE FROM eryxon.webhook WHERE id <> :'hook';

-- Headers that the receiver wants: a relay gets them, nobody else.
SELECT throws_ok(format('SELECT eryxon_webhook_update(%L, %L)', :'hook', jsonb_build_object('headers', h::jsonb)),
    '22023', NULL, 'headers ' || left(h, 60))
  FROM unnest(ARRAY['[]', '{"Host":"a"}', '{"Content-Length":"1"}', '{"webhook-id":"x"}', '{"X-Eryxon-Event":"x"}',
      '{"a b":"c"}', '{"X-A":"a\nb"}', '{"X-A":""}',
                    '{"X-A":" a"}', '{"X-A":1}', '{"X-A":"1","x-a":"2"}', '{"X-A":"ü"}']) h;
SELECT throws_like(format('SELECT eryxon_webhook_update(%L, ''{"headers":{"Bearer '
                          'never-show-this":"never-show-this\u0000"}}'')', :'hook'), '%',
    'a value that jsonb does not take');
SELECT is((SELECT eryxon_webhook_update(:'hook',
    '{"headers":{"Authorization":"Bearer never-show-this","X-Tenant":"7"}}') -> 'headers'),
    '["Authorization", "X-Tenant"]', 'the answer has their names');
SELECT ok((SELECT to_jsonb(w)::text !~ 'never-show' FROM eryxon_webhooks() w), 'no list has their values');
SELECT is(eryxon.header_lines(:'hook'), '{"Authorization: Bearer never-show-this","X-Tenant: 7"}',
    'a relay gets them as lines');
SELECT is((SELECT eryxon_webhook_update(:'hook', '{"url":"https://erp.example.com/other","description":"x"}')
    ->> 'headers'), '["Authorization", "X-Tenant"]', 'another path of the host keeps them');
SELECT is((SELECT eryxon_webhook_update(:'hook', '{"url":"https://evil.example.com/hook"}') ->> 'headers'), '[]',
    'another host never gets them');
SELECT FROM eryxon_webhook_update(:'hook',
    '{"url":"https://erp.example.com/hook","headers":null,"description":null}') \g /dev/null

-- Bodies: always the same, and under 20 kB.
INSERT INTO eryxon.event (position, tenant_id, type, entity, row_id, external_id, external_source, source, changes,
    occurred_at)
    SELECT n, :'one', (ARRAY['job.updated', 'part.created', 'part.deleted'])[n], 'jobs', gen_random_uuid(), 'ü"1',
        'SAP', NULL,
           jsonb_build_array(jsonb_build_object('field', 'notes', 'old', NULL, 'new', repeat('ö', CASE n WHEN 1
               THEN 10000 ELSE 9000 END))), '2026-11-27 10:00:00.5+02'
      FROM generate_series(1, 3) n;
SELECT FROM eryxon.fan_out(1, 3) \g /dev/null
CREATE TEMP TABLE claimed AS SELECT * FROM eryxon.claim_deliveries('r', 10, '1 minute');
SELECT is((SELECT string_agg(type, ' ' ORDER BY type) FROM claimed), 'job.updated part.created webhook.test',
    'the types that are wanted, and the test');
SELECT is((SELECT max(octet_length(body)) < 20000 FROM claimed), true, 'under 20 kB');
SELECT is((SELECT body::jsonb #>> '{data,changes_omitted}' || (body::jsonb -> 'data' ? 'changes') FROM claimed
    WHERE type = 'job.updated'), 'truefalse', 'larger changes by reference');
SELECT is((SELECT body::jsonb - 'data' || (body::jsonb -> 'data') - 'id' - 'row_id' - 'changes' FROM claimed
    WHERE type = 'part.created'),
          '{"type":"part.created","timestamp":"2026-11-27T08:00:00.500000Z","entity":"jobs","external_id":"ü\"1",'
          '"external_source":"SAP","source":null,"run_id":null,"user_id":null,"keys":{}}', 'members');
SELECT is((SELECT body::jsonb #>> '{data,id}' FROM claimed WHERE type = 'part.created'),
    (SELECT id::text FROM eryxon.event WHERE position = 2), 'the event''s id');
SELECT is((SELECT secrets FROM claimed WHERE type = 'webhook.test'), ARRAY[:'fourth'], 'the secrets in force');
SELECT is((SELECT message_id FROM claimed WHERE type = 'webhook.test'), 'msg_' || replace(:'delivery', '-', ''),
    'the id of the message');

-- Answers are cut, and logged with the attempts.
SELECT is(eryxon.finish_deliveries('r',
    (SELECT jsonb_agg(jsonb_build_object('delivery', delivery, 'attempt', 1, 'status', 500, 'response',
    repeat('ö', 40000), 'error', repeat('x', 2000))) FROM claimed)), 3, 'three reports');
SELECT is((SELECT max(octet_length(response)) BETWEEN 1000 AND 65536 AND max(length(error)) = 1000
    FROM eryxon.delivery_attempt), true, 'at most 64 kB of an answer are kept');
SELECT is((SELECT jsonb_agg(d ->> 'type' ORDER BY n)::text || jsonb_agg(d #> '{attempts,0,status}')::text
    FROM jsonb_array_elements(eryxon_webhook_logs(:'hook', 'pending', 2) -> 'deliveries') WITH ORDINALITY x(d, n)),
          '["part.created", "job.updated"][500, 500]', 'the log, newest first');
SELECT throws_ok('SELECT eryxon_webhook_logs(status => ''lost'')', '22023', NULL, 'a status that there is not');

-- A relay, and the transactions it may use.
SET ROLE pgtap_relay;
SELECT lives_ok(c, 'a relay may: ' || c)
    FROM unnest(ARRAY['SELECT eryxon.position_events(10)', 'SELECT * FROM eryxon.claim_deliveries(''r'', 1, ''1 s'')',
    'SELECT eryxon.finish_deliveries(''r'', ''[]'')', 'SELECT eryxon.next_due()',
        'SELECT eryxon.unreported(''r'', ''[]'')',
    'SELECT eryxon.relay_backlog()']) c;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok('SELECT eryxon.finish_deliveries(''r'', ''[]'')', '25001', NULL,
    'a snapshot that does not see others');
ROLLBACK;
RESET ROLE;

SELECT FROM eryxon_webhook_delete(:'hook') \g /dev/null
SELECT is((SELECT count(*)::integer FROM eryxon.delivery) + (SELECT count(*)::integer FROM eryxon.webhook_secret), 0,
    'deleted with all that belongs to it');
SELECT * FROM finish();
DROP OWNED BY pgtap_api, pgtap_admin, pgtap_relay;
DROP ROLE pgtap_api, pgtap_admin, pgtap_relay;
