/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/watch.h"
#include "unit/unit.h"

#include <time.h>

#include "base/clock.h"

static volatile sig_atomic_t stop;
static uint64_t told;

static void tick(void *data, uint64_t done_bytes)
{
	told = done_bytes + *(uint64_t *)data;
}

static void wait_a_little(void)
{
	const struct timespec little = { .tv_nsec = 3 * NS_PER_MS };

	nanosleep(&little, NULL);
}

START_TEST(every_look_ticks)
{
	uint64_t base = 1000;
	struct watch watch = { .tick = tick, .tick_data = &base };

	watch_begin(&watch);
	ck_assert_uint_eq(watch_look(&watch, true, 7), 0);
	ck_assert_uint_eq(told, 1007);
}
END_TEST

START_TEST(a_stop_is_seen_for_as_long_as_it_is_there)
{
	struct watch watch = { .stop = &stop };

	watch_begin(&watch);
	ck_assert_uint_eq(watch_look(&watch, true, 0), 0);
	stop = SIGINT;
	ck_assert_uint_eq(watch_look(&watch, true, 0), WATCH_STOP);
	ck_assert_uint_eq(watch_look(&watch, false, 0), WATCH_STOP);
}
END_TEST

START_TEST(silence_is_the_time_since_the_last_completion)
{
	struct watch watch = { .io_timeout_ns = NS_PER_MS };

	watch_begin(&watch);
	wait_a_little();
	ck_assert_uint_eq(watch_look(&watch, true, 0), 0);
	wait_a_little();
	ck_assert_uint_eq(watch_look(&watch, false, 0), WATCH_SILENCE);
}
END_TEST

START_TEST(without_a_limit_silence_is_none)
{
	struct watch watch = { 0 };

	watch_begin(&watch);
	wait_a_little();
	ck_assert_uint_eq(watch_look(&watch, false, 0), 0);
}
END_TEST

START_TEST(patience_is_no_longer_than_the_limit)
{
	struct watch watch = { .io_timeout_ns = NS_PER_MS };

	ck_assert_uint_eq(watch_get_patience(&watch), NS_PER_MS);
	watch.io_timeout_ns = 0;
	ck_assert_uint_le(watch_get_patience(&watch), NS_PER_SEC);
	ck_assert_uint_gt(watch_get_patience(&watch), 0);
}
END_TEST

UNIT_SUITE("watch", every_look_ticks,
	   a_stop_is_seen_for_as_long_as_it_is_there,
	   silence_is_the_time_since_the_last_completion,
	   without_a_limit_silence_is_none,
	   patience_is_no_longer_than_the_limit);
