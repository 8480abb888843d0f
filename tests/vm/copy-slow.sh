# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 150
# What happens while a copy lasts.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem
before=$(cat "$memory/available")
fill /dev/lab/src0 1 128M

begin "verify finds a difference"
p2pcopy --verify=read -n 96M --json --output="$work/report.json" \
	/dev/lab/src0 /dev/lab/dst0 2>"$work/stderr" &
copy=$!
sleep 1.5
like "while it runs, the provider has less to give" \
	"$(($(cat "$memory/available") < before))" 1
pattern fill /dev/lab/dst0 99 8192 8192
wait $copy
is "that was planted behind the copy: exit 4" $? 4
is "and the report counts it" "$(told '.verify.ok | tostring')" false
like "in bytes" "$(told .verify.mismatched_bytes)" '^[1-9][0-9]*$'
like "and the message locates it" "$(cat "$work/stderr")" 8192
is "the memory is given back" "$(cat "$memory/available")" "$before"

begin "interrupted"
for signal in INT:130 TERM:143; do
	p2pcopy -n 96M --json --output="$work/report.json" \
		/dev/lab/src0 /dev/lab/dst0 2>"$work/stderr" &
	copy=$!
	sleep 1.5
	kill -"${signal%:*}" $copy
	wait $copy
	is "by SIG${signal%:*}: the exit code" $? "${signal#*:}"
	is "the memory is given back" "$(cat "$memory/available")" "$before"
	like "some of it was copied, and told" "$(told .copied_bytes)" \
		'^[1-9][0-9]*$'
done

begin "a drive that stands still"
p2pcopy -n 96M --io-timeout=3s /dev/lab/src0 /dev/lab/dst0 \
	2>"$work/stderr" >"$work/stdout" &
copy=$!
sleep 1
lab_monitor block_set_io_throttle src0 0 1 0 0 0 0
wait $copy
is "ends the copy with 1" $? 1
like "and is named" "$(cat "$work/stderr")" "src0|$(realpath /dev/lab/src0)"
lab_monitor block_set_io_throttle src0 0 0 0 0 0 0

done_testing
