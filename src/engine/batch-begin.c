// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a file begins: what it is, how large, and its first block. Must not
 * know where its copy is made, nor how the rest of it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/batch-state.h"

/* A pipe that has taken the name meanwhile must not stop us. */
static void push_open(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->source_directory,
		.name = f->source,
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY |
			 (f->is_followed ? 0 : O_NOFOLLOW) |
			 (f->is_source_direct ? O_DIRECT : 0),
		.file = batch_get_source(b, f),
		.is_followed = true,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_OPEN));
}

uint32_t batch_get_first_length(const struct file *f)
{
	return (uint32_t)MIN(f->route->block_bytes, FIRST_MOST);
}

static void push_first_read(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_READ,
		.file = batch_get_source(b, f),
		.buffer = f->lane->buffer,
		.length_bytes = batch_get_first_length(f),
	};

	batch_push_op(b, &op, batch_make_tag(b, f, f->lane, STEP_FIRST_READ));
}

void batch_begin(struct batch *b, struct file *f)
{
	batch_push_stat(b, f, STEP_STAT);
	if (!f->is_regular)
		return;
	push_open(b, f);
	push_first_read(b, f);
}

void batch_take_stat(struct batch *b, struct file *f, int error)
{
	if (error < 0) {
		batch_fail(b, f, SIDE_SOURCE, "look at", error);
		return;
	}
	f->answer.facts = &f->facts;
	f->is_regular = S_ISREG(f->facts.stx_mode);
	if (f->is_regular)
		batch_begin(b, f);
	else
		batch_end_early(b, f, BATCH_NOT_REGULAR);
}

/* Some file systems have no direct I/O at all, some files have none. */
void batch_take_failed_open(struct batch *b, struct file *f, int error)
{
	if (!S_ISREG(f->facts.stx_mode)) {
		batch_end_early(b, f, BATCH_NOT_REGULAR);
	} else if (error == -EINVAL && f->is_source_direct &&
		   !f->route->is_peer) {
		f->is_source_direct = false;
		batch_begin(b, f);
	} else if (batch_is_refusal(f, error)) {
		batch_fail_data(b, f, SIDE_SOURCE, error);
	} else {
		batch_fail(b, f, SIDE_SOURCE, "open", error);
	}
}

static bool is_worth_direct(const struct file *f)
{
	return f->route->is_peer || f->size_bytes > f->route->block_bytes;
}

static void shape(struct batch *b, struct file *f, uint32_t got)
{
	f->size_bytes = f->facts.stx_size;
	/* Grown, or as below /proc, where no size is told: this is all. */
	if (f->size_bytes < got && got < batch_get_first_length(f))
		f->size_bytes = got;
	f->answer.facts = &f->facts;
	f->is_direct = f->route->align && !f->route->is_buffered &&
		       is_worth_direct(f);
	f->is_sparse = b->plan.is_sparse && batch_has_holes(f);
}

/* False: there is none, and it has ended. */
static bool find_place(struct batch *b, struct file *f)
{
	if (f->is_parted)
		return batch_place_copies(b, f);
	if (b->plan.is_wanted &&
	    !b->plan.is_wanted(b->plan.data, &f->answer)) {
		batch_end_early(b, f, BATCH_LEFT);
		return false;
	}
	return batch_choose_place(b, f);
}

/* Of one with holes no block is taken before it is known where data is. */
static int take_first_block(struct batch *b, struct file *f, uint32_t got)
{
	if (f->is_sparse)
		return batch_open_for_holes(f);
	f->first_bytes = (uint32_t)MIN(batch_get_first_length(f),
				       f->size_bytes);
	if (got < f->first_bytes)
		return TRANSFER_ENDED_EARLY;
	f->next_bytes = f->first_bytes;
	if (b->pace.bytes_per_sec)
		pace_take(&b->pace, clock_now_ns(), f->first_bytes);
	return 0;
}

static void use_first_read(struct batch *b, struct file *f, uint32_t got)
{
	int rc;

	shape(b, f, got);
	if (!find_place(b, f))
		return;
	rc = take_first_block(b, f, got);
	if (rc) {
		batch_fail(b, f, SIDE_SOURCE, f->is_sparse ?
			   "look for holes of" : "read", rc);
		return;
	}
	batch_begin_sum(f);
	if (f->is_parted)
		batch_begin_copies(b, f);
	else
		batch_write_first(b, f);
}

void batch_take_first_read(struct batch *b, struct file *f, int result)
{
	b->unsized -= f->is_unsized;
	f->is_unsized = false;
	/* Made a moment after it was looked for: a stat ends no chain. */
	if (!f->facts.stx_mask) {
		batch_fail(b, f, SIDE_SOURCE, "look at", -ESTALE);
	} else if (!S_ISREG(f->facts.stx_mode)) {
		batch_end_early(b, f, BATCH_NOT_REGULAR);
	} else if (result == -EINVAL && f->is_source_direct &&
		   !f->route->is_peer) {
		f->is_source_direct = false;
		batch_begin(b, f);
	} else if (result < 0) {
		batch_fail_data(b, f, SIDE_SOURCE, result);
	} else {
		use_first_read(b, f, (uint32_t)result);
	}
}
