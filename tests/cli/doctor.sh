# SPDX-License-Identifier: GPL-2.0-or-later
# Knows one planted fault for each thing that "p2ptopo doctor" finds: a
# machine of tests/fixtures and the lines that break it. Nothing of this
# machine is looked at.
. "${top_srcdir:?run by make check}/tests/tap.sh" || exit 1

switch=sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0
cmb=$switch/0000:02:00.0/0000:03:00.0
other=$switch/0000:02:01.0/0000:04:00.0
module=sys/module/nvme/parameters

# machine FIXTURE [LINES]: a tree for --sysroot, in $root; a new one each time,
# so that nothing need be removed.
machine() {
	root=$(mktemp -d "${work:?}/machine.XXXXXX") || exit 1
	"$top_srcdir/tests/fixture-tree" "$root" \
		"$top_srcdir/tests/fixtures/$1.txt" - <<<"${2-}"
}

doctor() {
	p2ptopo doctor --sysroot="$root" "$@"
}

# check ID: the check's status, and its evidence and advice, without a JSON
# reader: two lines of text. A line of CSV is one check.
check() {
	doctor --format=csv | tr -d '\r' | grep "^$1,"
}

# finds ID STATUS EVIDENCE ADVICE: what the doctor says of $root.
finds() {
	local line
	line=$(check "$1")
	like "$1 is $2: $3" "$line" "^$1,$2,.*$3"
	[ -z "$4" ] || like "and the advice is: $4" "$line" "$4"
}

machine one-switch "file $module/use_cmb_sqes N
file $module/poll_queues 0
file proc/sys/kernel/io_uring_disabled 0
dir sys/class/block
file etc/udev/rules.d/70-p2pdma.rules #"
exits 0 "a healthy machine is no failure" doctor
golden "is told so" p2ptopo-doctor-one-switch.txt doctor
golden "as JSON, too" p2ptopo-doctor-one-switch.json doctor --json
finds poll-queues pass 'nvme.poll_queues is 0' 'nvme\.poll_queues=2'
finds io-uring pass 'io_uring_disabled is 0' ''
finds permission pass 'rule is installed' ''
unlike "quiet leaves out what passes" "$(doctor --quiet)" '^pass'

machine one-switch "file proc/sys/kernel/osrelease 6.1.0-40-amd64"
rm "${root:?}/$cmb/p2pmem/allocate"
finds kernel-version fail 'Linux 6\.1\.0-40-amd64 does not hand' 'Linux 6\.2'
finds allocate fail '0000:03:00\.0 has no p2pmem/allocate' 'Linux 6\.2'
exits 3 "a kernel that hands nothing out is exit 3" doctor

machine old-kernel
finds kernel-config fail 'without CONFIG_PCI_P2PDMA' 'Debian: 6\.13'
finds cmb fail '0000:03:00\.0 .nvme0.: has a CMB that is not registered' \
	'see kernel-config'

machine no-provider
finds providers fail 'no driver offers memory' 'controller memory buffer'
finds pairs fail 'there is no provider' ''
exits 3 "no provider is exit 3" doctor

# 1 MiB is no multiple of 2 MiB, though the BAR is: 0x100 units of 4 KiB.
machine one-switch "file $cmb/nvme/nvme0/cmbsz $((0x0010001d))"
rm -r "${root:?}/$cmb/p2pmem"
finds cmb fail '0000:03:00\.0 .nvme0.: 1 MiB of it in the BAR' 'whole 2 MiB'

# The BAR, 64 MiB at an odd megabyte.
machine one-switch "file $cmb/resource 0xfe000000 0xfe003fff 0x140204\\n0x0 0x0 0x0\\n0x8000100000 0x80040fffff 0x14220c"
rm -r "${root:?}/$cmb/p2pmem"
finds cmb fail 'its BAR begins at 0x8000100000' 'BIOS'

machine one-switch "file $cmb/p2pmem/published 0
file $cmb/nvme/nvme0/cmbsz $((0x00040205))"
finds published fail '0000:03:00\.0 is not published: its CMB is not for data' \
	'leave unpublished memory alone'
exits 3 "memory that nobody gets is exit 3" doctor

machine one-switch "link $other/driver ../../../../../../bus/pci/drivers/vfio-pci"
finds drives warn '0000:04:00\.0: driver vfio-pci, not nvme' 'bind the driver'
machine one-switch
rm "${root:?}/$other/driver"
like "a drive without driver is given to one" "$(doctor --fix)" \
	'^echo 0000:04:00\.0 >/sys/bus/pci/drivers_probe$'

machine one-switch "file $module/use_cmb_sqes Y"
finds cmb-queues warn "128 KiB of 0000:03:00.0's 64 MiB are taken" \
	'nvme\.use_cmb_sqes=0'
finds permission unknown 'rule is not installed' ''

machine one-switch "file $cmb/p2pmem/available 0"
finds fragmentation warn '0000:03:00\.0: 0 B are free' 'p2ptopo users'

machine acs
line='pci=disable_acs_redir=0000:02:00\.0;0000:02:01\.0;0000:02:02\.0'
finds acs fail '2 pairs refused' "$line"
finds host-bridge warn 'pairs that only ACS sends there: 2' ''
exits 3 "nothing but redirected pairs is exit 3" doctor
golden "the remedies of a machine with ACS" p2ptopo-doctor-fix-acs.txt \
	doctor --fix
ok "are a script" bash -n "$work/golden"
like "whose parameter is quoted for the boot loader" "$(cat "$work/golden")" \
	"CMDLINE_LINUX '$line'\"\$"
machine acs "file proc/cmdline quiet pci=disable_acs_redir=0000:0a:00.0; splash"
finds acs fail '' 'pci=disable_acs_redir=0000:0a:00\.0;0000:02:00\.0;'
machine acs "file proc/cmdline pci=config_acs=xxx11xx@0000:02:00.0"
finds acs fail '' 'take pci=config_acs= off'
machine acs "file proc/cpuinfo vendor_id : AuthenticAMD\\ncpu family : 25"
finds acs warn '0 pairs refused. 2 slowed down' "$line"
exits 0 "slow pairs work" doctor

machine config-unreadable
finds acs unknown 'only root may read it of 0000:' 'as root'
exits 0 "what is not known is not refused" doctor

machine two-root-ports
finds host-bridge fail '8086:29c0 .0000:00:00\.0. is not in the kernel' \
	'\{PCI_VENDOR_ID_INTEL, 0x29c0, 0\},'
finds pairs fail '0 of 1 pairs' 'p2ptopo matrix'
exits 3 "and no pair is left" doctor
machine two-root-ports "file proc/sys/kernel/osrelease 6.12.95
file sys/devices/pci0000:00/0000:00:00.0/device 0x0b25"
finds host-bridge fail '8086:0b25' 'boot Linux 7\.1\.3 or later'
machine two-root-ports "file proc/sys/kernel/osrelease 6.18.44
file sys/devices/pci0000:00/0000:00:00.0/device 0x0b25"
finds host-bridge unknown 'whether .* has host bridge 8086:0b25' \
	'p2ptopo probe; boot Linux 7\.1\.3 or later'
machine zen-root-ports
finds host-bridge pass 'the processor is allowed' ''

machine iommu
finds iommu warn 'split at 128 KiB' 'iommu=pt'
like "the remedy is a kernel parameter" "$(doctor --fix)" "^GRUB.*'iommu=pt'"

machine zen-root-ports "file sys/devices/pci0000:00/0000:00:04.0/0000:02:00.0/dma_mask_bits 32
file proc/cmdline swiotlb=force"
finds dma-mask fail '0000:02:00\.0 cannot address' 'above 4G decoding'
finds dma-mask fail 'swiotlb=force' 'without swiotlb=force'

machine one-switch "file $switch/0000:02:01.0/max_link_speed 16.0 GT/s PCIe
file $switch/0000:02:01.0/max_link_width 4
file $other/max_link_speed 16.0 GT/s PCIe
file $other/max_link_width 4"
finds links warn '0000:04:00\.0 runs at 2\.5 GT/s x1, both ends can do 16\.0 GT/s x4' \
	'while data moves'

machine one-switch "file $cmb/numa_node 0
file $other/numa_node 1"
finds numa warn '1 pairs lie on different nodes; drives: 0000:04:00\.0' \
	'p2ptopo best'

machine multipath
finds multipath warn 'reaches 0000:03:00\.0 by one path and not by another' \
	'nvme_core\.multipath=N'
machine multipath "file proc/sys/kernel/osrelease 6.12.95"
finds multipath fail 'which this kernel lets no peer memory pass' \
	'Linux 7\.2 or later'

machine stack
finds md-mirror warn 'is a raid1 over NVMe drives' 'never write to such'

machine one-switch "file proc/sys/kernel/io_uring_disabled 2"
finds io-uring fail 'nobody may use io_uring' 'sysctl kernel\.io_uring_disabled=0'
like "the remedy is a command" "$(doctor --fix)" \
	'^sysctl -w kernel\.io_uring_disabled=0$'
machine one-switch "file proc/sys/kernel/io_uring_disabled 1"
finds io-uring warn 'only root and kernel.io_uring_group' ''

# What a machine says of itself is no part of the script.
machine one-switch "file proc/sys/kernel/osrelease 7.2\\nreboot"
unlike "a kernel's name ends no comment" "$(doctor --fix)" '^reboot'

exits 2 "remedies are of doctor" p2ptopo list --fix --sysroot="$root"
exits 2 "and no JSON" doctor --fix --json
exits 2 "doctor looks at all" doctor 03:00.0
done_testing
