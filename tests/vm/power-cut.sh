# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: volatile
# timeout: 60
# boots: 2 src0 dst0 cmb0 file0 lost0
# The power fails while a drive, files and trees are copied, and takes with it
# what the drives had in their caches. After it, what the journal calls copied
# is on the drive, no half file has its name, what had ended well is there, and
# the same command goes on. `tests/vm/run --boots=9 power-cut` cuts it eight
# times.
. /files/guest.sh
. /files/guest-copy
size=64M
copy=(p2pcopy -n $size --force --journal=/mnt/j/map --journal-interval=100ms
	/dev/lab/src0 /dev/lab/dst0)
# No whole number of blocks: the end of a file takes another way.
file_bytes=1000777
tree=/tmp/tree

# The emulated drives pass over "force unit access", by which a file system
# usually commits. With an asynchronous commit ext4 flushes instead, so that
# fsync(2) means what it says; the other words are that nothing else means it.
# The journal is on the provider, the files elsewhere, or its saving would commit
# them.
mount_both() {
	local words=journal_async_commit,data=writeback,noauto_da_alloc
	mkdir -p /mnt/j /mnt/f
	mount -o $words /dev/lab/cmb0 /mnt/j &&
		mount -o $words /dev/lab/file0 /mnt/f
}

# stamp LETTER BLOCK [WORD…]: a block of lost0, by dd with these words.
stamp() {
	head -c 4096 /dev/zero | tr '\0' "$1" |
		dd of=/dev/lab/lost0 bs=4096 seek="$2" oflag=direct \
			status=none "${@:3}"
}

# stamps: the letters of the first two blocks.
stamps() {
	dd if=/dev/lab/lost0 bs=4096 count=2 status=none | tr '\0' - |
		tr -s FU-
}

# note NAME: that its copy has ended well.
note() {
	notes=$((notes + 1))
	printf '%-511s\n' "$1" | dd of=/dev/lab/src0 bs=512 oflag=direct \
		seek=$(((128 << 11) + notes)) conv=notrunc status=none
}

# noted: the names.
noted() {
	dd if=/dev/lab/src0 bs=512 skip=$(((128 << 11) + 1)) count=512 \
		status=none | tr -d '\0' | awk '{ print $1 }'
}

# claims: bytes that the journal calls copied.
claims() {
	local start size state sum=0
	while read -r start size state; do
		[ "$state" != + ] || sum=$((sum + size))
		: "$start"
	done < <(grep -v '^#' /mnt/j/map 2>/dev/null | tail -n +2)
	echo $sum
}

# lost: ranges that the journal calls copied, and that are not there.
lost() {
	local start size state
	while read -r start size state; do
		[ "$state" != + ] ||
			cmp -s -n $((size)) -i $((start)) /dev/lab/src0 \
				/dev/lab/dst0 || echo "$start $size"
	done < <(grep -v '^#' /mnt/j/map | tail -n +2)
}

make_tree() {
	mkdir -p $tree/below
	head -c 70001 /dev/lab/src0 >$tree/odd
	head -c 262144 /dev/lab/src0 >$tree/below/even
	head -c 5 /dev/lab/src0 >$tree/below/small
}

# half: files that have their name, and are not whole.
half() {
	local file
	for file in /mnt/f/file.*; do
		[ ! -e "$file" ] || { [ "$(stat -c %s "$file")" = $file_bytes ] &&
			cmp -s -n $file_bytes /dev/lab/src0 "$file"; } ||
			echo "$file"
	done
	find /mnt/f/tree.* -type f 2>/dev/null | while read -r file; do
		cmp -s "$file" "$tree/${file#/mnt/f/tree.*/}" || echo "$file"
	done
}

# missing: what had ended well, and is not there.
missing() {
	local name
	for name in $(noted); do
		case $name in
		tree.*) diff -r $tree "/mnt/f/$name" ;;
		*) [ -e "/mnt/f/$name" ] || echo "$name" ;;
		esac
	done
}

# copy_files: a file through the host, one through the provider or a small tree
# comes last. Then one that never ends, lest its end is what saves the last one.
copy_files() {
	local last=$((RANDOM % 3)) file=/mnt/f/file.$BOOT
	notes=$(noted | wc -l)
	p2pcopy -q -p host -n $file_bytes /dev/lab/src0 $file.1 &&
		note file.$BOOT.1
	[ $last -lt 1 ] || { p2pcopy -q -p "$(bdf cmb0)" -n $file_bytes \
		/dev/lab/src0 $file.2 && note file.$BOOT.2; }
	[ $last -lt 2 ] || { p2pcopy -q -r $tree /mnt/f/tree.$BOOT &&
		note tree.$BOOT; }
	touch /tmp/ended
	exec p2pcopy -p host -n 16M -b 64K --rate=64K /dev/lab/src0 $file.3
}

# begin_anew: when all is copied before the last boot.
begin_anew() {
	rm /mnt/j/map
	sync
	zero /dev/lab/dst0 $size
}

# copy_until_dark: all of it, until the journal claims more and files have ended;
# then no power.
copy_until_dark() {
	local before tries=0
	before=$(claims)
	[ "$before" != $((64 << 20)) ] || { begin_anew && before=0; }
	rm -f /tmp/ended
	copy_files >/tmp/log 2>&1 &
	"${copy[@]}" -p "$(bdf cmb0)" --rate=5M --resume >/dev/null 2>&1 &
	until [ $tries = 100 ] ||
		{ [ -e /tmp/ended ] && [ "$(claims)" -gt "$before" ]; }; do
		tries=$((tries + 1))
		sleep 0.1
	done
	sleep 0.$((RANDOM % 10))
	echo "# the power fails with $(claims) bytes copied," \
		"$(noted | tail -n 1) came last"
	stamp F 0 conv=fsync,notrunc
	stamp U 1 conv=notrunc
	cut_power
}

if [ "$BOOT" = 1 ]; then
	begin "the power fails"
	fill /dev/lab/src0 1 $size
	mkfs.ext4 -q /dev/lab/cmb0
	mkfs.ext4 -q /dev/lab/file0
	ok "there are file systems for journal and files" mount_both
	sync
	make_tree
	copy_until_dark
fi

begin "after the power failed, boot $BOOT"
make_tree
is "what a drive was told to flush is there, what it was not is lost" \
	"$(stamps)" F-
ok "the file systems are there" mount_both
echo "# the journal claims $(claims) bytes"
like "the journal is whole" "$(tail -n 1 /mnt/j/map)" \
	'^0x[0-9A-F]+  0x[0-9A-F]+  [?+]$'
[ "$BOOT" != 2 ] || ok "and claims something" test "$(claims)" -gt 0
is "of what it claims nothing is lost" "$(lost)" ""
is "a file that has its name is whole" "$(half)" ""
ok "copies had ended" test "$(noted | wc -l)" -gt 0
is "and what had ended is there" "$(missing)" ""
[ "$BOOT" = "$BOOTS" ] || copy_until_dark

claimed=$(claims)
copies "the same command goes on" "${copy[@]:1}" -p "$(bdf cmb0)" --resume
is "without copying again what was there" "$(told .skipped_bytes)" "$claimed"
ok "and all is there" holds /dev/lab/dst0 1 $size
is "nothing else was left" "$(ls -A /mnt/j /mnt/f |
	grep -Ev '^(file\.[0-9]+\.[12]|tree\.[0-9]+)$' | xargs)" \
	"/mnt/f: lost+found /mnt/j: lost+found map"
done_testing
