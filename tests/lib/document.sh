# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
#
# What programs that write parts of a page of doc/ share. Sourced after tests/lib/setup.sh.

# between_marks PAGE NAME: what is there between the marks of this name is replaced by stdin.
between_marks()
{
	local page=$1 new

	new=$(mktemp -d) || die 'no temporary folder'
	cat >"$new/part.md"
	awk -v "name=$2" -v "part=$new/part.md" '
		$0 == "<!-- end " name " -->" { inside = 0 }
		!inside { print }
		$0 == "<!-- begin " name " -->" {
			inside = 1
			while ((getline line < part) > 0)
				print line
		}' "$page" >"$new/page.md" && cp "$new/page.md" "$page"
	rm -rf "$new"
}
