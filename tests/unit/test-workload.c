/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/ledger.h"
#include "engine/workload.h"
#include "unit/unit.h"

#include <errno.h>

static struct workload_state state;
static struct workload_step step;

/* Job @job of @jobs, with a seed. */
static int begin(const struct workload *workload, uint64_t size_bytes,
		 uint64_t block_bytes, unsigned job, unsigned jobs,
		 uint64_t seed)
{
	const struct workload_plan plan = {
		.size_bytes = size_bytes,
		.block_bytes = block_bytes,
		.job = job,
		.jobs = jobs,
		.seed = seed,
		.read_percent = 70,
	};

	return workload_begin(workload, &plan, &state);
}

static uint64_t next_offset(const struct workload *workload)
{
	workload->next(&state, &step);
	return step.offset;
}

START_TEST(every_workload_is_found_by_its_name)
{
	const struct workload *w;
	size_t count = 0;

	while ((w = workload_get(count++)))
		ck_assert_ptr_eq(workload_find(w->name), w);
	ck_assert_uint_eq(count - 1, 6);
	ck_assert_ptr_null(workload_find("trim"));
	ck_assert_ptr_null(workload_find(""));
}
END_TEST

START_TEST(write_and_copy_write_and_the_others_do_not)
{
	ck_assert(!workload_writes(&workload_read));
	ck_assert(!workload_writes(&workload_randread));
	ck_assert(workload_writes(&workload_write));
	ck_assert(workload_writes(&workload_copy));
	ck_assert(workload_writes(&workload_randwrite));
	ck_assert(workload_writes(&workload_mixed));
	ck_assert(!workload_writes(&workload_check));
}
END_TEST

START_TEST(reading_goes_forward_and_starts_over_before_the_odd_tail)
{
	ck_assert_int_eq(begin(&workload_read, 3 * 4096 + 512, 4096, 0, 1, 1),
			 0);
	ck_assert_uint_eq(state.blocks, 3);
	ck_assert_uint_eq(next_offset(&workload_read), 0);
	ck_assert_int_eq(step.direction, P2PDMA_READ);
	ck_assert_uint_eq(next_offset(&workload_read), 4096);
	ck_assert_uint_eq(next_offset(&workload_read), 8192);
	ck_assert_uint_eq(next_offset(&workload_read), 0);
}
END_TEST

START_TEST(writing_goes_forward_and_starts_over)
{
	ck_assert_int_eq(begin(&workload_write, 1 << 20, 1 << 19, 0, 1, 1), 0);
	ck_assert_uint_eq(next_offset(&workload_write), 0);
	ck_assert_int_eq(step.direction, P2PDMA_WRITE);
	ck_assert_uint_eq(next_offset(&workload_write), 1 << 19);
	ck_assert_uint_eq(next_offset(&workload_write), 0);
}
END_TEST

START_TEST(jobs_that_go_forward_share_the_blocks_without_gap_or_overlap)
{
	static const uint64_t begins[] = { 0, 4, 7, 10 };

	for (unsigned job = 0; job < 3; job++) {
		ck_assert_int_eq(begin(&workload_read, 10 * 512, 512, job, 3,
				       1), 0);
		ck_assert_uint_eq(state.begin, begins[job] * 512);
		ck_assert_uint_eq(state.end, begins[job + 1] * 512);
		ck_assert_uint_eq(next_offset(&workload_read), state.begin);
	}
}
END_TEST

/* The blocks were worked out apart from this code, with Python's integers. */
START_TEST(random_offsets_are_the_same_for_the_same_seed)
{
	static const uint64_t blocks[] = { 680, 913, 794, 918, 352 };

	ck_assert_int_eq(begin(&workload_randread, 1000 * 4096, 4096, 0, 1,
			       42), 0);
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		ck_assert_uint_eq(next_offset(&workload_randread),
				  blocks[i] * 4096);
}
END_TEST

START_TEST(random_jobs_jump_in_the_whole_and_each_in_its_own_way)
{
	unsigned same = 0;
	uint64_t first[100];

	for (unsigned job = 0; job < 2; job++) {
		begin(&workload_randread, 1 << 20, 512, job, 2, 42);
		ck_assert_uint_eq(state.blocks, 2048);
		ck_assert_uint_eq(state.share, 1024);
		for (int i = 0; i < 100; i++) {
			uint64_t offset = next_offset(&workload_randread);

			ck_assert_uint_lt(offset, 1 << 20);
			ck_assert_uint_eq(offset % 512, 0);
			same += job && first[i] == offset;
			first[i] = offset;
		}
	}
	ck_assert_uint_lt(same, 5);
}
END_TEST

START_TEST(less_than_a_block_for_each_job_is_refused)
{
	ck_assert_int_eq(begin(&workload_read, 4095, 4096, 0, 1, 1), -EINVAL);
	ck_assert_int_eq(begin(&workload_randread, 8192, 4096, 0, 3, 1),
			 -EINVAL);
	ck_assert_int_eq(begin(&workload_read, 4096, 0, 0, 1, 1), -EINVAL);
	ck_assert_int_eq(begin(&workload_read, 4096, 4096, 0, 0, 1), -EINVAL);
}
END_TEST

START_TEST(of_a_mixed_workload_the_given_share_is_read)
{
	unsigned reads = 0;

	begin(&workload_mixed, 1 << 20, 512, 0, 1, 42);
	for (int i = 0; i < 10000; i++) {
		next_offset(&workload_mixed);
		reads += step.direction == P2PDMA_READ;
	}
	ck_assert_uint_gt(reads, 6800);
	ck_assert_uint_lt(reads, 7200);
}
END_TEST

START_TEST(by_zipfs_law_few_blocks_are_drawn_most_of_the_time)
{
	struct workload_plan plan = {
		.size_bytes = 1000 * 4096,
		.block_bytes = 4096,
		.jobs = 1,
		.seed = 1,
		.zipf_theta = 1.2,
	};
	unsigned counts[1000] = { 0 }, most = 0;

	ck_assert_int_eq(workload_begin(&workload_randread, &plan, &state), 0);
	for (int i = 0; i < 10000; i++)
		counts[next_offset(&workload_randread) / 4096]++;
	for (int i = 0; i < 1000; i++)
		most = counts[i] > most ? counts[i] : most;
	/* 1 over the sum of 1/k^1.2 to 1000 is 0.231. */
	ck_assert_uint_gt(most, 2100);
	ck_assert_uint_lt(most, 2500);
}
END_TEST

START_TEST(apart_means_that_random_jobs_keep_to_their_part)
{
	struct workload_plan plan = {
		.size_bytes = 1 << 20,
		.block_bytes = 512,
		.job = 1,
		.jobs = 2,
		.is_apart = true,
	};

	ck_assert_int_eq(workload_begin(&workload_randwrite, &plan, &state),
			 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_ge(next_offset(&workload_randwrite), 1 << 19);
}
END_TEST

START_TEST(what_was_written_is_read_again_and_nothing_else)
{
	struct workload_plan plan = {
		.size_bytes = 1 << 20,
		.block_bytes = 4096,
		.jobs = 1,
	};
	struct ledger *ledger;

	ck_assert_int_eq(ledger_create(1 << 20, 4096, &ledger), 0);
	*ledger_find(ledger, 8192) = 1;
	*ledger_find(ledger, (1 << 20) - 4096) = 7;
	plan.ledger = ledger;
	ck_assert_int_eq(workload_begin(&workload_check, &plan, &state), 0);
	ck_assert_uint_eq(state.share, 2);
	ck_assert_uint_eq(next_offset(&workload_check), 8192);
	ck_assert_uint_eq(next_offset(&workload_check), (1 << 20) - 4096);
	ck_assert_int_eq(step.direction, P2PDMA_READ);
	ledger_destroy(ledger);
}
END_TEST

UNIT_SUITE("workload",
	   every_workload_is_found_by_its_name,
	   write_and_copy_write_and_the_others_do_not,
	   reading_goes_forward_and_starts_over_before_the_odd_tail,
	   writing_goes_forward_and_starts_over,
	   jobs_that_go_forward_share_the_blocks_without_gap_or_overlap,
	   random_offsets_are_the_same_for_the_same_seed,
	   random_jobs_jump_in_the_whole_and_each_in_its_own_way,
	   less_than_a_block_for_each_job_is_refused,
	   of_a_mixed_workload_the_given_share_is_read,
	   by_zipfs_law_few_blocks_are_drawn_most_of_the_time,
	   apart_means_that_random_jobs_keep_to_their_part,
	   what_was_written_is_read_again_and_nothing_else);
