# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016
# machine: one-switch
# timeout: 40
# Of what never answers p2ptopo probe says so, and goes on. A byte a second is
# let through: the read into host memory, and then none for more than an hour.
. /files/guest.sh

provider=$(bdf cmb0)
available() { cat "/sys/bus/pci/devices/$provider/p2pmem/available"; }
# pair FILTER: of the last report, of each client by its serial number.
pair() {
	jq -r "(.pairs | map({(.client): .}) | add) as \$pair |
		\$pair[\"$(bdf src0)\"] as \$src0 |
		\$pair[\"$(bdf dst0)\"] as \$dst0 | \$pair[\"$provider\"] as \$cmb0 |
		$1" "$work/stdout"
}
before=$(available)

begin "a drive that falls silent in the middle"
lab_monitor block_set_io_throttle src0 1 0 0 0 0 0
exits 1 "fails" p2ptopo probe --json --io-timeout=1s "$provider"
is "the read into peer memory never ended, and nothing was foretold wrong" \
	"$(pair '$src0 | "\(.probe) \(.reasons[].id) \(.agrees)"')" \
	"failed probe-timeout null"
like "and it says who" "$(pair '$src0.reasons[0].advice')" \
	'^/dev/nvme.* does not answer when it is to read into peer memory'
# The emulator has one buffer for what goes to a CMB, and src0 holds it.
is "the other drives are asked all the same" \
	"$(pair '"\($cmb0.probe) \($dst0.probe != null)"')" "accepted true"

begin "a drive that does not answer at all"
exits 1 "tells nothing of peer memory" \
	p2ptopo probe --json --io-timeout=500ms "$provider" /dev/lab/src0
is "it was not asked, for this reason" \
	"$(pair '$src0 | "\(.probe) \(.reasons[].id)"')" \
	"null client-not-readable"

begin "a drive that is slow"
lab_monitor block_set_io_throttle src0 0 0 0 0 0 0
lab_monitor block_set_io_throttle src0 0 0 0 0 0 2
exits 0 "has its time" \
	p2ptopo probe --json --io-timeout=10s "$provider" /dev/lab/src0
is "and its answer" "$(pair '$src0.probe')" accepted

begin "peer memory"
lab_monitor block_set_io_throttle src0 0 0 0 0 0 0
is "is given back, whoever was silent" "$(available)" "$before"
done_testing
