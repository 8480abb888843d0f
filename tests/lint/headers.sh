# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that a header brings along what it needs, and that the installed one
# is C++, too.
. "${top_srcdir:?run it by make check}/tests/tap.sh"

# compiles COMPILER LANGUAGE-OPTIONS… HEADER: by itself, with all warnings.
compiles() {
	local header=${!#}
	echo "#include \"$header\"" >"$work/alone.c"
	# $CC may be a command with options.
	${*:1:$#-1} -Wall -Wextra -Werror -fsyntax-only \
		-include "$top_builddir/config.h" -I"$top_srcdir/src" \
		-I"$top_srcdir/tests" "$work/alone.c"
}

for header in "$top_srcdir"/src/*/*.h; do
	name=${header#"$top_srcdir"/src/}
	# A static function of a header is unused when nobody calls it.
	ok "$name compiles alone" \
		compiles $CC -std=gnu11 -Wno-unused-function "$name"
done
if [ -n "$CXX_HEADER" ]; then
	ok "lib/p2pdma.h compiles as C++" \
		compiles $CXX_HEADER -x c++ -std=c++11 -pedantic lib/p2pdma.h
else
	skip "there is no C++ compiler" "lib/p2pdma.h compiles as C++"
fi
ok "lib/p2pdma.h compiles as plain C99" \
	compiles $CC -std=c99 -pedantic lib/p2pdma.h
done_testing
