# pg_dump and restore keep registry, the user's rules, history, soft deletes, rejected lines, kept mappings, API keys
# and webhooks; DROP EXTENSION leaves tables and rows.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $tenant = '00000000-0000-4000-8000-000000000001';
my $node   = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "fsync = off");
$node->start;

# Runs statements of one session as the tenant and returns their answers.
sub run
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, "SET eryxon.tenant_id = '$tenant'; $sql");
}

# What the database tells of its state; equal before and after a restore.
sub state_of
{
	my ($database, $schema) = @_;
	return run($database, <<"SQL");
SELECT * FROM eryxon.entity ORDER BY ordinal;
SELECT * FROM eryxon.user_rule ORDER BY entity, field;
SELECT * FROM eryxon.field ORDER BY entity, field;
SELECT * FROM eryxon.sync_run ORDER BY id;
SELECT * FROM eryxon.soft_delete ORDER BY row_id, row_entity;
SELECT * FROM eryxon.csv_rejected ORDER BY run_id, line;
SELECT * FROM eryxon.csv_mapping ORDER BY id;
SELECT * FROM eryxon.api_key ORDER BY id;
SELECT * FROM eryxon.api_key_use ORDER BY key_id;
SELECT * FROM eryxon.event_outbox ORDER BY statement, line;
SELECT * FROM eryxon.event ORDER BY position;
SELECT * FROM eryxon.event_refused ORDER BY statement, line;
SELECT * FROM eryxon.webhook ORDER BY id;
SELECT * FROM eryxon.webhook_secret ORDER BY webhook_id, secret;
SELECT * FROM eryxon.webhook_header ORDER BY webhook_id, name;
SELECT * FROM eryxon.delivery ORDER BY id;
SELECT * FROM eryxon.delivery_attempt ORDER BY delivery_id, attempt;
SELECT proname, proacl, obj_description(oid), pg_get_functiondef(oid) FROM pg_proc
	WHERE pronamespace = 'eryxon_api'::regnamespace ORDER BY 1;
SELECT * FROM jobs ORDER BY id;
SELECT * FROM parts ORDER BY id;
SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2;
SELECT polrelid::regclass::text, polname, pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY 1, 2;
SELECT $schema.eryxon_describe('jobs');
SELECT $schema.eryxon_status('{"limit": 0}') -> 'entities';
SQL
}

# Dumps a database and restores it into a new one, by plain text or the custom format.
sub copy_database
{
	my ($from, $to, $format) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$to";
	$node->command_ok([ 'pg_dump', "--format=$format", "--file=$file", '--dbname', $node->connstr($from) ],
		"dump $from ($format)");
	$node->safe_psql('postgres', "CREATE DATABASE $to TEMPLATE template0");
	my @restore = $format eq 'plain'
	  ? ('psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($to))
	  : ('pg_restore', '--exit-on-error', '--dbname', $node->connstr($to), $file);
	$node->command_ok(\@restore, "restore into $to");
}

my $load = q({"cells": [{"external_id": "C", "external_source": "S", "name": "Saw"}],
  "jobs": [{"external_id": "J-1", "external_source": "S", "job_number": "1", "site": "north", "parts": [
               {"external_id": "P-1", "part_number": "1",
                   "operations": [{"external_id": "O-1", "operation_name": "Cut", "cell_name": "Saw"}]},
               {"external_id": "P-2", "part_number": "2"}]},
           {"external_id": "J-2", "external_source": "S", "job_number": "2", "notes": "n", "customer": "x"}]});

# A database with a changed rule, an unmapped one, one of its own; a sixth entity; history; soft deletes within each
# other.
$node->safe_psql('postgres', 'CREATE DATABASE shop');
run('shop', <<"SQL");
CREATE SCHEMA erp;
CREATE EXTENSION eryxon_sync SCHEMA erp;
SELECT erp.eryxon_create_tables();
ALTER TABLE jobs ADD COLUMN site text;
CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text);
SELECT erp.eryxon_attach('tools', 'tools', '{"natural_key": ["name"], "singular": "tool", "soft_delete": true}');
SELECT erp.eryxon_map_field('tools', 'name', '{"column": "name", "required": true}');
SELECT erp.eryxon_map_field('jobs', 'site', '{"column": "site", "enum": ["north", "south"]}');
SELECT erp.eryxon_map_field('jobs', 'customer', '{"column": "customer", "max_length": 3}');
SELECT erp.eryxon_unmap_field('jobs', 'notes');
SET eryxon.capture_events = on;
SELECT erp.eryxon_sync('$load');
SELECT erp.eryxon_changes();
SELECT erp.eryxon_bulk_upsert('jobs',
	'[{"external_id": "J-3", "external_source": "S", "job_number": "3", "customer": "long"}]');
SELECT erp.eryxon_import_csv('jobs', E'external_id,job_number\\nJ-4,\\n', '{"external_source": "S"}');
SELECT erp.eryxon_csv_mapping_save('jobs', 'S', '{"Klant": "customer"}');
SELECT erp.eryxon_delete_external('parts', 'S', 'P-2');
SELECT erp.eryxon_delete_external('jobs', 'S', 'J-1');
INSERT INTO eryxon.event_refused (statement, line, tenant_id, type, entity, row_id, occurred_at, sqlstate, message)
VALUES (1, 0, '$tenant', 'job.updated', 'jobs', gen_random_uuid(), now(), '23514', 'poisoned');
CREATE ROLE dump_api;
SELECT erp.eryxon_grant_api('dump_api');
SELECT erp.eryxon_api_key_create('$tenant', 'SAP', role => 'dump_api');
SELECT erp.eryxon_webhook_test((erp.eryxon_webhook_create('https://erp.example.com', '{*}',
	'{"headers": {"X-Key": "dumped-key"}}') ->> 'id')::uuid);
SELECT eryxon.finish_deliveries('r',
	(SELECT jsonb_agg(jsonb_build_object('delivery', delivery, 'attempt', attempt, 'status', 500, 'response', 'busy'))
                                        FROM eryxon.claim_deliveries('r', 9, '1 minute')));
SQL
my $before = state_of('shop', 'erp');
like($before, qr/north.*J-4,.*Klant.*whsec_.*dumped-key.*busy.*api-tools-list/s, 'the state is not empty');

foreach my $format ('plain', 'custom')
{
	my $copy = "copy_$format";
	copy_database('shop', $copy, $format);
	is(state_of($copy, 'erp'), $before, "$format: nothing is lost and nothing added");
	is(run($copy, "SELECT erp.eryxon_sync('$load') ->> 'summary'"),
		'{"total": 3, "errors": 0, "created": 0, "deleted": 0, "skipped": 2, "updated": 0, "restored": 1}',
			"$format: the next sync knows all rows");
	is(run($copy, "SELECT count(*) FROM parts WHERE deleted_at IS NULL"), 2, "$format: with its parts");
	is(run($copy, "UPDATE eryxon.delivery SET due_at = now();
		SELECT count(*) FROM eryxon.claim_deliveries('r', 9, '1 minute')"), 0, "$format: a copy sends nothing");
	is(run($copy, "SELECT concat_ws(' ', enabled, disabled_reason) FROM erp.eryxon_webhooks()"), 'f restored',
		"$format: and says why");
	run($copy, "SELECT erp.eryxon_webhook_update(id, '{\"enabled\": true}') FROM erp.eryxon_webhooks()");
	is(run($copy, "SELECT count(*) FROM eryxon.claim_deliveries('r', 9, '1 minute')"), 1, "$format: until it is enabled");
	is(run($copy, 'SELECT eryxon_api."api-tools-list"() #>> \'{data,pagination,total}\''), 0,
		"$format: the sixth entity answers over HTTP");
}

# The change feed goes on after a restore, from its beginning: tokens of the first database are refused, no event is
# lost or doubled.
sub feed_of
{
	my ($database) = @_;
	return run($database, "SELECT jsonb_path_query_array(erp.eryxon_changes(), '\$.events[*].id')");
}
copy_database('shop', 'feed', 'custom');
run('feed', "SELECT erp.eryxon_webhook_update(id, '{\"enabled\": true}') FROM erp.eryxon_webhooks()");
my $token = run('shop', "SELECT erp.eryxon_changes() ->> 'next'");
my ($refused, $none, $why) = $node->psql('feed',
	"SET eryxon.tenant_id = '$tenant'; SELECT erp.eryxon_changes('$token')");
like($why, qr/token belongs to another database, or to the time before a restore.*HINT/s,
	'a token from before the restore is refused');
my $types = "SELECT jsonb_path_query_array(erp.eryxon_changes(), '\$.events[*].type')";
is(run('feed', $types), run('shop', $types), 'all events are there, those from the outbox too');
my $told = feed_of('feed');
is($told, feed_of('shop'), 'and both databases know each by the same id, whoever gave it its position');
my $deliveries = q(SELECT erp.eryxon_webhook_update(id, '{"enabled": true}') IS NULL,
	erp.eryxon_webhook_replay(id, '2020-01-01') IS NULL FROM erp.eryxon_webhooks();
	SELECT array_agg(id ORDER BY id) FROM eryxon.delivery);
is(run('feed', $deliveries), run('shop', $deliveries), 'and a webhook gets it under the same one from both');
run('feed', "SET eryxon.capture_events = on; UPDATE jobs SET customer = 'new' WHERE job_number = '2'");
is(run('feed', "SELECT jsonb_path_query_array(erp.eryxon_changes(), '\$.events[*].id') - -1"), $told,
	'new events come after the restored ones');

# A copy that the server made itself knows that it is one, too.
$node->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE shop');
is(run('twin', "SELECT concat_ws(' ', enabled, disabled_reason) FROM erp.eryxon_webhooks()"), 'f restored',
	'CREATE DATABASE: a copy sends nothing');
is(run('shop', "SELECT concat_ws(' ', enabled, disabled_reason) FROM erp.eryxon_webhooks()"), 't',
	'the original goes on');

# Soft deletes that were restored from a dump still know what went with what.
copy_database('shop', 'again', 'custom');
is(run('again', "SELECT erp.eryxon_restore('jobs', id) ->> 'children' FROM jobs WHERE job_number = '1'"),
	'{"parts": 1, "operations": 1}',
	'a unit comes back after a dump');
run('again', "SELECT erp.eryxon_delete_external('jobs', 'S', 'J-1')");
is(run('again', 'SELECT count(*) > 0 FROM eryxon.soft_delete'), 't',
	'what goes with what is recorded after a dump, too');
my ($status, $out, $error) = $node->psql('again',
	"SET eryxon.tenant_id = '$tenant';
	 SELECT erp.eryxon_upsert('jobs', '{\"external_id\": \"J-2\", \"external_source\": \"S\", \"customer\": \"long\"}')");
like($error, qr/too long/, 'the changed rule is in force');

# A table that was dropped behind the registry's back hinders neither dump nor restore.
run('again', 'DROP TABLE tools');
copy_database('again', 'dangling', 'plain');
is(run('dangling', "SELECT erp.eryxon_sync('$load') #>> '{summary,errors}'"), 0, 'the other entities work');
is(run('dangling', "SELECT erp.eryxon_detach('tools'); SELECT count(*) FROM eryxon.entity"), "\n5",
	'the lost one can be detached');
is(run('dangling', "SELECT count(*) FROM pg_proc WHERE proname LIKE 'api-tools-%'"), 0, 'and its functions go');

# DROP EXTENSION: the policies of the green-field tables want CASCADE; tables and rows stay, closed to ordinary roles.
($status, $out, $error) = $node->psql('shop', 'DROP EXTENSION eryxon_sync');
isnt($status, 0, 'policies depend on the extension');
$node->safe_psql('shop',
	'CREATE ROLE dump_reader; GRANT SELECT ON jobs TO dump_reader; DROP EXTENSION eryxon_sync CASCADE');
is($node->safe_psql('shop', 'SELECT count(*) FROM jobs'), 2, 'rows stay');
is($node->safe_psql('shop', 'SET ROLE dump_reader; SELECT count(*) FROM jobs'), 0, 'closed to others');
is($node->safe_psql('shop', "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), 0, 'triggers are gone');
is($node->safe_psql('shop', "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'eryxon%'"), 0, 'schemas are gone');
is($node->safe_psql('shop', "WITH gone AS (DELETE FROM jobs RETURNING 1) SELECT count(*) FROM gone"), 2,
	'DELETE deletes');
# Back again, in another schema, on the same tables.
is(run('shop', "CREATE SCHEMA other; CREATE EXTENSION eryxon_sync SCHEMA other; SELECT other.eryxon_create_tables();
	SELECT other.eryxon_sync('$load') #>> '{summary,created}'"), "\n2", 'made again: the cell is known, the jobs are not');

# On tables of one's own nothing needs CASCADE.
$node->safe_psql('postgres', 'CREATE DATABASE own');
run('own', <<"SQL");
CREATE EXTENSION eryxon_sync;
CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text);
SELECT eryxon_attach('tools', 'tools');
SELECT eryxon_map_field('tools', 'name', '{"column": "name"}');
SELECT eryxon_upsert('tools', '{"external_id": "T", "external_source": "S", "name": "drill"}');
DROP EXTENSION eryxon_sync;
SQL
is($node->safe_psql('own', 'SELECT name, external_id FROM tools'), 'drill|T', 'DROP EXTENSION without CASCADE');
is($node->safe_psql('own', "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), 0, 'takes its triggers');
is($node->safe_psql('own', 'DELETE FROM tools RETURNING name'), 'drill', 'and DELETE deletes');

# A database that is not UTF8.
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
($status, $out, $error) = $node->psql('latin', 'CREATE EXTENSION eryxon_sync');
like($error, qr/needs a database with encoding UTF8, not LATIN1/, 'only UTF8');

$node->stop;
is(scalar(grep { /signal (6|11)\b|TRAP:|PANIC:/ } split /\n/, slurp_file($node->logfile)), 0,
	'no crash in the server log');
done_testing();
