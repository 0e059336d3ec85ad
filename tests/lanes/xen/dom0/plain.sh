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

# Without --only: these, and all but speed in a long run.
if [ -z "$only" ]; then
	only="live two ended pv held killed full policy balloon naive conformance"
	[ -z "$long" ] || only="$only hvm migrate interrupted pinned daemon"
fi

# wanted NAME...: one of these scenarios is.
wanted()
{
	local name

	for name; do
		case " $only " in *" $name "*) return 0 ;; esac
	done
	return 1
}

# tried AS NAME DOMID...: that scenario, its results said as AS.
tried()
{
	local as=$1

	shift
	report_tap "$as" xen-try "$@"
	took "scenario $as"
}

# scenario NAME DOMID...: if it is wanted.
scenario()
{
	! wanted "$1" || tried "$1" "$@"
}

took "the privileged domain's boot"
report 'Xen has the nodes and distances of the machine' nodes_are_as_described

# begins DOMID: its look at its memory; until it says so.
begins()
{
	local i=100

	xenstore-write "/local/domain/$1/data/ask" '1 rest 0'
	until [ "$(xenstore-read "/local/domain/$1/data/answer" 2>/dev/null)" = '1 0' ]; do
		[ $i -gt 0 ] || { echo "domain $1 does not answer"; return 1; }
		sleep 0.1
		i=$((i - 1))
	done
}

# A guest of a size worth moving. All share their node's only CPU: this one boots while the others
# are made, and those while it is moved, since it is paused then most of the time.
if wanted live two ended; then
	extra="guest.pages=50200 guest.list"
	live=$(guest_start live pvh 1 320 'cpu_weight = 8192')
fi
# Each pass over the memory of this one is short.
if wanted two held killed full policy balloon speed naive conformance; then
	extra="guest.pages=5000 guest.list guest.rest"
	small=$(paused=yes guest_start small pvh 1 128)
fi
if wanted pv; then
	extra="guest.pages=4000 guest.rest"
	pv=$(paused=yes guest_start pv pv 1 128)
fi
took 'guests made'
if [ -n "${live:-}" ]; then
	report 'a PVH guest boots' guest_ready "$live" 300
	report 'all pages of a new guest are on its node' guest_on "$live" 1
	took "the large guest's boot"
fi
for name in ${small:+small} ${pv:+pv}; do
	xl unpause "$name"
done
scenario live "${live:-}"
if [ -n "${small:-}" ]; then
	report 'a small PVH guest boots' guest_ready "$small" 300
	report 'all pages of a guest beside it are on its node' guest_on "$small" 1
	report 'it begins to look at its memory' begins "$small"
	took "the small guest's boot, after that"
fi
if [ -n "${live:-}" ]; then
	xl sched-credit -d live -w 256
	scenario two "$live" "${small:-}"
	if wanted ended; then
		scenario ended "$live"
	else
		xl destroy live
	fi
fi
if [ -n "${pv:-}" ]; then
	report 'a PV guest boots' guest_ready "$pv" 300
	report 'and begins to look at its memory' begins "$pv"
	scenario pv "$pv"
	xl destroy pv
fi
scenario held "${small:-}"
scenario killed "${small:-}"
scenario full "${small:-}"
scenario policy "${small:-}"
scenario balloon "${small:-}"
scenario speed "${small:-}"
# It waits: others boot sooner then.
! wanted migrate interrupted hvm || [ -z "${small:-}" ] || xl pause small
if wanted migrate; then
	extra="guest.pages=4000 guest.list"
	moving=$(guest_start moving pvh 1 128)
	report 'a guest to be migrated boots' guest_ready "$moving" 300
	scenario migrate "$moving"
	xl destroy moving
fi
if wanted interrupted; then
	extra="guest.pages=4000 guest.list"
	interrupted=$(guest_start interrupted pvh 1 128 'on_crash = "preserve"')
	report 'a guest to be interrupted boots' guest_ready "$interrupted" 300
	scenario interrupted "$interrupted"
	xl destroy interrupted
fi
if wanted hvm; then
	hvm=$(guest_start hvm hvm 1 192)
	report 'an HVM guest boots' guest_ready "$hvm" 300
	took "an HVM guest's boot"
	scenario hvm "$hvm"
	for name in killed balloon conformance; do # the last one ends it
		tried "hvm, $name" "$name" "$hvm"
	done
fi
! wanted migrate interrupted hvm || [ -z "${small:-}" ] || xl unpause small
if wanted daemon; then
	extra="guest.pages=4000 guest.list"
	tended=$(guest_start tended pvh 1 128)
	report 'a guest to be looked after boots' guest_ready "$tended" 300
	report 'flipnumad brings its listed pages to the home it is told' \
		env "FNUMA_GUEST=$tended" flipnumad-on-xen
	report 'and the guest goes on, with every word as it was' guest_goes_on "$tended" 60
	xl destroy tended
	took 'scenario daemon'
fi
# These are the last for this guest: they harm it, and end it.
scenario naive "${small:-}"
scenario conformance "${small:-}"
if wanted pinned; then
	extra="guest.pages=4000 guest.list"
	pinned=$(guest_start pinned pvh 1 128)
	report 'a guest to be harmed boots' guest_ready "$pinned" 300
	scenario pinned "$pinned"
fi

# For the figure of the layout over time.
[ ! -f /run/layout.csv ] || sed 's/^/csv /' /run/layout.csv >>"$vm_console"
