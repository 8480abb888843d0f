/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/batch.h"
#include "unit/batching.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

#define LANES	4

static char top[] = "/var/tmp/test-batch-XXXXXX";
static int directory;
static struct batching below;
static struct batch *batch;
static unsigned route;
static volatile sig_atomic_t stop;

/* What was told of the last one. */
static struct batch_answer last;
static unsigned told;

static void done(void *data, const struct batch_answer *answer)
{
	last = *answer;
	told++;
}

static bool has_one_name(void *data, const struct batch_answer *answer)
{
	return answer->facts->stx_nlink == 1;
}

static void begin_with(struct batch_plan plan, uint32_t align)
{
	scratch_make(top);
	directory = open(top, O_RDONLY | O_DIRECTORY);
	plan.stop = &stop;
	plan.done = done;
	batching_open(&below, plan, LANES, align, &batch, &route);
	told = 0;
}

static void begin(void)
{
	const struct batch_plan plan = { .is_sparse = true };

	begin_with(plan, 4096);
}

static void end(void)
{
	batching_close(&below, batch);
	close(directory);
	scratch_remove(top, "/var/tmp/test-batch-");
}

static void fill(const char *name, size_t size)
{
	int fd = openat(directory, name, O_CREAT | O_TRUNC | O_WRONLY, 0640);
	unsigned char *data = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)(i * 7 + i / 4096);
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	close(fd);
	free(data);
}

static bool is_same(const char *a, const char *b)
{
	char one[128], other[128];

	snprintf(one, sizeof(one), "%s/%s", top, a);
	snprintf(other, sizeof(other), "%s/%s", top, b);
	return scratch_is_same(one, other);
}

static void push(const char *source, const char *destination)
{
	const struct batch_place place = {
		directory, directory, destination, NULL,
	};
	const struct batch_request request = {
		.route = route,
		.source = source,
		.places = &place,
		.place_count = 1,
	};
	int rc;

	while ((rc = batch_push(batch, &request)) == -EBUSY)
		ck_assert_int_eq(batch_turn(batch), 0);
	ck_assert_int_eq(rc, 0);
}

static void drain(void)
{
	while (batch_is_busy(batch))
		ck_assert_int_eq(batch_turn(batch), 0);
}

static enum batch_outcome copy(const char *source, const char *destination)
{
	push(source, destination);
	drain();
	return last.outcome;
}

static bool has_leftovers(void)
{
	char command[128];

	snprintf(command, sizeof(command), "ls -A '%s' | grep -q part", top);
	return !system(command);
}

static const size_t sizes[] = {
	0, 1, 4095, 4096, 65535, 65536, 65537, 131072, 131073, 1000003,
	5000000,
};

static void copy_all_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill("from", sizes[i]);
		ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
		ck_assert_uint_eq(last.copied_bytes, sizes[i]);
		ck_assert_msg(is_same("from", "to"), "%zu bytes", sizes[i]);
		unlinkat(directory, "to", 0);
	}
	ck_assert(!has_leftovers());
}

START_TEST(files_of_all_sizes_are_copied)
{
	begin();
	copy_all_sizes();
	end();
}
END_TEST

START_TEST(also_without_direct_transfers)
{
	const struct batch_plan plan = { 0 };

	begin_with(plan, 0);
	copy_all_sizes();
	end();
}
END_TEST

START_TEST(many_go_side_by_side)
{
	char from[32], to[32];

	begin();
	for (int i = 0; i < 100; i++) {
		snprintf(from, sizeof(from), "from%d", i);
		fill(from, (size_t)i * 9973);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(from, sizeof(from), "from%d", i);
		snprintf(to, sizeof(to), "to%d", i);
		push(from, to);
	}
	drain();
	ck_assert_uint_eq(told, 100);
	for (int i = 0; i < 100; i++) {
		snprintf(from, sizeof(from), "from%d", i);
		snprintf(to, sizeof(to), "to%d", i);
		ck_assert(is_same(from, to));
	}
	end();
}
END_TEST

START_TEST(holes_stay_holes)
{
	struct stat st;
	int fd;

	begin();
	fd = openat(directory, "from", O_CREAT | O_WRONLY, 0644);
	ck_assert_int_eq(ftruncate(fd, 10000001), 0);
	ck_assert_int_eq(pwrite(fd, "data", 4, 5000000), 4);
	close(fd);
	ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
	ck_assert(is_same("from", "to"));
	ck_assert_uint_gt(last.skipped_bytes, 9000000);
	ck_assert_uint_eq(last.skipped_bytes + last.copied_bytes, 10000001);
	ck_assert_int_eq(fstatat(directory, "to", &st, 0), 0);
	ck_assert_int_lt(st.st_blocks, 2000);
	end();
}
END_TEST

START_TEST(what_is_replaced_gives_its_mode_and_is_whole_until_then)
{
	struct stat st;

	begin();
	fill("from", 5000);
	fill("to", 77);
	ck_assert_int_eq(fchmodat(directory, "to", 0604, 0), 0);
	ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
	ck_assert(is_same("from", "to"));
	ck_assert_int_eq(fstatat(directory, "to", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
	ck_assert(!has_leftovers());
	end();
}
END_TEST

START_TEST(what_cannot_be_replaced_is_told)
{
	begin();
	fill("from", 5000);
	ck_assert_int_eq(mkdirat(directory, "sub", 0755), 0);
	ck_assert_int_eq(copy("from", "sub"), BATCH_FAILED);
	ck_assert_int_eq(last.error, -EISDIR);
	ck_assert_int_eq(last.side, SIDE_DESTINATION);
	ck_assert_int_eq(copy("from", "from"), BATCH_FAILED);
	ck_assert_int_eq(last.error, -EEXIST);
	fill("to", 10);
	ck_assert_int_eq(linkat(directory, "to", directory, "name", 0), 0);
	ck_assert_int_eq(copy("from", "to"), BATCH_IN_PLACE);
	ck_assert(!has_leftovers());
	end();
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
	begin();
	ck_assert_int_eq(copy("none", "to"), BATCH_FAILED);
	ck_assert_int_eq(last.error, -ENOENT);
	ck_assert_int_eq(last.side, SIDE_SOURCE);
	ck_assert_int_eq(mkfifoat(directory, "pipe", 0644), 0);
	ck_assert_int_eq(copy("pipe", "to"), BATCH_NOT_REGULAR);
	ck_assert_int_eq(faccessat(directory, "to", F_OK, 0), -1);
	fill("from", 10);
	ck_assert_int_eq(symlinkat("from", directory, "link"), 0);
	ck_assert_int_ne(copy("link", "to"), BATCH_DONE);
	ck_assert(!has_leftovers());
	end();
}
END_TEST

START_TEST(what_is_not_wanted_is_left)
{
	const struct batch_plan plan = { .is_wanted = has_one_name };

	begin_with(plan, 4096);
	fill("from", 100000);
	ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
	ck_assert_int_eq(linkat(directory, "from", directory, "name", 0), 0);
	ck_assert_int_eq(copy("from", "other"), BATCH_LEFT);
	ck_assert_int_eq(faccessat(directory, "other", F_OK, 0), -1);
	end();
}
END_TEST

START_TEST(a_large_file_is_stopped_and_leaves_nothing)
{
	begin();
	fill("from", 5000000);
	stop = 1;
	ck_assert_int_eq(copy("from", "to"), BATCH_STOPPED);
	stop = 0;
	ck_assert_int_eq(faccessat(directory, "to", F_OK, 0), -1);
	ck_assert(!has_leftovers());
	end();
}
END_TEST

START_TEST(attributes_are_kept_where_asked_for)
{
	const struct batch_plan plan = { .is_preserved = true };
	const struct timespec times[2] = { { 1000, 0 }, { 2000, 5 } };
	struct stat st;

	begin_with(plan, 4096);
	fill("from", 5000);
	ck_assert_int_eq(fchmodat(directory, "from", 0741, 0), 0);
	ck_assert_int_eq(utimensat(directory, "from", times, 0), 0);
	ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
	ck_assert(is_same("from", "to"));
	ck_assert_int_eq(fstatat(directory, "to", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0741);
	ck_assert_int_eq(st.st_mtim.tv_sec, 2000);
	ck_assert_int_eq(st.st_mtim.tv_nsec, 5);
	end();
}
END_TEST

START_TEST(what_is_verified_has_been_read_again)
{
	const struct batch_plan plan = {
		.is_verified = true, .is_sparse = true,
	};

	begin_with(plan, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill("from", sizes[i]);
		ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
		ck_assert_int_eq(last.is_verified, sizes[i] > 0);
		ck_assert_uint_eq(last.mismatched_bytes, 0);
		ck_assert(is_same("from", "to"));
		unlinkat(directory, "to", 0);
	}
	end();
}
END_TEST

/* The source becomes another one when its copy is about to be compared. */
static bool spoil(void *data, const struct batch_answer *answer)
{
	int fd = openat(directory, "from", O_WRONLY);

	ck_assert_int_eq(pwrite(fd, "\1\2\3", 3, 5000), 3);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
	return true;
}

START_TEST(what_differs_never_gets_its_name)
{
	const struct batch_plan plan = {
		.is_verified = true, .is_wanted = spoil,
	};
	char zeros[9000] = { 0 };
	int fd;

	begin_with(plan, 4096);
	fd = openat(directory, "from", O_CREAT | O_WRONLY, 0644);
	ck_assert_int_eq(write(fd, zeros, sizeof(zeros)), 9000);
	close(fd);
	ck_assert_int_eq(copy("from", "to"), BATCH_DONE);
	ck_assert_uint_eq(last.mismatched_bytes, 3);
	ck_assert_uint_eq(last.first_mismatch_bytes, 5000);
	ck_assert_int_eq(faccessat(directory, "to", F_OK, 0), -1);
	ck_assert(!has_leftovers());
	end();
}
END_TEST

UNIT_SUITE("batch",
	   files_of_all_sizes_are_copied,
	   also_without_direct_transfers,
	   many_go_side_by_side,
	   holes_stay_holes,
	   what_is_replaced_gives_its_mode_and_is_whole_until_then,
	   what_cannot_be_replaced_is_told,
	   what_cannot_be_read_is_told,
	   what_is_not_wanted_is_left,
	   a_large_file_is_stopped_and_leaves_nothing,
	   attributes_are_kept_where_asked_for,
	   what_is_verified_has_been_read_again,
	   what_differs_never_gets_its_name);
