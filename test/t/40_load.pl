# Eight clients send random calls over 200 shared keys: no deadlock, no error, no duplicate, and rows and history agree.
# ERYXON_LOAD_SECONDS (60) for each of the two kinds of tables; ERYXON_SEED replays the payloads.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Shop;

my $seconds = $ENV{ERYXON_LOAD_SECONDS} || 60;
my $seed = $ENV{ERYXON_SEED} || int(rand(1e9)) + 1;
note("seed $seed, $seconds s each");

# Jobs 1..150 carry their parts and operations, and come and go. Jobs 151..200 stay, and their parts are sent by
# themselves and move between them: nothing that is sent can be a fault.
my $calls = <<'SQL';
	CREATE FUNCTION key(kind text, n integer) RETURNS jsonb LANGUAGE sql AS
	$$ SELECT jsonb_build_object('external_id', kind || n, 'external_source', 'SAP') $$;
	-- One of three values, so that about a third of what is sent is unchanged.
	CREATE FUNCTION version() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT 'v' || floor(random() * 3) $$;
	CREATE FUNCTION job(n integer) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
		SELECT key('J', n) || jsonb_build_object('job_number', 'N' || n || CASE WHEN random() < 0.2 THEN version()
			ELSE '' END,
			'customer', version(), 'status', CASE WHEN random() < 0.2 THEN 'in_progress' ELSE 'not_started' END)
	$$;
	CREATE FUNCTION operation(n integer, number integer) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
		SELECT key('O', n * 10 + number) || jsonb_build_object('operation_name', 'saw', 'cell_external_id', 'C' || 1 + n % 5,
			'notes', version())
	$$;
	CREATE FUNCTION part(n integer) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
		SELECT key('P', n) || jsonb_build_object('part_number', 'P' || n, 'material', version(), 'operations',
			(SELECT jsonb_agg(operation(n, o) ORDER BY random()) FROM generate_series(1, 2) o))
	$$;
	CREATE FUNCTION nested_job(n integer) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
		SELECT job(n) || jsonb_build_object('parts', (SELECT jsonb_agg(CASE WHEN random() < 0.1
				THEN key('P', n * 2 + p) || '{"_op": "delete"}' ELSE part(n * 2 + p) END ORDER BY random())
					FROM generate_series(0, 1) p))
	$$;
	CREATE FUNCTION several(first integer, last integer) RETURNS SETOF integer LANGUAGE sql VOLATILE AS
	$$ SELECT n FROM generate_series(first, last) n ORDER BY random() LIMIT 1 + floor(random() * 30) $$;

	-- A random call; raises if one of its records is refused.
	CREATE FUNCTION call(what double precision) RETURNS integer LANGUAGE plpgsql AS $$
	DECLARE
		answer jsonb;
	BEGIN
		CASE
		WHEN what < 0.35 THEN
			answer := eryxon_bulk_upsert('jobs', (SELECT jsonb_agg(job(n)) FROM several(1, 200) n));
		WHEN what < 0.50 THEN
			answer := eryxon_bulk_upsert('jobs', (SELECT jsonb_agg(nested_job(n)) FROM several(1, 150) n));
		WHEN what < 0.60 THEN
			answer := eryxon_bulk_upsert('jobs',
				(SELECT jsonb_agg(CASE WHEN random() < 0.3 THEN key('J', n) || '{"_op": "delete"}'
				ELSE job(n) END) FROM several(1, 150) n), '{"force": true}');
		WHEN what < 0.75 THEN
			answer := eryxon_bulk_upsert_json('parts',
				(SELECT jsonb_agg(key('P', n * 2) || jsonb_build_object('part_number', 'P' || n * 2,
				'job_external_id', 'J' || 151 + floor(random() * 50), 'material', version())) FROM several(151, 200) n)::json);
		WHEN what < 0.85 THEN
			answer := eryxon_bulk_upsert('cells', (SELECT jsonb_agg(key('C', n) || jsonb_build_object('name', 'C' || n,
				'description', version())) FROM several(1, 5) n));
		WHEN what < 0.95 THEN
			answer := eryxon_sync(jsonb_build_object('jobs', (SELECT jsonb_agg(job(n)) FROM several(151, 200) n), 'cells',
				(SELECT jsonb_agg(key('C', n) || jsonb_build_object('name', 'C' || n)) FROM several(1, 5) n))) -> 'summary';
		ELSE
			RETURN (eryxon_upsert('jobs', job(1 + floor(random() * 200)::integer)) IS NOT NULL)::integer;
		END CASE;
		IF (answer -> 'errors')::integer > 0 THEN
			RAISE 'refused: %', jsonb_path_query_array(answer, '$.results[*] ? (@.action == "error")');
		END IF;
		RETURN (answer -> 'total')::integer;
	END
	$$;
	SELECT eryxon_bulk_upsert('cells', (SELECT jsonb_agg(key('C', n) || jsonb_build_object('name', 'C' || n))
		FROM generate_series(1, 5) n));
	SELECT eryxon_bulk_upsert('jobs', (SELECT jsonb_agg(job(n)) FROM generate_series(151, 200) n));
SQL

my $counter = <<'SQL';
	CREATE TABLE tenants (id uuid PRIMARY KEY, changes bigint NOT NULL DEFAULT 0);
	INSERT INTO tenants VALUES ('a0000000-0000-4000-8000-000000000001');
	CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE tenants SET changes = changes + 1 WHERE id = NEW.tenant_id;
		RETURN NEW;
	END
	$$;
	CREATE TRIGGER count_change AFTER INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION count_change();
	CREATE TRIGGER count_change BEFORE INSERT OR UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION count_change();
SQL

# Everything that must be true of the tables afterwards: a query that counts what is wrong, and its name.
my %checks = (
	'external keys occur once' =>
	  "SELECT count(*) FROM (SELECT FROM (SELECT 'j', external_source, external_id FROM jobs UNION ALL"
	  . " SELECT 'p', external_source, external_id FROM parts UNION ALL"
	  . " SELECT 'o', external_source, external_id FROM operations) k"
	  . " (entity, source, id) GROUP BY entity, source, id HAVING count(*) > 1) twice",
	'job numbers occur once' => 'SELECT count(*) FROM (SELECT FROM jobs WHERE deleted_at IS NULL'
	  . ' GROUP BY job_number HAVING count(*) > 1) twice',
	'live rows have live parents' =>
	  'SELECT count(*) FROM (SELECT FROM parts p JOIN jobs j ON j.id = p.job_id WHERE p.deleted_at IS NULL'
	  . ' AND j.deleted_at IS NOT NULL UNION ALL'
	  . ' SELECT FROM operations o JOIN parts p ON p.id = o.part_id WHERE o.deleted_at IS NULL'
	  . ' AND p.deleted_at IS NOT NULL) orphans',
	'as many jobs were created as there are' =>
	  "SELECT (SELECT sum(created) FROM eryxon.sync_run WHERE entity = 'jobs') - (SELECT count(*) FROM jobs)",
	'as many jobs live as were created and restored, less those deleted' =>
	  "SELECT (SELECT sum(created + restored - deleted) FROM eryxon.sync_run WHERE entity = 'jobs')"
	  . ' - (SELECT count(*) FROM jobs WHERE deleted_at IS NULL)',
	'no run has errors' => 'SELECT count(*) FROM eryxon.sync_run WHERE errors > 0',
	'hashes tell what the rows hold' =>
	  "SELECT count(*) FROM cells WHERE sync_hash NOT IN (eryxon_record_hash('cells', jsonb_build_object("
	  . "'external_id', external_id, 'external_source', 'SAP', 'name', name)), "
	  . "eryxon_record_hash('cells', jsonb_build_object("
	  . "'external_id', external_id, 'external_source', 'SAP', 'name', name, 'description', description)))");

for my $kind ('plain tables', 'counter on the tenant')
{
	(my $name = $kind) =~ s/ /_/g;
	my $node = start_shop($name, 'synchronous_commit = off', 'autovacuum = on', 'log_statement = none');
	$node->safe_psql('postgres', $counter) if $kind =~ /counter/;
	$node->safe_psql('postgres', $calls);
	my $script = $node->basedir . '/call.sql';
	append_to_file($script, "\\set what random(0, 999999)\nSELECT call(:what / 1000000.0);\n");
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'pgbench', '-n', '-c', 8, '-j', 2, '-T', $seconds, '-f', $script, "--random-seed=$seed",
		$node->connstr('postgres') ],
		'<', \undef, '>', \$out, '2>', \$err);
	is($? >> 8, 0, "$kind: no call failed") or diag($err);
	unlike($err, qr/ERROR/, "$kind: no error");
	my ($calls_done) = $out =~ /actually processed: (\d+)/;
	my $records = $node->safe_psql('postgres', 'SELECT sum(total) FROM eryxon.sync_run');
	diag(sprintf('%s: %.0f calls/s, %.0f records/s', $kind, $calls_done / $seconds, $records / $seconds));
	$node->restart;    # statistics of all sessions are in
	is($node->safe_psql('postgres', "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'"), '0',
		"$kind: no deadlock");
	is($node->safe_psql('postgres', $checks{$_}), '0', "$kind: $_") for sort keys %checks;
	my $log = slurp_file($node->logfile);
	unlike($log, qr/deadlock detected/, "$kind: the log tells of no deadlock");
	unlike($log, qr/signal 6|signal 11|TRAP:|PANIC:/, "$kind: the log tells of no crash");
	$node->stop;
}
done_testing();
