/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/copy-job.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"

static char directory[64], from[80], to[80], other[80], map[80];
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static struct copy_job job;
static struct copy_job_args args;
static const char *also[] = { other };

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void check(const char *path, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(got, 1, sizeof(got) - 1, file), strlen(text));
	fclose(file);
	ck_assert_str_eq(got, text);
}

static void set_up(void)
{
	strcpy(directory, "/var/tmp/test-job-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(from, sizeof(from), "%s/from", directory);
	snprintf(to, sizeof(to), "%s/to", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	snprintf(map, sizeof(map), "%s/map", directory);
	put(from, "some data");
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	args = (struct copy_job_args){
		.source = from, .destination = to, .provider = "host",
		.size_bytes = COPY_SIZE_REST, .is_synced = true,
		.journal_interval_ns = NS_PER_SEC,
	};
}

static void tear_down(void)
{
	copy_job_fini(&job);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	unlink(from);
	unlink(to);
	unlink(other);
	unlink(map);
	ck_assert_msg(!rmdir(directory), "%s is not empty", directory);
}

static int plan(void)
{
	return copy_job_plan(&job, context, topology, &args);
}

static void run(void)
{
	ck_assert_int_eq(plan(), 0);
	ck_assert_int_eq(copy_job_open(&job), 0);
	ck_assert_int_eq(copy_job_run(&job), 0);
}

START_TEST(all_stages_make_a_copy)
{
	set_up();
	args.checksum = "md5";
	run();
	ck_assert_int_eq(copy_job_sum(&job), 0);
	ck_assert(job.is_summed);
	ck_assert_str_eq(job.sum, "1e50210a0202497fb79bc38b6ade6c34");
	ck_assert_int_eq(copy_job_verify(&job), 0);
	ck_assert(job.is_verified);
	ck_assert_uint_eq(job.verified.mismatched_bytes, 0);
	check(to, "some data");
	tear_down();
}
END_TEST

START_TEST(planning_changes_nothing)
{
	set_up();
	args.also = also;
	args.also_count = 1;
	args.journal = map;
	ck_assert_int_eq(plan(), 0);
	ck_assert_uint_eq(job.size_bytes, 9);
	ck_assert_int_ne(access(to, F_OK), 0);
	ck_assert_int_ne(access(other, F_OK), 0);
	ck_assert_int_ne(access(map, F_OK), 0);
	tear_down();
}
END_TEST

START_TEST(a_plan_that_fails_says_what_was_tried)
{
	set_up();
	unlink(from);
	ck_assert_int_eq(plan(), -ENOENT);
	ck_assert_int_eq(job.trouble, COPY_JOB_FAILED);
	ck_assert_msg(!strncmp(job.tried, "read ", 5), "%s", job.tried);
	tear_down();
}
END_TEST

/* Between the plan and the opening, the name becomes another file's. */
static void swap(const char *path)
{
	char aside[100];

	snprintf(aside, sizeof(aside), "%s.new", path);
	put(aside, "evil data");
	ck_assert_int_eq(rename(aside, path), 0);
}

START_TEST(a_source_that_is_exchanged_is_not_read)
{
	set_up();
	ck_assert_int_eq(plan(), 0);
	swap(from);
	ck_assert_int_eq(copy_job_open(&job), -EAGAIN);
	ck_assert_int_eq(job.trouble, COPY_JOB_REJECTED);
	ck_assert_int_ne(access(to, F_OK), 0);
	tear_down();
}
END_TEST

START_TEST(a_destination_that_is_exchanged_is_not_written)
{
	set_up();
	put(to, "0123456789");
	args.is_seek_given = true;	/* in place */
	ck_assert_int_eq(plan(), 0);
	swap(to);
	ck_assert_int_eq(copy_job_open(&job), -EAGAIN);
	ck_assert_int_eq(job.trouble, COPY_JOB_REJECTED);
	check(to, "evil data");
	tear_down();
}
END_TEST

START_TEST(a_link_that_is_put_in_between_leads_nowhere)
{
	set_up();
	put(to, "0123456789");
	put(other, "precious");
	args.is_in_place = true;
	ck_assert_int_eq(plan(), 0);
	ck_assert_int_eq(unlink(to), 0);
	ck_assert_int_eq(symlink(other, to), 0);
	ck_assert_int_eq(copy_job_open(&job), -EAGAIN);
	check(other, "precious");
	tear_down();
}
END_TEST

START_TEST(the_source_that_is_put_in_between_is_not_written)
{
	set_up();
	args.is_seek_given = true;
	put(to, "0123456789");
	ck_assert_int_eq(plan(), 0);
	ck_assert_int_eq(unlink(to), 0);
	ck_assert_int_eq(link(from, to), 0);
	ck_assert_int_lt(copy_job_open(&job), 0);
	check(from, "some data");
	tear_down();
}
END_TEST

/* A directory that another user exchanges once it is planned: for both ends. */
static char held[80], moved[80];

static char *name_in(const char *path, const char *name)
{
	static char joined[2][96];
	static unsigned turn;
	char *text = joined[turn++ % 2];

	snprintf(text, sizeof(joined[0]), "%s/%s", path, name);
	return text;
}

static void hold(void)
{
	static char held_from[96], held_to[96];
	int fd;

	snprintf(held, sizeof(held), "%s/held", directory);
	snprintf(moved, sizeof(moved), "%s/moved", directory);
	ck_assert_int_eq(mkdir(held, 0700), 0);
	fd = open(held, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	strcpy(held_from, name_in(held, "from"));
	strcpy(held_to, name_in(held, "to"));
	put(held_from, "our data");
	args.source = held_from;
	args.destination = held_to;
	args.source_place = (struct endpoint_place){ fd, "from" };
	args.destination_place = (struct endpoint_place){ fd, "to" };
}

static void exchange_held(void)
{
	ck_assert_int_eq(rename(held, moved), 0);
	ck_assert_int_eq(mkdir(held, 0700), 0);
	put(args.source, "evil data");
	put(args.destination, "precious");
}

static void let_go(void)
{
	static const char *const names[] = { "from", "to", "other" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		unlink(name_in(held, names[i]));
		unlink(name_in(moved, names[i]));
	}
	ck_assert_int_eq(rmdir(held), 0);
	ck_assert_int_eq(rmdir(moved), 0);
	close(args.source_place.directory_fd);
}

START_TEST(a_directory_that_is_held_cannot_be_exchanged)
{
	/* The destination is new, is replaced, and is written in place. */
	for (int way = 0; way < 3; way++) {
		set_up();
		hold();
		if (way)
			put(args.destination, "old");
		if (way == 2)
			ck_assert_int_eq(link(args.destination,
					      name_in(held, "other")), 0);
		ck_assert_int_eq(plan(), 0);
		exchange_held();
		ck_assert_int_eq(copy_job_open(&job), 0);
		ck_assert_int_eq(copy_job_run(&job), 0);
		check(args.destination, "precious");
		check(name_in(moved, "to"), "our data");
		if (way == 2)
			check(name_in(moved, "other"), "our data");
		let_go();
		tear_down();
	}
}
END_TEST

START_TEST(in_a_directory_that_is_held_no_link_is_followed)
{
	set_up();
	hold();
	put(other, "precious");
	ck_assert_int_eq(symlink(other, args.destination), 0);
	run();
	check(other, "precious");
	check(args.destination, "our data");
	copy_job_fini(&job);
	ck_assert_int_eq(unlink(args.source), 0);
	ck_assert_int_eq(symlink(other, args.source), 0);
	ck_assert_int_eq(plan(), -EAGAIN);
	ck_assert_int_eq(job.trouble, COPY_JOB_REJECTED);
	ck_assert_int_eq(mkdir(moved, 0700), 0);
	let_go();
	tear_down();
}
END_TEST

START_TEST(several_destinations_have_it)
{
	set_up();
	args.also = also;
	args.also_count = 1;
	run();
	ck_assert_int_eq(copy_job_verify(&job), 0);
	ck_assert_ptr_eq(copy_job_get_leg(&job, 0), &job);
	ck_assert_str_eq(copy_job_get_leg(&job, 1)->destination_path, other);
	ck_assert_int_eq(copy_job_get_drop(&job, 1)->side, SIDE_NONE);
	check(to, "some data");
	check(other, "some data");
	tear_down();
}
END_TEST

START_TEST(a_journal_is_gone_on_from_once_only)
{
	set_up();
	args.journal = map;
	run();
	ck_assert(job.result.is_saved);
	ck_assert(copy_job_is_resumable(&job));
	copy_job_fini(&job);
	ck_assert_int_eq(plan(), -EEXIST);
	ck_assert_int_eq(job.trouble, COPY_JOB_REJECTED);
	copy_job_fini(&job);
	args.is_resumed = true;
	run();
	ck_assert_uint_eq(job.result.copied_bytes, 0);
	ck_assert_uint_eq(job.result.skipped_bytes, 9);
	check(to, "some data");
	tear_down();
}
END_TEST

START_TEST(a_part_must_be_within_the_source)
{
	set_up();
	args.skip_bytes = 10;
	ck_assert_int_eq(plan(), -EINVAL);
	ck_assert_int_eq(job.trouble, COPY_JOB_WRONG);
	copy_job_fini(&job);
	args.skip_bytes = 5;
	run();
	check(to, "data");
	tear_down();
}
END_TEST

UNIT_SUITE("copy-job", all_stages_make_a_copy, planning_changes_nothing,
	   a_plan_that_fails_says_what_was_tried,
	   a_source_that_is_exchanged_is_not_read,
	   a_destination_that_is_exchanged_is_not_written,
	   a_link_that_is_put_in_between_leads_nowhere,
	   the_source_that_is_put_in_between_is_not_written,
	   a_directory_that_is_held_cannot_be_exchanged,
	   in_a_directory_that_is_held_no_link_is_followed,
	   several_destinations_have_it, a_journal_is_gone_on_from_once_only,
	   a_part_must_be_within_the_source);
