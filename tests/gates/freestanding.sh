#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# Builds the core as a kernel would, and looks at what it asks of its world.
# Usage: freestanding.sh NM 'COMPILER FLAG...' SOURCE...

nm=$1
compiler=$2
shift 2
here=$(dirname "$0")
. "$here/common.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# shellcheck disable=SC2086 # a command and its flags
compile()
{
	$compiler -c -o "$2" -std=gnu99 -O2 -ffreestanding -nostdinc \
		-I "$here/freestanding" -idirafter "$own_include" \
		-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
		-Wall -Wextra -Werror -Wvla -Wundef -Wstrict-prototypes -Wredundant-decls \
		-Wdeclaration-after-statement "$1"
}

# Names of the symbols that are of these kinds, as nm has them.
symbols()
{
	"$nm" "$dir/core.o" | awk -v kinds="$1" '$(NF - 1) ~ kinds {print $NF}'
}

complain()
{
	if [ -n "$2" ]; then
		status=1
		printf "$1: %s\n" $2
	fi
}

own_include=$($compiler -print-file-name=include)
number=0
for source in "$@"; do
	number=$((number + 1))
	compile "$source" "$dir/$number.o"
done
# shellcheck disable=SC2086
$compiler -r -nostdlib -o "$dir/core.o" "$dir"/[0-9]*.o

status=0
complain 'not to be had in a freestanding world' "$(symbols '^[Uvw]$' |
	grep -vxE 'memcpy|memmove|memset|memcmp' || true)"
complain 'a name that is not ours' "$(symbols '^[TRDBVC]$' | grep -v '^fnuma_' || true)"
complain 'global state' "$(symbols '^[bBdDC]$')"
exit $status
