# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 60
# A user without root who is given what p2pdma(7) says: the memory by the udev
# rule's commands, the drives by their group. He copies and measures through
# peer memory; without it, through host memory, and is told why.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem
as_user=(setpriv --reuid=1000 --regid=1000 --groups=6)
report_of_user=/tmp/report.json
fill /dev/lab/src0 1 4M
zero /dev/lab/dst0 4M
chgrp 6 "$(realpath /dev/lab/src0)" "$(realpath /dev/lab/dst0)"
chmod 660 "$(realpath /dev/lab/src0)" "$(realpath /dev/lab/dst0)"

# user_copies SENTENCE OPTION…: as that user.
user_copies() {
	local name=$1
	shift
	rm -f $report_of_user "$work/report.json"
	exits 0 "$name" "${as_user[@]}" p2pcopy --json --force \
		--output=$report_of_user "$@" /dev/lab/src0 /dev/lab/dst0
	cp $report_of_user "$work/report.json"
}

begin "a user who may not map the memory"
user_copies "copies" -n 4M
through_host allocate-not-permitted
ok "has the data" holds /dev/lab/dst0 1 4M
exits 3 "is refused where he insists" "${as_user[@]}" p2pcopy --force \
	--require-peer -n 4M /dev/lab/src0 /dev/lab/dst0
like "and is told what is needed" "$(<"$work/stderr")" 'let a udev rule give'

begin "a user of the group"
# As the rule does it, with a group that this guest has.
while read -r command; do
	eval "$command"
done < <(sed -n '/^SUBSYSTEM/s/RUN+="/\n/gp' /files/70-p2pdma.rules |
	sed -n 's/^\(\/bin\/[^"]*\)".*/\1/p' |
	sed "s,%S%p/p2pmem,$memory,;s, p2pdma , disk ,")
is "has the memory" "$(stat -c '%g %a' "$memory/allocate")" "6 660"
room=$(<"$memory/available")
zero /dev/lab/dst0 4M
user_copies "copies" --require-peer --verify -n 4M
through_peer cmb0
ok "has the data" holds /dev/lab/dst0 1 4M
exits 0 "measures" "${as_user[@]}" p2pbench -p "$(bdf cmb0)" -n 1M \
	/dev/lab/src0
exits 0 "probes" "${as_user[@]}" p2ptopo probe "$(bdf cmb0)" /dev/lab/src0
is "gives it back" "$(<"$memory/available")" "$room"
exits 3 "is alone with it" setpriv --reuid=1001 --regid=1001 --clear-groups \
	p2pcopy --require-peer -n 4K /dev/lab/src0 /tmp/x
chgrp 0 "$memory/allocate" "$(realpath /dev/lab/src0)" "$(realpath /dev/lab/dst0)"
chmod 600 "$(realpath /dev/lab/src0)" "$(realpath /dev/lab/dst0)"
done_testing
