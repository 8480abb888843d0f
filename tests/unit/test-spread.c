/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/spread.h"
#include "unit/unit.h"

START_TEST(quartiles_lie_between_values_in_proportion)
{
	double values[] = { 4, 1, 3, 2 };
	struct spread s;

	spread_find(values, 4, &s);
	ck_assert_double_eq(s.least, 1);
	ck_assert_double_eq(s.first_quartile, 1.75);
	ck_assert_double_eq(s.median, 2.5);
	ck_assert_double_eq(s.third_quartile, 3.25);
	ck_assert_double_eq(s.most, 4);
}
END_TEST

START_TEST(one_value_is_all_of_them)
{
	double values[] = { 7 };
	struct spread s;

	spread_find(values, 1, &s);
	ck_assert_double_eq(s.least, 7);
	ck_assert_double_eq(s.first_quartile, 7);
	ck_assert_double_eq(s.median, 7);
	ck_assert_double_eq(s.most, 7);
}
END_TEST

UNIT_SUITE("spread",
	   quartiles_lie_between_values_in_proportion,
	   one_value_is_all_of_them);
