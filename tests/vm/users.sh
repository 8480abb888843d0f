# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch two-providers
# timeout: 60
# Who holds peer memory: fio does, which is not ours; the kernel's own counter
# of what is left is the witness.
. /files/guest.sh

provider=$(bdf cmb0)
memory=/sys/bus/pci/devices/$provider/p2pmem
held() { p2ptopo users --json >/tmp/users.json; json /tmp/users.json "$1"; }

# hold COMMAND…: fio, by COMMAND, with memory of the provider for a while.
hold() {
	"$@" fio --name=hold --rw=read --direct=1 --bs=64k --iodepth=4 \
		--ioengine=io_uring --size=16m --time_based --runtime=60 \
		--filename=/dev/lab/src0 --iomem=mmapshared:"$memory"/allocate \
		>/tmp/fio.log 2>&1 &
	holder=$!
	for _ in $(seq 100); do
		[ "$(cat "$memory/available")" = "$before" ] || return 0
		sleep 0.1
	done
}

# let_go: by the pids that hold it, of fio.
let_go() {
	kill "$holder"
	wait "$holder"
	for _ in $(seq 100); do
		[ "$(cat "$memory/available")" != "$before" ] || return 0
		sleep 0.1
	done
}

before=$(cat "$memory/available")
begin "nobody"
is "holds anything" "$(held '.users | length')" 0
is "which the kernel's own part does not change" \
	"$(held ".providers[] | select(.address == \"$provider\") | .other_bytes")" \
	$(($(cat "$memory/size") - before))

begin "a process"
hold env
is "is named" "$(held '[.users[].command] | unique | join(",")')" fio
is "with its provider" "$(held '[.users[].provider] | unique | join(",")')" \
	"$provider"
is "and all that the kernel handed out" \
	"$(held '[.users[].mapped_bytes] | add')" \
	$((before - $(cat "$memory/available")))
p2ptopo users | explain

begin "an ordinary user"
setpriv --reuid=1000 --regid=1000 --clear-groups p2ptopo users --json \
	>/tmp/users.json
is "does not see it" "$(json /tmp/users.json '.users | length')" 0
ok "and is told how many processes he may not look into" \
	test "$(json /tmp/users.json .unreadable_processes)" -gt 0
let_go

begin "an ordinary user's own process"
chmod 0666 "$memory/allocate" /dev/lab/src0 "$(realpath /dev/lab/src0)"
hold setpriv --reuid=1000 --regid=1000 --clear-groups
setpriv --reuid=1000 --regid=1000 --clear-groups p2ptopo users --json \
	>/tmp/users.json
is "is seen by him" \
	"$(json /tmp/users.json '[.users[].command] | unique | join(",")')" fio
let_go
is "holds nothing once it has ended" "$(held '.users | length')" 0

done_testing
