/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-environment.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static struct fixture tree;
static struct report report;

/* The report's environment as JSON without blanks; times are taken out. */
static struct json_object *environment(const char *lines)
{
	struct json_object *e;

	fixture_load(&tree, "one-switch", lines);
	report_init(&report, "p2pbench");
	report_add_environment(&report, tree.topology);
	e = json_object_object_get(report.tree, "environment");
	ck_assert_uint_eq(json_object_get_string_len(
		json_object_object_get(e, "time")), 20);
	return e;
}

static void must_be(struct json_object *object, const char *key,
		    const char *value)
{
	const char *text = tree_get_text(object, key);

	if (value)
		ck_assert_str_eq(text, value);
	else
		ck_assert_ptr_null(text);
}

START_TEST(a_figure_can_be_cited_with_its_machine)
{
	struct json_object *e = environment(
		"file sys/module/nvme/parameters/poll_queues 4\n"
		"file sys/devices/system/cpu/cpufreq/policy0/"
		"scaling_governor schedutil");
	struct json_object *drive, *drives, *providers;

	must_be(e, "version", PACKAGE_VERSION);
	ck_assert_ptr_nonnull(tree_get_text(e, "kernel"));
	must_be(e, "governor", "schedutil");
	must_be(e, "iommu", "none");
	must_be(json_object_object_get(e, "parameters"), "nvme.poll_queues",
		"4");
	drives = json_object_object_get(e, "drives");
	ck_assert_uint_eq(json_object_array_length(drives), 3);
	drive = json_object_array_get_idx(drives, 0);
	must_be(drive, "address", "0000:03:00.0");
	ck_assert_ptr_nonnull(tree_get_text(drive, "firmware"));
	ck_assert_ptr_nonnull(json_object_object_get(drive, "link"));
	providers = json_object_object_get(e, "providers");
	ck_assert_uint_eq(json_object_array_length(providers), 1);
	must_be(json_object_array_get_idx(providers, 0), "address",
		"0000:03:00.0");
	report_fini(&report);
	fixture_close(&tree);
}
END_TEST

START_TEST(what_the_machine_does_not_tell_is_null)
{
	struct json_object *e = environment(NULL);

	must_be(e, "governor", NULL);
	ck_assert_uint_eq(json_object_object_length(
		json_object_object_get(e, "parameters")), 0);
	report_fini(&report);
	fixture_close(&tree);
}
END_TEST

UNIT_SUITE("report-environment",
	   a_figure_can_be_cited_with_its_machine,
	   what_the_machine_does_not_tell_is_null);
