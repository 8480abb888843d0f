# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 180
# p2pbench where peer memory works: every workload, both memories.
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /files/guest.sh

provider=$(bdf cmb0)
available=/sys/bus/pci/devices/$provider/p2pmem/available
before=$(cat "$available")

# result FILTER: what jq finds in the first result.
result() {
	jq -r ".results[0] | $1" "$work/stdout"
}

fill /dev/lab/src0 7 32M

for workload in read randread; do
	for memory in "$provider" host; do
		kind=peer provider_told=$memory
		[ "$memory" != host ] || kind=host provider_told=null
		begin "$workload through $kind memory"
		exits 0 "it is measured" p2pbench -J -w $workload \
			-p "$memory" -b 64K -d 8 -n 16M /dev/lab/src0
		is "the memory is what was asked for" \
			"$(result '.memory | "\(.kind) \(.provider)"')" \
			"$kind $provider_told"
		is "every block was moved" "$(result .ios)" 256
		is "none failed" "$(result .errors)" 0
	done
done

begin "auto takes the provider that both ends reach"
zero /dev/lab/dst0 32M
exits 0 "a copy is measured" p2pbench -J -w copy --allow-write \
	-b 128K -d 4 -n 16M /dev/lab/src0 /dev/lab/dst0
is "through peer memory" "$(result '.memory |
	"\(.kind) \(.provider) \(.reach_source) \(.reach_destination)"')" \
	"peer $provider direct direct"
is "each block counts once" "$(result '"\(.ios) \(.bytes)"')" "128 16777216"
ok "and the data is there" holds /dev/lab/dst0 7 16M
exits 1 "and no more than that" holds /dev/lab/dst0 7 32M

begin "writing through peer memory"
exits 5 "needs to be allowed" p2pbench -w write -p "$provider" /dev/lab/dst0
ok "and wrote nothing before" holds /dev/lab/dst0 7 16M
exits 0 "then writes" p2pbench -J -w write --allow-write -p "$provider" \
	-b 64K -d 2 -n 1M /dev/lab/dst0
is "from the provider" "$(result .memory.kind)" peer
dd if=/dev/lab/dst0 of="$work/peer" bs=1M count=1 iflag=direct status=none
exits 0 "the same through host memory" p2pbench -w write --allow-write \
	-p host -b 64K -d 2 -n 1M /dev/lab/dst0
dd if=/dev/lab/dst0 of="$work/host" bs=1M count=1 iflag=direct status=none
is "a seed writes the same blocks, whichever slot they came from" \
	"$(split -b 64K --filter=sha256sum "$work/peer" | sort -u)" \
	"$(split -b 64K --filter=sha256sum "$work/host" | sort -u)"

begin "a provider with too little room"
exits 3 "is not exchanged when it was named" \
	p2pbench -p "$provider" -b 1M -d 128 /dev/lab/src0
like "and the reason is told" "$(cat "$work/stderr")" provider-too-small
exits 0 "is exchanged by auto" \
	p2pbench -J -b 1M -d 128 -n 16M /dev/lab/src0
is "with the reason" "$(result '.memory | "\(.kind) \(.fallback_reason)"')" \
	"host provider-too-small"
exits 0 "is used with fewer blocks when none were asked for" \
	p2pbench -J -p "$provider" -b 4M -t 100ms /dev/lab/src0
is "which is told" "$(result '.depth < 32 and .depth > 0')" true

begin "a provider by the drive that it sits on"
exits 0 "is found" p2pbench -J -p "$(lab_dev cmb0)" -n 1M /dev/lab/src0
is "under its address" "$(result .memory.provider)" "$provider"

begin "an interrupted run"
p2pbench -J -p "$provider" -t 60s --progress=json /dev/lab/src0 \
	>"$work/stdout" 2>"$work/stderr" &
for _ in {1..300}; do
	! grep -q '"done_bytes":[ ]*[1-9]' "$work/stderr" || break
	sleep 0.1
done
kill -s INT $!
wait $!
ok "still reports" test "$(result .ios)" -gt 0
is "the memory is given back" "$(cat "$available")" "$before"

begin "a kernel that forbids io_uring"
echo 2 >/proc/sys/kernel/io_uring_disabled
exits 1 "measures nothing" p2pbench -p host /dev/lab/src0
like "and says so, with the remedy" "$(cat "$work/stderr")" \
	'^p2pbench: use io_uring: Operation .* sysctl kernel.io_uring_disabled '
is "in one sentence" "$(wc -l <"$work/stderr")" 1
exits 1 "is not probed either" p2ptopo probe
like "which says the same" "$(cat "$work/stderr")" \
	'^p2ptopo: use io_uring: .* sysctl kernel.io_uring_disabled '
echo 0 >/proc/sys/kernel/io_uring_disabled
done_testing
