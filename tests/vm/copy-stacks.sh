# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports
# timeout: 200
# What lies above a drive, as source and as destination: the data arrives, and
# it goes through peer memory just where the kernel passes that on. On the
# second machine the kernel refuses every pair, and a mirror would not tell.
. /files/guest.sh
. /files/guest-copy

refused=
p2ptopo matrix --json >/tmp/matrix.json
[ "$(json /tmp/matrix.json '[.pairs[] | select(.reach == "direct" and
	.provider != .client)] | length')" != 0 ] || refused=1
size=3000001
mkdir -p /tmp/m /tmp/tree
head -c 100001 /dev/urandom >/tmp/tree/a
head -c 5000 /dev/urandom >/tmp/tree/b
shopt -s extglob

# Four members on dst0; what is copied comes from and goes to src0.
printf 'label: gpt\nsize=50MiB\nsize=50MiB\nsize=50MiB\nsize=50MiB\n' |
	sfdisk -q /dev/lab/dst0
udevadm settle 2>/dev/null || sleep 1
part=$(realpath /dev/lab/dst0)p
fill /dev/lab/src0 1 4M

# through WANTED ID: the last copy went through peer memory, or not for ID.
through() {
	if [ "$1" = peer ] && [ -z "$refused" ]; then
		is "through peer memory" "$(told '"\(.memory.kind) \(
			.host_bytes < 4096)"')" "peer true"
	elif [ "$1" = peer ]; then
		through_host host-bridge-not-listed no-common-upstream
	else
		like "through host memory, for its reason" \
			"$(told '"\(.memory.kind) \(.peer_bytes) " +
			(.memory.fallback_reason // "")')" \
			"^host 0 .*(${2:-.}${refused:+|no-common-upstream})"
	fi
}

# both_ways WRITES READS ID PLACE: through peer or host memory, each; ID is the
# reason of the latter. PLACE is a device or a file.
both_ways() {
	local writes=$1 reads=$2 id=$3 place=$4
	copies "is copied to" --force --verify -n $size /dev/lab/src0 "$place"
	through "$writes" "$id"
	ok "the data is there" holds "$place" 1 $size
	forget
	copies "is copied from" --force --seek=16M -n $size "$place" /dev/lab/src0
	through "$reads" "$id"
	ok "the data is back" holds /dev/lab/src0 1 $size 16M 0
}

# forget: what came back before.
forget() {
	dd if=/dev/zero of=/dev/lab/src0 bs=1M seek=16 count=4 oflag=direct \
		conv=notrunc status=none
}

# array LEVEL MEMBER…: as $md.
array() {
	local level=$1
	shift
	expect_kernel_warning 'on the same physical disk'
	mdadm -q --create /dev/md/stack --run --level="$level" \
		--raid-devices=$# --metadata=1.2 --assume-clean "$@" \
		>"$work/mdadm" 2>&1 </dev/null || explain <"$work/mdadm"
	md=$(realpath /dev/md/stack)
}

no_array() {
	mdadm -q --stop "$md"
	wipefs -aqf "$part"[1-4]
}

begin "md raid10, which loses what is written from peer memory"
array 10 "$part"[1-4]
both_ways host peer stacked-device "$md"
exits 3 "never through peer memory" p2pcopy --force --require-peer -n 1M \
	/dev/lab/src0 "$md"
exits 3 "nor is it measured so" p2pbench -w write --allow-write \
	-p "$(bdf cmb0)" -n 1M "$md"
mkfs.ext4 -q -F "$md"
mount "$md" /tmp/m
copies "nor a tree of a file system on it" -r -p "$(bdf cmb0)" /tmp/tree \
	/tmp/m/tree
is "that goes through host memory" "$(told .total.peer_bytes)" 0
ok "and is the same" diff -r /tmp/tree /tmp/m/tree
umount /tmp/m
no_array

if [ -n "$refused" ]; then
	# Reads of the first member are accepted, writes to the other are not.
	begin "md raid1 of which one member is reached"
	printf 'label: gpt\nsize=50MiB\nsize=50MiB\n' | sfdisk -q /dev/lab/cmb0
	udevadm settle 2>/dev/null || sleep 1
	near=$(realpath /dev/lab/cmb0)p
	fill "${near}2" 1 4M
	array 1 "$near"1 "$part"1
	for provider in auto "$(bdf cmb0)"; do
		zero "$md" 4M
		copies "is written" -p "$provider" --force -n $size "${near}2" "$md"
		through_host stacked-device no-common-upstream
		ok "its members are the same" cmp -n $size -i 1048576 "$near"1 \
			"$part"1
		ok "and hold the data" holds "$md" 1 $size
	done
	no_array
	wipefs -aqf "$near"[12] /dev/lab/cmb0
	wipefs -aqf /dev/lab/dst0
	done_testing
fi

begin "md raid0"
array 0 "$part"[12]
both_ways peer peer '' "$md"
no_array

begin "md raid5"
array 5 "$part"[123]
both_ways host host stacked-device "$md"
no_array

begin "dm-crypt"
echo "0 65536 crypt aes-xts-plain64 $(printf '%064d' 1) 0 ${part}1 0" |
	dmsetup create stack
both_ways host host stacked-device /dev/mapper/stack
unlike "on the drive it is another" "$(head -c 4096 "${part}1" | cmp - \
	<(head -c 4096 /dev/lab/src0) && echo same)" same
dmsetup remove stack

begin "a loop device"
modprobe loop 2>/dev/null
loop=$(losetup --show --direct-io=on -f "${part}1")
both_ways host host 'stacked-device|queue-without-p2p|not-pci' "$loop"
losetup -d "$loop"

begin "memory as a drive"
modprobe brd rd_nr=1 rd_size=16384 2>/dev/null
both_ways host host 'queue-without-p2p|not-pci' /dev/ram0

# file_system WRITES READS [MOUNT-WORDS]: on the first partition.
file_system() {
	mount ${3:+-o "$3"} "${part}1" /tmp/m
	both_ways "$1" "$2" filesystem /tmp/m/file
	copies "a tree" -r --verify /tmp/tree /tmp/m/tree
	ok "is the same" diff -r /tmp/tree /tmp/m/tree
	umount /tmp/m
}

begin "ext4, data=journal"
mkfs.ext4 -q -F "${part}1"
file_system host host data=journal

begin "vfat"
mkdosfs "${part}1" >/dev/null
file_system host host

begin "btrfs"
modprobe btrfs 2>/dev/null
mkfs.btrfs -q -f -m single "${part}1" >/dev/null
file_system host peer
begin "btrfs without checksums"
wipefs -aqf "${part}1"
mkfs.btrfs -q -f -m single "${part}1" >/dev/null
file_system peer peer nodatasum

begin "overlayfs on ext4"
mkfs.ext4 -q -F "${part}2"
mkdir -p /tmp/o
mount "${part}2" /tmp/o
mkdir /tmp/o/lower /tmp/o/upper /tmp/o/work
mount -t overlay -o lowerdir=/tmp/o/lower,upperdir=/tmp/o/upper,workdir=/tmp/o/work \
	none /tmp/m
both_ways peer peer '' /tmp/m/file
umount /tmp/m /tmp/o

begin "tmpfs"
mkdir -p /tmp/t
mount -t tmpfs none /tmp/t
both_ways host host 'filesystem|not-pci' /tmp/t/file
umount /tmp/t
wipefs -aqf /dev/lab/dst0
done_testing
