# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
#
# The other end of tests/lib/vm.sh: what a first program (/init) or a test inside the
# machine uses. For busybox's sh; sourced. A result is a line on the console:
#
#	ok NAME          not ok NAME: WHY          skip NAME: WHY          note TEXT
#
# or to where vm_console says, if it is set before. Where somebody passes on what is written
# there, and ends behind the last line, vm_reader is his pid.

export PATH=/bin:/usr/lib/xen/bin LC_ALL=C.UTF-8 HOME=/root
vm_counts=/run/vm-counts
: "${vm_console:=/dev/console}"

vm_mount()
{
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t devtmpfs devtmpfs /dev
	mkdir -p /dev/pts /dev/shm
	mount -t devpts devpts /dev/pts
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /tmp
	mount -t tmpfs tmpfs /dev/shm
	: >"$vm_counts"
}

vm_load_modules()
{
	local file

	[ -f /lib/modules/order ] || return 0
	while read -r file; do
		insmod "/lib/modules/$file" || result 'not ok' "module $file"
	done </lib/modules/order
}

# Kernel messages stay off the console from here on: they would land in a line of ours.
vm_quiet_kernel()
{
	dmesg -n 1
}

# result 'ok' NAME | result 'not ok' "NAME: WHY" | result skip "NAME: WHY"
result()
{
	echo "$1" >>"$vm_counts"
	printf '%s %s\n' "$1" "$2" >>"$vm_console"
}

note()
{
	printf 'note %s\n' "$*" >>"$vm_console"
}

# keep NAME FILE: a file of text for the one who booted this machine, see vm_files.
keep()
{
	sed "s/^/file $1 /" "$2" >>"$vm_console"
}

# Is this a long run? (vm.long on the command line)
is_long()
{
	grep -qw vm.long /proc/cmdline
}

# report NAME COMMAND...: one test, by the command's status (77: skipped). What it said is
# shown if it failed.
report()
{
	local name=$1 status out=/tmp/report.$$

	shift
	"$@" >"$out" 2>&1
	status=$?
	case $status in
	0) result ok "$name" ;;
	77) result skip "$name: $(tail -n 1 "$out")" ;;
	*)
		sed 's/^/| /' "$out" >>"$vm_console"
		result 'not ok' "$name: status $status"
		;;
	esac
	rm -f "$out"
	return $status
}

# report_tap NAME COMMAND...: a program that speaks TAP, each of its tests under NAME. Its
# comments are notes.
report_tap()
{
	local name=$1 out=/tmp/tap.$$ status

	shift
	{
		"$@" 2>/tmp/err.$$
		echo "status $?"
	} | tap_results "$name" "$out"
	status=$?
	[ $status = 0 ] || sed 's/^/| /' "$out" /tmp/err.$$ >>"$vm_console"
	rm -f "$out" /tmp/err.$$
	return $status
}

# tap_results NAME COPY: each result as it comes, and at the end what the program as a whole is
# worth. By one process: where all is emulated, each takes long, and so does a shell that reads
# byte by byte.
tap_results()
{
	awk -v name="$1" -v copy="$2" -v counts="$vm_counts" -v console="$vm_console" '
	function say(line) { print line >>console; fflush(console) }
	function result(what, text) { say(what " " name ": " text); print what >>counts }
	{
		print >copy
		text = $0
		sub(/^(not )?ok ?[0-9]* ?(- )?/, "", text)
	}
	/^ok .*# SKIP/ {
		why = text
		sub(/ # SKIP.*/, "", text)
		sub(/.*# SKIP /, "", why)
		result("skip", text ": " why)
		seen++
		next
	}
	/^ok / { result("ok", text); seen++ }
	/^not ok / { result("not ok", text); seen++; bad++ }
	/^# / { say("note " name ": " substr($0, 3)) }
	/^status / { status = $0; exit }
	END {
		if (!seen || (status != "status 0" && !bad))
			result("not ok", status " after " seen + 0 " tests")
		exit status != "status 0"
	}'
}

vm_count()
{
	grep -c -x "$1" "$vm_counts"
}

# Ends the machine, after a shell if its command line asks for one with vm.keep.
vm_finish()
{
	printf 'vm done %d %d %d\n' "$(vm_count ok)" "$(vm_count 'not ok')" \
		"$(vm_count skip)" >>"$vm_console"
	[ -z "${vm_reader:-}" ] || wait "$vm_reader"
	if grep -qw vm.keep /proc/cmdline; then
		echo 'a shell; poweroff -f ends the machine' >/dev/console
		setsid cttyhack sh -l
	fi
	sync
	poweroff -f
}

# ---------------------------------------------------------------- processes and nodes

# pages_on PID NODE [START-END]: pages of 4 KiB of a process's own memory on a node, by
# numa_maps; of the mappings between two addresses (hexadecimal, 12 digits) only.
pages_on()
{
	awk -v node="N$2=" -v range="${3:-0-z}" '
	BEGIN { split(range, limit, "-") }
	$1 < limit[1] || $1 >= limit[2] { next }
	/ file=/ && !/memfd|\/dev\/shm|huge/ { next }
	{
		kib = 4
		if ($0 ~ / huge /) { kib = $0; sub(/.*kernelpagesize_kB=/, "", kib) }
		for (i = 3; i <= NF; i++)
			if (index($i, node) == 1)
				n += substr($i, length(node) + 1) * kib / 4
	}
	END { print n + 0 }' "/proc/$1/numa_maps"
}

# is_within VALUE LOW HIGH
is_within()
{
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { echo "$1 is not from $2 to $3"; return 1; }
}

# start COMMAND...: runs it in the background until it says "ready"; its pid in $pid.
start()
{
	local out=/tmp/start.$$

	rm -f "$out"
	mkfifo "$out"
	"$@" >"$out" &
	pid=$!
	read -r _ <"$out"
	rm -f "$out"
}

# ends_well PID...: ask processes to end, and see that each ends with 0.
ends_well()
{
	local p bad=0

	kill -TERM "$@"
	for p; do
		wait "$p" || { echo "process $p ended with status $?"; bad=1; }
	done
	return $bad
}
