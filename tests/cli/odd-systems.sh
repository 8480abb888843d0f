# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that on old, small and closed systems the programs do what can be done
# there, and otherwise say in one sentence what is missing: system call filters
# as containers have them, no io_uring, no /proc, no /sys, no capabilities, an
# ordinary user, few descriptors, nowhere to write a report to.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
# Where O_DIRECT works; /tmp is a tmpfs on many machines.
big=$(mktemp -d /var/tmp/p2pdma-odd-XXXXXX) || exit 99
trap 'rm -rf "${big:?}" "$work"' EXIT
cd "$big" || exit 1
chmod 755 .
deny=$top_builddir/tests/cli/deny
head -c 300001 /dev/urandom >a
mkdir tree
cp a tree/one
echo two >tree/two
mkdir tree/sub
ln tree/one tree/sub/other-name

# copies NAME WRAPPER…: a file and a tree, below WRAPPER.
copies() {
	local name=$1
	shift
	rm -rf b copy
	exits 0 "$name: a file is copied" "$@" p2pcopy -p host --verify a b
	ok "$name: it is the same" cmp a b
	exits 0 "$name: a tree is copied" "$@" p2pcopy -p host -r \
		--preserve tree copy
	ok "$name: it is the same, too" diff -r tree copy
	ok "$name: with both names of one file" test copy/one -ef \
		copy/sub/other-name
}

# refuses NAME REGEX COMMAND…: soon, with exit 1 and one sentence.
refuses() {
	local name=$1 regex=$2
	shift 2
	rm -rf b copy
	exits 1 "$name: refused" timeout 20 "$@"
	like "$name: why, and what to do" "$(tail -n 1 "$work/stderr")" "$regex"
	is "$name: nothing is left" "$(find . -name '*part*' -o -name b)" ""
}

# --- system call filters ------------------------------------------------------
if "$deny" EPERM statx true 2>/dev/null; then
	for call in openat2 statx fallocate renameat2 madvise; do
		copies "ENOSYS from $call" "$deny" ENOSYS $call
		copies "EPERM from $call" "$deny" EPERM $call
	done
	# Denied, it ends any program in json-c 0.18 (arc4random(3)).
	copies "ENOSYS from getrandom" "$deny" ENOSYS getrandom
	all=io_uring_setup,io_uring_enter,io_uring_register
	no_ring='use io_uring: Function not implemented .*container'
	forbidden='use io_uring: Operation not permitted .*io_uring_disabled'
	for calls in $all io_uring_enter io_uring_register; do
		refuses "p2pcopy, ENOSYS from $calls" "^p2pcopy: $no_ring" \
			"$deny" ENOSYS $calls p2pcopy -p host a b
		refuses "p2pcopy, EPERM from $calls" "^p2pcopy: $forbidden" \
			"$deny" EPERM $calls p2pcopy -J -p host a b
		like "programs read it in the report" "$(cat "$work/stdout")" \
			"\"why\": ?\"$forbidden"
		refuses "p2pcopy -r, EPERM from $calls" "^p2pcopy: $forbidden" \
			"$deny" EPERM $calls p2pcopy -p host -r tree copy
	done
	refuses "p2pbench, no io_uring" "^p2pbench: $forbidden" \
		"$deny" EPERM $all p2pbench -p host -t 100ms a
	refuses "p2pbench, hidden io_uring" "^p2pbench: $no_ring" \
		"$deny" ENOSYS $all p2pbench -p host -t 100ms a
	exits 0 "p2ptopo needs no io_uring" "$deny" EPERM $all p2ptopo
else
	skip "no system call filters here" "calls that are denied"
fi

# --- no /proc, no /sys --------------------------------------------------------
if grep -aqs __asan_init "$top_builddir"/src/{.libs/,}p2pcopy; then
	skip "the address sanitizer itself needs /proc" "no /proc, no /sys"
elif [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	for hidden in /proc /sys '/proc /sys'; do
		cat >hide <<-END
		for place in $hidden; do
			mount -t tmpfs none \$place || exit 99
		done
		exec "\$@"
		END
		copies "no $hidden" unshare -m bash hide
		unshare -m bash hide p2ptopo >"$work/stdout" 2>"$work/stderr"
		is "no $hidden: p2ptopo answers or says why" \
			"$(($? < 4))" 1
		ok "no $hidden: in words" test -s "$work/stdout" -o \
			-s "$work/stderr"
		unshare -m bash hide p2ptopo doctor >"$work/stdout" \
			2>"$work/stderr"
		is "no $hidden: doctor is not at a loss" "$(($? < 4))" 1
		exits 0 "no $hidden: p2pbench measures" unshare -m bash hide \
			p2pbench -p host -t 100ms a
	done
else
	skip "no mount namespace" "no /proc, no /sys"
fi

# --- who may less -------------------------------------------------------------
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	copies "no capabilities" setpriv --bounding-set=-all --inh-caps=-all
	mkdir -m 777 open
	chown -R 65534:65534 open
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	cd open || exit 1
	cp -a ../a ../tree .
	chown -R 65534:65534 .
	copies "an ordinary user" "${nobody[@]}"
	exits 0 "an ordinary user: p2pbench measures" "${nobody[@]}" \
		p2pbench -p host -t 100ms a
	"${nobody[@]}" p2ptopo doctor >"$work/stdout" 2>"$work/stderr"
	is "an ordinary user: doctor answers" "$(($? < 4))" 1
	cd .. || exit 1
	rm -rf open
else
	skip "only root gives up what it has" "no capabilities"
fi

# --- little of everything -------------------------------------------------------
copies "16 descriptors" bash -c 'ulimit -S -n 16 && exec "$@"' sh
refuses "no more than 16" '^p2pcopy: copy: Too many open files' \
	bash -c 'ulimit -n 16 && p2pcopy -p host -r tree copy'
copies "no locked memory" bash -c 'ulimit -l 0 && exec "$@"' sh
rm -f b
exits 1 "a report that finds no room is an error" \
	bash -c 'p2pcopy -p host a b >/dev/full'
like "and is told" "$(cat "$work/stderr")" 'No space left on device'
ok "the copy is there" cmp a b
done_testing
