// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a checksum is fed in order while blocks come out of order, from
 * host memory only: the CPU reads no peer memory. Must not know which
 * checksum it is.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/checksum.h"
#include "engine/copy-state.h"

/* What was copied before, or goes by peer memory, is not seen here. */
int copy_begin_sum(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;

	copy->is_summing = plan->checksum && !plan->is_peer &&
			   !extents_count(copy->extents, EXTENT_DONE);
	if (!copy->is_summing)
		return 0;
	copy->sum_queue = calloc(copy->slot_count, sizeof(*copy->sum_queue));
	return copy->sum_queue ? 0 : -ENOMEM;
}

void copy_queue_sum(struct copy *copy, struct slot *slot)
{
	unsigned place;

	if (!copy->is_summing)
		return;
	/* Only the first pass goes from the start to the end. */
	if (copy->pass.state != EXTENT_WANTED) {
		copy_end_sum(copy);
		return;
	}
	place = (copy->sum_first + copy->sum_count++) % copy->slot_count;
	copy->sum_queue[place] = (unsigned)(slot - copy->slots);
	slot->is_unsummed = true;
}

static struct slot *get_first(const struct copy *copy)
{
	return &copy->slots[copy->sum_queue[copy->sum_first]];
}

static void leave_queue(struct copy *copy)
{
	unsigned number = copy->sum_queue[copy->sum_first];
	struct slot *slot = &copy->slots[number];

	copy->sum_first = (copy->sum_first + 1) % copy->slot_count;
	copy->sum_count--;
	slot->is_unsummed = false;
	if (!slot->is_open)
		copy->idle[copy->idle_count++] = number;
}

static bool is_read(const struct slot *slot)
{
	return !slot->is_open || slot->side == SIDE_DESTINATION;
}

void copy_sum(struct copy *copy)
{
	while (copy->is_summing && copy->sum_count &&
	       is_read(get_first(copy))) {
		const struct slot *slot = get_first(copy);
		const struct piece *piece = &slot->piece;

		checksum_add_zeros(copy->plan->checksum,
				   piece->start_bytes - copy->summed_bytes);
		checksum_add(copy->plan->checksum, slot->buffer,
			     piece->size_bytes);
		copy->summed_bytes = piece->start_bytes + piece->size_bytes;
		leave_queue(copy);
	}
}

void copy_end_sum(struct copy *copy)
{
	while (copy->sum_count)
		leave_queue(copy);
	copy->is_summing = false;
}

void copy_finish_sum(struct copy *copy)
{
	if (!copy->is_summing || copy->rc)
		return;
	checksum_add_zeros(copy->plan->checksum,
			   copy->plan->size_bytes - copy->summed_bytes);
	copy->is_summing = false;
	copy->result->is_checksummed = true;
}
