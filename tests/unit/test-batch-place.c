/* SPDX-License-Identifier: GPL-2.0-or-later */
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

static char top[] = "/var/tmp/test-batch-place-XXXXXX";
static int directory;
static struct batching below;
static struct batch *batch;
static unsigned route;
static bool may_be_replaced;
static struct batch_answer last;

static void done(void *data, const struct batch_answer *answer)
{
	last = *answer;
}

static bool may_replace(void *data, const struct batch_answer *answer,
			const struct stat *old)
{
	return may_be_replaced;
}

static void begin(bool is_in_place)
{
	const struct batch_plan plan = {
		.is_in_place = is_in_place, .is_sparse = true,
		.may_replace = may_replace, .done = done,
	};

	scratch_make(top);
	ck_assert_int_eq(chdir(top), 0);
	directory = open(top, O_RDONLY | O_DIRECTORY);
	batching_open(&below, plan, 2, 4096, &batch, &route);
	may_be_replaced = true;
	ck_assert_int_eq(system("echo new >a && seq 100000 >b && ln b c && "
				"ln -s b link && mkdir d && mkfifo pipe"), 0);
}

static void end(void)
{
	batching_close(&below, batch);
	close(directory);
	scratch_remove(top, "/var/tmp/test-batch-place-");
}

static enum batch_outcome copy(const char *from, const char *to)
{
	const struct batch_place place = { directory, directory, to, NULL };
	const struct batch_request request = {
		.route = route, .source = from,
		.is_followed = true, .places = &place, .place_count = 1,
	};

	ck_assert_int_eq(batch_push(batch, &request), 0);
	while (batch_is_busy(batch))
		ck_assert_int_eq(batch_turn(batch), 0);
	return last.outcome;
}

static void holds(const char *command)
{
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_ne(system("ls -A | grep -q part"), 0);
}

static ino_t inode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(name, &st), 0);
	return st.st_ino;
}

START_TEST(a_file_with_one_name_is_replaced_by_another_one)
{
	ino_t before;

	begin(false);
	ck_assert_int_eq(system("rm c && chmod 640 b"), 0);
	before = inode_of("b");
	ck_assert_int_eq(copy("a", "b"), BATCH_DONE);
	ck_assert(inode_of("b") != before);
	holds("cmp a b && test $(stat -c %a b) = 640");
	end();
}
END_TEST

START_TEST(what_more_names_mean_is_left_to_others)
{
	begin(false);
	ck_assert_int_eq(copy("a", "b"), BATCH_IN_PLACE);
	ck_assert_int_eq(copy("a", "link"), BATCH_IN_PLACE);
	holds("cmp -s a b; test $? = 1");
	end();
}
END_TEST

START_TEST(a_directory_and_the_source_itself_are_refused)
{
	begin(false);
	ck_assert_int_eq(copy("a", "d"), BATCH_FAILED);
	ck_assert_int_eq(last.error, -EISDIR);
	ck_assert_int_eq(copy("a", "a"), BATCH_FAILED);
	ck_assert_int_eq(last.error, -EEXIST);
	ck_assert_str_eq(last.deed, "copy onto itself");
	/* Under another name, too. */
	ck_assert_int_eq(copy("b", "c"), BATCH_FAILED);
	holds("grep -q new a");
	end();
}
END_TEST

START_TEST(what_may_not_be_replaced_is_kept)
{
	begin(false);
	may_be_replaced = false;
	ck_assert_int_eq(copy("a", "b"), BATCH_KEPT);
	holds("test $(wc -l <b) = 100000");
	ck_assert_int_eq(copy("a", "fresh"), BATCH_DONE);
	holds("cmp a fresh");
	end();
}
END_TEST

START_TEST(in_place_it_is_the_same_file_cut_to_its_size)
{
	ino_t before;

	begin(true);
	before = inode_of("b");
	ck_assert_int_eq(copy("a", "b"), BATCH_DONE);
	ck_assert_uint_eq(inode_of("b"), before);
	holds("cmp a b && cmp a c");
	ck_assert_int_eq(copy("a", "fresh"), BATCH_DONE);
	holds("cmp a fresh");
	end();
}
END_TEST

START_TEST(in_place_there_is_a_no_before_anything_is_written)
{
	begin(true);
	ck_assert_int_eq(copy("a", "a"), BATCH_FAILED);
	ck_assert_int_eq(last.error, -EEXIST);
	may_be_replaced = false;
	ck_assert_int_eq(copy("a", "b"), BATCH_KEPT);
	holds("grep -q new a && test $(wc -l <b) = 100000");
	end();
}
END_TEST

UNIT_SUITE("batch-place", a_file_with_one_name_is_replaced_by_another_one,
	   what_more_names_mean_is_left_to_others,
	   a_directory_and_the_source_itself_are_refused,
	   what_may_not_be_replaced_is_kept,
	   in_place_it_is_the_same_file_cut_to_its_size,
	   in_place_there_is_a_no_before_anything_is_written);
