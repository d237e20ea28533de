# Eight clients change rows in transactions that stay open for random times, while a reader follows the change feed: it sees
# every committed event once, and the events of a row in the order in which they happened.
# ERYXON_FEED_RUNS (50) runs; ERYXON_SEED is the first one's seed.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Shop;

my $runs = $ENV{ERYXON_FEED_RUNS} || 50;
my $first = $ENV{ERYXON_SEED} || int(rand(1e6)) + 1;
note("seeds $first to " . ($first + $runs - 1));

my $node = start_shop('feed', 'fsync = off', 'eryxon.capture_events = on', 'shared_preload_libraries = eryxon_sync');

# The counters are jobs whose priority each transaction raises by one: what it was tells how often it was raised.
$node->safe_psql('postgres', <<'SQL');
	CREATE TABLE received (place bigint GENERATED ALWAYS AS IDENTITY, run integer, id uuid, type text, row_id uuid, priority integer);
	CREATE TABLE writing (done boolean NOT NULL);

	-- Follows the feed by pages of random size until the writers are done and nothing is left.
	CREATE PROCEDURE follow(run integer) LANGUAGE plpgsql AS $$
	DECLARE
		token text := (eryxon_changes(NULL, 1, '{"type":"none.none"}')) ->> 'next';
		finished boolean;
		page jsonb;
	BEGIN
		PERFORM setseed(run / 1e9);
		INSERT INTO writing VALUES (false);  -- tells that the reader is there
		LOOP
			COMMIT;
			SELECT bool_or(done) INTO finished FROM writing;
			page := eryxon_changes(token, 1 + floor(random() * 40)::integer);
			INSERT INTO received (run, id, type, row_id, priority)
			SELECT follow.run, (e ->> 'id')::uuid, e ->> 'type', (e ->> 'row_id')::uuid,
				   (jsonb_path_query_first(e, '$.changes[*] ? (@.field == "priority").new'))::integer
			  FROM jsonb_array_elements(page -> 'events') WITH ORDINALITY a(e, n) ORDER BY n;
			token := page ->> 'next';
			EXIT WHEN finished AND NOT (page -> 'more')::boolean AND jsonb_array_length(page -> 'events') = 0;
		END LOOP;
	END
	$$;
SQL

# One transaction of a client: opened first, a counter raised, jobs made, and committed or given up late.
my $script = PostgreSQL::Test::Utils::tempdir() . '/feed.sql';
append_to_file($script, <<'SQL');
\set counter random(1, 5)
\set wait random(0, 8)
\set before random(0, 8)
\set fate random(1, 10)
BEGIN;
INSERT INTO jobs (tenant_id, job_number) SELECT eryxon_tenant_id(), 'free ' || gen_random_uuid() FROM generate_series(1, 1 + :fate % 3);
\sleep :before ms
UPDATE jobs SET priority = priority + 1 WHERE job_number = 'counter ' || :counter;
\sleep :wait ms
SELECT pg_current_xact_id();
\if :fate = 1
ROLLBACK;
\else
COMMIT;
\endif
SQL

# Makes the counters of a run and tells the run what to expect.
sub prepare_run
{
	$node->safe_psql('postgres', <<'SQL');
		SET session_replication_role = replica;
		TRUNCATE jobs CASCADE;
		TRUNCATE writing;
		INSERT INTO jobs (tenant_id, job_number) SELECT eryxon_tenant_id(), 'counter ' || n FROM generate_series(1, 5) n;
SQL
}

# What is wrong with what the reader of a run has seen: nothing, if every row was told once, and every step of each counter in turn.
sub faults
{
	my ($run) = @_;
	return $node->safe_psql('postgres', <<"SQL");
		SELECT 'told twice: ' || id FROM received WHERE run = $run GROUP BY id HAVING count(*) > 1
		UNION ALL
		SELECT format('job %s told %s times', j.id, count(r.id)) FROM jobs j LEFT JOIN received r ON r.run = $run AND r.row_id = j.id AND r.type = 'job.created'
		 WHERE j.job_number LIKE 'free %' GROUP BY j.id HAVING count(r.id) <> 1
		UNION ALL
		SELECT 'never committed: ' || r.row_id FROM received r LEFT JOIN jobs j ON j.id = r.row_id WHERE r.run = $run AND j.id IS NULL
		UNION ALL
		SELECT format('%s is %s, told were %s', j.job_number, j.priority, array_agg(r.priority ORDER BY r.place))
		  FROM jobs j LEFT JOIN received r ON r.run = $run AND r.row_id = j.id AND r.type = 'job.updated' WHERE j.job_number LIKE 'counter %'
		 GROUP BY j.job_number, j.priority
		HAVING coalesce(array_agg(r.priority ORDER BY r.place) FILTER (WHERE r.priority IS NOT NULL), '{}') <> ARRAY(SELECT generate_series(1, j.priority))
SQL
}

my $told = 0;
for my $seed ($first .. $first + $runs - 1)
{
	prepare_run();
	my $reader = $node->background_psql('postgres', on_error_stop => 1);
	$reader->{stdin} .= "CALL follow($seed);\n\\echo followed\n";
	$reader->{run}->pump_nb;
	$node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM writing') or die 'the reader does not begin';
	$node->command_ok([ 'pgbench', '--no-vacuum', '--client=8', '--jobs=2', '--transactions=12', "--random-seed=$seed",
			'--file', $script, '--host', $node->host, '--port', $node->port, 'postgres' ], "writers of seed $seed");
	$node->safe_psql('postgres', 'UPDATE writing SET done = true');
	$reader->{run}->pump until $reader->{stdout} =~ /followed/ || !$reader->{run}->pumpable;
	$reader->{stdin} .= "\\q\n";
	$reader->{run}->finish;
	is(faults($seed), '', "seed $seed: every event once and in order");
}

cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM received'), '>', 96 * $runs, 'the readers saw what the writers wrote');
is($node->safe_psql('postgres', 'SELECT count(*) FROM eryxon.event_outbox'), '0', 'nothing is left in the outbox');

# Where no background worker is free, the feed says so, and nothing is lost.
$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->restart;
my $token = $node->safe_psql('postgres', "SELECT eryxon_changes(NULL, 1, '{\"type\":\"none.none\"}') ->> 'next'");
$node->safe_psql('postgres', "UPDATE jobs SET notes = 'late' WHERE job_number = 'counter 1'");
my $read = "SELECT jsonb_path_query_array(eryxon_changes('$token'), '\$.events[*].type')";
my ($status, $events, $warning) = $node->psql('postgres', $read);
like($warning, qr/WARNING:  no background worker is free.*HINT:  Raise max_worker_processes/s, 'no worker: a warning');
is($events, '[]', 'and nothing new yet');
$node->adjust_conf('postgresql.conf', 'max_worker_processes', '8');
$node->restart;
is($node->safe_psql('postgres', $read), '["job.updated"]', 'with a worker the event comes');

$node->stop;
done_testing();
