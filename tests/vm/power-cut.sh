# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: slow
# timeout: 60
# boots: 2 src0 dst0 cmb0
# The power fails while a drive and a file are copied. After it, what the
# journal calls copied is on the drive, no half file has its name, and the same
# command goes on. `tests/vm/run --boots=9 power-cut` cuts it eight times.
. /files/guest.sh
. /files/guest-copy
size=64M
copy=(p2pcopy -n $size --force --journal=/mnt/j --journal-interval=100ms
	/dev/lab/src0 /dev/lab/dst0)

mount_journal() {
	mkdir -p /mnt
	mount /dev/lab/cmb0 /mnt
}

# claims: bytes that the journal calls copied.
claims() {
	local start size state sum=0
	while read -r start size state; do
		[ "$state" != + ] || sum=$((sum + size))
		: "$start"
	done < <(grep -v '^#' /mnt/j 2>/dev/null | tail -n +2)
	echo $sum
}

# lost: ranges that the journal calls copied, and that are not there.
lost() {
	local start size state
	while read -r start size state; do
		[ "$state" != + ] ||
			cmp -s -n $((size)) -i $((start)) /dev/lab/src0 \
				/dev/lab/dst0 || echo "$start $size"
	done < <(grep -v '^#' /mnt/j | tail -n +2)
}

# copy_until_dark: both copies, until the journal claims more; then no power.
copy_until_dark() {
	local before tries=0
	before=$(claims)
	p2pcopy -p host -n $size --rate=20M /dev/lab/src0 /mnt/file \
		>/dev/null 2>&1 &
	"${copy[@]}" -p "$(bdf cmb0)" --rate=10M --resume >/dev/null 2>&1 &
	until [ "$(claims)" -gt "$before" ] || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	sleep 0.$((RANDOM % 5))
	echo "# the power fails with $(claims) bytes copied"
	cut_power
}

if [ "$BOOT" = 1 ]; then
	begin "the power fails"
	fill /dev/lab/src0 1 $size
	mkfs.ext4 -q /dev/lab/cmb0
	ok "there is a file system for the journal" mount_journal
	sync
	copy_until_dark
fi

begin "after the power failed, boot $BOOT"
ok "the file system is there" mount_journal
echo "# the journal claims $(claims) bytes"
like "the journal is whole" "$(tail -n 1 /mnt/j)" \
	'^0x[0-9A-F]+  0x[0-9A-F]+  [?+]$'
[ "$BOOT" != 2 ] || ok "and claims something" test "$(claims)" -gt 0
is "of what it claims nothing is lost" "$(lost)" ""
if [ -e /mnt/file ]; then
	ok "a file that has its name is whole" cmp -n $((64 << 20)) \
		/dev/lab/src0 /mnt/file
fi
[ "$BOOT" = "$BOOTS" ] || copy_until_dark

claimed=$(claims)
copies "the same command goes on" "${copy[@]:1}" -p "$(bdf cmb0)" --resume
is "without copying again what was there" "$(told .skipped_bytes)" "$claimed"
ok "and all is there" holds /dev/lab/dst0 1 $size
rm -f /mnt/file
copies "the file is copied" -p host -n $size /dev/lab/src0 /mnt/file
ok "and is the same" holds /mnt/file 1 $size
is "nothing else was left" "$(ls -A /mnt | sort | xargs)" "file j lost+found"
done_testing
