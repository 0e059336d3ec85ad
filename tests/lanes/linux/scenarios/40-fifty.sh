# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Fifty processes under one budget: each gets its share.
# needs: examples/flipnumad/flipnumad examples/flipnumad/flipnumactl
# needs: tests/linux/victim numactl
# file: tests/lanes/linux/daemon.sh /lib/daemon.sh
. /lib/vm-guest.sh
. /lib/daemon.sh

# Small pages only: a huge one is more than a share. All of it on node 0 to begin with.
thp=/sys/kernel/mm/transparent_hugepage/enabled
echo never >$thp
[ -n "${displaced:-}" ] || exec numactl --membind=0 env displaced=1 sh "$0"

pages=512 budget=2000
pids='' light='' heavy=''
for i in $(seq 50); do
	victim $pages $((2000 + i % 2)) >>/tmp/ready &
	pids="$pids $!"
	if [ $((i % 2)) = 0 ]; then heavy="$heavy $!"; else light="$light $!"; fi
done

while [ "$(grep -c ready /tmp/ready)" -lt 50 ]; do
	usleep 200000
done

# They are met one after the other: nothing moves before all of them are.
report 'fifty: the daemon begins' daemon_start <<END
[budget]
pages_per_s = $budget
[defaults]
period_s = 0.2
home = 1
paused = yes
[domain heavy]
cmdline = victim $pages 2000
weight = 300
[domain light]
name = victim
END
# away SIGN: those whose pages are known to be away
away()
{
	ctl --json list | grep -o '"remote_pages":[0-9]*,"unknown' | grep -c ':[0-9][0-9][0-9]'
}
report 'fifty: it finds all of them' until_within 120 50 50 away

# shares PID...: fewest and most pages that are on node 1
shares()
{
	pages_each 1 "$@" | sort -n | awk 'NR == 1 { min = $1 } END { print min, $1 }'
}

uptime_cs()
{
	cut -d' ' -f1 /proc/uptime | tr -d .
}

moved()
{
	ctl --json status | grep -o '"moved":[0-9]*' | cut -d: -f2
}

# Until the heavy have about half of theirs.
begin=$(uptime_cs)
ctl resume '*'
while [ "$(moved)" -lt 8000 ] && [ $(($(uptime_cs) - begin)) -lt 6000 ]; do
	sleep 0.2
done
ctl pause '*'
took=$(($(uptime_cs) - begin))
read -r hmin hmax <<END
$(shares $heavy)
END
read -r lmin lmax <<END
$(shares $light)
END
sum=$(pages_together 1 $pids)
note "fifty: after $took cs at $budget pages a window: weight 300 has $hmin to $hmax pages, weight 100 has $lmin to $lmax, together $sum"
report 'fifty: never above the budget' is_within "$sum" 8000 $((budget * (took + 107) / 107))
report 'fifty: equals get equal shares' is_within $((hmax - hmin + lmax - lmin)) 0 256
report 'fifty: three times the weight, three times the pages' \
	is_within $((hmin * 10 / (lmin + 1))) 20 45
ctl resume '*'
ctl set budget pages_per_s=20000
report 'fifty: all come home in the end' \
	until_within 120 $((50 * pages)) $((50 * (pages + 200))) pages_together 1 $pids
report 'fifty: by the kernel, none stayed' is_within "$(pages_together 0 $pids)" 0 $((50 * 20))
report 'fifty: it ends within a second' daemon_stop
report 'fifty: every page always held what was written to it' ends_well $pids
echo always >$thp
