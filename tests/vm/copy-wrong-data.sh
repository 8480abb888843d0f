# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: wrong-data
# timeout: 90
# The kernel accepts, the drive reports success, and no data moves.
. /files/guest.sh
. /files/guest-copy

begin "success without data"
fill /dev/lab/src0 1 8M
zero /dev/lab/dst0 8M
copies "is found before anything is written" -n 8M --verify=read \
	/dev/lab/src0 /dev/lab/dst0
through_host probe-data-differs
ok "the data is there" holds /dev/lab/dst0 1 8M
exits 3 "and is no peer path" p2pcopy --require-peer -n 8M \
	/dev/lab/src0 /dev/lab/dst0
like "which is told" "$(cat "$work/stderr")" probe-data-differs

# Below an IOMMU that translates, a command may have 128 KiB.
begin "NVMe commands of ours"
zero /dev/lab/dst0 2M
copies "are no larger than the IOMMU allows" --engine=passthrough -n 2M \
	/dev/lab/src0 /dev/lab/dst0
through_host probe-data-differs
ok "the data is there" holds /dev/lab/dst0 1 2M

# What follows goes to cmb0's own memory, which works: the other end alone is
# what nobody may trust.
begin "a file that begins with a hole"
mkdir -p /tmp/a /tmp/b
head -c 300000 /dev/urandom >/tmp/data
mkfs.ext4 -q -F /dev/lab/src0
mount /dev/lab/src0 /tmp/a
truncate -s 1M /tmp/a/file
cat /tmp/data >>/tmp/a/file
sync
copies "is told by its data" --force /tmp/a/file /dev/lab/cmb0
through_host probe-data-differs
ok "the data is there" cmp -n 1348576 /tmp/a/file /dev/lab/cmb0
exits 4 "is not measured" p2pbench -p "$(bdf cmb0)" -n 1M /tmp/a/file
exits 4 "is not accepted" p2ptopo probe "$(bdf cmb0)" /tmp/a/file
truncate -s 1M /tmp/a/nothing
copies "nor is one of nothing else" --force --sparse=never /tmp/a/nothing \
	/dev/lab/cmb0
through_host probe-impossible

fallocate -l 1M /tmp/a/room
sync
copies "nor one that has but room" --in-place -n 1M /dev/lab/cmb0 /tmp/a/room
through_host probe-data-differs
ok "the data is there" cmp -n 1048576 /dev/lab/cmb0 /tmp/a/room

begin "a tree whose first file is a hole"
wipefs -aq /dev/lab/cmb0
mkfs.ext4 -q -F /dev/lab/cmb0
mount /dev/lab/cmb0 /tmp/b
mkdir /tmp/a/tree
truncate -s 64K /tmp/a/tree/1
cp /tmp/data /tmp/a/tree/2
sync
copies "is copied through host memory" -r /tmp/a/tree /tmp/b/tree
is "all of it" "$(told '.total | "\(.peer_bytes) \(.host_bytes)"')" "0 300000"
like "for its reason" "$(told '.files[].memory.fallback_reason')" \
	probe-data-differs
ok "the data is there" diff -r /tmp/a/tree /tmp/b/tree
umount /tmp/a /tmp/b
wipefs -aq /dev/lab/src0 /dev/lab/cmb0

begin "a stripe, the first chunk of which works"
printf 'label: gpt\nsize=32MiB\nsize=64MiB\n' | sfdisk -q /dev/lab/cmb0
udevadm settle 2>/dev/null || sleep 1
part=$(realpath /dev/lab/cmb0)p
mdadm -q --create /dev/md/stripe --run --level=0 --raid-devices=2 \
	--metadata=1.2 "${part}1" /dev/lab/src0 >"$work/mdadm" 2>&1 </dev/null ||
	explain <"$work/mdadm"
md=$(realpath /dev/md/stripe)
fill "$md" 3 2M
copies "is not proven by it" -n 2M "$md" "${part}2"
through_host iommu-translates
ok "the data is there" holds "${part}2" 3 2M
zero "$md" 2M
copies "nor written to through a provider that was named" --force \
	--provider="$(bdf cmb0)" -n 2M "${part}2" "$md"
through_host iommu-translates
ok "the data is there" holds "$md" 3 2M
mdadm -q --stop "$md"
wipefs -aqf "${part}"[12] /dev/lab/src0 /dev/lab/cmb0

done_testing
