#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# arguments.sh SPLITDRIVER SCENARIO: what is wrong with a command line or a scenario is said
# in one line, and nothing is run.

program=$1 scenario=$2 bad=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# refused WORDS ARGUMENT...: status 2, and a line of standard error has these words.
refused()
{
	words=$1
	shift
	"$program" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	if [ $status = 2 ] && grep -qF -e "$words" "$dir/err" && [ ! -s "$dir/out" ]; then
		return
	fi
	echo "splitdriver $*: status $status, and not: $words"
	cat "$dir/out" "$dir/err"
	bad=1
}

# changed SECTION KEY=VALUE: the scenario with that at the end of the section.
changed()
{
	awk -v section="[$1]" -v line="$2" '
	{ split(line, key, " = ") }
	inside && index($0, key[1] " = ") == 1 { next }
	{ print }
	/^\[/ { inside = $0 == section; if (inside) print line }' "$scenario" >"$dir/changed.ini"
	printf %s "$dir/changed.ini"
}

refused 'name a scenario'
refused 'name one scenario only' "$scenario" "$scenario"
refused "no mode 'pools'" "$scenario" --modes vanilla,pools
refused "--flat: '-1' is not a number from 0 to 86400" "$scenario" --flat -1
refused "--flat: '1s' is not a number" "$scenario" --flat 1s
refused "--seed: '-3' is not a number" "$scenario" --seed -3
refused '/nonexistent.ini' /nonexistent.ini
refused '[guest] count: there is one unprivVM here, not 2' "$(changed guest 'count = 2')"
refused '[guest] nodes: the unprivVM is bound to one node, not 2' \
	"$(changed guest 'nodes = 0 1')"
refused "[privvm] node: 1 is the unprivVM's" "$(changed privvm 'node = 1')"
refused '[io] tx_percent: the unprivVM only receives here' "$(changed io 'tx_percent = 5')"
refused 'duration_s' "$(changed scenario 'duration_s = never')"
"$program" --help | grep -q any-node || { echo '--help does not help'; bad=1; }
exit $bad
