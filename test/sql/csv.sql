-- CSV files: import, inspection, awkward files, rejected lines, templates and mappings.
\set SHOW_CONTEXT never
\set home :DBNAME
CREATE DATABASE eryxon_csv TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c eryxon_csv
SET client_min_messages = warning;
CREATE EXTENSION eryxon_sync;
SELECT eryxon_create_tables();
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';

-- What an import says: counts, and a line for each record.
CREATE FUNCTION told(answer jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s created, %s updated, %s skipped, %s errors', answer -> 'created', answer -> 'updated',
        answer -> 'skipped', answer -> 'errors')
    UNION ALL
    SELECT concat_ws(' ', 'line ' || (r ->> 'line') || ':', r ->> 'external_id', r ->> 'action', r ->> 'code',
        r ->> 'error',
                     (SELECT string_agg(w ->> 'code', ' ') FROM jsonb_array_elements(r -> 'warnings') w),
                         r ->> 'changes')
      FROM jsonb_array_elements(answer -> 'results') r
$$;
CREATE FUNCTION import(entity text, csv text, options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
    SELECT told(eryxon_import_csv(entity, csv, options))
$$;
CREATE FUNCTION import_bytes(entity text, csv bytea, options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
    SELECT told(eryxon_import_csv_bytes(entity, csv, options))
$$;

\pset format unaligned
\pset tuples_only on
\pset null -

\echo == a file, once more, and changed
SELECT import('jobs', E'external_id,external_source,job_number,customer,priority\n1,SAP,J1,ACME,1\n2,SAP,J2,"Bolts, '
                       'nuts & co",\n');
SELECT import('jobs', E'external_id,external_source,job_number,customer,priority\n1,SAP,J1,ACME,1\n2,SAP,J2,"Bolts, '
                       'nuts & co",\n');
SELECT import('jobs', E'External ID;External Source;Job-Number;Customer Name\n1;SAP;J1;"ACME ""Ltd"""\n');
SELECT job_number, customer, priority FROM jobs ORDER BY 1;
SELECT operation, entity, source, status, total, created, updated, skipped FROM eryxon.sync_run ORDER BY started_at;

\echo == the hash is that of the same record as JSON
SELECT eryxon_bulk_upsert('jobs',
    '[{"external_id":"1","external_source":"SAP","job_number":"J1","customer":"ACME \"Ltd\""}]') -> 'skipped';

\echo == a dry run tells what would change, and writes nothing
SELECT import('jobs', E'external_id,external_source,job_number,customer,priority\n1,SAP,J1,New,7\n9,SAP,J9,,\n',
    '{"dry_run":true}');
SELECT count(*) FROM jobs;

\echo == decimal commas, days first, words for true and false
SELECT import('cells', E'external_id;name;active;capacity_hours_per_day;sequence\nC1;Laser;ja;7,'
                        '5;1\nC2;Säge;Nein;1.000,25;2\nC3;Press;vielleicht;1,000.5;3\n',
              '{"external_source":"Exact","decimal":","}');
SELECT name, active, capacity_hours_per_day FROM cells ORDER BY 1;
SELECT import('jobs', E'external_id;job_number;due_date\nD1;D1;31-12-2026\nD2;D2;1.2.2027 '
                       '14:30\nD3;D3;2027-03-04\nD4;D4;30-02-2027\n',
              '{"external_source":"Exact","date_format":"DD-MM-YYYY"}');
SELECT import('jobs', E'external_id,job_number,due_date\nD5,D5,12/31/2026\n',
    '{"external_source":"Exact","date_format":"MM/DD/YYYY"}');
SELECT job_number, due_date AT TIME ZONE 'UTC' FROM jobs WHERE external_source = 'Exact' ORDER BY 1;

\echo == leading zeros stay, empty cells keep, a token clears
SELECT import('jobs', E'external_id,job_number,customer,notes\n007,0010,Z,n\n', '{"external_source":"X"}');
SELECT import('jobs', E'external_id,job_number,customer,notes\n007,0010,,NULL\n',
    '{"external_source":"X","null_token":"NULL"}');
SELECT external_id, job_number, customer, notes FROM jobs WHERE external_source = 'X';

\echo == encodings, a byte order mark, old line breaks
SELECT import_bytes('jobs', convert_to(E'external_id;job_number;customer\nE1;E1;Müller & Söhne €\n', 'WIN1252'),
    '{"external_source":"W"}');
SELECT import_bytes('jobs', convert_to(E'external_id;job_number;customer\nE2;E2;café\n', 'LATIN1'),
    '{"external_source":"W","encoding":"latin1"}');
SELECT import_bytes('jobs', '\xEFBBBF' || convert_to(E'external_id,job_number,customer\rE3,E3,"one\rtwo"\r', 'UTF8'),
    '{"external_source":"W"}');
SELECT external_id, customer FROM jobs WHERE external_source = 'W' ORDER BY 1;
SELECT import_bytes('jobs', '\x' || convert_to(E'external_id,job_number\n1,a\n2,', 'UTF8') || '\xE9',
    '{"encoding":"UTF8"}');
SELECT import_bytes('jobs', 'x', '{"encoding":"klingon"}');

\echo == what is no CSV
SELECT import_bytes('jobs', '\x504B0304140006000800');
SELECT import_bytes('jobs', '\xFFFE65007800');
SELECT import('jobs', '');
SELECT import('jobs', E'\n\n;;;\n');
SELECT import('jobs', E'alpha,beta\n1,2\n');
SELECT import('robots', 'external_id');

\echo == ragged, empty and malformed lines, cells with line breaks, a NUL byte: each line is its own matter
SELECT import('jobs', E'external_id,job_number,notes\nR1,R1\n\nR2,R2,"two\nlines"\n,,\nR3,R3,a,b\nR4,R4,5" '
                       'pipe\nR5,R5,fine,\nR6,R6,"open\nR7,R7,x\n', '{"external_source":"R"}');
SELECT import_bytes('jobs', convert_to(E'external_id,job_number\nN1,N', 'UTF8') || '\x00' || convert_to(E'1\nN2,N2\n',
    'UTF8'), '{"external_source":"N"}');

\echo == headers: double, none, unknown ones, two hundred
SELECT import('jobs', E'external_id,customer,Customer\n1,a,b\n');
SELECT import('jobs', E'H1,SAP,H1\n',
    '{"header":false,"mapping":{"1":"external_id","2":"external_source","3":"job_number"}}');
SELECT import('jobs', E'external_id,external_source,job_number,Machine park,Intern\nH2,SAP,H2,x,y\n',
    '{"mapping":{"Intern":null}}');
SELECT import('jobs', E'external_id,job_number\nH3,H3\n', '{"external_source":"SAP","mapping":{"Klant":"customer"}}');
SELECT import('jobs', 'external_id,external_source,job_number,' || string_agg('c' || n, ',') || E'\n' || 'H4,SAP,H4,'
    || string_agg(n::text, ',') || E'\n', '{"unknown_fields":"metadata"}') FROM generate_series(1, 197) n;
SELECT count(*) FROM jobs j, jsonb_object_keys(j.metadata) WHERE external_id = 'H4';

\echo == options of the engine hold
SELECT import('jobs', E'external_id,job_number\nO1,O1\n1,x\n', '{"external_source":"SAP","mode":"update"}');
SELECT import('jobs', E'external_id,job_number,priority\nO2,O2,1\nO3,O3,x\n',
    '{"external_source":"SAP","on_error":"abort"}');
SELECT import('jobs', 'external_id', '{"delimiter":":"}');
SELECT import('jobs', 'external_id', '{"colour":"red"}');

\echo == rejected lines: kept, corrected, imported again; formulas cannot run
SELECT (eryxon_import_csv('jobs',
    E'external_id,job_number,customer,priority\nF1,F1,=cmd|calc,x\nF2,F2,fine,2\nF3,F3,-1.5,+y\n',
    '{"external_source":"F"}')) ->> 'run_id' AS run \gset
SELECT line, text, code, message FROM eryxon.csv_rejected WHERE run_id = :'run' ORDER BY line;
SELECT eryxon_csv_rejected(:'run');
SELECT import('jobs', replace(replace(eryxon_csv_rejected(:'run'), ',x', ',1'), '''+y', '3'),
    '{"external_source":"F"}');
SELECT external_id, customer, priority FROM jobs WHERE external_source = 'F' ORDER BY 1;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
CREATE ROLE regress_csv_reader;
SET ROLE regress_csv_reader;
SELECT eryxon_csv_rejected(:'run');
SELECT count(*) FROM eryxon.csv_rejected;
RESET ROLE;
DROP ROLE regress_csv_reader;
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT eryxon_prune_runs('0') > 0;
SELECT count(*) FROM eryxon.csv_rejected;

\echo == inspection proposes how to read a file
SELECT eryxon_csv_inspect(E'Order;external id;Job number;Due date;priority\nx;1;J1;31-12-2026;2\n',
    '{"entity":"jobs"}');
SELECT eryxon_csv_inspect(convert_to(E'external_id\tname\nC1\tSäge\n', 'WIN1252'), '{"entity":"cells"}') - 'columns';
SELECT eryxon_csv_inspect('x', '{}');
SELECT eryxon_csv_inspect('x', '{"entity":"jobs","dry_run":true}');

\echo == templates
SELECT eryxon_csv_template('operations');
SELECT eryxon_csv_template('robots');

\echo == mappings are kept for each tenant, entity and source
SELECT eryxon_csv_mapping_save('jobs', 'Exact', '{"Klant":"customer","Intern":null}', '{"delimiter":";"}') IS NOT NULL;
SELECT eryxon_csv_mapping_save('jobs', 'Exact', '{"Klant":"customer"}') AS mapping \gset
SELECT entity, source, mapping, options FROM eryxon_csv_mapping_list();
SELECT eryxon_csv_mapping_save('jobs', 'Exact', '{"Klant":1}');
SELECT eryxon_csv_mapping_save('robots', 'Exact', '{}');
SELECT eryxon_csv_mapping_save('jobs', '', '{}');
SELECT eryxon_csv_mapping_save('jobs', 'Exact', '{}', '{"mode":"update"}');
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT count(*) FROM eryxon_csv_mapping_list('jobs');
\set VERBOSITY sqlstate
SELECT eryxon_csv_mapping_delete(:'mapping');
\set VERBOSITY default
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT eryxon_csv_mapping_delete(:'mapping');
SELECT count(*) FROM eryxon_csv_mapping_list();

\echo == in parts: progress, lines and indexes of the whole file, cancel
SET eryxon.max_bulk_records = 2;
SELECT eryxon.begin_upload('jobs',
    convert_to(E'external_id;job_number;priority\nU1;U1;1\n\nU2;U2;y\nU3;"U\n3";3\nU4;U4;4\nU5;U5;5\n', 'UTF8'),
    '{"external_source":"U"}', 'b0000000-0000-4000-8000-000000000001');
SELECT told(eryxon.upload_step('b0000000-0000-4000-8000-000000000001'));
SELECT s -> 'status', s -> 'done', s -> 'records', s -> 'errors'
    FROM eryxon.run_status('b0000000-0000-4000-8000-000000000001') s;
SELECT told(eryxon.upload_step('b0000000-0000-4000-8000-000000000001'));
SELECT eryxon.cancel_upload('b0000000-0000-4000-8000-000000000001') -> 'status';
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000001');
SELECT s -> 'status', s -> 'done', s -> 'created', s -> 'errors', s #> '{error_details,0,line}'
    FROM eryxon.run_status('b0000000-0000-4000-8000-000000000001') s;
SELECT eryxon.cancel_upload('b0000000-0000-4000-8000-000000000001');
SELECT count(*) FROM eryxon.csv_part;
SELECT eryxon.begin_upload('jobs', 'external_id', '{}', 'b0000000-0000-4000-8000-000000000001');
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT eryxon.run_status('b0000000-0000-4000-8000-000000000001');
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000001');

\echo == an import that cannot go on, and one that nobody works at any more
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n1,1\n', 'UTF8'), '{"external_source":"F"}',
    'b0000000-0000-4000-8000-000000000002') -> 'parts';
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000001';
SELECT eryxon.fail_upload('b0000000-0000-4000-8000-000000000002', 'another tenant''s');
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000002';
SELECT eryxon.run_status('b0000000-0000-4000-8000-000000000002') -> 'status';
UPDATE eryxon.csv_upload SET touched_at = touched_at - '20 minutes'::interval
    WHERE run_id = 'b0000000-0000-4000-8000-000000000002';
SELECT s -> 'status', s ->> 'finished_at' IS NOT NULL FROM eryxon.run_status('b0000000-0000-4000-8000-000000000002') s;
SELECT eryxon.fail_upload('b0000000-0000-4000-8000-000000000002', 'the database is away');
SELECT s -> 'status', s -> 'failure', s -> 'total' FROM eryxon.run_status('b0000000-0000-4000-8000-000000000002') s;
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000002');
SELECT count(*) FROM eryxon.csv_part;

\echo == so many at a time, and their parts for an hour
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000009';
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n1,1\n', 'UTF8'), '{"external_source":"Q"}',
    NULL) -> 'parts' FROM generate_series(1, 8);
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n1,1\n', 'UTF8'), '{"external_source":"Q"}',
    NULL) -> 'parts';
UPDATE eryxon.csv_upload SET touched_at = touched_at - '2 minutes'::interval
    WHERE tenant_id = 'a0000000-0000-4000-8000-000000000009';
SELECT DISTINCT s -> 'status' FROM eryxon.csv_upload u, eryxon.run_status(u.run_id) s
    WHERE u.tenant_id = 'a0000000-0000-4000-8000-000000000009';
BEGIN;
SELECT r.run_id AS run FROM eryxon.csv_upload r WHERE r.tenant_id = 'a0000000-0000-4000-8000-000000000009' ORDER BY 1
    LIMIT 1 \gset
SELECT FROM eryxon.lock_upload(eryxon.upload_lock(:'run'));
SELECT eryxon.run_status(:'run') -> 'status';
COMMIT;
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n1,1\n', 'UTF8'), '{"external_source":"Q"}',
    NULL) -> 'parts';
UPDATE eryxon.csv_upload SET touched_at = touched_at - '1 hour'::interval
    WHERE tenant_id = 'a0000000-0000-4000-8000-000000000009';
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n1,1\n', 'UTF8'), '{"external_source":"Q"}',
    NULL) -> 'parts';
SELECT status, error, count(*), sum((SELECT count(*) FROM eryxon.csv_part p WHERE p.run_id = u.run_id)) AS parts
  FROM eryxon.csv_upload u WHERE tenant_id = 'a0000000-0000-4000-8000-000000000009' GROUP BY 1, 2 ORDER BY 1;
DELETE FROM eryxon.csv_part USING eryxon.csv_upload u WHERE u.run_id = csv_part.run_id
    AND tenant_id = 'a0000000-0000-4000-8000-000000000009';
DELETE FROM eryxon.csv_upload WHERE tenant_id = 'a0000000-0000-4000-8000-000000000009';

\echo == lines that fail in several parts; one event for the whole; what cannot be an import in parts
SET eryxon.tenant_id = 'a0000000-0000-4000-8000-000000000003';
SET eryxon.capture_events = on;
SELECT eryxon.begin_upload('jobs',
    convert_to(E'external_id;job_number;priority;external_source\n;;q;\n1;1;1;S\n2;2;x;S\n3;3;y;S\n4;4;4;S\n', 'UTF8'),
    '{}', 'b0000000-0000-4000-8000-000000000003') -> 'parts';
SELECT told(eryxon.upload_step('b0000000-0000-4000-8000-000000000003'));
SELECT s -> 'status', (SELECT status FROM eryxon.sync_run WHERE id = 'b0000000-0000-4000-8000-000000000003')
    FROM eryxon.run_status('b0000000-0000-4000-8000-000000000003') s;
SELECT told(eryxon.upload_step('b0000000-0000-4000-8000-000000000003')) FROM generate_series(1, 2);
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000003');
SELECT s -> 'status', s -> 'done', s -> 'errors', s -> 'source', s #> '{error_details,1,line}'
    FROM eryxon.run_status('b0000000-0000-4000-8000-000000000003') s;
SELECT line, text FROM eryxon.csv_rejected WHERE run_id = 'b0000000-0000-4000-8000-000000000003' ORDER BY line;
SELECT type, row_id, changes #> '{total,1}', changes #> '{errors,1}', source FROM eryxon.event_outbox
    WHERE entity = 'jobs' AND type LIKE 'sync.%';
RESET eryxon.capture_events;
SELECT eryxon.begin_upload('jobs', 'external_id,job_number', '{"dry_run":true}', NULL);
SELECT eryxon.begin_upload('jobs', 'external_id,job_number', '{"record_history":false}', NULL);

\echo == an import that ends early was no success, and tells what it did
SET eryxon.capture_events = on;
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number,external_source\n5,5,S\n6,6,S\n7,7,S\n', 'UTF8'),
    '{}', 'b0000000-0000-4000-8000-000000000004') -> 'parts';
SELECT told(eryxon.upload_step('b0000000-0000-4000-8000-000000000004'));
SELECT eryxon.fail_upload('b0000000-0000-4000-8000-000000000004', 'no room');
SELECT status, total, errors FROM eryxon.sync_run WHERE id = 'b0000000-0000-4000-8000-000000000004';
SELECT row_id, changes #> '{total,1}' FROM eryxon.event_outbox WHERE type = 'sync.completed'
    AND row_id = 'b0000000-0000-4000-8000-000000000004';
RESET eryxon.capture_events;

\echo == one that nobody works at any more was no success either; a file without records is done at once
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number,external_source\n5,5,S\n6,6,S\n7,7,S\n', 'UTF8'),
    '{}', 'b0000000-0000-4000-8000-000000000007') -> 'parts';
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000007') -> 'skipped';
SELECT status FROM eryxon.sync_run WHERE id = 'b0000000-0000-4000-8000-000000000007';
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000007') -> 'created';
SELECT status FROM eryxon.sync_run WHERE id = 'b0000000-0000-4000-8000-000000000007';
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n', 'UTF8'), '{}',
    'b0000000-0000-4000-8000-000000000008') -> 'parts';
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000008');
SELECT s -> 'status', s -> 'records' FROM eryxon.run_status('b0000000-0000-4000-8000-000000000008') s;

\echo == who may not write the table handles no imports, who may not read it sees no lines
CREATE ROLE regress_csv_other;
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n8,8\n', 'UTF8'), '{"external_source":"S"}',
    'b0000000-0000-4000-8000-000000000005') -> 'parts';
SET ROLE regress_csv_other;
SELECT eryxon.begin_upload('jobs', 'external_id,job_number', '{}', NULL);
SELECT eryxon.upload_step('b0000000-0000-4000-8000-000000000005');
SELECT eryxon.cancel_upload('b0000000-0000-4000-8000-000000000005');
SELECT eryxon.fail_upload('b0000000-0000-4000-8000-000000000005', 'x');
SELECT eryxon_csv_rejected('b0000000-0000-4000-8000-000000000003');
SELECT count(*) FROM eryxon.csv_rejected;
\set VERBOSITY sqlstate
SELECT eryxon.take_part('a0000000-0000-4000-8000-000000000003', 'b0000000-0000-4000-8000-000000000005');
SELECT eryxon.note_part('b0000000-0000-4000-8000-000000000005', 99);
\set VERBOSITY default
RESET ROLE;
GRANT INSERT (job_number), SELECT ON jobs TO regress_csv_other;
SET ROLE regress_csv_other;
SELECT eryxon.cancel_upload('b0000000-0000-4000-8000-000000000005') -> 'status';
SELECT count(*) FROM eryxon.csv_rejected;
RESET ROLE;
DROP OWNED BY regress_csv_other;
DROP ROLE regress_csv_other;

\echo == imports of which nothing is in the history yet are among the runs
SELECT eryxon.begin_upload('jobs', convert_to(E'external_id,job_number\n8,8\n', 'UTF8'), '{"external_source":"S"}',
    'b0000000-0000-4000-8000-000000000006') -> 'parts';
SELECT r -> 'id', r -> 'status', r ? 'error_details'
  FROM json_array_elements(eryxon_api."api-erp-sync-runs"(entity_type => 'jobs', max_rows => 3) #> '{data,runs}')
      WITH ORDINALITY AS e(j, n), to_jsonb(j) r ORDER BY n;
SELECT eryxon.fail_upload('b0000000-0000-4000-8000-000000000006', 'no room');

\echo == what was rejected comes back as it was, however often; formulas in headings, too
SELECT (eryxon_import_csv('jobs', E'external_id,job_number,customer,=cmd,priority\n9,9,\'=x,1,p\n10,10,=1+1,2,q\n',
    '{"external_source":"R"}')) ->> 'run_id' AS run \gset
SELECT eryxon_csv_rejected(:'run');
SELECT (eryxon_import_csv('jobs', eryxon_csv_rejected(:'run'), '{"external_source":"R"}')) ->> 'run_id' AS run \gset
SELECT eryxon_csv_rejected(:'run');
SELECT import('jobs', replace(replace(eryxon_csv_rejected(:'run'), ',p', ',1'), ',q', ',2'),
    '{"external_source":"R","header":false,"mapping":{"=cmd":"notes"}}');
SELECT external_id, customer, notes FROM jobs WHERE external_source = 'R' ORDER BY 1;

\echo == what is refused rather than guessed
SELECT import('cells', E'external_id;name;capacity_hours_per_day\nP1;P1;1.5\nP2;P2;1.500\nP3;P3;2,5\n',
    '{"external_source":"P","decimal":","}');
SELECT import('jobs', E'external_id,notes,notes\n1,a,b\n');
SELECT eryxon_import_csv('jobs', E'external_id\n1\n', '{"encoding":"WIN1252"}');
SELECT import_bytes('jobs', '\x504B0304140006000800', '{"encoding":"WIN1252"}');
SELECT import_bytes('jobs', '\x65787465726e616c5f69640061620a', '{}');
SELECT i -> 'header', i -> 'lines', i #> '{columns,0,name}'
    FROM eryxon_csv_inspect(E'Auftrag;2026;\rx;y;\r', '{"entity":"jobs"}') i;
SELECT i -> 'header', i -> 'lines', i #> '{columns,0,name}'
    FROM eryxon_csv_inspect(E'Auftrag;2026;\rx;y;\r', '{"entity":"jobs","header":true}') i;

\echo == a heading that is an alias means its field; columns without a field may still tell how dates are written
SELECT c -> 'field' FROM jsonb_array_elements(eryxon_csv_inspect(E'external_id,Customer Name\n1,x\n',
    '{"entity":"jobs"}') -> 'columns') c;
SELECT i -> 'date_format', i -> 'decimal'
    FROM eryxon_csv_inspect(E'Auftrag;Termin;Menge\n1;31-12-2026;1,5\n', '{"entity":"jobs"}') i;

\c :home
DROP DATABASE eryxon_csv;
