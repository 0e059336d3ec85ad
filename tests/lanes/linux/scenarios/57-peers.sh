# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Long runs only: a displaced process brought home by us and by our peers, side by side. Its
# home is the node of the CPUs that it is bound to, which all of them go by, or are told.
# needs: tests/linux/bring-home tests/linux/home-watch tests/linux/victim numactl migratepages
# unpacked: numad usr/bin/numad
. /lib/vm-guest.sh
is_long || exit 0

# numad manages processes of more than 300 MB.
pages=79000 home=1 away=0 limit=10 rows=/tmp/rows

migrated()
{
	awk '$1 == "pgmigrate_success" { print $2 }' /proc/vmstat
}

# Milliseconds of CPU time that a process has had.
cpu_ms()
{
	awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat" 2>/dev/null || echo 0
}

# said N: the victim's Nth line.
said()
{
	local i

	for i in $(seq 300); do
		[ "$(wc -l </tmp/said)" -lt "$1" ] || break
		usleep 100000
	done
	sed -n "$1p" /tmp/said
}

# Movers: each prints nothing, ends or not, and leaves its CPU time in /tmp/cpu.
nobody() { echo 0 >/tmp/cpu; sleep $limit; }
timed()
{
	time -f '%U %S' -o /tmp/time "$@" >/tmp/mover 2>&1
	awk '{ print int(($1 + $2) * 1000) }' /tmp/time >/tmp/cpu
}
by_migratepages() { timed migratepages "$victim" $away $home; }
by_us() { timed bring-home --home $home --seconds $limit "$victim"; }
by_us_in_a_budget() { timed bring-home --home $home --seconds $limit --budget 20000 "$victim"; }
by_balancing() { echo 0 >/tmp/cpu; echo 1 >/proc/sys/kernel/numa_balancing; sleep $limit; }
by_numad()
{
	mkdir -p /var/run /var/log
	numad -S 0 -p "$victim" -i 1:5
	sleep $limit
}

stop_movers()
{
	local other

	echo 0 >/proc/sys/kernel/numa_balancing
	for other in $(pidof numad bring-home migratepages); do
		cpu_ms "$other" >/tmp/cpu
		kill "$other"
	done
	rm -f /var/run/numad.pid
	kill $mover 2>/dev/null
	wait $mover 2>/dev/null
}

# race KIND PAUSE_MS NAME FUNCTION: a process that uses its pages over and over, with a pause.
race()
{
	: >/tmp/said
	numactl --cpunodebind=$home victim $pages "$2" >/tmp/said &
	victim=$!
	said 1 >/dev/null
	migratepages $victim $home $away
	home-watch $victim $home 100 0 >/tmp/first
	kill -USR1 $victim
	said 2 >/dev/null
	before=$(migrated)
	echo 0 >/tmp/cpu
	$4 &
	mover=$!
	home-watch $victim $home 99 $limit >/tmp/last
	there=$?
	kill -USR1 $victim
	said 3 >/tmp/third
	[ $there != 0 ] || sleep 2 # those that end by themselves do
	stop_movers
	home-watch $victim $home 101 0 >/tmp/final
	after=$(migrated)
	# It is for numad to say where the process runs.
	runs=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/$victim/status)
	report "peers: $1: $3: every page always held what was written to it" ends_well $victim
	# ms, at home in %, moved, in vain, CPU, system time, pause
	awk -v kind="$1" -v name="$3" -v there=$there -v moved=$((after - before)) \
		-v cpu="$(cat /tmp/cpu)" -v runs="$runs" -v home=$home '
	FILENAME == "/tmp/first" { had = $4; next }
	FILENAME == "/tmp/last" { ms = $2; next }
	FILENAME == "/tmp/final" { has = $4; all = $6; next }
	{ pause = $2; system_ms = $4 }
	END {
		if (runs != home)
			name = name ", which lets it run on the CPUs of node " runs
		printf "| %s | %s | %s | %.1f | %d | %d | %d | %d | %.1f |\n", kind, name,
			there ? "not in " int(ms / 1000) : sprintf("%.1f", ms / 1000),
			100 * has / all, moved, moved - (has - had), cpu, system_ms, pause / 1000
	}' /tmp/first /tmp/last /tmp/final /tmp/third >>$rows
}

cat >$rows <<END
| the process | by | 99 % at home after, s | at home in the end, % | moved, pages | in vain, pages | CPU time of the mover, ms | system time of the process, ms | its longest wait, ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
END
race busy 0 nobody nobody
limit=30
race busy 0 '`migratepages`' by_migratepages
race busy 0 ours by_us
race busy 0 'ours, 20,000 pages a window' by_us_in_a_budget
race busy 0 "the kernel's NUMA balancing" by_balancing
race busy 0 '`numad`' by_numad
race 'mostly idle' 5000 '`migratepages`' by_migratepages
race 'mostly idle' 5000 ours by_us
race 'mostly idle' 5000 "the kernel's NUMA balancing" by_balancing
keep peers.md $rows
while IFS= read -r line; do
	note "$line"
done <$rows
