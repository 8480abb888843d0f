/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/copy-status.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"

START_TEST(it_is_a_line_as_that_of_dd)
{
	char path[] = "/tmp/test-copy-status-XXXXXX", said[256];
	int fd = mkstemp(path), before = dup(STDERR_FILENO);
	struct progress progress;
	ssize_t n;

	progress_init(&progress, PROGRESS_NEVER, stderr);
	progress.started_ns = clock_now_ns() - 4 * NS_PER_SEC;
	dup2(fd, STDERR_FILENO);
	copy_status_tell(&progress, 8 * MIB);
	dup2(before, STDERR_FILENO);
	n = pread(fd, said, sizeof(said) - 1, 0);
	ck_assert_int_gt(n, 0);
	said[n] = '\0';
	ck_assert_str_eq(strchr(said, '\n'), "\n");
	ck_assert_int_eq(strncmp(said, "8388608 bytes (8 MiB) copied, 4", 31),
			 0);
	ck_assert_ptr_nonnull(strstr(said, " s, "));
	ck_assert_ptr_nonnull(strstr(said, "MiB/s ("));
	close(before);
	close(fd);
	unlink(path);
}
END_TEST

UNIT_SUITE("copy-status", it_is_a_line_as_that_of_dd);
