# ALTER EXTENSION UPDATE: a database of 0.1.0 with tables and rows gets exactly the objects of a fresh one, keeps its
# rows, and works on. The server is a copy whose extensions hold 0.1.0's install script, with the library's functions
# under the names that they have now.
use strict;
use warnings;
use File::Basename;
use File::Copy;
use File::Path 'make_path';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Shop;

my $upgrade = dirname(__FILE__) . '/upgrade';

# The folder of that kind of this installation, and its path below what all folders have in common.
my %folder = map { my $path = qx($ENV{PG_CONFIG} --$_); chomp $path; ($_ => $path) } qw(bindir pkglibdir sharedir);
(join("\n", values %folder) . "\n") =~ m{\A(.*/)[^\n]*\n(?:\1[^\n]*\n)*\z};
my $common = $1;

# A copy of the installation that has one more file among its extensions: the programs find the rest from where they
# lie.
sub installation_with
{
	my ($name, $content) = @_;
	my $root = PostgreSQL::Test::Utils::tempdir() . '/';
	my %copy = map { ($_ => $folder{$_} =~ s/\A\Q$common\E/$root/r) } keys %folder;
	make_path($copy{bindir}, "$copy{sharedir}/extension", dirname($copy{pkglibdir}));
	for my $program (qw(postgres initdb pg_ctl psql pg_config))
	{
		copy("$folder{bindir}/$program", "$copy{bindir}/$program") or die $!;
		chmod 0755, "$copy{bindir}/$program";
	}
	symlink $folder{pkglibdir}, $copy{pkglibdir} or die $!;
	for my $file (glob("$folder{sharedir}/*"), glob("$folder{sharedir}/extension/*"))
	{
		my $place = $file =~ s/\A\Q$common\E/$root/r;
		symlink $file, $place unless -e $place or basename($file) eq $name;
	}
	append_to_file("$copy{sharedir}/extension/$name", $content);
	return dirname($copy{bindir});
}

# 0.1.0's functions were not prefixed.
my %known = map { $_ => 1 } slurp_file("$folder{sharedir}/extension/eryxon_sync--0.2.0.sql")
	=~ /'MODULE_PATHNAME', '(\w+)'/g;
my $script = slurp_file("$upgrade/eryxon_sync--0.1.0.sql");
$script =~ s{'MODULE_PATHNAME', '(?:eryxon_)?(\w+)'}
	{"'MODULE_PATHNAME', 'eryxon_" . ($known{"eryxon_$1"} ? $1 : 'capture_events') . "'"}ge;
my $node = PostgreSQL::Test::Cluster->new('update', install_path => installation_with('eryxon_sync--0.1.0.sql',
	$script));
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'eryxon.capture_events = off');
$node->start;

# What users have in both databases: their own tables, one of them partitioned, attached beside the five, and roles.
my $users = <<'SQL';
	SELECT eryxon_create_tables();
	CREATE TABLE tools (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text,
		updated_at timestamptz);
	CREATE TABLE kits (id uuid NOT NULL DEFAULT gen_random_uuid(), tenant_id uuid NOT NULL, name text,
		PRIMARY KEY (id, tenant_id))
	    PARTITION BY LIST (tenant_id);
	CREATE TABLE kits_rest PARTITION OF kits DEFAULT;
	SELECT eryxon_attach('tools', 'tools', '{"events": false}');
	SELECT eryxon_attach('kits', 'kits');
	SELECT eryxon_grant_api('api'), eryxon_grant_webhooks('api'), eryxon_grant_relay('relay');
SQL
my $before = <<"SQL";
	INSERT INTO jobs (tenant_id, external_id, external_source, job_number) VALUES ('$tenant', 'J-1', 'S', '1');
	INSERT INTO jobs (tenant_id, external_id, external_source, job_number, deleted_at)
		VALUES ('$tenant', 'J-2', 'S', '2', now());
	INSERT INTO eryxon.soft_delete (entity, root, row_entity, row_id, tenant_id, deleted_at)
	SELECT 'jobs', id, 'jobs', id, tenant_id, deleted_at - d.old FROM jobs, (VALUES (interval '1 day'), ('0')) AS d(old)
		WHERE deleted_at IS NOT NULL;
	INSERT INTO eryxon.sync_run (tenant_id, entity, operation, status) VALUES ('$tenant', 'jobs', 'sync', 'completed');
	INSERT INTO eryxon.webhook (id, tenant_id, url, events, retry_seconds, max_in_flight)
	VALUES ('00000000-0000-4000-8000-00000000000a', '$tenant', 'https://erp.example.com', '{*}', '{5,60}', 4);
	INSERT INTO eryxon.webhook_secret (webhook_id, secret, expires_at)
	SELECT id, s.secret, s.expires_at
		FROM eryxon.webhook, (VALUES ('whsec_a', now()), ('whsec_a', NULL), ('whsec_b', now())) AS s(secret, expires_at);
	INSERT INTO eryxon.event (position, tenant_id, type, entity, row_id, changes, occurred_at)
	SELECT 1, '$tenant', 'job.created', 'jobs', id, '[]', now() FROM jobs WHERE job_number = '1';
	UPDATE eryxon.feed SET last_position = 1;
	INSERT INTO eryxon.delivery (id, webhook_id, position, type, row_id, due_at, failures, attempt)
	SELECT '00000000-0000-4000-8000-00000000000b', w.id, 1, 'job.created', e.row_id, now(), 1, 1 FROM eryxon.webhook w,
		eryxon.event e;
	INSERT INTO eryxon.delivery_attempt (delivery_id, attempt, relay, started_at, status) SELECT id, 1, 'r', now(), 500
		FROM eryxon.delivery;
	INSERT INTO eryxon.event_outbox (statement, line, tenant_id, type, entity, row_id, external_id, external_source,
		changes, occurred_at)
	SELECT nextval('eryxon.event_statement'), 1, tenant_id, 'job.updated', 'jobs', id, external_id, external_source,
		'{"status": ["a", "b"]}', now()
	  FROM jobs WHERE job_number = '1';
SQL

$node->safe_psql('postgres', 'CREATE ROLE api; CREATE ROLE relay; CREATE DATABASE fresh; CREATE DATABASE old');
$node->safe_psql('fresh', "CREATE EXTENSION eryxon_sync; $users");
# The library's write_registry() calls apply_registry() as it is now.
$node->safe_psql('old', <<"SQL");
	CREATE EXTENSION eryxon_sync VERSION '0.1.0';
	CREATE OR REPLACE FUNCTION eryxon.write_registry(action text, args jsonb) RETURNS void
		LANGUAGE sql AS 'SELECT eryxon.apply_registry(action, args)';
	$users
	$before
	GRANT EXECUTE ON FUNCTION eryxon_api_key_revoke(uuid) TO api;
SQL

my ($status, $out, $warnings) = $node->psql('old',
	"SET client_min_messages = warning; ALTER EXTENSION eryxon_sync UPDATE");
is($status, 0, 'ALTER EXTENSION eryxon_sync UPDATE') or diag($warnings);
like($warnings, qr/\Q$_\E/, "it says that $_ is to be called") for q{eryxon_grant_api('api')},
	q{eryxon_grant_webhooks('api')}, q{eryxon_grant_relay('relay')};
is($node->safe_psql('old', q(SELECT has_function_privilege('api', 'eryxon_api_key_revoke(uuid)', 'EXECUTE'),
	(SELECT initprivs::text FROM pg_init_privs WHERE objoid = 'eryxon_api_key_revoke(uuid)'::regprocedure) ~ 'api')),
		't|f', 'a grant is kept, and not the extension\'s');
$node->safe_psql('old', "REVOKE EXECUTE ON FUNCTION eryxon_api_key_revoke(uuid) FROM api;
	SELECT eryxon_grant_api('api'), eryxon_grant_webhooks('api'), eryxon_grant_relay('relay')");
my @objects = map { [ split /^(?=[a-z]+\t)/m, $node->safe_psql($_, slurp_file("$upgrade/objects.sql"),
	extra_params => [ '-F', "\t" ]) ] } 'fresh', 'old';
cmp_ok(scalar @{ $objects[0] }, '>', 1000, 'the fresh database is described');
for my $side (0, 1)
{
	my %other = map { $_ => 1 } @{ $objects[ 1 - $side ] };
	is(join('', grep { !$other{$_} } @{ $objects[$side] }), '', 'nothing is only in the ' . ('fresh', 'upgraded')[$side]
		. ' database');
}

# Rows.
is($node->safe_psql('old', 'SELECT count(*), bool_and(s.deleted_at = j.deleted_at)
	FROM eryxon.soft_delete s JOIN jobs j ON j.id = s.row_id'), '1|t', 'of marks of a row the last is kept');
is($node->safe_psql('old', 'SELECT secret, expires_at IS NULL FROM eryxon.webhook_secret ORDER BY 1'),
	"whsec_a|t\nwhsec_b|f", 'of equal secrets the current one is kept');
is($node->safe_psql('old', 'SELECT feed = eryxon.feed_name(), url_version, longest_wait > \'1 day\'
	FROM eryxon.webhook'), 't|1|t', 'the webhook is of this database');
is($node->safe_psql('old', 'SELECT count(id), count(*) FROM eryxon.event_outbox'), '1|1',
	'an event that waited has an id');
is($node->safe_psql('old', 'SELECT d.id, d.failures, a.status
	FROM eryxon.delivery d JOIN eryxon.delivery_attempt a ON a.delivery_id = d.id'),
	'00000000-0000-4000-8000-00000000000b|1|500', 'deliveries and their attempts are kept');

# Work.
my $session = "SET eryxon.tenant_id = '$tenant'; SET eryxon.capture_events = on;";
my $record = '{"external_id": "J-1", "external_source": "S", "job_number": "1", "notes": "n"}';
is($node->safe_psql('old', "$session SELECT eryxon_upsert('jobs', '$record') ->> 'action'"), 'updated',
	'a row is updated');
is($node->safe_psql('old', "$session SELECT eryxon_restore('jobs', id) ->> 'action' FROM jobs WHERE job_number = '2'"),
	'restored', 'a row is restored');
is($node->safe_psql('old', "$session SELECT jsonb_path_query_array(eryxon_changes(), '\$.events[*].type')"),
	'["job.created", "job.updated", "job.updated", "sync.completed", "job.restored"]',
		'the feed tells old and new events');
is($node->safe_psql('old', q{SELECT count(*) FROM eryxon.claim_deliveries('r', 100, '1 minute')
	WHERE webhook = '00000000-0000-4000-8000-00000000000a'}), '1', 'what waited is sent');
$node->stop;
done_testing();
