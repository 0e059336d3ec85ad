# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The backend on real nodes, page by page and answer by answer.
# needs: tests/linux/test-nodes numactl
. /lib/vm-guest.sh
CMOCKA_MESSAGE_OUTPUT=TAP report_tap nodes test-nodes
