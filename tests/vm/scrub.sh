# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 60
# What is left in peer memory for whoever takes it next.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem
before=$(cat "$memory/available")
fill /dev/lab/src0 1 8M
# A case before may have left a signature there.
zero /dev/lab/dst0 2M

# left: words that are not zero in what is handed out first.
left() {
	pattern peek "$memory/allocate" 2097152
}

begin "without --scrub"
copies "a copy" -b 256K -d 8 -n 4M /dev/lab/src0 /dev/lab/dst0
through_peer cmb0
like "leaves what was copied" "$(left)" '^[1-9]'

begin "p2pcopy --scrub"
copies "a copy" --scrub -b 256K -d 8 -n 4M /dev/lab/src0 /dev/lab/dst0
through_peer cmb0
ok "has the data" holds /dev/lab/dst0 1 4M
is "and leaves zeros" "$(left)" 0
is "the memory is given back" "$(cat "$memory/available")" "$before"

begin "p2pcopy -r --scrub"
mkdir -p /tmp/a /tmp/b
mkfs.ext4 -q /dev/lab/cmb0
mkfs.ext4 -q /dev/lab/dst0
mount /dev/lab/cmb0 /tmp/a
mount /dev/lab/dst0 /tmp/b
mkdir /tmp/a/tree
for i in 1 2 3; do
	dd if=/dev/lab/src0 of=/tmp/a/tree/$i bs=1M count=1 status=none
done
copies "a tree without it" -r /tmp/a/tree /tmp/b/left
is "goes through peer memory" "$(told .total.peer_bytes)" 3145728
like "something is left" "$(left)" '^[1-9]'
copies "a tree" -r --scrub /tmp/a/tree /tmp/b/scrubbed
is "goes through it, too" "$(told .total.peer_bytes)" 3145728
is "and leaves zeros" "$(left)" 0
umount /tmp/a /tmp/b
zero /dev/lab/dst0 2M

begin "p2pbench --scrub"
exits 0 "without it" p2pbench -w read -p "$(bdf cmb0)" -b 256K -d 8 -n 4M \
	/dev/lab/src0
like "something is left" "$(left)" '^[1-9]'
exits 0 "with it" p2pbench --scrub -w read -p "$(bdf cmb0)" -b 256K -d 8 \
	-n 4M /dev/lab/src0
is "zeros are left" "$(left)" 0

begin "interrupted"
lab_monitor block_set_io_throttle src0 4194304 0 0 0 0 0
p2pcopy --scrub -b 256K -d 8 -n 128M /dev/lab/src0 /dev/lab/dst0 \
	>"$work/stdout" 2>"$work/stderr" &
copy=$!
sleep 2
kill -INT $copy
wait $copy
is "by SIGINT" $? 130
lab_monitor block_set_io_throttle src0 0 0 0 0 0 0
is "zeros are left" "$(left)" 0

done_testing
