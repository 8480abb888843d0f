# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 60
# io_uring is switched off, for all or for all but root: each program says so,
# with what to do, and touches nothing; what needs none of it answers.
. /files/guest.sh

sysctl=/proc/sys/kernel/io_uring_disabled
before=$(<$sysctl)
denied='use io_uring: Operation not permitted .*io_uring_disabled'
provider=$(bdf cmb0)
available=/sys/bus/pci/devices/$provider/p2pmem/available
room=$(<"$available")
zero /dev/lab/dst0 1M
mkdir -p /tmp/plain
head -c 100000 /dev/urandom >/tmp/plain/a

# refuses SENTENCE COMMAND…
refuses() {
	local name=$1
	shift
	exits 1 "$name" timeout 20 "$@"
	like "$name: why" "$(tail -n 1 "$work/stderr")" "$denied"
}

begin "io_uring is switched off"
echo 2 >$sysctl
refuses "no drive is copied" p2pcopy --force -n 1M /dev/lab/src0 /dev/lab/dst0
ok "nor written" cmp -n $((1 << 20)) /dev/lab/dst0 /dev/zero
refuses "no tree is" p2pcopy -r /files /tmp/plain/copy
ok "nothing was made" test ! -e /tmp/plain/copy
refuses "no drive is measured" p2pbench -p "$provider" -t 100ms /dev/lab/src0
refuses "no pair is probed" p2ptopo probe
exits 0 "a plan needs none" p2pcopy --force --dry-run -n 1M /dev/lab/src0 \
	/dev/lab/dst0
exits 0 "nor do facts" p2ptopo list
p2ptopo doctor >"$work/stdout"
like "and doctor has the remedy" "$(<"$work/stdout")" \
	'sysctl kernel\.io_uring_disabled=0'

begin "io_uring is for root only"
echo 1 >$sysctl
exits 0 "who copies" p2pcopy -p host /tmp/plain/a /tmp/plain/b
ok "and has the data" cmp /tmp/plain/a /tmp/plain/b
mkdir -m 777 -p /tmp/plain/open
chmod 644 /tmp/plain/a
refuses "and nobody else" setpriv --reuid=1000 --regid=1000 \
	--clear-groups p2pcopy /tmp/plain/a /tmp/plain/open/b
is "nothing was made" "$(ls -A /tmp/plain/open)" ""
echo "$before" >$sysctl
is "peer memory was given back" "$(<"$available")" "$room"
done_testing
