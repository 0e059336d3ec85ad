# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # me and source_dir are the caller's
#
# What tests/run, examples/run-paper and the lanes share: which Debian packages a
# job needs, how to see that one is there, and how to say, install, run and count.
# Sourced, never run. The caller sets `me`, the name it speaks under, and `source_dir`.

set -uo pipefail
# A locale that every Debian has: tables and decimal points come out the same anywhere.
export LC_ALL=C.UTF-8

# shellcheck disable=SC2034 # used by those who source this file
{
	packages_build=(gcc libc6-dev meson ninja-build pkg-config)
	packages_flipsim=(libinih-dev libjson-c-dev libpcap-dev)
	packages_figures=(gnuplot-nox)
	packages_daemon=(libinih-dev libjson-c-dev libsystemd-dev)
	packages_tests=(libcmocka-dev)
	packages_bench=(libck-dev libdpdk-dev libhts-dev libjemalloc-dev libjudy-dev libroaring-dev
		liburcu-dev uthash-dev)
	packages_gates=(g++ gcc-aarch64-linux-gnu)
	packages_linux=(libnuma-dev)
	packages_docs=(doxygen graphviz)
	packages_xen=(libxen-dev)
	packages_vm=(busybox-static cpio kmod qemu-system-x86)
}

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$me" "$*" >&2
	exit 2
}

in_ci()
{
	[ "${CI:-}" = true ]
}

# A terminal that can take a line back.
on_terminal()
{
	[ -t 1 ] && ! in_ci && [ "${TERM:-dumb}" != dumb ]
}

# ---------------------------------------------------------------- what is there

# A package counts as present when what we want of it works, whoever put it there,
# so that other distributions and hand-made installations are fine too.
have_package()
{
	case $1 in
	gcc) command -v cc || command -v gcc ;;
	g++) command -v c++ || command -v g++ ;;
	libc6-dev) printf '#include <stdio.h>\n' | "${CC:-cc}" -E - ;;
	ninja-build) command -v ninja || command -v ninja-build ;;
	libcmocka-dev) pkg-config --exists cmocka ;;
	libinih-dev) pkg-config --exists inih ;;
	libjson-c-dev) pkg-config --exists json-c ;;
	libpcap-dev) pkg-config --exists libpcap ;;
	libsystemd-dev) pkg-config --exists libsystemd ;;
	libnuma-dev) printf '#include <numa.h>\n' | "${CC:-cc}" -E - ;;
	libxen-dev) pkg-config --exists xencontrol xenforeignmemory ;;
	gnuplot-nox) command -v gnuplot ;;
	graphviz) command -v dot ;;
	gcc-aarch64-linux-gnu) command -v aarch64-linux-gnu-gcc ;;
	qemu-system-x86) command -v qemu-system-x86_64 ;;
	kmod) command -v modprobe ;;
	postgresql) command -v initdb || ls /usr/lib/postgresql/*/bin/initdb ;;
	redis-tools) command -v redis-benchmark ;;
	cpio | iperf3 | redis-server | tcpdump) command -v "$1" ;;
	meson | pkg-config | gcovr | doxygen | clang) command -v "$1" ;;
	*) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1")" = installed ] ;;
	esac >/dev/null 2>&1
}

# Of the packages that stdin names, one per line: those that are not there, each once.
missing_packages()
{
	local package

	sort -u | while IFS= read -r package; do
		[ -z "$package" ] || have_package "$package" || printf '%s\n' "$package"
	done
}

# ---------------------------------------------------------------- getting it

install_command()
{
	printf 'apt-get install --no-install-recommends %s' "$*"
}

# Sets as_root to the words that must stand before apt-get; fails if there are none.
become_root()
{
	as_root=()
	if [ "$(id -u)" -eq 0 ]; then
		return 0
	fi
	as_root=(sudo -n)
	command -v sudo >/dev/null 2>&1
}

# A password is asked for now, not under a progress bar, and only if someone is there.
may_become_root()
{
	[ ${#as_root[@]} -eq 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

# show_percent LABEL PERCENT: a bar, on a terminal.
show_percent()
{
	local bar='##############################' width=$(($2 * 30 / 100))

	printf '\r%-28.28s [%-30s] %3d%%' "$1" "${bar:0:width}" "$2"
}

# Reads the progress of apt-get or ninja from stdin, shows it, logs the rest to $2.
follow_progress()
{
	local label=$1 log=$2 line kind rest percent

	while IFS= read -r line; do
		percent=
		IFS=: read -r kind _ rest <<<"$line"
		case $line in
		dlstatus:*) percent=$((10#${rest%%[.:]*} / 2)) ;;
		pmstatus:*) percent=$((50 + 10#${rest%%[.:]*} / 2)) ;;
		'['[0-9]*/[0-9]*'] '*)
			kind=${line#[}
			kind=${kind%%]*}
			percent=$((${kind%/*} * 100 / ${kind#*/}))
			;;
		esac
		case $kind in
		dlstatus | pmstatus) ;;
		*) printf '%s\n' "$line" >>"$log" ;;
		esac
		if [ -n "$percent" ] && on_terminal; then
			show_percent "$label" "$percent"
		fi
	done
	if on_terminal; then
		printf '\r%64s\r' ''
	fi
}

# quietly LABEL LOG COMMAND...: a line before, a line after, the output to LOG, and
# its end to the screen if the command failed.
quietly()
{
	local label=$1 log=$2 begin=$SECONDS status

	shift 2
	on_terminal || say "$label ..."
	: >>"$log" || die "cannot write $log"
	"$@" 2>&1 </dev/null | follow_progress "$label" "$log"
	status=$?
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$log" >&2
		say "$label: failed after $((SECONDS - begin)) s (whole log: $log)" >&2
		return "$status"
	fi
	say "$label: done in $((SECONDS - begin)) s"
}

# The descriptor of the progress is closed to package scripts, so it can't be their
# stdout; and it is opened behind sudo, which closes what it does not know.
apt_get()
{
	"${as_root[@]}" sh -c 'exec "$@" 3>&1' sh \
		env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o APT::Status-Fd=3 "$@"
}

# Old or absent package lists are noticed by trying, not by their date.
apt_install()
{
	local log=$1 label

	shift
	label="installing $# packages"
	if apt_get install --simulate --no-install-recommends "$@" >/dev/null 2>&1 </dev/null
	then
		quietly "$label" "$log" apt_get install --no-install-recommends "$@" && return
	fi
	quietly 'updating package lists' "$log" apt_get update &&
		quietly "$label" "$log" apt_get install --no-install-recommends "$@"
}

# install_packages LOG PACKAGE...: says what it will do, and does it; or says in one
# sentence why not.
install_packages()
{
	local log=$1

	shift
	if ! command -v apt-get >/dev/null 2>&1; then
		say "$me: this is no Debian (no apt-get); please install what these Debian" \
			"packages hold: $*" >&2
		return 1
	fi
	if ! become_root; then
		say "$me: $(missing_sentence "$@") (this user is not root, and there is no" \
			"sudo)" >&2
		return 1
	fi
	say "Missing here, and about to be installed with ${as_root:+sudo }apt-get: $*"
	say "(to leave the system alone: --no-install)"
	if ! may_become_root || ! apt_install "$log" "$@"; then
		say "$me: apt-get could not install them; to see why, as root, run:" \
			"$(install_command "$@")" >&2
		return 1
	fi
}

# One sentence on what is missing.
missing_sentence()
{
	local package what list=''

	for package; do
		what=$package
		case $package in
		ninja-build) what=ninja ;;
		gnuplot-nox) what=gnuplot ;;
		graphviz) what='dot' ;;
		gcc-aarch64-linux-gnu) what='gcc for arm64' ;;
		libc6-dev) what='the C headers' ;;
		lib*-dev) what=${package#lib} what=${what%-dev} ;;
		esac
		[ "$what" = "$package" ] || what="$what (Debian package $package)"
		list="${list:+$list, }$what"
	done
	printf 'missing: %s; to get it, as root, run: %s' "$list" "$(install_command "$@")"
}

# ---------------------------------------------------------------- building

build_targets=()

# meson_build DIR OPTION...: set up or bring up to date, then build everything or, if
# the caller has set them, build_targets; logs to DIR/build.log.
meson_build()
{
	local dir=$1 log=$1/build.log ninja setup=(meson setup)

	shift
	mkdir -p "$dir" || die "cannot write $dir"
	ninja=$(command -v ninja || command -v ninja-build) || die "$(missing_sentence ninja-build)"
	if [ -f "$dir/build.ninja" ]; then
		setup=(meson setup --reconfigure)
	fi
	: >"$log"
	"${setup[@]}" "$@" "$dir" "$source_dir" >>"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		say "$me: meson could not set up $dir (log: $log);" \
			"if it is an old one, remove it" >&2
		return 1
	}
	quietly "building in ${dir##*/}" "$log" "$ninja" -C "$dir" "${build_targets[@]}"
}

# ---------------------------------------------------------------- counting

# closing_line PASSED FAILED SKIPPED
closing_line()
{
	printf '%d passed, %d failed, %d skipped\n' "$1" "$2" "$3"
}

# meson_tests DIR ARGUMENT...: runs `meson test` and ends with one line for each
# failed or skipped test and the closing line. A suite that is empty has failed.
meson_tests()
{
	local dir=$1 log passed failed skipped status

	shift
	log=$(mktemp) || die 'cannot make a temporary file'
	[ "${FNUMA_LONG:-}" != 1 ] || set -- --timeout-multiplier 60 "$@"
	meson test -C "$dir" --no-rebuild --print-errorlogs "$@" 2>&1 </dev/null | tee "$log"
	status=${PIPESTATUS[0]}
	count()
	{
		awk -v "what=^($1): *[0-9]+ *$" '$0 ~ what { n += $NF } END { print n + 0 }' "$log"
	}
	passed=$(count 'Ok|Expected Fail')
	failed=$(count 'Fail|Unexpected Pass|Timeout')
	skipped=$(count 'Skipped')
	if [ $((passed + failed + skipped)) -eq 0 ]; then
		say 'failed: no test was run'
		failed=1
	elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		say "failed: meson test ended with status $status"
		failed=1
	fi
	sed -n -E -e 's/^ *[0-9]+\/[0-9]+ +(.*[^ ]) +SKIP +[0-9.]+s.*/skipped: \1/p' \
		-e 's/^ *[0-9]+\/[0-9]+ +(.*[^ ]) +(FAIL|TIMEOUT|ERROR|INTERRUPT|UNEXPECTEDPASS) +[0-9.]+s.*/failed: \1/p' \
		"$log" | sort -u
	rm -f "$log"
	closing_line "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ]
}
