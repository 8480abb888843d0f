/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/copying.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- bad media ----------------------------------------------------------- */

static struct extents map;

static void continue_with(uint64_t size)
{
	plan.is_continued = true;
	ck_assert_int_eq(extents_init(&map, size, EXTENT_WANTED), 0);
	plan.extents = &map;
}

static void check_bad(enum extent_state state, uint64_t start, uint64_t end)
{
	uint64_t first, behind;

	ck_assert(extents_find(&map, 0, state, &first, &behind));
	ck_assert_uint_eq(first, start);
	ck_assert_uint_eq(behind, end);
	ck_assert(!extents_find(&map, behind, state, &first, &behind));
}

START_TEST(of_a_bad_source_all_but_the_bad_blocks_is_saved)
{
	const struct endpoint_faults faults = {
		.error_offset = 5 * BLOCK + 1000, .error_bytes = 600,
		.error = -ENODATA,
	};
	uint64_t single, start_bad, end_bad;

	start();
	put_pattern(from, 40 * BLOCK + 100);
	open_both(40 * BLOCK + 100);
	fail_source(&faults);
	continue_with(40 * BLOCK + 100);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	single = plan.destination->offset_align;
	single = single < 512 ? 512 : single;
	start_bad = faults.error_offset / single * single;
	end_bad = (faults.error_offset + 599) / single * single + single;
	check_bad(EXTENT_BAD_READ, start_bad, end_bad);
	ck_assert_uint_eq(result.bad_bytes, end_bad - start_bad);
	ck_assert_int_eq(result.read_error, -ENODATA);
	ck_assert_int_eq(result.write_error, 0);
	ck_assert_uint_eq(result.copied_bytes,
			  40 * BLOCK + 100 - result.bad_bytes);
	ck_assert_uint_eq(result.in_place_bytes, start_bad);
	ck_assert_uint_eq(size_of(to), 40 * BLOCK + 100);
	check_pattern(0, 0, start_bad);
	check_pattern(end_bad, end_bad, 40 * BLOCK + 100 - end_bad);
	check_same(start_bad, end_bad, 0);
	extents_fini(&map);
	finish();
}
END_TEST

START_TEST(of_a_bad_destination_too)
{
	const struct endpoint_faults faults = {
		.error_offset = 3 * BLOCK, .error_bytes = 1, .error = -EIO,
	};
	uint64_t single;

	start();
	put_pattern(from, 8 * BLOCK);
	put_same(to, 8 * BLOCK, 'x');
	open_both(8 * BLOCK);
	fail_destination(&faults);
	continue_with(8 * BLOCK);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	single = plan.destination->offset_align;
	single = single < 512 ? 512 : single;
	check_bad(EXTENT_BAD_WRITE, 3 * BLOCK, 3 * BLOCK + single);
	ck_assert_int_eq(result.write_error, -EIO);
	check_pattern(0, 0, 3 * BLOCK);
	check_pattern(3 * BLOCK + single, 3 * BLOCK + single,
		      5 * BLOCK - single);
	extents_fini(&map);
	finish();
}
END_TEST

START_TEST(what_is_no_bad_medium_ends_the_copy_all_the_same)
{
	const struct endpoint_faults faults = { .end_offset = 3 * BLOCK };

	start();
	put_pattern(from, 8 * BLOCK);
	open_both(8 * BLOCK);
	fail_source(&faults);
	continue_with(8 * BLOCK);
	ck_assert_int_eq(copy_run(&plan, &result), TRANSFER_ENDED_EARLY);
	ck_assert_uint_le(result.in_place_bytes, 3 * BLOCK);
	extents_fini(&map);
	finish();
}
END_TEST

START_TEST(what_was_done_before_is_not_read)
{
	const struct endpoint_faults faults = {
		.error_bytes = 4 * BLOCK, .error = -ENODATA,
	};

	start();
	put_pattern(from, 8 * BLOCK);
	put_same(to, 8 * BLOCK, 'x');
	open_both(8 * BLOCK);
	fail_source(&faults);
	fail_destination(&(struct endpoint_faults){ 0 });
	continue_with(8 * BLOCK);
	extents_mark(&map, 0, 4 * BLOCK, EXTENT_DONE);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.copied_bytes, 4 * BLOCK);
	ck_assert_uint_eq(result.skipped_bytes, 4 * BLOCK);
	ck_assert_uint_eq(result.in_place_bytes, 8 * BLOCK);
	check_same(0, 4 * BLOCK, 'x');
	check_pattern(4 * BLOCK, 4 * BLOCK, 4 * BLOCK);
	extents_fini(&map);
	finish();
}
END_TEST

/* --- holes --------------------------------------------------------------- */

START_TEST(a_hole_is_made_where_something_else_was)
{
	struct stat st;

	start();
	put_same(from, 8 * BLOCK, 0);
	put_same(to, 8 * BLOCK, 'x');
	open_both(8 * BLOCK);
	fail_destination(&(struct endpoint_faults){ 0 });
	endpoint_close(plan.destination);
	ck_assert_int_eq(endpoint_open(to, ENDPOINT_WRITE, &plan.destination),
			 0);
	continue_with(8 * BLOCK);
	extents_mark(&map, BLOCK, 7 * BLOCK, EXTENT_HOLE);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.copied_bytes, 2 * BLOCK);
	ck_assert_uint_eq(result.skipped_bytes, 6 * BLOCK);
	check_same(0, 8 * BLOCK, 0);
	ck_assert_int_eq(stat(to, &st), 0);
	ck_assert_int_le(st.st_blocks * 512, 3 * BLOCK);
	extents_fini(&map);
	finish();
}
END_TEST

/* --- several destinations ------------------------------------------------ */

static char other[80];
static struct copy_also also;

static void open_other(const struct endpoint_faults *faults)
{
	snprintf(other, sizeof(other), "%s/other", directory);
	put_same(other, 8 * BLOCK, 'y');
	ck_assert_int_eq(endpoint_null_open(other, ENDPOINT_WRITE, faults,
					    &also.endpoint), 0);
	plan.also = &also;
	plan.also_count = 1;
}

static void close_other(void)
{
	endpoint_close(also.endpoint);
	unlink(other);
}

START_TEST(one_read_is_written_to_several_places)
{
	start();
	put_pattern(from, 8 * BLOCK);
	open_both(8 * BLOCK);
	open_other(&(struct endpoint_faults){ .short_bytes = 8192 });
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.copied_bytes, 8 * BLOCK);
	ck_assert_uint_eq(result.dropped, 0);
	check_pattern(0, 0, 8 * BLOCK);
	strcpy(to, other);
	check_pattern(0, 0, 8 * BLOCK);
	snprintf(to, sizeof(to), "%s/to", directory);
	close_other();
	finish();
}
END_TEST

START_TEST(one_that_fails_does_not_stop_the_others)
{
	start();
	put_pattern(from, 8 * BLOCK);
	open_both(8 * BLOCK);
	open_other(&(struct endpoint_faults){
		.error_offset = 2 * BLOCK, .error_bytes = 1,
		.error = -ENOSPC });
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.dropped, 1);
	ck_assert_int_eq(also.error.side, SIDE_DESTINATION);
	ck_assert_int_eq(also.error.error, -ENOSPC);
	ck_assert_uint_eq(also.error.offset_bytes, 2 * BLOCK);
	ck_assert_int_eq(result.error.side, SIDE_NONE);
	ck_assert_uint_eq(result.copied_bytes, 8 * BLOCK);
	check_pattern(0, 0, 8 * BLOCK);
	close_other();
	finish();
}
END_TEST

START_TEST(also_when_it_is_the_first)
{
	start();
	put_pattern(from, 8 * BLOCK);
	put_same(to, 8 * BLOCK, 'x');
	open_both(8 * BLOCK);
	fail_destination(&(struct endpoint_faults){
		.error_offset = 2 * BLOCK, .error_bytes = 1, .error = -EIO });
	open_other(&(struct endpoint_faults){ 0 });
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.dropped, 1);
	ck_assert_int_eq(result.error.error, -EIO);
	unlink(to);
	ck_assert_int_eq(link(other, to), 0);
	check_pattern(0, 0, 8 * BLOCK);
	close_other();
	finish();
}
END_TEST

START_TEST(when_all_have_failed_the_copy_has)
{
	const struct endpoint_faults faults = {
		.error_offset = 2 * BLOCK, .error_bytes = 1, .error = -EIO,
	};

	start();
	put_pattern(from, 8 * BLOCK);
	put_same(to, 8 * BLOCK, 'x');
	open_both(8 * BLOCK);
	fail_destination(&faults);
	open_other(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), -EIO);
	ck_assert_uint_eq(result.dropped, 2);
	close_other();
	finish();
}
END_TEST

START_TEST(peer_memory_that_one_refuses_is_given_up_for_all)
{
	struct endpoint_faults faults = {
		.refuse_start = NULL, .refuse_bytes = SLOTS * BLOCK,
		.refuse_error = -EINVAL,
	};

	start();
	put_pattern(from, 8 * BLOCK);
	open_both(8 * BLOCK);
	faults.refuse_start = p2pdma_pool_get_slot(plan.pool, 0);
	open_other(&faults);
	plan.is_peer = true;
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.dropped, 0);
	ck_assert_uint_eq(result.host_bytes, 8 * BLOCK);
	check_pattern(0, 0, 8 * BLOCK);
	unlink(to);
	ck_assert_int_eq(link(other, to), 0);
	check_pattern(0, 0, 8 * BLOCK);
	close_other();
	finish();
}
END_TEST

UNIT_SUITE("copy-block", of_a_bad_source_all_but_the_bad_blocks_is_saved,
	   of_a_bad_destination_too,
	   what_is_no_bad_medium_ends_the_copy_all_the_same,
	   what_was_done_before_is_not_read,
	   a_hole_is_made_where_something_else_was,
	   one_read_is_written_to_several_places,
	   one_that_fails_does_not_stop_the_others, also_when_it_is_the_first,
	   when_all_have_failed_the_copy_has,
	   peer_memory_that_one_refuses_is_given_up_for_all);
