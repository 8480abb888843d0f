/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/p2pdma.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>

static struct fixture tree;

static int read_of(const char *stat, uint64_t *ended)
{
	char line[256];
	int rc;

	fixture_open(&tree, NULL);
	snprintf(line, sizeof(line), "file sys/dev/block/259:3/stat %s\n",
		 stat);
	fixture_add(&tree, line);
	rc = p2pdma_activity_read(tree.context, makedev(259, 3), ended);
	fixture_close(&tree);
	return rc;
}

START_TEST(reads_writes_discards_and_flushes_are_counted)
{
	uint64_t ended = 0;

	ck_assert_int_eq(read_of("1000 2 3 4 200 6 7 8 9 10 11 "
				 "30 13 14 15 4 17", &ended), 0);
	ck_assert_uint_eq(ended, 1234);
}
END_TEST

START_TEST(an_old_kernel_counts_reads_and_writes)
{
	uint64_t ended = 0;

	ck_assert_int_eq(read_of("5 2 3 4 6 6 7 8 9 10 11", &ended), 0);
	ck_assert_uint_eq(ended, 11);
}
END_TEST

START_TEST(what_is_no_count_is_an_error)
{
	uint64_t ended = 7;

	ck_assert_int_eq(read_of("5 2 three", &ended), -EINVAL);
	fixture_open(&tree, NULL);
	ck_assert_int_eq(p2pdma_activity_read(tree.context, makedev(0, 42),
					      &ended), -ENOENT);
	fixture_close(&tree);
	ck_assert_uint_eq(ended, 7);
}
END_TEST

UNIT_SUITE("activity", reads_writes_discards_and_flushes_are_counted,
	   an_old_kernel_counts_reads_and_writes, what_is_no_count_is_an_error);
