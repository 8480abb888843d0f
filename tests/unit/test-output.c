/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "unit/scratch.h"
#include "unit/unit.h"

static char place[] = "output-XXXXXX";

/* An empty directory to stand in. */
static void enter_place(void)
{
	scratch_make(place);
	ck_assert_int_eq(chdir(place), 0);
}

static void leave_place(void)
{
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(rmdir(place), 0);
}

static void put(const char *path, const char *text)
{
	_cleanup_file_ FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
}

static void assert_holds(const char *path, const char *wanted)
{
	_cleanup_file_ FILE *file = fopen(path, "r");
	char text[64] = "";

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	ck_assert_str_eq(text, wanted);
}

START_TEST(a_report_replaces_the_file_only_when_committed)
{
	struct output output;

	enter_place();
	put("report", "old");
	ck_assert_int_eq(output_open(&output, "report"), 0);
	fputs("new", output.file);
	fflush(output.file);
	assert_holds("report", "old");
	ck_assert_int_eq(output_commit(&output), 0);
	assert_holds("report", "new");
	ck_assert_int_eq(unlink("report"), 0);
	leave_place();
}
END_TEST

START_TEST(a_file_that_came_meanwhile_is_kept)
{
	struct output output;

	enter_place();
	ck_assert_int_eq(output_open(&output, "report"), 0);
	fputs("new", output.file);
	put("report", "a copy");
	ck_assert_int_eq(output_commit(&output), -EEXIST);
	assert_holds("report", "a copy");
	ck_assert_int_eq(unlink("report"), 0);
	leave_place();
}
END_TEST

START_TEST(a_discarded_report_leaves_nothing_behind)
{
	struct output output;

	enter_place();
	ck_assert_int_eq(output_open(&output, "report"), 0);
	fputs("new", output.file);
	output_discard(&output);
	output_discard(&output);
	leave_place();
}
END_TEST

START_TEST(a_report_has_the_mode_that_open_gives)
{
	struct output output;
	struct stat st;

	enter_place();
	umask(027);
	ck_assert_int_eq(output_open(&output, "report"), 0);
	ck_assert_int_eq(output_commit(&output), 0);
	ck_assert_int_eq(stat("report", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(unlink("report"), 0);
	leave_place();
}
END_TEST

START_TEST(a_link_to_what_is_not_there_makes_it)
{
	struct output output;
	struct stat st;

	enter_place();
	ck_assert_int_eq(mkdir("below", 0700), 0);
	ck_assert_int_eq(symlink("below/link", "link"), 0);
	ck_assert_int_eq(symlink("real", "below/link"), 0);
	ck_assert_int_eq(output_open(&output, "link"), 0);
	fputs("new", output.file);
	ck_assert_int_eq(output_commit(&output), 0);
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	assert_holds("below/real", "new");
	ck_assert_int_eq(unlink("below/real"), 0);
	ck_assert_int_eq(unlink("below/link"), 0);
	ck_assert_int_eq(rmdir("below"), 0);
	ck_assert_int_eq(output_open(&output, "link"), -ENOENT);
	ck_assert_int_eq(unlink("link"), 0);
	ck_assert_int_eq(symlink("link", "link"), 0);
	ck_assert_int_eq(output_open(&output, "link"), -ENOENT);
	ck_assert_int_eq(unlink("link"), 0);
	leave_place();
}
END_TEST

START_TEST(a_symbolic_link_stays_one)
{
	struct output output;
	struct stat st;

	enter_place();
	put("real", "old");
	ck_assert_int_eq(symlink("real", "link"), 0);
	ck_assert_int_eq(output_open(&output, "link"), 0);
	fputs("new", output.file);
	ck_assert_int_eq(output_commit(&output), 0);
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	assert_holds("real", "new");
	ck_assert_int_eq(unlink("link"), 0);
	ck_assert_int_eq(unlink("real"), 0);
	leave_place();
}
END_TEST

START_TEST(what_standard_output_writes_to_is_not_replaced)
{
	_cleanup_fd_ int stdout_fd = dup(STDOUT_FILENO);
	struct output output;
	FILE *file;

	enter_place();
	file = fopen("log", "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
	fclose(file);
	ck_assert_int_eq(write(STDOUT_FILENO, "a", 1), 1);
	ck_assert_int_eq(output_open(&output, "/dev/stdout"), 0);
	fputs("b", output.file);
	ck_assert_int_eq(output_commit(&output), 0);
	ck_assert_int_eq(write(STDOUT_FILENO, "c", 1), 1);
	ck_assert_int_eq(dup2(stdout_fd, STDOUT_FILENO), STDOUT_FILENO);
	assert_holds("log", "abc");
	ck_assert_int_eq(unlink("log"), 0);
	leave_place();
}
END_TEST

/* Of a copy of ./old into @destination. */
static bool is_safe(char *destination, const char *report)
{
	const struct cli_program program = { .name = "test" };
	char source[] = "old", *operands[] = { source, destination };
	const struct cli_common common = {
		.program = &program,
		.output = report,
		.operands = operands,
		.operand_count = 2,
	};

	return !output_find_trouble(&common, common.output);
}

START_TEST(a_report_never_takes_the_place_of_data)
{
	char new[] = "new", above[] = "..";

	enter_place();
	put("old", "data");
	ck_assert_int_eq(symlink("old", "link"), 0);
	ck_assert(is_safe(new, NULL));
	ck_assert(is_safe(new, "report"));
	ck_assert(is_safe(new, "/dev/null"));
	ck_assert(!is_safe(new, "./old"));
	ck_assert(!is_safe(new, "link"));
	ck_assert(!is_safe(new, "./new"));
	ck_assert(!is_safe(above, "../old"));
	ck_assert(is_safe(above, "../new"));
	ck_assert_int_eq(unlink("link"), 0);
	ck_assert_int_eq(unlink("old"), 0);
	leave_place();
}
END_TEST

START_TEST(a_full_device_is_an_error)
{
	struct output output;

	ck_assert_int_eq(output_open(&output, "/dev/full"), 0);
	fputs("new", output.file);
	ck_assert_int_eq(output_commit(&output), -ENOSPC);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_known_at_once)
{
	struct output output;

	ck_assert_int_eq(output_open(&output, "/nowhere/report"), -ENOENT);
	ck_assert_int_eq(output_open(&output, "/"), -EISDIR);
}
END_TEST

UNIT_SUITE("output",
	   a_report_replaces_the_file_only_when_committed,
	   a_file_that_came_meanwhile_is_kept,
	   a_discarded_report_leaves_nothing_behind,
	   a_report_has_the_mode_that_open_gives,
	   a_link_to_what_is_not_there_makes_it,
	   a_symbolic_link_stays_one,
	   what_standard_output_writes_to_is_not_replaced,
	   a_report_never_takes_the_place_of_data,
	   a_full_device_is_an_error,
	   a_directory_that_is_not_there_is_known_at_once);
