#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# Each public header alone, twice, in one language.
# Usage: headers.sh STANDARD 'COMPILER FLAG...' .../flipnuma/HEADER...

standard=$1
compiler=$2
shift 2
. "$(dirname "$0")/common.sh"

case $standard in
c++*) language=c++ flags= ;;
*) language=c flags='-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla' ;;
esac

for header in "$@"; do
	flags="$flags -I $(dirname "$(dirname "$header")")"
done
status=0
for header in "$@"; do
	name=flipnuma/$(basename "$header")
	# shellcheck disable=SC2086 # commands and flags
	printf '#include <%s>\n#include <%s>\n' "$name" "$name" |
		$compiler $flags -std="$standard" -x $language -fsyntax-only \
			-Wall -Wextra -Wundef -Werror -pedantic - || {
		echo "$name is not good $standard"
		status=1
	}
done
exit $status
