# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# p2plab: --set=cmb0.ns=mssrl=0 --cmdline=nvme.poll_queues=1
# timeout: 90
# (The polled queues are copy-passthrough.sh's, in the same boot.)
# A drive copies inside one namespace by itself, or says why not.
. /files/guest.sh
. /files/guest-copy

# by_drive: the last copy was made by the drive, and no byte passed anybody.
by_drive() {
	is "by the drive" "$(told '[.engine, .memory.kind, .copied_bytes,
		.peer_bytes, .host_bytes] | map(tostring) | join(" ")')" \
		"offload drive $1 0 0"
}

begin "inside one namespace"
fill /dev/lab/src0 1 32M
copies "a copy" -n 16M --seek=64M --verify /dev/lab/src0 /dev/lab/src0
by_drive 16777216
ok "has the data" holds /dev/lab/src0 1 16M 64M 0
ok "and leaves the source" holds /dev/lab/src0 1 32M
is "verified" "$(told '.verify.method + " " + (.verify.ok | tostring)')" \
	"read true"
copies "a longer one, compared" --engine=offload -n 32M --seek=128M \
	--verify=compare /dev/lab/src0 /dev/lab/src0
by_drive 33554432
is "verified by the drive, too" \
	"$(told '.verify.method + " " + (.verify.ok | tostring)')" \
	"compare true"
ok "has the data" holds /dev/lab/src0 1 32M 128M 0
copies "--engine=rw" --engine=rw -n 1M --seek=200M /dev/lab/src0 /dev/lab/src0
is "is reading and writing" "$(told .engine)" rw
copies "--provider" --provider=host -n 1M --seek=201M \
	/dev/lab/src0 /dev/lab/src0
is "is reading and writing, too" "$(told '.engine + " " + .memory.kind')" \
	"rw host"
copies "a plan" --dry-run -n 1M --seek=64M /dev/lab/src0 /dev/lab/src0
is "says who will copy" "$(told .memory.kind)" drive
exits 5 "an overlap is refused" p2pcopy --engine=offload -n 16M --seek=8M \
	/dev/lab/src0 /dev/lab/src0
ok "and nothing was written" holds /dev/lab/src0 1 32M

begin "between partitions of one drive"
printf 'label: gpt\nstart=4096,size=32768\nstart=65536,size=32768\n' |
	sfdisk -q /dev/lab/dst0
udevadm settle 2>/dev/null || sleep 1
part=$(lab_dev dst0)p
fill "${part}1" 2 16M
# What the page cache holds of the destination is forgotten.
cat "${part}2" >/dev/null
copies "a partition" "${part}1" "${part}2"
by_drive 16777216
ok "has the data" holds "${part}2" 2 16M
ok "also for those who read through the page cache" cmp "${part}1" "${part}2"
wipefs -aqf "${part}1" "${part}2" /dev/lab/dst0
blockdev --rereadpt /dev/lab/dst0

begin "what the drive cannot"
copies "two drives" --engine=offload -n 1M /dev/lab/src0 /dev/lab/dst0 --force
is "are read and written" "$(told .engine)" rw
like "which is told" "$(cat "$work/stderr")" \
	'instead of NVMe Copy: source and destination are not in one namespace'
copies "odd bytes" --engine=offload -n 1000 --seek=64M \
	/dev/lab/src0 /dev/lab/src0
like "are, too" "$(told .engine_fallback_reason)" 'blocks'
fill /dev/lab/cmb0 3 4M
copies "a drive without Copy" --engine=offload -n 4M --seek=64M \
	/dev/lab/cmb0 /dev/lab/cmb0
like "is, too" "$(told '.engine + " " + .engine_fallback_reason')" \
	'rw the drive (has no Copy command|refuses)'
ok "and the data is there" holds /dev/lab/cmb0 3 4M 64M 0
copies "and without being asked" -n 4M --seek=80M /dev/lab/cmb0 /dev/lab/cmb0
is "nothing is said of it" "$(told '[.engine, .engine_fallback_reason] |
	map(tostring) | join(" ")')" "rw null"

done_testing
