# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: two-providers
# timeout: 240
# p2pbench with several results: --compare, --matrix, --sweep, --diff. What is
# exact is asserted exactly; of rates only that they are some.
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /files/guest.sh

provider=$(bdf cmb0)

# all FILTER: what jq makes of the whole report.
all() {
	jq -r "$1" "$work/stdout"
}

begin "peer and host memory in turns"
exits 0 "are measured" p2pbench -J --compare -p "$provider" -t 500ms -b 16K \
	-d 4 /dev/lab/src0
is "as two results, by memory" \
	"$(all '[.results[].memory.kind] | join(" ")')" "peer host"
is "with the same settings" "$(all '[.results[] | [.block_bytes, .depth,
	.jobs, .time_ns]] | unique | length')" 1
is "and one comparison" "$(all '.compares | length')" 1
is "of ten rounds" "$(all '.compares[0].rounds')" 10
is "whose ratios are in order" "$(all '.compares[0].rate_ratio |
	.min > 0 and .min <= .q1 and .q1 <= .median and .median <= .q3 and
	.q3 <= .max')" true
is "slower than host memory here, where the emulator moves 8 bytes at once" \
	"$(all '.compares[0].rate_ratio.median < 1')" true
is "the provider is told" "$(all '.compares[0].provider')" "$provider"
is "processor time is compared" \
	"$(all '.compares[0].cpu_per_gib_ratio > 0')" true
is "DRAM is not counted here, and why" \
	"$(all '.results[0] | "\(.dram_bytes) \(.dram_reason)"')" \
	"null no-memory-counters"
cp "$work/stdout" "$work/compared.json"
exits 0 "copies are, too" p2pbench -J --compare -w copy --allow-write -n 1M \
	-b 64K -d 4 /dev/lab/src0 /dev/lab/dst0
is "five times over when there is no time" "$(all '.compares[0].rounds')" 5
is "each block each time" "$(all '[.results[].bytes] | unique == [5242880]')" \
	true
exits 2 "host memory is nothing to compare with itself" \
	p2pbench --compare -p host /dev/lab/src0
exits 3 "a provider that cannot be had is not replaced" \
	p2pbench --compare -b 1M -d 512 /dev/lab/src0
is "and there is no report" "$(cat "$work/stdout")" ""

begin "every provider with every drive"
exits 0 "is measured" p2pbench -J --matrix -n 1M -b 64K -d 4
is "each pair once" "$(all '.matrix | "\(.providers | length) \(
	.targets | length) \(.cells | length)"')" "3 4 12"
is "host memory first" "$(all '.matrix.providers[0]')" host
is "all of them work below one root port" \
	"$(all '[.matrix.cells[].reason] | unique == [null]')" true
is "what was measured is a result as well" "$(all '.results | length')" 12
is "whose rate is the cell's" "$(all '[.matrix.cells[].rate_bytes_per_sec] ==
	[.matrix.providers[] as $p | .matrix.targets[] as $t | .results[] |
	select(.target == $t and (.memory.provider // "host") == $p) |
	.rate_bytes_per_sec]')" true
is "beside what the links take" "$(all '[.results[] |
	select(.path.predicted_bytes_per_sec != null) |
	(.rate_bytes_per_sec / .path.predicted_bytes_per_sec /
	.path.measured_ratio - 1 | fabs < 1e-6)] | unique == [true]')" true
exits 0 "people get a table" p2pbench --matrix -n 64K -b 64K /dev/lab/src0
like "of GB/s" "$(cat "$work/stdout")" "^GB/s between memory"
exits 2 "several points a cell do not fit" p2pbench --matrix --ramp
exits 2 "all drives are never overwritten" \
	p2pbench --matrix -w write --allow-write
exits 5 "nor those with a name without permission" \
	p2pbench --matrix -w write /dev/lab/dst0

begin "a grid"
exits 0 "is measured in peer memory" p2pbench -J -p "$provider" -n 512K \
	--sweep=block-size=4K..16K,depth=1..4 --progress=json /dev/lab/src0
is "point by point" "$(all '[.results[] | "\(.block_bytes)/\(.depth)"] |
	join(" ")')" \
	"4096/1 4096/2 4096/4 8192/1 8192/2 8192/4 16384/1 16384/2 16384/4"
is "each of them whole" "$(all '[.results[] | [.bytes, .errors,
	.memory.kind]] | unique == [[524288, 0, "peer"]]')" true
is "the environment is told" "$(all '.environment | .kernel')" "$(uname -r)"
is "with driver parameters and firmware" "$(all '.environment |
	(.parameters["nvme.poll_queues"] != null) and
	([.drives[].firmware] | all(. != null))')" true
cp "$work/stdout" "$work/old.json"

begin "two reports"
exits 0 "are the same when they are one" \
	p2pbench -J --diff "$work/old.json" "$work/old.json"
is "point by point" "$(all '[.diff[] | [.rate_ratio, .verdict]] |
	unique == [[1, "same"]]')" true
jq '.results[4].rate_bytes_per_sec /= 2 | .results[4].noise = null' \
	"$work/old.json" >"$work/new.json"
exits 1 "differ when a point is half as fast" \
	p2pbench -J --diff "$work/old.json" "$work/new.json"
is "which one is told" "$(all '[.diff[].verdict] | index("regression")')" 4
is "and the others are the same" \
	"$(all '[.diff[].verdict] | map(select(. == "same")) | length')" 8
exits 0 "do not when that is tolerated" \
	p2pbench --diff --tolerance=60% "$work/old.json" "$work/new.json"

begin "two comparisons of memories"
# On a machine that does other things, too, nothing is sure but this.
jq '.compares[0].rate_ratio |= (.q1 = .median | .q3 = .median)' \
	"$work/compared.json" >"$work/sure.json"
mv "$work/sure.json" "$work/compared.json"
exits 0 "are the same when they are one" \
	p2pbench -J --diff "$work/compared.json" "$work/compared.json"
is "as ratios of peer over host memory" "$(all '[.diff_compares[] |
	[.provider, .peer_over_host_ratio, .verdict]] | tojson')" \
	"[[\"$provider\",1,\"same\"]]"
jq '.compares[0].rate_ratio |= map_values(. / 100)' "$work/compared.json" \
	>"$work/slow.json"
exits 1 "differ where peer memory got worse, and no rate did" \
	p2pbench -J --diff "$work/compared.json" "$work/slow.json"
is "which is told" "$(all '"\(.diff_compares[0].verdict) \(.regressions)"')" \
	"regression 1"
is "beside the rates" "$(all '[.diff[].verdict] | unique == ["same"]')" true
exits 1 "people get a table" \
	p2pbench --diff "$work/compared.json" "$work/slow.json"
like "of their own" "$(cat "$work/stdout")" '^Peer memory over host memory'

begin "commands of our own"
exits 0 "are measured through peer memory" p2pbench -J --engine=passthrough \
	-p "$provider" -w randread -b 4K -n 256K /dev/lab/src0
is "every block" "$(all '.results[0] | "\(.ios) \(.errors)"')" "64 0"
exits 3 "a file takes none" p2pbench --engine=passthrough "$work/old.json"
exits 3 "polling needs queues for it" p2pbench --iopoll -n 64K /dev/lab/src0
exits 0 "a thread of the kernel's takes requests" \
	p2pbench -J --sqpoll -n 1M -b 64K /dev/lab/src0
is "and every block is moved" "$(all '.results[0].ios')" 16

begin "verified blocks"
exits 0 "go through peer memory both ways" p2pbench -J -w mixed --mix=50 \
	--verify --allow-write -p "$provider" -b 4K -n 256K -j 2 -d 4 \
	--cpu=auto /dev/lab/dst0
is "and all are good" "$(all '.results[0].verify |
	"\(.bad_blocks) \(.checked_blocks > 0)"')" "0 true"
exits 0 "are written as a source" p2pbench -w write --verify --allow-write \
	-p "$provider" -b 64K -n 1M /dev/lab/src0
exits 0 "and copied" p2pbench -J -w copy --verify --allow-write -b 64K -n 1M \
	/dev/lab/src0 /dev/lab/dst0
is "through peer memory" "$(all '.results[0] |
	"\(.memory.kind) \(.verify.checked_blocks) \(.verify.bad_blocks)"')" \
	"peer 16 0"
zero /dev/lab/dst0 64K
exits 4 "what is not there is found out" p2pbench -J --verify \
	-p "$provider" -b 64K -n 1M /dev/lab/dst0
is "as what it is" "$(all '.results[0].verify |
	"\(.zeroed) \(.bad_blocks) \(.first.offset_bytes)"')" "16 16 0"
done_testing
