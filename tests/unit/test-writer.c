/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "unit/unit.h"

static const struct column table[] = {
	{ "ADDRESS", "address", FORM_TEXT },
	{ "SIZE", "size_bytes", FORM_BYTES },
	{ "WIDTH", "link.width", FORM_INT },
	{ NULL, "link.bytes_per_sec", FORM_RATE },
	{ "PUBLISHED", "published", FORM_BOOL },
	{ "REASONS", "reasons.id", FORM_TEXT },
};

static const struct column fields[] = {
	{ "Copied", "copied_bytes", FORM_BYTES },
	{ "Rate", "rate_bytes_per_sec", FORM_RATE },
	{ "Took", "duration_ns", FORM_DURATION },
	{ "Efficiency", "ratio", FORM_PERCENT },
	{ "Spread", "spread", FORM_REAL },
	{ "Verify", "verify.method", FORM_TEXT, .is_optional = true },
	{ "Provider", "provider", FORM_TEXT },
};

static struct report report;

/* Two providers, of the second of which little is known. */
static struct json_object *add_rows(void)
{
	struct json_object *rows = tree_add_array(report.tree, "providers");
	struct json_object *row = tree_append_object(rows), *inner;

	tree_add_text(row, "address", "0000:03:00.0");
	tree_add_count(row, "size_bytes", 67108864);
	inner = tree_add_object(row, "link");
	tree_add_known(inner, "width", 4);
	tree_add_known(inner, "bytes_per_sec", 3938461538);
	tree_add_bool(row, "published", true);
	inner = tree_add_array(row, "reasons");
	tree_add_text(tree_append_object(inner), "id", "acs-redirect");
	tree_add_text(tree_append_object(inner), "id", "no, \"really\"");
	row = tree_append_object(rows);
	tree_add_text(row, "address", "0000:04:00.0\033[2J");
	tree_add_known(row, "size_bytes", 0);
	tree_add_null(row, "link");
	tree_add_null(row, "published");
	tree_add_array(row, "reasons");
	return rows;
}

static void add_result(void)
{
	tree_add_count(report.tree, "copied_bytes", 1073741824);
	tree_add_count(report.tree, "rate_bytes_per_sec", 6667911004);
	tree_add_count(report.tree, "duration_ns", 1250000000);
	tree_add_real(report.tree, "ratio", 0.973);
	tree_add_real(report.tree, "spread", NAN);
	tree_add_null(report.tree, "verify");
	tree_add_text(report.tree, "provider", NULL);
	report_add_fields(&report, NULL, report.tree, fields,
			  ARRAY_SIZE(fields));
}

static void assert_writes(enum writer_format format, const char *wanted)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	ck_assert_int_eq(report_write(&report, format, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_str_eq(text, wanted);
	free(text);
	report_fini(&report);
}

START_TEST(a_table_is_aligned_and_cannot_move_the_cursor)
{
	report_init(&report, "p2ptopo list");
	report_add_table(&report, "Providers", add_rows(), table,
			 ARRAY_SIZE(table), true);
	assert_writes(WRITER_TEXT,
		"Providers\n"
		"ADDRESS            SIZE WIDTH PUBLISHED REASONS\n"
		"0000:03:00.0     64 MiB     4 yes       "
		"acs-redirect, no, \"really\"\n"
		"0000:04:00.0?[2J      -     - -         \n");
}
END_TEST

START_TEST(a_table_in_csv_has_keys_and_bare_values)
{
	report_init(&report, "p2ptopo list");
	report_add_table(&report, "Providers", add_rows(), table,
			 ARRAY_SIZE(table), true);
	assert_writes(WRITER_CSV,
		"address,size_bytes,link_width,link_bytes_per_sec,published,"
		"reasons_id\r\n"
		"0000:03:00.0,67108864,4,3938461538,true,"
		"\"acs-redirect;no, \"\"really\"\"\"\r\n"
		"0000:04:00.0\033[2J,,,,,\r\n");
}
END_TEST

START_TEST(a_table_that_is_not_for_csv_is_left_out)
{
	report_init(&report, "p2ptopo matrix");
	report_add_table(&report, NULL, add_rows(), table, 1, false);
	report_add_text(&report, "a legend");
	assert_writes(WRITER_CSV, "");
}
END_TEST

START_TEST(one_result_is_lines_of_title_and_value)
{
	report_init(&report, "p2pcopy");
	add_result();
	report_add_text(&report, "Copied through %s.", "peer memory");
	assert_writes(WRITER_TEXT,
		"Copied      1 GiB\n"
		"Rate        6.21 GiB/s (6.67 GB/s)\n"
		"Took        1.25 s\n"
		"Efficiency  97.3 %\n"
		"Spread      -\n"
		"Provider    -\n"
		"\n"
		"Copied through peer memory.\n");
}
END_TEST

START_TEST(one_result_is_one_row_in_csv)
{
	report_init(&report, "p2pcopy");
	add_result();
	assert_writes(WRITER_CSV,
		"copied_bytes,rate_bytes_per_sec,duration_ns,ratio,spread,"
		"verify_method,provider\r\n"
		"1073741824,6667911004,1250000000,0.973,,,\r\n");
}
END_TEST

START_TEST(json_is_the_tree_and_what_is_unknown_is_null)
{
	report_init(&report, "p2pcopy");
	tree_add_text(report.tree, "path", "/dev/nvme0n1");
	tree_add_real(report.tree, "ratio", 0.1);
	tree_add_index(report.tree, "numa_node", -1);
	tree_add_index(report.tree, "iommu_group", 0);
	tree_add_known(report.tree, "size_bytes", 0);
	tree_add_text(report.tree, "model", NULL);
	tree_add_count(report.tree, "seed", UINT64_MAX);
	assert_writes(WRITER_JSON,
		"{\n"
		"  \"schema\": \"p2pdma-utils/1\",\n"
		"  \"command\": \"p2pcopy\",\n"
		"  \"path\": \"/dev/nvme0n1\",\n"
		"  \"ratio\": 0.1,\n"
		"  \"numa_node\": null,\n"
		"  \"iommu_group\": 0,\n"
		"  \"size_bytes\": null,\n"
		"  \"model\": null,\n"
		"  \"seed\": 18446744073709551615\n"
		"}\n");
}
END_TEST

static const struct column branches[] = {
	{ "FUNCTION", "address", FORM_TEXT },
	{ "LINK", "link", FORM_TEXT, .colour_key = "link_colour" },
	{ "OFFSET", "offset", FORM_TEXT, .is_optional = true },
	{ "NUMA", "numa", FORM_INT, .is_optional = true },
};

static void add_branches(void)
{
	struct json_object *rows = tree_new_array();
	struct json_object *row = tree_append_object(rows);

	report_init(&report, "p2ptopo tree");
	tree_add_text(row, "address", "a");
	tree_add_text(row, "offset", "");
	row = tree_append_object(tree_add_array(row, "children"));
	tree_add_text(row, "address", "b");
	tree_add_text(row, "link", "slow");
	tree_add_text(row, "link_colour", "yellow");
	tree_add_int(row, "numa", 1);
	report_add_tree(&report, rows, branches, ARRAY_SIZE(branches));
	json_object_put(rows);
}

START_TEST(a_tree_leaves_out_columns_that_say_nothing)
{
	add_branches();
	assert_writes(WRITER_TEXT,
		"FUNCTION LINK NUMA\n"
		"a             \n"
		"`-b      slow    1\n");
	add_branches();
	assert_writes(WRITER_CSV, "");
}
END_TEST

/* Which bytes are yellow is the business of libsmartcols. */
START_TEST(a_cell_has_colour_where_the_row_says_so_and_a_terminal_is_there)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	add_branches();
	report.has_colour = true;
	ck_assert_int_eq(report_write(&report, WRITER_TEXT, file), 0);
	fclose(file);
	ck_assert_ptr_nonnull(strstr(text, "mslow\033[0m"));
	ck_assert_ptr_null(strchr(strstr(text, "slow\033[0m") + 5, '\033'));
	free(text);
	report_fini(&report);
}
END_TEST

START_TEST(a_report_without_a_tree_is_no_picture)
{
	report_init(&report, "p2ptopo list");
	ck_assert_int_eq(report_write(&report, WRITER_SVG, stderr), -EINVAL);
	ck_assert_int_eq(report_write(&report, WRITER_DOT, stderr), -EINVAL);
	report_fini(&report);
}
END_TEST

START_TEST(names_that_are_no_utf8_still_make_valid_json)
{
	static const struct {
		const char *text, *wanted;
	} names[] = {
		{ "M\xc3\xa4rz", "M\xc3\xa4rz" },
		{ "a\xff" "b", "a\xef\xbf\xbd" "b" },
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct json_object *object = tree_new_object(), *value;

		tree_add_text(object, "name", names[i].text);
		value = json_object_object_get(object, "name");
		ck_assert_str_eq(json_object_get_string(value),
				 names[i].wanted);
		json_object_put(object);
	}
}
END_TEST

static char *print_at_once(void)
{
	char *text;

	ck_assert_int_ge(asprintf(&text, "%s\n",
		json_object_to_json_string_ext(report.tree,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			JSON_C_TO_STRING_NOSLASHESCAPE)), 0);
	return text;
}

/* As json-c prints it in one piece, to the last byte. */
START_TEST(json_in_pieces_is_what_it_is_in_one)
{
	struct json_object *rows, *inner;
	char *wanted;

	report_init(&report, "p2ptopo list");
	rows = add_rows();
	inner = tree_add_array(tree_append_object(rows), "rows");
	tree_append_text(inner, "of two\nlines, and a / \" \\");
	tree_add_array(tree_append_object(inner), "empty");
	tree_add_real(report.tree, "ratio", 0.5);
	tree_add_array(report.tree, "none");
	tree_add_object(report.tree, "nothing");
	tree_append_text(tree_add_array(report.tree, "words"), "a");
	wanted = print_at_once();
	assert_writes(WRITER_JSON, wanted);
	free(wanted);
}
END_TEST

static unsigned rows_made, rows_given_back;

/* Three rows, of which the second one is left out. */
static struct json_object *make_row(void *data, size_t index)
{
	struct json_object *row = index == 1 ? NULL : tree_new_object();

	rows_made++;
	if (row)
		tree_add_count(row, data, index);
	return row;
}

static void give_back(void *data)
{
	ck_assert_str_eq(data, "number");
	rows_given_back++;
}

static struct json_object *add_lazy_rows(size_t count)
{
	const struct tree_rows rows = {
		count, make_row, give_back, (void *)"number",
	};

	rows_made = rows_given_back = 0;
	return tree_add_rows(report.tree, "rows", &rows);
}

START_TEST(rows_are_made_when_they_are_written)
{
	static const struct column column = { NULL, "number", FORM_INT };

	report_init(&report, "p2ptopo matrix");
	add_lazy_rows(3);
	ck_assert_uint_eq(rows_made, 0);
	assert_writes(WRITER_JSON,
		"{\n"
		"  \"schema\": \"p2pdma-utils/1\",\n"
		"  \"command\": \"p2ptopo matrix\",\n"
		"  \"rows\": [\n"
		"    {\n"
		"      \"number\": 0\n"
		"    },\n"
		"    {\n"
		"      \"number\": 2\n"
		"    }\n"
		"  ]\n"
		"}\n");
	ck_assert_uint_eq(rows_made, 3);
	ck_assert_uint_eq(rows_given_back, 1);
	report_init(&report, "p2ptopo matrix");
	report_add_table(&report, NULL, add_lazy_rows(3), &column, 1, true);
	assert_writes(WRITER_CSV, "number\r\n0\r\n2\r\n");
	ck_assert_uint_eq(rows_given_back, 1);
}
END_TEST

START_TEST(rows_of_which_there_are_none_are_an_empty_array)
{
	char *wanted;

	report_init(&report, "p2ptopo matrix");
	add_lazy_rows(0);
	wanted = print_at_once();
	assert_writes(WRITER_JSON, wanted);
	free(wanted);
}
END_TEST

START_TEST(a_report_that_cannot_be_written_is_an_error)
{
	FILE *file = fopen("/dev/full", "w");

	setvbuf(file, NULL, _IONBF, 0);
	report_init(&report, "p2pcopy");
	ck_assert_int_eq(report_write(&report, WRITER_JSON, file), -EIO);
	ck_assert_int_eq(report_write(&report, 99, file), -EINVAL);
	report_fini(&report);
	fclose(file);
}
END_TEST

UNIT_SUITE("writer",
	   a_table_is_aligned_and_cannot_move_the_cursor,
	   a_table_in_csv_has_keys_and_bare_values,
	   a_table_that_is_not_for_csv_is_left_out,
	   one_result_is_lines_of_title_and_value,
	   one_result_is_one_row_in_csv,
	   json_is_the_tree_and_what_is_unknown_is_null,
	   a_tree_leaves_out_columns_that_say_nothing,
	   a_cell_has_colour_where_the_row_says_so_and_a_terminal_is_there,
	   a_report_without_a_tree_is_no_picture,
	   names_that_are_no_utf8_still_make_valid_json,
	   json_in_pieces_is_what_it_is_in_one,
	   rows_are_made_when_they_are_written,
	   rows_of_which_there_are_none_are_an_empty_array,
	   a_report_that_cannot_be_written_is_an_error);
