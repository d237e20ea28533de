# Logical replication of a tenant's rows into another database of the product: what was deleted there together is
# restored together here, and what is deleted here gets in nobody's way.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Shop;

my $node = start_shop('replication', 'wal_level = logical', 'max_wal_senders = 4', 'max_replication_slots = 4',
	'fsync = off');
my $published = 'cells, resources, jobs, parts, operations, eryxon.soft_delete, eryxon.sync_run, '
	. 'eryxon.webhook, eryxon.webhook_secret';
$node->safe_psql('postgres', <<"SQL");
	CREATE DATABASE copy;
	ALTER DATABASE copy SET eryxon.tenant_id = '$tenant';
	SELECT eryxon_bulk_upsert('jobs',
		(SELECT jsonb_agg(jsonb_build_object('external_id', n::text, 'external_source', 'SAP', 'job_number', n::text,
		'parts', jsonb_build_array(jsonb_build_object('external_id', n::text, 'part_number', n::text))))
			FROM generate_series(1, 20) n));
	SELECT eryxon_webhook_create('https://erp.example/hook', '{*}');
	CREATE PUBLICATION shop FOR TABLE $published;
SQL
$node->safe_psql('copy', 'CREATE EXTENSION eryxon_sync; SELECT eryxon_create_tables()');
$node->safe_psql('postgres', q(SELECT pg_create_logical_replication_slot('shop', 'pgoutput')));
$node->safe_psql('copy', sprintf(
	q(CREATE SUBSCRIPTION shop CONNECTION '%s dbname=postgres' PUBLICATION shop WITH (create_slot = false)),
	$node->connstr));
$node->wait_for_subscription_sync($node, 'shop', 'copy');
$node->safe_psql('postgres', q(DELETE FROM jobs WHERE job_number IN ('1', '2', '3')));
$node->safe_psql('postgres', q(SELECT eryxon_restore('jobs', id) FROM jobs WHERE job_number = '3'));
$node->wait_for_catchup('shop');

# What the query answers in both databases.
sub same_answer
{
	my ($query, $answer, $name) = @_;
	is($node->safe_psql($_, $query), $answer, "$name ($_)") for qw(postgres copy);
}
same_answer('SELECT count(*), count(deleted_at) FROM parts', '20|2', 'rows and soft deletes arrive');
same_answer('SELECT count(*), count(DISTINCT root) FROM eryxon.soft_delete', '4|2', 'and what went with what');

# The copy goes on by itself.
$node->safe_psql('copy', 'DROP SUBSCRIPTION shop');
my ($status, $out, $error) = $node->psql('copy', q(DELETE FROM jobs WHERE job_number IN ('4', '5', '6')));
is($error, '', 'rows are deleted in the copy');
is($node->safe_psql('copy', q(SELECT eryxon_restore('jobs', id) -> 'children' ->> 'parts' FROM jobs
	WHERE job_number = '1')), '1',
	'a job that was deleted before comes back with its part');
is($node->safe_psql('copy', 'SELECT count(*) FROM parts WHERE deleted_at IS NULL'), '16', 'and no other does');
is($node->safe_psql('copy', q(SELECT eryxon_webhook_create('https://erp.example/other', '{*}') IS NOT NULL)), 't',
	'webhooks are made beside those that came');

$node->stop;
done_testing();
