/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what all parts of p2pbench share: what was asked for, what is open for
 * a run of the program, and whether it is to end. Must not know the parts.
 */
#ifndef P2PDMA_CLI_BENCH_SESSION_H
#define P2PDMA_CLI_BENCH_SESSION_H

#include "cli/apart.h"
#include "cli/cli.h"
#include "engine/bench.h"
#include "report/progress.h"
#include "report/writer.h"

#define BENCH_NAME	"p2pbench"

/* --- what was asked for -------------------------------------------------- */

enum bench_axis {
	AXIS_BLOCK,
	AXIS_DEPTH,
	AXIS_JOBS,
	AXES,
};

#define AXIS_VALUES_MAX	64

/* The values of each axis, in their order; none: the option's own. */
struct bench_sweep {
	uint64_t values[AXES][AXIS_VALUES_MAX];
	unsigned counts[AXES];
};

struct bench_options {
	int workload;		/* its place in the table */
	const char *provider;
	bool is_scrubbed;
	uint64_t block_bytes;	/* 0: not given, like the others */
	uint64_t depth;
	uint64_t size_bytes;
	uint64_t jobs;
	uint64_t time_ns;
	uint64_t warmup_ns;
	uint64_t io_timeout_ns;
	uint64_t rate_iops;
	uint64_t seed;
	uint64_t read_percent;
	double zipf_theta;
	const char *cpus;	/* "auto", a list */
	int is_passthrough;	/* of a table of two engines */
	bool is_polled, is_handed;
	struct bench_sweep sweep;
	bool is_ramp;
	bool is_compare;
	bool is_matrix;
	bool is_diff;
	bool is_fio;
	double tolerance;	/* of --diff: 0.05 is 5 % */
	bool is_verified;
	bool is_writing_allowed;
};

/* --- one run of the program ---------------------------------------------- */

struct session {
	struct cli_common common;
	struct bench_options options;
	const struct workload *workload;
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct report report;
	struct progress progress;
	bool is_brief;		/* people get a line a result */
	unsigned points, point;	/* of all results, and which one it is */
	uint64_t point_ns;	/* that each takes; 0: not known */
	uint64_t moved_bytes;	/* by those that are over */
	struct bench *bench;	/* threads; from the first result on */
	struct p2pdma_dram *dram; /* NULL: cannot be counted, for this: */
	const char *dram_reason;
	struct ring *ring;	/* of the thread that asks and waits */
	cpu_set_t *cpus;	/* of --cpu=LIST: one each */
	unsigned cpu_count;
	struct apart_signals *signals; /* nobody's if nothing is measured */
	bool is_stuck;		/* requests in flight: give nothing back */
};

/* Context, topology and counters. CLI_GO_ON or a code. */
int bench_session_open(struct session *session);

/* The ring of the thread that asks and waits. CLI_GO_ON or a code. */
int bench_session_open_ring(struct session *session);

/* How rings are opened: enum ring_option, or'ed. */
unsigned bench_get_ring_options(const struct session *session);

/* With everything that is not stuck; { 0 } is fine. */
void bench_session_fini(struct session *session);

/* Nothing more makes sense: somebody wants it to end, or a drive is stuck. */
bool bench_is_over(const struct session *session);

/* Tells why @path could not be had. EXIT_FAILED. */
int bench_fail(const char *path, int rc);

#endif
