/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/defuse.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(what_moves_a_cursor_becomes_a_question_mark)
{
	char text[] = "a\033[2Jb\nc\td\x7f";

	defuse_text(text);
	ck_assert_str_eq(text, "a?[2Jb?c?d?");
}
END_TEST

START_TEST(letters_of_any_language_stay)
{
	char text[] = "Gr\xc3\xb6\xc3\x9f" "e 5\xe2\x82\xac";
	char kept[sizeof(text)];

	memcpy(kept, text, sizeof(text));
	defuse_text(text);
	ck_assert_str_eq(text, kept);
}
END_TEST

START_TEST(a_file_gets_the_same)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(file);
	defuse_put(file, "x\ry\b");
	fclose(file);
	ck_assert_str_eq(text, "x?y?");
	free(text);
}
END_TEST

UNIT_SUITE("defuse",
	   what_moves_a_cursor_becomes_a_question_mark,
	   letters_of_any_language_stay,
	   a_file_gets_the_same);
