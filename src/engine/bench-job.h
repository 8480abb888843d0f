/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows one thread of a bench: its ring, its lanes, its clock. Must not know
 * the other threads; only bench*.c look at it.
 */
#ifndef P2PDMA_ENGINE_BENCH_JOB_H
#define P2PDMA_ENGINE_BENCH_JOB_H

#include "engine/bench.h"
#include "engine/ring.h"

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
	unsigned failures;	/* in a row */
	bool is_counting;
	bool is_over;		/* nothing begins any more */
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

	/* Only for runs that are not plain. */
	bool is_judged;		/* a target has its own view of results */
	uint64_t pace_ns;	/* from one beginning to the next; 0: none */
	uint64_t due_ns;	/* when the next one should begin */
	struct lane **parked;	/* lanes that wait for it */
	unsigned parked_count;
	uint64_t *scratch;	/* a block in host memory, to be verified */

	struct bench_result result;
};

/*
 * Rings belong to their thread, so all four are called in the job's own.
 * bench_job_open(): index and abort are set, the rest is 0.
 */
int bench_job_open(struct job *job, unsigned depth_most, unsigned options);

/* What can fail before the clock starts. */
int bench_job_prepare(struct job *job, const struct bench_args *args);

/* Runs to its end. 0, or -errno when something in flight is left behind. */
int bench_job_run(struct job *job, uint64_t start_ns);

/* Not after a run that left something in flight. */
void bench_job_close(struct job *job);

/* --- bench-verify.c: blocks that tell where they belong ------------------ */

/* Finds a step that touches no block that is on its way already. */
void bench_verify_choose(struct job *job, struct lane *lane);

/* Before a block is written: fills it. 0, -ENODEV. */
int bench_verify_fill(struct job *job, struct lane *lane);

/* The transaction is over, or failed. */
void bench_verify_end(struct job *job, struct lane *lane, bool is_failed);

#endif
