/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/links.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(the_second_name_finds_the_first)
{
	struct links links = { 0 };
	struct link *first = links_see(&links, 1, 7, 2);

	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(first->state, LINK_UNKNOWN);
	ck_assert_int_eq(link_set_name(first, &links, "a"), 0);
	first->state = LINK_COPYING;
	ck_assert_ptr_eq(links_find(&links, 1, 7), first);
	ck_assert_ptr_null(links_find(&links, 2, 7));
	ck_assert_ptr_null(links_find(&links, 1, 8));
	ck_assert(!link_is_done(first));
	ck_assert_ptr_eq(links_see(&links, 1, 7, 2), first);
	ck_assert_str_eq(first->name, "a");
	first->state = LINK_THERE;
	ck_assert(link_is_done(first));
	links_forget(&links, first);
	ck_assert_ptr_null(links_find(&links, 1, 7));
	ck_assert_ptr_null(links_get_any(&links));
}
END_TEST

START_TEST(names_wait_until_the_first_is_there)
{
	struct links links = { 0 };
	struct link *link = links_see(&links, 1, 7, 3);

	link->state = LINK_COPYING;
	links_see(&links, 1, 7, 3);
	ck_assert_int_eq(link_add_waiting(link, NULL, "b"), 0);
	links_see(&links, 1, 7, 3);
	link->state = LINK_THERE;
	ck_assert(!link_is_done(link));
	ck_assert_str_eq(link->waiting->name, "b");
	free(link->waiting);
	link->waiting = NULL;
	ck_assert(link_is_done(link));
	ck_assert_ptr_eq(links_get_any(&links), link);
	links_forget(&links, link);
}
END_TEST

START_TEST(a_file_with_names_elsewhere_is_remembered)
{
	struct links links = { 0 };
	struct link *link = links_see(&links, 1, 7, 5);

	link->state = LINK_THERE;
	ck_assert(!link_is_done(link));
	links_forget(&links, link);
}
END_TEST

UNIT_SUITE("links",
	   the_second_name_finds_the_first,
	   names_wait_until_the_first_is_there,
	   a_file_with_names_elsewhere_is_remembered);
