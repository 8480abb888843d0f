/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/macro.h"
#include "report/report-bench-diff.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>

static struct report report;
static struct bench_diff diff;

/* A point with a rate; @noise is the standard deviation of 16 samples. */
#define POINT(depth, rate, noise)					\
	"{\"workload\":\"read\",\"target\":\"d\",\"block_bytes\":4096,"	\
	"\"depth\":" #depth ",\"jobs\":1,\"rate_bytes_per_sec\":" #rate	\
	",\"latency\":{\"p50_ns\":100,\"p99_ns\":200},\"noise\":"	\
	"{\"samples\":16,\"stddev_ratio\":" #noise "}}"
#define PACED(p50)							\
	"{\"workload\":\"read\",\"rate_iops_limit\":10,"		\
	"\"rate_bytes_per_sec\":10,\"latency\":{\"p50_ns\":" #p50 "}}"
#define REPORT(points)							\
	"{\"command\":\"p2pbench\",\"environment\":{\"kernel\":\"7.2\"," \
	"\"time\":\"now\"},\"results\":[" points "]}"

static int compare(const char *before, const char *after, double tolerance)
{
	struct json_object *old = json_tokener_parse(before);
	struct json_object *new = json_tokener_parse(after);
	int rc;

	report_init(&report, "p2pbench");
	rc = report_add_diff(&report, old, new, tolerance, &diff);
	json_object_put(old);
	json_object_put(new);
	return rc;
}

static struct json_object *point(size_t index)
{
	return json_object_array_get_idx(
		json_object_object_get(report.tree, "diff"), index);
}

static void must_be(size_t index, const char *verdict)
{
	ck_assert_str_eq(tree_get_text(point(index), "verdict"), verdict);
}

START_TEST(a_point_is_judged_by_its_change_its_noise_and_the_tolerance)
{
	compare(REPORT(POINT(1, 1000, 0.01) "," POINT(2, 1000, 0.01) ","
		       POINT(3, 1000, 0.01) "," POINT(4, 1000, 0.01) ","
		       POINT(5, 1000, 0.01) "," POINT(6, 1000, 0.4)),
		REPORT(POINT(1, 1001, 0.01) "," POINT(2, 900, 0.01) ","
		       POINT(3, 1100, 0.01) "," POINT(4, 980, 0.01) ","
		       POINT(5, 1020, 0.01) "," POINT(6, 900, 0.4)), 0.05);
	must_be(0, "same");
	must_be(1, "regression");
	must_be(2, "improvement");
	must_be(3, "slower");
	must_be(4, "faster");
	must_be(5, "noisy");
	ck_assert_uint_eq(diff.points, 6);
	ck_assert_uint_eq(diff.regressions, 1);
	ck_assert_uint_eq(diff.missing, 0);
	report_fini(&report);
}
END_TEST

START_TEST(what_has_no_figure_now_is_missing)
{
	compare(REPORT(POINT(1, 1000, 0.01) "," POINT(2, null, 0.01)),
		REPORT(POINT(1, null, 0.01) "," POINT(2, 1000, 0.01)), 0);
	must_be(0, "missing");
	must_be(1, "unknown");
	ck_assert_uint_eq(diff.missing, 1);
	report_fini(&report);
}
END_TEST

START_TEST(what_is_not_as_it_should_be_does_no_harm)
{
	static const char *const odd[] = {
		"{\"command\":\"p2pbench\",\"results\":[]}",
		"{\"command\":\"p2pbench\",\"results\":[1,null,\"x\",[],"
		"{}],\"environment\":5,\"compares\":[1,{}]}",
		"{\"command\":\"p2pbench\",\"environment\":{\"a\":[]},"
		"\"results\":[{\"memory\":1,\"latency\":[],"
		"\"rate_bytes_per_sec\":\"x\"}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		for (size_t j = 0; j < ARRAY_SIZE(odd); j++) {
			ck_assert_int_eq(compare(odd[i], odd[j], 0), 0);
			report_fini(&report);
		}
}
END_TEST

/* 0.01 / 4 twice, and twice that: 0.00707. */
START_TEST(ratios_and_noise_are_told)
{
	compare(REPORT(POINT(1, 1000, 0.01)), REPORT(POINT(1, 900, 0.01)),
		0.2);
	must_be(0, "slower");
	ck_assert_double_eq_tol(json_object_get_double(json_object_object_get(
		point(0), "rate_ratio")), 0.9, 1e-9);
	ck_assert_double_eq_tol(json_object_get_double(json_object_object_get(
		point(0), "noise_ratio")), 0.0070711, 1e-6);
	report_fini(&report);
}
END_TEST

START_TEST(a_point_that_is_not_there_any_more_is_missing)
{
	compare(REPORT(POINT(1, 10, 0.1) "," POINT(2, 10, 0.1)),
		REPORT(POINT(2, 10, 0.1) "," POINT(3, 10, 0.1)), 0.05);
	must_be(0, "missing");
	must_be(1, "same");
	ck_assert_uint_eq(diff.missing, 1);
	report_fini(&report);
}
END_TEST

START_TEST(a_point_measured_twice_has_two_partners)
{
	compare(REPORT(POINT(1, 10, 0.01) "," POINT(1, 20, 0.01)),
		REPORT(POINT(1, 10, 0.01) "," POINT(1, 10, 0.01)), 0.05);
	must_be(0, "same");
	must_be(1, "regression");
	report_fini(&report);
}
END_TEST

START_TEST(with_a_given_rate_the_latency_tells)
{
	compare(REPORT(PACED(100)), REPORT(PACED(200)), 0.05);
	must_be(0, "regression");
	report_fini(&report);
	compare(REPORT(PACED(100)), REPORT(PACED(50)), 0.05);
	must_be(0, "improvement");
	report_fini(&report);
}
END_TEST

START_TEST(another_environment_is_told)
{
	struct json_object *changes;

	compare(REPORT(POINT(1, 10, 0.1)),
		"{\"command\":\"p2pbench\",\"environment\":{\"kernel\":"
		"\"7.3\",\"time\":\"later\"},\"results\":[]}", 0.05);
	changes = json_object_object_get(report.tree, "environment_changes");
	ck_assert_uint_eq(json_object_array_length(changes), 1);
	ck_assert_str_eq(tree_get_text(json_object_array_get_idx(changes, 0),
				       "new"), "7.3");
	report_fini(&report);
}
END_TEST

/* Ten rounds, half of whose ratio is between @low and @high. */
#define COMPARED(depth, low, median, high)				\
	"{\"workload\":\"read\",\"target\":\"d\",\"provider\":\"p\","	\
	"\"depth\":" #depth ",\"rounds\":10,"				\
	"\"rate_ratio\":{\"median\":"					\
	#median ",\"q1\":" #low ",\"q3\":" #high "}}"
#define COMPARES(points)						\
	"{\"command\":\"p2pbench\",\"environment\":{},\"results\":[],"	\
	"\"compares\":[" points "]}"

static struct json_object *compared(size_t index)
{
	return json_object_array_get_idx(
		json_object_object_get(report.tree, "diff_compares"), index);
}

static void must_be_compared(size_t index, const char *verdict)
{
	ck_assert_str_eq(tree_get_text(compared(index), "verdict"), verdict);
}

START_TEST(comparisons_of_memories_are_told_apart_as_well)
{
	compare(COMPARES(COMPARED(1, 0.98, 1.0, 1.02) ","
			 COMPARED(2, 0.98, 1.0, 1.02) ","
			 COMPARED(3, 0.5, 1.0, 1.5) ","
			 COMPARED(4, 1, 1, 1)),
		COMPARES(COMPARED(1, 0.88, 0.9, 0.92) ","
			 COMPARED(2, 1.2, 1.2, 1.2) ","
			 COMPARED(3, 0.5, 0.9, 1.5)), 0.05);
	must_be_compared(0, "regression");
	must_be_compared(1, "improvement");
	must_be_compared(2, "noisy");
	must_be_compared(3, "missing");
	ck_assert_uint_eq(diff.points, 4);
	ck_assert_uint_eq(diff.regressions, 1);
	ck_assert_uint_eq(diff.missing, 1);
	ck_assert_double_eq_tol(json_object_get_double(json_object_object_get(
		compared(0), "peer_over_host_ratio")), 0.9, 1e-9);
	report_fini(&report);
}
END_TEST

/* 1.253 * 0.04 / 1.349 / sqrt(10), of both, and twice that. */
START_TEST(the_noise_of_a_comparison_is_that_of_its_median)
{
	compare(COMPARES(COMPARED(1, 0.98, 1.0, 1.02)),
		COMPARES(COMPARED(1, 0.98, 1.0, 1.02)), 0.05);
	ck_assert_double_eq_tol(json_object_get_double(json_object_object_get(
		compared(0), "noise_ratio")), 0.0332311, 1e-6);
	report_fini(&report);
}
END_TEST

START_TEST(comparisons_that_are_not_there_any_more_are_missing)
{
	compare(COMPARES(COMPARED(1, 1, 1, 1)), REPORT(""), 0.05);
	must_be_compared(0, "missing");
	report_fini(&report);
	compare(REPORT(""), COMPARES(COMPARED(1, 1, 1, 1)), 0.05);
	ck_assert_ptr_null(json_object_object_get(report.tree,
						  "diff_compares"));
	ck_assert_uint_eq(diff.points, 0);
	report_fini(&report);
}
END_TEST

START_TEST(what_is_no_report_of_results_is_refused)
{
	ck_assert_int_eq(compare("{}", REPORT(""), 0.05), -EINVAL);
	report_fini(&report);
	ck_assert_int_eq(compare(REPORT(""), "{\"command\":\"p2pcopy\","
				 "\"results\":[]}", 0.05), -EINVAL);
	report_fini(&report);
}
END_TEST

UNIT_SUITE("report-bench-diff",
	   what_has_no_figure_now_is_missing,
	   what_is_not_as_it_should_be_does_no_harm,
	   a_point_is_judged_by_its_change_its_noise_and_the_tolerance,
	   ratios_and_noise_are_told,
	   a_point_that_is_not_there_any_more_is_missing,
	   a_point_measured_twice_has_two_partners,
	   with_a_given_rate_the_latency_tells,
	   another_environment_is_told,
	   comparisons_of_memories_are_told_apart_as_well,
	   the_noise_of_a_comparison_is_that_of_its_median,
	   comparisons_that_are_not_there_any_more_are_missing,
	   what_is_no_report_of_results_is_refused);
