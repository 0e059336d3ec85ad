# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A node goes while pages are moved to it. Last: from here on it has been.
# needs: tests/linux/test-unplug
. /lib/vm-guest.sh
CMOCKA_MESSAGE_OUTPUT=TAP report_tap unplug test-unplug
