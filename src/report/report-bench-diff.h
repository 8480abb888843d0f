/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how two reports of p2pbench are told apart: point by point, and what
 * chance may have done. Must not know where they came from.
 */
#ifndef P2PDMA_REPORT_REPORT_BENCH_DIFF_H
#define P2PDMA_REPORT_REPORT_BENCH_DIFF_H

#include "report/writer.h"

/* What came out; all points of the old report, those where memories were
 * compared as well, and how many of these are… */
struct bench_diff {
	unsigned points;
	unsigned regressions;	/* beyond the tolerance and the noise */
	unsigned missing;	/* not in the new report */
};

/*
 * report_add_diff() - compare every result of @old with that of @new, and
 *	every comparison of peer with host memory
 * @tolerance:	0.05: five per cent worse are no regression
 *
 * Results are the same point where all that was asked for is the same.
 * 0, or -EINVAL where one of them is no report of p2pbench's.
 */
int report_add_diff(struct report *report, struct json_object *old,
		    struct json_object *new, double tolerance,
		    struct bench_diff *diff);

#endif
