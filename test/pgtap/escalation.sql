-- Who may administer gets no rights over other people's tables by it, and what runs with a delete gets none of the
-- deleter's.
SET client_min_messages = warning;
\set one '11111111-1111-4111-8111-111111111111'
\set job '10000000-0000-4000-8000-000000000001'
SELECT plan(70);
SELECT FROM eryxon_create_tables() \g /dev/null
CREATE ROLE pgtap_att LOGIN;
CREATE ROLE pgtap_victim LOGIN;
CREATE ROLE pgtap_mes NOLOGIN;
CREATE ROLE pgtap_clerk NOLOGIN;
GRANT CREATE ON SCHEMA public TO pgtap_att, pgtap_victim, pgtap_mes;
GRANT EXECUTE ON FUNCTION eryxon_attach, eryxon_detach, eryxon_map_field, eryxon_unmap_field TO pgtap_att;
SELECT FROM eryxon_grant_api('pgtap_att') \g /dev/null
SET eryxon.tenant_id = :'one';

-- A table is named by its oid and by nothing that two readers could read in two ways.
CREATE TABLE vsecret (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, job_id uuid,
    external_id text, external_source text,
                      synced_at timestamptz, sync_hash text, deleted_at timestamptz, deleted_by uuid);
ALTER TABLE vsecret OWNER TO pgtap_victim;
CREATE FUNCTION pg_temp.attach(table_text jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT eryxon.write_registry(''attach'', %L)',
        '{"entity":"vs","singular":"v","soft_delete":true,"natural_key":[]}'
                  || jsonb_build_object('table', table_text))
$$;
SELECT 'vsecret'::regclass::oid AS secret \gset
SET SESSION AUTHORIZATION pgtap_att;
SELECT throws_ok($$ SELECT eryxon_attach('vs', 'vsecret') $$, '42501', NULL, 'another''s table');
SELECT throws_ok(pg_temp.attach(t), CASE WHEN t = to_jsonb(:secret) OR t = to_jsonb(:'secret'::text) THEN '42501'
    ELSE '22023' END, NULL, 'a table written as ' || coalesce(t::text, 'NULL'))
  FROM unnest(ARRAY[to_jsonb(' ' || :'secret'), to_jsonb(:'secret' || ' '), to_jsonb('+' || :'secret'),
      to_jsonb('0' || E'\t'), to_jsonb(:'secret' || '.0'),
                    to_jsonb(:'secret'::text), to_jsonb(:secret), '"vsecret"', '0', '-1', '4294967296', 'true', 'null',
                        '{}', '[1]', NULL]::jsonb[]) t;
SELECT throws_ok(format('SELECT eryxon.write_registry(%L, %L)', a, jsonb_build_object('entity', e)), '22023', NULL,
    a || ' of an entity written as ' || coalesce(e::text, 'NULL'))
  FROM unnest('{detach,map,unmap}'::text[]) a, unnest('{true,NULL,1,"{}"}'::jsonb[]) e;
RESET SESSION AUTHORIZATION;
SELECT is_empty($$ SELECT FROM eryxon.entity WHERE table_name = 'vsecret'::regclass $$, 'nothing was attached');

-- Rules are the business of who owns the table.
SELECT FROM eryxon_attach('vs', 'vsecret') \g /dev/null
SET SESSION AUTHORIZATION pgtap_att;
CREATE TABLE mine (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, note text);
SELECT FROM eryxon_attach('mine', 'mine') \g /dev/null
SELECT throws_ok($$ SELECT eryxon_map_field('vs', 'job',
    '{"column":"job_id","references":{"entity":"mine","match":"external_id","parent":true}}') $$,
                 '42501', NULL, 'nobody maps a field of another''s table');
SELECT throws_ok($$ SELECT eryxon_unmap_field('jobs', 'notes') $$, '42501', NULL, 'nor unmaps one');
SELECT lives_ok($$ SELECT eryxon_map_field('mine', 'note', '{"column":"note"}') $$, 'one''s own');
RESET SESSION AUTHORIZATION;

-- A parent rule takes what a foreign key takes.
INSERT INTO jobs (id, tenant_id, job_number) VALUES (:'job', :'one', 'J1');
\set parent '{"column":"job_id","references":{"entity":"jobs","match":"external_id","parent":true}}'
SET SESSION AUTHORIZATION pgtap_att;
CREATE TABLE kid (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, job_id uuid);
CREATE TABLE bomb (x int);
CREATE FUNCTION explode() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE 'ALTER ROLE pgtap_att SUPERUSER';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER explode AFTER INSERT ON bomb DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION explode();
CREATE FUNCTION plant() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.bomb VALUES (1); RETURN new; END';
CREATE TRIGGER plant BEFORE UPDATE ON kid FOR EACH ROW EXECUTE FUNCTION plant();
GRANT INSERT ON bomb TO PUBLIC;
SELECT FROM eryxon_attach('kid', 'kid') \g /dev/null
INSERT INTO kid (tenant_id, job_id) VALUES (:'one', :'job');
SELECT throws_ok(format('SELECT eryxon_map_field(%L, %L, %L)', 'kid', 'job', :'parent'), '42501', NULL,
    'a parent rule without REFERENCES');
SELECT throws_ok(format('SELECT eryxon.write_registry(%L, %L)', 'map',
    jsonb_build_object('entity', 'kid', 'field', 'job', 'rule', :'parent'::jsonb)), '42501', NULL,
                 'nor by the function below');
RESET SESSION AUTHORIZATION;
SELECT throws_ok(format('SELECT eryxon_map_field(%L, %L, %L)', 'kid', 'job', :'parent'), '42501', NULL,
    'not for its owner by a superuser, either');
CREATE FUNCTION pg_temp.att_is_superuser() RETURNS boolean LANGUAGE sql AS $$ SELECT rolsuper FROM pg_roles
    WHERE rolname = 'pgtap_att' $$;

-- With REFERENCES it is his right; his triggers run, but leave nothing behind.
GRANT REFERENCES (id) ON jobs TO pgtap_att;
SET SESSION AUTHORIZATION pgtap_att;
SELECT lives_ok(format('SELECT eryxon_map_field(%L, %L, %L)', 'kid', 'job', :'parent'), 'with REFERENCES');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;
\set deletion 'DELETE FROM jobs WHERE id = ''10000000-0000-4000-8000-000000000001'''
SELECT is(pg_temp.outcome(:'deletion'), '42501 cannot fire deferred trigger within security-restricted operation',
    'a trigger that waits for the commit');
SELECT ok(NOT pg_temp.att_is_superuser(), 'does not run with the rights of who deletes');
SELECT is((SELECT deleted_at FROM jobs WHERE id = :'job'), NULL, 'the delete is refused');
SET SESSION AUTHORIZATION pgtap_att;
CREATE OR REPLACE FUNCTION plant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'att', false), set_config('work_mem', '1MB', false);
    new.job_id := CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN NULL ELSE new.job_id END;
    RETURN new;
END
$$;
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.outcome(:'deletion'), 'done', 'a trigger that does its work at once');
SELECT isnt((SELECT deleted_at FROM kid), NULL, 'the child went, too');
SELECT isnt((SELECT job_id FROM kid), NULL, 'its trigger had the rights of its owner');
SELECT isnt(current_setting('search_path'), 'att', 'settings that it made are gone');
SELECT lives_ok(format('SELECT eryxon_restore(%L, %L)', 'jobs', :'job'), 'the job comes back');
SELECT is((SELECT deleted_at FROM kid), NULL, 'with its child');
SELECT isnt(current_setting('search_path'), 'att', 'and without the settings of the child''s trigger');
SET SESSION AUTHORIZATION pgtap_att;
CREATE OR REPLACE FUNCTION plant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.deleted_at IS NOT NULL THEN
        INSERT INTO public.bomb VALUES (1);
    END IF;
    RETURN new;
END
$$;
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.outcome(:'deletion'), 'done', 'deleted once more');
SELECT is(pg_temp.outcome(format('SELECT eryxon_restore(%L, %L)', 'jobs', :'job')),
    '42501 cannot fire deferred trigger within security-restricted operation', 'a restore is refused alike');
SELECT ok(NOT pg_temp.att_is_superuser(), 'and nobody became superuser');

-- The right may go again, the rule may be older than the table: it is asked for when it counts.
UPDATE jobs SET deleted_at = NULL WHERE id = :'job';
SET SESSION AUTHORIZATION pgtap_att;
ALTER TABLE kid DISABLE TRIGGER plant;
UPDATE kid SET deleted_at = NULL;
ALTER TABLE kid ENABLE TRIGGER plant;
RESET SESSION AUTHORIZATION;
REVOKE REFERENCES (id) ON jobs FROM pgtap_att;
SELECT is(pg_temp.outcome(:'deletion'), 'done', 'without the right');
SELECT is((SELECT deleted_at FROM kid), NULL, 'the delete does not reach the child');

-- A foreign key took the right when it was made; what runs for it leaves nothing behind, too.
CREATE TABLE boss (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL);
SELECT FROM eryxon_attach('boss', 'boss') \g /dev/null
INSERT INTO boss (id, tenant_id) VALUES (:'job', :'one');
GRANT REFERENCES ON boss TO pgtap_att;
SET SESSION AUTHORIZATION pgtap_att;
CREATE TABLE heir (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, boss_id uuid REFERENCES boss
    ON DELETE CASCADE);
SELECT FROM eryxon_attach('heir', 'heir') \g /dev/null
CREATE CONSTRAINT TRIGGER explode AFTER UPDATE ON heir DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION explode();
INSERT INTO heir (tenant_id, boss_id) VALUES (:'one', :'job');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.outcome('DELETE FROM boss'),
    '42501 cannot fire deferred trigger within security-restricted operation', 'by a foreign key');
SELECT ok(NOT pg_temp.att_is_superuser(), 'no superuser by it');

-- Where one role owns both tables, its triggers run with the deleter's rights anyway: deferred ones stay allowed.
SET ROLE pgtap_mes;
CREATE TABLE above (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL);
CREATE TABLE below (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, above_id uuid
    REFERENCES above ON DELETE CASCADE);
RESET ROLE;
SELECT FROM eryxon_attach('above', 'above') \g /dev/null
SELECT FROM eryxon_attach('below', 'below') \g /dev/null
SET ROLE pgtap_mes;
CREATE TABLE seen (who name);
GRANT INSERT ON seen TO PUBLIC;
CREATE FUNCTION note() RETURNS trigger
    LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (current_user); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER note AFTER UPDATE ON below DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO above (id, tenant_id) VALUES (:'job', :'one');
INSERT INTO below (tenant_id, above_id) VALUES (:'one', :'job');
GRANT SELECT, UPDATE, DELETE ON above TO pgtap_clerk;
RESET ROLE;
SET ROLE pgtap_clerk;
SELECT lives_ok('DELETE FROM above', 'a clerk''s delete');
RESET ROLE;
SELECT is((SELECT count(*)::integer FROM seen), 1, 'with the deferred trigger');

-- A key that refers to other columns than the id: each table is read by its own owner, whose policies and rights count,
-- not by the other's.
SET ROLE pgtap_victim;
CREATE TABLE treasure (x int);
RESET ROLE;
SET SESSION AUTHORIZATION pgtap_att;
CREATE DOMAIN grade AS integer;
CREATE TABLE book (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, number text NOT NULL,
    part grade, marks text[], UNIQUE (tenant_id, number, part, marks));
GRANT REFERENCES ON book TO pgtap_victim;
RESET SESSION AUTHORIZATION;
SET ROLE pgtap_victim;
CREATE TABLE page (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, number text, part integer,
    marks text[],
                   FOREIGN KEY (tenant_id, number, part, marks) REFERENCES book (tenant_id, number, part, marks)
                       ON DELETE CASCADE);
CREATE TABLE loan (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, number text, part integer,
    marks text[],
                   FOREIGN KEY (tenant_id, number, part, marks) REFERENCES book (tenant_id, number, part, marks));
RESET ROLE;
SELECT eryxon_attach('books', 'book'), eryxon_attach('pages', 'page'), eryxon_attach('loans', 'loan') \g /dev/null
INSERT INTO book (id, tenant_id, number, part, marks)
VALUES (:'job', :'one', 'B', 1, '{"a,\"b",NULL}'), ('20000000-0000-4000-8000-000000000002', :'one', 'B', 2, '{}'),
    ('30000000-0000-4000-8000-000000000003', :'one', 'C', 1, '{{1},{2}}');
INSERT INTO page (tenant_id, number, part, marks) SELECT tenant_id, number, part, marks
    FROM book, generate_series(1, 2);
INSERT INTO loan (tenant_id, number, part, marks) VALUES (:'one', 'C', 1, '{{1},{2}}');
SELECT is(pg_temp.outcome(format('SELECT eryxon_delete(%L, %L)', 'books', :'job')), 'done',
    'the child''s owner need not read the parent''s table');
SELECT is((SELECT array_agg(DISTINCT part) FROM page WHERE deleted_at IS NOT NULL), '{1}',
    'the pages of that book went');
SELECT is((SELECT count(*)::integer FROM page WHERE deleted_at IS NOT NULL), 2, 'both of them, and none else');
SELECT is(pg_temp.outcome('DELETE FROM book WHERE number = ''C'''),
    '23503 book 30000000-0000-4000-8000-000000000003 is still referenced from "loans"', 'a book that is lent stays');
SELECT is(pg_temp.outcome(format('SELECT eryxon_restore(%L, %L)', 'books', :'job')), 'done', 'a restore');
SELECT is((SELECT count(*)::integer FROM page WHERE deleted_at IS NOT NULL), 0, 'brings the pages back');
SET SESSION AUTHORIZATION pgtap_att;
CREATE FUNCTION rob() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'pgtap_victim' THEN
        GRANT SELECT ON public.treasure TO pgtap_att;
    END IF;
    RETURN current_user <> 'pgtap_victim';
END
$$;
GRANT SELECT ON book TO pgtap_victim;
CREATE POLICY rob ON book USING (public.rob());
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
SELECT lives_ok('DELETE FROM book WHERE part = 2', 'a delete by who wrote the parent''s policy');
RESET SESSION AUTHORIZATION;
SELECT ok(NOT has_table_privilege('pgtap_att', 'treasure', 'SELECT'),
    'which does not run with the rights of the child''s owner');
SELECT is((SELECT count(*)::integer FROM page WHERE deleted_at IS NULL AND part = 2), 0,
    'nor hides from him whose rows are to go');
SELECT lives_ok('SELECT eryxon_restore(''books'', ''20000000-0000-4000-8000-000000000002'')',
    'a restore past the policy');
SELECT is((SELECT count(*)::integer FROM page WHERE deleted_at IS NULL AND part = 2), 2,
    'finds the parent of the pages');
SELECT ok(NOT has_table_privilege('pgtap_att', 'treasure', 'SELECT'), 'and runs it with nobody else''s rights');

-- Values of types that others made are shown by the type itself, not by a cast of its owner's.
SET SESSION AUTHORIZATION pgtap_att;
CREATE TYPE state AS ENUM ('not_started', 'in_progress', 'completed');
CREATE FUNCTION show(s state) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'pgtap_victim' THEN
        GRANT SELECT ON public.treasure TO pgtap_att;
    END IF;
    RETURN 'not_started';
END
$$;
CREATE CAST (state AS text) WITH FUNCTION show(state);
RESET SESSION AUTHORIZATION;
SET ROLE pgtap_victim;
CREATE TABLE task (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, status state);
GRANT SELECT, UPDATE, DELETE ON task TO pgtap_att;
RESET ROLE;
SELECT eryxon_attach('tasks', 'task'),
    eryxon_map_field('tasks', 'status',
    '{"write":"forward","enum":["not_started","in_progress","completed"]}') \g /dev/null
SELECT FROM eryxon_grant_api('pgtap_att') \g /dev/null
INSERT INTO task (id, tenant_id, status) VALUES (:'job', :'one', 'in_progress');
SET SESSION AUTHORIZATION pgtap_att;
SELECT is(eryxon_api."api-tasks-delete"(id => :'job', hard => false)::jsonb -> 'success', 'true',
    'a delete that asks how far work has gone');
RESET SESSION AUTHORIZATION;
SELECT ok(NOT has_table_privilege('pgtap_att', 'treasure', 'SELECT'),
    'without a cast of the type''s owner as the table''s');

DROP OWNED BY pgtap_att, pgtap_victim, pgtap_mes, pgtap_clerk CASCADE;
DROP ROLE pgtap_att, pgtap_victim, pgtap_mes, pgtap_clerk;
SELECT * FROM finish();
