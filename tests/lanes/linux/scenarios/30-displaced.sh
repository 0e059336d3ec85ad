# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A process displaced with numactl comes home, and notices nothing; also if the daemon is
# killed again and again.
# needs: examples/flipnumad/flipnumad examples/flipnumad/flipnumactl
# needs: tests/linux/victim numactl nice
# file: tests/lanes/linux/daemon.sh /lib/daemon.sh
. /lib/vm-guest.sh
. /lib/daemon.sh

pages=8192
rules="[defaults]
period_s = 0.2
home = 2
[domain victims]
name = victim
$ours"

start numactl --membind=0 nice victim $pages 100
report 'displaced: its pages are away from home' is_within "$(pages_on $pid 0)" $pages $((pages + 200))

report 'displaced: a dry run begins' daemon_start --dry-run <<END
$rules
END
report 'displaced: a dry run says what it would do' \
	until_within 30 1 9 grep -c 'would bring 8[0-9]* pages home from node 0' $state.log
report 'displaced: and moves nothing' is_within "$(pages_on $pid 2)" 0 20
report 'displaced: a dry run ends within a second' daemon_stop

report 'displaced: the daemon begins' daemon_start <<END
$rules
END
report 'displaced: by the kernel, all come home' \
	until_within 120 $pages $((pages + 200)) pages_on $pid 2
report 'displaced: none stayed' is_within "$(pages_on $pid 0)" 0 20
ctl why $pid 100 >/tmp/why
report 'displaced: the daemon says why a page is there' grep -q 'moved from node 0 to node 2' /tmp/why
note "displaced: $(sed -n 3p /tmp/why)"
report 'displaced: it ends within a second' daemon_stop

# Home is elsewhere now, and the daemon lives for a second or two at a time.
killed=0
while [ $killed -lt 40 ] && [ "$(pages_on $pid 1)" -lt $pages ]; do
	daemon_start <<-END
	[budget]
	pages_per_s = 2000
	[defaults]
	period_s = 0.2
	home = 1
	cooldown_s = 0.1
	[domain victims]
	name = victim
	$ours
	END
	sleep "1.$((killed % 9))"
	daemon_kill
	killed=$((killed + 1))
done
report 'displaced: all come home under kill -9' is_within "$(pages_on $pid 1)" $pages $((pages + 200))
note "displaced: the daemon was killed $killed times"
report 'displaced: killed in mid-move, too' is_within $killed 4 40
report 'displaced: every page always held what was written to it' ends_well $pid
