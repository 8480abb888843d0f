/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/attributes.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static char top[] = "/var/tmp/test-attributes-XXXXXX";
static int directory;

static int make(const char *name)
{
	int fd = openat(directory, name, O_CREAT | O_RDWR, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void begin(void)
{
	scratch_make(top);
	directory = open(top, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(directory, 0);
}

static void end(void)
{
	unlinkat(directory, "a", 0);
	unlinkat(directory, "b", 0);
	close(directory);
	ck_assert_int_eq(rmdir(top), 0);
}

START_TEST(a_copy_gets_mode_times_and_attributes)
{
	const struct timespec times[2] = { { 1000, 1 }, { 2000, 999 } };
	bool has_xattr;
	struct attributes attributes;
	char value[8] = "";
	struct stat st;
	int a, b;

	begin();
	a = make("a");
	b = make("b");
	ck_assert_int_eq(fchmod(a, 0751), 0);
	has_xattr = !fsetxattr(a, "user.colour", "blue", 5, 0);
	ck_assert_int_eq(futimens(a, times), 0);
	ck_assert_int_eq(fstat(a, &st), 0);
	attributes_take_stat(&attributes, &st);
	ck_assert_int_eq(attributes_copy(&attributes, a, b), 0);
	ck_assert_int_eq(fstat(b, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0751);
	ck_assert_int_eq(st.st_atim.tv_sec, 1000);
	ck_assert_int_eq(st.st_mtim.tv_sec, 2000);
	ck_assert_int_eq(st.st_mtim.tv_nsec, 999);
	if (has_xattr) {
		ck_assert_int_eq(fgetxattr(b, "user.colour", value, 8), 5);
		ck_assert_str_eq(value, "blue");
	}
	close(a);
	close(b);
	end();
}
END_TEST

START_TEST(a_link_gets_its_own_times_and_not_its_target)
{
	struct attributes attributes = {
		.mode = S_IFLNK | 0777,
		.owner = getuid(),
		.group = getgid(),
		.times = { { 1000, 0 }, { 2000, 0 } },
	};
	struct stat st;

	begin();
	close(make("a"));
	ck_assert_int_eq(symlinkat("a", directory, "b"), 0);
	ck_assert_int_eq(attributes_copy_at(&attributes, directory, "b"), 0);
	ck_assert_int_eq(fstatat(directory, "b", &st, AT_SYMLINK_NOFOLLOW),
			 0);
	ck_assert_int_eq(st.st_mtim.tv_sec, 2000);
	ck_assert_int_eq(fstatat(directory, "a", &st, 0), 0);
	ck_assert_int_ne(st.st_mtim.tv_sec, 2000);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	end();
}
END_TEST

START_TEST(statx_tells_the_same)
{
	struct attributes one, other;
	struct statx facts;
	struct stat st;
	int fd;

	begin();
	fd = make("a");
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS,
			       &facts), 0);
	memset(&one, 0, sizeof(one));
	memset(&other, 0, sizeof(other));
	attributes_take_stat(&one, &st);
	attributes_take_statx(&other, &facts);
	ck_assert_uint_eq(one.mode, other.mode);
	ck_assert_uint_eq(one.owner, other.owner);
	ck_assert_int_eq(one.times[1].tv_nsec, other.times[1].tv_nsec);
	close(fd);
	end();
}
END_TEST

START_TEST(what_is_not_there_is_an_error)
{
	struct attributes attributes = { .mode = S_IFIFO | 0644 };

	begin();
	ck_assert_int_eq(attributes_copy_at(&attributes, directory, "none"),
			 -ENOENT);
	ck_assert_int_eq(attributes_copy(&attributes, -1, -1), -EBADF);
	end();
}
END_TEST

UNIT_SUITE("attributes",
	   a_copy_gets_mode_times_and_attributes,
	   a_link_gets_its_own_times_and_not_its_target,
	   statx_tells_the_same,
	   what_is_not_there_is_an_error);
