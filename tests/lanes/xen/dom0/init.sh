# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
# The first program of the privileged domain. Xen shares the serial port with it; results have
# another way out.
vm_console=/run/results
. /lib/vm-guest.sh
vm_mount
mkfifo "$vm_console"
exec 9<>"$vm_console" # whoever writes to it does not wait for a reader
xen-say "$vm_console" &
vm_reader=$!
vm_quiet_kernel
vm_load_modules
. /lane/lib.sh
xen_start
. /lane/job.sh
guests_said >/dev/console
vm_finish
