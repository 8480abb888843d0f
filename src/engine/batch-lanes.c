// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how requests of files are told apart, and who has which lane; must not
 * know what a request or a lane is for.
 */
#include <errno.h>

#include "engine/batch-state.h"

static unsigned get_index(const struct batch *b, const struct file *f)
{
	return (unsigned)(f - b->files);
}

unsigned batch_get_source(const struct batch *b, struct file *f)
{
	return 2 * get_index(b, batch_get_reader(f));
}

unsigned batch_get_destination(const struct batch *b, const struct file *f)
{
	return 2 * get_index(b, f) + 1;
}

uint64_t batch_make_tag(const struct batch *b, const struct file *f,
			const struct lane *l, enum step step)
{
	uint64_t lane = l ? (uint64_t)(l - b->lanes) : 0;

	return get_index(b, f) | lane << 16 | (uint64_t)step << 32;
}

/* Of a step with a lane its place, of others the file's. */
static unsigned char *find_wait(struct batch *b, uint64_t tag)
{
	switch ((enum step)(tag >> 32)) {
	case STEP_FIRST_READ:
	case STEP_FIRST_WRITE:
	case STEP_READ:
	case STEP_WRITE:
	case STEP_READ_SOURCE:
	case STEP_READ_COPY:
		return &b->lanes[tag >> 16 & 0xffff].wait;
	default:
		return &b->files[tag & 0xffff].wait;
	}
}

void batch_end_wait(struct batch *b, uint64_t tag)
{
	struct file *f = &b->files[tag & 0xffff];
	struct lane *first = batch_get_reader(f)->lane;
	unsigned char *wait = find_wait(b, tag);

	*wait = 0;
	/* A chain has steps of both kinds. */
	f->wait = 0;
	if (wait == &f->wait && first)
		first->wait = 0;
}

static const struct {
	enum side side;
	const char *deed;
} steps[] = {
	[STEP_STAT] = { SIDE_SOURCE, "look at" },
	[STEP_OPEN] = { SIDE_SOURCE, "open" },
	[STEP_FIRST_READ] = { SIDE_SOURCE, "read" },
	[STEP_CREATE] = { SIDE_DESTINATION, "create" },
	[STEP_ALLOCATE] = { SIDE_DESTINATION, "reserve room for" },
	[STEP_FIRST_WRITE] = { SIDE_DESTINATION, "write" },
	[STEP_READ] = { SIDE_SOURCE, "read" },
	[STEP_WRITE] = { SIDE_DESTINATION, "write" },
	[STEP_FLUSH] = { SIDE_DESTINATION, "flush" },
	[STEP_REOPEN] = { SIDE_DESTINATION, "read again" },
	[STEP_READ_SOURCE] = { SIDE_SOURCE, "read again" },
	[STEP_READ_COPY] = { SIDE_DESTINATION, "read again" },
	[STEP_STAT_AGAIN] = { SIDE_SOURCE, "look at" },
	[STEP_RENAME] = { SIDE_DESTINATION, "give its name to" },
	[STEP_CLOSE] = { SIDE_DESTINATION, "close" },
	[STEP_LAST_CLOSE] = { SIDE_DESTINATION, "close" },
	[STEP_CLEAN] = { SIDE_DESTINATION, "remove" },
};

/* What has several places is told of one of them. */
static const struct batch_answer *blame(struct file *f, unsigned char wait)
{
	if (f->copies)
		f = f->copies;
	f->answer.outcome = BATCH_FAILED;
	f->answer.side = steps[wait - 1].side;
	f->answer.deed = steps[wait - 1].deed;
	f->answer.error = -ETIMEDOUT;
	return &f->answer;
}

/* Data first: what else waits may wait behind it. */
const struct batch_answer *batch_get_silent(struct batch *batch)
{
	for (unsigned i = 0; i < batch->lane_count; i++) {
		struct lane *l = &batch->lanes[i];

		if (!l->wait)
			continue;
		l->waiting->answer.offset_bytes = l->offset_bytes;
		return blame(l->waiting, l->wait);
	}
	for (unsigned i = 0; i < batch->file_count; i++)
		if (batch->files[i].wait)
			return blame(&batch->files[i], batch->files[i].wait);
	return NULL;
}

/* There is room: batch_turn() and batch_push() look before. */
void batch_push_op(struct batch *b, struct ring_op *op, uint64_t tag)
{
	struct file *f = &b->files[tag & 0xffff];
	unsigned char *wait = find_wait(b, tag);

	*wait = (unsigned char)(1 + (tag >> 32));
	if (wait != &f->wait)
		b->lanes[tag >> 16 & 0xffff].waiting = f;
	op->tag = tag;
	if (ring_push(b->plan.ring, op))
		__builtin_trap();
}

struct lane *batch_take_lane(struct batch *b, struct route *route,
			     struct file *file)
{
	struct lane **list = &b->free_lanes[route - b->routes];
	struct lane *l = *list;

	if (!l)
		return NULL;
	*list = l->next;
	l->file = file;
	l->done_bytes = 0;
	l->is_unsummed = false;
	return l;
}

void batch_give_lane(struct batch *b, struct lane *l)
{
	struct lane **list = &b->free_lanes[l->route - b->routes];

	l->next = *list;
	*list = l;
}

void batch_give_first_lane(struct batch *b, struct file *f)
{
	if (f->lane)
		batch_give_lane(b, f->lane);
	f->lane = NULL;
}

void batch_drop_lane(struct batch *b, struct file *f, struct lane *l)
{
	if (l == f->lane)
		batch_give_first_lane(b, f);
	else
		batch_give_lane(b, l);
}
