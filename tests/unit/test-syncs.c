/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/syncs.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"

/* How a file system answers. */
static enum { WELL, NEVER, LATE } answers;
static struct fixture tree;
static dev_t device;

int __real_syncfs(int fd);
int __wrap_syncfs(int fd);

static void count(unsigned ended)
{
	char line[128];

	snprintf(line, sizeof(line), "file sys/dev/block/%u:%u/stat "
		 "%u 0 0 0 0 0 0 0 0 0 0\n", major(device), minor(device),
		 ended);
	fixture_add(&tree, line);
}

int __wrap_syncfs(int fd)
{
	if (answers == WELL)
		return __real_syncfs(fd);
	for (unsigned i = 0; answers == NEVER || i < 20; i++) {
		poll(NULL, 0, 60);
		if (answers == LATE)
			count(i + 1);
	}
	return 0;
}

static int flush(struct syncs *syncs)
{
	int fd = open("/var/tmp", O_RDONLY | O_DIRECTORY);
	int rc;

	ck_assert_int_eq(syncs_add(syncs, fd, "where"), 0);
	close(fd);
	device = syncs->items[0].device;
	count(0);
	rc = syncs_flush(syncs);
	answers = WELL;
	return rc;
}

START_TEST(one_that_does_not_answer_is_not_waited_for)
{
	struct syncs syncs = { .io_timeout_ns = 50 * NS_PER_MS };

	fixture_open(&tree, NULL);
	syncs.context = tree.context;
	answers = NEVER;
	ck_assert_int_eq(flush(&syncs), -ETIMEDOUT);
	ck_assert_str_eq(syncs.failed->name, "where");
	syncs_fini(&syncs);
	fixture_close(&tree);
}
END_TEST

START_TEST(one_whose_drive_is_busy_is_waited_for)
{
	struct syncs syncs = { .io_timeout_ns = 600 * NS_PER_MS };

	fixture_open(&tree, NULL);
	syncs.context = tree.context;
	answers = LATE;
	ck_assert_int_eq(flush(&syncs), 0);
	syncs_fini(&syncs);
	fixture_close(&tree);
}
END_TEST

START_TEST(a_file_system_is_kept_once)
{
	struct syncs syncs = { 0 };
	int a = open("/var/tmp", O_RDONLY | O_DIRECTORY);
	int b = open("/var/tmp/.", O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(syncs_add(&syncs, a, "a"), 0);
	ck_assert_int_eq(syncs_add(&syncs, b, "b"), 0);
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

	ck_assert_int_eq(syncs_add(&syncs, a, "a"), 0);
	ck_assert_int_eq(syncs_add(&syncs, b, "b"), 0);
	ck_assert_uint_eq(syncs.count, 2);
	close(a);
	close(b);
	syncs_fini(&syncs);
}
END_TEST

START_TEST(what_is_not_open_is_an_error)
{
	struct syncs syncs = { 0 };

	ck_assert_int_eq(syncs_add(&syncs, -1, "c"), -EBADF);
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

	ck_assert_int_eq(syncs_add(&syncs, a, "a"), 0);
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
	   what_is_not_open_is_an_error, what_cannot_be_flushed_is_told,
	   one_that_does_not_answer_is_not_waited_for,
	   one_whose_drive_is_busy_is_waited_for);
