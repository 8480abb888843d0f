# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: iommu
# p2plab: --cmdline=iommu=pt --cmdline=pci=disable_acs_redir=0000:02:00.0;0000:02:01.0;0000:02:02.0
# timeout: 60
# The machine of doctor.sh whose pairs were refused, booted with the very
# parameters that the doctor gave there.
. /files/guest.sh

begin "the doctor's remedy"
fill /dev/lab/src0 3 1M
exits 0 "leaves nothing that fails" p2ptopo doctor --json
is "of ACS" "$(jq -r '.checks[] | select(.id == "acs") | .status' \
	"$work/stdout")" pass
is "of the IOMMU" "$(jq -r '.checks[] | select(.id == "iommu") | .status' \
	"$work/stdout")" pass
exits 0 "makes prediction and answer agree" p2ptopo probe --json
is "and every pair work" "$(jq -r '[.pairs[].probe] | unique | join(",")' \
	"$work/stdout")" accepted
exits 0 "so that a copy goes through peer memory" \
	p2pcopy --require-peer --force -n 1M /dev/lab/src0 /dev/lab/dst0
ok "with its data" holds /dev/lab/dst0 3 1M
done_testing
