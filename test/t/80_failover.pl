# A primary is lost and its standby takes over, under load: what was acknowledged is there, the feed tells each event
# once and its token goes on, and webhooks come once and in the order of their rows. The gateway and the relay find the
# new primary by a connection string with both hosts. A second tenant beside the three writers has the same promises,
# and its calls are answered as fast as theirs. Before that, a standby answers what it can, and refuses the rest.
use strict;
use warnings;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Client;
use Shop;
my $program = $ENV{ERYXON_GATEWAY} or plan skip_all => 'ERYXON_GATEWAY does not name the gateway';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $neighbour = 'b0000000-0000-4000-8000-000000000002';
my (%started, @children);

# Starts a program in the background with further environment, and returns the name of the file that gets all it prints.
sub start_program
{
	my ($name, $environment, @command) = @_;
	my $log = "$folder/$name.log";
	append_to_file($log, '');
	local @ENV{ keys %$environment } = values %$environment;
	$started{$name} = IPC::Run::start(\@command, '<', \undef, '>', $log, '2>&1');
	return $log;
}

# Makes a primary with a standby, and the roles of gateway and relay.
sub start_pair
{
	my ($kind) = @_;
	my $primary = start_shop("primary_$kind", 'fsync = off', 'wal_level = replica', 'max_wal_senders = 5',
		'eryxon.capture_events = on');
	$primary->safe_psql('postgres', <<'SQL');
		CREATE ROLE authenticator LOGIN NOINHERIT;
		CREATE ROLE eryxon_anon;
		CREATE ROLE eryxon_api;
		CREATE ROLE eryxon_relay LOGIN;
		GRANT eryxon_anon, eryxon_api TO authenticator;
		GRANT USAGE ON SCHEMA eryxon_api TO eryxon_anon;
		SELECT eryxon_grant_api('eryxon_api'), eryxon_grant_relay('eryxon_relay');
		ALTER DATABASE postgres SET eryxon.webhook_allow_http = on;
SQL
	$primary->backup('backup');
	my $standby = PostgreSQL::Test::Cluster->new("standby_$kind");
	$standby->init_from_backup($primary, 'backup', has_streaming => 1);
	$standby->start;
	return ($primary, $standby);
}

# The connection string of a role that leads to whichever of two servers is the primary.
sub both
{
	my ($role, $primary, $standby) = @_;
	my ($hosts, $ports) = map { join ',', @$_ } [ map { $_->host } $primary, $standby ],
		[ map { $_->port } $primary, $standby ];
	return "postgresql://$role@/postgres?host=$hosts&port=$ports&target_session_attrs=read-write&connect_timeout=5";
}

# Starts the receiver of webhooks, a webhook for it, and a relay; returns the receiver's log.
sub start_webhook
{
	my ($kind, $primary, $standby) = @_;
	my $secret = "$folder/secret_$kind";
	append_to_file($secret, '');
	my $log = start_program("receiver_$kind", {}, 'python3', "$ENV{TESTDIR}/sample/receiver.py", 0, $secret);
	my $url = await_line($log, qr/^listening on (\S+)/);
	append_to_file($secret, $primary->safe_psql('postgres',
		"SELECT eryxon_webhook_create('$url', '{job.*}') ->> 'secret'"));
	start_relay($kind, $primary, $standby);
	return $log;
}

sub start_relay
{
	my ($kind, $primary, $standby) = @_;
	start_program("relay_$kind", { ERYXON_RELAY_DB_URI => both('eryxon_relay', $primary, $standby) }, $program, 'relay',
		'--allow-http', '--allow-address', '127.0.0.0/8', '--poll-interval', 1, '--timeout', 2, '--lease', 7);
}

# Starts a gateway; returns its address.
sub start_gateway
{
	my ($kind, $uri) = @_;
	my $log = start_program("gateway_$kind", { ERYXON_DB_URI => $uri, ERYXON_LISTEN => '127.0.0.1:0' }, $program, 'serve',
		'--admin-dir', 'off');
	return await_line($log, qr/listening on (\S+)/);
}

# One writer: raises the priority of its jobs by one with each call, and notes each call that was acknowledged, until a
# file tells it to end.
sub write_records
{
	my ($url, $key, $writer) = @_;
	open my $notes, '>>', "$folder/writer_$writer" or die;
	$notes->autoflush;
	for (my $version = 1; !-e "$folder/stop"; $version++)
	{
		my @records = map { { external_id => "$writer-$_", external_source => 'ERP', job_number => "$writer-$_",
			priority => $version } } 1 .. 10;
		my $begin = time;
		my ($status, $answer, $repeated) = request('POST', "$url/api-jobs/bulk-sync", $key, \@records);
		my $good = $status == 200 && $answer->{success} && $answer->{data}{errors} == 0;
		printf $notes "%s %d %d %.2f\n", $good ? 'acknowledged' : "status $status", $version, $repeated, time - $begin;
		return unless $good;
	}
}

# Follows the feed over HTTP from a token and notes each event in a file, until another tells that all are written and
# none left.
sub follow_feed
{
	my ($url, $key, $token, $file) = @_;
	open my $notes, '>', "$folder/$file" or die;
	$notes->autoflush;
	while (1)
	{
		my $last = -e "$folder/written";
		my ($status, $answer) = request('GET', "$url/api-erp-sync/changes?limit=500&since=$token", $key);
		if ($status != 200) { print $notes "status $status " . encode_json($answer // {}) . "\n"; return }
		for my $event (grep { $_->{type} =~ /^job/ } @{ $answer->{data}{events} })
		{
			my ($new) = map { $_->{new} } grep { $_->{field} eq 'priority' } @{ $event->{changes} };
			print $notes "$event->{id} $event->{external_id} $new\n";
		}
		$token = $answer->{data}{next};
		last if $last && !$answer->{data}{more} && !@{ $answer->{data}{events} };
		sleep 0.05;
	}
	print $notes "end\n";
}

# Runs a function in a process of its own, without the servers' clean-up at its end.
sub in_background
{
	my ($work) = @_;
	my $child = fork // die;
	if ($child) { push @children, $child; return $child }
	eval { $work->(); 1 } or print STDERR $@;
	POSIX::_exit(0);
}

# Leaves nothing behind, however the test ends.
END
{
	my $status = $?;
	kill 'KILL', grep { waitpid($_, POSIX::WNOHANG) == 0 } @children;
	$_->kill_kill for values %started;
	$? = $status;
}

# The numbers of acknowledged calls of a writer, and what else it noted.
sub notes_of
{
	my ($writer) = @_;
	my (@acknowledged, @else);
	for (split /\n/, slurp_file("$folder/writer_$writer"))
	{
		if (/^acknowledged (\d+)/) { push @acknowledged, $1 } else { push @else, $_ }
	}
	return (\@acknowledged, \@else);
}

# Waits until each writer has had so many calls acknowledged, and returns the lowest number.
sub await_calls
{
	my ($writers, $more) = @_;
	my %wanted = map { $_ => $more + @{ (notes_of($_))[0] } } @$writers;
	for (my $end = time + $patience; time < $end; sleep 0.2)
	{
		return 1 unless grep { @{ (notes_of($_))[0] } < $wanted{$_} } @$writers;
		last if grep { @{ (notes_of($_))[1] } } @$writers;
	}
	return 0;
}

# The median of the times of a writer's calls, in seconds.
sub median_of
{
	my ($writer) = @_;
	my @times = sort { $a <=> $b } slurp_file("$folder/writer_$writer") =~ /(\S+)$/mg;
	return $times[ @times / 2 ];
}

# What is wrong with a list of [row, priority] as they were told: each row must go from 1 to what it is now, one by one.
sub faults
{
	my ($node, $told, $of) = (@_, $tenant);
	my %is = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
		"SELECT external_id, priority FROM jobs WHERE tenant_id = '$of'");
	my (%at, @faults);
	for (@$told)
	{
		my ($row, $priority) = @$_;
		push @faults, "$row: $priority after " . ($at{$row} // 0) if $priority != ($at{$row} // 0) + 1;
		$at{$row} = $priority;
	}
	push @faults, map { "$_: is $is{$_}, told was " . ($at{$_} // 'nothing') }
		grep { $is{$_} != ($at{$_} // 0) } sort keys %is;
	return join "\n", @faults[ 0 .. ($#faults > 9 ? 9 : $#faults) ];
}

# What a receiver has taken, as [row, priority].
sub received
{
	my ($log) = @_;
	my @told;
	for (split /\n/, slurp_file($log))
	{
		my ($row, $changes) = /^\S+ job\.\w+ (\S+) (\[.*)/ or next;
		push @told, map { [ $row, $_->{new} ] } grep { $_->{field} eq 'priority' } @{ decode_json($changes) };
	}
	return \@told;
}

# Waits until every event of a server has its place and has reached the receiver.
sub await_deliveries
{
	my ($node) = @_;
	return $node->poll_query_until('postgres', <<'SQL');
		SELECT NOT EXISTS (SELECT FROM eryxon.event_outbox)
			AND NOT EXISTS (SELECT FROM eryxon.delivery WHERE status <> 'delivered')
SQL
}

# Stops a program, or all of them.
sub stop_program
{
	my ($name) = @_;
	my $run = delete $started{$name};
	$run->signal('TERM');
	$run->finish;
}

sub stop_programs { stop_program($_) for keys %started }

# The lines of a gateway's log that tell of more than a database that is away, for which requests get 503 or 504: what
# the server said when it ended counts as that.
sub own_errors
{
	my ($log) = @_;
	return grep { /status=5(?!0[34])/ || /level=error(?!.*(status=50[34]|database))/ } split /\n/, slurp_file($log);
}

# A synchronous standby takes over from a primary that is killed while three clients write and one reads, and the second
# tenant writes a little and reads as well.
sub failover_under_load
{
	my ($primary, $standby) = start_pair('sync');
	$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''");
	$standby->restart;
	$primary->append_conf('postgresql.conf', "synchronous_standby_names = '*'");
	$primary->reload;
	$primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
		or die 'no synchronous standby';
	my $key = $primary->safe_psql('postgres', "SELECT eryxon_api_key_create('$tenant', 'ERP', role => 'eryxon_api')");
	my $url = start_gateway('sync', both('authenticator', $primary, $standby));
	my $received = start_webhook('sync', $primary, $standby);
	my $token = $primary->safe_psql('postgres', "SELECT eryxon_changes() ->> 'next'");
	my ($other_key, $other_token) = map {
		$primary->safe_psql('postgres', "SET eryxon.tenant_id = '$neighbour'; SELECT $_")
	} "eryxon_api_key_create('$neighbour', 'ERP', role => 'eryxon_api')", "eryxon_changes() ->> 'next'";

	my @writers = qw(A B C N);
	my %keys = ((map { $_ => $key } qw(A B C)), N => $other_key);
	append_to_file("$folder/writer_$_", '') for @writers;
	my @writing = map { my $writer = $_; in_background(sub { write_records($url, $keys{$writer}, $writer) }) } @writers;
	my @reading = (in_background(sub { follow_feed($url, $key, $token, 'reader') }),
		in_background(sub { follow_feed($url, $other_key, $other_token, 'other_reader') }));
	ok(await_calls(\@writers, 8), 'the writers write');
	$primary->kill9;
	$standby->promote;
	ok(await_calls(\@writers, 8), 'they go on after the failover');
	append_to_file("$folder/stop", '');
	waitpid $_, 0 for @writing;
	append_to_file("$folder/written", '');
	waitpid $_, 0 for @reading;
	for my $writer (@writers)
	{
		my ($acknowledged, $else) = notes_of($writer);
		is("@$else", '', "writer $writer: nothing but calls that were acknowledged");
		is($standby->safe_psql('postgres',
			"SELECT count(*), min(priority), max(priority) FROM jobs WHERE external_id LIKE '$writer-%'"),
			join('|', 10, ($acknowledged->[-1]) x 2), "writer $writer: all that was acknowledged is there");
	}
	my ($usual) = sort { $b <=> $a } map { median_of($_) } qw(A B C);
	cmp_ok(median_of('N'), '<', 3 * $usual + 0.1, 'the second tenant waits no longer than the first');
	my @slowest = sort { $b <=> $a } map { /(\S+)$/mg } map { slurp_file("$folder/writer_$_") } @writers;
	note("slowest call: $slowest[0] s");
	for ([ 'reader', $tenant ], [ 'other_reader', $neighbour ])
	{
		my ($reader, $of) = @$_;
		my @seen = split /\n/, slurp_file("$folder/$reader");
		is(pop @seen, 'end', "$reader: the token went on over the failover");
		is(faults($standby, [ map { (split / /)[ 1, 2 ] ? [ (split / /)[ 1, 2 ] ] : () } @seen ], $of), '',
			"$reader: each event once, in the order of its row, and no other tenant's");
	}
	ok(await_deliveries($standby), 'all webhooks are delivered');
	is(faults($standby, received($received)), '', 'webhooks: each once, in the order of its row');
	is($standby->safe_psql('postgres', "SELECT sum(created) FROM eryxon.sync_run WHERE entity = 'jobs'"), 40,
		'history tells what was created');
	stop_programs();
	is(join("\n", own_errors("$folder/gateway_sync.log")), '', 'the gateway met no error of its own');
	$standby->stop;
}

# What a standby does while it is one.
sub standby_answers
{
	my ($primary, $standby) = @_;
	$primary->wait_for_catchup($standby);
	my $events = "SELECT jsonb_path_query_array(eryxon_changes(), '\$.events[*].id')";
	my $told = $primary->safe_psql('postgres', $events);
	$primary->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $events), $told, 'standby: the feed is the primary\'s');
	is($standby->safe_psql('postgres', q(SELECT eryxon_status() #>> '{entities,jobs,live}')), 3, 'standby: status');
	is($standby->safe_psql('postgres', q(SELECT eryxon_api."api-jobs-list"() #>> '{data,pagination,total}')), 3,
		'standby: lists');
	isnt($standby->safe_psql('postgres', q(SELECT eryxon_describe('jobs'))), '', 'standby: describe');
	my %writes = (
		'bulk upsert' => q(SELECT eryxon_bulk_upsert('jobs',
			'[{"external_id": "1", "external_source": "ERP", "priority": 9}]')),
		'upsert' => q(SELECT eryxon_upsert('jobs', '{"external_id": "1", "external_source": "ERP", "priority": 9}')),
		'delete' => q(SELECT eryxon_delete_external('jobs', 'ERP', '1')),
		'import' => q(SELECT eryxon_import_csv('jobs', E'external_id,job_number\n1,1\n', '{"external_source": "ERP"}')),
		'UPDATE' => q(UPDATE jobs SET priority = 9),
		'new webhook' => q(SELECT eryxon_webhook_create('https://erp.example.com', '{*}')));
	for my $name (sort keys %writes)
	{
		my ($status, $out, $error) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\n$writes{$name}");
		like($error, qr/ERROR:  25006/, "standby: $name is refused with 25006");
	}

	# A token that is ahead of what has been replayed is not refused: there is nothing for it yet.
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
	$standby->poll_query_until('postgres', "SELECT pg_get_wal_replay_pause_state() = 'paused'") or die 'replay goes on';
	$primary->safe_psql('postgres', "UPDATE jobs SET notes = 'ahead'");
	my $ahead = $primary->safe_psql('postgres', "SELECT eryxon_changes() ->> 'next'");
	my ($status, $page, $error) = $standby->psql('postgres', "SELECT eryxon_changes('$ahead')");
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
	is_deeply($page ? decode_json($page) : $error, { events => [], next => $ahead, more => JSON::PP::false },
		'standby: a token that is ahead gets an empty page');
}

# An asynchronous standby has what was committed, and not the places that the lost primary gave to events: it tells the
# same events.
sub failover_before_positions
{
	my ($primary, $standby) = start_pair('async');
	$primary->safe_psql('postgres', <<'SQL');
		SELECT eryxon_bulk_upsert('jobs',
			(SELECT jsonb_agg(jsonb_build_object('external_id', n::text, 'external_source', 'ERP', 'job_number', n,
				'priority', 1))
		                                     FROM generate_series(1, 3) n));
SQL
	standby_answers($primary, $standby);
	my $received = start_webhook('async', $primary, $standby);
	stop_program('relay_async');
	$primary->safe_psql('postgres', 'UPDATE jobs SET priority = 2; UPDATE jobs SET priority = 3');
	$primary->wait_for_catchup($standby);
	$standby->stop;
	is($primary->safe_psql('postgres', 'SELECT count(*) FROM eryxon.event_outbox'), 6,
		'events without a place are on both sides');

	start_relay('async', $primary, $standby);
	my $events = "SELECT jsonb_path_query_array(eryxon_changes(%s), '\$.events[*].id')";
	my $told = $primary->safe_psql('postgres', sprintf $events, 'NULL');
	my $token = $primary->safe_psql('postgres', "SELECT eryxon_changes() ->> 'next'");
	ok(await_deliveries($primary), 'the primary has given them places and sent them');
	$primary->stop('immediate');
	$standby->start;
	$standby->promote;

	my ($status, $new, $error) = $standby->psql('postgres', sprintf $events, "'$token'");
	is($standby->safe_psql('postgres', sprintf $events, 'NULL'), $told,
		'the new primary tells the same events with the same ids');
	is($new, '[]', 'the token of the lost primary goes on') or diag($error);
	$standby->safe_psql('postgres', 'UPDATE jobs SET priority = 4');
	ok(await_deliveries($standby), 'the relay has found the new primary');
	my %times;
	$times{"@$_"}++ for @{ received($received) };
	is_deeply(\%times, { map { my $priority = $_; map { ("$_ $priority" => 1) } 1 .. 3 } 2 .. 4 },
		'webhooks: each event once, by its webhook-id');
	stop_programs();
	$standby->stop;
}
failover_before_positions();
failover_under_load();
done_testing();
