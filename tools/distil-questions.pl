#!/usr/bin/perl
# Reads WordNet's data.noun and data.verb and prints questions and requests made from its words and glosses by rule, one a line, always
# the same ones: "source<TAB>text". Packages hold statements by the hundred thousand and few questions; an encoder must read both.
use strict;
use warnings;
use Digest::MD5 'md5';

binmode STDOUT, ':encoding(UTF-8)';
my ($folder) = @ARGV or die "usage: distil-questions.pl FOLDER\n";

# Lexicographer files of nouns, and how one asks about what is in them: %w a word, %g its gloss.
my %ask = (
    18 => ['Who was %w ?', 'Who is %w ?', 'When was %w born ?', 'When did %w die ?', 'Where was %w born ?', 'What is %w famous for ?', 'What did %w do ?', 'Who was the %g ?', 'What is the name of the %g ?',
        'What is the real name of %w ?', 'How old was %w when he died ?', 'What nationality was %w ?', 'Name a %w .', 'Which %w was the first to win ?', 'How much does a %w earn ?', 'What does a %w do ?'],
    15 => ['Where is %w ?', 'What is the capital of %w ?', 'What country is %w in ?', 'What is the population of %w ?', 'How many people live in %w ?', 'How far is it from %w to %v ?', 'What language do they speak in %w ?',
        'What river flows through %w ?', 'When was %w founded ?', 'What city is the %g ?', 'What is the %g ?', 'How do I get to %w ?', 'What is the weather like in %w ?', 'What state is %w in ?', 'What is the largest city in %w ?'],
    28 => ['When is %w ?', 'What happens during %w ?', 'How long does %w last ?', 'What year was %w ?', 'How many days are there in %w ?', 'What date is %w ?'],
    23 => ['How many %v are there in %w ?', 'How much is %w ?', 'What does %w measure ?', 'How big is %w ?', 'How long is %w ?'],
    5  => ['What do %ws eat ?', 'How long does a %w live ?', 'How fast can a %w run ?', 'What kind of animal is a %w ?', 'Where do %ws live ?', 'What animal is %g ?', 'How many legs does a %w have ?', 'What color is a %w ?', 'What is a baby %w called ?'],
    6  => ['What is a %w ?', 'Who invented the %w ?', 'When was the %w invented ?', 'What is a %w used for ?', 'How does a %w work ?', 'How much does a %w cost ?', 'What is the difference between a %w and a %v ?', 'What do you call %g ?', 'How tall is the %w ?',
        'Where can I buy a %w ?', 'What is %w made of ?', 'How do I clean a %w ?'],
    13 => ['What is %w made of ?', 'How many calories are there in %w ?', 'How do you make %w ?', 'What can I cook with %w ?', 'What food is %g ?', 'How long can I keep %w ?'],
    14 => ['What does %w stand for ?', 'Who founded %w ?', 'How many members does %w have ?', 'When was %w founded ?', 'Who is the head of %w ?', 'Where is %w based ?', 'What group is %g ?', 'What company makes %v ?'],
    10 => ['Who wrote %w ?', 'What does %w mean ?', 'What is the meaning of %w ?', 'What is the abbreviation for %w ?', 'What does the word %w come from ?', 'What language does %w come from ?', 'What is the term for %g ?', 'How do you say %w in Spanish ?', 'What is another word for %w ?'],
    4  => ['What is %w ?', 'What are the rules of %w ?', 'Why do people do %w ?', 'How do you play %w ?', 'What is %g called ?', 'What sport is %g ?'],
    11 => ['When was %w ?', 'What caused %w ?', 'How many people died in %w ?', 'Where did %w happen ?', 'Who won %w ?', 'What event was %g ?'],
    26 => ['What causes %w ?', 'What are the symptoms of %w ?', 'How do you treat %w ?', 'What disease is %g ?', 'Is %w contagious ?'],
    27 => ['What is %w ?', 'What is the chemical symbol for %w ?', 'What is %w used for ?', 'What substance is %g ?', 'How is %w made ?', 'At what temperature does %w melt ?'],
    20 => ['What plant is %g ?', 'Where does %w grow ?', 'What color are %w flowers ?', 'How tall does %w grow ?', 'Is %w poisonous ?'],
    8  => ['What is the function of the %w ?', 'Where is the %w ?', 'What part of the body is %g ?', 'How many %ws does a person have ?'],
    0  => ['What is %w ?', 'What does %w mean ?', 'What are %ws ?', 'Why is %w important ?', 'What is %g ?', 'Define %w .', 'How do you measure %w ?', 'What is the opposite of %w ?', 'Tell me about %w'],
);
my @request = ('how do i %g', 'can you %g', 'please %g', 'i need to %g', 'i want to %g', 'how can I %g ?', 'help me %g', 'what is the best way to %g', 'would you %g for me', 'why do people %g ?', 'How do you %g ?', 'Why does it %g ?',
    "don't forget to %g", 'remind me to %g', 'is it possible to %g', "i'd like to %g", 'where can i go to %g', 'when should i %g', 'how long does it take to %g', 'did anyone %g', 'How did they %g ?');

sub pick { my ($key, $count) = @_; return unpack('N', md5($key)) % $count }

sub short {    # the first part of a gloss, without its examples and asides
    my ($gloss) = @_;
    $gloss =~ s/"[^"]*"//g;
    $gloss =~ s/\([^)]*\)//g;
    $gloss =~ s/;.*//;
    $gloss =~ s/\s+/ /g;
    $gloss =~ s/^ | $//g;
    $gloss =~ s/^(?:an?|the) // if $_[1];
    my $words = () = $gloss =~ /\S+/g;
    return $words >= 2 && $words <= 14 && $gloss !~ /[^\w ',.-]/ ? $gloss : '';
}

sub synsets {
    my ($file, $do) = @_;
    open my $in, '<', "$folder/$file" or die "$folder/$file: $!\n";
    while (<$in>) {
        next if /^\s/ or not /^(.*?) \| (.*)$/;
        my ($fields, $gloss) = ($1, $2);
        my @f = split / /, $fields;
        my @words = map { my $w = $f[4 + 2 * $_]; $w =~ tr/_/ /; $w =~ s/\(.*\)//; $w } 0 .. hex($f[3]) - 1;
        $do->($f[0], $f[1] + 0, \@words, $gloss);
    }
}

my @others;
synsets('data.noun', sub { my ($id, $kind, $words) = @_; push @others, $words->[0] if pick("o$id", 9) == 0 });
synsets('data.noun', sub {
    my ($id, $kind, $words, $gloss) = @_;
    my $forms = $ask{$kind} // $ask{0};
    for my $n (0, 1) {
        next if pick("take$n$id", 2);
        my $form = $forms->[pick("form$n$id", scalar @$forms)];
        my ($word, $other, $meaning) = ($words->[pick("word$n$id", scalar @$words)], $others[pick("other$n$id", scalar @others)], short($gloss, $form =~ /the %g/));
        next if $form =~ /%g/ && $meaning eq '';
        $form =~ s/%g/$meaning/;
        $form =~ s/%w/$word/;
        $form =~ s/%v/$other/;
        print "wordnet-base questions\t$form\n";
    }
});
synsets('data.verb', sub {
    my ($id, $kind, $words, $gloss) = @_;
    my @said = grep { length } short($gloss, 0), map { "$words->[$_] it" } 0 .. $#$words;
    for my $n (0 .. ($#said > 2 ? 2 : $#said)) {
        (my $form = $request[pick("form$n$id", scalar @request)]) =~ s/%g/$said[$n]/;
        print "wordnet-base requests\t$form\n";
    }
});
