# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: zen-root-ports
# p2plab: --cmdline=swiotlb=force
# timeout: 90
# The kernel that bounces everything cannot bounce peer memory: what is to go
# there through the host bridge it tries again for ever, and tells nobody. Each
# program ends all the same, in time, and says who is silent.
. /files/guest.sh
. /files/guest-copy
provider=$(bdf cmb0)
limit=25

# in_time SENTENCE COMMAND…: within $limit, with 1 or 3; in $code.
in_time() {
	local name=$1
	shift
	timeout -s KILL $limit "$@" >"$work/stdout" 2>"$work/stderr"
	code=$?
	is "$name ends in time, and not well" \
		"$((code == 1 || code == 3)) $code" "1 $code"
	explain <"$work/stderr"
}

begin "a provider behind a host bridge, and swiotlb=force"
p2ptopo doctor >"$work/stdout"
like "the doctor sees it coming" "$(<"$work/stdout")" 'swiotlb=force'
in_time "a probe" p2ptopo probe --io-timeout=2s "$provider" /dev/lab/src0
in_time "a copy" p2pcopy --require-peer --force --io-timeout=2s -n 1M \
	-p "$provider" /dev/lab/src0 /dev/lab/dst0
like "and says who is silent" "$(<"$work/stderr")" \
	'does not answer|probe-timeout|timed out|nothing completed'
in_time "a measurement" p2pbench --io-timeout=2s -t 1s -p "$provider" \
	/dev/lab/src0
done_testing
