#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Every link between the documents leads somewhere, and every file they name exists.
set -u
cd "${1:?usage: links.sh SOURCE}" || exit 1
bad=0

complain() {
	echo "$1: $2 does not exist"
	bad=$((bad + 1))
}

for doc in *.md doc/*.md doc/pages/*.md examples/*/*.md examples/*/*/*.md; do
	[ -f "$doc" ] || continue
	for link in $(grep -o '](\([^)#]*\))' "$doc" | sed 's/^](//; s/)$//' | grep -v '^[a-z]*:'); do
		[ -e "$(dirname "$doc")/$link" ] || complain "$doc" "$link"
	done
	# What is built is not here, and a name in capitals, an X or `mine` stands for others.
	for name in $(sed 's|[A-Za-z-]*build[A-Za-z-]*/[^ `]*||g' "$doc" |
			grep -oE '(^|[ `(])(include|lib|examples|tests|doc)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' |
			tr -d ' `(' | grep -vE '[A-Z]{4}|[/_]X[.]|/mine|doc/html' | sort -u); do
		[ -e "$name" ] || complain "$doc" "$name"
	done
done
[ "$bad" -eq 0 ] && echo "all links lead somewhere"
exit $((bad != 0))
