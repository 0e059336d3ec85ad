#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# Headers, version scripts and the shared library name the same functions.
# Usage: exports.sh NM LIBRARY MAP... -- HEADER...

set -eu
LC_ALL=C
export LC_ALL

nm=$1
library=$2
shift 2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Statements outside of all braces that call something, and are not static or typedefs.
prototypes()
{
	cat "$@" | sed '/^#ifdef __cplusplus/,/^#endif/d; /^#/d' | awk '
	BEGIN { RS = "\001" }
	{
		while (match($0, /\/\*([^*]|\*+[^*\/])*\*+\//))
			$0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH)
		gsub(/[ \t\n]+/, " ")
		while (match($0, /[{};]/)) {
			at = substr($0, RSTART, 1)
			if (depth == 0)
				statement = statement substr($0, 1, RSTART - 1)
			if (at == "{")
				depth++
			else if (at == "}")
				depth--
			if (depth == 0 && at != "{") {
				print statement
				statement = ""
			}
			$0 = substr($0, RSTART + 1)
		}
	}' | grep -vE '^ *(static|typedef)' |
		sed -nE 's/^[^(]*[ *](fnuma_[a-z0-9_]+)\(.*/\1/p'
}

while [ "$1" != -- ]; do
	sed -nE 's/^[[:space:]]*(fnuma_[a-z0-9_]+);.*/\1/p' "$1" >>"$dir/map"
	shift
done
shift
sort -o "$dir/map" "$dir/map"
prototypes "$@" | sort -u >"$dir/headers"
"$nm" -D --defined-only "$library" |
	awk '$2 ~ /^[TDBRVWi]$/ {sub(/@.*/, "", $3); print $3}' | sort >"$dir/library"

status=0
complain()
{
	if [ -s "$dir/odd" ]; then
		status=1
		sed "s/^/$1: /" "$dir/odd"
	fi
}

uniq -d "$dir/map" >"$dir/odd"
complain 'named twice by the maps'
sort -u -o "$dir/map" "$dir/map"
comm -23 "$dir/headers" "$dir/map" >"$dir/odd"
complain 'declared in a header, missing in the maps'
comm -13 "$dir/headers" "$dir/map" >"$dir/odd"
complain 'named by a map, declared in no header'
comm -13 "$dir/map" "$dir/library" >"$dir/odd"
complain 'exported by the library, named by no map'
comm -23 "$dir/map" "$dir/library" >"$dir/odd"
complain 'named by a map, not in the library'
[ -s "$dir/library" ] || { echo 'the library exports nothing'; status=1; }
exit $status
