// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how the blocks behind the first one go through lanes, as many as there
 * are and no faster than is wanted; must not know how a file begins or ends.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/batch-state.h"

/* Of a route's lanes, how many one file may have. */
#define SHARE_OF_FILE(lanes)	MAX((lanes) / 2, 1)

static void push_read(struct batch *b, struct file *f, struct lane *l)
{
	uint32_t length = f->is_source_direct ?
		(uint32_t)round_up(l->want_bytes, f->route->align) :
		l->want_bytes;
	struct ring_op op = {
		.action = RING_READ,
		.file = batch_get_source(b, f),
		.buffer = l->buffer + l->done_bytes,
		.length_bytes = length - l->done_bytes,
		.offset_bytes = l->offset_bytes + l->done_bytes,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, l, STEP_READ));
}

static void next_block(struct batch *b, struct file *f, struct lane *l)
{
	uint64_t end = f->is_sparse ? f->data_end_bytes : f->size_bytes;

	l->offset_bytes = f->next_bytes;
	l->want_bytes = (uint32_t)MIN(end - f->next_bytes,
				      f->route->block_bytes);
	l->done_bytes = 0;
	f->next_bytes += l->want_bytes;
	f->lanes++;
	pace_take(&b->pace, b->pace.bytes_per_sec ? clock_now_ns() : 0,
		  l->want_bytes);
	batch_queue_sum(f, l);
	push_read(b, f, l);
}

/* False: there is nothing more to be read. */
static bool go_on(struct batch *b, struct file *f, struct lane *l)
{
	int rc;

	if (f->is_ending || f->next_bytes == f->size_bytes)
		return false;
	rc = f->is_sparse ? batch_find_data(f) : 0;
	if (rc) {
		/* The caller's lane: it is he who cleans up. */
		f->lanes++;
		batch_fail(b, f, SIDE_SOURCE, "look for holes of", rc);
		f->lanes--;
	}
	if (rc || f->next_bytes == f->size_bytes)
		return false;
	next_block(b, f, l);
	return true;
}

/* A lane has nothing to do for its file any more. */
static void leave_blocks(struct batch *b, struct file *f, struct lane *l)
{
	batch_drop_lane(b, f, l);
	if (f->next_bytes == f->size_bytes)
		batch_forget_blocks(b, f);
	if (f->lanes)
		return;
	if (f->is_ending)
		batch_clean_up(b, f);
	else if (f->is_parted)
		batch_settle_copies(b, f);
	else
		batch_settle(b, f);
}

static bool is_stopped(const struct batch *b)
{
	return b->plan.stop && *b->plan.stop;
}

uint64_t batch_get_wait(const struct batch *b)
{
	return b->pace.bytes_per_sec ?
		       pace_get_wait(&b->pace, clock_now_ns()) : 0;
}

static bool may_go(const struct batch *b)
{
	return !batch_get_wait(b);
}

static void park(struct batch *b, struct file *f, struct lane *l)
{
	f->lanes++;
	l->next = b->paced;
	b->paced = l;
}

void batch_use_lane(struct batch *b, struct lane *l)
{
	struct file *f = l->file;

	if (is_stopped(b))
		batch_mark_ending(b, f, BATCH_STOPPED);
	if (!f->is_ending && f->next_bytes < f->size_bytes && !may_go(b)) {
		park(b, f, l);
		return;
	}
	if (!go_on(b, f, l))
		leave_blocks(b, f, l);
}

void batch_use_parked(struct batch *b)
{
	while (b->paced && (may_go(b) || b->paced->file->is_ending ||
			    is_stopped(b))) {
		struct lane *l = b->paced;

		b->paced = l->next;
		l->file->lanes--;
		batch_use_lane(b, l);
	}
}

/* Files that are under way have the free lanes before new ones. */
void batch_deal_lanes(struct batch *b)
{
	struct file *next;

	for (struct file *f = b->with_blocks; f; f = next) {
		unsigned most = SHARE_OF_FILE(f->route->lane_count);
		struct lane *l;

		next = f->next;
		while (f->lanes && f->lanes < most && !f->is_ending &&
		       may_go(b) &&
		       f->next_bytes < f->size_bytes &&
		       ring_get_room(b->plan.ring) > CHAIN_MOST &&
		       (l = batch_take_lane(b, f->route, f)))
			batch_use_lane(b, l);
	}
}

void batch_begin_blocks(struct batch *b, struct file *f)
{
	f->next = b->with_blocks;
	b->with_blocks = f;
	batch_use_lane(b, f->lane);
}

static void note_offset(struct file *f, const struct lane *l)
{
	if (!f->is_ending)
		f->answer.offset_bytes = l->offset_bytes;
}

static void fail_lane(struct batch *b, struct file *f, struct lane *l,
		      enum side side, int error)
{
	/* Its lane first, so that the file is not cleaned up twice. */
	f->lanes++;
	batch_fail_data(b, f, side, error);
	f->lanes--;
	leave_blocks(b, f, l);
}

/* 0: try again, or go on behind what came. */
static int judge(int result, int at_end)
{
	if (result == -EAGAIN || result == -EINTR)
		return 0;
	return result ? result : at_end;
}

static void read_on(struct batch *b, struct file *f, struct lane *l)
{
	if (f->is_source_direct)
		l->done_bytes = (uint32_t)round_down(l->done_bytes,
						     f->route->align);
	f->lanes++;
	push_read(b, f, l);
}

static void write_block(struct batch *b, struct file *f, struct lane *l)
{
	l->done_bytes = 0;
	f->lanes++;
	if (f->is_parted)
		batch_pass_on(b, l, f->copies);
	else
		batch_push_write(b, f, l, STEP_WRITE, false);
	batch_sum_read(b, f, l);
	while ((l = batch_take_summed(b)))
		batch_use_lane(b, l);
}

void batch_take_read(struct batch *b, struct file *f, struct lane *l,
		     int result)
{
	result = judge(result, TRANSFER_ENDED_EARLY);
	f->lanes--;
	if (result < 0) {
		note_offset(f, l);
		fail_lane(b, f, l, SIDE_SOURCE, result);
		return;
	}
	l->done_bytes += (uint32_t)result;
	if (l->done_bytes < l->want_bytes)
		read_on(b, f, l);
	else if (f->is_ending)
		leave_blocks(b, f, l);
	else
		write_block(b, f, l);
}

/* The others go on without it. */
static void take_copy_write(struct batch *b, struct file *copy,
			    struct lane *l, int error)
{
	struct file *next = copy->next_copy;

	if (error)
		batch_fail_data(b, copy, SIDE_DESTINATION, error);
	else if (copy->is_ending && !copy->lanes)
		batch_clean_up(b, copy);
	batch_pass_on(b, l, next);
}

void batch_take_write(struct batch *b, struct file *f, struct lane *l,
		      int result)
{
	result = judge(result, -ENOSPC);
	f->lanes--;
	if (result >= 0 && !batch_take_written(f, l, result)) {
		f->lanes++;
		batch_push_write(b, f, l, STEP_WRITE, false);
		return;
	}
	if (result < 0)
		note_offset(f, l);
	else
		batch_count(b, f, l->want_bytes);
	if (f->reader)
		take_copy_write(b, f, l, MIN(result, 0));
	else if (result < 0)
		fail_lane(b, f, l, SIDE_DESTINATION, result);
	else if (!batch_await_sum(f, l))
		batch_use_lane(b, l);
}
