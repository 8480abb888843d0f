/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/extents.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct extents map;
static char text[256];

/* "0-10 todo" as "?10"; rows in their order. */
static const char *tell(void)
{
	static const char letters[] = ".?*/rw+o";
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < map.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%c%llu ", letters[map.rows[i].state],
			(unsigned long long)map.rows[i].end_bytes);
	return text;
}

START_TEST(a_new_map_is_one_run)
{
	ck_assert_int_eq(extents_init(&map, 100, EXTENT_WANTED), 0);
	ck_assert_str_eq(tell(), "?100 ");
	ck_assert_uint_eq(extents_get_size(&map), 100);
	ck_assert_uint_eq(extents_get_whole(&map), 0);
	extents_fini(&map);
	ck_assert_int_eq(extents_init(&map, 0, EXTENT_WANTED), 0);
	ck_assert_str_eq(tell(), "");
	extents_fini(&map);
}
END_TEST

static const struct {
	uint64_t start, end;
	enum extent_state state;
	const char *then;
} marks[] = {
	{ 10, 20, EXTENT_DONE, "?10 +20 ?100 " },
	{ 30, 40, EXTENT_DONE, "?10 +20 ?30 +40 ?100 " },
	{ 20, 30, EXTENT_DONE, "?10 +40 ?100 " },
	{ 0, 10, EXTENT_DONE, "+40 ?100 " },
	{ 40, 100, EXTENT_BAD_READ, "+40 r100 " },
	{ 35, 50, EXTENT_WANTED, "+35 ?50 r100 " },
	{ 36, 37, EXTENT_DONE, "+35 ?36 +37 ?50 r100 " },
	{ 35, 36, EXTENT_DONE, "+37 ?50 r100 " },
	{ 0, 100, EXTENT_HOLE, "o100 " },
	{ 0, 100, EXTENT_HOLE, "o100 " },
	{ 50, 50, EXTENT_DONE, "o100 " },
	{ 99, 100, EXTENT_DONE, "o99 +100 " },
	{ 0, 1, EXTENT_DONE, "+1 o99 +100 " },
	{ 1, 99, EXTENT_DONE, "+100 " },
};

START_TEST(neighbours_in_one_state_become_one_run)
{
	extents_init(&map, 100, EXTENT_WANTED);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		ck_assert_int_eq(extents_mark(&map, marks[i].start,
					      marks[i].end, marks[i].state),
				 0);
		ck_assert_str_eq(tell(), marks[i].then);
	}
	extents_fini(&map);
}
END_TEST

START_TEST(any_order_of_marks_is_the_same_as_an_array)
{
	unsigned char plain[200];
	unsigned seed = 1;

	memset(plain, EXTENT_WANTED, sizeof(plain));
	extents_init(&map, sizeof(plain), EXTENT_WANTED);
	for (int round = 0; round < 3000; round++) {
		unsigned start, end, state;

		seed = seed * 1103515245 + 12345;
		start = (seed >> 8) % 200;
		end = start + (seed >> 16) % (201 - start);
		state = EXTENT_WANTED + (seed >> 24) % 7;
		memset(plain + start, (int)state, end - start);
		ck_assert_int_eq(extents_mark(&map, start, end,
					      (enum extent_state)state), 0);
		for (size_t i = 0, at = 0; i < map.count; i++) {
			if (i && map.rows[i].state == map.rows[i - 1].state)
				ck_abort_msg("two rows for one run");
			for (; at < map.rows[i].end_bytes; at++)
				if (plain[at] != map.rows[i].state)
					ck_abort_msg("byte %zu", at);
		}
	}
	ck_assert_uint_eq(extents_get_size(&map), sizeof(plain));
	extents_fini(&map);
}
END_TEST

START_TEST(what_is_in_a_state_is_found_and_counted)
{
	uint64_t first = 0, end = 0;

	extents_init(&map, 100, EXTENT_DONE);
	extents_mark(&map, 20, 30, EXTENT_BAD_READ);
	extents_mark(&map, 50, 60, EXTENT_BAD_READ);
	ck_assert(extents_find(&map, 0, EXTENT_BAD_READ, &first, &end));
	ck_assert_uint_eq(first, 20);
	ck_assert_uint_eq(end, 30);
	ck_assert(extents_find(&map, 25, EXTENT_BAD_READ, &first, &end));
	ck_assert_uint_eq(first, 25);
	ck_assert(extents_find(&map, 30, EXTENT_BAD_READ, &first, &end));
	ck_assert_uint_eq(first, 50);
	ck_assert(!extents_find(&map, 60, EXTENT_BAD_READ, &first, &end));
	ck_assert(!extents_find(&map, 100, EXTENT_DONE, &first, &end));
	ck_assert_uint_eq(extents_count(&map, EXTENT_BAD_READ), 20);
	ck_assert_uint_eq(extents_count(&map, EXTENT_DONE), 80);
	ck_assert_uint_eq(extents_get_whole(&map), 20);
	extents_turn(&map, EXTENT_BAD_READ, EXTENT_DONE);
	ck_assert_str_eq(tell(), "+100 ");
	extents_fini(&map);
}
END_TEST

START_TEST(a_copy_of_a_map_is_its_own)
{
	struct extents other = { 0 };

	extents_init(&map, 100, EXTENT_WANTED);
	extents_mark(&map, 0, 50, EXTENT_DONE);
	ck_assert_int_eq(extents_copy(&other, &map), 0);
	extents_mark(&map, 50, 100, EXTENT_DONE);
	ck_assert_uint_eq(extents_get_whole(&other), 50);
	ck_assert_uint_eq(extents_get_whole(&map), 100);
	extents_fini(&other);
	extents_fini(&map);
}
END_TEST

START_TEST(a_map_does_not_grow_for_ever)
{
	int rc = 0;

	extents_init(&map, 4 * (uint64_t)EXTENTS_MOST, EXTENT_WANTED);
	for (uint64_t i = 0; !rc && i < 2 * (uint64_t)EXTENTS_MOST; i++)
		rc = extents_mark(&map, 2 * i, 2 * i + 1, EXTENT_DONE);
	ck_assert_int_eq(rc, -EOVERFLOW);
	ck_assert_uint_le(map.count, EXTENTS_MOST);
	ck_assert_int_eq(extents_mark(&map, 0, extents_get_size(&map),
				      EXTENT_DONE), 0);
	ck_assert_uint_eq(map.count, 1);
	extents_fini(&map);
}
END_TEST

UNIT_SUITE("extents", a_new_map_is_one_run,
	   neighbours_in_one_state_become_one_run,
	   any_order_of_marks_is_the_same_as_an_array,
	   what_is_in_a_state_is_found_and_counted,
	   a_copy_of_a_map_is_its_own, a_map_does_not_grow_for_ever);
