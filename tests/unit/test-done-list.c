/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/done-list.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/test-done-list-XXXXXX";
static struct done_list *list;
static bool is_into;

static const struct done_file a = {
	.destination = "copy/a", .size_bytes = 10,
	.modified = { 1700000000, 123456789 },
};
static const struct done_file odd = {
	.destination = "copy/new\nline\\", .size_bytes = 0,
	.modified = { -5, 1 },
};

static void begin(void)
{
	strcpy(strrchr(path, '-'), "-XXXXXX");
	close(mkstemp(path));
	unlink(path);
	is_into = true;
	ck_assert_int_eq(done_list_open(path, false, &is_into, "md5", &list),
			 0);
}

static int open_again(const char *algorithm)
{
	done_list_close(list);
	list = NULL;
	is_into = false;
	return done_list_open(path, true, &is_into, algorithm, &list);
}

static void end(void)
{
	done_list_close(list);
	list = NULL;
	unlink(path);
}

static void append(const char *text)
{
	FILE *file = fopen(path, "a");

	fputs(text, file);
	fclose(file);
}

static off_t get_size(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

START_TEST(what_was_saved_is_there_in_the_next_run)
{
	char sum[CHECKSUM_TEXT_SIZE] = "";

	begin();
	ck_assert_int_eq(done_list_add(list, &a, "0123"), 0);
	ck_assert_int_eq(done_list_add(list, &odd, NULL), 0);
	ck_assert_int_eq(done_list_save(list), 0);
	/* Of this run nothing has to be known. */
	ck_assert(!done_list_has(list, &a, sum));
	ck_assert_int_eq(open_again("md5"), 0);
	ck_assert(is_into);
	ck_assert(done_list_has(list, &a, sum));
	ck_assert_str_eq(sum, "0123");
	/* It has no checksum. */
	ck_assert(!done_list_has(list, &odd, sum));
	ck_assert_int_eq(open_again(NULL), 0);
	ck_assert(done_list_has(list, &odd, sum));
	ck_assert_int_eq(open_again("sha256"), 0);
	ck_assert(!done_list_has(list, &a, sum));
	end();
}
END_TEST

START_TEST(what_was_not_saved_is_not)
{
	char sum[CHECKSUM_TEXT_SIZE];

	begin();
	ck_assert_uint_eq(done_list_get_unsaved(list), 0);
	ck_assert_int_eq(done_list_add(list, &a, "0123"), 0);
	ck_assert_uint_gt(done_list_get_unsaved(list), 0);
	ck_assert_int_eq(open_again("md5"), 0);
	ck_assert(!done_list_has(list, &a, sum));
	end();
}
END_TEST

START_TEST(another_size_time_or_name_is_another_file)
{
	struct done_file other = a;

	begin();
	ck_assert_int_eq(done_list_add(list, &a, NULL), 0);
	ck_assert_int_eq(done_list_save(list), 0);
	ck_assert_int_eq(open_again(NULL), 0);
	ck_assert(done_list_has(list, &other, NULL));
	other.size_bytes++;
	ck_assert(!done_list_has(list, &other, NULL));
	other = a;
	other.modified.tv_nsec++;
	ck_assert(!done_list_has(list, &other, NULL));
	other = a;
	other.destination = "copy/b";
	ck_assert(!done_list_has(list, &other, NULL));
	end();
}
END_TEST

START_TEST(what_was_done_twice_is_as_it_was_done_last)
{
	char sum[CHECKSUM_TEXT_SIZE];

	begin();
	for (int i = 0; i < 20; i++) {
		snprintf(sum, sizeof(sum), "%d", i);
		ck_assert_int_eq(done_list_add(list, &a, i % 5 ? sum : NULL),
				 0);
		ck_assert_int_eq(done_list_save(list), 0);
	}
	ck_assert_int_eq(open_again("md5"), 0);
	ck_assert(done_list_has(list, &a, sum));
	ck_assert_str_eq(sum, "19");
	end();
}
END_TEST

START_TEST(a_torn_end_is_cut)
{
	static const char *const torn[] = {
		"#", "# p2pcopy done: - 10 17", "rubbish\n",
		"# p2pcopy done: - 5 1.000000001 x\n",
		"# p2pcopy done: - 5 1.000000001 x\n0x0 0x5 +\n",
		"# p2pcopy done: - 5 1.000000001 x\n0x0000000A  0x00000005",
	};
	off_t size;

	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++) {
		begin();
		ck_assert_int_eq(done_list_add(list, &a, NULL), 0);
		ck_assert_int_eq(done_list_save(list), 0);
		size = get_size();
		append(torn[i]);
		ck_assert_int_eq(open_again(NULL), 0);
		ck_assert(done_list_has(list, &a, NULL));
		/* But for the line that this run has begun with. */
		ck_assert_int_gt(get_size(), size);
		ck_assert_int_le(get_size(), size + 40);
		ck_assert_int_eq(done_list_add(list, &odd, NULL), 0);
		ck_assert_int_eq(done_list_save(list), 0);
		ck_assert_int_eq(open_again(NULL), 0);
		ck_assert(done_list_has(list, &odd, NULL));
		end();
	}
}
END_TEST

START_TEST(who_wrote_before_is_known)
{
	begin();
	ck_assert(!done_list_is_writer(list, getpid()));
	ck_assert_int_eq(open_again(NULL), 0);
	ck_assert(done_list_is_writer(list, getpid()));
	ck_assert(!done_list_is_writer(list, getpid() + 1));
	end();
}
END_TEST

START_TEST(a_file_that_is_there_is_not_written_over)
{
	begin();
	done_list_close(list);
	list = NULL;
	ck_assert_int_eq(done_list_open(path, false, &is_into, NULL, &list),
			 -EEXIST);
	unlink(path);
	append("rubbish");
	ck_assert_int_eq(done_list_open(path, true, &is_into, NULL, &list),
			 -EINVAL);
	ck_assert_int_eq(get_size(), 7);
	ck_assert_int_eq(done_list_open("/tmp", true, &is_into, NULL, &list),
			 -EISDIR);
	ck_assert_int_eq(done_list_open("/dev/null", true, &is_into, NULL,
					&list), -EINVAL);
	ck_assert_ptr_null(list);
	end();
}
END_TEST

START_TEST(an_empty_one_or_half_a_head_is_begun)
{
	begin();
	done_list_close(list);
	list = NULL;
	ck_assert_int_eq(truncate(path, 20), 0);
	is_into = false;
	ck_assert_int_eq(done_list_open(path, true, &is_into, NULL, &list), 0);
	ck_assert(!is_into);
	ck_assert_int_eq(done_list_add(list, &a, NULL), 0);
	ck_assert_int_eq(done_list_save(list), 0);
	ck_assert_int_eq(open_again(NULL), 0);
	ck_assert(done_list_has(list, &a, NULL));
	ck_assert(!is_into);
	end();
}
END_TEST

UNIT_SUITE("done-list", what_was_saved_is_there_in_the_next_run,
	   what_was_not_saved_is_not,
	   another_size_time_or_name_is_another_file,
	   what_was_done_twice_is_as_it_was_done_last, a_torn_end_is_cut,
	   who_wrote_before_is_known,
	   a_file_that_is_there_is_not_written_over,
	   an_empty_one_or_half_a_head_is_begun);
