# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows what the guest starts from. Its kernel is unpacked here, where that is
# fast. Its root is an initramfs of two
# archives, one behind the other: just enough to mount /usr, and what belongs to
# one run. /usr is a read-only image with programs of this machine and modules
# of the kernel; being read only where it is used, it costs no time at boot.
# Image and first archive are kept in the cache. Knows nothing of QEMU or of
# machines.

# What the guest has, as far as this machine has it; busybox fills the gaps.
readonly guest_programs='
bash awk basename blkdiscard blkid blockdev cat chgrp chmod chown cmp comm cp cut
date dd df diff dmesg dmsetup du env expr fallocate fdisk fgrep egrep filefrag
find findmnt fio flock getconf getopt grep head hexdump id install ionice jq gojq
kill ldconfig ldd ln losetup ls lsblk lscpu lsmod lspci mdadm mkdir mkfifo
mkfs.btrfs mkfs.ext4 mkfs.vfat mkfs.xfs mknod mktemp modprobe insmod rmmod mount umount mv nproc nvme od
paste perl ps pgrep pkill printf prlimit readlink realpath rm rmdir sed seq setfattr
getfattr setpci setpriv setsid sfdisk parted sha256sum md5sum xxhsum xxh128sum shuf
sleep sort split stat strace stty sync tail tar taskset tee test timeout touch tr
truncate tune2fs e2fsck dumpe2fs debugfs xfs_io xfs_info xfs_repair btrfs uname
unshare uniq wc which wipefs xargs xxd yes zstd cryptsetup'

# Modules by name, with whatever they need; names that a kernel has built in,
# or has not at all, are passed over.
readonly guest_modules='
virtio_pci virtio_console virtio_blk nvme nvme-core nvme-loop nvme-tcp
nvmet nvmet-tcp ext4 xfs btrfs vfat overlay nls_ascii nls_cp437 nls_iso8859-1
md-mod raid0 raid1 raid10 raid456 dm-mod dm-crypt dm-delay dm-flakey dm-mirror
loop null_blk brd crc32c_generic crc32c-intel libcrc32c virtio-iommu
crc-t10dif crct10dif_generic crc64 crc64-rocksoft'

# find_programs PROGRAM…: the files of those that are here, one a line.
find_programs() {
	local program file PATH=$PATH:/usr/sbin:/sbin
	for program in "$@"; do
		file=$(type -P "$program") && echo "$file"
	done
	return 0
}

# libraries_of FILE…: the shared libraries and the loader that they need.
libraries_of() {
	ldd "$@" 2>/dev/null | awk '
		$2 == "=>" && $3 ~ /^\// { print $3 }
		$1 ~ /^\// && $1 !~ /:$/ { print $1 }' | sort -u
}

# What the base depends on, as text: its checksum is the base's name.
base_recipe() {
	cat "$cache/kernel/$1/release" "$lab/lib/archive.sh" "$lab"/guest/init \
		"$lab"/guest/main "$lab"/guest/bin/*
	# shellcheck disable=SC2086 # a list of programs
	find_programs $guest_programs busybox |
		xargs -r stat -L -c '%n %s %Y'
}

# find_base KERNEL-KIND: makes the base if need be; $base.kernel, $base.img and
# $base.cpio are its files.
find_base() {
	local key
	key=$(base_recipe "$1" | sha256sum)
	base=$cache/base/$1-${key:0:16}
	[ -f "$base.cpio" ] || {
		lock_cache
		[ -f "$base.cpio" ] || make_base "$1"
		unlock_cache
	}
	touch -c "$base.cpio" 2>/dev/null || true
}

make_base() {
	local kind=$1 root
	say "making the guest's /usr (once for each kernel)"
	mkdir -p "${base%/*}"
	# Whoever left one was interrupted: the lock is ours.
	rm -rf "${base%/*}"/.root.*
	root=$(mktemp -d "${base%/*}/.root.XXXXXX") || die "no room in $cache"
	fill_usr "$root/usr" "$kind"
	kernel_of "$cache/kernel/$kind/vmlinuz" "$base.kernel" ||
		die "the guest's kernel: cannot be written"
	image_of "$root/usr" "$base.img" || die "the guest's /usr: no image"
	fill_root "$root/root" "$root/usr" "$kind"
	archive_of "$root/root" >"$base.cpio.new" || die "the guest: no archive"
	mv "$base.cpio.new" "$base.cpio"
	rm -rf "$root"
	remove_old_bases "$kind"
}

# A second source tree may still use its own base, so a few are kept.
remove_old_bases() {
	local old
	find "${base%/*}" -name "$1-*.cpio" -printf '%T@ %p\n' |
		sort -rn | tail -n +9 | cut -d' ' -f2- |
		while read -r old; do
			rm -f "$old" "${old%.cpio}".{img,kernel}
		done
}

# kernel_of VMLINUZ FILE: the kernel without its shell, which takes seconds to
# unpack itself in the guest (Documentation/arch/x86/boot.rst has the fields);
# as it is, where it is packed otherwise (Debian's 6.1: quickly) or where what
# comes out has no entry for QEMU (the PVH note).
kernel_of() {
	local sectors start size
	read -r sectors < <(od -An -tu1 -j 497 -N 1 "$1")
	read -r start size < <(od -An -tu4 -j 584 -N 8 "$1")
	start=$((start + (sectors + 1) * 512))
	# Its last four bytes are its length.
	tail -c +$((start + 1)) "$1" | head -c $((size - 4)) >"$2.packed"
	zstd -qdc "$2.packed" >"$2" 2>/dev/null
	rm -f "$2.packed"
	LC_ALL=C grep -aqP '[\x04\x08]\0\0\0\x12\0\0\0Xen\0' "$2" ||
		cp "$1" "$2"
}

# archive_of DIRECTORY: as the kernel takes it, on stdout.
archive_of() {
	(cd "$1" && find . -print0 | sort -z |
		cpio -0 -o -H newc -R 0:0 --quiet)
}

# image_of DIRECTORY FILE
image_of() {
	local kib
	kib=$(du -sk --apparent-size "$1" | cut -f1)
	rm -f "$2"
	truncate -s $((kib * 5 / 4 + 16384))K "$2"
	PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -O ^has_journal -m 0 \
		-E root_owner=0:0,nodiscard -d "$1" "$2"
}

# copy_files USR: the files that stdin names, at their own places below /usr;
# /bin, /sbin and /lib are links into /usr, as in Debian.
copy_files() {
	tar -c -h -P -T - | tar -x -C "$1" --no-same-owner \
		--transform 's,^/*\(usr/\)\?,,'
}

fill_usr() {
	local usr=$1 kind=$2 applet
	local -a programs
	mkdir -p "$usr"/{bin,sbin,lib,lib64}
	# shellcheck disable=SC2086 # a list of programs
	mapfile -t programs < <(find_programs $guest_programs busybox)
	{
		printf '%s\n' "${programs[@]}"
		libraries_of "${programs[@]}"
		ls /usr/share/misc/pci.ids /lib/terminfo/{l/linux,v/vt100} \
			/lib/terminfo/x/xterm{,-256color} 2>/dev/null
	} | sort -u | copy_files "$usr"
	for applet in $(busybox --list); do
		[ -e "$usr/bin/$applet" ] || [ -e "$usr/sbin/$applet" ] ||
			ln -s busybox "$usr/bin/$applet"
	done
	# The same language, and it starts in a third of the time.
	[ ! -e "$usr/bin/gojq" ] || ln -sf gojq "$usr/bin/jq"
	cp "$lab"/guest/bin/* "$usr/bin/"
	chmod 755 "$usr"/bin/lab_*
	# shellcheck disable=SC2086 # a list of modules
	copy_modules "$usr" "$kind" $guest_modules
}

# fill_root ROOT USR KIND: what there is before /usr is mounted.
fill_root() {
	local root=$1 usr=$2 name
	mkdir -p "$root"/{dev,proc,sys,run,tmp,root,mnt,results,files,etc,lab/dev}
	chmod 1777 "$root/tmp"
	ln -s /proc/self/fd "$root/lab/dev/fd"
	ln -s /proc/self/fd/0 "$root/lab/dev/stdin"
	ln -s /proc/self/fd/1 "$root/lab/dev/stdout"
	ln -s /proc/self/fd/2 "$root/lab/dev/stderr"
	for name in bin sbin lib lib64; do
		mkdir -p "$root/usr/$name"
		ln -s "usr/$name" "$root/$name"
	done
	cp "$usr/bin/busybox" "$root/lab/busybox"
	cp "$lab/guest/init" "$root/init"
	cp "$lab/guest/main" "$root/lab/main"
	chmod 755 "$root/init" "$root/lab/main"
	fill_etc "$root/etc"
	copy_modules "$root/usr" "$3" virtio_pci virtio_blk virtio_console
}

fill_etc() {
	printf '%s\n' root:x:0:0::/root:/bin/bash \
		user:x:1000:1000::/tmp:/bin/bash >"$1/passwd"
	printf '%s\n' root:x:0: disk:x:6: user:x:1000: >"$1/group"
	ln -s /proc/mounts "$1/mtab"
	printf '%s\n' 'proc /proc proc defaults' 'sysfs /sys sysfs defaults' \
		'devtmpfs /dev devtmpfs defaults' 'tmpfs /tmp tmpfs mode=1777' \
		'tmpfs /run tmpfs defaults' \
		'debugfs /sys/kernel/debug debugfs defaults' >"$1/fstab"
	printf '%s\n' '/dev/vda /usr ext4 ro' 'devpts /dev/pts devpts defaults' \
		'tmpfs /dev/shm tmpfs defaults' >"$1/fstab.late"
}

# copy_modules USR KIND MODULE…: with what they need, unpacked: here that is
# fast, in the guest it is not.
copy_modules() {
	local usr=$1 kernel=$cache/kernel/$2 release from to module
	shift 2
	release=$(cat "$kernel/release")
	from=$kernel/lib/modules/$release
	to=$usr/lib/modules/$release
	mkdir -p "$to"
	for module in "$@"; do
		modprobe -d "$kernel" -S "$release" --show-depends \
			--ignore-install "$module" 2>/dev/null
	done | awk '$1 == "insmod" { print $2 }' | sort -u |
		sed "s,^.*/modules/$release/,," |
		tar -c -h -C "$from" -T - | tar -x -C "$to" --no-same-owner
	find "$to" -name '*.ko.xz' -exec xz -d {} +
	find "$to" -name '*.ko.zst' -exec zstd -q -d --rm {} +
	depmod -b "$usr" "$release" 2>/dev/null
}

# real_program FILE: libtool leaves a script where the program should be, and
# the program below .libs.
real_program() {
	local real
	real=$(dirname "$1")/.libs/$(basename "$1")
	if [ -f "$real" ] && [ -x "$real" ]; then
		echo "$real"
	else
		echo "$1"
	fi
}

# loaded_by FILE: the libraries of this machine that FILE names, also those that
# it loads by itself, of which ldd knows nothing.
loaded_by() {
	local PATH=$PATH:/usr/sbin:/sbin
	ldconfig -p | awk -v names="$(grep -aoE 'lib[a-z0-9_-]+\.so\.[0-9]+' \
		"$1" | sort -u | tr '\n' ' ')" '
		BEGIN { split(names, list, " "); for (i in list) is[list[i]] }
		$1 in is && /x86-64/ { print $NF; delete is[$1] }'
}

# add_program ROOT FILE: onto the guest's PATH, with its libraries; each once,
# by whatever path.
add_program() {
	local root=$1 real libraries
	local -a loaded
	real=$(real_program "$2")
	cp -L "$real" "$root/lab/bin/$(basename "$2")" ||
		die "$2: cannot be read"
	mapfile -t loaded < <(loaded_by "$real")
	libraries=$(LD_LIBRARY_PATH=${build:+$build/src/.libs} \
		libraries_of "$real" "${loaded[@]}" | cat - \
		<(printf '%s\n' "${loaded[@]}") | awk -F/ 'NF && !seen[$NF]++')
	[ -z "$libraries" ] || xargs cp -L -t "$root/lab/lib" <<<"$libraries"
}

# find_build: the directory with src/p2ptopo and its like, into $build; empty
# if there is none, and then the guest simply has no such programs.
find_build() {
	local directory program
	if [ -n "$build" ]; then
		[ -d "$build" ] || usage_error "--build=$build: no directory"
		build=$(realpath "$build")
		return
	fi
	for directory in ${P2PLAB_BUILD:+"$P2PLAB_BUILD"} . ./build \
		"$lab/../.." "$lab/../../build"; do
		for program in $our_programs; do
			[ -x "$directory/src/$program" ] || continue
			build=$(realpath "$directory")
			return
		done
	done
}

readonly our_programs='p2ptopo p2pcopy p2pbench'

add_our_programs() {
	local root=$1 program file
	for program in $our_programs; do
		if [ -n "$build" ]; then
			file=$build/src/$program
		else
			file=$(type -P "$program") || continue
		fi
		[ -x "$file" ] || continue
		add_program "$root" "$file"
		detail "the guest has $(real_program "$file")"
	done
}

# run_archive FILE: the guest's root, with what this run adds, in FILE. Uses the
# arrays command, tools and files, and $settings_text.
run_archive() {
	local root=$work/root file
	mkdir -p "$root"/{lab/bin,lab/lib,files}
	printf '%s\0' "${command[@]}" >"$root/lab/command"
	printf '%s\n' "$settings_text" >"$root/lab/settings"
	add_our_programs "$root"
	for file in "${tools[@]}"; do
		[[ $file = */* ]] || file=$(type -P "$file") ||
			usage_error "--tool: there is no such program"
		add_program "$root" "$file"
	done
	for file in "${files[@]}"; do
		cp -RL --preserve=mode "$file" "$root/files/" ||
			usage_error "--file=$file: cannot be read"
	done
	{
		cat "$base.cpio"
		archive_of "$root"
	} >"$1" || die "the guest's archive could not be made"
}
