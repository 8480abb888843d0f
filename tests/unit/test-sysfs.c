/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/sysfs.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static struct fixture tree;

START_TEST(text_loses_the_white_space_at_its_end)
{
	_cleanup_free_ char *text = NULL;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "file sys/a/name two words \\n\\n");
	ck_assert_int_eq(sysfs_read_text(tree.context, "sys/a", "name",
					 &text), 0);
	ck_assert_str_eq(text, "two words");
	fixture_close(&tree);
}
END_TEST

START_TEST(a_long_file_is_read_to_its_end)
{
	_cleanup_free_ char *text = NULL;
	static char line[20000];

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "file sys/long ", 14);
	fixture_open(&tree, NULL);
	fixture_add(&tree, line);
	ck_assert_int_eq(sysfs_read_text(tree.context, "sys", "long", &text),
			 0);
	ck_assert_uint_eq(strlen(text), sizeof(line) - 1 - 14);
	fixture_close(&tree);
}
END_TEST

START_TEST(numbers_are_decimal_or_hexadecimal_and_nothing_else)
{
	uint64_t number = 42;
	int small = 42;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "file s/dec 18446744073709551615\n"
			   "file s/hex 0x8086\n"
			   "file s/bare 8086\n"
			   "file s/minus -1\n"
			   "file s/large 18446744073709551616\n"
			   "file s/text 12 apples\n"
			   "file s/empty ");
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "dec", &number), 0);
	ck_assert_uint_eq(number, UINT64_MAX);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "hex", &number), 0);
	ck_assert_uint_eq(number, 0x8086);
	ck_assert_int_eq(sysfs_read_hex(tree.context, "s", "bare", &number),
			 0);
	ck_assert_uint_eq(number, 0x8086);
	ck_assert_int_eq(sysfs_read_int(tree.context, "s", "minus", &small),
			 0);
	ck_assert_int_eq(small, -1);
	number = 42;
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "minus", &number),
			 -EINVAL);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "large", &number),
			 -EINVAL);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "text", &number),
			 -EINVAL);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "empty", &number),
			 -EINVAL);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "s", "none", &number),
			 -ENOENT);
	ck_assert_uint_eq(number, 42);
	fixture_close(&tree);
}
END_TEST

START_TEST(a_directory_that_was_entered_is_read_like_any_other)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	struct p2pdma_context here;
	uint64_t number;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "file sys/devices/pci0/a/value 7\n"
			   "link sys/bus/a ../devices/pci0/a\n"
			   "link sys/devices/pci0/a/out ../../../other\n"
			   "link sys/devices/pci0/a/root /sys/other\n"
			   "file sys/other/value 8");
	ck_assert_int_eq(sysfs_enter(tree.context, "sys/bus/b", &here),
			 -ENOENT);
	ck_assert_int_eq(sysfs_enter(tree.context, "sys/bus/a", &here), 0);
	ck_assert_int_eq(sysfs_read_u64(&here, "sys/bus/a", "value", &number),
			 0);
	ck_assert_uint_eq(number, 7);
	ck_assert_int_eq(sysfs_read_u64(&here, "sys/bus/a", "out/value",
					&number), 0);
	ck_assert_uint_eq(number, 8);
	ck_assert_int_eq(sysfs_read_u64(&here, "sys/bus/a", "root/value",
					&number), 0);
	ck_assert_int_eq(sysfs_read_u64(&here, "sys/other", "value",
					&number), 0);
	ck_assert_int_eq(sysfs_read_link(&here, "sys/bus/a", "out", &text),
			 0);
	ck_assert_str_eq(text, "other");
	ck_assert_int_eq(sysfs_canonical(&here, "sys/bus/a", NULL, &path), 0);
	ck_assert_str_eq(path, "sys/devices/pci0/a");
	sysfs_leave(&here);
	fixture_close(&tree);
}
END_TEST

START_TEST(a_word_is_found_wherever_it_lies)
{
	static char line[200000];

	fixture_open(&tree, NULL);
	for (size_t at = 65500; at < 65540; at++) {
		memset(line, 'x', sizeof(line) - 1);
		memcpy(line, "file s ", 7);
		memcpy(line + 7 + at, "needle", 6);
		fixture_add(&tree, line);
		ck_assert_int_eq(sysfs_contains(tree.context, "s", NULL,
						"needle"), 1);
		ck_assert_int_eq(sysfs_contains(tree.context, "s", NULL,
						"needles"), 0);
	}
	ck_assert_int_eq(sysfs_contains(tree.context, "none", NULL, "x"),
			 -ENOENT);
	fixture_close(&tree);
}
END_TEST

START_TEST(a_directory_is_listed_in_the_order_that_people_count)
{
	_cleanup_names_ struct sysfs_names names = { 0 };

	fixture_open(&tree, NULL);
	fixture_add(&tree, "dir s/nvme10\ndir s/nvme2\nfile s/nvme1 x");
	ck_assert_int_eq(sysfs_list(tree.context, "s", NULL, &names), 0);
	ck_assert_uint_eq(names.count, 3);
	ck_assert_str_eq(names.names[0], "nvme1");
	ck_assert_str_eq(names.names[1], "nvme2");
	ck_assert_str_eq(names.names[2], "nvme10");
	fixture_close(&tree);
}
END_TEST

START_TEST(links_are_followed_inside_the_root)
{
	_cleanup_free_ char *path = NULL;
	uint64_t number;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "file sys/devices/pci0/a/value 7\n"
			   "link sys/bus/a ../devices/pci0/a\n"
			   "link sys/absolute /sys/bus/a\n"
			   "link sys/up ../../../../../sys/bus/a");
	ck_assert_int_eq(sysfs_canonical(tree.context, "sys/bus/a", NULL,
					 &path), 0);
	ck_assert_str_eq(path, "sys/devices/pci0/a");
	ck_assert_int_eq(sysfs_read_u64(tree.context, "sys/absolute", "value",
					&number), 0);
	ck_assert_uint_eq(number, 7);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "sys/up", "value",
					&number), 0);
	ck_assert_int_eq(sysfs_read_u64(tree.context, "sys/bus/a/../a",
					"value", &number), 0);
	fixture_close(&tree);
}
END_TEST

START_TEST(no_link_leads_out_of_the_root)
{
	_cleanup_free_ char *text = NULL;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "link s/absolute /etc/passwd\n"
			   "link s/climbing ../../../../../../etc/passwd");
	ck_assert_int_eq(sysfs_read_text(tree.context, "s", "absolute",
					 &text), -ENOENT);
	ck_assert_int_eq(sysfs_read_text(tree.context, "s", "climbing",
					 &text), -ENOENT);
	ck_assert_int_eq(sysfs_read_text(tree.context, "s",
					 "../../../../etc/passwd", &text),
			 -ENOENT);
	fixture_close(&tree);
}
END_TEST

START_TEST(links_in_a_circle_are_an_error)
{
	_cleanup_free_ char *text = NULL;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "link s/a b\nlink s/b a");
	ck_assert_int_eq(sysfs_read_text(tree.context, "s", "a", &text),
			 -ELOOP);
	fixture_close(&tree);
}
END_TEST

START_TEST(the_end_of_a_link_need_not_be_there)
{
	_cleanup_free_ char *driver = NULL;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "link s/a/driver ../../bus/pci/drivers/nvme\n"
			   "file s/a/plain x\nlink s/b a");
	ck_assert_int_eq(sysfs_read_link(tree.context, "s/b", "driver",
					 &driver), 0);
	ck_assert_str_eq(driver, "nvme");
	ck_assert_int_eq(sysfs_read_link(tree.context, "s/a", "plain",
					 &driver), -EINVAL);
	ck_assert(!sysfs_exists(tree.context, "s/a", "driver"));
	ck_assert(sysfs_exists(tree.context, "s/b", "plain"));
	fixture_close(&tree);
}
END_TEST

START_TEST(a_fifo_does_not_stop_us)
{
	_cleanup_free_ char *text = NULL;
	char path[128];

	fixture_open(&tree, NULL);
	snprintf(path, sizeof(path), "%s/fifo", tree.root);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(sysfs_read_text(tree.context, "fifo", NULL, &text),
			 0);
	ck_assert_str_eq(text, "");
	fixture_close(&tree);
}
END_TEST

START_TEST(the_live_root_is_this_machine)
{
	struct p2pdma_context *context;
	_cleanup_free_ char *release = NULL;

	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(sysfs_read_text(context, "proc/sys/kernel",
					 "osrelease", &release), 0);
	ck_assert_uint_gt(strlen(release), 0);
	p2pdma_context_destroy(context);
}
END_TEST

UNIT_SUITE("sysfs",
	   text_loses_the_white_space_at_its_end,
	   a_long_file_is_read_to_its_end,
	   numbers_are_decimal_or_hexadecimal_and_nothing_else,
	   a_directory_that_was_entered_is_read_like_any_other,
	   a_word_is_found_wherever_it_lies,
	   a_directory_is_listed_in_the_order_that_people_count,
	   links_are_followed_inside_the_root,
	   no_link_leads_out_of_the_root,
	   links_in_a_circle_are_an_error,
	   the_end_of_a_link_need_not_be_there,
	   a_fifo_does_not_stop_us,
	   the_live_root_is_this_machine);
