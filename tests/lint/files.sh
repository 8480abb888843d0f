# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what a source file must and must not have: a licence line, a place in
# a makefile, functions that fit on a screen, no path of somebody's machine.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
cd "$top_srcdir" || exit 1
longest=60

# sources: what people write, by kind; not what a build leaves behind.
sources() {
	find src tests man contrib -type f \( -name '*.[ch]' -o \
		-name '*.sh' -o -name '*.mk' -o -name '*.in' -o \
		-name '*.sym' -o -name '*.[1-9]' \) ! -path '*/.libs/*' |
		sort
	printf '%s\n' Makefile.am configure.ac autogen.sh
}

# scripts: the same without a suffix, known by their first line.
scripts() {
	find tests contrib -type f ! -name '*.*' \
		-exec awk 'FNR == 1 && /^#!.*(sh|perl|awk)$/ {
			print FILENAME }' {} + | sort
}

all=$(sources; scripts)

# licence FILE: room base and lib are LGPL, the rest is GPL.
licence() {
	case $1 in
	src/base/*.[ch] | src/lib/*.[ch]) echo LGPL-2.1-or-later ;;
	*) echo GPL-2.0-or-later ;;
	esac
}

unlicensed() {
	local file
	for file in $all; do
		case $file in
		*.sym | *.pc.in) continue ;; # data of the linker, pkg-config
		esac
		head -3 "$file" | grep -q \
			"SPDX-License-Identifier: $(licence "$file")" ||
			echo "$file"
	done
}

# unlisted: files that no makefile names; a release would lack them.
unlisted() {
	local file made listed
	made=$(cat Makefile.am src/local.mk man/local.mk tests/local.mk \
		contrib/local.mk)
	for file in $all; do
		case $file in
		*.mk | Makefile.am | configure.ac | *.pc.in) continue ;;
		tests/*.c) listed="${file%.c}(\.c)?" ;; # implied by a program
		*) listed=$file ;;
		esac
		grep -qE "(/|^| |\t)${listed#*/}( |\t|\$)" <<<"$made" ||
			echo "$file"
	done
}

# gone: what the source lists name and nobody wrote.
gone() {
	local room file
	for room in src tests man contrib; do
		grep -oE '%D%/[a-zA-Z0-9_./-]+\.([chs1-9]|sh|sym|txt)\>' \
			$room/local.mk | sed 's,%D%/,,' | sort -u |
			while read -r file; do
				[ -e "$room/$file" ] || echo "$room/$file"
			done
	done
}

# long_functions: from "{" in the first column to "}" there.
long_functions() {
	find src -name '*.c' -exec awk -v longest=$longest '
		/^{/ { begun = FNR; name = before }
		/^}/ && begun {
			if (FNR - begun - 1 > longest)
				printf "%s:%d: %d lines: %s\n", FILENAME,
					begun, FNR - begun - 1, name
			begun = 0
		}
		{ before = $0 }' {} +
}

# overwritten: make's own rule makes NAME from NAME.sh, into a release, too.
overwritten() {
	local file
	for file in $(sources | grep '\.sh$'); do
		[ -e "${file%.sh}" ] && echo "${file%.sh}"
	done
}

# The brackets keep this file from finding itself.
machine_paths() {
	grep -nE '/wor[k]/|/tmp/buil[d]-|/hom[e]/[a-z]|/Users[/]' $all
	grep -rnE '/wor[k]/|/tmp/buil[d]-|/hom[e]/[a-z]' README NEWS \
		CONTRIBUTING.md 2>/dev/null
	true
}

# unnamed FILE: the packages that configure wants and FILE does not name.
unnamed() {
	local package
	for package in $(sed -nE \
		's/^P2PDMA_NEED\(.*\[([^]]+)\]\)$/\1/p' configure.ac); do
		grep -qw -- "$package" "$1" || echo "$package"
	done
}

like "there is something to look at" "$all" '^src/cli/cli\.c$'
is "every file has its licence line" "$(unlicensed)" ""
is "every file is in a makefile" "$(unlisted)" ""
is "every file that a makefile names is there" "$(gone)" ""
is "no script has the name of another with .sh added" "$(overwritten)" ""
is "no function is longer than $longest lines" "$(long_functions)" ""
is "no line of C is wider than 80 columns" \
	"$(find src tests -name '*.[ch]' -exec env LC_ALL=C.UTF-8 wc -L {} + |
		awk '$1 > 80 && $2 != "total"')" ""
is "nothing is left to be done" \
	"$(grep -nE '\<(TODO|FIXME)\>' $(sources) | grep -v '^tests/lint/')" ""
is "no file knows a path of somebody's machine" "$(machine_paths)" ""
like "configure wants packages" \
	"$(grep '^P2PDMA_NEED' configure.ac)" 'liburing-dev'
for file in README contrib/setup-debian; do
	is "$file names every package that configure wants" \
		"$(unnamed $file)" ""
done
is "no line ends in blanks" \
	"$(grep -nE '[[:blank:]]+$' $(sources) | head -20)" ""
done_testing
