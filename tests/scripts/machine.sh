# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # work is the caller's
#
# What the tests of scripts share: how to run a command, judge what it said and how it
# ended, and make a machine that lacks a tool. Sourced, after `work` is set.

wrong=0

check()
{
	local what=$1

	shift
	if "$@"; then
		echo "ok: $what"
	else
		echo "WRONG: $what; the output was:"
		cat "$work/out"
		wrong=$((wrong + 1))
	fi
}

# run COMMAND...: output to $work/out, status to $status.
run()
{
	"$@" >"$work/out" 2>&1 </dev/null
	status=$?
}

says() { grep -qF -e "$1" "$work/out"; }
is_silent_on() { ! says "$1"; }
ends_with() { [ "$(tail -n 1 "$work/out")" = "$1" ]; }
ended() { [ "$status" -eq "$1" ]; }
lines() { [ "$(wc -l <"$work/out")" -eq "$1" ]; }

# A machine without some tools: links to everything in PATH, minus the names given.
machine_without()
{
	local dir tool

	rm -rf "${work:?}/bin"
	mkdir "$work/bin"
	IFS=: read -r -a dirs <<<"$PATH"
	for dir in "${dirs[@]}"; do
		# The first folder of PATH wins, as it does for the shell.
		find "$dir" -maxdepth 1 ! -type d -exec ln -s -t "$work/bin" {} + 2>/dev/null
	done
	for tool; do
		rm -f "$work/bin/$tool"
	done
}

# stand_in NAME: a command of that machine, its text from stdin.
stand_in()
{
	rm -f "$work/bin/$1"
	{ echo '#!/bin/bash'; cat; } >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}
