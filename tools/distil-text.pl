#!/usr/bin/perl
# Reads unpacked packages (one folder each under ROOT) and prints short English texts, one a line: "source<TAB>text".
# Real text only: paragraphs are cut into sentences, long sentences into clauses, dictionary entries into words, glosses and examples.
use strict;
use warnings;
use File::Find;

binmode STDOUT, ':encoding(UTF-8)';
my ($root) = @ARGV or die "usage: distil-text.pl ROOT\n";
my $source;

sub emit {    # one text, tidied; nothing where it is no plain English text of a useful length
    my ($text, $least) = @_;
    $text =~ s/[\x{2018}\x{2019}]/'/g;
    $text =~ s/[\x{201C}\x{201D}]/"/g;
    $text =~ s/[_*]{1,2}(?=\w)|(?<=\w)[_*]{1,2}(?!\w)//g;
    $text =~ s/\s+/ /g;
    $text =~ s/^[\s"'`~\-,;:.)\]]+|[\s"`~\-,;:(\[]+$//g;
    return if $text =~ m{[|\\<>{}=\$@#^~\x00-\x1f]|://|\.\.\.\.|__|--\w|\w/\w+/};
    my $letters = () = $text =~ /[A-Za-z ]/g;
    return if $letters < 0.85 * length $text;
    my $words = () = $text =~ /\S+/g;
    return if $words < ($least // 3) or $words > 40 or length $text > 250;
    print "$source\t$text\n";
}

sub sentences {    # a paragraph
    my ($paragraph) = @_;
    $paragraph =~ s/\s+/ /g;
    $paragraph =~ s/\b(e\.g|i\.e|etc|Mr|Mrs|Dr|St|vs|cf|No|Fig|Prof|Jr|approx|U\.S|[A-Z])\.\s/$1\x{1} /g;
    for my $sentence (split /(?<=[.!?])["')\]]*\s+(?=["'(\[]?[A-Z0-9])/, $paragraph) {
        $sentence =~ s/\x{1}/./g;
        my $words = () = $sentence =~ /\S+/g;
        if ($words <= 40) { emit($sentence) }
        else { emit($_, 5) for split /;\s+|:\s+|,\s+(?=(?:and|but|which|who|where|because|so|while|although|if|when)\b)/, $sentence }
    }
}

sub slurp {
    my ($file) = @_;
    my $in;
    if ($file =~ /\.(gz|dz)$/) { open $in, '-|', "gzip -dc < '$file'" or die "$file: $!\n" }
    else { open $in, '<', $file or die "$file: $!\n" }
    binmode $in;
    local $/;
    my $bytes = <$in> // '';
    utf8::decode($bytes) or utf8::upgrade($bytes);
    return $bytes;
}

sub paragraphs { sentences($_) for split /\n\s*\n/, $_[0] }

my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'", nbsp => ' ', mdash => ' - ', ndash => '-', rsquo => "'", lsquo => "'", ldquo => '"', rdquo => '"', hellip => '...');

sub markup {    # HTML, DocBook, Mallard: the text of each block
    my ($text) = @_;
    $text =~ s/<!--.*?-->|<(script|style|head|pre|programlisting|screen|code)\b.*?<\/\g1>/ /gis;
    for my $block (split /<\/?(?:p|div|li|ul|ol|dl|dt|dd|td|th|tr|table|h\d|br|para|title|section|item|note|desc|steps|listitem|body|html|blockquote|page|media|figure)\b[^>]*>/i, $text) {
        $block =~ s/<[^>]*>//g;
        $block =~ s/&(\w+);/$entity{$1} \/\/ ' '/ge;
        $block =~ s/&#(\d+);/chr $1/ge;
        sentences($block);
    }
}

sub strings {    # literal text of games and rule files: ("first group of the pattern")
    my ($text, $pattern) = @_;
    while ($text =~ /$pattern/g) {
        my $string = $1;
        $string =~ s/\\n|\n/ /g;
        $string =~ s/\\"/"/g;
        $string =~ s/<[^>]*>//g;
        sentences($string);
    }
}

sub wordnet {
    for (split /\n/, $_[0]) {
        next if /^\s/ or not /^(.*?) \| (.*)$/;
        my ($fields, $gloss) = ($1, $2);
        my @f = split / /, $fields;
        my @words = map { my $w = $f[4 + 2 * $_]; $w =~ tr/_/ /; $w =~ s/\(.*\)//; $w } 0 .. hex($f[3]) - 1;
        emit($_, 1) for @words;
        emit($1) while $gloss =~ /"([^"]+)"/g;
        (my $meaning = $gloss) =~ s/;?\s*"[^"]*"//g;
        emit($meaning);
        emit("$words[0]: $meaning") if length $meaning;
    }
}

sub dictionary {    # dictd: entries start at the left margin, definitions are indented
    my ($text) = @_;
    for my $paragraph (split /\n\s*\n|\n(?=\S)/, $text) {
        $paragraph =~ s/\[[^\]]*\]//g;
        $paragraph =~ s/[{}]//g;
        $paragraph =~ s/\\[^\\]*\\//g;
        $paragraph =~ s/^\s*(?:\(\w\)|\d+\.)\s*//;
        $paragraph =~ s/\((?:\w{1,6}\.\s?&?\s?)+\)//g;
        $paragraph =~ s/\s--\s?[A-Z].*$//s;
        $paragraph =~ s/^\s*[A-Z]\w*\. (?=[A-Z])//;
        sentences($paragraph);
    }
}

sub german_english {    # "Deutsch | Beispiel :: English | example"
    for (split /\n/, $_[0]) {
        next if /^#/ or not /::(.*)$/;
        for my $phrase (split /\||;|(?<=[?!.])\s\/|\s\/\s/, $1) {
            $phrase =~ s/\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|<[^>]*>//g;
            $phrase =~ s/\b(sth|sb|so)\b\.?/{ sth => 'something', sb => 'somebody', so => 'someone' }->{$1}/ge;
            $phrase =~ s/\s+([,.?!])/$1/g;
            emit($phrase, 2) if $phrase =~ /\S\s+\S/;
        }
    }
}

sub each_file {
    my ($package, $wanted, $do) = @_;
    return unless -d "$root/$package";
    ($source = $package) =~ s/-1\.16.*//;
    my @files;
    find({ wanted => sub { push @files, $File::Find::name if $File::Find::name =~ $wanted && -f && $File::Find::name !~ /\.(?:png|ogg|po|svg)$/ }, no_chdir => 1 }, "$root/$package");
    $do->(slurp($_)) for sort @files;
}

each_file('wordnet-base', qr{/data\.(noun|verb|adj|adv)$}, \&wordnet);
each_file("dict-$_", qr{\.dict\.dz$}, \&dictionary) for qw(gcide foldoc jargon devil elements vera);
each_file('trans-de-en', qr{/trans/de-en$}, \&german_english);
each_file($_, qr{/fortunes/[\w-]+$}, sub { paragraphs($_) for split /^%$/m, $_[0] }) for qw(fortunes fortunes-min fortune-anarchism);
each_file('bsdgames', qr{/quiz/}, sub { for (split /[\n:]/, $_[0]) { s/[|{\[].*//; emit($_, 1) } });
each_file('anarchism', qr{/html/.*\.html$}, \&markup);
each_file('debian-faq', qr{\.en\.html$}, \&markup);
each_file('debian-reference-en', qr{\.html$}, \&markup);
each_file($_, qr{/help/C/.*\.page$}, \&markup) for qw(gnome-user-docs evolution-common);
each_file('libreoffice-help-en-us', qr{/text/.*\.html$}, \&markup);
each_file('gnucash-docs', qr{/gnucash-(guide|help)-en/.*\.html$}, \&markup);
each_file('kmymoney-common', qr{/HTML/en/.*\.docbook$}, \&markup);
each_file('skrooge-common', qr{/HTML/en/.*\.docbook$}, \&markup);
each_file('homebank-data', qr{/help/.*\.html$}, \&markup);
each_file('perl-doc', qr{/perl\w*\.pod$}, sub { paragraphs(join "\n\n", grep { !/^[ =]/ } map { s/[A-Z]<+\s?([^<>]*?)\s?>+/$1/gr } split /\n\s*\n/, $_[0]) });
each_file('endless-sky-data', qr{/data/.*\.txt$}, sub { strings($_[0], qr/`([^`]{12,})`/); strings($_[0], qr/description "([^"]{12,})"/) });
each_file("wesnoth-1.16-$_", qr{\.cfg$}, sub { strings($_[0], qr/_ ?"([^"]{12,})"/) }) for qw(httt did dm dw ei l low nr sof sota sotbe thot trow tsg ttb utbs);
each_file('freedroidrpg-data', qr{\.(lua|txt|dialog)$}, sub { strings($_[0], qr/_"((?:[^"\\]|\\.){8,})"/) });
each_file('crossfire-maps', qr{/maps/}, sub { my $t = $_[0]; while ($t =~ /^(?:end)?msg\n(.*?)\nendmsg$/gms) { my $m = $1; $m =~ s/^\@\w+.*$|\[\/?\w+[^\]]*\]//gm; paragraphs($m) } });
each_file('freeciv-data', qr{(ruleset|serv)$}, sub { strings($_[0], qr/_\("((?:[^"\\]|\\.){12,})"\)/) });
each_file('crawl-common', qr{/dat/(descript|database)/[^/]*\.txt$}, sub { paragraphs($_) for split /^%%%%$/m, $_[0] });
each_file('npm-factbook', qr{\.json$}, sub { strings($_[0], qr/"text": "((?:[^"\\]|\\.)+)"/) });
each_file('npm-idioms', qr{\.txt$}, sub { emit($_, 2) for split /\n/, $_[0] });
if (-f "$root/descriptions.txt") { $source = 'package descriptions'; for (split /\n/, slurp("$root/descriptions.txt")) { emit($_, 4) } }
