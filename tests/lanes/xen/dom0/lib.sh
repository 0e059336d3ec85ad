# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
#
# What scenarios in the privileged domain use. Sourced after vm-guest.sh.

PATH=$PATH:/usr/lib/xen/bin
guest_dir=/run/guests

# Xen's daemons, and what they expect to find.
xen_start()
{
	mkdir -p /proc/xen /run/xen /run/xenstored /var/log/xen/console /var/lib/xen \
		/var/lib/xenstored /etc/xen "$guest_dir"
	ln -s /run /var/run
	ln -s /lane/bin/* /bin
	: >/etc/xen/xl.conf
	mount -t xenfs xenfs /proc/xen
	xenstored --pid-file /run/xenstored.pid
	xen-init-dom0
	xenconsoled --log=guest --pid-file=/run/xenconsoled.pid
}

# took WHAT: a note of how long it has been since the last one.
took()
{
	local now rest

	read -r now rest </proc/uptime
	now=${now%.*}${now#*.}
	note "time: $1: $(((now - ${took_at:-0}) / 100)).$(((now - ${took_at:-0}) / 10 % 10)) s"
	took_at=$now
}

# guest_start NAME TYPE NODE MIB [LINE...]: a guest whose memory is all on that node, its
# command line ended by `extra` (guest.pages=N ...), with more lines for its configuration;
# it runs on the CPUs of that node, or is left paused if `paused` is set. Its domid goes to
# stdout.
#
# With `cpus` alone xl looks for a node itself, and that may be another one for the memory. Xen
# must not emulate the TSC: each look at the clock leaves the guest then.
guest_start()
{
	local name=$1 file=$guest_dir/$1.cfg

	cat >"$file" <<-END
	name = "$name"
	type = "$2"
	cpus = "node:$3"
	cpus_soft = "node:$3"
	memory = $4
	maxmem = $4
	vcpus = 1
	tsc_mode = "native"
	$(guest_boots "$2")
	END
	shift 4
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$file"
	xl create -q ${paused:+-p} "$file" >&2 && xl domid "$name"
}

# guest_boots TYPE: from what. An HVM guest's kernel and command line are on its disk.
guest_boots()
{
	if [ "$1" = hvm ]; then
		cat <<-END
		disk = ["format=raw, vdev=hda, access=rw, backendtype=qdisk, target=/lane/disk"]
		hdtype = "ahci"
		vga = "none"
		nographic = 1
		vnc = 0
		usb = 0
		END
		return
	fi
	cat <<-END
	kernel = "/lane/vmlinux"
	ramdisk = "/lane/guest.cpio"
	extra = "$(cat /lane/options) ${extra:-}"
	END
}

# What guests said on their consoles, for who reads the machine's log.
guests_said()
{
	local file

	for file in /var/log/xen/console/guest-*.log /var/log/xen/qemu-dm-*.log; do
		[ ! -s "$file" ] || { echo "--- $file"; cat "$file"; }
	done
}

# guest_beat DOMID FIELD: 1: beats, 2: passes over its memory by a thousand, 3: words found
# wrong.
guest_beat()
{
	xenstore-read "/local/domain/$1/data/beat" 2>/dev/null | cut -d' ' -f"$2"
}

# guest_ready DOMID SECONDS: waits until it beats, and all its memory is written.
guest_ready()
{
	local i=$(($2 * 2))

	while [ $i -gt 0 ] && xenstore-exists "/local/domain/${1:-none}"; do
		! xenstore-exists "/local/domain/$1/data/beat" || return 0
		sleep 0.5
		i=$((i - 1))
	done
	echo "domain ${1:-never made} is not ready, or gone, within $2 s"
	return 1
}

# guest_goes_on DOMID SECONDS: another two passes over its memory, and no word is wrong.
guest_goes_on()
{
	local i=$(($2 * 5)) goal

	goal=$(($(guest_beat "$1" 2) + 2000))
	while [ $i -gt 0 ] && [ "$(guest_beat "$1" 2)" -lt $goal ]; do
		sleep 0.2
		i=$((i - 1))
	done
	[ $i -gt 0 ] && [ "$(guest_beat "$1" 3)" = 0 ] && return
	xenstore-read "/local/domain/$1/data/beat"
	return 1
}

# guest_on DOMID NODE: all its pages are on that node, by Xen's count.
guest_on()
{
	local n=0 pages

	for pages in $(xen-counts "$1"); do
		if [ $n -ne "$2" ] && [ "$pages" -ne 0 ]; then
			echo "domain $1 has $pages pages on node $n"
			return 1
		fi
		n=$((n + 1))
	done
	[ $n -gt "$2" ]
}
