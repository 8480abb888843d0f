// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how what is read once gets to several places: the copies begin one
 * after the other, out of the lane that has the first block; each block goes
 * from one to the next; and they settle one after the other. One that fails is
 * left out from then on. Must not know how a copy is made, or ends.
 */
#include "engine/batch-state.h"

/* The first from @copy on that is not ending. */
static struct file *find_live(struct file *copy)
{
	while (copy && copy->is_ending)
		copy = copy->next_copy;
	return copy;
}

static bool is_nobody_left(const struct file *reader)
{
	return !find_live(reader->copies);
}

/* --- places ------------------------------------------------------------- */

/* What was found out about the source. */
static void describe(struct file *copy, const struct file *reader)
{
	copy->facts = reader->facts;
	copy->size_bytes = reader->size_bytes;
	copy->is_direct = reader->is_direct;
	copy->is_sparse = reader->is_sparse;
	copy->is_regular = true;
	copy->answer.facts = &copy->facts;
}

static void place(struct batch *b, struct file *copy)
{
	describe(copy, copy->reader);
	if (b->plan.is_wanted &&
	    !b->plan.is_wanted(b->plan.data, &copy->answer))
		batch_end_early(b, copy, BATCH_LEFT);
	else
		(void)batch_choose_place(b, copy);
}

/* What is written over may hold something where the source has holes. */
static void agree_on_holes(struct file *reader)
{
	for (struct file *c = find_live(reader->copies); c;
	     c = find_live(c->next_copy))
		reader->is_sparse &= c->is_sparse;
	for (struct file *c = reader->copies; c; c = c->next_copy)
		c->is_sparse = reader->is_sparse;
}

bool batch_place_copies(struct batch *b, struct file *reader)
{
	for (struct file *c = reader->copies; c; c = c->next_copy)
		place(b, c);
	agree_on_holes(reader);
	if (!is_nobody_left(reader))
		return true;
	batch_end_early(b, reader, BATCH_LEFT);
	return false;
}

/* --- one after the other ------------------------------------------------ */

static void begin_copy(struct batch *b, struct file *copy)
{
	copy->first_bytes = copy->reader->first_bytes;
	copy->next_bytes = copy->reader->next_bytes;
	batch_write_first(b, copy);
}

static void settle_copy(struct batch *b, struct file *copy)
{
	copy->answer.skipped_bytes = copy->reader->answer.skipped_bytes;
	batch_settle(b, copy);
}

static void take_turns(struct batch *b, struct file *reader, struct file *copy)
{
	reader->turn = find_live(copy);
	if (reader->turn && reader->is_settling)
		settle_copy(b, reader->turn);
	else if (reader->turn)
		begin_copy(b, reader->turn);
	else if (reader->is_settling || is_nobody_left(reader))
		batch_end_early(b, reader, BATCH_LEFT);
	else
		batch_begin_blocks(b, reader);
}

void batch_begin_copies(struct batch *b, struct file *reader)
{
	take_turns(b, reader, reader->copies);
}

void batch_begin_next(struct batch *b, struct file *copy)
{
	take_turns(b, copy->reader, copy->next_copy);
}

void batch_settle_copies(struct batch *b, struct file *reader)
{
	reader->is_settling = true;
	take_turns(b, reader, reader->copies);
}

/* --- blocks ------------------------------------------------------------- */

void batch_pass_on(struct batch *b, struct lane *l, struct file *copy)
{
	struct file *reader = l->file;

	copy = find_live(copy);
	if (copy) {
		l->done_bytes = 0;
		copy->lanes++;
		batch_push_write(b, copy, l, STEP_WRITE, false);
		return;
	}
	if (is_nobody_left(reader))
		batch_mark_ending(b, reader, BATCH_LEFT);
	reader->lanes--;
	if (!batch_await_sum(reader, l))
		batch_use_lane(b, l);
}

/* --- the end ------------------------------------------------------------ */

static void end_copy(struct batch *b, struct file *copy)
{
	const struct batch_answer *why = &copy->reader->answer;

	copy->answer.side = why->side;
	copy->answer.deed = why->deed;
	copy->answer.error = why->error;
	copy->answer.offset_bytes = why->offset_bytes;
	describe(copy, copy->reader);
	if (!copy->reader->answer.facts)
		copy->answer.facts = NULL;
	batch_end_early(b, copy, why->outcome);
}

void batch_end_copies(struct batch *b, struct file *reader)
{
	for (struct file *c = find_live(reader->copies); c;
	     c = find_live(c->next_copy))
		end_copy(b, c);
}

static void unlink_copy(struct file *copy)
{
	struct file **at = &copy->reader->copies;

	while (*at != copy)
		at = &(*at)->next_copy;
	*at = copy->next_copy;
}

void batch_lose_copy(struct batch *b, struct file *copy)
{
	struct file *reader = copy->reader;

	if (b->is_abandoned)
		return;
	unlink_copy(copy);
	if (reader->turn == copy)
		take_turns(b, reader, copy->next_copy);
	else if (reader->is_ending && !reader->lanes)
		batch_clean_up(b, reader);
}
