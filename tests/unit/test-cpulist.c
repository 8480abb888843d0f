/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cpulist.h"
#include "unit/unit.h"

#include <errno.h>

START_TEST(ranges_and_single_ones_are_added_up)
{
	cpu_set_t set;

	ck_assert_int_eq(cpulist_parse("0-3,8,1023", &set), 0);
	ck_assert_int_eq(CPU_COUNT(&set), 6);
	ck_assert(CPU_ISSET(0, &set) && CPU_ISSET(3, &set));
	ck_assert(CPU_ISSET(8, &set) && CPU_ISSET(1023, &set));
	ck_assert(!CPU_ISSET(4, &set));
	ck_assert_int_eq(cpulist_parse("5", &set), 0);
	ck_assert_int_eq(CPU_COUNT(&set), 1);
}
END_TEST

START_TEST(rubbish_is_refused_and_leaves_the_set_alone)
{
	static const char *const wrong[] = {
		"", ",", "1,", "1-", "-1", "3-1", "a", "1 2", "1-2-3",
	};
	cpu_set_t set;

	CPU_ZERO(&set);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(cpulist_parse(wrong[i], &set), -EINVAL);
	ck_assert_int_eq(cpulist_parse("0,1024", &set), -ERANGE);
	ck_assert_int_eq(CPU_COUNT(&set), 0);
}
END_TEST

UNIT_SUITE("cpulist",
	   ranges_and_single_ones_are_added_up,
	   rubbish_is_refused_and_leaves_the_set_alone);
