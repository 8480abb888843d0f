/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how verdicts are told: pairs[], the matrix, the order of choices.
 * Must not know how they came about.
 */
#ifndef P2PDMA_REPORT_REPORT_VERDICT_H
#define P2PDMA_REPORT_REPORT_VERDICT_H

#include "report/report-topology.h"

/*
 * Both read @topology and @scope until @report is written and given back.
 *
 * pairs[]: every provider with every drive, and with every other function of
 * @scope; a scope leaves out the pairs in which none of its functions takes
 * part. @is_quiet: no legend.
 */
void report_matrix(struct report *report,
		   const struct p2pdma_topology *topology,
		   const struct scope *scope, bool is_quiet);

/* pairs[] below @report's tree, by the same rules, and nothing in text. */
void report_pairs(struct report *report,
		  const struct p2pdma_topology *topology,
		  const struct scope *scope);

/* choices[]: in the order of @choices, which is p2pdma_choices_rank()'s. */
void report_choices(struct report *report,
		    const struct p2pdma_choice *choices, size_t count,
		    bool has_destination);

/* reasons[]{id, at, advice} below @object. */
void report_add_reasons(struct json_object *object,
			const struct p2pdma_reason *reasons, size_t count);

/* The keys of one pair; the probe's are null. */
void report_add_pair(struct json_object *pair,
		     const struct p2pdma_function *provider,
		     const struct p2pdma_function *client,
		     const struct p2pdma_verdict *verdict);

#endif
