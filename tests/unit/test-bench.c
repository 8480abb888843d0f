/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/bench.h"
#include "engine/endpoint-null.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define BLOCK	4096u
#define BLOCKS	64u

static struct p2pdma_context *context;
static struct p2pdma_provider *provider;
static struct p2pdma_pool *pool;
static struct bench_result result;
static char path[2][64];
static unsigned char data[BLOCKS * BLOCK], other[BLOCKS * BLOCK];

/* Host memory of @slots blocks, filled. */
static struct p2pdma_pool *make_pool(unsigned slots)
{
	struct p2pdma_pool *made;

	if (!provider) {
		ck_assert_int_eq(p2pdma_context_create("/", &context), 0);
		ck_assert_int_eq(p2pdma_provider_open(context, "host", NULL,
						      &provider), 0);
	}
	ck_assert_int_eq(p2pdma_pool_create(provider, BLOCK, slots, slots,
					    &made), 0);
	ck_assert_int_eq(bench_fill(made, 1), 0);
	return made;
}

/* A run of one job over all of @target, block by block. */
static struct bench_args run_of(const struct workload *workload,
				struct endpoint *target, unsigned depth)
{
	struct bench_args args = {
		.workload = workload,
		.targets = { target },
		.size_bytes = sizeof(data),
		.block_bytes = BLOCK,
		.depth = depth,
		.jobs = 1,
		.seed = 1,
	};

	pool = make_pool(depth);
	args.pool = pool;
	return args;
}

/* By a bench of its own, as large as it needs. */
static int run(const struct bench_args *args)
{
	struct bench *bench;
	int rc;

	ck_assert_int_eq(bench_open(args->jobs, args->depth, 0, &bench), 0);
	rc = bench_run(bench, args, &result);
	bench_close(bench);
	return rc;
}

/* Ever longer, until more than @ios are done: how many an instant brings is up
 * to the machine. */
static void run_for_more_than(uint64_t ios, struct bench_args *args)
{
	do {
		ck_assert_int_eq(run(args), 0);
		args->time_ns *= 2;
	} while (result.ios <= ios && args->time_ns < NS_PER_SEC);
	ck_assert_uint_gt(result.ios, ios);
}

/* File number @which, each block of it filled with its own number. */
static struct endpoint *open_file(int which, unsigned mode)
{
	struct endpoint *endpoint;
	int fd;

	strcpy(path[which], "test-bench-XXXXXX");
	fd = mkstemp(path[which]);
	ck_assert_int_ge(fd, 0);
	for (unsigned i = 0; i < BLOCKS; i++)
		memset(data + i * BLOCK, (int)i + 1, BLOCK);
	ck_assert_int_eq(write(fd, data, sizeof(data)), sizeof(data));
	close(fd);
	ck_assert_int_eq(endpoint_open(path[which], mode, &endpoint), 0);
	return endpoint;
}

/* What is in file number @which now, which goes away. */
static void read_back(int which, unsigned char *into)
{
	int fd = open(path[which], O_RDONLY);

	ck_assert_int_eq(read(fd, into, sizeof(data)), sizeof(data));
	close(fd);
	unlink(path[which]);
}

static struct endpoint *open_null(const struct endpoint_faults *faults,
				  unsigned mode)
{
	struct endpoint *endpoint;

	ck_assert_int_eq(endpoint_null_open(NULL, mode, faults, &endpoint),
			 0);
	return endpoint;
}

START_TEST(reading_once_reads_every_block_once)
{
	struct endpoint *file = open_file(0, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, file, BLOCKS);

	ck_assert_int_eq(run(&args), 0);
	for (unsigned i = 0; i < BLOCKS; i++)
		ck_assert_mem_eq(p2pdma_pool_get_slot(pool, i),
				 data + i * BLOCK, BLOCK);
	ck_assert_uint_eq(result.ios, BLOCKS);
	ck_assert_uint_eq(result.bytes, sizeof(data));
	ck_assert_uint_eq(result.latency.count, BLOCKS);
	ck_assert_uint_eq(result.errors, 0);
	ck_assert_uint_gt(result.duration_ns, 0);
	ck_assert_uint_ge(result.duration_ns,
			  histogram_most(&result.latency));
	ck_assert_uint_ge(result.submits, 1);
	ck_assert_int_eq(result.end, BENCH_COMPLETE);
	endpoint_close(file);
	unlink(path[0]);
}
END_TEST

START_TEST(writing_puts_the_slots_bytes_into_every_block)
{
	struct endpoint *file = open_file(0, ENDPOINT_WRITE);
	struct bench_args args = run_of(&workload_write, file, 1);

	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, BLOCKS);
	endpoint_close(file);
	read_back(0, other);
	for (unsigned i = 0; i < BLOCKS; i++)
		ck_assert_mem_eq(other + i * BLOCK,
				 p2pdma_pool_get_slot(pool, 0), BLOCK);
}
END_TEST

START_TEST(copying_makes_the_second_target_like_the_first)
{
	struct endpoint *source = open_file(0, ENDPOINT_READ);
	struct endpoint *destination = open_file(1, ENDPOINT_WRITE);
	struct bench_args args = run_of(&workload_copy, source, 7);

	args.targets[1] = destination;
	memset(other, 0, sizeof(other));
	ck_assert_int_eq(pwrite(destination->fd, other, sizeof(other), 0),
			 sizeof(other));
	ck_assert_int_eq(fsync(destination->fd), 0);
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, BLOCKS);
	ck_assert_uint_eq(result.bytes, sizeof(data));
	ck_assert_uint_eq(result.latency.count, BLOCKS);
	endpoint_close(source);
	endpoint_close(destination);
	unlink(path[0]);
	read_back(1, other);
	ck_assert_mem_eq(other, data, sizeof(data));
}
END_TEST

/* A copy from a source that never ends to a destination that takes all. */
static struct bench_args copy_of(const struct endpoint_faults *source,
				 const struct endpoint_faults *destination,
				 unsigned depth)
{
	struct bench_args args = run_of(&workload_copy,
					open_null(source, ENDPOINT_READ),
					depth);

	args.targets[1] = open_null(destination, ENDPOINT_WRITE);
	return args;
}

static void close_both(struct bench_args *args)
{
	endpoint_close(args->targets[0]);
	endpoint_close(args->targets[1]);
}

START_TEST(copying_goes_on_until_time_is_up)
{
	static const struct endpoint_faults none;
	struct bench_args args = copy_of(&none, &none, 8);
	uint64_t before = clock_now_ns();

	args.jobs = 2;
	args.depth = 4;
	args.time_ns = 50 * NS_PER_MS;
	args.warmup_ns = 50 * NS_PER_MS;
	run_for_more_than(2 * BLOCKS, &args);
	ck_assert_uint_ge(clock_now_ns() - before, 100 * NS_PER_MS);
	ck_assert_uint_eq(result.bytes, result.ios * BLOCK);
	ck_assert_uint_eq(result.latency.count, result.ios);
	ck_assert_uint_ge(result.duration_ns, 50 * NS_PER_MS);
	ck_assert_int_eq(result.end, BENCH_COMPLETE);
	close_both(&args);
}
END_TEST

START_TEST(a_range_of_less_blocks_than_depth_is_copied_over_and_over)
{
	static const struct endpoint_faults none;
	struct bench_args args = copy_of(&none, &none, 8);

	args.size_bytes = 3 * BLOCK;
	args.time_ns = 20 * NS_PER_MS;
	run_for_more_than(8, &args);
	close_both(&args);
}
END_TEST

START_TEST(bad_blocks_of_a_copy_are_counted_and_passed)
{
	static const struct endpoint_faults none;
	const struct endpoint_faults faults = { .error_offset = 5 * BLOCK,
						.error_bytes = 3 * BLOCK,
						.error = -ENODATA };
	struct bench_args args = copy_of(&faults, &none, 4);

	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.errors, 3);
	ck_assert_uint_eq(result.ios, BLOCKS - 3);
	ck_assert_int_eq(result.first_error.error, ENODATA);
	ck_assert_uint_eq(result.first_error.offset, 5 * BLOCK);
	ck_assert_uint_eq(result.first_error.target, 0);
	ck_assert_int_eq(result.end, BENCH_COMPLETE);
	close_both(&args);
	p2pdma_pool_destroy(pool);
	args = copy_of(&none, &faults, 4);
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.errors, 3);
	ck_assert_uint_eq(result.first_error.target, 1);
	ck_assert_int_eq(result.first_error.direction, P2PDMA_WRITE);
	close_both(&args);
}
END_TEST

/* Only what is a bad place is passed; the rest ends it, as it ends a copy. */
START_TEST(what_ends_a_copy_ends_its_measurement)
{
	static const struct endpoint_faults none;
	const struct endpoint_faults faults = { .error_offset = 5 * BLOCK,
						.error_bytes = BLOCK,
						.error = -EINVAL };
	struct bench_args args = copy_of(&none, &faults, 1);

	args.time_ns = 3600 * NS_PER_SEC;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 5);
	ck_assert_uint_eq(result.errors, 1);
	ck_assert_int_eq(result.first_error.error, EINVAL);
	ck_assert_uint_eq(result.first_error.offset, 5 * BLOCK);
	ck_assert_int_eq(result.end, BENCH_FAILED);
	close_both(&args);
}
END_TEST

START_TEST(a_copy_of_bad_blocks_only_ends)
{
	static const struct endpoint_faults none;
	const struct endpoint_faults faults = { .error_bytes = UINT64_MAX / 2,
						.error = -EIO };
	struct bench_args args = copy_of(&faults, &none, 4);

	args.time_ns = 3600 * NS_PER_SEC;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 0);
	ck_assert_uint_ge(result.errors, BENCH_FAILURES_MAX);
	ck_assert_int_eq(result.end, BENCH_FAILED);
	close_both(&args);
}
END_TEST

START_TEST(a_copy_keeps_a_rate_and_tells_what_comes_late)
{
	static const struct endpoint_faults none;
	struct bench_args args = copy_of(&none, &none, 4);

	args.rate_iops = 640;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, BLOCKS);
	ck_assert_uint_ge(result.duration_ns, 63 * (NS_PER_SEC / 640));
	args.rate_iops = NS_PER_SEC;
	args.size_bytes = UINT64_C(5000) * BLOCK;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 5000);
	ck_assert_uint_ge(histogram_most(&result.latency),
			  result.duration_ns / 2);
	close_both(&args);
}
END_TEST

START_TEST(a_flag_stops_a_copy_early)
{
	static const struct endpoint_faults none;
	struct bench_args args = copy_of(&none, &none, 4);
	volatile sig_atomic_t stop = 1;

	args.time_ns = 3600 * NS_PER_SEC;
	args.stop = &stop;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_int_eq(result.end, BENCH_STOPPED);
	close_both(&args);
}
END_TEST

START_TEST(a_silent_end_of_a_copy_ends_the_run_after_the_time_limit)
{
	static const struct endpoint_faults none;
	const struct endpoint_faults faults = { .is_silent = true };
	struct bench_args args = copy_of(&faults, &none, 2);

	args.io_timeout_ns = 200 * NS_PER_MS;
	ck_assert_int_eq(run(&args), -ETIMEDOUT);
	ck_assert_int_eq(result.end, BENCH_SILENT);
	ck_assert_uint_eq(result.ios, 0);
	_exit(EXIT_SUCCESS);
}
END_TEST

START_TEST(jobs_share_the_blocks)
{
	struct endpoint *file = open_file(0, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, file, BLOCKS);

	args.jobs = 4;
	args.depth = BLOCKS / 4;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, BLOCKS);
	for (unsigned i = 0; i < BLOCKS; i++)
		ck_assert_mem_eq(p2pdma_pool_get_slot(pool, i),
				 data + i * BLOCK, BLOCK);
	endpoint_close(file);
	unlink(path[0]);
}
END_TEST

START_TEST(a_failed_block_is_counted_and_the_first_one_is_kept)
{
	struct endpoint_faults faults = { .error_offset = 5 * BLOCK,
					  .error_bytes = 3 * BLOCK,
					  .error = -ENODATA };
	struct endpoint *target = open_null(&faults, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 1);

	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.errors, 3);
	ck_assert_uint_eq(result.ios, BLOCKS - 3);
	ck_assert_int_eq(result.first_error.error, ENODATA);
	ck_assert_uint_eq(result.first_error.offset, 5 * BLOCK);
	ck_assert_int_eq(result.first_error.direction, P2PDMA_READ);
	endpoint_close(target);
}
END_TEST

START_TEST(a_block_of_which_less_was_moved_is_a_failed_one)
{
	struct endpoint_faults faults = { .end_offset = BLOCK + 512 };
	struct endpoint *target = open_null(&faults, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 4);

	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 1);
	ck_assert_uint_eq(result.errors, BLOCKS - 1);
	ck_assert_int_eq(result.first_error.error, EIO);
	ck_assert_uint_eq(result.first_error.offset, BLOCK);
	endpoint_close(target);
}
END_TEST

START_TEST(a_target_that_fails_everything_ends_the_run)
{
	struct endpoint_faults faults = { .error_bytes = UINT64_MAX / 2,
					  .error = -EIO };
	struct endpoint *target = open_null(&faults, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 8);

	args.time_ns = 3600 * NS_PER_SEC;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 0);
	ck_assert_uint_ge(result.errors, BENCH_FAILURES_MAX);
	ck_assert_uint_lt(result.errors, BENCH_FAILURES_MAX + 8);
	ck_assert_int_eq(result.end, BENCH_FAILED);
	endpoint_close(target);
}
END_TEST

START_TEST(a_silent_target_ends_the_run_after_the_time_limit)
{
	const struct endpoint_faults faults = { .is_silent = true };
	struct endpoint *target = open_null(&faults, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 2);

	args.io_timeout_ns = 200 * NS_PER_MS;
	ck_assert_int_eq(run(&args), -ETIMEDOUT);
	ck_assert_int_eq(result.end, BENCH_SILENT);
	ck_assert_uint_eq(result.ios, 0);
	/* As the interface asks for; what is in flight is no leak. */
	_exit(EXIT_SUCCESS);
}
END_TEST

START_TEST(time_ends_a_run_and_warming_up_is_not_counted)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_randread, target, 4);
	uint64_t before = clock_now_ns();

	args.time_ns = 50 * NS_PER_MS;
	args.warmup_ns = 100 * NS_PER_MS;
	run_for_more_than(0, &args);
	ck_assert_uint_ge(clock_now_ns() - before, 150 * NS_PER_MS);
	ck_assert_uint_ge(result.duration_ns, 50 * NS_PER_MS);
	ck_assert_uint_lt(result.duration_ns, clock_now_ns() - before -
			  90 * NS_PER_MS);
	endpoint_close(target);
}
END_TEST

START_TEST(a_flag_stops_a_run_early_and_the_result_says_so)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 4);
	volatile sig_atomic_t stop = 1;

	args.time_ns = 3600 * NS_PER_SEC;
	args.stop = &stop;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_int_eq(result.end, BENCH_STOPPED);
	endpoint_close(target);
}
END_TEST

/* The sink takes a batch at once, so that each turn finds all of it done. */
START_TEST(one_call_into_the_kernel_serves_a_batch)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_WRITE);
	struct bench_args args = run_of(&workload_write, target, BLOCKS);

	args.size_bytes = UINT64_C(20000) * BLOCK;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 20000);
	ck_assert_uint_le(result.submits, 20000 / 8);
	endpoint_close(target);
}
END_TEST

START_TEST(a_pool_too_small_or_less_than_a_block_a_job_is_refused)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 4);

	args.jobs = 2;
	ck_assert_int_eq(run(&args), -EINVAL);
	args.depth = 2;
	args.size_bytes = BLOCK;
	ck_assert_int_eq(run(&args), -EINVAL);
	args.size_bytes = 2 * BLOCK;
	ck_assert_int_eq(run(&args), 0);
	args.block_bytes = 2 * BLOCK;
	ck_assert_int_eq(run(&args), -EINVAL);
	endpoint_close(target);
}
END_TEST

START_TEST(runs_that_follow_each_other_use_the_same_rings)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 8);
	struct bench_result *sum = malloc(sizeof(*sum));
	struct bench *bench;

	bench_empty(sum);
	ck_assert_int_eq(bench_open(2, 4, 0, &bench), 0);
	args.jobs = 2;
	for (unsigned depth = 4; depth; depth /= 2) {
		args.depth = depth;
		ck_assert_int_eq(bench_run(bench, &args, &result), 0);
		ck_assert_uint_eq(result.ios, BLOCKS);
		bench_append(sum, &result);
	}
	ck_assert_uint_eq(sum->ios, 3 * BLOCKS);
	ck_assert_uint_eq(sum->bytes, 3 * BLOCKS * BLOCK);
	ck_assert_uint_eq(sum->latency.count, 3 * BLOCKS);
	args.jobs = 1;
	args.depth = 5;
	ck_assert_int_eq(bench_run(bench, &args, &result), -EINVAL);
	bench_close(bench);
	free(sum);
	endpoint_close(target);
}
END_TEST

START_TEST(a_rate_is_kept_and_what_comes_late_counts_from_its_time)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 4);

	args.rate_iops = 640;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, BLOCKS);
	/* 64 blocks, the first one at once, and no two of them together. */
	ck_assert_uint_ge(result.duration_ns, 63 * (NS_PER_SEC / 640));
	endpoint_close(target);
}
END_TEST

/* A billion a second are asked for, and one at a time done. */
START_TEST(a_rate_that_cannot_be_kept_shows_in_the_latencies)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 1);

	args.rate_iops = NS_PER_SEC;
	args.size_bytes = UINT64_C(5000) * BLOCK;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios, 5000);
	ck_assert_uint_ge(histogram_most(&result.latency),
			  result.duration_ns / 2);
	endpoint_close(target);
}
END_TEST

/* A run of @workload on @file that fills and looks at blocks. */
static struct bench_args verified(const struct workload *workload,
				  struct endpoint *file,
				  struct ledger **ledger)
{
	struct bench_args args = run_of(workload, file, 8);

	ck_assert_int_eq(ledger_create(args.size_bytes, BLOCK, ledger), 0);
	args.ledger = *ledger;
	args.read_percent = 50;
	return args;
}

START_TEST(what_was_written_can_be_told_from_anything_else)
{
	struct endpoint *file = open_file(0, ENDPOINT_WRITE);
	struct ledger *ledger;
	struct bench_args args = verified(&workload_write, file, &ledger);

	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(ledger_count(ledger, 0, args.size_bytes), BLOCKS);
	/* Block 3 onto block 5, and block 7 to zeros. */
	ck_assert_int_eq(pread(file->fd, data, BLOCK, 3 * BLOCK), BLOCK);
	ck_assert_int_eq(pwrite(file->fd, data, BLOCK, 5 * BLOCK), BLOCK);
	memset(data, 0, BLOCK);
	ck_assert_int_eq(pwrite(file->fd, data, BLOCK, 7 * BLOCK), BLOCK);
	ck_assert_int_eq(fsync(file->fd), 0);
	args.workload = &workload_check;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.verification.checked, BLOCKS);
	ck_assert_uint_eq(result.verification.faults[PATTERN_GOOD],
			  BLOCKS - 2);
	ck_assert_uint_eq(result.verification.faults[PATTERN_MISPLACED], 1);
	ck_assert_uint_eq(result.verification.faults[PATTERN_ZEROED], 1);
	ck_assert_int_eq(result.verification.first.fault, PATTERN_MISPLACED);
	ck_assert_uint_eq(result.verification.first.offset, 5 * BLOCK);
	ck_assert_uint_eq(result.verification.first.found.offset, 3 * BLOCK);
	ledger_destroy(ledger);
	endpoint_close(file);
	unlink(path[0]);
}
END_TEST

/* Four jobs write and read at random; each block that was written tells so. */
START_TEST(a_mixed_run_reads_what_it_wrote_last)
{
	struct endpoint *file = open_file(0, ENDPOINT_WRITE);
	struct ledger *ledger;
	struct bench_args args = verified(&workload_mixed, file, &ledger);

	args.jobs = 4;
	args.depth = 2;
	args.time_ns = 50 * NS_PER_MS;
	run_for_more_than(0, &args);
	ck_assert_uint_eq(result.verification.checked,
			  result.verification.faults[PATTERN_GOOD]);
	args.workload = &workload_check;
	args.time_ns = 0;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.ios,
			  ledger_count(ledger, 0, args.size_bytes));
	ck_assert_uint_eq(result.verification.faults[PATTERN_GOOD],
			  result.ios);
	ledger_destroy(ledger);
	endpoint_close(file);
	unlink(path[0]);
}
END_TEST

START_TEST(a_lost_write_leaves_a_stale_block)
{
	struct endpoint *file = open_file(0, ENDPOINT_WRITE);
	struct ledger *ledger;
	struct bench_args args = verified(&workload_write, file, &ledger);

	ck_assert_int_eq(run(&args), 0);
	ledger->entries[9]++;
	args.workload = &workload_check;
	ck_assert_int_eq(run(&args), 0);
	ck_assert_uint_eq(result.verification.faults[PATTERN_STALE], 1);
	ck_assert_uint_eq(result.verification.first.offset, 9 * BLOCK);
	ck_assert_uint_eq(result.verification.first.found.generation, 1);
	ledger_destroy(ledger);
	endpoint_close(file);
	unlink(path[0]);
}
END_TEST

START_TEST(jobs_run_where_they_are_told_to)
{
	static const struct endpoint_faults none;
	struct endpoint *target = open_null(&none, ENDPOINT_READ);
	struct bench_args args = run_of(&workload_read, target, 1);
	cpu_set_t nowhere;

	CPU_ZERO(&nowhere);
	args.cpus = &nowhere;
	args.cpu_count = 1;
	ck_assert_int_eq(run(&args), -EINVAL);
	CPU_SET(sched_getcpu(), &nowhere);
	ck_assert_int_eq(run(&args), 0);
	endpoint_close(target);
}
END_TEST

START_TEST(slots_are_filled_alike_for_a_seed_and_differ_among_each_other)
{
	struct p2pdma_pool *a = make_pool(2), *b = make_pool(2);

	for (unsigned i = 0; i < 2; i++)
		ck_assert_mem_eq(p2pdma_pool_get_slot(a, i),
				 p2pdma_pool_get_slot(b, i), BLOCK);
	ck_assert_mem_ne(p2pdma_pool_get_slot(a, 0),
			 p2pdma_pool_get_slot(a, 1), BLOCK);
	ck_assert_int_eq(bench_fill(b, 2), 0);
	ck_assert_mem_ne(p2pdma_pool_get_slot(a, 0),
			 p2pdma_pool_get_slot(b, 0), BLOCK);
	p2pdma_pool_destroy(a);
	p2pdma_pool_destroy(b);
}
END_TEST

UNIT_SUITE("bench",
	   reading_once_reads_every_block_once,
	   writing_puts_the_slots_bytes_into_every_block,
	   copying_makes_the_second_target_like_the_first,
	   copying_goes_on_until_time_is_up,
	   a_range_of_less_blocks_than_depth_is_copied_over_and_over,
	   bad_blocks_of_a_copy_are_counted_and_passed,
	   what_ends_a_copy_ends_its_measurement,
	   a_copy_of_bad_blocks_only_ends,
	   a_copy_keeps_a_rate_and_tells_what_comes_late,
	   a_flag_stops_a_copy_early,
	   a_silent_end_of_a_copy_ends_the_run_after_the_time_limit,
	   jobs_share_the_blocks,
	   a_failed_block_is_counted_and_the_first_one_is_kept,
	   a_block_of_which_less_was_moved_is_a_failed_one,
	   a_target_that_fails_everything_ends_the_run,
	   a_silent_target_ends_the_run_after_the_time_limit,
	   time_ends_a_run_and_warming_up_is_not_counted,
	   a_flag_stops_a_run_early_and_the_result_says_so,
	   one_call_into_the_kernel_serves_a_batch,
	   a_pool_too_small_or_less_than_a_block_a_job_is_refused,
	   runs_that_follow_each_other_use_the_same_rings,
	   a_rate_is_kept_and_what_comes_late_counts_from_its_time,
	   a_rate_that_cannot_be_kept_shows_in_the_latencies,
	   what_was_written_can_be_told_from_anything_else,
	   a_mixed_run_reads_what_it_wrote_last,
	   a_lost_write_leaves_a_stale_block,
	   jobs_run_where_they_are_told_to,
	   slots_are_filled_alike_for_a_seed_and_differ_among_each_other);
