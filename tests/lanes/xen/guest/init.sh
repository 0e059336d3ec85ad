# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
# The first program of a test guest; guest.* of its command line are the checker's options.
. /lib/vm-guest.sh
vm_mount
vm_load_modules
# A locked page is to stay behind its frame.
echo 0 >/proc/sys/vm/compact_unevictable_allowed
set --
for word in $(cat /proc/cmdline); do
	case $word in
	guest.*) set -- "$@" "--${word#guest.}" ;;
	esac
done
xen-guest "$@"
echo "guest: xen-guest ended with status $?"
poweroff -f
