/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how to keep a workload's blocks in flight and to time them; must not
 * know which offsets those are (workload.h), how a provider was chosen, or
 * how numbers are shown.
 *
 * Every job is a thread with a ring and slots of its own. Nothing is shared,
 * allocated or, unless it is to be verified, written by the CPU into a slot
 * while the clock runs. Threads and rings live as long as the bench: runs
 * that follow each other use the same ones (see ring.h for why).
 *
 * What a latency is. The clock is read once each time that the kernel was
 * asked (ring_turn()), not twice for each block: a block's time begins with
 * the reading after which its first request was prepared, and ends with the
 * first reading after its last completion was seen. Both ends err to the
 * longer side, by what preparing a batch costs; and at a depth of 8 or more
 * a turn waits for a quarter of the depth, 32 at most, which is what saves
 * the calls. Below that each completion is looked at when it comes.
 *
 * With a rate, a block's time begins when it should have begun: what waits
 * because the drive is late counts as late (no coordinated omission).
 */
#ifndef P2PDMA_ENGINE_BENCH_H
#define P2PDMA_ENGINE_BENCH_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/series.h"
#include "engine/endpoint.h"
#include "engine/ledger.h"
#include "engine/pattern.h"
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

/* The first request that failed. */
struct bench_error {
	int error;			/* errno; EIO: moved too little */
	struct workload_step step;
};

/* What became of blocks that tell where they belong. */
struct bench_verification {
	uint64_t checked;		/* blocks */
	uint64_t faults[PATTERN_FAULTS]; /* of these; [0] is the good ones */
	struct pattern_finding first;	/* of the worst job */
};

/* Why a run was over. Several jobs: the last one of the list counts. */
enum bench_end {
	BENCH_COMPLETE = 0,	/* time was up, or every block was used */
	BENCH_STOPPED,		/* by args->stop */
	BENCH_FAILED,		/* one error after another */
	BENCH_SILENT,		/* nothing completed for io_timeout_ns */
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
	enum bench_end end;
	struct bench_verification verification;
	struct series series;		/* of transactions */
	struct histogram latency;	/* ns a transaction */
};

struct bench;

/*
 * bench_open() - start the threads and open their rings
 * @jobs, @depth: the most that any run will have
 * @options:	of the rings, enum ring_option
 *
 * Return: 0, -ENOMEM, -EAGAIN no thread to be had, -errno of ring_open().
 */
int bench_open(unsigned jobs, unsigned depth, unsigned options,
	       struct bench **bench);

/*
 * bench_run() - run the workload and say how it went
 *
 * Failed requests are counted and the run goes on: 0 is returned as long as
 * it could be measured, also where every request failed.
 *
 * Return: 0; -EINVAL less than a block for each job, a pool too small, more
 * than was opened, or no such CPU; -ENOMEM; -ETIMEDOUT when nothing completed
 * for io_timeout_ns: @result has what there was before. What is in flight then
 * still owns the pool's memory and the descriptors, so leave without giving
 * them back, and run nothing more.
 */
int bench_run(struct bench *bench, const struct bench_args *args,
	      struct bench_result *result);

/* How many completions a call into the kernel waits for; see above. */
unsigned bench_get_batch(unsigned depth, bool has_rate);

/* What is stuck stays, until the program ends. NULL is fine. */
void bench_close(struct bench *bench);

/* One run after the other is as one long run. @sum begins as bench_empty(). */
void bench_empty(struct bench_result *sum);
void bench_append(struct bench_result *sum, const struct bench_result *part);

/* Bytes a second; 0 when nothing was moved. */
uint64_t bench_result_rate(const struct bench_result *result);

/*
 * bench_fill() - give every slot of @pool bytes that no drive compresses,
 * different ones in each
 *
 * Return: 0, -ENOMEM, -ENODEV the provider is gone.
 */
int bench_fill(struct p2pdma_pool *pool, uint64_t seed);

#endif
