#!/bin/bash
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# tests/lib/vm.sh without a machine: how results are read, what goes into a tree, and both
# ends of the line between them.

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/scripts/machine.sh
. "$root/tests/scripts/machine.sh"

# with_vm COMMANDS: in a shell that has sourced it, as a lane has.
with_vm()
{
	run bash -c 'me=lane source_dir=$1 work=$2 passed=0 failed=0 skipped=0
		. "$source_dir/tests/lib/setup.sh"
		. "$source_dir/tests/lib/vm.sh"
		eval "$3"' bash "$root" "$work" "$1"
}

results_are_counted_and_said()
{
	printf '%s\r\n' '[ 0.1] boot' 'ok a' 'not ok b: no' 'skip c: none' 'note 7 pages' 'ok d' \
		'vm done 2 1 1' >"$work/log"
	with_vm 'vm_results "$work/log"; closing_line $passed $failed $skipped'
	check 'what the machine said is counted' ends_with '2 passed, 1 failed, 1 skipped'
	check 'a failure is named' says 'failed: b: no'
	check 'a skip is named' says 'skipped: c: none'
	check 'a note is shown' says '7 pages'
	check 'boot messages are not' is_silent_on 'boot'
}

a_machine_that_does_not_end_has_failed()
{
	printf '%s\n' 'ok a' 'Kernel panic' >"$work/log"
	with_vm 'vm_results "$work/log"; closing_line $passed $failed $skipped'
	check 'no end is a failure' ends_with '1 passed, 1 failed, 0 skipped'
	check 'with the last words' says 'Kernel panic'
}

a_result_that_was_lost_is_a_failure()
{
	printf '%s\n' 'ok a' '[ 3.1] noisy ok b' 'vm done 2 0 0' >"$work/log"
	with_vm 'vm_results "$work/log"; closing_line $passed $failed $skipped'
	check 'a lost result is a failure' ends_with '1 passed, 1 failed, 0 skipped'
	check 'and said' says 'some were lost'
}

a_program_brings_its_libraries()
{
	local library

	library=$(ldd /bin/ls | grep -oE '/[^ ]*libc\.so\.6') || return
	with_vm 'vm_root=$work/root; vm_program /bin/ls'
	check 'the program is there' [ -x "$work/root/bin/ls" ]
	check 'and its library' [ -f "$work/root$library" ]
	check 'the library is no link' [ ! -L "$work/root$library" ]
	with_vm 'vm_root=$work/root; vm_program /bin/no-such-program'
	check 'a program that is not here is an error' ended 2
}

# The guest's half, with the console as a file.
in_guest()
{
	sed "s|/dev/console|$work/console|g; s|/run/vm-counts|$work/counts|g" \
		"$root/tests/lib/vm-guest.sh" >"$work/vm-guest.sh"
	rm -f "$work/console" "$work/counts"
	: >"$work/console"
	sh -c '. "$1"; PATH=$2; poweroff() { :; }; eval "$3"' sh \
		"$work/vm-guest.sh" "$PATH" "$1" >/dev/null 2>&1
	with_vm 'vm_results "$work/console"; closing_line $passed $failed $skipped'
}

both_ends_agree()
{
	cat >"$work/tap" <<-'END'
		echo 'ok 1 - plain'
		echo 'ok 2 - left out # SKIP no NODE'
		echo 'not ok 3 - bad # because'
		exit 1
	END
	in_guest "report good true; report bad false; report 'not here' sh -c 'echo no tool; exit 77'
		report_tap t sh '$work/tap'; vm_finish"
	check 'all are counted' ends_with '2 passed, 2 failed, 2 skipped'
	check 'a test is named after its program' says 'ok: t: plain'
	check 'a skip says why' says 'skipped: t: left out: no NODE'
	check 'so does one by status' says 'skipped: not here: no tool'
	check 'and a failure' says 'failed: t: bad # because'
	in_guest "report_tap t sh -c 'echo ok 1 - a; exit 3'; vm_finish"
	check 'a program that breaks off has failed' says 'failed: t: status 3 after 1 tests'
	in_guest "report_tap t true; vm_finish"
	check 'a program without tests has failed' says 'failed: t: status 0 after 0 tests'
}

# ends_within_10_s PID: that process.
ends_within_10_s()
{
	local i

	for ((i = 0; i < 100; i++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$1"
	return 1
}

# A lane that boots a machine gets that signal. With job control, or what runs in the
# background would not hear of INT.
lane_gets()
{
	local shell

	rm -f "$work/machine"
	set -m
	PATH=$work/bin:$PATH with_vm 'echo $$ >"$work/lane"; vm_boot 60 "$work/serial"' &
	shell=$!
	set +m
	until [ -s "$work/machine" ] || ! kill -0 "$shell"; do
		sleep 0.1
	done
	kill "-$1" "$(cat "$work/lane")"
	wait "$shell"
}

a_machine_ends_with_its_lane()
{
	local signal

	mkdir "$work/bin"
	stand_in qemu-system-x86_64 <<<"echo \$\$ >$work/machine; exec sleep 60"
	for signal in HUP INT TERM KILL; do
		lane_gets "$signal" 2>/dev/null
		check "a lane that gets $signal leaves no machine" \
			ends_within_10_s "$(cat "$work/machine")"
	done
}

results_are_counted_and_said
a_machine_that_does_not_end_has_failed
a_result_that_was_lost_is_a_failure
a_program_brings_its_libraries
both_ends_agree
a_machine_ends_with_its_lane

[ "$wrong" -eq 0 ] || echo "$wrong wrong"
[ "$wrong" -eq 0 ]
