#!/usr/bin/perl
# Reads "source<TAB>text" lines and prints each chosen text once, in an order that looks random but is always the same (by digest).
# Files named on the command line hold texts that must not be among them (evaluation data: CSV or lines): a text goes when it is one of
# theirs after normalisation, or when it shares seven words in a row with one of them.
use strict;
use warnings;
use Digest::MD5 'md5';

# At most this many texts of a source, so that no one kind of text outweighs the others; a question is always taken.
my %cap = ('wordnet-base words' => 35000, 'wordnet-base' => 85000, 'trans-de-en' => 80000, 'dict-gcide' => 40000, 'anarchism' => 14000,
    'package descriptions' => 7000, 'perl-doc' => 4000, 'libreoffice-help-en-us' => 6000, 'dict-foldoc' => 6000, 'dict-vera' => 300,
    'dict-jargon' => 4000, 'npm-factbook' => 12000, 'debian-reference-en' => 1500);

sub words { my ($text) = @_; $text = lc $text; $text =~ s/[^a-z0-9\x80-\xff]+/ /g; $text =~ s/^ | $//g; return $text }

sub runs { my @w = split / /, $_[0]; return map { join ' ', @w[$_ .. $_ + 6] } 0 .. $#w - 6 }

my (%whole, %run);
for my $file (splice @ARGV) {
    open my $in, '<', $file or die "$file: $!\n";
    while (<$in>) {
        my $plain = words($_);
        $whole{$plain} = 1;
        my $without = words(s/,[^,"]*\r?\n?$//r);    # the label column
        $whole{$without} = 1 if length $without;
        $run{$_} = 1 for runs($plain);
    }
}

my (%texts, %seen, $dropped);
while (<STDIN>) {
    chomp;
    my ($source, $text) = split /\t/;
    my $plain = words($text);
    next if $plain eq '' or $seen{$plain}++;
    if ($whole{$plain} or grep { $run{$_} } runs($plain)) { $dropped++; next }
    $source .= ' words' if $source eq 'wordnet-base' && $text !~ / \S+ /;
    push @{ $texts{$source} }, [md5($plain), $text];
}
my @chosen;
for my $source (sort keys %texts) {
    my @sorted = sort { $a->[0] cmp $b->[0] } @{ $texts{$source} };
    my $count = 0;
    my @taken = grep { $_->[1] =~ /\?$/ || $count++ < ($cap{$source} // 1e9) } @sorted;
    printf STDERR "%8d of %8d  %s\n", scalar @taken, scalar @sorted, $source;
    push @chosen, @taken;
}
printf STDERR "%8d left out for nearness to texts that must not be there\n", $dropped // 0;
for (sort { $a->[0] cmp $b->[0] } @chosen) {
    my ($digest, $text) = @$_;
    $text =~ s/\s*[.!?]$// if ord($digest) % 3 == 0;    # a third without final punctuation, as people type
    print "$text\n";
}
