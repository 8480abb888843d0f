# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that the library exports the functions of p2pdma.h and nothing else.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
library=$top_builddir/src/.libs/libp2pdma.so
command -v nm >/dev/null || skip_all "there is no nm"
[ -e "$library" ] || skip_all "the library is not built as a shared one"

# Every function that the preprocessed header declares: "name(" with no
# "(*" before it, which would be a type of a function.
declared=$(echo '#include "lib/p2pdma.h"' |
	$CC -E -P -I"$top_srcdir/src" -x c - |
	grep -oE '\<p2pdma_[a-z0-9_]+ ?\(' | tr -d ' (' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '$2 ~ /[TWDBRV]/ {
	sub(/@.*/, "", $3); print $3 }' | sort -u)

like "the header declares functions" "$declared" '^p2pdma_context_create$'
is "every function of the header is exported" \
	"$(comm -23 <(echo "$declared") <(echo "$exported"))" ""
is "nothing else is exported" \
	"$(comm -13 <(echo "$declared") <(echo "$exported"))" ""
is "the version script names the same functions" \
	"$(grep -oE '\<p2pdma_[a-z0-9_]+' \
		"$top_srcdir/src/lib/libp2pdma.sym" | sort -u)" "$declared"
done_testing
