# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Long runs only: a displaced process brought home by flipnumad and by its peers, side by side,
# several rounds. Its home is the node of the CPUs that it is bound to, which all of them go
# by, or are told.
# needs: examples/flipnumad/flipnumad tests/linux/raw-move tests/linux/home-watch
# needs: tests/linux/victim numactl migratepages
# unpacked: numad usr/bin/numad
. /lib/vm-guest.sh
is_long || exit 0

# numad manages processes of more than 300 MB: all have one of these to bring home, too, once.
pages=10000 large=79000 home=1 away=0 rounds=3 races=/tmp/races

# The kernel's count; what CPUs have not added to it yet, they do now.
migrated()
{
	echo 1 >/proc/sys/vm/stat_refresh
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
nobody() { echo 0 >/tmp/cpu; sleep "$limit"; }
timed()
{
	time -f '%U %S' -o /tmp/time "$@" >/tmp/mover 2>&1
	awk '{ print int(($1 + $2) * 1000) }' /tmp/time >/tmp/cpu
}
by_migratepages() { timed migratepages "$victim" $away $home; }
by_calls_of_512() { timed raw-move "$victim" $home 512; }
by_calls_of_64() { timed raw-move "$victim" $home 64; }
by_us()
{
	mkdir -p /run/peers
	rm -rf /run/peers/state
	{
		printf '[daemon]\nstate_dir = /run/peers/state\nsocket = /run/peers/socket\n'
		printf '[domain the process]\nname = victim\n%s' "$1"
	} >/run/peers/conf
	exec flipnumad -c /run/peers/conf 2>/tmp/mover
}
# Its own budget and all else; but it would let less than 500 MB wait for a quarter of an hour.
by_us_as_it_is() { by_us 'amount_mb = 20
'; }
# The budget's limits lifted, and calls as large as it makes them.
by_us_unbounded()
{
	by_us 'amount_mb = 20
batch_pages = 64
[budget]
pages_per_s = 1000000000
cpu_percent = 0
'
}
by_balancing() { echo 0 >/tmp/cpu; echo 1 >/proc/sys/kernel/numa_balancing; sleep "$limit"; }
by_numad()
{
	mkdir -p /var/run /var/log
	numad -S 0 -p "$victim" -i 1:5
	sleep "$limit"
}

stop_movers()
{
	local other

	echo 0 >/proc/sys/kernel/numa_balancing
	for other in $(pidof numad flipnumad migratepages raw-move); do
		cpu_ms "$other" >/tmp/cpu
		kill "$other"
	done
	rm -f /var/run/numad.pid
	kill $mover 2>/dev/null
	wait $mover 2>/dev/null
}

# race LIMIT_S KIND PAUSE_MS NAME FUNCTION: a process that uses its pages over and over, with
# a pause.
race()
{
	limit=$1
	shift
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
	home-watch $victim $home 99 "$limit" >/tmp/last
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
	# kind, name, s (or -limit), at home in %, moved, in vain, CPU, system time, pause
	awk -v kind="$1" -v name="$3" -v there=$there -v moved=$((after - before)) \
		-v cpu="$(cat /tmp/cpu)" -v runs="$runs" -v home=$home -v limit="$limit" '
	FILENAME == "/tmp/first" { had = $4; next }
	FILENAME == "/tmp/last" { ms = $2; next }
	FILENAME == "/tmp/final" { has = $4; all = $6; next }
	{ pause = $2; system_ms = $4 }
	END {
		if (runs != home)
			name = name ", which lets it run on the CPUs of node " runs
		printf "%s|%s|%.1f|%.1f|%d|%d|%d|%d|%.1f\n", kind, name,
			there ? 10000 + limit : ms / 1000, 100 * has / all, moved,
			moved - (has - had), cpu, system_ms, pause / 1000
	}' /tmp/first /tmp/last /tmp/final /tmp/third >>$races
	note "peers: $(tail -n 1 $races)"
}

# Of the rounds of each: the median, and from where to where, if that is not the same.
table()
{
	cat <<-END
	| the process | by | 99 % at home after, s | at home in the end, % | moved, pages | in vain, pages | CPU time of the mover, ms | system time of the process, ms | its longest wait, ms |
	| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
	END
	awk -F'|' '
	function text(v) { return v > 10000 && at == 3 ? "not in " v - 10000 : v "" }
	function cell(row, n, i, j, v, t) {
		for (i = 1; i <= n; i++)
			v[i] = value[row, i, at] + 0
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
				t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
			}
		t = text(v[int((n + 1) / 2)])
		return v[1] == v[n] ? t : t " (" text(v[1]) " to " text(v[n]) ")"
	}
	{
		row = $1 "|" $2
		if (!(row in rounds))
			order[++rows] = row
		rounds[row]++
		for (i = 3; i <= NF; i++)
			value[row, rounds[row], i] = $i
	}
	END {
		for (r = 1; r <= rows; r++) {
			split(order[r], part, "|")
			line = "| " part[1] " | " part[2] " |"
			for (at = 3; at <= 9; at++)
				line = line " " cell(order[r], rounds[order[r]]) " |"
			print line
		}
	}' $races
}

: >$races
for round in $(seq $rounds); do
	race 60 'mostly idle' 5000 '`migratepages`' by_migratepages
	race 60 'mostly idle' 5000 '`move_pages(2)`, 512 a call' by_calls_of_512
	race 60 'mostly idle' 5000 '`move_pages(2)`, 64 a call' by_calls_of_64
	race 60 'mostly idle' 5000 '`flipnumad`' by_us_as_it_is
	race 60 'mostly idle' 5000 '`flipnumad`, budget open' by_us_unbounded
	race 10 'mostly idle' 5000 "the kernel's NUMA balancing" by_balancing
	race 60 busy 0 '`migratepages`' by_migratepages
	race 60 busy 0 '`move_pages(2)`, 512 a call' by_calls_of_512
	race 60 busy 0 '`flipnumad`' by_us_as_it_is
	race 60 busy 0 '`flipnumad`, budget open' by_us_unbounded
	race 60 busy 0 "the kernel's NUMA balancing" by_balancing
	race 5 busy 0 nobody nobody
done
pages=$large
race 30 'busy, 308 MiB' 0 '`numad`' by_numad
race 60 'busy, 308 MiB' 0 '`migratepages`' by_migratepages
race 60 'busy, 308 MiB' 0 '`move_pages(2)`, 512 a call' by_calls_of_512
race 120 'busy, 308 MiB' 0 '`flipnumad`' by_us_as_it_is
race 60 'busy, 308 MiB' 0 '`flipnumad`, budget open' by_us_unbounded
race 60 'busy, 308 MiB' 0 "the kernel's NUMA balancing" by_balancing
table >/tmp/peers
keep peers.md /tmp/peers
keep races.txt $races
while IFS= read -r line; do
	note "$line"
done </tmp/peers
