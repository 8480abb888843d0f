# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 150
# What happens while a copy lasts.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem
before=$(cat "$memory/available")
fill /dev/lab/src0 1 64M

# written: sectors of the destination so far.
written() {
	awk '{ print $7 }' \
		"/sys/class/block/$(basename "$(realpath /dev/lab/dst0)")/stat"
}

# underway SECTORS: until 4 MiB more were written.
underway() {
	local _
	for _ in {1..200}; do
		[ $(($(written) - $1)) -lt 8192 ] || break
		sleep 0.1
	done
}

begin "verify finds a difference"
there=$(written)
p2pcopy --verify=read -n 64M --json --output="$work/report.json" \
	/dev/lab/src0 /dev/lab/dst0 2>"$work/stderr" &
copy=$!
underway "$there"
like "while it runs, the provider has less to give" \
	"$(($(cat "$memory/available") < before))" 1
pattern fill /dev/lab/dst0 99 8192 8192
wait $copy
is "that was planted behind the copy: exit 4" $? 4
is "and the report counts it" "$(told '.verify.ok | tostring')" false
like "in bytes" "$(told .verify.mismatched_bytes)" '^[1-9][0-9]*$'
like "and the message locates it" "$(cat "$work/stderr")" \
	'first 81[0-9][0-9]|first 8[2-9][0-9][0-9]|first 1[0-5][0-9][0-9][0-9]'
is "the memory is given back" "$(cat "$memory/available")" "$before"

begin "interrupted"
for signal in INT:130 TERM:143; do
	there=$(written)
	p2pcopy -n 64M --json --output="$work/report.json" \
		/dev/lab/src0 /dev/lab/dst0 2>"$work/stderr" &
	copy=$!
	underway "$there"
	kill -"${signal%:*}" $copy
	wait $copy
	is "by SIG${signal%:*}: the exit code" $? "${signal#*:}"
	is "the memory is given back" "$(cat "$memory/available")" "$before"
	like "some of it was copied, and told" "$(told .copied_bytes)" \
		'^[1-9][0-9]*$'
done

begin "a drive that stands still"
# In the emulator all transfers to and from a CMB wait for each other, so that
# the other drive is silent, too: who is to blame shows with host memory only.
for provider in host "$(bdf cmb0)"; do
	there=$(written)
	p2pcopy -n 64M --io-timeout=3s --provider="$provider" \
		/dev/lab/src0 /dev/lab/dst0 2>"$work/stderr" >"$work/stdout" &
	copy=$!
	underway "$there"
	lab_monitor block_set_io_throttle src0 0 1 0 0 0 0
	wait $copy
	is "ends a copy through $provider with 1" $? 1
	like "and the copy says so" "$(cat "$work/stderr")" 'does not answer'
	[ "$provider" != host ] ||
		like "and names it" "$(cat "$work/stderr")" 'read /dev/lab/src0'
	lab_monitor block_set_io_throttle src0 0 31457280 0 0 0 0
	ok "it answers again" dd if=/dev/lab/src0 of=/dev/null bs=1M count=1 \
		iflag=direct status=none
done
# The kernel ends what was in flight when the drive answered, in its own time.
for _ in {1..50}; do
	[ "$(cat "$memory/available")" != "$before" ] || break
	sleep 0.1
done
is "the memory is given back" "$(cat "$memory/available")" "$before"

done_testing
