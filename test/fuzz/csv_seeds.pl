#!/usr/bin/env perl
# Writes the CSV files of test/corpus as first inputs of the fuzzer of CSV: test/fuzz/csv_seeds.pl FOLDER
#
# Of each case its member "csv", or the file that "file" names, behind the byte by which csv_fuzz.cpp chooses the
# delimiter and the entity.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP qw(decode_json);

my @delimiters = (',', ';', "\t", '|');
my %entity = (jobs => 0, parts => 1, operations => 2, cells => 3, resources => 4);

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

# The number of the delimiter that the first line has most of.
sub delimiter_of {
    my ($text) = @_;
    my ($line) = split /\n/, $text;
    my @counts = map { my $sign = quotemeta; scalar(() = ($line // '') =~ /$sign/g) } @delimiters;
    return (sort { $counts[$b] <=> $counts[$a] } 0 .. $#counts)[0];
}

my $folder = shift or die "usage: test/fuzz/csv_seeds.pl FOLDER\n";
make_path($folder);
my $count = 0;
for my $path (glob dirname(abs_path($0)) . '/../corpus/*/*/expected.json') {
    for my $case (@{ decode_json(slurp($path)) }) {
        my $text = defined $case->{file} ? slurp(dirname($path) . "/$case->{file}") : $case->{csv};
        next unless defined $text;
        utf8::encode($text) if utf8::is_utf8($text);
        my $first = 4 * ($entity{ $case->{entity} // 'jobs' } // 0) + delimiter_of($text);
        open my $out, '>:raw', sprintf '%s/%03d', $folder, $count++ or die "$folder: $!\n";
        print $out chr($first), $text;
        close $out or die "$folder: $!\n";
    }
}
die "no files in the corpus\n" if $count == 0;
