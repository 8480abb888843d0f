# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 180
# when: asked
# Load: 32 copies at once through one provider. All arrive, and the memory comes
# back.
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

done_testing
