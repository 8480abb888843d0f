# SPDX-License-Identifier: GPL-2.0-or-later
# Knows p2pbench's options, exit codes and reports, on files and, for root, on
# loop devices. Peer memory is the lab's business.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
command -v jq >/dev/null || skip_all "there is no jq (apt-get install jq)"

# value FILTER: what jq finds in the first result in $work/stdout.
value() {
	jq -r ".results[0] | $1" "$work/stdout"
}

# --- usage ------------------------------------------------------------------
exits 0 "--help is an answer" p2pbench --help
like "--help has the workloads" "$(cat "$work/stdout")" \
	'--workload=read\|write\|randread\|randwrite\|mixed\|copy\|help'
exits 0 "--workload=help lists them" p2pbench --workload=help
is "the list has every workload" \
	"$(awk '{ printf "%s ", $1 }' "$work/stdout")" \
	"read write randread randwrite mixed copy randrw "
exits 2 "no target is wrong usage" p2pbench
exits 2 "an unknown workload is wrong usage" p2pbench --workload=trim x
exits 2 "a copy needs two ends" p2pbench -w copy --allow-write x
exits 2 "a copy has no third end" p2pbench -w copy --allow-write x y z
exits 2 "no blocks in flight is wrong usage" p2pbench --depth=0 x
exits 2 "a block of no size is wrong usage" p2pbench --block-size=0 x
exits 2 "a duration must be one" p2pbench --time=soon x
exits 2 "an option that does not exist is wrong usage" p2pbench --fast x
exits 2 "a warm-up needs a time" p2pbench --warmup=1s --size=1M x
exits 2 "Zipf's law is for blocks drawn at random" p2pbench --zipf=1 x
for theta in 0 -1 nan 1e9 x ''; do
	exits 2 "--zipf=$theta is wrong usage" p2pbench -w randread --zipf=$theta x
done
exits 2 "a mix is a percentage" p2pbench -w mixed --mix=101 --allow-write x
for cpus in x 1- 3-1 1023; do
	exits 2 "--cpu=$cpus is wrong usage" p2pbench --cpu=$cpus x
done
for sweep in '' depth depth= size=1..2 depth=2..1 depth=0..4 depth=1..2,depth=4 \
	block-size=4K..2G block-size=4K, =1 depth=1:; do
	exits 2 "--sweep=$sweep is wrong usage" p2pbench --sweep="$sweep" x
done
exits 2 "a ramp has its own depths" p2pbench --ramp --sweep=depth=1..4 x
exits 1 "a target that is not there fails" p2pbench "$work/none"
like "and is named" "$(cat "$work/stderr")" "^p2pbench: $work/none: No such"
exits 1 "a character device is no target" p2pbench /dev/null
is "which is said" "$(cat "$work/stderr")" \
	"p2pbench: /dev/null: is neither a block device nor a regular file"
exits 1 "a directory is no target" p2pbench "$work"

# --- files --------------------------------------------------------------------
# blocks N: 64 KiB a block of which the first byte tells the number.
blocks() {
	local i
	for i in $(seq "$1"); do
		printf "\\x$(printf %02x "$i")"
		head -c 65535 /dev/zero
	done
}

blocks 16 >"$work/file"
if ! dd if="$work/file" of=/dev/null iflag=direct bs=64K 2>/dev/null; then
	skip "$work takes no O_DIRECT" "files are measured"
	done_testing
fi

exits 0 "a file is read once with --size" \
	p2pbench -J -p host -b 64K -d 4 -n 1M "$work/file"
is "as many blocks as there are" "$(value .ios)" 16
is "as many bytes as there are" "$(value .bytes)" 1048576
is "without errors" "$(value .errors)" 0
is "the workload is told" "$(value .workload)" read
is "the target is told" "$(value .target)" "$work/file"
is "host memory was asked for" \
	"$(value '.memory | "\(.kind) \(.provider) \(.fallback_reason)"')" \
	"host null null"
is "block, depth and jobs are told" \
	"$(value '"\(.block_bytes) \(.depth) \(.jobs)"')" "65536 4 1"
is "the latencies are in order" "$(value '.latency |
	.min_ns > 0 and .min_ns <= .p50_ns and .p50_ns <= .p90_ns and
	.p90_ns <= .p99_ns and .p99_ns <= .p999_ns and
	.p999_ns <= .p9999_ns and .p9999_ns <= .max_ns')" true
is "every key of the contract is there" \
	"$(value '[keys_unsorted[] | select(IN("workload", "target", "memory",
		"block_bytes", "depth", "jobs", "ios", "bytes", "errors",
		"duration_ns", "iops", "rate_bytes_per_sec", "latency", "cpu",
		"submits", "dram_bytes"))] | join(" ")')" \
	"workload target memory block_bytes depth jobs ios bytes errors duration_ns iops rate_bytes_per_sec latency cpu submits dram_bytes"
is "the rate is bytes over time" \
	"$(value '(.bytes * 1e9 / .duration_ns | floor) == .rate_bytes_per_sec')" \
	true

exits 3 "a provider that does not exist is named" \
	p2pbench --provider=ffff:1f.7 "$work/file"

exits 0 "fio's names are taken" p2pbench -J -p none --rw=randread --bs=4k \
	--iodepth=8 --numjobs=2 --runtime=50ms --ramp_time=10ms "$work/file"
is "and mean the same" \
	"$(value '"\(.workload) \(.block_bytes) \(.depth) \(.jobs)"')" \
	"randread 4096 8 2"
exits 0 "a run by time ends" p2pbench -J -p host -t 100ms "$work/file"
is "about when it should" \
	"$(value '.duration_ns | . > 90e6 and . < 5e9')" true
exits 0 "two targets give two results" \
	p2pbench -J -p host -b 64K -n 64K "$work/file" "$work/file"
is "one after the other" "$(jq '.results | length' "$work/stdout")" 2
exits 0 "CSV has a line of names" p2pbench -F csv -p host -b 64K -n 64K "$work/file"
is "and a line a result" "$(wc -l <"$work/stdout")" 2
exits 0 "people get lines" p2pbench -p host -b 64K -n 64K "$work/file"
like "with IOPS and both rates" "$(cat "$work/stdout")" \
	'IOPS=[0-9]+, BW=.*iB/s \(.*B/s\)'
exits 0 "the report goes into a file" \
	p2pbench -J -o "$work/report" -p host -b 64K -n 64K "$work/file"
is "and nothing else on stdout" "$(cat "$work/stdout")" ""
is "the file is the report" "$(jq -r .command "$work/report")" p2pbench
exits 1 "a report that cannot be written is an error" p2pbench \
	-o "$work/nowhere/report" -p host -b 64K -n 64K "$work/file"
is "and no file to be measured" "$(cat "$work/stderr")" \
	"p2pbench: $work/nowhere/report: No such file or directory"
exits 1 "more than there is cannot be read" p2pbench -n 2M "$work/file"

# --- grids ----------------------------------------------------------------------
exits 0 "a sweep has a result a point" p2pbench -J -p host -n 256K \
	--sweep=bs=4K..16K,depth=1:8,jobs=1..2 "$work/file"
is "depth runs fastest, then blocks" "$(jq -r '[.results[] |
	"\(.block_bytes / 1024)/\(.depth)/\(.jobs)"] | join(" ")' "$work/stdout")" \
	"4/1/1 4/8/1 8/1/1 8/8/1 16/1/1 16/8/1 4/1/2 4/8/2 8/1/2 8/8/2 16/1/2 16/8/2"
is "every one is whole" \
	"$(jq '[.results[] | .bytes] | unique == [262144]' "$work/stdout")" true
exits 0 "a ramp raises the depth" p2pbench -J -p host -n 64K --ramp -d 6 \
	-b 4K "$work/file"
is "by doubling, up to what was asked for" \
	"$(jq -c '[.results[].depth]' "$work/stdout")" "[1,2,4,6]"
exits 2 "a grid is refused before it begins" p2pbench -p host -n 1M \
	--sweep=bs=1000:4096 "$work/file"
is "with nothing measured" "$(cat "$work/stdout")" ""
p2pbench -J -p host -t 100s --sweep=depth=1..8 --progress=always \
	"$work/file" >"$work/stdout" 2>"$work/progress" &
until [ -s "$work/progress" ]; do sleep 0.1; done
kill -INT $!
wait $!
is "an interrupted sweep exits with 130" $? 130
is "and reports what was measured" "$(jq -r '[.results[] | .end, .ios > 0] |
	map(tostring) | join(" ")' "$work/stdout")" "stopped true"
like "how far it is has the point" "$(cat "$work/progress")" '^1 of 4: .*ETA '
p2pbench -t 100s --warmup=100s -p host --progress=always -J "$work/file" \
	>"$work/stdout" 2>"$work/warmup" &
until [ -s "$work/warmup" ]; do sleep 0.1; done
kill -TERM $!
wait $!
is "who is stopped while it warms up exits with 143" $? 143
is "and knows no rate" "$(value '"\(.end) \(.ios) \(.iops) " +
	"\(.rate_bytes_per_sec)"')" "stopped 0 null null"


# --- rates, processors, laws ------------------------------------------------------
exits 0 "a rate is kept" p2pbench -J -p host -b 4K --rate-iops=100 -n 80K \
	"$work/file"
is "and 20 blocks take 190 ms at least" \
	"$(value '.ios == 20 and .duration_ns >= 190e6')" true
is "what was asked for is told" "$(value .rate_iops_limit)" 100
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
exits 0 "jobs can be bound" p2pbench -p host --cpu="$cpu" -j 2 -n 64K \
	-b 4K "$work/file"
exits 0 "some blocks come more often" p2pbench -J -p host -w randread \
	--zipf=0.9 -n 64K "$work/file"
is "which is told" "$(value .zipf_theta)" 0.9
is "20 I/Os are too few for most percentiles" \
	"$(value '.latency.too_few_for | join(" ")')" \
	"p50_ns p90_ns p99_ns p999_ns p9999_ns"

# --- pictures ---------------------------------------------------------------------
exits 0 "a sweep is a picture" p2pbench -F svg -p host -n 64K \
	--sweep=bs=4K..16K,depth=1..4 "$work/file"
like "of curves" "$(cat "$work/stdout")" 'rate and latency by depth'
if command -v xmllint >/dev/null; then
	ok "which is XML" xmllint --noout "$work/stdout"
else
	skip "there is no xmllint (apt-get install libxml2-utils)" "which is XML"
fi
exits 2 "a difference is none" p2pbench --diff -F svg "$work/file" "$work/file"

# --- instead of measuring -----------------------------------------------------------
exits 0 "fio gets a job" p2pbench --fio -p host -w mixed --mix=60 -d 16 -j 2 \
	-t 1s --warmup=500ms --rate-iops=100 --zipf=1.1 --seed=7 "$work/file"
is "which writes nothing and asks no permission for that" \
	"$(grep -c . "$work/stderr")" 0
for line in rw=randrw bs=4096 iodepth=16 numjobs=2 runtime=1000000us \
	ramp_time=500000us rate_iops=50 rwmixread=60 randseed=7 \
	random_distribution=zipf:1.1 direct=1 ioengine=io_uring; do
	like "it has $line" "$(cat "$work/stdout")" "^$line\$"
done
exits 0 "a sweep is one job after the other" \
	p2pbench --fio -p host --sweep=depth=1..4 "$work/file"
is "each after the one before" "$(grep -c '^stonewall' "$work/stdout")" 2
if command -v fio >/dev/null; then
	cp "$work/stdout" "$work/job"
	ok "fio takes it" fio --parse-only "$work/job"
else
	skip "there is no fio" "fio takes it"
fi
name=$work/file$'\n'rw=write
cp "$work/file" "$name"
exits 2 "a name that would tell fio to write is none for it" \
	p2pbench --fio -p host "$name"
exits 0 "fio takes neither every number nor a theta of 1" p2pbench --fio \
	-p host -w randread --zipf=1 --seed=18446744073709551615 "$work/file"
like "and gets the nearest" "$(cat "$work/stdout")" '=zipf:1.0001$'
exits 2 "fio does not copy" \
	p2pbench --fio -w copy --allow-write "$work/file" "$work/copy"
exits 2 "a diff needs two reports" p2pbench --diff "$work/file"
exits 2 "a tolerance is a percentage" p2pbench --diff --tolerance=100 x y
exits 1 "what is no report has no difference" \
	p2pbench --diff "$work/file" "$work/file"
exits 3 "without peer memory there is nothing to compare" \
	p2pbench --compare -b 4K -n 64K "$work/file"
exits 2 "nor with host memory" p2pbench --compare -p host "$work/file"
exits 0 "a matrix has host memory in any case" \
	p2pbench -J --matrix -n 64K -b 4K "$work/file"
is "in a cell" "$(jq -r '.matrix.cells[0] | "\(.provider) \(.target == "'"$work/file"'"
	) \(.rate_bytes_per_sec > 0)"' "$work/stdout")" "host true true"
exits 2 "a matrix does not go with a provider" \
	p2pbench --matrix -p host "$work/file"

# --- writing ------------------------------------------------------------------
before=$(sha256sum <"$work/file")
exits 5 "writing is refused unless it is allowed" \
	p2pbench -w write "$work/file"
like "the option is named" "$(cat "$work/stderr")" 'allow-write'
truncate -s 1M "$work/copy"
exits 5 "so is copying" p2pbench -w copy "$work/file" "$work/copy"
exits 5 "a destination that is too small is refused in any case" \
	p2pbench -w write --allow-write -n 2M "$work/file"
exits 5 "ends that overlap are refused in any case" \
	p2pbench -w copy --allow-write -b 64K -n 1M "$work/file" "$work/file"
ln "$work/file" "$work/link"
exits 5 "also by another name" \
	p2pbench -w copy --allow-write -b 64K -n 1M "$work/file" "$work/link"
is "nothing of that wrote anything" "$(sha256sum <"$work/file")" "$before"
exits 0 "a copy copies" p2pbench -J -w copy --allow-write -p host -b 64K \
	-d 3 -n 1M "$work/file" "$work/copy"
ok "what it copied is the same" cmp "$work/file" "$work/copy"
is "a block counts once" "$(value '"\(.ios) \(.bytes)"')" "16 1048576"
is "the destination is told" "$(value .destination)" "$work/copy"
exits 0 "writing writes" p2pbench -w write --allow-write -p host -b 64K \
	-n 1M "$work/copy"
unlike "every block is another one now" \
	"$(cmp -l "$work/file" "$work/copy" | wc -l)" '^[0-9]{0,5}$'

# --- data that tells where it belongs -----------------------------------------------
truncate -s 1M "$work/pattern"
verify() {
	p2pbench -J -p host -b 64K -d 4 -n 1M --verify --allow-write "$@"
}
exits 4 "zeros are no blocks" verify "$work/pattern"
is "but zeroed ones" "$(value '.verify | "\(.bad_blocks) \(.zeroed)"')" "16 16"
exits 0 "verified blocks are written" verify -w write --seed=5 "$work/pattern"
is "and read again" "$(value '.verify | "\(.checked_blocks) \(.bad_blocks)"')" \
	"16 0"
exits 0 "a later run reads them" verify --seed=5 "$work/pattern"
exits 4 "but not with another seed" verify --seed=6 "$work/pattern"
is "they are stale" "$(value '.verify |
	"\(.stale) \(.first.fault) \(.first.found_seed)"')" "16 stale 5"
dd if="$work/pattern" of="$work/pattern" bs=64K count=1 skip=2 seek=9 \
	conv=notrunc status=none
dd if=/dev/zero of="$work/pattern" bs=512 count=3 seek=$((5 * 128 + 7)) \
	conv=notrunc status=none
exits 4 "a block elsewhere and a torn one are found" \
	verify -d 1 --seed=5 "$work/pattern"
is "each as what it is" "$(value '.verify | "\(.bad_blocks) \(.misplaced) \(.torn)"')" \
	"2 1 1"
is "the first is named" "$(value '.verify.first |
	"\(.fault) \(.sector_fault) \(.offset_bytes)"')" "torn zeroed 331264"
like "also on stderr" "$(cat "$work/stderr")" \
	"pattern: 2 of 16 blocks are not as they were written, the first one at 331264: torn"
for workload in randwrite mixed; do
	exits 0 "$workload looks at what it wrote" \
		verify -w $workload -j 2 --seed=5 "$work/pattern"
	is "and finds it good" "$(value '.verify.bad_blocks')" 0
done
exits 0 "the source of a verified copy" verify -w write --seed=5 "$work/pattern"
exits 0 "is copied" verify -w copy --seed=5 "$work/pattern" "$work/copy"
is "and looked at" "$(value '.verify | "\(.checked_blocks) \(.bad_blocks)"')" \
	"16 0"
exits 4 "what is no such source is found out" \
	verify -w copy "$work/file" "$work/copy"

exits 0 "the one block that is drawn and its neighbours are verified" \
	timeout -s KILL 60 p2pbench -J -p host -b 64K -d 4 -n 1M -t 10ms \
	--verify --allow-write -w randwrite --zipf=100 "$work/pattern"
exits 0 "a matrix looks at what it wrote, too" p2pbench -J --matrix --verify \
	-w write --allow-write -b 64K -n 1M "$work/pattern"
is "all of it" "$(value '.verify | "\(.checked_blocks) \(.bad_blocks)"')" "16 0"

# --- loop devices -------------------------------------------------------------
loop=$(losetup -f --show "$work/file" 2>/dev/null)
if [ -z "$loop" ]; then
	skip "loop devices need root" "a block device is measured"
	done_testing
fi
trap 'losetup -d "$loop"; rm -rf "$work"' EXIT
exits 0 "a block device is measured" p2pbench -J -n 1M -b 64K "$loop"
is "a loop device is not on PCI, or nothing here has peer memory" \
	"$(value '.memory | .kind == "host" and
		(.fallback_reason == "not-pci" or
		 .fallback_reason == "queue-without-p2p" or
		 .fallback_reason == "kernel-without-p2pdma" or
		 .fallback_reason == "no-p2pmem")')" true
like "which is said" "$(cat "$work/stderr")" \
	"^p2pbench: $loop: host memory instead of peer memory"
exits 2 "a block must be whole sectors" p2pbench -b 1000 "$loop"
exits 0 "that is never silent" p2pbench -q -n 1M "$loop"
is "but all that is said" "$(wc -l <"$work/stderr")" 1
exits 0 "nothing is said where host memory was asked for" \
	p2pbench -p host -n 1M "$loop"
is "really nothing" "$(cat "$work/stderr")" ""
done_testing
