# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A QEMU guest with memory on two nodes, displaced as a whole, comes home to both; its own
# program checks its memory all the while.
# needs: examples/flipnumad/flipnumad examples/flipnumad/flipnumactl
# needs: tests/linux/guest.bin qemu-system-x86_64 migratepages nice
# needs: /usr/share/qemu/kvmvapic.bin /usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so
# file: tests/lanes/linux/daemon.sh /lib/daemon.sh
. /lib/vm-guest.sh
. /lib/daemon.sh

dots=/tmp/guest.out
rounds()
{
	tr -cd . <$dots | wc -c
}

# more_rounds N: so many more, in a minute.
more_rounds()
{
	local goal=$(($(rounds) + $1)) i

	for i in $(seq 60); do
		[ "$(rounds)" -lt $goal ] || return 0
		sleep 1
	done
	echo "$(rounds) rounds, $goal were to be seen"
	return 1
}

# ram_on POLICY NODE: pages on a node, of mappings under a policy.
ram_on()
{
	awk -v policy="$1" -v node="N$2=" '$2 == policy {
		for (i = 3; i <= NF; i++)
			if (index($i, node) == 1) n += substr($i, length(node) + 1)
	}
	END { print n + 0 }' /proc/$pid/numa_maps
}

ends_by_itself()
{
	kill $pid
	wait $pid
	tr -d . <$dots >/tmp/guest.bad
	[ ! -s /tmp/guest.bad ]
}

half=4096
: >$dots
# It looks for its parts beside itself, which is /bin here.
export QEMU_MODULE_DIR=/usr/lib/x86_64-linux-gnu/qemu
nice -n 19 qemu-system-x86_64 -accel tcg -L /usr/share/qemu -name guest=puppet -nodefaults -display none \
	-vga none -m 32M -bios /lib/guest.bin -debugcon file:$dots \
	-object memory-backend-ram,id=a,size=16M,host-nodes=1,policy=bind \
	-object memory-backend-memfd,id=b,size=16M,host-nodes=2,policy=bind \
	-numa node,memdev=a -numa node,memdev=b >/tmp/guest.log 2>&1 &
pid=$!
report 'guest: it runs and checks its memory' more_rounds 20 || {
	sed 's/^/| /' /tmp/guest.log >/dev/console
	exit 1
}
migratepages $pid 1,2 0
report 'guest: displaced' is_within $(($(ram_on bind:1 0) + $(ram_on bind:2 0))) $((2 * half - 600)) $((2 * half))
report 'guest: the daemon begins' daemon_start <<END
[defaults]
period_s = 0.2
[domain guests]
guest = pup*
weight = 200
batch_pages = 64
END
report 'guest: by the kernel, its first half comes home to node 1' \
	until_within 300 $((half - 300)) $half ram_on bind:1 1
report 'guest: and its second to node 2' until_within 300 $((half - 300)) $half ram_on bind:2 2
ctl list >/tmp/list
note "guest: $(tail -n 1 /tmp/list)"
report 'guest: the daemon knows it by its name' grep -q "^puppet *$pid " /tmp/list
away()
{
	echo $(($(ram_on bind:1 0) + $(ram_on bind:2 0)))
}
report 'guest: none stays' until_within 60 0 0 away
report 'guest: it went on all the while' more_rounds 20
report 'guest: the daemon ends within a second' daemon_stop
note "guest: $(rounds) rounds over its memory"
report 'guest: every word of its memory always was what it had written' ends_by_itself
