// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how to read blocks drawn at random; must not know who asks. A block
 * may come twice before another comes once (as fio with norandommap): a map
 * of what was read would cost memory and time in the loop.
 */
#include "engine/workload.h"

static void randread_next(struct workload_state *state,
			  struct workload_step *step)
{
	uint64_t block = random_below(&state->random, state->blocks);

	step->offset = state->begin + block * state->block_bytes;
	step->direction = P2PDMA_READ;
	step->target = 0;
}

const struct workload workload_randread = {
	.name = "randread",
	.summary = "read blocks drawn at random (see --seed)",
	.targets = 1,
	.is_random = true,
	.directions = { P2PDMA_READ },
	.next = randread_next,
};
