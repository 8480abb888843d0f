# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports zen-root-ports nested-switches two-providers two-host-bridges iommu iommu-pt acs multipath lba-4k protection-info slow no-provider old-kernel
# timeout: 90
# p2ptopo's prediction for each pair against the kernel's own answer, which dd
# and fio get, not our programs.
. /files/guest.sh

p2ptopo list --json >/tmp/list.json
p2ptopo matrix --json >/tmp/matrix.json
listed() { json /tmp/list.json "$1"; }

begin "list"
is "every drive is there, with its serial" \
	"$(listed '[.drives[].serial] | unique | sort | join(" ")')" \
	"$(cat /sys/class/nvme/nvme*/serial | tr -d ' ' | sort -u | xargs)"
is "every provider is there, with its size" \
	"$(listed '.providers | sort_by(.address) | map("\(.address) \(.size_bytes)") | join(",")')" \
	"$(for p in /sys/bus/pci/devices/*/p2pmem; do
		[ -e "$p/size" ] || continue
		echo "$(basename "$(dirname "$p")") $(cat "$p/size")"
	done | paste -sd,)"
is "the size of a drive is the kernel's" \
	"$(listed '.drives[] | select(.serial == "dst0") | .namespaces[0].size_bytes')" \
	"$(blockdev --getsize64 /dev/lab/dst0)"
is "its logical block, too" \
	"$(listed '.drives[] | select(.serial == "dst0") | .namespaces[0].lba_bytes')" \
	"$(blockdev --getss /dev/lab/dst0)"

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

begin "matrix"
pairs=0
while read -r provider client reach distance; do
	# A head of several paths says which one it took to nobody.
	device=$(listed ".drives[] | select(.address == \"$client\") |
		.namespaces[0].name")
	[ -b "/dev/$device" ] || continue
	case $reach in
	direct | via-host) predicted=accepted ;;
	*) predicted=$reach ;;
	esac
	is "$provider from $client: $reach, distance $distance" \
		"$predicted" "$(asked "$provider" "/dev/$device")"
	pairs=$((pairs + 1))
done < <(jq -r '.pairs[] | "\(.provider) \(.client) \(.reach) \(.distance)"' \
	/tmp/matrix.json)
if [ -e /dev/lab/cmb0 ] && [ -d "/sys/bus/pci/devices/$(bdf cmb0)/p2pmem" ]; then
	ok "there were pairs" test $pairs -ge 2
else
	is "there are no pairs" $pairs 0
fi
is "what is refused has a reason" \
	"$(json /tmp/matrix.json '[.pairs[] | select(.reach == "refused" and
		(.reasons | length) == 0)] | length')" 0

done_testing
