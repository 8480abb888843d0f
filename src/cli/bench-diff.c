// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how --diff gets two reports and which code their difference is worth;
 * must not know what makes a difference.
 */
#include <errno.h>
#include <string.h>

#include "cli/bench.h"
#include "report/report-bench-diff.h"

static int read_tree(const char *path, struct json_object **tree)
{
	errno = 0;
	*tree = json_object_from_file(path);
	if (json_object_is_type(*tree, json_type_object))
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "%s: %s", path, *tree || !errno ?
		  "is no report (write one with --json)" : strerror(errno));
	return EXIT_FAILED;
}

static int judge(const struct session *s, const struct bench_diff *diff)
{
	if (!diff->regressions && !diff->missing)
		return EXIT_DONE;
	cli_error(BENCH_NAME, "%s: of %u points, %u are worse than in %s by "
		  "more than %.3g %%, and %u are not there",
		  s->common.operands[1], diff->points, diff->regressions,
		  s->common.operands[0], 100 * s->options.tolerance,
		  diff->missing);
	return EXIT_FAILED;
}

int bench_diff_run(struct session *session)
{
	struct json_object *old = NULL, *new = NULL;
	struct bench_diff diff;
	int code;

	code = read_tree(session->common.operands[0], &old);
	if (code == CLI_GO_ON)
		code = read_tree(session->common.operands[1], &new);
	if (code == CLI_GO_ON &&
	    report_add_diff(&session->report, old, new,
			    session->options.tolerance, &diff)) {
		cli_error(BENCH_NAME, "--diff: both must be reports of "
			  "p2pbench's with results in them");
		code = EXIT_FAILED;
	}
	if (code == CLI_GO_ON)
		code = judge(session, &diff);
	json_object_put(old);
	json_object_put(new);
	return code;
}
