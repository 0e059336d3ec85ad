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

# wanted NAME...: one of these scenarios is.
wanted()
{
	local name

	[ -n "$only" ] || return 0
	for name; do
		case " $only " in *" $name "*) return 0 ;; esac
	done
	return 1
}

# scenario NAME DOMID...: if it is wanted.
scenario()
{
	! wanted "$1" || report_tap "$1" xen-try "$@"
}

report 'Xen has the nodes and distances of the machine' nodes_are_as_described

# A guest of a size worth moving. The other one is small: each pass over its memory is short.
if wanted live; then
	extra="guest.pages=56000 guest.list"
	live=$(guest_start live pvh 1 320)
	report 'a PVH guest boots' guest_ready "$live" 100
	report 'all pages of a new guest are on its node' guest_on "$live" 1
	scenario live "$live"
	xl destroy live
fi
if wanted held killed conformance; then
	extra="guest.pages=2000 guest.list"
	small=$(guest_start small pvh 1 128)
	report 'a small guest boots' guest_ready "$small" 100
	scenario held "$small"
	scenario killed "$small"
	#scenario conformance "$small"
fi
