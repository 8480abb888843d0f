# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-root-ports zen-root-ports iommu acs multipath no-provider old-kernel
# timeout: 60
# The doctor's findings on each machine, and whether pairs work as it says.
. /files/guest.sh

code=0
p2ptopo doctor --json >/tmp/doctor.json || code=$?
p2ptopo doctor | explain
p2ptopo probe --json >/tmp/probe.json 2>/dev/null
found() { json /tmp/doctor.json ".checks[] | select(.id == \"$1\") | .$2"; }
works=$(json /tmp/probe.json '[.pairs[] | select(.provider != .client and
	.probe == "accepted")] | length')

begin "doctor"
is "counts the pairs that the kernel accepts" \
	"$(json /tmp/doctor.json .reachable_pairs)" "$works"
is "has an exit code to match" $code $([ "$works" != 0 ] && echo 0 || echo 3)
is "has evidence for everything" \
	"$(json /tmp/doctor.json '[.checks[] | select(.evidence == null)] | length')" 0
is "has advice for what fails" \
	"$(json /tmp/doctor.json '[.checks[] | select(.status == "fail" and
		.advice == null and .id != "pairs")] | length')" 0
p2ptopo doctor --fix >/tmp/fix.sh
ok "writes remedies that a shell can read" sh -n /tmp/fix.sh

if [ -e "/sys/bus/pci/devices/$(bdf cmb0)/p2pmem" ]; then
	begin "memory"
	is "is registered" "$(found providers status)" pass
	is "can be opened by root" "$(found permission status)" pass
	is "comes in a large piece" "$(found fragmentation status)" pass
	is "bears submission queues" "$(found cmb-queues status)" warn
	ok "and is given back" test "$(cat /sys/bus/pci/devices/"$(bdf cmb0)"/p2pmem/available)" -gt $((60 << 20))
	setpriv --reuid=1000 --regid=1000 --clear-groups p2ptopo doctor --json \
		>/tmp/doctor.json
	is "cannot be opened by others" "$(found permission status)" fail
	like "who are told of the rule" "$(found permission advice)" \
		'70-p2pdma\.rules'
	is "and not of ACS, which they cannot read" "$(found acs parameters)" \
		null
	p2ptopo doctor --json >/tmp/doctor.json
fi

if grep -q disable_acs /tmp/fix.sh; then
	begin "redirected pairs"
	is "are found" "$(found acs status)" fail
	like "with the parameter" "$(found acs kernel_parameters)" \
		'^pci=disable_acs_redir=0000:02:00\.0;0000:02:01\.0;0000:02:02\.0$'
fi
if grep -qs '^DMA' /sys/kernel/iommu_groups/*/type; then
	begin "translated addresses"
	is "are found" "$(found iommu kernel_parameters)" iommu=pt
fi
done_testing
