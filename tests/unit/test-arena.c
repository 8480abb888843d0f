/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"
#include "base/array.h"
#include "unit/unit.h"

#include <stdint.h>
#include <stdlib.h>

START_TEST(an_arena_gives_zeroed_memory_and_takes_all_of_it_back)
{
	struct arena arena = { 0 };
	unsigned char *bytes = arena_alloc(&arena, 1000);

	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(bytes[i], 0);
	ck_assert_str_eq(arena_strdup(&arena, "kept"), "kept");
	arena_fini(&arena);
	ck_assert_ptr_null(arena.pieces);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 1));
	arena_fini(&arena);
}
END_TEST

START_TEST(no_text_has_no_copy_and_too_much_memory_is_none)
{
	struct arena arena = { 0 };

	ck_assert_ptr_null(arena_strdup(&arena, NULL));
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	arena_fini(&arena);
}
END_TEST

START_TEST(an_array_keeps_its_items_while_it_grows)
{
	int *numbers = NULL, *last;
	size_t count = 0;

	for (int i = 0; i < 1000; i++) {
		last = array_add(numbers, count);
		ck_assert_ptr_nonnull(last);
		ck_assert_int_eq(*last, 0);
		*last = i;
	}
	ck_assert_uint_eq(count, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(numbers[i], i);
	free(numbers);
}
END_TEST

UNIT_SUITE("arena",
	   an_arena_gives_zeroed_memory_and_takes_all_of_it_back,
	   no_text_has_no_copy_and_too_much_memory_is_none,
	   an_array_keeps_its_items_while_it_grows);
