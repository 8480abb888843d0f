/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how reasons are told to people, each of them once, with the pairs that
 * it is about; must not know who judged these pairs, nor how.
 */
#ifndef P2PDMA_REPORT_REMARKS_H
#define P2PDMA_REPORT_REMARKS_H

#include "lib/p2pdma.h"
#include "report/writer.h"

struct remark {
	struct p2pdma_reason reason;
	char *pairs;		/* the first of them; or NULL */
	size_t pair_count;
};

/* Caller's storage, zeroed. */
struct remarks {
	struct remark *items;
	size_t count;
};

/* The pair that is called @pair is one that @reason is about. */
void remarks_add(struct remarks *remarks, const struct p2pdma_reason *reason,
		 const char *pair);

/* Paragraphs of @report; @remarks is empty then. */
void remarks_print(struct report *report, struct remarks *remarks);

void remarks_fini(struct remarks *remarks);

#endif
