# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
# The first program of the privileged domain. Xen shares the first serial port with it;
# results have the second for themselves.
vm_console=/dev/ttyS1
. /lib/vm-guest.sh
vm_mount
stty -F "$vm_console" raw -echo
vm_quiet_kernel
vm_load_modules
. /lane/lib.sh
xen_start
. /lane/job.sh
guests_said >/dev/console
vm_finish
