// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a copy is made beside its place, with room for all of it, and how
 * a block is written to it; must not know where the block comes from.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/macro.h"
#include "engine/aside.h"
#include "engine/batch-state.h"

/* What is written: the last block is cut afterwards. */
static uint32_t get_length(const struct file *f, uint32_t bytes)
{
	return f->is_direct ? (uint32_t)round_up(bytes, f->route->align) :
			      bytes;
}

/* The mode is the source's, but for the umask; in private until preserved. */
static mode_t get_new_mode(const struct batch *b, const struct file *f)
{
	return b->plan.is_preserved ? 0600 : f->facts.stx_mode & 0777;
}

/* Where it is made; what is there itself is cut only when it is whole. */
static int name_aside(struct file *f)
{
	if (f->is_in_place) {
		strcpy(f->aside, f->destination);
		return f->is_kept ? 0 : O_CREAT | O_EXCL;
	}
	aside_name(f->aside, f->destination);
	return O_CREAT | O_EXCL;
}

static void push_create(struct batch *b, struct file *f)
{
	int flags = name_aside(f);
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->destination_directory,
		.name = f->aside,
		.flags = O_RDWR | O_NOFOLLOW | flags |
			 (f->is_direct ? O_DIRECT : 0),
		.mode = get_new_mode(b, f),
		.file = batch_get_destination(b, f),
		.is_followed = true,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_CREATE));
	f->is_created = !f->is_in_place;
}

static void push_allocate(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_ALLOCATE,
		.file = batch_get_destination(b, f),
		.length_bytes = f->size_bytes,
		.is_followed = true,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_ALLOCATE));
}

/* What is behind the data of a block that is written whole. */
static void zero_tail(const struct file *f, const struct lane *l)
{
	uint32_t length = get_length(f, l->want_bytes);

	if (!f->route->is_peer)
		memset(l->buffer + l->want_bytes, 0, length - l->want_bytes);
}

void batch_push_write(struct batch *b, struct file *f, struct lane *l,
		      enum step step, bool is_followed)
{
	struct ring_op op = {
		.action = RING_WRITE,
		.file = batch_get_destination(b, f),
		.buffer = l->buffer + l->done_bytes,
		.length_bytes = get_length(f, l->want_bytes) - l->done_bytes,
		.offset_bytes = l->offset_bytes + l->done_bytes,
		.is_followed = is_followed,
	};

	zero_tail(f, l);
	batch_push_op(b, &op, batch_make_tag(b, f, l, step));
}

/* The lane that has its first block. */
static struct lane *begin_copy(struct batch *b, struct file *f)
{
	struct lane *l = batch_get_reader(f)->lane;

	l->offset_bytes = 0;
	l->want_bytes = f->first_bytes;
	l->done_bytes = 0;
	push_create(b, f);
	return l;
}

/* All in one chain, where nothing else is to be done. */
static void write_small(struct batch *b, struct file *f)
{
	struct lane *l = begin_copy(b, f);

	if (!batch_is_to_be_settled(b, f)) {
		if (f->first_bytes)
			batch_push_write(b, f, l, STEP_FIRST_WRITE, true);
		f->is_uncounted = true;
		batch_push_end(b, f);
		return;
	}
	batch_push_write(b, f, l, STEP_FIRST_WRITE, false);
}

static void write_large(struct batch *b, struct file *f)
{
	struct lane *l = begin_copy(b, f);

	if (!f->is_sparse && !f->route->has_no_allocate)
		push_allocate(b, f);
	batch_push_write(b, f, l, STEP_FIRST_WRITE, false);
}

/* In the first lane is the first block, if there is one. */
void batch_write_first(struct batch *b, struct file *f)
{
	if (f->next_bytes < f->size_bytes)
		write_large(b, f);
	else
		write_small(b, f);
}

void batch_take_failed_create(struct batch *b, struct file *f, int error)
{
	f->is_created = false;
	if (error == -EINVAL && f->is_direct && !f->route->is_peer) {
		f->route->is_buffered = true;
		f->is_direct = false;
		write_large(b, f);
		return;
	}
	if (batch_is_refusal(f, error))
		batch_fail_data(b, f, SIDE_DESTINATION, error);
	else
		batch_fail(b, f, SIDE_DESTINATION, "create", error);
}

void batch_take_failed_allocate(struct batch *b, struct file *f, int error)
{
	if (error != -EOPNOTSUPP && error != -ENOSYS) {
		batch_fail(b, f, SIDE_DESTINATION, "make room for", error);
		return;
	}
	f->route->has_no_allocate = true;
	batch_push_write(b, f, batch_get_reader(f)->lane, STEP_FIRST_WRITE,
			 false);
}

void batch_count(struct batch *b, struct file *f, uint32_t bytes)
{
	f->answer.copied_bytes += bytes;
	if (f->route->is_peer)
		f->answer.peer_bytes += bytes;
	if (b->plan.tick)
		b->plan.tick(b->plan.data, bytes);
}

/* What comes short is written again, from where it ended. */
bool batch_take_written(struct file *f, struct lane *l, int result)
{
	uint32_t done = l->done_bytes + (uint32_t)result;

	if (f->is_direct && done < l->want_bytes)
		done = (uint32_t)round_down(done, f->route->align);
	l->done_bytes = done;
	return done >= l->want_bytes;
}

void batch_take_first_write(struct batch *b, struct file *f, int result)
{
	struct lane *l = batch_get_reader(f)->lane;

	if (result < 0 || (!result && l->want_bytes)) {
		batch_fail_data(b, f, SIDE_DESTINATION,
				result ? result : -ENOSPC);
		return;
	}
	if (!batch_take_written(f, l, result)) {
		batch_push_write(b, f, l, STEP_FIRST_WRITE, false);
		return;
	}
	batch_count(b, f, l->want_bytes);
	if (f->reader)
		batch_begin_next(b, f);
	else
		batch_begin_blocks(b, f);
}
