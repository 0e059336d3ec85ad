# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A home without room: what fits goes there, the rest waits without wearing anybody out, and
# comes as soon as there is room.
# needs: tests/linux/bring-home tests/linux/victim numactl
. /lib/vm-guest.sh

pages=8192
start numactl --membind=0 victim $pages
whom=$pid
start victim --fill 3 4096
filler=$pid
bring-home --home 3 --seconds 6 $whom >/tmp/full
report 'full home: not all fits' [ $? = 1 ]
there=$(pages_on $whom 3)
report 'full home: what fits is there' is_within "$there" 512 $((pages - 512))
report 'full home: the rest is where it was' is_within $((there + $(pages_on $whom 0))) $pages $((pages + 200))
note "full home: $(tail -n 1 /tmp/full) of 6 s, $(head -n 1 /tmp/full)"
report 'full home: the mover rests' is_within "$(sed -n 's/.* rests //p' /tmp/full)" 1 100
bring-home --home 3 --seconds 60 $whom >/tmp/full &
mover=$!
sleep 3
ends_well $filler
report 'full home: with room again, all come home' wait $mover
report 'full home: by the kernel, too' is_within "$(pages_on $whom 3)" $pages $((pages + 200))
report 'full home: every page always held what was written to it' ends_well $whom
