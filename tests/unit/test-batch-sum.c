/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/batch-state.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define BLOCK	8u

static struct batch batch;
static struct route route;
static struct file file;
static struct lane lanes[3];
static char data[3][BLOCK + 1] = { "01234567", "abcdefgh", "ABCDEFGH" };
static char first[] = "start";

/* A file of a first block, and three more. */
static void begin(void)
{
	batch = (struct batch){ .route_count = 1 };
	route = (struct route){ .block_bytes = BLOCK };
	batch.routes[0] = route;
	memset(&file, 0, offsetof(struct file, sum));
	file.route = &batch.routes[0];
	file.size_bytes = 5 + 3 * BLOCK;
	ck_assert_int_eq(checksum_create("md5", &file.sum), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(lanes); i++)
		lanes[i] = (struct lane){
			.file = &file, .route = &batch.routes[0],
			.buffer = data[i], .want_bytes = BLOCK,
			.offset_bytes = 5 + i * BLOCK,
		};
	/* It goes back to nobody. */
	file.first_bytes = 5;
	file.lane = &(struct lane){ .buffer = first,
				    .route = &batch.routes[0] };
	batch_begin_sum(&file);
	file.lane = NULL;
}

static void end(void)
{
	checksum_destroy(file.sum);
	file.sum = NULL;
}

static void is_sum_of(const char *text)
{
	char wanted[CHECKSUM_TEXT_SIZE];
	struct checksum *sum;

	batch_finish_sum(&file);
	ck_assert_int_eq(checksum_create("md5", &sum), 0);
	checksum_restart(sum);
	checksum_add(sum, text, strlen(text));
	checksum_finish(sum, wanted);
	checksum_destroy(sum);
	ck_assert_ptr_nonnull(file.answer.sum);
	ck_assert_str_eq(file.answer.sum, wanted);
}

START_TEST(blocks_are_summed_in_order_however_they_come)
{
	begin();
	for (unsigned i = 0; i < 3; i++)
		batch_queue_sum(&file, &lanes[i]);
	batch_sum_read(&batch, &file, &lanes[2]);
	/* It was written before its turn: its lane has to wait. */
	ck_assert(batch_await_sum(&file, &lanes[2]));
	ck_assert_uint_eq(file.lanes, 1);
	ck_assert_ptr_null(batch_take_summed(&batch));
	batch_sum_read(&batch, &file, &lanes[0]);
	ck_assert(!batch_await_sum(&file, &lanes[0]));
	ck_assert_ptr_null(batch_take_summed(&batch));
	batch_sum_read(&batch, &file, &lanes[1]);
	ck_assert_ptr_eq(batch_take_summed(&batch), &lanes[2]);
	ck_assert_uint_eq(file.lanes, 0);
	ck_assert_ptr_null(batch_take_summed(&batch));
	is_sum_of("start01234567abcdefghABCDEFGH");
	end();
}
END_TEST

START_TEST(a_hole_is_zeros)
{
	static const char zeros[BLOCK];
	char wanted[CHECKSUM_TEXT_SIZE];
	struct checksum *sum;

	begin();
	batch_queue_sum(&file, &lanes[1]);
	batch_sum_read(&batch, &file, &lanes[1]);
	/* One between two blocks, and one at the end. */
	batch_finish_sum(&file);
	ck_assert_int_eq(checksum_create("md5", &sum), 0);
	checksum_restart(sum);
	checksum_add(sum, first, 5);
	checksum_add(sum, zeros, BLOCK);
	checksum_add(sum, data[1], BLOCK);
	checksum_add(sum, zeros, BLOCK);
	checksum_finish(sum, wanted);
	checksum_destroy(sum);
	ck_assert_str_eq(file.answer.sum, wanted);
	end();
}
END_TEST

START_TEST(what_is_dropped_lets_go_of_those_that_wait)
{
	begin();
	batch_queue_sum(&file, &lanes[0]);
	batch_queue_sum(&file, &lanes[1]);
	batch_sum_read(&batch, &file, &lanes[1]);
	ck_assert(batch_await_sum(&file, &lanes[1]));
	batch_drop_sum(&batch, &file);
	ck_assert_uint_eq(file.lanes, 0);
	ck_assert_ptr_eq(batch.free_lanes[0], &lanes[1]);
	ck_assert(!file.is_summing);
	batch_finish_sum(&file);
	ck_assert_ptr_null(file.answer.sum);
	end();
}
END_TEST

START_TEST(peer_memory_is_not_summed_by_the_processor)
{
	begin();
	batch.routes[0].is_peer = true;
	batch_begin_sum(&file);
	ck_assert(!file.is_summing);
	batch_queue_sum(&file, &lanes[0]);
	ck_assert(!lanes[0].is_unsummed);
	batch_finish_sum(&file);
	ck_assert_ptr_null(file.answer.sum);
	end();
}
END_TEST

START_TEST(nothing_has_a_sum_too)
{
	begin();
	file.is_summing = false;
	file.size_bytes = file.summed_bytes = 0;
	is_sum_of("");
	end();
}
END_TEST

UNIT_SUITE("batch-sum", blocks_are_summed_in_order_however_they_come,
	   a_hole_is_zeros, what_is_dropped_lets_go_of_those_that_wait,
	   peer_memory_is_not_summed_by_the_processor, nothing_has_a_sum_too);
