/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/mount.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

static struct mount mount;
static struct arena arena;

static bool parse(const char *line)
{
	return mount_parse(arena_strdup(&arena, line), &mount);
}

START_TEST(a_line_of_mountinfo_is_taken_apart)
{
	ck_assert(parse("36 35 259:3 /root /my\\040disk rw,noatime master:1 "
			"shared:7 - ext4 /dev/nvme0n1p3 rw,data=journal"));
	ck_assert_int_eq(mount.id, 36);
	ck_assert_uint_eq(mount.major, 259);
	ck_assert_uint_eq(mount.minor, 3);
	ck_assert_str_eq(mount.point, "/my disk");
	ck_assert_str_eq(mount.type, "ext4");
	ck_assert_str_eq(mount.source, "/dev/nvme0n1p3");
	ck_assert_str_eq(mount.options, "rw,data=journal");
	ck_assert_str_eq(mount.flags, "rw,noatime");
	arena_fini(&arena);
}
END_TEST

START_TEST(a_line_without_tags_is_one_too)
{
	ck_assert(parse("20 1 0:5 / /dev rw - devtmpfs udev rw,size=1k"));
	ck_assert_str_eq(mount.type, "devtmpfs");
	ck_assert_str_eq(mount.source, "udev");
	ck_assert(!parse("20 1 0:5 / /dev rw"));
	ck_assert(!parse("20 1 0:5 / /dev rw shared:1 ext4 /dev/x rw"));
	ck_assert(!parse(""));
	arena_fini(&arena);
}
END_TEST

START_TEST(options_are_whole_words)
{
	ck_assert(parse("20 1 0:5 / / rw - btrfs /dev/x "
			"rw,nodatasum,subvol=/a"));
	ck_assert(mount_has_option(&mount, "subvol"));
	ck_assert(!mount_has_option(&mount, "sub"));
	ck_assert(mount_has_option(&mount, "nodatasum"));
	ck_assert(mount_has_option(&mount, "rw"));
	ck_assert(!mount_has_option(&mount, "datasum"));
	ck_assert(!mount_has_option(&mount, "nodata"));
	ck_assert_str_eq(mount_get_option(&mount, &arena, "subvol"), "/a");
	ck_assert_ptr_null(mount_get_option(&mount, &arena, "sub"));
	arena_fini(&arena);
}
END_TEST

START_TEST(the_mount_of_an_id_or_of_a_path_is_found)
{
	struct fixture tree;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "file proc/self/mountinfo "
			   "20 1 259:1 / / rw - ext4 /dev/a rw\\n"
			   "21 20 259:2 / /srv rw - xfs /dev/b rw\\n"
			   "22 21 259:3 / /srv rw - ext4 /dev/c rw");
	ck_assert_int_eq(mount_find(tree.context, &arena, 21, &mount), 0);
	ck_assert_str_eq(mount.source, "/dev/b");
	ck_assert_int_eq(mount_find(tree.context, &arena, 9, &mount),
			 -ENOENT);
	ck_assert_int_eq(mount_find_path(tree.context, &arena, "/srv/x",
					 &mount), 0);
	ck_assert_str_eq(mount.source, "/dev/c");
	ck_assert_int_eq(mount_find_path(tree.context, &arena, "/srvx",
					 &mount), 0);
	ck_assert_str_eq(mount.source, "/dev/a");
	arena_fini(&arena);
	fixture_close(&tree);
}
END_TEST

UNIT_SUITE("mount",
	   a_line_of_mountinfo_is_taken_apart,
	   a_line_without_tags_is_one_too,
	   options_are_whole_words,
	   the_mount_of_an_id_or_of_a_path_is_found);
