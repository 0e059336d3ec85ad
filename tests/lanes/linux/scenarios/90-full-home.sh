# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A home without room: what fits goes there, the rest waits without wearing anybody out, and
# comes as soon as there is room. Alone: whatever ran beside it would take of what is free.
# needs: examples/flipnumad/flipnumad examples/flipnumad/flipnumactl
# needs: tests/linux/victim numactl nice
# file: tests/lanes/linux/daemon.sh /lib/daemon.sh
. /lib/vm-guest.sh
. /lib/daemon.sh

pages=8192
start numactl --membind=0 nice victim $pages 100
whom=$pid
start victim --fill 3 6144
filler=$pid
report 'full home: the daemon begins' daemon_start <<END
[defaults]
period_s = 0.2
home = 3
[domain victims]
cmdline = victim $pages *
$ours
END
# rests: times that the daemon found no room
rests()
{
	ctl --json show $whom | grep -o '"rests":[0-9]*' | cut -d: -f2
}
report 'full home: the daemon rests' until_within 60 1 100 rests
there=$(pages_on $whom 3)
report 'full home: what fits is there' is_within "$there" 512 $((pages - 512))
# here_or_there: pages on either node, by one look: it may be at it.
here_or_there()
{
	cat /proc/$whom/numa_maps >/tmp/full-home
	awk '
	/ file=/ { next }
	{
		for (i = 3; i <= NF; i++)
			if ($i ~ /^N[03]=/)
				n += substr($i, 4)
	}
	END { print n + 0 }' /tmp/full-home
}
report 'full home: the rest is where it was' is_within "$(here_or_there)" $pages $((pages + 200))

# free_on NODE: pages
free_on()
{
	awk '/MemFree/ { print $4 / 4 }' /sys/devices/system/node/node$1/meminfo
}
report 'full home: what is to be kept free there is free' is_within "$(free_on 3)" 1536 6144
cpu_before=$(awk '{ print $14 + $15 }' /proc/$daemon/stat)
sleep 5
cpu=$(($(awk '{ print $14 + $15 }' /proc/$daemon/stat) - cpu_before))
note "full home: the daemon took $cpu of 500 ticks of a CPU while it waited"
report 'full home: and costs little' is_within $cpu 0 150
ends_well $filler
report 'full home: with room again, all come home' \
	until_within 120 $pages $((pages + 200)) pages_on $whom 3
report 'full home: it ends within a second' daemon_stop
report 'full home: every page always held what was written to it' ends_well $whom
