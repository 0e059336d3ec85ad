#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
#
# The gates can fail: each is shown what it is there to stop.
# Usage: teeth.sh INCLUDE 'COMPILER FLAG...' NM

set -eu

here=$(dirname "$0")
include=$1
compiler=$2
nm=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

# stopped NAME COMMAND...: the command must fail by itself, not by a missing tool.
stopped()
{
	name=$1
	shift
	result=0
	"$@" >"$dir/log" 2>&1 || result=$?
	if [ $result -ne 1 ]; then
		echo "not stopped: $name"
		status=1
	fi
}

# core NAME FLAGS: a source file on stdin that must not get into the core.
core()
{
	cat >"$dir/core.c"
	stopped "$1" sh "$here/freestanding.sh" "$nm" "$compiler $2 -I $include" "$dir/core.c"
}

mkdir -p "$dir/flipnuma"
# header NAME STANDARD: a header on stdin that must not be installed.
header()
{
	cat >"$dir/flipnuma/bad.h"
	stopped "$1" sh "$here/headers.sh" "$2" "$compiler" "$dir/flipnuma/bad.h"
}

core 'a call of malloc' '' <<END
void *malloc(unsigned long bytes);
void *fnuma_bad(void);
void *fnuma_bad(void) { return malloc(1); }
END
core 'a libc header' '' <<END
#include <stdlib.h>
END
core 'floating point' -mgeneral-regs-only <<END
int fnuma_bad(int x);
int fnuma_bad(int x) { return (int)((double)x * 0.9); }
END
core '64-bit division on 32 bits' '-m32 -march=i686' <<END
unsigned long long fnuma_bad(unsigned long long x);
unsigned long long fnuma_bad(unsigned long long x) { return 1000000 / x; }
END
core 'a static variable' '' <<END
int fnuma_bad(void);
int fnuma_bad(void) { static int calls; return calls++; }
END
core 'an array of variable length' '' <<END
int fnuma_bad(int n);
int fnuma_bad(int n) { volatile char a[n]; a[0] = 1; return a[0]; }
END
core 'a name that is not ours' '' <<END
int bad(void);
int bad(void) { return 1; }
END
header 'a header that needs another' c99 <<END
uint32_t fnuma_bad(void);
END
header 'a header without a guard' c99 <<END
struct fnuma_bad { int x; };
END
header 'a header beyond C99' c99 <<END
_Static_assert(1, "");
END

library()
{
	printf 'int fnuma_one(void);\nint fnuma_two(void);\n%s\n' \
		'int fnuma_one(void) { return 1; } int fnuma_two(void) { return 2; }' |
		$compiler -x c -shared -fPIC -o "$dir/lib.so" -
	printf '%s\n' "$1" | sed 's/ /;\n/g' >"$dir/map"
	printf '%s\n' "$2" >"$dir/flipnuma/lib.h"
	sh "$here/exports.sh" "$nm" "$dir/lib.so" "$dir/map" -- "$dir/flipnuma/lib.h"
}

both='int fnuma_one(void); struct s { int (*fnuma_f)(void); }; int fnuma_two(void);'
library 'fnuma_one fnuma_two;' "$both" || { echo 'stopped: a library that is right'; status=1; }
stopped 'a name in no map' library 'fnuma_one;' "$both"
stopped 'a name in no header' library 'fnuma_one fnuma_two;' 'int fnuma_one(void);'
stopped 'a name in no library' library 'fnuma_one fnuma_two fnuma_three;' \
	"$both int fnuma_three(void);"
stopped 'a name twice' library 'fnuma_one fnuma_two fnuma_one;' "$both"
exit $status
