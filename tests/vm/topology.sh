# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports zen-root-ports nested-switches two-providers two-host-bridges iommu iommu-pt acs multipath lba-4k protection-info slow no-provider old-kernel
# timeout: 90
# What p2ptopo lists, against the kernel's own files. probe.sh has the pairs.
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

begin "matrix"
is "every provider is paired with every drive" \
	"$(jq '.pairs | length' /tmp/matrix.json)" \
	"$(listed '(.providers | length) * (.drives | length)')"
is "every pair is decided" \
	"$(json /tmp/matrix.json '[.pairs[] | select(.reach == "unknown")] | length')" 0
is "what is refused has a reason" \
	"$(json /tmp/matrix.json '[.pairs[] | select(.reach == "refused" and
		(.reasons | length) == 0)] | length')" 0

done_testing
