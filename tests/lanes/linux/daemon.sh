# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
#
# The daemon in the machine, for scenarios; sourced after vm-guest.sh.

me=$(basename "$0" .sh)
state=/run/$me
# What a rule says of the processes of this scenario, and of no other beside it.
ours="cgroup = /$me"

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
		state_dir = $state
		socket = $state/control
		[care]
		busy_percent = 0
		keep_free_mb = 8
		[budget]
		cpu_percent = 0
		END
		cat
	} >"$state.conf"
	flipnumad -c "$state.conf" "$@" 2>"$state.log" &
	daemon=$!
	for i in $(seq 100); do
		! ctl status >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	cat "$state.log"
	return 1
}

ctl()
{
	flipnumactl -s "$state/control" "$@"
}

# daemon_stop: it ends by itself, and within a second.
daemon_stop()
{
	local begin end

	begin=$(cut -d' ' -f1 /proc/uptime | tr -d .)
	kill -TERM "$daemon"
	wait "$daemon" || { cat "$state.log"; return 1; }
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
	for i in $(seq $((2 * seconds))); do
		! is_within "$("$@")" "$low" "$high" >/dev/null || return 0
		usleep 500000
	done
	is_within "$("$@")" "$low" "$high"
}

# pages_each NODE PID...: of each of these processes, a line each; see pages_on. By one look:
# to begin a program takes long here.
pages_each()
{
	local node=$1 p

	shift
	for p; do
		set -- "$@" "/proc/$p/numa_maps"
		shift
	done
	awk -v node="N$node=" '
	FNR == 1 && NR > 1 { print n + 0; n = 0 }
	/ file=/ && !/memfd|\/dev\/shm/ { next }
	{
		kib = 4
		if (match($0, /kernelpagesize_kB=[0-9]+/))
			kib = substr($0, RSTART + 18, RLENGTH - 18)
		for (i = 3; i <= NF; i++)
			if (index($i, node) == 1)
				n += substr($i, length(node) + 1) * kib / 4
	}
	END { print n + 0 }' "$@"
}

# pages_together NODE PID...: of all these processes.
pages_together()
{
	pages_each "$@" | awk '{ n += $1 } END { print n + 0 }'
}
