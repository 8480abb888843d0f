// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how what was written gets to stable media, and into the journal
 * afterwards, never before. Must not know how it was written.
 *
 * A flush covers what was completed before it began; so what goes into the
 * journal is what was done then, while the copy goes on.
 */
#include <errno.h>

#include "base/macro.h"
#include "engine/copy-state.h"
#include "engine/journal.h"

/* Of a fast copy, no more than this is ever to be copied again. */
#define SAVE_BYTES	(16 * GIB)

static int push_flush(struct copy *copy, unsigned leg)
{
	const struct ring_op op = {
		.action = RING_FSYNC,
		.file = transfer_get_leg_file(SIDE_DESTINATION, leg, false),
		.tag = COPY_TAG_FLUSH + leg,
	};
	int rc = ring_push(copy->ring, &op);

	if (!rc)
		copy->flushes++;
	return rc;
}

static int push_flushes(struct copy *copy)
{
	int rc = 0;

	for (unsigned i = 0; i < copy->leg_count && !rc; i++)
		if (!copy->legs[i].is_dropped)
			rc = push_flush(copy, i);
	return rc;
}

static void save(struct copy *copy, const struct extents *extents,
		 bool is_complete)
{
	int rc = journal_save(copy->plan->journal, extents, is_complete);

	copy->result->is_saved = !rc;
	if (!rc)
		return;
	copy->result->journal_error = rc;
	copy_stop(copy, rc);
}

/*
 * Twice an interval, so that a flush may take half of it until no more than
 * an interval is ever copied again.
 */
void copy_save_sometimes(struct copy *copy, uint64_t now_ns)
{
	uint64_t bytes = copy->result->copied_bytes - copy->saved_bytes;
	int rc;

	if (copy->flushes || !bytes ||
	    (now_ns - copy->saved_ns < copy->plan->journal_interval_ns / 2 &&
	     bytes < SAVE_BYTES))
		return;
	copy->saved_ns = now_ns;
	copy->saved_bytes = copy->result->copied_bytes;
	rc = extents_copy(&copy->flushed, copy->extents);
	if (!rc)
		rc = push_flushes(copy);
	if (rc)
		copy_stop(copy, rc);
}

/* Of all that was written, some is not there. */
static struct copy_error make_error(const struct copy *copy, int error)
{
	return (struct copy_error){
		.side = SIDE_DESTINATION,
		.offset_bytes = copy->plan->destination_offset_bytes,
		.length_bytes = copy->plan->size_bytes,
		.error = error,
	};
}

/* EINVAL: there is nothing that could be flushed. */
void copy_take_flush(struct copy *copy, const struct ring_completion *done)
{
	const struct copy_error error = make_error(copy, done->result);

	copy->flushes--;
	if (done->result < 0 && done->result != -EINVAL)
		copy_drop(copy, (unsigned)(done->tag - COPY_TAG_FLUSH),
			  &error);
	if (!copy->flushes && copy->flushed.count && !copy->rc) {
		save(copy, &copy->flushed, false);
		copy->flushed.count = 0;
	}
}

void copy_blame_flush(struct copy *copy)
{
	copy->result->is_silent = true;
	if (!copy->result->error.side)
		copy->result->error = make_error(copy, -ETIMEDOUT);
}

static dev_t get_device(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_BLOCK ? endpoint->rdev :
						  endpoint->device;
}

bool copy_hears_flush(struct copy *copy)
{
	uint64_t before = copy->activity, ended;

	copy->activity = 0;
	for (unsigned i = 0; copy->plan->context && i < copy->leg_count; i++)
		if (!p2pdma_activity_read(copy->plan->context,
					  get_device(copy->legs[i].endpoint),
					  &ended))
			copy->activity += ended;
	return copy->activity != before;
}

/*
 * Through the ring, because a drive that no longer answers must not hold us:
 * fsync(2) waits for ever.
 */
static int wait_for_flushes(struct copy *copy)
{
	const struct ring_completion *done;
	unsigned count;
	int rc;

	watch_begin(&copy->watch);
	while (copy->flushes) {
		rc = ring_turn(copy->ring, 1, watch_get_patience(&copy->watch));
		if (rc)
			return rc;
		done = ring_get_completions(copy->ring, &count);
		for (unsigned i = 0; i < count; i++)
			if (done[i].tag >= COPY_TAG_FLUSH)
				copy_take_flush(copy, &done[i]);
		if (watch_look(&copy->watch, count || copy_hears_flush(copy),
			       copy->result->copied_bytes) & WATCH_SILENCE) {
			copy_blame_flush(copy);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

int copy_flush(struct copy *copy)
{
	int rc;

	copy->flushed.count = 0;
	rc = push_flushes(copy);
	return rc ? rc : wait_for_flushes(copy);
}

/* Who does not answer is not asked again. */
static bool is_flushable(const struct copy *copy)
{
	const struct copy_result *result = copy->result;

	return copy->dropped_count < copy->leg_count &&
	       (!result->is_silent || (result->error.side == SIDE_SOURCE &&
				       !result->is_silent_on_both));
}

void copy_save(struct copy *copy, bool is_complete)
{
	bool was_silent = copy->result->is_silent;
	unsigned dropped = copy->dropped_count;

	copy->result->is_saved = false;
	if (copy->result->journal_error || !is_flushable(copy))
		return;
	if (!copy_flush(copy) && copy->dropped_count == dropped)
		save(copy, copy->extents, is_complete);
	copy->result->is_silent |= was_silent;
}
