# A client of the gateway that comes again when it is told to, and what waits for a program to say something.
package Client;
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);
use Exporter 'import';
our @EXPORT = qw(await_line request $patience);

# Seconds until a test gives up.
our $patience = 5 * $PostgreSQL::Test::Utils::timeout_default;

# Waits until a file has a line that matches, and returns what the pattern caught.
sub await_line
{
	my ($file, $pattern) = @_;
	for (my $end = time + $patience; time < $end; sleep 0.1)
	{
		return $1 if slurp_file($file) =~ $pattern;
	}
	die "$file has no $pattern: " . slurp_file($file);
}

# Sends a request until it is answered by something else than "try again": status, decoded body, number of repetitions.
sub request
{
	my ($method, $url, $key, $body) = @_;
	my $client = HTTP::Tiny->new(timeout => 60);
	my %options = (headers => { 'Authorization' => "Bearer $key", 'Content-Type' => 'application/json' });
	$options{content} = encode_json($body) if $body;
	my $answer;
	my $repeated = -1;
	for (my $end = time + $patience; time < $end; sleep 0.2)
	{
		$repeated++;
		$answer = $client->request($method, $url, \%options);
		last unless $answer->{status} == 503 || $answer->{status} == 504 || $answer->{status} == 599;
	}
	return ($answer->{status}, eval { decode_json($answer->{content}) }, $repeated);
}

1;
