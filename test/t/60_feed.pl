# Eight clients change rows in transactions that stay open for random times, while a reader follows the change feed: it
# sees every committed event once, and the events of a row in the order in which they happened. Meanwhile another tenant
# misbehaves: poisoned, deep and large events, a transaction that stays open. Then that tenant floods the feed, and
# changes texts of 140 MB: the first one's feed and webhooks go on, faster than his. ERYXON_FEED_RUNS (50) runs;
# ERYXON_SEED is the first one's seed.
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
	CREATE TABLE received (place bigint GENERATED ALWAYS AS IDENTITY, run integer, id uuid, type text, row_id uuid,
		priority integer);
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
INSERT INTO jobs (tenant_id, job_number) SELECT eryxon_tenant_id(), 'free ' || gen_random_uuid()
	FROM generate_series(1, 1 + :fate % 3);
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

# What is wrong with what the reader of a run has seen: nothing, if every row was told once, and every step of each
# counter in turn.
sub faults
{
	my ($run) = @_;
	return $node->safe_psql('postgres', <<"SQL");
		SELECT 'told twice: ' || id FROM received WHERE run = $run GROUP BY id HAVING count(*) > 1
		UNION ALL
		SELECT format('job %s told %s times', j.id, count(r.id)) FROM jobs j LEFT JOIN received r ON r.run = $run
			AND r.row_id = j.id AND r.type = 'job.created'
		 WHERE j.job_number LIKE 'free %' GROUP BY j.id HAVING count(r.id) <> 1
		UNION ALL
		SELECT 'never committed: ' || r.row_id FROM received r LEFT JOIN jobs j ON j.id = r.row_id WHERE r.run = $run
			AND j.id IS NULL
		UNION ALL
		SELECT format('%s is %s, told were %s', j.job_number, j.priority, array_agg(r.priority ORDER BY r.place))
		  FROM jobs j LEFT JOIN received r ON r.run = $run AND r.row_id = j.id AND r.type = 'job.updated'
		      WHERE j.job_number LIKE 'counter %'
		 GROUP BY j.job_number, j.priority
		HAVING coalesce(array_agg(r.priority ORDER BY r.place) FILTER (WHERE r.priority IS NOT NULL),
			'{}') <> ARRAY(SELECT generate_series(1, j.priority))
SQL
}

# What the other tenant does meanwhile. Events of rows whose key says so raise when they are to get their positions.
my $other = 'b0000000-0000-4000-8000-000000000002';
$node->safe_psql('postgres', "ALTER TABLE eryxon.event ADD CONSTRAINT poison
	CHECK (external_id IS NULL OR external_id NOT LIKE 'poison%')");
my $bad_script = PostgreSQL::Test::Utils::tempdir() . '/bad.sql';
append_to_file($bad_script, <<"SQL");
\\set kind random(1, 3)
\\set wait random(0, 8)
BEGIN;
SET LOCAL eryxon.tenant_id = '$other';
\\if :kind = 1
INSERT INTO jobs (tenant_id, job_number, external_source, external_id) SELECT eryxon_tenant_id(), 'bad ' || key, 'S',
	'poison ' || key FROM gen_random_uuid() AS key;
\\elif :kind = 2
INSERT INTO jobs (tenant_id, job_number, metadata)
SELECT eryxon_tenant_id(), 'bad ' || gen_random_uuid(), ('{"a":' || repeat('[', 998) || repeat(']', 998) || '}')::jsonb;
\\else
INSERT INTO jobs (tenant_id, job_number, notes) SELECT eryxon_tenant_id(), 'bad ' || gen_random_uuid(),
	repeat(chr(1), 100000) FROM generate_series(1, 3);
\\endif
\\sleep :wait ms
COMMIT;
SQL

# What is wrong with the other tenant's events: those of poisoned rows are set aside, the others are in his feed.
sub other_faults
{
	return $node->safe_psql('postgres', <<"SQL");
		SELECT format('job %s is told %s times and set aside %s times', j.external_id, count(DISTINCT e.id),
			count(DISTINCT r.id))
		  FROM jobs j LEFT JOIN eryxon.event e ON e.row_id = j.id LEFT JOIN eryxon.event_refused r ON r.row_id = j.id
		 WHERE j.tenant_id = '$other' GROUP BY j.id
		HAVING count(DISTINCT e.id) <> (j.external_id IS NULL)::integer
			OR count(DISTINCT r.id) <> (j.external_id IS NOT NULL)::integer
		UNION ALL
		SELECT 'set aside of the good tenant: ' || r.id FROM eryxon.event_refused r WHERE r.tenant_id <> '$other'
SQL
}

for my $seed ($first .. $first + $runs - 1)
{
	prepare_run();
	my $holder = $node->background_psql('postgres', on_error_stop => 1);
	$holder->query_safe("BEGIN; INSERT INTO jobs (tenant_id, job_number) VALUES ('$other', 'held')");
	my $reader = $node->background_psql('postgres', on_error_stop => 1);
	$reader->{stdin} .= "CALL follow($seed);\n\\echo followed\n";
	$reader->{run}->pump_nb;
	$node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM writing') or die 'the reader does not begin';
	$node->command_ok([ 'pgbench', '--no-vacuum', '--client=8', '--jobs=2', '--transactions=12', "--random-seed=$seed",
			'--file', "$script\@4", '--file', "$bad_script\@1", '--host', $node->host, '--port', $node->port, 'postgres' ],
				"writers of seed $seed");
	$node->safe_psql('postgres', 'UPDATE writing SET done = true');
	$reader->{run}->pump until $reader->{stdout} =~ /followed/ || !$reader->{run}->pumpable;
	$reader->{stdin} .= "\\q\n";
	$reader->{run}->finish;
	is(faults($seed), '', "seed $seed: every event once and in order");
	$holder->query_safe('COMMIT');
	$holder->quit;
	$node->safe_psql('postgres', "SELECT eryxon.settle_events('$other')");
	is(other_faults(), '', "seed $seed: of the other tenant what is poisoned is set aside, and no more");
}

cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM received'), '>', 60 * $runs,
	'the readers saw what the writers wrote');
is($node->safe_psql('postgres', 'SELECT count(*) FROM eryxon.event_outbox'), '0', 'nothing is left in the outbox');

like(slurp_file($node->logfile), qr/WARNING:  event \S+ of tenant $other was set aside: .*poison/,
	'the log tells what was set aside');

# Milliseconds that a statement takes, as a tenant.
sub time_of
{
	my ($as, $sql) = @_;
	my $took = $node->safe_psql('postgres', <<"SQL");
		SET eryxon.tenant_id = '$as';
		CREATE TEMP TABLE began AS SELECT clock_timestamp() AS at;
		CREATE TEMP TABLE done AS $sql;
		SELECT extract(epoch FROM clock_timestamp() - at) * 1000 FROM began
SQL
	return $took;
}

# A flood: who reads waits for his own events, and for a batch of the other's at most.
$node->safe_psql('postgres', 'DELETE FROM eryxon.event_refused; DELETE FROM eryxon.event');
$node->safe_psql('postgres', "INSERT INTO jobs (tenant_id, job_number)
	SELECT '$other', 'flood ' || n FROM generate_series(1, 60000) n");
$node->safe_psql('postgres', "UPDATE jobs SET notes = 'calm' WHERE job_number = 'counter 1'");
my $calm = time_of($tenant, 'SELECT eryxon_changes() AS page');
is($node->safe_psql('postgres', "SELECT count(*) FROM eryxon.event WHERE tenant_id = '$tenant'"), 1,
	'behind 60,000 events of another tenant the only one of a reader is told');
my $idle = time_of($tenant, 'SELECT eryxon_changes() AS page');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM eryxon.event_outbox'), '>=', 50000,
	'without waiting for most of the others');
my $flooded = time_of($other, 'SELECT eryxon_changes(NULL, 1) AS page');
is($node->safe_psql('postgres', 'SELECT count(*) FROM eryxon.event_outbox'), 0, 'the other waits for his own');
note(sprintf 'a read took %.0f ms behind a flood of another tenant, %.0f ms with nothing new, '
	. 'the flooding tenant\'s own %.0f ms', $calm, $idle, $flooded);
cmp_ok($calm, '<', $flooded, 'the calm tenant reads faster than the one that floods');

# Texts of 140 MB: the row is written, and relays and readers get the other events.
$node->safe_psql('postgres', "DELETE FROM eryxon.event;
	INSERT INTO jobs (tenant_id, job_number) VALUES ('$other', 'huge')");
my $changes = $node->safe_psql('postgres', <<"SQL");
	SET eryxon.tenant_id = '$other';
	DO \$\$ BEGIN PERFORM eryxon_webhook_create('https://other.example.com', '{*}'); END \$\$;
	UPDATE jobs SET notes = repeat(chr(1), 140000000) WHERE job_number = 'huge';
	UPDATE jobs SET notes = repeat(chr(2), 140000000) WHERE job_number = 'huge';
	SELECT jsonb_path_query_array(eryxon_changes(), '\$.events[*].changes[*] ? (\@.field == "notes")')
SQL
is($changes, '[{"old": null, "field": "notes", "omitted": {"new": 140000000}}, '
	. '{"field": "notes", "omitted": {"new": 140000000, "old": 140000000}}]',
	'a text of 140 MB is changed with capture on, and its events say how large it was');
my $bodies = $node->safe_psql('postgres', <<'SQL');
	DO $$ BEGIN PERFORM eryxon_webhook_create('https://good.example.com', '{*}'); END $$;
	UPDATE jobs SET notes = 'small' WHERE job_number = 'counter 1';
	SELECT count(*) > 0 FROM eryxon_changes();
	SELECT string_agg((body::jsonb #>> '{data,changes}') || octet_length(body), ' ')
		FROM eryxon.claim_deliveries('r', 100, '1 minute') WHERE url LIKE '%good%'
SQL
like($bodies, qr/"small".*\d/, 'a relay gets the good tenant\'s message');

# Where no background worker is free, the feed says so, and nothing is lost.
$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->restart;
my $token = $node->safe_psql('postgres', "SELECT eryxon_changes(NULL, 1, '{\"type\":\"none.none\"}') ->> 'next'");
$node->safe_psql('postgres', "UPDATE jobs SET notes = 'late' WHERE job_number = 'counter 1'");
my $read = "SELECT jsonb_path_query_array(eryxon_changes('$token'), '\$.events[*].type')";
my ($status, $events, $warning) = $node->psql('postgres', $read);
like($warning, qr/WARNING:  no background worker is available.*HINT:  Raise max_worker_processes/s,
	'no worker: a warning');
is($events, '[]', 'and nothing new yet');
$node->adjust_conf('postgresql.conf', 'max_worker_processes', '8');
$node->restart;
is($node->safe_psql('postgres', $read), '["job.updated"]', 'with a worker the event comes');

$node->stop;
done_testing();
