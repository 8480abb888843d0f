// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/remarks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_SHOWN	4

static struct remark *find_remark(struct remarks *remarks,
				  const struct p2pdma_reason *reason)
{
	for (size_t i = 0; i < remarks->count; i++) {
		struct p2pdma_reason *r = &remarks->items[i].reason;

		if (!strcmp(r->id, reason->id) && r->at == reason->at &&
		    !strcmp(r->advice, reason->advice))
			return &remarks->items[i];
	}
	return NULL;
}

static struct remark *add_remark(struct remarks *remarks,
				 const struct p2pdma_reason *reason)
{
	struct remark *remark;

	remarks->items = tree_must(reallocarray(remarks->items,
						remarks->count + 1,
						sizeof(*remark)));
	remark = &remarks->items[remarks->count++];
	*remark = (struct remark){ .reason = *reason };
	return remark;
}

static void add_remark_pair(struct remark *remark, const char *pair)
{
	char *pairs = NULL;

	if (remark->pair_count++ >= PAIRS_SHOWN)
		return;
	if (asprintf(&pairs, "%s%s%s", remark->pairs ? remark->pairs : "",
		     remark->pairs ? ", " : "", pair) < 0)
		tree_must(NULL);
	free(remark->pairs);
	remark->pairs = pairs;
}

void remarks_add(struct remarks *remarks, const struct p2pdma_reason *reason,
		 const char *pair)
{
	struct remark *remark = find_remark(remarks, reason);

	if (!remark)
		remark = add_remark(remarks, reason);
	add_remark_pair(remark, pair);
}

void remarks_fini(struct remarks *remarks)
{
	for (size_t i = 0; i < remarks->count; i++)
		free(remarks->items[i].pairs);
	free(remarks->items);
	*remarks = (struct remarks){ 0 };
}

static void print_remark(struct report *report, const struct remark *remark)
{
	const struct p2pdma_function *at = remark->reason.at;
	char more[40] = "";

	if (remark->pair_count > PAIRS_SHOWN)
		snprintf(more, sizeof(more), " and %zu more",
			 remark->pair_count - PAIRS_SHOWN);
	report_add_text(report, "%s%s%s (%s%s)\n  %s", remark->reason.id,
			at ? " at " : "", at ? at->address : "",
			remark->pairs, more, remark->reason.advice);
}

void remarks_print(struct report *report, struct remarks *remarks)
{
	for (size_t i = 0; i < remarks->count; i++)
		print_remark(report, &remarks->items[i]);
	remarks_fini(remarks);
}
