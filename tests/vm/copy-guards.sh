# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 180
# Each guard: refuses with 5, says what to do, writes nothing; --force where
# that is for the user to decide.
. /files/guest.sh
. /files/guest-copy

# refused SENTENCE REGEX [OPTION…] SOURCE DEST: nothing of DEST changes.
refused() {
	local name=$1 regex=$2 dest=${*: -1} before
	shift 2
	before=$(head -c 4M "$dest" | sha256sum)
	exits 5 "$name is refused" p2pcopy "$@"
	like "$name: says so" "$(cat "$work/stderr")" "$regex"
	exits 5 "$name: a dry run, too" p2pcopy --dry-run "$@"
	is "$name: nothing was written" "$(head -c 4M "$dest" | sha256sum)" \
		"$before"
}

fill /dev/lab/src0 1 8M
wipefs -aq /dev/lab/dst0
mkdir -p /tmp/m

begin "a file system"
mkfs.ext4 -q /dev/lab/dst0
refused "a signature" ext4 -n 4M /dev/lab/src0 /dev/lab/dst0
# Read-only: a file system in use writes to itself.
mount -o ro /dev/lab/dst0 /tmp/m
refused "a mounted drive" mounted -n 4M /dev/lab/src0 /dev/lab/dst0
umount /tmp/m
copies "--force overrides a signature" --force -n 4M /dev/lab/src0 /dev/lab/dst0
ok "the data is there" holds /dev/lab/dst0 1 4M
wipefs -aq /dev/lab/dst0
zero /dev/lab/dst0 8M

begin "swap"
mkswap /dev/lab/dst0 >/dev/null
refused "its signature" swap -n 4M /dev/lab/src0 /dev/lab/dst0
swapon /dev/lab/dst0
refused "swap in use" swap -n 4M /dev/lab/src0 /dev/lab/dst0
swapoff /dev/lab/dst0
wipefs -aq /dev/lab/dst0

begin "partitions"
printf 'label: gpt\nsize=32MiB\n' | sfdisk -q /dev/lab/dst0
udevadm settle 2>/dev/null || sleep 1
part=$(realpath /dev/lab/dst0)p1
refused "a partition table" gpt -n 4M /dev/lab/src0 /dev/lab/dst0
mkfs.ext4 -q "$part"
mount -o ro "$part" /tmp/m
refused "a drive with a mounted partition" mounted -n 4M \
	/dev/lab/src0 /dev/lab/dst0
umount /tmp/m
refused "from a drive to its own partition" share --force -n 4M \
	/dev/lab/dst0 "$part"
refused "from a partition to its drive" share --force -n 4M \
	"$part" /dev/lab/dst0
wipefs -aqf "$part" /dev/lab/dst0
blockdev --rereadpt /dev/lab/dst0

begin "overlap"
refused "a drive onto itself" share --force -n 4M /dev/lab/src0 /dev/lab/src0
refused "a range onto itself" share --force --seek=2M -n 4M \
	/dev/lab/src0 /dev/lab/src0
copies "ranges that do not meet are fine" --seek=16M -n 4M \
	/dev/lab/src0 /dev/lab/src0
ok "the data is there" holds /dev/lab/src0 1 4M 16M 0

begin "a file system in a file"
mkdir -p /tmp/below /tmp/above
wipefs -aq /dev/lab/dst0
mkfs.ext4 -q /dev/lab/dst0
mount /dev/lab/dst0 /tmp/below
truncate -s 32M /tmp/below/image
mkfs.ext4 -q /tmp/below/image
modprobe loop 2>/dev/null
mount -o loop /tmp/below/image /tmp/above
ok "is there" test -n "$(losetup -j /tmp/below/image)"
dd if=/dev/lab/src0 of=/tmp/above/file bs=1M count=1 status=none
sync
inode=$(stat -c %i /tmp/below/image)
for option in '' --in-place --shard=1/1 --preserve; do
	exits 5 "is not written over by what lies on it ($option)" \
		p2pcopy $option --manifest=- \
		<<<"/tmp/above/file	/tmp/below/image"
	like "which is told" "$(cat "$work/stderr")" \
		'refused: .*share the same bytes'
done
exits 5 "nor alone" p2pcopy --force /tmp/above/file /tmp/below/image
mkdir /tmp/above/tree
dd if=/dev/lab/src0 of=/tmp/above/tree/image bs=1M count=1 status=none
exits 5 "nor by a tree" p2pcopy -r /tmp/above/tree/. /tmp/below
mkdir /tmp/above/links
ln -s nothing /tmp/above/links/image
exits 5 "nor replaced by a link" p2pcopy -r /tmp/above/links/. /tmp/below
exits 5 "nor copied into itself" p2pcopy --manifest=- \
	<<<"/tmp/below/image	/tmp/above/copy"
ok "nothing was made there" test ! -e /tmp/above/copy
is "it is what it was" "$(stat -c '%i %s' /tmp/below/image)" "$inode 33554432"
copies "another file beside it is fine" -r /tmp/above/tree /tmp/below/tree
ok "and equal" cmp /tmp/above/tree/image /tmp/below/tree/image
umount /tmp/above /tmp/below
wipefs -aq /dev/lab/dst0
zero /dev/lab/dst0 8M

begin "room"
refused "more than fits" small --force --seek=250M -n 8M \
	/dev/lab/src0 /dev/lab/dst0

begin "dm"
echo "0 131072 linear /dev/lab/dst0 0" | dmsetup create held
refused "a drive that dm holds" 'in use|held|dm' -n 4M \
	/dev/lab/src0 /dev/lab/dst0
zero /dev/mapper/held 8M
copies "to a dm device: through host memory" -n 4M \
	/dev/lab/src0 /dev/mapper/held
through_host stacked-device queue-without-p2p
ok "the data is there" holds /dev/mapper/held 1 4M
exits 3 "not through peer memory" p2pcopy --require-peer -n 4M \
	/dev/lab/src0 /dev/mapper/held
dmsetup remove held

begin "md raid1, which loses what is written from peer memory"
zero /dev/lab/dst0 8M
zero /dev/lab/cmb0 8M
mdadm -q --create /dev/md/lost --run --level=1 --raid-devices=2 \
	--metadata=1.2 --assume-clean /dev/lab/dst0 /dev/lab/cmb0 \
	>"$work/mdadm" 2>&1 </dev/null || explain <"$work/mdadm"
md=$(realpath /dev/md/lost)
ok "the array is there" test -b "$md"
copies "is written through host memory" -n 4M /dev/lab/src0 "$md"
through_host stacked-device
ok "the data is there" holds "$md" 1 4M
exits 3 "never through peer memory" p2pcopy --require-peer -n 4M \
	/dev/lab/src0 "$md"
printf 'label: gpt\nsize=32MiB\nsize=32MiB\n' | sfdisk -q /dev/lab/src0
udevadm settle 2>/dev/null || sleep 1
part=$(realpath /dev/lab/src0)p
fill "${part}1" 2 4M
zero "$md" 4M
for provider in auto "$(bdf cmb0)"; do
	copies "nor as one of several" --provider="$provider" --force \
		--engine=rw --also="$md" -n 4M "${part}1" "${part}2"
	through_host stacked-device
	ok "the data is in the first" holds "${part}2" 2 4M
	ok "and in the array" holds "$md" 2 4M
done
exits 3 "never through peer memory there" p2pcopy --require-peer --force \
	--engine=rw --also="$md" -n 4M "${part}1" "${part}2"
refused "a member of it" 'in use|held|md' -n 4M /dev/lab/src0 /dev/lab/dst0
mdadm -q --stop "$md"
wipefs -aq /dev/lab/dst0 /dev/lab/cmb0

done_testing
