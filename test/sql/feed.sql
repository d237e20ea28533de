-- The change feed: pages and tokens, filters, tenants, rights, and the same over HTTP.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_feed TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_feed
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();

-- A page of the feed, a line for each event and one for how to go on; the token is kept under the name, if there is
-- one.
CREATE TABLE token (name text PRIMARY KEY, token text);
CREATE FUNCTION page(since text, max_rows integer DEFAULT NULL, options jsonb DEFAULT '{}', keep text DEFAULT NULL)
    RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb := eryxon_changes((SELECT token FROM token WHERE name = since), max_rows, options);
BEGIN
    INSERT INTO token SELECT keep, answer ->> 'next' WHERE keep IS NOT NULL ON CONFLICT (name)
        DO UPDATE SET token = excluded.token;
    RETURN QUERY SELECT concat_ws(' ', e ->> 'type', e ->> 'external_source', e ->> 'external_id')
        FROM jsonb_array_elements(answer -> 'events') e;
    RETURN NEXT format('more %s, token ends in %s', answer -> 'more', split_part(answer ->> 'next', '-', 2));
END
$$;

\pset format unaligned
\pset tuples_only on
\pset null -
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;

\echo == an empty feed has a token, too
SELECT page(NULL, keep => 'start');
SELECT page('start');

\echo == pages
SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"1","external_source":"SAP","job_number":"1"},{"external_id":"2",'
                                  '"external_source":"SAP","job_number":"2"},
    {"external_id":"3","external_source":"Odoo","job_number":"3"}]', '{"record_history":false}') ->> 'created';
SELECT page('start', 2, keep => 'second');
SELECT page('second', 2, keep => 'end');
SELECT page('end');
UPDATE jobs SET status = 'completed' WHERE external_id = '2';
SELECT page('end');

\echo == the shape of an event
SELECT jsonb_pretty(jsonb_set(jsonb_set(jsonb_set(e, '{id}', '"id"') #- '{keys,job,id}', '{row_id}', '"row"'),
    '{timestamp}',
    to_jsonb(regexp_replace(e ->> 'timestamp', '\d', '9', 'g'))))
  FROM jsonb_array_elements(eryxon_changes((SELECT token FROM token WHERE name = 'end')) -> 'events') e;

\echo == filters; the token passes over what they leave out
SELECT page(NULL, NULL, '{"exclude_source":"SAP"}', 'shop floor');
SELECT page('shop floor', NULL, '{"exclude_source":"SAP"}');
SELECT page(NULL, NULL, '{"source":"SAP"}');
SELECT page(NULL, NULL, '{"external_source":"SAP","exclude_source":"SAP"}');
SELECT page(NULL, NULL, '{"type":"job.completed"}');
SELECT page(NULL, NULL, '{"type":"*.updated"}');
SELECT page(NULL, NULL, '{"entity":"parts"}');
SELECT page(NULL, 1, '{"external_source":"Odoo"}');

\echo == what is wrong with a call
SELECT eryxon_changes(NULL, 0);
SELECT eryxon_changes(NULL, 10001);
SELECT eryxon_changes(NULL, 10, '{"tenant":"x"}');
SELECT eryxon_changes(NULL, 10, '{"type":1}');
SELECT eryxon_changes(NULL, 10, '{"entity":"robots"}');
SELECT eryxon_changes('nonsense');
SELECT eryxon_changes('0123456789abcdef-1-01234567');
SELECT eryxon_changes(split_part(token, '-', 1) || '-1000-01234567') FROM token WHERE name = 'end';

\echo == after going back to an older backup, another event has the position
BEGIN;
UPDATE eryxon.event SET id = 'e0000000-0000-4000-8000-000000000001' WHERE position = 3;
SELECT eryxon_changes(token) FROM token WHERE name = 'end';
ROLLBACK;

\echo == a token whose next events were pruned; one that has seen them goes on
BEGIN;
UPDATE eryxon.feed SET pruned_through = 3;
DELETE FROM eryxon.event WHERE position <= 3;
SELECT page('end');
SELECT page('second');
ROLLBACK;

\echo == another tenant sees nothing of it
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT page(NULL);
RESET eryxon.tenant_id;
SELECT eryxon_changes();
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

\echo == uncommitted and rolled back changes are not told; a read-only transaction reads all the same
SELECT page('end', keep => 'end');
BEGIN;
UPDATE jobs SET notes = 'maybe';
SELECT page('end');
ROLLBACK;
SELECT page('end');
UPDATE jobs SET notes = 'sure' WHERE external_id = '1';
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT jsonb_array_length(eryxon_changes(token) -> 'events') FROM token WHERE name = 'end';
COMMIT;
SELECT page('end');

\echo == a role reads of the tables that it may read, and nothing past the function
CREATE ROLE regress_feed_reader;
GRANT USAGE ON SCHEMA eryxon_api TO regress_feed_reader;
GRANT SELECT ON cells TO regress_feed_reader;
GRANT EXECUTE ON FUNCTION eryxon_changes TO regress_feed_reader;
SELECT eryxon_upsert('cells', '{"external_id":"C","external_source":"SAP","name":"Saw"}',
    '{"record_history":false}') ->> 'action';
SET ROLE regress_feed_reader;
SELECT jsonb_path_query_array(eryxon_changes(), '$.events[*].type');
SELECT FROM eryxon.event;
SELECT FROM eryxon.event_outbox;
SELECT FROM eryxon.feed;
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT eryxon.position_events();
SELECT eryxon.read_events('a0000000-0000-4000-8000-000000000001', 0, 10, '{jobs}', '{}');
RESET ROLE;

\echo == the status tells how far the feed is behind
SELECT eryxon_status('{"limit":0}') #> '{feed,waiting}';
SELECT eryxon_delete_external('cells', 'SAP', 'C') ->> 'action';
SELECT eryxon_status('{"limit":0}') #> '{feed,waiting}',
    (eryxon_status('{"limit":0}') #> '{feed,lag_seconds}')::numeric BETWEEN 0 AND 60;

\echo == over HTTP
SELECT a #> '{data,events,0,type}', a #> '{data,more}', current_setting('response.status')
  FROM to_jsonb(eryxon_api."api-erp-sync-changes"(exclude_source => 'SAP', max_rows => 1)) a;
SELECT a #> '{error,code}', a #> '{error,message}', a #> '{error,statusCode}'
    FROM to_jsonb(eryxon_api."api-erp-sync-changes"(since => 'nonsense')) a;
SELECT a #> '{error,code}', a #> '{error,details,0,path}'
    FROM to_jsonb(eryxon_api."api-erp-sync-changes"(max_rows => 0)) a;

\c :home
DROP DATABASE eryxon_feed;
DROP ROLE regress_feed_reader;
