/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-bench.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bench_result result;
static struct report report;
static const struct bench_args args = {
	.workload = &workload_copy,
	.size_bytes = 1 << 30,
	.block_bytes = 1 << 20,
	.depth = 2,
	.jobs = 1,
	.seed = 1,
};

/* Four blocks of 1 MiB in a second, of 1, 2, 3 and 4 ms. */
static struct report_bench a_copy(void)
{
	struct report_bench bench = {
		.args = &args,
		.targets = { "/dev/nvme1n1", "/dev/nvme2n1" },
		.memory = { .kind = "peer", .provider = "0000:03:00.0",
			    .reach_source = "direct",
			    .reach_destination = "via-host" },
		.result = &result,
		.dram_reason = "no-memory-counters",
	};

	memset(&result, 0, sizeof(result));
	histogram_init(&result.latency);
	for (uint64_t ms = 1; ms <= 4; ms++)
		histogram_record(&result.latency, ms * 1000000);
	result.ios = 4;
	result.bytes = 4 << 20;
	result.duration_ns = 1000000000;
	result.cpu_user_ns = 1000000;
	result.cpu_system_ns = 3000000;
	result.submits = 6;
	return bench;
}

static char *written(enum writer_format format)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	ck_assert_int_eq(report_write(&report, format, file), 0);
	fclose(file);
	return text;
}

static struct json_object *result_at(size_t index)
{
	struct json_object *results =
		json_object_object_get(report.tree, "results");

	return json_object_array_get_idx(results, index);
}

static void must_be(struct json_object *object, const char *key,
		    const char *json)
{
	struct json_object *value;

	ck_assert_msg(json_object_object_get_ex(object, key, &value),
		      "no key %s", key);
	ck_assert_str_eq(json_object_to_json_string(value), json);
}

START_TEST(every_key_has_its_value)
{
	struct report_bench bench = a_copy();
	struct json_object *r, *inner;

	report_init(&report, "p2pbench");
	report_add_bench(&report, &bench, false);
	r = result_at(0);
	must_be(r, "workload", "\"copy\"");
	must_be(r, "target", "\"\\/dev\\/nvme1n1\"");
	must_be(r, "destination", "\"\\/dev\\/nvme2n1\"");
	inner = json_object_object_get(r, "memory");
	must_be(inner, "kind", "\"peer\"");
	must_be(inner, "provider", "\"0000:03:00.0\"");
	must_be(inner, "reach_source", "\"direct\"");
	must_be(inner, "reach_destination", "\"via-host\"");
	must_be(inner, "fallback_reason", "null");
	must_be(r, "block_bytes", "1048576");
	must_be(r, "depth", "2");
	must_be(r, "jobs", "1");
	must_be(r, "ios", "4");
	must_be(r, "bytes", "4194304");
	must_be(r, "errors", "0");
	must_be(r, "first_error", "null");
	must_be(r, "duration_ns", "1000000000");
	must_be(r, "rate_bytes_per_sec", "4194304");
	must_be(r, "submits", "6");
	must_be(r, "dram_bytes", "null");
	ck_assert_double_eq(json_object_get_double(
		json_object_object_get(r, "iops")), 4);
	inner = json_object_object_get(r, "cpu");
	must_be(inner, "user_ns", "1000000");
	must_be(inner, "system_ns", "3000000");
	must_be(inner, "per_gib_ns", "1024000000");
	report_fini(&report);
}
END_TEST

/* 2 ms is in a bucket of 2048 ns whose middle is 1999871. */
START_TEST(latencies_are_exact_but_for_the_percentiles)
{
	struct report_bench bench = a_copy();
	struct json_object *l;

	report_init(&report, "p2pbench");
	report_add_bench(&report, &bench, false);
	l = json_object_object_get(result_at(0), "latency");
	must_be(l, "min_ns", "1000000");
	must_be(l, "mean_ns", "2500000");
	must_be(l, "stddev_ns", "1118034");
	must_be(l, "p50_ns", "1999871");
	must_be(l, "p90_ns", "3999743");
	must_be(l, "p99_ns", "3999743");
	must_be(l, "p999_ns", "3999743");
	must_be(l, "p9999_ns", "3999743");
	must_be(l, "max_ns", "4000000");
	report_fini(&report);
}
END_TEST

START_TEST(what_was_not_measured_is_null)
{
	struct report_bench bench = a_copy();
	struct json_object *r;

	memset(&result, 0, sizeof(result));
	histogram_init(&result.latency);
	result.errors = 2;
	result.first_error.error = EIO;
	result.first_error.offset = 4096;
	result.first_error.direction = P2PDMA_WRITE;
	result.first_error.target = 1;
	report_init(&report, "p2pbench");
	report_add_bench(&report, &bench, false);
	r = result_at(0);
	must_be(json_object_object_get(r, "latency"), "p50_ns", "null");
	must_be(json_object_object_get(r, "latency"), "min_ns", "null");
	must_be(json_object_object_get(r, "cpu"), "per_gib_ns", "null");
	must_be(r, "errors", "2");
	r = json_object_object_get(r, "first_error");
	must_be(r, "where", "\"\\/dev\\/nvme2n1\"");
	must_be(r, "direction", "\"write\"");
	must_be(r, "offset_bytes", "4096");
	must_be(r, "errno", "5");
	report_fini(&report);
}
END_TEST

START_TEST(the_path_and_dram_are_told_where_they_are_known)
{
	static const struct p2pdma_function port = {
		.address = "0000:02:00.0",
	};
	struct report_bench bench = a_copy();
	struct json_object *r;
	char *text;

	bench.bottleneck.bytes_per_sec = 8 << 20;
	bench.bottleneck.at = &port;
	bench.dram_reason = NULL;
	bench.dram_bytes = 1 << 20;
	report_init(&report, "p2pbench");
	report_add_bench(&report, &bench, false);
	r = result_at(0);
	must_be(r, "dram_bytes", "1048576");
	must_be(r, "dram_reason", "null");
	r = json_object_object_get(r, "path");
	must_be(r, "predicted_bytes_per_sec", "8388608");
	must_be(r, "bottleneck_at", "\"0000:02:00.0\"");
	must_be(r, "measured_ratio", "0.5");
	text = written(WRITER_TEXT);
	ck_assert_ptr_nonnull(strstr(text, "\n  path: 50.0 % of the 8.00 MiB/s "
				     "(8.39 MB/s) that the link above "
				     "0000:02:00.0 takes\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n  DRAM: 1 MiB read and written, "
				     "0.25 of what was moved\n"));
	free(text);
	report_fini(&report);
}
END_TEST

START_TEST(a_comparison_has_ratios_of_what_was_measured)
{
	struct report_bench peer = a_copy(), host = peer;
	struct bench_result other = result;
	const struct report_compare compare = {
		.peer = &peer,
		.host = &host,
		.rounds = 3,
		.rate_ratio = { 0.4, 0.45, 0.5, 0.55, 0.6 },
	};
	struct json_object *c;
	char *text;

	other.duration_ns /= 2;
	other.cpu_user_ns = 5000000;
	host.result = &other;
	report_init(&report, "p2pbench");
	report_add_compare(&report, &compare, false);
	c = json_object_array_get_idx(
		json_object_object_get(report.tree, "compares"), 0);
	must_be(c, "rounds", "3");
	must_be(c, "provider", "\"0000:03:00.0\"");
	must_be(c, "peer_bytes_per_sec", "4194304");
	must_be(c, "host_bytes_per_sec", "8388608");
	must_be(c, "p50_ratio", "1.0");
	must_be(c, "cpu_per_gib_ratio", "0.5");
	must_be(c, "peer_dram_per_byte", "null");
	must_be(json_object_object_get(c, "rate_ratio"), "median", "0.5");
	text = written(WRITER_TEXT);
	ck_assert_str_eq(text, "peer over host: 0.500 of the rate (0.400 to "
			 "0.600, half of 3 rounds between 0.450 and 0.550), "
			 "p50 latency 1.000, p99 1.000\n");
	free(text);
	report_fini(&report);
}
END_TEST

START_TEST(a_matrix_has_a_cell_for_each_pair_and_why_it_is_empty)
{
	static const char *providers[] = { "host", "0000:03:00.0" };
	static const char *const targets[] = { "/dev/nvme1n1" };
	struct report_cell cells[] = {
		{ .is_measured = true, .bytes_per_sec = 6000000000,
		  .predicted_bytes_per_sec = 7000000000 },
		{ .reach = "refused", .reason = "acs-redirect" },
	};
	const struct report_matrix matrix = {
		.providers = providers,
		.targets = targets,
		.provider_count = 2,
		.target_count = 1,
		.cells = cells,
	};
	struct json_object *cell;
	char *text;

	report_init(&report, "p2pbench");
	report_add_matrix(&report, &matrix);
	cell = json_object_array_get_idx(json_object_object_get(
		json_object_object_get(report.tree, "matrix"), "cells"), 1);
	must_be(cell, "rate_bytes_per_sec", "null");
	must_be(cell, "reason", "\"acs-redirect\"");
	must_be(cell, "reach", "\"refused\"");
	text = written(WRITER_TEXT);
	ck_assert_ptr_nonnull(strstr(text, "host                 6.00\n"));
	ck_assert_ptr_nonnull(strstr(text, "0000:03:00.0 acs-redirect\n"));
	ck_assert_ptr_nonnull(strstr(text, "host         86 of 7.00\n"));
	free(text);
	report_fini(&report);
}
END_TEST

START_TEST(csv_has_a_line_of_keys_and_a_line_a_result)
{
	struct report_bench bench = a_copy();
	unsigned lines = 0;
	char *text;

	report_init(&report, "p2pbench");
	report_add_bench(&report, &bench, false);
	report_add_bench(&report, &bench, false);
	report_finish_bench(&report, false, false);
	text = written(WRITER_CSV);
	ck_assert_int_eq(strncmp(text, "workload,target,destination,"
				 "memory_kind,", 40), 0);
	ck_assert_ptr_nonnull(strstr(text, "\r\ncopy,/dev/nvme1n1,"
				     "/dev/nvme2n1,peer,0000:03:00.0,direct,"
				     "via-host,,1048576,2,1,4,4194304,0,"));
	ck_assert_ptr_nonnull(strstr(text, ",p50_ns;p90_ns;p99_ns;p999_ns;"
				     "p9999_ns\r\n"));
	for (char *c = text; (c = strchr(c, '\n')); c++)
		lines++;
	ck_assert_uint_eq(lines, 3);
	free(text);
	report_fini(&report);
}
END_TEST

START_TEST(a_table_says_how_many_were_too_short)
{
	struct report_bench bench = a_copy();
	char *text;

	report_init(&report, "p2pbench");
	report_add_bench(&report, &bench, true);
	for (unsigned i = 0; i < 1000; i++)
		histogram_record(&result.latency, 1000000);
	report_add_bench(&report, &bench, true);
	report_finish_bench(&report, true, false);
	text = written(WRITER_TEXT);
	ck_assert_ptr_nonnull(strstr(text, "\ntoo short for p99.9: 2 of 2 "
				     "results, for p99: 1 (a longer "
				     "--time helps)\n"));
	free(text);
	report_fini(&report);
}
END_TEST

START_TEST(who_was_stopped_says_so)
{
	struct report_bench bench = a_copy();
	char *text;

	report_init(&report, "p2pbench");
	result.end = BENCH_STOPPED;
	report_add_bench(&report, &bench, false);
	report_add_bench(&report, &bench, true);
	report_finish_bench(&report, true, true);
	text = written(WRITER_TEXT);
	ck_assert_ptr_nonnull(strstr(text, "\n  ended early: stopped by a "
				     "signal\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nstopped by a signal: this is "
				     "what was measured by then\n"));
	free(text);
	report_fini(&report);
}
END_TEST

UNIT_SUITE("report-bench",
	   who_was_stopped_says_so,
	   every_key_has_its_value,
	   latencies_are_exact_but_for_the_percentiles,
	   what_was_not_measured_is_null,
	   the_path_and_dram_are_told_where_they_are_known,
	   a_comparison_has_ratios_of_what_was_measured,
	   a_matrix_has_a_cell_for_each_pair_and_why_it_is_empty,
	   csv_has_a_line_of_keys_and_a_line_a_result,
	   a_table_says_how_many_were_too_short);
