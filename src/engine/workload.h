/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which block a workload touches next; owns offsets and nothing else.
 * Must not know buffers, rings, clocks, or how many are in flight.
 *
 * A transaction is what one slot goes through: a transfer, or a read and then
 * a write where blocks are copied.
 */
#ifndef P2PDMA_ENGINE_WORKLOAD_H
#define P2PDMA_ENGINE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/zipf.h"
#include "lib/p2pdma.h"

struct ledger;

/* The most targets that any workload has. */
#define WORKLOAD_TARGETS	2

/* One transfer of one block: what, and where. */
struct workload_step {
	uint64_t offset;
	enum p2pdma_direction direction;
};

/* Where one thread's share lies; filled by workload_begin(). */
struct workload_state {
	uint64_t block_bytes;
	uint64_t begin;		/* first byte of the share */
	uint64_t end;		/* behind its last whole block */
	uint64_t next;		/* for those that go forward */
	uint64_t blocks;	/* in [begin, end), at least 1 */
	uint64_t share;		/* of transactions, to do all blocks once */
	struct random random;	/* for those that jump */
	unsigned read_percent;
	bool is_zipf;
	struct zipf zipf;
	const struct ledger *ledger;
};

/* What a run asks of its workload; the same for all jobs but for @job. */
struct workload_plan {
	uint64_t size_bytes;	/* of the targets; a tail is left out */
	uint64_t block_bytes;
	unsigned job, jobs;
	uint64_t seed;
	unsigned read_percent;	/* of mixed ones */
	double zipf_theta;	/* 0: every block as likely as another */
	bool is_apart;		/* those that jump keep to their part, too */
	const struct ledger *ledger;
};

struct workload {
	const char *name;
	const char *summary;	/* one line for people */
	unsigned targets;
	bool is_random;
	bool needs_ledger;	/* it goes to what is written there */
	unsigned directions[WORKLOAD_TARGETS]; /* p2pdma_direction, or'ed */
	/*
	 * The next block; there is always one. NULL: blocks are copied from
	 * the first target to the second, in the order of the copy's own.
	 */
	void (*next)(struct workload_state *state, struct workload_step *step);
};

extern const struct workload workload_read;
extern const struct workload workload_write;
extern const struct workload workload_randread;
extern const struct workload workload_randwrite;
extern const struct workload workload_mixed;
extern const struct workload workload_copy;
extern const struct workload workload_check;

/* The workload called @name; NULL when there is none. */
const struct workload *workload_find(const char *name);

/* The @index-th workload; NULL behind the last. */
const struct workload *workload_get(size_t index);

/* True when any target is written. */
bool workload_writes(const struct workload *workload);

/*
 * Part @job of @jobs equal parts. Those that go forward keep to their part
 * and start over at its end; those that jump do so in all of it, each with
 * random numbers of its own.
 * 0, or -EINVAL where there is not a block for each job.
 */
int workload_begin(const struct workload *workload,
		   const struct workload_plan *plan,
		   struct workload_state *state);

/* The next block going forward, from the beginning again at the end. */
static inline uint64_t workload_forward(struct workload_state *state)
{
	uint64_t offset = state->next;

	state->next += state->block_bytes;
	if (state->next == state->end)
		state->next = state->begin;
	return offset;
}

#endif
