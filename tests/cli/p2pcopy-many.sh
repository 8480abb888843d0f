# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what p2pcopy's options mean for many files at a time: one rate for all,
# a checksum each, files that are written in place.
. "${top_srcdir:?run it by make check}/tests/copies.sh"

mkdir -p tree/sub
for size in 0 1 4095 4096 65536 65537 300000 3000001; do
	random "tree/sub/f$size" $size
done
ln tree/sub/f4096 tree/other-name
random "$(printf 'tree/new\nline\\back')" 10
truncate -s 5M tree/sparse
printf data | dd of=tree/sparse bs=1 seek=3000000 conv=notrunc status=none
files=$(find tree -type f -printf . | wc -c)

# --- checksums ----------------------------------------------------------------
copies "a checksum of every file" -r --checksum=sha256:sums tree copy
is "has a line" "$(wc -l <sums)" "$files"
ok "that the tool of its name reads" sha256sum --strict --quiet -c sums
like "escaped as it does" "$(cat sums)" \
	'^\\[0-9a-f]{64}  copy/new\\nline\\\\back$'
ok "the data is there" diff -r tree copy
printf x | dd of=copy/sub/f300000 bs=1 seek=299999 conv=notrunc status=none
ok "what is changed is found" sh -c '! sha256sum --quiet -c sums'
for algo in md5 b2 sha512; do
	copies "$algo" -r --checksum=$algo:$algo.sums tree/sub $algo
	ok "is right" ${algo}sum --strict --quiet -c $algo.sums
done
copies "without a file" -r --checksum=sha1 tree/sub printed
ok "the lines are in the report" \
	sh -c "grep -v bytes '$work/stdout' | sha1sum --strict --quiet -c"
copies "in JSON" -r -J --checksum=md5 tree/sub json
is "each file has its digest" \
	"$(value '[.files[].checksum | select(. != null)] | length')" \
	"$(find tree/sub -type f | wc -l)"
is "the right one" "$(value '.files[] |
	select(.source == "tree/sub/f65537").checksum |
	.algorithm + " " + .digest')" \
	"md5 $(md5sum <tree/sub/f65537 | cut -d' ' -f1)"
copies "with --verify and --preserve" -r --verify --preserve \
	--checksum=sha256:sums tree proven
ok "it is the same" sha256sum --strict --quiet -c sums
printf 'tree/sub/f1\tone\nnone\ttwo\ntree/sub/f4096\tthree\n' >pairs
exits 1 "of a manifest" p2pcopy --provider=host --checksum=sha256:sums \
	--manifest=pairs
is "what was copied has one" "$(sed 's/.*  //' sums | sort | tr '\n' ' ')" \
	"one three "
copies "with one block at a time" -r -b 8K -d 1 --checksum=sha256:sums \
	tree small
ok "it is right" sha256sum --strict --quiet -c sums

truncate -s 33M large
for node in 1 2; do
	copies "a part of a file (node $node)" --shard=$node/2 \
		--checksum=md5:part.sums large part
	is "has no checksum" "$(cat part.sums)" ""
done
ok "the whole is there" cmp large part

# --- a rate -------------------------------------------------------------------
# What nobody used in 50 ms is caught up on, and four files are begun before
# their sizes are known: so many bytes may be ahead of 4M a second.
ahead=$((4194304 / 20 + 4 * 65536))
random tree/big 1000000
copies "one rate is for all" -r -J --rate=4M tree paced
ok "it is the same data" diff -r tree paced
is "and takes its time" "$(value '.total |
	.duration_ns / 1e9 >= (.copied_bytes - '$ahead') / 4194304')" true
printf '%s\n' tree/sub/f* >names
sed 's,\(.*/\)\(.*\),&\tpaced/sub/\2,' names >pairs
copies "of a manifest, too" -J --rate=4M --manifest=pairs
is "takes its time" "$(tail -1 "$work/stdout" | jq '.total |
	.duration_ns / 1e9 >= (.copied_bytes - '$ahead') / 4194304')" true
start=$SECONDS
p2pcopy --provider=host -r --rate=1K tree slow >/dev/null 2>"$work/err" &
pid=$!
for _ in $(seq 100); do
	[ -d slow/sub ] && break
	sleep 0.05
done
kill -USR1 $pid
for _ in $(seq 100); do
	grep -q copied "$work/err" && break
	sleep 0.05
done
like "SIGUSR1 tells how far it is" "$(cat "$work/err")" \
	'^[0-9]+ bytes \(.+\) copied, .+, .+/s \(.+/s\)$'
kill -INT $pid
wait $pid
is "a signal does not wait for it" "$? $((SECONDS - start < 30))" "130 1"

# Nothing happens while the rate is waited for, which is nobody's fault.
mkdir waits
random waits/a 60000
random waits/b 60000
copies "who waits for the rate is not held" -r --rate=15000 --io-timeout=1s \
	waits waited
ok "both are the same" diff -r waits waited

# --- in place -----------------------------------------------------------------
mkdir -p place/sub
random place/sub/f1 100000
random place/sparse 6000000
printf old >place/sub/f300000
ln place/sub/f300000 kept-name
chmod 0640 place/sub/f300000
ln -s ../../nowhere place/sub/f65537
inode=$(stat -c %i place/sparse)
copies "in place" -r --in-place tree/. place
ok "every byte is there, and no more" diff -r tree place
is "in the file that was there" "$(stat -c %i place/sparse)" "$inode"
ok "also by its other name" cmp kept-name tree/sub/f300000
is "with its mode" "$(stat -c %a place/sub/f300000)" 640
ok "a link is replaced" test -f place/sub/f65537 -a ! -L place/sub/f65537
copies "in place, preserved and verified" -r --in-place --preserve --verify \
	--checksum=sha256:sums tree/. place
ok "it is the same" sha256sum --strict --quiet -c sums
is "with its mode, now" "$(stat -c %a place/sub/f300000)" \
	"$(stat -c %a tree/sub/f300000)"
exits 5 "a file is not copied onto itself" \
	p2pcopy --provider=host --in-place --manifest=- <<<"tree/sub/f4096	tree/other-name"
like "which is told" "$(cat "$work/stderr")" \
	'refused: tree/sub/f4096 and .* share the same bytes'
ok "it is as it was" cmp tree/sub/f4096 place/sub/f4096

# --- memory that was not asked for --------------------------------------------
# said: the reasons that are on standard error, sorted, commas between them.
said() {
	sed -n 's/^p2pcopy: host memory instead of peer memory: \([a-z0-9-]*\).*/\1/p' \
		"$work/stderr" | sort | paste -sd,
}
for plan in "" --dry-run; do
	exits 0 "a tree by any memory $plan" p2pcopy -r -J $plan tree/sub auto
	is "why it is host memory is told once, and of each file $plan" \
		"$(value '[.files[] | select(.copied_bytes > 0) |
		.memory.fallback_reason | select(.)] | unique | join(",")')" \
		"$(said)"
	is "each has every key of the contract $plan" "$(value '[.files[] |
		[has("source", "destination", "memory", "block_bytes", "depth",
		"copied_bytes", "peer_bytes", "host_bytes", "skipped_bytes",
		"duration_ns", "rate_bytes_per_sec", "cpu_ns", "verify",
		"checksum", "errors")] | all] | all')" true
done
exits 0 "people" p2pcopy -r tree/sub auto
is "read it in the report, too" "$(sed -n \
	's/.*(no peer memory: \([a-z0-9-]*\)).*/\1/p' "$work/stdout")" "$(said)"
for plan in "" --dry-run; do
	exits 5 "what a guard would refuse is refused $plan" \
		p2pcopy --provider=host -J $plan --manifest=- <<-END
		tree/sub/f1	tree/sub/f1
		tree/sub/f1	second
	END
	is "with the guard's answer $plan" "$(jq -rs 'map(select(.outcome ==
		"refused"))[0] | [.guards[0].id,
		.guards[0].why == .errors[0].why, .errors[0].errno] | tojson' \
		"$work/stdout")" '["overlap",true,null]'
	is "and nothing else $plan" "$(jq -rs '.[] | select(.outcome) |
		.outcome' "$work/stdout" | sort | paste -sd,)" \
		"$([ "$plan" ] && echo planned || echo copied),refused"
done
exits 1 "a plan knows that a directory is there" p2pcopy --provider=host \
	--dry-run --manifest=- <<<"tree/sub/f1	tree/sub"

# --- a thread that takes the requests -----------------------------------------
copies "handed over" -r --sqpoll --checksum=sha256:sums tree handed
ok "all of it is there" diff -r tree handed
ok "and summed" sha256sum --strict --quiet -c sums

# --- a journal ----------------------------------------------------------------
mkdir -p many/deep
for i in $(seq 200); do
	random "many/deep/f$i" $((i * 300))
done
random many/empty 0
ln many/deep/f7 many/another

# killed_at COUNT: a copy of many, killed when there are so many files.
killed_at() {
	p2pcopy --provider=host -r --journal=map --resume \
		--journal-interval=20ms --rate=4M many resumed \
		>/dev/null 2>&1 &
	pid=$!
	for _ in $(seq 400); do
		[ "$(find resumed -type f 2>/dev/null | wc -l)" -ge "$1" ] &&
			break
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
}

# whole: every file that has its name has all of its data.
whole() {
	(cd resumed && find . -type f ! -name '.*.part') |
		while read -r name; do
			cmp "many/$name" "resumed/$name" || echo "$name"
		done
}
for count in 20 60 100 140; do
	killed_at $count
	is "killed at $count files, none is half-written" "$(whole)" ""
	ok "the journal is no longer than what is there" test \
		"$(grep -c 'done:' map)" -le "$(find resumed -type f | wc -l)"
done
writer=$(sed -n 's/^# p2pcopy process: //p' map | tail -n 1)
touch "resumed/deep/.f3.$writer-9.part" resumed/deep/.f3.1-9.part
exits 0 "and goes on" p2pcopy --provider=host -r -J --journal=map --resume \
	many resumed
ok "to the end" diff -r -x '.*.part' many resumed
is "in the same place" "$(ls resumed)" "$(ls many)"
is "without what was done before" "$(value '.total |
	.done_before_files >= 100 and .copied_bytes + .skipped_bytes ==
	'"$(find many -type f -links 1 -printf '%s\n' |
		awk '{ sum += $1 } END { print sum + 7 * 300 }')")" true
is "names of one file are so" "$(stat -c %i resumed/another)" \
	"$(stat -c %i resumed/deep/f7)"
is "what the killed one left half-written is gone" \
	"$(find resumed -name '*.part')" resumed/deep/.f3.1-9.part
printf '# p2pcopy done: - 5 17' >>map
printf changed >many/deep/f5
exits 0 "once more, after a line was torn" p2pcopy --provider=host -r -J \
	--journal=map --resume many resumed
is "only what has changed is copied" "$(value '[.files[] |
	select(.outcome == "copied" and .type == "file").source] | join(" ")')" \
	many/deep/f5
ok "it is" cmp many/deep/f5 resumed/deep/f5
rm resumed/deep/f6
exits 0 "and what is not there any more" p2pcopy --provider=host -r -J \
	--journal=map --resume many resumed
ok "is there again" cmp many/deep/f6 resumed/deep/f6
if command -v ddrescuelog >/dev/null; then
	like "ddrescue reads the journal" "$(ddrescuelog -t map)" \
		'rescued: .*\( *100%\)'
else
	skip "there is no ddrescuelog (apt-get install gddrescue)" \
		"ddrescue reads the journal"
fi
exits 1 "without --resume" p2pcopy --provider=host -r --journal=map many x
like "a journal is not written over" "$(cat "$work/stderr")" \
	'journal map is there already: add --resume'
exits 1 "one file has no such journal" \
	p2pcopy --provider=host --journal=map --resume many/deep/f1 x
like "which is told" "$(cat "$work/stderr")" 'journal map'
echo rubbish >rubbish
exits 1 "what is no journal" \
	p2pcopy --provider=host -r --journal=rubbish --resume many x
like "is told" "$(cat "$work/stderr")" 'rubbish is no journal of many files'
is "and left alone" "$(cat rubbish)" rubbish
ok "nothing was made" test ! -e x
printf '%s\tlisted/\n' many/deep/f* none >pairs
mkdir listed
exits 6 "a pair that fails can be resumed" p2pcopy --provider=host \
	--journal=list.map --manifest=pairs
like "as is told" "$(cat "$work/stderr")" 'list.map: .* with --resume goes on'
random none 10
exits 0 "then" p2pcopy --provider=host -J --journal=list.map --resume \
	--checksum=sha256:sums --manifest=pairs
is "all are copied that have no checksum" "$(tail -1 "$work/stdout" |
	jq .total.done_before_files)" 0
exits 0 "and again" p2pcopy --provider=host -J --journal=list.map --resume \
	--checksum=sha256:sums --manifest=pairs
is "all were done before" "$(tail -1 "$work/stdout" |
	jq .total.done_before_files)" "$(wc -l <pairs)"
is "and have one" "$(wc -l <sums)" "$(wc -l <pairs)"
ok "that is right" sha256sum --strict --quiet -c sums

# --- what only tells ----------------------------------------------------------
random precious 5000
cp precious kept
for option in --output --journal --checksum=sha256: ; do
	[[ $option = *: ]] || option+==
	name=${option//[^a-z]/}
	# Of the names of a pair, one is where it is told.
	printf 'precious\t%s.out\nprecious\t%s.other\n' "$name" "$name" >pairs
	[ $option != --output= ] || rm -f "$name.out"
	[ $option = --output= ] || printf old >"$name.out"
	rm -f journal.out
	p2pcopy --provider=host -F json "$option$name.out" --manifest=pairs \
		>"$work/stdout" 2>"$work/stderr"
	ok "$option a copy of that name is told to have failed" test $? != 0
	ok "$option the other pair is copied" cmp precious "$name.other"
	printf '%s\tx.%s\n' precious "$name" >pairs
	p2pcopy --provider=host -F json "${option}precious" --manifest=pairs \
		>"$work/stdout" 2>"$work/stderr"
	ok "$option a source of that name is told" test $? != 0
	ok "$option and kept" cmp precious kept
	[ $option = --output= ] || continue
	ok "$option a copy that came first is kept" cmp precious output.out
done
# kept OPTION OTHER WHAT: where OPTION's file is a source, OTHER is written.
kept() {
	printf 'precious\tx.kept\n' >pairs
	exits 5 "$1 is a source" p2pcopy --provider=host -F json \
		"$1"precious "$2"other.out --manifest=pairs
	ok "and kept" cmp precious kept
	like "its sentence is its own" "$(cat "$work/stderr")" \
		"^p2pcopy: .*/precious is copied from: the $3 not written"
	is "and the only one" "$(grep -c 'copied from' "$work/stderr")" 1
	ok "$2 is written" test -e other.out
	rm -f other.out
}
kept --output= --checksum=sha256: "report is"
kept --checksum=sha256: --output= "checksums are"
exits 1 "without its manifest" \
	p2pcopy --provider=host -J --manifest=missing
is "nothing is complete" "$(value .total.complete)" false
printf '# Mapfile.\n' >no-journal
exits 1 "with a journal that is none" \
	p2pcopy -p host -r -J --journal=no-journal --resume tree nowhere
is "there is a report of nothing" \
	"$(value '[.total.complete, .total.copied_bytes] | tostring')" \
	"[false,0]"
exits 0 "a part of more" p2pcopy --provider=host -r --shard=1/3 many parts
like "says which one it is" "$(cat "$work/stderr")" 'shard: part 1 of 3'
exits 2 "more parts than there can be" \
	p2pcopy --provider=host -r --shard=1/4000000000 many parts
like "is out of range" "$(cat "$work/stderr")" 'out of range'

# --- one destination for two ---------------------------------------------------
mkdir -p twice/a twice/b twice/into
ln -s . twice/here
taken='its destination is taken in this run already \(give each'
# The first one is there, whole; the other one failed, and says why.
first_wins() {
	local name=$1 first=$2 copy=$3
	shift 3
	exits 1 "$name" p2pcopy --provider=host "$@"
	ok "the first one is there" cmp "$first" "$copy"
	like "why the other is not" "$(cat "$work/stderr")" "$taken"
}
for size in 4 3000000; do
	random twice/a/f $size
	random twice/b/f $size
	for mode in --verify --in-place --checksum=md5:twice/sums; do
		rm -f twice/into/*
		first_wins "two of one name ($size, $mode)" twice/a/f \
			twice/into/f $mode twice/a/f twice/b/f twice/into
	done
	first_wins "what was there is replaced once ($size)" twice/b/f \
		twice/into/f twice/b/f twice/a/f twice/into
	first_wins "one source twice ($size)" twice/a/f twice/into/f \
		twice/a/f twice/a/f twice/into
	for other in ./twice/pair twice/here/pair "$PWD/twice/pair"; do
		rm -f twice/pair
		printf 'twice/a/f\ttwice/pair\ntwice/b/f\t%s\n' "$other" >pairs
		first_wins "in a manifest ($size, $other)" twice/a/f \
			twice/pair --manifest=pairs
	done
	exits 1 "a link to it ($size)" sh -c 'ln -sf pair twice/link &&
		printf "twice/b/f\ttwice/pair\ntwice/a/f\ttwice/link\n" |
		p2pcopy --provider=host --manifest=-'
	ok "the first one is there" cmp twice/b/f twice/pair
	for mode in --verify --in-place; do
		rm -f twice/one twice/two
		echo old >twice/one
		ln twice/one twice/two
		printf 'twice/a/f\ttwice/one\ntwice/b/f\ttwice/two\n' >pairs
		first_wins "another name of it ($size, $mode)" twice/a/f \
			twice/two $mode --manifest=pairs
	done
done
printf 'twice/a/f\ttwice/dry\ntwice/b/f\ttwice/dry\n' >pairs
exits 1 "in a dry run" p2pcopy --provider=host --dry-run --manifest=pairs
like "it is told, too" "$(cat "$work/stderr")" "$taken"
mkdir -p twice/c/t twice/d/t twice/trees
random twice/c/t/f 5000
random twice/d/t/f 5000
random twice/d/t/g 5000
ln -s c-link twice/c/t/l
ln -s d-link twice/d/t/l
first_wins "two trees that meet" twice/c/t/f twice/trees/t/f \
	-r twice/c/t twice/d/t twice/trees
is "also in a link" "$(readlink twice/trees/t/l)" c-link
ok "where they do not, both are there" cmp twice/d/t/g twice/trees/t/g
mkdir twice/linked
echo old >twice/linked/f
ln twice/linked/f twice/linked/g
for mode in --verify --in-place; do
	exits 1 "names of one file, for files of a tree ($mode)" \
		p2pcopy --provider=host -r $mode twice/d/t/. twice/linked
	like "why not both" "$(cat "$work/stderr")" "$taken"
done
printf 'twice/a/f\ttwice/again\ntwice/b/f\ttwice/again\n' >pairs
for more in --verify --resume; do
	first_wins "with a journal ($more)" twice/a/f twice/again \
		--journal=twice/map $more --manifest=pairs
done
truncate -s 1M twice/image
if loop=$(losetup -f --show twice/image 2>/dev/null); then
	loops="$loops $loop"
	random twice/a/drive 1048576
	random twice/b/drive 1048576
	ln -s "$loop" twice/drive
	printf 'twice/a/drive\t%s\ntwice/b/drive\t%s\n' \
		"$loop" "$loop" >pairs
	first_wins "a drive" twice/a/drive "$loop" --manifest=pairs
	printf 'twice/b/drive\t%s\ntwice/a/drive\ttwice/drive\n' \
		"$loop" >pairs
	first_wins "another name of it" twice/b/drive "$loop" --manifest=pairs
else
	skip "loop devices need root" "a drive is no destination twice"
fi

# --- what makes no sense ------------------------------------------------------
refuses() {
	local option=$1 why=$2
	exits 2 "$option is not for many files" \
		p2pcopy --provider=host -r "$option" tree x
	like "which is told, with what to do" "$(cat "$work/stderr")" "$why"
}
refuses --skip=4K '--skip: each of many files .* \(copy that one alone\)'
refuses --engine=passthrough '--engine: only whole drives .* \(name them'
refuses --iopoll '--iopoll: files are opened .* \(name drives'
ok "nothing was made" test ! -e x
done_testing
