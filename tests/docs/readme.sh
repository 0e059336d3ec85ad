#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The first program of the README compiles as it stands and prints what the README says.
set -eu
source=${1:?usage: readme.sh SOURCE LIBRARY}
library=${2:?usage: readme.sh SOURCE LIBRARY}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed -n '/^```c$/,/^```$/p' "$source/README.md" | grep -v '^```' > "$work/first.c"
said=$(sed -n 's/^cc first[.]c.*# //p' "$source/README.md")
[ -n "$said" ] || { echo "README.md does not say what its first program prints"; exit 1; }
${CC:-cc} -std=c99 -Wall -Wextra -Werror -I"$source/include" \
	-I"$source/lib/backends/mock/include" "$work/first.c" "$library" -o "$work/first"
printed=$("$work/first")
[ "$printed" = "$said" ] || { echo "README.md says '$said', the program '$printed'"; exit 1; }
echo "$printed"
