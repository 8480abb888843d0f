/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/checksum.h"
#include "unit/copying.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

static struct checksum *checksum;
static char text[CHECKSUM_TEXT_SIZE], wanted[CHECKSUM_TEXT_SIZE];

/* Of the pattern, with zeros in front of @first and from @last on. */
static void want(uint64_t size, uint64_t first, uint64_t last)
{
	char *data = malloc(size);

	ck_assert_ptr_nonnull(data);
	for (uint64_t i = 0; i < size; i++)
		data[i] = i < first || i >= last ? 0 : byte_at(i);
	ck_assert_int_eq(checksum_create("xxh128", &checksum), 0);
	checksum_add(checksum, data, size);
	checksum_finish(checksum, wanted);
	checksum_restart(checksum);
	plan.checksum = checksum;
	free(data);
}

static void check_sum(void)
{
	ck_assert(result.is_checksummed);
	checksum_finish(checksum, text);
	ck_assert_str_eq(text, wanted);
	checksum_destroy(checksum);
}

START_TEST(blocks_in_any_order_are_summed_in_theirs)
{
	start();
	put_pattern(from, 50 * BLOCK + 123);
	open_both(50 * BLOCK + 123);
	want(50 * BLOCK + 123, 0, UINT64_MAX);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	check_sum();
	check_pattern(0, 0, 50 * BLOCK + 123);
	finish();
}
END_TEST

START_TEST(heads_and_tails_are_in_it)
{
	start();
	put_pattern(from, 9 * BLOCK);
	put_same(to, 10 * BLOCK, 'x');
	open_both(9 * BLOCK);
	fail_destination(&(struct endpoint_faults){ 0 });
	plan.source_offset_bytes = 0;
	plan.destination_offset_bytes = 700;
	plan.size_bytes = 8 * BLOCK + 77;
	want(8 * BLOCK + 77, 0, UINT64_MAX);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	check_sum();
	finish();
}
END_TEST

START_TEST(holes_are_zeros)
{
	struct extents map;

	start();
	put_pattern(from, 9 * BLOCK);
	open_both(9 * BLOCK);
	ck_assert_int_eq(extents_init(&map, 9 * BLOCK, EXTENT_WANTED), 0);
	extents_mark(&map, 0, BLOCK, EXTENT_HOLE);
	extents_mark(&map, 7 * BLOCK, 9 * BLOCK, EXTENT_HOLE);
	plan.extents = &map;
	want(9 * BLOCK, BLOCK, 7 * BLOCK);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.skipped_bytes, 3 * BLOCK);
	check_sum();
	extents_fini(&map);
	finish();
}
END_TEST

static void check_unsummed(void)
{
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert(!result.is_checksummed);
	checksum_destroy(checksum);
}

START_TEST(the_processor_reads_no_peer_memory)
{
	start();
	put_pattern(from, 9 * BLOCK);
	open_both(9 * BLOCK);
	plan.is_peer = true;
	want(9 * BLOCK, 0, 0);
	check_unsummed();
	finish();
}
END_TEST

START_TEST(what_has_a_gap_is_not_summed)
{
	const struct endpoint_faults faults = {
		.error_offset = 2 * BLOCK, .error_bytes = 1, .error = -EIO,
	};

	start();
	put_pattern(from, 9 * BLOCK);
	open_both(9 * BLOCK);
	fail_source(&faults);
	plan.is_continued = true;
	want(9 * BLOCK, 0, 0);
	check_unsummed();
	finish();
}
END_TEST

UNIT_SUITE("copy-sum", blocks_in_any_order_are_summed_in_theirs,
	   heads_and_tails_are_in_it, holes_are_zeros,
	   the_processor_reads_no_peer_memory, what_has_a_gap_is_not_summed);
