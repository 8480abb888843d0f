/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition 3 of each of the disks is mounted. */
#include "lib/use.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <string.h>

static struct fixture machine;
static struct p2pdma_target *target;

static void resolve(const char *path, const char *lines)
{
	fixture_load(&machine, "stack", lines);
	ck_assert_int_eq(p2pdma_target_resolve(machine.context,
					       machine.topology, path, -1,
					       &target), 0);
}

static void finish(void)
{
	p2pdma_target_destroy(target);
	fixture_close(&machine);
}

static void expect(const char *path, const char *point, bool is_writable)
{
	resolve(path, "file proc/self/mountinfo "
		"20 1 259:60 / / rw - ext4 /dev/nvme0n1p3 rw\\n"
		"21 20 259:64 / /a\\040b ro,noatime - xfs /dev/nvme1n1p3 rw\\n"
		"22 20 259:68 / /c rw - xfs /dev/nvme2n1p3 ro,logbufs=8\\n"
		"23 20 259:60 / /again rw - ext4 /dev/nvme0n1p3 rw\\n"
		"24 20 0:5 / /dev rw - devtmpfs udev rw\n"
		"file proc/swaps Filename Type Size Used Priority\n");
	ck_assert_int_eq(target->is_mounted, point ? P2PDMA_YES : P2PDMA_NO);
	ck_assert_int_eq(target->is_mounted_writable,
			 is_writable ? P2PDMA_YES : P2PDMA_NO);
	if (point)
		ck_assert_str_eq(target->mount_point, point);
	else
		ck_assert_ptr_null(target->mount_point);
	ck_assert_int_eq(target->is_swap, P2PDMA_NO);
	finish();
}

START_TEST(a_partition_is_mounted_at_the_first_place)
{
	expect("nvme0n1p3", "/", true);
	expect("nvme0n1p2", NULL, false);
	expect("md0", NULL, false);
}
END_TEST

START_TEST(a_disk_is_mounted_where_its_partition_is)
{
	expect("nvme0n1", "/", true);
}
END_TEST

START_TEST(a_place_and_a_file_system_can_be_read_only)
{
	expect("nvme1n1p3", "/a b", false);
	expect("nvme2n1p3", "/c", false);
}
END_TEST

START_TEST(what_is_not_understood_is_not_known)
{
	resolve("nvme0n1", "file proc/self/mountinfo "
		"20 1 259:60 / / rw - ext4 /dev/nvme0n1p3 rw\\nrubbish\n");
	ck_assert_int_eq(target->is_mounted, P2PDMA_UNKNOWN);
	ck_assert_int_eq(target->is_mounted_writable, P2PDMA_UNKNOWN);
	finish();
}
END_TEST

START_TEST(without_its_table_nothing_is_swap)
{
	resolve("nvme0n1", NULL);
	ck_assert_int_eq(target->is_swap, P2PDMA_NO);
	finish();
	resolve("nvme0n1", "dir proc/swaps\n");
	ck_assert_int_eq(target->is_swap, P2PDMA_UNKNOWN);
	finish();
}
END_TEST

UNIT_SUITE("use",
	   a_partition_is_mounted_at_the_first_place,
	   a_disk_is_mounted_where_its_partition_is,
	   a_place_and_a_file_system_can_be_read_only,
	   what_is_not_understood_is_not_known,
	   without_its_table_nothing_is_swap);
