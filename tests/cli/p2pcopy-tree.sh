# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what p2pcopy does with many files: trees as cp -a has them, lists of
# pairs, and work that is dealt to nodes. Peer memory is the lab's business.
. "${top_srcdir:?run it by make check}/tests/copies.sh"

# listing DIR: every name below it, and what cp -a keeps of it.
listing() {
	(cd "$1" && find . -printf '%P|%y|%m|%U:%G|%s|%l|%n|%T@\n' | sort)
}

# names DIR: the same without what only --preserve keeps.
names() {
	(cd "$1" && find . -printf '%P|%y|%l\n' | sort)
}

# --- a tree -------------------------------------------------------------------
mkdir -p tree/sub/deep tree/empty "tree/with space"
for size in 0 1 4095 4096 4097 65535 65536 65537 262144 262145 3000001; do
	random "tree/sub/f$size" $size
done
random tree/sub/deep/x 100000
random "$(printf 'tree/with space/new\nline\ttab\\back\377byte')" 10
ln -s ../nowhere tree/link
ln -s sub tree/link-to-directory
mkfifo tree/pipe
ln tree/sub/f4097 tree/other-name
ln tree/sub/f4097 tree/empty/third-name
truncate -s 10M tree/sparse
printf data | dd of=tree/sparse bs=1 seek=5000000 conv=notrunc status=none
random tree/sub/locked 5000
chmod 0444 tree/sub/locked
chmod 0555 tree/sub/deep
touch -d '2001-02-03 04:05:06.789' tree/sub/f1 tree/empty tree/sub/deep
exits 1 "a tree needs -r" p2pcopy --provider=host --preserve tree copy
like "and is told so" "$(cat "$work/stderr")" \
	'read tree: Is a directory \(-r copies directories\)'
ok "nothing was made" test ! -e copy
copies "with -r it is copied" -r tree copy
ok "every byte of it" diff -r --no-dereference -x pipe tree copy
is "with every name" "$(names copy)" "$(names tree)"
is "names of one file are so again" \
	"$(stat -c %i copy/other-name copy/empty/third-name | sort -u)" \
	"$(stat -c %i copy/sub/f4097)"
is "a hole is one" "$(($(stat -c %b copy/sparse) < 100))" 1
is "of the same size" "$(stat -c %s copy/sparse)" "$(stat -c %s tree/sparse)"
is "a directory's mode is kept" "$(stat -c %a copy/sub/deep)" 555
is "and a file's" "$(stat -c %a copy/sub/locked)" 444
unlike "times are not" "$(stat -c %Y copy/sub/f1)" "^$(stat -c %Y tree/sub/f1)\$"
is "nothing half-written is left" "$(find copy -name '*.part')" ""
copies "again, into it" -r tree copy
ok "it is in there" diff -r --no-dereference -x pipe tree copy/tree
copies "over itself, by another name" -r tree/. copy
ok "it is the same" diff -r --no-dereference -x pipe tree/sub copy/sub

copies "--preserve keeps more" -r --preserve tree kept
cp -a tree cp-a
is "all that cp -a keeps" "$(listing kept)" "$(listing cp-a)"
copies "a file alone" --preserve tree/sub/f1 one
is "its time too" "$(stat -c %y one)" "$(stat -c %y tree/sub/f1)"
if setfattr -n user.colour -v blue tree/sub/f1 2>/dev/null; then
	copies "an attribute" -r --preserve tree/sub attributed
	is "is kept" "$(getfattr --only-values -n user.colour attributed/f1)" \
		blue
else
	skip "no user attributes here (setfattr)" "an attribute is kept"
fi
copies "--sparse=never" -r --sparse=never tree filled
is "fills holes" "$(($(stat -c %b filled/sparse) >= 20000))" 1
ok "with zeros" cmp tree/sparse filled/sparse

# --- as cp --------------------------------------------------------------------
mkdir into
copies "several sources go into a directory" tree/sub/f1 tree/sub/f4096 into
is "under their names" "$(ls into | tr '\n' ' ')" "f1 f4096 "
exits 1 "and nowhere else" p2pcopy --provider=host tree/sub/f1 one two
copies "a trailing slash is no name" -r tree/sub/ into
ok "of a directory" diff -r tree/sub into/sub
copies "a link is a link" -r tree/link-to-directory into
is "with -r" "$(readlink into/link-to-directory)" sub
copies "unless a slash follows it" -r tree/link-to-directory/ followed
ok "then it is what it points to" test -d followed -a ! -L followed
copies "without -r it is followed" tree/sub/f1 into/link 2>/dev/null
exits 1 "a tree is not copied into itself" \
	p2pcopy --provider=host -r tree tree/sub/copy
like "which is told" "$(cat "$work/stderr")" 'not copied into itself'
ok "nothing was made" test ! -e tree/sub/copy
exits 1 "nor onto itself" p2pcopy --provider=host -r tree/. tree
exits 5 "a file by its other name is the same file" \
	p2pcopy --provider=host --preserve tree/other-name tree/sub/f4097
ok "and it is as it was" cmp tree/sub/f4097 copy/sub/f4097
mkdir -p clash/sub/f1 clash/link
exits 1 "a directory is not replaced by a file" \
	p2pcopy --provider=host -r tree/. clash
like "but told" "$(cat "$work/stderr")" 'clash/\.?/?sub/f1: Is a directory'
ok "the rest is there" cmp tree/sub/f4096 clash/sub/f4096
mkdir target swap
ln -s ../target swap/sub
exits 1 "a link in the place of a directory is not followed" \
	p2pcopy --provider=host -r tree/. swap
is "nothing went where it points to" "$(ls target)" ""
printf old >old-target
ln -s ../old-target into/f65536
copies "a link in the place of a file" -r tree/sub/. into
ok "is replaced" test -f into/f65536 -a ! -L into/f65536
is "not followed" "$(cat old-target)" old
printf old >into/f1
chmod 0640 into/f1
copies "what is replaced" -r tree/sub/. into
is "gives its mode" "$(stat -c %a into/f1)" 640
ok "and has the data" cmp tree/sub/f1 into/f1
printf a >two-names
ln two-names into/f4097.second
ln -f two-names into/f4097
copies "a file with other names" -r tree/sub/. into
ok "is written in place" cmp two-names tree/sub/f4097
is "and keeps them" "$(stat -c %h two-names)" 3

# --- what fails ---------------------------------------------------------------
# Root reads everything: nobody, instead.
as=()
[ "$(id -u)" != 0 ] ||
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 0 tree/sub/f0
chmod 755 .
mkdir -m 777 open
exits 1 "an unreadable file" "${as[@]}" p2pcopy --provider=host -r tree \
	open/partly
like "is named" "$(cat "$work/stderr")" 'open tree/sub/f0: Permission'
chmod 0644 tree/sub/f0
is "the others are there" "$(find open/partly -name 'f*' | wc -l)" 10
rm -r open
exits 1 "a source that is not there" \
	p2pcopy --provider=host -r none tree/sub clash
like "is named" "$(cat "$work/stderr")" '^p2pcopy: look at none: No such file'
ok "the others are there" diff -r tree/sub clash/sub/../sub --exclude='f1'
exits 2 "a part of many is wrong usage" p2pcopy -r --skip=4K tree x
exits 2 "so is what many files do not have" \
	p2pcopy -r --engine=passthrough tree x
exits 2 "so is one of them" p2pcopy -r tree

# --- reports ------------------------------------------------------------------
copies "a report of a tree" -r -J tree reported
is "is one object" "$(jq -s length "$work/stdout")" 1
is "of all that is in it" "$(value '.files | length')" \
	"$(find tree -printf . | wc -c)"
is "with the sum" "$(value .total.copied_bytes)" \
	"$(value '[.files[].copied_bytes] | add')"
is "kinds and outcomes" \
	"$(value '[.files[] | .type + " " + .outcome] | unique | join(",")')" \
	"directory copied,file copied,file linked,special copied,symlink copied"
is "holes apart" "$(value '.total.skipped_bytes > 9000000')" true
copies "a plan" -r -J --dry-run --checksum=md5:plan.sums --journal=plan.map \
	tree planned
is "writes nothing" "$(ls -d plan*)" ""
is "and counts" "$(value '[.dry_run, (.files | length)] | @csv')" \
	"true,$(find tree -printf . | wc -c)"
copies "for people" -r -v --sparse=never tree verbose
like "names are escaped" "$(cat "$work/stdout")" \
	'with space/new\\nline\\ttab\\\\back\\377byte'
like "and the sum is told" "$(tail -1 "$work/stdout")" \
	'^[0-9]+ files, 5 directories, 2 hard links, 3 links and nodes: '
copies "progress" -r --progress=json tree watched
is "knows the whole" \
	"$(tail -1 "$work/stderr" | jq '.done_bytes > 3000000 and .total_bytes > 3000000')" \
	true

copies "verifying" -r -J --verify --preserve tree verified
is "reads every file again" "$(value '[.files[] |
	select(.type == "file" and .outcome == "copied" and .copied_bytes > 0) |
	.verify.ok] | all')" true
cp -a tree cp-a-now
is "and the copy is complete" "$(listing verified)" "$(listing cp-a-now)"

# --- manifests ----------------------------------------------------------------
mkdir list
printf 'tree/sub/f4097\tlist/a\nnone\tlist/b\n\ntree/sub/f1\tlist/\nrubbish\n' \
	>pairs
exits 1 "a pair that fails does not stop the others" \
	p2pcopy --provider=host --manifest=pairs
ok "the first is there" cmp tree/sub/f4097 list/a
ok "the last, too" cmp tree/sub/f1 list/f1
is "each has a line" "$(grep -c -e '->' "$work/stdout")" 3
like "also the one that failed" "$(cat "$work/stdout")" \
	'^FAILED none -> list/b: look at none: No such file'
like "what is no pair is told by its number" "$(cat "$work/stderr")" \
	'pairs: pair 4: not SOURCE, one tab, DEST'
exits 1 "JSON is an object a line" \
	p2pcopy --provider=host -J --manifest=- <pairs
is "and one with the sum" "$(jq -s length "$work/stdout")" 4
is "at the end" "$(tail -1 "$work/stdout" |
	jq '[.total.copied_files, .total.failed_files] | join(",")' -r)" 2,1
exits 1 "a device is not replaced by a file" \
	p2pcopy --provider=host --manifest=- <<<"tree/sub/f1	/dev/null"
ok "it is still one" test -c /dev/null
odd=$(printf 'tree/with space/new\nline\ttab\\back\377byte')
printf '%s\0%s\0' "$odd" "list/o	d
d" >pairs
copies "with NUL, names have any byte" -0 --manifest=pairs
ok "it is there" cmp "$odd" "list/o	d
d"
exits 2 "a manifest has no operands" p2pcopy --manifest=pairs a b
exits 2 "-0 is for a manifest" p2pcopy -r -0 tree x
mkfifo list/pairs
p2pcopy --provider=host --manifest=list/pairs >"$work/live" &
exec 7>list/pairs
printf 'tree/sub/f4096\tlist/live\n' >&7
for _ in $(seq 100); do
	grep -q live "$work/live" && break
	sleep 0.05
done
like "a result comes before the next pair does" "$(cat "$work/live")" \
	'^tree/sub/f4096 -> list/live: 4096 bytes'
exec 7>&-
wait $!
is "and the end ends it" $? 0

# --- shards -------------------------------------------------------------------
random tree/sub/big 100000001
random tree/sub/mid 33554432
ln tree/sub/mid tree/sub/middle
for nodes in 1 2 3 7; do
	for node in $(seq $nodes); do
		p2pcopy -r -J --provider=host --shard=$node/$nodes \
			tree sharded >"$work/shard.$node" 2>"$work/errors.$node" &
	done
	wait
	is "$nodes nodes copy every byte once" \
		"$(cat "$work"/shard.* | jq -s '[.[].total |
			.copied_bytes + .skipped_bytes] | add')" \
		"$(find tree -type f -printf '%i %s\n' | sort -u |
			awk '{ sum += $2 } END { print sum }')"
	ok "the right ones" diff -r --no-dereference -x pipe tree sharded
	is "with every name" "$(names sharded)" "$(names tree)"
	is "and names of one file are so" \
		"$(stat -c %i sharded/other-name sharded/sub/f4097 | uniq |
			wc -l)" 1
	rm -rf sharded "$work"/shard.*
done
exits 0 "a launcher tells the place" env -u PMI_RANK SLURM_PROCID=0 \
	SLURM_NTASKS=1 p2pcopy -r --provider=host --shard=auto tree sharded
ok "of one that is all" diff -r --no-dereference -x pipe tree sharded
printf 'longer than the source' | dd of=sharded/sub/big bs=1 seek=120000000 \
	conv=notrunc status=none
for node in 1 2; do
	p2pcopy -r --provider=host --shard=$node/2 tree sharded \
		>/dev/null 2>&1 &
done
wait
ok "what was there before is cut behind its end" \
	cmp tree/sub/big sharded/sub/big
exits 2 "a part of nothing is wrong usage" p2pcopy --shard=3/2 a b
exits 2 "no launcher is none" env -i \
	LD_LIBRARY_PATH="${LD_LIBRARY_PATH-}" "$(command -v p2pcopy)" \
	--shard=auto a b
like "and said to be missing" "$(cat "$work/stderr")" 'no launcher'

done_testing
