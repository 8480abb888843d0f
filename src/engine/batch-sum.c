// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how the checksum of a file is fed in order while its blocks come out
 * of order, from host memory only: the CPU reads no peer memory. Must not know
 * which checksum it is, nor what else is done with a block.
 */
#include "base/macro.h"
#include "engine/batch-state.h"

void batch_begin_sum(struct file *f)
{
	f->is_summing = f->sum && !f->route->is_peer;
	if (!f->is_summing)
		return;
	checksum_restart(f->sum);
	checksum_add(f->sum, f->lane->buffer, f->first_bytes);
	f->summed_bytes = f->first_bytes;
}

void batch_queue_sum(struct file *f, struct lane *l)
{
	if (!f->is_summing)
		return;
	l->is_unsummed = true;
	l->is_read = l->is_waiting = false;
	l->next_sum = NULL;
	if (f->sum_first)
		f->sum_last->next_sum = l;
	else
		f->sum_first = l;
	f->sum_last = l;
}

static void add_first(struct file *f)
{
	const struct lane *l = f->sum_first;

	checksum_add_zeros(f->sum, l->offset_bytes - f->summed_bytes);
	checksum_add(f->sum, l->buffer, l->want_bytes);
	f->summed_bytes = l->offset_bytes + l->want_bytes;
}

static struct lane *leave(struct file *f)
{
	struct lane *l = f->sum_first;

	f->sum_first = l->next_sum;
	l->is_unsummed = false;
	return l;
}

void batch_sum_read(struct batch *b, struct file *f, struct lane *l)
{
	if (!l->is_unsummed)
		return;
	l->is_read = true;
	while (f->sum_first && f->sum_first->is_read) {
		add_first(f);
		l = leave(f);
		if (!l->is_waiting)
			continue;
		l->next = b->summed;
		b->summed = l;
	}
}

bool batch_await_sum(struct file *f, struct lane *l)
{
	if (!l->is_unsummed)
		return false;
	l->is_waiting = true;
	f->lanes++;
	return true;
}

struct lane *batch_take_summed(struct batch *b)
{
	struct lane *l = b->summed;

	if (!l)
		return NULL;
	b->summed = l->next;
	l->file->lanes--;
	return l;
}

void batch_drop_sum(struct batch *b, struct file *f)
{
	f->is_summing = false;
	while (f->sum_first) {
		struct lane *l = leave(f);

		if (!l->is_waiting)
			continue;
		f->lanes--;
		batch_drop_lane(b, f, l);
	}
}

bool batch_is_summing(const struct file *f)
{
	return f->reader ? f->reader->is_summing : f->is_summing;
}

/* What was read once is summed once. */
static void take_over_sum(struct file *f)
{
	struct file *reader = f->reader;

	if (!reader->answer.sum)
		batch_finish_sum(reader);
	f->answer.sum = reader->answer.sum;
}

void batch_finish_sum(struct file *f)
{
	if (!f->sum)
		return;
	if (f->reader && batch_is_summing(f)) {
		take_over_sum(f);
		return;
	}
	/* Of nothing there is a checksum, too. */
	if (!f->is_summing && !f->size_bytes) {
		checksum_restart(f->sum);
		f->is_summing = true;
	}
	if (!f->is_summing)
		return;
	checksum_add_zeros(f->sum, f->size_bytes - f->summed_bytes);
	checksum_finish(f->sum, f->sum_text);
	f->answer.sum = f->sum_text;
}
