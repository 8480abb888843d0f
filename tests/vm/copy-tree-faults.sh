# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 240
# What is left of a tree copy that is killed, or whose drive stands still.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem
before=$(cat "$memory/available")
mkdir -p /tmp/a /tmp/b
wipefs -aq /dev/lab/src0 /dev/lab/dst0
mkfs.ext4 -q /dev/lab/src0
mkfs.ext4 -q /dev/lab/dst0
mount /dev/lab/src0 /tmp/a
mount /dev/lab/dst0 /tmp/b
mkdir /tmp/a/tree
pattern fill /tmp/a/large 7 4194304 0
# Files are copied in the order in which they were made.
for i in $(seq 12); do
	head -c $((i * 1111)) /tmp/a/large >"/tmp/a/tree/small$i"
done
for i in $(seq 12); do
	cp /tmp/a/large "/tmp/a/tree/large$i"
done
sync

# whole COPY: no file that has its name has other data than its source.
whole() {
	local name
	for name in $(ls "$1"); do
		cmp "/tmp/a/tree/$name" "$1/$name" || return 1
	done
}

# copying COPY [OPTION…]: a tree, in the background, until some of it is there.
copying() {
	local to=$1
	shift
	p2pcopy -r --provider="$(bdf cmb0)" "$@" /tmp/a/tree "$to" \
		>"$work/stdout" 2>"$work/stderr" &
	copy=$!
	for _ in $(seq 100); do
		[ "$(ls "$to" 2>/dev/null | wc -l)" -lt 4 ] || break
		sleep 0.1
	done
	sleep 0.5
}

# given_back: the kernel ends what was in flight in its own time.
given_back() {
	local _
	for _ in $(seq 100); do
		[ "$(cat "$memory/available")" != "$before" ] || break
		sleep 0.1
	done
	is "the memory is given back" "$(cat "$memory/available")" "$before"
}

# medium: what is on the drive, and not only in memory.
medium() {
	umount /tmp/b
	mount /dev/lab/dst0 /tmp/b
}

begin "killed in the middle of a tree"
copying /tmp/b/killed --journal=/tmp/map --journal-interval=200ms
is "it has taken peer memory" \
	"$(($(cat "$memory/available") < before))" 1
kill -9 $copy
wait $copy
is "it has no say in its end" $? 137
given_back
medium
ok "every name has all of its data" whole /tmp/b/killed
like "some have none yet" "$(ls /tmp/b/killed | wc -l)" '^([4-9]|1[0-9]|2[0-3])$'
copies "the same command goes on" -r --journal=/tmp/map --resume \
	/tmp/a/tree /tmp/b/killed
medium
ok "to the end" diff -r /tmp/a/tree /tmp/b/killed
is "without what was done before" "$(told '.total.done_before_files >= 1 and
	.total.done_before_files + .total.copied_files == 24')" true
is "and nothing half-written is left" "$(find /tmp/b -name '*.part')" ""
rm -r /tmp/b/killed

for drive in src0 dst0; do
	begin "$drive stands still during a tree"
	copying /tmp/b/still --io-timeout=3s --scrub
	lab_monitor block_set_io_throttle $drive 0 1 1 0 0 0
	SECONDS=0
	wait $copy
	is "the copy ends with 1" $? 1
	is "and soon" "$((SECONDS < 20))" 1
	like "and says why" "$(cat "$work/stderr")" 'no transfer has completed'
	like "also what is left in peer memory" "$(cat "$work/stderr")" \
		'--scrub: peer memory was given back with what is in it'
	lab_monitor block_set_io_throttle $drive 0 31457280 31457280 0 0 0
	ok "the drive answers again" dd if=/dev/lab/$drive of=/dev/null bs=1M \
		count=1 iflag=direct status=none
	given_back
	medium
	ok "every name has all of its data" whole /tmp/b/still
	rm -r /tmp/b/still
done
umount /tmp/b

# Without its flushes a drive takes everything, and nothing is on it.
modprobe dm-delay
drive=/dev/lab/dst0
blocks=$(blockdev --getsz $drive)
mute() {
	echo "0 $blocks delay $drive 0 0 $drive 0 0 $drive 0 $1"
}
dmsetup create mute --table "$(mute 0)"
mount /dev/mapper/mute /tmp/b

# flushes DELAY: in milliseconds; what was delayed is done.
flushes() {
	dmsetup reload mute --table "$(mute "$1")"
	dmsetup suspend --noflush --nolockfs mute
	dmsetup resume mute
}

# gives_up CODE REGEX OPTION…: soon, and whoever waits for it is let go.
gives_up() {
	local code=$1 regex=$2
	shift 2
	SECONDS=0
	p2pcopy --provider=host --io-timeout=3s "$@" >"$work/stdout" \
		2>"$work/stderr"
	is "the copy ends with $code" $? "$code"
	is "and soon" "$((SECONDS < 15))" 1
	like "and says why" "$(cat "$work/stderr")" "$regex"
}

begin "a drive that answers no flush"
flushes 600000
gives_up 1 'flush the file system of /tmp/b/mute: Connection timed out' \
	-r /tmp/a/tree /tmp/b/mute
flushes 0
rm -rf /tmp/b/mute
flushes 600000
gives_up 6 'mute: Connection timed out' -r --journal=/tmp/mute \
	/tmp/a/tree /tmp/b/mute
is "nothing of it is in the journal" "$(grep -c done: /tmp/mute)" 0
flushes 0
copies "it goes on when it answers" -r --journal=/tmp/mute --resume \
	/tmp/a/tree /tmp/b/mute
ok "to the end" diff -r /tmp/a/tree /tmp/b/mute
begin "a file on a drive that answers no flush"
flushes 600000
gives_up 1 'write /tmp/b/large.*: Connection timed out' /tmp/a/large /tmp/b/large
# The journal is saved again and again, but never for a flush that was only sent.
gives_up 6 'write /tmp/b/large.*: Connection timed out' --journal=/tmp/sent \
	--journal-interval=100ms --rate=4M /tmp/a/large /tmp/b/large
is "nothing of it is in the journal" "$(grep -c ' +$' /tmp/sent)" 0
flushes 0

begin "a file system that is frozen"
dmsetup suspend mute
gives_up 1 'timed out|nothing has happened' -r /tmp/a/tree/. /tmp/b/mute
gives_up 1 'timed out|nothing has happened' /tmp/a/large /tmp/b/large
dmsetup resume mute
umount /tmp/a /tmp/b
dmsetup remove mute

done_testing
