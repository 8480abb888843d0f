#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's options and machine files, and what they become for QEMU. Nothing
# is booted here; tests/vm does that.
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${top_srcdir:?}/tests/tap.sh"

p2plab=$top_srcdir/contrib/p2plab/p2plab
export P2PLAB_CACHE=$work/cache
machines='acs forest iommu iommu-pt lba-4k multipath nested-switches
no-provider old-kernel one-switch protection-info slow two-host-bridges
two-providers two-root-ports zen-acs zen-root-ports zen-two-bridges'

# qemu MACHINE [OPTION…]: its command line, words apart by one blank.
qemu() {
	local machine=$1
	shift
	"$p2plab" run --print-qemu --machine="$machine" "$@" true 2>&1 |
		tr '\n' ' '
}

# machine LINE…: a machine file of these lines.
machine() {
	printf '%s\n' "$@" >"$work/machine"
}

exits 0 "--help is no error" "$p2plab" --help
like "and names the verbs" "$(cat "$work/stdout")" '^  shell '
exits 0 "--version is no error" "$p2plab" --version
like "and names the package" "$(cat "$work/stdout")" \
	'^p2plab \(p2pdma-utils\) [0-9.]+$'

exits 2 "no verb is wrong usage" "$p2plab"
exits 2 "an unknown verb is wrong usage" "$p2plab" frobnicate
like "and it is named" "$(cat "$work/stderr")" 'frobnicate'
exits 2 "run without a command is wrong usage" "$p2plab" run
exits 2 "an unknown option is wrong usage" "$p2plab" run --frobnicate true
exits 2 "an option without its value is wrong usage" "$p2plab" run --machine
exits 2 "a time limit that is no number is wrong usage" \
	"$p2plab" run --timeout=soon true
exits 2 "an unknown accelerator is wrong usage" \
	"$p2plab" run --accel=warp true
exits 2 "an unknown machine is wrong usage" \
	"$p2plab" run --machine=nowhere true
exits 2 "a disk for a drive that is not there is wrong usage" \
	"$p2plab" run --disk=nobody=/dev/null true
exits 2 "a shell needs a terminal" "$p2plab" shell </dev/null
exits 2 "setup asks nobody who is not there" "$p2plab" setup </dev/null
like "and says how to go on" "$(cat "$work/stderr")" 'say --yes'
exits 125 "a lab that is not set up says so" "$p2plab" run true
like "and how to set it up" "$(cat "$work/stderr")" 'p2plab setup$'

is "list names every machine" \
	"$("$p2plab" list | awk '!/^ / { print $1 }' | tr '\n' ' ')" \
	"${machines//$'\n'/ } "
for name in $machines; do
	exits 0 "$name is well formed" \
		"$p2plab" run --print-qemu --machine="$name" true
	exits 0 "$name can be described" "$p2plab" list "$name"
	unlike "$name says what it is" "$("$p2plab" list)" "^$name *$"
done
like "a description shows what is below what" "$("$p2plab" list slow)" \
	'^      src0 \(drive, 256M, throttle-read 30MB\)$'

line=$(qemu one-switch)
like "one-switch has a switch on a root port" "$line" \
	'-device pcie-root-port,id=port1,bus=pcie.0,chassis=1,slot=0 -device x3130-upstream,id=sw0,bus=port1 '
like "and a drive with a CMB on a port of it" "$line" \
	'-device xio3130-downstream,id=port2,bus=sw0,chassis=2,slot=0 -device nvme,id=cmb0,serial=cmb0,bus=port2,cmb_size_mb=64 -device nvme-ns,drive=cmb0,bus=cmb0,shared=off '
is "and three drives" "$(grep -o 'nvme,id=[a-z0-9]*' <<<"$line" |
	tr '\n' ' ')" "nvme,id=cmb0 nvme,id=src0 nvme,id=dst0 "
like "and the kernel with P2PDMA" "$line" '/base/p2pdma.kernel '
unlike "and no IOMMU" "$line" 'iommu'

like "old-kernel has the other kernel" "$(qemu old-kernel)" \
	'/base/old.kernel '
like "zen-root-ports has an AMD processor under any accelerator" \
	"$(qemu zen-root-ports)" '-cpu EPYC,vendor=AuthenticAMD '
like "the others an Intel one" "$line" '-cpu [^ ]*vendor=GenuineIntel,'
like "iommu-pt passes through" "$(qemu iommu-pt)" \
	'intel_iommu=on iommu=pt '
like "multipath is one namespace of two controllers" "$(qemu multipath)" \
	'serial=mp0,bus=port3,subsys=mp0-subsystem -device [^ ]* -device nvme,id=mp0-port4,serial=mp0,bus=port4,subsys=mp0-subsystem -device nvme-ns,drive=mp0,bus=mp0-port4,shared=on '
like "protection-info has it" "$(qemu protection-info)" \
	'nvme-ns,drive=src0,bus=src0,shared=off,ms=8,pi=1 '
like "slow reads its source at 30 MB/s" "$(qemu slow)" \
	'id=src0,[^ ]*throttling.bps-read=30000000'
like "a setting can be changed" "$(qemu slow --set=src0.throttle-read=1M)" \
	'id=src0,[^ ]*throttling.bps-read=1048576'
: >"$work/image"
like "an image can be given" \
	"$(qemu one-switch --disk=src0="$work/image")" \
	"id=src0,[^ ]*filename=$work/image "
like "a drive keeps what is written to it" "$line" 'id=dst0,[^ ]*cache=unsafe'
line=$(qemu one-switch --set=dst0.cache=volatile)
like "unless its cache is lost with the power: then it flushes" "$line" \
	'id=dst0,[^ ]*cache=writeback,file.driver=nbd,[^ ]*server.path=[^ ]*dst0'
like "and no other drive" "$line" 'id=src0,[^ ]*cache=unsafe'
like "words for the kernel are passed on" \
	"$(qemu one-switch --cmdline=nvme.poll_queues=1)" \
	'nvme.poll_queues=1 -'

machine 'about a drive that fails' 'drive src0 read-error=2M'
like "a medium error is an error of the image" "$(qemu "$work/machine")" \
	'inject-error.0.iotype=read,[^ ]*inject-error.0.sector=4096,'
machine 'drive src0 cache=volatile read-error=2M'
like "so is that of a volatile cache" "$(qemu "$work/machine")" \
	'inject-error.0.sector=4096,.*file.image.driver=nbd,'
machine 'drive src0 cache=warm'
like "a cache is volatile or nothing" "$(qemu "$work/machine")" \
	'cache=warm: is volatile or nothing'
machine 'drive src0 colour=red'
like "an unknown setting is told with its line" "$(qemu "$work/machine")" \
	'machine:1: colour: unknown'
machine '# nothing' 'gadget x'
like "so is an unknown word" "$(qemu "$work/machine")" \
	'machine:2: gadget: unknown word'
machine 'drive src0 below=sw9'
like "a place must be there" "$(qemu "$work/machine")" 'below=sw9'
machine 'drive src0' 'drive src0'
like "a serial is there once" "$(qemu "$work/machine")" 'src0: is there twice'
machine 'drive src0 size=much'
like "a size must be one" "$(qemu "$work/machine")" 'size=much: is no size'
machine 'drive src0 cmb=100K'
like "a CMB is of whole MiB" "$(qemu "$work/machine")" 'cmb=100K'
machine 'drive src0 # a comment=1'
like "a comment may follow" "$(qemu "$work/machine")" 'nvme,id=src0'
machine 'switch Sw0'
like "names are plain" "$(qemu "$work/machine")" "'Sw0': a name is"

exits 0 "nothing was put into the cache" test ! -e "$work/cache"
done_testing
