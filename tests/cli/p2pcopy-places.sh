# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what p2pcopy does with many files that are read once for several
# destinations: trees with --also, lines of a manifest with --destinations.
. "${top_srcdir:?run it by make check}/tests/copies.sh"

# same TREE: it is as the source, but for the pipe, which nothing reads.
same() {
	diff -r --no-dereference -x pipe tree "$1" &&
		[ -p "$1/pipe" ] && [ "$1/sub/f4097" -ef "$1/other-name" ] &&
		[ "$(stat -c %b "$1/sparse")" -lt 4096 ]
}

mkdir -p tree/sub tree/empty
for size in 0 1 4095 4097 65536 65537 262145 3000001; do
	random tree/sub/f$size $size
done
ln tree/sub/f4097 tree/other-name
ln -s sub tree/link
mkfifo tree/pipe
truncate -s 10M tree/sparse
printf data | dd of=tree/sparse bs=1 seek=5000000 conv=notrunc status=none
touch -d '2001-02-03 04:05:06.789' tree/sub tree/sub/f1

# --- trees --------------------------------------------------------------------
copies "a tree to three places" \
	-r --preserve --verify --also=b --also=c -J tree a
for copy in a b c; do
	ok "is the same in $copy" same $copy
	is "with its times" "$(stat -c %Y $copy/sub $copy/sub/f1)" \
		"$(stat -c %Y tree/sub tree/sub/f1)"
done
is "places do not share files" "$(stat -c %i a/sub/f1 b/sub/f1 c/sub/f1 |
	sort -u | wc -l)" 3
is "each is told" "$(value '[.files[] | select(.source == "tree/sub/f1") |
	.destination + " " + (.verify.ok | tostring)] | sort | join(", ")')" \
	"a/sub/f1 true, b/sub/f1 true, c/sub/f1 true"
is "and counted" "$(value .total.copied_files)" \
	$((3 * $(find tree -type f | wc -l) - 3))
is "no half file is left" "$(find a b c -name '*.part')" ""

mkdir into other
copies "into directories that are there" -r --also=other tree into
ok "under its name in one" same into/tree
ok "and in the other" same other/tree
exits 1 "one that is there and one that is not" \
	p2pcopy -p host -r --also=new tree into
like "is told" "$(cat "$work/stderr")" \
	'--also=new is no directory, and DEST is one'
exits 1 "the other way round" p2pcopy -p host -r --also=into tree new
like "is told, too" "$(cat "$work/stderr")" \
	'--also=into is a directory, and DEST is none'
ok "nothing was made" test ! -e new
exits 1 "a place that is given twice" \
	p2pcopy -p host -r --also=./twice tree twice
like "is told" "$(cat "$work/stderr")" 'given twice as a destination'
ok "it is there once" same twice
mkdir -p nested/sub
exits 1 "one place inside the other" \
	p2pcopy -p host -r --also=nested/sub/. tree/. nested/.
like "is told" "$(cat "$work/stderr")" 'lies in another one'
ok "the first one is whole" same nested
mkdir -p outer/inner
exits 1 "a place around the other" \
	p2pcopy -p host -r --also=outer/. tree/. outer/inner/.
like "is told, too" "$(cat "$work/stderr")" 'lies in another one'
mkdir d1 d2
copies "files into directories" --also=d2 tree/sub/f1 tree/sub/f4095 d1
ok "are in both" cmp d1/f4095 d2/f4095
copies "a plan" -r --dry-run -J --also=p2 tree p1
is "tells each" "$(value '[.files[] | select(.type == "file") | .outcome] |
	unique | join(" ")')" planned
is "and all bytes" "$(value .total.copied_bytes)" \
	$((2 * $(find tree -type f -printf '%s\n' |
		awk '{ n += $1 } END { printf "%d", n }')))
ok "and makes nothing" test ! -e p1 -a ! -e p2

# --- one that fails -----------------------------------------------------------
mkdir -p full
if mount -t tmpfs -o size=1M none full 2>/dev/null; then
	mounted=full
	exits 1 "a place that runs full" \
		p2pcopy -p host -r -J --also=full/tree tree whole
	ok "does not stop the other" same whole
	like "is told" "$(cat "$work/stderr")" \
		'(write|make room for|create) full/tree.*No space left'
	is "half a file is not there" "$(find full -name '*.part')" ""
	is "what has its name is whole" "$(cd full/tree && for f in sub/f*; do
		cmp "$f" ../../tree/"$f"; done 2>&1)" ""
	exits 1 "nor when it is the first" \
		p2pcopy -p host -r --also=whole2 tree full/tree2
	ok "one of several" same whole2
	umount full
	mounted=
else
	skip "a place that runs full" "no tmpfs may be mounted"
fi
mkdir -p half/sub
mkdir half/sub/f65537
mkdir other2
exits 1 "a directory in the way at one place" \
	p2pcopy -p host -r --also=other2/. tree/. half/.
like "is told" "$(cat "$work/stderr")" 'half/./sub/f65537: Is a directory'
ok "the other one has all" same other2
ok "and it has the rest" cmp tree/sub/f3000001 half/sub/f3000001

# --- checksums, journals, nodes -----------------------------------------------
copies "with checksums" -r --checksum=sha256:sums --also=s2 tree s1
ok "they are right" sha256sum --quiet -c sums
is "at each place" "$(grep -c ' s2/' sums)" "$(grep -c ' s1/' sums)"
copies "with a journal" -r --journal=j --also=j2 tree j1
rm j2/sub/f65537
copies "once more" -r --journal=j --resume -J --also=j2 tree j1
is "only what is missing" "$(value '[.files[] |
	select(.outcome == "copied" and .type == "file") | .destination] |
	join(" ")')" j2/sub/f65537
ok "the first is the same" same j1
ok "the second is the same" same j2
random tree/large 70000000
for node in 1 2 3; do
	copies "node $node of three" -r --shard=$node/3 --also=n2 tree n1
done
ok "they have made one" same n1
ok "and the other" same n2
rm tree/large

# --- manifests ----------------------------------------------------------------
mkdir m1 m2
printf '%s\tm1/%s\tm2/copy-of-%s\n' tree/sub/f1 f1 f1 tree/sparse s s >list
copies "a manifest with two destinations" -J --manifest=list --destinations=2
ok "has the first" cmp tree/sparse m1/s
ok "and the second" cmp tree/sub/f1 m2/copy-of-f1
is "a line of result each" "$(jq -s 'length' "$work/stdout")" 5
printf '%s\0' tree/sub/f1 "m1/tab	ed" m2/x >nuls
copies "by NUL" -0 --manifest=nuls --destinations=2
ok "with any byte" cmp tree/sub/f1 "m1/tab	ed"
printf 'tree/sub/f1\tm1/one\tm1/../m1/one\n' >list
exits 1 "one destination by two names" p2pcopy -p host --in-place \
	--manifest=list --destinations=2
like "is told" "$(cat "$work/stderr")" 'is given twice as a destination'
ok "and copied once" cmp tree/sub/f1 m1/one
printf 'none\tm1/c\tm2/c\ntree/sub/f1\tm1/d\t/dev/null\n%s\tm1/e\tm2/e\n' \
	tree/sub/f4095 >list
exits 1 "pairs that fail in several ways" \
	p2pcopy -p host --manifest=list --destinations=2
ok "do not stop a place that is fine" cmp tree/sub/f1 m1/d
ok "nor the other pairs" cmp tree/sub/f4095 m2/e
printf 'tree/sub/f1\tm1/a\ntree/sub/f4095\tm1/b\tm2/b\n' >list
exits 1 "a line with too few" \
	p2pcopy -p host --manifest=list --destinations=2
like "is told" "$(cat "$work/stderr")" \
	'list: pair 1: not SOURCE, and as often a tab, DEST'
ok "the others are copied" cmp tree/sub/f4095 m2/b
ok "and it is not" test ! -e m1/a
exits 1 "without the option" p2pcopy -p host --manifest=list
like "two are wrong" "$(cat "$work/stderr")" 'pair 2: not SOURCE, one tab, DEST'
exits 2 "--also is for operands" p2pcopy --manifest=list --also=x
like "which is told" "$(cat "$work/stderr")" 'see --destinations'
exits 2 "--destinations is for a manifest" p2pcopy --destinations=2 a b
exits 2 "there are not so many" p2pcopy --manifest=list --destinations=17

# --- drives -------------------------------------------------------------------
truncate -s 8M disk1 disk2 disk3
random disk1 8388608
if attach disk1; then
	one=$loop
	attach disk2 && two=$loop
	attach disk3 && three=$loop
	printf '%s\t%s\t%s\n' "$one" "$two" "$three" >list
	copies "a drive to two drives" -J --verify=compare --manifest=list \
		--destinations=2
	is "each is told" "$(jq -rs '[.[] | select(.destination) |
		.outcome + " " + .verify.method + " " +
		(.verify.fallback_reason | type)] |
		unique | join(", ")' "$work/stdout")" "copied read string"
	ok "the first is the same" cmp disk1 disk2
	ok "the second is the same" cmp disk1 disk3
	printf 'missing\t%s\t%s\n%s\t%s\t%s\n' "$two" "$three" \
		tree/sub/f1 m1/after m2/after >list
	exits 1 "a missing source for drives" p2pcopy -p host \
		--manifest=list --destinations=2
	ok "does not end the list" cmp tree/sub/f1 m2/after
	printf '%s\t%s\t%s\n' "$one" "$two" "$two" >list
	for plan in "" --dry-run; do
		exits 1 "one drive twice, $plan" p2pcopy -p host \
			$plan --manifest=list --destinations=2
		like "is told" "$(cat "$work/stderr")" 'given twice'
	done
	truncate -s 1M disk4
	attach disk4
	printf '%s\t%s\t%s\n' "$one" "$two" "$loop" >list
	dd if=/dev/zero of="$two" bs=1M count=8 conv=fsync status=none
	exits 5 "a drive that is too small beside one that is not" \
		p2pcopy -p host --manifest=list --destinations=2
	sync "$two"
	ok "does not stop that one" cmp disk1 disk2
	printf '%s\t%s\t%s\n' "$one" "$two" "$three" >list
	exits 3 "commands to what takes none" \
		p2pcopy -p host --engine=passthrough --manifest=list \
		--destinations=2
	like "are told" "$(cat "$work/stderr")" '--engine=passthrough: '
else
	skip "drives in a manifest" "no loop device"
fi
copies "files that a drive cannot compare" -r -J --verify=compare tree v
is "are read" "$(value '[.files[] | select(.verify) | .verify.method + " " +
	.verify.fallback_reason] | unique | join(" ")')" \
	"read a file system lies between"
done_testing
