# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that no system call's failure ends in a crash, a hang, a false success
# or half a file under a final name: strace makes them fail, one in each run.
# What comes by io_uring's completions is tests/unit/test-completion.c's.
#
#   SWEEP=all bash tests/cli/p2pcopy-errno.sh    each call of a copy with each
#                errno, in minutes [each kind of call with each errno once]
. "${top_srcdir:?run it by make check}/tests/tap.sh"
command -v strace >/dev/null ||
	skip_all "there is no strace (apt-get install strace)"
strace -o /dev/null true 2>/dev/null ||
	skip_all "nothing may be traced here (ptrace)"
# Where O_DIRECT works; /tmp is a tmpfs on many machines.
big=$(mktemp -d /var/tmp/p2pcopy-errno-XXXXXX) || exit 99
trap 'rm -rf "${big:?}" "$work"' EXIT
cd "$big" || exit 1
limit=30
injected=0

# What libtool's wrapper starts, without the wrapper.
mapfile -t real < <("$top_builddir/libtool" --mode=execute \
	sh -c 'printf "%s\n" "$1" "$LD_LIBRARY_PATH"' sh \
	"$top_builddir/src/p2pcopy")
program=${real[0]}
library_path=${real[1]}
# Of these neither knows what to do without memory, nor how to look for leaks.
memory_calls='^(mmap|munmap|madvise|mprotect)$'
sanitized=
! grep -q __asan_init "$program" || sanitized=1

# What each call's manual page names and a copy can meet. A call that is not
# here does not fail, or not by an errno (brk), or is not ours to check (that
# of a signal's handler). ENOENT of getdents64 is the end of a directory that was
# removed: the C library says no more.
errnos='
access EACCES EIO
clone EAGAIN ENOMEM
close EIO EINTR EDQUOT
connect ECONNREFUSED EACCES
copy_file_range EIO ENOSPC
fallocate EOPNOTSUPP ENOSPC EIO EINTR EFBIG EDQUOT EPERM ENOSYS
fchmod EPERM EIO EROFS
fchmodat EPERM EIO EROFS
fchown EPERM EIO EROFS EDQUOT
fchownat EPERM EIO EROFS EDQUOT
fcntl EACCES ENOMEM
fdatasync EIO ENOSPC EDQUOT
fgetxattr ENODATA EOPNOTSUPP EIO ERANGE
flistxattr EOPNOTSUPP EIO ERANGE
flock EINTR ENOLCK EWOULDBLOCK
fsetxattr EOPNOTSUPP ENOSPC EDQUOT EPERM
fsync EIO ENOSPC EDQUOT EROFS
ftruncate EIO EINTR EFBIG EPERM
getcwd ENOENT EACCES
getdents64 EIO EBADF
getrandom EINTR EAGAIN ENOSYS
getxattr ENODATA EOPNOTSUPP EIO
io_uring_enter EINTR EAGAIN EBUSY ENOMEM EIO
io_uring_register EINVAL ENOMEM EMFILE EPERM EBUSY
io_uring_setup ENOSYS EPERM ENOMEM EMFILE ENFILE EINVAL
ioctl ENOTTY EIO EACCES EINVAL
lgetxattr ENODATA EOPNOTSUPP EIO
linkat EEXIST EPERM EMLINK ENOSPC EXDEV ENOENT EIO
llistxattr EOPNOTSUPP EIO
lseek EINVAL EIO ENXIO
madvise EINVAL ENOMEM EAGAIN
mkdirat EACCES EEXIST ENOSPC EROFS EMLINK
mmap ENOMEM EAGAIN EACCES EPERM
munmap ENOMEM
newfstatat EACCES EIO ENOMEM ENOENT ESTALE
openat EACCES EMFILE ENFILE ENOMEM ENOENT EIO EINTR ENOSPC EROFS EPERM EINVAL
openat2 ENOSYS EACCES EAGAIN EMFILE EIO
pread64 EIO EINTR
prlimit64 EPERM
pwrite64 EIO EINTR ENOSPC
poll EINTR ENOMEM
read EIO EINTR EAGAIN ENODEV
readlink EACCES EIO ENOENT
readlinkat EACCES EIO ENOENT
renameat EACCES EBUSY ENOSPC EROFS EIO EXDEV
renameat2 EACCES EBUSY ENOSPC EROFS EIO EXDEV EINVAL EEXIST
socket EMFILE EACCES
statfs EACCES EIO ENOSYS
statx ENOSYS EACCES EIO ENOMEM
symlinkat ENOSPC EEXIST EROFS
sync_file_range EIO
syncfs EIO ENOSPC EDQUOT
unlinkat EACCES EBUSY EIO EROFS
utimensat EPERM EACCES EROFS
wait4 ECHILD EINTR
waitid ECHILD EINTR
write EIO ENOSPC EDQUOT EPIPE EINTR
'

# --- copies ------------------------------------------------------------------
# For each: what is there before, the command's words, and how the destination
# may look: "whole" says that it is what it should be, "sane" that nothing in
# it is half of something.
before_new() { rm -f b; }
words_new() { words=(a b); }
whole_new() { cmp -s a b && [ -s stdout ]; }
sane_new() { [ ! -e b ] || cmp -s a b; }

before_over() { cp old b; }
words_over() { words=(--verify --checksum=sha256:sum -o report a b); }
whole_over() { cmp -s a b && [ -s report ] && sha256sum -c --status sum; }
sane_over() { cmp -s old b || cmp -s a b; }

before_journal() { rm -f b j; }
words_journal() { words=(--journal=j --journal-interval=1ms a b); }
whole_journal() { cmp -s a b && [ -s stdout ]; }
sane_journal() {
	[ "$rc" = 0 ] && return
	# Whatever came of it, the same command goes on: from the journal, or
	# from the start where there is none.
	LD_LIBRARY_PATH=$library_path "$program" -q -p host --journal=j \
		--resume a b >again 2>&1 || { cat again >>stderr; return 1; }
	cmp -s a b
}

before_tree() { rm -rf copy; }
words_tree() { words=(-r --preserve tree copy); }
whole_tree() { diff -r tree copy >/dev/null; }
sane_tree() {
	! diff -r -x '.*part*' tree copy 2>/dev/null |
		grep -q -e differ -e 'Only in copy'
}

head -c 300001 /dev/urandom >a
head -c 200000 /dev/urandom >old
mkdir -p tree/deep
cp a tree/file
head -c 70000 old >tree/deep/file
: >tree/deep/empty
ln -s file tree/link
ln tree/file tree/deep/twin

# What waits for who works, and all that it does.
before_apart() { before_new; }
words_apart() { words_new; }
whole_apart() { whole_new; }
sane_apart() { sane_new; }

# run STRACE-OPTION…: the copy of $kind, its exit code in $rc. Each process
# would have calls with numbers of its own: without a pipe there is but one.
run() {
	[ "$kind" = apart ] ||
		set -- "$@" -e inject=pipe2:error=EMFILE:when=1
	"before_$kind"
	rm -f report sum stderr
	"words_$kind"
	LD_LIBRARY_PATH=$library_path ASAN_OPTIONS=detect_leaks=0 \
		timeout -s KILL $limit strace -f --seccomp-bpf -qqq "$@" \
		"$program" -q -p host "${words[@]}" >stdout 2>stderr
	rc=$?
}

# --- what can fail -------------------------------------------------------------
# list_calls: NAME NUMBER WHERE of each call between the program's start and
# its end, of its first process; where is "copy" since the source was looked at.
# One of the many that read the names of PCI devices stands for all.
list_calls() {
	awk '!process { process = $1 }
	$1 != process { next }
	{ sub(/^[0-9]+ +/, "") }
	!/^[a-z0-9_]+\(/ { next }
	{ name = $0; sub(/\(.*/, "", name); number[name]++ }
	/^rt_sigaction\(SIGINT/ { begun = 1; next }
	/pci\.ids/ { split($0, part, "= "); names = part[2] + 0 }
	names && name == "close" { names = 0 }
	begun && /"(a|tree)"|^io_uring_setup/ { where = "copy" }
	names && name == "read" && read_once++ { next }
	begun { print name, number[name], where ? where : "scan" }' "$1"
}

# errnos_of NAME: words.
errnos_of() {
	sed -n "s/^$1 //p" <<<"$errnos"
}

# points: NAME NUMBER ERRNO, as many as are wanted. Each call of the copy itself
# with each errno; of the calls before it each with one; or, for a sample, each
# name with each errno at some call.
points() {
	local name number where error
	local -A turn=()
	while read -r name number where; do
		[ -z "$sanitized" ] || [[ ! $name =~ $memory_calls ]] || continue
		local -a all=()
		read -ra all < <(errnos_of "$name")
		[ ${#all[@]} != 0 ] || continue
		if [ "${SWEEP-}" = all ] && [ "$where" = copy ]; then
			for error in "${all[@]}"; do
				echo "$name $number $error"
			done
			continue
		fi
		turn[$name]=$((${turn[$name]:--1} + 1))
		echo "$name $number ${all[turn[$name] % ${#all[@]}]}"
	done <calls
}

# sample: of the points those that no other copy has had; of each name and
# errno the last one, which is nearest to the data.
sample() {
	if [ "$kind" = apart ]; then
		grep -E '^(clone|close|poll|waitid|wait4) '
	elif [ "${SWEEP-}" = all ]; then
		sort -u
	else
		tac | awk -v kind="$number_of_kind" -v kinds="${#kinds[@]}" '
			seen[$1, $3]++ { next }
			turn[$1]++ % kinds == kind' | sort
	fi
}

# is_telling NAME CALL…: where it fails, a copy that says "done" lies.
is_telling() {
	case $1 in
	fsync | fdatasync | syncfs) return 0 ;;
	esac
	return 1
}

# judge NAME NUMBER ERRNO: what is wrong with the run, on stdout.
judge() {
	case $rc in
	0)
		"whole_$kind" || echo "says done, and it is not"
		! is_telling "$1" || echo "says done, and it may not last"
		;;
	1 | 3 | 6)
		grep -q '^p2pcopy: ' stderr || echo "fails and does not say why"
		;;
	# Where it cannot be told whether the machine is in FIPS mode, this
	# library ends the program: before a byte was written.
	134)
		grep -q "fips_enabled' in libgcrypt" stderr ||
			echo "ends with 134"
		;;
	*) echo "ends with $rc" ;;
	esac
	"sane_$kind" || echo "half of it is there (exit $rc)"
	[ "$1" = unlinkat ] || [ -z "$(find . -name '.*part*')" ] ||
		echo "leaves $(find . -name '.*part*')"
	rm -f .*part*
}

# sweep: every point, a result for each call's name.
sweep() {
	local name number error wrong last='' said=''
	while read -r name number error; do
		[ "$name" = "$last" ] || tell "$last" "$said"
		[ "$name" = "$last" ] || last=$name said=
		run -o /dev/null -e "trace=$name,pipe2" \
			-e "inject=$name:error=$error:when=$number"
		injected=$((injected + 1))
		wrong=$(judge "$name" "$number" "$error")
		[ -z "$wrong" ] || said+="$name number $number, $error: $wrong
$(head -n 3 stderr)
"
	done < <(points | sample)
	tell "$last" "$said"
}

# tell NAME WRONG
tell() {
	[ -n "$1" ] || return 0
	[ -z "$2" ]
	report $? "$kind: $1 fails"
	[ -z "$2" ] || printf %s "$2" | explain
}

read -ra kinds <<<"${KINDS:-new over journal tree apart}"
for number_of_kind in "${!kinds[@]}"; do
	kind=${kinds[number_of_kind]}
	run -o record
	is "$kind: the copy works while it is traced" "$rc" 0
	list_calls record >calls
	does='^io_uring_setup .* copy'
	[ "$kind" != apart ] || does='^poll '
	ok "$kind: its calls are known" grep -q "$does" calls
	sweep
done
echo "# $injected errors were injected"
done_testing
