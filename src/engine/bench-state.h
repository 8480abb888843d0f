/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what bench-*.c share about one thread of a bench: its ring, its lanes,
 * its clock. Must not know the other threads; nobody else looks at it.
 *
 * bench-job.c calls bench-copy.c and bench-verify.c, and all of them the clock.
 */
#ifndef P2PDMA_ENGINE_BENCH_STATE_H
#define P2PDMA_ENGINE_BENCH_STATE_H

#include "engine/bench-plan.h"
#include "engine/bench-result.h"
#include "engine/ring.h"

/* How long a turn may be silent before clock and stop flag are looked at. */
#define BENCH_TURN_NS	(100 * NS_PER_MS)

/* One slot and what it is going through. */
struct lane {
	uint64_t begun_ns;
	struct workload_step step;
	struct ring_op op;	/* what of the step is in flight */
};

struct job {
	/* What every completion touches comes first. */
	const struct workload *workload;
	struct ring *ring;
	struct lane *lanes;
	uint64_t now_ns;	/* read after the last turn */
	uint64_t left;		/* transactions that may still begin */
	int block_bytes;
	int done_result;	/* of a block that was moved whole */
	unsigned failures;	/* in a row */
	bool is_counting;
	bool is_over;		/* nothing begins any more */
	bool is_command;	/* results are what a drive says */
	struct workload_state state;

	const struct bench_args *args;
	unsigned index;
	unsigned depth;
	unsigned least;		/* completions that a turn waits for */
	uint64_t heard_ns;	/* when anything completed last */
	uint64_t count_from_ns;	/* when warming up should be over */
	uint64_t end_ns;	/* UINT64_MAX: not known yet, or none */
	uint64_t counted_from_ns;	/* as it came */
	uint64_t counted_to_ns;
	uint64_t shown;		/* begun, for the thread that ticks */
	const int *abort;	/* not 0: another job is stuck */
	volatile sig_atomic_t stop;	/* is_over, as a copy is told */

	/* Only for runs that are not plain. */
	bool is_judged;		/* the target has its own view of results */
	uint64_t pace_ns;	/* from one beginning to the next; 0: none */
	uint64_t due_ns;	/* when the next one should begin */
	struct lane **parked;	/* lanes that wait for it */
	unsigned parked_count;
	uint64_t *scratch;	/* a block in host memory, to be verified */

	struct bench_result result;
};

/* How many transactions the job may begin at all. */
static inline uint64_t bench_get_limit(const struct job *job)
{
	return job->args->time_ns ? UINT64_MAX : job->state.share;
}

/* --- bench-clock.c ------------------------------------------------------- */

/* The clock begins to run now. */
void bench_clock_begin(struct job *job, uint64_t start_ns);

/* After each turn, with now_ns set: what completed in it came before that. */
void bench_clock_look(struct job *job);

/* Nothing counts, and nothing begins, from here on. */
void bench_clock_end(struct job *job);

/* A transaction failed; after too many in a row nothing begins any more. */
void bench_clock_fail(struct job *job, const struct bench_error *error);

/* How long until the next transaction is due; 0: it is, or there is no pace. */
uint64_t bench_clock_get_wait(const struct job *job);

/* One begins that is due. Returns when it should have. */
uint64_t bench_clock_take(struct job *job);

/* --- bench-verify.c: blocks that tell where they belong ------------------ */

/* Finds a step that touches no block that is on its way already. */
void bench_verify_choose(struct job *job, struct lane *lane);

/* Before a block is written: fills it. 0, -ENODEV. */
int bench_verify_fill(struct job *job, struct lane *lane);

/* The transaction is over, or failed. */
void bench_verify_end(struct job *job, struct lane *lane, bool is_failed);

/* --- bench-copy.c: what copies is p2pcopy's ------------------------------ */

/* As bench_job_run(). */
int bench_copy_run(struct job *job, uint64_t start_ns);

#endif
