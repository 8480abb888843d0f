# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 180
# Whose memory a copy goes through, and that it is given back.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem

begin "through a third drive's CMB"
fill /dev/lab/src0 1 32M
zero /dev/lab/dst0 33M
before=$(cat "$memory/available")
copies "is the default" --size=32M --verify=read /dev/lab/src0 /dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 1 32M
is "and nothing behind it was touched" \
	"$(dd if=/dev/lab/dst0 bs=1M skip=32 count=1 iflag=direct status=none |
		tr -d '\0' | wc -c)" 0
is "sha256sum agrees" \
	"$(dd if=/dev/lab/src0 bs=1M count=32 iflag=direct status=none | sha256sum)" \
	"$(dd if=/dev/lab/dst0 bs=1M count=32 iflag=direct status=none | sha256sum)"
is "the reach is told" \
	"$(told '.memory.reach_source + " " + .memory.reach_destination')" \
	"direct direct"
is "verified" "$(told '.verify.method + " " + (.verify.ok | tostring) + " " +
	(.verify.mismatched_bytes | tostring)')" "read true 0"
is "every byte is accounted for" \
	"$(told '[.copied_bytes, .peer_bytes, .host_bytes, .skipped_bytes] |
		map(tostring) | join(" ")')" "33554432 33554432 0 0"
is "the memory is given back" "$(cat "$memory/available")" "$before"

begin "through the source's own CMB"
fill /dev/lab/cmb0 2 16M
zero /dev/lab/dst0 16M
copies "is the default" -n 16M /dev/lab/cmb0 /dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 2 16M

begin "through the destination's own CMB"
fill /dev/lab/src0 3 16M
zero /dev/lab/cmb0 16M
copies "is the default" -n 16M /dev/lab/src0 /dev/lab/cmb0
through_peer cmb0
ok "the data is there" holds /dev/lab/cmb0 3 16M

begin "the provider by its names"
fill /dev/lab/src0 4 1M
for name in "$(bdf cmb0)" "$(bdf cmb0 | cut -d: -f2-)" /dev/lab/cmb0 \
	"$memory/allocate"
do
	zero /dev/lab/dst0 1M
	copies "$name" --provider="$name" -n 1M /dev/lab/src0 /dev/lab/dst0
	through_peer cmb0
	ok "the data is there" holds /dev/lab/dst0 4 1M
done
for name in host none; do
	copies "$name" --provider=$name -n 1M /dev/lab/src0 /dev/lab/dst0
	is "$name is host memory, without a reason" \
		"$(told '.memory.kind + " " + (.memory.fallback_reason | tostring)')" \
		"host null"
done

begin "blocks, depth, and places"
fill /dev/lab/src0 5 8M
for shape in "4K 1" "64K 4" "1M 3" "4M 2" "128K 128"; do
	zero /dev/lab/dst0 12M
	copies "block size and depth $shape" --bs="${shape% *}" \
		--iodepth="${shape#* }" --size=6M --skip=1M --seek=3M \
		/dev/lab/src0 /dev/lab/dst0
	through_peer cmb0
	ok "what was skipped to went where was sought" \
		holds /dev/lab/dst0 5 6M 3M 1M
done
copies "a size that is no multiple of a sector" -n 1000001 \
	/dev/lab/src0 /dev/lab/dst0
ok "is there to the last byte" holds /dev/lab/dst0 5 1000001
is "and not one more" "$(dd if=/dev/lab/dst0 bs=1 skip=1000001 count=100 \
	status=none | tr -d '\0' | wc -c)" 0
copies "odd places" --skip=100 --seek=4196 -n 100000 /dev/lab/src0 /dev/lab/dst0
ok "are right" cmp <(dd if=/dev/lab/src0 bs=100 skip=1 count=1000 status=none) \
	<(dd if=/dev/lab/dst0 bs=4 skip=1049 count=25000 status=none)

begin "two copies share a provider"
fill /dev/lab/src0 6 64M
p2pcopy -n 32M /dev/lab/src0 /dev/lab/dst0 2>"$work/first" >&2 &
first=$!
copies "the second one" --skip=32M -n 32M /dev/lab/src0 /dev/lab/cmb0 --seek=32M
wait $first
is "the first one ends well" $? 0
ok "the first one's data" holds /dev/lab/dst0 6 32M
ok "the second one's data" holds /dev/lab/cmb0 6 32M 32M 32M
is "the memory is given back" "$(cat "$memory/available")" "$before"

done_testing
