/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the parts of p2pbench hand to each other: what was asked for,
 * what is opened once for a run of the program, and what a single measurement
 * is about. Only cli/bench*.c and cli/p2pbench.c look at it.
 *
 *	bench-options.c	  what was asked for
 *	bench-set.c	  operands: opened, checked, guarded
 *	bench-memory.c	  the buffers, or who is to blame that there are none
 *	bench-point.c	  one result
 *	bench-grid.c	  --sweep, --ramp: which points there are
 */
#ifndef P2PDMA_CLI_BENCH_H
#define P2PDMA_CLI_BENCH_H

#include <signal.h>

#include "cli/cli.h"
#include "engine/bench.h"
#include "engine/memory.h"
#include "report/progress.h"
#include "report/report-bench.h"

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
	struct bench_sweep sweep;
	bool is_ramp;
	bool is_verified;
	bool is_writing_allowed;
};

extern const struct cli_program bench_program;

/* The defaults, and the table's words; before cli_parse(). */
void bench_options_init(struct bench_options *options);

/* --- one run of the program ---------------------------------------------- */

struct session {
	struct cli_common common;
	struct bench_options options;
	const struct workload *workload;
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct report report;
	struct progress progress;
	unsigned points, point;	/* of all results, and which one it is */
	uint64_t point_ns;	/* that each takes; 0: not known */
	uint64_t moved_bytes;	/* by those that are over */
	struct bench *bench;	/* threads; from the first result on */
	struct ring *ring;	/* of the thread that asks and waits */
	cpu_set_t *cpus;	/* of --cpu=LIST: one each */
	unsigned cpu_count;
	bool is_stuck;		/* requests in flight: give nothing back */
};

/* The signal that asks for an end; 0: none. */
extern volatile sig_atomic_t bench_caught;

/* CLI_GO_ON, or the code to exit with. */
int bench_options_check(struct session *session);

/* Tells why @path could not be had. EXIT_FAILED. */
int bench_fail(const char *path, int rc);

/* --- operands ------------------------------------------------------------ */

/* What a result is about; in the order of the workload's targets. */
struct bench_set {
	struct session *session;
	const struct workload *workload;
	const char *paths[WORKLOAD_TARGETS];
	struct p2pdma_target *facts[WORKLOAD_TARGETS];
	struct endpoint *endpoints[WORKLOAD_TARGETS];
	uint64_t size_bytes;	/* the part that is used */
};

/* CLI_GO_ON or a code; everything that can be said no to has been asked. */
int bench_set_open(struct bench_set *set, struct session *session,
		   char **paths);
void bench_set_close(struct bench_set *set);

bool bench_set_reads(const struct bench_set *set, unsigned i);
bool bench_set_writes(const struct bench_set *set, unsigned i);

/* --- buffers ------------------------------------------------------------- */

/* One place of a grid. */
struct bench_point {
	uint32_t block_bytes;
	unsigned depth;
	bool is_depth_fixed;	/* or as many as the provider has room for */
	unsigned jobs;
};

/* Takes memory that both ends reach, as @provider says; tells why not. */
int bench_memory_take(struct memory *memory, const struct bench_set *set,
		      const struct bench_point *point, const char *provider);

/* --- results ------------------------------------------------------------- */

/* Which points there are, one for each index; false behind the last. */
bool bench_grid_get(const struct session *session, unsigned index,
		    struct bench_point *point);

/* Measures and reports it. A code. */
int bench_point_run(struct bench_set *set, const struct bench_point *point,
		    const char *provider);

#endif
