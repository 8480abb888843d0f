# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: multipath
# p2plab: --cmdline=nvme_core.multipath=N --set=mp0.size=32M --set=dst0.size=32M
# timeout: 120
# One namespace that has two block devices: what is done under one name is
# seen by the guards under the other one. (Its drives are small: one is copied to
# its last byte.)
. /files/guest.sh
. /files/guest-copy

mapfile -t names < <(grep -l . /sys/block/nvme*/wwid | while read -r wwid; do
	echo "$(cat "$wwid") $(basename "$(dirname "$wwid")")"
done | sort | awk '$1 == last { print before; print $2; exit }
	{ last = $1; before = $2 }')
one=/dev/${names[0]:-none} other=/dev/${names[1]:-none}
ok "a namespace has two names" test -b "$one" -a -b "$other"

# refused SENTENCE REGEX [OPTION…] SOURCE DEST
refused() {
	local name=$1 regex=$2
	shift 2
	exits 5 "$name is refused" p2pcopy "$@"
	like "$name: says so" "$(cat "$work/stderr")" "$regex"
}

wipefs -aq "$one"
fill "$one" 1 8M
fill /dev/lab/dst0 2 8M

begin "overlap"
refused "one name onto the other" share --force -n 4M "$one" "$other"
refused "and back" share --force -n 4M "$other" "$one"
refused "ranges that meet" share --force --seek=2M -n 4M "$one" "$other"
ok "nothing was written" holds "$one" 1 8M
copies "ranges that do not meet are fine" --seek=16M -n 4M "$one" "$other"
copies "other drives are apart" -n 4M /dev/lab/dst0 "$other"

begin "a whole drive"
fill "$one" 4 32M
copies "without any option" "$one" /dev/lab/dst0
through_peer cmb0
is "to its end" "$(told .copied_bytes)" $((32 << 20))
ok "the data is there" holds /dev/lab/dst0 4 32M
wipefs -aq "$one"

begin "a file system that is mounted by its other name"
wipefs -aq "$one"
mkfs.ext4 -qF "$one"
mkdir -p /tmp/m
mount "$one" /tmp/m
refused "its drive" "$other is mounted at /tmp/m" -n 4M /dev/lab/dst0 "$other"
head -c 1M /dev/urandom >/tmp/m/file
refused "a file of it" share --force /tmp/m/file "$other"
umount /tmp/m
wipefs -aq "$one"

begin "swap by its other name"
mkswap "$one" >/dev/null
swapon "$one"
refused "its drive" "$other is in use as swap" -n 4M /dev/lab/dst0 "$other"
swapoff "$one"
wipefs -aq "$one"

begin "dm above its other name"
dmsetup create held --table "0 32768 linear $one 0"
refused "its drive" "$other is part of dm-" -n 4M /dev/lab/dst0 "$other"
refused "what dm lies on" share --force -n 4M /dev/mapper/held "$other"
dmsetup create also --table "0 32768 linear $one 0"
refused "two devices over the same" share --force -n 4M \
	/dev/mapper/held /dev/mapper/also
dmsetup remove also
dmsetup remove held

begin "a drive that cannot be read"
dmsetup create broken --table "0 32768 error"
refused "it" 'could not be told whether .* bears a signature: ' \
	-n 4M /dev/lab/dst0 /dev/mapper/broken
exits 5 "a dry run is refused, too" p2pcopy --dry-run --json -n 4M \
	/dev/lab/dst0 /dev/mapper/broken
is "and says that it is unknown" "$(jq -r '[.guards[] |
	select(.answer == "unknown") | .id] | join(" ")' "$work/stdout")" \
	signature
exits 1 "--force tries it, and fails" p2pcopy --force -n 4M \
	/dev/lab/dst0 /dev/mapper/broken
dmsetup remove broken

done_testing
