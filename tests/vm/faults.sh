# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 1500
# when: asked
# p2plab: --set=src0.read-error=8M --set=dst0.write-error=12M
# Every fault of a drive or a provider, under a copy and under a measurement,
# through peer and through host memory. Whatever becomes of the program: it
# ends in time, with the right code and a sentence that says why; what it calls
# copied is there; the memory is given back. Prints the table of
# tests/vm/README, a line "# | …" for each.
. /files/guest.sh
. /files/guest-copy

# What an injection does, what undoes it, and what is to come of it: the exit
# codes of a copy and of p2pbench, and the message. A copy goes on without its
# provider; a measurement that did would measure something else. "fs" is a file
# system on the provider's own blocks; "-" for an exit code: there is no such run.
#
# FAULT | DRIVE | injected | undone | copy | bench | message
faults='
bad block | src0 | - | - | 1 | 1 | src0.* at [78][0-9]+.*: (No data available|Input/output error)
bad block | dst0 | - | - | 1 | 1 | dst0.* at 12[0-9]+.*: (No data available|Input/output error)
late | src0 | stall | run | 0 | 0 |
late | dst0 | stall | run | 0 | 0 |
silent | src0 | stall | run | 1 | 1 | does not answer|nothing completed
silent | dst0 | stall | run | 1 | 1 | does not answer|nothing completed
reset | src0 | reset | - | 0 | 0 |
reset | dst0 | reset | - | 0 | 0 |
reset | cmb0 | reset | - | 0 | 0 |
removed | src0 | remove | rescan | 1 | 1 | src0.*: (No such device|Input/output error)
removed | dst0 | remove | rescan | 1 | 1 | dst0.*: (No space left|No such device|Input/output error)
removed | cmb0 | remove | rescan | 0 | 1 | provider.s memory is gone
unbound | cmb0 | unbind | bind | 0 | 1 | provider.s memory is gone
killed | src0 | - | - | 137 | 137 |
full | fs | - | - | 1 | - | /mnt/file: No space left on device
truncated | fs | truncate | - | 1 | 1 | /mnt/file.*(ended early|Input/output error)
exhausted | cmb0 | hold | let-go | 0 | 3 | provider-too-small
'
size=32M
limit=25
runs=0

node() {
	echo "/sys/bus/pci/devices/$1"
}

# inject DEED DRIVE: its function is known from before it went away.
inject() {
	case $1 in
	-) ;;
	stall) lab_monitor block_set_io_throttle "$2" 0 1 1 0 0 0 ;;
	run) lab_monitor block_set_io_throttle "$2" 0 30000000 30000000 0 0 0 ;;
	reset) echo 1 >"$(echo "$(node "$(bdf "$2")")"/nvme/nvme*/reset_controller)" ;;
	remove) echo 1 >"$(node "$(bdf "$2")")/remove" ;;
	rescan) echo 1 >/sys/bus/pci/rescan ;;
	unbind) bdf "$2" >/sys/bus/pci/drivers/nvme/unbind ;;
	truncate) truncate -s 1M /mnt/file ;;
	hold)
		pattern hold "$(node "$(bdf cmb0)")/p2pmem/allocate" >/tmp/held &
		holder=$!
		until [ -s /tmp/held ]; do sleep 0.05; done
		;;
	let-go) kill $holder; wait $holder 2>/dev/null; rm /tmp/held ;;
	bind) bdf "$2" >/sys/bus/pci/drivers/nvme/bind ;;
	esac
}

available() {
	cat "$(node "$(bdf cmb0)")/p2pmem/available" 2>/dev/null
}

# settle: every drive and the provider are there again.
settle() {
	local tries=0 serial
	for serial in src0 dst0 cmb0; do
		until [ -b "$(realpath "/dev/lab/$serial")" ] || [ $tries = 80 ]
		do
			tries=$((tries + 1))
			sleep 0.1
		done
	done
	until [ -n "$(available)" ] || [ $tries = 80 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

# make_file_system: too small for what is to be copied, or with a copy of it.
make_file_system() {
	local room=20M
	[ "$fault" != truncated ] || room=200M
	# Nothing moves there later but what is copied.
	mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 \
		/dev/lab/cmb0 $room && mkdir -p /mnt &&
		mount /dev/lab/cmb0 /mnt || return
	[ "$fault" != truncated ] ||
		pattern fill /mnt/file 1 134217728 0 "$from"
}

# start PROGRAM MEMORY FAULT DRIVE: in the background, as $pid; long enough for
# what comes in the middle. What is copied comes from $from of src0, to $to of
# dst0: never the same twice, so that nothing of before is taken for it.
start() {
	local provider=host words=() time=1500ms
	[ "$2" = host ] || provider=$(bdf cmb0)
	case "$3 $1" in
	"silent "*) words+=(--io-timeout=3s -n 128M) time=8s ;;
	"reset copy") words+=(-n 64M) ;;
	"late copy" | "removed copy" | "unbound copy" | "truncated copy" | \
		"killed copy") words+=(-n 128M) ;;
	"reset bench" | "killed bench") time=3s ;;
	"late bench" | "truncated bench") time=6s ;;
	# A controller that is busy takes its time to go, and all this ends then.
	"removed bench" | "unbound bench") time=20s ;;
	esac
	to=$((16 << 20))
	case "$3 $1 $4" in
	"bad block copy src0")
		to=$((4 << 20)) from=$((to + (runs << 12))) words+=(-n 8M) ;;
	"bad block copy dst0") to=$((9 << 20)) words+=(-n 6M) ;;
	esac
	local skip=--skip=$from seek=--seek=$to
	local source=/dev/lab/src0 destination=/dev/lab/dst0
	case $3 in
	full) destination=/mnt/file seek= ;;
	truncated) source=/mnt/file skip= ;;
	esac
	case $1 in
	copy)
		p2pcopy -n "$size" $skip $seek "${words[@]}" \
			-p "$provider" --force -J -o "$work/report.json" \
			$source $destination 2>"$work/stderr" &
		;;
	bench)
		[ "$3" = "bad block" ] || words+=(-n 8M)
		local workload=read target=$4
		[ "$4" != dst0 ] || workload=write
		[ "$4" != cmb0 ] || target=src0
		target=/dev/lab/$target
		[ "$4" != fs ] || target=/mnt/file
		p2pbench "${words[@]}" -p "$provider" -w $workload -t $time \
			--allow-write -J -o "$work/report.json" \
			"$target" 2>"$work/stderr" &
		;;
	esac
	pid=$!
}

# strike: the fault, and what shows that it is there, while the program runs; in
# $struck what was not so.
strike() {
	local resets moved_before
	began=${EPOCHREALTIME//./}
	struck=
	case $fault in
	"bad block" | full | exhausted) return ;;	# is there, and told
	esac
	is_running || struck+=" it had ended before;"
	[ $(($(count_moved) - moved)) -ge 8192 ] || struck+=" nothing moved;"
	resets=$(count_resets)
	[ "$fault" != killed ] || kill -KILL $pid
	inject "$deed" "$drive"
	case $fault in
	late)
		sleep 1
		moved_before=$(count_moved)
		sleep 1
		[ "$(count_moved)" = "$moved_before" ] ||
			struck+=" it goes on without answers;"
		is_running || struck+=" it waits for no answer;"
		inject "$undo" "$drive"
		;;
	reset)
		[ "$(count_resets)" -gt "$resets" ] || struck+=" no reset;"
		is_running || struck+=" it ended meanwhile;"
		;;
	removed) [ ! -e "$(node "$function")" ] || struck+=" it is there;" ;;
	unbound)
		[ ! -e "$(node "$function")/p2pmem" ] ||
			struck+=" its memory is there;"
		;;
	truncated)
		[ "$(stat -c %s /mnt/file)" = 1048576 ] ||
			struck+=" it is as long as it was;"
		;;
	esac
}

# is_running: what has ended has no program any more.
is_running() {
	[ -e /proc/$pid/exe ]
}

# count_resets: those that the kernel has told of.
count_resets() {
	dmesg | grep -c 'default/read/poll queues'
}

# await: its exit code in $code, the seconds since $began in $took.
await() {
	local tries=0
	while kill -0 $pid 2>/dev/null && [ $tries -lt $((limit * 10)) ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	kill -KILL $pid 2>/dev/null && [ "$fault" != killed ] && code=hangs
	wait $pid
	code=${code:-$?}
	took=$(((${EPOCHREALTIME//./} - began) / 100000))
	took=$((took / 10)).$((took % 10))
}

# count_lost: bytes that the report calls copied and that are not there.
count_lost() {
	local there
	there=$(jq -r '.in_place_bytes // .copied_bytes // 0' \
		"$work/report.json" 2>/dev/null)
	[ "${there:-0}" != 0 ] || { lost=0; return; }
	echo 1 >/proc/sys/vm/drop_caches
	lost=$(cmp -l -n "$there" -i $from:$to /dev/lab/src0 /dev/lab/dst0 \
		2>"$work/cmp" | wc -l)
	[ ! -s "$work/cmp" ] || lost=$(<"$work/cmp")
}

# run_one PROGRAM MEMORY: one line of the table, and its tests.
run_one() {
	local program=$1 memory=$2 before code='' took pid began lost=- back=yes moved
	local wanted=$on_copy reason struck function to
	[ "$program" = copy ] || wanted=$on_bench
	[ "$wanted" != - ] || return
	begin "$fault $drive, $program through $memory memory"
	expect_kernel_warning 'WARNING: .*nvme'
	runs=$((runs + 1))
	from=$(((16 << 20) + (runs << 12)))
	before=$(available)
	rm -f "$work/report.json"
	[ "$drive" = fs ] || function=$(bdf "$drive")
	[ "$drive" != fs ] || ok "there is a file system" make_file_system
	moved=$(count_moved)
	[ "$fault" != exhausted ] || inject "$deed" "$drive"
	start "$program" "$memory" "$fault" "$drive"
	case $fault in
	"bad block" | full | exhausted) ;;
	*) wait_for_flow "$moved" ;;
	esac
	strike
	await
	[ "$undo" = - ] || [ "$fault" = late ] || inject "$undo" "$drive"
	settle
	is "it struck in the middle" "$struck" ""
	is "ends with $wanted" "$code" "$wanted"
	[ "$code" = "$wanted" ] || explain <"$work/report.json"
	[ -z "$message" ] ||
		like "says why" "$(cat "$work/stderr")" "$message"
	if [ "$program" = copy ]; then
		[ "$wanted" != 0 ] || is "all is copied" \
			"$(told '.copied_bytes == .size_bytes')" true
		[ "$drive $deed" != "cmb0 remove" ] &&
			[ "$drive $deed" != "cmb0 unbind" ] ||
			is "by both memories" "$(told \
				'.peer_bytes > 0 and .host_bytes > 0')" true
		count_lost
		is "nothing is lost of what is called copied" "$lost" 0
	fi
	[ "$drive" != fs ] || umount /mnt
	wait_for "$before"
	[ "$(available)" = "$before" ] || back="no: $(available) of $before"
	is "the memory is given back" "$back" yes
	reason=$(jq -r '.memory.fallback_reason // empty' \
		"$work/report.json" 2>/dev/null)
	echo "# | $fault | $drive | $program | $memory | $code |" \
		"${reason:+$reason }$(why) | $lost | $back | $took s |"
}

# count_moved: sectors that the fault's drive has read and written so far.
count_moved() {
	local name=${drive/cmb0/src0}
	[ "$name $program" != "fs copy" ] || name=dst0
	name=${name/fs/cmb0}
	name=$(basename "$(lab_dev "$name")")
	awk '{ print $3 + $7 }' "/sys/block/$name/stat"
}

# wait_for_flow SECTORS: until 4 MiB more were moved.
wait_for_flow() {
	local tries=0
	until [ $(($(count_moved) - $1)) -ge 8192 ] || [ $tries = 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}

# why: what it said last, without the names before it.
why() {
	tail -n 1 "$work/stderr" | tr '|' '/' | cut -c 1-120
}

# wait_for AVAILABLE: what is in flight gives its pages back a little later.
wait_for() {
	local tries=0
	until [ "$(available)" = "$1" ] || [ $tries = 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

# is_possible: a provider is no part of what goes through host memory; and QEMU
# itself stands still when a drive is reset while it moves data to a CMB.
is_possible() {
	case "$fault $drive $memory" in
	*" cmb0 host" | "exhausted "*host | "reset src0 peer" | "reset dst0 peer") return 1 ;;
	esac
}

pattern fill /dev/lab/src0 1 150994944 4194304
echo "# | fault | of | program | through | exit | why | lost | given back | ended after |"
while IFS='|' read -r fault drive deed undo on_copy on_bench message; do
	fault=$(xargs <<<"$fault") drive=$(xargs <<<"$drive")
	deed=$(xargs <<<"$deed") undo=$(xargs <<<"$undo")
	on_copy=$(xargs <<<"$on_copy") on_bench=$(xargs <<<"$on_bench")
	message=${message# }
	[ -n "$fault" ] || continue
	for memory in peer host; do
		is_possible || continue
		for program in copy bench; do
			run_one $program $memory
		done
	done
done <<<"$faults"
done_testing
