// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows that a copied block is read from the first target and then written
 * to the second at the same place; must not know who asks.
 */
#include "engine/workload.h"

enum { SOURCE, DESTINATION };

static void copy_next(struct workload_state *state,
		      struct workload_step *step)
{
	step->offset = workload_forward(state);
	step->direction = P2PDMA_READ;
	step->target = SOURCE;
}

static bool copy_done(struct workload_state *state,
		      struct workload_step *step)
{
	if (step->target == DESTINATION)
		return false;
	step->direction = P2PDMA_WRITE;
	step->target = DESTINATION;
	return true;
}

const struct workload workload_copy = {
	.name = "copy",
	.summary = "read from SOURCE and write to DEST, block by block",
	.targets = 2,
	.directions = { P2PDMA_READ, P2PDMA_WRITE },
	.next = copy_next,
	.done = copy_done,
};
