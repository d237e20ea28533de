-- What newer versions of PostgreSQL brought that touches the engine. On older ones a part is skipped.
\set QUIET 1
SET client_min_messages = error;
SET eryxon.tenant_id = '00000000-0000-4000-8000-000000000001';
SET eryxon.capture_events = on;
SELECT current_setting('server_version_num')::integer AS version \gset
SELECT :version >= 160000 AS has_set_option, :version >= 180000 AS has_virtual_columns \gset
SELECT * FROM no_plan();

-- 16: a membership may be without SET ROLE.
\if :has_set_option
CREATE ROLE versions_caller;
CREATE ROLE versions_strong;
GRANT versions_strong TO versions_caller WITH SET FALSE, INHERIT FALSE;
SELECT ok(pg_has_role('versions_caller', 'versions_strong', 'MEMBER')
    AND NOT eryxon.may_become('versions_caller', 'versions_strong'),
          'a member that may not SET ROLE gives no key that role');
GRANT versions_strong TO versions_caller WITH SET TRUE;
SELECT ok(eryxon.may_become('versions_caller', 'versions_strong'), 'one that may does');
DROP ROLE versions_caller, versions_strong;
\else
SELECT skip('memberships without SET ROLE come with PostgreSQL 16', 2);
\endif

\if :has_virtual_columns
-- 18: virtual generated columns are neither written nor told.
CREATE TABLE crates (id uuid PRIMARY KEY DEFAULT uuidv7(), tenant_id uuid NOT NULL, name text NOT NULL,
    label text GENERATED ALWAYS AS (upper(name)), updated_at timestamptz);
SELECT FROM eryxon_attach('crates', 'crates');
SELECT FROM eryxon_map_field('crates', 'name', '{"column": "name"}');
SELECT FROM eryxon_map_field('crates', 'label', '{"column": "label"}');
SELECT is(eryxon_upsert('crates', '{"external_id": "1", "external_source": "S", "name": "a"}') ->> 'action', 'created',
    'a row with a virtual column is created');
SELECT FROM eryxon_bulk_upsert('crates', '[{"external_id": "1", "external_source": "S", "name": "b"}, '
                                         '{"external_id": "2", "external_source": "S", "name": "c"}]');
SELECT results_eq('SELECT label FROM crates ORDER BY 1', ARRAY['B', 'C'], 'and updated, and has its value');
SELECT is((SELECT array_agg(DISTINCT c ->> 'field' ORDER BY c ->> 'field')
    FROM jsonb_path_query(eryxon_changes(), '$.events[*].changes[*]') c WHERE c ->> 'field' IN ('name', 'label')),
          ARRAY['name'], 'events are silent about it');
ALTER TABLE crates DROP COLUMN external_id CASCADE, ADD COLUMN external_id text GENERATED ALWAYS AS (name);
SELECT throws_ok($$SELECT eryxon_upsert('crates', '{"external_id": "1", "external_source": "S", "name": "a"}')$$,
    '55000', NULL, 'a virtual key makes the table unusable');
DROP TABLE crates CASCADE;

-- 18: NOT NULL may be NOT VALID, and old rows may hold nulls.
CREATE TABLE trays (id uuid DEFAULT uuidv7(), tenant_id uuid NOT NULL, name text);
INSERT INTO trays (id, tenant_id, name) VALUES (NULL, '00000000-0000-4000-8000-000000000001', 'old');
ALTER TABLE trays ADD CONSTRAINT trays_id NOT NULL id NOT VALID;
SELECT throws_ok($$SELECT eryxon_attach('trays', 'trays')$$, '23502', NULL,
    'NOT NULL that is NOT VALID does not do for attaching');
DELETE FROM trays;
ALTER TABLE trays VALIDATE CONSTRAINT trays_id;
SELECT lives_ok($$SELECT eryxon_attach('trays', 'trays')$$, 'validated, it does');
ALTER TABLE trays DROP CONSTRAINT trays_id, ADD CONSTRAINT trays_id NOT NULL id NOT VALID;
SELECT throws_ok($$SELECT eryxon_upsert('trays', '{"external_id": "1", "external_source": "S"}')$$, '55000', NULL,
    'nor for an attached table');
ALTER TABLE trays VALIDATE CONSTRAINT trays_id;
SELECT is(eryxon_upsert('trays', '{"external_id": "1", "external_source": "S"}') ->> 'action', 'created',
    'validated again, it does');

-- 18: keys and foreign keys without overlaps.
CREATE EXTENSION btree_gist;
CREATE TABLE prices (id uuid NOT NULL DEFAULT uuidv7(), tenant_id uuid NOT NULL, name text,
    valid daterange NOT NULL DEFAULT '[,]',
                     PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE offers (id uuid PRIMARY KEY DEFAULT uuidv7(), tenant_id uuid NOT NULL, price_id uuid,
    valid daterange NOT NULL DEFAULT '[,]',
                     FOREIGN KEY (price_id, PERIOD valid) REFERENCES prices);
SELECT lives_ok($$SELECT eryxon_attach('prices', 'prices'), eryxon_attach('offers', 'offers')$$,
    'tables with temporal keys are attached');
SELECT is(eryxon_upsert('prices', '{"external_id": "1", "external_source": "S"}') ->> 'action', 'created',
    'and written');
SELECT is(eryxon_upsert('offers', '{"external_id": "1", "external_source": "S"}') ->> 'action', 'created',
    'and those that refer to them');
SELECT is(eryxon_delete_external('prices', 'S', '1') ->> 'action', 'deleted', 'and deleted');
\else
SELECT skip('virtual columns, NOT NULL NOT VALID and temporal keys come with PostgreSQL 18', 12);
\endif

SELECT * FROM finish();
