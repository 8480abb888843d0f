/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/aside.h"
#include "unit/unit.h"

#include <string.h>
#include <unistd.h>

START_TEST(a_name_is_hidden_and_tells_whose_it_is)
{
	char aside[NAME_MAX + 1];

	aside_name(aside, "file");
	ck_assert(!strncmp(aside, ".file.", 6));
	ck_assert_str_eq(strrchr(aside, '.'), ".part");
	ck_assert_int_eq(aside_find_writer(aside), getpid());
}
END_TEST

START_TEST(no_two_are_the_same)
{
	char one[NAME_MAX + 1], other[NAME_MAX + 1];

	aside_name(one, "file");
	aside_name(other, "file");
	ck_assert_str_ne(one, other);
}
END_TEST

START_TEST(the_longest_name_has_one_too)
{
	char name[NAME_MAX + 1] = { 0 }, aside[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	aside_name(aside, name);
	ck_assert_str_eq(strrchr(aside, '.'), ".part");
	ck_assert_int_eq(aside_find_writer(aside), getpid());
}
END_TEST

/* Of older versions, too. */
START_TEST(names_that_nobody_gave_have_no_writer)
{
	ck_assert_int_eq(aside_find_writer(".file.17.part"), 17);
	ck_assert_int_eq(aside_find_writer(".file.17-9.part"), 17);
	ck_assert_int_eq(aside_find_writer("file.17-9.part"), 0);
	ck_assert_int_eq(aside_find_writer(".file.part"), 0);
	ck_assert_int_eq(aside_find_writer(".file.-.part"), 0);
	ck_assert_int_eq(aside_find_writer(".file.17-9.par"), 0);
	ck_assert_int_eq(aside_find_writer(".part"), 0);
	ck_assert_int_eq(aside_find_writer(""), 0);
}
END_TEST

UNIT_SUITE("aside", a_name_is_hidden_and_tells_whose_it_is,
	   no_two_are_the_same, the_longest_name_has_one_too,
	   names_that_nobody_gave_have_no_writer);
