/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/memory-names.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>

static struct fixture machine;
static struct memory_names names;
static struct p2pdma_reason why;

static int find(const char *list)
{
	why = (struct p2pdma_reason){ .id = NULL };
	return memory_names_find(machine.context, machine.topology, list,
				 &names, &why);
}

START_TEST(an_address_a_drive_and_a_list_of_both_are_names)
{
	fixture_load(&machine, "nested-switches", NULL);
	ck_assert_int_eq(find("07:00.0"), 0);
	ck_assert_uint_eq(names.count, 1);
	ck_assert_str_eq(names.functions[0]->address, "0000:07:00.0");
	ck_assert_int_eq(find("nvme1n1,0000:07:00.0"), 0);
	ck_assert_uint_eq(names.count, 2);
	ck_assert(memory_names_have(&names, names.functions[0]));
	ck_assert(memory_names_have(&names,
				    fixture_find(&machine, "07:00.0")));
	fixture_close(&machine);
}
END_TEST

START_TEST(what_is_named_twice_counts_once)
{
	fixture_load(&machine, "nested-switches", NULL);
	ck_assert_int_eq(find("03:00.0,0000:03:00.0"), 0);
	ck_assert_uint_eq(names.count, 1);
	ck_assert(!memory_names_have(&names,
				     fixture_find(&machine, "07:00.0")));
	fixture_close(&machine);
}
END_TEST

START_TEST(nothing_between_two_commas_is_nobody)
{
	static const char *const lists[] = { "", ",", "03:00.0,", ",03:00.0",
					     "03:00.0,,07:00.0", "host",
					     "03:00.0,ff:1f.7" };

	fixture_load(&machine, "nested-switches", NULL);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		ck_assert_int_eq(find(lists[i]), -ENXIO);
		ck_assert_ptr_nonnull(why.id);
	}
	fixture_close(&machine);
}
END_TEST

UNIT_SUITE("memory-names",
	   an_address_a_drive_and_a_list_of_both_are_names,
	   what_is_named_twice_counts_once,
	   nothing_between_two_commas_is_nobody);
