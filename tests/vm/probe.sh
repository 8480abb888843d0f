# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports zen-root-ports nested-switches two-providers two-host-bridges iommu iommu-pt acs multipath lba-4k protection-info no-provider old-kernel wrong-data zen-acs zen-two-bridges forest
# timeout: 90
# For each pair the prediction and the kernel's answer, by p2ptopo probe; fio
# on the mapping is the witness that is not ours.
. /files/guest.sh

exits_any() {
	p2ptopo probe --json >/tmp/probe.json 2>/tmp/probe.err
	code=$?
}
probed() { json /tmp/probe.json "$1"; }

# ask_fio: what the kernel does with a read of each drive into each provider's
# memory, by one fio: a line PROVIDER DEVICE accepted|refused.
ask_fio() {
	local provider device
	local -a jobs=()
	while read -r provider device; do
		jobs+=(--name="$provider $device" --filename="$device"
			--iomem=mmapshared:/sys/bus/pci/devices/"$provider"/p2pmem/allocate)
	done
	[ ${#jobs[@]} = 0 ] || fio --output-format=json --rw=read --direct=1 \
		--bs=4k --size=4k --ioengine=psync "${jobs[@]}" \
		2>/tmp/fio.log | sed -n '/^{/,$p' | jq -r '.jobs[] |
			.jobname + (if .error == 0 and .read.total_ios == 1
				then " accepted" else " refused" end)'
}

# room: what there is to give, of all providers.
room() {
	cat /sys/bus/pci/devices/*/p2pmem/available 2>/dev/null
}

for drive in /dev/lab/*; do
	[ -b "$drive" ] && fill "$drive" 7 64K
done
before=$(room)
exits_any
p2ptopo probe | explain
# All that is asked of the report, in one go.
{
	read -r pairs
	read -r different
	read -r astray
	read -r unforetold
	read -r disagreeing
	read -r odd_errors
	read -r provider device first
	mapfile -t answers
} < <(probed '(.pairs | length),
	([.pairs[] | select(.probe_difference)] | length),
	([.pairs[] | select(.provider != .client and .reach == "direct")] |
		length),
	([.pairs[] | select(.agrees != true)] |
		map("\(.provider) \(.client)") | join(",")),
	.disagreeing,
	([.pairs[] | select(.probe == "refused") | .probe_errno] | unique -
		[22, 121] | length),
	(.pairs[-1] // {} | "\(.provider) \(.device) \(.probe)"),
	(.pairs[] | "\(.provider) \(.device) \(
		if .probe_difference then "accepted" else .probe end)")')
# Not by what the report says of the data: it is to find out.
wrong=
[ ! -e /sys/kernel/iommu_groups/0 ] ||
	! grep -qs '^DMA' /sys/kernel/iommu_groups/*/type ||
	[ "$astray" = 0 ] || wrong=1

begin "every pair"
is "is as it was predicted" "$unforetold" ""
is "is counted so" "$disagreeing" 0
mapfile -t by_fio < <(printf '%s\n' "${answers[@]% *}" | grep . | ask_fio)
is "is asked by fio, too" ${#by_fio[@]} "$pairs"
for i in "${!answers[@]}"; do
	is "${answers[i]% *} is what fio finds, too" "${answers[i]}" \
		"${by_fio[i]}"
done
is "that is refused has EINVAL or EREMOTEIO" "$odd_errors" 0

begin "the exit code"
if [ "$pairs" = 0 ]; then
	is "tells that there is nothing to ask" $code 3
elif [ -n "$wrong" ]; then
	is "tells of wrong data" $code 4
	like "which is stale" "$(probed '.pairs[].probe_difference')" stale
	like "and has its reason" "$(probed '.pairs[].reasons[].id')" \
		'^probe-data-differs$'
	unlike "nothing of it is called accepted" \
		"$(probed '.pairs[] | select(.probe_difference) | .probe')" \
		accepted
else
	is "is 0" $code 0
	is "and no data differs" "$different" 0
fi

begin "no drive"
for drive in /dev/lab/*; do
	[ -b "$drive" ] || continue
	ok "is written to: $(basename "$drive")" holds "$drive" 7 64K
done

if [ "$pairs" != 0 ]; then
	begin "one pair"
	p2ptopo probe --json "$provider" "$device" >/tmp/one.json
	is "is asked alone, with the same answer" \
		"$(json /tmp/one.json '"\(.pairs | length) \(.pairs[0].probe)"')" \
		"1 $first"
	is "all memory is given back" "$(room)" "$before"
	is "and p2ptopo says so, too" "$(p2ptopo list --json | jq ".providers[] |
		select(.address == \"$provider\") | .available_bytes")" \
		"$(<"/sys/bus/pci/devices/$provider/p2pmem/available")"
	is "an ordinary user is told what he needs" \
		"$(setpriv --reuid=1000 --regid=1000 --clear-groups \
			p2ptopo probe 2>&1 >/dev/null | grep -c 'allocate-not-permitted')" 1
fi

done_testing
