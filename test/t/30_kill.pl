# A backend is killed, or the server stops at once, in the middle of a call: afterwards all of the call is there or
# nothing of it, history included.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Shop;

my $node = start_shop('kill');
$node->safe_psql('postgres', <<'SQL');
	-- Waits at the row of that number, as long as another session holds the advisory lock 42.
	CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock_shared(42);
		RETURN NULL;
	END
	$$;
	-- Jobs from..to with one part and one operation each; every record says in which version it was sent.
	CREATE FUNCTION orders(first integer, last integer, version text) RETURNS jsonb LANGUAGE sql AS $$
		SELECT jsonb_agg(jsonb_build_object('external_id', 'J' || n, 'external_source', 'SAP', 'job_number', 'N' || n,
			'customer', version,
			'parts', jsonb_build_array(jsonb_build_object('external_id', 'P' || n, 'part_number', 'P' || n, 'material', version,
				'operations', jsonb_build_array(jsonb_build_object('external_id', 'O' || n, 'operation_name', 'saw', 'cell_name',
					'C',
					'notes', version))))) ORDER BY n) FROM generate_series(first, last) n
	$$;
	SELECT eryxon_bulk_upsert('cells', '[{"external_id":"C","external_source":"SAP","name":"C"}]');
	SELECT eryxon_bulk_upsert('jobs', orders(1, 120, 'old'));
	SELECT eryxon_bulk_upsert('jobs', '[{"external_id":"J120","external_source":"SAP","_op":"delete"}]');
SQL

# Where a call can be stopped: how to make it stop, and the chunk size.
my %stops = (
	'in the first chunk' => [ "AFTER INSERT ON jobs FOR EACH ROW WHEN (NEW.external_id = 'J150')", 1000 ],
	'in a later chunk' => [ "AFTER INSERT ON operations FOR EACH ROW WHEN (NEW.external_id = 'O150')", 20 ],
	'while it writes history' => [ "AFTER INSERT ON eryxon.sync_run FOR EACH STATEMENT", 50 ],
	'at commit' => [ 'deferred', 1000 ]);

# Makes calls stop there.
sub set_stop
{
	my ($where) = @_;
	my ($event, $chunk) = @{ $stops{$where} };
	my $trigger =
	  $event eq 'deferred'
	  ? 'CREATE CONSTRAINT TRIGGER stop_here AFTER UPDATE ON jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'
	  . " WHEN (NEW.external_id = 'J1') EXECUTE FUNCTION stop_here()"
	  : "CREATE TRIGGER stop_here $event EXECUTE FUNCTION stop_here()";
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET eryxon.chunk_size = $chunk; $trigger");
}

# Lets calls run through again.
sub clear_stop
{
	$node->safe_psql('postgres',
		"DO \$\$ DECLARE t regclass; BEGIN FOR t IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'stop_here' LOOP"
		  . " EXECUTE format('DROP TRIGGER stop_here ON %s', t); END LOOP; END \$\$");
}

# Starts a call that updates, restores, deletes and creates, waits until it stands still, and returns it with the
# session that holds it and its process id.
sub start_call
{
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('SELECT pg_advisory_lock(42)');
	my $sql = <<~'SQL';
		SELECT eryxon_bulk_upsert('jobs', orders(1, 200, 'new')
			|| '[{"external_id":"J2","external_source":"SAP","_op":"delete"}]', '{"client_ref":"stopped"}') ->> 'total'
	SQL
	my $call = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \my $out, '2>', \my $err);
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted")
	  or die "the call did not stop";
	my $pid = $node->safe_psql('postgres',
		"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted");
	return ($call, $holder, $pid);
}

# Ends what the crash has left of the two clients.
sub forget
{
	my ($call, $holder) = @_;
	eval { $call->finish };
	eval { $holder->{run}->kill_kill } if ref $holder && $holder->{run};
}

# Waits until the server has recovered.
sub await_recovery
{
	$node->poll_query_until('postgres', 'SELECT true', 't') or die 'the server did not come back';
}

for my $where (sort keys %stops)
{
	for my $how ('kill -9', 'immediate shutdown')
	{
		set_stop($where);
		my $before = shop_state($node);
		my ($call, $holder, $pid) = start_call();
		if ($how eq 'kill -9') { kill 'KILL', $pid }
		else { $node->stop('immediate') }
		forget($call, $holder);
		if ($how eq 'kill -9') { sleep 0.3 }
		else { $node->start }
		await_recovery();
		is(shop_state($node), $before, "$how $where: nothing of the call is left");
		clear_stop();
	}
}

# A call that was answered is kept.
for my $how ('kill -9', 'immediate shutdown')
{
	my $version = "kept by $how";
	my $session = $node->background_psql('postgres');
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	is($session->query_safe("SELECT eryxon_bulk_upsert('jobs', orders(1, 200, '$version'),
			'{\"client_ref\":\"$version\"}') ->> 'errors'"),
		'0', "a call before $how is answered");
	my $after = shop_state($node);
	if ($how eq 'kill -9') { kill 'KILL', $pid; sleep 0.3 }
	else { $node->stop('immediate'); $node->start }
	eval { $session->{run}->kill_kill } if $session->{run};
	await_recovery();
	is(shop_state($node), $after, "$how after the answer: all of the call is there");
	is($node->safe_psql('postgres', "SELECT count(*) FROM eryxon.sync_run WHERE client_ref = '$version'"),
		'3', "$how after the answer: history of all three entities");
	is($node->safe_psql('postgres',
		"SELECT count(*) FROM jobs j JOIN parts p ON p.job_id = j.id JOIN operations o ON o.part_id = p.id"
			  . " WHERE (j.customer, p.material, o.notes) = ('$version', '$version', '$version')"), '200',
			      "$how after the answer: all rows");
}

# At moments that nobody chose: the call is there wholly or not at all.
srand($ENV{ERYXON_SEED} // 1);
for my $round (1 .. 6)
{
	my $version = "round $round";
	my $before = shop_state($node);
	my $call = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			"SET application_name = 'victim'; SELECT eryxon_bulk_upsert('jobs', orders(1, 3000, '$version'))" ],
		'<', \undef, '>', \my $out, '2>', \my $err);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'victim'");
	sleep rand(0.6);
	my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim'");
	if ($round % 2 == 0) { $node->stop('immediate'); $node->start }
	elsif ($pid) { kill 'KILL', $pid; sleep 0.3 }
	eval { $call->finish };
	await_recovery();
	my $written = $node->safe_psql('postgres',
		"SELECT count(*) FROM jobs j JOIN parts p ON p.job_id = j.id JOIN operations o ON o.part_id = p.id"
		  . " WHERE (j.customer, p.material, o.notes) = ('$version', '$version', '$version')");
	ok($written == 3000 || shop_state($node) eq $before, "random moment $round: all or nothing ($written records)");
}

my $log = slurp_file($node->logfile);
unlike($log, qr/signal 6|signal 11|TRAP:|PANIC:/, 'the log tells of no crash but the intended ones');
$node->stop;
done_testing();
