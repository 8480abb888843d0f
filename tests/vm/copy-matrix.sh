# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 240
# p2plab: --set=cmb0.size=1G --set=src0.size=1G --set=dst0.size=1G
# Every kind of end with every other one, through every kind of memory.
. /files/guest.sh
. /files/guest-copy

# Partitions for the raw data, ext4 and xfs; what is behind them is the drive.
begin "the drives are made"
for drive in cmb0 src0 dst0; do
	printf 'label: gpt\nsize=16MiB\nsize=64MiB\nsize=400MiB\n' |
		sfdisk -q /dev/lab/$drive
done
udevadm settle 2>/dev/null || sleep 1
for drive in cmb0 src0 dst0; do
	real=$(realpath /dev/lab/$drive)
	mkfs.ext4 -q -F "${real}p2"
	mkfs.xfs -q -f "${real}p3"
	mkdir -p /tmp/$drive/{ext4,xfs}
	mount "${real}p2" /tmp/$drive/ext4
	mount "${real}p3" /tmp/$drive/xfs
done
echo "# made after $SECONDS s"

space=$((600 << 20))

# place DRIVE KIND: where that is, in $path, and its offset, in $offset.
place() {
	offset=0
	case $2 in
	drive) path=/dev/lab/$1 offset=$space ;;
	partition) path=$(realpath "/dev/lab/$1")p1 ;;
	*) path=/tmp/$1/$2/file ;;
	esac
}

# sum PATH OFFSET SIZE: of what is on the medium.
sum() {
	dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip="$2" count="$3" \
		status=none | sha256sum | cut -d' ' -f1
}

declare -A wanted=()
most=2500000
for drive in cmb0 src0; do
	for kind in drive partition ext4 xfs; do
		place $drive $kind
		head -c $most /dev/urandom >/tmp/data
		dd if=/tmp/data of="$path" bs=1M oflag=seek_bytes \
			seek=$offset conv=notrunc,fsync status=none
		cp /tmp/data "/tmp/data.$drive.$kind"
	done
done

# copied MEMORY DRIVE FROM TO SIZE OPTION…
copied() {
	local memory=$1 drive=$2 from=$3 to=$4 size=$5 source skip kind
	shift 5
	place "$drive" "$from"
	source=$path skip=$offset
	place dst0 "$to"
	rm -f "$work/report.json"
	case $to in
	drive) set -- "$@" --force --seek=$offset ;;
	ext4 | xfs) rm -f "$path" ;;
	esac
	p2pcopy --json --output="$work/report.json" --skip=$skip -n "$size" \
		"$@" "$source" "$path" 2>"$work/stderr" ||
		cat "$work/stderr"
	kind=peer
	[ "$memory" != host ] || kind=host
	is "$from to $to, $memory memory, $size bytes" \
		"$(told .memory.kind) $(sum "$path" $offset "$size")" \
		"$kind ${wanted[$drive.$from]}"
}

size=1000003
for from in drive partition ext4 xfs; do
	begin "a copy of a kind of end: $from"
	size=$((size + 30011))
	for drive in cmb0 src0; do
		wanted[$drive.$from]=$(head -c $size "/tmp/data.$drive.$from" |
			sha256sum | cut -d' ' -f1)
	done
	for to in drive partition ext4 xfs; do
		copied own cmb0 $from $to $size --require-peer
		copied third-party src0 $from $to $size --require-peer
		copied host src0 $from $to $size --provider=host
	done
done
echo "# copied after $SECONDS s"

# What is written there the kernel copies, and what is read it refuses.
begin "xfs on a drive that wants stable pages"
real=$(realpath /dev/lab/dst0)
umount /tmp/dst0/xfs
echo 1 >"/sys/block/${real#/dev/}/queue/stable_writes"
mount "${real}p3" /tmp/dst0/xfs
rm -f /tmp/dst0/xfs/file
copies "is written" --skip=$space -n 1M /dev/lab/src0 /tmp/dst0/xfs/file
through_host filesystem
ok "the data is there" cmp -n 1048576 -i $space:0 /dev/lab/src0 /tmp/dst0/xfs/file
exits 0 "is refused by the kernel, too, as predicted" \
	p2ptopo probe "$(bdf cmb0)" /tmp/dst0/xfs/file
echo 0 >"/sys/block/${real#/dev/}/queue/stable_writes"
umount /tmp/*/ext4 /tmp/*/xfs
done_testing
