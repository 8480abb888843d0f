/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-path.h"

#include <stdio.h>

#include "unit/fixture.h"
#include "unit/unit.h"

static struct fixture machine;
static struct report report;

static struct json_object *trace(const char *provider, const char *client)
{
	struct json_object *paths;

	report_init(&report, "p2ptopo path");
	report_path(&report, machine.topology,
		    fixture_find(&machine, provider),
		    fixture_find(&machine, client));
	paths = json_object_object_get(report.tree, "paths");
	ck_assert_uint_eq(json_object_array_length(paths), 1);
	return json_object_array_get_idx(paths, 0);
}

/* @wanted: the hops in order, a link between two as "-", none as " ". */
static void expect_hops(struct json_object *path, const char *wanted)
{
	struct json_object *hops = json_object_object_get(path, "hops");
	char got[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_object_array_length(hops); i++) {
		struct json_object *hop = json_object_array_get_idx(hops, i);

		used += (size_t)snprintf(
			got + used, sizeof(got) - used, "%s%s",
			tree_get_text(hop, "address"),
			json_object_object_get(hop, "next") ? "-" : " ");
	}
	ck_assert_str_eq(got, wanted);
}

static void finish(void)
{
	report_fini(&report);
	fixture_close(&machine);
}

START_TEST(below_one_switch_the_way_turns_in_it)
{
	struct json_object *path;

	fixture_load(&machine, "one-switch", NULL);
	path = trace("03:00.0", "04:00.0");
	expect_hops(path, "0000:03:00.0-0000:02:00.0 0000:01:00.0 "
		    "0000:02:01.0-0000:04:00.0 ");
	ck_assert_uint_eq(tree_get_count(path, "crossings"), 2);
	ck_assert_uint_eq(tree_get_count(path, "max_payload_bytes"), 128);
	ck_assert_uint_eq(tree_get_count(path, "bottleneck_bytes_per_sec"),
			  250000000);
	ck_assert_uint_eq(tree_get_count(path, "payload_bytes_per_sec"),
			  210526315);
	finish();
}
END_TEST

START_TEST(a_function_and_its_own_memory_are_one_hop)
{
	struct json_object *path;

	fixture_load(&machine, "one-switch", NULL);
	path = trace("03:00.0", "03:00.0");
	expect_hops(path, "0000:03:00.0 ");
	ck_assert_ptr_null(json_object_object_get(
		path, "bottleneck_bytes_per_sec"));
	finish();
}
END_TEST

START_TEST(without_a_common_bridge_the_way_leads_through_the_host)
{
	fixture_load(&machine, "two-root-ports", NULL);
	expect_hops(trace("01:00.0", "02:00.0"),
		    "0000:01:00.0-0000:00:03.0 pci0000:00 "
		    "0000:00:04.0-0000:02:00.0 ");
	finish();
}
END_TEST

START_TEST(two_host_bridges_are_two_hops)
{
	fixture_load(&machine, "two-host-bridges", NULL);
	expect_hops(trace("01:00.0", "41:00.0"),
		    "0000:01:00.0-0000:00:03.0 pci0000:00 pci0000:40 "
		    "0000:40:00.0-0000:41:00.0 ");
	finish();
}
END_TEST

START_TEST(what_acs_redirects_goes_up_to_the_host)
{
	struct json_object *path;

	fixture_load(&machine, "acs", NULL);
	path = trace("03:00.0", "04:00.0");
	expect_hops(path, "0000:03:00.0-0000:02:00.0 0000:01:00.0-"
		    "0000:00:03.0 pci0000:00 0000:00:03.0-0000:01:00.0 "
		    "0000:02:01.0-0000:04:00.0 ");
	ck_assert_uint_eq(tree_get_count(path, "crossings"), 4);
	finish();
}
END_TEST

START_TEST(the_slowest_link_is_the_bottleneck_and_is_marked)
{
	struct json_object *path, *hop;

	fixture_load(&machine, "one-switch",
		     "file sys/bus/pci/devices/0000:03:00.0/"
		     "current_link_width 2\n"
		     "file sys/bus/pci/devices/0000:02:00.0/"
		     "current_link_width 2");
	path = trace("03:00.0", "04:00.0");
	ck_assert_str_eq(tree_get_text(path, "bottleneck_at"),
			 "0000:04:00.0");
	hop = json_object_array_get_idx(
		json_object_object_get(path, "hops"), 3);
	ck_assert(tree_is_true(json_object_object_get(hop, "next"),
			       "bottleneck"));
	finish();
}
END_TEST

START_TEST(a_payload_that_cannot_be_read_is_not_guessed)
{
	struct json_object *path;

	fixture_load(&machine, "config-unreadable", NULL);
	path = trace("03:00.0", "04:00.0");
	ck_assert_uint_eq(tree_get_count(path, "bottleneck_bytes_per_sec"),
			  250000000);
	ck_assert_ptr_null(json_object_object_get(path,
						  "max_payload_bytes"));
	ck_assert_ptr_null(json_object_object_get(path,
						  "payload_bytes_per_sec"));
	finish();
}
END_TEST

UNIT_SUITE("report-path",
	   below_one_switch_the_way_turns_in_it,
	   a_function_and_its_own_memory_are_one_hop,
	   without_a_common_bridge_the_way_leads_through_the_host,
	   two_host_bridges_are_two_hops,
	   what_acs_redirects_goes_up_to_the_host,
	   the_slowest_link_is_the_bottleneck_and_is_marked,
	   a_payload_that_cannot_be_read_is_not_guessed);
