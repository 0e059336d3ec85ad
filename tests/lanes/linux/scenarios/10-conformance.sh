# SPDX-License-Identifier: MIT OR GPL-2.0-only
# What is promised of a backend, of this one.
# needs: tests/linux/conformance-linux
. /lib/vm-guest.sh
report_tap conformance conformance-linux
