# Clients that wrk cannot play. Usage: probe.pl PORT idle COUNT | slow-headers | slow-body | large | chunked | wait
#   idle      sends one request on each of COUNT connections, says how many were answered, and holds all until its
#             input ends
#   slow-*    sends one byte each 0.2 s for at most 8 s, and says what the server did
#   large     sends a body of 2 MiB; chunked: the same in chunks of unknown sum
#   wait      returns as soon as the port takes a connection
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my ($port, $what, $count) = @ARGV;
my $head = "PUT /api-jobs/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
$SIG{PIPE} = 'IGNORE';

# Opens a connection, or returns nothing.
sub connection { return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 2) }

# What the server said within some seconds: a status, 'closed' or nothing.
sub reaction {
	my ($socket, $seconds) = @_;
	return '' unless IO::Select->new($socket)->can_read($seconds);
	my $read = sysread($socket, my $answer, 4096);
	return 'closed' unless $read;
	return $answer =~ m{^HTTP/1\.1 (\d+)} ? $1 : 'no HTTP';
}

# Sends what follows `start` byte by byte.
sub slow {
	my ($start, $byte) = @_;
	my $socket = connection() or return 'refused';
	my $began = time;
	syswrite($socket, $start);
	while (time - $began < 8) {
		syswrite($socket, $byte);
		my $reaction = reaction($socket, 0.2);
		return sprintf('%s after %.1f s', $reaction, time - $began) if $reaction ne '';
	}
	return 'served on for 8 s';
}

# Sends a request in pieces until the server reacts.
sub send_pieces {
	my ($socket, @pieces) = @_;
	for my $piece (@pieces) {
		last if IO::Select->new($socket)->can_read(0);
		last unless defined syswrite($socket, $piece);
	}
	return reaction($socket, 8) || 'no answer in 8 s';
}

# Holds idle connections that have each been served once, if the server manages.
sub idle {
	my @sockets = grep { defined } map { connection() } 1 .. $count;
	syswrite($_, $head . "Content-Length: 300\r\n\r\n" . 'b' x 300) for @sockets;
	my $until = time + 2;
	my $served = grep { reaction($_, $until > time ? $until - time : 0) eq '200' } @sockets;
	$| = 1;
	print "$served\n";
	<STDIN>;
}

my $mib = 'b' x (1 << 20);
if ($what eq 'idle') { idle() }
elsif ($what eq 'slow-headers') { print slow($head . 'X-Slow: ', 'x'), "\n" }
elsif ($what eq 'slow-body') { print slow($head . "Content-Length: 300\r\n\r\n", 'b'), "\n" }
elsif ($what eq 'large') { print send_pieces(connection(), $head . "Content-Length: 2097152\r\n\r\n", $mib, $mib),
	"\n" }
elsif ($what eq 'chunked') {
	print send_pieces(connection(), $head . "Transfer-Encoding: chunked\r\n\r\n", ("100000\r\n$mib\r\n") x 2, "0\r\n\r\n"),
		"\n";
}
elsif ($what eq 'wait') { for (1 .. 200) { exit 0 if connection(); sleep 0.05 } exit 1 }
else { die "unknown probe: $what\n" }
