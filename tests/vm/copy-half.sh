# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: multipath-half
# timeout: 90
# A head one of whose paths the kernel refuses: a transfer is accepted or not,
# as it happens to be served. Nobody may rely on what worked once.
. /files/guest.sh
. /files/guest-copy

provider=$(bdf cmb0)
provider=${provider%%$'\n'*}
head=$(realpath /dev/lab/mp0)
policy=/sys/class/nvme-subsystem/nvme-subsys*/iopolicy
why='host-bridge-not-listed no-common-upstream multipath-masks'

# asked: how many of 8 reads of the head into peer memory the kernel accepts.
asked() {
	local -a jobs=()
	local i
	for i in {1..8}; do
		jobs+=(--name=read$i --stonewall --offset=${i}m)
	done
	fio --output-format=json --rw=read --direct=1 --bs=4k --size=4k \
		--ioengine=psync --filename="$head" \
		--iomem=mmapshared:"/sys/bus/pci/devices/$provider/p2pmem/allocate" \
		"${jobs[@]}" 2>/dev/null | sed -n '/^{/,$p' |
		jq '[.jobs[] | select(.error == 0)] | length'
}

fill /dev/lab/mp0 1 4M
for name in numa round-robin; do
	for file in $policy; do
		echo $name 2>/dev/null >"$file"
	done
	begin "a head with a path that is refused, policy $name"
	accepted=$(asked)
	echo "# the kernel accepts $accepted of 8 reads"
	[ $name != round-robin ] ||
		ok "is refused and accepted in turns" test "$accepted" -gt 0 -a \
			"$accepted" -lt 8
	zero /dev/lab/dst0 4M
	copies "is copied from" -n 4M /dev/lab/mp0 /dev/lab/dst0
	# shellcheck disable=SC2086 # words
	through_host $why
	ok "the data is there" holds /dev/lab/dst0 1 4M
	copies "is copied to" --seek=8M -n 4M /dev/lab/dst0 /dev/lab/mp0
	is "through host memory" "$(told .memory.kind)" host
	ok "the data is there" holds /dev/lab/mp0 1 4M 8M 0
	exits 3 "never by force" p2pcopy --require-peer -n 4M /dev/lab/mp0 \
		/dev/lab/dst0
done
done_testing
