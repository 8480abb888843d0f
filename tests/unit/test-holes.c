/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/holes.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNIT	65536

static char path[64];
static struct extents map;
static int fd;

/* Data in units 1 and 4 of 8; the last one is a hole. */
static void set_up(uint64_t size)
{
	char data[UNIT];

	strcpy(path, "/var/tmp/test-holes-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	memset(data, 'x', sizeof(data));
	ck_assert_int_eq(ftruncate(fd, 8 * UNIT), 0);
	ck_assert_int_eq(pwrite(fd, data, UNIT, UNIT), UNIT);
	ck_assert_int_eq(pwrite(fd, data, UNIT, 4 * UNIT), UNIT);
	ck_assert_int_eq(extents_init(&map, size, EXTENT_WANTED), 0);
}

static void tear_down(void)
{
	extents_fini(&map);
	close(fd);
	unlink(path);
}

static bool has_holes(void)
{
	return lseek(fd, 0, SEEK_HOLE) == 0;
}

static void check(size_t row, uint64_t end, enum extent_state state)
{
	ck_assert_uint_eq(map.rows[row].end_bytes, end);
	ck_assert_int_eq(map.rows[row].state, state);
}

START_TEST(holes_are_found_where_they_are)
{
	set_up(8 * UNIT);
	ck_assert_int_eq(holes_find(fd, 0, 4096, &map), 0);
	if (has_holes()) {
		ck_assert_uint_eq(map.count, 5);
		check(0, UNIT, EXTENT_HOLE);
		check(1, 2 * UNIT, EXTENT_WANTED);
		check(2, 4 * UNIT, EXTENT_HOLE);
		check(3, 5 * UNIT, EXTENT_WANTED);
		check(4, 8 * UNIT, EXTENT_HOLE);
	}
	tear_down();
}
END_TEST

START_TEST(they_end_at_blocks_of_the_copy)
{
	set_up(4 * UNIT);
	ck_assert_int_eq(holes_find(fd, 1000, 4096, &map), 0);
	if (has_holes()) {
		ck_assert_uint_eq(map.count, 4);
		/* Each 1000 bytes before a unit of the file, or a block. */
		check(0, UNIT - 4096, EXTENT_HOLE);
		check(1, 2 * UNIT, EXTENT_WANTED);
		check(2, 4 * UNIT - 4096, EXTENT_HOLE);
		check(3, 4 * UNIT, EXTENT_WANTED);
	}
	tear_down();
}
END_TEST

START_TEST(what_is_done_is_no_hole)
{
	set_up(8 * UNIT);
	extents_mark(&map, 0, UNIT / 2, EXTENT_DONE);
	ck_assert_int_eq(holes_find(fd, 0, 4096, &map), 0);
	check(0, UNIT / 2, EXTENT_DONE);
	if (has_holes())
		check(1, UNIT, EXTENT_HOLE);
	tear_down();
}
END_TEST

UNIT_SUITE("holes", holes_are_found_where_they_are,
	   they_end_at_blocks_of_the_copy, what_is_done_is_no_hole);
