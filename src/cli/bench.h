/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the parts of p2pbench hand to each other, and what a single
 * measurement is about. Only cli/bench*.c and cli/p2pbench.c look at it. None
 * of them calls p2pbench.c, and all of them bench-session.c:
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

#include <stdio.h>

#include "cli/bench-session.h"
#include "engine/memory.h"
#include "report/report-bench.h"

/* --- what was asked for -------------------------------------------------- */

extern const struct cli_program bench_program;

/* The defaults, and the table's words; before cli_parse(). */
void bench_options_init(struct bench_options *options);

/* CLI_GO_ON, or the code to exit with. */
int bench_options_check(struct session *session);

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

#endif
