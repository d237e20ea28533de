# A call with 100,000 records: its memory stays under ten times the payload's size, with events too, that of a file with
# as many lines under 200 MB (a million take less than 2 GB); a cancel is answered within a second wherever it comes,
# and the session goes on with nothing written.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Shop;

my $records = $ENV{ERYXON_RECORDS} || 100_000;
my $node = start_shop('memory', 'shared_buffers = 16MB', 'max_wal_size = 4GB', 'log_statement = none');
$node->safe_psql('postgres', <<"SQL");
	CREATE TABLE payload (name text, json json, jsonb jsonb, csv text);
	INSERT INTO payload (name, json)
		SELECT 'jobs', json_agg(json_build_object('external_id', 'SO-' || n, 'external_source', 'SAP',
		'job_number', 'JOB-' || n, 'customer', 'Customer ' || n % 997, 'due_date',
			'2026-12-' || lpad((1 + n % 28)::text, 2, '0'),
		'priority', n % 10, 'notes', repeat('material certificate ', 4) || n, 'metadata',
			json_build_object('plant', n % 7, 'buyer', 'B' || n)))
	FROM generate_series(1, $records) n;
	INSERT INTO payload (name, json) SELECT 'changed', replace(json::text, 'Customer ', 'Client ')::json FROM payload
		WHERE name = 'jobs';
	UPDATE payload SET jsonb = json;
	INSERT INTO payload (name, json)
		SELECT 'gone', json_agg(json_build_object('external_id', 'SO-' || n, 'external_source', 'SAP', '_op', 'delete'))
	FROM generate_series(1, $records) n;
	INSERT INTO payload (name, csv)
		SELECT 'file', E'external_id,external_source,job_number,customer,due_date,priority\\n' ||
		string_agg(format('SO-%1\$s,SAP,JOB-%1\$s,Customer %2\$s,2026-12-01,%3\$s', n, n % 997, n % 10), E'\\n')
			FROM generate_series(1, $records) n;
SQL
my $size = $node->safe_psql('postgres', "SELECT octet_length(json::text) FROM payload WHERE name = 'jobs'");
diag(sprintf('payload: %d records, %.1f MB', $records, $size / 1e6));

# A number of kilobytes that the kernel keeps of a process.
sub kilobytes
{
	my ($pid, $name) = @_;
	return slurp_file("/proc/$pid/status") =~ /^$name:\s+(\d+)/m ? $1 : die "no $name";
}

# Runs the query in a session of its own and returns by how many bytes its private memory grew at most.
sub peak_of
{
	my ($query) = @_;
	my $session = $node->background_psql('postgres');
	my $pid = $session->query_safe(
		"DO \$\$ BEGIN PERFORM eryxon_bulk_upsert('jobs', '[]'); END \$\$; SELECT pg_backend_pid()");
	my $before = kilobytes($pid, 'RssAnon');
	append_to_file("/proc/$pid/clear_refs", "5\n");
	my $shared = kilobytes($pid, 'RssShmem') + kilobytes($pid, 'RssFile');
	my $started = time;
	is($session->query_safe($query), $records, "$query");
	my $elapsed = time - $started;
	my $peak = kilobytes($pid, 'VmHWM') - $shared - $before;
	$session->quit;
	return (1024 * $peak, $elapsed);
}

# Runs the query and checks its memory against a limit, ten times the payload if none is given.
sub check_peak
{
	my ($name, $query, $limit) = @_;
	$limit //= 10 * $size;
	my ($peak, $elapsed) = peak_of($query);
	cmp_ok($peak, '<', $limit, sprintf('%s: memory under %.0f MB', $name, $limit / 1e6));
	diag(sprintf('%s: %.0f MB, %.1f times the payload, %.1f s', $name, $peak / 1e6, $peak / $size, $elapsed));
}

# The call for the payload of that name.
sub call_for
{
	my ($function, $type, $name, $count, $options) = @_;
	$options //= '{}';
	return "SELECT $function('jobs', $type, '$options') ->> '$count' FROM payload WHERE name = '$name'";
}

# Takes everything away again.
sub clear_jobs { $node->safe_psql('postgres',
	'TRUNCATE jobs, parts, operations, eryxon.sync_run, eryxon.event_outbox CASCADE') }

# Every job was told once since the last time, as that, under its own key.
sub check_told
{
	my ($type) = @_;
	my $name = "$type is told of every job, under its own key";
	is($node->safe_psql('postgres', <<"SQL"), "$records|$records|$records", $name);
		WITH told AS (DELETE FROM eryxon.event_outbox RETURNING *)
		SELECT count(*), count(DISTINCT t.row_id),
			count(*) FILTER (WHERE (t.external_source, t.external_id) = (j.external_source, j.external_id))
		  FROM told t JOIN jobs j ON j.id = t.row_id WHERE t.type = '$type'
SQL
}

check_peak('bulk_upsert_json, all new', call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created'));
check_peak('bulk_upsert_json, unchanged', call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'skipped'));
check_peak('bulk_upsert_json, changed', call_for('eryxon_bulk_upsert_json', 'json', 'changed', 'updated'));
clear_jobs();
check_peak('bulk_upsert, all new', call_for('eryxon_bulk_upsert', 'jsonb', 'jobs', 'created'));
check_peak('bulk_upsert, unchanged', call_for('eryxon_bulk_upsert', 'jsonb', 'jobs', 'skipped'));
check_peak('bulk_upsert, changed', call_for('eryxon_bulk_upsert', 'jsonb', 'changed', 'updated'));
clear_jobs();
check_peak('import_csv, all new', call_for('eryxon_import_csv', 'csv', 'file', 'created'), 2_000 * $records);
check_peak('import_csv, unchanged', call_for('eryxon_import_csv', 'csv', 'file', 'skipped'), 2_000 * $records);
clear_jobs();

# With events, and so little work_mem that transition tables of any size go to files.
$node->safe_psql('postgres',
	"ALTER DATABASE postgres SET eryxon.capture_events = on; ALTER DATABASE postgres SET work_mem = '64kB'");
check_peak('bulk_upsert_json, all new, with events', call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created'));
check_told('job.created');
check_peak('bulk_upsert_json, changed, with events', call_for('eryxon_bulk_upsert_json', 'json', 'changed', 'updated'));
check_told('job.updated');
check_peak('bulk_upsert_json, deleted, with events', call_for('eryxon_bulk_upsert_json', 'json', 'gone', 'deleted'));
check_told('job.deleted');
check_peak('bulk_upsert_json, restored, with events', call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'restored'));
check_told('job.restored');
check_peak('UPDATE, with events', q(WITH u AS (UPDATE jobs SET customer = 'plain' RETURNING id) SELECT count(*)
	FROM u));
check_told('job.updated');
check_peak('DELETE, with events', 'DELETE FROM jobs; SELECT count(deleted_at) FROM jobs');
check_told('job.deleted');
$node->safe_psql('postgres',
	'ALTER DATABASE postgres RESET eryxon.capture_events; ALTER DATABASE postgres RESET work_mem');
clear_jobs();

# How long the whole call takes at best, then cancels at ten moments of it.
my $whole;
for (1 .. 2)
{
	my $started = time;
	$node->safe_psql('postgres', 'BEGIN; ' . call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created')
		. '; ROLLBACK');
	$whole = time - $started if !defined($whole) || time - $started < $whole;
}
my ($slowest, $cancels) = (0, 0);
for my $part (1 .. 10)
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	my $call = call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created');
	$session->{stdin} .= "$call;\n\\echo call over\n";
	$session->{run}->pump_nb;
	sleep $whole * $part / 12;
	my $cancelled = time;
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	pump_until($session->{run}, $session->{timeout}, \$session->{stdout}, qr/call over/);
	my $answered = time - $cancelled;
	if ($session->{stderr} !~ /canceling statement due to user request/)
	{
		note("cancel at $part/12: the call was over already");
		$session->quit;
		clear_jobs();
		next;
	}
	$cancels++;
	$slowest = $answered if $answered > $slowest;
	cmp_ok($answered, '<', 1, "cancel at $part/12: within a second");
	$session->{stderr} = $session->{stdout} = '';
	is($session->query_safe('SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM eryxon.sync_run)'), '0',
		"cancel at $part/12: nothing is written");
	$session->quit;
}
cmp_ok($cancels, '>=', 5, 'at least five cancels met the call while it ran');
diag(sprintf('cancel: answered within %.0f ms in a call of %.1f s', 1000 * $slowest, $whole));

# statement_timeout, and the same session works on.
my ($status, $out, $err) = $node->psql('postgres', "SET statement_timeout = " . int(200 * $whole) . ';'
	  . call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created') . ';', on_error_stop => 0);
like($err, qr/canceling statement due to statement timeout/, 'statement_timeout ends the call');
is($node->safe_psql('postgres', 'SELECT count(*) FROM jobs'), '0', 'nothing is written');
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query('SET statement_timeout = 50');
$session->query(call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created'));
$session->query('SET statement_timeout = 0');
$session->{stderr} = '';
is($session->query(call_for('eryxon_bulk_upsert_json', 'json', 'jobs', 'created', '{"results": "none"}')), $records,
	'the session that was cancelled works on');
$session->quit;

unlike(slurp_file($node->logfile), qr/signal 6|signal 11|TRAP:|PANIC:/, 'the log tells of no crash');
$node->stop;
done_testing();
