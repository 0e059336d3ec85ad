# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # me and source_dir are the caller's
#
# What lanes that need a machine of their own share: an initramfs made from what is
# installed here, QEMU with a time limit, and results read from its serial log. Sourced
# after tests/lib/setup.sh; the packages are @vm.
#
#	vm_provide_kernel "$dir"               the kernel, in a folder beside $dir
#	vm_new "$dir"                          a fresh tree in $dir/root
#	vm_program "$(command -v numactl)"     with the libraries it needs
#	vm_file FILE /where/it/goes
#	vm_modules "$(vm_kernel_version)" virtio_blk ...
#	vm_unpack "$dir/debian" PACKAGE...     packages that nobody wants on a real machine
#	vm_init <<'END'                        the first program, as /init
#	. /lib/vm-guest.sh
#	vm_mount; report 'one and one' [ $((1 + 1)) = 2 ]; vm_finish
#	END
#	vm_pack                                $dir/initramfs.cpio
#	vm_boot 60 "$dir/serial.log" -kernel "$(vm_kernel)" -initrd "$dir/initramfs.cpio" ...
#	vm_results "$dir/serial.log"           adds to passed, failed, skipped
#	vm_files "$dir/serial.log" "$dir/kept" what the machine says with `keep NAME FILE`
#
# Software emulation unless VM_ACCEL says otherwise: it is there on every machine.

: "${VM_ACCEL:=tcg}"

# ---------------------------------------------------------------- the kernel

# The distribution's kernel, or $VM_KERNEL. Not installed, but unpacked: to install one writes
# to /boot, makes an initramfs, and is what this machine boots from then on. Lanes share it.
# Without one: what the lane skips by, or in CI an error.
vm_provide_kernel()
{
	local package

	[ -z "${VM_KERNEL:-}" ] || return 0
	vm_kernel_dir=$(dirname "$1")/kernel
	compgen -G "$vm_kernel_dir/boot/vmlinuz-*" >/dev/null || {
		package=$(vm_kernel_package "$vm_kernel_dir") &&
			vm_unpack "$vm_kernel_dir" "$package"
	} || vm_cannot "a kernel can't be fetched" "$vm_kernel_dir"
	VM_KERNEL=$(printf '%s\n' "$vm_kernel_dir"/boot/vmlinuz-* | sort -V | tail -n 1)
}

# The package that the one without a version stands for.
vm_kernel_package()
{
	mkdir -p "$1/packages" || die "cannot write $1"
	vm_apt "$1" apt-get -q download --print-uris linux-image-amd64 >/dev/null &&
		vm_apt "$1" apt-cache depends linux-image-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | grep -m 1 .
}

vm_kernel()
{
	[ -r "${VM_KERNEL:-}" ] || die "no kernel to boot: cannot read ${VM_KERNEL:-any}"
	printf '%s\n' "$VM_KERNEL"
}

vm_kernel_version()
{
	local kernel

	kernel=$(vm_kernel) || exit
	printf '%s\n' "${kernel##*/vmlinuz-}"
}

# The kernel as the program that it unpacks itself to, for those who load it into an emulated
# machine more than once: to unpack takes seconds there.
vm_unpacked_kernel()
{
	local kernel sectors offset bytes unpack=

	kernel=$(vm_kernel) || exit
	# setup_sects, payload_offset and payload_length of the boot protocol
	sectors=$(od -An -tu1 -j 497 -N 1 "$kernel")
	read -r offset bytes < <(od -An -tu4 -j 584 -N 8 "$kernel")
	offset=$((offset + (sectors + 1) * 512))
	case $(od -An -tx1 -j "$offset" -N 4 "$kernel") in
	*'fd 37 7a 58'*) unpack=xz ;;
	*'28 b5 2f fd'*) unpack=zstd ;;
	*'1f 8b'*) unpack=gzip ;;
	*) die "cannot unpack $kernel" ;;
	esac
	# The last four bytes of the payload are its size.
	dd if="$kernel" bs=64K iflag=skip_bytes,count_bytes skip="$offset" \
		count="$((bytes - 4))" status=none | "$unpack" -dc
}

# ---------------------------------------------------------------- packages, not installed

# vm_cannot WHAT DIR: what a lane says that can't be run here.
vm_cannot()
{
	say "$1 (apt-get download; log: $2/packages.log)"
	! in_ci || exit 1
	exit 77
}

# vm_apt DIR COMMAND...: with this machine's lists of packages or, if they don't do, with
# fresh ones below DIR: to bring this machine's up to date would take its root.
vm_apt()
{
	local dir=$1 own

	shift
	own=(-o "Dir::State::Lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache"
		-o "APT::Sandbox::User=$(id -un)")
	[ -d "$dir/apt/lists" ] || ! "$@" 2>>"$dir/packages.log" </dev/null || return 0
	if [ ! -d "$dir/apt/lists" ]; then
		mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" &&
			apt-get -q "${own[@]}" update >>"$dir/packages.log" 2>&1 </dev/null ||
			{ rm -rf "$dir/apt"; return 1; }
	fi
	"$1" "${own[@]}" "${@:2}" 2>>"$dir/packages.log" </dev/null
}

# vm_unpack DIR PACKAGE...: what these packages hold, below DIR, with nothing installed. Fails
# if they can't be had; packages.log there says why. One that was begun is begun anew.
vm_unpack()
{
	local dir=$1 package

	shift
	mkdir -p "$dir/packages" || die "cannot write $dir"
	for package; do
		[ ! -e "$dir/packages/$package.unpacked" ] || continue
		rm -f "$dir/packages/${package}"_*.deb
		(cd "$dir/packages" && vm_apt "$dir" apt-get -q download "$package") \
			>>"$dir/packages.log" || return
		dpkg-deb -x "$dir/packages/${package}"_*.deb "$dir" || return
		rm -f "$dir/packages/${package}"_*.deb
		: >"$dir/packages/$package.unpacked"
	done
}

# ---------------------------------------------------------------- the initramfs

# vm_new DIR: an empty tree with busybox under all its names.
vm_new()
{
	local name

	vm_dir=$1 vm_root=$1/root
	rm -rf "$vm_root"
	mkdir -p "$vm_root"/{bin,dev,etc,lib,proc,root,run,sys,tmp,usr} ||
		die "cannot write $vm_root"
	ln -s bin "$vm_root/sbin"
	ln -s ../bin "$vm_root/usr/bin"
	ln -s ../bin "$vm_root/usr/sbin"
	vm_file "$(command -v busybox)" /bin/busybox
	for name in $(busybox --list); do
		[ "$name" = busybox ] || ln -s busybox "$vm_root/bin/$name"
	done
	vm_file "$source_dir/tests/lib/vm-guest.sh" /lib/vm-guest.sh
}

# vm_file FILE WHERE: a copy, as what FILE leads to.
vm_file()
{
	mkdir -p "$(dirname "$vm_root$2")" && cp -L --remove-destination "$1" "$vm_root$2" ||
		die "cannot put $1 into $vm_root"
}

# vm_program FILE [WHERE]: a program or a library (without WHERE: /bin) and, at the places
# they have here, the libraries that ldd names.
vm_program()
{
	local library libraries

	[ -f "$1" ] || die "no such program: $1"
	vm_file "$1" "${2:-/bin/${1##*/}}"
	libraries=$(ldd "$1" 2>&1) || return 0 # a static one
	case $libraries in
	*'not found'*) die "$1 lacks libraries here: $libraries" ;;
	esac
	for library in $(grep -oE '(^|[[:space:]])/[^ ]+' <<<"$libraries"); do
		[ -e "$vm_root$library" ] || vm_file "$library" "$library"
	done
}

# Which modules need which: an installed kernel has it written down, an unpacked one has not.
vm_list_modules()
{
	vm_modprobe=()
	[ -n "${vm_kernel_dir:-}" ] || return 0
	vm_modprobe=(-d "$vm_kernel_dir")
	[ ! -d "$vm_kernel_dir/usr/lib/modules" ] || [ -e "$vm_kernel_dir/lib" ] ||
		ln -s usr/lib "$vm_kernel_dir/lib"
	[ -e "$vm_kernel_dir/lib/modules/$1/modules.dep.bin" ] ||
		depmod -b "$vm_kernel_dir" "$1" || die "cannot list the modules of $vm_kernel_dir"
}

# vm_modules VERSION NAME...: kernel modules with those they need, for vm_load_modules.
# Those built into the kernel are there already.
vm_modules()
{
	local version=$1 name file files to

	shift
	mkdir -p "$vm_root/lib/modules"
	vm_list_modules "$version"
	for name; do
		files=$(modprobe "${vm_modprobe[@]}" -S "$version" --show-depends "$name") ||
			die "kernel $version has no module $name"
		for file in $(sed -n 's/^insmod \([^ ]*\).*/\1/p' <<<"$files"); do
			to=$(basename "${file%.ko*}").ko
			[ ! -e "$vm_root/lib/modules/$to" ] || continue
			case $file in
			*.xz) xz -dc "$file" ;;
			*.zst) zstd -dc "$file" ;;
			*) cat "$file" ;;
			esac >"$vm_root/lib/modules/$to" || die "cannot read $file"
			printf '%s\n' "$to" >>"$vm_root/lib/modules/order"
		done
	done
}

# The first program, from stdin; without a first line of its own, it is run by sh.
vm_init()
{
	local text

	text=$(cat)
	case $text in
	'#!'*) ;;
	*) text="#!/bin/sh"$'\n'"$text" ;;
	esac
	printf '%s\n' "$text" >"$vm_root/init" && chmod 755 "$vm_root/init" ||
		die "cannot write $vm_root/init"
}

# The tree as $vm_dir/initramfs.cpio, everything owned by root. Not compressed: to unpack
# costs an emulated machine more than to read.
vm_pack()
{
	(cd "$vm_root" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet --null --create --format=newc --owner=0:0) \
		>"$vm_dir/initramfs.cpio" || die "cannot make $vm_dir/initramfs.cpio"
}

# ---------------------------------------------------------------- the machine

# vm_boot SECONDS LOG ARGUMENT...: runs QEMU until the machine turns itself off. Its first
# serial port goes to LOG. Fails if it had to be stopped, or could not start.
vm_boot()
{
	local seconds=$1 log=$2 status
	# What QEMU knows of translated code is all over its heap: large pages make that quicker.
	local -x GLIBC_TUNABLES=glibc.malloc.hugetlb=1

	shift 2
	: >"$log" || die "cannot write $log"
	vm_watched timeout --kill-after=5 "$seconds" qemu-system-x86_64 -accel "$VM_ACCEL" \
		-nodefaults -no-reboot -display none -serial "file:$log" "$@"
	status=$?
	case $status in
	0) return 0 ;;
	124 | 137) say "$me: the machine was stopped after $seconds s" ;;
	*) say "$me: QEMU ended with status $status" ;;
	esac
	return 1
}

# vm_watched COMMAND...: runs it, and ends it when this shell is told to end, or is killed. In
# the background, since bash does not listen while it waits for a command in front.
vm_watched()
{
	local signal status

	setpriv --pdeathsig TERM "$@" </dev/null &
	vm_pid=$!
	for signal in HUP INT TERM; do
		# shellcheck disable=SC2064 # which of them it is
		trap "vm_end $signal" "$signal"
	done
	wait "$vm_pid"
	status=$?
	trap - HUP INT TERM
	return $status
}

vm_end()
{
	trap - HUP INT TERM
	kill -TERM "$vm_pid"
	wait "$vm_pid"
	kill "-$1" "$BASHPID"
}

# vm_boot_here ARGUMENT...: the same with its serial port on this terminal, without limit.
# Ctrl-a x ends it.
vm_boot_here()
{
	setpriv --pdeathsig TERM qemu-system-x86_64 -accel "$VM_ACCEL" -nodefaults -no-reboot \
		-display none -chardev stdio,id=here,mux=on,signal=off -serial chardev:here "$@"
}

# ---------------------------------------------------------------- results

# vm_results LOG: says each result, and adds to passed, failed and skipped. What the machine
# itself counted at the end must be what was read: a result lost on the way is a failure.
vm_results()
{
	local line p=0 f=0 s=0 last=

	while IFS= read -r line; do
		case $line in
		'ok '*) p=$((p + 1)) && say "ok: ${line#ok }" ;;
		'not ok '*) f=$((f + 1)) && say "failed: ${line#not ok }" ;;
		'skip '*) s=$((s + 1)) && say "skipped: ${line#skip }" ;;
		'note '*) say "  ${line#note }" ;;
		'vm done '*) last=${line#vm done } ;;
		esac
	done < <(tr -d '\r' <"$1")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$last" != "$p $f $s" ] || return 0
	failed=$((failed + 1))
	if [ -z "$last" ]; then
		tail -n 30 "$1"
		say "failed: the machine did not come to the end (log: $1)"
	else
		say "failed: of the machine's results ($last) some were lost (log: $1)"
	fi
	return 1
}

# vm_files LOG DIR: what the machine kept with `keep`, as files in DIR.
vm_files()
{
	local line rest

	mkdir -p "$2" || die "cannot write $2"
	rm -f "$2"/*
	while IFS= read -r line; do
		rest=${line#file }
		printf '%s\n' "${rest#* }" >>"$2/${rest%% *}"
	done < <(tr -d '\r' <"$1" | grep '^file ')
}
