/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/ring.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/nvme.h"

static int open_scratch(void)
{
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	fd = dup(fileno(file));
	fclose(file);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(a_ring_without_depth_is_refused)
{
	struct ring *ring = NULL;

	ck_assert_int_eq(ring_open(0, &ring), -EINVAL);
	ck_assert_int_eq(ring_open(RING_DEPTH_MAX + 1, &ring), -EINVAL);
	ck_assert_ptr_null(ring);
	ring_close(NULL);
}
END_TEST

START_TEST(a_closed_ring_holds_no_files)
{
	struct ring *ring;
	char byte;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(ring_open(1, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, &ends[1], 1), 0);
	ck_assert_int_eq(close(ends[1]), 0);
	ck_assert_int_eq(read(ends[0], &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ring_close(ring);
	/* Now nobody can write any more, and that at once. */
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}
END_TEST

START_TEST(what_is_written_is_read_back_by_one_call_each)
{
	char data[16] = "what was written", back[16] = "";
	struct ring_op op = { RING_WRITE, 1, data, 16, 4096, 7 };
	const struct ring_completion *done;
	int fds[2] = { -1, open_scratch() };
	struct ring *ring;
	unsigned count;

	ck_assert_int_eq(ring_open(1, &ring), 0);
	ck_assert_uint_eq(ring_get_depth(ring), 1);
	ck_assert_int_eq(ring_register_files(ring, fds, 2), 0);
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_int_eq(ring_push(ring, &op), -EBUSY);
	ck_assert_uint_eq(ring_get_submits(ring), 0);
	ck_assert_int_eq(ring_turn(ring, 1, NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(done[0].tag, 7);
	ck_assert_int_eq(done[0].result, 16);
	op = (struct ring_op){ RING_READ, 1, back, 16, 4096, 8 };
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_uint_eq(ring_get_in_flight(ring), 1);
	ck_assert_int_eq(ring_turn(ring, 1, UINT64_MAX), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(done[0].tag, 8);
	ck_assert_mem_eq(back, data, 16);
	ck_assert_uint_eq(ring_get_in_flight(ring), 0);
	ck_assert_uint_eq(ring_get_submits(ring), 2);
	ring_close(ring);
	close(fds[1]);
}
END_TEST

START_TEST(many_requests_go_by_one_call_and_come_back_with_their_tags)
{
	enum { DEPTH = 32 };
	bool seen[DEPTH] = { false };
	struct ring *ring;
	unsigned count;
	char data[DEPTH];
	int fd = open_scratch();

	ck_assert_int_eq(ring_open(DEPTH, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, &fd, 1), 0);
	for (unsigned i = 0; i < DEPTH; i++) {
		struct ring_op op = { RING_WRITE, 0, &data[i], 1, i, i };

		ck_assert_int_eq(ring_push(ring, &op), 0);
	}
	ck_assert_int_eq(ring_turn(ring, DEPTH, 5 * NS_PER_SEC), 0);
	ck_assert_uint_eq(ring_get_submits(ring), 1);
	const struct ring_completion *done =
		ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, DEPTH);
	for (unsigned i = 0; i < count; i++) {
		ck_assert_uint_lt(done[i].tag, DEPTH);
		ck_assert(!seen[done[i].tag]);
		seen[done[i].tag] = true;
	}
	ring_close(ring);
	close(fd);
}
END_TEST

START_TEST(waiting_ends_when_the_time_is_over)
{
	struct ring_op op = { RING_READ, 0, NULL, 1, 0, 1 };
	const struct ring_completion *done;
	struct ring *ring;
	unsigned count;
	uint64_t start;
	char data = 0;
	int ends[2];

	op.buffer = &data;
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(ring_open(4, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, ends, 2), 0);
	ck_assert_int_eq(ring_push(ring, &op), 0);
	start = clock_now_ns();
	ck_assert_int_eq(ring_turn(ring, 1, 50 * NS_PER_MS), 0);
	ck_assert_uint_ge(clock_now_ns() - start, 50 * NS_PER_MS);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(ring_get_in_flight(ring), 1);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_int_eq(ring_turn(ring, 1, NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(done[0].result, 1);
	ck_assert_int_eq(data, 'x');
	ring_close(ring);
}
END_TEST

START_TEST(an_error_is_a_result_and_not_a_failure_of_the_ring)
{
	char data[8];
	struct ring_op op = { RING_READ, 3, data, 8, 0, 5 };
	const struct ring_completion *done;
	int fd = open_scratch();
	struct ring *ring;
	unsigned count;

	ck_assert_int_eq(ring_open(4, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, &fd, 1), 0);
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_int_eq(ring_turn(ring, 1, NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(done[0].result, -EBADF);
	ring_close(ring);
	close(fd);
}
END_TEST

START_TEST(a_flush_completes_and_files_can_be_registered_anew)
{
	struct ring_op op = { .action = RING_FSYNC, .file = 1, .tag = 9 };
	int fds[2] = { open_scratch(), open_scratch() };
	const struct ring_completion *done;
	struct ring *ring;
	unsigned count;

	ck_assert_int_eq(ring_open(4, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, fds, 1), 0);
	ck_assert_int_eq(ring_register_files(ring, fds, 2), 0);
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_int_eq(ring_turn(ring, 1, 5 * NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(done[0].result, 0);
	ring_close(ring);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* Writes and reads a block on @ring; what the ring's options do not change. */
static void check_round_trip(struct ring *ring)
{
	static char data[4096] = "what was written", back[4096];
	struct ring_op op = { RING_WRITE, 0, data, 4096, 0, 1 };
	const struct ring_completion *done;
	int fd = open_scratch();
	unsigned count;

	memset(back, 0, sizeof(back));
	ck_assert_int_eq(ring_register_files(ring, &fd, 1), 0);
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_int_eq(ring_turn(ring, 1, 5 * NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(done[0].result, 4096);
	op = (struct ring_op){ RING_READ, 0, back, 4096, 0, 2 };
	ck_assert_int_eq(ring_push(ring, &op), 0);
	op = (struct ring_op){ .action = RING_FSYNC, .tag = 3 };
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_uint_eq(ring_get_in_flight(ring), 2);
	ck_assert_int_eq(ring_turn(ring, 2, 5 * NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(done[0].tag == 2 ? done[0].result : done[1].result,
			 4096);
	ck_assert_uint_eq(ring_get_in_flight(ring), 0);
	ck_assert_mem_eq(back, data, 4096);
	close(fd);
}

START_TEST(options_change_nothing_for_files_that_they_do_not_help)
{
	static const unsigned options[] = {
		0,
		RING_HANDED,
		RING_COMMANDS,
		RING_HANDED | RING_COMMANDS,
		RING_POLLED,
		RING_POLLED | RING_HANDED,
		RING_POLLED | RING_COMMANDS,
		RING_POLLED | RING_HANDED | RING_COMMANDS,
	};
	struct ring *ring;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		ck_assert_int_eq(ring_open_with(8, options[i], &ring), 0);
		ck_assert_uint_eq(ring_get_options(ring), options[i]);
		check_round_trip(ring);
		check_round_trip(ring);
		ring_close(ring);
	}
}
END_TEST

START_TEST(waiting_ends_in_time_with_any_option)
{
	static const unsigned options[] = { RING_HANDED, RING_POLLED,
					    RING_COMMANDS };
	struct ring *ring;
	unsigned count;
	char data;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct ring_op op = { RING_READ, 0, &data, 1, 0, 1 };
		uint64_t start;
		int ends[2];

		ck_assert_int_eq(pipe(ends), 0);
		ck_assert_int_eq(ring_open_with(4, options[i], &ring), 0);
		ck_assert_int_eq(ring_register_files(ring, ends, 2), 0);
		ck_assert_int_eq(ring_push(ring, &op), 0);
		start = clock_now_ns();
		ck_assert_int_eq(ring_turn(ring, 1, 20 * NS_PER_MS), 0);
		ck_assert_uint_ge(clock_now_ns() - start, 20 * NS_PER_MS);
		ck_assert_int_eq(write(ends[1], "x", 1), 1);
		ck_assert_int_eq(ring_turn(ring, 1, 5 * NS_PER_SEC), 0);
		ring_get_completions(ring, &count);
		ck_assert_uint_eq(count, 1);
		ring_close(ring);
		close(ends[0]);
		close(ends[1]);
	}
}
END_TEST

START_TEST(commands_are_for_namespaces_and_large_entries)
{
	const struct nvme_range range = { 1, 9, 0, 4096 };
	struct ring_op op = { RING_COMPARE, 0, NULL, 512, 0, 1 };
	const struct ring_completion *done;
	int fd = open_scratch();
	struct ring *ring;
	unsigned count;

	ck_assert_int_eq(ring_open(4, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, &fd, 1), 0);
	ck_assert_int_eq(ring_set_namespace(ring, 0, &range), -EINVAL);
	ck_assert_int_eq(ring_push(ring, &op), -EINVAL);
	ring_close(ring);
	ck_assert_int_eq(ring_open_with(4, RING_COMMANDS, &ring), 0);
	ck_assert_int_eq(ring_register_files(ring, &fd, 1), 0);
	ck_assert_int_eq(ring_set_namespace(ring, 1, &range), -EINVAL);
	ck_assert_int_eq(ring_set_namespace(ring, 0, &range), 0);
	op.action = RING_FSYNC;
	ck_assert_int_eq(ring_push(ring, &op), -EINVAL);
	op.action = RING_COMPARE;
	op.offset_bytes = 4096;
	ck_assert_int_eq(ring_push(ring, &op), -ERANGE);
	op.offset_bytes = 0;
	ck_assert_int_eq(ring_push(ring, &op), 0);
	ck_assert_int_eq(ring_turn(ring, 1, 5 * NS_PER_SEC), 0);
	done = ring_get_completions(ring, &count);
	ck_assert_uint_eq(count, 1);
	/* A regular file takes none. */
	ck_assert_int_eq(done[0].result, -EOPNOTSUPP);
	ring_close(ring);
	close(fd);
}
END_TEST

UNIT_SUITE("ring",
	   a_ring_without_depth_is_refused,
	   a_closed_ring_holds_no_files,
	   what_is_written_is_read_back_by_one_call_each,
	   many_requests_go_by_one_call_and_come_back_with_their_tags,
	   waiting_ends_when_the_time_is_over,
	   an_error_is_a_result_and_not_a_failure_of_the_ring,
	   a_flush_completes_and_files_can_be_registered_anew,
	   options_change_nothing_for_files_that_they_do_not_help,
	   waiting_ends_in_time_with_any_option,
	   commands_are_for_namespaces_and_large_entries);
