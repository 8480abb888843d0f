# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: bar
# timeout: 90
# A BAR that the processor copies to and from; the emulator looks what is there.
. /files/guest.sh
. /files/guest-copy

device=$(for file in /sys/bus/pci/devices/*/device; do
	[ "$(cat "$file")" != 0x1110 ] || basename "$(dirname "$file")"
done)
start=$(awk 'NR == 3 { print $1 }' "/sys/bus/pci/devices/$device/resource")
bar=pci:$device/bar2

# seen OFFSET: the words there, by the emulator's own eyes.
seen() {
	lab_monitor xp "/4gx $(printf '0x%x' $((start + $1)))" |
		sed 's/^[^:]*: //' | xargs
}

# words_of FILE OFFSET: the words of a file, written alike.
words_of() {
	od -An -v -tx8 -j "$2" -N 32 "$1" | xargs -n 1 printf '0x%s\n' | xargs
}

begin "into a BAR"
fill "$work/file" 1 1M
like "whose device is there" "$device" '^0000:'
copies "a file" "$work/file" "$bar"
is "by the processor" "$(told '[.engine, .memory.kind, .copied_bytes] |
	map(tostring) | join(" ")')" "cpu host 1048576"
for offset in 0 4096 524288 1048544; do
	is "the emulator sees it at $offset" "$(seen $offset)" \
		"$(words_of "$work/file" $offset)"
done
is "and nothing behind it" "$(seen 1048576)" \
	"$(yes 0x0000000000000000 | head -n 4 | xargs)"
fill /dev/lab/src0 2 1M
copies "a part of a drive" --skip=4096 -n 64K /dev/lab/src0 "$bar+2M"
dd if=/dev/lab/src0 of="$work/drive" bs=4K skip=1 count=16 iflag=direct \
	status=none
is "goes where it was meant to" "$(seen 2097152)" "$(words_of "$work/drive" 0)"
is "to its end" "$(seen $((2097152 + 65504)))" \
	"$(words_of "$work/drive" 65504)"
printf 'abc' >"$work/three"
copies "three bytes" "$work/three" "$bar+2M"
is "leave the rest of the word" "$(seen 2097152 | cut -c 1-12)" \
	"$(words_of "$work/drive" 0 | cut -c 1-12)"
like "and are there" "$(seen 2097152)" '^0x[0-9a-f]{10}636261 '

begin "out of a BAR"
copies "to a file" -n 1M "$bar" "$work/back"
ok "are the same bytes" cmp "$work/file" "$work/back"
like "a warning says that it is slow" "$(cat "$work/stderr")" 'MB/s'
zero /dev/lab/src0 1M
copies "odd bytes to a drive" -n 1001 --seek=8192 "$bar" /dev/lab/src0
ok "are the same" cmp -n 1001 "$work/file" <(dd if=/dev/lab/src0 bs=8192 \
	skip=1 count=1 status=none)

begin "what is refused"
exits 5 "more than there is room for" p2pcopy -n 1M /dev/lab/src0 "$bar+3584K"
unlike "and --force does not help" "$(cat "$work/stderr")" 'or --force'
exits 5 "a BAR that a driver uses" p2pcopy -n 4K /dev/lab/src0 \
	"pci:$(bdf src0)/bar0"
like "which is told" "$(cat "$work/stderr")" 'the driver nvme uses'
exits 2 "a BAR that is not there" p2pcopy -n 4K /dev/lab/src0 "pci:$device/bar5"
exits 2 "odd places" p2pcopy -n 4K /dev/lab/src0 "$bar+3"
exits 2 "two BARs" p2pcopy "$bar" "$bar+2M"
exits 2 "a name that is none" p2pcopy /dev/lab/src0 "pci:$device"
mkfs.ext4 -q -F /dev/lab/src0
exits 5 "a drive with a file system" p2pcopy -n 4K "$bar" /dev/lab/src0

begin "a device that answers no more"
setpci -s "$device" COMMAND=0:2 2>/dev/null ||
	printf '\0' | dd of="/sys/bus/pci/devices/$device/config" bs=1 seek=4 \
		conv=notrunc status=none
exits 1 "is told" p2pcopy "$work/file" "$bar"
like "with what to do" "$(cat "$work/stderr")" 'does not answer at its BARs'

done_testing
