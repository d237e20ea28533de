# Allocations of a backend fail, one or some in a row, anywhere in calls of all kinds: the server stays, the call says
# 53200 and leaves nothing, the same session goes on, and in the end history, rows and events agree. ERYXON_INJECTIONS
# (3000) failures; ERYXON_SEED repeats their choice.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use JSON::PP;
use File::Basename;
use Time::HiRes qw(time);
use Shop;

my $injections = $ENV{ERYXON_INJECTIONS} || 3000;
my $seed = $ENV{ERYXON_SEED} || int(rand(1e6)) + 1;
srand($seed);
diag("seed $seed");

# The library that fails, and the memory by which it is told.
my $folder = PostgreSQL::Test::Utils::tempdir();
my ($library, $control) = ("$folder/failing_malloc.so", "$folder/control");
command_ok([ 'cc', '-shared', '-fPIC', '-O1', '-o', $library, dirname(__FILE__) . '/failing_malloc.c' ],
	'the library is built');
append_to_file($control, "\0" x 4096);
open(my $shared, '+<', $control) or die "control: $!";
binmode $shared;

# Writes process, countdown and run, and sets the counters to 0.
sub arm
{
	sysseek($shared, 0, 0);
	syswrite($shared, pack('l5', @_, 0, 0));
}

# Lets all allocations be; returns how many were seen and how many failed.
sub disarm
{
	sysseek($shared, 0, 0);
	sysread($shared, my $bytes, 20);
	arm(0, 0, 0);
	return (unpack('l5', $bytes))[ 3, 4 ];
}

# Without counting: where a session could not allocate the server's own "PgStat Shared Ref", it was seen to crash as it
# ended.
my $node = do
{
	local $ENV{LD_PRELOAD} = $library;
	local $ENV{ERYXON_MALLOC} = $control;
	start_shop('malloc', 'fsync = off', 'eryxon.capture_events = on', 'log_min_messages = log', 'log_statement = none',
		'track_counts = off', 'log_connections = off', 'log_disconnections = off');
};
$node->safe_psql('postgres', <<'SQL');
	CREATE FUNCTION caught(statement text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE statement;
		RETURN NULL;
	EXCEPTION WHEN OTHERS THEN
		RETURN 'ERROR:  ' || SQLSTATE || ':  ' || SQLERRM;
	END
	$$;
	CREATE PROCEDURE import_in_parts(file text) LANGUAGE plpgsql AS $$
	DECLARE
		begun jsonb := eryxon.begin_upload('jobs', convert_to(file, 'UTF8'), '{}', NULL);
	BEGIN
		COMMIT;
		WHILE (eryxon.upload_step((begun ->> 'run_id')::uuid) -> 'more')::boolean LOOP
			COMMIT;
		END LOOP;
	END
	$$;
	ALTER DATABASE postgres SET eryxon.max_bulk_records = 5;
	SELECT eryxon_bulk_upsert('cells',
		jsonb_agg(jsonb_build_object('external_id', 'C' || n, 'external_source', 'SAP', 'name', 'cell ' || n)))
	  FROM generate_series(1, 3) n;
SQL

# Records with random values; some are wrong, some delete.
sub pick { return $_[ int(rand(@_)) ] }
sub operation
{
	return { external_id => 'O' . int(rand(60)), operation_name => pick('saw', 'mill', 'weld'),
		cell_name => pick('cell 1', 'cell 2', 'cell 9'),
		estimated_time => int(rand(50)) };
}
sub part
{
	my ($job) = @_;
	my $number = int(rand(4));
	return { external_id => "P$job-$number", part_number => "part $number", quantity => int(rand(9)) + 1,
		notes => 'n' x rand(300),
		operations => [ map { operation() } 1 .. rand(3) ] };
}
sub job
{
	my $number = int(rand(40));
	my %key = (external_id => "J$number", external_source => pick('SAP', 'SAP', 'ABAS'));
	return { %key, _op => 'delete' } if rand() < 0.1;
	return { %key, job_number => rand() < 0.05 ? undef : "job $number $key{external_source}",
		customer => 'customer ' . int(rand(5)),
		due_date => pick('2027-01-01', '2027-02-30', undef), metadata => { buyer => int(rand(3)) }, notes => 'n' x rand(2000),
		parts => [ map { part("$number$key{external_source}") } 1 .. rand(3) ] };
}
sub jobs { return [ map { job() } 1 .. 1 + rand(8) ] }
sub literal { return "'" . (JSON::PP->new->canonical->encode($_[0]) =~ s/'/''/gr) . "'" }
sub file
{
	my @lines = map { my $n = int(rand(40));
		"J$n,SAP,job $n SAP,\"customer " . int(rand(5)) . '",' . ('n' x rand(500)) } 1 .. 1 + rand(20);
	return "'" . join("\n", 'external_id,external_source,job_number,customer,notes', @lines) . "'";
}
sub options { return pick("'{}'", "'{}'", q('{"children":"replace"}'), q('{"skip_unchanged":false}'),
	q('{"adopt":true}')) }
sub key { return q('J) . int(rand(40)) . q(') }

my %calls = (
	bulk => sub { "SELECT eryxon_bulk_upsert('jobs', " . literal(jobs()) . ', ' . options() . ')' },
	bulk_json => sub { "SELECT eryxon_bulk_upsert_json('jobs', " . literal(jobs()) . ', ' . options() . ')' },
	http => sub { 'SELECT eryxon_api."api-jobs-bulk-sync"(' . literal([ job(), job() ]) . ')' },
	sync => sub { 'SELECT eryxon_sync('
		. literal({ jobs => jobs(), cells => [ { external_id => 'C' . int(rand(5)), external_source => 'SAP',
		name => 'cell ' . int(rand(4)) } ] }) . ')' },
	diff => sub { 'SELECT eryxon_diff(' . literal({ jobs => jobs() }) . ')' },
	single => sub { "SELECT eryxon_upsert('jobs', " . literal(job()) . ')' },
	csv => sub { "SELECT eryxon_import_csv('jobs', " . file() . ')' },
	inspect => sub { 'SELECT eryxon_csv_inspect(' . file() . "::text, '{\"entity\":\"jobs\"}')" },
	parts => sub { 'CALL import_in_parts(' . file() . ')' },
	delete => sub { "SELECT eryxon_delete('jobs', id) FROM jobs WHERE external_id = " . key() },
	delete_external => sub { "SELECT eryxon_delete_external('jobs', 'SAP', " . key() . ')' },
	delete_plain => sub { 'DELETE FROM ' . pick('jobs', 'parts', 'operations') . " WHERE external_id LIKE '%"
		. int(rand(40)) . "'" },
	restore => sub { "SELECT eryxon_restore('jobs', id) FROM jobs WHERE deleted_at IS NOT NULL AND external_id = "
		. key() },
	plain => sub { pick("INSERT INTO jobs (tenant_id, job_number)
			SELECT eryxon_tenant_id(), 'plain ' || gen_random_uuid() FROM generate_series(1, 20)",
		"UPDATE parts SET status = 'in_progress' WHERE random() < 0.1", "UPDATE jobs SET customer = 'x' || random()",
			"UPDATE operations SET status = 'completed' WHERE random() < 0.1") },
	changes => sub { 'SELECT eryxon_changes(NULL, 20)' },
	status => sub { 'SELECT eryxon_status()' });
my @names = sort keys %calls;

my ($session, $pid);
my $fresh = 1;  # the session has called nothing yet

# A session whose backend has done nothing.
sub connect_session
{
	eval { $session->quit } if $session;
	$session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query("\\set VERBOSITY verbose\n\\set ON_ERROR_STOP 0");
	begin_backend();
}

# Has the session connect again, for a backend that has loaded nothing.
sub begin_backend
{
	$session->{stderr} = '';
	($pid) = $session->query_safe("\\connect\nSELECT pg_backend_pid()") =~ /(\d+)\s*$/;
	$fresh = 1;
}

# Runs the query; returns its SQLSTATE, '' if it was successful and 'lost' if the session was.
sub run_call
{
	my ($query) = @_;
	$session->{stderr} = '';
	my $output = eval { $session->query($query) };
	eval { $session->{run}->finish } if $@;  # takes the rest of what it says
	return 'lost' if $@ || $session->{stderr} =~ /server closed the connection|connection to server was lost/;
	# The server's own sha256() has no SQLSTATE for it.
	return '53200' if "$session->{stderr}$output" =~ /SHA256 context: /;
	return "$session->{stderr}$output" =~ /(?:ERROR|FATAL):  (\w{5}):/ ? $1 : '';
}

# What is left of the backend's locks, and whether it still works.
my $check = q(SELECT count(*) || ' locks' FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT eryxon_bulk_upsert('cells', '[{"external_id":"C1","external_source":"SAP","name":"cell 1"}]') ->> 'errors'
	|| ' errors');

my (%length, %states, %lost, @redefined);
my ($failures, $ended, $started) = (0, 0, time);
connect_session();
while ($failures < $injections)
{
	my $name = pick(@names);
	my $query = $calls{$name}->();
	$query = 'SELECT caught($call$' . $query . '$call$)' if rand() < 0.3 && $name ne 'parts';
	begin_backend() if !$fresh && rand() < 0.15;
	my $length = \$length{$name}[$fresh];
	arm($pid, defined $$length ? 1 + int(rand(1.05 * $$length)) : 0, pick(1, 1, 3, 20));
	my $state = run_call($query);
	my ($seen, $failed) = disarm();
	$$length = $seen if !$failed;
	$failures += $failed > 0;
	# A session may be of no more use by the server's own doing: without memory for an error, or for the settings of a
	# library, it ends; it warns that a setting has lost its value; PL/pgSQL, whose loading failed halfway, defines its
	# settings twice, which ours must not (@redefined); PL/pgSQL that cannot leave an EXCEPTION block does not
	# get out of its transaction; a subtransaction that could not begin inside another one ends the session.
	my $own = qr/FATAL:  53200|LOCATION:.* guc\.c:|WARNING:  53200|during exception cleanup|unexpected state SUBBEGIN/;
	push @redefined, $1 if $session->{stderr} =~ /redefine parameter "(?!plpgsql\.)([^"]+)/;
	if ($session->{stderr} =~ $own)
	{
		$ended++;
		connect_session();
		next;
	}
	$states{ $state || 'none' }++ if $failed && $state ne 'lost';
	if ($state eq 'lost')
	{
		push @{ $lost{$name} }, "$session->{stderr} $query";
		$node->poll_query_until('postgres', 'SELECT true') or die 'no server';
		last if slurp_file($node->logfile) =~ /terminated by signal/;
		connect_session();
		next;
	}
	$fresh = 0;
	my $works = eval { $session->query($state ? "ROLLBACK;\n$check" : $check) } // 'no answer';
	next if $works eq "0 locks\n0 errors";
	fail("after a failure in $name the session works: $works $session->{stderr}");
	diag($query);
	last;
}
diag(sprintf('%d injections in %.0f s; SQLSTATEs: %s; %d sessions given up', $failures, time - $started,
	join(', ', map { "$_ $states{$_}" } sort keys %states), $ended));

cmp_ok($failures, '>=', $injections, 'all failures were met');
is_deeply(\%lost, {}, 'no session was lost in a call') or diag(explain(\%lost));
is("@redefined", '', 'a library that could not be loaded is loaded later');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC:/, 'nor the server');
# 58P01: the library could not be loaded; the others are what the call would have come to anyhow.
my @strange = grep { !/^(?:none|53200|55006|58P01|P0002|2[23]\d{3})$/ } sort keys %states;
is("@strange", '', 'errors say that memory was out');
cmp_ok($states{53200} // 0, '>', 0.9 * $failures, 'nearly always');

# What was told agrees with what is there.
sub nothing_is
{
	my ($name, $query) = @_;
	is($node->safe_psql('postgres', $query), '', $name);
}
my $rows = join ' UNION ALL ',
	map { "SELECT '$_' AS entity, id, deleted_at, external_id FROM $_" } qw(jobs parts operations cells resources);
my $events = "SELECT entity, row_id, type FROM eryxon.event UNION ALL
	SELECT entity, row_id, type FROM eryxon.event_outbox";
nothing_is('history = rows', <<"SQL");
	SELECT entity, r.rows, h.created FROM (SELECT entity, count(external_id) AS rows FROM ($rows) r GROUP BY entity) r
	  FULL JOIN (SELECT entity, sum(created) AS created FROM eryxon.sync_run WHERE operation <> 'diff'
	      GROUP BY entity) h USING (entity)
	 WHERE coalesce(r.rows, 0) <> coalesce(h.created, 0)
SQL
nothing_is('events = rows', <<"SQL");
	SELECT entity, id FROM (SELECT entity, id, deleted_at FROM ($rows) r) r
	  FULL JOIN (SELECT entity, row_id AS id, count(*) FILTER (WHERE type LIKE '%.created') AS created,
						count(*) FILTER (WHERE type LIKE '%.deleted') - count(*) FILTER (WHERE type LIKE '%.restored') AS gone
			       FROM ($events) e WHERE type <> 'sync.completed' GROUP BY entity, row_id) e USING (entity, id)
	 WHERE (e.created, e.gone) IS DISTINCT FROM (1, (r.deleted_at IS NOT NULL)::integer)
SQL
nothing_is('what went with what = what is deleted', <<"SQL");
	SELECT entity, id FROM (SELECT entity, id FROM ($rows) r WHERE deleted_at IS NOT NULL) r
	  FULL JOIN (SELECT row_entity AS entity, row_id AS id FROM eryxon.soft_delete) s USING (entity, id) WHERE r.id IS NULL
	      OR s.id IS NULL
SQL
nothing_is('no row hangs on a deleted one', <<'SQL');
	SELECT p.id FROM parts p JOIN jobs j ON j.id = p.job_id WHERE p.deleted_at IS NULL AND j.deleted_at IS NOT NULL
	UNION ALL SELECT o.id FROM operations o JOIN parts p ON p.id = o.part_id WHERE o.deleted_at IS NULL
		AND p.deleted_at IS NOT NULL
SQL
nothing_is('no lock is left', q(SELECT locktype, classid, objid, pid FROM pg_locks WHERE locktype = 'advisory'));

eval { $session->quit };
$node->stop;
done_testing();
