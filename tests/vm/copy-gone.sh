# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 90
# p2plab: --set=dst0.size=256M
# Drives that go away under a copy. They do not come back, so this boot is for
# nobody else: the option above changes nothing, but keeps it apart.
. /files/guest.sh
. /files/guest-copy

fill /dev/lab/src0 1 128M
source=$(realpath /dev/lab/src0)

begin "the provider goes away"
p2pcopy -n 96M --json --output="$work/report.json" /dev/lab/src0 /dev/lab/dst0 \
	2>"$work/stderr" &
copy=$!
sleep 1.5
echo "$(bdf cmb0)" >/sys/bus/pci/drivers/nvme/unbind
wait $copy
is "the copy ends well" $? 0
is "through host memory, the rest of it" "$(told '.host_bytes > 0')" true
ok "the data is there" holds /dev/lab/dst0 1 96M
echo "$(bdf cmb0)" >/sys/bus/pci/drivers/nvme/bind
sleep 1

begin "the source goes away"
p2pcopy -n 96M --json --output="$work/report.json" "$source" /dev/lab/dst0 \
	2>"$work/stderr" &
copy=$!
sleep 1.5
echo 1 >"/sys/bus/pci/devices/$(bdf src0)/remove"
wait $copy
is "is never taken for the end of a file" $? 1
like "and is told" "$(cat "$work/stderr")" "$source"
is "what was copied is told" "$(told '.copied_bytes < 96 * 1048576')" true

done_testing
