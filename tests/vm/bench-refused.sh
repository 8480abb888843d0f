# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: two-root-ports
# timeout: 60
# p2pbench where the kernel refuses peer memory: a result is never taken
# through other memory than was asked for.
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /files/guest.sh

provider=$(bdf cmb0)

# result FILTER: what jq finds in the first result.
result() {
	jq -r ".results[0] | $1" "$work/stdout"
}

begin "a provider that was named"
exits 3 "is used or nothing is" p2pbench -J -p "$provider" -n 1M /dev/lab/src0
like "with the reason" "$(cat "$work/stderr")" \
	"^p2pbench: --provider=$provider: [a-z0-9-]+( at [0-9a-f:.]+)?: "
is "and no result" "$(cat "$work/stdout")" ""

begin "auto"
exits 0 "measures host memory" p2pbench -J -n 1M /dev/lab/src0
is "and says so in the report" "$(result '.memory | .kind, .provider')" \
	"host
null"
like "with the reason" "$(result .memory.fallback_reason)" '^[a-z0-9-]+$'
like "and on stderr" "$(cat "$work/stderr")" \
	"^p2pbench: /dev/lab/src0: host memory instead of peer memory of $provider: "

begin "the provider's own drive"
exits 0 "reaches it nevertheless" \
	p2pbench -J -p "$provider" -n 1M /dev/lab/cmb0
is "directly" "$(result '.memory | "\(.kind) \(.reach_source)"')" \
	"peer direct"
done_testing
