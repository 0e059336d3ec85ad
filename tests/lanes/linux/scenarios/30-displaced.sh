# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A process displaced with numactl comes home, and notices nothing.
# needs: tests/linux/bring-home tests/linux/victim numactl
. /lib/vm-guest.sh

pages=8192
start numactl --membind=0 victim $pages
report 'displaced: its pages are away from home' is_within "$(pages_on $pid 0)" $pages $((pages + 200))
report 'displaced: they come home' bring-home --home 2 --seconds 60 $pid
report 'displaced: by the kernel, all are there' is_within "$(pages_on $pid 2)" $pages $((pages + 200))
report 'displaced: none stayed' is_within "$(pages_on $pid 0)" 0 20
report 'displaced: every page always held what was written to it' ends_well $pid
