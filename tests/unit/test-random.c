/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/random.h"
#include "unit/unit.h"

/* Worked out apart from this code, with Python's integers. */
START_TEST(a_seed_gives_the_same_numbers_on_every_machine)
{
	struct random r;

	random_init(&r, 1234567, 0);
	ck_assert_uint_eq(random_next(&r), UINT64_C(1039220411907061708));
	ck_assert_uint_eq(random_next(&r), UINT64_C(7824934774743837796));
	ck_assert_uint_eq(random_next(&r), UINT64_C(15045726798686391609));
}
END_TEST

START_TEST(streams_of_one_seed_differ)
{
	struct random a, b;

	random_init(&a, 1, 1);
	random_init(&b, 1, 2);
	ck_assert_uint_ne(random_next(&a), random_next(&b));
}
END_TEST

START_TEST(every_number_below_the_limit_is_drawn_about_as_often)
{
	unsigned seen[10] = { 0 }, beyond = 0;
	struct random r;

	random_init(&r, 42, 0);
	for (int i = 0; i < 100000; i++) {
		uint64_t n = random_below(&r, 10);

		if (n < 10)
			seen[n]++;
		else
			beyond++;
	}
	ck_assert_uint_eq(beyond, 0);
	for (int i = 0; i < 10; i++) {
		ck_assert_uint_gt(seen[i], 9500);
		ck_assert_uint_lt(seen[i], 10500);
	}
}
END_TEST

START_TEST(limits_of_one_and_beyond_half_of_all_numbers_are_kept)
{
	uint64_t limit = (UINT64_C(1) << 63) + 1;
	struct random r;

	random_init(&r, 42, 0);
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_eq(random_below(&r, 1), 0);
		ck_assert_uint_lt(random_below(&r, limit), limit);
	}
}
END_TEST

START_TEST(a_try_that_may_be_unfair_draws_nothing)
{
	uint64_t limit = (UINT64_C(1) << 63) + 1, number;
	unsigned refused = 0;
	struct random r, twin;

	random_init(&r, 42, 0);
	for (int i = 0; i < 1000; i++) {
		twin = r;
		if (random_try_below(&r, limit, &number)) {
			ck_assert_uint_eq(random_below(&twin, limit), number);
			ck_assert_uint_eq(r.state, twin.state);
			continue;
		}
		refused++;
		ck_assert_uint_eq(r.state, twin.state);
		(void)random_below(&r, limit);
	}
	/* About every second one, with so large a limit. */
	ck_assert_uint_gt(refused, 400);
	ck_assert_uint_lt(refused, 600);
}
END_TEST

UNIT_SUITE("random",
	   a_seed_gives_the_same_numbers_on_every_machine,
	   streams_of_one_seed_differ,
	   every_number_below_the_limit_is_drawn_about_as_often,
	   limits_of_one_and_beyond_half_of_all_numbers_are_kept,
	   a_try_that_may_be_unfair_draws_nothing);
