# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The daemon as its unit runs it: nobody's user, with two capabilities, under a journal. What it
# says there has fields to search by.
# needs: examples/flipnumad/flipnumad tests/flipnumad/notified tests/linux/victim numactl setpriv
. /lib/vm-guest.sh

mkdir -p /run/systemd/journal /run/unit
chown 65534 /run/unit
cat >/run/journal.conf <<END
[daemon]
state_dir = /run/unit
socket = /run/unit/control
[defaults]
home = 1
period_s = 0.2
[domain victims]
name = victim
cgroup = /12-journal
END

said()
{
	local i

	for i in $(seq 60); do
		! grep -qx "$1" /tmp/told || return 0
		sleep 1
	done
	cat /tmp/told /tmp/stderr
	return 1
}

is_home()
{
	local i

	for i in $(seq 60); do
		! is_within "$(pages_on $pid 1)" 512 712 >/dev/null || return 0
		sleep 1
	done
	return 1
}

start numactl --membind=0 victim 512
: >/tmp/stderr
# One socket for what systemd and what its journal would be told.
umask 0
JOURNAL_STREAM=$(stat -c %d:%i /tmp/stderr) notified /run/systemd/journal/socket \
	/bin/setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
	--bounding-set -all,+sys_nice,+sys_ptrace --inh-caps -all,+sys_nice,+sys_ptrace \
	--ambient-caps -all,+sys_nice,+sys_ptrace \
	"$(readlink -f /bin/flipnumad)" -c /run/journal.conf >/tmp/told 2>/tmp/stderr &
daemon=$!
report 'journal: it is ready' said READY=1
report 'journal: it says whom it attached' said 'MESSAGE=victim: attached: process of .*'
report 'journal: with the name as a field' said FLIPNUMA_DOMAIN=victim
report 'journal: and the number' said "FLIPNUMA_NUMBER=$pid"
report 'journal: and the reason' said 'FLIPNUMA_REASON=success'
report 'journal: and how grave it is' said PRIORITY=6
report 'journal: by the kernel, all come home' is_home
report 'journal: it says what came home' said 'MESSAGE=victim: [0-9]* pages came home'
report 'journal: it ends well' ends_well $daemon
report 'journal: stderr was left alone' [ ! -s /tmp/stderr ]
report 'journal: every page always held what was written to it' ends_well $pid
