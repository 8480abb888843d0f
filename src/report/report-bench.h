/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the result of a bench is told; must not know how it was taken.
 */
#ifndef P2PDMA_REPORT_REPORT_BENCH_H
#define P2PDMA_REPORT_REPORT_BENCH_H

#include <stdint.h>

#include "engine/bench.h"
#include "report/writer.h"

/* Where the buffers lay. NULL: does not apply, or is not known. */
struct report_memory {
	const char *kind;		/* "peer", "host", "drive" */
	const char *provider;
	const char *reach_source;	/* of the target that is read */
	const char *reach_destination;	/* of the target that is written */
	const char *fallback_reason;	/* host memory, though peer was asked */
};

/* One result; everything is borrowed. */
struct report_bench {
	const struct bench_args *args;
	const char *targets[WORKLOAD_TARGETS];
	struct report_memory memory;
	const struct bench_result *result;
	const struct bench_result *check; /* of reading it again; or NULL */
};

/* "memory" below @object, in the shape that all programs share. */
void report_add_memory(struct json_object *object,
		       const struct report_memory *memory);

/* An element of "results", and its lines for people. */
void report_add_bench(struct report *report, const struct report_bench *bench);

/* When all results are in: the table that CSV prints. */
void report_finish_bench(struct report *report);

#endif
