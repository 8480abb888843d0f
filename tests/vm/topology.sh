# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports zen-root-ports nested-switches two-providers two-host-bridges iommu iommu-pt acs multipath lba-4k protection-info slow no-provider old-kernel zen-acs zen-two-bridges forest
# timeout: 90
# What p2ptopo lists, against the kernel's own files. probe.sh has the pairs.
. /files/guest.sh

p2ptopo list --json >/tmp/list.json
p2ptopo matrix --json >/tmp/matrix.json
setpriv --reuid=1000 --regid=1000 --clear-groups \
	p2ptopo matrix --json >/tmp/user.json
# All that is asked of the reports, in one go.
{
	read -r serials
	read -r providers
	read -r dst0
	read -r drives
	read -r pairs
	read -r undecided
	read -r unreasoned
	read -r others
	read -r more
	read -r unexplained
	mapfile -t untold
} < <(jq -rn --slurpfile list /tmp/list.json \
	--slurpfile root /tmp/matrix.json --slurpfile user /tmp/user.json '
	$list[0] as $list | $root[0].pairs as $pairs |
	([$pairs, $user[0].pairs] | transpose |
		map({root: .[0], user: .[1]})) as $both |
	($list.drives | map(.serial) | unique | sort | join(" ")),
	($list.providers | sort_by(.address) |
		map("\(.address) \(.size_bytes)") | join(",")),
	([$list.drives[] | select(.serial == "dst0") | .namespaces[0] |
		"\(.size_bytes) \(.lba_bytes)"][0]),
	(($list.providers | length) * ($list.drives | length)),
	($pairs | length),
	([$pairs[] | select(.reach == "unknown")] | length),
	([$pairs[] | select(.reach == "refused" and (.reasons | length) == 0)] |
		length),
	($both | map(select(.root.provider != .user.provider or
		.root.client != .user.client or
		.root.distance != .user.distance)) | length),
	($both | map(select(.root.reach != .user.reach and
		.user.reach != "unknown")) | length),
	($both | map(select(.user.reach == "unknown" and
		([.user.reasons[].id] | index("config-unreadable") | not))) |
		length),
	($both[] | select(.root.reach != .user.reach) |
		"\(.root.provider) \(.root.client): root \(.root.reach), user \(.user.reach)")')

begin "list"
is "every drive is there, with its serial" "$serials" \
	"$(cat /sys/class/nvme/nvme*/serial | tr -d ' ' | sort -u | xargs)"
is "every provider is there, with its size" "$providers" \
	"$(for p in /sys/bus/pci/devices/*/p2pmem; do
		[ -e "$p/size" ] || continue
		p=${p%/p2pmem}
		echo "${p##*/} $(<"$p/p2pmem/size")"
	done | paste -sd,)"
is "size and logical block of a drive are the kernel's" "$dst0" \
	"$(blockdev --getsize64 --getss /dev/lab/dst0 | xargs)"

# By nvme-cli; what it knows of a drive in the same order as identify.
says_of_itself() {
	nvme id-ctrl --output-format=json "$(lab_dev "$1")" | jq -r '
		def bit(n): . / pow(2; n) | floor % 2;
		[if .mdts > 0 then 4096 * pow(2; .mdts) else 0 end,
		(.oncs | bit(0), bit(8)), (.vwc | bit(0))] | join(" ")'
}

begin "a controller that is asked"
is "says what it moves, compares, copies, keeps" "$(identify dst0)" \
	"$(says_of_itself dst0)"

begin "matrix"
is "every provider is paired with every drive" "$pairs" "$drives"
is "every pair is decided" "$undecided" 0
is "what is refused has a reason" "$unreasoned" 0

begin "an ordinary user"
printf '%s\n' "${untold[@]}" | explain
is "is told of the same pairs, as far apart" "$others" 0
is "is told nothing else" "$more" 0
is "is told why he is not told" "$unexplained" 0

done_testing
