# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that --help, the man page and the completion of a program tell of the
# same options, and the first two of the same words.
. "${top_srcdir:?run it by make check}/tests/tap.sh"

# help_options PROGRAM: "--json" a line; short ones beside them.
help_options() {
	"$1" --help | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\1\2/p' |
		tr -s ', ' '\n' | grep . | sort -u
}

# man_options PAGE: the tags of its lists that begin with a dash.
man_options() {
	"$MANDOC" -Tascii "$1" | sed 's/.\x08//g' |
		sed -nE 's/^     (-.*)/\1/p' | sed 's/  .*//' |
		grep -oE '(^|[ ,])--?[a-zA-Z0-9][a-z0-9-]*' | tr -d ' ,' |
		sort -u
}

# completion_options PROGRAM: what bash offers after a dash.
completion_options() {
	bash -c '
		. "$1/contrib/bash-completion/p2ptopo"
		COMP_LINE="$2 -" COMP_POINT=${#COMP_LINE}
		COMP_WORDS=("$2" -) COMP_CWORD=1
		_p2pdma "$2"
		printf "%s\n" "${COMPREPLY[@]%=}"
	' - "$top_srcdir" "$1" | sort -u
}

for program in p2ptopo p2pcopy p2pbench; do
	if [ ! -x "$top_builddir/src/$program" ]; then
		skip "this build has none" "$program tells of its options"
		continue
	fi
	options=$(help_options $program)
	like "$program --help tells of options" "$options" '^--help$'
	is "$program completes the options of --help" \
		"$(completion_options $program)" \
		"$(grep -- '^--' <<<"$options")"
	if [ -z "$MANDOC" ]; then
		skip "there is no mandoc" "$program(1) has the options of --help"
		continue
	fi
	is "$program(1) has the options of --help" \
		"$(man_options "$top_srcdir/man/$program.1")" "$options"
done
done_testing
