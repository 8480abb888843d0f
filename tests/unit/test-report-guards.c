/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-guards.h"
#include "unit/unit.h"

static const struct guard mounted = {
	.id = "mounted", .asks = "it is not mounted", .can_be_forced = true,
};
static const struct guard overlap = {
	.id = "overlap", .asks = "they are apart",
};

START_TEST(a_reason_is_told_only_of_who_refuses)
{
	const struct guard_answer answers[] = {
		{ .guard = &mounted, .answer = P2PDMA_UNKNOWN,
		  .is_refusing = true, .why = "nobody knows" },
		{ .guard = &overlap, .answer = P2PDMA_NO, .why = "stale" },
	};
	struct json_object *tree = tree_new_object();

	report_add_guards(tree, answers, 2);
	ck_assert_str_eq(json_object_to_json_string_ext(tree,
				JSON_C_TO_STRING_PLAIN),
			 "{\"guards\":["
			 "{\"id\":\"mounted\",\"asks\":\"it is not mounted\","
			 "\"refuses\":true,\"answer\":\"unknown\","
			 "\"can_be_forced\":true,\"why\":\"nobody knows\"},"
			 "{\"id\":\"overlap\",\"asks\":\"they are apart\","
			 "\"refuses\":false,\"answer\":\"no\","
			 "\"can_be_forced\":false,\"why\":null}]}");
	json_object_put(tree);
}
END_TEST

START_TEST(nobody_was_asked)
{
	struct json_object *tree = tree_new_object();

	report_add_guards(tree, NULL, 0);
	ck_assert_uint_eq(tree_count_rows(json_object_object_get(tree,
							"guards")), 0);
	json_object_put(tree);
}
END_TEST

UNIT_SUITE("report-guards", a_reason_is_told_only_of_who_refuses,
	   nobody_was_asked);
