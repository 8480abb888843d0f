/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/verify.h"
#include "unit/copying.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

static const uint64_t sizes[] = {
	0, 1, 511, 512, 513, 4095, 4096, 4097, BLOCK - 1, BLOCK, BLOCK + 1,
	SLOTS * BLOCK, SLOTS * BLOCK + 1, 11 * BLOCK + 4711,
};

START_TEST(files_of_any_size_are_copied_to_the_last_byte)
{
	uint64_t size = sizes[_i];

	start();
	put_pattern(from, size);
	open_both(size);
	ck_assert_int_eq(endpoint_reserve(plan.destination, 0, size), 0);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.copied_bytes, size);
	ck_assert_uint_eq(result.host_bytes, size);
	ck_assert_uint_eq(result.peer_bytes, 0);
	ck_assert_uint_eq(result.in_place_bytes, size);
	ck_assert_uint_eq(size_of(to), size);
	check_pattern(0, 0, size);
	finish();
}
END_TEST

static const struct {
	uint64_t skip, seek, size;
} places[] = {
	{ 0, 0, 100000 },	  { 4096, 0, 100000 },
	{ 0, 8192, 100000 },	  { 100, 612, 100000 },
	{ 100, 4196, 100000 },	  { 1, 0, 100000 },
	{ 0, 1, 100000 },	  { 3, 5, 100000 },
	{ 100, 4196, 10 },	  { 511, 1023, 513 },
	{ 4095, 8191, 3 * BLOCK }, { 12345, 54321, 2 * BLOCK + 17 },
};

START_TEST(any_part_lands_anywhere_and_nothing_around_it_changes)
{
	uint64_t skip = places[_i].skip, seek = places[_i].seek;
	uint64_t size = places[_i].size, end = seek + size;

	start();
	put_pattern(from, 500000);
	put_same(to, 500000, 'x');
	open_both(size);
	endpoint_close(plan.destination);
	ck_assert_int_eq(endpoint_open(to, ENDPOINT_WRITE, &plan.destination),
			 0);
	plan.source_offset_bytes = skip;
	plan.destination_offset_bytes = seek;
	plan.is_synced = true;
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.copied_bytes, size);
	ck_assert_uint_eq(size_of(to), 500000);
	check_pattern(skip, seek, size);
	check_same(0, seek, 'x');
	check_same(end, 500000, 'x');
	finish();
}
END_TEST

START_TEST(short_transfers_are_asked_for_again)
{
	const struct endpoint_faults faults = { .short_bytes = 8192 };

	start();
	put_pattern(from, 300001);
	open_both(300001);
	fail_source(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	check_pattern(0, 0, 300001);
	ck_assert_uint_eq(result.copied_bytes, 300001);
	finish();
}
END_TEST

START_TEST(a_source_that_ends_early_is_an_error_and_no_short_copy)
{
	const struct endpoint_faults faults = { .end_offset = 150000 };

	start();
	put_pattern(from, 300000);
	open_both(300000);
	fail_source(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), TRANSFER_ENDED_EARLY);
	ck_assert_int_eq(result.error.side, SIDE_SOURCE);
	ck_assert_int_eq(result.error.error, TRANSFER_ENDED_EARLY);
	ck_assert_uint_ge(result.error.offset_bytes, 2 * BLOCK);
	ck_assert_uint_le(result.in_place_bytes, 2 * BLOCK);
	ck_assert_int_ne(access(to, F_OK), 0);
	finish();
}
END_TEST

START_TEST(the_first_error_ends_the_copy_after_what_is_in_flight)
{
	const struct endpoint_faults faults = {
		.error_offset = 5 * BLOCK, .error_bytes = 512,
		.error = -ENODATA,
	};

	start();
	put_pattern(from, 40 * BLOCK);
	open_both(40 * BLOCK);
	fail_source(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), -ENODATA);
	ck_assert_int_eq(result.error.side, SIDE_SOURCE);
	ck_assert_uint_eq(result.error.offset_bytes, 5 * BLOCK);
	ck_assert_uint_eq(result.error.length_bytes, BLOCK);
	ck_assert_uint_le(result.in_place_bytes, 5 * BLOCK);
	ck_assert_uint_le(result.copied_bytes, 39 * BLOCK);
	finish();
}
END_TEST

START_TEST(with_one_block_in_flight_nothing_follows_an_error)
{
	const struct endpoint_faults faults = {
		.error_offset = 5 * BLOCK, .error_bytes = 512,
		.error = -ENODATA,
	};

	start();
	p2pdma_pool_destroy(plan.pool);
	ck_assert_int_eq(p2pdma_pool_create(host, BLOCK, 1, 1, &plan.pool), 0);
	put_pattern(from, 8 * BLOCK);
	open_both(8 * BLOCK);
	fail_source(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), -ENODATA);
	ck_assert_uint_eq(result.in_place_bytes, 5 * BLOCK);
	ck_assert_uint_eq(result.copied_bytes, 5 * BLOCK);
	finish();
}
END_TEST

START_TEST(an_error_of_the_destination_names_the_destination)
{
	const struct endpoint_faults faults = {
		.error_offset = 2 * BLOCK + 100, .error_bytes = 1,
		.error = -ENOSPC,
	};

	start();
	put_pattern(from, 8 * BLOCK);
	put_same(to, 8 * BLOCK, 'x');
	open_both(8 * BLOCK);
	endpoint_close(plan.destination);
	ck_assert_int_eq(endpoint_null_open(to, ENDPOINT_WRITE, &faults,
					    &plan.destination), 0);
	ck_assert_int_eq(copy_run(&plan, &result), -ENOSPC);
	ck_assert_int_eq(result.error.side, SIDE_DESTINATION);
	ck_assert_uint_eq(result.error.offset_bytes, 2 * BLOCK);
	finish();
}
END_TEST

/* Two rounds and what is in flight follow, of 4 blocks at most. */
static void stop_after_four(void *data, uint64_t done_bytes)
{
	if (done_bytes >= 4 * BLOCK)
		stop = SIGINT;
}

START_TEST(a_stop_drains_and_tells_what_is_in_place)
{
	start();
	put_pattern(from, 40 * BLOCK);
	open_both(40 * BLOCK);
	plan.tick = stop_after_four;
	ck_assert_int_eq(copy_run(&plan, &result), -EINTR);
	ck_assert(result.is_interrupted);
	ck_assert_int_eq(result.error.side, SIDE_NONE);
	ck_assert_uint_ge(result.copied_bytes, 4 * BLOCK);
	ck_assert_uint_lt(result.copied_bytes, 40 * BLOCK);
	ck_assert_uint_le(result.in_place_bytes, result.copied_bytes);
	ck_assert_int_ne(access(to, F_OK), 0);
	finish();
}
END_TEST

START_TEST(a_silent_source_is_named_when_the_time_is_over)
{
	const struct endpoint_faults faults = { .is_silent = true };

	start();
	put_pattern(from, 4 * BLOCK);
	open_both(4 * BLOCK);
	fail_source(&faults);
	plan.io_timeout_ns = 100 * NS_PER_MS;
	ck_assert_int_eq(copy_run(&plan, &result), -ETIMEDOUT);
	ck_assert(result.is_silent);
	ck_assert_int_eq(result.error.side, SIDE_SOURCE);
	ck_assert_uint_ge(result.duration_ns, 100 * NS_PER_MS);
	endpoint_close(plan.destination);
	unlink(from);
	ck_assert_int_eq(rmdir(directory), 0);
	/* As the interface asks for; what is in flight is no leak. */
	_exit(EXIT_SUCCESS);
}
END_TEST

/* The pool plays peer memory, which one end refuses. */
static void refuse_pool(struct endpoint_faults *faults, int error)
{
	faults->refuse_start = p2pdma_pool_get_slot(plan.pool, 0);
	faults->refuse_bytes = SLOTS * BLOCK;
	faults->refuse_error = error;
	plan.is_peer = true;
}

static const int refusals[] = { -EREMOTEIO, -EINVAL, -EIO, -EFAULT };

START_TEST(refused_reads_go_on_through_host_memory)
{
	struct endpoint_faults faults = { 0 };

	start();
	put_pattern(from, 9 * BLOCK + 5);
	open_both(9 * BLOCK + 5);
	refuse_pool(&faults, refusals[_i]);
	fail_source(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.host_bytes, 9 * BLOCK + 5);
	ck_assert_uint_eq(result.peer_bytes, 0);
	ck_assert_int_eq(result.refused_by, SIDE_SOURCE);
	ck_assert_int_eq(result.refused_error, refusals[_i]);
	check_pattern(0, 0, 9 * BLOCK + 5);
	finish();
}
END_TEST

START_TEST(refused_writes_go_on_through_host_memory)
{
	struct endpoint_faults faults = { 0 };

	start();
	put_pattern(from, 9 * BLOCK);
	put_same(to, 9 * BLOCK, 'x');
	open_both(9 * BLOCK);
	refuse_pool(&faults, -EINVAL);
	endpoint_close(plan.destination);
	ck_assert_int_eq(endpoint_null_open(to, ENDPOINT_WRITE, &faults,
					    &plan.destination), 0);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.host_bytes, 9 * BLOCK);
	ck_assert_int_eq(result.refused_by, SIDE_DESTINATION);
	check_pattern(0, 0, 9 * BLOCK);
	finish();
}
END_TEST

START_TEST(required_peer_memory_that_is_refused_ends_the_copy)
{
	struct endpoint_faults faults = { 0 };

	start();
	put_pattern(from, 9 * BLOCK);
	open_both(9 * BLOCK);
	refuse_pool(&faults, -EINVAL);
	fail_source(&faults);
	plan.is_peer_required = true;
	ck_assert_int_eq(copy_run(&plan, &result), -EREMOTEIO);
	ck_assert_uint_eq(result.copied_bytes, 0);
	ck_assert_int_eq(result.refused_by, SIDE_SOURCE);
	ck_assert_int_eq(result.error.side, SIDE_NONE);
	finish();
}
END_TEST

START_TEST(an_error_that_host_memory_meets_too_is_no_refusal)
{
	const struct endpoint_faults faults = {
		.error_offset = 2 * BLOCK, .error_bytes = BLOCK,
		.error = -EIO,
	};

	start();
	put_pattern(from, 9 * BLOCK);
	open_both(9 * BLOCK);
	plan.is_peer = true;
	fail_source(&faults);
	ck_assert_int_eq(copy_run(&plan, &result), -EIO);
	ck_assert_int_eq(result.refused_by, SIDE_NONE);
	ck_assert_int_eq(result.error.side, SIDE_SOURCE);
	ck_assert_uint_eq(result.error.offset_bytes, 2 * BLOCK);
	ck_assert_uint_eq(result.host_bytes, 0);
	finish();
}
END_TEST

START_TEST(accepted_peer_memory_carries_all_but_the_edges)
{
	start();
	put_pattern(from, 9 * BLOCK + 4711);
	put_same(to, 10 * BLOCK, 'x');
	open_both(9 * BLOCK + 4711);
	endpoint_close(plan.destination);
	ck_assert_int_eq(endpoint_open(to, ENDPOINT_WRITE, &plan.destination),
			 0);
	plan.is_peer = true;
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert_uint_eq(result.host_bytes,
			  (9 * BLOCK + 4711) %
				  plan.destination->offset_align);
	ck_assert_uint_eq(result.peer_bytes + result.host_bytes,
			  9 * BLOCK + 4711);
	check_pattern(0, 0, 9 * BLOCK + 4711);
	check_same(9 * BLOCK + 4711, 10 * BLOCK, 'x');
	finish();
}
END_TEST

/* --- verify ------------------------------------------------------------- */

static struct verify_plan make_verify(uint64_t skip, uint64_t seek,
				      uint64_t size)
{
	return (struct verify_plan){
		.source = plan.source, .destination = plan.destination,
		.source_offset_bytes = skip, .destination_offset_bytes = seek,
		.size_bytes = size, .host = host, .block_bytes = BLOCK,
		.depth = 3, .ring = plan.ring,
	};
}

START_TEST(what_was_copied_verifies)
{
	struct verify_plan verify;
	struct verify_result verified;

	start();
	put_pattern(from, 500000);
	open_both(400001);
	plan.source_offset_bytes = 4097;
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	verify = make_verify(4097, 0, 400001);
	ck_assert_int_eq(verify_run(&verify, &verified), 0);
	ck_assert_uint_eq(verified.compared_bytes, 400001);
	ck_assert_uint_eq(verified.mismatched_bytes, 0);
	finish();
}
END_TEST

START_TEST(every_byte_that_differs_is_counted_and_the_first_is_named)
{
	struct verify_plan verify;
	struct verify_result verified;

	start();
	put_pattern(from, 400001);
	open_both(400001);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	for (int i = 0; i < 2; i++) {
		off_t place = i ? 400000 : 200000;
		char wrong = (char)(byte_at((uint64_t)place) ^ 1);

		ck_assert_int_eq(pwrite(plan.destination->fd, &wrong, 1,
					place), 1);
	}
	verify = make_verify(0, 0, 400001);
	ck_assert_int_eq(verify_run(&verify, &verified), 0);
	ck_assert_uint_eq(verified.mismatched_bytes, 2);
	ck_assert_uint_eq(verified.first_mismatch_bytes, 200000);
	finish();
}
END_TEST

START_TEST(a_side_that_cannot_be_read_again_is_no_success)
{
	const struct endpoint_faults faults = {
		.error_offset = 3 * BLOCK, .error_bytes = 1, .error = -EIO,
	};
	struct verify_plan verify;
	struct verify_result verified;

	start();
	put_pattern(from, 9 * BLOCK);
	open_both(9 * BLOCK);
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	fail_source(&faults);
	verify = make_verify(0, 0, 9 * BLOCK);
	ck_assert_int_eq(verify_run(&verify, &verified), -EIO);
	ck_assert_int_eq(verified.error.side, SIDE_SOURCE);
	finish();
}
END_TEST

const char unit_name[] = "copy";

static void add_loop(Suite *suite, const TTest *test, size_t count)
{
	TCase *tcase = tcase_create(test->name);

	tcase_add_loop_test(tcase, test, 0, (int)count);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
}

void unit_fill(Suite *suite)
{
	add_loop(suite, files_of_any_size_are_copied_to_the_last_byte,
		 sizeof(sizes) / sizeof(sizes[0]));
	add_loop(suite, any_part_lands_anywhere_and_nothing_around_it_changes,
		 sizeof(places) / sizeof(places[0]));
	add_loop(suite, refused_reads_go_on_through_host_memory,
		 sizeof(refusals) / sizeof(refusals[0]));
	unit_add(suite, short_transfers_are_asked_for_again);
	unit_add(suite, a_source_that_ends_early_is_an_error_and_no_short_copy);
	unit_add(suite, the_first_error_ends_the_copy_after_what_is_in_flight);
	unit_add(suite, with_one_block_in_flight_nothing_follows_an_error);
	unit_add(suite, an_error_of_the_destination_names_the_destination);
	unit_add(suite, a_stop_drains_and_tells_what_is_in_place);
	unit_add(suite, a_silent_source_is_named_when_the_time_is_over);
	unit_add(suite, refused_writes_go_on_through_host_memory);
	unit_add(suite, required_peer_memory_that_is_refused_ends_the_copy);
	unit_add(suite, an_error_that_host_memory_meets_too_is_no_refusal);
	unit_add(suite, accepted_peer_memory_carries_all_but_the_edges);
	unit_add(suite, what_was_copied_verifies);
	unit_add(suite,
		 every_byte_that_differs_is_counted_and_the_first_is_named);
	unit_add(suite, a_side_that_cannot_be_read_again_is_no_success);
}
