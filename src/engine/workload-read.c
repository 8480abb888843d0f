// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how to read forward; must not know who asks.
 */
#include "engine/workload.h"

static void read_next(struct workload_state *state, struct workload_step *step)
{
	step->offset = workload_forward(state);
	step->direction = P2PDMA_READ;
}

const struct workload workload_read = {
	.name = "read",
	.summary = "read forward, from the beginning again at the end",
	.targets = 1,
	.directions = { P2PDMA_READ },
	.next = read_next,
};
