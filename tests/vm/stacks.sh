# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 60
# What p2ptopo says of paths that are more than a drive, and the kernel's own
# answer to a read of them.
. /files/guest.sh

provider=$(bdf cmb0)
# best PATH, probe PATH: reports in /tmp/best.json, /tmp/probe.json.
best() { p2ptopo best --json "$1" >/tmp/best.json; }
probe() { p2ptopo probe --json "$provider" "$1" >/tmp/probe.json; }
reason() { json "$1" '[.. | .reasons? // empty | .[].id] | unique | join(",")'; }

begin "a file on ext4"
mkfs.ext4 -q /dev/lab/src0
mkdir -p /mnt/a
mount /dev/lab/src0 /mnt/a
fill /mnt/a/file 1 1M
sync
best /mnt/a/file
is "is on the drive" "$(json /tmp/best.json '.targets[0].clients[0]')" \
	"$(bdf src0)"
is "has its layers" \
	"$(json /tmp/best.json '.targets[0].layers | map(.kind) | join(",")')" \
	ext4,nvme
is "reaches the provider" "$(json /tmp/best.json '.choices[0].reach')" direct
ok "can be probed" probe /mnt/a/file
is "and is accepted" "$(json /tmp/probe.json '.pairs[0].probe')" accepted
umount /mnt/a

begin "a file on tmpfs"
mkdir -p /mnt/t
mount -t tmpfs none /mnt/t
fill /mnt/t/file 1 64K
ok "has an answer" best /mnt/t/file
is "that is no" "$(json /tmp/best.json '.choices[0].reach')" refused
is "for its reasons" "$(reason /tmp/best.json)" filesystem,not-pci
exits 1 "and is no place of the matrix" p2ptopo matrix /mnt/t/file
like "which is said" "$(cat "$work/stderr")" \
	'no PCI function does its I/O .tmpfs: it moves data by the CPU'
umount /mnt/t

begin "a device mapper's device"
modprobe dm-mod 2>/dev/null
if echo "0 2048 linear $(realpath /dev/lab/dst0) 0" |
	dmsetup create test 2>/dev/null
then
	best /dev/mapper/test
	is "is refused" "$(json /tmp/best.json '.choices[0].reach')" refused
	like "for its reason" "$(reason /tmp/best.json)" stacked-device
	ok "can be probed" probe /dev/mapper/test
	is "and is refused by the kernel, too" \
		"$(json /tmp/probe.json '.pairs[0].probe')" refused
	is "with EREMOTEIO" \
		"$(json /tmp/probe.json '.pairs[0].probe_errno')" 121
	dmsetup remove test
else
	skip "this guest has no dmsetup" "is refused"
fi
done_testing
