#!/bin/bash
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# The figures of the shipped traces are those that their README gives.

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
trace_info=$1/examples/flipsim/trace-info

if [ ! -x "$trace_info" ]; then
	echo 'the simulator is not built'
	exit 77
fi
cd "$root/examples/flipsim/traces" || exit 1
diff <(sed -n '/^    \$ trace-info/,/^## /s/^    \([^$]\)/\1/p' README.md) \
	<("$trace_info" ./*.pcap | sed -e '/^$/d' -e 's,\./,,')
