# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 120
# What p2ptopo says of paths that are more than a drive, and the kernel's own
# answer to a read of them. "path" and "list" tell of functions only, and carry
# what lies above them in targets[].
. /files/guest.sh

shopt -s extglob
provider=$(bdf cmb0)
# best PATH…, probe PATH: reports in /tmp/best.json, /tmp/probe.json.
best() { p2ptopo best --json "$@" >/tmp/best.json; }
probe() { p2ptopo probe --json "$provider" "$1" >/tmp/probe.json; }
reason() { json "$1" '[.. | .reasons? // empty | .[].id] | unique | join(",")'; }
memory=/sys/bus/pci/devices/$provider/p2pmem/allocate

# all_of VALUE FILE: layers and reasons of the target, and a value, in one go.
all_of() {
	jq -r '"\(.targets[-1].layers | map(.kind) | join(",")) \(
		[.. | .reasons? // empty | .[].id] | unique | join(",")) \('"$1"')"' \
		"$2"
}

# every_word PATH WANTED: path has layers and reasons, too; list says them.
every_word() {
	p2ptopo path --json "$provider" "$1" >/tmp/path.json
	is "path has the reason as well" "$(all_of '.command' /tmp/path.json |
		cut -d' ' -f 1,2)" "$2"
	like "list says it" "$(p2ptopo list "$1")" "^  ${2#* }: "
}

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

begin "a file on vfat"
mkdosfs /dev/lab/src0 >/dev/null
mount -t vfat /dev/lab/src0 /mnt/a
fill /mnt/a/file 1 1M
sync
best /mnt/a/file
is "reaches nothing, for its reason" \
	"$(all_of '.choices[0].reach' /tmp/best.json)" \
	"vfat,nvme filesystem refused"
every_word /mnt/a/file "vfat,nvme filesystem"
probe /mnt/a/file
is "and is refused by the kernel, too, as predicted" \
	"$(json /tmp/probe.json '.pairs[0] | "\(.probe) \(.agrees)"')" \
	"refused true"
umount /mnt/a

begin "a file on btrfs"
mkfs.btrfs -q -f -m single /dev/lab/src0 >/dev/null 2>&1
mount -t btrfs /dev/lab/src0 /mnt/a
fill /mnt/a/file 1 1M
sync
probe /mnt/a/file
is "is read into peer memory, as predicted" \
	"$(json /tmp/probe.json '.pairs[0] | "\(.probe) \(.agrees)"')" \
	"accepted true"
best /dev/lab/dst0 /mnt/a/file
is "is not written from it, for its reason" \
	"$(all_of '.choices[0].reach_destination' /tmp/best.json)" \
	"btrfs,nvme filesystem refused"
every_word /mnt/a/file "btrfs,nvme filesystem"
mount -o remount,nodatasum /mnt/a
best /dev/lab/dst0 /mnt/a/file
is "without checksums it is" \
	"$(all_of '.choices[0].reach_destination' /tmp/best.json)" \
	"btrfs nodatasum,nvme  direct"
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
echo "0 2048 linear $(realpath /dev/lab/dst0) 0" | dmsetup create test
best /dev/mapper/test
is "is refused" "$(json /tmp/best.json '.choices[0].reach')" refused
like "for its reason" "$(reason /tmp/best.json)" stacked-device
ok "can be probed" probe /dev/mapper/test
is "and is refused by the kernel, too" \
	"$(json /tmp/probe.json '.pairs[0].probe')" refused
is "with EREMOTEIO" \
	"$(json /tmp/probe.json '.pairs[0].probe_errno')" 121
every_word /dev/mapper/test "dm,nvme stacked-device"
dmsetup remove test

# loop_up: the drive as NVMe over fabrics, by a target in this same kernel; its
# namespace's name in $remote, its controller in $controller.
nvmet=/sys/kernel/config/nvmet
loop_up() {
	local space=$nvmet/subsystems/lab/namespaces/1 place
	modprobe nvme-loop 2>/dev/null || return 1
	mount -t configfs none /sys/kernel/config 2>/dev/null
	mkdir -p $space $nvmet/ports/1 || return 1
	echo 1 >$nvmet/subsystems/lab/attr_allow_any_host
	realpath /dev/lab/dst0 >$space/device_path
	echo 1 >$space/enable
	echo loop >$nvmet/ports/1/addr_trtype
	ln -s $nvmet/subsystems/lab $nvmet/ports/1/subsystems/lab
	echo transport=loop,nqn=lab >/dev/nvme-fabrics || return 1
	for _ in {1..50}; do
		for place in /sys/class/nvme-subsystem/*; do
			[ "$(<"$place/subsysnqn")" = lab ] || continue
			controller=$(echo "$place"/nvme+([0-9]))
			remote=$(cd "$place" && echo nvme+([0-9])n+([0-9]))
		done
		[ ! -b "/dev/$remote" ] || return 0
		sleep 0.1
	done
	return 1
}

loop_down() {
	echo 1 >"$controller/delete_controller"
	rm $nvmet/ports/1/subsystems/lab
	echo 0 >$nvmet/subsystems/lab/namespaces/1/enable
	rmdir $nvmet/ports/1 $nvmet/subsystems/lab/namespaces/1 \
		$nvmet/subsystems/lab
}

begin "a namespace over fabrics"
loop_up
is "is there" $? 0
best "/dev/$remote"
like "is refused, for its reason" \
	"$(all_of '.choices[0].reach' /tmp/best.json)" \
	'nvme-fabrics.*queue-without-p2p.* refused$'
exits 1 "no function does its I/O" p2ptopo probe "$provider" \
	"/dev/$remote"
like "which is said" "$(<"$work/stderr")" nvme-fabrics
like "the kernel takes no peer memory of it" "$(fio --name=ask \
	--rw=read --direct=1 --bs=4k --size=4k --ioengine=psync \
	--filename="/dev/$remote" --iomem=mmapshared:"$memory" 2>&1)" \
	'Remote I/O error'
loop_down
done_testing
