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

# asked PROVIDER DEVICE: what the kernel does with a read of DEVICE into it.
asked() {
	if fio --name=ask --rw=read --direct=1 --bs=4k --size=4k \
		--filename="$2" --ioengine=psync \
		--iomem=mmapshared:/sys/bus/pci/devices/"$1"/p2pmem/allocate \
		>/tmp/fio.log 2>&1
	then
		echo accepted
	else
		echo refused
	fi
}

for drive in /dev/lab/*; do
	[ -b "$drive" ] && fill "$drive" 7 64K
done
exits_any
p2ptopo probe | explain
wrong=
[ ! -e /sys/kernel/iommu_groups/0 ] ||
	! grep -qs '^DMA' /sys/kernel/iommu_groups/*/type ||
	[ "$(probed '[.pairs[] | select(.probe_difference)] | length')" = 0 ] ||
	wrong=1

begin "every pair"
is "is as it was predicted" "$(probed '[.pairs[] | select(.agrees != true)] | map("\(.provider) \(.client)") | join(",")')" ""
is "is counted so" "$(probed .disagreeing)" 0
while read -r provider client device probe; do
	is "$provider from $client is what fio finds, too" "$probe" \
		"$(asked "$provider" "$device")"
done < <(probed '.pairs[] | "\(.provider) \(.client) \(.device) \(
	if .probe_difference then "accepted" else .probe end)"')
is "that is refused has EINVAL or EREMOTEIO" \
	"$(probed '[.pairs[] | select(.probe == "refused") | .probe_errno] | unique - [22, 121] | length')" 0

begin "the exit code"
if [ "$(probed '.pairs | length')" = 0 ]; then
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
	is "and no data differs" \
		"$(probed '[.pairs[] | select(.probe_difference)] | length')" 0
fi

begin "no drive"
for drive in /dev/lab/*; do
	[ -b "$drive" ] || continue
	ok "is written to: $(basename "$drive")" holds "$drive" 7 64K
done

begin "one pair"
if [ "$(probed '.pairs | length')" != 0 ]; then
	provider=$(probed '.pairs[0].provider')
	device=$(probed '.pairs[-1].device')
	p2ptopo probe --json "$provider" "$device" >/tmp/one.json
	is "is asked alone" "$(json /tmp/one.json '.pairs | length')" 1
	is "with the same answer" "$(json /tmp/one.json '.pairs[0].probe')" \
		"$(probed ".pairs | map(select(.provider == \"$provider\" and .device == \"$device\")) | .[0].probe")"
	is "all memory is given back" \
		"$(cat "/sys/bus/pci/devices/$provider/p2pmem/available")" \
		"$(p2ptopo list --json | jq ".providers[] | select(.address == \"$provider\") | .available_bytes")"
	is "an ordinary user is told what he needs" \
		"$(setpriv --reuid=1000 --regid=1000 --clear-groups \
			p2ptopo probe 2>&1 >/dev/null | grep -c 'allocate-not-permitted')" 1
else
	skip "there is no provider" "can be asked alone"
fi

done_testing
