// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows which of a job's blocks were written how often, fills them before and
 * looks at them afterwards; must not know rings and clocks. A block is on its
 * way once at a time, or nobody could say what has to be there.
 */
#include <errno.h>

#include "engine/bench-state.h"

#define DRAWS_MOST	64

static unsigned get_slot(const struct job *job, const struct lane *lane)
{
	return job->index * job->args->depth + (unsigned)(lane - job->lanes);
}

/* There are no more lanes than blocks, so one is free. */
static uint64_t find_free(const struct job *job, uint64_t offset)
{
	while (ledger_is_busy(job->args->ledger, offset)) {
		offset += job->state.block_bytes;
		if (offset == job->state.end)
			offset = job->state.begin;
	}
	return offset;
}

/*
 * What goes forward comes to a free block. What draws might draw, by Zipf's
 * law, the same busy one for ever: its neighbour goes then.
 */
void bench_verify_choose(struct job *job, struct lane *lane)
{
	struct ledger *ledger = job->args->ledger;
	unsigned draws = 0;

	do
		job->workload->next(&job->state, &lane->step);
	while (ledger_is_busy(ledger, lane->step.offset) &&
	       (!job->workload->is_random || ++draws < DRAWS_MOST));
	lane->step.offset = find_free(job, lane->step.offset);
	*ledger_find(ledger, lane->step.offset) |= LEDGER_BUSY;
}

static struct pattern get_pattern(const struct job *job,
				  const struct lane *lane)
{
	uint32_t entry = *ledger_find(job->args->ledger, lane->step.offset) &
			 ~LEDGER_BUSY;

	return (struct pattern){
		.offset = lane->step.offset,
		.seed = job->args->seed,
		.generation = entry == LEDGER_COPIED ? 0 : entry,
	};
}

int bench_verify_fill(struct job *job, struct lane *lane)
{
	struct pattern pattern = get_pattern(job, lane);
	size_t bytes = (size_t)job->block_bytes;

	if (lane->step.direction != P2PDMA_WRITE)
		return 0;
	pattern.generation++;
	pattern_fill(job->scratch, bytes, &pattern);
	return p2pdma_pool_store(job->args->pool, get_slot(job, lane), 0,
				 job->scratch, bytes);
}

static void look(struct job *job, struct lane *lane)
{
	struct bench_verification *v = &job->result.verification;
	struct pattern wanted = get_pattern(job, lane);
	struct pattern_finding finding;
	enum pattern_fault fault;

	if (p2pdma_pool_load(job->args->pool, get_slot(job, lane), 0,
			     job->scratch, (size_t)job->block_bytes))
		return;
	fault = pattern_check(job->scratch, (size_t)job->block_bytes, &wanted,
			      &finding);
	if (fault && v->checked == v->faults[PATTERN_GOOD])
		v->first = finding;
	v->checked++;
	v->faults[fault]++;
}

static void note_written(uint32_t *entry)
{
	if (++*entry == LEDGER_COPIED)
		*entry = 1;
}

/* What a writing workload has not written yet may hold anything. */
void bench_verify_end(struct job *job, struct lane *lane, bool is_failed)
{
	uint32_t *entry = ledger_find(job->args->ledger, lane->step.offset);
	bool is_write = lane->step.direction == P2PDMA_WRITE;

	*entry &= ~LEDGER_BUSY;
	if (is_failed) {
		if (is_write)
			*entry = 0;
		return;
	}
	if (is_write)
		note_written(entry);
	else if (*entry || !workload_writes(job->workload))
		look(job, lane);
}
