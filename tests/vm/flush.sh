# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 60
# That a finished copy is on stable media: the kernel counts the flushes that a
# drive was sent and has done. What is lost without them is `power-cut`'s.
. /files/guest.sh
. /files/guest-copy

# flushes SERIAL: so many since the machine was started.
flushes() {
	local -a stat
	read -ra stat <"/sys/block/$(basename "$(lab_dev "$1")")/stat"
	echo "${stat[15]}"
}

# flushed SERIAL COMMAND…: how often, in $flushed.
flushed() {
	local serial=$1 before
	shift
	sync
	before=$(flushes "$serial")
	"$@"
	flushed=$(($(flushes "$serial") - before))
}

begin "a copy to a drive"
fill /dev/lab/src0 1 16M
for provider in /dev/lab/cmb0 host; do
	flushed dst0 copies "through $provider" --force -p $provider -n 4M \
		/dev/lab/src0 /dev/lab/dst0
	ok "is flushed" test "$flushed" -ge 1
	flushed dst0 copies "with --no-sync" --force --no-sync -p $provider \
		-n 4M /dev/lab/src0 /dev/lab/dst0
	is "is not" "$flushed" 0
done

begin "a journal"
flushed dst0 copies "of a copy" --force --journal=/tmp/j \
	--journal-interval=100ms --rate=8M -n 16M /dev/lab/src0 /dev/lab/dst0
ok "claims nothing that was not flushed, again and again" \
	test "$flushed" -ge 4
echo "# $flushed flushes"

begin "files"
mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=0 /dev/lab/dst0
mkdir -p /tmp/m
mount /dev/lab/dst0 /tmp/m
flushed dst0 copies "one" -n 4M /dev/lab/src0 /tmp/m/file
ok "is flushed" test "$flushed" -ge 1
mkdir -p /tmp/tree
for i in 1 2 3 4 5; do
	head -c 100000 /dev/urandom >/tmp/tree/$i
done
flushed dst0 copies "a tree" -r /tmp/tree /tmp/m/tree
ok "is flushed, too" test "$flushed" -ge 1
echo "# $flushed flushes for five files"
umount /tmp/m
wipefs -aq /dev/lab/dst0
zero /dev/lab/dst0 2M
done_testing
