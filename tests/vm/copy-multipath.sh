# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: multipath
# timeout: 60
# A namespace with two controllers: its head is copied from and to.
. /files/guest.sh
. /files/guest-copy

begin "from a multipath head"
fill /dev/lab/mp0 1 16M
zero /dev/lab/dst0 16M
copies "a copy is made" --require-peer -n 16M /dev/lab/mp0 /dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 1 16M

begin "to a multipath head"
fill /dev/lab/dst0 2 16M
copies "a copy is made" --require-peer -n 16M /dev/lab/dst0 /dev/lab/mp0
through_peer cmb0
ok "the data is there" holds /dev/lab/mp0 2 16M

begin "both paths are looked at"
is "two clients are known" "$(p2ptopo matrix --json /dev/lab/mp0 |
	jq '[.pairs[].client] | unique | length')" 2

done_testing
