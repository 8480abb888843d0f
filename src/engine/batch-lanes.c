// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how requests of files are told apart, and who has which lane; must not
 * know what a request or a lane is for.
 */
#include "engine/batch-state.h"

static unsigned get_index(const struct batch *b, const struct file *f)
{
	return (unsigned)(f - b->files);
}

unsigned batch_get_source(const struct batch *b, const struct file *f)
{
	return 2 * get_index(b, f);
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

/* There is room: batch_turn() and batch_push() look before. */
void batch_push_op(struct batch *b, struct ring_op *op, uint64_t tag)
{
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
