/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/axis.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"

/* All ticks as they are written, with a bar between them. */
static void expect(enum chart_unit unit, double first, double last,
		   const char *wanted)
{
	struct axis axis;
	char got[512] = "", text[64];

	axis_find(&axis, unit, first, last);
	for (size_t i = 0; i < axis.count; i++) {
		axis_format(&axis, axis.ticks[i], text, sizeof(text));
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
			 i ? "|" : "", text);
	}
	ck_assert_str_eq(got, wanted);
}

START_TEST(every_unit_has_its_ticks)
{
	expect(CHART_COUNT, 1, 16, "1|2|4|8|16");
	expect(CHART_BYTES, 4096, 16384, "4 KiB|8 KiB|16 KiB");
	expect(CHART_RATE, 3e8, 2.4e9, "0 GB/s|0.5 GB/s|1 GB/s|1.5 GB/s|"
	       "2 GB/s|2.5 GB/s");
	expect(CHART_RATIO, 0.9, 1.1, "0|0.2|0.4|0.6|0.8|1|1.2");
	expect(CHART_SHARE, 0.5, 0.999, "least|50 %|90 %|99 %|99.9 %");
	expect(CHART_TIME, 3e3, 4e5, "2 \xc2\xb5s|5 \xc2\xb5s|10 \xc2\xb5s|"
	       "20 \xc2\xb5s|50 \xc2\xb5s|100 \xc2\xb5s|200 \xc2\xb5s|"
	       "500 \xc2\xb5s");
}
END_TEST

START_TEST(numbers_are_between_the_ends)
{
	struct axis axis;

	axis_find(&axis, CHART_COUNT, 1, 16);
	ck_assert(axis_place(&axis, 1) == 0);
	ck_assert(axis_place(&axis, 4) == 0.5);
	ck_assert(axis_place(&axis, 16) == 1);
	axis_find(&axis, CHART_RATE, 10, 100);
	ck_assert(axis_place(&axis, 50) == 0.5);
	/* Of one point, the middle. */
	axis_find(&axis, CHART_COUNT, 8, 8);
	ck_assert(axis_place(&axis, 8) == 0.5);
}
END_TEST

UNIT_SUITE("axis", every_unit_has_its_ticks, numbers_are_between_the_ends);
