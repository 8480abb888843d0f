/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/copy-state.h"
#include "engine/journal.h"
#include "unit/copying.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"

#define SIZE	(20 * BLOCK)

static struct journal *journal;
static char map[96];

/* The linker puts this between copy-flush.c and ring.c. */
static struct {
	unsigned pushed;	/* flushes */
	bool is_late;		/* one of them after the journal */
} seen;

int __real_ring_push(struct ring *ring, const struct ring_op *op);
int __wrap_ring_push(struct ring *ring, const struct ring_op *op);
int __wrap_ring_push(struct ring *ring, const struct ring_op *op)
{
	if (op->action == RING_FSYNC) {
		seen.pushed++;
		seen.is_late |= !access(map, F_OK);
	}
	return __real_ring_push(ring, op);
}

static void open_journal(void)
{
	struct journal_facts facts = { 0 };

	snprintf(map, sizeof(map), "%s/map", directory);
	ck_assert_int_eq(journal_open(map, 0, &facts, &journal), 0);
	plan.journal = journal;
	plan.journal_interval_ns = NS_PER_SEC;
}

/* How many bytes the journal calls done. */
static uint64_t count_done(void)
{
	struct journal_facts facts = { 0 };
	struct extents extents;
	unsigned line;
	uint64_t done;

	ck_assert_int_eq(extents_init(&extents, SIZE, EXTENT_WANTED), 0);
	ck_assert_int_eq(journal_load(map, 0, &extents, &facts, &line), 0);
	done = extents_count(&extents, EXTENT_DONE);
	extents_fini(&extents);
	journal_free_facts(&facts);
	return done;
}

static void end(void)
{
	plan.journal = NULL;
	journal_close(journal);
	unlink(map);
	finish();
}

START_TEST(what_is_complete_is_in_the_journal)
{
	start();
	put_pattern(from, SIZE);
	open_both(SIZE);
	open_journal();
	ck_assert_int_eq(copy_run(&plan, &result), 0);
	ck_assert(result.is_saved);
	ck_assert_int_eq(result.journal_error, 0);
	ck_assert_uint_eq(count_done(), SIZE);
	end();
}
END_TEST

START_TEST(what_was_stopped_has_what_was_done)
{
	start();
	put_pattern(from, SIZE);
	open_both(SIZE);
	open_journal();
	stop = 1;
	ck_assert_int_eq(copy_run(&plan, &result), -EINTR);
	ck_assert(result.is_saved);
	ck_assert_uint_eq(count_done(), result.copied_bytes);
	stop = 0;
	end();
}
END_TEST

START_TEST(an_error_leaves_what_was_done_in_the_journal)
{
	start();
	put_pattern(from, SIZE);
	open_both(SIZE);
	fail_source(&(const struct endpoint_faults){
			    .error_offset = 10 * BLOCK, .error_bytes = 512,
			    .error = -EIO });
	open_journal();
	ck_assert_int_eq(copy_run(&plan, &result), -EIO);
	ck_assert(result.is_saved);
	ck_assert_uint_eq(count_done(), result.copied_bytes);
	ck_assert_uint_lt(count_done(), SIZE);
	end();
}
END_TEST

START_TEST(a_journal_that_cannot_be_written_ends_the_copy)
{
	char command[128];

	start();
	put_pattern(from, SIZE);
	open_both(SIZE);
	open_journal();
	/* Its new one cannot be made where a directory has the name. */
	snprintf(command, sizeof(command), "%s.p2pcopy-new", map);
	ck_assert_int_eq(mkdir(command, 0755), 0);
	ck_assert_int_ne(copy_run(&plan, &result), 0);
	ck_assert(!result.is_saved);
	ck_assert_int_eq(result.journal_error, -EISDIR);
	ck_assert_int_eq(rmdir(command), 0);
	end();
}
END_TEST

/* Nothing is written: an interval has not passed, and no byte has. */
START_TEST(before_it_is_time_nothing_is_flushed)
{
	struct copy copy = { .plan = &plan, .result = &result };

	start();
	plan.journal_interval_ns = NS_PER_SEC;
	result = (struct copy_result){ 0 };
	copy_save_sometimes(&copy, 10 * NS_PER_SEC);
	ck_assert_uint_eq(copy.flushes, 0);
	result.copied_bytes = 1;
	copy.saved_ns = 10 * NS_PER_SEC;
	copy_save_sometimes(&copy, 10 * NS_PER_SEC + NS_PER_SEC / 2 - 1);
	ck_assert_uint_eq(copy.flushes, 0);
	ck_assert_uint_eq(copy.saved_bytes, 0);
	finish();
}
END_TEST

/* Three blocks are done, at each of so many destinations. */
static void begin_copy(struct copy *copy, struct leg *legs, unsigned count)
{
	start();
	put_pattern(from, SIZE);
	open_both(SIZE);
	open_journal();
	for (unsigned i = 0; i < count; i++)
		legs[i] = (struct leg){ .endpoint = plan.destination,
					.error = &result.error };
	result = (struct copy_result){ .copied_bytes = 3 * BLOCK };
	*copy = (struct copy){
		.plan = &plan, .result = &result, .ring = plan.ring,
		.legs = legs, .leg_count = count, .extents = &copy->own,
	};
	ck_assert_int_eq(extents_init(&copy->own, SIZE, EXTENT_WANTED), 0);
	ck_assert_int_eq(extents_init(&copy->flushed, SIZE, EXTENT_WANTED), 0);
	ck_assert_int_eq(extents_mark(copy->extents, 0, 3 * BLOCK,
				      EXTENT_DONE), 0);
}

/* The flush of each destination is on its way. */
static void begin_flush(struct copy *copy, struct leg *legs, unsigned count)
{
	begin_copy(copy, legs, count);
	copy_save_sometimes(copy, 10 * NS_PER_SEC);
	ck_assert_uint_eq(copy->flushes, count);
	ck_assert_int_eq(access(map, F_OK), -1);
	/* What is done meanwhile was not flushed. */
	ck_assert_int_eq(extents_mark(copy->extents, 3 * BLOCK, 4 * BLOCK,
				      EXTENT_DONE), 0);
}

static void end_flush(struct copy *copy)
{
	extents_fini(&copy->own);
	extents_fini(&copy->flushed);
	end();
}

START_TEST(nothing_is_in_the_journal_before_its_flush_is_answered)
{
	const struct ring_completion answer = { .tag = COPY_TAG_FLUSH };
	struct copy copy;
	struct leg leg;

	begin_flush(&copy, &leg, 1);
	copy_take_flush(&copy, &answer);
	ck_assert(result.is_saved);
	ck_assert_uint_eq(count_done(), 3 * BLOCK);
	end_flush(&copy);
}
END_TEST

START_TEST(a_flush_that_fails_puts_nothing_into_the_journal)
{
	const struct ring_completion answer = {
		.tag = COPY_TAG_FLUSH, .result = -EIO,
	};
	struct copy copy;
	struct leg leg;

	begin_flush(&copy, &leg, 1);
	copy_take_flush(&copy, &answer);
	ck_assert(!result.is_saved);
	ck_assert_int_eq(copy.rc, -EIO);
	ck_assert_int_eq(access(map, F_OK), -1);
	end_flush(&copy);
}
END_TEST

START_TEST(only_the_last_destination_s_flush_is_followed_by_the_journal)
{
	struct ring_completion answer = { .tag = COPY_TAG_FLUSH };
	struct leg legs[2];
	struct copy copy;

	begin_flush(&copy, legs, 2);
	/* Nor is another one begun before all have answered. */
	result.copied_bytes += BLOCK;
	copy_save_sometimes(&copy, 20 * NS_PER_SEC);
	ck_assert_uint_eq(copy.flushes, 2);
	copy_take_flush(&copy, &answer);
	ck_assert(!result.is_saved);
	ck_assert_int_eq(access(map, F_OK), -1);
	answer.tag++;
	copy_take_flush(&copy, &answer);
	ck_assert(result.is_saved);
	ck_assert_uint_eq(count_done(), 3 * BLOCK);
	end_flush(&copy);
}
END_TEST

START_TEST(the_last_save_is_after_a_flush_of_its_own)
{
	struct copy copy;
	struct leg leg;

	begin_copy(&copy, &leg, 1);
	seen.pushed = 0;
	seen.is_late = false;
	ck_assert_int_eq(transfer_register(plan.ring, plan.source,
					   plan.destination), 0);
	copy_save(&copy, true);
	ck_assert_uint_eq(seen.pushed, 1);
	ck_assert(!seen.is_late);
	ck_assert_uint_eq(copy.flushes, 0);
	ck_assert(result.is_saved);
	ck_assert_uint_eq(count_done(), 3 * BLOCK);
	end_flush(&copy);
}
END_TEST

/* That no file is registered, the flush alone notices. */
START_TEST(the_last_save_is_none_where_its_flush_fails)
{
	struct copy copy;
	struct leg leg;

	begin_copy(&copy, &leg, 1);
	copy_save(&copy, true);
	ck_assert(!result.is_saved);
	ck_assert_int_eq(copy.rc, -EBADF);
	ck_assert_int_eq(access(map, F_OK), -1);
	end_flush(&copy);
}
END_TEST

UNIT_SUITE("copy-flush", what_is_complete_is_in_the_journal,
	   what_was_stopped_has_what_was_done,
	   an_error_leaves_what_was_done_in_the_journal,
	   a_journal_that_cannot_be_written_ends_the_copy,
	   before_it_is_time_nothing_is_flushed,
	   nothing_is_in_the_journal_before_its_flush_is_answered,
	   a_flush_that_fails_puts_nothing_into_the_journal,
	   only_the_last_destination_s_flush_is_followed_by_the_journal,
	   the_last_save_is_after_a_flush_of_its_own,
	   the_last_save_is_none_where_its_flush_fails);
