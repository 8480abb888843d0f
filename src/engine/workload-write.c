// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how to write forward; must not know who asks, or what is written.
 */
#include "engine/workload.h"

static void write_next(struct workload_state *state,
		       struct workload_step *step)
{
	step->offset = workload_forward(state);
	step->direction = P2PDMA_WRITE;
}

const struct workload workload_write = {
	.name = "write",
	.summary = "write forward, from the beginning again at the end",
	.targets = 1,
	.directions = { P2PDMA_WRITE },
	.next = write_next,
};
