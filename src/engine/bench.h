/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how to keep a workload's blocks in flight and to time them; must not
 * know which offsets those are (workload.h), how a provider was chosen, or
 * how numbers are shown.
 *
 * Every job is a thread with a ring and slots of its own. Nothing is shared,
 * allocated or written by the CPU into a slot while the clock runs.
 *
 * What a latency is. The clock is read once each time that the kernel was
 * asked (ring_turn()), not twice for each block: a block's time begins with
 * the reading after which its first request was prepared, and ends with the
 * first reading after its last completion was seen. Both ends err to the
 * longer side, by what preparing a batch costs; and at a depth of 8 or more
 * a turn waits for a quarter of the depth, 32 at most, which is what saves
 * the calls. Below that each completion is looked at when it comes.
 */
#ifndef P2PDMA_ENGINE_BENCH_H
#define P2PDMA_ENGINE_BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "engine/endpoint.h"
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
	uint64_t seed;
	/* Anything but 0 ends the run early; set by a signal. NULL: nobody. */
	const volatile sig_atomic_t *stop;
	/* Called now and then with what was moved so far. NULL: nobody. */
	void (*tick)(void *data, uint64_t bytes, uint64_t elapsed_ns);
	void *tick_data;
};

/* The first request that failed. */
struct bench_error {
	int error;			/* errno; EIO: moved too little */
	struct workload_step step;
};

/* Heap: it holds a histogram. */
struct bench_result {
	uint64_t ios;			/* transactions */
	uint64_t bytes;			/* of them, each block once */
	uint64_t errors;
	struct bench_error first_error;	/* when errors is not 0 */
	uint64_t duration_ns;
	uint64_t cpu_user_ns, cpu_system_ns; /* of the jobs' threads */
	uint64_t submits;		/* calls into the kernel */
	bool is_stopped;		/* by args->stop */
	struct histogram latency;	/* ns a transaction */
};

/*
 * bench_run() - run the workload and say how it went
 *
 * Failed requests are counted and the run goes on: 0 is returned as long as
 * it could be measured, also where every request failed.
 *
 * Return: 0; -EINVAL less than a block for each job, or a pool too small;
 * -ENOMEM; -EAGAIN no thread to be had; -errno of ring_open(); -ETIMEDOUT
 * when nothing completed for io_timeout_ns: what is in flight then still
 * owns the pool's memory and the descriptors, so leave without giving them
 * back.
 */
int bench_run(const struct bench_args *args, struct bench_result *result);

/*
 * bench_fill() - give every slot of @pool bytes that no drive compresses,
 * different ones in each
 *
 * Return: 0, -ENOMEM, -ENODEV the provider is gone.
 */
int bench_fill(struct p2pdma_pool *pool, uint64_t seed);

#endif
