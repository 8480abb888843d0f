# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 120
# The destination drive compares what it holds with what the source reads.
. /files/guest.sh
. /files/guest-copy

# verified: what the last report says of it, in one line.
verified() {
	told '.verify | [.method, .ok, .mismatched_bytes,
		.first_mismatch_bytes] | map(tostring) | join(" ")'
}

# spoiled_copy MEMORY OFFSET: a copy of 4 MiB that somebody writes a
# byte into while it is throttled, so that only the proof can find it.
spoiled_copy() {
	local memory=$1 offset=$2 copy tries=0
	rm -f "$work/report.json"
	lab_monitor block_set_io_throttle src0 3145728 0 0 0 0 0
	p2pcopy --json --output="$work/report.json" --verify=compare \
		--provider="$memory" -b 128K -d 2 \
		-n 4M /dev/lab/src0 /dev/lab/dst0 2>"$work/stderr" &
	copy=$!
	# The block is there: what comes is behind it.
	until holds /dev/lab/dst0 7 128K >/dev/null 2>&1 ||
		[ $((tries += 1)) -gt 100 ]
	do
		sleep 0.02
	done
	printf '\377' | dd of=/dev/lab/dst0 bs=1 seek="$offset" \
		conv=notrunc,fsync status=none
	wait $copy
}

begin "what is the same"
fill /dev/lab/src0 7 8M
for memory in /dev/lab/cmb0 host; do
	zero /dev/lab/dst0 8M
	copies "through $memory" --provider=$memory --verify=compare -n 8M \
		-b 256K /dev/lab/src0 /dev/lab/dst0
	is "is compared by the drive" "$(verified)" "compare true 0 null"
	is "and not otherwise" "$(told .verify.fallback_reason)" null
done
copies "with odd ends" --verify=compare --skip=100 --seek=4196 -n 100000 \
	/dev/lab/src0 /dev/lab/dst0
is "is compared as well" "$(verified)" "compare true 0 null"
copies "by passthrough" --engine=passthrough --verify=compare -n 1M \
	/dev/lab/src0 /dev/lab/dst0
is "is compared as well" "$(verified)" "compare true 0 null"

begin "the destination's own memory"
zero /dev/lab/cmb0 2M
copies "is proven" --verify=compare --provider=/dev/lab/cmb0 -n 2M \
	/dev/lab/src0 /dev/lab/cmb0
is "one way or the other" "$(told .verify.ok)" true
ok "the data is there" holds /dev/lab/cmb0 7 2M

begin "a planted difference"
for memory in /dev/lab/cmb0 host; do
	zero /dev/lab/dst0 4M
	spoiled_copy $memory 70000
	is "is found through $memory" $? 4
	is "and located to the byte" "$(verified)" "compare false 1 70000"
	like "and told" "$(cat "$work/stderr")" 'in 1 bytes, first 70000 '
done
lab_monitor block_set_io_throttle src0 0 0 0 0 0 0

begin "where no drive can compare"
mkfs.ext4 -q -F /dev/lab/dst0
mkdir -p /tmp/there
mount /dev/lab/dst0 /tmp/there
copies "a file is copied" --verify=compare -n 1M /dev/lab/src0 /tmp/there/file
is "and read again" "$(verified)" "read true 0 null"
like "which is told" "$(cat "$work/stderr")" \
	'verified by reading instead of comparing'
like "and why" "$(told .verify.fallback_reason)" 'no NVMe namespace'
umount /tmp/there
zero /dev/lab/dst0 2M

begin "no poll queues"
exits 3 "polling is refused" p2pcopy --iopoll -n 1M /dev/lab/src0 /dev/lab/dst0
like "which is told" "$(cat "$work/stderr")" 'no poll queues'

done_testing
