/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies below a device of another machine: layers, ways and functions. */
#include "unit/device.h"
#include "unit/unit.h"

#include <errno.h>

START_TEST(a_stripe_has_all_members_as_clients)
{
	fixture_load(&device_machine, "stack", NULL);
	device_resolve("/dev/md0");
	device_expect_clients("0000:04:00.0 0000:05:00.0");
	device_expect_layers("md-raid0 partition nvme partition nvme");
	device_expect_holders("dm-0");
	device_expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	device_finish();
}
END_TEST

START_TEST(a_mirror_never_passes_writes)
{
	fixture_load(&device_machine, "stack", NULL);
	device_resolve("/dev/md1");
	device_expect_clients("0000:04:00.0 0000:05:00.0");
	device_expect_passes(P2PDMA_YES, P2PDMA_NO, "stacked-device");
	fixture_add(&device_machine,
		    "file sys/class/block/md1/md/level raid10");
	device_resolve("/dev/md1");
	device_expect_passes(P2PDMA_YES, P2PDMA_NO, "stacked-device");
	device_finish();
}
END_TEST

START_TEST(raid5_and_device_mapper_pass_nothing)
{
	fixture_load(&device_machine, "stack", NULL);
	device_resolve("/dev/md2");
	device_expect_clients("0000:03:00.0 0000:04:00.0 0000:05:00.0");
	device_expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	device_resolve("/dev/mapper/vg-lv");
	ck_assert_str_eq(device_target->device, "dm-0");
	device_expect_clients("0000:04:00.0 0000:05:00.0");
	device_expect_layers("dm md-raid0 partition nvme partition nvme");
	device_expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	device_finish();
}
END_TEST

START_TEST(a_stripe_of_an_older_kernel_passes_nothing)
{
	fixture_load(&device_machine, "stack",
		     "file proc/sys/kernel/osrelease 6.12.95");
	device_resolve("/dev/md0");
	device_expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	device_finish();
}
END_TEST

START_TEST(devices_without_a_function_have_no_client)
{
	fixture_load(&device_machine, "stack", NULL);
	device_resolve("/dev/ram0");
	device_expect_clients("");
	device_expect_passes(P2PDMA_NO, P2PDMA_NO, "queue-without-p2p");
	device_resolve("/dev/loop0");
	device_expect_clients("");
	device_expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	device_finish();
}
END_TEST

START_TEST(ways_lead_through_partitions_volumes_and_files_to_disks)
{
	fixture_load(&device_machine, "stack",
		     "file sys/devices/virtual/block/loop0/loop/offset 512");
	device_resolve("/dev/nvme0n1");
	device_expect_ways("nvme0n1:0");
	device_resolve("/dev/md0");
	device_expect_ways("md0:0 nvme1n1:33554432~ | md0:0 nvme2n1:33554432~");
	device_resolve("/dev/loop0");
	device_expect_ways("loop0:0 9:0//srv/image:512 md0:0~ "
			   "nvme1n1:33554432~ | "
			   "loop0:0 9:0//srv/image:512 md0:0~ "
			   "nvme2n1:33554432~");
	fixture_add(&device_machine,
		    "file sys/devices/virtual/block/dm-0/dm/uuid LVM-"
		    "0123456789abcdef0123456789abcdef"
		    "fedcba9876543210fedcba9876543210");
	device_resolve("/dev/dm-0");
	device_expect_ways("dm-0:0 "
			   "LVM-0123456789abcdef0123456789abcdef/dm-0:0 "
			   "md0:0~ nvme1n1:33554432~ | dm-0:0 "
			   "LVM-0123456789abcdef0123456789abcdef/dm-0:0 "
			   "md0:0~ nvme2n1:33554432~");
	device_finish();
}
END_TEST

START_TEST(a_multipath_head_has_every_live_path_as_client)
{
	fixture_load(&device_machine, "multipath", NULL);
	device_resolve("/dev/nvme1n1");
	device_expect_clients("0000:04:00.0 0000:05:00.0");
	device_expect_layers("nvme-multipath");
	device_expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	fixture_add(&device_machine,
		    "file sys/class/nvme/nvme2/state resetting");
	device_resolve("/dev/nvme1n1");
	device_expect_clients("0000:04:00.0");
	device_finish();
}
END_TEST

START_TEST(a_stack_in_a_circle_is_an_error)
{
	fixture_load(&device_machine, "stack",
		     "link sys/class/block/md0/slaves/dm-0 ../../dm-0");
	device_expect_error("/dev/md0", -ELOOP);
	fixture_close(&device_machine);
}
END_TEST

UNIT_SUITE("block-walk",
	   a_stripe_has_all_members_as_clients,
	   a_mirror_never_passes_writes,
	   raid5_and_device_mapper_pass_nothing,
	   a_stripe_of_an_older_kernel_passes_nothing,
	   devices_without_a_function_have_no_client,
	   ways_lead_through_partitions_volumes_and_files_to_disks,
	   a_multipath_head_has_every_live_path_as_client,
	   a_stack_in_a_circle_is_an_error);
