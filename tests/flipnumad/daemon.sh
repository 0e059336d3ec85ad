#!/bin/bash
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# flipnumad and flipnumactl as programs, on a simulated host: how they begin, reload, end and
# are killed, and what they tell systemd.
#
#	daemon.sh BUILD

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
work=$(mktemp -d) || exit 1
daemon=''
trap '[ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 PATH=$1/examples/flipnumad:$1/tests/flipnumad:$PATH
# shellcheck source=tests/scripts/machine.sh
. "$root/tests/scripts/machine.sh"

ctl() { flipnumactl -s "$work/socket" "$@"; }

# configure [REST]: a configuration with REST at its end.
configure()
{
	cat >"$work/x.conf" <<-END
	[daemon]
	backend = mock
	world = $work/world
	state_dir = $work/state
	socket = $work/socket
	metrics_file = $work/metrics
	metrics_s = 0.2
	discover_s = 0.1
	look_s = 0.2
	log_entries = 4096
	[budget]
	pages_per_s = 1000
	cpu_percent = 0
	[defaults]
	period_s = 0.1
	cooldown_s = 0.1
	$*
	[domain all]
	name = *
	END
}

world()
{
	printf '%s\n' '[host]' "$@" >"$work/world"
}

until_true()
{
	local i

	for ((i = 0; i < 100; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	"$@"
}

begin()
{
	flipnumad --config "$work/x.conf" "$@" 2>"$work/log" &
	daemon=$!
	until_true ctl status
}

# Milliseconds since 1970.
clock_ms() { echo $(($(date +%s%N) / 1000000)); }

# end: asked to, it ends well; how long that took in $took_ms.
end()
{
	local begin

	begin=$(clock_ms)
	kill -TERM "$daemon"
	wait "$daemon"
	status=$?
	daemon=''
	took_ms=$(($(clock_ms) - begin))
}

moved() { ctl --json list "$1" | grep -o '"moved":[0-9]*' | cut -d: -f2; }
has_moved() { [ "$(moved "$1")" -ge "$2" ]; }
log_says() { grep -qF -e "$1" "$work/log"; }

a_bad_configuration_is_refused_with_all_that_is_wrong()
{
	printf '[daemon]\nlook_s = never\n[domain x]\n[nonsense]\n' >"$work/bad.conf"
	run flipnumad --check-config --config "$work/bad.conf"
	check 'a bad configuration is refused' ended 2
	check 'with the line of a value' says "bad.conf:2: look_s: 'never' is not a number"
	check 'of a rule' says 'bad.conf:3: [domain]: x: selects nobody'
	check 'and of a section' says 'bad.conf:4: nonsense: no such section'
	run flipnumad --config "$work/bad.conf"
	check 'the daemon does not begin with it' ended 2
	run flipnumad --config "$work/none.conf"
	check 'nor without one' says 'none.conf: No such file or directory'
	run flipnumad --nonsense
	check 'an unknown option is refused' ended 2
	configure
	run flipnumad --check-config --config "$work/x.conf"
	check 'a good one is good' ended 0
	check 'and said to be' says 'x.conf: good'
	run flipnumad --check-config --config "$root/examples/flipnumad/share/flipnumad.conf"
	check 'and so is the example' ended 0
	run flipnumad --check-config --config /
	check 'a folder is no configuration' ended 2
}

the_tool_shows_what_there_is()
{
	world '[guest web]' 'pages = 4096' 'away_pages = 500' '[guest db]' 'pages = 8192'
	configure
	begin
	until_true has_moved web 500
	run ctl list
	check 'list has a line for each domain' lines 3
	check 'with its name' says 'web '
	run ctl --json list
	check 'or as JSON, in one line' lines 1
	run ctl show web
	check 'show has homes' says 'node 1 for pages 0 to 4095'
	check 'and settings' says 'period_s     0.1'
	run ctl show nobody
	check 'who is not there is told so' says "no domain is called 'nobody'"
	check 'and that is a failure' ended 1
	run ctl why web 3
	check 'why says where a page is' says 'it is on node 1, its home is node 1'
	check 'and what was decided' says 'moved from node 0 to node 1'
	run ctl set web weight=0
	check 'a bad setting is refused' ended 1
	run ctl set web weight
	check 'and one without a value' ended 2
	run ctl set web weight=7 period_s=5
	check 'good ones are taken' ended 0
	run ctl set budget pages_per_s=900
	check 'and limits of the budget' ended 0
	run ctl top -n 2 -d 0.1
	check 'top draws memory at home on node 1' says '1111111111'
	run ctl --json top -n 2 -d 0.1
	check 'or prints it as JSON, a line each time' lines 2
	run ctl top -d 1x
	check 'a delay that is none is refused' says "'1x' is not a number from 0.05 to 86400"
	check 'as wrong use' ended 2
	run ctl metrics
	check 'metrics are told' says 'flipnuma_domain_moves_total{domain="web",number="1",node="1",outcome="moved",reason=""} 500'
	until_true grep -q '^flipnuma_budget_pages 900$' "$work/metrics"
	check 'and written' grep -q 'web.*node="1",outcome="moved",reason=""} 500' "$work/metrics"
	check 'for all to read' [ "$(stat -c %a "$work/metrics")" = 644 ]
	run ctl nonsense
	check 'an unknown command is refused' ended 2
	check 'and named' says "no such command: 'nonsense'"
	run ctl why web
	check 'a command that lacks something' ended 2
	check 'says how it is' says 'why DOMAIN PAGE'
	run ctl -d 0 top
	check 'a time that is none is refused' ended 2
	run flipnumad nonsense
	check 'and so is a word that flipnumad does not know' says "what is 'nonsense'?"
	run flipnumactl -s "$work/nothing" list
	check 'no daemon, no answer' says 'no answer from flipnumad'
	check 'which is a failure' ended 1
	run flipnumad --config "$work/x.conf"
	check 'a second daemon is refused' says 'another flipnumad is at work'
	check 'with a failure' ended 1
	end
	check 'the daemon ends well' ended 0
	check 'its socket is gone' [ ! -e "$work/socket" ]
}

a_reload_takes_a_good_configuration_and_refuses_a_bad_one()
{
	rm -rf "$work/state"
	world '[guest web]' 'pages = 4096' 'away_pages = 500'
	configure
	begin
	until_true has_moved web 500
	configure 'weight = 33'
	kill -HUP "$daemon"
	until_true log_says 'reloaded'
	run ctl --json show web
	check 'what was reloaded holds' says '"weight":"33"'
	check 'and counters go on' says '"moved":500'
	configure 'weight = zero'
	kill -HUP "$daemon"
	until_true log_says 'as it was'
	check 'what is wrong is told with its line' log_says "weight: 'zero' is not a number"
	run ctl --json show web
	check 'all is as it was' says '"weight":"33"'
	configure 'weight = 34'
	sed -i 's/^log_entries.*/log_entries = 64/' "$work/x.conf"
	kill -HUP "$daemon"
	until_true log_says 'log_entries cannot change'
	run ctl --json show web
	check 'what is fixed keeps all as it was' says '"weight":"33"'
	end
	check 'and it ends well' ended 0
}

a_dry_run_says_what_it_would_do_and_does_nothing()
{
	rm -rf "$work/state"
	world '[guest web]' 'pages = 4096' 'away_pages = 500'
	configure
	begin --dry-run
	until_true log_says 'would bring 500 pages home from node 0'
	check 'a dry run says what it would do' log_says 'web (1): would bring 500 pages home'
	run ctl --json show web
	check 'nothing was moved' says '"moved":0,'
	check 'nothing was tried' says '"attempted":0'
	sleep 1
	check 'it is said once' [ "$(grep -c 'would bring' "$work/log")" = 1 ]
	end
	check 'and it ends well' ended 0
}

it_ends_within_a_second_in_the_middle_of_anything()
{
	local i

	world '[guest web]' 'pages = 60000' 'away_pages = 60000'
	configure
	sed -i 's/^pages_per_s.*/pages_per_s = 1000000/; s/^look_s.*/look_s = 0.05/' "$work/x.conf"
	rm -rf "$work/state"
	for i in 0.01 0.05 0.1 0.15 0.2 0.3; do
		begin
		sleep "$i"
		end
		check "asked after $i s, it ends well" ended 0
		check "and within a second (it took $took_ms ms)" [ "$took_ms" -lt 1000 ]
	done
}

what_was_set_and_decided_outlives_being_killed()
{
	local i entries=0 before=0

	rm -rf "$work/state"
	world '[guest web]' 'pages = 60000' 'away_pages = 60000' '[guest db]' 'pages = 1000' \
		'away_pages = 1000'
	configure
	begin
	ctl pause db
	for ((i = 0; i < 15; i++)); do
		ctl set web weight=$((i + 100))
		sleep "0.$((RANDOM % 5))"
		kill -9 "$daemon"
		wait "$daemon" 2>/dev/null
		begin
		run ctl --json show web
		check "killed $i times, what was set last holds" says "\"weight\":\"$((i + 100))\""
		entries=$(flipnumactl --json replay "$work/state/decisions.log" age |
			sed -n 's/.*as recorded","passes":[0-9]*,"moved":\([0-9]*\),.*/\1/p')
		check "the log is whole, and nothing is lost of it ($before, now $entries)" \
			[ "${entries:-0}" -ge "$before" ]
		before=${entries:-0}
	done
	run ctl --json list db
	check 'who was paused has not been moved' says '"moved":0,'
	check 'and pages of others have' [ "$before" -gt 0 ]
	check 'no part of a file is left over' [ -z "$(find "$work/state" -name '*.part')" ]
	end
	check 'and it ends well' ended 0
}

systemd_is_told_what_goes_on()
{
	world '[guest web]'
	configure
	WATCHDOG_USEC=400000 notified "$work/notify" flipnumad --config "$work/x.conf" \
		>"$work/told" 2>"$work/log" &
	daemon=$!
	until_true grep -q '^READY=1' "$work/told"
	kill -HUP "$daemon"
	until_true grep -q '^RELOADING=1' "$work/told"
	until_true grep -q '^STATUS=1 domains' "$work/told"
	until_true grep -q '^WATCHDOG=1' "$work/told"
	end
	cp "$work/told" "$work/out"
	check 'it ends well' ended 0
	check 'it said when it was ready' says 'READY=1'
	check 'how it is' says 'STATUS=1 domains, at work'
	check 'that it reloads' says 'RELOADING=1'
	check 'since when' says 'MONOTONIC_USEC='
	check 'and is ready again' [ "$(grep -c READY=1 "$work/told")" = 2 ]
	check 'that it is alive' says 'WATCHDOG=1'
	check 'and that it stops' says 'STOPPING=1'
}

other_policies_are_tried_on_what_was_recorded()
{
	rm -rf "$work/state"
	world '[guest web]' 'pages = 32768' 'away_pages = 20000'
	configure
	begin
	until_true has_moved web 2000
	end
	run flipnumactl replay "$work/state/decisions.log"
	check 'replay compares some policies' says 'age:break_even_s=10'
	check 'with what was' grep -qE '^as recorded +[1-9][0-9]* +[1-9][0-9]{3} +0 ' "$work/out"
	run flipnumactl replay "$work/state/decisions.log" period:period_s=0.5 amount:amount_mb=100 \
		amount:amount_mb=10
	check 'policies of one s own are tried' grep -qE '^period:period_s=0.5 +[1-9]' "$work/out"
	check 'and one that is never due moves nothing' \
		grep -qE '^amount:amount_mb=100 +0 +0 +0 ' "$work/out"
	check 'one that is due at once moves all there is' \
		grep -qE '^amount:amount_mb=10 +1 +20000 +0 ' "$work/out"
	run flipnumactl --json replay "$work/state/decisions.log" age
	check 'also as JSON' says '"policy":"age"'
	run flipnumactl replay "$work/state/decisions.log" never
	check 'a policy that is none is refused' says "'never' is not one of period|amount|either|age"
	run flipnumactl replay "$work/x.conf"
	check 'and so is a log that is none' says 'is no log of decisions'
	check 'with a failure' ended 1
}

a_bad_configuration_is_refused_with_all_that_is_wrong
the_tool_shows_what_there_is
a_reload_takes_a_good_configuration_and_refuses_a_bad_one
a_dry_run_says_what_it_would_do_and_does_nothing
it_ends_within_a_second_in_the_middle_of_anything
what_was_set_and_decided_outlives_being_killed
systemd_is_told_what_goes_on
other_policies_are_tried_on_what_was_recorded
[ "$wrong" -eq 0 ]
