# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 200
# p2plab: --set=src0.read-error=20M --set=dst0.write-error=9M --tool=ddrescue --tool=ddrescuelog
# Drives with a bad block: everything else is saved, by either memory.
. /files/guest.sh
. /files/guest-copy

# The emulated drive fails at one sector; its block is what is lost.
bad=$((20 << 20))
size=$((40 << 20))
fill /dev/lab/src0 1 40M
zero /dev/lab/dst0 8M

# fails CODE SENTENCE OPTION…: a copy that does not end well, and its report.
fails() {
	local code=$1 name=$2
	shift 2
	rm -f "$work/report.json"
	exits "$code" "$name" p2pcopy --json --output="$work/report.json" "$@"
}

begin "a bad source ends a copy"
fails 1 "with exit 1" --seek=16M -n 40M /dev/lab/src0 /dev/lab/cmb0
like "and names the place" "$(cat "$work/stderr")" \
	'^p2pcopy: read /dev/lab/src0 at [0-9]+ \(LBA [0-9]+\): No data'
fails 1 "after it was tried again" --retries=2 --seek=16M -n 40M \
	/dev/lab/src0 /dev/lab/cmb0
fails 6 "or with exit 6, when a journal can go on" --journal=/tmp/j \
	--seek=16M -n 40M /dev/lab/src0 /dev/lab/cmb0
rm -f /tmp/j

begin "a copy that is measured"
exits 1 "goes on behind a bad block, and fails" p2pbench -J -w copy \
	--allow-write -b 64K -n 24M /dev/lab/src0 /dev/lab/cmb0
result() {
	jq -r ".results[0] | $1" "$work/stdout"
}
is "that is one block" "$(result '"\(.ios) \(.errors) \(.end)"')" \
	"383 1 complete"
is "which is told" "$(result '.first_error | [.where, .direction,
	.offset_bytes, .length_bytes, .errno] | tojson')" \
	'["/dev/lab/src0","read",20971520,65536,61]'
is "the others were measured" \
	"$(result '.rate_bytes_per_sec > 0 and .latency.p50_ns > 0')" true
like "people are told, too" "$(cat "$work/stderr")" \
	"^p2pbench: /dev/lab/src0: 1 transfer failed, the first one at $bad: No"

for provider in cmb0 host; do
	begin "past a bad block, through $provider"
	zero /dev/lab/cmb0 64M
	name=host
	[ $provider = host ] || name=$(bdf cmb0)
	fails 1 "a copy is made" --provider="$name" --journal=/tmp/map \
		--on-error=continue --retries=1 -n 40M /dev/lab/src0 \
		/dev/lab/cmb0
	is "of everything but one block" "$(told .bad_bytes)" 512
	is "the report has the place" "$(told '.errors |
		map([.where, .offset_bytes, .length_bytes, .errno]) |
		tojson')" '[["/dev/lab/src0",20971520,512,61]]'
	is "what was copied is counted" "$(told .copied_bytes)" $((size - 512))
	is "through $provider" "$(told .memory.kind)" \
		"$([ $provider = host ] && echo host || echo peer)"
	ok "before it the data is there" holds /dev/lab/cmb0 1 20M
	ok "behind it, too" holds /dev/lab/cmb0 1 $((19 << 20)) 21M
	is "the journal has the place" "$(grep -v '^#' /tmp/map | grep -- '-$')" \
		"0x01400000  0x00000200  -"
	like "it is done, but for that" "$(grep -v '^#' /tmp/map | head -1)" ' \+ '
	fails 1 "it can be resumed, and tried once more" --provider="$name" \
		--resume --journal=/tmp/map --on-error=continue --retries=1 \
		-n 40M /dev/lab/src0 /dev/lab/cmb0
	is "where only the block is read" "$(told .copied_bytes)" 0
	is "and still is bad" "$(told .bad_bytes)" 512
	rm -f /tmp/map
done

begin "as GNU ddrescue does it"
p2pcopy -p host --on-error=continue --journal=/tmp/ours -n 40M /dev/lab/src0 \
	/tmp/ours.img >/dev/null 2>&1
ddrescue -q --idirect --size=$size --retry-passes=0 /dev/lab/src0 \
	/tmp/theirs.img /tmp/theirs
ok "the same bytes are saved" cmp /tmp/ours.img /tmp/theirs.img
is "the same bytes are bad" \
	"$(ddrescuelog --list-blocks=- --block-size=512 /tmp/ours)" \
	"$(ddrescuelog --list-blocks=- --block-size=512 /tmp/theirs)"
exits 1 "p2pcopy goes on from a map of ddrescue's" p2pcopy -p host \
	--on-error=continue --resume --journal=/tmp/theirs -n 40M \
	/dev/lab/src0 /tmp/theirs.img
ok "ddrescue goes on from a map of ours" ddrescue -q --idirect --size=$size \
	--retry-passes=1 /dev/lab/src0 /tmp/ours.img /tmp/ours
rm -f /tmp/ours* /tmp/theirs*

begin "a bad destination"
fails 1 "ends a copy" --provider=host -n 16M /dev/lab/src0 /dev/lab/dst0
like "and the drive's block is named" "$(cat "$work/stderr")" \
	'write /dev/lab/dst0 at [0-9]+ \(LBA [0-9]+\): '
fails 1 "or is gone round" --provider=host --on-error=continue -n 16M \
	/dev/lab/src0 /dev/lab/dst0
is "but for one block" "$(told .bad_bytes)" 512
is "which is told" "$(told '.errors[0] | [.where, .offset_bytes,
	.length_bytes] | tojson')" '["/dev/lab/dst0",9437184,512]'
ok "before it the data is there" holds /dev/lab/dst0 1 9M
ok "behind it, too" holds /dev/lab/dst0 1 6M 10M
fails 1 "does not stop others" --also=/dev/lab/dst0 -n 16M /dev/lab/src0 \
	/dev/lab/cmb0
is "which are complete" "$(told '.also[0].dropped')" true
ok "and equal" holds /dev/lab/cmb0 1 16M

begin "one read, two drives, through peer memory"
copies "is made" --require-peer --also=/dev/lab/dst0 --checksum=sha256 \
	--verify -n 8M /dev/lab/src0 /dev/lab/cmb0
through_peer cmb0
ok "the first is equal" holds /dev/lab/cmb0 1 8M
ok "the second, too" holds /dev/lab/dst0 1 8M
is "the checksum was made of what is there" "$(told .checksum.digest)" \
	"$(head -c 8M /dev/lab/src0 | sha256sum | cut -d' ' -f1)"

begin "a tree with a bad block in one file"
# The file system is full: one of its files has the block.
wipefs -aq /dev/lab/src0 /dev/lab/cmb0
printf 'label: gpt\nstart=19MiB, size=8MiB\n' | sfdisk -q /dev/lab/src0
udevadm settle 2>/dev/null || sleep 1
mkfs.ext4 -q -b 4096 -O ^has_journal "$(realpath /dev/lab/src0)p1"
mkfs.ext4 -q /dev/lab/cmb0
mkdir -p /tmp/a /tmp/b
mount "$(realpath /dev/lab/src0)p1" /tmp/a
mount /dev/lab/cmb0 /tmp/b
pattern fill /tmp/good 1 524288 0
mkdir /tmp/a/tree
files=0
while cp /tmp/good /tmp/a/tree/$files 2>/dev/null; do
	files=$((files + 1))
done
rm /tmp/a/tree/$files
umount /tmp/a
mount "$(realpath /dev/lab/src0)p1" /tmp/a
fails 1 "fails for that one" -r /tmp/a/tree /tmp/b/stopped
is "and copies the others" "$(told '.total |
	[.copied_files, .failed_files] | tojson')" "[$((files - 1)),1]"
is "it has no name" "$(ls /tmp/b/stopped | wc -l)" $((files - 1))
like "which is told" "$(cat "$work/stderr")" '^p2pcopy: read /tmp/a/tree/[0-9]+: '
fails 1 "past it, the file is there" -r --on-error=continue --retries=1 \
	--checksum=sha256:/tmp/sums /tmp/a/tree /tmp/b/passed
is "with all but one block" "$(told '[.files[] | select(.outcome == "failed") |
	.bad_bytes, .copied_bytes, .errors[0].length_bytes, .errors[0].errno] |
	tojson')" '[512,523776,512,61]'
name=$(told '.files[] | select(.outcome == "failed").source')
at=$(told '.files[] | select(.outcome == "failed").errors[0].offset_bytes')
is "which is zeros" "$(cmp -l /tmp/good "/tmp/b/passed/${name##*/}" |
	awk '$3 != 0' | wc -l)" 0
ok "what is before is there" cmp -n "$at" /tmp/good "/tmp/b/passed/${name##*/}"
ok "what is behind is, too" cmp -i $((at + 512)) /tmp/good \
	"/tmp/b/passed/${name##*/}"
is "it has no checksum, the others have" "$(wc -l </tmp/sums)" \
	$((files - 1))
ok "and these are right" sha256sum --quiet -c /tmp/sums
umount /tmp/a /tmp/b
wipefs -aqf "$(realpath /dev/lab/src0)p1" /dev/lab/src0 /dev/lab/cmb0
blockdev --rereadpt /dev/lab/src0

done_testing
