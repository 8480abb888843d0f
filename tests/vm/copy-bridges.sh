# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: two-host-bridges
# timeout: 60
# Drives on two host bridges: each reaches only its own side.
. /files/guest.sh
. /files/guest-copy

begin "across two host bridges"
fill /dev/lab/src0 1 4M
copies "a copy is made" -n 4M /dev/lab/src0 /dev/lab/dst0
through_host host-bridge-not-listed different-host-bridges \
	no-common-upstream
ok "the data is there" holds /dev/lab/dst0 1 4M
exits 3 "but not through peer memory" p2pcopy --require-peer -n 4M \
	/dev/lab/src0 /dev/lab/dst0

begin "on one side"
copies "the memory of that side is taken" -n 4M /dev/lab/src0 /dev/lab/cmb0
through_peer cmb0
copies "also on the other" -n 4M /dev/lab/dst0 /dev/lab/cmb1
through_peer cmb1
ok "the data is there" holds /dev/lab/cmb1 1 4M

done_testing
