# SPDX-License-Identifier: GPL-2.0-or-later
# tests/fixture-tree makes the same tree from a fixture as the unit tests do.
work_in=memory
. "${top_srcdir:?run it by make check}/tests/tap.sh"

tree() {
	"$top_srcdir/tests/fixture-tree" "$work/tree" "$@"
}

tree - <<'END'
# a comment
file sys/a/value 0x8086
file sys/a/lines one\ntwo
file sys/a/empty
link sys/b a
hex sys/a/config 86 80 @4 ff @8
dir sys/c
END
is "a file has its value and a newline" "$(od -An -c "$work/tree/sys/a/value" |
	tr -d ' ')" '0x8086\n'
is "a newline may be in a value" "$(cat "$work/tree/sys/a/lines")" "one
two"
is "a value may be empty" "$(wc -c <"$work/tree/sys/a/empty")" 1
is "a link has its target" "$(readlink "$work/tree/sys/b")" a
is "bytes are filled up with zeros" \
	"$(od -An -tx1 "$work/tree/sys/a/config" | tr -d ' ')" 86800000ff000000
ok "a directory is there" test -d "$work/tree/sys/c"

echo 'file sys/b/value 0x1022' | tree -
is "later lines win, through links too" "$(cat "$work/tree/sys/a/value")" 0x1022

for fixture in "$top_srcdir"/tests/fixtures/*.txt; do
	rm -rf "$work/tree"
	ok "$(basename "$fixture") can be built" tree "$fixture"
done
exits 1 "what is no line of a fixture is an error" tree - <<<'fil a b'
done_testing
