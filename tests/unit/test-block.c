/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of another machine, by name: what block.c and target.c find. */
#include "lib/block.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fixture machine;
static struct p2pdma_target *target;

static void resolve(const char *path)
{
	p2pdma_target_destroy(target);
	target = NULL;
	ck_assert_int_eq(p2pdma_target_resolve(machine.context,
					       machine.topology, path, -1,
					       &target), 0);
	ck_assert_str_eq(target->path, path);
}

static void finish(void)
{
	p2pdma_target_destroy(target);
	fixture_close(&machine);
}

static void append(char *text, size_t size, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? " " : "", word);
}

/* Words separated by a space, in order. */
static void expect_clients(const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < target->client_count; i++)
		append(got, sizeof(got), target->clients[i]->address);
	ck_assert_str_eq(got, wanted);
}

static void expect_layers(const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < target->layer_count; i++)
		append(got, sizeof(got), target->layers[i].kind);
	ck_assert_str_eq(got, wanted);
}

static void expect_holders(const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < target->holder_count; i++)
		append(got, sizeof(got), target->holders[i]);
	ck_assert_str_eq(got, wanted);
}

static void expect_passes(enum p2pdma_answer reads, enum p2pdma_answer writes,
			  const char *reason)
{
	ck_assert_int_eq(target->passes_reads, reads);
	ck_assert_int_eq(target->passes_writes, writes);
	ck_assert_uint_eq(target->reason_count, reason ? 1 : 0);
	if (reason)
		ck_assert_str_eq(target->reasons[0].id, reason);
}

START_TEST(a_drive_is_its_own_client)
{
	fixture_load(&machine, "one-switch", NULL);
	resolve("/dev/nvme1n1");
	ck_assert_int_eq(target->kind, P2PDMA_TARGET_BLOCK);
	ck_assert_str_eq(target->device, "nvme1n1");
	ck_assert_str_eq(target->disk, "nvme1n1");
	ck_assert_uint_eq(target->device_major, 259);
	ck_assert_uint_eq(target->device_minor, 4);
	ck_assert_uint_eq(target->start_bytes, 0);
	ck_assert_uint_eq(target->size_bytes, 64 << 20);
	ck_assert_uint_eq(target->lba_bytes, 512);
	expect_clients("0000:04:00.0");
	expect_layers("nvme");
	expect_holders("");
	expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	finish();
}
END_TEST

START_TEST(a_partition_lies_on_its_disk)
{
	fixture_load(&machine, "stack", NULL);
	resolve("/dev/nvme2n1p2");
	ck_assert_int_eq(target->kind, P2PDMA_TARGET_PARTITION);
	ck_assert_str_eq(target->device, "nvme2n1p2");
	ck_assert_str_eq(target->disk, "nvme2n1");
	ck_assert_uint_eq(target->start_bytes, 64 << 20);
	ck_assert_uint_eq(target->size_bytes, 32 << 20);
	ck_assert_uint_eq(target->lba_bytes, 512);
	ck_assert_uint_eq(target->max_io_bytes, 512 << 10);
	expect_clients("0000:05:00.0");
	expect_layers("partition nvme");
	expect_holders("md1");
	expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	finish();
}
END_TEST

START_TEST(a_disk_is_held_by_who_holds_its_partitions)
{
	fixture_load(&machine, "stack", NULL);
	resolve("nvme1n1");
	expect_holders("md0 md1 md2");
	finish();
}
END_TEST

START_TEST(a_stripe_has_all_members_as_clients)
{
	fixture_load(&machine, "stack", NULL);
	resolve("/dev/md0");
	expect_clients("0000:04:00.0 0000:05:00.0");
	expect_layers("md-raid0 partition nvme partition nvme");
	expect_holders("dm-0");
	expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	finish();
}
END_TEST

START_TEST(a_mirror_never_passes_writes)
{
	fixture_load(&machine, "stack", NULL);
	resolve("/dev/md1");
	expect_clients("0000:04:00.0 0000:05:00.0");
	expect_passes(P2PDMA_YES, P2PDMA_NO, "stacked-device");
	fixture_add(&machine, "file sys/class/block/md1/md/level raid10");
	resolve("/dev/md1");
	expect_passes(P2PDMA_YES, P2PDMA_NO, "stacked-device");
	finish();
}
END_TEST

START_TEST(raid5_and_device_mapper_pass_nothing)
{
	fixture_load(&machine, "stack", NULL);
	resolve("/dev/md2");
	expect_clients("0000:03:00.0 0000:04:00.0 0000:05:00.0");
	expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	resolve("/dev/mapper/vg-lv");
	ck_assert_str_eq(target->device, "dm-0");
	expect_clients("0000:04:00.0 0000:05:00.0");
	expect_layers("dm md-raid0 partition nvme partition nvme");
	expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	finish();
}
END_TEST

START_TEST(a_stripe_of_an_older_kernel_passes_nothing)
{
	fixture_load(&machine, "stack",
		     "file proc/sys/kernel/osrelease 6.12.95");
	resolve("/dev/md0");
	expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	finish();
}
END_TEST

START_TEST(devices_without_a_function_have_no_client)
{
	fixture_load(&machine, "stack", NULL);
	resolve("/dev/ram0");
	expect_clients("");
	expect_passes(P2PDMA_NO, P2PDMA_NO, "queue-without-p2p");
	resolve("/dev/loop0");
	expect_clients("");
	expect_passes(P2PDMA_NO, P2PDMA_NO, "stacked-device");
	finish();
}
END_TEST

/* The ways down: "CONTAINER MEMBER START-END", "~" where not in order. */
static void expect_ways(const char *wanted)
{
	char got[512] = "", part[160];

	for (size_t i = 0; i < target->way_count; i++) {
		const struct p2pdma_way *way = &target->ways[i];

		if (i)
			append(got, sizeof(got), "|");
		for (size_t j = 0; j < way->place_count; j++) {
			const struct p2pdma_place *p = &way->places[j];

			snprintf(part, sizeof(part), "%s%s%s:%ju%s",
				 p->container, p->member ? "/" : "",
				 p->member ? p->member : "",
				 (uintmax_t)p->start_bytes,
				 p->is_linear ? "" : "~");
			append(got, sizeof(got), part);
		}
	}
	ck_assert_str_eq(got, wanted);
}

START_TEST(ways_lead_through_partitions_volumes_and_files_to_disks)
{
	fixture_load(&machine, "stack",
		     "file sys/devices/virtual/block/loop0/loop/offset 512");
	resolve("/dev/nvme0n1");
	expect_ways("nvme0n1:0");
	resolve("/dev/md0");
	expect_ways("md0:0 nvme1n1:33554432~ | md0:0 nvme2n1:33554432~");
	resolve("/dev/loop0");
	expect_ways("loop0:0 9:0//srv/image:512 md0:0~ nvme1n1:33554432~ | "
		    "loop0:0 9:0//srv/image:512 md0:0~ nvme2n1:33554432~");
	fixture_add(&machine,
		    "file sys/devices/virtual/block/dm-0/dm/uuid LVM-"
		    "0123456789abcdef0123456789abcdef"
		    "fedcba9876543210fedcba9876543210");
	resolve("/dev/dm-0");
	expect_ways("dm-0:0 LVM-0123456789abcdef0123456789abcdef/dm-0:0 "
		    "md0:0~ nvme1n1:33554432~ | "
		    "dm-0:0 LVM-0123456789abcdef0123456789abcdef/dm-0:0 "
		    "md0:0~ nvme2n1:33554432~");
	finish();
}
END_TEST

/* Two controllers of one namespace that the kernel did not unite. */
START_TEST(a_namespace_is_known_by_all_its_names)
{
	char lines[1024] = "", path[128];
	const char *const disks[] = { "nvme0n1", "nvme1n1" };

	fixture_load(&machine, "stack", NULL);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path),
			 "file sys/class/block/%s/wwid eui.0102\n", disks[i]);
		strcat(lines, path);
	}
	fixture_add(&machine, lines);
	resolve("/dev/nvme0n1");
	expect_ways("eui.0102:0");
	ck_assert_uint_ge(target->alias_count, 2);
	ck_assert_str_eq(target->aliases[0].name, "nvme1n1");
	ck_assert_str_eq(target->aliases[1].name, "nvme1n1p1");
	ck_assert_uint_gt(target->aliases[1].device_minor, 0);
	ck_assert_str_eq(target->holders[target->holder_count - 1], "md2");
	resolve("/dev/nvme1n1");
	expect_ways("eui.0102:0");
	finish();
}
END_TEST

START_TEST(a_multipath_head_has_every_live_path_as_client)
{
	fixture_load(&machine, "multipath", NULL);
	resolve("/dev/nvme1n1");
	expect_clients("0000:04:00.0 0000:05:00.0");
	expect_layers("nvme-multipath");
	expect_passes(P2PDMA_YES, P2PDMA_YES, NULL);
	fixture_add(&machine, "file sys/class/nvme/nvme2/state resetting");
	resolve("/dev/nvme1n1");
	expect_clients("0000:04:00.0");
	finish();
}
END_TEST

START_TEST(controllers_and_addresses_are_functions)
{
	fixture_load(&machine, "one-switch", NULL);
	resolve("/dev/nvme1");
	ck_assert_int_eq(target->kind, P2PDMA_TARGET_FUNCTION);
	ck_assert_ptr_null(target->device);
	expect_clients("0000:04:00.0");
	resolve("05:00.0");
	ck_assert_int_eq(target->kind, P2PDMA_TARGET_FUNCTION);
	expect_clients("0000:05:00.0");
	finish();
}
END_TEST

START_TEST(the_generic_device_is_its_namespace)
{
	fixture_load(&machine, "one-switch", NULL);
	resolve("/dev/ng1n1");
	ck_assert_int_eq(target->kind, P2PDMA_TARGET_BLOCK);
	ck_assert_str_eq(target->device, "nvme1n1");
	finish();
}
END_TEST

static void expect_error(const char *path, int rc)
{
	struct p2pdma_target *none = NULL;

	ck_assert_int_eq(p2pdma_target_resolve(machine.context,
					       machine.topology, path, -1,
					       &none), rc);
	ck_assert_ptr_null(none);
}

START_TEST(what_is_not_there_is_an_error)
{
	fixture_load(&machine, "one-switch", NULL);
	expect_error("09:00.0", -ENXIO);
	expect_error("/dev/nvme9n1", -ENOENT);
	expect_error("/dev/mapper/none", -ENOENT);
	expect_error("/etc/passwd", -ENOENT);
	expect_error("..", -ENOENT);
	expect_error("", -ENOENT);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_stack_in_a_circle_is_an_error)
{
	fixture_load(&machine, "stack",
		     "link sys/class/block/md0/slaves/dm-0 ../../dm-0");
	expect_error("/dev/md0", -ELOOP);
	fixture_close(&machine);
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

	fixture_load(&machine, "one-switch", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char lines[512];

		snprintf(lines, sizeof(lines),
			 "file proc/sys/kernel/osrelease %s\n"
			 "file sys/class/block/nvme1n1/queue/max_sectors_kb "
			 "%u\n"
			 "file sys/class/block/nvme1n1/queue/max_segments %u",
			 cases[i].release, cases[i].sectors_kb,
			 cases[i].segments);
		fixture_add(&machine, lines);
		fixture_scan(&machine);
		resolve("/dev/nvme1n1");
		ck_assert_uint_eq(target->max_io_bytes,
				  cases[i].sectors_kb << 10);
		ck_assert_uint_eq(target->max_peer_io_bytes,
				  cases[i].peer_kib << 10);
	}
	finish();
}
END_TEST

START_TEST(limits_that_are_not_told_are_unknown)
{
	fixture_load(&machine, "one-switch",
		     "link sys/class/block/nvme1n1/queue/max_segments none");
	resolve("/dev/nvme1n1");
	ck_assert_uint_eq(target->max_io_bytes, 512 << 10);
	ck_assert_uint_eq(target->max_peer_io_bytes, 0);
	finish();
}
END_TEST

START_TEST(poll_queues_are_there_or_not_or_unknown)
{
	fixture_load(&machine, "one-switch", NULL);
	resolve("/dev/nvme1n1");
	ck_assert_int_eq(target->has_poll_queues, P2PDMA_UNKNOWN);
	fixture_add(&machine, "file sys/class/block/nvme1n1/queue/io_poll 0");
	resolve("/dev/nvme1n1");
	ck_assert_int_eq(target->has_poll_queues, P2PDMA_NO);
	fixture_add(&machine, "file sys/class/block/nvme1n1/queue/io_poll 1");
	resolve("/dev/nvme1n1");
	ck_assert_int_eq(target->has_poll_queues, P2PDMA_YES);
	finish();
}
END_TEST

UNIT_SUITE("block",
	   a_drive_is_its_own_client,
	   a_partition_lies_on_its_disk,
	   a_disk_is_held_by_who_holds_its_partitions,
	   a_stripe_has_all_members_as_clients,
	   a_mirror_never_passes_writes,
	   raid5_and_device_mapper_pass_nothing,
	   a_stripe_of_an_older_kernel_passes_nothing,
	   devices_without_a_function_have_no_client,
	   ways_lead_through_partitions_volumes_and_files_to_disks,
	   a_namespace_is_known_by_all_its_names,
	   a_multipath_head_has_every_live_path_as_client,
	   controllers_and_addresses_are_functions,
	   the_generic_device_is_its_namespace,
	   what_is_not_there_is_an_error,
	   a_stack_in_a_circle_is_an_error,
	   peer_pages_are_segments_of_their_own,
	   limits_that_are_not_told_are_unknown,
	   poll_queues_are_there_or_not_or_unknown);
