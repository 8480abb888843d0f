# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 900
# when: asked
# Load: 32 copies at once through one provider, all of which arrive; and ten
# minutes of a measurement, whose memory and descriptors stay what they were.
. /files/guest.sh
. /files/guest-copy
provider=$(bdf cmb0)
available() {
	cat "/sys/bus/pci/devices/$provider/p2pmem/available"
}
before=$(available)

begin "32 copies at once through one provider"
copies=32
fill /dev/lab/src0 1 128M
started=${EPOCHREALTIME//./}
for i in $(seq $copies); do
	place=$(((i - 1) * 4))M
	p2pcopy --require-peer -p "$provider" -b 64K -d 4 -n 4M --force \
		--skip="$place" --seek="$place" -J -o "$work/$i.json" \
		/dev/lab/src0 /dev/lab/dst0 2>"$work/$i.error" &
	pids[i]=$!
done
least=$before
failed=
for i in $(seq $copies); do
	now=$(available)
	[ "$now" -ge "$least" ] || least=$now
	wait "${pids[i]}" || failed+=" $i: $(cat "$work/$i.error")"
done
took=$(((${EPOCHREALTIME//./} - started) / 1000))
is "all of them are done" "$failed" ""
is "all through its memory" "$(cat "$work"/*.json |
	jq -s 'map(.peer_bytes) | add')" $((128 << 20))
ok "nothing is lost" holds /dev/lab/dst0 1 128M
is "the memory is given back" "$(available)" "$before"
echo "# $copies copies of 4 MiB in $took ms, at most" \
	"$((before - least)) bytes of the provider at once"

# use: kB of memory and number of descriptors of $bench.
use() {
	local -a open=(/proc/$bench/fd/*)
	echo "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' \
		/proc/$bench/status) ${#open[@]}"
}

begin "a measurement of ten minutes"
seconds=600
p2pbench -J -w randread -p "$provider" -b 64K -d 8 -j 2 -t ${seconds}s \
	/dev/lab/src0 >"$work/stdout" 2>"$work/stderr" &
bench=$!
sleep 20
read -r kib_first open_first <<<"$(use)"
for ((i = 40; i < seconds; i += 20)); do
	sleep 20
	read -r kib open <<<"$(use)"
done
wait $bench
is "ends well" $? 0
ok "took that long" test \
	"$(json "$work/stdout" '.results[0].duration_ns / 1000000000 | floor')" \
	-ge $((seconds - 1))
is "without an error" "$(json "$work/stdout" '.results[0].errors')" 0
is "descriptors are flat" "$open" "$open_first"
ok "memory is flat" test $((kib - kib_first)) -lt 256
is "peer memory is given back" "$(available)" "$before"
echo "# $(json "$work/stdout" '.results[0].ios') transfers; $kib_first kB and" \
	"$open_first descriptors after 20 s, $kib kB and $open at the end"
done_testing
