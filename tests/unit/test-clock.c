/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"
#include "unit/unit.h"

#include <errno.h>

static const struct {
	const char *text;
	int rc;
	uint64_t ns;
} durations[] = {
	{ "0", 0, 0 },
	{ "60", 0, 60000000000 },
	{ "60s", 0, 60000000000 },
	{ "500ms", 0, 500000000 },
	{ "250us", 0, 250000 },
	{ "2m", 0, 120000000000 },
	{ "", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ "-1s", -EINVAL, 0 },
	{ "1.5s", -EINVAL, 0 },
	{ "3 weeks", -EINVAL, 0 },
	{ "99999999999999999999s", -ERANGE, 0 },
};

START_TEST(every_spelling_of_a_duration_has_one_meaning)
{
	size_t i;

	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		uint64_t ns = 42;
		int rc = clock_parse_duration(durations[i].text, &ns);

		ck_assert_msg(rc == durations[i].rc, "\"%s\": %d, not %d",
			      durations[i].text, rc, durations[i].rc);
		ck_assert_msg(ns == (rc ? 42 : durations[i].ns),
			      "\"%s\" became %llu", durations[i].text,
			      (unsigned long long)ns);
	}
}
END_TEST

START_TEST(time_does_not_go_back)
{
	uint64_t before = clock_now_ns();

	ck_assert_uint_ge(clock_now_ns(), before);
}
END_TEST

UNIT_SUITE("clock",
	   every_spelling_of_a_duration_has_one_meaning,
	   time_does_not_go_back);
