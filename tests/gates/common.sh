# SPDX-License-Identifier: MIT OR GPL-2.0-only
# For the gates that compile: sourced after `compiler` is set to a command and its flags.

set -eu
LC_ALL=C
export LC_ALL

if ! command -v "${compiler%% *}" >/dev/null; then
	echo "no ${compiler%% *} on this machine"
	[ "${CI:-}" != true ] || exit 1
	exit 77
fi
