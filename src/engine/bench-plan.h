/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a bench is told; must not know how it is done.
 */
#ifndef P2PDMA_ENGINE_BENCH_PLAN_H
#define P2PDMA_ENGINE_BENCH_PLAN_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "engine/endpoint.h"
#include "engine/ledger.h"
#include "engine/workload.h"
#include "lib/p2pdma.h"

/* After so many failures in a row a job stops: nothing is measured then. */
#define BENCH_FAILURES_MAX	1000

struct bench_args {
	const struct workload *workload;
	struct endpoint *targets[WORKLOAD_TARGETS]; /* those that it has */
	struct p2pdma_pool *pool;	/* jobs * depth slots, or more */
	uint64_t size_bytes;	/* the part of the targets that is used */
	uint32_t block_bytes;	/* no more than a slot has */
	unsigned depth;		/* transactions in flight, of each job */
	unsigned jobs;
	uint64_t time_ns;	/* 0: until each block was used once */
	uint64_t warmup_ns;	/* goes before it and is not counted */
	uint64_t io_timeout_ns;	/* silence that ends the run; 0: never */
	uint64_t rate_iops;	/* at most, of all jobs together; 0: none */
	uint64_t seed;
	unsigned read_percent;	/* of mixed workloads */
	double zipf_theta;	/* see workload.h; 0: none */
	/*
	 * Blocks tell where they belong (pattern.h): what is written is
	 * filled by the CPU, what is read is looked at by it. NULL: neither.
	 * Its blocks are block_bytes.
	 */
	struct ledger *ledger;
	/* Job i runs on cpus[i % cpu_count]; 0: wherever. */
	const cpu_set_t *cpus;
	unsigned cpu_count;
	/* Anything but 0 ends the run early; set by a signal. NULL: nobody. */
	const volatile sig_atomic_t *stop;
	/* Called now and then with what was moved so far. NULL: nobody. */
	void (*tick)(void *data, uint64_t bytes, uint64_t elapsed_ns);
	void *tick_data;
};

#define BENCH_BATCH_MAX	32u

/* How many completions a call into the kernel waits for: see bench.h. */
static inline unsigned bench_get_batch(unsigned depth, bool has_rate)
{
	return depth < 8 || has_rate ? 1 : MIN(depth / 4, BENCH_BATCH_MAX);
}

#endif
