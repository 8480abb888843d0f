/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/picture.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static struct fixture machine;
static struct report report;
static struct scope scope;

static void grow(bool has_everything)
{
	struct tree_view view = { &scope, has_everything, true };

	report_init(&report, "p2ptopo tree");
	report_tree(&report, machine.topology, &view);
}

static void finish(void)
{
	report_fini(&report);
	fixture_close(&machine);
	scope = (struct scope){ NULL, 0 };
}

/* "a(b(c d))": addresses without domain, children in brackets. */
static void print_nodes(FILE *file, struct json_object *nodes)
{
	for (size_t i = 0; i < json_object_array_length(nodes); i++) {
		struct json_object *node = json_object_array_get_idx(nodes, i);
		struct json_object *below =
			json_object_object_get(node, "children");

		fprintf(file, "%s%s", i ? " " : "",
			strchr(tree_get_text(node, "address"), ':') + 1);
		if (!json_object_array_length(below))
			continue;
		fputc('(', file);
		print_nodes(file, below);
		fputc(')', file);
	}
}

static void expect_tree(const char *wanted)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	print_nodes(file, json_object_object_get(report.tree,
						 "host_bridges"));
	fclose(file);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(the_tree_has_what_leads_to_drives_and_memory)
{
	fixture_load(&machine, "one-switch", NULL);
	grow(false);
	expect_tree("00(00:03.0(01:00.0(02:00.0(03:00.0) 02:01.0(04:00.0) "
		    "02:02.0(05:00.0))))");
	report_fini(&report);
	grow(true);
	expect_tree("00(00:00.0 00:03.0(01:00.0(02:00.0(03:00.0) "
		    "02:01.0(04:00.0) 02:02.0(05:00.0))))");
	finish();
}
END_TEST

START_TEST(named_functions_are_alone_with_what_is_above_them)
{
	const struct p2pdma_function *named[1];

	fixture_load(&machine, "one-switch", NULL);
	named[0] = fixture_find(&machine, "04:00.0");
	scope = (struct scope){ named, 1 };
	grow(false);
	expect_tree("00(00:03.0(01:00.0(02:01.0(04:00.0))))");
	finish();
}
END_TEST

START_TEST(a_bus_offset_is_told_where_it_is_known)
{
	struct json_object *node;

	fixture_load(&machine, "two-root-ports",
		     "hex sys/bus/pci/devices/0000:01:00.0/config "
		     "36 1b 10 00 @18 0c 00 00 80 @40");
	grow(false);
	node = json_object_object_get(report.tree, "host_bridges");
	for (int i = 0; i < 2; i++)
		node = json_object_object_get(
			json_object_array_get_idx(node, 0), "children");
	node = json_object_array_get_idx(node, 0);
	ck_assert_str_eq(tree_get_text(node, "address"), "0000:01:00.0");
	ck_assert_int_eq(json_object_get_int64(json_object_object_get(
				 node, "bus_offset")),
			 0x80000000 - 0x8000000000);
	finish();
}
END_TEST

START_TEST(a_picture_has_boxes_ports_and_what_hangs_on_them)
{
	struct picture_node *host, *port, *box;
	struct picture picture;

	fixture_load(&machine, "nested-switches", NULL);
	grow(false);
	picture_init(&picture, report.tree);
	ck_assert_uint_eq(picture.root.child_count, 1);
	host = &picture.root.children[0];
	ck_assert_int_eq(host->shape, PICTURE_BOX);
	port = &host->children[0];
	ck_assert_int_eq(port->shape, PICTURE_PORT);
	box = &port->children[0];
	ck_assert_int_eq(box->shape, PICTURE_BOX);
	ck_assert_uint_eq(box->depth, 1);
	ck_assert_uint_eq(picture.depth, 3);
	ck_assert_uint_eq(picture.leaf_count, 4);
	ck_assert_uint_eq(picture.provider_count, 2);
	ck_assert_uint_eq(picture.mark_counts[PICTURE_DIRECT], 8);
	picture_fini(&picture);
	finish();
}
END_TEST

START_TEST(a_picture_marks_refused_and_doubtful_pairs)
{
	struct picture picture;

	fixture_load(&machine, "two-root-ports", NULL);
	grow(false);
	picture_init(&picture, report.tree);
	ck_assert_int_eq(picture_get_cell(&picture, 0, 0)->mark,
			 PICTURE_DIRECT);
	ck_assert_int_eq(picture_get_cell(&picture, 0, 1)->mark,
			 PICTURE_REFUSED);
	picture_fini(&picture);
	finish();
}
END_TEST

/* How often @what is in the report as @format. */
static unsigned count_in(enum writer_format format, const char *what)
{
	unsigned count = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	ck_assert_int_eq(report_write(&report, format, file), 0);
	fclose(file);
	for (const char *at = text; (at = strstr(at, what)); at++)
		count++;
	free(text);
	return count;
}

START_TEST(names_from_devices_cannot_break_a_picture)
{
	fixture_load(&machine, "one-switch",
		     "file sys/class/nvme/nvme1/model <b>\"&{|}");
	grow(false);
	ck_assert_uint_eq(count_in(WRITER_SVG, "<b>"), 0);
	ck_assert_uint_eq(count_in(WRITER_SVG, "&lt;b&gt;&quot;&amp;{|}"), 1);
	finish();
}
END_TEST

START_TEST(a_slow_link_is_drawn_over_what_it_could_be)
{
	fixture_load(&machine, "one-switch",
		     "file sys/bus/pci/devices/0000:02:01.0/max_link_width "
		     "4\n"
		     "file sys/bus/pci/devices/0000:04:00.0/max_link_width 4");
	grow(false);
	/* It, and the sample in the legend. */
	ck_assert_uint_eq(count_in(WRITER_SVG, "class=\"could\""), 2);
	ck_assert_uint_eq(count_in(WRITER_SVG, "2.5 GT/s x1, can 2.5 x4"), 1);
	ck_assert_uint_eq(count_in(WRITER_DOT, "x4\\n \", style=dashed"), 1);
	finish();
}
END_TEST

UNIT_SUITE("report-tree",
	   the_tree_has_what_leads_to_drives_and_memory,
	   named_functions_are_alone_with_what_is_above_them,
	   a_bus_offset_is_told_where_it_is_known,
	   a_picture_has_boxes_ports_and_what_hangs_on_them,
	   a_picture_marks_refused_and_doubtful_pairs,
	   names_from_devices_cannot_break_a_picture,
	   a_slow_link_is_drawn_over_what_it_could_be);
