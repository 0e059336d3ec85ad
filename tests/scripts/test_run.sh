#!/bin/bash
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# tests/run and examples/run-paper by what they say and how they end. Needs no network,
# installs nothing: the machine they see is a folder of links and stand-ins.

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
build_root=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset CI FNUMA_LONG
# shellcheck source=tests/scripts/machine.sh
. "$root/tests/scripts/machine.sh"

there() { PATH=$work/bin run "$@" --build-dir "$work/build"; }

every_listed_name_has_a_description()
{
	run "$root/tests/run" --list
	check 'the list is given' ended 0
	check 'unit is on the list' grep -qE '^unit +[a-z]' "$work/out"
	check 'lanes are on the list' grep -qE '^asan +[a-z]' "$work/out"
	check 'no name goes without a description' \
		[ "$(grep -cE '^[a-z0-9-]+ +[^ ].*$' "$work/out")" = "$(wc -l <"$work/out")" ]
	check 'no name is there twice' [ -z "$(cut -d' ' -f1 "$work/out" | sort | uniq -d)" ]
}

every_suite_of_the_build_is_listed()
{
	local suite

	meson introspect --tests "$build_root" >"$work/tests" || exit 1
	for suite in $(grep -oE '"suite": \[[^]]*\]' "$work/tests" |
		sed -e 's/.*\[//' -e 's/[]",]//g' | tr ' ' '\n' | sed 's/.*://' | sort -u); do
		run "$root/tests/run" --list
		check "suite $suite is on the list" grep -qE "^$suite " "$work/out"
	done
}

an_unknown_name_or_option_is_refused()
{
	run "$root/tests/run" --only nonsense
	check 'an unknown name is an error' ended 2
	check 'the error names it' says "'nonsense'"
	check 'and what there is instead' says ' unit '
	run "$root/tests/run" --nonsense
	check 'an unknown option is an error' ended 2
	run "$root/examples/run-paper" --nonsense
	check 'to run-paper too' ended 2
	run "$root/tests/run" --only
	check 'an option without its value is an error' ended 2
}

a_missing_tool_fails_under_ci_and_is_a_named_skip_elsewhere()
{
	machine_without gcovr
	CI=true there "$root/tests/run" --no-install --only coverage
	check 'a missing tool is an error under CI' ended 1
	check 'with its package' says 'coverage: missing: gcovr; to get it'
	check 'and how to get it' says 'apt-get install --no-install-recommends gcovr'
	check 'and is counted' ends_with '0 passed, 1 failed, 0 skipped'
	there "$root/tests/run" --no-install --only coverage
	check 'elsewhere it is a skip' ended 0
	check 'that is named' says 'skipped: coverage: missing: gcovr'
	check 'and counted' ends_with '0 passed, 0 failed, 1 skipped'
}

without_what_builds_there_is_one_sentence()
{
	machine_without ninja ninja-build gnuplot
	there "$root/tests/run" --no-install --only unit
	check 'no ninja is an error anywhere' ended 2
	check 'said in one line' lines 1
	check 'with the package' says 'ninja (Debian package ninja-build)'
	there "$root/examples/run-paper" --no-install --out "$work/report"
	check 'run-paper says so too' ended 2
	check 'in one line' lines 1
	check 'with all that is missing' says 'gnuplot (Debian package gnuplot-nox)'
}

who_may_not_install_is_told_the_command()
{
	machine_without gcovr sudo
	echo 'echo 1000' | stand_in id
	echo "echo called >>'$work/apt'" | stand_in apt-get
	CI=true there "$root/tests/run" --only coverage
	check 'no root and no sudo is an error' ended 1
	check 'with the command to run' \
		says 'as root, run: apt-get install --no-install-recommends gcovr'
	check 'and apt-get was left alone' [ ! -e "$work/apt" ]
	rm -f "$work/bin/ninja" "$work/bin/ninja-build"
	there "$root/tests/run" --only unit
	check 'and if nothing can be built, that is all' lines 1
}

# The stand-in knows no package until its lists are updated, then installs gcovr.
lists_are_updated_only_if_needed()
{
	machine_without gcovr
	echo 'echo 0' | stand_in id
	stand_in apt-get <<-END
		echo "\$*" >>'$work/apt'
		case "\$*" in
		*update*) touch '$work/updated' ;;
		*) [ -e '$work/updated' ] || exit 100 ;;
		esac
		exit 0
	END
	there "$root/tests/run" --only coverage
	check 'what will be installed is said first' says 'about to be installed with apt-get: gcovr'
	check 'old lists are updated' grep -q update "$work/apt"
	check 'then it is installed' [ "$(tail -n 1 "$work/apt" | grep -c ' gcovr$')" = 1 ]
	check 'and if it is still missing, that is said' says 'skipped: coverage: missing: gcovr'
	rm "$work/apt"
	there "$root/tests/run" --only coverage
	check 'good lists are not updated' [ "$(grep -c update "$work/apt")" = 0 ]
}

every_listed_name_has_a_description
every_suite_of_the_build_is_listed
an_unknown_name_or_option_is_refused
a_missing_tool_fails_under_ci_and_is_a_named_skip_elsewhere
without_what_builds_there_is_one_sentence
who_may_not_install_is_told_the_command
lists_are_updated_only_if_needed

[ "$wrong" -eq 0 ] || echo "$wrong wrong"
[ "$wrong" -eq 0 ]
