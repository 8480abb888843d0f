/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All parts of a copy of many files, many-*.c, as they work together. */
#include "engine/many-later.h"
#include "engine/many-tell.h"
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

#define FILES_MOST	64

static char top[] = "/var/tmp/test-many-XXXXXX";
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static struct many *many;
static volatile sig_atomic_t stop;

/* What was told. */
static struct {
	enum many_outcome outcome;
	enum walk_kind kind;
	int error;
	char destination[128], sum[CHECKSUM_TEXT_SIZE];
} told[FILES_MOST];
static unsigned told_count;

static void ended(void *data, const struct many_file *file)
{
	ck_assert_uint_lt(told_count, FILES_MOST);
	told[told_count].outcome = file->outcome;
	told[told_count].kind = file->kind;
	told[told_count].error = file->error;
	snprintf(told[told_count].destination, 128, "%s", file->destination);
	snprintf(told[told_count].sum, CHECKSUM_TEXT_SIZE, "%s",
		 file->sum ? file->sum : "");
	told_count++;
}

static enum many_outcome get_outcome(const char *destination)
{
	for (unsigned i = 0; i < told_count; i++)
		if (!strcmp(told[i].destination, destination))
			return told[i].outcome;
	return MANY_UNKNOWN;
}

static int run(const char *command)
{
	return system(command);
}

static int add(struct many *m, const char *source, const char *destination)
{
	return many_add(m, source, &destination, 1);
}

static void make(struct many_args args)
{
	bool is_into = false;

	args.context = context;
	args.topology = topology;
	args.provider = "host";
	args.is_sparse = true;
	args.stop = &stop;
	args.ended = ended;
	told_count = 0;
	ck_assert_int_eq(many_create(&args, &many), 0);
	ck_assert_int_eq(many_open_journal(many, &is_into), 0);
}

static void begin(void)
{
	scratch_make(top);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	stop = 0;
	many = NULL;
	ck_assert_int_eq(run("mkdir -p t/d && echo one >t/a && "
			     "seq 100000 >t/d/b && ln t/a t/d/c && "
			     "ln -s a t/l && mkfifo t/p"), 0);
}

static void end(void)
{
	many_destroy(many);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	scratch_remove(top, "/var/tmp/test-many-");
}

static void finish(void)
{
	ck_assert_int_eq(many_finish(many), 0);
	ck_assert(!many_is_busy(many));
}

START_TEST(a_tree_is_made_anew_with_all_that_is_in_it)
{
	const struct many_totals *totals;

	begin();
	make((struct many_args){ .is_recursive = true, .is_synced = true });
	ck_assert_int_eq(add(many, "t", "copy"), 0);
	finish();
	totals = many_get_totals(many);
	ck_assert_uint_eq(totals->files, 2);
	ck_assert_uint_eq(totals->directories, 2);
	ck_assert_uint_eq(totals->links, 1);
	ck_assert_uint_eq(totals->others, 2);
	ck_assert_uint_eq(totals->failed, 0);
	ck_assert_uint_eq(told_count, 7);
	ck_assert_int_eq(run("diff -r --no-dereference -x p t copy && "
			     "test copy/a -ef copy/d/c -a -p copy/p"), 0);
	end();
}
END_TEST

START_TEST(a_plan_writes_nothing)
{
	begin();
	make((struct many_args){ .is_recursive = true, .is_planned = true });
	ck_assert_int_eq(add(many, "t", "copy"), 0);
	finish();
	ck_assert_uint_gt(many_get_totals(many)->copied_bytes, 500000);
	ck_assert_int_ne(access("copy", F_OK), 0);
	end();
}
END_TEST

START_TEST(what_fails_is_told_and_stops_nobody)
{
	begin();
	make((struct many_args){ 0 });
	ck_assert_int_eq(mkdir("into", 0755), 0);
	ck_assert_int_eq(add(many, "none", "into/none"), 0);
	ck_assert_int_eq(add(many, "t/a", "nowhere/a"), 0);
	ck_assert_int_eq(add(many, "t/d", "into/d"), 0);
	ck_assert_int_eq(add(many, "t/a", "into/"), 0);
	ck_assert_int_eq(add(many, "t/l", "into/l"), 0);
	finish();
	ck_assert_int_eq(get_outcome("into/none"), MANY_FAILED);
	ck_assert_int_eq(get_outcome("nowhere/a"), MANY_FAILED);
	ck_assert_int_eq(get_outcome("into/d"), MANY_FAILED);
	ck_assert_int_eq(get_outcome("into/a"), MANY_DONE);
	/* A pair follows links. */
	ck_assert_int_eq(run("cmp t/a into/l && test ! -L into/l"), 0);
	ck_assert_uint_eq(many_get_totals(many)->failed, 3);
	end();
}
END_TEST

/* As if the file system of the source were mounted from these files. */
static void lie_on(const char *a, const char *b)
{
	struct ground ground = { .count = 2 };
	struct stat st;

	ground.files = calloc(2, sizeof(*ground.files));
	ck_assert_int_eq(lstat(a, &st), 0);
	ground.files[0] = (struct ground_file){ st.st_dev, st.st_ino };
	ck_assert_int_eq(lstat(b, &st), 0);
	ground.files[1] = (struct ground_file){ st.st_dev, st.st_ino };
	ground.device = st.st_dev;
	many->grounds.items = malloc(sizeof(ground));
	many->grounds.items[0] = ground;
	many->grounds.count = 1;
}

START_TEST(no_link_takes_the_name_of_what_its_source_lies_on)
{
	begin();
	ck_assert_int_eq(run("mkdir -p copy/d && echo image >copy/l && "
			     "echo image >copy/d/c && ln -s a t/m && "
			     "echo other >copy/m"), 0);
	make((struct many_args){ .is_recursive = true });
	lie_on("copy/l", "copy/d/c");
	ck_assert_int_eq(add(many, "t/.", "copy"), 0);
	finish();
	ck_assert_int_eq(get_outcome("copy/l"), MANY_REFUSED);
	/* Whichever of its names comes second is a link. */
	ck_assert_int_eq(get_outcome("copy/d/c"), MANY_REFUSED);
	ck_assert_int_eq(get_outcome("copy/m"), MANY_DONE);
	ck_assert_int_eq(run("grep -q image copy/l && test ! -L copy/l && "
			     "grep -q image copy/d/c && test -L copy/m"), 0);
	end();
}
END_TEST

START_TEST(names_of_a_file_that_failed_fail)
{
	begin();
	ck_assert_int_eq(run("mkdir -p copy/a copy/d"), 0);
	make((struct many_args){ .is_recursive = true });
	ck_assert_int_eq(add(many, "t/.", "copy/."), 0);
	finish();
	ck_assert_int_eq(get_outcome("copy/./a"), MANY_FAILED);
	/* Whichever of them is looked at first is copied, or fails. */
	ck_assert_uint_eq(many_get_totals(many)->failed,
			  access("copy/d/c", F_OK) ? 2 : 1);
	ck_assert_int_eq(run("cmp t/d/b copy/d/b"), 0);
	end();
}
END_TEST

START_TEST(a_file_with_other_names_is_written_in_place)
{
	begin();
	ck_assert_int_eq(run("mkdir -p copy/d && echo old >copy/d/b && "
			     "ln copy/d/b other && ln -s none copy/l"), 0);
	make((struct many_args){ .is_recursive = true });
	ck_assert_int_eq(add(many, "t/.", "copy"), 0);
	finish();
	ck_assert_uint_eq(many_get_totals(many)->failed, 0);
	ck_assert_int_eq(run("cmp t/d/b other && test other -ef copy/d/b && "
			     "test copy/d/c -ef copy/a && "
			     "test $(readlink copy/l) = a"), 0);
	end();
}
END_TEST

START_TEST(every_file_falls_to_one_node)
{
	uint64_t bytes = 0;

	begin();
	for (unsigned i = 0; i < 3; i++) {
		make((struct many_args){
			.is_recursive = true, .shard_index = i,
			.shard_count = 3,
		});
		ck_assert_int_eq(add(many, "t", "copy"), 0);
		finish();
		bytes += many_get_totals(many)->copied_bytes;
		many_destroy(many);
		many = NULL;
	}
	ck_assert_uint_eq(bytes, 588895 + 4);
	ck_assert_int_eq(run("diff -r --no-dereference -x p t copy"), 0);
	end();
}
END_TEST

START_TEST(names_have_the_checksum_of_their_file)
{
	begin();
	make((struct many_args){ .is_recursive = true, .checksum = "md5" });
	ck_assert_int_eq(add(many, "t", "copy"), 0);
	finish();
	for (unsigned i = 0; i < told_count; i++)
		if (told[i].kind == WALK_FILE &&
		    strcmp(told[i].destination, "copy/d/b"))
			ck_assert_str_eq(told[i].sum,
					 "5bbf5a52328e7439ae6e719dfe712200");
	end();
}
END_TEST

START_TEST(what_a_journal_has_is_not_copied_again)
{
	struct many_args args = {
		.is_recursive = true, .journal = "map", .is_resumed = true,
		.journal_interval_ns = UINT64_C(1000000000),
	};

	begin();
	make(args);
	ck_assert_int_eq(add(many, "t", "copy"), 0);
	finish();
	many_destroy(many);
	ck_assert_int_eq(run("echo more >>t/d/b"), 0);
	make(args);
	ck_assert_int_eq(add(many, "t", "copy"), 0);
	finish();
	ck_assert_int_eq(get_outcome("copy/a") == MANY_DONE_BEFORE ||
			 get_outcome("copy/a") == MANY_LINKED, 1);
	ck_assert_int_eq(get_outcome("copy/d/b"), MANY_DONE);
	ck_assert_uint_eq(many_get_totals(many)->done_before, 1);
	ck_assert_int_eq(run("diff -r --no-dereference -x p t copy && "
			     "test copy/a -ef copy/d/c"), 0);
	end();
}
END_TEST

static const char *const both[] = { "copy", "other" };

START_TEST(a_tree_is_copied_to_several_places)
{
	const struct many_totals *totals;

	begin();
	make((struct many_args){ .is_recursive = true, .is_preserved = true });
	ck_assert_int_eq(many_add(many, "t", both, 2), 0);
	finish();
	totals = many_get_totals(many);
	ck_assert_uint_eq(totals->files, 4);
	ck_assert_uint_eq(totals->directories, 4);
	ck_assert_uint_eq(totals->links, 2);
	ck_assert_uint_eq(totals->others, 4);
	ck_assert_uint_eq(totals->failed, 0);
	ck_assert_int_eq(run("for c in copy other; do "
			     "diff -r --no-dereference -x p t $c && "
			     "test $c/a -ef $c/d/c -a -p $c/p -a "
			     "! $c/d -nt t/d -a ! $c/d -ot t/d || exit 1; "
			     "done; ! test copy/a -ef other/a"), 0);
	end();
}
END_TEST

START_TEST(a_place_that_fails_does_not_stop_the_other)
{
	begin();
	make((struct many_args){ .is_recursive = true });
	ck_assert_int_eq(run("mkdir -p copy other && echo no >copy/d && "
			     "mkdir other/a"), 0);
	ck_assert_int_eq(many_add(many, "t/.", both, 2), 0);
	finish();
	ck_assert_int_eq(get_outcome("copy/d"), MANY_FAILED);
	ck_assert_int_eq(get_outcome("other/d/b"), MANY_DONE);
	ck_assert_int_eq(get_outcome("other/a"), MANY_FAILED);
	ck_assert_int_eq(get_outcome("copy/a"), MANY_DONE);
	ck_assert_int_eq(get_outcome("copy/l"), MANY_DONE);
	ck_assert_int_eq(run("cmp t/d/b other/d/b && cmp t/a copy/a"), 0);
	end();
}
END_TEST

START_TEST(no_place_is_given_twice_nor_lies_inside)
{
	const char *const same[] = { "copy", "./copy/", "t/inside" };

	begin();
	make((struct many_args){ .is_recursive = true });
	ck_assert_int_eq(many_add(many, "t", same, 3), 0);
	finish();
	ck_assert_int_eq(get_outcome("./copy"), MANY_REJECTED);
	ck_assert_int_eq(get_outcome("t/inside"), MANY_REJECTED);
	ck_assert_int_eq(run("diff -r --no-dereference -x p t copy && "
			     "! test -e t/inside"), 0);
	end();
}
END_TEST

START_TEST(a_pair_may_have_several_destinations)
{
	const char *const to[] = { "x", "d1/y", "d2/", "none/z" };

	begin();
	make((struct many_args){ .is_synced = true });
	ck_assert_int_eq(run("mkdir d1 d2"), 0);
	ck_assert_int_eq(many_add(many, "t/d/b", to, 4), 0);
	ck_assert_int_eq(many_add(many, "t/a", to + 2, 1), 0);
	finish();
	ck_assert_int_eq(get_outcome("none/z"), MANY_FAILED);
	ck_assert_int_eq(run("cmp t/d/b x && cmp t/d/b d1/y && "
			     "cmp t/d/b d2/b && cmp t/a d2/a"), 0);
	end();
}
END_TEST

/* In whichever order: everything falls to one node, at all places. */
START_TEST(nodes_share_a_tree_for_several_places)
{
	begin();
	ck_assert_int_eq(run("seq 8000000 >t/large"), 0);
	for (unsigned i = 0; i < 3; i++) {
		make((struct many_args){ .is_recursive = true,
					 .shard_index = i, .shard_count = 3 });
		ck_assert_int_eq(many_add(many, "t", both, 2), 0);
		finish();
		ck_assert_uint_eq(many_get_totals(many)->failed, 0);
		many_destroy(many);
	}
	many = NULL;
	ck_assert_int_eq(run("for c in copy other; do "
			     "diff -r --no-dereference -x p t $c && "
			     "test $c/a -ef $c/d/c || exit 1; done"), 0);
	end();
}
END_TEST

START_TEST(a_stop_begins_nothing_more)
{
	begin();
	make((struct many_args){ .is_recursive = true });
	stop = SIGINT;
	ck_assert_int_eq(add(many, "t", "copy"), -EINTR);
	ck_assert_int_eq(many_finish(many), -EINTR);
	ck_assert_int_ne(access("copy", F_OK), 0);
	end();
}
END_TEST

START_TEST(what_waits_comes_in_its_order)
{
	static struct walk_directory directory = { .users = 1, .fd = -1 };
	struct many m = { .later_end = &m.later };
	struct many_later *first;

	ck_assert_ptr_null(many_take_later(&m));
	ck_assert_ptr_nonnull(many_do_later(&m, &directory, "a", "b"));
	ck_assert_ptr_nonnull(many_do_later(&m, &directory, "c", "d"));
	ck_assert_uint_eq(directory.users, 3);
	first = many_take_later(&m);
	ck_assert_str_eq(first->source, "a");
	many_free_later(&m, first);
	ck_assert_ptr_nonnull(many_do_later(&m, &directory, "e", "f"));
	first = many_take_later(&m);
	ck_assert_str_eq(first->destination, "d");
	many_free_later(&m, first);
	first = many_take_later(&m);
	ck_assert_str_eq(first->source, "e");
	many_free_later(&m, first);
	ck_assert_ptr_null(many_take_later(&m));
	ck_assert_uint_eq(directory.users, 1);
}
END_TEST

START_TEST(what_has_failed_counts_as_nothing_else)
{
	struct many m = { 0 };
	struct many_file file = {
		.kind = WALK_FILE, .outcome = MANY_DONE, .copied_bytes = 7,
		.peer_bytes = 5, .skipped_bytes = 3, .is_changed = true,
	};

	many_tell(&m, NULL, "a", "b", &file);
	file.outcome = MANY_DIFFERS;
	many_tell(&m, NULL, "a", "b", &file);
	file.outcome = MANY_DONE_BEFORE;
	file.copied_bytes = file.peer_bytes = 0;
	file.is_changed = false;
	many_tell(&m, NULL, "a", "b", &file);
	many_tell_failed(&m, NULL, "a", "b", SIDE_SOURCE, "read", -EIO);
	ck_assert_uint_eq(m.totals.files, 1);
	ck_assert_uint_eq(m.totals.failed, 2);
	ck_assert_uint_eq(m.totals.changed, 1);
	ck_assert_uint_eq(m.totals.done_before, 1);
	ck_assert_uint_eq(m.totals.copied_bytes, 7);
	ck_assert_uint_eq(m.totals.peer_bytes, 5);
	ck_assert_uint_eq(m.totals.skipped_bytes, 6);
}
END_TEST

UNIT_SUITE("many", a_tree_is_made_anew_with_all_that_is_in_it,
	   a_plan_writes_nothing, what_fails_is_told_and_stops_nobody,
	   no_link_takes_the_name_of_what_its_source_lies_on,
	   names_of_a_file_that_failed_fail,
	   a_file_with_other_names_is_written_in_place,
	   every_file_falls_to_one_node,
	   names_have_the_checksum_of_their_file,
	   what_a_journal_has_is_not_copied_again,
	   a_tree_is_copied_to_several_places,
	   a_place_that_fails_does_not_stop_the_other,
	   no_place_is_given_twice_nor_lies_inside,
	   a_pair_may_have_several_destinations,
	   nodes_share_a_tree_for_several_places,
	   a_stop_begins_nothing_more, what_waits_comes_in_its_order,
	   what_has_failed_counts_as_nothing_else);
