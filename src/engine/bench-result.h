/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what came out of a bench, and how several results are one; must not
 * know how it was measured.
 */
#ifndef P2PDMA_ENGINE_BENCH_RESULT_H
#define P2PDMA_ENGINE_BENCH_RESULT_H

#include <stdint.h>

#include "base/histogram.h"
#include "base/series.h"
#include "engine/pattern.h"
#include "lib/p2pdma.h"

/* The first transfer that failed. */
struct bench_error {
	int error;			/* errno; EIO: moved too little */
	uint64_t offset;
	enum p2pdma_direction direction;
	unsigned target;		/* which one of the workload's */
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

/* One run after the other is as one long run. @sum begins as bench_empty(). */
void bench_empty(struct bench_result *sum);
void bench_append(struct bench_result *sum, const struct bench_result *part);

/* The same for a job that ran beside the others: without bytes and duration. */
void bench_add(struct bench_result *sum, const struct bench_result *part);

/* Bytes a second; 0 when nothing was moved. */
uint64_t bench_result_rate(const struct bench_result *result);

#endif
