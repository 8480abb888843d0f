/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/manifest.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct manifest manifest;
static int ends[2];

/* Through a pipe, in pieces of @piece bytes that come one after the other. */
static void open_text(const char *text, size_t size, bool is_nul)
{
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], text, size), (ssize_t)size);
	close(ends[1]);
	manifest_init(&manifest, ends[0], is_nul, 1);
}

static void check_pair(const char *source, const char *destination)
{
	const char *names[MANIFEST_NAMES_MOST] = { NULL };

	ck_assert_int_eq(manifest_next(&manifest, names), 1);
	ck_assert_str_eq(names[0], source);
	ck_assert_str_eq(names[1], destination);
}

static void check_wrong(int wanted)
{
	const char *names[MANIFEST_NAMES_MOST];

	ck_assert_int_eq(manifest_next(&manifest, names), wanted);
}

START_TEST(a_line_is_a_pair)
{
	static const char text[] = "a\tb\n\n\na b/c\td \xff\n"
				   "no tab\na\tb\tc\n\tx\nx\t\nlast\tline";

	open_text(text, sizeof(text) - 1, false);
	ck_assert(manifest_is_ready(&manifest));
	check_pair("a", "b");
	check_pair("a b/c", "d \xff");
	check_wrong(-EINVAL);
	ck_assert_uint_eq(manifest.pairs, 3);
	check_wrong(-EINVAL);
	check_wrong(-EINVAL);
	check_wrong(-EINVAL);
	check_pair("last", "line");
	check_wrong(0);
	check_wrong(0);
	close(ends[0]);
}
END_TEST

START_TEST(with_nul_names_have_any_byte)
{
	static const char text[] = "a\tb\nc\0d\n\0\0x\0y\0z\0half";

	open_text(text, sizeof(text) - 1, true);
	check_pair("a\tb\nc", "d\n");
	check_wrong(-EINVAL);
	check_pair("y", "z");
	check_wrong(-EINVAL);
	check_wrong(0);
	close(ends[0]);
}
END_TEST

/* A name of twice the buffer, and @rest behind it. */
static void open_long(const char *rest, size_t rest_size, bool is_nul)
{
	size_t size = 2 * MANIFEST_BUFFER;
	char *text = malloc(size + rest_size);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', size);
	memcpy(text + size, rest, rest_size);
	size += rest_size;
	ck_assert_int_eq(pipe(ends), 0);
	if (!fork()) {
		ck_assert_int_eq(write(ends[1], text, size), (ssize_t)size);
		_exit(0);
	}
	close(ends[1]);
	free(text);
	manifest_init(&manifest, ends[0], is_nul, 1);
}

static void check_long(const char *rest, size_t rest_size, bool is_nul)
{
	open_long(rest, rest_size, is_nul);
	check_wrong(-ENAMETOOLONG);
	check_pair("a", "b");
	check_wrong(0);
	close(ends[0]);
}

START_TEST(a_line_that_is_too_long_is_skipped)
{
	check_long("\na\tb", 4, false);
}
END_TEST

/* Its rest is no other pair's source: that would be written over. */
START_TEST(a_name_that_is_too_long_takes_its_pair_with_it)
{
	check_long("\0to\0a\0b\0", 8, true);
}
END_TEST

START_TEST(a_source_may_have_several_destinations)
{
	static const char lines[] = "a\tb\tc\na\tb\nx\ty\tz\tq\n"
				    "a\t\tc\nd\te\tf";
	static const char nuls[] = "a\0b\tx\0c\0d\0e";
	const char *names[MANIFEST_NAMES_MOST];

	open_text(lines, sizeof(lines) - 1, false);
	manifest.name_count = 3;
	check_pair("a", "b");
	check_wrong(-EINVAL);
	check_wrong(-EINVAL);
	check_wrong(-EINVAL);
	ck_assert_int_eq(manifest_next(&manifest, names), 1);
	ck_assert_str_eq(names[2], "f");
	check_wrong(0);
	close(ends[0]);

	open_text(nuls, sizeof(nuls), true);
	manifest.name_count = 3;
	ck_assert_int_eq(manifest_next(&manifest, names), 1);
	ck_assert_str_eq(names[1], "b\tx");
	ck_assert_str_eq(names[2], "c");
	check_wrong(-EINVAL);
	check_wrong(0);
	close(ends[0]);
}
END_TEST

START_TEST(a_pipe_is_ready_when_something_is_in_it)
{
	ck_assert_int_eq(pipe(ends), 0);
	manifest_init(&manifest, ends[0], false, 1);
	ck_assert(!manifest_is_ready(&manifest));
	ck_assert_int_eq(write(ends[1], "a\tb\nc\td\n", 8), 8);
	ck_assert(manifest_is_ready(&manifest));
	check_pair("a", "b");
	/* The second pair has been read already. */
	ck_assert(manifest_is_ready(&manifest));
	check_pair("c", "d");
	ck_assert(!manifest_is_ready(&manifest));
	close(ends[1]);
	check_wrong(0);
	close(ends[0]);
	check_wrong(0);
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error)
{
	manifest_init(&manifest, -1, false, 1);
	check_wrong(-EBADF);
}
END_TEST

UNIT_SUITE("manifest",
	   a_line_is_a_pair,
	   with_nul_names_have_any_byte,
	   a_line_that_is_too_long_is_skipped,
	   a_name_that_is_too_long_takes_its_pair_with_it,
	   a_source_may_have_several_destinations,
	   a_pipe_is_ready_when_something_is_in_it,
	   what_cannot_be_read_is_an_error);
