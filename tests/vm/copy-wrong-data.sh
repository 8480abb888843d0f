# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: wrong-data
# timeout: 60
# The kernel accepts, the drive reports success, and no data moves.
. /files/guest.sh
. /files/guest-copy

begin "success without data"
fill /dev/lab/src0 1 8M
zero /dev/lab/dst0 8M
copies "is found before anything is written" -n 8M --verify=read \
	/dev/lab/src0 /dev/lab/dst0
through_host probe-data-differs
ok "the data is there" holds /dev/lab/dst0 1 8M
exits 3 "and is no peer path" p2pcopy --require-peer -n 8M \
	/dev/lab/src0 /dev/lab/dst0
like "which is told" "$(cat "$work/stderr")" probe-data-differs

done_testing
