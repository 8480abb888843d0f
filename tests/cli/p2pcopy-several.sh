# SPDX-License-Identifier: GPL-2.0-or-later
# Knows holes, checksums that the standard tools check, several destinations,
# files in place, and a limited rate.
. "${top_srcdir:?run it by make check}/tests/copies.sh"

blocks() {
	stat -c '%b' "$1"
}

# --- holes --------------------------------------------------------------------
truncate -s 64M sparse
for place in 0 9 40; do
	head -c 1000000 /dev/urandom |
		dd of=sparse bs=1M seek=$place conv=notrunc status=none
done
if [ "$(blocks sparse)" -gt 50000 ]; then
	skip "this file system has no holes" "holes stay holes"
else
	copies "a file with holes" --json sparse b
	ok "is equal" cmp sparse b
	ok "its holes are holes" test "$(blocks b)" -le $(($(blocks sparse) + 64))
	is "what was no hole was copied" "$(value '.copied_bytes +
		.skipped_bytes')" 67108864
	ok "and no more" test "$(value .skipped_bytes)" -gt 60000000
	copies "they can be filled" --sparse=never --json sparse c
	ok "with zeros" cmp sparse c
	is "all of it was copied" "$(value .copied_bytes)" 67108864
	ok "and takes its room" test "$(blocks c)" -gt 100000
	head -c 64M /dev/urandom >old
	copies "in place, what was there goes" --in-place --verify sparse old
	ok "is equal, too" cmp sparse old
	ok "the holes are there" test "$(blocks old)" -le $(($(blocks sparse) + 64))
	head -c 70M /dev/urandom >old
	cp old wanted
	dd if=sparse of=wanted conv=notrunc bs=1M status=none
	copies "into the middle of a file" --seek=0 --verify sparse old
	ok "what is behind it stays" cmp old wanted
	rm -f new
	copies "a new file, up to a hole at its end" --seek=4K --size=20M \
		sparse new
	is "has its size" "$(stat -c %s new)" $((20971520 + 4096))
	copies "a part that begins in a hole" --skip=5000001 --size=20000003 \
		--verify sparse part
	ok "is equal" cmp <(tail -c +5000002 sparse | head -c 20000003) part
	truncate -s 10M empty
	copies "a file that is nothing but a hole" --json empty b
	ok "is equal" cmp empty b
	is "and was not read" "$(value .copied_bytes)" 0
fi

# --- checksums ----------------------------------------------------------------
head -c 5000003 /dev/urandom >a
for algorithm in sha256 sha512 sha1 md5 b2 xxh64 xxh128; do
	copies "$algorithm of a copy" --checksum=$algorithm:sums a b
	if command -v ${algorithm}sum >/dev/null; then
		ok "is checked by ${algorithm}sum" ${algorithm}sum -c sums
	else
		skip "there is no ${algorithm}sum" "is checked by ${algorithm}sum"
	fi
done
copies "without a file, it is in the report" --checksum=sha256 a b
is "as a line" "$(grep -c "^$(sha256sum <a | cut -d' ' -f1)  b\$" \
	"$work/stdout")" 1
copies "and in JSON" --json --checksum=sha256 a b
is "with its name" "$(value '.checksum | .algorithm + " " + .digest')" \
	"sha256 $(sha256sum <a | cut -d' ' -f1)"
copies "of a part" --json --checksum=sha256 --skip=777 --size=1000001 \
	--seek=3 a c
is "it is that of the part" "$(value .checksum.digest)" \
	"$(tail -c +778 a | head -c 1000001 | sha256sum | cut -d' ' -f1)"
copies "of a file with holes" --checksum=md5:sums sparse b
ok "they are zeros" md5sum -c sums
copies "a name with a newline" --checksum=md5:sums a "new
line\\"
ok "is understood" md5sum -c sums
p2pcopy -p host --rate=20M --journal=j --journal-interval=20ms a b \
	>/dev/null 2>&1 &
sleep 0.15
kill -9 $!
wait $! 2>/dev/null
copies "of a copy that is resumed" --journal=j --resume \
	--checksum=sha256:sums a b
ok "it is that of the whole" sha256sum -c sums
exits 2 "a checksum must be one" p2pcopy --checksum=crc7 a b
exits 2 "a file must have a name" p2pcopy --checksum=md5: a b
exits 1 "a file that cannot be written is told" \
	p2pcopy --checksum=md5:none/sums a fresh
ok "before anything is copied" test ! -e fresh

# --- several destinations -------------------------------------------------------
mkdir -p d1 d2
copies "one read, several files" --json --also=c --also=d1 --verify \
	--checksum=md5:sums a b
ok "all of them are equal" cmp a c
ok "also in a directory" cmp a d1/a
is "each has a checksum" "$(md5sum -c sums | tr '\n' ' ')" \
	"b: OK c: OK d1/a: OK "
is "each is in the report" "$(value '[.also[] | .destination, .dropped] |
	tojson')" '["c",false,"d1/a",false]'
exits 1 "a destination that is given twice" \
	p2pcopy -p host --also=fresh a fresh
like "is told" "$(cat "$work/stderr")" 'fresh is given twice'
ln c other
exits 5 "one file by two names" p2pcopy -p host --also=other a c
like "is refused" "$(cat "$work/stderr")" 'refused: .*share the same bytes'
exits 5 "the source is no destination either" p2pcopy -p host --also=a a b
ok "nothing was written by these" cmp a other
# --- in place, rate -------------------------------------------------------------
echo old >b
inode=$(stat -c %i b)
copies "in place" --in-place a b
is "it is the same file" "$(stat -c %i b)" "$inode"
ok "and as long as the source" cmp a b
chmod 400 a
rm -f b
copies "a new file in place" --in-place a b
is "has the source's mode" "$(stat -c %a b)" 400
rm -f b
chmod 600 a
copies "with a limited rate" --json --rate=10M a b
ok "it is not much faster" test "$(value .rate_bytes_per_sec)" -le 15000000
exits 2 "no rate is none" p2pcopy --rate=0 a b

# --- devices --------------------------------------------------------------------
if [ "$(id -u)" != 0 ]; then
	skip "only root has loop devices" "holes are zeros on a device"
	done_testing
fi
# loop NAME: a device of 64 MiB that is full of something, in $loop.
loop() {
	random "$1" 64M
	attach "$1"
}
if ! loop one.img; then
	skip "there is no loop device to be had" "holes are zeros on a device"
	done_testing
fi
one=$loop
loop two.img
two=$loop
copies "holes are zeros on a device" --json --verify sparse "$one"
ok "which is equal" cmp sparse one.img
ok "without writing them" test "$(value .skipped_bytes)" -gt 60000000
copies "also where blocks end elsewhere" --skip=1000 --size=60000001 \
	--seek=5120 --verify sparse "$one"
head -c 8M /dev/urandom >data
copies "one read, two drives" --also="$two" --seek=8M --verify data "$one"
ok "it is on the first" cmp -n 8388608 -i 0:8388608 data one.img
ok "and on the second" cmp -n 8388608 -i 0:8388608 data two.img
exits 5 "guards apply to each" p2pcopy -p host --also="$one" sparse "$two" \
	--seek=8M
like "and say which" "$(cat "$work/stderr")" is too small
mkfs.ext4 -q -F "$one" 2>/dev/null &&
	exits 5 "also to the others" p2pcopy -p host --also="$one" data "$two"
if mkdir small && mount -t tmpfs -o size=8M none small; then
	mounted=small
	truncate -s 32M small/thin
	thin=$(losetup --show -f small/thin) && loops="$loops $thin"
	exits 1 "one that fails is dropped" p2pcopy -p host --json \
		--checksum=sha256:sums --also="$thin" sparse "$two" --size=20M
	is "and that is in the report" "$(value '.also[0].dropped')" true
	is "with the error" "$(value '.errors[0] | [.where, .errno] | tojson')" \
		"[\"$thin\",28]"
	like "and told" "$(cat "$work/stderr")" \
		"^p2pcopy: write $thin at [0-9]+: No space left .*dropped"
	ok "the other one is complete" cmp -n 20971520 sparse two.img
	is "and has a checksum" "$(cut -d' ' -f3 sums)" "$two"
	exits 1 "when it is the first, too" \
		p2pcopy -p host --also="$two" data "$thin" --seek=12M
	ok "the other one is complete" \
		cmp -n 8388608 -i 0:12582912 data two.img
	rm -f j
	exits 6 "alone it ends the copy, which a journal can resume" \
		p2pcopy -p host --journal=j --seek=12M data "$thin"
	like "as is said" "$(cat "$work/stderr")" 'with --resume goes on'
else
	skip "mount refuses" "one that fails is dropped"
fi
second=$(losetup --show -f two.img) && loops="$loops $second"
exits 5 "two names of one drive are one" \
	p2pcopy -p host --force --also="$second" data "$two"
done_testing
