# SPDX-License-Identifier: MIT OR GPL-2.0-only
# In a container with some nodes forbidden, and without the right capabilities: a clear
# refusal at the start.
# needs: examples/flipnumad/flipnumad setpriv
. /lib/vm-guest.sh

echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/container
echo 0,2 >/sys/fs/cgroup/container/cpuset.mems

# refused WORDS COMMAND...: with status 1 and these words. setpriv goes by its path: busybox
# has one, too.
refused()
{
	words=$1
	shift
	"$@" >/tmp/refusal 2>&1
	[ $? = 1 ] && grep -q "$words" /tmp/refusal && return
	cat /tmp/refusal
	return 1
}

in_container()
{
	sh -c 'echo $$ >/sys/fs/cgroup/container/cgroup.procs; exec "$@"' sh "$@"
}

echo '[daemon]' >/tmp/empty.conf
report 'container: forbidden nodes are named at the start' \
	refused 'memory of node 1,3 is forbidden' in_container flipnumad -c /tmp/empty.conf
report 'container: missing capabilities are named at the start' \
	refused 'takes CAP_SYS_NICE;' /bin/setpriv --bounding-set -sys_nice flipnumad -c /tmp/empty.conf
report 'container: as nobody, too' refused 'CAP_SYS_NICE and CAP_SYS_PTRACE' \
	/bin/setpriv --reuid 65534 --clear-groups flipnumad -c /tmp/empty.conf
rmdir /sys/fs/cgroup/container
