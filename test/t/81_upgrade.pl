# pg_upgrade into a new cluster: every row of every table, what it knows of deletes, keys, webhooks and tokens of the
# feed goes on as if nothing had been. ERYXON_INSTALLATIONS names installations to go through (folders with bin/, the
# oldest first, a colon between two).
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Shop;

my ($first, @next) = split /:/, $ENV{ERYXON_INSTALLATIONS} // '';
@next = ($first) unless @next;
$Shop::installation = $first;
my $old = start_shop('old', 'fsync = off');

my $load = q({"cells": [{"external_id": "C", "external_source": "S", "name": "Saw"}],
  "jobs": [{"external_id": "J-1", "external_source": "S", "job_number": "1", "parts": [
               {"external_id": "P-1", "part_number": "1",
                   "operations": [{"external_id": "O-1", "operation_name": "Cut", "cell_name": "Saw"}]},
               {"external_id": "P-2", "part_number": "2"}]},
           {"external_id": "J-2", "external_source": "S", "job_number": "2", "customer": "x"}]});

# Digests of all rows of all tables of the extension and of the user, and where the sequences stand.
sub state_of
{
	my ($node) = @_;
	return $node->safe_psql('postgres', <<'SQL');
		SELECT format($$SELECT '%1$s', count(*), md5(string_agg(t::text, '|' ORDER BY t::text))
			FROM %1$s t$$, c.oid::regclass)
		  FROM pg_class c WHERE c.relnamespace IN ('eryxon'::regnamespace, 'public'::regnamespace) AND c.relkind = 'r'
		 ORDER BY c.oid::regclass::text \gexec
		SELECT sequencename, last_value FROM pg_sequences ORDER BY 1;
		-- From 17 on row types of tables are an extension's own, too.
		SELECT pg_describe_object(classid, objid, 0) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass
			AND deptype = 'e'
		   AND NOT EXISTS (SELECT FROM pg_type t WHERE classid = 'pg_type'::regclass AND t.oid = objid
		                      AND (t.typcategory = 'A' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid
		                          AND c.relkind <> 'c'))) ORDER BY 1;
		SELECT proname, proacl, md5(pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'eryxon_api'::regnamespace
			ORDER BY 1;
		SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2;
SQL
}

# Who a request with an API key is.
sub tenant_of_key
{
	my ($node, $key) = @_;
	return $node->safe_psql('postgres', <<"SQL");
		RESET eryxon.tenant_id;
		BEGIN;
		SELECT FROM set_config('request.headers', '{"x-api-key": "$key"}', true) \\g /dev/null
		SELECT eryxon_api.pre_request();
		SELECT eryxon_tenant_id();
		COMMIT;
SQL
}

# A database in use: all entities, a rule of its own, rows that were deleted together, history, a rejected line, a key,
# a webhook that has sent and one that waits, events that were read and events that nobody has read yet.
$old->safe_psql('postgres', 'ALTER DATABASE postgres SET eryxon.capture_events = on');
$old->safe_psql('postgres', <<"SQL");
	CREATE ROLE eryxon_api;
	SELECT eryxon_grant_api('eryxon_api');
	SELECT eryxon_map_field('jobs', 'customer', '{"column": "customer", "max_length": 3}');
	SELECT eryxon_sync('$load');
	SELECT eryxon_webhook_create('https://erp.example.com', '{*}');
	SELECT eryxon_import_csv('jobs', E'external_id,job_number\\nJ-4,\\n', '{"external_source": "S"}');
	SELECT eryxon_csv_mapping_save('jobs', 'S', '{"Klant": "customer"}');
	SELECT eryxon_delete_external('jobs', 'S', 'J-1');
	SELECT eryxon_changes();
	SELECT eryxon.finish_deliveries('r',
		(SELECT jsonb_agg(jsonb_build_object('delivery', delivery, 'attempt', attempt, 'status', 200))
	                                        FROM eryxon.claim_deliveries('r', 1, '1 minute')));
SQL
my $key = $old->safe_psql('postgres', "SELECT eryxon_api_key_create('$tenant', 'SAP')");
is(tenant_of_key($old, $key), "\n$tenant", 'the key is good before');
my $read = "SELECT jsonb_path_query_array(eryxon_changes(%s), '\$.events[*].id')";
my $token = $old->safe_psql('postgres', "SELECT eryxon_changes(NULL, 3) ->> 'next'");
my $before = $old->safe_psql('postgres', sprintf $read, 'NULL');
my $after = $old->safe_psql('postgres', sprintf $read, "'$token'");
$old->safe_psql('postgres', "UPDATE jobs SET customer = 'y' WHERE job_number = '2'");
is($old->safe_psql('postgres', 'SELECT count(*) FROM eryxon.event_outbox'), 1, 'an event has no position yet');
my $state = state_of($old);
$old->stop;

my ($new, $number);
for my $to (@next)
{
	my $from = $new // $old;
	$Shop::installation = $to;
	$new = new_node('new_' . ++$number);
	my $step = 'pg_upgrade from ' . $from->pg_version . ' to ' . $new->pg_version;
	chdir PostgreSQL::Test::Utils::tempdir() or die;
	my ($old_bin, $new_bin) = map { $_->config_data('--bindir') } $from, $new;
	command_ok([ "$new_bin/pg_upgrade", '--no-sync', '--old-datadir', $from->data_dir, '--new-datadir', $new->data_dir,
		'--old-bindir', $old_bin,
			'--new-bindir', $new_bin, '--socketdir', $new->host, '--old-port', $from->port, '--new-port', $new->port ], $step);
	$new->start;
	is(state_of($new), $state, "$step: every row, sequence, function and trigger is there");
	$new->stop if $number < @next;
}

# The feed: what was read is told alike, what had no position is told now, and a token goes on where it stood.
like($new->safe_psql('postgres', sprintf $read, 'NULL'), qr/^\Q${\ substr($before, 0, -1)}\E, "/,
	'events have the same ids, and one is new');
my ($status, $rest, $error) = $new->psql('postgres', sprintf $read, "'$token'");
like($rest, qr/^\Q${\ substr($after, 0, -1)}\E, "/, 'a token goes on where it stood') or diag($error);

# Work goes on.
is(tenant_of_key($new, $key), "\n$tenant", 'the key is good after');
is($new->safe_psql('postgres', "SELECT eryxon_restore('jobs', id) ->> 'children' FROM jobs WHERE job_number = '1'"),
	'{"parts": 2, "operations": 1}', 'what was deleted comes back with its children');
like($new->safe_psql('postgres', "SELECT eryxon_sync('$load') ->> 'summary'"), qr/"errors": 0, "created": 0/,
	'the next sync knows all rows');
($status, $rest, $error) = $new->psql('postgres',
	q(SELECT eryxon_upsert('jobs', '{"external_id": "J-2", "external_source": "S", "customer": "long"}')));
like($error, qr/too long/, 'the changed rule is in force');
isnt($new->safe_psql('postgres', "SELECT count(*) FROM eryxon.claim_deliveries('r', 100, '1 minute')"), 0,
	'what waited for a webhook can be sent');

$new->stop;
done_testing();
