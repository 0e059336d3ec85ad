# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
# What bash completes of flipnumactl.

_flipnumactl_names()
{
	flipnumactl "$@" --json list 2>/dev/null |
		grep -o '"name":"[^"\\]*"' | cut -d'"' -f4 | sort -u
}

# Words of the command line that are the command and what belongs to it, and the socket.
_flipnumactl_split()
{
	local i

	words=() socket=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket) socket=(--socket "${COMP_WORDS[i + 1]}"); i=$((i + 1)) ;;
		-d | --delay | -n | --count) i=$((i + 1)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
}

_flipnumactl()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local words socket choices=''
	local settings='manage= paused= home= trigger= period_s= amount_mb= break_even_s=
		weight= batch_pages= attempts= backoff_s= cooldown_s='

	COMPREPLY=()
	case $previous in
	-s | --socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	-d | --delay | -n | --count) return ;;
	esac
	_flipnumactl_split
	if [[ $current == -* ]]; then
		choices='--socket --json --delay --count --version --help'
	elif [ ${#words[@]} -eq 0 ]; then
		choices='list show top why pause resume set status metrics replay'
	elif [ "${words[0]}" = replay ]; then
		if [ ${#words[@]} -eq 1 ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		fi
		choices='period amount either age'
	elif [ ${#words[@]} -eq 1 ]; then
		case ${words[0]} in
		show | why | pause | resume) choices=$(_flipnumactl_names "${socket[@]}") ;;
		set) choices="budget $(_flipnumactl_names "${socket[@]}")" ;;
		esac
	elif [ "${words[0]}" = set ]; then
		choices=$settings
		[ "${words[1]}" != budget ] || choices='pages_per_s= mb_per_s= cpu_percent='
		[ "$(type -t compopt)" != builtin ] || compopt -o nospace 2>/dev/null
	fi
	mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
}

complete -F _flipnumactl flipnumactl
