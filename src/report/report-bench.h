/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the result of a bench is told; must not know how it was taken.
 */
#ifndef P2PDMA_REPORT_REPORT_BENCH_H
#define P2PDMA_REPORT_REPORT_BENCH_H

#include <stdint.h>

#include "base/spread.h"
#include "engine/bench.h"
#include "engine/bottleneck.h"
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
	struct bottleneck bottleneck;	/* of the ways, as predicted */
	uint64_t dram_bytes;
	const char *dram_reason;	/* why they are not known; or NULL */
};

/* Two results that were taken in turns; everything is borrowed. */
struct report_compare {
	const struct report_bench *peer, *host;
	unsigned rounds;
	struct spread rate_ratio;	/* peer over host, round by round */
};

/* One provider with one target. */
struct report_cell {
	bool is_measured;
	uint64_t bytes_per_sec;
	uint64_t predicted_bytes_per_sec; /* 0: unknown */
	const char *reach;	/* as predicted; NULL: host memory */
	const char *reason;	/* why it was not measured; or NULL */
};

/* Row by row, a row for each provider. */
struct report_matrix {
	const char **providers;		/* "host", "0000:03:00.0" */
	const char *const *targets;
	unsigned provider_count, target_count;
	struct report_cell *cells;
};

/* "memory" below @object, in the shape that all programs share. */
void report_add_memory(struct json_object *object,
		       const struct report_memory *memory);

/*
 * An element of "results", and its lines for people, unless they are to get a
 * table of all at the end.
 */
void report_add_bench(struct report *report, const struct report_bench *bench,
		      bool is_brief);

/* An element of "compares", after both results, and its line for people. */
void report_add_compare(struct report *report,
			const struct report_compare *compare, bool is_brief);

/* "matrix", and tables for people. */
void report_add_matrix(struct report *report,
		       const struct report_matrix *matrix);

/* When no more results come: the table that CSV prints, and a brief one. */
void report_finish_bench(struct report *report, bool is_brief,
			 bool is_stopped);

#endif
