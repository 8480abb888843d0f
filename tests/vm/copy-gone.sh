# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 90
# p2plab: --set=dst0.size=256M
# Drives that go away under a copy. They do not come back, so this boot is for
# nobody else: the option above changes nothing, but keeps it apart.
. /files/guest.sh
. /files/guest-copy

fill /dev/lab/src0 1 64M
source=$(realpath /dev/lab/src0)

device=$(bdf cmb0)

# written: sectors of the destination so far.
written() {
	awk '{ print $7 }' "/sys/block/$(basename "$(lab_dev dst0)")/stat"
}

# copy_until_underway OPTION…: in the background, until 4 MiB were written.
copy_until_underway() {
	local _ before
	before=$(written)
	p2pcopy -n 48M --json --output="$work/report.json" "$@" "$source" \
		/dev/lab/dst0 2>"$work/stderr" &
	copy=$!
	for _ in {1..200}; do
		[ $(($(written) - before)) -lt 8192 ] || break
		sleep 0.05
	done
	ok "it is underway" test -e /proc/$copy/exe
}

# The memory is gone when it is to be overwritten, too. Each copy has other data
# for each place, so that nothing of before is taken for it.
skip=0
for option in "" --scrub; do
	begin "the provider goes away${option:+, $option}"
	copy_until_underway --skip=$skip ${option:+"$option"}
	echo "$device" >/sys/bus/pci/drivers/nvme/unbind
	wait $copy
	code=$?
	is "the rest goes through host memory" "$(told '.peer_bytes > 0 and
		.host_bytes > 0')" true
	like "which is told" "$(<"$work/stderr")" \
		"host memory instead .*provider's memory is gone"
	ok "the data is there" holds /dev/lab/dst0 1 48M 0 $skip
	skip=4096
	if [ -n "$option" ]; then
		is "it ends with 1" $code 1
		like "as the memory was not overwritten" "$(<"$work/stderr")" \
			'--scrub: .*No such device'
	else
		is "it ends well" $code 0
	fi
	echo "$device" >/sys/bus/pci/drivers/nvme/bind
	sleep 1
done

begin "the source goes away"
copy_until_underway
echo 1 >"/sys/bus/pci/devices/$(bdf src0)/remove"
wait $copy
is "is never taken for the end of a file" $? 1
like "and is told" "$(cat "$work/stderr")" "$source"
is "what was copied is told" "$(told '.copied_bytes < .size_bytes')" true

done_testing
