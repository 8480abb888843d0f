# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows what a shell test claims and how a false claim is explained; must not
# know where it runs. tap.sh and vm/guest.sh, which source it, have the
# directory $work and `report STATUS NAME`, one result line.

# explain: stdin as TAP comments, so that a failure can be understood.
explain() {
	sed 's/^/# /'
}

# ok NAME COMMAND…: passes when COMMAND does.
ok() {
	local name=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	report $rc "$name"
	[ $rc = 0 ] || { echo "$*: exit $rc"; echo "$out"; } | explain
	return 0
}

# is NAME GOT WANTED: passes when the two are the same text.
is() {
	if [ "$2" = "$3" ]; then
		report 0 "$1"
	else
		report 1 "$1"
		{ echo "got:    $2"; echo "wanted: $3"; } | explain
	fi
}

# like NAME TEXT REGEX: passes when the extended REGEX matches in TEXT.
like() {
	if grep -Eq -- "$3" <<<"$2"; then
		report 0 "$1"
	else
		report 1 "$1"
		{ echo "nothing matches: $3"; echo "in: $2"; } | explain
	fi
}

# unlike NAME TEXT REGEX: passes when the extended REGEX matches nowhere.
unlike() {
	if grep -Eq -- "$3" <<<"$2"; then
		report 1 "$1"
		{ echo "must not match: $3"; echo "in: $2"; } | explain
	else
		report 0 "$1"
	fi
}

# exits CODE NAME COMMAND…: passes when COMMAND exits with CODE. Its output
# stays in $work/stdout and $work/stderr.
exits() {
	local want=$1 name=$2 rc=0
	shift 2
	"$@" >"$work/stdout" 2>"$work/stderr" || rc=$?
	if [ $rc = "$want" ]; then
		report 0 "$name"
	else
		report 1 "$name"
		{ echo "$*: exit $rc, wanted $want"
		  cat "$work/stdout" "$work/stderr"; } | explain
	fi
}
