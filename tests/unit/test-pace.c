/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/pace.h"
#include "unit/unit.h"

#include "base/clock.h"
#include "base/macro.h"

START_TEST(without_a_rate_nobody_waits)
{
	struct pace pace = { 0 };

	pace_take(&pace, NS_PER_SEC, GIB);
	ck_assert_uint_eq(pace_get_wait(&pace, NS_PER_SEC), 0);
}
END_TEST

START_TEST(what_went_is_waited_for)
{
	struct pace pace = { .bytes_per_sec = MIB };

	ck_assert_uint_eq(pace_get_wait(&pace, 0), 0);
	pace_take(&pace, 0, MIB / 2);
	ck_assert_uint_eq(pace_get_wait(&pace, 0), NS_PER_SEC / 2);
	ck_assert_uint_eq(pace_get_wait(&pace, NS_PER_SEC / 4),
			  NS_PER_SEC / 4);
	ck_assert_uint_eq(pace_get_wait(&pace, NS_PER_SEC), 0);
}
END_TEST

/* A second in which nothing went is lost, but for a moment. */
START_TEST(time_that_nobody_used_is_not_caught_up_on)
{
	struct pace pace = { .bytes_per_sec = MIB };

	pace_take(&pace, 10 * NS_PER_SEC, MIB);
	ck_assert_uint_ge(pace_get_wait(&pace, 10 * NS_PER_SEC),
			  NS_PER_SEC - 50 * NS_PER_MS);
}
END_TEST

START_TEST(in_the_long_run_it_is_the_rate)
{
	struct pace pace = { .bytes_per_sec = 10 * MIB };
	uint64_t now = NS_PER_SEC, bytes = 0;

	while (now < 11 * NS_PER_SEC) {
		if (!pace_get_wait(&pace, now)) {
			pace_take(&pace, now, 256 * KIB);
			bytes += 256 * KIB;
		}
		now += 7 * NS_PER_MS;
	}
	ck_assert_uint_ge(bytes, 99 * MIB);
	ck_assert_uint_le(bytes, 102 * MIB);
}
END_TEST

UNIT_SUITE("pace", without_a_rate_nobody_waits, what_went_is_waited_for,
	   time_that_nobody_used_is_not_caught_up_on,
	   in_the_long_run_it_is_the_rate);
