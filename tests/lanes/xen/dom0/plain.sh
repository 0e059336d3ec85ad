# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
# What the lane runs in the privileged domain, in this order, on one boot.

nodes_are_as_described()
{
	local line

	xl info -n >/run/info
	while read -r line; do
		grep -q "$line" /run/info || {
			cat /run/info
			echo "no line like: $line"
			return 1
		}
	done </lane/nodes
}

# scenario NAME DOMID...: if it is wanted.
scenario()
{
	case " $only " in
	'  ' | *" $1 "*) report_tap "$1" xen-try "$@" ;;
	esac
}

extra="guest.pages=56000 guest.list"
live=$(guest_start live pvh 1 320)
report 'Xen has the nodes and distances of the machine' nodes_are_as_described
report 'a PVH guest boots' guest_ready "$live" 60
report 'all pages of a new guest are on its node' guest_on "$live" 1
scenario live "$live"
