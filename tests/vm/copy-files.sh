# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 240
# p2plab: --set=src0.size=400M --set=dst0.size=400M
# Files on ext4 and xfs, both ways, with tails that are no block.
. /files/guest.sh
. /files/guest-copy

mkdir -p /tmp/a /tmp/b

for fs in ext4 xfs; do
	begin "$fs"
	wipefs -aq /dev/lab/src0 /dev/lab/dst0
	mkfs.$fs -q /dev/lab/src0
	mkfs.$fs -q /dev/lab/dst0
	mount /dev/lab/src0 /tmp/a
	mount /dev/lab/dst0 /tmp/b
	for size in 1 511 4096 4097 1048575 5000001 8388608; do
		pattern fill /tmp/a/file 7 "$size" 0
		truncate -s "$size" /tmp/a/file
		sync /tmp/a/file
		copies "a file of $size bytes" --verify=read /tmp/a/file /tmp/b/file
		ok "$size bytes are equal" same /tmp/a/file /tmp/b/file
		is "and no byte more" "$(stat -c %s /tmp/b/file)" "$size"
		[ "$size" -lt 4096 ] || {
			is "$size bytes went through peer memory" \
				"$(told .memory.kind)" peer
			is "all but the tail" "$(told '.host_bytes < 4096')" true
		}
	done
	copies "onto itself once more" /tmp/a/file /tmp/b/file
	ok "still equal" same /tmp/a/file /tmp/b/file

	begin "$fs, to and from a drive"
	pattern fill /tmp/a/file 8 5000001 0
	truncate -s 5000001 /tmp/a/file
	sync /tmp/a/file
	zero /dev/lab/cmb0 8M
	copies "a file to a drive" /tmp/a/file /dev/lab/cmb0
	is "through peer memory" "$(told .memory.kind)" peer
	ok "equal" holds /dev/lab/cmb0 8 5000001
	copies "a drive to a file" -n 3000001 /dev/lab/cmb0 /tmp/b/new
	is "through peer memory" "$(told .memory.kind)" peer
	ok "equal" holds /tmp/b/new 8 3000001
	is "of that size" "$(stat -c %s /tmp/b/new)" 3000001

	begin "$fs, into the middle of a file"
	pattern fill /tmp/b/old 9 8388608 0
	sync /tmp/b/old
	copies "what is there stays" --seek=1M -n 1M /tmp/a/file /tmp/b/old
	ok "before" holds /tmp/b/old 9 1M
	ok "the part" holds /tmp/b/old 8 1M 1M 0
	ok "behind" holds /tmp/b/old 9 6M 2M
	is "its size too" "$(stat -c %s /tmp/b/old)" 8388608
	copies "also at its start" --seek=0 -n 1M /tmp/a/file /tmp/b/old
	ok "the part" holds /tmp/b/old 8 1M
	ok "behind" holds /tmp/b/old 9 6M 2M
	for seek in 512 4096 1048576; do
		copies "a new file from $seek on" --require-peer \
			--seek=$seek -n 4M /tmp/a/file /tmp/b/gap
		is "begins with zeros" \
			"$(head -c $seek /tmp/b/gap | tr -d '\0' | wc -c)" 0
		ok "and has the part" holds /tmp/b/gap 8 4M $seek 0
		rm /tmp/b/gap
	done

	begin "$fs, holes and room"
	truncate -s 10M /tmp/a/sparse
	copies "a hole is copied as zeros" /tmp/a/sparse /tmp/b/sparse
	ok "equal" same /tmp/a/sparse /tmp/b/sparse
	truncate -s 2G /tmp/a/large
	exits 1 "a file that does not fit" p2pcopy --sparse=never \
		/tmp/a/large /tmp/b/large
	like "is told" "$(cat "$work/stderr")" "No space left"
	ok "nothing half-written is left" test ! -e /tmp/b/large
	is "under no other name either" \
		"$(find /tmp/b -type f | sort | tr '\n' ' ')" \
		"/tmp/b/file /tmp/b/new /tmp/b/old /tmp/b/sparse "
	umount /tmp/a /tmp/b
done
wipefs -aq /dev/lab/src0 /dev/lab/dst0

begin "a partition"
printf 'label: gpt\nsize=8MiB\nsize=8MiB\n' | sfdisk -q /dev/lab/dst0
udevadm settle 2>/dev/null || sleep 1
part=$(realpath /dev/lab/dst0)p2
fill /dev/lab/src0 10 8M
copies "is copied to" --verify=read -n 8M /dev/lab/src0 "$part"
through_peer cmb0
ok "the data is there" holds "$part" 10 8M
exits 5 "and never beyond its end" p2pcopy --force /dev/lab/src0 "$part"
zero /dev/lab/cmb0 8M
copies "is copied from" "$part" /dev/lab/cmb0
ok "the data is there" holds /dev/lab/cmb0 10 8M

done_testing
