/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of another machine, by name: what block.c and target.c find. */
#include "unit/device.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

START_TEST(a_drive_is_its_own_client)
{
	fixture_load(&device_machine, "one-switch", NULL);
	device_resolve("/dev/nvme1n1");
	ck_assert_int_eq(device_target->kind, P2PDMA_TARGET_BLOCK);
	ck_assert_str_eq(device_target->device, "nvme1n1");
	ck_assert_str_eq(device_target->disk, "nvme1n1");
	ck_assert_uint_eq(device_target->device_major, 259);
	ck_assert_uint_eq(device_target->device_minor, 4);
	ck_assert_uint_eq(device_target->start_bytes, 0);
	ck_assert_uint_eq(device_target->size_bytes, 64 << 20);
	ck_assert_uint_eq(device_target->lba_bytes, 512);
	device_expect_clients("0000:04:00.0");
	device_expect_layers("nvme");
	device_expect_holders("");
	device_expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	device_finish();
}
END_TEST

START_TEST(a_partition_lies_on_its_disk)
{
	fixture_load(&device_machine, "stack", NULL);
	device_resolve("/dev/nvme2n1p2");
	ck_assert_int_eq(device_target->kind, P2PDMA_TARGET_PARTITION);
	ck_assert_str_eq(device_target->device, "nvme2n1p2");
	ck_assert_str_eq(device_target->disk, "nvme2n1");
	ck_assert_uint_eq(device_target->start_bytes, 64 << 20);
	ck_assert_uint_eq(device_target->size_bytes, 32 << 20);
	ck_assert_uint_eq(device_target->lba_bytes, 512);
	ck_assert_uint_eq(device_target->max_io_bytes, 512 << 10);
	device_expect_clients("0000:05:00.0");
	device_expect_layers("partition nvme");
	device_expect_holders("md1");
	device_expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	device_finish();
}
END_TEST

START_TEST(a_disk_is_held_by_who_holds_its_partitions)
{
	fixture_load(&device_machine, "stack", NULL);
	device_resolve("nvme1n1");
	device_expect_holders("md0 md1 md2");
	device_finish();
}
END_TEST

/* Two controllers of one namespace that the kernel did not unite. */
START_TEST(a_namespace_is_known_by_all_its_names)
{
	char lines[1024] = "", path[128];
	const char *const disks[] = { "nvme0n1", "nvme1n1" };

	fixture_load(&device_machine, "stack", NULL);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path),
			 "file sys/class/block/%s/wwid eui.0102\n", disks[i]);
		strcat(lines, path);
	}
	fixture_add(&device_machine, lines);
	device_resolve("/dev/nvme0n1");
	device_expect_ways("eui.0102:0");
	ck_assert_uint_ge(device_target->alias_count, 2);
	ck_assert_str_eq(device_target->aliases[0].name, "nvme1n1");
	ck_assert_str_eq(device_target->aliases[1].name, "nvme1n1p1");
	ck_assert_uint_gt(device_target->aliases[1].device_minor, 0);
	ck_assert_str_eq(device_target->holders[
				device_target->holder_count - 1], "md2");
	device_resolve("/dev/nvme1n1");
	device_expect_ways("eui.0102:0");
	device_finish();
}
END_TEST

START_TEST(controllers_and_addresses_are_functions)
{
	fixture_load(&device_machine, "one-switch", NULL);
	device_resolve("/dev/nvme1");
	ck_assert_int_eq(device_target->kind, P2PDMA_TARGET_FUNCTION);
	ck_assert_ptr_null(device_target->device);
	device_expect_clients("0000:04:00.0");
	device_resolve("05:00.0");
	ck_assert_int_eq(device_target->kind, P2PDMA_TARGET_FUNCTION);
	device_expect_clients("0000:05:00.0");
	device_finish();
}
END_TEST

START_TEST(the_generic_device_is_its_namespace)
{
	fixture_load(&device_machine, "one-switch", NULL);
	device_resolve("/dev/ng1n1");
	ck_assert_int_eq(device_target->kind, P2PDMA_TARGET_BLOCK);
	ck_assert_str_eq(device_target->device, "nvme1n1");
	device_finish();
}
END_TEST

START_TEST(what_is_not_there_is_an_error)
{
	fixture_load(&device_machine, "one-switch", NULL);
	device_expect_error("09:00.0", -ENXIO);
	device_expect_error("/dev/nvme9n1", -ENOENT);
	device_expect_error("/dev/mapper/none", -ENOENT);
	device_expect_error("/etc/passwd", -ENOENT);
	device_expect_error("..", -ENOENT);
	device_expect_error("", -ENOENT);
	fixture_close(&device_machine);
}
END_TEST

START_TEST(peer_pages_are_segments_of_their_own)
{
	static const struct {
		const char *release;
		unsigned sectors_kb, segments, peer_kib;
	} cases[] = {
		{ "7.2.12", 512, 129, 512 },
		{ "7.2.12", 128, 33, 128 },
		{ "7.2.12", 4096, 256, 1024 },
		{ "7.2.12", 4096, 1024, 1024 },
		{ "7.2.12", 4096, 128, 512 },
		{ "6.12.95", 1280, 128, 1280 },
	};

	fixture_load(&device_machine, "one-switch", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char lines[512];

		snprintf(lines, sizeof(lines),
			 "file proc/sys/kernel/osrelease %s\n"
			 "file sys/class/block/nvme1n1/queue/max_sectors_kb "
			 "%u\n"
			 "file sys/class/block/nvme1n1/queue/max_segments %u",
			 cases[i].release, cases[i].sectors_kb,
			 cases[i].segments);
		fixture_add(&device_machine, lines);
		fixture_scan(&device_machine);
		device_resolve("/dev/nvme1n1");
		ck_assert_uint_eq(device_target->max_io_bytes,
				  cases[i].sectors_kb << 10);
		ck_assert_uint_eq(device_target->max_peer_io_bytes,
				  cases[i].peer_kib << 10);
	}
	device_finish();
}
END_TEST

START_TEST(limits_that_are_not_told_are_unknown)
{
	fixture_load(&device_machine, "one-switch",
		     "link sys/class/block/nvme1n1/queue/max_segments none");
	device_resolve("/dev/nvme1n1");
	ck_assert_uint_eq(device_target->max_io_bytes, 512 << 10);
	ck_assert_uint_eq(device_target->max_peer_io_bytes, 0);
	device_finish();
}
END_TEST

START_TEST(poll_queues_are_there_or_not_or_unknown)
{
	fixture_load(&device_machine, "one-switch", NULL);
	device_resolve("/dev/nvme1n1");
	ck_assert_int_eq(device_target->has_poll_queues, P2PDMA_UNKNOWN);
	fixture_add(&device_machine,
		    "file sys/class/block/nvme1n1/queue/io_poll 0");
	device_resolve("/dev/nvme1n1");
	ck_assert_int_eq(device_target->has_poll_queues, P2PDMA_NO);
	fixture_add(&device_machine,
		    "file sys/class/block/nvme1n1/queue/io_poll 1");
	device_resolve("/dev/nvme1n1");
	ck_assert_int_eq(device_target->has_poll_queues, P2PDMA_YES);
	device_finish();
}
END_TEST

UNIT_SUITE("block",
	   a_drive_is_its_own_client,
	   a_partition_lies_on_its_disk,
	   a_disk_is_held_by_who_holds_its_partitions,
	   a_namespace_is_known_by_all_its_names,
	   controllers_and_addresses_are_functions,
	   the_generic_device_is_its_namespace,
	   what_is_not_there_is_an_error,
	   peer_pages_are_segments_of_their_own,
	   limits_that_are_not_told_are_unknown,
	   poll_queues_are_there_or_not_or_unknown);
