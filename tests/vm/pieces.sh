# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 60
# A provider whose room is in pieces: enough of it is free, and none of it in one
# piece, which only mmap(2) tells. A copy takes the pieces that it can, and says
# why where it can take none.
. /files/guest.sh
. /files/guest-copy

provider=$(bdf cmb0)
memory=/sys/bus/pci/devices/$provider/p2pmem
before=$(<"$memory/available")
fill /dev/lab/src0 1 1M

# crumble BYTES: every other piece of so many is somebody else's.
crumble() {
	pattern crumble "$memory/allocate" "$1" >/tmp/held &
	holder=$!
	until [ -s /tmp/held ]; do sleep 0.05; done
	ok "half of it is free" test "$(<"$memory/available")" -ge \
		$((before / 2 - (1 << 20)))
}

let_go() {
	kill $holder
	wait $holder 2>/dev/null
	rm /tmp/held
	is "the memory is given back" "$(<"$memory/available")" "$before"
}

begin "a provider in pieces of 256 KiB"
crumble 262144
zero /dev/lab/dst0 1M
copies "has room for one block at a time" --require-peer -b 256K -d 4 -n 1M \
	/dev/lab/src0 /dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 1 1M
zero /dev/lab/dst0 1M
copies "not for a larger one" -b 512K -n 1M /dev/lab/src0 /dev/lab/dst0
through_host provider-too-small
ok "the data is there" holds /dev/lab/dst0 1 1M
exits 3 "nor where it must be" p2pcopy --require-peer -b 512K -n 1M \
	/dev/lab/src0 /dev/lab/dst0
like "which is told, with what to do" "$(<"$work/stderr")" \
	'no room for a block: .*smaller --block-size'
exits 3 "nor to be measured" p2pbench -p "$provider" -b 512K -n 1M /dev/lab/src0
is "the doctor sees it" "$(p2ptopo doctor --json | jq -r '.checks[] |
	select(.id == "fragmentation") | .status')" warn
let_go

begin "a provider in pages"
crumble 4096
exits 0 "has one for a probe" p2ptopo probe "$provider" /dev/lab/src0
copies "none for a copy of its own choice" -n 1M /dev/lab/src0 /dev/lab/dst0
through_host provider-too-small
zero /dev/lab/dst0 1M
copies "one for a copy of pages" --require-peer -b 4K -n 64K /dev/lab/src0 \
	/dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 1 64K
let_go
done_testing
