#!/bin/bash
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# examples/flipsim/traces/record by what it says and how it ends. Records only where the
# stand-ins let it: no tcpdump, no server, no root is needed.

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/scripts/machine.sh
. "$root/tests/scripts/machine.sh"

there() { PATH=$work/bin TMPDIR=$work/tmp run "$root/examples/flipsim/traces/record" "$@"; }

is_clean() { [ -z "$(ls -A "$work/tmp")" ]; }

refused()
{
	local sentence=$1

	shift
	there "$@"
	check "$*: is an error" ended 2
	check "$*: in one line" lines 1
	check "$*: that says why" says "$sentence"
	check "$*: and nothing is left behind" is_clean
}

# A machine with every tool, none of which does anything.
whole_machine()
{
	local tool

	[ -d "$work/bin" ] || machine_without
	for tool in tcpdump iperf3 initdb postgres pgbench pg_isready redis-server \
		redis-benchmark setpriv chown; do
		echo 'exit 0' | stand_in "$tool"
	done
	echo 'echo 0' | stand_in id
	mkdir -p "$work/tmp"
}

what_cannot_be_meant_is_refused()
{
	whole_machine
	refused "unknown option --nonsense" --nonsense
	refused "no recording is called 'nonsense'; there are: iperf3 pgbench redis" \
		--only nonsense
	refused '--only needs a value' --only
	refused "not '0'" --seconds 0
	refused "not '1.5'" --seconds=1.5
	refused 'more than one folder: a and b' a b
}

only_root_may_record()
{
	whole_machine
	echo 'echo 1000' | stand_in id
	refused 'only root may record packets' "$work/out"
}

a_missing_tool_is_one_sentence()
{
	local -A tools=([tcpdump]=tcpdump [iperf3]=iperf3 [redis-server]=redis-server
		[redis-tools]=redis-benchmark)
	local package

	for package in "${!tools[@]}"; do
		whole_machine
		rm "$work/bin/${tools[$package]}"
		refused "missing: $package; to get it, as root, run:" --no-install
	done
}

a_tool_that_is_not_wanted_may_be_missing()
{
	whole_machine
	rm "$work/bin/redis-server"
	there --no-install --only iperf3 "$work/recorded"
	check 'a server that is not wanted is not missed' is_silent_on missing
}

a_server_that_does_not_start_is_an_error_that_leaves_nothing()
{
	whole_machine
	echo 'echo no way; exit 1' | stand_in setpriv
	there --no-install --only redis "$work/recorded"
	check 'a server that does not start is an error' ended 2
	check 'with its own last words' says 'no way'
	check 'and ours' says 'the Redis server did not start'
	check 'and nothing is left behind' is_clean
}

what_cannot_be_meant_is_refused
only_root_may_record
a_missing_tool_is_one_sentence
a_tool_that_is_not_wanted_may_be_missing
a_server_that_does_not_start_is_an_error_that_leaves_nothing

[ "$wrong" -eq 0 ] || echo "$wrong wrong"
[ "$wrong" -eq 0 ]
