// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how to touch blocks drawn at random; must not know who asks. A block
 * may come twice before another comes once (as fio with norandommap): a map
 * of what was touched would cost memory and time in the loop.
 */
#include "engine/workload.h"

static void jump_to(const struct workload_state *state, uint64_t block,
		    struct workload_step *step)
{
	step->offset = state->begin + block * state->block_bytes;
}

static __attribute__((noinline)) void
jump_slowly(struct workload_state *state, struct workload_step *step)
{
	jump_to(state, state->is_zipf ?
		       zipf_draw(&state->zipf, &state->random) :
		       random_below(&state->random, state->blocks), step);
}

/* Ends with what is slow, for which the rest has nothing to put aside. */
static void jump(struct workload_state *state, struct workload_step *step)
{
	uint64_t block;

	if (!state->is_zipf &&
	    random_try_below(&state->random, state->blocks, &block))
		jump_to(state, block, step);
	else
		jump_slowly(state, step);
}

static void randread_next(struct workload_state *state,
			  struct workload_step *step)
{
	step->direction = P2PDMA_READ;
	jump(state, step);
}

static void randwrite_next(struct workload_state *state,
			   struct workload_step *step)
{
	step->direction = P2PDMA_WRITE;
	jump(state, step);
}

static void mixed_next(struct workload_state *state,
		       struct workload_step *step)
{
	jump(state, step);
	step->direction = random_below(&state->random, 100) <
					  state->read_percent ?
				  P2PDMA_READ : P2PDMA_WRITE;
}

const struct workload workload_randread = {
	.name = "randread",
	.summary = "read blocks drawn at random (see --seed, --zipf)",
	.targets = 1,
	.is_random = true,
	.directions = { P2PDMA_READ },
	.next = randread_next,
};

const struct workload workload_randwrite = {
	.name = "randwrite",
	.summary = "write blocks drawn at random",
	.targets = 1,
	.is_random = true,
	.directions = { P2PDMA_WRITE },
	.next = randwrite_next,
};

const struct workload workload_mixed = {
	.name = "mixed",
	.summary = "read and write blocks drawn at random (see --mix)",
	.targets = 1,
	.is_random = true,
	.directions = { P2PDMA_READ | P2PDMA_WRITE },
	.next = mixed_next,
};
