# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows what the guest's file system holds. It is an initramfs of two archives,
# one behind the other: the base (programs of this machine and the modules of
# the kernel; kept in the cache) and what belongs to one run. Knows nothing of
# QEMU or of machines.

# What the guest has, as far as this machine has it; busybox fills the gaps.
readonly guest_programs='
bash awk basename blkdiscard blkid blockdev cat chgrp chmod chown cmp comm cp cut
date dd df diff dmesg dmsetup du env expr fallocate fdisk fgrep egrep filefrag
find findmnt fio flock getconf getopt grep head hexdump id install ionice jq kill
ldd ln losetup ls lsblk lscpu lsmod lspci mdadm mkdir mkfifo mkfs.btrfs mkfs.ext4
mkfs.vfat mkfs.xfs mknod mktemp modprobe insmod rmmod mount umount mv nproc nvme od
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

# copy_files ROOT: the files that stdin names, into ROOT at their own places;
# /bin, /sbin and /lib are links into /usr, as in Debian.
copy_files() {
	tar -c -h -P -T - | tar -x -C "$1" --no-same-owner \
		--transform 's,^/*,,;s,^\(bin\|sbin\|lib\|lib64\)/,usr/\1/,'
}

new_root() {
	local name
	mkdir -p "$1"/{dev,proc,sys,run,tmp,root,mnt,results,etc,lab}
	chmod 1777 "$1/tmp"
	for name in bin sbin lib lib64; do
		mkdir -p "$1/usr/$name"
		ln -s "usr/$name" "$1/$name"
	done
}

# What the base depends on, as text: its checksum is the base's name.
base_recipe() {
	cat "$cache/kernel/$1/release" "$lab/lib/archive.sh" "$lab"/guest/init \
		"$lab"/guest/bin/*
	# shellcheck disable=SC2086 # a list of programs
	find_programs $guest_programs busybox |
		xargs -r stat -L -c '%n %s %Y'
}

# base_archive KERNEL-KIND: makes the base if need be; its file is in $REPLY.
base_archive() {
	local key
	key=$(base_recipe "$1" | sha256sum)
	REPLY=$cache/base/$1-${key:0:16}.cpio
	if [ -f "$REPLY" ]; then
		touch -c "$REPLY" 2>/dev/null
		return
	fi
	lock_cache
	[ -f "$REPLY" ] || make_base "$1" "$REPLY"
	unlock_cache
}

make_base() {
	local kind=$1 file=$2 root
	detail "making the guest's base archive (once for each kernel)"
	mkdir -p "${file%/*}"
	root=$(mktemp -d "${file%/*}/.root.XXXXXX") || die "no room in $cache"
	new_root "$root"
	fill_base "$root" "$kind"
	(cd "$root" && find . -print0 | sort -z |
		cpio -0 -o -H newc -R 0:0 --quiet) >"$file.new" ||
		die "the base archive could not be made"
	mv "$file.new" "$file"
	rm -rf "$root"
	# Bases of other scripts or programs are of no use any more, but a
	# second source tree may still use its own.
	find "${file%/*}" -name "$kind-*.cpio" -printf '%T@ %p\n' |
		sort -rn | tail -n +5 | cut -d' ' -f2- | xargs -r rm -f
}

fill_base() {
	local root=$1 kind=$2 applet
	local -a programs
	# shellcheck disable=SC2086 # a list of programs
	mapfile -t programs < <(find_programs $guest_programs busybox)
	{
		printf '%s\n' "${programs[@]}"
		libraries_of "${programs[@]}"
		ls /usr/share/misc/pci.ids /lib/terminfo/{l/linux,v/vt100} \
			/lib/terminfo/x/xterm{,-256color} 2>/dev/null
	} | sort -u | copy_files "$root"
	for applet in $(busybox --list); do
		[ -e "$root/usr/bin/$applet" ] ||
			[ -e "$root/usr/sbin/$applet" ] ||
			ln -s busybox "$root/usr/bin/$applet"
	done
	cp "$lab/guest/init" "$root/init"
	cp "$lab"/guest/bin/* "$root/usr/bin/"
	chmod 755 "$root/init" "$root"/usr/bin/lab_*
	fill_etc "$root/etc"
	fill_modules "$root" "$kind"
}

fill_etc() {
	printf '%s\n' root:x:0:0::/root:/bin/bash \
		user:x:1000:1000::/tmp:/bin/bash >"$1/passwd"
	printf '%s\n' root:x:0: disk:x:6: user:x:1000: >"$1/group"
	: >"$1/fstab"
	ln -s /proc/mounts "$1/mtab"
	echo p2plab >"$1/hostname"
}

# The modules are unpacked here, where it is fast, and not in the guest.
fill_modules() {
	local root=$1 kernel=$cache/kernel/$2 release from to module
	release=$(cat "$kernel/release")
	from=$kernel/lib/modules/$release
	to=$root/usr/lib/modules/$release
	mkdir -p "$to"
	for module in $guest_modules; do
		modprobe -d "$kernel" -S "$release" --show-depends \
			--ignore-install "$module" 2>/dev/null
	done | awk '$1 == "insmod" { print $2 }' | sort -u |
		sed "s,^.*/modules/$release/,," |
		tar -c -h -C "$from" -T - | tar -x -C "$to" --no-same-owner
	find "$to" -name '*.ko.xz' -exec xz -d {} +
	find "$to" -name '*.ko.zst' -exec zstd -q -d --rm {} +
	depmod -b "$root" "$release" 2>/dev/null
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

# add_program ROOT FILE: onto the guest's PATH, with its libraries.
add_program() {
	local root=$1 real libraries
	real=$(real_program "$2")
	cp -L "$real" "$root/usr/bin/$(basename "$2")" ||
		die "$2: cannot be read"
	libraries=$(LD_LIBRARY_PATH=${build:+$build/src/.libs} \
		libraries_of "$real")
	[ -z "$libraries" ] || add_libraries "$root" <<<"$libraries"
}

# Libraries of this build go where the guest's loader looks by itself.
add_libraries() {
	local root=$1 file
	while read -r file; do
		case $file in
		/lib/* | /lib64/* | /usr/lib/*) echo "$file" ;;
		*) cp -L "$file" "$root/usr/lib/" ;;
		esac
	done | copy_files "$root"
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

# run_archive FILE: what this run adds, behind the base, in FILE. Uses the
# arrays command, tools and files, and $settings_text.
run_archive() {
	local initrd=$1 root=$work/root file
	mkdir -p "$root"/{lab,root,usr/bin,usr/lib/x86_64-linux-gnu}
	printf '%s\0' "${command[@]}" >"$root/lab/command"
	printf '%s\n' "$settings_text" >"$root/lab/settings"
	add_our_programs "$root"
	for file in "${tools[@]}"; do
		[[ $file = */* ]] || file=$(type -P "$file") ||
			usage_error "--tool: there is no such program"
		add_program "$root" "$file"
	done
	for file in "${files[@]}"; do
		cp -RL --preserve=mode "$file" "$root/root/" ||
			usage_error "--file=$file: cannot be read"
	done
	base_archive "$machine_kernel"
	{
		cat "$REPLY"
		cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet
	} >"$initrd" || die "the guest's archive could not be made"
}
