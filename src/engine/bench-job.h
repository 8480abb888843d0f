/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a job's thread gets a run ready and goes through with it; must not
 * know the other threads.
 */
#ifndef P2PDMA_ENGINE_BENCH_JOB_H
#define P2PDMA_ENGINE_BENCH_JOB_H

#include "engine/bench-state.h"

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

#endif
