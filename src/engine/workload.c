// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/workload.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "engine/ledger.h"

static const struct workload *const workloads[] = {
	&workload_read,
	&workload_write,
	&workload_randread,
	&workload_randwrite,
	&workload_mixed,
	&workload_copy,
};

const struct workload *workload_get(size_t index)
{
	return index < ARRAY_SIZE(workloads) ? workloads[index] : NULL;
}

const struct workload *workload_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(workloads); i++)
		if (!strcmp(workloads[i]->name, name))
			return workloads[i];
	return NULL;
}

bool workload_writes(const struct workload *workload)
{
	for (unsigned i = 0; i < workload->targets; i++)
		if (workload->directions[i] & P2PDMA_WRITE)
			return true;
	return false;
}

/* Block numbers: the first jobs get the blocks that do not divide evenly. */
static uint64_t share_begins(uint64_t blocks, unsigned job, unsigned jobs)
{
	return blocks / jobs * job + MIN(job, blocks % jobs);
}

/* The part of the targets that a job touches, and how much of it once. */
static void find_part(const struct workload *workload,
		      const struct workload_plan *plan, uint64_t blocks,
		      struct workload_state *state)
{
	uint64_t first = share_begins(blocks, plan->job, plan->jobs);
	uint64_t behind = share_begins(blocks, plan->job + 1, plan->jobs);

	state->share = behind - first;
	if (workload->is_random && !plan->is_apart) {
		first = 0;
		behind = blocks;
	}
	state->block_bytes = plan->block_bytes;
	state->begin = first * plan->block_bytes;
	state->end = behind * plan->block_bytes;
	state->next = state->begin;
	state->blocks = behind - first;
	state->ledger = plan->ledger;
	if (workload->needs_ledger)
		state->share = ledger_count(plan->ledger, state->begin,
					    state->end);
}

int workload_begin(const struct workload *workload,
		   const struct workload_plan *plan,
		   struct workload_state *state)
{
	uint64_t blocks = plan->block_bytes ?
		plan->size_bytes / plan->block_bytes : 0;

	if (!plan->jobs || blocks < plan->jobs)
		return -EINVAL;
	find_part(workload, plan, blocks, state);
	state->read_percent = plan->read_percent;
	random_init(&state->random, plan->seed, plan->job);
	state->is_zipf = plan->zipf_theta > 0;
	if (state->is_zipf)
		zipf_init(&state->zipf, plan->zipf_theta, state->blocks,
			  plan->seed);
	return 0;
}
