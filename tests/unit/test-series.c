/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/series.h"
#include "unit/unit.h"

#define MS	UINT64_C(1000000)

static struct series series;

/* @per_ms are counted each millisecond, for @ms of them. */
static void go_on(unsigned ms, unsigned per_ms)
{
	series_begin(&series, 0, 0);
	for (unsigned i = 1; i <= ms; i++)
		series_note(&series, i * MS, (uint64_t)i * per_ms);
}

START_TEST(what_goes_on_evenly_has_no_unrest)
{
	go_on(100, 7);
	ck_assert_uint_eq(series.used, 20);
	ck_assert_uint_eq(series.steps[0], 35);
	ck_assert_double_eq(series_get_unrest(&series), 0);
}
END_TEST

START_TEST(however_long_it_lasts_there_are_16_to_32_steps)
{
	for (unsigned ms = 80; ms < 5000; ms += 77) {
		go_on(ms, 1);
		ck_assert_uint_ge(series.used, 16);
		ck_assert_uint_lt(series.used, SERIES_STEPS);
		for (unsigned i = 0; i < series.used; i++)
			ck_assert_uint_eq(series.steps[i] * MS,
					  series.width_ns);
	}
}
END_TEST

/* Steps of 10 and 30: mean 20, deviation 10 * sqrt(2 / 1). */
START_TEST(unrest_is_deviation_over_mean)
{
	series_begin(&series, 0, 0);
	series_note(&series, 5 * MS, 10);
	series_note(&series, 10 * MS, 40);
	ck_assert_double_eq_tol(series_get_unrest(&series), 0.70711, 1e-5);
}
END_TEST

START_TEST(too_little_has_no_unrest_that_is_known)
{
	go_on(4, 1);
	ck_assert_double_lt(series_get_unrest(&series), 0);
	go_on(100, 0);
	ck_assert_double_lt(series_get_unrest(&series), 0);
}
END_TEST

START_TEST(what_goes_on_at_the_same_time_adds_up)
{
	struct series sum = { 0 };

	go_on(300, 1);
	series_add(&sum, &series);
	go_on(100, 2);
	series_add(&sum, &series);
	ck_assert_uint_eq(sum.width_ns, 10 * MS);
	ck_assert_uint_eq(sum.used, 10);
	for (unsigned i = 0; i < sum.used; i++)
		ck_assert_uint_eq(sum.steps[i], 30);
}
END_TEST

UNIT_SUITE("series",
	   what_goes_on_evenly_has_no_unrest,
	   however_long_it_lasts_there_are_16_to_32_steps,
	   unrest_is_deviation_over_mean,
	   too_little_has_no_unrest_that_is_known,
	   what_goes_on_at_the_same_time_adds_up);
