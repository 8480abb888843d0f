/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-copy-text.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"

static char b[] = "b\033[2J";
static struct copy_job job;

static void make(void)
{
	job = (struct copy_job){
		.args = { .source = "a", .destination = b },
		.size_bytes = 2 * MIB,
		.memory = { .block_bytes = MIB, .depth = 2 },
	};
	ck_assert_int_eq(extents_init(&job.extents, 2 * MIB, EXTENT_WANTED),
			 0);
}

static void must_be(bool is_plan, const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	report_copy_print(file, &job, is_plan);
	fclose(file);
	ck_assert_str_eq(text, wanted);
	free(text);
	extents_fini(&job.extents);
}

START_TEST(a_plan_has_the_route_and_the_guards)
{
	static const struct guard guard = {
		.id = "in-use", .asks = "it is not in use",
		.can_be_forced = true,
	};

	make();
	job.args.is_forced = true;
	job.guard_count = 2;
	job.guards[0] = (struct guard_answer){ .guard = &guard };
	job.guards[1] = (struct guard_answer){
		.guard = &guard, .is_refusing = true,
	};
	must_be(true, "a -> b?[2J\n"
		"  through host memory\n"
		"  blocks of 1 MiB, 2 in flight\n"
		"  guard in-use: it is not in use\n"
		"  guard in-use: overruled by --force\n"
		"2097152 bytes (2 MiB) would be copied");
}
END_TEST

START_TEST(what_is_not_in_place_is_said)
{
	make();
	job.destination_path = b;
	extents_mark(&job.extents, 0, MIB, EXTENT_DONE);
	job.is_run = true;
	job.result = (struct copy_result){
		.copied_bytes = MIB, .host_bytes = MIB,
		.in_place_bytes = MIB, .duration_ns = NS_PER_SEC,
	};
	must_be(false, "a -> b?[2J\n"
		"  through host memory\n"
		"  blocks of 1 MiB, 2 in flight\n"
		"  NOT complete: of 2097152 bytes the first 1048576 are "
		"written\n"
		"1048576 bytes (1 MiB) copied, 1.00 s, 1.00 MiB/s (1.05 MB/s)");
}
END_TEST

UNIT_SUITE("report-copy-text", a_plan_has_the_route_and_the_guards,
	   what_is_not_in_place_is_said);
