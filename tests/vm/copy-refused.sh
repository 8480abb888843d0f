# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: two-root-ports acs iommu no-provider old-kernel
# timeout: 60
# Where there is no peer path: the copy is made all the same, and nobody is
# left in doubt about how; whoever insists is refused.
. /files/guest.sh
. /files/guest-copy

why='host-bridge-not-listed no-common-upstream acs-redirect no-p2pmem
	kernel-without-p2pdma'

begin "a copy without a peer path"
fill /dev/lab/src0 1 8M
zero /dev/lab/dst0 8M
copies "is made" -n 8M --verify=read /dev/lab/src0 /dev/lab/dst0
# shellcheck disable=SC2086 # words
through_host $why
ok "the data is there" holds /dev/lab/dst0 1 8M

begin "a copy that must have a peer path"
zero /dev/lab/dst0 8M
exits 3 "is refused" p2pcopy --require-peer -n 8M /dev/lab/src0 /dev/lab/dst0
like "and told why" "$(cat "$work/stderr")" "$(xargs <<<"$why" | tr ' ' '|')"
is "nothing was written" "$(head -c 8M /dev/lab/dst0 | tr -d '\0' | wc -c)" 0
exits 3 "also by a dry run" p2pcopy --require-peer --dry-run -n 8M \
	/dev/lab/src0 /dev/lab/dst0

begin "a provider that cannot be reached"
if [ -e /dev/lab/cmb0 ]; then
	copies "by name: a notice" --provider="$(bdf cmb0)" -n 1M \
		/dev/lab/src0 /dev/lab/dst0
	# shellcheck disable=SC2086 # words
	through_host $why
	exits 3 "by name, required: refused" p2pcopy --provider="$(bdf cmb0)" \
		--require-peer -n 1M /dev/lab/src0 /dev/lab/dst0
	exits 0 "a drive reaches its own memory, or has none" p2pcopy --json \
		-n 1M --output="$work/report.json" /dev/lab/cmb0 /dev/lab/cmb0 \
		--seek=8M
else
	exits 2 "a function that is not there is wrong usage" p2pcopy \
		--provider=0000:ff:1f.7 -n 1M /dev/lab/src0 /dev/lab/dst0
fi

done_testing
