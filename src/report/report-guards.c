// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-guards.h"

static const char *get_answer(enum p2pdma_answer answer)
{
	if (answer == P2PDMA_UNKNOWN)
		return "unknown";
	return answer == P2PDMA_YES ? "yes" : "no";
}

void report_add_guards(struct json_object *tree,
		       const struct guard_answer *answers, unsigned count)
{
	struct json_object *guards = tree_add_array(tree, "guards");

	for (unsigned i = 0; i < count; i++) {
		const struct guard_answer *a = &answers[i];
		struct json_object *g = tree_append_object(guards);

		tree_add_text(g, "id", a->guard->id);
		tree_add_text(g, "asks", a->guard->asks);
		tree_add_bool(g, "refuses", a->is_refusing);
		tree_add_text(g, "answer", get_answer(a->answer));
		tree_add_bool(g, "can_be_forced", a->guard->can_be_forced);
		tree_add_text(g, "why", a->is_refusing ? a->why : NULL);
	}
}
