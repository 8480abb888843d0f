/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(what_is_stored_is_there_behind_what_was)
{
	char path[] = "/tmp/test-file-XXXXXX", got[16] = "";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(file_store(fd, "one ", 4), 0);
	ck_assert_int_eq(file_store(fd, "two", 3), 0);
	ck_assert_int_eq(file_store(fd, NULL, 0), 0);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), 7);
	ck_assert_str_eq(got, "one two");
	close(fd);
}
END_TEST

START_TEST(what_does_not_fit_is_told)
{
	int fd = open("/dev/full", O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_store(fd, "a", 1), -ENOSPC);
	close(fd);
	ck_assert_int_eq(file_store(fd, "a", 1), -EBADF);
}
END_TEST

/* Where there is no medium, nothing can be certain. */
START_TEST(a_pipe_is_no_stable_place)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(file_store(ends[1], "a", 1), -EINVAL);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

UNIT_SUITE("file",
	   what_is_stored_is_there_behind_what_was,
	   what_does_not_fit_is_told,
	   a_pipe_is_no_stable_place);
