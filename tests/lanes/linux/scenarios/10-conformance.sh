# SPDX-License-Identifier: MIT OR GPL-2.0-only
# What is promised of a backend, of the two there are: processes, and ends of a share.
# needs: tests/linux/conformance-linux tests/linux/conformance-linux-share
. /lib/vm-guest.sh
report_tap conformance conformance-linux
report_tap 'conformance of a share' conformance-linux-share
