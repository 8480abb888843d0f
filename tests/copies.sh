# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows what the shell tests of p2pcopy share: where their files lie, how a
# copy is run, and how its report is asked; must not know what they test.
# Sourced instead of tap.sh by a test that stands in the directory $big then.
#
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "${top_srcdir:?}/tests/tap.sh"
command -v jq >/dev/null || skip_all "there is no jq (apt-get install jq)"
# Where O_DIRECT works; /tmp is a tmpfs on many machines.
big=$(mktemp -d "/var/tmp/$(basename "$0" .sh)-XXXXXX") || {
	echo "Bail out! no directory for large files"
	exit 99
}
# What a test took from the machine, given back at the end. A loop device that
# is mounted goes when that ends.
loops=
mounted=
clean() {
	local it
	for it in $loops; do
		swapoff "$it" 2>/dev/null
		losetup -d "$it"
	done
	for it in $mounted; do
		umount "$big/$it" 2>/dev/null
	done
	rm -rf "${big:?}" "${work:?}"
}
trap clean EXIT
cd "$big" || exit 1

# value FILTER: what jq finds in the report in $work/stdout.
value() {
	jq -r "$1" "$work/stdout"
}

# random FILE BYTES
random() {
	head -c "$2" /dev/urandom >"$1"
}

# copies NAME OPTION…: through host memory, which is what was asked for.
copies() {
	local name=$1
	shift
	exits 0 "$name" p2pcopy --provider=host "$@"
}

# attach FILE: a loop device on it, in $loop, until the end.
attach() {
	loop=$(losetup --show --direct-io=on -f "$1" 2>/dev/null) ||
		loop=$(losetup --show -f "$1") || return
	loops="$loops $loop"
}
