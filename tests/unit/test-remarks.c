/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/remarks.h"
#include "unit/unit.h"

#include <stdlib.h>

static const struct p2pdma_function port = { .address = "0000:02:00.0" };
static const struct p2pdma_reason redirect = {
	"acs-redirect", &port, "turn it off",
};
static const struct p2pdma_reason elsewhere = {
	"acs-redirect", NULL, "turn it off",
};

START_TEST(a_reason_is_told_once_with_the_first_pairs)
{
	static const char *const pairs[] = {
		"a x", "a y", "b x", "b y", "c x", "c y",
	};
	struct remarks remarks = { 0 };
	struct report report;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	for (size_t i = 0; i < 6; i++)
		remarks_add(&remarks, &redirect, pairs[i]);
	remarks_add(&remarks, &elsewhere, "d z");
	ck_assert_uint_eq(remarks.count, 2);
	report_init(&report, "p2ptopo");
	remarks_print(&report, &remarks);
	ck_assert_int_eq(report_write(&report, WRITER_TEXT, file), 0);
	fclose(file);
	ck_assert_str_eq(text, "acs-redirect at 0000:02:00.0 (a x, a y, b x, "
			 "b y and 2 more)\n  turn it off\n\n"
			 "acs-redirect (d z)\n  turn it off\n");
	free(text);
	report_fini(&report);
}
END_TEST

UNIT_SUITE("remarks", a_reason_is_told_once_with_the_first_pairs);
