# What the tests with servers of their own share: a server with the extension, the five tables and one tenant.
package Shop;
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Exporter 'import';
our @EXPORT = qw(start_shop new_node shop_state $tenant);

our $tenant = 'a0000000-0000-4000-8000-000000000001';

# The installation whose servers are started: a folder with bin/ in it; undef is the one of the tests.
our $installation;

# Makes a server.
sub new_node
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, $installation ? (install_path => $installation) : ());
	$node->init(extra => [ '--encoding=UTF8', '--locale=C', ($node->pg_version >= 18 ? '--no-data-checksums' : ()) ]);
	return $node;
}

# Starts a server with further settings; every session of it belongs to the tenant.
sub start_shop
{
	my ($name, @settings) = @_;
	my $node = new_node($name);
	$node->append_conf('postgresql.conf', $_)
	  for 'max_connections = 40', 'restart_after_crash = on', 'autovacuum = off', @settings;
	$node->start;
	$node->safe_psql('postgres', <<~"SQL");
		CREATE EXTENSION eryxon_sync;
		SELECT eryxon_create_tables();
		ALTER DATABASE postgres SET eryxon.tenant_id = '$tenant';
	SQL
	return $node;
}

# Everything that a call may write, as one digest for each table.
sub shop_state
{
	my ($node) = @_;
	my @tables = qw(jobs parts operations cells resources eryxon.sync_run eryxon.soft_delete);
	return join ' ', map {
		$node->safe_psql('postgres', "SELECT '$_', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM $_ t")
	} @tables;
}

1;
