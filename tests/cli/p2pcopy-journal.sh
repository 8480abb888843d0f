# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that a copy with a journal goes on after whatever ended it, and that
# the journal is one of GNU ddrescue's.
#
#   ROUNDS=100 bash tests/cli/p2pcopy-journal.sh    kills it so often [5]
. "${top_srcdir:?run it by make check}/tests/copies.sh"
mib=1048576
head -c $((24 * mib + 777)) /dev/urandom >a

# area LETTER FILE: the bytes of a map that are in that state.
area() {
	local start size letter sum=0
	while read -r start size letter; do
		[ "$letter" != "$1" ] || sum=$((sum + size))
		: "$start"
	done < <(grep -v '^#' "$2" | tail -n +2)
	echo $sum
}

# begun: waits until a journal says that something is done.
begun() {
	local _
	for _ in $(seq 200); do
		[ ! -f j ] || ! grep -q '+$' j || return 0
		sleep 0.02
	done
}

# --- what it says -------------------------------------------------------------
exits 2 "to resume needs a journal" p2pcopy --resume a b
copies "a copy with a journal" --journal=j a b
ok "is equal" cmp a b
is "everything is done" "$(area + j)" "$(stat -c %s a)"
is "no new one is left" "$(ls -A)" "$(printf 'a\nb\nj')"
if command -v ddrescuelog >/dev/null; then
	ok "ddrescuelog finds it complete" ddrescuelog -D j
	like "and all of it rescued" "$(ddrescuelog -t j)" \
		'rescued: .*\(100(\.00)?%\)'
else
	skip "there is no ddrescuelog (apt-get install gddrescue)" \
		"ddrescuelog finds it complete"
fi
exits 1 "a journal that is there is not written over" \
	p2pcopy --provider=host --journal=j a b
like "and what to do is said" "$(cat "$work/stderr")" \
	'journal j is there already: add --resume .* or remove it'
copies "what is complete needs no more copying" --json --journal=j \
	--resume a b
is "nothing is copied" "$(value .copied_bytes)" 0
is "all of it was there" "$(value .skipped_bytes)" "$(stat -c %s a)"
rm -f b j
cp a x.new
copies "a source that is called as the journal and .new" --journal=x x.new b
ok "is not written over" cmp a x.new
rm -f b x x.new
mkfifo pipe
for special in pipe /dev/null; do
	exits 1 "no journal takes the place of a special file ($special)" \
		p2pcopy --provider=host --journal=$special a b
done
ok "which is still there" test -p pipe
like "what to do is said" "$(cat "$work/stderr")" 'no regular file: give it'
exits 1 "a journal that cannot be written is nothing to go on from" \
	p2pcopy --provider=host --journal=/proc/self/j a b
unlike "and not called so" "$(cat "$work/stderr")" resume
rm -f b pipe

# --- signals ------------------------------------------------------------------
p2pcopy --provider=host --rate=16M --journal=j --journal-interval=50ms \
	a b >"$work/stdout" 2>"$work/stderr" &
begun
kill -USR1 $!
sleep 0.3
kill -INT $!
wait $!
is "SIGINT ends a copy with 130" $? 130
like "and how to go on is said" "$(cat "$work/stderr")" \
	'what is done is in j: the same command with --resume goes on'
like "SIGUSR1 told how far it was" "$(cat "$work/stderr")" \
	'^[0-9]+ bytes \(.+\) copied, .+, .+/s \(.+/s\)$'
done_before=$(area + j)
ok "something was done" test "$done_before" -gt 0
copies "the same command with --resume goes on" --json --journal=j \
	--resume a b
ok "and is equal" cmp a b
is "what was done was not copied again" "$(value .skipped_bytes)" \
	"$done_before"
is "and the rest was" "$(value .copied_bytes)" \
	$(($(stat -c %s a) - done_before))
copies "a dry run tells what is left" --json --dry-run --journal=j \
	--resume a b
is "which is nothing" "$(value '.size_bytes - .skipped_bytes')" 0

# --- what does not fit --------------------------------------------------------
# misfits NAME REGEX OPTION…: a journal of something else is refused.
misfits() {
	local name=$1 regex=$2
	shift 2
	exits 1 "$name: refused" p2pcopy --provider=host --journal=j --resume "$@"
	like "$name: told" "$(cat "$work/stderr")" "$regex"
}
cp b keep
misfits "another source" 'journal j is of another source' keep b
cp a c
misfits "another destination" 'journal j is of another destination' a c
misfits "less of it" 'journal j reaches beyond what is to be' --size=1M a b
misfits "another place" 'journal j is of another range' --seek=1M a b
touch -d yesterday a
misfits "a source that changed" 'of another source, or that has changed' a b
ok "nothing was written by any of these" cmp b keep
rm -f j
p2pcopy --provider=host --journal=j a b >/dev/null 2>&1
truncate -s -1 b
misfits "a destination that was cut" 'b has [0-9]+ bytes, and journal j says' a b
is "it stays as it is" "$(stat -c %s b)" $(($(stat -c %s a) - 1))
rm -f b
misfits "a destination that is gone" 'b is not there, and journal j says' a b
ok "it is not made" test ! -e b
rm -f j
copies "a copy with a journal" --journal=j a b
born=$(sed -n 's/^# p2pcopy destination: .* born=//p' j)
if [ -n "$born" ]; then
	sed -i 's/ born=.*/ born=1.000000000/' j
	misfits "the same inode number of another file" \
		'journal j is of another destination' a b
	sed -i 's/ born=.*//' j
	copies "a journal that does not know" --journal=j --resume a b
else
	skip "when a file was born is not told here"
fi
echo "no map" >j
misfits "rubbish" 'j is no map of ddrescue.s: line 1' a b
rm -f j
copies "no journal to resume from is a start" --journal=j --resume a b
ok "that copies everything" cmp a b
rm -f j
exits 2 "the destination is no journal" \
	p2pcopy --provider=host --journal=b a b
ln b other
exits 1 "nor is another name of it" \
	p2pcopy --provider=host --in-place --journal=other a b
rm -f other
exits 1 "a journal that cannot be written" \
	p2pcopy --provider=host --journal=none/j a b
like "is told at once" "$(cat "$work/stderr")" 'write journal none/j: No such'

# --- a map of ddrescue's ------------------------------------------------------
cat >j <<-'END'
	# Mapfile. Created by GNU ddrescue version 1.27
	# Command line: ddrescue a b j
	# current_pos  current_status  current_pass
	0x00100000     ?               1
	#      pos        size  status
	0x00000000  0x00100000  +
	0x00100000  0x00000200  -
	0x00100200  0x00000E00  /
	0x00101000  0x01700309  ?
END
head -c 1M a >b
copies "goes on with a map of ddrescue's" --json --journal=j --resume a b
ok "to an equal file" cmp a b
is "from where that was" "$(value .skipped_bytes)" $mib
rm -f j

# --- places -------------------------------------------------------------------
copies "a part has a map of the source" --journal=j --skip=1M --size=2M \
	--seek=4M a b
is "with its place in it" "$(grep '+$' j | tail -1)" "0x00100000  0x00200000  +"
ok "the part is there" cmp -n 2097152 -i 1048576:4194304 a b
rm -f j b
: >real
ln -s real link
copies "a link to a journal stays one" --journal=link a b
ok "it is still a link" test -L link
ok "to the journal" grep -q '+$' real
rm -f link real b

# --- kill -9 ------------------------------------------------------------------
# Whatever is in the destination and not in the journal is copied again.
interval=100 rate=64 again_most=0 killed=0 unequal=0 wrong=0
truncate -s $((24 * mib)) a zeros
# In blocks, because they come out of order: those that differ in a byte.
again() {
	local different
	different=$(cmp -l -n $((24 * mib)) a <(cat b zeros) |
		awk '{ block = int(($1 - 1) / 65536)
			if (block != last) { n++; last = block } }
			END { print n + 0 }' last=-1)
	echo $((24 * mib - different * 65536 - $(area + j)))
}
for ((round = 0; round < ${ROUNDS:-5}; round++)); do
	rm -f b j
	p2pcopy --provider=host --block-size=64K --depth=4 --rate=${rate}M \
		--journal=j --journal-interval=${interval}ms a b \
		>/dev/null 2>&1 &
	sleep "0.$(printf '%03d' $((RANDOM % 450)))"
	kill -9 $! 2>/dev/null && killed=$((killed + 1))
	wait $! 2>/dev/null
	if [ -s j ] && [ -f b ]; then
		bytes=$(again)
		[ "$bytes" -ge 0 ] || wrong=$((wrong + 1))
		[ "$bytes" -le $again_most ] || again_most=$bytes
	fi
	p2pcopy --provider=host --journal=j --resume a b >/dev/null 2>&1 ||
		unequal=$((unequal + 1))
	cmp -s a b || unequal=$((unequal + 1))
done
is "after kill -9 it is equal every time, of ${ROUNDS:-5}" $unequal 0
is "the journal never says more than is there" $wrong 0
ok "some were killed on the way" test $killed -gt 0
echo "# copied again at most $again_most bytes"
# The journal is late by its interval and by as long as a flush takes; nobody
# promises how long that is, so that it gets as much again.
ok "less than an interval and its flush is copied again" \
	test $again_most -lt $((2 * interval * rate * mib / 1000))
done_testing
