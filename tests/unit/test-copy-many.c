/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/copy-many.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "report/progress.h"

#define OPERANDS_MOST	3
#define OF(...)		(const char *[]){ __VA_ARGS__, NULL }

static char top[] = "/var/tmp/test-copy-many-XXXXXX";
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static volatile sig_atomic_t stop;
static char report[8192], sums[1024];

static void begin(void)
{
	scratch_make(top);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	stop = 0;
	ck_assert_int_eq(system("mkdir tree into && echo one >tree/a && "
				"echo two >tree/b"), 0);
}

static void end(void)
{
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	scratch_remove(top, "/var/tmp/test-copy-many-");
}

static void read_file(const char *path, char *text, size_t size)
{
	_cleanup_file_ FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, size - 1, file)] = '\0';
}

/* The exit code; what was said goes to stderr. */
static int copy(struct copy_many wish, const char **operands)
{
	static const struct cli_program program = { .name = "p2pcopy" };
	char *list[OPERANDS_MOST + 1] = { NULL };
	struct cli_common common = {
		.program = &program, .format = WRITER_TEXT,
		.progress = PROGRESS_NEVER, .operands = list,
	};
	struct output output, summed;
	bool is_silent = false;
	int code;

	for (; operands && operands[common.operand_count];
	     common.operand_count++)
		list[common.operand_count] = (char *)(uintptr_t)
			operands[common.operand_count];
	ck_assert_int_eq(output_open(&output, "report"), 0);
	ck_assert_int_eq(output_open(&summed, "sums"), 0);
	wish.common = &common;
	wish.output = &output;
	if (wish.args.checksum)
		wish.sums = &summed;
	wish.args.context = context;
	wish.args.topology = topology;
	wish.args.provider = "host";
	wish.args.stop = &stop;
	code = copy_many(&wish, &is_silent);
	output_discard(&output);
	output_discard(&summed);
	ck_assert(!is_silent);
	read_file("report", report, sizeof(report));
	if (wish.args.checksum)
		read_file("sums", sums, sizeof(sums));
	return code;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

START_TEST(a_tree_goes_to_its_name_or_into_a_directory)
{
	const struct copy_many wish = { .args.is_recursive = true };

	begin();
	ck_assert_int_eq(copy(wish, OF("tree", "new")), 0);
	ck_assert(is_there("new/a"));
	ck_assert_ptr_nonnull(strstr(report, "2 files, 1 directory: 8 bytes"));
	ck_assert_int_eq(copy(wish, OF("tree/", "new")), 0);
	ck_assert(is_there("new/tree/b"));
	ck_assert_int_eq(copy(wish, OF("tree/.", "into")), 0);
	ck_assert(is_there("into/b"));
	end();
}
END_TEST

START_TEST(several_sources_need_a_directory)
{
	begin();
	ck_assert_int_eq(copy((struct copy_many){ 0 },
			      OF("tree/a", "tree/b", "none")), EXIT_FAILED);
	ck_assert(!is_there("none"));
	ck_assert_int_eq(copy((struct copy_many){ 0 },
			      OF("tree/a", "tree/b", "into")), 0);
	ck_assert(is_there("into/a") && is_there("into/b"));
	end();
}
END_TEST

START_TEST(a_node_of_several_looks_only_at_what_is_written)
{
	const struct copy_many wish = {
		.args = { .is_recursive = true, .shard_count = 1 },
	};

	begin();
	ck_assert_int_eq(copy(wish, OF("tree", "into")), 0);
	ck_assert(is_there("into/a") && !is_there("into/tree"));
	ck_assert_int_eq(copy(wish, OF("tree", "into/")), 0);
	ck_assert(is_there("into/tree/a"));
	end();
}
END_TEST

START_TEST(the_exit_code_is_that_of_the_worst)
{
	struct copy_many wish = { 0 };

	begin();
	ck_assert_int_eq(copy(wish, OF("tree/a", "none", "into")), EXIT_FAILED);
	ck_assert(is_there("into/a"));
	wish.args.journal = "map";
	ck_assert_int_eq(copy(wish, OF("tree/a", "none", "into")),
			 EXIT_INCOMPLETE);
	/* It is there, and --resume was not given. */
	ck_assert_int_eq(copy(wish, OF("tree/a", "tree/b", "into")),
			 EXIT_FAILED);
	wish.args.is_resumed = true;
	ck_assert_int_eq(copy(wish, OF("tree/a", "tree/b", "into")), 0);
	ck_assert_ptr_nonnull(strstr(report, "1 file, 1 done before"));
	end();
}
END_TEST

/* The first run made what would be a directory to copy into by now. */
START_TEST(what_is_resumed_goes_where_it_went)
{
	const struct copy_many wish = {
		.args = {
			.is_recursive = true, .journal = "map",
			.is_resumed = true,
		},
	};

	begin();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(copy(wish, OF("tree", "new")),
				 0);
	ck_assert(is_there("new/a") && !is_there("new/tree"));
	end();
}
END_TEST

START_TEST(a_manifest_is_read_to_its_end)
{
	struct copy_many wish = { .manifest = "pairs", .destinations = 1 };

	begin();
	ck_assert_int_eq(copy(wish, NULL), EXIT_FAILED);
	ck_assert_int_eq(system("printf 'tree/a\tinto/x\nrubbish\ntree/b\t"
				"into/\n' >pairs"), 0);
	ck_assert_int_eq(copy(wish, NULL), EXIT_FAILED);
	ck_assert(is_there("into/x") && is_there("into/b"));
	ck_assert_int_eq(system("printf 'tree/a%binto/y%b' '\\0' '\\0' "
				">pairs"), 0);
	wish.is_nul = true;
	ck_assert_int_eq(copy(wish, NULL), 0);
	ck_assert_str_eq(strtok(report, ":"), "tree/a -> into/y");
	end();
}
END_TEST

START_TEST(checksums_have_a_line_each)
{
	const struct copy_many wish = { .args.checksum = "md5" };

	begin();
	ck_assert_int_eq(copy(wish, OF("tree/a", "tree/b", "into")), 0);
	ck_assert_ptr_nonnull(strstr(sums, "5bbf5a52328e7439ae6e719dfe712200"
				     "  into/a\n"));
	ck_assert_ptr_nonnull(strstr(sums, "  into/b\n"));
	/* They are there, and not in the report as well. */
	ck_assert_ptr_null(strstr(report, "into/a"));
	end();
}
END_TEST

UNIT_SUITE("copy-many", a_tree_goes_to_its_name_or_into_a_directory,
	   several_sources_need_a_directory,
	   a_node_of_several_looks_only_at_what_is_written,
	   the_exit_code_is_that_of_the_worst,
	   what_is_resumed_goes_where_it_went, a_manifest_is_read_to_its_end,
	   checksums_have_a_line_each);
