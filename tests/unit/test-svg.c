/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/svg.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(text_stays_text)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	svg_text(file, "name", 1, 2.25, "%s", "<a & \"b\">\n");
	fclose(file);
	ck_assert_str_eq(text, "<text class=\"name\" x=\"1.0\" y=\"2.2\">"
			 "&lt;a &amp; &quot;b&quot;&gt;?</text>\n");
	free(text);
}
END_TEST

START_TEST(what_is_too_long_ends_in_an_ellipsis_and_not_inside_a_character)
{
	char out[32];

	svg_shorten("abcdef", 6, out, sizeof(out));
	ck_assert_str_eq(out, "abcdef");
	svg_shorten("abcdefg", 6, out, sizeof(out));
	ck_assert_str_eq(out, "abcde\xe2\x80\xa6");
	svg_shorten("\xc3\xa4\xc3\xb6\xc3\xbc", 2, out, sizeof(out));
	ck_assert_str_eq(out, "\xc3\xa4\xe2\x80\xa6");
	svg_shorten(NULL, 6, out, sizeof(out));
	ck_assert_str_eq(out, "");
}
END_TEST

UNIT_SUITE("svg",
	   text_stays_text,
	   what_is_too_long_ends_in_an_ellipsis_and_not_inside_a_character);
