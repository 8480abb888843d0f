// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how to read again what an earlier run wrote, by its ledger; must not
 * know what is looked for there. Not for users: it has no place in the table.
 */
#include "engine/ledger.h"
#include "engine/workload.h"

static void check_next(struct workload_state *state,
		       struct workload_step *step)
{
	do
		step->offset = workload_forward(state);
	while (!ledger_is_written(state->ledger, step->offset));
	step->direction = P2PDMA_READ;
}

const struct workload workload_check = {
	.name = "check",
	.summary = "read what was written",
	.targets = 1,
	.needs_ledger = true,
	.directions = { P2PDMA_READ },
	.next = check_next,
};
