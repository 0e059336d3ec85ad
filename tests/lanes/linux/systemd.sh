# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
#
# The unit flipnumad.service under the systemd that runs this: what it promises to systemd,
# and what systemd's hardening leaves it of its work.
. /lib/vm-guest.sh

pages=1024
state()
{
	systemctl show -P "$1" flipnumad
}

# is VALUE COMMAND...: what it prints, within half a minute.
is()
{
	local value=$1 i

	shift
	for i in $(seq 60); do
		[ "$("$@")" != "$value" ] || return 0
		usleep 500000
	done
	echo "$* is '$("$@")', not '$value'"
	return 1
}

# is_home NODE
is_home()
{
	local i

	for i in $(seq 60); do
		! is_within "$(pages_on $pid "$1")" $pages $((pages + 200)) >/dev/null || return 0
		usleep 500000
	done
	is_within "$(pages_on $pid "$1")" $pages $((pages + 200))
}

# journal WORDS...: entries of the unit that match, within half a minute.
journal()
{
	local i

	for i in $(seq 60); do
		! journalctl -q -o cat "$@" | grep -q . || return 0
		usleep 500000
	done
	journalctl -q -u flipnumad | tail -n 20
	return 1
}

configure()
{
	cat >/etc/flipnumad.conf <<-END
	[daemon]
	discover_s = 1
	look_s = 1
	[budget]
	cpu_percent = 0
	[care]
	busy_percent = 0
	keep_free_mb = 8
	[defaults]
	period_s = 0.2
	cooldown_s = 0.1
	home = $1
	[domain victims]
	name = victim
	END
}

# Another process than the one it was.
is_another()
{
	local i now

	for i in $(seq 60); do
		now=$(state MainPID)
		[ "$now" = "$main" ] || [ "$now" = 0 ] || break
		usleep 500000
	done
	[ "$now" != "$main" ] && is active state ActiveState
}

# By systemd's clock: from when it is asked to end until it has.
stops_at_once()
{
	local us

	systemctl stop flipnumad || return
	us=$(($(state ExecMainExitTimestampMonotonic) - $(state ActiveExitTimestampMonotonic)))
	note "systemd: stopped after $us us"
	is_within $us 1 1000000 && [ "$(state Result)" = success ]
}

note "systemd: $(systemctl --version | head -n 1), $(cut -d' ' -f1 /proc/uptime) s after the boot"
# What is tried takes no half minutes, and is the unit as installed but for that.
mkdir -p /etc/systemd/system/flipnumad.service.d
printf '[Service]\nWatchdogSec=4s\nRestartSec=200ms\n' \
	>/etc/systemd/system/flipnumad.service.d/quick.conf
systemctl daemon-reload

start numactl --membind=0 victim $pages
configure 1
report 'systemd: the unit is enabled and starts' systemctl enable --now flipnumad
report 'systemd: it is active once the daemon has said so' is active state ActiveState
report 'systemd: as nobody known' [ "$(stat -c %u /proc/"$(state MainPID)")" -ge 61184 ]
report 'systemd: with two capabilities' \
	grep -q '^CapEff:.0000000000880000$' /proc/"$(state MainPID)"/status
report 'systemd: behind a filter of system calls' \
	grep -q '^Seccomp:.2$' /proc/"$(state MainPID)"/status
report 'systemd: by the kernel, a displaced process comes home' is_home 1
report 'systemd: the journal has it by domain' journal FLIPNUMA_DOMAIN=victim
report 'systemd: and by reason' journal FLIPNUMA_REASON=success _SYSTEMD_UNIT=flipnumad.service
report 'systemd: root may talk to it' sh -c 'flipnumactl list | grep -q "^victim.* '"$pid"' "'
report 'systemd: its state is where the unit says' [ -s /var/lib/flipnumad/decisions.log ]

main=$(state MainPID)
configure 2
report 'systemd: a reload' systemctl reload flipnumad
report 'systemd: brings it to another home' is_home 2
report 'systemd: in the same process' [ "$(state MainPID)" = "$main" ]
echo nonsense >>/etc/flipnumad.conf
report 'systemd: a reload with a mistake' systemctl reload flipnumad
report 'systemd: is told with its line' journal -u flipnumad -g 'flipnumad.conf:15: '
report 'systemd: and changes nothing' [ "$(state ActiveState) $(state MainPID)" = "active $main" ]
configure 2

# It has been for longer than the watchdog waits.
fed()
{
	local since now

	since=$(state ExecMainStartTimestampMonotonic)
	now=$(cut -d' ' -f1 /proc/uptime | tr -d .)
	[ $((now * 10000 - since)) -ge 9000000 ] || usleep $((9000000 - now * 10000 + since))
	[ "$(state NRestarts)" = 0 ]
}
report 'systemd: the watchdog is fed' fed
kill -STOP "$main"
report 'systemd: a daemon that hangs is killed and started anew' is_another
report 'systemd: by the watchdog' journal -u flipnumad -g 'Watchdog timeout'
main=$(state MainPID)
kill -KILL "$main"
report 'systemd: one that was killed is, too' is_another
main=$(state MainPID)
report 'systemd: it stops within a second' stops_at_once
echo nonsense >>/etc/flipnumad.conf
report 'systemd: with a mistake in its configuration it does not start' \
	sh -c '! systemctl start flipnumad'
report 'systemd: and says why' journal -u flipnumad -g 'flipnumad.conf:15: .*'
note "systemd: $(systemd-analyze security --no-pager flipnumad 2>/dev/null | tail -n 1)"
report 'systemd: every page always held what was written to it' ends_well $pid
vm_finish
