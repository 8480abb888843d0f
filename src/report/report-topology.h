/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the facts about a machine are told: providers[], drives[]. Must
 * not know how they were found.
 */
#ifndef P2PDMA_REPORT_REPORT_TOPOLOGY_H
#define P2PDMA_REPORT_REPORT_TOPOLOGY_H

#include "lib/p2pdma.h"
#include "report/report-function.h"
#include "report/writer.h"

/* The functions that the user asked about; none: all of them. */
struct scope {
	const struct p2pdma_function **functions;
	size_t count;
};

bool scope_has(const struct scope *scope,
	       const struct p2pdma_function *function);

/* providers[] and drives[], with tables; CSV: one table of functions. */
void report_topology(struct report *report,
		     const struct p2pdma_topology *topology,
		     const struct scope *scope);

/* Why there is no provider at all, once: reasons[] and a sentence. */
void report_no_provider(struct report *report,
			const struct p2pdma_topology *topology);

/* "nvme0", or the address of what is no drive. */
const char *report_get_label(const struct p2pdma_topology *topology,
			     const struct p2pdma_function *function);

#endif
