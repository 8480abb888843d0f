# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# The lab itself: what every other case stands on.
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /files/guest.sh

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem

begin "the machine is as its file says"
for serial in cmb0 src0 dst0; do
	is "$serial has 256 MiB" "$(blockdev --getsize64 /dev/lab/$serial)" \
		268435456
done
is "the CMB has 64 MiB" "$(cat "$memory/size")" 67108864
is "its memory is published" "$(cat "$memory/published")" 1
is "a drive's function is the one that sysfs names" \
	"$(basename "$(realpath "/sys/block/$(basename "$(lab_dev src0)")/device/device")")" \
	"$(bdf src0)"

begin "what programs load by themselves"
ok "libgcrypt, for checksums" test -e /lab/lib/libgcrypt.so.20
ok "and what that needs" test -e /lab/lib/libgpg-error.so.0
ok "libnvme, for what drives say of themselves" \
	test -e /lab/lib/libnvme.so.1

begin "blocks tell where they belong"
fill /dev/lab/src0 1 64M
ok "what was filled is found" holds /dev/lab/src0 1 64M
exits 1 "another seed is told" holds /dev/lab/src0 2 64M
exits 1 "a block from elsewhere is told" holds /dev/lab/src0 1 1M 1M 0
ok "unless that is where it came from" holds /dev/lab/src0 1 1M 1M 1M
dd if=/dev/zero of=/dev/lab/src0 bs=512 seek=100 count=1 oflag=direct status=none
exits 1 "a sector that was lost is told" holds /dev/lab/src0 1 64M
like "and where" "$(cat "$work/stdout")" '^differs at 512[01][0-9]$'

begin "peer memory is reached by fio"
fill /dev/lab/src0 3 8M
zero /dev/lab/dst0 8M
exits 0 "a read into it" fio --name=read --rw=read --direct=1 --bs=128k \
	--filename=/dev/lab/src0 --size=8M --ioengine=io_uring --iodepth=4 \
	--iomem=mmapshared:"$memory/allocate"
exits 0 "a write from it" fio --name=write --rw=write --direct=1 --bs=128k \
	--filename=/dev/lab/dst0 --size=8M --ioengine=io_uring --iodepth=4 \
	--iomem=mmapshared:"$memory/allocate"

begin "the monitor outside is reached"
like "it lists the drives" "$(lab_monitor info block)" '^src0 '
exits 1 "what it refuses is an error" lab_monitor device_del nobody

# what_a_warning_does [REGEX]: a file of its own, as TAP text.
what_a_warning_does() {
	bash -s "$@" <<-'END'
	. /files/guest.sh
	begin "inner"
	[ $# = 0 ] || expect_kernel_warning "$1"
	echo "WARNING: the lab provokes this" >/dev/kmsg
	begin "the next one"
	done_testing
	END
}

begin "a warning of the kernel fails the case that it came up in"
expect_kernel_warning 'the lab provokes this'
warned=$(what_a_warning_does)
like "unless it was expected" "$warned" \
	'^not ok - inner: the kernel.s log is clean$'
unlike "and no other" "$warned" '^not ok - the next one'
is "then it does not" "$(what_a_warning_does 'lab provokes')" "# done"

done_testing
