# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that mandoc finds nothing to warn of, and that what a page refers to
# is there.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
[ -n "$MANDOC" ] || skip_all "there is no mandoc (apt-get install mandoc)"

# missing PAGE: the p2p… pages that it names and that do not exist, but for
# those of programs that this build has not.
missing() {
	sed -nE 's/^\.Xr (p2p[a-z_-]+) ([0-9]).*/\1.\2/p' "$1" | sort -u |
		while read -r other; do
			case $other in
			p2pcopy.1 | p2pbench.1)
				[ -x "$top_builddir/src/${other%.1}" ] ||
					continue ;;
			esac
			[ -e "$top_srcdir/man/$other" ] || echo "$other"
		done
}

for page in "$top_srcdir"/man/*.[1-9]; do
	name=${page##*/}
	is "$name has nothing to warn of" \
		"$("$MANDOC" -Tlint -Wwarning "$page" 2>&1 |
			grep -v 'referenced manual not found')" ""
	is "$name refers to pages that exist" "$(missing "$page")" ""
	like "$name is in the list of pages" \
		"$(cat "$top_srcdir/man/local.mk")" "%D%/$name( |\$)"
done
done_testing
