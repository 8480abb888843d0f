# SPDX-License-Identifier: GPL-2.0-or-later
# Knows TAP and nothing about what is tested. Sourced by the shell tests:
#
#   . "${top_srcdir:?run it by make check}/tests/tap.sh"
#   is "sizes of one unit are one" "$(p2ptopo …)" "expected"
#   exits 2 "rubbish is wrong usage" p2pcopy --bs=rubbish a b
#   done_testing
#
# $work is an empty directory of the test's own, removed at the end. A test
# that makes trees of small files says work_in=memory before, and has it there
# where that is possible.

tap_count=0
tap_failed=0
if [ "${work_in-}" = memory ] && [ -z "${TMPDIR-}" ] && [ -w /dev/shm ]; then
	TMPDIR=/dev/shm
fi
work=$(mktemp -d ${TMPDIR:+-p "$TMPDIR"}) || {
	echo "Bail out! no directory for the test's files"
	exit 99
}
trap 'rm -rf "${work:?}"' EXIT
PATH=$top_builddir/src:$PATH
# What libtool's wrappers start: they take ten times as long as our programs.
if [ -x "$top_builddir/src/.libs/p2pcopy" ]; then
	PATH=$top_builddir/src/.libs:$PATH
	export LD_LIBRARY_PATH=$top_builddir/src/.libs
fi
. "$top_srcdir/tests/assert.sh"

# report OK NAME: one result line.
report() {
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
	fi
}

# golden NAME FILE COMMAND…: passes when COMMAND prints what FILE below
# tests/golden holds. "make update-golden" writes it anew, to be reviewed.
# An empty list is told as [] by json-c 0.17 and later, over two lines before.
golden() {
	local name=$1 file=$top_srcdir/tests/golden/$2
	shift 2
	"$@" >"$work/golden" 2>&1
	[[ $file != *.json ]] || perl -0pi -e 's/\[\s+\]/[]/g' "$work/golden"
	if [ -n "${UPDATE_GOLDEN-}" ]; then
		cp "$work/golden" "$file"
	fi
	diff -u "$file" "$work/golden" >"$work/difference" 2>&1
	report $? "$name"
	explain <"$work/difference"
}

# skip REASON NAME: what could not run is said, never passed.
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $2 # SKIP $1"
}

# skip_all REASON: the whole file cannot run here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# done_testing: the plan, last; a test that stops early has none and fails.
done_testing() {
	echo "1..$tap_count"
	[ $tap_failed = 0 ]
	exit
}
