# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: zen-root-ports iommu-pt nested-switches two-providers lba-4k protection-info
# timeout: 90
# Machines where the kernel allows the third drive's CMB.
. /files/guest.sh
. /files/guest-copy

# What has protection information cannot be read before it was written; that it
# has no signature is seen at both ends.
zero /dev/lab/dst0 32M
dd if=/dev/zero of=/dev/lab/dst0 bs=1M seek=240 status=none 2>/dev/null
sync

begin "a copy through cmb0"
fill /dev/lab/src0 1 16M
zero /dev/lab/dst0 16M
copies "is made" --require-peer -n 16M --verify=read /dev/lab/src0 /dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 1 16M

begin "a tail that is no block"
zero /dev/lab/dst0 2M
copies "is copied" --require-peer -n 1234567 /dev/lab/src0 /dev/lab/dst0
ok "to the last byte" holds /dev/lab/dst0 1 1234567
is "and not one more" "$(dd if=/dev/lab/dst0 bs=1234567 skip=1 count=1 \
	iflag=fullblock status=none | head -c 4096 | tr -d '\0' | wc -c)" 0

begin "into cmb0 itself"
zero /dev/lab/cmb0 4M
copies "a copy is made" --require-peer -n 4M /dev/lab/src0 /dev/lab/cmb0
through_peer cmb0
ok "the data is there" holds /dev/lab/cmb0 1 4M

begin "between drives with different logical blocks"
copies "a copy is made" -n 1000000 /dev/lab/src0 /dev/lab/cmb0
ok "the data is there" holds /dev/lab/cmb0 1 1000000
zero /dev/lab/dst0 4M
copies "and back" -n 1000000 /dev/lab/cmb0 /dev/lab/dst0
ok "the data is there" holds /dev/lab/dst0 1 1000000

if [ -e /dev/lab/far0 ]; then
	begin "one end that is refused"
	copies "a copy is made" -n 4M /dev/lab/src0 /dev/lab/far0
	through_host host-bridge-not-listed no-common-upstream
	ok "the data is there" holds /dev/lab/far0 1 4M
fi

if [ -e /dev/lab/cmb1 ]; then
	begin "the provider that is further away"
	zero /dev/lab/dst0 4M
	copies "when it is named" --provider="$(bdf cmb1)" -n 4M \
		/dev/lab/src0 /dev/lab/dst0
	through_peer cmb1
	ok "the data is there" holds /dev/lab/dst0 1 4M

	begin "two providers side by side"
	zero /dev/lab/dst0 24M
	fill /dev/lab/src0 7 24M
	room() {
		cat /sys/bus/pci/devices/"$(bdf "$1")"/p2pmem/available
	}
	before="$(room cmb0) $(room cmb1)"
	while sleep 0.1; do
		echo "$(room cmb0) $(room cmb1)"
	done >"$work/rooms" &
	watcher=$!
	copies "a copy is made" --require-peer -b 256K -d 8 -n 24M \
		--provider="$(bdf cmb1),$(bdf cmb0)" /dev/lab/src0 /dev/lab/dst0
	kill $watcher
	is "through both" "$(told .memory.provider)" \
		"$(bdf cmb0),$(bdf cmb1)"
	is "and nothing else" "$(told '"\(.host_bytes) \(.peer_bytes)"')" \
		"0 25165824"
	ok "half of what is in flight in each" grep -qx \
		"$((${before% *} - 1048576)) $((${before#* } - 1048576))" \
		"$work/rooms"
	is "the memory is given back" "$(room cmb0) $(room cmb1)" "$before"
	ok "the data is there" holds /dev/lab/dst0 7 24M
fi

done_testing
