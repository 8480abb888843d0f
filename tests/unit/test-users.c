/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/fixture.h"
#include "unit/unit.h"

#define ALLOCATE "/sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/" \
		 "0000:02:00.0/0000:03:00.0/p2pmem/allocate"

static struct fixture tree;
static struct p2pdma_users *users;

static void start(const char *lines)
{
	fixture_load(&tree, "one-switch", lines);
	ck_assert_int_eq(p2pdma_users_scan(tree.context, tree.topology,
					   &users), 0);
}

static void finish(void)
{
	p2pdma_users_destroy(users);
	fixture_close(&tree);
}

START_TEST(mappings_of_one_provider_are_added_up)
{
	start("file proc/17/comm p2pcopy\n"
	      "file proc/17/maps 7f0000000000-7f0000100000 rw-s 00000000 "
	      "00:16 51 " ALLOCATE "\\n7f0000100000-7f0000101000 r--p "
	      "00000000 fe:00 9 /lib/libc.so.6\\n"
	      "7f0000200000-7f0000280000 rw-s 00000000 00:16 51 " ALLOCATE);
	ck_assert_uint_eq(users->count, 1);
	ck_assert_int_eq(users->users[0].pid, 17);
	ck_assert_str_eq(users->users[0].command, "p2pcopy");
	ck_assert_str_eq(users->users[0].provider->address, "0000:03:00.0");
	ck_assert_uint_eq(users->users[0].mapped_bytes, 0x180000);
	ck_assert_uint_eq(users->users[0].mappings, 2);
	ck_assert_uint_eq(users->unreadable, 0);
	finish();
}
END_TEST

START_TEST(who_maps_no_peer_memory_is_no_user)
{
	start("file proc/1/comm init\n"
	      "file proc/1/maps 7f0000100000-7f0000101000 r--p 00000000 "
	      "fe:00 9 /lib/libc.so.6\n"
	      "file proc/2/comm kthreadd\n"
	      "file proc/2/maps \n"
	      "file proc/self/maps 7f0000000000-7f0000100000 rw-s 00000000 "
	      "00:16 51 " ALLOCATE);
	ck_assert_uint_eq(users->count, 0);
	finish();
}
END_TEST

START_TEST(memory_of_a_provider_that_is_gone_is_still_held)
{
	start("file proc/9/maps 7f0000000000-7f0000001000 rw-s 00000000 "
	      "00:16 51 /sys/devices/pci0000:00/0000:77:00.0/p2pmem/allocate"
	      " (deleted)");
	ck_assert_uint_eq(users->count, 1);
	ck_assert_ptr_null(users->users[0].provider);
	ck_assert_ptr_null(users->users[0].command);
	ck_assert_uint_eq(users->users[0].mapped_bytes, 4096);
	finish();
}
END_TEST

START_TEST(rubbish_in_maps_is_passed_over)
{
	start("file proc/9/maps rubbish\\n7f-\\n5-3 rw-s 0 0 0 " ALLOCATE
	      "\\n0-1000 rw-s\\n\\n0-1000 rw-s 0 00:16 51 p2pmem/allocate");
	ck_assert_uint_eq(users->count, 0);
	finish();
}
END_TEST

UNIT_SUITE("users",
	   mappings_of_one_provider_are_added_up,
	   who_maps_no_peer_memory_is_no_user,
	   memory_of_a_provider_that_is_gone_is_still_held,
	   rubbish_in_maps_is_passed_over);
