// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/workload.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"

static const struct workload *const workloads[] = {
	&workload_read,
	&workload_write,
	&workload_randread,
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

int workload_begin(const struct workload *workload, uint64_t size_bytes,
		   uint64_t block_bytes, unsigned job, unsigned jobs,
		   uint64_t seed, struct workload_state *state)
{
	uint64_t blocks = block_bytes ? size_bytes / block_bytes : 0;
	uint64_t first, behind;

	if (!jobs || blocks < jobs)
		return -EINVAL;
	first = share_begins(blocks, job, jobs);
	behind = share_begins(blocks, job + 1, jobs);
	state->share = behind - first;
	if (workload->is_random) {
		first = 0;
		behind = blocks;
	}
	state->block_bytes = block_bytes;
	state->begin = first * block_bytes;
	state->end = behind * block_bytes;
	state->next = state->begin;
	state->blocks = behind - first;
	random_init(&state->random, seed, job);
	return 0;
}
