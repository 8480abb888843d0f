# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 120
# p2plab: --set=src0.size=256M
# p2pbench on a drive that goes away, and on one that falls silent: what was
# measured before is told. They do not come back, so this boot is for nobody
# else: the option above changes nothing, but keeps it apart.
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /files/guest.sh

# result FILTER: what jq finds in the first result.
result() {
	jq -r ".results[0] | $1" "$work/stdout"
}

# measure OPTION…: in the background, until it has measured something.
measure() {
	p2pbench -J -t 60s --progress=always "$@" >"$work/stdout" \
		2>"$work/stderr" &
	job=$!
	until grep -q 'iB/s' "$work/stderr"; do sleep 0.1; done
}

begin "a drive that falls silent"
measure -p host -b 64K --io-timeout=2s /dev/lab/dst0
lab_monitor block_set_io_throttle dst0 0 1 0 0 0 0
wait $job
is "ends the run with 1" $? 1
is "which the result says" "$(result .end)" silent
is "with what was measured before" "$(result '.ios > 0 and
	.latency.p50_ns > 0')" true
like "and the drive is named" "$(cat "$work/stderr")" \
	"^p2pbench: /dev/lab/dst0: nothing completed for 2.00 s"

begin "a drive that is silent from the beginning"
p2pbench -p host --io-timeout=1s /dev/lab/dst0 >"$work/stdout" \
	2>"$work/stderr" &
wait $!
is "holds nobody" $? 1
like "and that it is silent is told" "$(cat "$work/stderr")" \
	"nothing has happened for --io-timeout|nothing completed for"

begin "a copy whose destination goes away"
device=/sys/bus/pci/devices/$(bdf cmb0)
measure -p host -b 64K -w copy --allow-write /dev/lab/src0 /dev/lab/cmb0
echo 1 >"$device/remove"
wait $job
is "ends the run with 1" $? 1
is "which the result says" "$(result .end)" failed
is "with what was measured before" "$(result '.ios > 0 and
	.rate_bytes_per_sec > 0 and .latency.p50_ns > 0')" true
is "and what failed" "$(result '.first_error |
	"\(.where) \(.direction)"')" "/dev/lab/cmb0 write"
like "and the drive is named" "$(cat "$work/stderr")" \
	"^p2pbench: /dev/lab/cmb0: [0-9]+ transfers? failed, the first one at"

begin "a drive that goes away"
device=/sys/bus/pci/devices/$(bdf src0)
measure -b 64K -p host /dev/lab/src0
echo 1 >"$device/remove"
wait $job
is "ends the run with 1" $? 1
is "which the result says" "$(result .end)" failed
is "with what was measured before" \
	"$(result '.ios > 0 and .errors > 0 and .rate_bytes_per_sec > 0')" true
like "and the drive is named" "$(cat "$work/stderr")" \
	"^p2pbench: /dev/lab/src0: [0-9]+ transfers failed, the first one at"
done_testing
