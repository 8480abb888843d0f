/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-files.h"
#include "unit/unit.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;

static struct report_files begin(enum writer_format format, bool is_stream)
{
	return (struct report_files){
		.file = open_memstream(&text, &size),
		.format = format,
		.is_stream = is_stream,
		.is_each_told = true,
		.command = "p2pcopy",
	};
}

static void end(struct report_files *report)
{
	const struct many_totals totals = {
		.files = 1, .failed = 1, .copied_bytes = 10,
		.duration_ns = 1000,
	};

	report_files_finish(report, &totals, false);
	fclose(report->file);
}

static const struct many_file copied = {
	.source = "a", .destination = "b", .kind = WALK_FILE,
	.outcome = MANY_DONE, .copied_bytes = 10,
};

static const struct many_file failed = {
	.source = "none", .destination = "c", .outcome = MANY_FAILED,
	.tried = "look at", .side = SIDE_SOURCE, .error = -ENOENT,
};

static int count_lines(void)
{
	int lines = 0;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return lines;
}

START_TEST(a_tree_is_one_object_and_a_manifest_one_a_line)
{
	struct report_files report = begin(WRITER_JSON, false);
	struct json_object *tree;

	report_files_add(&report, &copied);
	report_files_add(&report, &failed);
	end(&report);
	tree = json_tokener_parse(text);
	ck_assert_ptr_nonnull(tree);
	ck_assert_uint_eq(json_object_array_length(
			json_object_object_get(tree, "files")), 2);
	ck_assert_uint_eq(tree_get_count(json_object_object_get(tree, "total"),
					 "failed_files"), 1);
	json_object_put(tree);
	free(text);
	report = begin(WRITER_JSON, true);
	report_files_add(&report, &copied);
	report_files_add(&report, &failed);
	end(&report);
	ck_assert_int_eq(count_lines(), 3);
	tree = json_tokener_parse(text);
	ck_assert_str_eq(tree_get_text(tree, "schema"), "p2pdma-utils/1");
	ck_assert_str_eq(tree_get_text(tree, "outcome"), "copied");
	ck_assert_uint_eq(tree_get_count(tree, "host_bytes"), 10);
	json_object_put(tree);
	free(text);
}
END_TEST

START_TEST(an_empty_tree_is_still_an_object)
{
	struct report_files report = begin(WRITER_JSON, false);
	struct json_object *tree;

	end(&report);
	tree = json_tokener_parse(text);
	ck_assert_ptr_nonnull(tree);
	json_object_put(tree);
	free(text);
}
END_TEST

START_TEST(people_read_a_line_each_and_a_sum)
{
	struct report_files report = begin(WRITER_TEXT, true);

	report_files_add(&report, &copied);
	report_files_add(&report, &failed);
	end(&report);
	ck_assert_str_eq(text, "a -> b: 10 bytes\n"
			 "FAILED none -> c: look at none: No such file or "
			 "directory\n"
			 "1 file, 1 FAILED: 10 bytes (10 B) copied, 1000 ns, "
			 "9.54 MiB/s (10.00 MB/s)\n");
	free(text);
}
END_TEST

START_TEST(names_move_no_cursor)
{
	char *name;

	setlocale(LC_CTYPE, "C.UTF-8");
	name = report_escape("a b\n\033[2J\\\377\303\244");
	ck_assert_str_eq(name, "a b\\n\\033[2J\\\\\\377\303\244");
	free(name);
}
END_TEST

/* Nothing was tried in vain: there is no deed, and no error. */
START_TEST(what_was_interrupted_says_so)
{
	const struct many_file file = {
		.source = "a", .destination = "b", .kind = WALK_FILE,
		.outcome = MANY_STOPPED,
	};
	char *why = report_files_explain(&file);

	ck_assert_str_eq(why, "interrupted");
	free(why);
}
END_TEST

START_TEST(what_a_guard_refused_has_its_answer_and_what_helps)
{
	static const struct guard guard = {
		.id = "signature", .asks = "none is there",
		.can_be_forced = true,
	};
	static const struct guard_answer answer = {
		.guard = &guard, .answer = P2PDMA_YES, .is_refusing = true,
		.why = "b bears ext4",
	};
	const struct many_file refused = {
		.source = "a", .destination = "b", .kind = WALK_FILE,
		.outcome = MANY_REFUSED, .tried = "b bears ext4",
		.guards = &answer, .guard_count = 1, .is_forcible = true,
	};
	struct report_files report = begin(WRITER_JSON, true);

	report_files_add(&report, &refused);
	fclose(report.file);
	ck_assert_ptr_nonnull(strstr(text,
				     "\"guards\":[{\"id\":\"signature\","));
	ck_assert_ptr_nonnull(strstr(text, "\"errno\":null,"
				     "\"why\":\"b bears ext4 (or --force)\""));
	free(text);
	report = begin(WRITER_TEXT, true);
	report_files_add(&report, &refused);
	fclose(report.file);
	ck_assert_str_eq(text, "FAILED a -> b: b bears ext4 (or --force)\n");
	free(text);
}
END_TEST

UNIT_SUITE("report-files",
	   a_tree_is_one_object_and_a_manifest_one_a_line,
	   an_empty_tree_is_still_an_object,
	   people_read_a_line_each_and_a_sum,
	   names_move_no_cursor, what_was_interrupted_says_so,
	   what_a_guard_refused_has_its_answer_and_what_helps);
