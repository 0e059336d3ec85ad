# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
#
# The daemon in the machine, for scenarios; sourced after vm-guest.sh.

# daemon_start [OPTION...]: with the rest of its configuration on stdin; its pid in $daemon.
# What a page costs here is the emulator's affair: time is no limit.
daemon_start()
{
	local i

	{
		cat <<-END
		[daemon]
		discover_s = 1
		look_s = 2
		state_dir = /run/flipnumad
		socket = /run/flipnumad/control
		[care]
		busy_percent = 0
		keep_free_mb = 8
		[budget]
		cpu_percent = 0
		END
		cat
	} >/run/flipnumad.conf
	flipnumad -c /run/flipnumad.conf "$@" 2>/run/flipnumad.log &
	daemon=$!
	for i in $(seq 100); do
		! flipnumactl -s /run/flipnumad/control status >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	cat /run/flipnumad.log
	return 1
}

ctl()
{
	flipnumactl -s /run/flipnumad/control "$@"
}

# daemon_stop: it ends by itself, and within a second.
daemon_stop()
{
	local begin end

	begin=$(cut -d' ' -f1 /proc/uptime | tr -d .)
	kill -TERM "$daemon"
	wait "$daemon" || { cat /run/flipnumad.log; return 1; }
	end=$(cut -d' ' -f1 /proc/uptime | tr -d .)
	is_within $((end - begin)) 0 100
}

# kill -9, and nothing of it is left but its state
daemon_kill()
{
	kill -KILL "$daemon"
	wait "$daemon"
	return 0
}

# until_within SECONDS LOW HIGH COMMAND...: until what the command prints is from low to high.
until_within()
{
	local seconds=$1 low=$2 high=$3 i

	shift 3
	for i in $(seq "$seconds"); do
		! is_within "$("$@")" "$low" "$high" >/dev/null || return 0
		sleep 1
	done
	is_within "$("$@")" "$low" "$high"
}

# pages_together NODE PID...: of all these processes.
pages_together()
{
	local node=$1 p sum=0

	shift
	for p; do
		sum=$((sum + $(pages_on "$p" "$node")))
	done
	echo $sum
}
