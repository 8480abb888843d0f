/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the parts of p2pbench hand to each other: what was asked for,
 * what is opened once for a run of the program, and what a single measurement
 * is about. Only cli/bench*.c and cli/p2pbench.c look at it.
 *
 *	bench-options.c	  what was asked for
 *	bench-set.c	  operands: opened, checked, guarded
 *	bench-memory.c	  the buffers, or who is to blame that there are none
 *	bench-measurement.c  what one measurement goes through
 *	bench-point.c	  one result
 *	bench-compare.c	  --compare: two of them in turns
 *	bench-matrix.c	  --matrix: every provider with every drive
 *	bench-diff.c	  --diff: two reports
 *	bench-fio.c	  --fio: the same in fio's words
 *	bench-grid.c	  --sweep, --ramp: which points there are
 */
#ifndef P2PDMA_CLI_BENCH_H
#define P2PDMA_CLI_BENCH_H

#include <signal.h>
#include <stdio.h>

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
	cpu_set_t near;		/* --cpu=auto */
	const cpu_set_t *cpus;	/* see struct bench_args */
	unsigned cpu_count;
};

/* CLI_GO_ON or a code; everything that can be said no to has been asked. */
int bench_set_open(struct bench_set *set, struct session *session,
		   char **paths);
void bench_set_close(struct bench_set *set);

/* How rings are opened for them: enum ring_option, or'ed. */
unsigned bench_get_ring_options(const struct session *session);

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

/* What bench_memory_try() begins with. As memory_plan(). */
int bench_memory_plan(struct memory *memory, const struct bench_set *set,
		      const struct bench_point *point, const char *provider);

/*
 * Takes memory that both ends reach, as @provider says. 0, also where it is
 * host memory for a reason (memory->why); or as memory_plan() and
 * memory_take().
 */
int bench_memory_try(struct memory *memory, const struct bench_set *set,
		     const struct bench_point *point, const char *provider);

/*
 * The same, and tells why not. A code; what is named is used or nothing is,
 * and with @is_required host memory is no peer memory either.
 */
int bench_memory_take(struct memory *memory, const struct bench_set *set,
		      const struct bench_point *point, const char *provider,
		      bool is_required);

/* --- results ------------------------------------------------------------- */

/* Which points there are, one for each index; false behind the last. */
bool bench_grid_get(const struct session *session, unsigned index,
		    struct bench_point *point);

/* One measurement on its way; { 0 } but for its memory at first. */
struct bench_measurement {
	struct bench_set *set;
	struct memory memory;		/* taken by the caller */
	struct bench_args args;
	struct bench_result *result;	/* all runs so far */
	struct bench_result *check;	/* of reading again; NULL: none */
	uint64_t dram_bytes;
};

/* When the memory is there. 0 or -errno. */
int bench_measurement_prepare(struct bench_measurement *m,
			      struct bench_set *set,
			      const struct bench_point *point);

/*
 * Runs it as m->args say, and adds what came out to m->result. @last, unless
 * NULL, gets it alone. 0; -errno of bench_run(), which is told then.
 */
int bench_measurement_run(struct bench_measurement *m,
			  struct bench_result *last);

/* Reads again what was written, if it is to be verified. As run. */
int bench_measurement_check(struct bench_measurement *m);

/* What it is worth: a code, and errors are told. */
int bench_measurement_judge(const struct bench_measurement *m);

/* For the report; borrows from @m. */
void bench_measurement_describe(const struct bench_measurement *m,
				struct report_bench *bench);

/*
 * With its memory, unless something is stuck. Returns @code, or the worse one
 * that memory is worth which was to be scrubbed and was not.
 */
int bench_measurement_fini(struct bench_measurement *m, int code);

/* Measures and reports it. A code. */
int bench_point_run(struct bench_set *set, const struct bench_point *point);

/* The same with peer and host memory in turns. */
int bench_compare_run(struct bench_set *set, const struct bench_point *point);

/* Every provider with every operand, or drive, and reports it. A code. */
int bench_matrix_run(struct session *session);

/* Prints fio's job file of the run into @file. A code. */
int bench_fio_run(struct session *session, FILE *file);

/* Compares two reports. A code. */
int bench_diff_run(struct session *session);

/* Nothing more makes sense: somebody wants it to end, or a drive is stuck. */
bool bench_is_over(const struct session *session);

#endif
