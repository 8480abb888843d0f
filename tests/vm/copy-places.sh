# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 120
# Many files, and partitions in a manifest, are read once into peer memory and
# written to two drives from it.
. /files/guest.sh
. /files/guest-copy

mkdir -p /tmp/a /tmp/b /tmp/c
for place in src0:a dst0:b cmb0:c; do
	wipefs -aq "/dev/lab/${place%:*}"
	mkfs.ext4 -q "/dev/lab/${place%:*}" 48M
	mount "/dev/lab/${place%:*}" "/tmp/${place#*:}"
done
mkdir -p /tmp/a/tree/sub
for size in 1 4095 4096 65537 262145 3000001; do
	pattern fill "/tmp/a/tree/sub/f$size" 7 "$size" 0
	truncate -s "$size" "/tmp/a/tree/sub/f$size"
done
for i in $(seq 30); do
	head -c $((i * 1331)) /tmp/a/tree/sub/f262145 >"/tmp/a/tree/$i"
done
ln /tmp/a/tree/sub/f65537 /tmp/a/tree/name
sync

# again PLACE DRIVE: what is on the medium, and not in the page cache.
again() {
	umount "/tmp/$1"
	mount "/dev/lab/$2" "/tmp/$1"
}

begin "a tree for two drives"
copies "is read once" -r --preserve --require-peer --also=/tmp/c/tree \
	/tmp/a/tree /tmp/b/tree
is "through peer memory" "$(told '.total.peer_bytes > 6000000 and
	.total.host_bytes < 131072')" true
is "for each of them" "$(told '[.files[] |
	select(.source == "/tmp/a/tree/sub/f3000001") | .peer_bytes] |
	map(. > 2900000) | tostring')" "[true,true]"
again b dst0
again c cmb0
ok "the first is the same" diff -r /tmp/a/tree /tmp/b/tree
ok "the second is the same" diff -r /tmp/a/tree /tmp/c/tree
ok "names of one file are so in both" test \
	/tmp/b/tree/name -ef /tmp/b/tree/sub/f65537 -a \
	/tmp/c/tree/name -ef /tmp/c/tree/sub/f65537
is "nothing half-written is left" "$(find /tmp/b /tmp/c -name '*.part')" ""
copies "with checksums, read again" -r --verify --checksum=sha256:/tmp/sums \
	--also=/tmp/c/sums /tmp/a/tree /tmp/b/sums
ok "they are right" sha256sum --strict --quiet -c /tmp/sums
is "for both" "$(wc -l </tmp/sums)" "$((2 * $(find /tmp/a/tree -type f |
	wc -l)))"

begin "one of them cannot be reached"
exits 3 "by peer memory, as is required" p2pcopy -r --require-peer \
	--also=/tmp/ram /tmp/a/tree /tmp/b/none
is "nothing is copied to the other one" "$(find /tmp/b/none -type f)" ""
copies "through host memory" -r --also=/tmp/ram2 /tmp/a/tree /tmp/b/ram2
is "and why" "$(told '[.files[].memory.fallback_reason | strings] | unique |
	length > 0')" true
is "none of it through peer memory" "$(told .total.peer_bytes)" 0
ok "the drive has it" diff -r /tmp/a/tree /tmp/b/ram2
ok "memory has it, too" diff -r /tmp/a/tree /tmp/ram2
rm -r /tmp/ram2 /tmp/b/ram2

begin "one of them is written to no more"
dd if=/dev/zero of=/tmp/c/fill bs=64K status=none 2>/dev/null
exits 1 "it is full" p2pcopy -r -J --also=/tmp/c/more /tmp/a/tree /tmp/b/more
like "is told" "$(cat "$work/stderr")" '/tmp/c/more.*No space left on device'
ok "the other one has all" diff -r /tmp/a/tree /tmp/b/more
is "half a file has no name" "$(cd /tmp/c/more 2>/dev/null &&
	find . -type f ! -size 0 -exec cmp {} /tmp/a/tree/{} \; 2>&1)" ""
umount /tmp/a /tmp/b /tmp/c

begin "partitions in a manifest"
for drive in src0 dst0 cmb0; do
	wipefs -aq /dev/lab/$drive
	echo 'start=2048, size=8192' | sfdisk -q /dev/lab/$drive
done
udevadm settle 2>/dev/null || sleep 1
part() {
	echo "$(lab_dev "$1")p1"
}
fill "$(part src0)" 5 4M
printf '%s\t%s\t%s\n' "$(part src0)" "$(part dst0)" "$(part cmb0)" >/tmp/pairs
exits 0 "are read once, and compared by the drives" p2pcopy -J \
	--require-peer --verify=compare --manifest=/tmp/pairs --destinations=2
is "each is told" "$(jq -rs '[.[] | select(.destination) | [.outcome,
	.memory.kind, .verify.method, (.verify.ok | tostring)] | join(" ")] |
	join(", ")' "$work/stdout")" \
	"copied peer compare true, copied peer compare true"
ok "the first has it" holds "$(part dst0)" 5 4M
ok "the second has it" holds "$(part cmb0)" 5 4M
zero "$(part dst0)" 4M
printf '%s\t%s\n' "$(part src0)" "$(part dst0)" >/tmp/pairs
exits 0 "by commands of ours" p2pcopy -J --require-peer \
	--engine=passthrough --manifest=/tmp/pairs
ok "it is there, too" holds "$(part dst0)" 5 4M
wipefs -aq /dev/lab/src0 /dev/lab/dst0 /dev/lab/cmb0
done_testing
