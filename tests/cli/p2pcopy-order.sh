# SPDX-License-Identifier: GPL-2.0-or-later
# Knows in which order a copy asks the kernel for what a crash or a page cache
# would show otherwise: a file is on stable media before it has its name, and
# the name afterwards; a journal, too; and what is verified is not in memory.
# What goes through io_uring strace does not see: tests/unit/test-copy-flush.c.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
command -v strace >/dev/null ||
	skip_all "there is no strace (apt-get install strace)"
strace -o /dev/null true 2>/dev/null ||
	skip_all "nothing may be traced here (ptrace)"
# Where O_DIRECT works; /tmp is a tmpfs on many machines.
big=$(mktemp -d /var/tmp/p2pcopy-order-XXXXXX) || exit 99
trap 'rm -rf "${big:?}" "${work:?}"' EXIT
cd "$big" || exit 1
calls=fsync,fdatasync,syncfs,linkat,renameat,renameat2,openat,fadvise64
calls=$calls,write,io_uring_enter

# traced NAME OPTION… -- STRACE-OPTION…: the calls of a copy that works, in
# record, a line each that begins with its name. Without a pipe it is in one
# process.
traced() {
	local name=$1
	local -a words=()
	shift
	while [ $# != 0 ] && [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	exits 0 "$name" env ASAN_OPTIONS=detect_leaks=0 \
		strace -f -y -qqq -o raw -e "trace=$calls,pipe2" \
		-e inject=pipe2:error=EMFILE:when=1 "${@:2}" \
		p2pcopy -q -p host "${words[@]}"
	sed -E 's/^[0-9]+ +//' raw >record
}

# ordered NAME REGEX…: passes when lines match one after the other.
ordered() {
	local name=$1
	shift
	printf '%s\n' "$@" >wanted
	ok "$name" awk 'NR == FNR { wanted[++count] = $0; next }
		at < count && $0 ~ wanted[at + 1] { at++ }
		END {
			if (at == count)
				exit 0
			print "not found in its turn: " wanted[at + 1]
			exit 1
		}' wanted record
}

# flushes: how many calls there are that wait for stable media.
flushes() {
	grep -Ec '^(fsync|fdatasync|syncfs)\(' record
}

head -c 300001 /dev/urandom >a
mkdir tree
cp a tree/file
there='[0-9]+<[^<>]*p2pcopy-order-[^/<>]*>'
# Where a file system has none without a name, it is another name.
unnamed='[0-9]+<[^<>]*/(#[0-9]+|[.][^/<>]*[.]part)>'
direct='openat[(].*(/self/fd/|[.]part").*O_DIRECT'
done='.* = 0$'

# --- a file -----------------------------------------------------------------
traced "a file that is not there yet" a b
ordered "is flushed, gets its name, and that is flushed" \
	"^fsync\\($unnamed$done" "^(link|rename)at\\(.*\"b\"$done" \
	"^fsync\\($there\\)$done"
is "and nothing else is" "$(flushes)" 2
traced "a file that is there" a b
ordered "is replaced by what is flushed, and that is flushed" \
	"^fsync\\($unnamed$done" "^renameat\\(.*[.]part\".*\"b\"$done" \
	"^fsync\\($there\\)$done"
cp a kept
traced "a file that is written in place" --in-place a kept
ordered "is flushed" "^fsync\\([0-9]+<[^<>]*/kept>\\)$done"
for to in c b kept; do
	in_place=
	[ $to != kept ] || in_place=--in-place
	traced "no flush is wanted ($to)" --no-sync $in_place a $to
	is "and there is none" "$(flushes)" 0
done

# --- a tree -----------------------------------------------------------------
# By the ring a file gets its name; one flush afterwards is all files'.
last_flush='^(io_uring_enter|syncfs)\('
traced "a tree" -r tree copy
is "its file system is flushed, when all is done" \
	"$(grep -E "$last_flush" record | tail -n 1 | sed 's/(.*//')" syncfs
ordered "that of the destination" '^io_uring_enter' \
	'^syncfs\([0-9]+<[^<>]*/copy>'
traced "a tree with no flush" -r --no-sync tree copy-2
is "has none" "$(flushes)" 0
traced "a tree with a journal" -r --no-sync --journal=t tree copy-3
ordered "is flushed before the journal tells of it, and that after it" \
	'^fsync\([0-9]+<[^<>]*/t>' "^fsync\\($there\\)$done" \
	'^syncfs\([0-9]+<[^<>]*/copy-3>' \
	'^write\([0-9]+<[^<>]*/t>, "# p2pcopy done: ' \
	'^fsync\([0-9]+<[^<>]*/t>.* = 0$'

# --- a journal --------------------------------------------------------------
traced "a copy with a journal" --journal=j a d
saves=$(grep -c '^renameat(.*"j.p2pcopy-new".*"j") = 0$' record)
# Each of its saves: WRITE, FLUSH, RENAME and the directory's FLUSH.
sed -nE -e 's/^write\([0-9]+<[^<>]*j.p2pcopy-new>.*/w/p' \
	-e 's/^fsync\([0-9]+<[^<>]*j.p2pcopy-new>.*/f/p' \
	-e 's/^renameat\(.*"j.p2pcopy-new".*"j"\) = 0$/r/p' \
	-e "s/^fsync\\($there\\).*/d/p" record | tr -d '\n' >saved
like "is saved in flushes: the new one, its name" "$(cat saved)" \
	'^(w+frd)+$'
ok "more than once" test "$saves" -gt 1
ordered "at last when the data is flushed" \
	"^fsync\\([0-9]+<[^<>]*/d>\\)$done" "^renameat\\(.*\"j\"$done"
echo precious >theirs
ln -s theirs k.p2pcopy-new
rc=0
p2pcopy -q -p host --journal=k a e >stdout 2>&1 || rc=$?
is "a link that waits for the journal is not followed" "$(cat theirs)" \
	precious
is "and the copy ends" "$rc" 1

# --- verified by reading ----------------------------------------------------
# number REGEX: which call of openat that is.
number() {
	awk -v regex="$1" '/^openat\(/ { n++ } $0 ~ regex { print n; exit }' \
		record
}
traced "a copy that is verified" --verify a f
of_source=$(number '"a", .*O_DIRECT.* = [0-9]')
of_copy=$(number "$direct.* = [0-9]")
if [ -z "$of_source" ] || [ -z "$of_copy" ]; then
	skip "this file system has no direct I/O" "past the page cache"
	done_testing
fi
ordered "past the page cache" \
	'^openat\(.*"a", .*O_DIRECT.* = [0-9]' \
	"^$direct.* = [0-9]" '^fsync' '^io_uring_enter'
traced "one of a source without direct I/O" --verify a g -- \
	-e "inject=openat:error=EINVAL:when=$of_source"
ordered "forgets what is in memory of it" \
	'^openat\(.*"a", .*O_DIRECT.*INJECTED' '^fsync' \
	'^fadvise64\([0-9]+<[^<>]*/a>, 0, 0, POSIX_FADV_DONTNEED' \
	'^io_uring_enter'
traced "one of a destination without direct I/O" --verify a h -- \
	-e "inject=openat:error=EINVAL:when=$of_copy"
ordered "forgets what is in memory of it, when it is flushed" \
	"^$direct.*INJECTED" '^fsync' \
	"^fadvise64\\($unnamed.*, 0, 0, POSIX_FADV_DONTNEED" \
	'^io_uring_enter'
done_testing
