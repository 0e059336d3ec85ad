# SPDX-License-Identifier: MIT OR GPL-2.0-only
# What the backend adds to move_pages(2): no more than 5 % in batches of 512.
# needs: tests/linux/bench-linux-moves
. /lib/vm-guest.sh

report 'moves: in batches of 512, at most 5 % over move_pages(2)' \
	sh -c 'bench-linux-moves --check 5 >/tmp/moves 2>&1 || { cat /tmp/moves; exit 1; }'
while IFS= read -r line; do
	note "$line"
done </tmp/moves
