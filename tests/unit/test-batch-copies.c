/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file that is read once and written to several places.
 */
#include "engine/batch.h"
#include "unit/batching.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "engine/batch-state.h"

#define LANES	4
#define PLACES	3

static char top[] = "/var/tmp/test-copies-XXXXXX";
static const char *const names[PLACES] = { "a", "b", "c" };
static int directory, places[PLACES];
static struct batching below;
static struct batch *batch;
static unsigned route;
static volatile sig_atomic_t stop;

/* What was told of each place. */
static struct batch_answer told[PLACES];
static char sums[PLACES][CHECKSUM_TEXT_SIZE];
static unsigned told_count;
static int unwanted;

static void done(void *data, const struct batch_answer *answer)
{
	int *place = answer->owner;

	told[place - places] = *answer;
	told_count++;
	if (answer->sum)
		strcpy(sums[place - places], answer->sum);
}

static bool is_wanted(void *data, const struct batch_answer *answer)
{
	return (int *)answer->owner - places != unwanted;
}

static void begin_with(struct batch_plan plan, uint32_t align)
{
	scratch_make(top);
	directory = open(top, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < PLACES; i++) {
		ck_assert_int_eq(mkdirat(directory, names[i], 0777), 0);
		places[i] = openat(directory, names[i], O_RDONLY | O_DIRECTORY);
	}
	plan.stop = &stop;
	plan.done = done;
	batching_open(&below, plan, LANES, align, &batch, &route);
	stop = 0;
}

static void begin(void)
{
	const struct batch_plan plan = { .is_sparse = true };

	begin_with(plan, 4096);
}

static void end(void)
{
	batching_close(&below, batch);
	for (int i = 0; i < PLACES; i++)
		close(places[i]);
	close(directory);
	scratch_remove(top, "/var/tmp/test-copies-");
}

static void fill(const char *name, size_t size)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	unsigned char *data = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)(i * 2654435761u >> 13);
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	free(data);
	close(fd);
}

static bool is_copied(const char *name, int place)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/%s", top, name);
	snprintf(to, sizeof(to), "%s/%s/%s", top, names[place], name);
	return scratch_is_same(from, to);
}

static bool has_leftovers(void)
{
	char command[128];

	snprintf(command, sizeof(command), "find '%s' -name '*.part' | "
		 "grep -q .", top);
	return !system(command);
}

static void push(const char *name)
{
	const struct batch_place there[PLACES] = {
		{ directory, places[0], name, &places[0] },
		{ directory, places[1], name, &places[1] },
		{ directory, places[2], name, &places[2] },
	};
	const struct batch_request request = {
		.route = route,
		.source = name,
		.places = there,
		.place_count = PLACES,
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
	ck_assert(!has_leftovers());
}

static void copy(const char *name)
{
	memset(told, 0, sizeof(told));
	told_count = 0;
	push(name);
	drain();
	ck_assert_uint_eq(told_count, PLACES);
}

static const size_t sizes[] = {
	0, 1, 4095, 4096, 65535, 65536, 65537, 131073, 5000001,
};

static void copy_all_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char name[16];

		snprintf(name, sizeof(name), "file%zu", i);
		fill(name, sizes[i]);
		copy(name);
		for (int p = 0; p < PLACES; p++) {
			ck_assert_int_eq(told[p].outcome, BATCH_DONE);
			ck_assert_uint_eq(told[p].copied_bytes, sizes[i]);
			ck_assert_msg(is_copied(name, p), "%zu bytes, place %d",
				      sizes[i], p);
		}
	}
}

START_TEST(all_places_have_it)
{
	begin();
	copy_all_sizes();
	end();
}
END_TEST

START_TEST(also_without_direct_transfers)
{
	begin_with((struct batch_plan){ 0 }, 0);
	copy_all_sizes();
	end();
}
END_TEST

START_TEST(also_with_their_attributes_and_read_again)
{
	begin_with((struct batch_plan){ .is_preserved = true,
					.is_verified = true,
					.is_sparse = true }, 4096);
	copy_all_sizes();
	for (int p = 0; p < PLACES; p++) {
		struct stat from, to;

		ck_assert(told[p].is_verified);
		ck_assert_int_eq(fstatat(directory, "file8", &from, 0), 0);
		ck_assert_int_eq(fstatat(places[p], "file8", &to, 0), 0);
		ck_assert_int_eq(to.st_mtime, from.st_mtime);
		ck_assert_uint_eq(to.st_mode, from.st_mode);
	}
	end();
}
END_TEST

START_TEST(the_checksum_is_that_of_all)
{
	begin_with((struct batch_plan){ .checksum = "sha256" }, 4096);
	for (size_t i = 0; i < 2; i++) {
		memset(sums, 0, sizeof(sums));
		fill("file", i ? 1000003 : 10);
		copy("file");
		ck_assert_uint_eq(strlen(sums[0]), 64);
		ck_assert_str_eq(sums[0], sums[1]);
		ck_assert_str_eq(sums[0], sums[2]);
	}
	end();
}
END_TEST

START_TEST(holes_stay_holes_unless_one_is_written_over)
{
	static char other[400000];
	struct stat st;
	int fd;

	begin();
	fd = openat(directory, "holes", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(pwrite(fd, "begin", 5, 0), 5);
	ck_assert_int_eq(pwrite(fd, "end", 3, 7 << 20), 3);
	close(fd);
	copy("holes");
	for (int p = 0; p < PLACES; p++) {
		ck_assert(is_copied("holes", p));
		ck_assert_uint_gt(told[p].skipped_bytes, 4 << 20);
		ck_assert_int_eq(fstatat(places[p], "holes", &st, 0), 0);
		ck_assert_int_lt(st.st_blocks, 4096);
	}
	end();

	begin_with((struct batch_plan){ .is_sparse = true,
					.is_in_place = true }, 4096);
	fd = openat(directory, "holes", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(pwrite(fd, "end", 3, 1 << 20), 3);
	close(fd);
	fd = openat(places[1], "holes", O_WRONLY | O_CREAT, 0600);
	memset(other, 'o', sizeof(other));
	ck_assert_int_eq(write(fd, other, sizeof(other)), sizeof(other));
	close(fd);
	copy("holes");
	for (int p = 0; p < PLACES; p++) {
		ck_assert_int_eq(told[p].outcome, BATCH_DONE);
		ck_assert(is_copied("holes", p));
	}
	end();
}
END_TEST

/* A place where a directory has the name takes no file. */
static void fail_at(int place, size_t size)
{
	begin();
	fill("file", size);
	ck_assert_int_eq(mkdirat(places[place], "file", 0777), 0);
	copy("file");
	for (int p = 0; p < PLACES; p++) {
		if (p == place) {
			ck_assert_int_eq(told[p].outcome, BATCH_FAILED);
			ck_assert_int_eq(told[p].error, -EISDIR);
			continue;
		}
		ck_assert_int_eq(told[p].outcome, BATCH_DONE);
		ck_assert(is_copied("file", p));
	}
	end();
}

START_TEST(one_that_fails_does_not_stop_the_others)
{
	for (int place = 0; place < PLACES; place++) {
		fail_at(place, 10);
		fail_at(place, 3000000);
	}
}
END_TEST

static void leave_out(int place)
{
	begin_with((struct batch_plan){ .is_wanted = is_wanted }, 4096);
	unwanted = place;
	fill("file", 3000000);
	copy("file");
	for (int p = 0; p < PLACES; p++) {
		ck_assert_int_eq(told[p].outcome, p == place ? BATCH_LEFT :
							       BATCH_DONE);
		ck_assert_int_eq(is_copied("file", p), p != place);
	}
	end();
}

START_TEST(one_that_is_not_wanted_is_left_out)
{
	for (int place = 0; place < PLACES; place++)
		leave_out(place);
}
END_TEST

START_TEST(a_source_that_is_not_there_is_nowhere)
{
	begin();
	copy("missing");
	for (int p = 0; p < PLACES; p++) {
		ck_assert_int_eq(told[p].outcome, BATCH_FAILED);
		ck_assert_int_eq(told[p].side, SIDE_SOURCE);
		ck_assert_int_eq(told[p].error, -ENOENT);
	}
	ck_assert_int_eq(mkdirat(directory, "aside", 0777), 0);
	copy("aside");
	for (int p = 0; p < PLACES; p++)
		ck_assert_int_eq(told[p].outcome, BATCH_NOT_REGULAR);
	end();
}
END_TEST

START_TEST(a_signal_ends_all)
{
	begin();
	fill("file", 5000000);
	stop = 1;
	copy("file");
	for (int p = 0; p < PLACES; p++) {
		ck_assert_int_eq(told[p].outcome, BATCH_STOPPED);
		ck_assert_int_ne(faccessat(places[p], "file", F_OK, 0), 0);
	}
	end();
}
END_TEST

START_TEST(more_than_there_is_room_for)
{
	char name[16];

	begin();
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		fill(name, (size_t)i % 40 * 997);
	}
	told_count = 0;
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		push(name);
	}
	drain();
	ck_assert_uint_eq(told_count, 400 * PLACES);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		ck_assert(is_copied(name, i % PLACES));
	}
	end();
}
END_TEST

/* As on NFS: what has the name already is looked at all the same. */
START_TEST(without_an_exclusive_rename_too)
{
	struct stat st;
	ino_t inode;

	begin();
	batch->routes[route].has_no_exclusive_rename = true;
	fill("file", 1000);
	ck_assert_int_eq(linkat(directory, "file", places[0], "file", 0), 0);
	ck_assert_int_eq(fstatat(places[0], "file", &st, 0), 0);
	inode = st.st_ino;
	copy("file");
	ck_assert_int_eq(told[0].outcome, BATCH_FAILED);
	ck_assert_int_eq(told[0].error, -EEXIST);
	ck_assert_int_eq(fstatat(places[0], "file", &st, 0), 0);
	ck_assert_uint_eq(st.st_ino, inode);
	ck_assert_int_eq(told[1].outcome, BATCH_DONE);
	ck_assert(is_copied("file", 1));
	ck_assert(is_copied("file", 2));
	end();
}
END_TEST

UNIT_SUITE("copies of one file",
	   all_places_have_it,
	   also_without_direct_transfers,
	   also_with_their_attributes_and_read_again,
	   the_checksum_is_that_of_all,
	   holes_stay_holes_unless_one_is_written_over,
	   one_that_fails_does_not_stop_the_others,
	   one_that_is_not_wanted_is_left_out,
	   a_source_that_is_not_there_is_nowhere,
	   a_signal_ends_all,
	   more_than_there_is_room_for,
	   without_an_exclusive_rename_too);
