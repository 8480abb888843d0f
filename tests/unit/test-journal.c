/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/journal.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[80];
static struct extents map;
static struct journal_facts facts;
static unsigned line;

static void set_up(uint64_t size)
{
	strcpy(directory, "/tmp/test-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/map", directory);
	ck_assert_int_eq(extents_init(&map, size, EXTENT_WANTED), 0);
}

static void tear_down(void)
{
	journal_free_facts(&facts);
	extents_fini(&map);
	unlink(path);
	ck_assert_msg(!rmdir(directory), "%s is not empty", directory);
}

static void save(uint64_t offset, bool is_complete)
{
	struct journal_facts ours = { 0 };
	struct journal *journal;

	ck_assert_int_eq(journal_add_fact(&ours, "source: %s", "a\nb"), 0);
	ck_assert_int_eq(journal_open(path, offset, &ours, &journal), 0);
	ck_assert_int_eq(journal_save(journal, &map, is_complete), 0);
	ck_assert_int_eq(journal_save(journal, &map, is_complete), 0);
	journal_close(journal);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static int load(uint64_t offset)
{
	return journal_load(path, offset, &map, &facts, &line);
}

/* The lines that are no remarks. */
static void check_file(const char *wanted)
{
	char text[1024] = "", got[256];
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	while (fgets(got, sizeof(got), file))
		if (*got != '#')
			strcat(text, got);
	fclose(file);
	ck_assert_str_eq(text, wanted);
}

START_TEST(a_map_is_as_ddrescue_writes_it)
{
	set_up(0x5000);
	extents_mark(&map, 0, 0x1000, EXTENT_DONE);
	extents_mark(&map, 0x1000, 0x1200, EXTENT_BAD_READ);
	extents_mark(&map, 0x1200, 0x1400, EXTENT_BAD_WRITE);
	extents_mark(&map, 0x1400, 0x1600, EXTENT_UNTRIMMED);
	extents_mark(&map, 0x1600, 0x1800, EXTENT_UNSCRAPED);
	extents_mark(&map, 0x4000, 0x5000, EXTENT_HOLE);
	save(0, false);
	check_file("0x00001000     ?               1\n"
		   "0x00000000  0x00001000  +\n"
		   "0x00001000  0x00000400  -\n"
		   "0x00001400  0x00000200  *\n"
		   "0x00001600  0x00000200  /\n"
		   "0x00001800  0x00003800  ?\n");
	tear_down();
}
END_TEST

START_TEST(holes_are_done_when_the_copy_is)
{
	set_up(0x3000);
	extents_mark(&map, 0, 0x1000, EXTENT_DONE);
	extents_mark(&map, 0x1000, 0x2000, EXTENT_HOLE);
	extents_mark(&map, 0x2000, 0x3000, EXTENT_DONE);
	save(0, true);
	check_file("0x00003000     +               1\n"
		   "0x00000000  0x00003000  +\n");
	tear_down();
}
END_TEST

START_TEST(positions_are_those_of_the_source)
{
	set_up(0x2000);
	extents_mark(&map, 0, 0x1000, EXTENT_DONE);
	save(0x10000, false);
	check_file("0x00011000     ?               1\n"
		   "0x00000000  0x00010000  ?\n"
		   "0x00010000  0x00001000  +\n"
		   "0x00011000  0x00001000  ?\n");
	extents_mark(&map, 0, 0x2000, EXTENT_WANTED);
	ck_assert_int_eq(load(0x10000), 0);
	ck_assert_uint_eq(extents_get_whole(&map), 0x1000);
	ck_assert_uint_eq(extents_count(&map, EXTENT_WANTED), 0x1000);
	tear_down();
}
END_TEST

START_TEST(what_is_saved_is_loaded_with_its_facts)
{
	set_up(0x5000);
	extents_mark(&map, 0x1000, 0x2000, EXTENT_DONE);
	extents_mark(&map, 0x2000, 0x2200, EXTENT_BAD_READ);
	extents_mark(&map, 0x3000, 0x3200, EXTENT_UNTRIMMED);
	save(0, false);
	extents_mark(&map, 0, 0x5000, EXTENT_WANTED);
	ck_assert_int_eq(load(0), 0);
	ck_assert_uint_eq(extents_count(&map, EXTENT_DONE), 0x1000);
	ck_assert_uint_eq(extents_count(&map, EXTENT_BAD_READ), 0x200);
	ck_assert_uint_eq(extents_count(&map, EXTENT_UNTRIMMED), 0x200);
	ck_assert_uint_eq(facts.count, 1);
	ck_assert_str_eq(facts.lines[0], "source: a");
	tear_down();
}
END_TEST

START_TEST(a_map_of_ddrescue_is_understood)
{
	set_up(0x100000);
	write_file("# Mapfile. Created by GNU ddrescue version 1.27\n"
		   "# Command line: ddrescue a b map\n"
		   "# current_pos  current_status  current_pass\n"
		   "0x00020000     *               1\n"
		   "#      pos        size  status\n"
		   "0x00000000  0x00010000  +\n"
		   "65536 512 -\n"
		   "0x00010200  0x000EFE00  ?\n");
	ck_assert_int_eq(load(0), 0);
	ck_assert_uint_eq(extents_get_whole(&map), 0x10000);
	ck_assert_uint_eq(extents_count(&map, EXTENT_BAD_READ), 512);
	ck_assert_uint_eq(facts.count, 0);
	tear_down();
}
END_TEST

static const struct {
	const char *text;
	int rc;
	unsigned line;
} wrong[] = {
	{ "", -ENOENT, 0 },
	{ "# a remark\n", -EINVAL, 1 },
	{ "hello\n", -EINVAL, 1 },
	{ "0x0 ? 1\n0x0 0x1000 +\n0x500 0x1000 +\n", -EINVAL, 3 },
	{ "0x0 ? 1\n0x0 0x0 +\n", -EINVAL, 2 },
	{ "0x0 ? 1\n0x0 0x1000 y\n", -EINVAL, 2 },
	{ "0x0 ? 1\n0x0 0x1000\n", -EINVAL, 2 },
	{ "0x0 ? 1\n0x0 -1 +\n", -EINVAL, 2 },
	{ "0x0 ? 1\n0x0 0x100001 +\n", -ERANGE, 2 },
};

START_TEST(what_is_no_map_is_refused_with_its_line)
{
	set_up(0x100000);
	write_file(wrong[_i].text);
	ck_assert_int_eq(load(0), wrong[_i].rc);
	if (wrong[_i].rc != -ENOENT)
		ck_assert_uint_eq(line, wrong[_i].line);
	tear_down();
}
END_TEST

START_TEST(a_file_that_is_not_there_is_none)
{
	set_up(10);
	ck_assert_int_eq(load(0), -ENOENT);
	tear_down();
}
END_TEST

START_TEST(what_cannot_be_saved_leaves_the_old_one)
{
	struct journal_facts ours = { 0 };
	struct journal *journal;
	char blocked[100];

	set_up(0x1000);
	save(0, false);
	ck_assert_int_eq(journal_open(path, 0, &ours, &journal), 0);
	snprintf(blocked, sizeof(blocked), "%s.p2pcopy-new", path);
	ck_assert_int_eq(mkdir(blocked, 0755), 0);
	extents_mark(&map, 0, 0x1000, EXTENT_DONE);
	ck_assert_int_lt(journal_save(journal, &map, true), 0);
	rmdir(blocked);
	journal_close(journal);
	extents_mark(&map, 0, 0x1000, EXTENT_WANTED);
	ck_assert_int_eq(load(0), 0);
	ck_assert_uint_eq(extents_get_whole(&map), 0);
	tear_down();
}
END_TEST

const char unit_name[] = "journal";

void unit_fill(Suite *suite)
{
	TCase *loop = tcase_create("what_is_no_map_is_refused_with_its_line");

	tcase_add_loop_test(loop, what_is_no_map_is_refused_with_its_line, 0,
			    sizeof(wrong) / sizeof(wrong[0]));
	suite_add_tcase(suite, loop);
	unit_add(suite, a_map_is_as_ddrescue_writes_it);
	unit_add(suite, holes_are_done_when_the_copy_is);
	unit_add(suite, positions_are_those_of_the_source);
	unit_add(suite, what_is_saved_is_loaded_with_its_facts);
	unit_add(suite, a_map_of_ddrescue_is_understood);
	unit_add(suite, a_file_that_is_not_there_is_none);
	unit_add(suite, what_cannot_be_saved_leaves_the_old_one);
}
