// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows the order of p2pbench's steps and its exit codes. Must not know how
 * I/O is done (engine/bench.h), how results look (report/report-bench.h), or
 * how one is got (bench.h).
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/macro.h"
#include "cli/bench.h"
#include "cli/output.h"

volatile sig_atomic_t bench_caught;

static void catch(int signal)
{
	bench_caught = signal;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = catch };

	sigemptyset(&action.sa_mask);
	exit_catch(&action);
}

static void log_line(void *data, int priority, const char *line)
{
	const struct session *s = data;

	if (priority <= LOG_WARNING || s->common.is_verbose)
		cli_notice(&s->common, "%s", line);
}

static int look_around(struct session *s)
{
	int rc;

	rc = p2pdma_context_create(NULL, &s->context);
	if (rc)
		return bench_fail("/", rc);
	p2pdma_context_set_log(s->context, log_line, s);
	rc = p2pdma_topology_scan(s->context, &s->topology);
	return rc ? bench_fail("PCI functions", rc) : CLI_GO_ON;
}

/* Nothing more makes sense: somebody wants it to end, or a drive is stuck. */
static bool is_over(const struct session *s)
{
	return bench_caught || s->is_stuck;
}

/* All points of as many operands as the workload has targets. */
static int measure(struct session *s, char **paths)
{
	struct bench_point point;
	struct bench_set set;
	int code, worst = EXIT_DONE;

	code = bench_set_open(&set, s, paths);
	for (unsigned i = 0; code == CLI_GO_ON && !is_over(s) &&
			     bench_grid_get(s, i, &point); i++) {
		worst = exit_worst(worst, bench_point_run(&set, &point,
							  s->options.provider));
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
		s->point_ns = o->warmup_ns + o->time_ns;
}

static int measure_all(struct session *s)
{
	size_t step = s->workload->targets;
	int code = EXIT_DONE;

	catch_signals();
	count_points(s);
	progress_init(&s->progress, s->common.is_quiet ?
			      PROGRESS_NEVER :
			      (enum progress_mode)s->common.progress, stderr);
	for (size_t i = 0; i < s->common.operand_count && !is_over(s);
	     i += step)
		code = exit_worst(code,
				  measure(s, s->common.operands + i));
	progress_finish(&s->progress);
	if (bench_caught)
		code = exit_worst(code, 128 + bench_caught);
	return code;
}

/* What is in flight owns its memory and rings until the program ends. */
static void session_fini(struct session *s)
{
	bench_close(s->bench);
	if (!s->is_stuck) {
		ring_close(s->ring);
		p2pdma_topology_destroy(s->topology);
		p2pdma_context_destroy(s->context);
	}
	report_fini(&s->report);
	free(s->cpus);
}

/* A report without results says nothing that stderr has not said. */
static int write_report(struct session *s, struct output *output)
{
	if (!json_object_object_get(s->report.tree, "results"))
		return EXIT_DONE;
	report_finish_bench(&s->report);
	return output_report_to(&s->common, &s->report, output);
}

int main(int argc, char **argv)
{
	struct session s = { 0 };
	struct output output;
	int code, rc;

	output_hold_standard();
	setlocale(LC_ALL, "");
	bench_options_init(&s.options);
	code = cli_parse(&bench_program, argc, argv, &s.common, &s.options);
	if (code == CLI_GO_ON)
		code = bench_options_check(&s);
	if (code != CLI_GO_ON)
		return code;
	rc = output_open(&output, s.common.output);
	if (rc)
		return bench_fail(s.common.output, rc);
	report_init(&s.report, BENCH_NAME);
	code = look_around(&s);
	if (code == CLI_GO_ON)
		code = measure_all(&s);
	code = exit_worst(code, write_report(&s, &output));
	output_discard(&output);
	session_fini(&s);
	return code;
}
