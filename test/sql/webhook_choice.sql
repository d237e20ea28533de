-- Which events a webhook gets, and which of them wait for each other.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_webhook_choice TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_webhook_choice
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
\pset format unaligned
\pset tuples_only on
\pset null -
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;

-- What a relay gets now, as webhook, type and row; all of it arrives.
CREATE FUNCTION sent(OUT webhook text, OUT type text, OUT key text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE claimed ON COMMIT DROP AS SELECT * FROM eryxon.claim_deliveries('relay', 1000, '1 minute');
    RETURN QUERY
    SELECT w.description, c.type, c.body::jsonb #>> '{data,external_id}'
      FROM claimed c JOIN eryxon.delivery d ON d.id = c.delivery JOIN eryxon.webhook w ON w.id = d.webhook_id
     ORDER BY 1, d.position;
    PERFORM eryxon.finish_deliveries('relay', (SELECT jsonb_agg(jsonb_build_object('delivery', c.delivery, 'attempt',
        c.attempt, 'status', 200)) FROM claimed c));
END
$$;

\echo == options
SELECT eryxon_webhook_create('https://erp.example.com/a', '{*}', '{"order_by":"job"}');
SELECT eryxon_webhook_create('https://erp.example.com/a', '{*}', '{"order_by":1}');
SELECT eryxon_webhook_create('https://erp.example.com/a', '{*}', '{"entities":["machines"]}');
SELECT eryxon_webhook_create('https://erp.example.com/a', '{*}', '{"fields":[]}');
SELECT eryxon_webhook_create('https://erp.example.com/a', '{*}', '{"entities":[1]}');

SELECT eryxon_upsert('cells', '{"external_id":"C","external_source":"SAP","name":"Saw"}') ->> 'action';
SELECT eryxon_sync('{"jobs":[
    {"external_id":"J1","external_source":"SAP","job_number":"1","parts":[{"external_id":"P1",
        "part_number":"1","operations":[{"external_id":"O1","operation_name":"Cut","cell_name":"Saw"},
        {"external_id":"O2","operation_name":"Bend","cell_name":"Saw"}]}]},
    {"external_id":"J2","external_source":"SAP","job_number":"2","parts":[{"external_id":"P2",
        "part_number":"1","operations":[{"external_id":"O3","operation_name":"Cut","cell_name":"Saw"}]}]}]}')
    -> 'summary' ->> 'total';
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT eryxon_webhook_create('https://erp.example.com/row', '{operation.*,part.*}', '{"description":"row"}') ->> 'id'
    AS row \gset
SELECT eryxon_webhook_create('https://erp.example.com/root', '{operation.*,part.*}',
    '{"description":"root","order_by":"root"}') ->> 'id' AS root \gset
SELECT eryxon_webhook_create('https://erp.example.com/parts', '{*}',
    '{"description":"parts","entities":"parts"}') ->> 'id' AS parts \gset
SELECT eryxon_webhook_create('https://erp.example.com/notes', '{*}',
    '{"description":"notes","fields":["notes","cell_id"]}') ->> 'id' AS notes \gset
SELECT description, entities, fields, order_by FROM eryxon_webhooks() ORDER BY description;

\echo == by root: one after the other for a job with all below it; by row: all at once
UPDATE operations SET notes = 'a' WHERE external_id = 'O1';
UPDATE parts SET material = 'steel';
UPDATE operations SET notes = 'b' WHERE external_id IN ('O2', 'O3');
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT * FROM sent();
SELECT * FROM sent();
SELECT * FROM sent();
SELECT * FROM sent();

\echo == an operation that moves to another job is told behind what that job has
UPDATE operations SET notes = 'c' WHERE external_id = 'O3';
UPDATE operations SET part_id = (SELECT id FROM parts WHERE external_id = 'P2') WHERE external_id = 'O1';
UPDATE operations SET notes = 'd' WHERE external_id = 'O2';
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT * FROM sent() WHERE webhook = 'root';
SELECT * FROM sent() WHERE webhook = 'root';

\echo == sent again, it comes in its order
SELECT eryxon_webhook_replay(:'root', '-infinity', 'infinity');
SELECT count(*) FROM sent();
SELECT eryxon_webhook_update(:'root', '{"order_by":null,"fields":"status"}') - '{id,created_at,updated_at}'::text[]
    @> '{"order_by":"row","fields":["status"]}';

\echo == keys that are too large for a message are left out of it, which says so
UPDATE jobs SET external_id = repeat('x', 20000) WHERE external_id = 'J1';
UPDATE parts SET notes = 'large' WHERE external_id = 'P1';
SELECT eryxon.settle_events('a0000000-0000-4000-8000-000000000001');
SELECT d #> '{keys}', d -> 'keys_omitted', d #>> '{changes,0,new}', octet_length(b.body) < 20000
  FROM eryxon.claim_deliveries('relay', 100, '1 minute') AS b, LATERAL (SELECT b.body::jsonb -> 'data' AS d) AS data
 WHERE b.type = 'part.updated' AND b.url LIKE '%/parts';

\c :home
DROP DATABASE eryxon_webhook_choice;
