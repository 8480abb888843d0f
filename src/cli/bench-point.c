// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how one result comes about; must not know how many others there are.
 */
#include "cli/bench.h"

static int measure(struct bench_measurement *m, struct bench_set *set,
		   const struct bench_point *point)
{
	struct report_bench bench;
	int rc;

	rc = bench_measurement_prepare(m, set, point);
	if (rc)
		return bench_fail(set->paths[0], rc);
	rc = bench_measurement_run(m, NULL);
	if (rc && !set->session->is_stuck)
		return EXIT_FAILED;
	if (!rc)
		rc = bench_measurement_check(m);
	bench_measurement_describe(m, &bench);
	report_add_bench(&set->session->report, &bench,
			 set->session->is_brief);
	return exit_worst(rc ? EXIT_FAILED : EXIT_DONE,
			  bench_measurement_judge(m));
}

int bench_point_run(struct bench_set *set, const struct bench_point *point)
{
	struct bench_measurement m = { .set = set };
	int code;

	code = bench_memory_take(&m.memory, set, point,
				 set->session->options.provider, false);
	if (code == CLI_GO_ON)
		code = measure(&m, set, point);
	return bench_measurement_fini(&m, code);
}
