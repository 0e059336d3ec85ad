# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The paper's split driver on real pages, in every mode: its Fig. 3 and 7, by the kernel.
# needs: examples/splitdriver/splitdriver
# file: examples/splitdriver/scenarios/split.ini /lib/split.ini
. /lib/vm-guest.sh

# How fast it is says little in an emulated machine; that it is right goes without.
flat=0 csv=/tmp/layout.csv
! is_long || flat=0.2
report 'splitdriver: every mode runs, and no byte or page is lost' sh -c \
	"COLUMNS=100 splitdriver /lib/split.ini --flat $flat --csv $csv >/tmp/split 2>/tmp/split.err || { cat /tmp/split.err; exit 1; }"
keep split.txt /tmp/split
keep split.csv $csv

# remote MODE: hundredths of a percent of the unprivVM away from home, at most and at the end.
remote()
{
	awk -F, -v mode="$1" '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$2 == mode { last = $at["remote_pct"]; if (last > most) most = last }
	END { printf "%d %d\n", most * 100, last * 100 }' $csv
}

# What is off its node is at most this part of the guest: the pool's 1 MB of 32.
bound=313
read -r _ end <<END
$(remote vanilla)
END
report 'splitdriver: vanilla drifts away' is_within "$end" 1000 10000
read -r most _ <<END
$(remote copy)
END
report 'splitdriver: copying leaves every page at home' is_within "$most" 0 0
for mode in pool-static pool-dynamic pool-window hybrid; do
	read -r most _ <<END
$(remote $mode)
END
	report "splitdriver: $mode keeps what drifts within its pool" is_within "$most" 1 $((2 * bound))
done
for mode in migrate-period migrate-amount; do
	read -r most last <<END
$(remote $mode)
END
	report "splitdriver: $mode brings home what drifted" is_within "$most" 1 $((end * 2 / 3))
done
