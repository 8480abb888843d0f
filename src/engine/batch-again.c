// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a copy is read again, past the page cache where there is a way,
 * before it gets its name; must not know how it was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/macro.h"
#include "engine/batch-state.h"

/* A way through host memory, where the CPU may look. */
static struct route *find_host(struct batch *b)
{
	for (unsigned i = 0; i < b->route_count; i++)
		if (!b->routes[i].is_peer)
			return &b->routes[i];
	return NULL;
}

/* A lane holds a piece of the source, and behind it the same of the copy. */
static uint32_t get_piece(const struct file *f)
{
	return f->lane->route->block_bytes / 2;
}

static void push_piece(struct batch *b, struct file *f, enum step step)
{
	bool is_copy = step == STEP_READ_COPY;
	struct ring_op op = {
		.action = RING_READ,
		.file = is_copy ? batch_get_destination(b, f) :
				  batch_get_source(b, f),
		.buffer = f->lane->buffer + (is_copy ? get_piece(f) : 0),
		.length_bytes = get_piece(f),
		.offset_bytes = f->verified_bytes,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, f->lane, step));
}

static void end_verified(struct batch *b, struct file *f)
{
	batch_give_first_lane(b, f);
	f->answer.is_verified = b->plan.is_verified;
	if (f->answer.mismatched_bytes) {
		batch_end_early(b, f, BATCH_DONE);
		return;
	}
	batch_push_stat(b, f, STEP_STAT_AGAIN);
	batch_push_end(b, f);
}

static void verify_next(struct batch *b, struct file *f)
{
	if (f->verified_bytes >= f->size_bytes)
		end_verified(b, f);
	else
		push_piece(b, f, b->plan.is_verified ? STEP_READ_SOURCE :
						       STEP_READ_COPY);
}

static void begin_sum_again(struct file *f)
{
	if (!f->sum || batch_is_summing(f))
		return;
	checksum_restart(f->sum);
	f->is_summing = f->is_summed_again = true;
	f->summed_bytes = 0;
}

static void sum_piece(struct file *f, uint32_t bytes)
{
	if (!f->is_summed_again)
		return;
	checksum_add(f->sum, f->lane->buffer + get_piece(f), bytes);
	f->summed_bytes += bytes;
}

/* False: all lanes are in use. */
static bool begin_verify(struct batch *b, struct file *f)
{
	struct route *host = find_host(b);

	f->lane = host ? batch_take_lane(b, host, f) : NULL;
	if (!f->lane && host)
		return false;
	if (!f->lane)
		batch_fail(b, f, SIDE_NONE, "verify", -ENOMEM);
	else
		verify_next(b, f);
	return true;
}

void batch_deal_to_verify(struct batch *b)
{
	while (b->to_verify) {
		struct file *f = b->to_verify;

		b->to_verify = f->next;
		if (begin_verify(b, f))
			continue;
		f->next = b->to_verify;
		b->to_verify = f;
		return;
	}
}

/* The copy is read from the medium, past the page cache where that can be. */
static void push_reopen(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->destination_directory,
		.name = f->aside,
		.flags = O_RDONLY | O_NOFOLLOW |
			 (f->is_copy_direct ? O_DIRECT : 0),
		.file = batch_get_destination(b, f),
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_REOPEN));
}

void batch_read_again(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_FSYNC,
		.file = batch_get_destination(b, f),
	};

	begin_sum_again(f);
	f->is_copy_direct = f->route->align && !f->route->is_buffered;
	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_FLUSH));
}

void batch_take_flush(struct batch *b, struct file *f, int result)
{
	struct ring_op op = {
		.action = RING_CLOSE,
		.file = batch_get_destination(b, f),
		.is_followed = true,
	};

	if (result < 0) {
		batch_fail(b, f, SIDE_DESTINATION, "flush", result);
		return;
	}
	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_CLOSE));
	push_reopen(b, f);
}

void batch_take_reopen(struct batch *b, struct file *f, int result)
{
	if (result == -EINVAL && f->is_copy_direct) {
		f->is_copy_direct = false;
		push_reopen(b, f);
		return;
	}
	if (result < 0) {
		batch_fail(b, f, SIDE_DESTINATION, "read again", result);
		return;
	}
	f->next = b->to_verify;
	b->to_verify = f;
	batch_deal_to_verify(b);
}

static void compare(struct file *f, uint32_t bytes)
{
	const char *a = f->lane->buffer, *b = a + get_piece(f);

	if (!memcmp(a, b, bytes))
		return;
	for (uint32_t i = 0; i < bytes; i++) {
		if (a[i] == b[i])
			continue;
		if (!f->answer.mismatched_bytes++)
			f->answer.first_mismatch_bytes =
				f->verified_bytes + i;
	}
}

void batch_take_piece(struct batch *b, struct file *f, enum step step,
		      int result)
{
	enum side side = step == STEP_READ_COPY ? SIDE_DESTINATION :
						  SIDE_SOURCE;
	uint32_t want = (uint32_t)MIN(get_piece(f),
				      f->size_bytes - f->verified_bytes);

	if (result < 0 || (uint32_t)result < want) {
		batch_fail(b, f, side, "read again",
			   result < 0 ? result : TRANSFER_ENDED_EARLY);
		return;
	}
	if (step == STEP_READ_SOURCE) {
		push_piece(b, f, STEP_READ_COPY);
		return;
	}
	if (b->plan.is_verified)
		compare(f, want);
	sum_piece(f, want);
	f->verified_bytes += want;
	verify_next(b, f);
}
