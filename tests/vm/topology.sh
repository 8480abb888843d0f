# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports zen-root-ports nested-switches two-providers two-host-bridges iommu iommu-pt acs multipath lba-4k protection-info slow no-provider old-kernel zen-acs zen-two-bridges forest
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

begin "an ordinary user"
setpriv --reuid=1000 --regid=1000 --clear-groups \
	p2ptopo matrix --json >/tmp/user.json
both() { jq -r -n --slurpfile root /tmp/matrix.json \
	--slurpfile user /tmp/user.json \
	"[\$root[0].pairs, \$user[0].pairs] | transpose | map({root: .[0], user: .[1]}) | $1"; }
both '.[] | select(.root.reach != .user.reach) | "\(.root.provider) \(.root.client): root \(.root.reach), user \(.user.reach)"' |
	explain
is "is told of the same pairs, as far apart" \
	"$(both 'map(select(.root.provider != .user.provider or .root.client != .user.client or .root.distance != .user.distance)) | length')" 0
is "is told nothing else" \
	"$(both 'map(select(.root.reach != .user.reach and .user.reach != "unknown")) | length')" 0
is "is told why he is not told" \
	"$(both 'map(select(.user.reach == "unknown" and ([.user.reasons[].id] | index("config-unreadable") | not))) | length')" 0

done_testing
