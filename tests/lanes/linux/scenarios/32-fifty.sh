# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Fifty processes under one budget: each gets its share.
# needs: tests/linux/bring-home tests/linux/victim numactl
. /lib/vm-guest.sh

# All of it on node 0 to begin with.
[ -n "${displaced:-}" ] || exec numactl --membind=0 env displaced=1 sh "$0"

pages=512 budget=2000 seconds=6
pids='' light='' heavy=''
for i in $(seq 50); do
	victim $pages 2000 >>/tmp/ready &
	pid=$! pids="$pids $!"
	if [ $((i % 2)) = 0 ]; then heavy="$heavy $pid:300"; else light="$light $pid:100"; fi
done

while [ "$(grep -c ready /tmp/ready)" -lt 50 ]; do
	sleep 1
done

# shares FILE: of the lines "PID moved N ...", fewest and most of the heavy and of the
# light, and the sum.
shares()
{
	awk -v heavy="$heavy" '
	BEGIN { n = split(heavy, h, /[ :]+/); for (i in h) is[h[i]] = 1 }
	/moved/ {
		k = $1 in is ? "h" : "l"
		if (!(k in min) || $3 < min[k]) min[k] = $3
		if ($3 > max[k]) max[k] = $3
		sum += $3
	}
	END { print min["h"], max["h"], min["l"], max["l"], sum }' "$1"
}

# In the windows that the time has, and never more than a window's budget in a window.
bring-home --home 1 --budget $budget --seconds $seconds $heavy $light >/tmp/first
report 'fifty: the time is up before all are home' [ $? = 1 ]
read -r hmin hmax lmin lmax sum <<END
$(shares /tmp/first)
END
note "fifty: after $seconds s at $budget pages a window: weight 300 has $hmin to $hmax pages, weight 100 has $lmin to $lmax, together $sum"
report 'fifty: never above the budget' is_within "$sum" $budget $((budget * (seconds + 1)))
report 'fifty: equals get equal shares' is_within $((hmax - hmin + lmax - lmin)) 0 256
report 'fifty: three times the weight, three times the pages' \
	is_within $((hmin * 10 / (lmin + 1))) 20 45
report 'fifty: all come home in the end' bring-home --home 1 --seconds 60 $heavy $light
left=0
for p in $pids; do
	left=$((left + $(pages_on $p 0)))
done
report 'fifty: by the kernel, too' is_within $left 0 $((50 * 20))
report 'fifty: every page always held what was written to it' ends_well $pids
