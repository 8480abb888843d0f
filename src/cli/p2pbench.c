// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows the order of p2pbench's steps and its exit codes. Must not know how
 * I/O is done (engine/bench.h), how results look (report/report-bench.h), or
 * how one is got (bench.h).
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench.h"
#include "cli/output.h"
#include "report/report-environment.h"

static int measure_point(struct bench_set *set, const struct bench_point *point)
{
	return set->session->options.is_compare ?
		       bench_compare_run(set, point) :
		       bench_point_run(set, point);
}

/* All points of as many operands as the workload has targets. */
static int measure(struct session *s, char **paths)
{
	struct bench_point point;
	struct bench_set set;
	int code, worst = EXIT_DONE;

	code = bench_set_open(&set, s, paths);
	for (unsigned i = 0; code == CLI_GO_ON && !bench_is_over(s) &&
			     bench_grid_get(s, i, &point); i++) {
		worst = exit_worst(worst, measure_point(&set, &point));
		s->point++;
	}
	bench_set_close(&set);
	return code == CLI_GO_ON ? worst : code;
}

static void count_points(struct session *s)
{
	const struct bench_options *o = &s->options;
	struct bench_point point;

	while (bench_grid_get(s, s->points, &point))
		s->points++;
	s->points *= (unsigned)(s->common.operand_count /
				s->workload->targets);
	if (o->time_ns)
		s->point_ns = (o->warmup_ns + o->time_ns) *
			      (o->is_compare ? 2 : 1);
}

static int measure_sets(struct session *s)
{
	size_t step = s->workload->targets;
	int code = EXIT_DONE;

	for (size_t i = 0; i < s->common.operand_count && !bench_is_over(s);
	     i += step)
		code = exit_worst(code,
				  measure(s, s->common.operands + i));
	return code;
}

static int measure_all(struct session *s)
{
	int code;

	count_points(s);
	progress_init(&s->progress, s->common.is_quiet ?
			      PROGRESS_NEVER :
			      (enum progress_mode)s->common.progress, stderr);
	code = s->options.is_matrix ? bench_matrix_run(s) : measure_sets(s);
	progress_finish(&s->progress);
	if (s->signals->caught)
		code = exit_worst(code, 128 + s->signals->caught);
	return code;
}

/* A report without results says nothing that stderr has not said. */
static int write_report(struct session *s, struct output *output)
{
	static const char *const parts[] = { "results", "matrix", "diff" };
	bool is_empty = true;
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (json_object_object_get(s->report.tree, parts[i]))
			is_empty = false;
	if (is_empty)
		return EXIT_DONE;
	if (!s->options.is_diff)
		report_finish_bench(&s->report, s->is_brief,
				    s->signals->caught);
	apart_excuse(&s->signals->is_excused, true);
	code = output_report_to(&s->common, &s->report, output);
	apart_excuse(&s->signals->is_excused, false);
	return code;
}

static int print_fio(struct session *s, struct output *output)
{
	int code = bench_fio_run(s, output->file), rc;

	if (code != EXIT_DONE)
		return code;
	rc = output_commit(output);
	return rc ? output_fail(&s->common, rc) : EXIT_DONE;
}

/* Names of functions are in a database that is long to read. */
static bool shows_environment(const struct session *s)
{
	return s->common.format == WRITER_JSON ||
	       s->common.format == WRITER_SVG;
}

static int run(struct session *s, struct output *output)
{
	int code;

	if (s->options.is_diff) {
		code = bench_diff_run(s);
		return exit_worst(code, write_report(s, output));
	}
	code = bench_session_open(s);
	if (code != CLI_GO_ON)
		return code;
	if (s->options.is_fio)
		return print_fio(s, output);
	if (shows_environment(s))
		report_add_environment(&s->report, s->topology);
	code = bench_session_open_ring(s);
	if (code == CLI_GO_ON)
		code = measure_all(s);
	return exit_worst(code, write_report(s, output));
}

/* What it was, only the one who is held knew. */
static int tell_held(void *data)
{
	(void)data;
	cli_error(BENCH_NAME, "nothing has happened for --io-timeout: a drive "
		  "or a file system does not answer (see the kernel log)");
	return EXIT_FAILED;
}

/* Only drives can hold us. */
static int divide(struct session *s)
{
	const struct apart_limit limit = {
		.idle_ns = s->options.io_timeout_ns,
		.tell = tell_held,
	};

	return s->options.is_diff || s->options.is_fio ?
		       CLI_GO_ON : apart_begin(&limit, &s->signals);
}

static int fini(struct session *s, int code)
{
	bool is_stuck = s->is_stuck;

	bench_session_fini(s);
	if (is_stuck)
		apart_leave(code);
	return code;
}

int main(int argc, char **argv)
{
	static struct apart_signals none;
	struct session s = { .signals = &none };
	struct output output;
	int code, rc;

	output_hold_standard();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	bench_options_init(&s.options);
	code = cli_parse(&bench_program, argc, argv, &s.common, &s.options);
	if (code == CLI_GO_ON)
		code = bench_options_check(&s);
	if (code == CLI_GO_ON)
		code = divide(&s);
	if (code != CLI_GO_ON)
		return fini(&s, code);
	rc = output_open(&output, s.common.output);
	if (rc)
		return fini(&s, output_fail(&s.common, rc));
	report_init(&s.report, BENCH_NAME);
	code = run(&s, &output);
	output_discard(&output);
	return fini(&s, code);
}
