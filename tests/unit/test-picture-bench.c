/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/picture-bench.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define RESULT(kind, block, depth, rate)				\
	"{\"workload\":\"read\",\"target\":\"/dev/nvme1n1\","		\
	"\"memory\":{\"kind\":\"" kind "\",\"provider\":null},"		\
	"\"block_bytes\":" #block ",\"depth\":" #depth ","		\
	"\"jobs\":1,\"rate_bytes_per_sec\":" #rate			\
	",\"latency\":{\"min_ns\":50000,\"p50_ns\":100000,\"p90_ns\":"	\
	"200000,\"p99_ns\":300000,\"p999_ns\":400000,\"p9999_ns\":500000," \
	"\"too_few_for\":[\"p999_ns\",\"p9999_ns\"]}}"

static char *drawn;

static void draw(const char *json)
{
	struct json_object *tree = json_tokener_parse(json);
	size_t size;
	FILE *file = open_memstream(&drawn, &size);

	ck_assert(picture_bench_is_one(tree));
	picture_bench_draw(tree, file);
	fclose(file);
	json_object_put(tree);
	ck_assert_ptr_null(strstr(drawn, "nan"));
	ck_assert_ptr_null(strstr(drawn, "inf"));
}

static void must_have(const char *text)
{
	ck_assert_msg(strstr(drawn, text), "no %s in %s", text, drawn);
}

static unsigned count(const char *text)
{
	unsigned found = 0;

	for (char *at = drawn; (at = strstr(at, text)); at++)
		found++;
	return found;
}

START_TEST(one_result_is_a_bar_and_its_percentiles)
{
	draw("{\"results\":[" RESULT("host", 4096, 1, 1000000000) "]}");
	must_have(">p2pbench<");
	must_have("nvme1n1, host memory");
	must_have("(1.00 GB/s)");
	must_have(">99 %<");
	/* The run was too short for these. */
	ck_assert_uint_eq(count(">99.9 %<"), 0);
	must_have("read of /dev/nvme1n1, blocks of 4 KiB, depth 1, 1 job");
	free(drawn);
}
END_TEST

START_TEST(a_bar_has_the_colour_of_its_curve)
{
	draw("{\"results\":[" RESULT("host", 4096, 1, 1000000000) ","
	     RESULT("host", 4096, 1, 500000000) "]}");
	for (unsigned i = 0; i < 2; i++) {
		const char *const names[][2] = {
			{ "class=\"bar f0\"", "class=\"curve s0\"" },
			{ "class=\"bar f1\"", "class=\"curve s1\"" },
		};

		ck_assert_uint_eq(count(names[i][0]), 1);
		must_have(names[i][1]);
	}
	/* Dashes tell memories apart, and here is only one. */
	ck_assert_uint_eq(count("curve dashed"), 0);
	free(drawn);
}
END_TEST

START_TEST(a_target_of_a_long_name_is_cut_in_the_note)
{
	char json[2048], name[600];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(json, sizeof(json), "{\"environment\":{\"kernel\":\"7.2\"},"
		 "\"results\":[{\"workload\":\"read\",\"target\":\"%s\","
		 "\"block_bytes\":4096,\"depth\":1,\"jobs\":1,"
		 "\"rate_bytes_per_sec\":1000}]}", name);
	draw(json);
	must_have("n, blocks of 4 KiB, depth 1, 1 job; Linux 7.2<");
	free(drawn);
}
END_TEST

START_TEST(a_file_is_known_by_the_end_of_its_path)
{
	draw("{\"results\":[{\"target\":\"/srv/some/where/far/a.img\","
	     "\"rate_bytes_per_sec\":1000}]}");
	must_have(">…/a.img, host memory<");
	free(drawn);
}
END_TEST

START_TEST(a_grid_is_curves_by_the_axis_with_most_values)
{
	draw("{\"results\":[" RESULT("host", 4096, 1, 1000) ","
	     RESULT("host", 4096, 2, 2000) ","
	     RESULT("host", 4096, 4, 2500) ","
	     RESULT("host", 8192, 1, 1500) ","
	     RESULT("host", 8192, 2, 2500) ","
	     RESULT("host", 8192, 4, 2600) "]}");
	must_have("rate and latency by depth");
	must_have(">Rate<");
	/* Two curves in each of three panels, a name and a line each. */
	ck_assert_uint_eq(count(">4 KiB<"), 3);
	ck_assert_uint_eq(count(">8 KiB<"), 3);
	ck_assert_uint_eq(count("class=\"curve s0\""), 6);
	ck_assert_uint_eq(count("class=\"curve s1\""), 6);
	free(drawn);
}
END_TEST

START_TEST(compared_memories_share_a_colour_and_host_memory_is_dashed)
{
	draw("{\"results\":[" RESULT("peer", 4096, 1, 900) ","
	     RESULT("host", 4096, 1, 1000) ","
	     RESULT("peer", 4096, 2, 1800) ","
	     RESULT("host", 4096, 2, 2000) "],\"compares\":[{\"depth\":1,"
	     "\"rate_ratio\":{\"median\":0.9,\"q1\":0.8,\"q3\":1}},"
	     "{\"depth\":2,\"rate_ratio\":{\"median\":0.9,\"q1\":0.85,"
	     "\"q3\":0.95}}]}");
	must_have("Rate of peer memory over host memory");
	must_have("class=\"spread s0\"");
	must_have("class=\"curve dashed s0\"");
	ck_assert_uint_eq(count("class=\"curve s1\""), 0);
	must_have(">peer memory<");
	free(drawn);
}
END_TEST

START_TEST(a_matrix_is_a_heat_map)
{
	draw("{\"results\":[],\"matrix\":{\"providers\":[\"host\","
	     "\"0000:03:00.0\"],\"targets\":[\"/dev/nvme0n1\"],\"cells\":["
	     "{\"rate_bytes_per_sec\":6500000000,\"reason\":null},"
	     "{\"rate_bytes_per_sec\":null,\"reason\":\"acs-redirect\"}]}}");
	must_have(">6.50<");
	must_have(">acs-redirect<");
	must_have(">nvme0n1<");
	free(drawn);
}
END_TEST

START_TEST(nothing_measured_is_still_a_picture)
{
	draw("{\"results\":[{\"workload\":\"read\",\"target\":\"x\","
	     "\"rate_bytes_per_sec\":0,\"latency\":{\"p50_ns\":null}}]}");
	must_have("</svg>");
	free(drawn);
}
END_TEST

UNIT_SUITE("picture-bench",
	   one_result_is_a_bar_and_its_percentiles,
	   a_bar_has_the_colour_of_its_curve,
	   a_target_of_a_long_name_is_cut_in_the_note,
	   a_file_is_known_by_the_end_of_its_path,
	   a_grid_is_curves_by_the_axis_with_most_values,
	   compared_memories_share_a_colour_and_host_memory_is_dashed,
	   a_matrix_is_a_heat_map,
	   nothing_measured_is_still_a_picture);
