/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/syncs.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

START_TEST(a_file_system_is_kept_once)
{
	struct syncs syncs = { 0 };
	int a = open("/var/tmp", O_RDONLY | O_DIRECTORY);
	int b = open("/var/tmp/.", O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(syncs_add(&syncs, a), 0);
	ck_assert_int_eq(syncs_add(&syncs, b), 0);
	ck_assert_uint_eq(syncs.count, 1);
	close(a);
	close(b);
	/* By a descriptor of its own. */
	ck_assert_int_ge(fcntl(syncs.items[0].fd, F_GETFD), 0);
	ck_assert_int_eq(syncs_flush(&syncs), 0);
	syncs_fini(&syncs);
	ck_assert_uint_eq(syncs.count, 0);
}
END_TEST

START_TEST(another_one_is_kept_too)
{
	struct syncs syncs = { 0 };
	int a = open("/var/tmp", O_RDONLY | O_DIRECTORY);
	int b = open("/proc", O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(syncs_add(&syncs, a), 0);
	ck_assert_int_eq(syncs_add(&syncs, b), 0);
	ck_assert_uint_eq(syncs.count, 2);
	close(a);
	close(b);
	syncs_fini(&syncs);
}
END_TEST

START_TEST(what_is_not_open_is_an_error)
{
	struct syncs syncs = { 0 };

	ck_assert_int_eq(syncs_add(&syncs, -1), -EBADF);
	ck_assert_uint_eq(syncs.count, 0);
	ck_assert_int_eq(syncs_flush(&syncs), 0);
	syncs_fini(&syncs);
}
END_TEST

START_TEST(what_cannot_be_flushed_is_told)
{
	struct syncs syncs = { 0 };
	int a = open("/var/tmp", O_RDONLY | O_DIRECTORY);
	int closed = fcntl(a, F_DUPFD_CLOEXEC, 100);

	ck_assert_int_eq(syncs_add(&syncs, a), 0);
	close(closed);
	close(syncs.items[0].fd);
	syncs.items[0].fd = closed;
	ck_assert_int_eq(syncs_flush(&syncs), -EBADF);
	syncs.items[0].fd = -1;
	syncs_fini(&syncs);
	close(a);
}
END_TEST

UNIT_SUITE("syncs", a_file_system_is_kept_once, another_one_is_kept_too,
	   what_is_not_open_is_an_error, what_cannot_be_flushed_is_told);
